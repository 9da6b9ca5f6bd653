"""Trace files: nothing is lost, damage is said with file and line, and Arrow readers take them as they are."""

from __future__ import annotations

import dataclasses
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cwm_trace.errors import InputError, SchemaError
from cwm_trace.files import (
    frame_to_line,
    iter_frames,
    iter_traces,
    load,
    save,
    save_lines,
    step_to_json,
    trace_from_json,
    trace_to_json,
)
from cwm_trace.format import parse, render
from cwm_trace.frames import Event, Frame, Status, Step, Trace, join_surrogates
from cwm_trace.tracer.inprocess import record_source
from tests.strategies import any_text, traces

FACTS = Trace(
    "def f():\n    pass\n",
    (
        Frame(Event.CALL, "def f():\n", line_number=1, logprob=-0.5, tokens=7),
        Frame(Event.RETURN, "    pass\n", value="'aaa", line_number=2, capped=True),
    ),
    False,
    Status.FRAME_LIMIT,
    {"name": "f", "model": "nano"},
)


def facts(step: Step) -> tuple[object, ...]:
    """What equality leaves out."""
    return step.line_number, step.logprob, step.tokens, step.capped, step.raw


@given(traces)
def test_json_round_trip(trace: Trace) -> None:
    assert trace_from_json(json.loads(json.dumps(trace_to_json(trace)))) == trace


@given(st.lists(any_text, max_size=6).map("<|frame_sep|>".join), st.sampled_from(["", "<|trace_context_start|>"]))
@example("\ud800\udc00", "")
def test_json_round_trip_of_broken_text(text: str, start: str) -> None:
    trace = parse(start + join_surrogates(text))  # JSON cannot tell the two halves of a pair from the character

    again = trace_from_json(json.loads(json.dumps(trace_to_json(trace))))

    assert again == trace
    assert list(map(facts, again)) == list(map(facts, trace))
    assert [(step.reason, step.position) for step in again.malformed] == [
        (step.reason, step.position) for step in trace.malformed
    ]


def test_all_facts_survive() -> None:
    again = trace_from_json(json.loads(json.dumps(trace_to_json(FACTS))))

    assert (again, again.status, again.meta) == (FACTS, FACTS.status, FACTS.meta)
    assert list(map(facts, again)) == list(map(facts, FACTS))


_BEGINNINGS = {".jsonl": b'{"', ".gz": b"\x1f\x8b", ".zst": b"\x28\xb5"}


@pytest.mark.parametrize("name", ["t.jsonl", "t.jsonl.gz", "t.jsonl.zst"])
def test_files_of_many_traces(tmp_path: Path, name: str) -> None:
    many = [FACTS, record_source("def f(x):\n    return x\n", "f('\\ud800 <|frame_sep|>')"), Trace("\udc80", (), False)]
    save(many, tmp_path / name)

    assert list(iter_traces(tmp_path / name)) == many
    assert (tmp_path / name).read_bytes()[:2] == _BEGINNINGS[Path(name).suffix]


def test_lines_are_ascii_and_one_for_each_trace(tmp_path: Path) -> None:
    save([Trace("\u2028é\n", ()), FACTS], tmp_path / "t.jsonl")
    data = (tmp_path / "t.jsonl").read_bytes()

    assert data.isascii()
    assert data.count(b"\n") == 2


@given(traces)
def test_plain_text_round_trip(tmp_path_factory: pytest.TempPathFactory, trace: Trace) -> None:
    path = tmp_path_factory.getbasetemp() / "trace.txt"
    save([trace], path)

    assert load(path) == trace
    assert path.read_bytes().decode("utf-8", "surrogatepass") == render(trace)


def test_methods_of_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    FACTS.save(str(path))

    assert load(path) == FACTS


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[1]", "no schema"),
        ("{}", "no schema"),
        ('{"schema": "cwm-trace/99"}', "schema 'cwm-trace/99', this version reads 'cwm-trace/1'. Upgrade cwm-trace"),
        ('{"schema": "cwm-trace/1"}', "damaged trace record (KeyError: 'frames')"),
        ('{"schema": "cwm-trace/1", "frames": [1]}', "damaged trace record"),
        ('{"schema": "cwm-trace/1", "frames": null}', "damaged trace record"),
        ('{"schema": "cwm-tr', "Invalid control character"),
    ],
)
def test_damage_is_said_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "t.jsonl"
    save([FACTS], path)
    path.write_text(path.read_text() + line + "\n")

    with pytest.raises(SchemaError) as caught:
        list(iter_traces(path))

    assert str(caught.value).startswith(f"{path}:2: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", "asleep"), ("complete", "yes"), ("meta", "{"), ("meta", "[]"), ("context", 3), ("context", None)],
)
def test_damaged_fields_of_a_trace(field: str, value: object) -> None:
    with pytest.raises(SchemaError, match="damaged trace record"):
        trace_from_json(trace_to_json(FACTS) | {field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event", "jump"),
        ("locals", None),
        ("locals", [["x"]]),
        ("locals", [["x", None]]),
        ("locals", [["x", 1]]),
        ("value", "1"),
        ("source", None),
        ("source", 1),
    ],
)
def test_damaged_fields_of_a_frame(field: str, value: object) -> None:
    record = trace_to_json(FACTS)
    record["frames"][0][field] = value

    with pytest.raises(SchemaError, match="damaged trace record"):
        trace_from_json(record)


def test_what_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such trace file"):
        load(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="cannot tell the format of t.csv"):
        save([FACTS], tmp_path / "t.csv")
    with pytest.raises(InputError, match="one trace"):
        save([FACTS, FACTS], tmp_path / "t.txt")
    (tmp_path / "t.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(SchemaError, match="t.jsonl.gz"):
        load(tmp_path / "t.jsonl.gz")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"schema"')[:-12])
    with pytest.raises(SchemaError, match="cut.jsonl.gz"):
        load(tmp_path / "cut.jsonl.gz")
    (tmp_path / "t.jsonl.zst").write_bytes(b"no zstd")
    with pytest.raises(SchemaError, match="t.jsonl.zst"):
        load(tmp_path / "t.jsonl.zst")
    save([FACTS] * 1000, tmp_path / "cut.jsonl.zst")
    whole = (tmp_path / "cut.jsonl.zst").read_bytes()
    (tmp_path / "cut.jsonl.zst").write_bytes(whole[:-3])
    with pytest.raises(SchemaError, match="cut.jsonl.zst"):
        list(iter_traces(tmp_path / "cut.jsonl.zst"))
    with pytest.raises(SchemaError, match="t.jsonl.zst"):
        list(iter_frames(tmp_path / "t.jsonl.zst"))
    (tmp_path / "latin.jsonl").write_bytes(b'"\xe9"\n')
    with pytest.raises(SchemaError, match="latin.jsonl"):
        load(tmp_path / "latin.jsonl")
    (tmp_path / "latin.txt").write_bytes(b"\xe9")
    with pytest.raises(SchemaError, match="latin.txt"):
        load(tmp_path / "latin.txt")


def test_without_zstandard_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match="pip install -e .*zstd"):
        save([FACTS], tmp_path / "t.jsonl.zst")


def test_a_file_is_replaced_when_all_is_written(tmp_path: Path) -> None:
    """It was emptied first: an error then cost what was there."""
    path = tmp_path / "t.jsonl"
    save(FACTS, path)  # one trace is enough
    assert load(path) == FACTS

    def broken() -> Iterator[Trace]:
        yield FACTS
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        save(broken(), path)
    with pytest.raises(ZeroDivisionError):
        save_lines(((trace, ()) for trace in broken()), path)
    assert load(path) == FACTS
    assert list(tmp_path.iterdir()) == [path]
    (tmp_path / "link.jsonl").symlink_to(path)
    save([], tmp_path / "link.jsonl")
    assert not path.read_text() and (tmp_path / "link.jsonl").is_symlink()


def test_blank_lines_are_no_traces(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    save([FACTS, FACTS], path)
    path.write_text(path.read_text().replace("\n", "\n\n"))
    assert list(iter_traces(path)) == [FACTS, FACTS]


def test_a_text_that_is_not_cwms_is_no_trace(tmp_path: Path) -> None:
    for text in ("", "some notes\n"):
        (tmp_path / "notes.txt").write_text(text)
        with pytest.raises(SchemaError, match="not CWM's text"):
            load(tmp_path / "notes.txt")
    with pytest.raises(InputError, match="not read frame by frame"):
        list(iter_frames(tmp_path / "notes.txt"))


def test_a_page_of_a_program_with_threads_is_of_its_main_one(tmp_path: Path) -> None:
    other = dataclasses.replace(FACTS, meta={"parent": "f", "thread": "Thread-1"})
    save([FACTS, other], tmp_path / "t.txt")
    save(dataclasses.replace(FACTS, threads=(other,)), tmp_path / "u.txt")
    assert (tmp_path / "t.txt").read_text() == (tmp_path / "u.txt").read_text() == render(FACTS)


def test_load_wants_exactly_one(tmp_path: Path) -> None:
    save([FACTS, FACTS], tmp_path / "two.jsonl")
    save([], tmp_path / "none.jsonl")

    with pytest.raises(InputError, match="holds 2 traces"):
        load(tmp_path / "two.jsonl")
    with pytest.raises(InputError, match="holds 0 traces"):
        load(tmp_path / "none.jsonl")


def test_datasets_reads_the_file_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets", reason="the dev extra is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    broken = parse("<|call_sep|>{}<|action_sep|>f\n<|frame_sep|>?<|frame_sep|>")
    many = [FACTS, record_source("def f(x):\n    y = x\n    return y\n", "f('é')"), broken]
    save(many, tmp_path / "t.jsonl")

    rows = datasets.load_dataset(
        "json", data_files=str(tmp_path / "t.jsonl"), cache_dir=str(tmp_path / "cache"), split="train"
    )

    assert [trace_from_json(row) for row in rows] == many


@given(traces)
def test_a_frames_json_text_is_that_of_json(trace: Trace) -> None:
    for step in trace.frames:
        plain = dataclasses.replace(step, logprob=None, tokens=None, raw=None) if isinstance(step, Frame) else None
        if plain is not None:
            assert frame_to_line(plain) == json.dumps(step_to_json(plain))


@given(trace=traces, ending=st.sampled_from(["t.jsonl", "t.jsonl.gz", "t.jsonl.zst"]))
def test_pieces_make_the_same_file(tmp_path_factory: pytest.TempPathFactory, trace: Trace, ending: str) -> None:
    folder = tmp_path_factory.mktemp("pieces")
    save([trace], folder / "whole.jsonl")
    save_lines([(trace, (json.dumps(step_to_json(step)) for step in trace.frames))], folder / ending)
    if not ending.endswith(".zst"):
        opened = gzip.open if ending.endswith(".gz") else open
        with opened(folder / ending, "rt", encoding="utf-8") as file:
            assert file.read() == (folder / "whole.jsonl").read_text()
    assert list(map(facts, iter_frames(folder / ending))) == list(map(facts, trace.frames))


def test_frames_one_by_one_over_many_chunks(tmp_path: Path) -> None:
    source = "def f(n):\n    s = ''\n    for i in range(n):\n        s += 'ab\u00e9' * 40\n    return s\n"
    trace = record_source(source, "f(70)")
    save([trace, trace], tmp_path / "t.jsonl")
    assert (tmp_path / "t.jsonl").stat().st_size > 1_000_000
    assert tuple(iter_frames(tmp_path / "t.jsonl")) == trace.frames


def test_damage_to_a_file_that_is_read_frame_by_frame(tmp_path: Path) -> None:
    trace = record_source("def f(n):\n    return n\n", "f(1)")
    save([trace], tmp_path / "t.jsonl")
    text = (tmp_path / "t.jsonl").read_text()
    for damaged, kept in [
        (text[:-40], len(trace) - 1),
        (text[: text.index("frames")], 0),
        (text.replace("trace/1", "trace/9"), 0),
    ]:
        (tmp_path / "d.jsonl").write_text(damaged)
        frames = iter_frames(tmp_path / "d.jsonl")
        with pytest.raises(SchemaError, match=r"d\.jsonl"):
            for number, _ in enumerate(frames):
                assert number < kept
    with pytest.raises(InputError, match="no such"):
        next(iter_frames(tmp_path / "none.jsonl"))
    with pytest.raises(InputError, match="piece by piece"):
        save_lines([(Trace("", (), complete=False), [])], tmp_path / "t.txt")
