"""A recursive-descent parser for sums, products and parentheses."""


def expression(text, at):
    value, at = term(text, at)
    while at < len(text) and text[at] == "+":
        right, at = term(text, at + 1)
        value += right
    return value, at


def term(text, at):
    value, at = factor(text, at)
    while at < len(text) and text[at] == "*":
        right, at = factor(text, at + 1)
        value *= right
    return value, at


def factor(text, at):
    if text[at] == "(":
        value, at = expression(text, at + 1)
        return value, at + 1
    return int(text[at]), at + 1


def main():
    value, _ = expression("2*(3+4)", 0)
    print(value)
    return value


if __name__ == "__main__":
    main()
