"""`fractions`, as far as it is followed."""

from math import gcd

from followed import lost


def _parsed(text):
    given = text.strip()
    sign = -1 if given.startswith("-") else 1
    top, slash, bottom = given.lstrip("+-").partition("/")
    if slash and top.isdigit() and bottom.isdigit():
        return sign * int(top), int(bottom)
    whole, _, rest = top.partition(".")
    if slash or not (whole + rest).isdigit():
        raise ValueError(f"Invalid literal for Fraction: {text!r}")
    return sign * int(whole + rest), 10 ** len(rest)


class Fraction:
    def __init__(self, numerator=0, denominator=None):
        if isinstance(numerator, str) and denominator is None:
            numerator, denominator = _parsed(numerator)
        elif isinstance(numerator, float):
            numerator, denominator = numerator.as_integer_ratio()
        elif isinstance(numerator, Fraction) or isinstance(denominator, Fraction):
            made = numerator if denominator is None else numerator / denominator
            numerator, denominator = made.numerator, made.denominator
        elif not isinstance(numerator, int):
            lost()
        if denominator is None:
            denominator = 1
        if denominator == 0:
            raise ZeroDivisionError(f"Fraction({numerator}, 0)")
        common = gcd(numerator, denominator)
        if denominator < 0:
            common = -common
        self.numerator = numerator // common
        self.denominator = denominator // common

    def __repr__(self):
        return f"Fraction({self.numerator}, {self.denominator})"

    def __str__(self):
        return str(self.numerator) if self.denominator == 1 else f"{self.numerator}/{self.denominator}"

    def _other(self, other):
        if isinstance(other, int):
            return Fraction(other)
        return other if isinstance(other, Fraction) else None

    def __add__(self, other):
        if isinstance(other, float):
            return float(self) + other
        if (other := self._other(other)) is None:
            return NotImplemented
        top = self.numerator * other.denominator + other.numerator * self.denominator
        return Fraction(top, self.denominator * other.denominator)

    __radd__ = __add__

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        if isinstance(other, float):
            return float(self) * other
        if (other := self._other(other)) is None:
            return NotImplemented
        return Fraction(self.numerator * other.numerator, self.denominator * other.denominator)

    __rmul__ = __mul__

    def __truediv__(self, other):
        if isinstance(other, float):
            return float(self) / other
        if (other := self._other(other)) is None:
            return NotImplemented
        return _divided(self, other)

    def __rtruediv__(self, other):
        return other / float(self) if isinstance(other, float) else _divided(Fraction(other), self)

    def __floordiv__(self, other):
        if isinstance(other, float):
            lost()
        other = Fraction(other)
        return (self.numerator * other.denominator) // (self.denominator * other.numerator)

    def __rfloordiv__(self, other):
        return Fraction(other) // self

    def __mod__(self, other):
        if isinstance(other, float):
            lost()
        if other == 0:
            raise ZeroDivisionError("integer modulo by zero")
        return self - other * (self // other)

    def limit_denominator(self, max_denominator=1000000):
        if max_denominator < 1:
            raise ValueError("max_denominator should be at least 1")
        if self.denominator <= max_denominator:
            return Fraction(self)
        before, now = (0, 1), (1, 0)
        n, d = self.numerator, self.denominator
        while True:
            whole = n // d
            low = before[1] + whole * now[1]
            if low > max_denominator:
                break
            before, now = now, (before[0] + whole * now[0], low)
            n, d = d, n - whole * d
        k = (max_denominator - before[1]) // now[1]
        if 2 * d * (before[1] + k * now[1]) <= self.denominator:
            return Fraction(now[0], now[1])
        return Fraction(before[0] + k * now[0], before[1] + k * now[1])

    def __divmod__(self, other):
        return self // other, self % other

    def __rdivmod__(self, other):
        return divmod(Fraction(other), self)

    def __rmod__(self, other):
        return Fraction(other) % self

    def __pow__(self, other):
        if not isinstance(other, int):
            lost()
        if other >= 0:
            return Fraction(self.numerator**other, self.denominator**other)
        return Fraction(self.denominator**-other, self.numerator**-other)

    def __neg__(self):
        return Fraction(-self.numerator, self.denominator)

    def __pos__(self):
        return Fraction(self.numerator, self.denominator)

    def __abs__(self):
        return Fraction(abs(self.numerator), self.denominator)

    def __bool__(self):
        return self.numerator != 0

    def __float__(self):
        return self.numerator / self.denominator

    def __int__(self):
        return -(-self.numerator // self.denominator) if self.numerator < 0 else self.numerator // self.denominator

    def __round__(self, ndigits=None):
        if ndigits is not None:
            shift = 10 ** abs(ndigits)
            return Fraction(round(self * shift), shift) if ndigits > 0 else Fraction(round(self / shift) * shift)
        floor, rest = self.numerator // self.denominator, self.numerator % self.denominator
        if rest * 2 == self.denominator:
            return floor + floor % 2
        return floor + (1 if rest * 2 > self.denominator else 0)

    def __hash__(self):
        return hash(self.numerator) if self.denominator == 1 else hash((self.numerator, self.denominator))

    def _difference(self, other):
        if isinstance(other, float):
            return float(self) - other
        other = Fraction(other)
        return self.numerator * other.denominator - other.numerator * self.denominator

    def __eq__(self, other):
        return self._difference(other) == 0 if isinstance(other, (int, float, Fraction)) else NotImplemented

    def __lt__(self, other):
        return self._difference(other) < 0

    def __le__(self, other):
        return self._difference(other) <= 0

    def __gt__(self, other):
        return self._difference(other) > 0

    def __ge__(self, other):
        return self._difference(other) >= 0

    def as_integer_ratio(self):
        return self.numerator, self.denominator


def _divided(one, other):
    top, bottom = one.numerator * other.denominator, one.denominator * other.numerator
    if bottom == 0:  # of what the error tells is another thing in each version
        lost()
    return Fraction(top, bottom)
