"""`datetime`: what errors say, and which hashes there are, as in C; what a clock tells is unknown."""

import sys

from followed import seconds, unknown

if sys.version_info < (3, 14):  # later ones say the same in both

    def _check_date_fields(year, month, day):
        for place, name, each in ((2, "month", month), (3, "day", day)):
            if each is None:
                raise TypeError(f"function missing required argument {name!r} (pos {place})")
        year, month, day = _index(year), _index(month), _index(day)  # noqa: F821
        if not MINYEAR <= year <= MAXYEAR:  # noqa: F821
            raise ValueError(f"year {year} is out of range")
        if not 1 <= month <= 12:
            raise ValueError("month must be in 1..12")
        if not 1 <= day <= _days_in_month(year, month):  # noqa: F821
            raise ValueError("day is out of range for month")
        return year, month, day

    def _check_time_fields(hour, minute, second, microsecond, fold):
        hour, minute, second = _index(hour), _index(minute), _index(second)  # noqa: F821
        microsecond = _index(microsecond)  # noqa: F821
        if not 0 <= hour <= 23:
            raise ValueError("hour must be in 0..23")
        if not 0 <= minute <= 59:
            raise ValueError("minute must be in 0..59")
        if not 0 <= second <= 59:
            raise ValueError("second must be in 0..59")
        if not 0 <= microsecond <= 999999:
            raise ValueError("microsecond must be in 0..999999")
        if fold not in (0, 1):
            raise ValueError("fold must be either 0 or 1", fold)
        return hour, minute, second, microsecond, fold


_parse_of_python, _subtract = _parse_isoformat_date, datetime.__sub__  # noqa: F821


def _parse_isoformat_date(dtstr):
    digits = "".join(dtstr.split("-"))
    dashes = [place for place, each in enumerate(dtstr) if each == "-"]
    is_week = dtstr[4:6].removeprefix("-")[:1] == "W"
    shapes = ([], [4], [4, 8]) if is_week else {8: ([4, 7], []), 10: ([],)}.get(len(digits), ())
    if dashes not in shapes or not digits.replace("W", "", is_week).isdigit() or not digits.isascii():
        raise ValueError("Invalid isoformat string")
    return _parse_of_python(dtstr)


def _difference(self, other):
    if isinstance(other, datetime) and (self.utcoffset() is None) != (other.utcoffset() is None):  # noqa: F821
        raise TypeError("can't subtract offset-naive and offset-aware datetimes")
    return _subtract(self, other)


def _ordered(self, other, allow_mixed=False):
    if not allow_mixed and (self.utcoffset() is None) != (other.utcoffset() is None):
        kind = "datetimes" if isinstance(self, datetime) else "times"  # noqa: F821
        raise TypeError(f"can't compare offset-naive and offset-aware {kind}")
    return _compare[type(self) is not time](self, other, allow_mixed)  # noqa: F821


def fromisoformat(cls, date_string):
    if not isinstance(date_string, str):
        raise TypeError("fromisoformat: argument must be str")
    try:
        parts = _parse_isoformat_date(date_string)
    except Exception:
        raise ValueError(f"Invalid isoformat string: {date_string!r}") from None
    return cls(*parts)


_compare = (time._cmp, datetime._cmp)  # noqa: F821
datetime.__sub__, time._cmp, datetime._cmp = _difference, _ordered, _ordered  # noqa: F821
date.fromisoformat = classmethod(fromisoformat)  # noqa: F821
del fromisoformat


def _by_state(self):
    return hash(self._getstate()[0])


def _by_state_or_offset(self):
    offset = self.utcoffset()
    if offset is None:
        return hash(self._getstate()[0])
    days = self.toordinal() if isinstance(self, date) else 0  # noqa: F821
    clock = self.hour * 3600 + self.minute * 60 + self.second
    return hash(timedelta(days, clock, self.microsecond) - offset)  # noqa: F821


class IsoCalendarDate:
    def __init__(self, year, week, weekday):
        self.year, self.week, self.weekday = year, week, weekday

    def _all(self):
        return self.year, self.week, self.weekday

    def __repr__(self):
        return f"datetime.IsoCalendarDate(year={self.year}, week={self.week}, weekday={self.weekday})"

    def __iter__(self):
        return iter(self._all())

    def __len__(self):
        return 3

    def __getitem__(self, at):
        return self._all()[at]

    def __eq__(self, other):
        return self._all() == tuple(other) if isinstance(other, (tuple, IsoCalendarDate)) else NotImplemented

    def __lt__(self, other):
        return self._all() < tuple(other)

    def __hash__(self):
        return hash(self._all())


_IsoCalendarDate = IsoCalendarDate
date.__hash__ = _by_state  # noqa: F821
time.__hash__ = datetime.__hash__ = _by_state_or_offset  # noqa: F821


def now(cls, tz=None):
    return unknown(cls._fromtimestamp(seconds(), True, tz))


def today(cls):
    return unknown(cls(2026, 1, 1))


def fromtimestamp(cls, timestamp, tz=None):
    if not isinstance(timestamp, (int, float)) and not hasattr(timestamp, "__index__"):
        raise TypeError(f"{type(timestamp).__name__!r} object cannot be interpreted as an integer")
    if tz is None:  # the zone of the machine
        return unknown(cls._fromtimestamp(timestamp, True, None))
    return cls._fromtimestamp(timestamp, True, tz)


date.today, datetime.today = classmethod(today), classmethod(now)  # noqa: F821
datetime.now = datetime.utcnow = classmethod(now)  # noqa: F821
datetime.fromtimestamp = classmethod(fromtimestamp)  # noqa: F821
del now, today, fromtimestamp


_astimezone = datetime.astimezone  # noqa: F821


def _in_zone(self, tz=None):
    """C looks first whether it is there already, and asks no zone."""
    return self if tz is not None and tz is self.tzinfo else _astimezone(self, tz)


datetime.astimezone = _in_zone  # noqa: F821


def _from_utc(self, dt):
    """C asks `dst` a second time, whether or not the standard time is another (Modules/_datetimemodule.c, `tzinfo_fromutc`)."""
    if not isinstance(dt, datetime):  # noqa: F821
        raise TypeError("fromutc: argument must be a datetime")
    if dt.tzinfo is not self:
        raise ValueError("fromutc: dt.tzinfo is not self")
    offset = dt.utcoffset()
    if offset is None:
        raise ValueError("fromutc: non-None utcoffset() result required")
    saved = dt.dst()
    if saved is None:
        raise ValueError("fromutc: non-None dst() result required")
    standard = dt + (offset - saved)
    saved = standard.dst()
    if saved is None:
        raise ValueError("fromutc: tz.dst() gave inconsistent results; cannot convert")
    return standard + saved if saved else standard


tzinfo.fromutc = _from_utc  # noqa: F821


def _within_range(of):
    """C has the same words for dates and datetimes."""
    add = of.__add__

    def __add__(self, other):
        try:
            return add(self, other)
        except OverflowError:
            raise OverflowError("date value out of range") from None

    return __add__


for _each in (date, datetime):  # noqa: F821
    _each.__add__ = _each.__radd__ = _within_range(_each)


def _cmperror(one, other):
    def shown(kind):
        return f"datetime.{kind.__name__}" if kind in (date, datetime, time, timedelta) else kind.__name__  # noqa: F821

    raise TypeError(f"can't compare {shown(type(one))} to {shown(type(other))}")


def _shown_as_in_c(of):
    """C has the fold before the zone, and classes that are made from its own by their names alone."""
    shown = of.__repr__

    def __repr__(self):
        text = shown(self)
        if getattr(self, "fold", 0) and self.tzinfo is not None:
            zone = f", tzinfo={self.tzinfo!r}"
            text = text.replace(f"{zone}, fold=1)", f", fold=1{zone})")
        return text if type(self) is of else f"{type(self).__name__}({text.partition('(')[2]}"

    return __repr__


for _each in (date, datetime, time, timedelta):  # noqa: F821
    _each.__repr__ = _shown_as_in_c(_each)
