"""Suites of calls into modules of packages: made of what pip brings, if that is what the list says."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from tests.benchmarks.packages import program

TEXT = "def f():\n    return 1\n"
LISTS = ("packages.jsonl", "packages_again.jsonl", "packages_third.jsonl", "packages_fourth.jsonl", "standard.jsonl")


@pytest.fixture
def told(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "thing-1.0"
    folder.mkdir()
    with zipfile.ZipFile(folder / "thing-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("thing/other.py", "x = 1\n")
        wheel.writestr("thing/mod.py", TEXT)
    known = {"id": "t_1", "package": "thing", "version": "1.0", "file": "thing/mod.py", "licence": "MIT"}
    return {**known, "sha256": hashlib.sha256(TEXT.encode()).hexdigest(), "added": "\n\nx = f()\n", "call": "f()"}


def test_the_file_with_that_checksum_is_the_program(told: dict[str, str], tmp_path: Path) -> None:
    made = program(told, tmp_path)
    assert made == {"id": "t_1", "source": TEXT + "\n\nx = f()\n", "call": "f()", "licence": "MIT"}


def test_what_is_not_as_it_was_is_an_error(told: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"thing 1\.0 has no file thing/mod\.py as it was"):
        program({**told, "sha256": "0" * 64}, tmp_path)


@pytest.mark.parametrize("name", LISTS)
def test_lists_name_programs_and_have_none(name: str) -> None:
    lines = [json.loads(line) for line in Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()]
    assert len({each["id"] for each in lines}) == len(lines)
    assert all("source" not in each and each["licence"] and len(each["sha256"]) == 64 for each in lines)
