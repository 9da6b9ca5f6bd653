"""Models that have their frames before they are asked: from a file, or by a rule so simple that any table must show it.

They execute nothing; a baseline reads the context as text and syntax tree.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cwm_trace.errors import ModelError
from cwm_trace.files import iter_traces
from cwm_trace.format import encode_frames, render_frame, source_lines, strip_mark
from cwm_trace.frames import Event, Frame, Step, Trace
from cwm_trace.models.base import Decoding, FrameScore, Generated, Stop
from cwm_trace.parsing import parse


@dataclass(slots=True)
class ScriptedRollout:
    """Gives the frames of a list one after another, whatever is fed; after them the end."""

    steps: tuple[Step, ...]
    complete: bool
    position: int = 0

    def feed(self, step: Step) -> None:
        """Take one frame as given: the next one is the one after it."""
        self.position += 1

    def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
        """The next frame. A forced prefix is honoured by skipping to the next frame that starts so."""
        while self.position < len(self.steps):
            text = render_frame(self.steps[self.position])
            self.position += 1
            if text.startswith(prefix):
                return Generated(text, Stop.FRAME)
        return Generated("", Stop.END if self.complete else Stop.OPEN)

    def close(self) -> None:
        """Nothing is held."""


class ScriptedModel:
    """A model that has the whole trace at once; subclasses write it."""

    name = "scripted"

    def write(self, prompt: Trace) -> Trace:
        """The whole trace of the prompt's context, its given frames included."""
        raise NotImplementedError

    def rollout(self, prompt: Trace, decoding: Decoding) -> ScriptedRollout:
        """Begin after the frames that the prompt already has."""
        trace = self.write(prompt)
        return ScriptedRollout(trace.frames, trace.complete, len(prompt.frames))

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        """Raises ModelError: there are no probabilities."""
        raise ModelError(f"{self.name} gives no probabilities", hint="Score with nano or hf:")


@dataclass
class Replay(ScriptedModel):
    """`replay:FILE`: the trace of a file whose context is the prompt's, or the only one of the file if its context is unknown.

    The file holds traces (`cwm_trace.save`, `predict -o`) or the raw texts of generations (`cwm_trace.generated`).
    """

    path: str
    traces: list[Trace] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = f"replay:{self.path}"
        self.traces = list(iter_traces(self.path))

    def write(self, prompt: Trace) -> Trace:
        """Find the trace. Raises ModelError."""
        same = [trace for trace in self.traces if trace.context == prompt.context]
        if same:
            return same[0]
        if len(self.traces) == 1 and not self.traces[0].context:
            return self.traces[0]  # frames of whatever program
        raise ModelError(f"{self.path} has no trace of this program", hint=f"It has {len(self.traces)} of others")

    written = write


class CopyInput(ScriptedModel):
    """`copy-input`: the called function returns its first argument at once.

    The frames are well formed: `main`'s line, the call with its arguments, one return of each. This is the baseline of CRUXEval's
    "copy the first argument" (17.4 % of the 800). Without a call of a known function with arguments, `main` returns None.
    """

    name = "copy-input"

    def write(self, prompt: Trace) -> Trace:
        """The trace of that guess."""
        return _baseline(
            prompt, lambda call: [Frame(Event.RETURN, call.header, value=call.first)], lambda call: call.first
        )


class NoChange(ScriptedModel):
    """`no-change`: control flow without effects.

    The called function's lines are visited once each from top to bottom, no variable is ever bound or changed (".." throughout), and
    it returns None on its last line. What this scores on diff-encoded observations shows how little those say by themselves.
    """

    name = "no-change"

    def write(self, prompt: Trace) -> Trace:
        """The trace of that guess."""
        return _baseline(prompt, _body_frames, lambda call: "None")


@dataclass(frozen=True, slots=True)
class _Call:
    """The call that `main` returns: the called function's lines, its arguments as rendered values."""

    header: str
    body: list[str]
    locals: dict[str, str]
    first: str


def _body_frames(call: _Call) -> list[Frame]:
    lines = [Frame(Event.LINE, line, call.locals) for line in call.body]
    return [*lines, Frame(Event.RETURN, (call.body or [call.header])[-1], value="None")]


def _baseline(prompt: Trace, inside: Callable[[_Call], Iterable[Frame]], value: Callable[[_Call], str]) -> Trace:
    lines = [strip_mark(line) for line in source_lines(prompt.context)]
    known = [step for step in prompt.frames if isinstance(step, Frame)]
    first = known or [Frame(Event.CALL, next((line for line in lines if line.startswith("def main")), ""))]
    last_line = lines[-1] if lines else ""
    call = _called(lines)
    if call is None:
        frames = [*first, Frame(Event.LINE, last_line), Frame(Event.RETURN, last_line, value="None")]
    else:
        entered = [Frame(Event.LINE, last_line), Frame(Event.CALL, call.header, call.locals), *inside(call)]
        frames = [*first, *entered, Frame(Event.RETURN, last_line, value=value(call))]
    return Trace(prompt.context, encode_frames(frames))


def _called(lines: list[str]) -> _Call | None:
    """What the last line, `return f(...)`, calls; None if it calls nothing that the context defines."""
    try:
        tree = parse("".join(lines))
        returned = parse(lines[-1].strip().removeprefix("return "), mode="eval").body
    except (SyntaxError, IndexError, ValueError):
        return None
    if not isinstance(returned, ast.Call) or not isinstance(returned.func, ast.Name):
        return None
    name = returned.func.id
    function = next((n for n in reversed(tree.body) if isinstance(n, ast.FunctionDef) and n.name == name), None)
    if function is None or not (returned.args or returned.keywords):
        return None
    bound = _bound(function.args, returned)
    starts = sorted({node.lineno for node in ast.walk(function) if isinstance(node, ast.stmt)} - {function.lineno})
    body = [lines[number - 1] for number in starts]
    return _Call(lines[function.lineno - 1], body, bound, next(iter(bound.values()), "None"))


def _bound(arguments: ast.arguments, call: ast.Call) -> dict[str, str]:
    """The parameters' rendered values, in the order in which Python binds them; those that cannot be told are left out."""
    positional = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    keyword = [argument.arg for argument in arguments.kwonlyargs]
    defaults = dict(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    defaults |= {name: value for name, value in zip(keyword, arguments.kw_defaults, strict=True) if value is not None}
    given = dict(zip(positional, call.args, strict=False)) | {
        item.arg: item.value for item in call.keywords if item.arg
    }
    known = defaults | given
    return {name: _rendered(known[name]) for name in [*positional, *keyword] if name in known}


def _rendered(node: ast.expr) -> str:
    try:
        return repr(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ast.unparse(node)
