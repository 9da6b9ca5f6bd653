"""`logging`: where it was called from, which the library finds by looking at Python frames; and when, which nobody knows."""

import sys

from followed import caller, lost, unknown


def _find_caller(self, stack_info=False, stacklevel=1):
    if stack_info:
        lost()
    place = caller(stacklevel)
    if place is None:
        lost()
    return *place, None


_srcfile = "<logging>"
Logger.findCaller = _find_caller  # noqa: F821

if sys.version_info >= (3, 13):  # which looks at what the clock says

    class _Clock:
        def time_ns(self):
            return 0

    _clock, _first = _Clock(), LogRecord.__init__  # noqa: F821

    def _begin(self, *args, **words):
        global time
        kept, time = time, _clock
        _first(self, *args, **words)
        time = kept
        self.created, self.msecs, self.relativeCreated = unknown(), unknown(), unknown()

    LogRecord.__init__ = _begin  # noqa: F821
