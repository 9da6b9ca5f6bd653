"""Methods of texts, bytes and numbers: what they are given is gone through as Python does, then they are asked for as a whole.

Knows in which order Python looks at what it is given, and its messages. Methods that other modules of the machine stand for do not come here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cwm_trace.models.machine import forms
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.interpreter import Interpreter, done
from cwm_trace.models.machine.iterators import collected
from cwm_trace.models.machine.questions import arguments, operand
from cwm_trace.models.machine.registry import NATIVES
from cwm_trace.models.machine.values import (
    Dict,
    List,
    Object,
    OwnDict,
    Raised,
    Value,
    as_plain,
    content_of,
    error,
    is_unknown,
    kind_name,
    known,
    octets_of,
)

_PLACING = frozenset("endswith find index rfind rindex startswith".split())
_COUNTING = frozenset("center expandtabs ljust replace rjust rsplit split zfill".split())
"""Methods of texts that take numbers, as which truth values count."""
_TESTS = frozenset(
    "isalnum isalpha isascii isdecimal isdigit islower isnumeric isprintable isspace istitle isupper".split()
)
_OF_OCTETS = (_TESTS - {"isdecimal", "isnumeric", "isprintable"}) | frozenset(
    "capitalize center count endswith expandtabs find index ljust lower lstrip partition removeprefix removesuffix replace rfind rindex rjust"
    " rpartition rstrip split splitlines startswith strip swapcase title upper zfill".split()
)
"""Methods of bytes that do what those of texts do, as far as all are ASCII."""
_BY_PLACE = frozenset(
    "count endswith find index join partition removeprefix removesuffix replace rfind rindex rpartition rsplit split startswith"
    " strip lstrip rstrip center isascii ljust rjust".split()
)
"""Those that do so whatever the bytes are."""
_BY_KIND_ALONE = frozenset("split rsplit strip lstrip rstrip".split())
"""Those of them that look at what kind of character each is, where they are given nothing."""
_BY_NUMBER = frozenset("count find index rfind rindex".split())
"""Methods of bytes that take one of these as a number, too."""


def method(m: Interpreter, name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """What a method of the first of these gives. Raises Raised, Lost."""
    if any(map(is_unknown, args)):
        return m.unknown()
    if name == "split" and not {"sep", "maxsplit"}.isdisjoint(named):
        args, named = _by_place(args, named), {}
    owner = content_of(as_plain(known(args[0])))
    if name == "format" and isinstance(owner, str):
        return (yield from forms.formatted(m, owner, [*map(known, args[1:])], named))
    others = [content_of(as_plain(known(arg))) for arg in args[1:]]
    if name in _COUNTING:
        others = [int(each) if isinstance(each, bool) else each for each in others]
    if name == "join" and len(others) == 1:
        others = [(yield from _to_join(m, owner, others[0]))]
        if isinstance(owner, bytes):
            return owner.join(others[0].items)
    if name == "format_map" and len(others) == 1 and isinstance(others[0], (Dict, Object)):
        return (yield from _format_map(m, owner, others[0]))
    if isinstance(owner, bytes) and name in _OF_OCTETS:
        return (yield from _of_octets(m, name, owner, others, named))
    return _of_text(m, name, owner, others, named)


def _by_place(args: Sequence[Value], named: Mapping[str, Value]) -> list[Value]:
    """What `split` is given by name, too, by its place."""
    given = {"sep": None, "maxsplit": -1} | dict(zip(("sep", "maxsplit"), args[1:], strict=False)) | dict(named)
    is_all = given["maxsplit"] == -1 and given["sep"] is not None
    return [args[0], given["sep"]] if is_all else [args[0], *given.values()]


def _to_join(m: Interpreter, owner: Value, over: Value) -> Work:
    """A list of what is joined. Raises Raised."""
    items = [content_of(as_plain(known(each))) for each in (yield from collected(m, over, is_list=True))]
    if isinstance(owner, bytes):
        items = [each if octets_of(each) is None else octets_of(each) for each in items]
    for place, item in enumerate(map(known, items)):
        if not isinstance(item, type(owner)):
            text = f"sequence item {place}: expected {type(owner).__name__} instance, {kind_name(item)} found"
            raise error("TypeError", text)
    return List(items)


def _format_map(m: Interpreter, owner: Value, over: Dict | Object) -> Work:
    if isinstance(over, Dict) and not isinstance(over, OwnDict):
        return (yield from forms.formatted(m, owner, (), dict(zip(over.keys, over.values, strict=True))))
    return (yield from forms.formatted(m, owner, (), over))


def _of_text(m: Interpreter, name: str, owner: Value, others: Sequence[Value], named: Mapping[str, Value]) -> Value:
    if isinstance(owner, str) and name in _PLACING and others and others[0] == "":
        return getattr(owner, name)(*others)  # nothing is found where it is looked for
    if isinstance(owner, str) and name in _TESTS and not others:
        if len(owner) == 1 and not owner.isascii():
            return getattr(owner, name)()  # which its tables say
        return m.questions.holds(f"{owner!r}.{name}()")
    return m.questions.value(f"{operand(owner)}.{name}({arguments(others, dict(named))})")


def _of_octets(m: Interpreter, name: str, owner: bytes, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """A method of bytes, as that of the text of these characters. Raises Raised, Lost."""
    if name in _BY_NUMBER and args and isinstance(args[0], int) and 0 <= args[0] < 256:
        args = [bytes([args[0]]), *args[1:]]
    is_by_kind = name not in _BY_PLACE or name in _BY_KIND_ALONE and not args
    signs = {} if not is_by_kind else _IN_LINES if name == "splitlines" else _SIGNS
    text, *others = (_as_text(each, signs) for each in (owner, *args))
    function = NATIVES.get(f"str.{name}")
    try:
        if function is not None:
            given = yield from done(function(m, text, *others, **named))
        else:
            given = yield from method(m, name, [text, *others], named)
    except Raised as raised:
        if not raised.is_a("ValueError") or raised.error.held != ("substring not found",):
            raise
        raise error("ValueError", "subsection not found") from None
    return _as_octets(known(given))


def _as_text(value: Value, signs: Mapping[int, str]) -> Value:
    """Bytes as the text of these characters, or of what is in their place; anything else as it is."""
    if isinstance(value, tuple):
        return tuple(_as_text(each, signs) for each in value)
    octets = octets_of(value)
    if octets is None:
        return value
    return octets.decode("latin-1").translate(signs)


_SIGNS = {each: chr(0x2600 + each) for each in (*b"\x1c\x1d\x1e\x1f", *range(128, 256))}
"""What is a letter, or a space, in texts alone, and a sign that is neither."""
_IN_LINES = _SIGNS | {each: chr(0x2600 + each) for each in b"\v\f"}
"""What ends lines of texts alone, too."""
_OF_SIGNS = {ord(sign): chr(each) for each, sign in _IN_LINES.items()}


def _as_octets(value: Value) -> Value:
    match value:
        case str():
            return value.translate(_OF_SIGNS).encode("latin-1")
        case tuple():
            return tuple(map(_as_octets, value))
        case List():
            return List([_as_octets(known(each)) for each in value.items])
    return value
