"""Reads what a model wrote elsewhere: the raw text of a generation, beside the program that it is about.

One JSON object is one generation. Its text: `generation`, `completion`, `response` or `output_text`, a string or a list whose first string
counts. What it is about: `prompt`, the whole text that the model was given, or `context` (marked), or `code` (`source`) with `input` (the
arguments of `f`) or `call`. Why it ends, where that was kept: `finish_reason` or `stop_reason`.

Nothing here fails on what a model wrote: it becomes frames, malformed ones where it breaks the format. Three rules say what is no such fault:

- the text may begin with the entry's CALL that published prompts give, or with the whole prompt; it is then not taken for a frame more;
- in single-step mode the prompt ends with the RETURN token, so a text that begins with the action goes on after it, and may end with it;
- servers leave out the end token. A text without it is at its end if the entry's scope has been left, unless it was cut off for length;
  what follows the token is not the model's answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cwm_trace.errors import SchemaError
from cwm_trace.format import ACTION_SEP, CONTEXT_START, END_OF_TEXT, EVENT_TOKENS, FRAME_SEP, parse, render_frame
from cwm_trace.frames import Event, Status, Trace
from cwm_trace.prompts import call_prompt, context_prompt

TEXT_FIELDS = ("generation", "completion", "response", "output_text")
_REASON_FIELDS = ("finish_reason", "stop_reason")
_CUT_OFF = ("length", "max_tokens")
_SEEN = 12  # fields named in a message


def is_generation(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object has a generation's text."""
    return _first(record, *TEXT_FIELDS) is not None


def trace_of_generation(record: Mapping[str, Any]) -> Trace:
    """The trace that a generation is, its prompt's frames included. Raises InputError where it does not say what it is about."""
    text = _text(record)
    prompt = _prompt(record, text)
    if CONTEXT_START in text[:_START]:
        written = parse(text).context
        text = text[text.find(FRAME_SEP) + len(FRAME_SEP) :] if written == prompt.context else text
    made = parse(_continuation(text, prompt), prompt=prompt)
    if made.complete:
        return made
    reason = next((str(record[name]) for name in _REASON_FIELDS if record.get(name)), None)
    return made if END_OF_TEXT in text else _ended(made, prompt, reason)


_START = 200  # characters: the prompt's own tokens are among the first


def _text(record: Mapping[str, Any]) -> str:
    found = _first(record, *TEXT_FIELDS)
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, str):
        raise SchemaError("a generation that is no text")
    return found


def _first(record: Mapping[str, Any], *names: str) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _prompt(record: Mapping[str, Any], text: str) -> Trace:
    """Context and given frames."""
    given, context, source = (_first(record, *names) for names in (("prompt",), ("context",), ("code", "source")))
    call, arguments = record.get("call"), record.get("input")
    if isinstance(context, str):
        return context_prompt(context)
    if isinstance(source, str) and isinstance(call, str):
        return call_prompt(source, call)
    if isinstance(source, str) and isinstance(arguments, str):
        return call_prompt(source, f"f({arguments})")
    whole = next((one for one in (given, text) if isinstance(one, str) and CONTEXT_START in one[:_START]), None)
    if whole is None:
        found = ", ".join(list(record)[:_SEEN])
        raise SchemaError(
            f"a generation without its program (found: {found})", hint="Give code with input or call, or prompt"
        )
    return context_prompt(parse(whole).context)


def _continuation(text: str, prompt: Trace) -> str:
    """What follows the prompt's frames, up to the end token."""
    seed = "".join(render_frame(step) + FRAME_SEP for step in prompt.frames)
    text = text.removeprefix(FRAME_SEP).removeprefix(seed)
    before, end, _ = text.partition(END_OF_TEXT)
    if text.startswith(ACTION_SEP):
        before = EVENT_TOKENS[Event.RETURN] + before + ("" if FRAME_SEP in before else FRAME_SEP)
    return before + end


def _ended(trace: Trace, prompt: Trace, reason: str | None) -> Trace:
    """Why a trace without an end token ends: nothing but a limit stops a model in the middle of frames that keep to the format."""
    last = trace.frames[-1] if trace.frames else None
    events = [step.event for step in trace.frames]
    left = last is not None and last.event is Event.RETURN and events.count(Event.CALL) == events.count(Event.RETURN)
    if left and reason not in _CUT_OFF:
        return replace(trace, complete=True, status=Status.COMPLETE)
    begun = reason is None and len(events) > events.count(None) + len(prompt.frames)
    return replace(trace, status=Status.TOKEN_LIMIT) if begun or reason in _CUT_OFF else trace
