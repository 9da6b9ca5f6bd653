"""Rollouts: lets a model write a trace frame by frame, and parses what it writes. Runs no program.

Knows the model protocol and the format; not how a model works, nor what is true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cwm_trace.edge import need_text
from cwm_trace.errors import InputError
from cwm_trace.format import EVENT_TOKENS, FrameParser, escape_source, source_lines, strip_mark
from cwm_trace.frames import Event, Frame, Status, Step, Trace
from cwm_trace.models import load_model
from cwm_trace.models.base import Decoding, Generated, Model, Rollout, Stop
from cwm_trace.prompts import call_prompt, script_prompt, start_of

MAX_FRAMES = 1_000
MAX_TOKENS = 16_384
MAX_MALFORMED = 3
"""A rollout goes on after a frame that breaks the format, but not after this many in a row."""


class Simulation:
    """A rollout in progress: iterate over it for the predicted steps; `trace` is what is known so far, prompt included."""

    def __init__(
        self,
        model: Model,
        prompt: Trace,
        *,
        max_frames: int = MAX_FRAMES,
        max_tokens: int = MAX_TOKENS,
        decoding: Decoding | None = None,
        force: Event | Mapping[int, Event] | None = None,
    ) -> None:
        """Limits count predicted frames, and tokens but those of frames in which a constraint leaves nothing open. `force`: the event of the
        first predicted frame (RETURN: CWM's single-step mode, whose trace ends with the entry's RETURN), or of several, by their index among
        the predicted ones."""
        self.model, self.prompt = model, prompt
        self.decoding = decoding or Decoding()
        self.status = Status.OPEN
        self.tokens = self._chosen = 0
        self.steps: list[Step] = []
        self._limits = max_frames, max_tokens
        self._force: Mapping[int, Event] = {0: force} if isinstance(force, Event) else force or {}
        self._single_step = force is Event.RETURN and _python_frames(prompt) <= 1
        self._over = False
        self._parser = FrameParser(prompt.context)
        self._unended = _unended_line(prompt.context)
        for step in prompt.frames:
            self._parser.observe(step)

    def __iter__(self) -> Iterator[Step]:
        rollout = self.model.rollout(self.prompt, self.decoding)
        try:
            yield from self._steps(rollout)
        except KeyboardInterrupt:
            self.status = Status.INTERRUPTED
            raise
        finally:
            rollout.close()

    def _steps(self, rollout: Rollout) -> Iterator[Step]:
        max_frames, max_tokens = self._limits
        broken = 0
        while not self._over and broken < MAX_MALFORMED:
            if len(self.steps) >= max_frames:
                self.status = Status.COMPLETE if self._ends(rollout) else Status.FRAME_LIMIT
                return
            event = self._force.get(len(self.steps))
            prefix = EVENT_TOKENS[event] if event else ""
            made = rollout.next_frame(prefix=prefix, max_tokens=max_tokens - self._chosen)
            self.tokens += made.tokens
            self._chosen += 0 if made.settled else made.tokens
            step = self._step(made)
            if step is not None:
                broken = broken + 1 if step.event is None else 0
                self.steps.append(step)
                self._leave(step)
                yield step

    def _leave(self, step: Step) -> None:
        """In single-step mode the entry has returned, whether or not the model would go on."""
        if self._single_step and step.event is Event.RETURN:
            self.status, self._over = Status.COMPLETE, True

    def _ends(self, rollout: Rollout) -> bool:
        """At the frame limit: whether the very next token is the end, so that nothing was cut off."""
        return self._limits[1] > self._chosen and rollout.next_frame(max_tokens=1).stop is Stop.END

    def _step(self, made: Generated) -> Step | None:
        """Parse what was written; an end inside a frame is the end of the text, but no good end of the trace."""
        self._over = made.stop is not Stop.FRAME
        if made.stop is Stop.TOKENS:
            self.status = Status.TOKEN_LIMIT
        elif made.stop is Stop.END and not made.text:
            self.status = Status.COMPLETE
        if self._over and not made.text:
            return None
        step = self._parser.parse(made.text, terminated=made.stop is Stop.FRAME)
        if isinstance(step, Frame) and self._unended and step.source == f"{self._unended}\n":
            step = replace(step, source=self._unended)  # models end it as all others
        return replace(step, logprob=made.logprob, tokens=made.tokens)

    @property
    def trace(self) -> Trace:
        """Prompt and predicted frames as one trace."""
        meta = {
            "model": self.model.name,
            "temperature": str(self.decoding.temperature),
            "seed": str(self.decoding.seed),
            **start_of(self.prompt).meta,
        }
        complete = self.status is Status.COMPLETE
        return Trace(self.prompt.context, (*self.prompt.frames, *self.steps), complete, self.status, meta)


def _unended_line(context: str) -> str:
    """The last line of a context that no newline ends, as frames show it; "" where there is none, or lines are like it."""
    *others, last = source_lines(context) or [""]
    text = strip_mark(last)
    return "" if last.endswith("\n") or f"{text}\n" in map(strip_mark, others) else escape_source(text)


def _python_frames(prompt: Trace) -> int:
    """How many are active behind a prompt."""
    return sum((step.event is Event.CALL) - (step.event is Event.RETURN) for step in prompt)


def _prompt(source: str | None, call: str | None, prompt: Trace | None) -> Trace:
    if source is None:
        if prompt is None:
            raise InputError("nothing to simulate", hint="Give source text, or a prompt")
        if call is not None:
            raise InputError(f"the call {call!r} of no source, beside a prompt that has its own", hint="Leave it out")
        return prompt
    need_text(source=source, **({} if call is None else {"call": call}))
    made = script_prompt(source) if call is None else call_prompt(source, call)
    if prompt is not None and prompt.context != made.context:
        what = "source" if call is None else "source and call"
        raise InputError(f"the prompt is of another program than the {what}", hint=f"Give the prompt, or the {what}")
    return made if prompt is None else prompt


def simulate(
    model: Model | str,
    source: str | None = None,
    call: str | None = None,
    *,
    prompt: Trace | None = None,
    max_frames: int = MAX_FRAMES,
    max_tokens: int = MAX_TOKENS,
    decoding: Decoding | None = None,
    force: Event | Mapping[int, Event] | None = None,
) -> Simulation:
    """Predict the frames of a program, one at a time: iterate over the result, whose `trace` is what is known so far.

    The arguments are those of `predict`. Raises InputError, and ModelError while iterating.
    """
    prompt = _prompt(source, call, prompt)
    if isinstance(model, str):
        model = load_model(model)
    return Simulation(model, prompt, max_frames=max_frames, max_tokens=max_tokens, decoding=decoding, force=force)


def predict(
    model: Model | str,
    source: str | None = None,
    call: str | None = None,
    *,
    prompt: Trace | None = None,
    max_frames: int = MAX_FRAMES,
    max_tokens: int = MAX_TOKENS,
    decoding: Decoding | None = None,
    force: Event | Mapping[int, Event] | None = None,
) -> Trace:
    """Predict the trace of a program, which is not run (but by the oracle). `simulate` gives the same frame by frame.

    Args:
        model: from `load_model`; or a name for it ("nano", "hf:PATH_OR_ID", "http://HOST:PORT/v1", ...), which loads it anew each time.
        source: the program's text.
        call: the call to predict, "f('a', 1)", in the form of CWM's published prompts; without one, the script is, from its entry on (a
            line with the mark `# << START_OF_TRACE`, else a top-level `main()` that it calls, else its first line).
        prompt: in place of these two, a trace to go on from.
        max_frames: stop after so many predicted frames.
        max_tokens: stop after so many predicted tokens, not counting frames in which a constraint leaves nothing open.
        decoding: temperature, seed and constraint; greedy by default.
        force: the event of the first predicted frame, or of several, by their index among the predicted ones. `Event.RETURN` is CWM's
            single step: the trace ends with what the entry returns.

    Returns the prompt's frames and the predicted ones as one trace; its `status` says how it ended (INTERRUPTED on Ctrl-C).
    Raises InputError, and ModelError where the model fails.
    """
    run = simulate(
        model,
        source,
        call,
        prompt=prompt,
        max_frames=max_frames,
        max_tokens=max_tokens,
        decoding=decoding,
        force=force,
    )
    try:
        for _ in run:
            pass
    except KeyboardInterrupt:
        run.status = Status.INTERRUPTED  # also where it came between two frames
    return run.trace
