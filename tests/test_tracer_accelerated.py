"""The hooks in C against those in Python, the reference: the same entries of the same programs; and what C code alone can get wrong."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cwm_trace.tracer
from cwm_trace.eval.suites import BUNDLED, load_suite
from cwm_trace.files import frame_to_line
from cwm_trace.frames import Event, Frame
from cwm_trace.tracer import fast, log, record_source, renderings
from cwm_trace.tracer.entry import ENTRY_NAME, Entry, call_entry, script_entry
from cwm_trace.tracer.log import Cut
from cwm_trace.tracer.record import Recorder
from cwm_trace.tracer.renderings import Renderings
from cwm_trace.tracer.track import Settings, StopRecording
from cwm_trace.train.programs import generate
from tests.settrace_oracle import GOLDEN, golden_call
from tests.test_flow import PROGRAMS
from tests.test_tracer_golden import Block, _bodies, _program, _valid

pytestmark = [
    pytest.mark.skipif(fast.module is None, reason=f"no accelerator: {fast.absent}"),
    pytest.mark.usefixtures("settled"),
]
LIMITED = Settings(max_value_items=6)


@contextmanager
def in_python() -> Iterator[None]:
    """All is done by the reference."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "module", None)
        patch.setattr(Renderings, "update", renderings.update_in_python)
        patch.setattr(log.Expander, "frame", log.frame_in_python)
        yield


def _run(entry: Entry, settings: Settings | None, most: int) -> list[object]:
    recorder = Recorder(entry.source, "<program>", entry_line=entry.line, emit=None, settings=settings)
    plain = recorder.entries.append

    def limited(made: Any) -> None:
        plain(made)
        if len(recorder.entries) >= most:
            raise StopRecording

    if most:
        recorder._append = limited
    namespace: dict[str, Any] = ModuleType("__main__").__dict__
    outcome = ""
    try:
        exec(recorder.code, namespace)
        if entry.is_call:
            namespace[ENTRY_NAME]()
    except (Exception, StopRecording, SystemExit) as error:
        outcome = type(error).__name__
    recorder.stop()
    return [*map(_normal, recorder.entries), *map(_shown, recorder.frames()), outcome]


def _normal(made: Any) -> object:
    """One change is written in one form, several in one order; a cut text is told from one that is not."""
    site, frame, what, text = made
    if isinstance(what, dict):
        return site, frame, sorted((name, change, type(change) is Cut) for name, change in what.items())
    if isinstance(what, str):
        return site, frame, [(what, text, type(text) is Cut)]
    return site, frame, what, text, type(text) is Cut


def _shown(frame: Frame) -> object:
    return frame, list(frame.locals.items()), frame.line_number, frame.capped


def differ(entry: Entry, settings: Settings | None = None, most: int = 0) -> str:
    """The first entry that the two ways do not have alike."""
    ours = _run(entry, settings, most)
    with in_python():
        theirs = _run(entry, settings, most)
    for step in (item[0] for item in ours if isinstance(item, tuple) and isinstance(item[0], Frame)):
        assert fast.module.frame_to_line(step) == frame_to_line(step)
    pairs = enumerate(zip(ours, theirs, strict=False))
    first = next((f"entry {n}\n  C:      {a}\n  Python: {b}" for n, (a, b) in pairs if a != b), "")
    return first or ("" if len(ours) == len(theirs) else f"{len(ours)} and {len(theirs)} entries")


@pytest.mark.parametrize("settings", [None, LIMITED], ids=["all", "limited"])
@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.py")), ids=lambda path: path.stem)
def test_golden_programs(path: Any, settings: Settings | None) -> None:
    source = path.read_text(encoding="utf-8")
    call = golden_call(source)
    assert not differ(script_entry(source) if call is None else call_entry(source, call), settings)


@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_programs_that_change_values_in_all_ways(source: str) -> None:
    assert not differ(call_entry(source, "f()"))
    assert not differ(call_entry(source, "f()"), LIMITED)


@pytest.mark.parametrize("name", BUNDLED)
def test_programs_of_the_bundled_suites(name: str) -> None:
    for task in load_suite(name).tasks[::8]:
        assert not differ(call_entry(task.source, str(task.call))), task.source


def test_generated_programs() -> None:
    for seed in range(9_200_000, 9_200_060):
        program = generate(seed, 1)
        for call in program.calls[:2]:
            assert not differ(call_entry(program.source, call), most=2_000), program.source


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(_bodies, st.booleans(), st.sampled_from(["f(1, 2, 3)", "f(0, 1, 6)", "f(4, 3, 0)"]))
def test_programs_of_all_statements(body: Block, is_generator: bool, call: str) -> None:
    source = _program(body, is_generator)
    if _valid(source):
        assert not differ(call_entry(source, f"list({call})" if is_generator else call)), source


# --- containers -------------------------------------------------------------------------------------------------------

_LOUD = """
shown = []
class Loud:
    def __init__(self, n): self.n = n
    def __repr__(self):
        shown.append(self.n)
        return f"Loud({self.n}, {len(shown)})"
class Quiet:
    pass
"""
_scalar = st.sampled_from(
    [
        "0",
        "-0.0",
        "0.0",
        "1",
        "True",
        "1.0",
        "None",
        "'a'",
        "'it\\'s'",
        "'\"'",
        "'é'",
        "'\\ud800'",
        "'<a at 0x1f>'",
        "'\\n'",
        "1j",
    ]
    + [
        "10**30",
        "-(2**63)",
        "float('nan')",
        "'x' * 600",
        "b'a'",
        "n",
        "str(n) * 2",
        "Quiet()",
        "Loud(n)",
        "len",
        "range(n)",
        "{n, 'b'}",
    ]
)
_made = st.recursive(
    _scalar,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(inner, max_size=3).map(lambda items: f"({''.join(item + ', ' for item in items)})"),
        st.lists(st.tuples(_scalar, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"str({key}): {item}" for key, item in pairs) + "}"
        ),
    ),
    max_leaves=8,
)
_value = st.one_of(
    _made, st.sampled_from(["a", "b", "c", "[a]", "[1, b]", "(c,)", "{'k': a}"])
)  # each at most once: texts stay short
_name = st.sampled_from(["a", "b", "c"])
_change = st.one_of(
    st.builds("{} = {}".format, _name, _value),
    st.builds("{}, {} = {}, {}".format, _name, _name, _value, _value),
    st.builds("{}.append({})".format, _name, _value),
    st.builds("{}.insert(0, {})".format, _name, _value),
    st.builds("{}[0] = {}".format, _name, _value),
    st.builds("{}[-1:] = [{}]".format, _name, _value),
    st.builds("{}['k'] = {}".format, _name, _value),
    st.builds("{}[0].append({})".format, _name, _value),
    st.builds("next(iter({}.values())).append({})".format, _name, _value),
    st.builds("{}.{}()".format, _name, st.sampled_from(["pop", "clear", "sort", "reverse", "popitem", "copy"])),
    st.builds("for {} in {}: pass".format, _name, _name),
    st.builds("del {}".format, _name),
    st.builds("{} = g({})".format, _name, _value),
    st.builds("n += {}".format, st.sampled_from(["1", "len(a)", "300"])),
    st.just("x = 'y'"),
)


def _changes(changes: list[str], cell: bool) -> str:
    lines = [line for change in changes for line in ("try:", f"    {change}", "except Exception: pass")]
    body = "".join(f"        {line}\n" for line in lines)
    inner = "    def h(): return a\n" if cell else ""
    returned = "    try: return a, n\n    except NameError: return b\n"
    return (
        f"{_LOUD}def g(v):\n    w = v\n    if type(v) is list:\n        v.append(1)\n    return w\n"
        f"def f(a, b, c):\n    n = 1\n{inner}    for i in range(2):\n{body}{returned}"
    )


@pytest.mark.parametrize("settings_", [None, LIMITED, Settings(max_value_chars=9)], ids=["all", "items", "chars"])
@settings(max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_change, min_size=1, max_size=8), st.booleans(), st.tuples(_value, _value))
def test_programs_that_change_containers(
    settings_: Settings | None, changes: list[str], cell: bool, values: tuple[str, str]
) -> None:
    given_values = [value if not set("abcn") & set(value) - {"'"} else "[1, [2]]" for value in values]
    source = _changes(changes, cell)
    assert not differ(call_entry(source, f"f({', '.join(given_values)}, [])"), settings_), source


def test_a_text_grows_and_shrinks_anywhere_in_it() -> None:
    """Every place of nested lists, tuples and dicts is where a value changes, or is added, or goes."""
    lines = ["a = [[1, 'x'], (2,), {'k': [3], 'l': ()}, [], 'é' if 0 else 'e', [[[4]]]]"]
    for path in ("a", "a[0]", "a[2]['k']", "a[3]", "a[5]", "a[5][0]", "a[5][0][0]"):
        lines += [f"{path}.append(5)", f"{path}[0] = (6,)", f"{path}.insert(0, [])", f"{path}.pop()", f"{path}[0] = 7"]
        lines += [f"{path}[-1:] = [8, 9]", f"del {path}[0]", f"{path}.append([1])", f"{path}[-1].append(2)"]
    body = "".join(f"    try: {line}\n    except Exception: pass\n" for line in lines)
    assert not differ(call_entry(f"def f():\n{body}    return a\n", "f()"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[[1], 2]", "[3, [2]]"),
        ("([1], 'x', 2)", "(1, ['x'], 2)"),
        ("{1: [2], 3: 4}", "{1: 2, 3: [4]}"),
        ("[[], 1]", "[1, []]"),
    ],
)
def test_brackets_move_and_the_values_stay(before: str, after: str) -> None:
    body = "".join(f"    a[:1] = [{value}]\n    b = {value}\n" for value in (before, after, before))
    assert not differ(call_entry(f"def f():\n    a = [0]\n{body}    return a\n", "f()"))


def test_a_builtin_is_no_longer_what_it_was() -> None:
    """What takes its place is of C, and tells nobody that it has run."""
    source = (
        "def f():\n    a = []\n    n = abs(1)\n    globals()['abs'] = a.append\n    n = abs(3)\n    n = 0\n"
        "    del globals()['abs']\n    return a\n"
    )
    assert not differ(call_entry(source, "f()"))
    recorded = record_source(source, "f()")
    assert [step.locals["a"] for step in recorded if step.source == "    n = 0\n"] == ["[3]"]


# --- what C code alone can get wrong ----------------------------------------------------------------------------------

_BUSY = (
    "def g(n):\n    return [n, str(n)] if n < 2 else g(n - 1) + g(n - 2)\n"
    "def f():\n    d, words = {}, []\n    for n in range(300, 320):\n        d[n] = str(n)\n        words.append([n, (n, 'a')])\n"
    "        big = n ** 40\n        if n % 3: words[0][0] = big\n        if n % 5: words.pop()\n        d.pop(n - 3, None)\n"
    "    try:\n        g(5)[99]\n    except IndexError as e: words = None\n    return d\n"
)


def test_nothing_is_left_behind() -> None:
    recorder = Recorder(_BUSY, "<program>", entry_line=3, emit=None)
    namespace: dict[str, Any] = {}
    exec(recorder.code, namespace)

    def blocks() -> int:
        for _ in range(10):
            recorder.complete = False
            namespace["f"]()
            recorder.entries.clear()
            recorder._count = 0
        gc.collect()
        return sys.getallocatedblocks()

    blocks()
    before, references = blocks(), sys.getrefcount(None)
    assert blocks() - before < 50
    assert abs(sys.getrefcount(None) - references) < 50


def test_called_with_anything_a_hook_fails_as_its_method_does() -> None:
    """A program may find the hooks among its constants."""
    recorder = Recorder("def f(): pass\n", "<program>", entry_line=1, emit=None)
    assert fast.module is not None
    for name in ("called", "kept", "stored", "several", "line", "leave", "exhausted", "loop"):
        hook = fast.module.Hook(name, recorder)
        for values in ((), (1,), (None, 2), ("a", "b", "c")):
            for call in (hook, getattr(recorder, name)):
                try:
                    outcome = call(*values)
                except Exception as error:
                    outcome = type(error)
                assert outcome is None or issubclass(outcome, (TypeError, AttributeError))
    with pytest.raises(TypeError):
        fast.module.Hook("kept", object())
    with pytest.raises(AttributeError):
        fast.module.Hook("nothing", recorder)


def test_a_trace_function_beside_it_sees_the_program_only() -> None:
    """So single steps of a debugger, and a coverage tool, never come into our code."""
    source = (
        "def g(n):\n    yield n\n    n = [n]\n    yield n\n"
        "def f(a):\n    try:\n        b = [*g(a)][3]\n    except IndexError:\n        b = {a}\n    return b\n"
    )
    recorder = Recorder(source, "<program>", entry_line=5, emit=None)
    namespace: dict[str, Any] = {}
    exec(recorder.code, namespace)
    seen: set[str] = set()

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        seen.add(frame.f_code.co_filename)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        namespace["f"](1)
    finally:
        sys.settrace(before)
    assert len(recorder.entries) > 10
    assert seen - {__file__} == {"<program>"}


def test_a_repr_that_ends_the_program_leaves_all_in_order() -> None:
    source = (
        "class Odd:\n    def __repr__(self): raise SystemExit\n"
        "def f(a):\n    b = [a]\n    try:\n        c = Odd()\n        b.append(1)\n    except SystemExit:\n        c = 1\n    return b, c\n"
    )
    assert not differ(call_entry(source, "f(1)"))


def test_hooks_come_from_inside_a_rendering() -> None:
    source = (
        "class Odd:\n    def __repr__(self):\n        n = [1]\n        n.append(len(n))\n        return g(n)\n"
        "def g(n):\n    return str(n)\ndef f(a):\n    b = Odd()\n    c = [b, g(a)]\n    return c\n"
    )
    assert not differ(call_entry(source, "f(1)"))


def test_it_is_in_use_here() -> None:
    """Where it is not, all of the above is skipped."""
    assert type(Recorder("pass", "<program>", entry_line=None, emit=None)._hooks.kept) is fast.module.Hook
    assert cwm_trace.tracer.fast.absent == ""


# --- the recursion limit ----------------------------------------------------------------------------------------------

_DEEP = """
import sys
def g(n):
    try:
        return g(n + 1)
    except RecursionError:
        return n
def h(n, reached):
    reached.append(n)
    return h(n + 1, reached)
def main():
    print(g(0))
    reached = []
    try:
        h(0, reached)
    except RecursionError as error:
        print(len(reached), error)
    sys.setrecursionlimit(300)
    print(g(0), sys.getrecursionlimit())
main()
"""


@pytest.mark.parametrize("way", [["deep.py"], ["-m", "deep"]], ids=["script", "module"])
def test_a_program_recurses_as_deep_as_under_plain_python(way: list[str], tmp_path: Path) -> None:
    (tmp_path / "deep.py").write_text(_DEEP)
    traced = ["-m", "cwm_trace", "trace", "-o", "deep.jsonl", *way]
    said = [
        subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True).stdout
        for command in (way, traced)
    ]
    assert said[0] == said[1] != ""


def test_each_call_up_to_the_limit_has_all_its_events() -> None:
    source = "def g(n):\n    return g(n + 1)\ndef f():\n    try:\n        g(0)\n    except RecursionError:\n        return 1\n"
    events = Counter(
        step.event for step in record_source(source, "f()") if step.source.startswith(("def g", "    return g"))
    )
    depth = events[Event.CALL]
    assert depth > 800
    assert events == {Event.CALL: depth, Event.LINE: depth, Event.EXCEPTION: depth, Event.RETURN: depth}
