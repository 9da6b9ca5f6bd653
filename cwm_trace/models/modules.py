"""Names that a program has from modules of Python's library, by one spelling each: `gcd(a, b)` behind `from math import gcd`, and
`math.gcd(a, b)`, are `math_gcd(a, b)`, and what changes its first argument is a method of that, as `h.heappush(x)`.

Knows imports, and of modules which names are known (`models.library`, `models.heaps`, `models.containers`) and what numbers and texts some
stand for. Evaluates nothing.
"""

from __future__ import annotations

import ast
import math
import re
import string
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from cwm_trace.models.constants import bound_by
from cwm_trace.models.containers import CONTAINERS
from cwm_trace.models.inline import FIELD, read
from cwm_trace.models.statements import parsed

FUNCTIONS: Mapping[str, Sequence[str]] = {
    "math": "ceil comb fabs factorial floor gcd hypot isqrt lcm prod sqrt trunc".split(),
    "bisect": "bisect bisect_left bisect_right".split(),
    "heapq": "nlargest nsmallest".split(),
    "copy": "copy deepcopy".split(),
    "functools": ["reduce"],
    "operator": ["itemgetter"],
    "re": "compile findall fullmatch match search split sub".split(),
    "itertools": "accumulate chain combinations islice pairwise permutations product repeat zip_longest".split(),
}
_CHANGING: Mapping[str, Sequence[str]] = {
    "heapq": "heapify heappop heappush heappushpop heapreplace".split(),
    "bisect": "insort insort_left insort_right".split(),
}
CHANGING = frozenset(name for names in _CHANGING.values() for name in names)
"""Functions that are spelled as methods of the list that they change."""
_STRINGS = "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits punctuation whitespace".split()
VALUES = {
    **{("math", name): repr(getattr(math, name)) for name in ("e", "inf", "pi", "tau")},
    ("sys", "maxsize"): repr(2**63 - 1),
    **{("string", name): repr(getattr(string, name)) for name in _STRINGS},
    **{
        ("re", name): repr(int(getattr(re, name)))
        for name in "A ASCII I IGNORECASE M MULTILINE NOFLAG S DOTALL U UNICODE X VERBOSE".split()
    },
}
_SPELLED: Mapping[tuple[str, str], str] = {
    **{(module, name): f"{module}_{name}" for module, names in FUNCTIONS.items() for name in names},
    **{(module, name): f".{name}" for module, names in _CHANGING.items() for name in names},
    **{("collections", name): name for name in CONTAINERS},
    ("heapq", "merge"): "itertools_merge",  # gives an iterator, too
    ("re", "finditer"): "itertools_finditer",
    **VALUES,
}
"""How what a module has is written here; behind a point: as a method of its first argument."""
_MODULES = frozenset(module for module, _ in _SPELLED)


class Imported(NamedTuple):
    """What a program has imported, for good.

    Attributes:
        modules: their names by those that the program has for them.
        names: how what is from them is written here, by the program's names.
    """

    modules: Mapping[str, str]
    names: Mapping[str, str]


@lru_cache(maxsize=4)
def imported_by(source: str) -> Imported:
    """What a source imports of what is known, under names that it binds to nothing else."""
    tree = parsed(source)
    nodes = list(ast.walk(tree)) if tree else []
    found: dict[str, tuple[str, str]] = {}
    for node in nodes:
        match node:
            case ast.Import(names=names):
                found |= {alias.asname or alias.name: (alias.name, "") for alias in names if alias.name in _MODULES}
            case ast.ImportFrom(module=str(module), names=names, level=0):
                found |= {alias.asname or alias.name: (module, alias.name) for alias in names}
    if not found:
        return Imported({}, {})
    others = {name for node in nodes if not isinstance(node, ast.alias) for name in bound_by(node)}
    clear = {name: origin for name, origin in found.items() if name not in others}
    return Imported(
        {name: module for name, (module, own) in clear.items() if not own},
        {name: _SPELLED[origin] for name, origin in clear.items() if origin in _SPELLED},
    )


def spelled(line: str, imported: Imported) -> str:
    """A line, or a part of one, with such names as they are written here."""
    if not imported.modules and not imported.names:
        return line
    return "".join(_parts([token.text for token in read(line).tokens], imported))


def _parts(texts: Sequence[str], imported: Imported) -> list[str]:
    made: list[str] = []
    place, last = 0, ""
    while place < len(texts):
        text, length = texts[place], 1
        told = None if last == "." else imported.names.get(text)
        if last != "." and text in imported.modules and texts[place + 1 : place + 2] == ["."]:
            told = _SPELLED.get((imported.modules[text], "".join(texts[place + 2 : place + 3])))
            length = 3 if told else 1
        if told and told.startswith(".") and (call := _as_method(told, texts[place + length :], imported)):
            made += call[0]
            place += length + call[1]
        else:
            if text[:2].lower() in ("f'", 'f"'):
                text = FIELD.sub(lambda part: "{" + spelled(part[1], imported) + "}", text)
            made.append(text if told is None or told.startswith(".") else told)
            place += length if told and not told.startswith(".") else 1
        last = texts[place - 1] if texts[place - 1].strip() else last
    return made


def _as_method(name: str, texts: Sequence[str], imported: Imported) -> tuple[list[str], int] | None:
    """A call of a function, without its name, as one of a method of its first argument; and how many texts that are. None where it is none, or
    that argument is more than a name with attributes and items."""
    if texts[:1] != ["("]:
        return None
    depth, ends = 0, None
    for number, text in enumerate(texts):
        depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
        if not depth or (depth == 1 and text == ","):
            ends = number
            break
    if ends is None or ends < 2:
        return None
    first = _parts(texts[1:ends], imported)
    if not all(text.isidentifier() or text in ".[]" or text.isdigit() for text in first):
        return None
    ends += 1 if texts[ends] == "," else 0
    while texts[ends : ends + 1] and not texts[ends].strip():
        ends += 1
    return [*first, name, "("], ends
