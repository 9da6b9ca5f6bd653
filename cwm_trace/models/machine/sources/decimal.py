"""`decimal`, as far as it is followed: finite numbers, in the usual context or one of another precision."""

from collections import namedtuple
from math import isqrt

from followed import lost

ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_HALF_DOWN = "ROUND_HALF_EVEN", "ROUND_HALF_UP", "ROUND_HALF_DOWN"
ROUND_DOWN, ROUND_UP, ROUND_FLOOR, ROUND_CEILING = "ROUND_DOWN", "ROUND_UP", "ROUND_FLOOR", "ROUND_CEILING"


DecimalTuple = namedtuple("DecimalTuple", "sign digits exponent")


class DecimalException(ArithmeticError):
    pass


class InvalidOperation(DecimalException):
    pass


class ConversionSyntax(InvalidOperation):
    pass


class DivisionByZero(DecimalException, ZeroDivisionError):
    pass


class Context:
    def __init__(self, prec=28, rounding=ROUND_HALF_EVEN):
        self.prec, self.rounding = prec, rounding

    def __repr__(self):
        return lost()


_context = Context()


def getcontext():
    return _context


def setcontext(ctx):
    global _context
    _context = ctx


class _Local:
    def __init__(self, new):
        self._new = new

    def __enter__(self):
        self._before = _context
        setcontext(self._new)
        return self._new

    def __exit__(self, *_):
        setcontext(self._before)


def localcontext(ctx=None, **given):
    ctx = _context if ctx is None else ctx
    return _Local(Context(**{"prec": ctx.prec, "rounding": ctx.rounding, **given}))


def _cut(number, places, rounding):
    """A number without so many digits at its end, rounded."""
    shift = 10**places
    whole, rest = abs(number) // shift, abs(number) % shift
    if rest:
        half = 2 * rest - shift
        if rounding == "ROUND_HALF_EVEN":
            up = half > 0 or (half == 0 and whole % 2 == 1)
        elif rounding == "ROUND_HALF_UP":
            up = half >= 0
        elif rounding == "ROUND_HALF_DOWN":
            up = half > 0
        elif rounding == "ROUND_DOWN":
            up = False
        elif rounding == "ROUND_UP":
            up = True
        elif rounding == "ROUND_FLOOR":
            up = number < 0
        elif rounding == "ROUND_CEILING":
            up = number > 0
        else:
            lost()
        whole += 1 if up else 0
    return _signed(whole, number < 0)


def _signed(number, is_negative):
    if is_negative and number == 0:  # which has a sign, too
        lost()
    return -number if is_negative else number


def _parsed(text):
    given = text.strip().replace("_", "")
    sign = -1 if given.startswith("-") else 1
    digits = given[1:] if given[:1] in ("-", "+") else given
    digits, _, power = digits.lower().partition("e")
    whole, _, rest = digits.partition(".")
    if power and not (power[1:] if power[0] in "+-" else power).isdigit() or not (whole + rest).isdigit():
        if digits in ("nan", "inf", "infinity", "snan"):
            lost()
        raise InvalidOperation([ConversionSyntax])
    number = int(whole + rest)
    return _signed(number, sign < 0), (int(power) if power else 0) - len(rest)


def _made(number, exponent, rounds=True):
    made = Decimal()
    if rounds and len(str(abs(number))) > _context.prec:
        places = len(str(abs(number))) - _context.prec
        number, exponent = _cut(number, places, _context.rounding), exponent + places
        if len(str(abs(number))) > _context.prec:
            number, exponent = number // 10 if number > 0 else -(-number // 10), exponent + 1
    made._number, made._exponent = number, exponent
    return made


class Decimal:
    def __init__(self, value=0):
        if isinstance(value, str):
            self._number, self._exponent = _parsed(value)
        elif isinstance(value, int):
            self._number, self._exponent = int(value), 0
        elif isinstance(value, Decimal):
            self._number, self._exponent = value._number, value._exponent
        elif isinstance(value, float):
            top, bottom = value.as_integer_ratio()
            power = bottom.bit_length() - 1
            self._number, self._exponent = top * 5**power, -power
        else:
            lost()

    def __str__(self):
        digits, sign = str(abs(self._number)), "-" if self._number < 0 else ""
        left = self._exponent + len(digits)
        if self._exponent <= 0 and left > -6:
            if self._exponent == 0:
                return sign + digits
            if left > 0:
                return f"{sign}{digits[:left]}.{digits[left:]}"
            return f"{sign}0.{'0' * -left}{digits}"
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{rest}E{left - 1:+d}"

    def __repr__(self):
        return f"Decimal('{self}')"

    def _other(self, other):
        if isinstance(other, int):
            return Decimal(other)
        return other if isinstance(other, Decimal) else None

    def _together(self, other):
        exponent = min(self._exponent, other._exponent)
        shifts = 10 ** (self._exponent - exponent), 10 ** (other._exponent - exponent)
        return self._number * shifts[0], other._number * shifts[1], exponent

    def __add__(self, other):
        if (other := self._other(other)) is None:
            return NotImplemented
        one, two, exponent = self._together(other)
        return _made(one + two, exponent)

    __radd__ = __add__

    def __sub__(self, other):
        if (other := self._other(other)) is None:
            return NotImplemented
        one, two, exponent = self._together(other)
        return _made(one - two, exponent)

    def __rsub__(self, other):
        return Decimal(other) - self if isinstance(other, int) else NotImplemented

    def __mul__(self, other):
        if (other := self._other(other)) is None:
            return NotImplemented
        number = _signed(abs(self._number * other._number), (self._number < 0) != (other._number < 0))
        return _made(number, self._exponent + other._exponent)

    __rmul__ = __mul__

    def __truediv__(self, other):
        if (other := self._other(other)) is None:
            return NotImplemented
        if other._number == 0:
            if self._number == 0:
                lost()
            raise DivisionByZero([DivisionByZero])
        exponent = self._exponent - other._exponent
        if self._number == 0:
            return _made(_signed(0, other._number < 0), exponent)
        shift = len(str(abs(other._number))) - len(str(abs(self._number))) + _context.prec + 1
        top, bottom = abs(self._number), abs(other._number)
        if shift >= 0:
            top *= 10**shift
        else:
            bottom *= 10**-shift
        found, rest = top // bottom, top % bottom
        made = exponent - shift
        if rest:
            if found % 5 == 0:
                found += 1
        else:
            while made < exponent and found % 10 == 0:
                found, made = found // 10, made + 1
        return _made(found if (self._number < 0) == (other._number < 0) else -found, made)

    def __rtruediv__(self, other):
        return Decimal(other) / self if isinstance(other, int) else NotImplemented

    def __floordiv__(self, other):
        if (other := self._other(other)) is None:
            return NotImplemented
        one, two, _ = self._together(other)
        if two == 0:
            lost()
        return _made(_signed(abs(one) // abs(two), (one < 0) != (two < 0)), 0)

    def __mod__(self, other):
        if (other := self._other(other)) is None:
            return NotImplemented
        one, two, exponent = self._together(other)
        if two == 0:
            lost()
        return _made(_signed(abs(one) % abs(two), one < 0), exponent)

    def __divmod__(self, other):
        return self // other, self % other

    def as_tuple(self):
        digits = tuple([int(each) for each in str(abs(self._number))])
        return DecimalTuple(int(self._number < 0), digits, self._exponent)

    def sqrt(self):
        if self._number <= 0:
            lost()
        half, is_odd = divmod(self._exponent, 2)
        number = self._number * 10 if is_odd else self._number
        root = isqrt(number)
        if root * root == number:
            return _made(root, half)
        more = _context.prec + 1 - len(str(root))  # one digit more than there is room for
        if more <= 0:
            lost()
        number *= 100**more
        root = isqrt(number)
        exact = root * root == number
        while exact and more and root % 10 == 0:
            root, more = root // 10, more - 1
        if not exact and root % 5 == 0:
            root += 1  # above what it ends in
        return _made(root, half - more)

    def __pow__(self, other):
        if not isinstance(other, int) or other < 0:
            lost()
        number = self._number**other
        if len(str(abs(number))) > _context.prec:
            lost()
        return _made(number, self._exponent * other)

    def __neg__(self):
        return _made(-self._number, self._exponent)

    def __pos__(self):
        return _made(self._number, self._exponent)

    def __abs__(self):
        return _made(abs(self._number), self._exponent)

    def __bool__(self):
        return self._number != 0

    def __int__(self):
        if self._exponent >= 0:
            return self._number * 10**self._exponent
        return _cut(self._number, -self._exponent, ROUND_DOWN)

    def __float__(self):
        return float(str(self))

    def __round__(self, ndigits=None):
        if ndigits is None:
            return int(self.quantize(Decimal(1)))
        return self.quantize(Decimal(f"1e{-ndigits}"))

    def __hash__(self):
        return hash(int(self)) if self == int(self) else hash((self._number, self._exponent))

    def _difference(self, other):
        one, two, _ = self._together(Decimal(other))
        return one - two

    def __eq__(self, other):
        return self._difference(other) == 0 if isinstance(other, (int, float, Decimal)) else NotImplemented

    def __lt__(self, other):
        return self._difference(other) < 0 if isinstance(other, (int, float, Decimal)) else NotImplemented

    def __le__(self, other):
        return self._difference(other) <= 0 if isinstance(other, (int, float, Decimal)) else NotImplemented

    def __gt__(self, other):
        return self._difference(other) > 0 if isinstance(other, (int, float, Decimal)) else NotImplemented

    def __ge__(self, other):
        return self._difference(other) >= 0 if isinstance(other, (int, float, Decimal)) else NotImplemented

    def quantize(self, exp, rounding=None):
        places = exp._exponent - self._exponent
        if places <= 0:
            number = self._number * 10**-places
        else:
            number = _cut(self._number, places, rounding or _context.rounding)
        if len(str(abs(number))) > _context.prec:
            raise InvalidOperation([InvalidOperation])
        return _made(number, exp._exponent)

    def to_integral_value(self, rounding=None):
        return self if self._exponent >= 0 else self.quantize(Decimal(1), rounding)

    def normalize(self):
        number, exponent = self._number, self._exponent
        while number and number % 10 == 0:
            number, exponent = number // 10, exponent + 1
        return _made(number, exponent if number else 0)

    def is_zero(self):
        return self._number == 0

    def __format__(self, form):
        if not form:
            return str(self)
        if form[-1] in "fF" and "." in form:
            places = form[form.index(".") + 1 : -1]
            if not places.isdigit():
                lost()
            text = str(self.quantize(Decimal(f"1e-{places}")))
            return _laid_out(text, form[: form.index(".")])
        if form[-1].isdigit():
            return _laid_out(str(self), form)
        lost()


def _laid_out(text, form):
    """A number's text as the first part of a form says: how it is filled up, and whether thousands are set apart."""
    fill, align = " ", ">"
    if form[1:2] and form[1] in "<>^":
        fill, align, form = form[0], form[1], form[2:]
    elif form[:1] and form[0] in "<>^":
        align, form = form[0], form[1:]
    sign = "-" if text.startswith("-") else ""
    if form[:1] in ("+", "-"):
        sign = sign or ("+" if form[0] == "+" else "")
        form = form[1:]
    digits, point, rest = text.lstrip("-").partition(".")
    if form[-1:] == ",":
        form = form[:-1]
        digits = f"{int(digits):,}"
    if form.startswith("0") or form and not form.isdigit():
        lost()
    whole = sign + digits + point + rest
    width = int(form) if form else 0
    if align == "<":
        return whole.ljust(width, fill)
    return whole.rjust(width, fill) if align == ">" else whole.center(width, fill)
