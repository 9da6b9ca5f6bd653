"""`decimal`: what errors and contexts show, as those of C do."""

_NAMES = "InvalidOperation Clamped DivisionByZero Inexact FloatOperation Overflow Rounded Subnormal Underflow"
_SIGNALS_IN_ORDER = [globals()[name] for name in _NAMES.split()]


def _raise_error(self, condition, explanation=None, *args):
    error = _condition_map.get(condition, condition)  # noqa: F821
    if error in self._ignored_flags:
        return error().handle(self, *args)
    self.flags[error] = 1
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
