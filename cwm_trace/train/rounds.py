"""Loops and little else: what the next item is, and when there is none, over texts, lists, dicts and ranges of everyday lengths.

Half of a program's frames are a loop's, but a trace shows an item among a hundred tokens of copies. Here a loop stands in one line or has one
line in it, and only what its header binds, and at times a value that grows, changes. Comprehensions, which have frames of their own, are
loops, too.
"""

from __future__ import annotations

import re
from typing import Any

from cwm_trace.train.grammar import read_templates
from cwm_trace.train.small import HOLE
from cwm_trace.train.writer import Writer, literal_text

# Frames of a program, about: one costs sixty tokens, and more with the length of what is gone through.
_MOST = [6, 9, 12, 15, 18]
# x and y are bound; S is a text, L a list of numbers, W one of texts, D a dict, N a small number, all literals.
_OVER_TEXT = read_templates("""
x in S|x in S|x in S|x in S|x in S|x, y in enumerate(S)|x, y in enumerate(S)|x in range(len(S))|x in range(len(S))|x in reversed(S)
x in list(S)|x in S[::-1]|x in S[1:]|x in S.lower()|x in S.upper()|x in range(len(S) - 1)|x in range(1, len(S))|x in sorted(S)
x in range(0, len(S), 2)|x in range(len(S) - 1, -1, -1)|x in S.split()|x in S.strip()|x, y in enumerate(S, 1)|x in S[:-1]|x, y in zip(S, S[1:])
""")
_OVER_LIST = read_templates("""
x in L|x in L|x in L|x in L|x in W|x in W|x in W|x in W|x, y in enumerate(L)|x, y in enumerate(W)|x in range(len(L))|x in range(len(W))
x in reversed(L)|x in sorted(L)|x in sorted(W)|x in L[::-1]|x in L[1:]|x in L[:-1]|x in W[:]|x, y in zip(L, W)|x, y in zip(W, L)|x in L[::2]
x in range(len(L) - 1, -1, -1)|x in range(1, len(L))|x in range(0, len(L), 2)|x in L.copy()|x in range(len(L) // 2)|x in L + W|x in tuple(W)
""")
_OVER_DICT = read_templates("""
x in D|x in D|x, y in D.items()|x, y in D.items()|x, y in D.items()|x in D.keys()|x in D.values()|x in list(D)|x in sorted(D)
x in list(D.items())
""")
_OVER_RANGE = read_templates("""
x in range(N)|x in range(N)|x in range(N)|x in range(1, N)|x in range(1, N + 1)|x in range(2, N)|x in range(N, 0, -1)|x in range(N - 1, -1, -1)
x in range(0, N, 2)|x in range(1, N, 3)|x in range(N, N + 4)|x in range(-2, N)|x in range(0, N, 5)|x in range(N, 30, 4)|x in range(10, N * 2)
""")
_TABLES = [_OVER_TEXT, _OVER_LIST, _OVER_DICT, _OVER_RANGE]
_IDLE = ["pass", "pass", "pass", "continue"]
_GROWS = read_templates("""
n += 1|n += 2|n -= 1|n = x|n = [x]|n = (x, n)[0]|r.append(x)|r.append(x)|r += [x]|r.append([x])|r.insert(0, x)|r = [x] + r
""")
# What a comprehension makes of an item; t is a text, x anything, C a text and K a number.
_MADE = read_templates("""
[x for H]|[x for H]|[x for H]|[x for H]|[[x] for H]|[(x, K) for H]|[str(x) for H]|[x * 2 for H]|list(x for H)|tuple(x for H)|{x: K for H}
sorted(x for H)|[x for H if x != C]|[x for H if x]|sum(1 for H)|any(x == C for H)|all(x for H)|[x == C for H]|[K for H]|[None for H]
len([x for H])|[x for H if x != K]
""")
_MADE_OF_TEXT = read_templates("""
[t.upper() for H]|[t + C for H]|[C + t for H]|[t for H if t.isalpha()]|[t for H if t.isdigit()]|[t for H if t != C]|[t for H if t in C]
''.join(t for H)|''.join(t for H)|''.join([t for H])|''.join(t for H if t != C)|''.join(t.upper() for H)|C.join(t for H)|[t.isupper() for H]
[len(t) for H]|[t[0] for H]|sum(t == C for H)|[t.lower() for H]|[t.swapcase() for H]|{t: K for H}|[t for H if t.islower()]
[t for H if len(t) > K]|any(t.isdigit() for H)|''.join(t for H if t not in C)|[t.strip() for H]|[t * 2 for H]|[(t, C) for H]
""")
_MADE_OF_TWO = read_templates(
    "[x for H]|[y for H]|[(x, y) for H]|[(y, x) for H]|{x: y for H}|{y: x for H}|[[x, y] for H]|[y for H if x]|list(x for H)|[str(y) for H]"
)
_BOUND = [
    tuple(pair.split())
    for pair in ("c d", "i c", "i x", "char other", "k v", "key value", "item b", "ch p", "i j", "a b", "x y", "s t")
]
_GROWING = [tuple(pair.split()) for pair in ("n res", "total out", "count result", "m acc", "z w", "cnt ls")]


def rounds_body(writer: Writer) -> list[str]:
    """Loops over literals, until there are enough frames."""
    lines: list[str] = []
    left = writer.rng.choice(_MOST)
    while left > 0 and len(lines) < 10:
        made, frames = _loop(writer, left)
        lines += made
        left -= frames
    return [*lines, "return None"]


def _loop(writer: Writer, most: int) -> tuple[list[str], int]:
    """A loop, and how many frames it has, about."""
    rng = writer.rng
    names = dict(zip("xynr", (*rng.choice(_BOUND), *rng.choice(_GROWING)), strict=True))
    template = rng.choice(rng.choices(_TABLES, [40, 32, 10, 18])[0])
    if rng.random() < 0.3:
        return _comprehension(writer, template, names, most)
    header, count = _filled(writer, _named(template, names), most)
    first, body = [], rng.choice(_IDLE)
    if rng.random() < 0.35:
        grows = rng.choice(_GROWS)
        first = [_named("r = []" if grows.startswith("r") else "n = 0", names)]
        body = _named(grows, names)
    if rng.random() < 0.6:
        return [*first, f"for {header}: {body}"], count + 1
    return [*first, f"for {header}:", f"    {body}"], 2 * count + 1


def _comprehension(writer: Writer, template: str, names: dict[str, str], most: int) -> tuple[list[str], int]:
    """One in a line, and how many frames it has, about."""
    rng = writer.rng
    of_text = template.startswith("x in") and re.search(r"[SW]", template) and "range" not in template
    table = _MADE_OF_TWO if template.startswith("x, y") else _MADE_OF_TEXT if of_text and rng.random() < 0.6 else _MADE
    header, count = _filled(writer, _named(template, names), most)
    made = re.sub(r"\bt\b", "x", rng.choice(table))
    filled = re.sub(r"\b[CKH]\b", lambda hole: _part(writer, hole[0], header), _named(made, names))
    twice = not filled.startswith(("[", "{"))  # a generator's items are yielded
    return [f"{names['r']} = {filled}"], (2 * count if twice else count) + 4


def _part(writer: Writer, hole: str, header: str) -> str:
    if hole == "H":
        return header
    return literal_text(writer.theme.char()) if hole == "C" else str(writer.rng.randint(0, 9))


def _named(template: str, names: dict[str, str]) -> str:
    return re.sub(r"\b[xynr]\b", lambda hole: names[hole[0]], template)


def _filled(writer: Writer, template: str, most: int) -> tuple[str, int]:
    """With literals, and how many items the longest has."""
    values: list[Any] = []

    def literal(hole: re.Match[str]) -> str:
        values.append(_value(writer, hole[0], most))
        return literal_text(values[-1])

    header = HOLE.sub(literal, template)
    return header, max(value if isinstance(value, int) else len(value) for value in values)


def _value(writer: Writer, hole: str, most: int) -> Any:
    """What is gone through, of so many items at most, or a number for `range`."""
    rng, theme = writer.rng, writer.theme
    if hole == "N":
        return rng.randint(0, min(most, rng.choice([5, 9, 15, 30])))
    if hole == "S":
        text = str(theme.value("str"))
        start = rng.randint(0, max(0, len(text) - most))
        return text[start : start + most]
    count = min(most, rng.choice([0, 1, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 10, 12, 16]))
    if hole == "L":
        return [theme.int_() for _ in range(count)]
    items = [theme.item() for _ in range(min(count, 8))]
    return items if hole == "W" else {item: theme.int_() for item in items}
