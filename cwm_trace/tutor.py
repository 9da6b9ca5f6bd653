"""One trace as Python Tutor's JSON, so that what shows Python Tutor's traces shows this one, predicted or recorded.

The format is Online Python Tutor's (`opt-trace-format.md` and `pg_encoder.py` of version 3): `code` and, for each step, the state before a line
runs. A trace has texts where Python Tutor has objects, so what two names share is not known: each value is drawn for itself, and what is
no literal (`<__main__.A object at 0x...>`) as its text. Nothing is known of globals where the entry is a function, nor of what was printed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

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
_CONTAINERS: dict[type, str] = {list: "LIST", tuple: "TUPLE", set: "SET", frozenset: "SET"}


def tutor_json(trace: Trace) -> str:
    """The JSON of a trace; frames that break the format are left out, as Python Tutor has no place for them."""
    code = "".join(strip_mark(line) for line in source_lines(trace.context))
    return json.dumps({"code": code, "trace": _Tutor(code.splitlines()).entries(trace)})


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
        self._known: dict[tuple[int, str, str], int] = {}  # what a name of a Python frame stays while its text does
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
        try:
            value = literal_value(text)
        except ValueError:
            return self._kept((level, name, text), lambda: [_type(text), text])
        if isinstance(value, (list, tuple, set, frozenset, dict)):
            return self._kept((level, name, text), lambda: self._container(value))
        return _primitive(value)

    def _kept(self, key: tuple[int, str, str], make: Callable[[], list[Any]]) -> list[Any]:
        after = self._objects
        first = self._known.setdefault(key, after + 1)
        self._objects = first - 1  # the same numbers for all that is inside
        made = self._on_heap(make)
        self._objects = max(self._objects, after)
        return made

    def _on_heap(self, make: Callable[[], list[Any]]) -> list[Any]:
        self._objects += 1
        number = str(self._objects)
        self._heap[number] = make()
        return ["REF", int(number)]

    def _container(self, value: Any) -> list[Any]:
        if isinstance(value, dict):
            return ["DICT", *([self._value(key), self._value(item)] for key, item in value.items())]
        return [_CONTAINERS[type(value)], *map(self._value, value)]

    def _value(self, value: Any) -> Any:
        if isinstance(value, (list, tuple, set, frozenset, dict)):
            return self._on_heap(lambda: self._container(value))
        return _primitive(value)


def _primitive(value: Any) -> Any:
    if isinstance(value, float):
        if math.isfinite(value) and not value.is_integer():
            return value
        name = {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
        return ["SPECIAL_FLOAT", f"{value:.1f}" if math.isfinite(value) else name]
    if type(value) is int and abs(value) > _EXACT:
        return ["SPECIAL_FLOAT", str(value)]
    return value if value is None or isinstance(value, (bool, int, str)) else ["IMPORTED_FAUX_PRIMITIVE", repr(value)]


def _type(text: str) -> str:
    """The type that a text names, as far as it does."""
    found = _TYPE.match(text)
    return found[1] if found else _BRACKETS.get(text[:1], "object")
