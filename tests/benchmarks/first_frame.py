"""`python -m tests.benchmarks.first_frame [-n N]`: how soon `cwm-trace predict` writes its first frame, in how much memory; and long traces.

A new process each time, which predicts one frame: from its start to the first line of its output, its processor time, its largest resident
memory. Then, in this process, the processor time of a frame after so many true frames of a loop: the median of six.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from cwm_trace.models import Decoding, load_model
from cwm_trace.tracer import trace_source

SCRIPT = Path(__file__).parents[2] / "examples" / "word_count.py"
LOOP = "def f(n):\n    i = 0\n    while i < n:\n        i += 1\n    return i\n"
KNOWN = (8, 30, 60, 120)  # frames; the last ones end near nano's longest text


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


def frame_after(known: int) -> tuple[int, float]:
    """Tokens of so many true frames, and the median of the milliseconds of a processor that each of six predicted frames then takes."""
    true = trace_source(LOOP, "f(60)")
    model: Any = load_model("nano")
    rollout = model.rollout(replace(true, frames=true.frames[:known]), Decoding())
    taken = []
    for _ in range(7):
        started = time.process_time()
        rollout.next_frame(max_tokens=60)
        taken.append(1e3 * (time.process_time() - started))
    return len(model.codec.encode(replace(true, frames=true.frames[:known]).render())), statistics.median(
        taken[1:]
    )  # the first reads what is known


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
    for known in KNOWN:
        print("after {} tokens a frame takes {:.1f} ms".format(*frame_after(known)), flush=True)


if __name__ == "__main__":
    main()
