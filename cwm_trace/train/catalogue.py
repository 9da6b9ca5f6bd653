"""Programs whose lines do one operation each of all that there are (`skills.OPERATIONS`), on literals: rare ones are not as rare as in `atom`.

What `deeds` is for the operations of every day. A line that would raise is left out, for nothing would run behind it: these lines, of our own
templates, are run while a program is made. Observations are all that is learned (`record`).
"""

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import Any

from cwm_trace.train.grammar import RECEIVERS
from cwm_trace.train.skills import OPERATIONS, STATEMENT, share
from cwm_trace.train.writer import Writer, literal_text

_LINES = 12
_LONGEST = 90  # characters of a value
# Frames of its own, fields that take no literals with quotes, another value in every process.
_NOT_ALONE = re.compile(r" for |lambda|^f'|hash\(")
_TEMPLATES = {
    name: found
    for name, templates in OPERATIONS.items()
    if (found := [template for template in templates if not _NOT_ALONE.search(template)])
}
_NAMES = list(_TEMPLATES)
_WEIGHTS = [share(name) ** 0.5 for name in _NAMES]


def catalogue_body(writer: Writer) -> list[str]:
    """Operations bound to one name, or changes of what it is; of all kinds, or of a few."""
    rng = writer.rng
    name, *params = rng.sample(ascii_lowercase, rng.choice([2, 2, 3]))
    few = rng.choices(_NAMES, _WEIGHTS, k=4) if rng.random() < 0.4 else None
    lines: list[str] = []
    while len(lines) < _LINES:
        operation = rng.choice(few) if few else rng.choices(_NAMES, _WEIGHTS)[0]
        made = _operation(writer, name, rng.choice(_TEMPLATES[operation]))
        if _runs(made, name):
            lines += made
        elif few:
            few = few[1:]  # it may never run
    for param in params:
        writer.add_param(rng.choice(["str", "int", "li", "ls", "dsi"]), param)
    return [*lines, f"return {rng.choice([name, *params])}"]


def _operation(writer: Writer, name: str, template: str) -> list[str]:
    """The line of an operation; before one that changes something, what that is."""
    statement = STATEMENT.fullmatch(template)
    if statement is None:
        return [f"{name} = {writer.fill_with_literals(template)}"]
    before, kind, after = statement.groups(default="")
    value = literal_text(writer.theme.value(RECEIVERS[kind]))
    return [f"{name} = {value}", writer.fill_with_literals(f"{before}<X>{after}", {"X": name})]


def _runs(lines: list[str], name: str) -> bool:
    """Whether they do, to the end, and what they give is short."""
    made: dict[str, Any] = {}
    try:
        exec("\n".join(lines), {}, made)  # noqa: S102  of our own templates
    except (ArithmeticError, LookupError, TypeError, ValueError, StopIteration):
        return False
    return len(repr(made[name])) <= _LONGEST
