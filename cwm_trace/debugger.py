"""A session over a trace, as a debugger has one over a program: forwards, backwards, and on from an edited state.

The trace is a recorded one, or a model writes it as far as it is asked for. Knows frames, and the model protocol; nothing of a terminal or
of commands. No code is executed: values are texts, edited ones literals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from cwm_trace.errors import InputError
from cwm_trace.eval.compare import verdict
from cwm_trace.eval.literals import literal_value
from cwm_trace.format import source_lines, strip_mark
from cwm_trace.frames import NO_LOCALS, Event, Frame, MalformedFrame, Status, Step, Trace
from cwm_trace.models.base import Decoding, FrameScore, Model
from cwm_trace.models.bindings import Bindings, variables
from cwm_trace.models.scripted import ScriptedModel
from cwm_trace.simulate import MAX_FRAMES, Simulation
from cwm_trace.tracer.entry import context_entry, definition_name


@dataclass(frozen=True, slots=True)
class Level:
    """One Python frame on the stack of a position.

    Attributes:
        index: of its last frame so far, in the trace.
        call: of the CALL that it began with.
        depth: 0 for the entry.
        locals: as last observed.
    """

    index: int
    call: int
    depth: int
    locals: Mapping[str, str]


class Session:
    """A trace and a position in it.

    Attributes:
        steps: the frames known so far; what a model has not written yet is not among them.
        at: the position, an index.
        actual: the true trace, None as long as it is not known.
    """

    def __init__(
        self,
        trace: Trace,
        model: Model | None = None,
        *,
        decoding: Decoding | None = None,
        max_frames: int = MAX_FRAMES,
    ) -> None:
        """`trace` is a whole one, or a prompt that `model` goes on with. Raises InputError where there is no frame at all."""
        self.context, self._meta = trace.context, dict(trace.meta)
        self.steps: list[Step] = list(trace.frames)
        self.at = 0
        self.actual: Trace | None = None
        self._model, self._decoding, self._max_frames = model, decoding or Decoding(), max_frames
        self._depths: list[int] = []
        self._status = trace.status
        self._simulation: Simulation | None = None
        self._coming: Iterator[Step] = iter(())
        if not trace.complete and model is not None:
            self._predict()
        if self.known(0) is None:
            raise InputError("the trace has no frames")

    # --- what there is ------------------------------------------------------------------------------------------------

    @property
    def trace(self) -> Trace:
        """What is known so far."""
        status = self._status
        return Trace(self.context, tuple(self.steps), status is Status.COMPLETE, status, self._meta)

    @property
    def step(self) -> Step:
        """The frame at the position."""
        return self.steps[self.at]

    @property
    def lines(self) -> list[str]:
        """Of the context, without the mark."""
        return [strip_mark(line) for line in source_lines(self.context)]

    def known(self, index: int) -> Step | None:
        """The frame at an index, predicted if need be; None behind the end. Raises ModelError."""
        while index >= len(self.steps):
            step = next(self._coming, None)
            if step is None:
                if self._simulation is not None:
                    self._status = self._simulation.status
                return None
            self.steps.append(step)
        return self.steps[index]

    def depth(self, index: int) -> int:
        """Call depth of a known frame, 0 for the entry."""
        for number in range(len(self._depths), index + 1):
            before = self._depths[-1] - (self.steps[number - 1].event is Event.RETURN) if number else -1
            self._depths.append(max(before + (self.steps[number].event is Event.CALL), 0))
        return self._depths[index]

    def stack(self, at: int | None = None) -> list[Level]:
        """The Python frames at a position, the entry first."""
        index = self.at if at is None else at
        levels: list[Level] = []
        while index >= 0:
            depth, call, local = self.depth(index), index, None
            while True:
                step = self.steps[call]
                if self.depth(call) == depth:
                    local = step.locals if local is None and step.event in (Event.CALL, Event.LINE) else local
                    if step.event is Event.CALL or call == 0:
                        break
                call -= 1
            levels.append(Level(index, call, depth, NO_LOCALS if local is None else local))
            # A call before this one, in the same expression, may lie between it and its caller.
            index = next((n for n in range(call - 1, -1, -1) if self.depth(n) < depth), -1)
        return levels[::-1]

    def changes(self) -> dict[str, str | None]:
        """What is new at the position since this Python frame's observation before: name -> value, None = gone."""
        step = self.step
        if not isinstance(step, Frame) or not step.event.observes_locals:
            return {}
        before: Mapping[str, str] = NO_LOCALS
        if step.event is Event.LINE and self.at:
            levels = self.stack(self.at - 1)
            depth = self.depth(self.at)
            before = levels[depth].locals if depth < len(levels) else NO_LOCALS
        new: dict[str, str | None] = {name: value for name, value in step.locals.items() if before.get(name) != value}
        return new | {name: None for name in before if name not in step.locals}

    # --- moving -------------------------------------------------------------------------------------------------------

    def forward(self, wanted: Callable[[int], bool] = lambda index: True) -> bool:
        """Go to the next position that is wanted; at the end, stay on the last frame and return False."""
        index = self.at + 1
        while self.known(index) is not None:
            if wanted(index):
                self.at = index
                return True
            index += 1
        self.at = len(self.steps) - 1
        return False

    def back(self, wanted: Callable[[int], bool] = lambda index: True) -> bool:
        """Go to the last position before this one that is wanted; at the start, stay on the first frame and return False."""
        found = next((index for index in range(self.at - 1, -1, -1) if wanted(index)), None)
        self.at = found or 0
        return found is not None

    def goto(self, index: int) -> None:
        """Go to an index. Raises InputError where there is no such frame."""
        if index < 0 or self.known(index) is None:
            raise InputError(f"there is no frame {index}", hint=f"The last one is {len(self.steps) - 1}")
        self.at = index

    def over(self) -> Callable[[int], bool]:
        """For `forward` and `back`: positions that are no deeper than this one."""
        depth = self.depth(self.at)
        return lambda index: self.depth(index) <= depth

    def leaving(self) -> Callable[[int], bool]:
        """For `forward`: where this Python frame returns."""
        depth = self.depth(self.at)
        return lambda index: self.steps[index].event is Event.RETURN and self.depth(index) == depth

    def beyond(self, line: int) -> Callable[[int], bool]:
        """For `forward`: a line after this one in the same Python frame, or its return."""
        depth, leaves = self.depth(self.at), self.leaving()
        return lambda index: (
            leaves(index) or (self.depth(index) == depth and (self.steps[index].line_number or 0) > line)
        )

    # --- truth --------------------------------------------------------------------------------------------------------

    def right(self, index: int) -> bool:
        """Whether a known frame is the true one's equal. Raises InputError where the truth is not known."""
        actual = self._truth()
        if index < len(actual):
            return verdict(self.steps[index], actual[index]).exact
        return not actual.complete

    def wrong(self, index: int) -> bool:
        """The contrary of `right`, for `forward`."""
        return not self.right(index)

    def _truth(self) -> Trace:
        if self.actual is None:
            raise InputError("the real run is not known here")
        return self.actual

    # --- what if ------------------------------------------------------------------------------------------------------

    def set(self, name: str, literal: str) -> None:
        """Give a local another value at the position (or the returned value, as `return`); what follows is predicted anew.

        Raises InputError: no literal, no locals here, no such variable, no model.
        """
        step, value = self._frame(), _rendered(literal)
        if name == "return" and step.event is Event.RETURN:
            edited = replace(step, value=value)
        elif step.event.observes_locals:
            self._check_variable(name)
            edited = replace(step, locals={**step.locals, name: value}, unchanged=step.unchanged - {name})
        else:
            raise InputError(f"a {step.event.value} frame has no locals", hint="Go to a line")
        self._go_on_with(edited)

    def _check_variable(self, name: str) -> None:
        """Raises InputError for one that the code at the position has not: no frame could show it."""
        call = self.steps[self.stack()[-1].call]
        bindings = Bindings("".join(self.lines))
        codes = () if self._in_module() else bindings.codes.get(call.line_number or 0, ())
        own = [name for code in codes for name in variables(code)] if codes else _of_module(bindings)
        known = dict.fromkeys((*self.step.locals, *own))
        if name not in known:
            where = "the module" if self._in_module() else definition_name(call.source.strip()) or "this code"
            raise InputError(f"{where} has no variable {name!r}", hint=f"It has: {', '.join(known) or 'none'}")

    def _in_module(self) -> bool:
        """Whether the position is at the top level of a script."""
        try:
            return self.depth(self.at) == 0 and context_entry(self.context).line is None
        except InputError:  # a trace without a context
            return False

    def jump(self, line: int) -> None:
        """Have another line of the context come next; what follows is predicted anew. Raises InputError."""
        step, lines = self._frame(), self.lines
        if step.event is not Event.LINE:
            raise InputError(f"a {step.event.value} frame has no line to change", hint="Go to a line")
        if not 0 < line <= len(lines):
            raise InputError(f"the context has no line {line}")
        self._go_on_with(replace(step, source=lines[line - 1], line_number=line))

    def resample(self, seed: int, temperature: float) -> None:
        """Have the frame at the position, and what follows, drawn anew. Raises InputError."""
        if self.at == 0:
            raise InputError("the first frame is given", hint="Go to a later one")
        self._needs_free_model()
        self._decoding = replace(self._decoding, seed=seed, temperature=temperature)
        self._cut()
        self._predict()
        if self.known(self.at) is None:
            self.at -= 1

    def score(self) -> FrameScore:
        """What the model thinks of the frame at the position, all before it being given. Raises InputError, ModelError."""
        if self.at == 0:
            raise InputError("the first frame is given")
        frames = tuple(self.steps[: self.at + 1])
        return self._needs_model().score(Trace(self.context, frames, complete=False, meta=self._meta), self.at)[0]

    def _frame(self) -> Frame:
        self._needs_free_model()
        if isinstance(self.step, MalformedFrame):
            raise InputError("this frame breaks the format", hint="Go to another one")
        return self.step

    def _needs_model(self) -> Model:
        if self._model is None:
            raise InputError("no model is at hand", hint="Give one with -m")
        return self._model

    def _needs_free_model(self) -> None:
        """For what a model is to answer that is not in a trace written before."""
        model = self._needs_model()
        if isinstance(model, ScriptedModel):
            raise InputError(f"{model.name} has its frames beforehand, whatever is edited", hint="Use nano, or hf:")

    def _go_on_with(self, step: Frame) -> None:
        self._cut()
        self.steps.append(replace(step, logprob=None, tokens=None, raw=None))
        self._predict()

    def _cut(self) -> None:
        """Forget the frame at the position, and what follows."""
        del self.steps[self.at :]
        del self._depths[self.at :]

    def _predict(self) -> None:
        """Let the model go on behind the frames that there are."""
        prompt = Trace(self.context, tuple(self.steps), complete=False, meta=self._meta)
        left = max(self._max_frames - len(self.steps), 0)
        self._simulation = Simulation(self._needs_model(), prompt, max_frames=left, decoding=self._decoding)
        self._coming, self._status = iter(self._simulation), Status.OPEN


def _of_module(bindings: Bindings) -> list[str]:
    """What is bound at the top level of a source."""
    codes = [code for begun in bindings.codes.values() for code in begun]
    inner = {line for code in codes for *_, line in code.co_lines()} - bindings.codes.keys()
    return [name for line in sorted(bindings.stores.keys() - inner) for name in sorted(bindings.stores[line])]


def _rendered(literal: str) -> str:
    """The text of a literal, as `repr` gives it. Raises InputError."""
    try:
        return repr(literal_value(literal.strip()))
    except ValueError:
        raise InputError(f"{literal.strip()!r} is no literal", hint="Such as 3, 'text' or [1, 2]") from None
