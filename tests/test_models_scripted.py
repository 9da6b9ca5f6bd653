"""Models that have their frames before they are asked: the oracle, replayed files, the two baselines; and finding models by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cwm_trace
from cwm_trace.errors import InputError, ModelError, SchemaError
from cwm_trace.files import save
from cwm_trace.format import EVENT_TOKENS, parse
from cwm_trace.frames import Event, Frame, Status, Trace
from cwm_trace.models import NAMES, Decoding, Model, Rollout, Stop, load_model
from cwm_trace.prompts import call_prompt, context_prompt, script_prompt
from cwm_trace.simulate import predict
from cwm_trace.tracer import run_context

COUNT = """def count(s, letter):
    n = 0
    for c in s:
        if c == letter:
            n += 1
    return n
"""
CALL = "count('berry', 'r')"
SCRIPT = COUNT + "\nprint(count('x' * 3, 'x'))\n"
DEVELOPMENT = Path(__file__).parents[2] / "shared" / "data" / "cruxeval_dev.jsonl"


def predicted(name: str, source: str = COUNT, call: str | None = CALL) -> Trace:
    return predict(load_model(name), source, call)


# --- by name --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("orcale", "Did you mean oracle?"),
        ("nanoo", "Did you mean nano?"),
        ("no-chang", "Did you mean no-change?"),
        ("gpt", "Known: nano, hf:PATH_OR_ID"),
        ("oracle:x", "Did you mean oracle?"),
        ("replay:", "Did you mean replay?"),
        ("", "Known: "),
    ],
)
def test_unknown_names_are_input_errors_with_advice(spec: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        load_model(spec)
    assert caught.value.hint.startswith(hint) and repr(spec) in caught.value.message


@pytest.mark.parametrize("spec", ["oracle", "copy-input", "no-change"])
def test_simple_models_follow_the_protocol(spec: str) -> None:
    model = load_model(spec)
    assert isinstance(model, Model) and model.name == spec and spec in NAMES
    assert isinstance(model.rollout(call_prompt(COUNT, CALL), Decoding()), Rollout)
    with pytest.raises(ModelError, match="no probabilities"):
        model.score(call_prompt(COUNT, CALL))


# --- oracle ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["count('berry', 'r')", "count('', 'é')", "count(3, 4)", "len(count.__name__)"])
def test_the_oracle_tells_the_truth(call: str) -> None:
    prompt = call_prompt(COUNT, call)
    trace = predict(load_model("oracle"), prompt=prompt)
    assert trace == run_context(prompt.context)
    assert trace.complete and trace[0] == prompt[0]


def test_the_oracle_follows_scripts_with_or_without_a_mark() -> None:
    module = predict(load_model("oracle"), SCRIPT)
    assert module.complete and module[0].source == "def count(s, letter):\n" and len(module) > len(COUNT.splitlines())
    marked = SCRIPT.replace("letter):", "letter):  # << START_OF_TRACE")
    call = predict(load_model("oracle"), prompt=context_prompt(marked))
    assert call.returned == "3" and call[0].locals == {"s": "'xxx'", "letter": "'x'"}


def test_the_oracle_knows_exceptions() -> None:
    trace = predicted("oracle", "def f(x):\n    return 1 / x\n", "f(0)")
    assert trace.complete and trace.raised == "ZeroDivisionError('division by zero')"


# --- replay ---------------------------------------------------------------------------------------------------------


def test_replay_finds_the_trace_of_the_same_program(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    traces = [predicted("oracle", call=f"count({word!r}, 'a')") for word in ("banana", "b", "")]
    save(traces, path)
    model = load_model(f"replay:{path}")
    for trace, word in zip(traces, ("banana", "b", ""), strict=True):
        assert predict(model, COUNT, f"count({word!r}, 'a')") == trace
    with pytest.raises(ModelError, match="no trace of this program. It has 3 of others"):
        predict(model, COUNT, "count('other', 'a')")


def test_replay_of_an_open_trace_ends_open_not_complete(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    whole = predicted("oracle")
    save([Trace(whole.context, whole.frames[:4], complete=False)], path)
    trace = predict(load_model(f"replay:{path}"), COUNT, CALL)
    assert trace.frames == whole.frames[:4] and trace.status is Status.OPEN


def test_replay_refuses_what_is_no_trace_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such trace file"):
        load_model("replay:/no/such.jsonl")
    (tmp_path / "x.jsonl").write_text(json.dumps({"a": 1}) + "\n")
    with pytest.raises(SchemaError):
        load_model(f"replay:{tmp_path / 'x.jsonl'}")


# --- baselines ------------------------------------------------------------------------------------------------------


def test_copy_input_returns_the_first_argument_at_once() -> None:
    trace = predicted("copy-input")
    arguments = {"s": "'berry'", "letter": "'r'"}
    assert trace.frames == (
        Frame(Event.CALL, "def main():\n"),
        Frame(Event.LINE, "    return count('berry', 'r')\n"),
        Frame(Event.CALL, "def count(s, letter):\n", arguments),
        Frame(Event.RETURN, "def count(s, letter):\n", value="'berry'"),
        Frame(Event.RETURN, "    return count('berry', 'r')\n", value="'berry'"),
    )
    assert trace.complete


def test_no_change_visits_each_line_once_and_changes_nothing() -> None:
    trace = predicted("no-change")
    body = COUNT.splitlines(keepends=True)[1:]
    inside = trace[3:8]
    assert [step.source for step in inside] == body
    assert all(step.unchanged == {"s", "letter"} for step in inside)
    assert trace[8] == Frame(Event.RETURN, "    return n\n", value="None") and trace.returned == "None"


@pytest.mark.parametrize(
    ("call", "first"),
    [
        ("count(letter='r', s='berry')", "'berry'"),
        ('count("it\'s", "s")', '"it\'s"'),
        ("count([1,2 ,3], 2)", "[1, 2, 3]"),
        ("count({'a':1}, -1)", "{'a': 1}"),
        ("count(max(1, 2), 3)", "max(1, 2)"),
        ("count('\\ud800', '<|frame_sep|>')", "'\\ud800'"),
    ],
)
def test_arguments_are_rendered_as_python_does(call: str, first: str) -> None:
    trace = predicted("copy-input", call=call)
    assert trace.returned == first
    assert parse(trace.render()) == trace


@pytest.mark.parametrize("name", ["copy-input", "no-change"])
@pytest.mark.parametrize(
    ("source", "call"),
    [
        (COUNT, "len('abc')"),
        (COUNT, "count()"),
        (COUNT, "count(*['ab', 'a'])"),
        (COUNT, "(lambda x: x)(1)"),
        ("f = len\n", "f([1])"),
        ("class A:\n    def g(self, x):\n        return x\n", "A().g(1)"),
        ("def f(x): return x\n", "f(1)"),
        ("def f(*a, **k):\n    '''Doc.'''\n    return a\n", "f(1, b=2)"),
        ("@staticmethod\ndef f(x):\n    return (x,\n            x)\n", "f(1)"),
        (SCRIPT, None),
        ("x = 1\n", None),
        ("pass\n", None),
        ("def f(a, /, b=[1], *, c={'x': 2}, d):\n    return a\n", "f(1, d=4)"),
    ],
)
def test_baselines_are_well_formed_for_every_program(name: str, source: str, call: str | None) -> None:
    trace = predicted(name, source, call)
    assert trace.complete and not trace.malformed
    assert parse(trace.render()) == trace
    assert trace.depths()[-1] == 0 and sum(step.event is Event.CALL for step in trace) == sum(
        step.event is Event.RETURN for step in trace
    )


def test_parameters_are_shown_in_the_order_in_which_they_are_bound() -> None:
    trace = predicted("no-change", "def f(a, b=[1 ], *, c, d='x'):\n    return a\n", "f(c=3, a=2)")
    assert list(trace[2].locals.items()) == [("a", "2"), ("b", "[1]"), ("c", "3"), ("d", "'x'")]


@pytest.mark.skipif(not DEVELOPMENT.is_file(), reason="the benchmark's development split is not here")
def test_copying_the_first_argument_scores_what_was_published() -> None:
    items = [json.loads(line) for line in DEVELOPMENT.read_text().splitlines()]
    model = load_model("copy-input")
    right = [predict(model, item["code"], f"f({item['input']})").returned == item["output"] for item in items]
    assert 0.10 < sum(right) / len(right) < 0.25  # 17.4 % of the 800


# --- what a rollout is asked ------------------------------------------------------------------------------------------


def test_a_forced_event_skips_to_the_next_such_frame() -> None:
    prompt = call_prompt(COUNT, CALL)
    rollout = load_model("oracle").rollout(prompt, Decoding())
    forced = rollout.next_frame(prefix=EVENT_TOKENS[Event.RETURN])
    assert forced.text.startswith(EVENT_TOKENS[Event.RETURN]) and forced.stop is Stop.FRAME
    assert rollout.next_frame(prefix=EVENT_TOKENS[Event.EXCEPTION]).stop is Stop.END


def test_a_fed_frame_takes_the_place_of_one() -> None:
    prompt = call_prompt(COUNT, CALL)
    truth = run_context(prompt.context)
    rollout = load_model("oracle").rollout(prompt, Decoding())
    rollout.feed(truth[1])
    assert parse(rollout.next_frame().text + "<|frame_sep|>", prompt=prompt)[-1].locals == truth[2].locals


def test_library_names_lead_here() -> None:
    trace = cwm_trace.predict(cwm_trace.load_model("oracle"), COUNT, CALL)
    assert trace == predicted("oracle") and trace.returned == "2"
    assert list(cwm_trace.simulate(cwm_trace.load_model("oracle"), COUNT, CALL)) == list(trace[1:])
    assert script_prompt(SCRIPT)[0].event is Event.CALL
