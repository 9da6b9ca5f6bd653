"""`zoneinfo`: what a zone's table says is looked up (`machine.computed`), in the data that Python would read."""

from datetime import datetime as _datetime
from datetime import timedelta as _timedelta
from datetime import tzinfo as _tzinfo

from followed import unknown, zone_at


class ZoneInfoNotFoundError(KeyError):
    """Python finds no table of that name."""

    __module__ = "zoneinfo._common"


_kept = {}


class ZoneInfo(_tzinfo):
    __module__ = "zoneinfo"

    def __new__(cls, key):
        if (cls, key) not in _kept:
            _kept[cls, key] = cls.no_cache(key)
        return _kept[cls, key]

    @classmethod
    def no_cache(cls, key):
        if (missing := zone_at(key, None)) is not None:
            kind, said = missing
            raise (ZoneInfoNotFoundError if kind == "ZoneInfoNotFoundError" else eval(kind))(*said)
        made = _tzinfo.__new__(cls)
        made.key = key
        return made

    @classmethod
    def clear_cache(cls, *, only_keys=None):
        for kind, key in list(_kept):
            if kind is cls and (only_keys is None or key in only_keys):
                del _kept[kind, key]

    def __repr__(self):
        return f"{type(self).__module__}.{type(self).__qualname__}(key={self.key!r})"

    def __str__(self):
        return self.key

    def __reduce__(self):
        return type(self)._unpickle, (self.key, True)

    @classmethod
    def _unpickle(cls, key, from_cache):
        return cls(key)

    def _at(self, dt):
        if dt is None:
            return zone_at(self.key, ())
        return zone_at(self.key, (dt.year, dt.month, dt.day, dt.hour, dt.minute, dt.second, dt.fold))

    def utcoffset(self, dt):
        seconds = self._at(dt)[0]
        return None if seconds is None else _timedelta(seconds=seconds)

    def dst(self, dt):
        seconds = self._at(dt)[1]
        return None if seconds is None else _timedelta(seconds=seconds)

    def tzname(self, dt):
        return self._at(dt)[2]

    def fromutc(self, dt):
        if not isinstance(dt, _datetime):
            raise TypeError("fromutc: argument must be a datetime instance")
        if dt.tzinfo is not self:
            raise ValueError("fromutc: dt.tzinfo is not self")
        seconds, fold = zone_at(self.key, (dt.year, dt.month, dt.day, dt.hour, dt.minute, dt.second))
        return (dt + _timedelta(seconds=seconds)).replace(fold=fold)


def available_timezones():
    return unknown()
