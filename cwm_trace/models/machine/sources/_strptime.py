"""`_strptime`: texts read as dates, in English; each directive takes as much as it can."""

from sys import version_info as _version

_MONTHS = "january february march april may june july august september october november december".split()
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_NUMBERS = {
    **{
        "d": (1, 31, 2),
        "H": (0, 23, 2),
        "I": (1, 12, 2),
        "j": (1, 366, 3),
        "m": (1, 12, 2),
        "M": (0, 59, 2),
        "S": (0, 61, 2),
    },
    **{"u": (1, 7, 1), "w": (0, 6, 1), "U": (0, 53, 2), "W": (0, 53, 2), "V": (1, 53, 2)},
}
_PADDED = {"d"}  # which may have a space for a digit
_LIKE = {}
_IS_NEWER = _version >= (3, 15)
_OTHERS = {"c": "%a %b %d %H:%M:%S %Y", "x": "%m/%d/%y", "X": "%H:%M:%S"}
if _version >= (3, 14):
    _OTHERS |= {"T": "%H:%M:%S", "R": "%H:%M", "r": "%I:%M:%S %p"}
    _LIKE = {"e": "d", "k": "H", "l": "I", "P": "p"}
    _PADDED |= {"H", "I"}
if _IS_NEWER:
    _OTHERS |= {"D": "%m/%d/%y", "F": "%Y-%m-%d"}


class _Text:
    def __init__(self, text, form):
        self.text, self.form, self.at = text, form, 0

    def fail(self):
        raise ValueError(f"time data {self.text!r} does not match format {self.form!r}")

    def number(self, low, high, width, padded):
        if padded and self.text[self.at : self.at + 1] == " ":
            self.at += 1
            width = 1
        for length in range(width, 0, -1):
            digits = self.text[self.at : self.at + length]
            if len(digits) == length and digits.isdigit() and low <= int(digits) <= high:
                self.at += length
                return int(digits)
        return self.fail()

    def word(self, words):
        rest = self.text[self.at :].lower()
        found = [word for word in words if rest.startswith(word)]
        if not found:
            return self.fail()
        longest = max(found, key=len)
        self.at += len(longest)
        return words.index(longest)

    def digits(self, least, most):
        end = self.at
        while end < len(self.text) and end - self.at < most and self.text[end].isdigit():
            end += 1
        if end - self.at < least:
            return self.fail()
        given, self.at = self.text[self.at : end], end
        return given

    def literal(self, letter):
        if letter.isspace():
            if not self.text[self.at : self.at + 1].isspace():
                self.fail()
            self.blanks()
        elif self.text[self.at : self.at + 1].lower() == letter.lower():
            self.at += 1
        else:
            self.fail()

    def blanks(self):
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def offset(self):
        if _IS_NEWER and self.text[self.at : self.at + 1] not in ("Z", "z", "+", "-"):
            return None  # there may be none
        if self.text[self.at : self.at + 1] in ("Z", "z"):
            self.at += 1
            return 0
        sign = {"+": 1, "-": -1}.get(self.text[self.at : self.at + 1])
        if sign is None:
            return self.fail()
        self.at += 1
        hours = int(self.digits(2, 2))
        self.at += self.text[self.at : self.at + 1] == ":"
        minutes, seconds = int(self.digits(2, 2)), 0
        if self.text[self.at : self.at + 1] == ":" or self.text[self.at : self.at + 1].isdigit():
            self.at += self.text[self.at : self.at + 1] == ":"
            seconds = int(self.digits(2, 2))
        return sign * (hours * 3600 + minutes * 60 + seconds)


def _take(over, sign, found):
    sign = _LIKE.get(sign, sign)
    if sign in _NUMBERS:
        found[sign] = over.number(*_NUMBERS[sign], sign in _PADDED)
    elif sign in ("Y", "G"):
        found[sign] = int(over.digits(4, 4))
    elif sign == "y":
        found["y"] = int(over.digits(2, 2))
    elif sign == "f":
        found["f"] = int(over.digits(1, 6).ljust(6, "0"))
    elif sign in ("B", "b"):
        names = _MONTHS if sign == "B" else [name[:3] for name in _MONTHS]
        found["m"] = over.word(names) + 1
    elif sign in ("A", "a"):
        found["A"] = over.word(_DAYS if sign == "A" else [name[:3] for name in _DAYS])
    elif sign == "p":
        found["p"] = over.word(["am", "pm"])
    elif sign == "z":
        found["z"] = over.offset()
    elif sign == "Z":
        found["Z"] = ["utc", "gmt"][over.word(["utc", "gmt"])]
    elif sign == "%":
        over.literal("%")
    elif sign in ("n", "t") and _IS_NEWER:
        over.blanks()
    else:
        raise ValueError(f"'{sign}' is a bad directive in format {over.form!r}")


def _run(over, form, found):
    place = 0
    while place < len(form):
        letter = form[place]
        if letter == "%":
            sign = form[place + 1 : place + 2]
            if not sign:
                raise ValueError(f"stray %% in format {form!r}" % ())
            if sign in _OTHERS:
                _run(over, _OTHERS[sign], found)
            else:
                _take(over, sign, found)
            place += 2
            continue
        if letter.isspace():
            while form[place + 1 : place + 2].isspace():
                place += 1
        over.literal(letter)
        place += 1


def _of_iso_week(found, form):
    from datetime import date

    if "G" not in found:
        raise ValueError(
            "ISO week directive '%V' must be used with the ISO year directive '%G' and a weekday directive ('%A', '%a', '%w',"
            " or '%u')."
        )
    weekday = found.get("u", found["A"] + 1 if "A" in found else (found["w"] - 1) % 7 + 1 if "w" in found else None)
    if "V" not in found or weekday is None:
        raise ValueError(
            "ISO year directive '%G' must be used with the ISO week directive '%V' and a weekday directive ('%A', '%a',"
            " '%w', or '%u')."
        )
    place = date.fromisocalendar(found["G"], found["V"], weekday)
    return place.year, place.month, place.day


def _check_day(format):
    signs = {part[:1] for part in format.replace("%%", "").split("%")[1:]}
    if "d" in signs and not signs & {"Y", "y", "G"}:
        raise ValueError(
            "Day of month directive '%d' may not be used without a year directive. Parsing dates involving a day of month without a"
            " year is ambiguous and fails to parse leap day. Add a year to the input and format."
            " See https://github.com/python/cpython/issues/70647."
        )


def _strptime(data_string, format="%a %b %d %H:%M:%S %Y"):
    from datetime import date

    for given in (data_string, format):
        if not isinstance(given, str):
            which = 0 if given is data_string else 1
            raise TypeError(f"strptime() argument {which} must be str, not {type(given)}")
    if _IS_NEWER:
        _check_day(format)
    over, found = _Text(data_string, format), {}
    _run(over, format, found)
    if over.at < len(data_string):
        raise ValueError(f"unconverted data remains: {data_string[over.at :]}")
    year = found.get("Y")
    if "y" in found:
        year = found["y"] + (2000 if found["y"] <= 68 else 1900)
    hour = found.get("H", 0)
    if "I" in found:
        hour = found["I"] % 12 + (12 if found.get("p") == 1 else 0)
    given_year, year = year, 1900 if year is None else year
    if given_year is None and found.get("m") == 2 and found.get("d") == 29:
        year = 1904
    month, day = found.get("m", 1), found.get("d", 1)
    if "j" in found:
        place = date.fromordinal(date(year, 1, 1).toordinal() + found["j"] - 1)
        year, month, day = place.year, place.month, place.day
    elif ("U" in found or "W" in found) and "A" in found:
        first = date(year, 1, 1)
        weekday = found["A"] if "W" in found else (found["A"] + 1) % 7
        before = first.weekday() if "W" in found else (first.weekday() + 1) % 7
        start = first.toordinal() + (7 - before) % 7
        place = date.fromordinal(start + (found.get("W", found.get("U")) - 1) * 7 + weekday)
        year, month, day = place.year, place.month, place.day
    if "G" in found or "V" in found:
        year, month, day = _of_iso_week(found, format)
        given_year = year
    made = date(year, month, day)
    yday = made.toordinal() - date(year, 1, 1).toordinal() + 1
    weekday = found.get("A", made.weekday())
    year = 1900 if given_year is None and year == 1904 else year
    clock = (year, month, day, hour, found.get("M", 0), found.get("S", 0), weekday, yday, -1 if "Z" not in found else 0)
    zone = found.get("Z")
    return clock, (None if zone is None else zone.upper()), found.get("z"), found.get("f", 0)


def _strptime_time(data_string, format="%a %b %d %H:%M:%S %Y"):
    from time import struct_time

    return struct_time(_strptime(data_string, format)[0])


def _strptime_datetime(cls, data_string, format="%a %b %d %H:%M:%S %Y"):
    return _of_parts(cls, slice(0, 6), data_string, format)


_strptime_datetime_datetime = _strptime_datetime  # as 3.14 has it, and these two beside it


def _strptime_datetime_date(cls, data_string, format="%a %b %d %Y"):
    return cls(*_strptime(data_string, format)[0][:3])


def _strptime_datetime_time(cls, data_string, format="%H:%M:%S"):
    return _of_parts(cls, slice(3, 6), data_string, format)


def _of_parts(cls, which, data_string, format):
    from datetime import timedelta, timezone

    clock, name, offset, small = _strptime(data_string, format)
    given = (*clock[which], small)
    if offset is None:
        return cls(*given)
    zone = timezone(timedelta(seconds=offset)) if name is None else timezone(timedelta(seconds=offset), name)
    return cls(*given, zone)
