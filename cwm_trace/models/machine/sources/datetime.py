"""`datetime`, as far as it is followed: with fixed time zones, and without what asks for the time that it is, or where."""

# ruff: noqa: UP017
from followed import lost

MINYEAR, MAXYEAR = 1, 9999
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _length(year, month):
    return 29 if month == 2 and _is_leap(year) else _LENGTHS[month - 1]


def _ordinal(year, month, day):
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400
    for number in range(1, month):
        days += _length(year, number)
    return days + day


def _from_ordinal(days):
    if not 1 <= days <= 3652059:
        raise OverflowError("date value out of range")
    year = days * 400 // 146097 + 1
    while _ordinal(year, 1, 1) > days:
        year -= 1
    while year < 9999 and _ordinal(year + 1, 1, 1) <= days:
        year += 1
    rest, month = days - _ordinal(year, 1, 1), 1
    while rest >= _length(year, month):
        rest -= _length(year, month)
        month += 1
    return year, month, rest + 1


def _check_date(year, month, day):
    if not 1 <= year <= 9999:
        raise ValueError(f"year {year} is out of range")
    if not 1 <= month <= 12:
        raise ValueError("month must be in 1..12")
    if not 1 <= day <= _length(year, month):
        raise ValueError("day is out of range for month")


def _check_time(hour, minute, second, microsecond):
    if not 0 <= hour <= 23:
        raise ValueError("hour must be in 0..23")
    if not 0 <= minute <= 59:
        raise ValueError("minute must be in 0..59")
    if not 0 <= second <= 59:
        raise ValueError("second must be in 0..59")
    if not 0 <= microsecond <= 999999:
        raise ValueError("microsecond must be in 0..999999")


class _Ordered:
    """What has a `_key`, among what it `_is_like`."""

    def _has_order(self, other):
        return self._is_like(other)

    def __hash__(self):
        return hash(self._key())

    def __eq__(self, other):
        return self._key() == other._key() if self._is_like(other) else NotImplemented

    def __lt__(self, other):
        return self._key() < other._key() if self._has_order(other) else NotImplemented

    def __le__(self, other):
        return self._key() <= other._key() if self._has_order(other) else NotImplemented

    def __gt__(self, other):
        return self._key() > other._key() if self._has_order(other) else NotImplemented

    def __ge__(self, other):
        return self._key() >= other._key() if self._has_order(other) else NotImplemented


class timedelta(_Ordered):
    def __init__(self, days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0):
        for each in (days, seconds, microseconds, milliseconds, minutes, hours, weeks):
            if isinstance(each, float) and each != int(each * 16) / 16:  # whose part of a microsecond is rounded
                lost()
        whole = (days + weeks * 7) * 86400 + hours * 3600 + minutes * 60 + seconds
        small = int(whole * 1000000) + int(milliseconds * 1000) + int(microseconds)
        self.days = small // 86400000000
        rest = small % 86400000000
        self.seconds, self.microseconds = rest // 1000000, rest % 1000000
        if not -999999999 <= self.days <= 999999999:
            raise OverflowError(f"days={self.days}; must have magnitude <= 999999999")

    def _small(self):
        return (self.days * 86400 + self.seconds) * 1000000 + self.microseconds

    def __repr__(self):
        parts = []
        if self.days:
            parts.append(f"days={self.days}")
        if self.seconds:
            parts.append(f"seconds={self.seconds}")
        if self.microseconds:
            parts.append(f"microseconds={self.microseconds}")
        return f"datetime.timedelta({', '.join(parts) if parts else '0'})"

    def __str__(self):
        minutes = self.seconds // 60
        text = f"{minutes // 60}:{minutes % 60:02d}:{self.seconds % 60:02d}"
        if self.days:
            text = f"{self.days} day{'' if abs(self.days) == 1 else 's'}, {text}"
        return f"{text}.{self.microseconds:06d}" if self.microseconds else text

    def total_seconds(self):
        return self._small() / 1000000

    def __add__(self, other):
        return timedelta(0, 0, self._small() + other._small()) if isinstance(other, timedelta) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other):
        return timedelta(0, 0, self._small() - other._small()) if isinstance(other, timedelta) else NotImplemented

    def __mul__(self, other):
        if isinstance(other, float):
            lost()
        return timedelta(0, 0, self._small() * other) if isinstance(other, int) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other):
        if isinstance(other, timedelta):
            return self._small() / other._small()
        if not isinstance(other, int):
            lost()
        if self._small() % other:
            lost()
        return timedelta(0, 0, self._small() // other)

    def __floordiv__(self, other):
        if isinstance(other, timedelta):
            return self._small() // other._small()
        return timedelta(0, 0, self._small() // other) if isinstance(other, int) else NotImplemented

    def __mod__(self, other):
        return timedelta(0, 0, self._small() % other._small()) if isinstance(other, timedelta) else NotImplemented

    def __divmod__(self, other):
        return (self // other, self % other) if isinstance(other, timedelta) else NotImplemented

    def __neg__(self):
        return timedelta(0, 0, -self._small())

    def __abs__(self):
        return timedelta(0, 0, abs(self._small()))

    def __bool__(self):
        return self._small() != 0

    def _key(self):
        return (self.days, self.seconds, self.microseconds)

    def _is_like(self, other):
        return isinstance(other, timedelta)


class _IsoCalendarDate:
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
        return self._all() == tuple(other) if isinstance(other, (tuple, _IsoCalendarDate)) else NotImplemented

    def __hash__(self):
        return hash(self._all())


class date(_Ordered):
    def __init__(self, year, month, day):
        if not isinstance(year, int) or not isinstance(month, int) or not isinstance(day, int):
            lost()
        _check_date(year, month, day)
        self.year, self.month, self.day = year, month, day

    @classmethod
    def fromordinal(cls, days):
        return cls(*_from_ordinal(days))

    @classmethod
    def fromisoformat(cls, text):
        parts = text.split("-")
        if [len(part) for part in parts] != [4, 2, 2] or not "".join(parts).isdigit():
            if len(text) in (7, 8, 10):  # other ways to write a date
                lost()
            raise ValueError(f"Invalid isoformat string: {text!r}")
        return cls(int(parts[0]), int(parts[1]), int(parts[2]))

    def _key(self):
        return (self.year, self.month, self.day)

    def toordinal(self):
        return _ordinal(self.year, self.month, self.day)

    def weekday(self):
        return (self.toordinal() + 6) % 7

    def isoweekday(self):
        return self.weekday() + 1

    def isocalendar(self):
        thursday = self.toordinal() - self.weekday() + 3
        year = date.fromordinal(thursday).year
        return _IsoCalendarDate(year, (thursday - _ordinal(year, 1, 1)) // 7 + 1, self.isoweekday())

    def isoformat(self):
        return f"{self.year:04d}-{self.month:02d}-{self.day:02d}"

    def __str__(self):
        return self.isoformat()

    def __repr__(self):
        return f"datetime.date({self.year}, {self.month}, {self.day})"

    def replace(self, year=None, month=None, day=None):
        year = self.year if year is None else year
        return type(self)(year, self.month if month is None else month, self.day if day is None else day)

    def strftime(self, form):
        return _spelled(form, self, 0, 0, 0, 0)

    def __format__(self, form):
        return self.strftime(form) if form else str(self)

    def __add__(self, other):
        return date.fromordinal(self.toordinal() + other.days) if isinstance(other, timedelta) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other):
        if isinstance(other, timedelta):
            return date.fromordinal(self.toordinal() - other.days)
        return timedelta(self.toordinal() - other.toordinal()) if isinstance(other, date) else NotImplemented

    def _is_like(self, other):
        return isinstance(other, date) and isinstance(self, datetime) == isinstance(other, datetime)


class time(_Ordered):
    def __init__(self, hour=0, minute=0, second=0, microsecond=0):
        _check_time(hour, minute, second, microsecond)
        self.hour, self.minute, self.second, self.microsecond = hour, minute, second, microsecond

    def _key(self):
        return (self.hour, self.minute, self.second, self.microsecond)

    def isoformat(self):
        text = f"{self.hour:02d}:{self.minute:02d}:{self.second:02d}"
        return f"{text}.{self.microsecond:06d}" if self.microsecond else text

    def __str__(self):
        return self.isoformat()

    def __repr__(self):
        text = f"{self.hour}, {self.minute}"
        if self.second or self.microsecond:
            text += f", {self.second}"
        return f"datetime.time({text}{f', {self.microsecond}' if self.microsecond else ''})"

    def strftime(self, form):
        return _spelled(form, date(1900, 1, 1), self.hour, self.minute, self.second, self.microsecond)

    def __format__(self, form):
        return self.strftime(form) if form else str(self)

    def _is_like(self, other):
        return isinstance(other, time)


class tzinfo:
    pass


_utc = []


class timezone(tzinfo):
    def __new__(cls, offset, name=None):
        is_utc = name is None and _utc and isinstance(offset, timedelta) and not offset
        return _utc[0] if is_utc else object.__new__(cls)

    def __init__(self, offset, name=None):
        if not isinstance(offset, timedelta):
            raise TypeError(f"timezone() argument 1 must be datetime.timedelta, not {type(offset).__name__}")
        if not -86400000000 < offset._small() < 86400000000:
            text = "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not "
            raise ValueError(text + repr(offset) + ".")
        self._offset, self._name = offset, name

    def __repr__(self):
        if self is timezone.utc:
            return "datetime.timezone.utc"
        return f"datetime.timezone({self._offset!r}{'' if self._name is None else f', {self._name!r}'})"

    def __str__(self):
        return self.tzname(None)

    def __eq__(self, other):
        return self._offset == other._offset if isinstance(other, timezone) else NotImplemented

    def __hash__(self):
        return hash(self._offset)

    def utcoffset(self, dt):
        return self._offset

    def tzname(self, dt):
        if self._name is not None:
            return self._name
        return "UTC" if not self._offset else f"UTC{_shown_offset(self._offset)}"

    def dst(self, dt):
        return None


timezone.utc = UTC = timezone(timedelta(0))
_utc.append(UTC)


def _shown_offset(offset, colon=":"):
    """As `+05:30`."""
    small = offset._small()
    sign, small = ("-", -small) if small < 0 else ("+", small)
    if small % 1000000:
        lost()
    seconds = small // 1000000
    text = f"{sign}{seconds // 3600:02d}{colon}{seconds // 60 % 60:02d}"
    return f"{text}{colon}{seconds % 60:02d}" if seconds % 60 else text


def _read_offset(text):
    if text == "Z":
        return timezone.utc
    parts = text[1:].split(":")
    if not "".join(parts).isdigit() or len(parts) not in (2, 3) or len(text) != 3 * len(parts):
        lost()
    numbers = [*[int(part) for part in parts], 0][:3]
    offset = timedelta(hours=numbers[0], minutes=numbers[1], seconds=numbers[2])
    offset = -offset if text[0] == "-" else offset
    return timezone.utc if not offset else timezone(offset)


class datetime(date):
    def __init__(self, year, month, day, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0):
        if fold or tzinfo is not None and not isinstance(tzinfo, timezone):
            lost()
        super().__init__(year, month, day)
        _check_time(hour, minute, second, microsecond)
        self.hour, self.minute, self.second, self.microsecond = hour, minute, second, microsecond
        self.tzinfo, self.fold = tzinfo, 0

    @classmethod
    def combine(cls, day, clock, tzinfo=None):
        return cls(day.year, day.month, day.day, clock.hour, clock.minute, clock.second, clock.microsecond, tzinfo)

    @classmethod
    def fromordinal(cls, days):
        return cls(*_from_ordinal(days))

    @classmethod
    def fromisoformat(cls, text):
        day = date.fromisoformat(text[:10])
        clock, zone = text[11:], None
        for place, letter in enumerate(clock):
            if letter in "+-Z":
                clock, zone = clock[:place], _read_offset(clock[place:])
                break
        if not clock:
            return cls(day.year, day.month, day.day, tzinfo=zone)
        clock, point, rest = clock.partition(".")
        if point and (len(rest) not in (3, 6) or not rest.isdigit()):
            lost()
        parts = clock.split(":")
        if not "".join(parts).isdigit() or len(parts) > 3 or len(clock) != 3 * len(parts) - 1:
            lost()
        numbers = [*[int(part) for part in parts], 0, 0][:3]
        return cls(day.year, day.month, day.day, *numbers, int(rest.ljust(6, "0")) if point else 0, zone)

    @classmethod
    def strptime(cls, text, form):
        return cls(*_parsed(text, form))

    @classmethod
    def fromtimestamp(cls, timestamp, tz=None):
        if tz is None or not isinstance(timestamp, int):
            lost()
        return datetime(1970, 1, 1, tzinfo=timezone.utc)._moved_by(timedelta(seconds=timestamp)).astimezone(tz)

    def _key(self):
        if self.tzinfo is not None:
            return (self._small() - self.tzinfo._offset._small(),)
        return (self.year, self.month, self.day, self.hour, self.minute, self.second, self.microsecond)

    def _is_one_zoned(self, other):
        return isinstance(other, datetime) and (self.tzinfo is None) != (other.tzinfo is None)

    def __eq__(self, other):
        return False if self._is_one_zoned(other) else super().__eq__(other)

    def __hash__(self):
        return super().__hash__()

    def _has_order(self, other):
        if self._is_one_zoned(other):
            raise TypeError("can't compare offset-naive and offset-aware datetimes")
        return super()._has_order(other)

    def _small(self):
        return (
            ((self.toordinal() * 24 + self.hour) * 60 + self.minute) * 60000000
            + self.second * 1000000
            + self.microsecond
        )

    def date(self):
        return date(self.year, self.month, self.day)

    def time(self):
        return time(self.hour, self.minute, self.second, self.microsecond)

    def utcoffset(self):
        return None if self.tzinfo is None else self.tzinfo.utcoffset(self)

    def tzname(self):
        return None if self.tzinfo is None else self.tzinfo.tzname(self)

    def dst(self):
        return None

    def astimezone(self, tz=None):
        if tz is None or self.tzinfo is None:
            lost()
        made = self._moved(self._small() - self.tzinfo._offset._small() + tz._offset._small())
        return made.replace(tzinfo=tz)

    def timestamp(self):
        if self.tzinfo is None:
            lost()
        return (self - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds()

    def isoformat(self, sep="T", timespec="auto"):
        zone = "" if self.tzinfo is None else _shown_offset(self.tzinfo._offset)
        clock = self.time().isoformat()
        if timespec in ("hours", "minutes", "seconds"):
            clock = clock[: {"hours": 2, "minutes": 5, "seconds": 8}[timespec]]
        elif timespec in ("milliseconds", "microseconds"):
            clock = f"{clock[:8]}.{self.microsecond:06d}"[: 12 if timespec == "milliseconds" else 15]
        elif timespec != "auto":
            raise ValueError("Unknown timespec value")
        return f"{super().isoformat()}{sep}{clock}{zone}"

    def __str__(self):
        return self.isoformat(" ")

    def __repr__(self):
        text = f"{self.year}, {self.month}, {self.day}, {self.hour}, {self.minute}"
        if self.second or self.microsecond:
            text += f", {self.second}"
        text += f", {self.microsecond}" if self.microsecond else ""
        return f"datetime.datetime({text}{'' if self.tzinfo is None else f', tzinfo={self.tzinfo!r}'})"

    def replace(self, **changes):
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo")
        return datetime(*[changes[name] if name in changes else getattr(self, name) for name in names])

    def strftime(self, form):
        if "%z" in form or "%Z" in form:
            zone = "" if self.tzinfo is None else _shown_offset(self.tzinfo._offset, "")
            form = form.replace("%z", zone).replace("%Z", self.tzname() or "")
        return _spelled(form, self, self.hour, self.minute, self.second, self.microsecond)

    def _moved(self, small):
        days, rest = small // 86400000000, small % 86400000000
        seconds = rest // 1000000
        clock = (seconds // 3600, seconds // 60 % 60, seconds % 60, rest % 1000000)
        return datetime(*_from_ordinal(days), *clock, self.tzinfo)

    def _moved_by(self, delta):
        return self._moved(self._small() + delta._small())

    def __add__(self, other):
        return self._moved_by(other) if isinstance(other, timedelta) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other):
        if isinstance(other, timedelta):
            return self._moved(self._small() - other._small())
        if not isinstance(other, datetime):
            return NotImplemented
        if self._is_one_zoned(other):
            raise TypeError("can't subtract offset-naive and offset-aware datetimes")
        if self.tzinfo is None or self.tzinfo is other.tzinfo:
            return timedelta(0, 0, self._small() - other._small())
        return timedelta(0, 0, self._key()[0] - other._key()[0])


def _spelled(form, day, hour, minute, second, microsecond):
    made, place = "", 0
    while place < len(form):
        letter = form[place]
        if letter != "%":
            made += letter
            place += 1
            continue
        sign = form[place + 1 : place + 2]
        place += 2
        if sign == "Y":
            made += str(day.year)
        elif sign == "m":
            made += f"{day.month:02d}"
        elif sign == "d":
            made += f"{day.day:02d}"
        elif sign == "H":
            made += f"{hour:02d}"
        elif sign == "M":
            made += f"{minute:02d}"
        elif sign == "S":
            made += f"{second:02d}"
        elif sign == "y":
            made += f"{day.year % 100:02d}"
        elif sign == "b":
            made += _MONTHS[day.month - 1][:3]
        elif sign == "B":
            made += _MONTHS[day.month - 1]
        elif sign == "a":
            made += _DAYS[day.weekday()][:3]
        elif sign == "A":
            made += _DAYS[day.weekday()]
        elif sign == "I":
            made += f"{(hour + 11) % 12 + 1:02d}"
        elif sign == "p":
            made += "AM" if hour < 12 else "PM"
        elif sign == "j":
            made += f"{day.toordinal() - date(day.year, 1, 1).toordinal() + 1:03d}"
        elif sign == "f":
            made += f"{microsecond:06d}"
        elif sign == "w":
            made += str(day.isoweekday() % 7)
        elif sign == "F":
            made += f"{day.year}-{day.month:02d}-{day.day:02d}"
        elif sign == "T":
            made += f"{hour:02d}:{minute:02d}:{second:02d}"
        elif sign == "%":
            made += "%"
        else:
            lost()
    return made


_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "y": 2}


def _parsed(text, form):
    found, place, at = {}, 0, 0
    while place < len(form):
        letter = form[place]
        if letter != "%":
            if letter.isspace() != text[at : at + 1].isspace() or not letter.isspace() and text[at : at + 1] != letter:
                raise ValueError(f"time data {text!r} does not match format {form!r}")
            place, at = place + 1, at + 1
            while letter.isspace() and text[at : at + 1].isspace():
                at += 1
            continue
        sign = form[place + 1 : place + 2]
        place += 2
        if sign in ("b", "B"):
            names = [name[:3] for name in _MONTHS] if sign == "b" else _MONTHS
            number = [name for name in names if text[at : at + len(name)].lower() == name.lower()]
            if not number:
                raise ValueError(f"time data {text!r} does not match format {form!r}")
            found["m"] = names.index(number[0]) + 1
            at += len(number[0])
            continue
        if sign not in _WIDTHS:
            lost()
        digits = ""
        while len(digits) < _WIDTHS[sign] and text[at : at + 1].isdigit():
            digits += text[at]
            at += 1
        if not digits or (sign == "Y" and len(digits) < 4):
            raise ValueError(f"time data {text!r} does not match format {form!r}")
        found[sign] = int(digits)
    if at < len(text):
        raise ValueError(f"unconverted data remains: {text[at:]}")
    if "y" in found:
        found["Y"] = found["y"] + (2000 if found["y"] < 69 else 1900)
    if (
        not all([found.get(sign, 1) for sign in "Ymd"])
        or found.get("m", 1) > 12
        or found.get("d", 1) > 31
        or found.get("H", 0) > 23
        or found.get("M", 0) > 59
    ):
        lost()
    clock = (found.get("H", 0), found.get("M", 0), found.get("S", 0))
    return (found.get("Y", 1900), found.get("m", 1), found.get("d", 1), *clock)
