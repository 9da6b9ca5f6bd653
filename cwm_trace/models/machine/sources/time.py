"""`time`, as far as no clock and no zone of the machine is asked."""

from collections import namedtuple

from followed import unknown

_FIELDS = "tm_year tm_mon tm_mday tm_hour tm_min tm_sec tm_wday tm_yday tm_isdst"
timezone, altzone, daylight, tzname = 0, 0, 0, ("UTC", "UTC")


class struct_time(namedtuple("struct_time", _FIELDS)):
    def __new__(cls, items):
        return super().__new__(cls, *items)

    def __repr__(self):
        shown = [f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True)]
        return f"time.struct_time({', '.join(shown)})"


def gmtime(secs=None, /):
    from datetime import date

    if secs is None:
        return unknown()
    days, clock = divmod(int(secs), 86400)
    day = date.fromordinal(days + date(1970, 1, 1).toordinal())
    yday = day.toordinal() - date(day.year, 1, 1).toordinal() + 1
    return struct_time(
        (day.year, day.month, day.day, clock // 3600, clock // 60 % 60, clock % 60, day.weekday(), yday, 0)
    )


def localtime(secs=None, /):
    return unknown()


def mktime(t, /):
    return unknown()


def strptime(string, format="%a %b %d %H:%M:%S %Y", /):
    from _strptime import _strptime_time

    return _strptime_time(string, format)


def strftime(format, t=None, /):
    from followed import clock_text

    return unknown() if t is None else clock_text(format, tuple(t))


def asctime(t=None, /):
    return unknown() if t is None else strftime("%a %b %d %H:%M:%S %Y", t).replace(" 0", "  ", 1)
