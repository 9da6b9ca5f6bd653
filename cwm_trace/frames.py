"""Frames and traces as values: what one step of an execution is, and a sequence of them.

Knows nothing of text, files, programs or models (`cwm_trace.format` renders and parses, `cwm_trace.tracer` records).
The invariant: `Frame.locals` is always *expanded* (every name with its rendered value); which of the names the CWM text
shows as ".." is kept beside it in `Frame.unchanged`.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Never, overload

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len


class _NoLocals(dict[str, str]):
    """Stays empty, and is itself again after copying and pickling (a mapping proxy can be neither)."""

    def __setitem__(self, name: str, value: str) -> Never:
        raise TypeError("a frame does not change")

    def __reduce__(self) -> str:
        return "NO_LOCALS"


NO_LOCALS: Mapping[str, str] = _NoLocals()
_NOT_RECORDED: Mapping[str, bool | None] = {"logprob": None, "tokens": None, "capped": False, "raw": None}
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Event(StrEnum):
    """What happened; the four events of `sys.settrace`."""

    CALL = "call"
    LINE = "line"
    RETURN = "return"
    EXCEPTION = "exception"

    @property
    def observes_locals(self) -> bool:
        """Whether a frame of this event carries locals (CALL, LINE) rather than a value (RETURN, EXCEPTION)."""
        return self is Event.CALL or self is Event.LINE


class Status(StrEnum):
    """Why a trace ends where it ends."""

    COMPLETE = "complete"  # the entry's scope was left: `<|end_of_text|>`
    OPEN = "open"  # the text stops before that; why is not known
    FRAME_LIMIT = "frame_limit"
    TOKEN_LIMIT = "token_limit"
    TIME_LIMIT = "time_limit"
    SIZE_LIMIT = "size_limit"
    INTERRUPTED = "interrupted"
    KILLED = "killed"  # the traced process died: signal, os._exit, out of memory

    @property
    def is_limit(self) -> bool:
        """Whether a limit that somebody set ended it."""
        return self.value.endswith("_limit")


def join_surrogates(text: str) -> str:
    """Replace each surrogate *pair* by the character it encodes (JSON cannot tell the two apart)."""
    if text.isascii():
        return text
    return _SURROGATE_PAIR.sub(_joined, text)


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


@dataclass(frozen=True, slots=True)
class Frame:
    """One step: event, observation (`locals`, or `value`), action (`source`).

    Attributes:
        event: what happened.
        source: the physical source line, with indentation and line end, as the CWM text shows it.
        locals: CALL, LINE: name -> rendered value, all of them, in order of first binding. Else empty.
        unchanged: the names in `locals` that the CWM text shows as "..".
        value: RETURN, EXCEPTION: the rendered value. Else None.
        line_number: 1-based line in the trace's context; None where only text is known and equal lines make it ambiguous, and for
            code that the program executes from a text of its own.
        logprob: natural-log probability that a model gave to this frame's text, or to the answers that settle it; None for recorded frames.
        tokens: number of tokens of this frame's text, where a model wrote it.
        capped: whether a rendered value was cut at a cap (a setting of the recorder).
        raw: this frame's text where a model's spelling differs from the canonical one (extra JSON whitespace, say).
    """

    event: Event
    source: str
    locals: Mapping[str, str] = field(default_factory=lambda: NO_LOCALS)
    unchanged: frozenset[str] = frozenset()
    value: str | None = None
    line_number: int | None = field(default=None, compare=False)
    logprob: float | None = field(default=None, compare=False)
    tokens: int | None = field(default=None, compare=False)
    capped: bool = field(default=False, compare=False)
    raw: str | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.event.observes_locals:
            if self.value is not None:
                raise ValueError(f"a {self.event} frame has locals, not a value")
            if self.unchanged and self.event is Event.CALL:
                raise ValueError("a CALL frame shows every argument in full")
            if not self.unchanged <= self.locals.keys():
                raise ValueError(f"unchanged but not local: {sorted(self.unchanged - self.locals.keys())}")
        elif self.value is None or self.locals or self.unchanged:
            raise ValueError(f"a {self.event} frame has a value, not locals")
        self._canonicalise()

    def __getattr__(self, name: str) -> None | bool:
        # What `recorded_frame` does not set: it makes a frame for each event of a program.
        if name in _NOT_RECORDED:
            return _NOT_RECORDED[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def _canonicalise(self) -> None:
        """Join surrogate pairs wherever the frame holds text that is not ASCII."""
        if not self.source.isascii():
            object.__setattr__(self, "source", join_surrogates(self.source))
        if self.value is not None and not self.value.isascii():
            object.__setattr__(self, "value", join_surrogates(self.value))
        if not all(name.isascii() and value.isascii() for name, value in self.locals.items()):
            joined = {join_surrogates(name): join_surrogates(value) for name, value in self.locals.items()}
            object.__setattr__(self, "locals", joined)
            object.__setattr__(self, "unchanged", frozenset(map(join_surrogates, self.unchanged)))

    @property
    def shown(self) -> dict[str, str | None]:
        """The diff-encoded observation: name -> rendered value, or None where the text has ".."."""
        return {name: None if name in self.unchanged else value for name, value in self.locals.items()}


def recorded_frame(
    event: Event,
    source: str,
    shown: Mapping[str, str],
    unchanged: frozenset[str],
    value: str | None,
    line_number: int | None,
    capped: bool,
) -> Frame:
    """A frame as the recorder makes it, without the checks of `Frame`: they cost as much as all the rest of an event.

    The caller sees to it that texts hold no surrogates, and that locals, unchanged names and value go with the event.
    """
    made: Frame = _new_frame(Frame)
    _set_event(made, event)
    _set_source(made, source)
    _set_locals(made, shown)
    _set_unchanged(made, unchanged)
    _set_value(made, value)
    _set_line_number(made, line_number)
    if capped:
        _set_capped(made, True)
    return made


_new_frame = object.__new__
(
    _set_event,
    _set_source,
    _set_locals,
    _set_unchanged,
    _set_value,
    _set_line_number,
    _set_capped,
) = (
    getattr(Frame, name).__set__
    for name in ("event", "source", "locals", "unchanged", "value", "line_number", "capped")
)


@dataclass(frozen=True, slots=True)
class MalformedFrame:
    """Text between two `<|frame_sep|>` that breaks the format, kept as it is.

    Attributes:
        raw: the text, without the `<|frame_sep|>` that ends it.
        reason: what is wrong with it, in one clause.
        position: offset of the offending character in the parsed text (characters).
        terminated: whether a `<|frame_sep|>` followed; only the last piece of a text may lack it.
    """

    raw: str
    reason: str = field(compare=False)
    position: int = field(default=0, compare=False)
    terminated: bool = True
    logprob: float | None = field(default=None, compare=False)
    tokens: int | None = field(default=None, compare=False)

    # The reading side of Frame, so that `trace[8].locals` needs no case distinction.
    event = None
    source = ""
    locals = NO_LOCALS
    unchanged: frozenset[str] = field(default=frozenset(), init=False, repr=False)
    value = None
    line_number = None
    capped = False

    @property
    def shown(self) -> dict[str, str | None]:
        """Nothing: a malformed frame has no observation."""
        return {}


Step = Frame | MalformedFrame


@dataclass(frozen=True, slots=True, repr=False)
class Trace(Sequence[Step]):
    """A context, and the frames of one execution that starts at the entry marked in it.

    Attributes:
        context: the source text as a model is given it, with the `# << START_OF_TRACE` mark; "" if unknown.
        frames: the steps, malformed ones in their place.
        complete: whether the entry's scope was left (the text ends with `<|end_of_text|>`).
        status: why the trace ends where it ends.
        meta: free string facts: program name, model, interpreter, ...
        threads: what other threads of the program did, as traces of their own; `meta` of each names its thread, and its parent trace.
    """

    context: str
    frames: tuple[Step, ...]
    complete: bool = True
    status: Status = field(default=Status.OPEN, compare=False)
    meta: Mapping[str, str] = field(default_factory=dict, compare=False)
    threads: tuple[Trace, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "context", join_surrogates(self.context))
        if self.complete:
            object.__setattr__(self, "status", Status.COMPLETE)
        elif self.status is Status.COMPLETE:
            raise ValueError("status is complete, the trace is not")

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, index: int | slice) -> Step | tuple[Step, ...]:
        return self.frames[index]

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.frames)

    def __repr__(self) -> str:
        name = self.meta.get("name", "")
        end = f"raised {self.raised}" if self.raised else f"returns {self.returned}" if self.returned else self.status
        return f"<Trace {name + ' ' if name else ''}{len(self)} frames {end}>"

    @property
    def returned(self) -> str | None:
        """The rendered value that the entry returned; None if it raised or its end is not in the trace."""
        if not self.complete or not self.frames or self.raised is not None:
            return None
        last = self.frames[-1]
        return last.value if last.event is Event.RETURN else None

    @property
    def raised(self) -> str | None:
        """The rendered exception that left the entry, else None.

        Read off the frames: an EXCEPTION directly before the last RETURN "None" (`sys.settrace` reports a RETURN of None while an exception
        unwinds a Python frame), or one behind which nothing has run but what unwinds it, `finally` blocks and the ends of `with` statements
        (`cwm_trace.leaving`). A one-line `with suppress(...): ...` at the very end looks the same.
        """
        if not self.complete or not self.frames:
            return None
        last = self.frames[-1]
        if last.event is Event.EXCEPTION:
            return last.value
        if len(self.frames) < 2 or last.event is not Event.RETURN or last.value != "None":
            return None
        before = self.frames[-2]
        if before.event is Event.EXCEPTION:
            return before.value
        from cwm_trace.leaving import exception_that_left  # which knows frames

        return exception_that_left(self.context, self.frames)

    @property
    def malformed(self) -> tuple[MalformedFrame, ...]:
        """The steps that break the format."""
        return tuple(step for step in self.frames if isinstance(step, MalformedFrame))

    def at(self, *, line: int) -> tuple[Frame, ...]:
        """The frames at one line of the context (1-based)."""
        return tuple(step for step in self.frames if isinstance(step, Frame) and step.line_number == line)

    def depths(self) -> tuple[int, ...]:
        """Call depth of each frame, 0 for the entry, counted from CALL and RETURN frames."""
        depths, depth = [], -1
        for step in self.frames:
            depth += step.event is Event.CALL
            depths.append(max(depth, 0))
            depth -= step.event is Event.RETURN
        return tuple(depths)

    def render(self) -> str:
        """The whole CWM text: prompt, all frames, `<|end_of_text|>` if complete."""
        from cwm_trace.format import render

        return render(self)

    def to_dataframe(self) -> Any:
        """A pandas DataFrame, a row for each frame: event, line, source, depth, locals (name -> rendered value), value, logprob.

        Raises ImportError where pandas is not installed.
        """
        import pandas

        rows = [
            (
                step.event.value if step.event else "malformed",
                step.line_number,
                step.source,
                depth,
                dict(step.locals),
                step.value,
                step.logprob,
            )
            for step, depth in zip(self.frames, self.depths(), strict=True)
        ]
        return pandas.DataFrame(rows, columns=["event", "line", "source", "depth", "locals", "value", "logprob"])

    def _repr_html_(self) -> str:
        """For notebooks: the trace as a page inside theirs."""
        from cwm_trace.page import notebook_html

        return notebook_html(self)

    def save(self, path: str) -> None:
        """Write this trace to a file; the format follows the extension (see `cwm_trace.save`)."""
        from cwm_trace.files import save

        save([self], path)
