"""The tracer against `sys.settrace`: the same text, byte for byte, on 3.11; and that text on every other interpreter."""

from __future__ import annotations

import functools
import gc
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from string import Template
from typing import Any

import pytest

from cwm_trace.errors import InputError, RunError
from cwm_trace.format import CALL_ENTRY, call_context, parse
from cwm_trace.frames import Event, Status, Trace
from cwm_trace.tracer import quirks, record_source, trace
from cwm_trace.tracer.entry import context_entry
from cwm_trace.tracer.inprocess import record_context
from cwm_trace.tracer.run import run_source
from cwm_trace.train.programs import generate
from tests.settrace_oracle import settrace_events

HERE = Path(__file__).parent
SAMPLES = HERE / "samples" / "features.py"
GOLDEN = HERE / "samples" / "golden-3.11.json"
DATA = HERE.parent.parent / "shared" / "data"
REFERENCE = sys.version_info[:2] == (3, 11)

SOURCE, _, _CALLS = SAMPLES.read_text().partition("CALLS = ")
CALLS: list[str] = eval(_CALLS)

DIFFERS_FROM_3_11 = {
    "async_functions(2)": "an asynchronous comprehension stays inlined; the path of the asyncio module is shown",
    "conditional_calls(1)": "3.11 compiles the conditional with a second line event",
}


@pytest.fixture(autouse=True)
def _no_tracing_left() -> Iterator[None]:
    before = sys.gettrace()
    yield
    assert sys.gettrace() is before


def _ours(call: str) -> str:
    return record_source(SOURCE, call).render()


def _placed(text: str) -> str:
    """Without the folder that this Python's library is in."""
    return re.sub(r"from '[^']*/asyncio/", "from 'asyncio/", text)


def _first_difference(ours: str, theirs: str) -> str:
    pairs = zip(ours.split("<|frame_sep|>"), theirs.split("<|frame_sep|>"), strict=False)
    return next(
        (f"frame {n}\n  ours:   {a}\n  theirs: {b}" for n, (a, b) in enumerate(pairs) if a != b), "one is longer"
    )


def _assert_same(ours: str, theirs: str) -> None:
    __tracebackhide__ = True
    if ours != theirs:
        pytest.fail(_first_difference(ours, theirs))


@pytest.mark.skipif(not REFERENCE, reason="the text of the format is that of 3.11")
@pytest.mark.parametrize("call", CALLS)
def test_equals_settrace(call: str) -> None:
    theirs, _ = settrace_events(SOURCE, call)
    _assert_same(_ours(call), theirs)


@pytest.mark.parametrize("call", CALLS)
def test_one_text_on_every_interpreter(call: str) -> None:
    golden = json.loads(GOLDEN.read_text())
    if not REFERENCE and call in DIFFERS_FROM_3_11:
        pytest.xfail(DIFFERS_FROM_3_11[call])
    _assert_same(_placed(_ours(call)), _placed(golden[call]))


@pytest.mark.skipif(not REFERENCE, reason="the text of the format is that of 3.11")
@pytest.mark.parametrize("block", range(8))
def test_generated_programs_equal_settrace(block: int) -> None:
    compared = 0
    for seed in range(9_000_000 + 25 * block, 9_000_000 + 25 * block + 25):
        program = generate(seed, 1)
        for call in program.calls:
            ours = record_source(program.source, call, max_frames=400, max_characters=30_000)
            if ours.complete:
                _assert_same(ours.render(), settrace_events(program.source, call)[0])
                compared += 1
    assert compared > 10


_STATEMENTS = (
    "$x = $y~$x += $z~$x = $y[0]~$x = $y['k']~$x = [$y, $z]~$x, $y = $z~$x = len($y)~$x = $n~$x = [$n]~$x = {'k': $y}~$x = $y = $z~$x |= $y"
    "~$x = $y + $z~$x.append($n)~$x = sorted($y)~$x = $y and $z~($x := $y)~$x = $y.get('k')~$x = $y if $z else $n~del $x~$x = str($y)"
    "~$x = ($y, [$n])~$x = [$z for $z in $y]~$x = $y.copy()~$x *= $n~$x[0] = $y~$x = [*$y]"
).split("~")
_HEADS = ("", "", "", "for $x in $y: ", "for $x, $z in $y: ", "if $x: ", "while $x: $x = ")


def _names(random: Random) -> dict[str, str]:
    return {"x": random.choice("abcdpqrstuvw"), "y": random.choice("abcd"), "z": random.choice("abcd")}


def _crowded(random: Random) -> str:
    """A function of a few names that stand for the same few values, with several statements on a line."""
    lines = ["def f(a, b, c, d):"]
    for _ in range(random.randint(3, 8)):
        names = _names(random)
        chosen = random.choices(_STATEMENTS, k=random.choice([1, 2, 2, 3, 4]))
        head = Template(random.choice(_HEADS)).substitute(names)
        crowd = ["0"] * head.startswith("while") + [
            Template(text).substitute(names if random.random() < 0.7 else _names(random), n=random.randint(0, 9))
            for text in chosen
        ]
        if head:
            lines.append(f"    {head}{'; '.join(crowd)}")
        else:
            lines += [f"    try: {'; '.join(crowd)}", "    except Exception: pass"]
        lines.append(f"    n = {random.randint(0, 99)}")
    return "\n".join([*lines, "    return a, b, c, d", ""])


@pytest.mark.skipif(not REFERENCE, reason="the text of the format is that of 3.11")
def test_lines_of_several_statements_equal_settrace() -> None:
    """What a name held at the event before says nothing of what it holds once the line has bound it anew."""
    frames = 0
    for seed in range(400):
        source, call = _crowded(Random(seed)), "f([1], [[2], [3]], ([4], [5]), {'k': [6]})"
        trace = record_source(source, call, max_frames=300, max_characters=30_000)
        if trace.complete:
            _assert_same(trace.render(), settrace_events(source, call)[0])
            frames += len(trace)
    assert frames > 4_000


@pytest.mark.skipif(not REFERENCE, reason="from 3.13 on, locals() is a snapshot (PEP 667)")
@pytest.mark.parametrize(
    "body",
    [
        "    locals()['z'] = 5\n    b = 2\n",
        "    d = locals()\n    b = 2\n    e = sorted(d)\n    c = len(d)\n",
        "    vars().update(q=a)\n    b = 2\n    del b\n",
        "    d = locals()\n    for i in range(a):\n        d['k'] = i\n        b = i\n",
        "    frame = __import__('sys')._getframe().f_locals\n    frame['k'] = 'v'\n    frame = b = 1\n    b = 2\n",
    ],
)
def test_names_put_into_locals_are_shown(body: str) -> None:
    source = f"def f(a):\n{body}    return a\n"
    _assert_same(record_source(source, "f(3)").render(), settrace_events(source, "f(3)")[0])


def _suite(name: str) -> list[dict[str, Any]]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not here: it is for measuring, and not part of the repository")
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.skipif(not REFERENCE, reason="the text of the format is that of 3.11")
def test_benchmark_programs_equal_settrace() -> None:
    for item in _suite("cruxeval_dev.jsonl"):
        call = f"f({item['input']})"
        _assert_same(record_source(item["code"], call).render(), settrace_events(item["code"], call)[0])


def test_cwm_32b_wrote_what_we_record() -> None:
    """36 of its 45 published generations are the true trace, byte for byte; the other nine are the model's errors."""
    wrong = set()
    for item in _suite("cwm32b_generations.jsonl"):
        call = f"f({item['input']})"
        prompt = Trace(call_context(item["code"], call), (CALL_ENTRY,), complete=False)
        if record_source(item["code"], call).render() != parse(item["generation"], prompt=prompt).render():
            wrong.add(int(item["id"].removeprefix("sample_")))
    assert wrong == {4, 5, 6, 19, 23, 31, 33, 35, 44}


def test_equal_source_lines_keep_their_numbers() -> None:
    numbers = [step.line_number for step in record_source("def f():\n    x = 1\n    x = 1\n    x = 2", "f()")]
    assert numbers == [5, 6, 2, 3, 4, 5, 5, 6] or numbers == [6, 7, 2, 3, 4, 5, 5, 7]


def test_a_variable_keeps_the_place_of_its_first_binding() -> None:
    trace = record_source("def f(a):\n    c = 1\n    b = 2\n    del c\n    c = 3\n    return a", "f(0)")
    assert [list(step.locals) for step in trace if step.event is Event.LINE][1:] == [
        ["a"],
        ["a", "c"],
        ["a", "c", "b"],
        ["a", "b"],
        ["a", "b", "c"],
    ]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("raise ValueError", "<unprintable Odd object>"),
        ("return self.x", "<unprintable Odd object>"),
        ("return repr(self)", "<unprintable Odd object>"),
        ("return 5", "<unprintable Odd object>"),
        ("return ' at 0x7f00>'", ">"),
        ("return '..'", ".."),
        ("return '<|frame_sep|>'", "<|frame_sep|>"),
        ("return '\\ud800'", "\\ud800"),
    ],
)
def test_hostile_reprs(body: str, shown: str) -> None:
    source = f"class Odd:\n    def __repr__(self):\n        {body}\ndef f():\n    x = Odd()\n    return x"
    recorded = record_source(source, "f()")
    assert recorded.returned == shown
    assert parse(recorded.render()) == recorded


def test_a_repr_is_not_traced_and_does_not_trace() -> None:
    source = (
        "class A:\n    def __repr__(self):\n        y = [i for i in 'ab']\n        return 'A' + y[0]\n"
        "def f():\n    x = A()\n    return str(x)"
    )
    calls = [step.source.strip() for step in record_source(source, "f()") if step.event is Event.CALL]
    assert calls.count("def __repr__(self):") == 1  # by str(x), which the program itself does


def test_limits_end_a_program() -> None:
    recorded = record_source("def f():\n    while True:\n        pass", "f()", max_frames=20)
    assert (len(recorded), recorded.status, recorded.complete) == (20, Status.FRAME_LIMIT, False)


@pytest.mark.parametrize("inside", ["yield x", "try:\n            yield x\n        finally:\n            x = 1"])
def test_a_generator_that_is_let_go_at_a_limit_is_silent(inside: str, monkeypatch: pytest.MonkeyPatch) -> None:
    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    source = f"def g(xs):\n    for x in xs:\n        {inside}\ndef f():\n    for x in g(range(9)):\n        str(x)\n"

    for frames in range(1, 40):
        assert len(record_source(source, "f()", max_frames=frames)) == frames
    assert complaints == []


def test_entry_without_a_call() -> None:
    script = (
        "def main():\n    return helper(2)\ndef helper(x):\n    return x * 2\nif __name__ == '__main__':\n    main()\n"
    )
    recorded = record_source(script)
    assert recorded.returned == "4"
    assert recorded[0].source == "def main():\n"
    assert "def main():  # << START_OF_TRACE\n" in recorded.context


def test_module_body_as_entry() -> None:
    recorded = record_source("x = 1\ny = [x]\n")
    assert [dict(step.locals) for step in recorded if step.event is Event.LINE] == [{}, {"x": "1"}]


@pytest.mark.parametrize(
    "block", ["if True:\n    g(1)", "xs = [\n    g(1),\n]", "x = \"\"\"\n\"\"\"\nfor x in [\n    1]:\n    g(x)"]
)
def test_a_module_body_of_definitions_and_blocks_keeps_its_entry_in_its_context(block: str) -> None:
    context = record_source(f"def g(a):\n    return a\n\n{block}\n").context
    line = next(line for line in context.splitlines() if line.endswith("# << START_OF_TRACE"))
    assert line.split("  #")[0] in block
    assert context_entry(context).line is None
    assert record_context(context).context == context


def test_marked_function_as_entry() -> None:
    recorded = record_source("def g(a):  # << START_OF_TRACE\n    return a\nprint\ng(3)\ng(4)\n")
    assert recorded.returned == "3"
    assert dict(recorded[0].locals) == {"a": "3"}


def test_only_the_first_call_of_the_entry() -> None:
    assert len(record_source("def main():\n    return 1\nmain()\nmain()\n")) == 3


def test_trace_a_function_of_this_process() -> None:
    def helper(x: int) -> int:
        return x + 1

    def work(a: int, b: str) -> str:
        return b * helper(a)

    before = work.__code__
    recorded = trace(work, 1, b="ab")
    assert recorded.returned == "'abab'"
    assert work.__code__ is before
    assert [step.event for step in recorded] == [
        Event.CALL,
        Event.LINE,
        Event.CALL,
        Event.LINE,
        Event.RETURN,
        Event.RETURN,
    ]


def test_frozen_objects_are_traced_too() -> None:
    def doubled(x: int) -> int:
        return 2 * x

    def work(x: int) -> int:
        return doubled(x) + 1

    before = trace(work, 3)
    gc.freeze()  # `gc.get_objects` does not have these
    try:
        assert trace(work, 3) == before
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("function", [len, functools.partial(print)])
def test_what_cannot_be_traced_is_said(function: Callable[..., object]) -> None:
    with pytest.raises(InputError):
        trace(function, [])


def test_a_lambda_is_traced_too() -> None:
    double, triple = lambda x: 2 * x, lambda x: 3 * x  # noqa: E731
    recorded = trace(triple, 7)
    assert recorded.returned == "21" and recorded[0].locals == {"x": "7"}
    assert trace(double, 7).returned == "14"


def test_what_the_call_raises_before_the_function_is_entered() -> None:
    def work(a: int) -> int:
        return a

    with pytest.raises(TypeError, match="unexpected keyword argument"):
        trace(work, b=1)
    assert trace(work, 1).returned == "1"


def test_a_call_that_enters_nothing_is_said_to() -> None:
    def numbers() -> Iterator[int]:
        yield 1

    async def later() -> int:
        return 1

    for function in (numbers, later):
        with pytest.raises(InputError, match="does not enter it. It runs when"):
            trace(function)
    assert trace(lambda: list(numbers())).returned == "[1]"


@pytest.mark.parametrize("source", ["def f(:", "x = \0", ""])
def test_bad_source_is_an_input_error(source: str) -> None:
    with pytest.raises(InputError):
        record_source(source)


def test_bad_call_is_an_input_error() -> None:
    with pytest.raises(InputError):
        record_source("def f(): pass", "f(")


def test_an_expression_nested_more_deeply_than_calls_may_be() -> None:
    source = "def f(a):\n    return " + "+".join(["a"] * 900) + ", [b for b in a]\n"
    assert record_source(source, "f('x')").returned == repr(("x" * 900, ["x"]))


def test_tracebacks_of_the_program_are_its_own() -> None:
    """Instrumented code keeps lines and columns: what the program sees of itself is what plain Python shows."""
    source = (
        "import traceback\n"
        "def g(a):\n    b = a['x'] + 1\n    return b\n"
        "def f():\n    try:\n        return g({})\n    except KeyError:\n        return traceback.format_exc()"
    )
    text = record_source(source, "f()").returned
    assert text is not None
    assert "line 8, in f" in text and "line 4, in g" in text and "inprocess" not in text


def test_a_python_whose_bytecode_is_not_known_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quirks, "SUPPORTED", ((3, 1), (3, 2)))
    with pytest.raises(
        RunError, match=r"on CPython 3\.1 to 3\.2, and this is 3\.\d+\. Install cwm-trace for one of these"
    ):
        record_source("def f():\n    return 1\n", "f()")
    with pytest.raises(RunError, match="and this is"):
        run_source("def f():\n    return 1\n", "f()")
