# call: f(100)
class Base:
    kind = 'base'

    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance

    def deposit(self, amount):
        self.balance += amount
        return self

    @property
    def rich(self):
        return self.balance > 100

    @classmethod
    def make(cls, owner): return cls(owner)

    @staticmethod
    def double(x):
        return 2 * x

    def __repr__(self):
        text = f'{type(self).__name__}({self.owner!r}, {self.balance})'
        return text

    def __len__(self):
        return 3

    def __getitem__(self, i):
        if i > 2: raise IndexError
        return i

    def __eq__(self, other): return self.balance == other.balance

    def __call__(self, *args): return args

    def __getattr__(self, name): return name


class Child(Base):
    def __init__(self, owner):
        super().__init__(owner, 1)
        self.extra = [__class__]

    def deposit(self, amount):
        return super().deposit(amount * 2)

    def __iter__(self):
        return iter([1, 2])

    def __lt__(self, other):
        return self.balance < other.balance


class Broken:
    def __repr__(self):
        raise ValueError('no repr')


class Plain:
    __slots__ = ('x',)


def f(n):
    a, b = Base('ann'), Child.make('bob')
    a.deposit(n).deposit(1)
    b.deposit(n)
    c = a.rich, Base.double(3), a == b, len(a), a(1), a.missing
    d = list(a), list(b), sorted([b, Child('z')])
    e = Broken()
    p = Plain()
    p.x = 1
    if a:
        p.x += 1

    class Local(Child):
        """A docstring."""
        limit = n
        other = [limit]

        def get(self):
            return self.limit, n
    return Local('l').get(), c
