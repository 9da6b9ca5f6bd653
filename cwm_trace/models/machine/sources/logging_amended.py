"""`logging`: where it was called from, which the library finds by looking at Python frames."""

from followed import caller, lost


def _find_caller(self, stack_info=False, stacklevel=1):
    if stack_info:
        lost()
    place = caller(stacklevel)
    if place is None:
        lost()
    return *place, None


_srcfile = "<logging>"
Logger.findCaller = _find_caller  # noqa: F821
