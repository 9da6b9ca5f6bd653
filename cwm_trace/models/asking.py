"""Asks a network what a test or another operation gives, in a text of its own, apart from the trace that comes to it.

In a trace what a test gives is seen by the line that runs next: a bit among a hundred tokens of copies, which a small network learns badly. What
is bound to a name it learns from a quarter of the tokens (the family `asks` of the training data). So it is asked in that way about the test
with values in place of its names (`models.questions`), and goes on with the line to which its own answer leads. Of a line of several
operations it is asked one after the other (`models.operations`), and held to what its answers make of the line. Nothing is evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from cwm_trace.format import ACTION_SEP, EVENT_TOKENS, FRAME_SEP, UNCHANGED, encode_frames, render_step, strip_mark
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.models.at_work import AtWork
from cwm_trace.models.base import Decoding
from cwm_trace.models.operations import worked
from cwm_trace.models.outcomes import NAME, Answers
from cwm_trace.models.outlook import Outlook, behind_test, outlook_of
from cwm_trace.models.past import Past
from cwm_trace.models.stepwise import Stepwise
from cwm_trace.models.told import Asked

if TYPE_CHECKING:
    from cwm_trace.models.causal import CausalModel

_Made = TypeVar("_Made")

_ANSWERS = ("True", "False")
# The program that asks, as `asks` are recorded: without the lines of its function.
_ENTRY = "def main():  # << START_OF_TRACE\n"
_FUNCTION = "def f(w):\n"
_CALL = "    return f(7)\n"
_BEGUN = f'{EVENT_TOKENS[Event.LINE]}{{"w": {UNCHANGED}, "r": "'
_ENDED = '"}'
_RAISED = EVENT_TOKENS[Event.EXCEPTION]
_BEFORE = "7"  # what `r` is before the first operation
_TOKENS = 400  # of an answer


def question_text(operation: str) -> str:
    """A trace, with notes, whose next frame has what the operation gives."""
    return _before() + _line(f"r = {operation}", _BEFORE)


def change_text(value: str, line: str) -> str:
    """A trace, with notes, whose next frame has what a line makes of a value, which is bound to `r`."""
    return question_text(value) + _line(line, value)


def _line(line: str, value: str) -> str:
    return render_step(Frame(Event.LINE, f"    {line}\n", {"w": "7", NAME: value}, frozenset("w")))


def answer_text(value: str) -> str:
    """How that trace goes on where the operation gives this."""
    return _BEGUN + json.dumps(value)[1:-1] + _ENDED


@cache
def _before() -> str:
    """The same for all operations."""
    frames = [
        Frame(Event.CALL, strip_mark(_ENTRY)),
        Frame(Event.LINE, _CALL),
        Frame(Event.CALL, _FUNCTION, {"w": "7"}),
        Frame(Event.LINE, f"    r = {_BEFORE}\n", {"w": "7"}),
    ]
    asking = Trace(_FUNCTION + _ENTRY + _CALL, encode_frames(frames), complete=False)
    past = Past(asking, len, None, notes=True)
    return past.text + past.note()


class Asker:
    """Asks one network; where it decodes greedily, what it has told before (`CausalModel.told`) is not asked for again.

    Attributes:
        logprob: the sum of the natural-log probabilities that the network gave to the answers behind the last outlook; what it has said of
            digits counts where it is asked first.
    """

    def __init__(self, model: CausalModel, decoding: Decoding) -> None:
        self._model, self._decoding = model, replace(decoding, speculative=False)
        self._guesses = decoding.speculative
        self._engine: Any = None
        self.logprob = 0.0
        answers = Answers(self._whole, self._whole_change, self._holds)
        self._stepwise = Stepwise(answers, keeps=decoding.temperature == 0)
        codec = model.codec
        self._ends = model.ends | {codec.ids[ACTION_SEP], codec.ids[FRAME_SEP]}
        self._begun, self._ended, self._raised = codec.encode(_BEGUN), codec.encode(_ENDED), codec.ids[_RAISED]
        self._quote = codec.encode("'")

    def __call__(self, test: str) -> bool:
        """What an expression gives that is True or False, by the network's choice between these."""
        if self._model.asks_steps:
            return self._stepwise.holds(test)
        return self._holds(self.worked(test) if self._model.asks_operations else test)

    def worked(self, line: str) -> str:
        """A line with what the network says in place of its operations."""
        return worked(line, self.value)

    def value(self, operation: str) -> str | None:
        """The text of what an operation gives, as the network writes it, or its steps; None where that raises, or the text does not end."""
        return self._stepwise.value(operation) if self._model.asks_steps else self._whole(operation)

    def change(self, value: str, line: str) -> str | None:
        """The text of a value when a line has changed it, under the name `r`; None as above."""
        return self._stepwise.change(value, line) if self._model.asks_steps else self._whole_change(value, line)

    def outlook(self, at_work: AtWork, prefix: str = "") -> Outlook | None:
        """What the next frame is, as far as the network is to be asked for it; `prefix`: an event with which it is held to begin."""
        self.logprob = 0.0
        if prefix:  # a RETURN with no frames before it, as CWM is asked in a single step
            is_end = prefix == EVENT_TOKENS[Event.RETURN] and self._model.asks_steps
            return self._stepwise.end(at_work) if is_end else None
        if self._model.asks_steps:
            return self._stepwise.outlook(at_work)
        answers = Answers(self.value, self.change, self)
        if self._model.asks_tests and (outlook := behind_test(at_work, answers)) is not None:
            return outlook
        return outlook_of(at_work, answers) if self._model.asks_operations else None

    def _holds(self, test: str) -> bool:
        return self._once(("test", test), lambda: self._truth(test))

    def _whole(self, operation: str) -> str | None:
        told = self._once(
            ("value", operation), lambda: self._value(question_text(operation), _first_character(operation))
        )
        return _BEFORE if told == UNCHANGED else told

    def _whole_change(self, value: str, line: str) -> str | None:
        told = self._once(("change", value, line), lambda: self._value(change_text(value, line)))
        return value if told == UNCHANGED else told

    def _once(self, asked: Asked, ask: Callable[[], tuple[_Made, float]]) -> _Made:
        answer = self._model.told.once(asked, ask) if self._decoding.temperature == 0 else ask()
        self.logprob += answer[1]
        made: _Made = answer[0]
        return made

    def _truth(self, test: str) -> tuple[bool, float]:
        codec = self._model.codec
        self._begin(question_text(test) + _BEGUN)
        run = self._engine.generate(frozenset(), 1, lambda ids: _begins_answer(codec.decode(ids)))
        return _ANSWERS[0].startswith(codec.decode(run.ids)), run.logprob

    def _value(self, text: str, operand: str = "") -> tuple[str | None, float]:
        """It says whether that raises, and the value; what stands between is given, and only read. `operand`: the value, as a guess."""
        begun, raised, codec = self._begun, self._raised, self._model.codec
        same = begun + codec.encode(operand + _ENDED if operand else "")

        def allowed(ids: list[int]) -> bool:
            return ids == [raised] or ids[: len(begun)] == begun[: len(ids)]

        def guess(ids: list[int]) -> list[int]:
            return same[len(ids) :] if ids == same[: len(ids)] != same else self._ending(ids[len(begun) :])

        self._begin(text)
        run = self._engine.generate(
            self._ends | {raised}, len(begun) + _TOKENS, allowed, guess if self._guesses else None
        )
        said, logprob = run.ids[len(begun) : -1], sum((*run.logprobs[:1], *run.logprobs[len(begun) :]))
        return _told(codec.decode(said)) if run.ids[0] != raised and run.stopped else None, logprob

    def _ending(self, said: list[int]) -> list[int]:
        """A guess how a value ends of which this has been said."""
        is_open = said[:1] == self._quote and (len(said) == 1 or said[-1:] != self._quote)
        return [*(self._quote if is_open else ()), *self._ended]

    def _begin(self, text: str) -> None:
        """Read a text; what it begins with has mostly been read before."""
        ids, same = self._model.codec.encode(text), 0
        if self._engine is None:
            self._engine = self._model.engine(self._decoding)
        elif self._engine.can_go_back:
            same = self._engine.back_to(ids)
        else:
            self._model.restart(self._engine, self._decoding)
        self._engine.push(ids[same:])

    def close(self) -> None:
        """Give back the engine's memory."""
        if self._engine is not None:
            self._engine.close()


def _first_character(operation: str) -> str:
    """The text of one character that an operation begins with; "" where it begins with something else."""
    return operation[:3] if operation[:1] == operation[2:3] == "'" else ""


def _begins_answer(text: str) -> bool:
    return bool(text) and any(answer.startswith(text) for answer in _ANSWERS)


def _told(text: str) -> str | None:
    """The value in what was written behind `_BEGUN`; None where it is not well-formed."""
    try:
        value = json.loads(f'"{text.removesuffix("}")}')
    except ValueError:
        return None
    return value if isinstance(value, str) else None
