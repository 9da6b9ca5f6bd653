"""What calls have returned, in place of the calls, in a line that is in the midst of running.

A line that calls functions of its program goes on when each has returned, with a value that the trace shows but the line does not: behind the
first return, `fib(4) + fib(3)` is `3 + fib(3)`. Knows the text of a line and which functions have returned what, in order; where a call is not
found, as of what another function calls, the line stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cwm_trace.models.operations import is_value

STRING = r"""[A-Za-z]{0,2}(?:'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?)"""
"""A pattern: a literal of text or bytes in a line, perhaps cut off; of one line, `re.DOTALL`."""
_PARTS = re.compile(rf"{STRING} | [^\W\d][\w.]* | \s+ | \#.* | .", re.VERBOSE | re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_SIGNS = frozenset("=!<>:+-*/%&|^@")  # that make another of `=`
_ROOM = 200  # characters of a value, in a line that a network reads
_MORE_ROOM = 2000  # and in one that is worked on
UNSHOWN = "_unshown_"
"""A name, in place of a value for which there is no room, or that has no text of its own."""


class Answer(NamedTuple):
    """A call that has returned.

    Attributes:
        name: of the function, of a class where one of its objects was made; "" for a comprehension.
        value: as the trace shows it.
    """

    name: str
    value: str


def answered(line: str, answers: Iterable[Answer], room: int = _ROOM) -> str:
    """The line with values in place of calls and comprehensions that have returned: of several, those that end first."""
    for name, value in answers:
        if _fits(value, room):
            line = _replaced(line, name, value, value)
    return line


def completed(line: str, answers: Iterable[Answer]) -> str:
    """The same of a line that is worked on, and not read as a whole: there is more room for values."""
    return answered(line, answers, _MORE_ROOM)


def of_functions(answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """Without those of comprehensions."""
    return tuple(answer for answer in answers if answer.name)


def with_answer(line: str, answer: Answer) -> str | None:
    """The line with what a call has returned in its place, `UNSHOWN` for what is no literal or too long; None where there is no such call."""
    name, value = answer
    replaced = _replaced(line, name, value, value if _fits(value, _MORE_ROOM) and is_value(value) else UNSHOWN)
    return None if replaced == line else replaced


def _fits(value: str, room: int) -> bool:
    return len(value) <= room and not value.startswith("<")  # no object's type and address


def _replaced(line: str, name: str, value: str, shown: str) -> str:
    parts = _PARTS.findall(line)
    bound = _behind_sign(parts)
    groups = sorted(_groups(parts), key=lambda group: group[0] < bound)  # a value is done before what it is bound to
    for start, end in groups:
        if name and start and parts[start] == "(" and _calls(parts, start - 1, name):
            return "".join([*parts[: start - 1], shown, *parts[end + 1 :]])
        if not name and parts[start] == value[:1] and "for" in parts[start:end]:
            return "".join([*parts[:start], shown, *parts[end + 1 :]])
    return line


def _behind_sign(parts: Sequence[str]) -> int:
    """Where what is bound begins in an assignment; 0 of what is none, or changes what it is bound to."""
    depth, last = 0, 0
    for number, part in enumerate(parts):
        depth += (part in _CLOSING) - (part in _CLOSING.values())
        around = "".join([*parts[number - 1 : number], *parts[number + 1 : number + 2]])
        if not depth and part == "=" and not set(around) & _SIGNS:
            last = number
    return last


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
