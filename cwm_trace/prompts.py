"""Writes the prompt of a rollout: the marked context, and the entry's CALL frame where it can be known without running anything."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from cwm_trace.errors import InputError, NotReached
from cwm_trace.format import CALL_ENTRY, source_lines
from cwm_trace.frames import Event, Frame, Status, Trace
from cwm_trace.tracer.entry import Entry, call_entry, context_entry, definition_name, script_entry

_PATH, _ARGUMENTS, _STDIN, _FOLDER = "path", "arguments", "stdin", "folder"  # the keys of a prompt's `meta`


@dataclass(frozen=True, slots=True)
class Start:
    """How a program is started, which stands in no context: a model that follows programs is told of it beside the prompt.

    Attributes:
        path: its file, as the command line names it; "": it has none.
        arguments: `sys.argv` behind its first item.
        stdin: all that is on its standard input; None: nobody knows.
        folder: its working directory, an absolute path, whose files it may read; "": one that nobody knows.
    """

    path: str = ""
    arguments: tuple[str, ...] = ()
    stdin: str | None = None
    folder: str = ""

    @property
    def meta(self) -> dict[str, str]:
        """As a trace's `meta` keeps it."""
        told = {
            _PATH: self.path,
            _FOLDER: self.folder,
            _ARGUMENTS: json.dumps(self.arguments) if self.arguments else "",
        }
        return {name: text for name, text in told.items() if text} | (
            {} if self.stdin is None else {_STDIN: self.stdin}
        )


UNKNOWN_START = Start()
"""Of a text without a file, whose standard input nobody knows."""


def started(prompt: Trace, start: Start) -> Trace:
    """The prompt of a program that is started so."""
    kept = {name: text for name, text in prompt.meta.items() if name not in (_PATH, _ARGUMENTS, _STDIN, _FOLDER)}
    return replace(prompt, meta=kept | start.meta)


def start_of(trace: Trace) -> Start:
    """How the program of a prompt, or of a trace that was predicted from one, is started. Raises InputError."""
    path, arguments = (trace.meta.get(name, "") for name in (_PATH, _ARGUMENTS))
    try:
        words = tuple(map(str, json.loads(arguments))) if arguments else ()
    except (ValueError, TypeError):
        raise InputError(f"the trace's meta has arguments that are no JSON list: {arguments}") from None
    return Start(path, words, trace.meta.get(_STDIN), trace.meta.get(_FOLDER, ""))


def call_prompt(source: str, call: str, filename: str = "<source>") -> Trace:
    """The prompt of CWM's published numbers: `main` returns the call, and its CALL is given. Raises InputError."""
    entry = call_entry(source, call, filename)
    return Trace(entry.context, (_numbered(CALL_ENTRY, entry),), complete=False)


def script_prompt(source: str, filename: str = "<source>") -> Trace:
    """A script from its entry on (marked line, else a `main()` it calls, else the module body). Raises InputError."""
    return entry_prompt(script_entry(source, filename))


def context_prompt(context: str) -> Trace:
    """The prompt of a context that already carries the mark. Raises InputError."""
    return entry_prompt(context_entry(context))


def entry_in_words(context: str) -> str:
    """Where the trace of a context starts, for who was waiting for it: `f(1)`, `its entry, main (line 3),`. Raises InputError."""
    entry = context_entry(context)
    name = definition_name(entry.first_line)
    if entry.is_call and context.startswith("\n"):  # `main` is ours, and what it returns the user's
        return source_lines(context)[-1].strip().removeprefix("return ")
    return f"its entry, {name} (line {entry.line})," if name else "its first line"


def check_reached(trace: Trace) -> None:
    """Raises NotReached for the trace of a program that ended before its entry."""
    if not trace.frames and trace.status in (Status.OPEN, Status.KILLED):
        raise NotReached(f"the program ended before {entry_in_words(trace.context)} was reached")


def entry_prompt(entry: Entry) -> Trace:
    """The prompt of an entry; its CALL is part of it unless the entry takes arguments, which only running would tell."""
    frames = () if entry.has_parameters else (_numbered(Frame(Event.CALL, entry.first_line), entry),)
    return Trace(entry.context, frames, complete=False)


def _numbered(frame: Frame, entry: Entry) -> Frame:
    return Frame(frame.event, frame.source, line_number=entry.line or 1)
