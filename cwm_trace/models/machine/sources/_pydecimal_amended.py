"""`decimal`: what errors and contexts show, as those of C do."""

from collections.abc import Mapping

_NAMES = "InvalidOperation Clamped DivisionByZero Inexact FloatOperation Overflow Rounded Subnormal Underflow"
_SIGNALS_IN_ORDER = [globals()[name] for name in _NAMES.split()]


_FLAGS = "InvalidOperation FloatOperation DivisionByZero Overflow Underflow Subnormal Inexact Rounded Clamped"
_FLAGS_IN_ORDER = tuple([globals()[name] for name in _FLAGS.split()])


class SignalDict(dict):
    """Flags or traps of a context, each of which is there, true or false."""

    __module__ = "decimal"

    def __init__(self, given):
        for each in _FLAGS_IN_ORDER:
            dict.__setitem__(self, each, bool(given[each]))

    def __setitem__(self, signal, value):
        if signal not in self:
            raise KeyError("invalid error flag")
        dict.__setitem__(self, signal, bool(value))

    def __delitem__(self, signal):
        raise ValueError("signal keys cannot be deleted")

    def __iter__(self):
        return iter(_FLAGS_IN_ORDER)

    def __repr__(self):
        return f"{{{', '.join([f'{each!r}:{self[each]}' for each in _FLAGS_IN_ORDER])}}}"

    keys, items, values = Mapping.keys, Mapping.items, Mapping.values

    def copy(self):
        return {each: self[each] for each in _FLAGS_IN_ORDER}


def _set_signal_dict(self, name, given):
    if not isinstance(given, dict):
        raise TypeError("argument must be a signal dict")
    if not isinstance(given, SignalDict):
        if given.keys() != set(_FLAGS_IN_ORDER):
            raise KeyError("invalid signal dict")
        given = SignalDict(given)
    return object.__setattr__(self, name, given)


def _clear(given):
    for each in _FLAGS_IN_ORDER:
        dict.__setitem__(given, each, False)


def _raise_error(self, condition, explanation=None, *args):
    error = _condition_map.get(condition, condition)  # noqa: F821
    if error in self._ignored_flags:
        return error().handle(self, *args)
    dict.__setitem__(self.flags, error, True)
    if not self.traps[error]:
        return condition().handle(self, *args)
    raise error([condition])


def _shown(self):
    def names(given):
        return ", ".join([each.__name__ for each in _SIGNALS_IN_ORDER if given[each]])

    return (
        f"Context(prec={self.prec}, rounding={self.rounding}, Emin={self.Emin}, Emax={self.Emax},"
        f" capitals={self.capitals}, clamp={self.clamp}, flags=[{names(self.flags)}], traps=[{names(self.traps)}])"
    )


Context._raise_error = _raise_error  # noqa: F821
Context.__repr__ = _shown  # noqa: F821
Context._set_signal_dict = _set_signal_dict  # noqa: F821
Context.clear_flags, Context.clear_traps = lambda self: _clear(self.flags), lambda self: _clear(self.traps)  # noqa: F821
