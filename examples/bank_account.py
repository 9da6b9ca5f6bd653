"""A bank account that refuses to be overdrawn."""


class InsufficientFunds(Exception):
    pass


class Account:
    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance

    def __repr__(self):
        return f"Account({self.__dict__})"

    def deposit(self, amount):
        self.balance += amount
        return self.balance

    def withdraw(self, amount):
        if amount > self.balance:
            raise InsufficientFunds(f"{self.owner} has only {self.balance}")
        self.balance -= amount
        return self.balance


def main():
    account = Account("Ada", 50)
    account.deposit(25)
    refused = []
    for amount in [30, 60, 45]:
        try:
            account.withdraw(amount)
        except InsufficientFunds as error:
            refused.append(str(error))
    print(account.balance, refused)
    return account.balance


if __name__ == "__main__":
    main()
