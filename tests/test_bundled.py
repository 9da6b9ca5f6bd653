"""The suites that come in the package: true on every run, made again byte for byte, each different in the way it says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cwm_trace.cli import main
from cwm_trace.errors import InputError
from cwm_trace.eval import METRICS, Task, load_suite, run_suite
from cwm_trace.eval.suites import BUNDLED, bundled_path
from cwm_trace.frames import Trace
from cwm_trace.models import load_model
from cwm_trace.tracer.run import GroundTruth, run_source, source_job
from cwm_trace.train import grammar, idioms, programs
from cwm_trace.train.decontaminate import Filter
from cwm_trace.train.programs import generate
from cwm_trace.train.suites import RECIPES, SIZE, fingerprints_of_seeds, suite_items, suite_text
from cwm_trace.train.unseen import UNSEEN

GENERATED = tuple(RECIPES)


def tasks(name: str) -> tuple[Task, ...]:
    return load_suite(name).tasks


def traces(name: str, count: int = 12) -> list[Trace]:
    return [run_source(task.source, task.call) for task in tasks(name)[:count]]


def test_every_bundled_suite_is_a_file_and_every_file_is_one() -> None:
    folder = bundled_path("real").parent

    assert {path.name for path in folder.iterdir()} == {f"{name}.jsonl" for name in BUNDLED}
    assert set(BUNDLED) == {"real", *GENERATED}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1 << 20


@pytest.mark.parametrize("name", BUNDLED)
def test_the_oracle_scores_exactly_100_on_it(name: str, tmp_path: Path) -> None:
    suite = load_suite(name)
    limit = 10  # the next test runs more of them, without the harness

    results = run_suite(load_model("oracle"), suite, tmp_path, limit=limit)

    assert (suite.name, len(suite.tasks)) == (name, SIZE if name in GENERATED else 58)
    assert {metric: results.metrics[metric] for metric in METRICS} == dict.fromkeys(METRICS, 100.0)
    assert (results.outcomes, results.unexpected) == ({"ok": results.n}, 0)


@pytest.mark.parametrize("name", BUNDLED)
def test_programs_give_what_the_suite_states(name: str) -> None:
    some = tasks(name)[:: 3 if name in GENERATED else 1]
    found = {task.id: run_source(task.source, task.call) for task in some}

    assert [trace.complete for trace in found.values()] == [True] * len(found)
    assert {key: trace.returned for key, trace in found.items()} == {task.id: task.expected for task in some}


@pytest.mark.parametrize("name", BUNDLED)
def test_every_task_says_what_it_is(name: str) -> None:
    assert all(task.licence == "Apache-2.0" and task.tags for task in tasks(name))
    assert len({(task.source, task.call) for task in tasks(name)}) == len(tasks(name))


def test_real_programs_do_not_depend_on_the_order_of_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2")

    with GroundTruth() as other:
        for task in tasks("real")[::2]:
            assert other.trace(source_job(task.source, task.call)) == run_source(task.source, task.call), task.id


def test_real_programs_are_of_many_kinds() -> None:
    tags = {tag for task in tasks("real") for tag in task.tags}

    assert {"text", "parsing", "algorithm", "dataclass", "simulation", "generator", "exceptions", "closures"} <= tags
    assert all(9 <= len(task.source.splitlines()) <= 60 for task in tasks("real"))


@pytest.mark.parametrize("name", GENERATED)
def test_generated_suites_are_made_again_byte_for_byte(name: str) -> None:
    lines = bundled_path(name).read_text("ascii").splitlines(keepends=True)

    count = 1 if name == "longer" else 2  # a long one is found after many tries

    assert suite_text(name, count) == "".join(lines[:count])


def test_a_suite_that_is_not_generated_has_no_recipe() -> None:
    with pytest.raises(InputError, match="no generated suite is called 'real'"):
        next(suite_items("real"))


def test_what_was_trained_on_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = suite_items("in-distribution", 2)
    seed = int(first["id"].rpartition("-")[2])

    (found,) = suite_items("in-distribution", 1, fingerprints_of_seeds([f"{seed}:{seed + 1}"]))

    assert found == second
    assert capsys.readouterr().err == f"{seed}\n"


# --- each in its own way ----------------------------------------------------------------------------------------------


def test_longer_has_more_frames_than_any_trained_trace() -> None:
    assert all(160 < len(trace) <= 400 for trace in traces("longer"))


def test_deeper_goes_five_deep_and_more() -> None:
    assert all(max(trace.depths()) >= 5 for trace in traces("deeper"))


def test_renamed_programs_are_the_same_programs() -> None:
    for task in tasks("renamed")[:12]:
        before = generate(int(task.id.rpartition("-")[2]), 1)
        trace, renamed = run_source(before.source, before.calls[0]), run_source(task.source, task.call)

        assert task.source != before.source
        assert [step.event for step in trace] == [step.event for step in renamed]
        assert Filter.of([before.source]).rejects(task.source)


def test_unseen_operations_are_in_no_table_of_the_generator() -> None:
    tables = (grammar.EXPRESSIONS, grammar.CONDITIONS, grammar.MAPS, grammar.MUTATIONS)
    templates = [text for table in tables for rows, _ in table.values() for text in rows]
    templates += [*idioms.IDIOMS, *(row[2] for row in programs._LOOP_TABLE)]
    templates += [text for rows in programs._FROM_TEXT.values() for text in rows]
    written = "\n".join(templates)

    assert [mark for mark, _, _ in UNSEEN if mark in written] == []
    assert [mark for mark, _, template in UNSEEN if mark not in template] == []
    assert all(any(mark in task.source for mark, _, _ in UNSEEN) for task in tasks("unseen-operations"))


def test_every_unseen_operation_is_asked_about() -> None:
    sources = "\n".join(task.source for task in tasks("unseen-operations"))

    assert sum(mark in sources for mark, _, _ in UNSEEN) > 0.8 * len(UNSEEN)


# --- where they are used ----------------------------------------------------------------------------------------------


def test_no_bundled_program_can_be_trained_on() -> None:
    pytest.importorskip("transformers", reason="the model extra is not installed")
    from cwm_trace.train.record import suite_sources

    keep = Filter.of(suite_sources(()))
    sources = [task.source for name in BUNDLED for task in tasks(name)]

    assert all(map(keep.rejects, sources))
    assert len(list(suite_sources(()))) == len(set(sources))


def test_the_command_lists_and_takes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(any(line.split()[0] == name for line in listed.splitlines()) for name in BUNDLED)
    assert "100 tasks" in listed and "humaneval" in listed

    assert main(["eval", "real", "-m", "oracle", "--limit", "2", "--out", str(tmp_path / "run")]) == 0
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert (manifest["suite"], manifest["n"]) == ("real", 58)


def test_a_file_of_that_name_needs_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").write_text('{"id": "mine", "source": "def f(): pass", "call": "f()", "tags": ["a"]}\n')

    assert len(load_suite("real").tasks) == 58
    assert load_suite("./real").tasks == (Task("mine", "def f(): pass", "f()", tags=("a",)),)
    (tmp_path / "bad").write_text('{"source": "def f(): pass", "call": "f()", "tags": "a"}\n')
    with pytest.raises(InputError, match="bad:1: tags is not a list of strings"):
        load_suite("bad")


def test_a_misspelled_name_is_corrected() -> None:
    with pytest.raises(InputError, match="no suite is called 'unseen-operation'. Did you mean unseen-operations?"):
        load_suite("unseen-operation")
