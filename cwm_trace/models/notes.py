"""Notes: before each frame, the line that runs, with the values of its variables in place of their names, and the lines that may be next.

A small network finds the value of a name badly: of several values shown above it takes the last one, or the only one of a fitting type. What is
looked up for it stands in its text then: behind `result = x + 1`, where the trace shows that `x` is 5, comes `result = 5 + 1`, and the
observation after it. Where a call in the line has returned, what it returned stands for it (`models.answers`). Of a loop's header and of a
comprehension, a note has a number, too: how often it has run; and in what a loop goes through a mark stands before the item that it is at, which
no frame shows. Where a function goes on behind a call, what it had in its variables is told before that, as the next frame shows all of them
in full. Then come the lines that may run next (`models.flow`), of an `if` both ways. Bookkeeping of the text that is there: nothing is
run, and where a frame is wrong its notes are. Notes are no part of the trace: models that are trained with them read them (`models.causal`),
nobody else sees them.

Knows frames, and what names are in a line of Python; no model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from cwm_trace.format import ACTION_SEP, UNCHANGED, escape_source
from cwm_trace.frames import Step
from cwm_trace.models.answers import answered
from cwm_trace.models.at_work import AtWork
from cwm_trace.models.flow import Flow
from cwm_trace.models.inline import ROOM, inlined
from cwm_trace.models.scopes import LOOPS, UNKNOWN, Ran, Scope, Scopes, State

Work: TypeAlias = Callable[[str], str]


class Notes:
    """The notes of one trace, as it grows.

    Attributes:
        at_work: what may be asked for in their place.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow, self._scopes = flow, Scopes(flow)
        self.at_work = AtWork(self._scopes)

    def observe(self, step: Step, ran: Ran = UNKNOWN) -> None:
        """Append a frame; `ran`: what `ran` was behind it, where not all frames before it are told."""
        self._scopes.observe(step, ran)
        self.at_work.following.observe(step)

    @property
    def ran(self) -> Ran:
        """The line that ran last in the Python frame that is running."""
        return self._scopes.ran

    def text(self, work: Work | None = None) -> str:
        """What is to be read before the next frame; "" where there is nothing to note. `work`: of a line of values, puts what operations give
        in their places."""
        lines = self._lines(self._scopes.active[-1], work) if self._scopes.active else []
        return "\n".join([ACTION_SEP + lines[0], *lines[1:], ""]) if lines else ""

    def _lines(self, scope: Scope, work: Work | None) -> Sequence[str]:
        """What is known of what is next: variables, the line with their values, the lines that may be next."""
        if self._scopes.state is State.NOTHING:
            return ()
        known = (escape_source(_shown(scope.names)),) if self._scopes.resumes and scope.names else ()
        if self._scopes.state is not State.RUNS:
            return (*known, *self._flow.raised(scope.number, caught=self._scopes.state is State.RAISED))
        line = self._scopes.line(scope)
        following = self._flow.following(scope.number, scope.inline or not scope.line, line or None)
        if work is not None and scope.line:
            line = self._worked(scope, line, work)
        return (*known, *([escape_source(line)] if line else []), *following)

    def _worked(self, scope: Scope, line: str, work: Work) -> str:
        """The line with what operations give in their places; of a loop, with the mark in what is gone through then."""
        source = scope.line.strip()
        if scope.inline or not source.startswith(LOOPS):
            done = work(line or source)
            return line if done == source else done
        plain = answered(inlined(source, self._scopes.value), scope.answers)
        done, visit = work(plain), scope.visits[scope.line]
        return line if done == plain else f"{inlined(done, lambda _: None, visit)}  # {visit}"


def _shown(names: Mapping[str, str]) -> str:
    """Variables in the order in which a frame shows them; `..` for values for which there is no room."""
    room, made = ROOM, []
    for name, value in names.items():
        fits = len(value) <= room
        room -= len(value) if fits else 0
        made.append(f"{name}={value if fits else UNCHANGED}")
    return f"({', '.join(made)})"
