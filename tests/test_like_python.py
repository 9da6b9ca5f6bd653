"""A traced program behaves as under plain `python`: same output, errors, tracebacks and exit code. The oracle is plain python itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType

import pytest

from cwm_trace.tracer import fast
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.record import Recorder
from cwm_trace.tracer.run import Run, RunResult, code_job, finish, module_job, script_job

LIMITS = Limits(seconds=60.0)


def _table() -> dict[str, bytes]:
    """The programs: those of the text file beside this one, each after a line `### NAME`, and those that are not plain text."""
    text = Path(__file__).with_suffix(".txt").read_bytes()
    pieces = [piece.partition(b"\n") for piece in text.split(b"### ")[1:]]
    return {name.decode(): source for name, _, source in pieces} | {
        "crlf": b"def f(x):\r\n    return x\r\nprint(f(1))\r\n",
        "latin": b"# -*- coding: latin-1 -*-\nprint(ascii('\xe9'))\n1/0  # \xe9\n",
        "bom": b"\xef\xbb\xbfprint('bom')\n",
    }


PROGRAMS = _table()

SIBLINGS = {
    "helper.py": "def f(x):\n    return x + 1\n",
    **{
        f"{name}.py": "ME = 'the user'\n"
        for name in ("tracer", "eval", "json", "record", "bytecode", "attr", "cwm_trace")
    },
}
OWN = frozenset({"imports_own_tracer", "own_bytecode"})
"""Only these get all siblings: a json.py would break the libraries that the others use."""
STDIN = b"first\nsecond\nthird\n"


def plain(arguments: Sequence[str], folder: Path) -> tuple[int, bytes, bytes]:
    """What plain python does."""
    environment = {"PYTHONHASHSEED": "0", **os.environ}
    done = subprocess.run(
        [sys.executable, *arguments], input=STDIN, capture_output=True, cwd=folder, env=environment, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def outcome(result: RunResult) -> tuple[int, bytes, bytes]:
    assert result.stdout is not None and result.stderr is not None
    return result.returncode, result.stdout, result.stderr


def prepare(folder: Path, name: str) -> Path:
    """The program in a folder with a user's modules beside it."""
    path = folder / "script.py"
    path.write_bytes(PROGRAMS[name])
    for sibling, source in SIBLINGS.items():
        if name in OWN or sibling == "helper.py":
            (folder / sibling).write_text(source)
    return path


@pytest.mark.parametrize("name", PROGRAMS)
def test_script_is_as_under_plain_python(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    arguments = ["script.py", "one", "--two=x y", "-"]
    result = finish(Run(script_job(arguments[0], arguments[1:], limits=LIMITS), stdin=STDIN, capture=True))
    assert outcome(result) == plain(arguments, tmp_path)


@pytest.mark.parametrize("name", ["paths", "raises", "imports_own_tracer", "multiprocessing", "argv"])
def test_script_in_another_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, elsewhere = tmp_path / "a", tmp_path / "b"
    folder.mkdir()
    elsewhere.mkdir()
    prepare(folder, name)
    link = elsewhere / "link.py"
    link.symlink_to(folder / "script.py")
    monkeypatch.chdir(elsewhere)
    for path in ("../a/script.py", str(folder / "script.py"), "link.py"):
        result = finish(Run(script_job(path, limits=LIMITS), stdin=STDIN, capture=True))
        assert outcome(result) == plain([path], elsewhere)


CODE = ["argv", "paths", "exit_code", "raises", "globals", "interrupt", "imports_own_tracer", "docstring", "threads"]


@pytest.mark.parametrize("name", CODE)
def test_code_is_as_under_plain_python(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    text = PROGRAMS[name].decode().replace("__file__", "'no file'")
    result = finish(Run(code_job(text, ["a", "b"], limits=LIMITS), stdin=STDIN, capture=True))
    assert outcome(result) == plain(["-c", text, "a", "b"], tmp_path)


@pytest.mark.parametrize("name", ["argv", "paths", "exit_code", "raises", "globals", "docstring"])
def test_standard_input_is_as_under_plain_python(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    text = PROGRAMS[name].decode()
    result = finish(Run(script_job("-", ["a", "b"], source=text, limits=LIMITS), stdin=b"", capture=True))
    done = subprocess.run([sys.executable, "-", "a", "b"], input=text.encode(), capture_output=True, timeout=60)
    assert outcome(result) == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("module", ["script", "package", "package.inner"])
@pytest.mark.parametrize("name", ["argv", "paths", "raises", "globals", "imports_own_tracer", "warns_when_compiled"])
def test_module_is_as_under_plain_python(
    name: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = prepare(tmp_path, name)
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("import sys\nprint('package', sys.argv)\n")
    for part in ("__main__.py", "inner.py"):
        (package / part).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(
        "PYTHONDONTWRITEBYTECODE", "1"
    )  # else the second run reads what the first has compiled, and warns of nothing
    result = finish(Run(module_job(module, ["a", "b"], limits=LIMITS), stdin=STDIN, capture=True))
    assert outcome(result) == plain(["-m", module, "a", "b"], tmp_path)


def test_modules_on_pythonpath_are_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library, folder = tmp_path / "library", tmp_path / "folder"
    library.mkdir()
    folder.mkdir()
    for sibling, source in SIBLINGS.items():
        (library / sibling).write_text(source)
    prepare(folder, "paths")
    (folder / "second.py").write_text("import attr, json, tracer\nprint(attr.ME, json.ME, tracer.ME)\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(library))
    for script in ("script.py", "second.py"):
        result = finish(Run(script_job(script, limits=LIMITS), stdin=STDIN, capture=True))
        assert outcome(result) == plain([script], folder)


@pytest.mark.parametrize("name", ["sets", "prints"])
def test_the_users_hash_seed_counts(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    result = finish(Run(script_job("script.py", limits=LIMITS), stdin=STDIN, capture=True))
    assert outcome(result) == plain(["script.py"], tmp_path)


def test_development_mode_finds_no_fault_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path, "prints")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONDEVMODE", "1")
    result = finish(Run(script_job("script.py", limits=LIMITS), stdin=STDIN, capture=True))
    assert outcome(result) == plain(["script.py"], tmp_path)


DEBUGGED = """\
import io, pdb
def f(x):
    y = x * 2
    y += 1
    return y
debugger = pdb.Pdb(stdin=io.StringIO(f'b {__file__}:4\\nc\\np y\\nc\\n'), nosigint=True, readrc=False)
debugger.use_rawinput = False
print('result', debugger.runcall(f, 3))
"""


def test_a_debugger_stops_at_its_breakpoints(tmp_path: Path) -> None:
    """Not as under plain python in all, where hooks are Python: single steps go into them (see the next test)."""
    path = tmp_path / "script.py"
    path.write_text(DEBUGGED)
    result = finish(Run(script_job(str(path), limits=LIMITS), capture=True))
    code, stdout, stderr = outcome(result)
    assert (code, stderr) == (0, b"")
    assert b"-> y += 1\n(Pdb) 6\n" in stdout and stdout.endswith(b"result 7\n")
    assert result.trace.complete


STEPPED = """\
import io, pdb
def g(x):
    for n in range(x):
        x += n
    return [x]
def f(x):
    y = g(x)
    try:
        y[1]
    except IndexError:
        y.append([z for z in g(1)])
    return y
steps = 's\\n' * 30
debugger = pdb.Pdb(stdin=io.StringIO(f'b {__file__}:7\\nc\\n{steps}c\\n'), nosigint=True, readrc=False)
debugger.use_rawinput = False
print('result', debugger.runcall(f, 3))
"""


@pytest.mark.skipif(fast.module is None, reason="hooks are Python, and single steps go into them")
def test_single_steps_of_a_debugger_are_those_of_plain_python(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(STEPPED)
    result = finish(Run(script_job(str(path), limits=LIMITS), capture=True))
    assert outcome(result) == plain([str(path)], tmp_path)


def test_coverage_beside_it_sees_the_same_lines(tmp_path: Path) -> None:
    coverage = pytest.importorskip("coverage")
    path = tmp_path / "script.py"
    path.write_bytes(
        PROGRAMS["lines_seen_by_settrace"].replace(b"sys.settrace(tracer)", b"").replace(b"sys.settrace(None)", b"")
    )
    source = path.read_text()
    seen = []
    for code in (compile(source, str(path), "exec"), _instrumented(source, str(path))):
        measured = coverage.Coverage(data_file=None, config_file=False, source=None, include=[str(path)])
        with measured.collect():
            exec(code, {"__file__": str(path), "__name__": "__main__"})
        seen.append(sorted(measured.get_data().lines(str(path)) or []))
    assert seen[0] == seen[1] and len(seen[0]) > 10


def _instrumented(source: str, path: str) -> CodeType:
    return Recorder(source, path, entry_line=None, emit=lambda frame: None).code
