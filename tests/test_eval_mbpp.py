"""Three problems of MBPP as Google released them, CRLF and all, through its loader and the tracer. lm-evaluation-harness shows them to models
as examples; they are read from its source, which cannot be imported without a network."""

from __future__ import annotations

import ast
import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from cwm_trace.eval import Suite, load_suite
from cwm_trace.tracer import trace_source


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    spec = find_spec("lm_eval")
    if spec is None or spec.origin is None:
        pytest.skip("lm-evaluation-harness is not installed")
    utils = ast.parse((Path(spec.origin).parent / "tasks" / "mbpp" / "utils.py").read_text("utf-8"))
    (shown,) = (
        node for node in utils.body if isinstance(node, ast.FunctionDef) and node.name == "list_fewshot_samples"
    )
    (returned,) = (node.value for node in shown.body if isinstance(node, ast.Return) and node.value)
    path = tmp_path_factory.mktemp("mbpp") / "mbpp.jsonl"
    path.write_text("".join(json.dumps(problem) + "\n" for problem in ast.literal_eval(returned)))
    return load_suite(path)


def test_every_assert_is_a_task(suite: Suite) -> None:
    assert [task.id for task in suite.tasks] == [
        f"MBPP/{problem}#{number}" for problem in (2, 3, 4) for number in (1, 2, 3)
    ]
    assert not suite.left_out
    assert not any("\r" in task.source for task in suite.tasks)
    assert suite.tasks[0].call == "similar_elements((3, 4, 5, 6),(5, 7, 4, 10))"
    assert suite.tasks[0].expected == "(4, 5)"


def test_what_the_tests_expect_is_what_runs_return(suite: Suite) -> None:
    for task in suite.tasks:
        trace = trace_source(task.source, task.call)
        assert trace.complete, task.id
        assert ast.literal_eval(str(trace.returned)) == ast.literal_eval(str(task.expected)), task.id
