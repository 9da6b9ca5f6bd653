"""The rendered locals of one Python frame, rendered again only where the text can have changed.

Two proofs, both without a look at the program: a value of an immutable built-in type is the very object of the last event; or a container of
plain values (of such types, lists, tuples and dicts only, all of them exactly) has the same bytes as `marshal` writes it. All else is rendered
at every event, and asked in the same order as without this. No object of the program is kept alive but immutable built-in ones.

Knows nothing of events or hooks. Not known to it either: a program that sets `sys.set_int_max_str_digits` between two events. A program can
see it by an audit hook (`marshal.dumps`).
"""

from __future__ import annotations

import builtins
import marshal
from collections.abc import Mapping

from cwm_trace.tracer.values import cap, render_value

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

_SCALARS = frozenset({int, bool, float, complex, str, type(None)})
_CONTAINERS = frozenset({list, dict, tuple})
_MISSING = object()
_MAX_DEPTH = 4  # of plain containers: far from where repr fails at the recursion limit
# Of marshal: the last one without back references, so that equal bytes do not depend on who else holds an object.
_VERSION = 2
_HEADER = 5  # of a list as marshal writes it: its type, and its length in four bytes
_dumps = marshal.dumps


class Renderings:
    """Texts of a Python frame's locals, in the order of their first binding.

    Attributes:
        shown: name -> text; replaced, never changed, so that a frame may keep it.
        names: those of `shown`.
        changed: those whose text is not what it was at the event before; new ones are among them.
    """

    __slots__ = ("_cut", "_dumped", "_limit", "_seen", "changed", "names", "shown")

    def __init__(self, limit: int | None) -> None:
        self.shown: dict[str, str] = {}
        self.names: frozenset[str] = frozenset()
        self.changed: list[str] = []
        self._limit = limit
        self._seen: dict[str, object] = {}
        self._dumped: dict[str, tuple[bytes, str, int]] = {}  # bytes, whole text, length
        self._cut: set[str] = set()

    @property
    def capped(self) -> bool:
        """Whether a text is cut at the cap."""
        return bool(self._cut)

    def update(self, local: Mapping[str, object]) -> None:
        """Take note of the locals as they are now."""
        seen, texts = self._seen, {}
        for name, value in local.items():
            if seen.get(name, _MISSING) is not value:
                text = self._text(name, value)
                if self.shown.get(name) != text:
                    texts[name] = text
        self.changed = list(texts)
        if texts:
            self.shown = {**self.shown, **texts}
        if len(self.shown) != len(local):
            self._forget(local)
        if len(self.names) != len(self.shown) or (texts and not self.names.issuperset(texts)):
            self.names = frozenset(self.shown)

    def _forget(self, local: Mapping[str, object]) -> None:
        """Drop what is no longer bound."""
        self.shown = {name: text for name, text in self.shown.items() if name in local}
        for store in (self._seen, self._dumped):
            for name in [name for name in store if name not in local]:
                del store[name]
        self._cut.intersection_update(local)

    def _text(self, name: str, value: object) -> str:
        kind = type(value)
        if kind in _SCALARS:
            text = render_value(value)
            self._seen[name] = value
        else:
            self._seen.pop(name, None)
            text = self._container(name, value) if kind in _CONTAINERS else render_value(value)
        if self._limit is None:
            return text
        text, cut = cap(text, self._limit)
        (self._cut.add if cut else self._cut.discard)(name)
        return text

    def _container(self, name: str, value: object) -> str:
        """The text of a list, dict or tuple; that of before, if its bytes are those of before."""
        # First of all: marshal would follow cycles to its depth limit, in a list linked both ways along 2**2000 paths.
        if not _is_plain(value, _MAX_DEPTH):
            self._dumped.pop(name, None)
            return render_value(value)
        dumped = _dumps(value, _VERSION)  # type: ignore[arg-type]
        known = self._dumped.get(name)
        if known is not None and known[0] == dumped:
            return known[1]
        text = _longer(value, dumped, known) if type(value) is list and known is not None else None
        if text is None:
            text = render_value(value)
        self._dumped[name] = dumped, text, len(value)  # type: ignore[arg-type]
        return text


def _longer(value: list[object], dumped: bytes, known: tuple[bytes, str, int]) -> str | None:
    """The text of a plain list that begins as it did before, from that text; None where it does not."""
    before, text, count = known
    if not 0 < count < len(value) or before[:1] != b"[" or not dumped.startswith(before[_HEADER:], _HEADER):
        return None
    return f"{text[:-1]}, {render_value(value[count:])[1:]}"


def _is_plain(value: object, depth: int) -> bool:
    """Whether this is a container of plain values, not nested deeper than `depth`.

    Then equal bytes mean an equal text: marshal's writing is unambiguous but for bytes-like objects, and keeps order but in sets.
    """
    if not depth:
        return False
    items = [*value.keys(), *value.values()] if type(value) is dict else value
    kinds = set(map(type, items))  # type: ignore[call-overload]
    if kinds <= _SCALARS:
        return True
    if not kinds <= _SCALARS | _CONTAINERS:
        return False
    return all(_is_plain(item, depth - 1) for item in items if type(item) in _CONTAINERS)  # type: ignore[attr-defined]
