"""One trace as Python Tutor's JSON, so that what shows Python Tutor's traces shows this one, predicted or recorded.

The format is Online Python Tutor's (`opt-trace-format.md` and `pg_encoder.py` of version 3): `code` and, for each step, the state before a line
runs. A trace has texts where Python Tutor has objects, so what two names share is not known: each value is drawn for itself, and what is
no literal (`<__main__.A object at 0x...>`) as its text. Nothing is known of globals where the entry is a function, nor of what was printed.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cwm_trace.eval.literals import literal_value
from cwm_trace.format import source_lines, strip_mark
from cwm_trace.frames import Event, Frame, Trace

_EVENTS = {
    Event.CALL: "call",
    Event.LINE: "step_line",
    Event.RETURN: "return",
    Event.EXCEPTION: "exception",
}
_NAME = re.compile(r"\s*(?:async\s+)?(?:def|class)\s+(\w+)")
_TYPE = re.compile(r"<?(?:class )?'?(?:[\w.<>]*\.)?(\w+)")
_EXACT = 2**53  # a JavaScript number is exact up to here
_MODULE = "<module>"
_BRACKETS = {"[": "list", "(": "tuple", "{": "dict"}
_CONTAINERS: dict[type, str] = {list: "LIST", tuple: "TUPLE", set: "SET", dict: "DICT"}


def tutor_json(trace: Trace) -> str:
    """The JSON of a trace; frames that break the format are left out, as Python Tutor has no place for them."""
    code = "".join(strip_mark(line) for line in source_lines(trace.context))
    return json.dumps({"code": code, "trace": _Tutor(code.splitlines()).entries(trace)})


class _Object(NamedTuple):
    """What is no literal."""

    type: str
    text: str


@dataclass(slots=True)
class _Level:
    """A Python frame on the stack."""

    number: int
    name: str
    locals: dict[str, str] = field(default_factory=dict)


class _Tutor:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._stack: list[_Level] = []
        self._calls = 0
        self._heap: dict[str, list[Any]] = {}
        self._known: dict[
            tuple[int, str, str], tuple[int, Any]
        ] = {}  # of a name's text: objects before it, and what it stands for
        self._objects = 0

    def entries(self, trace: Trace) -> list[dict[str, Any]]:
        made, line = [], 1
        for step in trace:
            if isinstance(step, Frame):
                line = step.line_number or line  # of code that the program makes itself there is no line
                made.append(self._entry(step, line))
        return made

    def _entry(self, step: Frame, line: int) -> dict[str, Any]:
        if step.event is Event.CALL or not self._stack:
            self._calls += 1
            self._stack.append(_Level(self._calls, self._name(step)))
        if step.event.observes_locals:
            self._stack[-1].locals = dict(step.locals)
        self._heap = {}
        returned = {"__return__": step.value or "None"} if step.event is Event.RETURN else {}
        module = self._stack[0].name == _MODULE
        shown = self._stack[module:]
        levels = [self._level(level, returned, level is self._stack[-1]) for level in shown]
        top, outer = self._stack[-1], self._stack[0].locals if module else {}
        if step.event is Event.RETURN:
            self._stack.pop()
        problem = {"exception_msg": step.value} if step.event is Event.EXCEPTION else {}
        return {
            "line": line,
            "event": _EVENTS[step.event],
            "func_name": top.name,
            "globals": self._encoded(1, outer),
            "ordered_globals": list(outer),
            "stack_to_render": levels,
            "heap": self._heap,
            "stdout": "",
            **problem,
        }

    def _level(self, level: _Level, returned: dict[str, str], top: bool) -> dict[str, Any]:
        values = level.locals | (returned if top else {})
        return {
            "frame_id": level.number,
            "func_name": level.name,
            "unique_hash": f"{level.name}_f{level.number}",
            "encoded_locals": self._encoded(level.number, values),
            "ordered_varnames": list(values),
            "is_highlighted": top,
            "is_parent": False,
            "is_zombie": False,
            "parent_frame_id_list": [],
        }

    def _name(self, step: Frame) -> str:
        """Of the function whose Python frame begins here; a CALL's line is that of its first decorator, if it has one."""
        for source in [step.source, *self._lines[step.line_number or len(self._lines) :]]:
            if found := _NAME.match(source):
                return found[1]
            if not source.lstrip().startswith("@"):
                break
        if not self._stack:
            return _MODULE
        return "<comprehension>" if ".0" in step.locals else "<lambda>" if "lambda" in step.source else "<code>"

    # --- values -------------------------------------------------------------------------------------------------------

    def _encoded(self, level: int, values: dict[str, str]) -> dict[str, Any]:
        return {name: self._named(level, name, text) for name, text in values.items()}

    def _named(self, level: int, name: str, text: str) -> Any:
        """A value that keeps its place on the heap as long as its text is the same."""
        after, key = self._objects, (level, name, text)
        if key not in self._known:
            self._known[key] = after, _read(text)
        self._objects, value = self._known[key]  # the same numbers for all that is inside
        made = self._value(value)
        self._objects = max(self._objects, after)
        return made

    def _value(self, value: Any) -> Any:
        if type(value) not in _CONTAINERS and not isinstance(value, _Object):
            return _primitive(value)
        self._objects += 1
        number = self._objects
        self._heap[str(number)] = self._inside(value)
        return ["REF", number]

    def _inside(self, value: Any) -> list[Any]:
        if isinstance(value, _Object):
            return [value.type, value.text]
        kind = _CONTAINERS[type(value)]
        if isinstance(value, dict):
            return [kind, *([self._value(key), self._value(item)] for key, item in value.items())]
        return [kind, *map(self._value, value)]


def _read(text: str) -> Any:
    """What a literal stands for; of any other text, the type that it names, as far as it does."""
    try:
        return literal_value(text)
    except ValueError:
        found = _TYPE.match(text)
        return _Object(found[1] if found else _BRACKETS.get(text[:1], "object"), text)


def _primitive(value: Any) -> Any:
    if isinstance(value, float):
        if math.isfinite(value) and not value.is_integer():
            return value
        name = {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
        return ["SPECIAL_FLOAT", f"{value:.1f}" if math.isfinite(value) else name]
    if type(value) is int and abs(value) > _EXACT:
        return ["SPECIAL_FLOAT", str(value)]
    return value if value is None or isinstance(value, (bool, int, str)) else ["IMPORTED_FAUX_PRIMITIVE", repr(value)]
