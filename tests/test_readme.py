"""The README's generated part and its commands. `UPDATE_README=1 pytest tests/test_readme.py` writes the part anew."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.cli.parser import build_parser

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
HELP = re.compile(r"(<!-- help -->\n```\n)(.*?)(```\n)", re.DOTALL)


def test_help_in_the_readme_is_that_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    shown = build_parser().format_help()
    text = README.read_text()
    if os.environ.get("UPDATE_README"):
        README.write_text(HELP.sub(lambda part: part[1] + shown + part[3], text))
        text = README.read_text()
    found = HELP.search(text)
    assert found is not None
    # argparse spaces its lines a little differently from one Python to the next
    assert found[2].split() == shown.split()


def test_readme_commands_install_torch_first_and_use_the_pins() -> None:
    commands = [line for line in README.read_text().splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    for command in commands:
        assert command.index("torch==2.13.0") < command.index("-c constraints.txt")


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "<!-- test -->" in script and "<!-- test -->" in README.read_text()


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block.replace('"nano"', '"oracle"'), names)  # which needs no torch
    assert len(blocks) == 2
    assert (names["t"][4].locals["c"], names["t"].returned) == ("'xy'", "'xy'")
    assert names["results"].outcomes == {"ok": 3} and names["results"].metrics["output_pass_at_1"] == 100.0
    assert names["run"].results.metrics == names["results"].metrics


def test_nobody_is_sent_to_an_index_that_has_no_cwm_trace() -> None:
    texts = [
        README,
        *(ROOT / "cwm_trace").rglob("*.py"),
        *(ROOT / "eval").rglob("*.py"),
        *(ROOT / "tracer").rglob("*.py"),
    ]
    assert [
        str(path) for path in texts if re.search(r"pip install (?:-\S+ )*'?cwm-trace", path.read_text("utf-8"))
    ] == []


def test_files_that_the_readme_names_exist() -> None:
    for name in re.findall(r"(?:examples|tests)/[\w./]+\.py", README.read_text()):
        assert (ROOT / name).is_file(), name
