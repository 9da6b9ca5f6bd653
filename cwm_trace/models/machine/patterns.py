"""Regular expressions that are none: what Python says of them, by its own compiler. Knows no texts that they are looked for in."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cwm_trace.models.containers import PATTERN
from cwm_trace.models.machine import library  # noqa: F401  # has the functions that are checked here
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.registry import NATIVES, native
from cwm_trace.models.machine.values import (
    PATTERN_ERROR,
    Builtin,
    Dict,
    Function,
    List,
    Literal,
    Method,
    Object,
    Raised,
    Range,
    Set,
    Unknown,
    Value,
    as_plain,
    content_of,
    error,
    is_unknown,
    kind_name,
    known,
)

_FLAGS_AT = {f"re.{name}": place for name, place in {"compile": 1, "split": 3, "sub": 4, "subn": 4}.items()}
_FLAGS_AT |= dict.fromkeys(("re.match", "re.search", "re.fullmatch", "re.findall", "re.finditer"), 2)
"""Functions that take a pattern first, and where they take its flags."""
_TOLD = ("msg", "pattern", "pos", "lineno", "colno")


def _check(name: str, place: int) -> None:
    function: Callable[..., Any] = NATIVES[name]

    def checked(m: Interpreter, *args: Value, **named: Value) -> Value:
        # How often comes before the flags, which many give in its place.
        args = (*args[: place - 1], *map(_as_number, args[place - 1 : place + 1]), *args[place + 1 :])
        named |= {"flags": _as_number(named["flags"])} if "flags" in named else {}
        _check_pattern(args, named, place)
        if name != "re.compile":
            at = 2 if name in ("re.sub", "re.subn") else 1
            check_subject(*(_told(args, named, *each) for each in ((0, "pattern"), (at, "string"))))
        return function(m, *args, **named)

    native(name)(checked)


def _told(args: Sequence[Value], named: Mapping[str, Value], place: int, name: str) -> Value:
    return args[place] if len(args) > place else named.get(name, Unknown())


def check_subject(pattern: Value, subject: Value) -> None:
    """Raises Raised where what is looked through is no text, or is one of another kind than the pattern (Modules/_sre/sre.c, `state_init`)."""
    if is_unknown(pattern) or is_unknown(subject):
        return
    text, plain = content_of(known(subject)), known(pattern)
    is_octets = isinstance(text, bytes) or getattr(text, "kind", "") == "bytearray"
    of_octets = plain.text.startswith(f"{PATTERN}(b") if isinstance(plain, Literal) else isinstance(plain, bytes)
    if isinstance(text, _NO_TEXTS) and not is_octets:
        raise error("TypeError", _NO_TEXT.format(kind_name(text)))
    if isinstance(text, str) and of_octets:
        raise error("TypeError", "cannot use a bytes pattern on a string-like object")
    if isinstance(text, bytes) and not of_octets:
        raise error("TypeError", "cannot use a string pattern on a bytes-like object")


_NO_TEXTS = (int, float, complex, type(None), List, Dict, Set, tuple, Range, Function, Method)
_NO_TEXT = "expected string or bytes-like object, got '{}'"


def _as_number(flags: Value) -> Value:
    """Flags, which an enumeration may have."""
    return flags if is_unknown(flags) else as_plain(known(flags))


def _check_pattern(args: Sequence[Value], named: Mapping[str, Value], place: int) -> None:
    """Raises Raised where what is given first is no pattern, or what is to be put in its place does not fit it."""
    pattern = args[0] if args else named.get("pattern")
    flags = args[place] if len(args) > place else named.get("flags", 0)
    put = args[1] if len(args) > 1 and place == _FLAGS_AT["re.sub"] else None
    if is_unknown(pattern) or is_unknown(flags) or is_unknown(put):
        return
    text, plain = known(pattern), known(flags)
    if isinstance(text, (str, bytes)) and isinstance(plain, int):
        wrong = _wrong(text, plain, known(put))
        if wrong is not None:
            raise Raised(_made(wrong))


def _wrong(text: str | bytes, flags: int, put: Value) -> re.error | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made: Any = re.compile(text, flags)
        if isinstance(put, type(text)):
            made.sub(put, text[:0])
    except re.error as wrong:
        return wrong
    except IndexError as unknown:  # the name of a group
        raise error("IndexError", str(unknown)) from None
    except (ValueError, OverflowError, RecursionError):  # of flags that do not go together
        return None
    return None


def _made(wrong: re.error) -> Object:
    told = {name: getattr(wrong, name) for name in _TOLD}
    return Object(Builtin(PATTERN_ERROR), told, held=wrong.args)


@native(PATTERN_ERROR)
def _error(m: Interpreter, msg: Value, pattern: Value = None, pos: Value = None) -> Value:
    return _made(re.error(known(msg), known(pattern), known(pos)))


for _name, _place in _FLAGS_AT.items():
    _check(_name, _place)
