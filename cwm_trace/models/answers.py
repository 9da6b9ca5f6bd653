"""What calls have returned, in place of the calls, in a line that is in the midst of running.

A line that calls functions of its program goes on when each has returned, with a value that the trace shows but the line does not: behind the
first return, `fib(4) + fib(3)` is `3 + fib(3)`. Knows the text of a line and which functions have returned what, in order; where a call is not
found, as of what another function calls, the line stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

STRING = r"""[A-Za-z]{0,2}(?:'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?)"""
"""A pattern: a literal of text or bytes in a line, perhaps cut off; of one line, `re.DOTALL`."""
_PARTS = re.compile(rf"{STRING} | [^\W\d][\w.]* | \s+ | \#.* | .", re.VERBOSE | re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_ROOM = 200  # characters of a value


class Answer(NamedTuple):
    """A call that has returned.

    Attributes:
        name: of the function; "" for a comprehension.
        value: as the trace shows it.
    """

    name: str
    value: str


def answered(line: str, answers: Iterable[Answer]) -> str:
    """The line with values in place of calls and comprehensions that have returned: of several, those that end first."""
    for name, value in answers:
        if len(value) <= _ROOM and not value.startswith("<"):  # no object's type and address
            line = _replaced(line, name, value)
    return line


def _replaced(line: str, name: str, value: str) -> str:
    parts = _PARTS.findall(line)
    for start, end in _groups(parts):
        if name and start and parts[start] == "(" and _calls(parts, start - 1, name):
            return "".join([*parts[: start - 1], value, *parts[end + 1 :]])
        if not name and parts[start] == value[:1] and "for" in parts[start:end]:
            return "".join([*parts[:start], value, *parts[end + 1 :]])
    return line


def _calls(parts: Sequence[str], place: int, name: str) -> bool:
    """Whether what is called there has this name, alone or as an attribute of a name."""
    return parts[place].rpartition(".")[2] == name and (not place or parts[place - 1] != ".")


def _groups(parts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where brackets open and close, in the order in which they close."""
    opened: list[int] = []
    for number, part in enumerate(parts):
        if part in _CLOSING:
            opened.append(number)
        elif opened and part == _CLOSING[parts[opened[-1]]]:
            yield opened.pop(), number
