"""Skills: every operation there is, programs that compile, what a program is made of."""

from __future__ import annotations

import ast
import json
import random
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from cwm_trace.errors import InputError
from cwm_trace.eval.suites import load_suite
from cwm_trace.format import render_frame
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.constructs import constructs, count
from cwm_trace.train.panel import panel_body
from cwm_trace.train.programs import atom, generate, new_writer
from cwm_trace.train.skills import BODIES, OPERATIONS, atom_body


@pytest.mark.parametrize("kind", [str, list, dict, set, tuple, int, float])
def test_every_method_of_the_common_types_is_an_operation(kind: type) -> None:
    methods = {f".{name}()" for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))}

    assert methods <= set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_template_makes_programs_that_compile_and_use_it(operation: str) -> None:
    used = 0
    for seed in range(6 * len(OPERATIONS[operation])):
        writer = new_writer(random.Random(seed))
        body = "\n".join(atom_body(writer, operation))
        tree = ast.parse(f"def f():\n    {body.replace(chr(10), chr(10) + '    ')}")
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        used += operation.strip(".()") in names
        assert "<X>" not in body and "\0" not in body
    assert used or not operation.endswith("()")


@pytest.mark.parametrize("family", [*BODIES, "dense", "panel", "runs", "recall", "wide"])
def test_skills_are_functions_of_their_seed_and_run(family: str) -> None:
    made = [generate(seed, 2, family) for seed in range(60)]
    ran = Counter[str]()

    assert made == [generate(seed, 2, family) for seed in range(60)]
    assert len({program.source for program in made}) > 45
    for program in made:
        for call in program.calls[:1]:
            try:
                ran["raised" if record_source(program.source, call, max_frames=400).raised else "returned"] += 1
            except Exception as error:  # quotes inside an f-string, before 3.12
                assert "f-string" in str(error)
    assert ran["returned"] > 5 * ran["raised"]


def test_a_wide_mixture_has_them_all_and_the_usual_ones() -> None:
    families = Counter(generate(seed, 1, "wide").family for seed in range(900))

    assert set(families) == {
        "drill",
        "free",
        "idiom",
        "script",
        "plain",
        "module",
        "mutant",
        "dense",
        "facts",
        "branches",
        "deeds",
        "catalogue",
        "rounds",
        "growth",
        "choices",
        "asks",
        "sheets",
        "scales",
        "pieces",
        "panel",
        "runs",
        "recall",
        "toplevel",
        *BODIES,
    }
    assert 80 < sum(families[name] for name in BODIES) < 200
    assert 40 < families["dense"] < 110
    assert 15 < families["toplevel"] < 70
    assert 50 < families["plain"] < 150


def test_chains_are_two_to_six_operations() -> None:
    found = Counter(
        sum(
            isinstance(node, (ast.Attribute, ast.Subscript))
            for node in ast.walk(ast.parse(generate(n, 1, "chain").source))
        )
        for n in range(150)
    )

    assert min(found) == 2
    assert {3, 4, 5, 6} <= set(found)


def test_long_programs_are_called_with_long_texts() -> None:
    for seed in range(30):
        call = ast.parse(generate(seed, 1, "long").calls[0], mode="eval").body
        assert isinstance(call, ast.Call) and isinstance(call.args[0], ast.Constant)
        assert len(str(call.args[0].value)) >= 12


def test_numbers_that_something_is_asked_of_stand_in_parentheses() -> None:
    asked = 0
    for seed in range(300):
        writer = new_writer(random.Random(seed))
        writer.max_params = 0
        for template in ("<I>.bit_length()", "<F>.is_integer()", "<I> + <I>.numerator"):
            text = writer.fill(template)
            call = ast.parse(text, mode="eval").body
            asked += text.startswith("(")
            assert isinstance(call, ast.BinOp if "+" in template else ast.Call), text
            eval(text)
        assert not writer.fill("<I> + 1").startswith("(")
    assert asked > 300


def test_dense_programs_have_frames_with_names_from_around() -> None:
    closures = Counter[str]()
    for family in ("steps", "dense"):
        for seed in range(200):
            program = generate(seed, 1, family)
            with suppress(InputError):
                frames = map(render_frame, record_source(program.source, program.calls[0], max_frames=400).frames)
                closures[family] += sum('".0"' in text and text.count('": "') > 2 for text in frames)
    assert closures["dense"] > 1.5 * closures["steps"] and closures["dense"] > 200


def test_dense_programs_work_on_their_variables() -> None:
    unread = itself = literal = 0
    for seed in range(300):
        tree = ast.parse(generate(seed, 1, "dense").source)
        function = tree.body[-1]
        assert isinstance(function, ast.FunctionDef)
        read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        unread += not {argument.arg for argument in function.args.args} <= read
        for node in ast.walk(function):
            if isinstance(node, ast.Compare):
                itself += ast.dump(node.left) == ast.dump(node.comparators[0])
            elif isinstance(node, ast.Attribute) and isinstance(node.value, (ast.Constant, ast.List, ast.Dict)):
                literal += not (isinstance(node.value, ast.Constant) and node.attr == "join")
    assert unread < 45 and itself < 5 and literal < 25


def test_panel_programs_have_many_results_in_few_frames() -> None:
    results, raised, frames, repeated = 0, 0, Counter[int](), 0
    for seed in range(200):
        program = generate(seed, 1, "panel")
        trace = record_source(program.source, program.calls[0], max_frames=400)
        raised += bool(trace.raised)
        frames[len(trace.frames)] += 1
        function = ast.parse(program.source).body[-1]
        assert isinstance(function, ast.FunctionDef)
        for statement in function.body:
            if isinstance(statement, ast.Assign):
                shown = [ast.dump(node) for node in ast.iter_child_nodes(statement.value)]
                results += len(shown)
                repeated += len(shown) - len(set(shown))
    assert max(frames) <= 9, "the call's, the lines', the return's: nothing has frames of its own"
    assert raised < 16 and results > 5 * frames.total() and repeated < results / 10


def test_what_is_in_a_literal_is_no_hole_of_a_template() -> None:
    writer = new_writer(random.Random(0))
    writer.theme.words = ["<X>", "<nothing>", "<S>"]

    assert any("<nothing>" in "\n".join(panel_body(writer)) for _ in range(20))


def test_a_template_fits_where_there_are_variables_or_room() -> None:
    writer = new_writer(random.Random(0))
    writer.max_params = 1
    assert writer.fits("<S>.count(<char>)") and not writer.fits("<S>.join(<LS>)")
    writer.add_param("str")
    assert writer.fits("<S> + <S>") and not writer.fits("<LI>[0]")


def test_what_a_program_is_made_of() -> None:
    source = "def f(x):\n    for c in x.split(',').copy():\n        print(len(c), end='')\n    else:\n        return x[1:] + x[::2][0]"

    assert sorted(constructs(source)) == [
        ".copy()",
        ".split()",
        "For with else",
        "call in a call's arguments",
        *["constant int"] * 3,
        *["constant str"] * 2,
        "index",
        "len()",
        "method of a method's result",
        "operator Add",
        "print()",
        "print(end=)",
        "slice",
        "slice with a step",
        "statement Expr",
        "statement For",
        "statement FunctionDef",
        "statement Return",
    ]
    assert count([source, source, "def ("]) == (2, Counter(dict.fromkeys(constructs(source), 2)))


def test_the_commands_write_a_suite_by_operation_and_counts(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cwm_trace.train"]
    written = subprocess.run([*command, "atoms", "--each", "1"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "atoms.jsonl").write_text(written)
    counted = subprocess.run([*command, "count", "--last", "50"], capture_output=True, text=True, check=True).stdout

    tasks = load_suite(str(tmp_path / "atoms.jsonl")).tasks
    assert [task.tags for task in tasks] == [(operation,) for operation in OPERATIONS]
    assert json.loads(written.splitlines()[0])["source"] == atom(next(iter(OPERATIONS)), 0).source
    assert "100.00  statement FunctionDef" in counted
    shares = [float(line.split()[0]) for line in counted.splitlines()[1:]]
    assert shares == sorted(shares, reverse=True)
