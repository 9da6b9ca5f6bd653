"""Values that grow: lists, texts and dicts of up to ninety characters, which line after line adds to, takes from, changes and reads.

Where a loop builds something, each frame copies the value before with one change; the longer it is and the more of its items are equal,
the easier a copy loses its place. `deeds` has values of a few items, and `rounds` little that grows. Observations are all that is learned
(`record`). Runs its own lines, one by one, to know what is there to be changed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from cwm_trace.train.grammar import read_templates
from cwm_trace.train.values import Theme
from cwm_trace.train.writer import Writer, literal_text

_ROOM = 2_600  # characters of all values that are shown, about
_LONGEST = 90  # of one; a line that shows more is not written
_LENGTHS = [0, 0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 26]
_TRIES = 8  # of a line, until one can be run
_HOLE = re.compile(r"\b[xyVUKIJC]\b")
_OF_SOME = re.compile(r"\b[UIJ]\b")  # ask for an item that is there
# x is the value, y another name; V a new item, U one that is there, K a number, I and J indexes that are there, C a text.
_LIST = read_templates("""
x.append(V)|x.append(V)|x.append(V)|x.append(V)|x.insert(I, V)|x.insert(I, V)|x.insert(0, V)|x.pop()|x.pop(I)|x.pop(0)|x.remove(U)
x.remove(U)|x.extend([V, V])|x += [V]|x += [V, V]|x = x + [V]|x = [V] + x|x[I] = V|x[I] = V|x[-1] = V|del x[I]|x.reverse()|x.sort()
x = x[1:]|x = x[:-1]|x = x[I:]|x = x[:J]|x[I], x[J] = x[J], x[I]|x.append(x[I])|x.append(x.pop(0))|x.insert(0, x.pop())|x = x[::-1]
x[I:J] = []|x[I:I] = [V]|x[I] = x[J]|x = sorted(x)|x = [V, *x]|x.extend(x[:K])|x = x[I:] + x[:I]|x = x[:I] + x[I + 1:]|x.append(V)
""")
_FROM_LIST = read_templates("""
y = x[I]|y = x[I]|y = x[I]|y = x[-1]|y = x.index(U)|y = x.index(U)|y = x.count(U)|y = len(x)|y = len(x)|y = x.pop()|y = x.pop(I)|y = x.pop(0)
y = U in x|y = V in x|y = x[I:J]|y = x[I:]|y = x[:J]|y = x[-K:]|y = x[::2]|y = x[::-1]|y = max(x)|y = min(x)|y = sorted(x)|y = x.copy()
y = x[I] == x[J]|y = x[I] < x[J]|y = [x[I], x[J]]|y = x[I] + x[J]|y = list(reversed(x))|y = (x[I], I)|y = len(x) - K|y = x[len(x) - 1]
y = list(enumerate(x[I:]))|y = x[len(x) // 2]
""")
_OF_NUMBERS = read_templates(
    "x[I] += K|x[I] -= K|x[I] *= 2|y = sum(x)|x.append(len(x))|x.append(x[I] + x[J])|x[I] = x[I] + x[J]|y = sum(x[I:J])"
)
_OF_TEXTS = read_templates(
    "y = ''.join(x)|y = ''.join(x)|y = C.join(x)|x[I] = x[I].upper()|x[I] += C|x[I] = x[I] + x[J]|y = x[I] * 2|y = x[I].upper()"
)
_TEXT = read_templates("""
x += C|x += C|x += C|x = x + C|x = C + x|x = C + x|x += V|x = x[1:]|x = x[:-1]|x = x[I:]|x = x[:J]|x = x[:I] + C + x[I:]
x = x[:I] + x[I + 1:]|x = x[:I] + C + x[I + 1:]|x = x[1:] + x[0]|x = x[-1] + x[:-1]|x = x[::-1]|x = x.replace(U, C)|x = x.replace(U, C)
x = x.replace(U, '')|x = x.replace(U, C, 1)|x = x.swapcase()|x = x.upper()|x = x.lower()|x = x.title()|x = x.capitalize()|x = x.strip(U)
x = x.lstrip(C)|x = x.rstrip(U)|x = x.strip()|x = f'{x}{K}'|x = x.ljust(K)|x = x[I:J]|x += x[I]|x += str(K)|x = C.join(x[:K])
x = x.removesuffix(C)|x = V|x = V
""")
_FROM_TEXT = read_templates("""
y = x[I]|y = x[I]|y = x[I]|y = x[-1]|y = x[I:J]|y = x[I:J]|y = x[I:]|y = x[:J]|y = x[-K:]|y = x[::2]|y = x[::-1]|y = x.find(U)|y = x.find(C)
y = x.rfind(U)|y = x.index(U)|y = x.count(U)|y = x.count(C)|y = len(x)|y = len(x)|y = len(x)|y = x.split(U)|y = x.split(U)|y = x.split()
y = list(x)|y = list(x)|y = x.partition(U)|y = x.rpartition(U)|y = U in x|y = C in x|y = x[I] + x[J]|y = x[I] == x[J]|y = x.startswith(C)
y = x.endswith(U)|y = x[I].upper()|y = x[I].isupper()|y = x[I].isalpha()|y = x[I].isdigit()|y = sorted(x)|y = ''.join(sorted(x))
y = x.isalpha()|y = x.upper()|y = x.lower()|y = x.replace(U, C)|y = x.swapcase()|y = x.title()|y = ord(x[I])|y = len(x) - K
y = x.split(U, 1)|y = x[I] in C|y = x.rsplit(U, 1)|y = x * 2
""")
_DICT = read_templates("""
x[V] = K|x[V] = K|x[U] = K|x[U] += 1|x[U] += 1|x[U] += K|x[U] -= 1|x[U] = x.get(U, 0) + 1|x[V] = x.get(V, 0) + 1|x[V] = x.get(V, 0) + K
x.pop(U)|x.pop(U)|del x[U]|x.update({V: K})|x.update({U: K, V: K})|x.setdefault(V, K)|x.setdefault(U, K)|x.popitem()|x = {V: K, **x}
x = dict(sorted(x.items()))|x = {**x, V: K}|x[V] = x[U]|x[V] = len(x)|x[V] = x.pop(U)
""")
_FROM_DICT = read_templates("""
y = x[U]|y = x[U]|y = x.get(U)|y = x.get(V)|y = x.get(V, K)|y = list(x)|y = list(x.keys())|y = list(x.values())|y = list(x.items())
y = x.keys()|y = x.values()|y = x.items()|y = sorted(x)|y = sorted(x.values())|y = max(x.values())|y = sum(x.values())|y = len(x)|y = U in x
y = V in x|y = x.pop(U)|y = x.copy()|y = x.popitem()|y = max(x, key=x.get)|y = sorted(x.items())|y = x[U] > K|y = x[U] + K|y = list(x)[I]
y = list(x.items())[I]
""")
_TABLES = {"list": (_LIST, _FROM_LIST), "text": (_TEXT, _FROM_TEXT), "dict": (_DICT, _FROM_DICT)}
_KINDS = list(_TABLES)
_NAMES = "x y a b s t result res lst out d new_text ls count nums words text acc total arr".split()
_ALPHABETS = [
    "ab",
    "abc",
    "aabbc",
    "xyz",
    "aAbB",
    "01",
    "abcdefgh",
    "hello ",
    "a-b_",
    "etaoin shrdlu",
    "abcdefghijklmnopqrstuvwxyz",
    "Ab1 ,.!",
]


def growth_body(writer: Writer) -> list[str]:
    """Lines that build a value, or, one after the other, two or three."""
    rng = writer.rng
    writer.add_param(rng.choice(["str", "int", "li"]), rng.choice("pqzw"))
    lines: list[str] = []
    room, name = _ROOM, ""
    for _ in range(rng.choice([1, 2, 2, 3])):
        name, other = rng.sample(_NAMES, 2)
        built = _Built(writer, rng.choices(_KINDS, [9, 9, 5])[0], name, other)
        steps = rng.choice([6, 10, 14])
        while room > 0 and len(built.lines) <= steps:
            room -= built.step()
        lines += built.lines
    return [*lines, f"return {name}"]


class _Built:
    """A value that is built.

    Attributes:
        kind: "list", "text" or "dict".
        name, other: what it is called, and what is made of it.
        lines: so far.
        locals: its value behind them, and the other one.
    """

    def __init__(self, writer: Writer, kind: str, name: str, other: str) -> None:
        self.rng, self.theme = writer.rng, writer.theme
        self.kind, self.name, self.other = kind, name, other
        self._item = _items(self.rng, self.theme, kind)
        self.lines = [f"{name} = {literal_text(self._begun())}"]
        self.locals: dict[str, Any] = {}
        self._run(self.lines[0])

    def step(self) -> int:
        """One more line, mostly; how many characters its frame shows, about."""
        for _ in range(_TRIES):
            line = self._filled(self.rng.choice(self._table()))
            if line and self._run(line):
                self.lines.append(line)
                break
        return 70 + 2 * len(repr(self.locals[self.name]))

    def _table(self) -> list[str]:
        roll = self.rng.random()
        if self.kind == "list" and roll < 0.15:
            return _OF_NUMBERS if isinstance(self._item(), int) else _OF_TEXTS
        return _TABLES[self.kind][roll < 0.45]

    def _run(self, line: str) -> bool:
        """Whether it can be, with values that are not too long; they stay as they were where not."""
        after = {
            name: value.copy() if isinstance(value, (list, dict)) else value for name, value in self.locals.items()
        }
        try:
            exec(line, {}, after)  # noqa: S102  of our own templates
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return False
        if any(len(repr(value)) > _LONGEST for value in after.values()):
            return False
        self.locals = after
        return True

    def _filled(self, template: str) -> str:
        """Nothing where it asks for what is not there."""
        if not self.locals[self.name] and _OF_SOME.search(template):
            return ""
        drawn: dict[str, str] = {"x": self.name, "y": self.other}
        return _HOLE.sub(lambda hole: self._hole(hole[0], drawn), template)

    def _hole(self, hole: str, drawn: dict[str, str]) -> str:
        """Names and new items are the same throughout a line; indexes and items that are there nearly always."""
        again = {"x": 1.0, "y": 1.0, "V": 1.0, "U": 0.9, "I": 0.9}.get(hole, 0.0)
        if hole not in drawn or self.rng.random() >= again:
            drawn[hole] = self._drawn(hole)
        return drawn[hole]

    def _drawn(self, hole: str) -> str:
        rng, value = self.rng, self.locals[self.name]
        if hole == "K":
            return str(rng.randint(0, 9))
        if hole in "IJ":
            return str(rng.randrange(len(value)) - (len(value) if rng.random() < 0.15 else 0))
        if hole == "U":
            return literal_text(rng.choice(list(value)))
        return literal_text(self._letters() if hole == "C" else self._item())

    def _letters(self) -> str:
        """A character, or a few."""
        source = self.theme.item() or "a"
        count = 1 if self.rng.random() < 0.7 else self.rng.randint(2, 3)
        return "".join(self.rng.choices(source, k=count)) if self.rng.random() < 0.7 else self.theme.char()

    def _begun(self) -> Any:
        length = self.rng.choice(_LENGTHS)
        if self.kind == "text":
            kind = self.rng.choice(["", "str", "text", "own", "own"])
            return self._item() if kind == "own" else kind and self.theme.value(kind)
        if self.kind == "dict":
            return {self._item(): self.rng.randint(0, 9) for _ in range(min(length, 8))}
        items: list[Any] = []
        while len(items) < length and len(repr(items)) < _LONGEST - 20:
            items.append(self._item())
        return items


def _items(rng: random.Random, theme: Theme, kind: str) -> Callable[[], Any]:
    """What draws an item of a list or a dict, of few that there are, or of many; or a text."""
    letters = rng.choice(_ALPHABETS) if rng.random() < 0.5 else "".join(theme.words) or "a"
    if kind == "text":
        return lambda: "".join(rng.choices(letters, k=rng.choice([1, 2, 3, 5, 8, 12, 20, 30])))
    high = rng.choice([1, 3, 9, 9, 20, 99, 500])
    few = [theme.item() for _ in range(rng.randint(2, 6))]
    return rng.choice(
        [
            lambda: rng.choice(letters),
            lambda: rng.choice(letters),
            lambda: rng.randint(0, high),
            lambda: rng.randint(-high, high),
            lambda: rng.choice(few),
            theme.item,
        ]
    )
