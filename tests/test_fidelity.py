"""A small set of the comparison in `benchmarks/fidelity.py`, which has the whole one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.fidelity import first_difference
from tests.benchmarks.fidelity_recorders import REFERENCE

ROOT = Path(__file__).parent.parent


@pytest.mark.skipif(not REFERENCE, reason="the truth is 3.11's")
def test_functions_of_the_standard_library_equal_settrace() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.fidelity", "-n", "10000", "--most", "2000", "calls"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "0"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[-5]) >= 10_000  # "... N equal events in all"


@pytest.mark.parametrize(
    ("ours", "truth", "equal", "found"),
    [
        ("a\nb\n", "a\nb\n", 2, False),
        ("a\nb\n", "a\nc\n", 1, True),
        ("a\n", "a\nb\n", 1, True),
        ("a\nb\n", "a\n", 1, True),
        ("", "", 0, False),
    ],
)
def test_a_difference_is_found(ours: str, truth: str, equal: int, found: bool, tmp_path: Path) -> None:
    (tmp_path / "ours").write_text(ours)
    (tmp_path / "truth").write_text(truth)
    count, difference = first_difference(tmp_path / "ours", tmp_path / "truth")
    assert (count, difference is not None) == (equal, found)
