"""Python Tutor's JSON: the stack, names and values of each step. The pages of Python Tutor itself were looked at by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cwm_trace
from cwm_trace.cli import main
from cwm_trace.errors import InputError
from cwm_trace.format import FRAME_SEP
from cwm_trace.frames import Event, Frame, MalformedFrame, Trace
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.tutor import tutor_json

_PROGRAM = """
def kept(function):
    return function


class Point:
    def __init__(self, x):
        self.x = x


@kept
def count(text, seen):
    table = {}
    for letter in text:
        table[letter] = (len(seen), 1.5, 3.0, None, True)
    seen.append(2**70)
    return table


def f():
    point = Point(1)
    squares = sorted(n * n for n in (2, 1))
    table = count("ab", [[0], {1}])
    try:
        table["c"]
    except KeyError as error:
        why = str(error)
    return (lambda: squares)()
"""


def entries(trace: Trace) -> list[dict[str, Any]]:
    """The steps of a trace as Python Tutor reads them."""
    made: list[dict[str, Any]] = json.loads(tutor_json(trace))["trace"]
    return made


def plain(value: Any, heap: dict[str, Any]) -> Any:
    """A value as Python would have it, containers as lists and texts."""
    if not isinstance(value, list):
        return value
    kind, *items = heap[str(value[1])] if value[0] == "REF" else value
    if kind == "DICT":
        return {plain(key, heap): plain(item, heap) for key, item in items}
    if kind in ("LIST", "TUPLE", "SET"):
        return [plain(item, heap) for item in items]
    return items[0]


def shown(entry: dict[str, Any]) -> dict[str, Any]:
    """The variables of the innermost Python frame."""
    level = entry["stack_to_render"][-1]
    return {name: plain(level["encoded_locals"][name], entry["heap"]) for name in level["ordered_varnames"]}


@pytest.fixture(scope="module")
def steps() -> list[dict[str, Any]]:
    return entries(record_source(_PROGRAM, "f()"))


def test_each_step_has_its_event_its_line_and_its_stack(steps: list[dict[str, Any]]) -> None:
    names = ["<".join(level["func_name"] for level in entry["stack_to_render"]) for entry in steps]
    calls = [name for name, entry in zip(names, steps, strict=True) if entry["event"] == "call"]

    assert calls == [
        "main",
        "main<f",
        "main<f<__init__",
        *["main<f<<comprehension>"] * 3,  # a generator, entered anew for each element
        "main<f<count",
        "main<f<<lambda>",
    ]
    assert {entry["event"] for entry in steps} == {"call", "step_line", "return", "exception"}
    assert [entry["exception_msg"] for entry in steps if entry["event"] == "exception"] == ["KeyError('c')"]
    lines = json.loads(tutor_json(record_source(_PROGRAM, "f()")))["code"].splitlines()
    assert {lines[entry["line"] - 1] for entry in steps if entry["func_name"] == "count"} == {
        "@kept",
        "    table = {}",
        "    for letter in text:",
        "        table[letter] = (len(seen), 1.5, 3.0, None, True)",
        "    seen.append(2**70)",
        "    return table",
    }
    assert not any("START_OF_TRACE" in line for line in lines)


def test_values_are_as_they_were(steps: list[dict[str, Any]]) -> None:
    last = next(entry for entry in steps if entry["event"] == "return" and entry["func_name"] == "count")

    assert shown(last) == {
        "text": "ab",
        "seen": [[0], [1], "1180591620717411303424"],
        "table": {"a": [2, 1.5, "3.0", None, True], "b": [2, 1.5, "3.0", None, True]},
        "letter": "b",
        "__return__": {"a": [2, 1.5, "3.0", None, True], "b": [2, 1.5, "3.0", None, True]},
    }
    made = next(entry for entry in steps if entry["func_name"] == "__init__" and entry["event"] == "step_line")
    reference = made["stack_to_render"][-1]["encoded_locals"]["self"]
    assert made["heap"][str(reference[1])][0] == "Point"


def test_a_value_keeps_its_place_as_long_as_it_is_the_same(steps: list[dict[str, Any]]) -> None:
    places = [
        (entry["stack_to_render"][-1]["encoded_locals"]["seen"][1], shown(entry)["seen"])
        for entry in steps
        if entry["func_name"] == "count"
    ]

    assert len({place for place, _ in places}) == len({str(value) for _, value in places}) == 2
    for entry in steps:
        inside = [item for made in entry["heap"].values() for item in made if isinstance(item, list)]
        assert all(str(item[1]) in entry["heap"] for item in inside if item[0] == "REF")


def test_a_module_is_the_globals() -> None:
    frames = (
        Frame(Event.CALL, "x = 1\n", line_number=1),
        Frame(Event.LINE, "x = 1\n", line_number=1),
        MalformedFrame("nothing", "no event"),
        Frame(Event.LINE, "y = x\n", {"x": "[1]"}, line_number=2),
        Frame(Event.RETURN, "y = x\n", value="None", line_number=2),
    )

    made = entries(Trace("x = 1\ny = x\n", frames))

    assert [entry["func_name"] for entry in made] == ["<module>"] * 4
    assert all(entry["stack_to_render"] == [] for entry in made)
    assert made[2]["ordered_globals"] == ["x"] and made[2]["heap"] == {"1": ["LIST", 1]}


def test_files_of_that_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = record_source("def f(s):\n    return s\n", "f('a')")
    trace.save(str(tmp_path / "t.jsonl"))

    assert main(["show", str(tmp_path / "t.jsonl"), "-o", str(tmp_path / "t.opt.json")]) == 0
    assert main(["show", str(tmp_path / "t.jsonl"), "-o", str(tmp_path / "t.tokens")]) == 0

    assert json.loads((tmp_path / "t.opt.json").read_text())["trace"] == entries(trace)
    assert FRAME_SEP in (tmp_path / "t.tokens").read_text()
    assert cwm_trace.load(tmp_path / "t.tokens") == trace
    with pytest.raises(InputError, match="format"):
        trace.save(str(tmp_path / "t.json"))
    capsys.readouterr()
