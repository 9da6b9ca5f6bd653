"""The protocol between models and everything that uses them.

A model continues a trace, one frame at a time, as CWM text. It knows nothing of true execution (but for `oracle`), of metrics, or
of how a frame is parsed: text in, text out. `cwm_trace.simulate` turns the text into frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, runtime_checkable

from cwm_trace.errors import InputError
from cwm_trace.frames import Step, Trace
from cwm_trace.parts import Part


@dataclass(frozen=True, slots=True)
class Decoding:
    """How the next token is chosen.

    Attributes:
        temperature: 0 is greedy; else tokens are sampled from softmax(logits / temperature).
        seed: of the sampling; the same seed, model and prompt give the same rollout on one machine.
        speculative: whether greedy decoding may guess tokens from the trace itself and let the model check many at once, where the
            model can: the same result, faster.
        constrained: whether only tokens are chosen that keep to the format, and to what the program's source leaves open
            (`cwm_trace.models.constraint`). A local model's option; None: as its config says (`nano`: yes), and no where it says nothing.
    """

    temperature: float = 0.0
    seed: int = 0
    speculative: bool = True
    constrained: bool | None = None

    def __post_init__(self) -> None:
        """Raises InputError: logits divided by such a temperature are no distribution."""
        if not 0 <= self.temperature < math.inf:  # nor nan
            raise InputError(f"a temperature of {self.temperature} cannot be drawn at", hint="Give 0 (greedy) or more")


class Stop(StrEnum):
    """Why a model stopped writing one frame."""

    FRAME = "frame"  # `<|frame_sep|>`
    END = "end"  # `<|end_of_text|>`: the entry's scope was left
    TOKENS = "tokens"  # the token limit given, or the model's context window
    OPEN = "open"  # there is no more, though the scope was not left: a trace that was cut off, replayed


@dataclass(frozen=True, slots=True)
class Generated:
    """Text that a model wrote for one frame.

    Attributes:
        text: the frame's text, a forced prefix included, without the `<|frame_sep|>` or `<|end_of_text|>` that ended it.
        stop: why it ends.
        tokens: tokens generated, the ending one included, a forced prefix not.
        logprob: sum of their natural-log probabilities under the model (temperature 1), None where a model has none; of a frame of which
            a constraint leaves nothing open, that of the answers which it rests on (0.0: on none).
        settled: whether it is such a frame.
    """

    text: str
    stop: Stop
    tokens: int = 0
    logprob: float | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True)
class PartScore:
    """What a model would have written in place of one part of a given frame, all before it being given.

    Attributes:
        part: which part.
        text: its true text.
        greedy: whether every token that has a character of it is the model's first choice.
        instead: "" where greedy; else the true text up to the first token that is not, and that token as the model would have it.
    """

    part: Part
    text: str
    greedy: bool
    instead: str = ""


@dataclass(frozen=True, slots=True)
class FrameScore:
    """What a model thinks of a given frame, the frames before it being given (teacher-forced).

    Attributes:
        logprob: sum of the natural-log probabilities of the frame's tokens, its `<|frame_sep|>` included.
        tokens: how many.
        greedy: whether every token is the model's first choice, so that greedy decoding would have written this frame.
        parts: the same for each part of the frame (`cwm_trace.parts`); () where the model cannot tell, or the frame is malformed.
    """

    logprob: float
    tokens: int
    greedy: bool
    parts: tuple[PartScore, ...] = ()


@runtime_checkable
class Rollout(Protocol):
    """One growing trace inside a model; keeps what it has read (a key/value cache), so nothing is read twice."""

    def feed(self, step: Step) -> None:
        """Append a frame that came from elsewhere (teacher forcing, an edited state)."""
        ...

    def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
        """Write the next frame, starting with `prefix` (an event token, say), of at most `max_tokens` tokens."""
        ...

    def close(self) -> None:
        """Give back what the rollout holds (a connection, memory); nothing is asked of it afterwards."""
        ...


@runtime_checkable
class Concurrent(Protocol):
    """A model several of whose rollouts may run at once, each in a thread of its own."""

    def concurrent(self) -> Model | None:
        """What to begin such rollouts with, or None where this model cannot after all."""
        ...


@runtime_checkable
class Written(Protocol):
    """A model whose traces were written before, elsewhere: nothing is decoded, and no limit is put on them a second time."""

    def written(self, prompt: Trace) -> Trace:
        """The whole trace of the prompt's context, with the status that it ended with. Raises ModelError where there is none."""
        ...


@runtime_checkable
class Model(Protocol):
    """A source of predicted frames."""

    @property
    def name(self) -> str:
        """Short name for tables and files, e.g. `nano`, `hf:facebook/cwm`."""
        ...

    def rollout(self, prompt: Trace, decoding: Decoding) -> Rollout:
        """Begin to continue `prompt`: its context and the frames already known (usually the entry's CALL)."""
        ...

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        """Teacher-forced scores of the frames after the first `given` ones. Raises ModelError where a model cannot."""
        ...


def called(name: str, *, constrained: bool) -> str:
    """How tables and headlines call a model: without its constraint `nano` is another one, a network that is not followed by a program."""
    return name if constrained or name != "nano" else f"{name} (network alone)"


def settled(decoding: Decoding | None, model: Model) -> Decoding:
    """A decoding (None: greedy) that says whether it is constrained: as the model does where it does not itself."""
    decoding = decoding or Decoding()
    if decoding.constrained is not None:
        return decoding
    return replace(decoding, constrained=bool(getattr(model, "constrained", False)))
