"""Asks a network what a test gives, in a text of its own, apart from the trace that comes to it.

In a trace what a test gives is seen by the line that runs next: a bit among a hundred tokens of copies, which a small network learns badly. What
is bound to a name it learns from a quarter of the tokens (the family `asks` of the training data). So it is asked in that way about the test
with values in place of its names (`models.questions`), and goes on with the line to which its own answer leads. Nothing is evaluated.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from cwm_trace.format import EVENT_TOKENS, UNCHANGED, encode_frames, render_step, strip_mark
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.models.base import Decoding
from cwm_trace.models.past import Past

if TYPE_CHECKING:
    from cwm_trace.models.causal import CausalModel

_ANSWERS = ("True", "False")
# The program that asks, as `asks` are recorded: without the lines of its function.
_ENTRY = "def main():  # << START_OF_TRACE\n"
_FUNCTION = "def f(w):\n"
_CALL = "    return f(7)\n"
_BEGUN = f'{EVENT_TOKENS[Event.LINE]}{{"w": {UNCHANGED}, "r": "'


def question_text(test: str) -> str:
    """A trace, with notes, that goes on with what the test gives."""
    return (
        _before() + render_step(Frame(Event.LINE, f"    r = {test}\n", {"w": "7", "r": "7"}, frozenset("w"))) + _BEGUN
    )


@cache
def _before() -> str:
    """The same for all tests."""
    frames = [
        Frame(Event.CALL, strip_mark(_ENTRY)),
        Frame(Event.LINE, _CALL),
        Frame(Event.CALL, _FUNCTION, {"w": "7"}),
        Frame(Event.LINE, "    r = 7\n", {"w": "7"}),
    ]
    asking = Trace(_FUNCTION + _ENTRY + _CALL, encode_frames(frames), complete=False)
    past = Past(asking, len, None, notes=True)
    return past.text + past.note()


class Asker:
    """Asks one network; where it decodes greedily, the same test once."""

    def __init__(self, model: CausalModel, decoding: Decoding) -> None:
        self._model, self._decoding = model, replace(decoding, speculative=False)
        self._engine: Any = None
        self._answers: dict[str, bool] = {}

    def __call__(self, test: str) -> bool:
        """What an expression gives that is True or False, by the network's choice between these."""
        if self._decoding.temperature > 0:
            return self._asked(test)
        if test not in self._answers:
            self._answers[test] = self._asked(test)
        return self._answers[test]

    def _asked(self, test: str) -> bool:
        if self._engine is None:
            self._engine = self._model.engine(self._decoding)
        else:
            self._model.restart(self._engine, self._decoding)
        codec = self._model.codec
        self._engine.push(codec.encode(question_text(test)))
        run = self._engine.generate(frozenset(), 1, lambda ids: _begins_answer(codec.decode(ids)))
        return _ANSWERS[0].startswith(codec.decode(run.ids))

    def close(self) -> None:
        """Give back the engine's memory."""
        if self._engine is not None:
            self._engine.close()


def _begins_answer(text: str) -> bool:
    return bool(text) and any(answer.startswith(text) for answer in _ANSWERS)
