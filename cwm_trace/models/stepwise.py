"""Answers by steps: what Python does item by item is asked for so (`models.steps`, `models.changes`), all else as a whole; and what is at hand
where a step finds that Python raises.

Knows who to ask; no model.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from cwm_trace.frames import Event
from cwm_trace.models.at_work import AtWork
from cwm_trace.models.changes import change_of
from cwm_trace.models.containers import CONTAINERS, MATCH, WITH_GROUPS, as_in_frames
from cwm_trace.models.items import Raises, Steps, Way
from cwm_trace.models.operations import CACHED, ITERATORS, LIBRARY, worked
from cwm_trace.models.outcomes import Answers, resolved
from cwm_trace.models.outlook import Outlook, behind_test, of_foretold, outlook_of, raising
from cwm_trace.models.steps import call_of, way_of

_CHARACTER = r"""(?:'(?:[^'\\]|\\.+)'|"'")"""
_FACT = re.compile(
    rf"\d{{1,2}} (?:[-+*<]|==) \d{{1,2}}|{_CHARACTER} == {_CHARACTER}|{_CHARACTER}\.\w+\(\)|ord\({_CHARACTER}\)|chr\(\d+\)"
)
"""Operations that raise nothing."""
_TWO_BYTES = re.compile(
    r"(b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\") (==|!=|<|<=|>|>=) (b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\")"
)
"""A comparison of bytes, which are as the texts of these characters are."""
_WITH_TRUTHS = re.compile(r"(?:True|False) [=!<>]=? (?:True|False|-?[\d.]+)|-?[\d.]+ [=!<>]=? (?:True|False)")
"""A comparison of truths, which are as the numbers that they are."""
_TWO_CHARACTERS = re.compile(r"('[^'\\]') == ('[^'\\]')")


_SHORT = 4000  # characters of a test that is not worked out twice: sources of the library compare the same names over and over
_MOST = 100_000  # of them that are kept

# Functions of modules, which a network does not know by the names that they have here.
_UNTOLD = re.compile(rf"\b(?:(?:{'|'.join((*LIBRARY, ITERATORS))})\w+|{'|'.join(sorted(CONTAINERS))})\(")


_Told = TypeVar("_Told")


class _Untold(Exception):
    """Internal: a test has something in it that nobody tells."""


class Stepwise:
    """Those of one who answers as a whole."""

    def __init__(self, whole: Answers, follows: bool = True, keeps: bool = True) -> None:
        """`follows`: whether the program's bytecode is followed (`models.machine`), as long as that goes; `keeps`: whether what digits give is
        asked for once, as they who answer always say the same, or in each operation anew."""
        self._follows, self._keeps = follows, keeps
        self._whole, self._raises = whole, list[Raises]()
        self._matches: dict[str, str] = {}  # with their groups, which frames do not show, by what they are without
        self._kept: Callable[[str, tuple[str, ...]], str | None] = lambda *_: None
        self._truths: dict[str, bool] = {}  # of tests that have been answered
        self._is_sure = True  # whether nothing has been asked for that may raise
        self._steps = Steps(self.value, self._holds)

    def value(self, operation: str) -> str | None:
        """The text of what an operation gives; None where that raises or is unknown."""
        if found := WITH_GROUPS.fullmatch(operation):
            self._matches[f"{found[1]})"] = operation
            return f"{found[1]})"
        operation = self.with_groups(operation)
        if operation.startswith(CACHED) and (call := call_of(operation)) is not None:
            try:
                self._is_sure &= (kept := self._kept(*call)) is not None
            except KeyError:
                raise _Untold from None
            return kept
        way = way_of(operation)
        told = self._told(operation) if way is None else self._done(way)
        self._is_sure &= told is not None
        return told

    def with_groups(self, told: str) -> str:
        """What an operation has given, with the groups of its matches, which frames do not show."""
        for match, with_groups in self._matches.items() if MATCH in told else ():
            told = told.replace(match, with_groups)
        return told

    def _told(self, operation: str) -> str | None:
        return None if _UNTOLD.search(operation) else self._whole.value(operation)

    def change(self, value: str, line: str) -> str | None:
        """The text of a value when a line has changed it; None as above."""
        way = change_of(value, line)
        return self._whole.change(value, line) if way is None else self._done(way)

    def holds(self, test: str) -> bool:
        """Whether a test holds, of which operations come first."""
        return self._holds(worked(test, self.value))

    def _holds(self, test: str) -> bool:
        if not test.isascii() and (pair := _TWO_CHARACTERS.fullmatch(test)) is not None:
            test = "{} == {}".format(
                *(ord(ast.literal_eval(each)) for each in pair.groups())
            )  # as their texts may say, too
        if _WITH_TRUTHS.fullmatch(test) is not None:
            test = test.replace("True", "1").replace("False", "0")
        if test.startswith("b") and (octets := _TWO_BYTES.fullmatch(test)) is not None:
            one, sign, other = octets.groups()
            test = f"{ast.literal_eval(one).decode('latin-1')!r} {sign} {ast.literal_eval(other).decode('latin-1')!r}"
        way = way_of(test)
        self._is_sure &= way is not None or _FACT.fullmatch(test) is not None
        if way is None and _UNTOLD.search(test):
            raise _Untold
        return self._whole.holds(test) if way is None else self._done(way) == "True"

    def _done(self, way: Way) -> str | None:
        try:
            return way(self._steps if self._keeps else Steps(self.value, self._holds))
        except Raises as error:
            self._raises.append(error)
            return None

    def told(self, operation: str) -> str | None:
        """The text of what an operation gives; None where that is unknown. Raises Raises."""
        return self._or_raised(self.value, operation)

    def told_truth(self, test: str) -> bool | None:
        """Whether a test holds; None where that is unknown. Raises Raises."""
        if self._keeps and (known := self._truths.get(test)) is not None:
            return known
        holds = self._or_raised(self._holds, test)
        if self._keeps and holds is not None and len(test) <= _SHORT:
            if len(self._truths) >= _MOST:
                self._truths.clear()
            self._truths[test] = holds
        return holds

    def _or_raised(self, ask: Callable[[str], _Told], asked: str) -> _Told | None:
        before, self._raises = self._raises, []
        try:
            told = ask(asked)
            if self._raises:
                raise self._raises[0]
            return told
        except _Untold:
            return None
        finally:
            self._raises = before

    def end(self, at_work: AtWork) -> Outlook | None:
        """With what the entry returns, asked for with no frames before it; None where that is not known."""
        told = at_work.following.foretell_end(self) if self._follows else None
        return None if told is None else of_foretold(told)

    def outlook(self, at_work: AtWork) -> Outlook | None:
        """What the next frame is; None where nothing is known."""
        if self._follows and (told := at_work.following.foretell(self)) is not None:
            return of_foretold(told)
        if self._follows and at_work.following.has_ended:
            return Outlook(None, {}, ends=True)
        try:
            return self._outlook(at_work)
        except _Untold:
            return None

    def _outlook(self, at_work: AtWork) -> Outlook | None:
        self._raises, answers = [], Answers(self.value, self.change, self.holds)
        at_work.resolve, self._kept = partial(resolved, answers=answers), at_work.kept
        if (way := at_work.closes()) is not None:
            return Outlook(way, {}, "GeneratorExit()")
        if raised := at_work.unwinds:
            return raising(at_work, raised)
        self._is_sure = True
        if (outlook := behind_test(at_work, answers)) is not None:
            if self._raises:
                return raising(at_work, self._raises[0].value)
            return outlook._replace(besides=outlook.besides - {Event.EXCEPTION}) if self._is_sure else outlook
        outlook = outlook_of(at_work, answers)
        if self._raises and (outlook is None or outlook.besides == {Event.EXCEPTION}):
            return raising(at_work, self._raises[0].value)
        if outlook is None:
            return None
        if self._is_sure and outlook.besides == {Event.EXCEPTION}:
            outlook = outlook._replace(besides=frozenset())
        bound, handed = (
            {name: as_in_frames(value) for name, value in each.items()} for each in (outlook.bound, outlook.handed)
        )
        returned = None if outlook.returned is None else as_in_frames(outlook.returned)
        return outlook._replace(bound=bound, handed=handed, returned=returned)
