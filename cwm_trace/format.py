"""The CWM text format: frames to text and back, character for character.

Source of the format: `facebook/cwm` (Meta's prompting guide and demo code) and CWM-32B's own output; where nobody has
published a rule, the choice made here is said beside it. Knows nothing of tokens' ids, files, programs or models.

Two invariants, both tested with Hypothesis: `parse(render(t)) == t` for every trace, and `render(parse(s)) == s` for every
text `s` that starts with a rendered prompt (`render_prompt`), however broken what follows it is.

Choices where the format is open:
- A special token's spelling inside user data would end the frame. In JSON it is written with its `<` as the escape of U+003C (same
  value for a JSON reader); in source text, where JSON escapes do not exist, a backslash is put after the `<`.
- A value whose rendering really is `..` is written with its first dot as the escape of U+002E, so it is not read as "unchanged".
"""

from __future__ import annotations

import builtins
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from cwm_trace.edge import need_text
from cwm_trace.frames import NO_LOCALS, Event, Frame, MalformedFrame, Status, Step, Trace
from cwm_trace.places import Places

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

BEGIN_OF_TEXT = "<|begin_of_text|>"
END_OF_TEXT = "<|end_of_text|>"
CONTEXT_START = "<|trace_context_start|>"
FRAME_SEP = "<|frame_sep|>"
ACTION_SEP = "<|action_sep|>"
ARG_SEP = "<|arg_sep|>"
EVENT_TOKENS: dict[Event, str] = {
    Event.CALL: "<|call_sep|>",
    Event.LINE: "<|line_sep|>",
    Event.RETURN: "<|return_sep|>",
    Event.EXCEPTION: "<|exception_sep|>",
}
TRACE_TOKENS = (FRAME_SEP, ACTION_SEP, *EVENT_TOKENS.values(), ARG_SEP, CONTEXT_START)
SPECIAL_TOKENS = (BEGIN_OF_TEXT, END_OF_TEXT, *TRACE_TOKENS)
CWM_TOKEN_IDS: dict[str, int] = {  # of facebook/cwm's tokenizer
    BEGIN_OF_TEXT: 128000,
    END_OF_TEXT: 128001,
    FRAME_SEP: 128100,
    ACTION_SEP: 128101,
    EVENT_TOKENS[Event.RETURN]: 128102,
    EVENT_TOKENS[Event.CALL]: 128103,
    EVENT_TOKENS[Event.LINE]: 128104,
    EVENT_TOKENS[Event.EXCEPTION]: 128105,
    ARG_SEP: 128106,
    CONTEXT_START: 128107,
}
START_MARK = "  # << START_OF_TRACE"
UNCHANGED = '".."'

_NAMES = "|".join(re.escape(token[2:-2]) for token in SPECIAL_TOKENS)
_SPECIAL = re.compile(rf"<\|(?:{_NAMES})\|>")
_ESCAPABLE = re.compile(rf"<(\\*)\|(?=(?:{_NAMES})\|>)")
_ESCAPED = re.compile(rf"<\\(\\*)\|(?=(?:{_NAMES})\|>)")
_EVENTS = {token: event for event, token in EVENT_TOKENS.items()}
_JSON_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_JSON_SPACE = re.compile(r"[ \t\r\n]*")
_SOURCE_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class _Broken(Exception):
    """Internal: what breaks the format, and where in the piece of text."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.reason, self.offset = reason, offset


# --- contexts -------------------------------------------------------------------------------------------------------


def source_lines(source: str) -> list[str]:
    """Physical lines as Python counts them, ends kept (`str.splitlines` also splits at form feeds and U+2028)."""
    return _SOURCE_LINE.findall(source)


def mark_entry(source: str, line: int) -> str:
    """Put the START_OF_TRACE mark at the end of a line (1-based) of source text."""
    lines = source_lines(source)
    text = lines[line - 1]
    body = text.rstrip("\r\n")
    lines[line - 1] = body + START_MARK + text[len(body) :]
    return "".join(lines)


def marked_line(context: str) -> int | None:
    """The 1-based line that carries the START_OF_TRACE mark, or None."""
    for number, line in enumerate(source_lines(context), start=1):
        if line.rstrip("\r\n").endswith(START_MARK):
            return number
    return None


def strip_mark(line: str) -> str:
    """A source line without the mark, its line end kept."""
    body = line.rstrip("\r\n")
    return body.removesuffix(START_MARK) + line[len(body) :]


def call_context(source: str, call: str) -> str:
    """The context in which CWM's published numbers were made: the program, and a `main` that returns the call."""
    return f"\n{source}\ndef main():{START_MARK}\n    return {call}\n"


def is_call_context(context: str) -> bool:
    """Whether a context is of that form, so that its entry is no function of the program."""
    entry, last = ("", "", *source_lines(context))[-2:]
    return entry == f"def main():{START_MARK}\n" and last.startswith("    return ")


CALL_ENTRY = Frame(Event.CALL, "def main():\n")
"""The first frame of every trace of a `call_context`, which published prompts give to the model."""


# --- rendering ------------------------------------------------------------------------------------------------------


def escape_source(text: str) -> str:
    """Make special tokens' spellings in source text harmless: `<|frame_sep|>` -> `<\\|frame_sep|>` (injective)."""
    return _ESCAPABLE.sub(r"<\\\1|", text) if "<" in text else text


def unescape_source(text: str) -> str:
    """Undo `escape_source`."""
    return _ESCAPED.sub(r"<\1|", text) if "<\\" in text else text


def render_value(value: str) -> str:
    """A rendered value as a JSON string, ASCII only."""
    text = json.dumps(value)
    if "<|" in text:
        text = _SPECIAL.sub(lambda token: "\\u003c" + token[0][1:], text)
    return text


def render_locals(shown: Mapping[str, str | None]) -> str:
    """A diff-encoded observation as JSON; None is written `".."`."""
    items = (f"{render_value(name)}: {_render_local(value)}" for name, value in shown.items())
    return "{" + ", ".join(items) + "}"


def _render_local(value: str | None) -> str:
    if value is None:
        return UNCHANGED
    return '"\\u002e."' if value == ".." else render_value(value)


def render_frame(step: Step) -> str:
    """One frame's text, without the `<|frame_sep|>` that ends it."""
    if step.event is None or step.raw is not None:
        return step.raw or ""
    token, source = EVENT_TOKENS[step.event], escape_source(step.source)
    if step.event.observes_locals:
        return f"{token}{render_locals(step.shown)}{ACTION_SEP}{source}"
    return f"{token}{ACTION_SEP}{source}{ARG_SEP}{render_value(step.value or '')}"


def render_prompt(context: str, frames: tuple[Step, ...] = ()) -> str:
    """What a model is given: the context, and the frames that are already known."""
    text = f"{BEGIN_OF_TEXT}{CONTEXT_START}{escape_source(context)}{FRAME_SEP}"
    return text + "".join(map(render_step, frames))


def render_step(step: Step) -> str:
    """One frame's text with the `<|frame_sep|>` that ends it, which one that was not finished does not have."""
    unfinished = isinstance(step, MalformedFrame) and not step.terminated
    return render_frame(step) + ("" if unfinished else FRAME_SEP)


def render(trace: Trace) -> str:
    """The whole CWM text of a trace."""
    return render_prompt(trace.context, trace.frames) + (END_OF_TEXT if trace.complete else "")


def diff_encode(frame: Frame, previous: Mapping[str, str] | None) -> Frame:
    """Set `unchanged` as CWM's data have it: against this Python frame's previous observation, if no other came between.

    `previous` is that observation, or None after a CALL into or a RETURN from another Python frame.
    """
    if frame.event is not Event.LINE or not previous:
        return replace(frame, unchanged=frozenset()) if frame.unchanged else frame
    same = frozenset(name for name, value in frame.locals.items() if previous.get(name) == value)
    return replace(frame, unchanged=same) if same != frame.unchanged else frame


def encode_frames(frames: Iterable[Frame]) -> tuple[Frame, ...]:
    """`diff_encode` over a whole trace, from its entry on."""
    encoded: list[Frame] = []
    parser = FrameParser()
    for frame in frames:
        encoded.append(diff_encode(frame, parser.previous))
        parser.observe(encoded[-1])
    return tuple(encoded)


# --- parsing --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class FrameParser:
    """Parses frames one after another; knows the previous observation, which `".."` refers to.

    Attributes:
        context: used to find line numbers; may be "".
        previous: the last observation if a `".."` may refer to it, else None.
    """

    context: str = ""
    previous: Mapping[str, str] | None = None
    _places: Places | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.context:
            self._places = Places(self.context, _line_index(self.context))

    def parse(self, raw: str, *, position: int = 0, terminated: bool = True) -> Step:
        """One frame from its text (without `<|frame_sep|>`); what breaks the format becomes a `MalformedFrame`."""
        try:
            if not terminated:
                raise _Broken("the text ends inside this frame", len(raw))
            frame = self._parse(raw)
        except _Broken as broken:
            self.previous = None
            return MalformedFrame(raw, broken.reason, position + broken.offset, terminated)
        self.observe(frame)
        return frame

    def observe(self, step: Step) -> None:
        """Take note of a frame that came from elsewhere."""
        if self._places is not None:
            self._places.observe(step)
        if isinstance(step, MalformedFrame) or step.event is Event.RETURN:
            self.previous = None
        elif step.event.observes_locals:
            self.previous = step.locals

    def _parse(self, raw: str) -> Frame:
        token = _SPECIAL.match(raw)
        if token is None or token[0] not in _EVENTS:
            raise _Broken("does not start with an event token", 0)
        event = _EVENTS[token[0]]
        frame = self._observation(event, raw) if event.observes_locals else self._value(event, raw)
        if self._places is not None:
            frame = replace(frame, line_number=self._places.find(event, frame.source))
        return frame if render_frame(frame) == raw else replace(frame, raw=raw)

    def _observation(self, event: Event, raw: str) -> Frame:
        start = len(EVENT_TOKENS[event])
        shown, end = _parse_locals(raw, start)
        source = _parse_source(raw, _expect(raw, end, ACTION_SEP), len(raw))
        unchanged = frozenset(name for name, value in shown.items() if value is None)
        known = self.previous if event is Event.LINE and self.previous else NO_LOCALS
        for name in shown:
            if name in unchanged and name not in known:
                raise _Broken(f'".." for {name!r}, which has no earlier value to refer to', start)
        values = {name: known[name] if value is None else value for name, value in shown.items()}
        return Frame(event, source, values, unchanged)

    def _value(self, event: Event, raw: str) -> Frame:
        start = _expect(raw, len(EVENT_TOKENS[event]), ACTION_SEP)
        arg = raw.find(ARG_SEP, start)
        if arg < 0:
            raise _Broken(f"no {ARG_SEP}", len(raw))
        value, end = _parse_string(raw, arg + len(ARG_SEP))
        if end != len(raw):
            raise _Broken("text after the value", end)
        return Frame(event, _parse_source(raw, start, arg), value=value)


def _expect(raw: str, offset: int, token: str) -> int:
    if not raw.startswith(token, offset):
        raise _Broken(f"no {token} here", offset)
    return offset + len(token)


def _parse_source(raw: str, start: int, end: int) -> str:
    stray = _SPECIAL.search(raw, start, end)
    if stray:
        raise _Broken(f"{stray[0]} inside the source line", stray.start())
    return unescape_source(raw[start:end])


def _parse_string(raw: str, offset: int) -> tuple[str, int]:
    match = _JSON_STRING.match(raw, offset)
    if match is None:
        raise _Broken("not a JSON string", offset)
    try:
        value = json.loads(match[0])
    except ValueError as error:
        raise _Broken(f"not a JSON string: {error}", offset) from None
    stray = _SPECIAL.search(match[0])
    if stray:
        raise _Broken(f"{stray[0]} inside a value", offset + stray.start())
    assert isinstance(value, str)
    return value, match.end()


def _skip(raw: str, offset: int) -> int:
    match = _JSON_SPACE.match(raw, offset)
    assert match is not None
    return match.end()


def _parse_locals(raw: str, offset: int) -> tuple[dict[str, str | None], int]:
    """A JSON object of strings; None for `".."`, which only its raw spelling tells from a value that is two dots."""
    if not raw.startswith("{", offset):
        raise _Broken("the locals are not a JSON object", offset)
    shown: dict[str, str | None] = {}
    offset = _skip(raw, offset + 1)
    if raw.startswith("}", offset):
        return shown, offset + 1
    while True:
        start = offset
        name, offset = _parse_string(raw, offset)
        if name in shown:
            raise _Broken(f"the name {name!r} twice", start)
        offset = _skip(raw, offset)
        offset = _skip(raw, _expect(raw, offset, ":"))
        value, end = _parse_string(raw, offset)
        shown[name] = None if raw[offset:end] == UNCHANGED else value
        offset = _skip(raw, end)
        if raw.startswith("}", offset):
            return shown, offset + 1
        offset = _skip(raw, _expect(raw, offset, ","))


@lru_cache(maxsize=8)
def _line_index(context: str) -> dict[str, tuple[int, ...]]:
    """Source line without its end -> the 1-based numbers of the lines that read so."""
    index: dict[str, tuple[int, ...]] = {}
    for number, line in enumerate(source_lines(context), start=1):
        line = strip_mark(line.rstrip("\r\n"))
        index[line] = (*index.get(line, ()), number)
    return index


def split_frames(text: str, offset: int) -> Iterator[tuple[str, int, bool]]:
    """Pieces of text between `<|frame_sep|>`: (raw, position, terminated); the last one may be empty."""
    while (end := text.find(FRAME_SEP, offset)) >= 0:
        yield text[offset:end], offset, True
        offset = end + len(FRAME_SEP)
    yield text[offset:], offset, False


def parse(text: str, *, prompt: Trace | None = None) -> Trace:
    """The inverse of `render`. Never raises on text: what breaks the format becomes `MalformedFrame` values.

    `text` is a whole trace, or the continuation of `prompt` (a trace whose frames were given to the model; the result then
    holds both). Without either, a text that does not start with a prompt is read as frames of an unknown context.
    """
    need_text(text=text)
    if prompt is not None:
        context, known, offset = prompt.context, prompt.frames, 0
    else:
        context, offset = _parse_prompt(text)
        known = ()
    parser = FrameParser(context)
    for step in known:
        parser.observe(step)
    frames, complete = list(known), False
    for raw, position, terminated in split_frames(text, offset):
        complete = not terminated and raw == END_OF_TEXT
        if terminated or (raw and not complete):
            frames.append(parser.parse(raw, position=position, terminated=terminated))
    return Trace(context, tuple(frames), complete, Status.COMPLETE if complete else Status.OPEN)


def _parse_prompt(text: str) -> tuple[str, int]:
    """The context and where the frames begin. Tokenizers add and drop the first token, so it may be absent."""
    start = len(BEGIN_OF_TEXT) if text.startswith(BEGIN_OF_TEXT) else 0
    if not text.startswith(CONTEXT_START, start):
        return "", 0
    start += len(CONTEXT_START)
    end = text.find(FRAME_SEP, start)
    if end < 0:
        return unescape_source(text[start:]), len(text)
    return unescape_source(text[start:end]), end + len(FRAME_SEP)
