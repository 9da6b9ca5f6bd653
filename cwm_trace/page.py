"""One trace as one HTML file: its source, the Python frames and their locals at each step, and all steps in a table.

Nothing is loaded from elsewhere, and the page forbids itself to. Whatever a program or a model wrote is escaped, or is JSON in which no `<` is
left, and is put on the page as text only. The page's layout is `page.html` beside this; this module fills it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from math import exp
from pathlib import Path
from typing import Any

from cwm_trace.format import source_lines, strip_mark
from cwm_trace.frames import MalformedFrame, Step, Trace

_TEMPLATE = Path(__file__).with_name("page.html")
_PLACE = re.compile(r"@@(\w+)@@")
_LONGEST = 20_000  # characters of a value: a million would stop the page
_HEIGHT = 620  # pixels, in a notebook


def trace_page(trace: Trace) -> str:
    """The whole page."""
    lines = [strip_mark(line).rstrip("\r\n") for line in source_lines(trace.context)]
    steps = [
        [*step_data(step, _LONGEST), depth, None if step.logprob is None else round(exp(step.logprob), 4)]
        for step, depth in zip(trace, trace.depths(), strict=True)
    ]
    parts = {
        "title": escape(repr(trace).strip("<>")),
        "facts": escape(" · ".join(f"{name}: {text}" for name, text in trace.meta.items())),
        "data": script_json({"lines": lines, "steps": steps}),
    }
    return filled(_TEMPLATE, parts)


def filled(template: Path, parts: Mapping[str, str]) -> str:
    """A template with HTML in its places, which are written @@name@@."""
    return _PLACE.sub(lambda place: parts[place[1]], template.read_text("utf-8"))


def write_page(path: Path, text: str) -> None:
    """Write a page to a file."""
    path.write_text(text, "utf-8", errors="xmlcharrefreplace")  # a lone surrogate cannot be written


def notebook_html(trace: Trace) -> str:
    """The page inside another one, as notebooks want it."""
    style = f"width: 100%; height: {_HEIGHT}px; border: 0"
    return f'<iframe srcdoc="{escape(trace_page(trace))}" style="{style}" sandbox="allow-scripts"></iframe>'


def script_json(data: object) -> str:
    """JSON that can stand in a script element: nothing in it ends the element or opens a comment."""
    return (
        json.dumps(data, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    )


def step_data(step: Step, longest: int) -> list[Any]:
    """Event, line number, source, and what it shows: pairs of name and value (null for ".."), or a value; of `longest` characters each."""
    if isinstance(step, MalformedFrame):
        return ["malformed", None, _cut(step.raw, longest), step.reason]
    if step.event.observes_locals:
        shown: object = [[name, None if value is None else _cut(value, longest)] for name, value in step.shown.items()]
    else:
        shown = _cut(step.value or "", longest)
    return [step.event.value, step.line_number, step.source.rstrip("\r\n"), shown]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"
