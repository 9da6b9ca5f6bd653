"""Turns the records of public benchmarks, a user's own copy, into tasks.

One record is one program, and gives a task for each call that can be cut out of its tests; what cannot be used is named, with the reason.
Knows records as dicts, not files. Every loader's docstring names its source. None of these data sets could be fetched where this was
written: the shapes are those of their public descriptions, and a record of another shape is left out by name, not guessed at.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from cwm_trace.errors import InputError
from cwm_trace.eval.asserts import cuts, global_names, literal
from cwm_trace.eval.imports import missing_imports
from cwm_trace.eval.records import Record, field_names, present
from cwm_trace.eval.unbound import unbound_names

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """One program and one call of it, or one script.

    Attributes:
        id: unique in its suite.
        source: the program.
        call: the expression to trace, e.g. `f('a', 1)`; None: the script from its entry on.
        expected: the rendered result that the suite states, or None.
        licence, tags: what the suite says of the program.
        arguments, stdin: of a program that is started with some: `sys.argv` behind its first item, and all of its standard input.
    """

    id: str
    source: str
    call: str | None
    expected: str | None = None
    licence: str = ""
    tags: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    stdin: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record, or one test of it, that gives no task."""

    id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.id} ({self.reason})"


Loader = Callable[[Fields], Iterator[Task | LeftOut]]


class Placed(NamedTuple):
    """A task, and where its record stands."""

    task: Task
    where: str


def tasks_of(records: Sequence[Record], loader: Loader) -> tuple[list[Placed], list[LeftOut]]:
    """All tasks of a benchmark, and what is left out. Reads, and never runs, what the records hold."""
    tasks: list[Placed] = []
    out: list[LeftOut] = []
    for record in records:
        try:
            for found in map(_usable, loader(record.fields)):
                if isinstance(found, Task):
                    tasks.append(Placed(found, record.where))
                else:
                    out.append(found)
        except InputError as error:
            out.append(LeftOut(_name(record), error.message))
        except (
            SyntaxError,
            ValueError,
            RecursionError,
            MemoryError,
        ) as error:  # what the parser says of text that is no Python
            out.append(LeftOut(_name(record), f"not valid Python: {error}"))
    return tasks, out


def _usable(found: Task | LeftOut) -> Task | LeftOut:
    """A task whose call names nothing that its program lacks; else why not."""
    if isinstance(found, LeftOut) or found.call is None or not (names := unbound_names(found.source, found.call)):
        return found
    return LeftOut(found.id, f"the program has no {', '.join(names)}")


def _name(record: Record) -> str:
    name = present(record.fields, *_ID_FIELDS)
    return record.where if name is None else str(record.fields[name])


_ID_FIELDS = ("task_id", "id", "question_id")
_ENTRY_FIELDS = ("entry_point", "function_name", "func_name", "function")


def _text(record: Fields, *names: str) -> str:
    """The first of these fields that is there, which must be text; `\\r\\n` (MBPP has it) becomes `\\n`."""
    name = _present(record, *names)
    if not isinstance(record[name], str):
        raise InputError(f"{name} is not a string")
    text: str = record[name]
    return text.replace("\r\n", "\n")


def _identity(record: Fields, *names: str) -> str:
    """An id, which may be a number."""
    return str(record[_present(record, *names)])


def _list(record: Fields, *names: str) -> list[Any]:
    """The first of these fields that is there, a list, or the text of one, as tables without types have it."""
    name = _present(record, *names)
    found = record[name]
    if isinstance(found, str):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            found = ast.literal_eval(found.strip())
    if not isinstance(found, list):
        raise InputError(f"{name} is not a list")
    return found


def _present(record: Fields, *names: str) -> str:
    name = present(record, *names)
    if name is None:
        raise InputError(f"no {' or '.join(names)}; its fields: {field_names(record)}")
    return name


# --- HumanEval, HumanEval+, MBPP+ -------------------------------------------------------------------------------------


def humaneval(record: Fields) -> Iterator[Task | LeftOut]:
    """HumanEval, HumanEval+ and the released file of MBPP+.

    Source: openai/human-eval (`task_id`, `prompt`, `canonical_solution`, `test`, `entry_point`): the program is prompt and solution, the
    calls are cut out of the asserts of `test`, ids `HumanEval/0#1`, ... EvalPlus adds `base_input` and `plus_input`, lists of argument
    lists: ids `HumanEval/0#base1`, `HumanEval/0#plus1`, ...; its data sets on the hub have `inputs` and `results` inside `test` instead.
    Not known: what EvalPlus turns JSON lists into where a problem of MBPP+ wants tuples or sets; they stay lists here.
    """
    source = _text(record, "prompt") + _text(record, "canonical_solution")
    name, entry = _identity(record, "task_id"), _entry(record, source)
    if record.get("base_input") is not None:
        yield from _given(name, source, entry, "base", _list(record, "base_input"))
        yield from _given(name, source, entry, "plus", record.get("plus_input") or [])
    else:
        yield from _tested(name, source, _text(record, "test"), {"candidate", entry}, entry)


def _entry(record: Fields, source: str) -> str:
    """The function that is called; where no field names it, the last one of the program, which the prompt asks for."""
    if present(record, *_ENTRY_FIELDS):
        return _text(record, *_ENTRY_FIELDS)
    functions = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return functions[-1] if functions else _text(record, *_ENTRY_FIELDS)


def _given(name: str, source: str, entry: str, kind: str, inputs: list[Any]) -> Iterator[Task | LeftOut]:
    ast.parse(source)
    for number, arguments in enumerate(inputs, start=1):
        identity = f"{name}#{kind}{number}"
        text = repr(arguments)
        if not isinstance(arguments, list) or literal(ast.parse(text, mode="eval").body) != text:
            yield LeftOut(identity, "an argument has no literal (inf, nan)")
        else:
            yield Task(identity, source, f"{entry}({text[1:-1]})")


def _tested(name: str, source: str, test: str, functions: set[str], entry: str | None) -> Iterator[Task | LeftOut]:
    """Calls of one program from the text of its tests: those of `inputs = [...]` if there is such a list, else those of its asserts."""
    tree = ast.parse(test)
    lists = {
        node.targets[0].id: node.value.elts
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.List)
    }
    if "inputs" in lists:
        yield from _listed(name, source, entry or _applied(tree, functions), lists["inputs"], lists.get("results", []))
        return
    known = global_names(ast.parse(source))
    number = 0
    for number, cut in enumerate(cuts(test, functions, known, entry), start=1):
        identity = f"{name}#{number}"
        yield LeftOut(identity, cut.reason) if cut.call is None else Task(identity, source, cut.call, cut.expected)
    if not number:
        yield LeftOut(name, "its tests have no assert")


def _listed(
    name: str, source: str, entry: str, inputs: list[ast.expr], results: list[ast.expr]
) -> Iterator[Task | LeftOut]:
    ast.parse(source)
    stated = [*map(literal, results)] + [None] * len(inputs)
    for number, (arguments, expected) in enumerate(zip(inputs, stated, strict=False), start=1):
        identity, text = f"{name}#{number}", literal(arguments)
        if text is None or not isinstance(arguments, ast.List):
            yield LeftOut(identity, "its arguments are no list of literals")
        else:
            yield Task(identity, source, f"{entry}({text[1:-1]})", expected)


def _applied(tree: ast.Module, functions: set[str]) -> str:
    """The function of the program that the tests call with `f(*inp)`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Starred()]) if name in functions:
                return name
    raise InputError("its tests call no function of the program with *inputs")


# --- MBPP -------------------------------------------------------------------------------------------------------------


def mbpp(record: Fields) -> Iterator[Task | LeftOut]:
    """MBPP, its sanitized part, and MBPP+ as on the hub.

    Source: google-research/mbpp (`task_id`, `text` or `prompt`, `code`, `test_list` of asserts, `test_setup_code` or `test_imports`,
    `challenge_test_list`), evalplus/mbppplus (also `test`, with `inputs` and `results`). One call an assert, challenge tests after the
    others, ids `MBPP/11#1`. Set-up and imports stand below the program, as its tests may need them.
    """
    name = f"MBPP/{record.get('task_id', '')}"
    code, setup = _text(record, "code"), _setup(record)
    source = f"{code.rstrip()}\n\n{setup}\n" if setup else code
    functions = global_names(ast.parse(code))
    if isinstance(record.get("test"), str) and "inputs" in record["test"]:
        yield from _tested(name, source, _text(record, "test"), functions, None)
        return
    tests = [*_list(record, "test_list"), *(record.get("challenge_test_list") or [])]
    yield from _tested(name, source, "\n".join(map(str, tests)).replace("\r\n", "\n"), functions, None)


def _setup(record: Fields) -> str:
    lines = [record.get("test_setup_code") or "", *(record.get("test_imports") or [])]
    return "\n".join(str(line).replace("\r\n", "\n") for line in lines if line).strip()


# --- programs with their calls ----------------------------------------------------------------------------------------


def livecodebench(record: Fields) -> Iterator[Task | LeftOut]:
    """LiveCodeBench's code execution.

    Source: livecodebench/execution, execution-v2 (`question_id`, `id`, `function_name`, `code`, `input`, `output`): `input` is the whole
    call, `f(s = "a", k = 1)`. The programs are LeetCode's and name `List`, `Counter`, `inf` without importing them; their scorer puts
    star imports before them, we put the imports that the program lacks (`cwm_trace.eval.imports`), which become part of the context.
    """
    name = _identity(record, "id", "question_id")
    code, text = _text(record, "code"), _text(record, "input").strip()
    function = _text(record, *_ENTRY_FIELDS) if present(record, *_ENTRY_FIELDS) else _called(text)
    if function is None:
        yield LeftOut(name, "no function_name, and its input is no call")
        return
    lines, unknown = missing_imports(code)
    if unknown:
        yield LeftOut(name, f"the program has no {', '.join(sorted(unknown))}")
        return
    source = "\n".join([*lines, "", "", code]) if lines else code
    yield Task(name, source, text if _calls(text, function) else f"{function}({text})", _text(record, "output").strip())


def _calls(text: str, function: str) -> bool:
    return _called(text) == function


def _called(text: str) -> str | None:
    """The name of the function that an expression calls."""
    match ast.parse(text, mode="eval").body:
        case ast.Call(func=ast.Name(id=name)):
            return name
    return None


def reval(record: Fields) -> Iterator[Task | LeftOut]:
    """REval's programs with their inputs; its four questions are answered from the traces (`--derived`).

    Source: the repository of "Evaluating Large Language Models with Runtime Behavior of Program Execution" (`DREval_data.jsonl`:
    `task_id`, `code`, `entry_point`, `inputs`, a list of argument texts, perhaps `outputs`), 85 programs from HumanEval and 69 of
    ClassEval. Those of ClassEval are driven by unittest classes, so they have no call to cut out, and are left out by name. Not known:
    whether `inputs` are the arguments or whole calls; both are taken. Which lines and variables REval asks about (its tasks file) is
    not read: `--derived` asks about all of them.
    """
    name = _identity(record, "task_id")
    source = _text(record, "code")
    entry = _text(record, *_ENTRY_FIELDS)
    tree = ast.parse(source)
    if entry not in global_names(tree):
        yield LeftOut(name, f"the program has no function {entry}")
        return
    if any(isinstance(node, ast.ClassDef) and node.name == entry for node in tree.body):
        yield LeftOut(name, f"{entry} is a class, driven by tests of its own")
        return
    yield from _calls_with(
        name, source, entry, _list(record, "inputs", "invocations", "innvocations"), record.get("outputs")
    )


def _calls_with(name: str, source: str, entry: str, inputs: list[Any], outputs: object) -> Iterator[Task | LeftOut]:
    stated = outputs if isinstance(outputs, list) else []
    if not inputs:
        yield LeftOut(name, "it has no inputs")
    for number, text in enumerate(inputs, start=1):
        identity = f"{name}#{number}"
        call = _call(entry, text)
        if call is None:
            yield LeftOut(identity, "its input is neither arguments nor a call")
        else:
            expected = stated[number - 1] if number <= len(stated) else None
            yield Task(identity, source, call, expected if isinstance(expected, str) else None)


def _call(entry: str, text: object) -> str | None:
    """A call from the text of its arguments, of a list of arguments, or of the call itself."""
    if isinstance(text, list):
        text = repr(text)[1:-1]
    if not isinstance(text, str):
        return None
    return call_of(entry, text)


def call_of(entry: str, text: str) -> str | None:
    """A call of a function, from the text of its arguments or of the call itself; None where it is neither."""
    for call in (text.strip(), f"{entry}({text.strip()})"):
        try:
            if _calls(call, entry):
                return call
        except (SyntaxError, ValueError):
            continue
    return None


def coconut(record: Fields) -> Iterator[Task | LeftOut]:
    """CoCoNUT's programs with their calls; its question, the path of executed lines, is answered from the traces (`--derived`).

    Source: "CoCoNUT: Structural Code Understanding does not fall out of a tree": 1,083 traces of HumanEval's programs. Not known: the
    names of its fields. Taken are a program (`code`, `source` or `program`, else `prompt` with `canonical_solution`), its function
    (`entry_point`, `function_name` or `function`; else its last one) and `inputs`, or one `input` or `call`; else the asserts of `test`.
    So this loader is asked for by name, never guessed.
    """
    name = _identity(record, "task_id", "id")
    source = _program(record)
    entry = _entry(record, source)
    if present(record, "inputs", "input", "call"):
        inputs = record.get("inputs") if isinstance(record.get("inputs"), list) else [_text(record, "call", "input")]
        yield from _calls_with(name, source, entry, list(inputs or []), record.get("outputs"))
    else:
        yield from _tested(name, source, _text(record, "test"), {"candidate", entry}, entry)


def _program(record: Fields) -> str:
    whole = present(record, "code", "source", "program")
    source = _text(record, whole) if whole else _text(record, "prompt") + _text(record, "canonical_solution")
    ast.parse(source)
    return source


LOADERS: dict[str, Loader] = {
    "humaneval": humaneval,
    "mbpp": mbpp,
    "livecodebench": livecodebench,
    "reval": reval,
    "coconut": coconut,
}
"""By the name that a user may put before a path, `mbpp:FILE`."""

_TELLING: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("humaneval", ("prompt", "canonical_solution")),
    ("mbpp", ("code", "test_list")),
    ("livecodebench", ("code", "function_name", "input", "output")),
    ("livecodebench", ("code", "question_id", "input", "output")),
    ("reval", ("code", "entry_point", "inputs")),
)


def recognise(record: Fields) -> str | None:
    """The benchmark whose fields a record has, or None."""
    return next((name for name, fields in _TELLING if all(field in record for field in fields)), None)
