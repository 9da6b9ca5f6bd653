"""What members of an enumeration of flags have; the machine makes them."""

from enum import StrEnum, auto


class FlagBoundary(StrEnum):
    STRICT = auto()
    CONFORM = auto()
    EJECT = auto()
    KEEP = auto()


STRICT, CONFORM, EJECT, KEEP = FlagBoundary


class EnumCheck(StrEnum):
    CONTINUOUS = "no skipped integer values"
    NAMED_FLAGS = "multi-flag aliases may not contain unnamed flags"
    UNIQUE = "one name per value"


CONTINUOUS, NAMED_FLAGS, UNIQUE = EnumCheck
del StrEnum, auto


class Flag:
    def _other(self, other):
        if isinstance(other, self.__class__):
            return other._value_
        return other if self._is_int_ and isinstance(other, int) else None

    def __or__(self, other):
        other = self._other(other)
        return NotImplemented if other is None else self.__class__(self._value_ | other)

    def __and__(self, other):
        other = self._other(other)
        return NotImplemented if other is None else self.__class__(self._value_ & other)

    def __xor__(self, other):
        other = self._other(other)
        return NotImplemented if other is None else self.__class__(self._value_ ^ other)

    __ror__, __rand__, __rxor__ = __or__, __and__, __xor__

    def __invert__(self):
        if self._bounds_ in ("EJECT", "KEEP"):
            return self.__class__(~self._value_)
        return self.__class__(self._singles_mask_ & ~self._value_)

    def __contains__(self, other):
        if not isinstance(other, self.__class__):
            names = type(other).__qualname__, self.__class__.__qualname__
            raise TypeError(f"unsupported operand type(s) for 'in': {names[0]!r} and {names[1]!r}")
        return other._value_ & self._value_ == other._value_

    def __iter__(self):
        yield from [each for each in self.__class__ if each._value_ & self._value_]

    def __len__(self):
        return self._value_.bit_count()

    def __bool__(self):
        return bool(self._value_)

    def __repr__(self):
        name = "" if self._name_ is None else f".{self._name_}"
        return f"<{self.__class__.__name__}{name}: {self._value_!r}>"

    def __str__(self):
        if self._is_int_:
            return str(self._value_)
        return (
            f"{self.__class__.__name__}({self._value_!r})"
            if self._name_ is None
            else f"{self.__class__.__name__}.{self._name_}"
        )


def _parts(kind, value):
    """The value that an enumeration of flags has for a number, and its name; the number by itself: it is no member."""
    most, mask, singles = kind._all_bits_, kind._flag_mask_, kind._singles_mask_
    if not ~most <= value <= most or value & (most ^ mask):
        if kind._bounds_ == "EJECT":
            return value
        if kind._bounds_ == "CONFORM":
            value = value & mask
        elif kind._bounds_ == "STRICT":
            count = max(value.bit_length(), mask.bit_length())
            raise ValueError(
                f"{kind!r} invalid value {value!r}\n    given {_bits(value, count)}\n  allowed {_bits(mask, count)}"
            )
        elif value < 0:
            value = max(most + 1, 2 ** value.bit_length()) + value
    if value < 0:
        value = most + 1 + value
    names, made = [], 0
    for each in kind:
        if each._value_ & value:
            names.append(each._name_)
            made |= each._value_
    if value & ~singles:
        for each in kind._aliases_:
            if each._value_ and each._value_ & value == each._value_:
                names.append(each._name_)
                made |= each._value_
    if not made:
        return value, None
    if value ^ made:
        names.append(repr(value ^ made))
    return value, "|".join(names)


def _bits(value, count):
    digits = bin(value if value >= 0 else 2**count + value)[2:]
    return f"0b{0 if value >= 0 else 1} {digits.rjust(count, '0')[-count:]}"


class verify:
    def __init__(self, *checks):
        self.checks = checks

    def __call__(self, enumeration):
        kind = "flag" if hasattr(enumeration, "_all_bits_") else "enum"
        for check in self.checks:
            refuse = {UNIQUE: _refuse_aliases, CONTINUOUS: _refuse_gaps, NAMED_FLAGS: _refuse_unnamed}[check]
            refuse(enumeration, kind)
        return enumeration


def _refuse_aliases(enumeration, kind):
    again = [f"{name} -> {each.name}" for name, each in enumeration.__members__.items() if name != each.name]
    if again:
        raise ValueError(f"aliases found in {enumeration!r}: {', '.join(again)}")


def _refuse_gaps(enumeration, kind):
    values = {each.value for each in enumeration}
    if len(values) < 2:
        return
    low, high = min(values), max(values)
    if kind == "flag":
        wanted = [2**place for place in range(low.bit_length(), high.bit_length() - 1)]
    else:
        wanted = range(low + 1, high)
    missing = [str(each) for each in wanted if each not in values]
    if missing:
        raise ValueError(f"invalid {kind} {enumeration.__name__!r}: missing values {', '.join(missing)}"[:256])


def _refuse_unnamed(enumeration, kind):
    single, names, left = [each.value for each in enumeration], [], 0
    for name, each in enumeration.__members__.items():
        if name in enumeration._member_names_ or each.value < 0:
            continue
        bits = [2**place for place in range(each.value.bit_length()) if each.value & 2**place]
        missed = [bit for bit in bits if bit not in single]
        if missed:
            names.append(name)
            for bit in missed:
                left |= bit
    if names:
        last = f"es {', '.join(names[:-1])} and {names[-1]} are" if len(names) > 1 else f" {names[0]} is"
        value = f"value 0x{left:x}" if left.bit_count() == 1 else f"combined values of 0x{left:x}"
        raise ValueError(
            f"invalid Flag {enumeration.__name__!r}: alias{last} missing {value}"
            " [use enum.show_flag_values(value) for details]"
        )


_Flag = Flag
del Flag  # it is what the machine makes flags with, and not what programs import
