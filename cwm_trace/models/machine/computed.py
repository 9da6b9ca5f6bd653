"""What is nothing but arithmetic, which no network knows and of which no step shows: logarithms and sines, complex numbers, checksums, the
numbers that follow from a seed.

Each of them is computed, by the same library, of plain numbers, texts and bytes. Knows which these are (`MATH`, `CHECKSUMS`); whatever has
steps of which any can be asked for is followed elsewhere.
"""

from __future__ import annotations

import _codecs
import binascii
import bz2
import cmath
import datetime
import hashlib
import importlib
import lzma
import math
import platform
import posixpath
import random
import time
import zlib
import zoneinfo
from collections.abc import Callable
from typing import Any

from cwm_trace.models.machine import operators
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.arithmetic import computed, plain
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import collected, iterator_of
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import OWN, Dict, Lost, Native, Object, Raised, Value, find, is_unknown, known

MATH = (
    *"fma fmax fmin isnormal issubnormal modf signbit".split(),  # some are new
    *"acos acosh asin asinh atan atan2 atanh cbrt copysign cos cosh degrees erf erfc exp exp2 expm1 fmod frexp gamma ldexp lgamma".split(),
    *"log log10 log1p log2 nextafter perm pow radians remainder sin sinh tan tanh ulp".split(),
)
CHECKSUMS = {
    **{f"zlib.{name}": getattr(zlib, name) for name in ("adler32", "crc32", "compress", "decompress")},
    **{f"{each.__name__}.{name}": getattr(each, name) for each in (bz2, lzma) for name in ("compress", "decompress")},
    **{f"binascii.{name}": getattr(binascii, name) for name in ("crc32", "crc_hqx")},
}


def _compute(name: str, function: Callable[..., Any], own_way: str = "__float__") -> None:
    """`own_way`: how objects of classes say what they are as a number, or as bytes."""

    def run(m: Interpreter, *args: Value, **named: Value) -> Work:
        given = []
        for each in args:
            if is_unknown(each):
                return m.unknown()
            own = find(known(each).kind, own_way) if isinstance(known(each), Object) else None
            given.append(each if own is None else (yield from invoke(m, own, [each], {})))
        if any(map(is_unknown, (*given, *named.values()))):
            return m.unknown()
        return computed(function, *given, **named)

    native(name)(run)


@native("_suggestions._generate_suggestions")
def _suggestions(m: Interpreter, candidates: Value, item: Value, /) -> Work:
    names = yield from collected(m, candidates)
    if any(map(is_unknown, (*names, item))):
        return m.unknown()
    module = importlib.import_module("_suggestions")  # from 3.13 on
    return computed(lambda: module._generate_suggestions([plain(each) for each in names], plain(item)))


@native("_tokenize.TokenizerIter")
def _tokens(m: Interpreter, readline: Value, /, **options: Value) -> Work:
    lines = list[Any]()
    try:
        while line := plain((yield from invoke(m, readline, [], {}))):
            lines.append(line)
    except Raised as ended:
        if not ended.is_a("StopIteration"):
            raise
    module, left = importlib.import_module("_tokenize"), iter(lines)  # from 3.12 on
    empty = b"" if known(options.get("encoding")) is not None else ""
    try:
        found = [
            *module.TokenizerIter(lambda: next(left, empty), **{name: plain(each) for name, each in options.items()})
        ]
    except SyntaxError:
        raise Lost from None
    return (yield from iterator_of(m, tuple(found)))


@native("math.sumprod")
def _sumprod(m: Interpreter, left: Value, right: Value, /) -> Work:
    sides = []
    for side in (left, right):
        items = yield from collected(m, side)
        if any(map(is_unknown, items)):
            return m.unknown()
        sides.append(items)
    if any(isinstance(known(each), (Object, *OWN)) for side in sides for each in side):
        total: Value = 0
        for one, other in zip(*sides, strict=True):
            total = yield from operators.binary(m, "+", total, (yield from operators.binary(m, "*", one, other)))
        return total
    sides = [[plain(each) for each in side] for side in sides]
    return computed(lambda: getattr(math, "sumprod")(*sides))  # from 3.12 on  # noqa: B009


for _name in MATH:
    if hasattr(math, _name):  # some are new
        _compute(f"math.{_name}", getattr(math, _name))
for _name, _function in vars(cmath).items():
    if callable(_function) and not _name.startswith("_"):
        _compute(f"cmath.{_name}", _function)
for _name, _function in vars(_codecs).items():
    if _name.endswith(("_encode", "_decode", "_encoding")) and "charmap" not in _name:
        _compute(f"_codecs.{_name}", _function, "__bytes__")
_compute("posix._path_normpath", posixpath.normpath, "__fspath__")


@native("_codecs.charmap_build")
def _charmap(m: Interpreter, table: Value, /) -> Value:
    return known(table)  # as it is: nobody looks at what is made of it


@native("_codecs.charmap_encode")
def _charmap_encode(m: Interpreter, text: Value, errors: Value = None, mapping: Value = None, /) -> Value:
    table = _mapping(mapping)
    table = _codecs.charmap_build(table) if isinstance(table, str) else table
    return computed(lambda text, errors: _codecs.charmap_encode(text, errors, table), text, errors)


@native("_codecs.charmap_decode")
def _charmap_decode(m: Interpreter, data: Value, errors: Value = None, mapping: Value = None, /) -> Value:
    table = _mapping(mapping)
    return computed(lambda data, errors: _codecs.charmap_decode(data, errors, table), data, errors)


def _mapping(given: Value) -> Any:
    given = known(given)
    return (
        {key: plain(value) for key, value in zip(given.keys, given.values, strict=True)}
        if isinstance(given, Dict)
        else plain(given)
    )


for _name, _function in CHECKSUMS.items():
    _compute(_name, _function, "__bytes__")


@native("followed.digest")
def _digest(m: Interpreter, name: Value, data: Value, more: Value) -> Value:
    """What an algorithm makes of bytes; `more`: of it, and the length of what it makes where that is free."""
    options = _options(more)
    length = options.pop("length", None)
    made = computed(lambda octets: hashlib.new(known(name), octets, **options), data)
    return made.digest() if length is None else made.digest(length)


@native("followed.zone_at")
def _zone_at(m: Interpreter, key: Value, when: Value) -> Value:
    """What a time zone's table says: with None why there is none, if so; of a time in UTC (six numbers) the offset in seconds and the fold;
    of one there (with its fold; empty: of none) the offset, the part of it that is summer time, and the name."""
    try:
        zone = zoneinfo.ZoneInfo(known(key))
    except (ValueError, KeyError, TypeError, OSError) as missing:
        filename = getattr(missing, "filename", None)
        return type(missing).__name__, (*missing.args, *(() if filename is None else (filename,)))
    if (given := known(when)) is None:
        return None
    if len(given) == _OF_UTC:
        there = datetime.datetime(*map(known, given), tzinfo=datetime.UTC).astimezone(zone)  # type: ignore[misc]
        return *_in_seconds(there.utcoffset()), there.fold
    at = datetime.datetime(*map(known, given[:-1]), tzinfo=zone, fold=known(given[-1])) if given else None  # type: ignore[misc]
    return *_in_seconds(zone.utcoffset(at), zone.dst(at)), zone.tzname(at)


_OF_UTC = 6  # numbers, from the year to the second


def _in_seconds(*told: datetime.timedelta | None) -> tuple[int | None, ...]:
    return tuple(None if each is None else int(each.total_seconds()) for each in told)


@native("followed.packed")
def _packed(m: Interpreter, settings: Value, pieces: Value) -> Value:
    """What the last of several pieces makes `zlib.compressobj` give; a number is a flush."""

    def made() -> bytes:
        packing, given = zlib.compressobj(*known(settings)), b""
        for piece in map(known, known(pieces).items):
            given = packing.flush(piece) if isinstance(piece, int) else packing.compress(piece)
        return given

    return computed(made)


@native("followed.unpacked")
def _unpacked(m: Interpreter, settings: Value, pieces: Value) -> Value:
    """What the last of several pieces makes `zlib.decompressobj` give, and what it has left then; None is a flush."""

    def made() -> tuple[bytes, bytes, bytes, bool]:
        unpacking, given = zlib.decompressobj(*known(settings)), b""
        for piece in map(known, known(pieces).items):
            given = unpacking.flush() if piece is None else unpacking.decompress(*map(known, piece))
        return given, unpacking.unused_data, unpacking.unconsumed_tail, unpacking.eof

    return computed(made)


@native("followed.sizes")
def _sizes(m: Interpreter, name: Value, more: Value) -> Value:
    options = _options(more)
    made = computed(lambda: hashlib.new(known(name), **options))
    return made.digest_size, made.block_size


def _options(more: Value) -> dict[str, Any]:
    """A dict of words, as this Python's own."""
    more = known(more)
    return {known(key): plain(value) for key, value in zip(more.keys, more.values, strict=True)}


@native("float.hex")
def _hex(m: Interpreter, number: Value) -> Value:
    return m.unknown() if is_unknown(number) else computed(float.hex, number)


@native("hashlib.pbkdf2_hmac")
def _pbkdf2(m: Interpreter, /, *args: Value, **named: Value) -> Value:
    return computed(hashlib.pbkdf2_hmac, *args, **named)


@native("followed.clock_text")
def _clock_text(m: Interpreter, form: Value, clock: Value) -> Value:
    """`time.strftime`, which is C's."""
    return computed(lambda text: time.strftime(text, tuple(known(each) for each in known(clock))), form)


@native("followed.seeded")
def _seeded(m: Interpreter, seed: Value) -> Value:
    """What draws numbers from a seed, as `_random.Random` does."""
    return _drawing(random.Random(plain(seed)))


def _drawing(made: random.Random) -> Native:
    def restored(m: Interpreter, state: Value) -> Value:
        numbers = tuple(known(each) for each in known(state))
        made.setstate((3, numbers, None))
        return None

    return Native(
        "generator",
        lambda m: made.random(),
        attributes={
            "random": Native("random", lambda m: made.random()),
            "getrandbits": Native("getrandbits", lambda m, k: computed(made.getrandbits, k)),
            "getstate": Native("getstate", lambda m: made.getstate()[1]),
            "setstate": Native("setstate", restored),
        },
    )


def _of_interpreter(name: str) -> None:
    native(f"platform.{name}")(lambda m: getattr(platform, name)())


for _name in "python_implementation python_version python_version_tuple system".split():
    _of_interpreter(_name)  # which is the one that is running
