"""`python -m tests.benchmarks.first_frame [-n N]`: how soon `cwm-trace predict` writes its first frame, in how much memory; and long traces.

A new process each time, which predicts one frame: from its start to the first line of its output, its processor time, its largest resident
memory. Then, in this process, what a pass of 16 tokens takes behind so many others: a frame is two or three of them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cwm_trace.models import Decoding, load_model
from cwm_trace.prompts import call_prompt

SCRIPT = Path(__file__).parents[2] / "examples" / "word_count.py"
BEHIND = (200, 1000, 2000, 4000)  # tokens


def first_line() -> tuple[float, float, float]:
    """Seconds to the first frame, processor seconds, and MiB at most."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "cwm_trace", "predict", str(SCRIPT), "--json", "--max-frames", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.readline()
    seconds = time.perf_counter() - started
    process.stdout.read()
    process.stdout.close()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0  # waited for
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def pass_behind(tokens: int) -> float:
    """The median of the milliseconds of a processor that a pass of 16 tokens takes behind so many others."""
    model: Any = load_model("nano")
    sequence = model.rollout(call_prompt("", "1"), Decoding())._engine._memory
    sequence.read([20] * (tokens - 16), 1)
    taken = []
    for _ in range(60):
        started = time.process_time()
        sequence.read([20] * 16, 16)
        taken.append(1e3 * (time.process_time() - started))
        sequence.forget(16)
    return statistics.median(taken)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=10, help="processes")
    args = parser.parse_args()
    first_line()  # reads the files from disk
    seconds, processors, sizes = zip(*(first_line() for _ in range(args.n)), strict=True)
    for name, values, unit in (
        ("first frame", seconds, "s"),
        ("processor time", processors, "s"),
        ("memory", sizes, "MiB"),
    ):
        print(f"{name}: {statistics.median(values):.2f} {unit} [{min(values):.2f}, {max(values):.2f}]")
    for tokens in BEHIND:
        print(f"behind {tokens} tokens, a pass of 16 takes {pass_behind(tokens):.2f} ms of a processor", flush=True)


if __name__ == "__main__":
    main()
