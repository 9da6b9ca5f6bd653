"""The sources of our own by which modules of the library are followed: run here, each gives what Python's module gives, or calls `lost()`."""

from __future__ import annotations

import array
import ast
import contextlib
import contextvars
import csv
import dataclasses
import datetime
import decimal
import functools
import importlib
import inspect
import io
import operator
import re
import sys
import zoneinfo
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

from cwm_trace.models.machine import imported, shipped
from cwm_trace.models.machine.computed import _zone_at

SOURCES = Path(imported.__file__).with_name("sources")
_MODULES = (
    *("types", "array", "contextvars", "re", "_strptime"),
    *("asyncio", "contextlib", "csv", "enum", "functools", "io", "operator", "dataclasses", "zoneinfo"),
)
_AMENDED = {"decimal": "_pydecimal", "datetime": "datetime" if sys.version_info < (3, 12) else "_pydatetime"}
"""Modules of which Python's own source, as amended, is run, and the names of these sources."""
_NOT_RUN = (
    *(
        "_ast",
        "builtins",
        "_codecs",
        "_colorize",
        "_hashlib",
        "_random",
        "_re_flags",
        "ast_amended",
        "collections_abc",
        "concurrent.futures",
        "gettext_amended",
        "hashlib",
        "string.templatelib",
        "hmac",
        "inspect",
        "json",
        "linecache",
    ),
    *(
        "logging_amended",
        "posixpath_amended",
        "queue",
        "random_amended",
        "reprlib_amended",
        "struct",
        "threading",
        "time",
        "uuid_amended",
        "views",
    ),
    *("warnings", "weakref", "_disk", "_files", "os", "shutil", "tempfile", "gzip", "bz2", "lzma", "zlib", "dbm"),
    *("pickle_amended", "stat_amended", "tarfile_amended", "zipfile_amended", "sqlite3"),
    *("email.generator_amended", "email._encoded_words_amended"),
    *("xml.etree.ElementTree_amended", "xml.parsers.expat"),
)
"""Those that only the machine runs, as `machine.txt`, `library.jsonl` and `threads.txt` have programs for, and those of files."""
_BINARY = (operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod)
_TESTS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)


_TAKEN = (
    "ConversionSyntax",
    "Fraction",
    "sqrt",
    "isqrt",
    "shortened",
    "gcd",
    "deque",
    "heappop",
    "heappush",
    "update_wrapper",
    "re",
    "copy_context",
    "namedtuple",
    "MutableSequence",
    "mappingproxy",
    "terminal_size",
    "Mapping",
    "get_args",
    "get_type_hints",
    "pack",
    "unpack",
)
"""What sources take from other modules, and modules take otherwise."""


class Lost(Exception):
    pass


def _lost(*_: object) -> None:
    raise Lost


def _fields(line: str, words: dict[str, Any]) -> tuple[list[str] | None, str]:
    try:
        rows = list(csv.reader([line, "1"], **words))
    except csv.Error as wrong:
        return None, str(wrong)
    return rows[0] if len(rows) > 1 else None, ""


def _pausing(function: Any) -> str:
    checks = {"async_generator": inspect.isasyncgenfunction, "coroutine": inspect.iscoroutinefunction}
    checks["generator"] = inspect.isgeneratorfunction
    return next((kind for kind, holds in checks.items() if holds(function)), "")


def _run(name: str) -> dict[str, Any]:
    """A source's names. It takes from other sources where it imports."""
    space: dict[str, Any] = {"__name__": name}
    exec(compile((SOURCES / f"{name}.py").read_text(encoding="utf-8"), name, "exec"), space)
    return space


def _run_amended(source: str) -> dict[str, Any]:
    """The names of one of Python's own sources, and what ours makes of them; without what takes C's in place of them."""
    tree = ast.parse(shipped.path(source).read_text(encoding="utf-8"))
    tree.body = [each for each in tree.body if not isinstance(each, ast.Try)]
    space: dict[str, Any] = {"__name__": source}
    exec(compile(tree, source, "exec"), space)
    amends = SOURCES / f"{shipped.KNOWN_AS.get(source, source)}_amended.py"
    exec(compile(amends.read_text(encoding="utf-8"), source, "exec"), space)
    return space


@pytest.fixture(scope="module", autouse=True)
def followed() -> Iterator[None]:
    made = ModuleType("followed")
    vars(made).update(
        lost=_lost,
        unknown=_lost,
        seconds=_lost,
        is_coroutine=inspect.iscoroutine,
        place=_lost,
        redirect=_lost,
        after=_lost,
        inner_place=_lost,
    )
    vars(made)["zone_at"] = partial(_zone_at, None)
    vars(made).update(
        csv_fields=_fields, iterator=lambda items, shown: iter(items), in_any_order=list, pausing=_pausing
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "followed", made)
        OURS.update({name: _run(name) for name in _MODULES})
        OURS.update({name: _run_amended(source) for name, source in _AMENDED.items()})
        yield


OURS: dict[str, dict[str, Any]] = {}


def _told(work: Callable[[], Any]) -> str:
    """What comes of it, as text."""
    try:
        return str(work())
    except Lost:
        raise
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _agree(ours: Callable[[], Any], true: Callable[[], Any]) -> None:
    try:
        told = _told(ours)
    except Lost:
        assume(False)
    assert told == _told(true)


def test_each_source_is_of_a_module_and_leaves_nothing_there_that_it_has_not() -> None:
    amended = {f"{shipped.KNOWN_AS.get(source, source)}_amended" for source in _AMENDED.values()}
    assert {path.stem for path in SOURCES.glob("*.py")} == {*_MODULES, *_NOT_RUN, *amended}
    for name in _MODULES:
        theirs = vars(importlib.import_module(name))
        ours = {each for each in OURS[name] if not each.startswith("_")}
        assert ours - {*vars(sys.modules["followed"])} <= {*theirs, *_TAKEN}


_decimals = st.decimals(-(10**9), 10**9, allow_nan=False, places=None).filter(
    lambda each: len(str(each)) < 20 and not (each == 0 and each.is_signed())
)


@given(_decimals, _decimals, st.sampled_from(_BINARY + _TESTS))
def test_decimals_are_worked_with_as_by_python(one: decimal.Decimal, other: decimal.Decimal, how: Any) -> None:
    ours = OURS["decimal"]["Decimal"]
    assume(str(one) == str(ours(str(one))))
    with decimal.localcontext(decimal.DefaultContext):
        _agree(lambda: how(ours(str(one)), ours(str(other))), lambda: how(one, other))


@given(
    _decimals,
    st.integers(0, 4),
    st.sampled_from(["ROUND_HALF_EVEN", "ROUND_HALF_UP", "ROUND_DOWN", "ROUND_UP", "ROUND_FLOOR"]),
)
def test_decimals_are_rounded_and_written_as_by_python(one: decimal.Decimal, places: int, rounding: str) -> None:
    ours, to = OURS["decimal"]["Decimal"], "1." + "0" * places
    _agree(
        lambda: ours(str(one)).quantize(ours(to), rounding=rounding),
        lambda: one.quantize(decimal.Decimal(to), rounding=rounding),
    )
    for form in ("", f".{places}f", f"12.{places}f", f",.{places}f", f"*^20.{places}f", ">15", "<15"):
        _agree(lambda form=form: format(ours(str(one)), form), lambda form=form: format(one, form))  # type: ignore[misc]
    _agree(
        lambda: (repr(ours(str(one))), int(ours(str(one))), float(ours(str(one)))),
        lambda: (repr(one), int(one), float(one)),
    )
    _agree(lambda: ours(str(one)).sqrt(), lambda: one.sqrt())
    _agree(lambda: ours(str(one)).normalize(), lambda: one.normalize())


_moments = st.datetimes(datetime.datetime(1000, 1, 1), datetime.datetime(9000, 1, 1)).map(
    lambda each: each.replace(microsecond=each.microsecond // 1000 * 1000, fold=0)
)
_FORMS = (
    "%Y-%m-%d",
    "%d.%m.%y %H:%M:%S",
    "%A, %B %d",
    "%a %b %j",
    "%I:%M %p",
    "%Y-%m-%d %H:%M",
    "%d %b %Y",
    "%H:%M %f",
    "%c",
    "%D %T",
    "%G %V %u",
    "%Y %j",
    "%Y %U %A",
    "%Y %W %a",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%%%y",
)


def _ours(moment: datetime.datetime) -> Any:
    parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond)
    return OURS["datetime"]["datetime"](*parts)


def _same_of_each(pairs: list[tuple[Any, Any]], look: Callable[[Any], Any]) -> None:
    for mine, true in pairs:
        _agree(lambda mine=mine: look(mine), lambda true=true: look(true))  # type: ignore[misc]


def _zoned(module: Any, moment: datetime.datetime, minutes: int | None, name: str | None) -> Any:
    """A moment at an offset, by a module; None: without a time zone."""
    if minutes is None:
        return module.datetime(*moment.timetuple()[:6], moment.microsecond)
    zone = module.timezone(module.timedelta(minutes=minutes), *([] if name is None else [name]))
    zone = zone if minutes or name else module.timezone.utc
    return module.datetime(*moment.timetuple()[:6], moment.microsecond, zone)


_offsets = st.none() | st.integers(-1439, 1439)
_names = st.none() | st.sampled_from(["EST", "JST"])
_BY_ZONE: dict[str, Callable[[Any, Any, Any], Any]] = {
    "shown": lambda one, other, zone: (
        repr(one),
        str(one),
        one.isoformat(timespec="minutes"),
        one.isoformat("_", "milliseconds"),
    ),
    "said": lambda one, other, zone: (
        str(one.utcoffset()),
        one.tzname(),
        one.strftime("%H:%M %z|%Z"),
        repr(one.tzinfo),
    ),
    "moved": lambda one, other, zone: (
        one + (other.astimezone(zone) - other),
        repr(one.astimezone(zone)),
        one.timestamp(),
    ),
    "compared": lambda one, other, zone: (one == other, one != other, one < other),
    "apart": lambda one, other, zone: repr(one - other),
    "read": lambda one, other, zone: repr(type(one).fromisoformat(one.isoformat())),
    "replaced": lambda one, other, zone: repr(one.replace(tzinfo=zone, minute=5)),
}


@given(_moments, _moments, _offsets, _offsets, st.integers(-1439, 1439), _names)
def test_moments_in_time_zones_are_worked_with_as_by_python(
    one: datetime.datetime,
    other: datetime.datetime,
    first: int | None,
    second: int | None,
    third: int,
    name: str | None,
) -> None:
    assume(2 < one.year < 9998 and 2 < other.year < 9998)
    made = [
        (
            _zoned(module, one, first, name),
            _zoned(module, other, second, None),
            module.timezone(module.timedelta(minutes=third)),
        )
        for module in (SimpleNamespace(**OURS["datetime"]), datetime)
    ]
    for look in _BY_ZONE.values():
        with contextlib.suppress(UnsatisfiedAssumption):
            _agree(lambda look=look: look(*made[0]), lambda look=look: look(*made[1]))  # type: ignore[misc]


@given(_moments, _moments, st.integers(-(10**6), 10**6))
def test_dates_are_worked_with_as_by_python(one: datetime.datetime, other: datetime.datetime, seconds: int) -> None:
    delta = datetime.timedelta(seconds=seconds, milliseconds=seconds % 1000)
    span = OURS["datetime"]["timedelta"](seconds=seconds, milliseconds=seconds % 1000)
    moments = [(_ours(one), one), (_ours(one).date(), one.date())]
    _same_of_each([((mine, span), (true, delta)) for mine, true in moments], lambda pair: repr(pair[0] + pair[1]))
    _same_of_each([((mine, span), (true, delta)) for mine, true in moments], lambda pair: pair[0] - pair[1])
    _same_of_each(moments, lambda each: (repr(each), str(each), each.isoformat(), each.weekday(), each.toordinal()))
    _same_of_each([(span, delta)], lambda each: (str(each), repr(-each), abs(each), each.total_seconds(), each // 7))
    pairs = [((_ours(one), _ours(other)), (one, other))]
    _same_of_each(pairs, lambda pair: repr(pair[0] - pair[1]))
    _same_of_each(pairs, lambda pair: [how(*pair) for how in _TESTS])


@pytest.mark.filterwarnings("ignore:Parsing dates involving a day of month:DeprecationWarning")  # from 3.13 on
@given(_moments, _moments, st.sampled_from(_FORMS))
def test_dates_are_written_and_read_as_by_python(one: datetime.datetime, other: datetime.datetime, form: str) -> None:
    text = one.strftime(form)
    assert _ours(one).strftime(form) == text
    ours = OURS["_strptime"]["_strptime_datetime"]
    for given_text in (text, text + "x", text[:-1], other.strftime(_FORMS[0])):
        _agree(
            lambda given_text=given_text: ours(datetime.datetime, given_text, form),  # type: ignore[misc]
            lambda given_text=given_text: datetime.datetime.strptime(given_text, form),  # type: ignore[misc]
        )


@given(st.integers(-2, 10001), st.integers(-1, 14), st.integers(-1, 33), st.text("0123456789-", max_size=12))
def test_what_is_no_date_is_told_as_by_python(year: int, month: int, day: int, text: str) -> None:
    ours = OURS["datetime"]["date"]
    _agree(lambda: ours(year, month, day), lambda: datetime.date(year, month, day))
    _agree(lambda: ours.fromisoformat(text), lambda: datetime.date.fromisoformat(text))


@given(st.text())
def test_texts_are_escaped_as_by_python(text: str) -> None:
    assert OURS["re"]["escape"](text) == re.escape(text)


_on_numbers = st.one_of(
    st.tuples(st.sampled_from(["append", "remove", "index", "count"]), st.integers(-130, 130)),
    st.tuples(st.just("insert"), st.integers(-9, 9), st.integers(-3, 3)),
    st.tuples(st.sampled_from(["pop", "__getitem__", "__delitem__"]), st.integers(-4, 4)),
    st.tuples(st.just("__setitem__"), st.integers(-4, 4), st.integers(-3, 300)),
    st.tuples(st.just("__getitem__"), st.builds(slice, st.integers(-3, 3), st.none() | st.integers(-3, 3))),
    st.tuples(st.just("extend"), st.lists(st.integers(-2, 2), max_size=3)),
    st.sampled_from([("reverse",), ("tolist",), ("__len__",), ("tobytes",)]),
)


@given(st.sampled_from("bBhiq"), st.lists(st.integers(0, 5), max_size=4), st.lists(_on_numbers, max_size=8))
def test_arrays_are_worked_with_as_by_python(code: str, numbers: list[int], calls: list[tuple[Any, ...]]) -> None:
    ours, theirs = OURS["array"]["array"](code, numbers), array.array(code, numbers)
    for name, *args in calls:
        _agree(lambda: getattr(ours, name)(*args), lambda: getattr(theirs, name)(*args))  # noqa: B023
        assert repr(ours) == repr(theirs)


@given(
    st.sampled_from("bBhHiIlLqQ"), st.integers(-(2**70), 2**70) | st.integers(-(2**17), 2**17) | st.integers(-2, 300)
)
def test_numbers_fit_into_arrays_as_by_python(code: str, number: int) -> None:
    _agree(lambda: OURS["array"]["array"](code, [number])[0], lambda: array.array(code, [number])[0])


@given(st.lists(st.tuples(st.sampled_from(["set", "reset", "get", "run"]), st.integers(0, 5)), max_size=12))
def test_variables_of_contexts_are_set_and_reset_as_by_python(steps: list[tuple[str, int]]) -> None:
    def seen(module: Any) -> list[Any]:
        variable, tokens, found = module["ContextVar"]("v", default=-1), [], []
        for what, number in steps:
            match what:
                case "set":
                    tokens.append(variable.set(number))
                case "reset" if tokens:
                    variable.reset(tokens.pop())
                case "run":
                    module["copy_context"]().run(lambda: found.append(variable.set(number).old_value))  # noqa: B023
            found.append(variable.get())
        return [each if isinstance(each, int) else "missing" for each in found]

    assert seen(OURS["contextvars"]) == seen(vars(contextvars))


class _Manager:
    """One that writes down what happens to it, and may raise, or keep an exception to itself."""

    def __init__(self, log: list[object], how: str) -> None:
        self.log, self.how = log, how

    def __enter__(self) -> str:
        self.log.append(("in", self.how))
        if self.how == "refuses":
            raise KeyError(self.how)
        return self.how

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        self.log.append(("out", self.how, repr(error), kind and kind.__name__))
        if self.how == "raises":
            raise ValueError(self.how)
        return self.how == "keeps"


def _used(library: Any, managers: list[str], ends: str) -> list[object]:
    log: list[object] = []
    try:
        with library["ExitStack"]() as stack:
            for how in managers:
                if how == "calls":
                    stack.callback(log.append, ("called", how))
                elif how == "moves":
                    stack = stack.pop_all()
                else:
                    log.append(stack.enter_context(_Manager(log, how)))
            if ends == "raises":
                raise OSError("body")
        stack.close()
        log.append("behind")
    except Exception as error:
        log.append((repr(error), repr(error.__context__)))
    return log


@given(
    st.lists(st.sampled_from(("plain", "raises", "keeps", "refuses", "calls", "moves")), max_size=5),
    st.sampled_from(("well", "raises")),
)
def test_a_stack_of_context_managers_is_left_as_by_python(managers: list[str], ends: str) -> None:
    assert _used(OURS["contextlib"], managers, ends) == _used(vars(contextlib), managers, ends)


class _Base:
    pass


class _Derived(_Base):
    pass


@given(
    st.lists(st.sampled_from((int, bool, str, list, _Base, _Derived, object)), max_size=5),
    st.sampled_from((1, True, "a", [], _Base(), _Derived(), 2.5, None)),
)
def test_a_function_is_chosen_by_a_type_as_by_python(kinds: list[type], value: object) -> None:
    def chosen(library: Any) -> tuple[str, str]:
        def first(value: object) -> str:
            return "first"

        function = library["singledispatch"](first)

        for kind in kinds:
            function.register(kind)(lambda value, kind=kind: kind.__name__)
        return function(value), function.dispatch(type(value))(value)

    assert chosen(OURS["functools"]) == chosen(vars(functools))


_SPELLED = st.text("ab$1,\"\n{}_ ", max_size=12)
_CALLS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(("write", "writelines")), st.tuples(st.text("ab\n", max_size=5))),
        st.tuples(st.sampled_from(("read", "readline", "seek", "truncate")), st.tuples(st.integers(0, 6))),
        st.tuples(st.sampled_from(("getvalue", "tell", "readlines", "read", "readline")), st.just(())),
    ),
    max_size=8,
)


@given(st.text("ab\n", max_size=8), _CALLS)
def test_a_stream_of_text_is_read_and_written_as_by_python(text: str, calls: list[tuple[str, tuple[Any, ...]]]) -> None:
    ours, theirs = OURS["io"]["StringIO"](text), io.StringIO(text)
    for name, args in calls:
        _agree(partial(getattr(ours, name), *args), partial(getattr(theirs, name), *args))


@given(
    st.lists(st.lists(st.one_of(_SPELLED, st.integers(0, 99), st.none()), max_size=3), max_size=4), st.integers(0, 2)
)
def test_rows_are_written_and_read_as_by_python(rows: list[list[Any]], quoting: Any) -> None:
    ours, theirs = io.StringIO(), io.StringIO()
    OURS["csv"]["writer"](ours, quoting=quoting).writerows(rows)
    csv.writer(theirs, quoting=quoting).writerows(rows)
    assert ours.getvalue() == theirs.getvalue()
    lines = theirs.getvalue().splitlines(keepends=True)
    _agree(lambda: list(OURS["csv"]["reader"](lines)), lambda: list(csv.reader(lines)))
    _agree(lambda: list(OURS["csv"]["DictReader"](lines)), lambda: list(csv.DictReader(lines)))


_dialects = st.fixed_dictionaries(
    {},
    optional={
        "delimiter": st.sampled_from(",;|"),
        "quotechar": st.sampled_from(["'", '"', None]),
        "escapechar": st.sampled_from(["\\", None]),
        "doublequote": st.booleans(),
        "skipinitialspace": st.booleans(),
        "lineterminator": st.sampled_from(["\n", "\r\n", "!!"]),
        "quoting": st.integers(0, 3),
        "strict": st.booleans(),
    },
).filter(lambda dialect: not (dialect.get("strict") and dialect.get("escapechar")))
_cells = st.one_of(st.text("ab ,;|'\"\\\n", max_size=4), st.integers(-9, 9), st.floats(-9, 9), st.none())


def _written(module: Any, rows: list[list[Any]], dialect: dict[str, Any]) -> str:
    out = io.StringIO()
    module["writer"](out, **dialect).writerows(rows)
    return out.getvalue()


@given(st.lists(st.lists(_cells, max_size=3), max_size=3), _dialects)
def test_rows_of_any_dialect_are_written_as_by_python(rows: list[list[Any]], dialect: dict[str, Any]) -> None:
    _agree(lambda: _written(OURS["csv"], rows, dict(dialect)), lambda: _written(vars(csv), rows, dict(dialect)))


@given(st.lists(st.text("ab1,;'\"\\ ", max_size=6), max_size=3), _dialects)
def test_rows_of_any_dialect_are_read_as_by_python(lines: list[str], dialect: dict[str, Any]) -> None:
    lines = [f"{line}\n" for line in lines]
    _agree(
        lambda: list(OURS["csv"]["reader"](lines, **dict(dialect))), lambda: list(csv.reader(lines, **dict(dialect)))
    )


_ZONES = st.sampled_from(
    ["America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "Africa/Casablanca"]
)
_FOLDED = st.builds(
    lambda when, fold: when.replace(fold=fold),
    st.datetimes(datetime.datetime(1890, 1, 1), datetime.datetime(2040, 1, 1)),
    st.integers(0, 1),
)


@given(_ZONES, _FOLDED)
def test_time_zones_are_as_their_tables_say(key: str, when: datetime.datetime) -> None:
    ours, true = OURS["zoneinfo"]["ZoneInfo"](key), zoneinfo.ZoneInfo(key)
    there, here = when.replace(tzinfo=ours), when.replace(tzinfo=true)
    assert (there.utcoffset(), there.dst(), there.tzname()) == (here.utcoffset(), here.dst(), here.tzname())
    moved, expected = (when.replace(tzinfo=datetime.UTC).astimezone(zone) for zone in (ours, true))
    assert (moved.replace(tzinfo=None), moved.fold) == (expected.replace(tzinfo=None), expected.fold)
    assert (str(ours), repr(ours), ours.utcoffset(None)) == (str(true), repr(true), true.utcoffset(None))


@pytest.mark.parametrize("key", ["No/Where", "../etc", "/etc/passwd", "Europe", ""])
def test_time_zones_that_there_are_not(key: str) -> None:
    _agree(lambda: OURS["zoneinfo"]["ZoneInfo"](key), lambda: zoneinfo.ZoneInfo(key))


_LISTED: list[tuple[Any, ...]] = [
    ("A", ["x", ("y", int), ("z", int, 5)]),
    ("A", [("x", list, dataclasses.field(default_factory=list))]),
    ("A", ["x", "x"]),
    ("A", ["class"]),
    ("A", ["1x"]),
    ("A", [("x", int, 1, 2)]),
    ("A", [("x", int, 1), "y"]),
]


@pytest.mark.parametrize("given_", _LISTED)
def test_dataclasses_are_made_from_lists_as_by_python(given_: tuple[Any, ...]) -> None:
    def made(make: Any) -> Any:
        kind = make(*given_, namespace={"seven": lambda self: 7})
        return kind(3, *[4] * (len(given_[1]) > 1)), kind.__name__, [each.name for each in dataclasses.fields(kind)]

    _agree(lambda: made(OURS["dataclasses"]["make_dataclass"]), lambda: made(dataclasses.make_dataclass))
