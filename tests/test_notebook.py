"""`%%cwm_trace` in a real IPython shell: runs, predictions, what is shown, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("IPython", reason="the dev extra is not installed")

from IPython.core.interactiveshell import InteractiveShell

from cwm_trace.frames import Trace

_CELL = "import sys\nn = 2\nn += 3\nprint(n)\nprint('careful', file=sys.stderr)\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made: Any = InteractiveShell()  # type: ignore[no-untyped-call]
    made.history_manager.enabled = False
    made.run_line_magic("load_ext", "cwm_trace")
    return made


def _ran(shell: Any, text: str) -> Any:
    result = shell.run_cell(text)
    assert result.success, result.error_in_exec
    return result.result


def test_a_cell_is_run_and_recorded(shell: Any, capfd: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("n = 'mine'")
    trace = _ran(shell, f"%%cwm_trace --to t\n{_CELL}")

    assert isinstance(trace, Trace) and trace.complete and shell.user_ns["t"] is trace
    assert {step.locals["n"] for step in trace.frames if step.locals and "n" in step.locals} == {"2", "5"}
    assert shell.user_ns["n"] == "mine"
    written = capfd.readouterr()
    assert written.out.startswith("5\n") and "careful" in written.err


def test_a_call_is_recorded_or_predicted(shell: Any) -> None:
    cell = "def f(x):\n    return x + 1\n"
    recorded = _ran(shell, f"%%cwm_trace --call 'f(41)'\n{cell}")
    predicted = _ran(shell, f"%%cwm_trace --predict -m oracle --call 'f(41)'\n{cell}")

    assert recorded.returned == "42" and recorded.frames == predicted.frames


def test_quotes_of_a_call_stay(shell: Any) -> None:
    cell = "def f(x):\n    return x * 2\n"
    for call in ('f("ab")', "\"f('ab')\"", "'f( \"ab\" )'"):
        assert _ran(shell, f"%%cwm_trace --call {call}\n{cell}").returned == "'abab'"


def test_it_imports_what_lies_beside_the_notebook(shell: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside_it.py").write_text("value = 7\n")
    monkeypatch.chdir(tmp_path)
    trace = _ran(shell, "%%cwm_trace\nfrom beside_it import value\nx = value + 1\ny = x\n")
    assert trace.raised is None and any((step.locals or {}).get("x") == "8" for step in trace.frames)


def test_a_model_means_a_prediction(shell: Any, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    _ran(shell, f"%%cwm_trace -m no-change\nopen({str(ran)!r}, 'w').close()\n")
    assert not ran.exists()


def test_a_notebook_shows_a_page_and_a_text(shell: Any) -> None:
    shown, _ = shell.display_formatter.format(_ran(shell, "%%cwm_trace\nx = 1\n"))
    assert "<iframe" in shown["text/html"] and shown["text/plain"].startswith("<Trace")


def test_a_program_that_raises_has_a_trace(shell: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert "ZeroDivisionError" in (_ran(shell, "%%cwm_trace\nx = 1 / 0\n").raised or "")
    assert "ZeroDivisionError" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("line", "cell", "message"),
    [
        ("--call 'g(1)", "x = 1", "No closing quotation"),
        ("--nonsense", "x = 1", "unrecognized arguments: --nonsense"),
        ("--predict -m nothing:at:all", "x = 1", "nothing:at:all"),
        ("", "x = (", "was never closed"),
        ("--timeout soon", "x = 1", "invalid float value"),
        ("--timeout nan", "x = 1", "not a number of seconds"),
        ("--timeout 0", "x = 1", "not a number of seconds"),
        ("--to 1x", "x = 1", "not the name of a variable"),
    ],
)
def test_what_is_wrong_is_one_line(
    shell: Any, line: str, cell: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    result = shell.run_cell(f"%%cwm_trace {line}\n{cell}\n")
    written = capfd.readouterr()

    assert message in written.err + written.out and "Traceback" not in written.err
    assert result.result is None
