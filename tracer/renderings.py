"""The rendered locals of one Python frame, rendered again only where the text can have changed.

Two proofs, both without a look at the program: a value of an immutable built-in type is the very object of the last event; or a container of
plain values (of such types, lists, tuples and dicts only, all of them exactly) has the same bytes as `marshal` writes it. All else is rendered
again, in the order in which it would be without this. No object of the program is kept alive but immutable built-in ones.

`_fast.c` has the same, but for the second proof: the very same immutable objects in the same places, instead of bytes.

Knows nothing of events or hooks. Not known to it either: a program that sets `sys.set_int_max_str_digits` between two events. A program can
see marshal at work by an audit hook.
"""

from __future__ import annotations

import builtins
import marshal
import types
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

from cwm_trace.tracer import fast, quirks
from cwm_trace.tracer.bounds import COUNTED, beginning, is_larger
from cwm_trace.tracer.log import Changes, Cut
from cwm_trace.tracer.raw import found_in, is_plain_type
from cwm_trace.tracer.values import cap, render_value

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len


def _text_of_str(value: str) -> str:
    text = repr(value)
    return text if text.isascii() else render_value(value)


SCALAR_TEXT: dict[type, Callable[[Any], str]] = {
    int: repr,  # ValueError: more than 4,300 digits
    bool: repr,
    float: repr,
    complex: repr,
    str: _text_of_str,
    type(None): repr,
}
"""How values of these types are rendered; none of them can change."""
SCALARS = frozenset(SCALAR_TEXT)
_CONTAINERS = frozenset({list, dict, tuple})
_KNOWN = SCALARS | _CONTAINERS
_FLAT = frozenset({set, frozenset, deque})
_PLAIN = frozenset({bytes, bytearray, range, slice, type(...), type(NotImplemented)})
_ITEMS: type = type(iter({}.items()))
_ITERABLES: tuple[Iterable[Any], ...] = (
    [], (), "", "é", b"", {}, {}.values(), {}.items(), set(), range(0), range(2**70), reversed([]),
)  # fmt: skip
PLAIN_ITERATORS = frozenset(type(iter(made)) for made in _ITERABLES) | quirks.GOES_THROUGH_ITSELF
"""Iterators of these types run no code of the program's."""
_SILENT = frozenset({types.FunctionType, types.BuiltinFunctionType, types.GeneratorType, types.CoroutineType, type})
_MISSING = object()
NOTHING: Set[Any] = frozenset()
_MAX_DEPTH = 3  # of plain containers: far from where repr fails at the recursion limit
_SMALL = 8  # items: as fast to render as to compare
# Of marshal: the last one without back references, so that equal bytes do not depend on who else holds an object.
_VERSION = 2
_HEADER = 5  # of a list as marshal writes it: its type, and its length in four bytes
_dumps = marshal.dumps
_REPR_OF_OBJECT = object.__dict__["__repr__"]


class Renderings:
    """Texts of a Python frame's locals.

    Attributes:
        texts: name -> text, in the order of first binding.
        seen: name -> the value rendered last, of immutable built-in types only.
        others: names with values of other types. Code that touches none of them can have changed nothing unseen, if it ran nothing else.
        opaque: those of `others` that are no plain values: touching them may run code of the program's.
        loud: whether rendering one of them may run code of the program's, so that it must be done at each event.
    """

    __slots__ = ("_dumped", "_limit", "_most", "_shapes", "loud", "opaque", "others", "seen", "texts")

    def __init__(self, limit: int | None, most: int | None = None) -> None:
        """`limit`: characters of a text, `most`: items of a container, beyond which it is cut."""
        self.texts: dict[str, str] = {}
        self.seen: dict[str, object] = {}
        self.others: Set[str] = NOTHING
        self.opaque: Set[str] = NOTHING
        self.loud = False
        self._limit, self._most = limit, most
        self._dumped: dict[str, tuple[bytes, str, int]] | None = None  # name -> bytes, whole text, length
        self._shapes: dict[str, object] | None = None  # the same, where C code sees to it

    def update(self, local: Mapping[str, object]) -> Changes:
        """Take note of all locals as they are now; what changed."""
        seen, texts = self.seen, self.texts
        changes: Changes = {}
        fresh: dict[str, object] = {}
        self.loud = False
        for name, value in local.items():
            if seen.get(name, _MISSING) is value:
                continue
            if type(value) in SCALARS:
                text = self._scalar(name, value)
                fresh[name] = value
            else:
                text = self._other(name, value)
            if texts.get(name) != text:
                changes[name] = text
        # All at once: a user's __repr__ may end an update by SystemExit, and the next one is to find everything again.
        texts.update(changes)  # type: ignore[arg-type]
        seen.update(fresh)
        if len(texts) != len(local):
            self._forget(local, changes)
        return changes

    def update_others(self, local: Mapping[str, object]) -> Changes:
        """As `update`, but only of `others`, all of which are still bound; and not where their order matters, as it does if one is loud."""
        changes: Changes = {}
        for name in self.others:
            value = local[name]
            if type(value) in SCALARS:
                self._no_other(name)  # `store` will be told of it
                continue
            text = self._other(name, value)
            if self.texts.get(name) != text:
                changes[name] = text
        self.texts.update(changes)  # type: ignore[arg-type]
        return changes

    def store(self, names: tuple[str, ...], values: tuple[object, ...], changes: Changes) -> Changes:
        """Take note of scalars that were stored; adds what changed to `changes`."""
        for name, value in zip(names, values, strict=True):
            if self.seen.get(name, _MISSING) is not value:
                text = render_value(value)
                self.seen[name] = value
                if self.texts.get(name) != text:
                    self.texts[name] = changes[name] = text
        return changes

    def _forget(self, local: Mapping[str, object], changes: Changes) -> None:
        """Drop what is no longer bound."""
        for name in [name for name in self.texts if name not in local]:
            del self.texts[name]
            self._no_other(name)
            self.seen.pop(name, None)
            changes[name] = None

    def _scalar(self, name: str, value: object) -> str:
        if name in self.others:
            self._no_other(name)
        return cut(render_value(value), self._limit)

    def _no_other(self, name: str) -> None:
        self.others -= {name}
        self.opaque -= {name}
        if self._dumped:
            self._dumped.pop(name, None)
        if self._shapes:
            self._shapes.pop(name, None)

    def _other(self, name: str, value: Any) -> str:
        kind = type(value)
        if name not in self.others:
            self.others |= {name}
            self.seen.pop(name, None)
        if not is_plain_type(kind):
            plain, text = False, self._anew(name, value, kind, False)
        elif self._most is not None and kind in COUNTED and is_larger(value, self._most):
            plain, text = False, self._anew(name, value, kind, False, beginning)
        elif kind in _CONTAINERS:
            flat = _is_flat(value)
            plain = flat or _is_plain(value, _MAX_DEPTH)
            if plain and not (flat and len(value) <= _SMALL):
                text = self._container(name, value)
            else:
                text = self._anew(name, value, kind, plain)
        else:
            plain = kind in _PLAIN or (kind in _FLAT and _is_flat(value))
            text = self._anew(name, value, kind, plain)
        if (name in self.opaque) is plain:
            self.opaque ^= {name}
        return text if self._limit is None else cut(text, self._limit)

    def _anew(
        self, name: str, value: object, kind: type, plain: bool, render: Callable[[object], str] = render_value
    ) -> str:
        if self._dumped:
            self._dumped.pop(name, None)
        if (
            not plain
            and found_in(kind, "__repr__") is not _REPR_OF_OBJECT
            and not (is_plain_type(kind) and kind in _SILENT)
        ):
            self.loud = True
        return render(value)

    def _container(self, name: str, value: Any) -> str:
        """The text of a plain list, dict or tuple; that of before, if its bytes are those of before."""
        if self._dumped is None:
            self._dumped = {}
        known = self._dumped.get(name)
        try:
            dumped = _dumps(value, _VERSION)
        except ValueError:  # another thread has put something else into it meanwhile
            return render_value(value)
        if known is not None and known[0] == dumped:
            return known[1]
        text = _longer(value, dumped, known) if type(value) is list and known is not None else None
        if text is None:
            text = render_value(value)
        self._dumped[name] = dumped, text, len(value)
        return text


update_in_python = Renderings.update
if fast.module is not None:
    fast.module.learn_renderings(Renderings, NOTHING, render_value)


def cut(text: str, limit: int | None) -> str:
    """The text, cut at a cap if there is one."""
    if limit is None:
        return text
    text, is_cut = cap(text, limit)
    return Cut(text) if is_cut else text


def is_plain_iterator(iterator: object) -> bool:
    """Whether asking it for its next value runs no code of the program's, as it stands for no other iterator."""
    kind = type(iterator)
    return is_plain_type(kind) and kind in PLAIN_ITERATORS


def kinds_of_iterator(iterator: object) -> tuple[bool, bool]:
    """Whether asking it for its next value runs no code of the program's; whether, moreover, that is always a tuple."""
    kind = type(iterator)
    if is_plain_iterator(iterator):
        return True, kind is _ITEMS
    if kind is enumerate or kind is zip:
        inner: Any = iterator.__reduce__()[1]
        sources = inner[:1] if kind is enumerate else inner
        plain = all(map(is_plain_iterator, sources))
        return plain, plain
    return False, False


def _is_flat(value: Any) -> bool:
    """Whether a container holds scalars only."""
    if type(value) is dict:
        return SCALARS.issuperset(map(type, value)) and SCALARS.issuperset(map(type, value.values()))
    return SCALARS.issuperset(map(type, value))


def _longer(value: list[object], dumped: bytes, known: tuple[bytes, str, int]) -> str | None:
    """The text of a plain list that begins as it did before, from that text; None where it does not."""
    before, text, count = known
    if not 0 < count < len(value) or before[:1] != b"[" or not dumped.startswith(before[_HEADER:], _HEADER):
        return None
    return f"{text[:-1]}, {render_value(value[count:])[1:]}"


def _is_plain(value: object, depth: int) -> bool:
    """Whether this is a container of plain values, nested no deeper than `depth` below it.

    Then equal bytes mean an equal text: marshal's writing is unambiguous but for bytes-like objects, and keeps order but in sets. And marshal
    would follow cycles to its depth limit, in a list linked both ways along 2**2000 paths.
    """
    items: list[Any] = [*value.keys(), *value.values()] if type(value) is dict else value  # type: ignore[assignment]
    if not _KNOWN.issuperset(map(type, items)):
        return False
    return all(
        _is_flat(item) or (depth > 1 and _is_plain(item, depth - 1)) for item in items if type(item) in _CONTAINERS
    )
