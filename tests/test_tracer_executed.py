"""Code that a program runs by `exec` and `eval` has frames of its own, those of `sys.settrace`; and the program sees no difference."""

from __future__ import annotations

import linecache
import subprocess
import sys
from pathlib import Path

import pytest

from cwm_trace.format import parse
from cwm_trace.frames import Event
from cwm_trace.tracer import executed, record_source, run_script, trace
from tests.settrace_oracle import settrace_events

DEFINES = "def g(a):\n    b = a + 1\n    return b\nc = g(2)\n"
# Name -> the program, whose call is f(), and the text of what it runs as <string>.
PROGRAMS = {
    "a text, with globals": (
        f"def f():\n    ns = {{'__builtins__': {{}}}}\n    exec({DEFINES!r}, ns)\n    return ns['g'](5)\n",
        DEFINES,
    ),
    "no globals: those of the caller": (
        f"x = 1\ndef f():\n    exec({DEFINES!r})\n    return sorted(locals()), 'c' in globals()\n",
        DEFINES,
    ),
    "of a module": (f"exec({DEFINES!r})\ndef f():\n    return g(c)\n", DEFINES),
    "of a class": (f"def f():\n    class A:\n        exec({DEFINES!r})\n    return A.c, A.g(1)\n", DEFINES),
    "globals and locals": (
        f"def f():\n    n = {{}}\n    exec({DEFINES!r}, {{'__builtins__': {{}}}}, n)\n    return sorted(n)\n",
        DEFINES,
    ),
    "bytes": (f"def f():\n    exec({DEFINES.encode()!r}, {{'__builtins__': {{}}}})\n", DEFINES),
    "eval": ("def f():\n    x = 3\n    y = eval(' x + 1')\n    return y + eval(' x + 1', {}, {'x': 5})\n", "x + 1"),
    "eval of a lambda": ("def f():\n    double = eval('lambda n: n * 2')\n    return double(4)\n", "lambda n: n * 2"),
    "it raises": (
        "def f():\n    try:\n        exec('a = 1\\na / 0', {'__builtins__': {}})\n    except ZeroDivisionError as error:\n"
        "        return str(error)\n",
        "a = 1\na / 0",
    ),
    "it raises through": ("def f():\n    eval('[][0]')\n", "[][0]"),
    "no Python": (
        "def f():\n    try:\n        eval('1 +')\n    except SyntaxError as error:\n        return error.args\n",
        "",
    ),
    "in a loop": ("def f():\n    for i in range(3):\n        x = eval('i * 2')\n    return x\n", "i * 2"),
    "as an attribute": (
        f"import builtins\ndef f():\n    builtins.exec({DEFINES!r}, {{'__builtins__': {{}}}})\n",
        DEFINES,
    ),
    "with an alias": (f"def f():\n    run = exec\n    run({DEFINES!r}, {{'__builtins__': {{}}}})\n", DEFINES),
    "over lines": (
        "def f():\n    return eval(\n        'a + 1',\n        {'a': 1, '__builtins__': {}},\n    )\n",
        "a + 1",
    ),
    "compiled before": (
        f"def f():\n    code = compile({DEFINES!r}, '<string>', mode='exec')\n    exec(code, {{'__builtins__': {{}}}})\n"
        "    return code.co_names\n",
        DEFINES,
    ),
    "a recorded function's code": ("def g():\n    return 3\ndef f():\n    return eval(g.__code__)\n", ""),
    "it is no builtin": ("def exec(text):\n    return text\ndef f():\n    return exec('x = 1')\n", ""),
    "a name of it": (
        "class A:\n    def eval(self, text, *more):\n        return text\ndef f():\n    return A().eval('1', 2), 'eval'\n",
        "",
    ),
    "a future": (
        "from __future__ import annotations\ndef f():\n    n = {'__builtins__': {}}\n    exec('def h(a: b): pass', n)\n"
        "    return n['h'].__annotations__\n",
        "def h(a: b): pass",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_equals_settrace(name: str) -> None:
    source, text = PROGRAMS[name]
    recorded = record_source(source, "f()")
    theirs, _ = settrace_events(source, "f()", {"<string>": text})
    assert recorded.render() == theirs.replace(', "__firstlineno__": "3"', "")  # which 3.11 does not bind
    assert parse(recorded.render()).render() == recorded.render()
    assert "untraced" not in recorded.meta


def _sources(source: str) -> list[str]:
    """The source lines that are shown, and for those that are no lines of the context, a star."""
    steps = record_source(source, "f()")
    return [step.source.strip() + "*" * (step.line_number is None) for step in steps if step.event is Event.LINE]


def test_each_text_shows_its_own_lines() -> None:
    """Which `sys.settrace` alone could not tell: they are all called <string>."""
    source = (
        "def f():\n    a = compile('x = 1\\ny = x', '<string>', 'exec')\n    b = compile('z = 5', '<string>', 'exec')\n"
        "    exec(a, {})\n    exec(b, {})\n    return eval('eval(\"2\")')\n"
    )
    assert _sources(source)[3:] == [
        "exec(a, {})",
        "x = 1*",
        "y = x*",
        "exec(b, {})",
        "z = 5*",
        "return eval('eval(\"2\")')",
        'eval("2")*',
        "2*",
    ]


def test_a_text_that_is_registered_or_in_a_file_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "other.py"
    path.write_text("def g():\n    return 3\n")
    source = (
        f"import ast, pathlib\nKEPT = []\ndef f():\n    KEPT.append(compile(ast.parse('v = 1\\n'), '<made>', 'exec'))\n"
        "    exec(KEPT[0], {})\n"
        f"    KEPT.append(compile(ast.parse(pathlib.Path({str(path)!r}).read_text()), {str(path)!r}, 'exec'))\n"
        "    exec(KEPT[1], globals())\n    return g()\n"
    )
    linecache.cache["<made>"] = 6, None, ["v = 1\n"], "<made>"
    try:
        shown = _sources(source)
    finally:
        del linecache.cache["<made>"]
    assert shown.count("v = 1*") == 1 and shown.count("def g():*") == 1 and shown.count("return 3*") == 1


@pytest.mark.parametrize(
    ("made", "name"),
    [
        ("compile(ast.parse('v = 1'), '<made>', 'exec')", "<made> (no source text of it is known)"),
        ("compile(ast.Interactive([]), '<none>', 'single')", "<none> (no source text of it is known)"),
    ],
)
def test_code_without_a_text_runs_unrecorded_and_is_named(made: str, name: str) -> None:
    recorded = record_source(
        f"import ast\ndef f():\n    n = {{}}\n    exec({made}, n)\n    return n.get('v', 1)\n", "f()"
    )
    assert (recorded.returned, recorded.meta["untraced"]) == ("1", name)
    assert {step.line_number is None for step in recorded} == {False}


def test_more_pieces_than_are_kept_run_all_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(executed, "MOST", 3)
    source = "def f():\n    n = 0\n    for i in range(6):\n        n += eval(str(i))\n    return n\n"
    recorded = record_source(source, "f()")
    assert recorded.returned == "15"
    assert recorded.meta["untraced"] == "code that was executed after 3 other pieces"
    assert sum(step.line_number is None for step in recorded if step.event is Event.CALL) == 3


def test_the_record_of_a_child_process_names_it_too(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text("import ast\nexec(compile(ast.parse('v = 1'), '<made>', 'exec'))\n")
    assert run_script(path, capture=True).trace.meta["untraced"] == "<made> (no source text of it is known)"


SEES = """
import dis, inspect, sys, traceback, warnings
def caller():
    return sys._getframe(1).f_code.co_name, sys._getframe(2).f_code.co_name
code = compile("def g(a):\\n    return a[0]\\nr = caller()", "<made>", "exec")
def f():
    ns = {"caller": caller}
    exec(code, ns)
    print(ns["r"], ns["g"].__code__.co_filename, len(code.co_code), code.co_names)
    exec("x = 1; print(sys._getframe().f_back.f_code.co_name, sorted(locals()))")
    try:
        ns["g"]([])
    except IndexError:
        print(traceback.format_exc())
    for text in ("1 +", "def", "\\0", "return 1", b"\\xff = 1", "  x", "'\\\\d'"):
        for run in (exec, eval):
            try:
                print(run(text))
            except Exception as error:
                print(type(error), error, getattr(error, "text", None), getattr(error, "offset", None))
    exec("assert 1 is 1")
    class Odd(str):
        pass
    print(eval(Odd("1 + 1")), eval("[y for y in range(3)]"), eval("(lambda: 3)()"))
    try:
        exec(), exec(1)
    except TypeError as error:
        print(error)
f()
exec("1 / 0")
"""


def test_the_program_sees_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(SEES)
    plain = subprocess.run([sys.executable, str(path)], capture_output=True)
    result = run_script(path, capture=True)
    assert (result.stdout, result.stderr, result.returncode) == (plain.stdout, plain.stderr, plain.returncode)
    assert any(step.line_number is None for step in result.trace)


def test_a_call_of_a_living_function_steps_in() -> None:
    def work(text: str) -> object:
        return eval(text, {"a": 4})

    recorded = trace(work, "a * 2")
    assert recorded.returned == "8"
    assert [step.source for step in recorded if step.event is Event.CALL][1:] == ["a * 2\n"]


def test_what_c_code_executes_is_not_recorded() -> None:
    """A known difference: a call shows only in the code that makes it, and here that is C's."""
    recorded = record_source("def f():\n    return list(map(eval, ['1 + 1']))\n", "f()")
    assert (recorded.returned, len(recorded)) == ("[2]", 6)
