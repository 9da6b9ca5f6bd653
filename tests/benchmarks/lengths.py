"""`python -m tests.benchmarks.lengths [-m MODEL] [-n N]`: how long a frame takes behind so many others, told anew where they are long, or not.

Loops whose traces are as long as is wanted. The true frames are given; the model then writes some more, of which the first, which reads what
is given, does not count. Milliseconds of a processor a token written: frames differ. Told anew and not in turn; the least of all rounds.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from cwm_trace.frames import Trace
from cwm_trace.models import Decoding, Stop, load_model
from cwm_trace.tracer import trace_source

BEHIND = (30, 60, 120, 240, 480, 960)  # frames
WRITTEN = 12  # frames that are timed
PROGRAMS = (
    ("def f(n):\n    total = 0\n    for i in range(n):\n        total += i * 3\n    return total\n", "f(1000)"),
    (
        "def f(text):\n    out = 'x'\n    for c in text:\n        if c != 'a':\n            out = c\n    return out\n",
        "f('ab' * 500)",
    ),
    (
        "def f(n):\n    a, b = 0, 1\n    while n:\n        a, b = b, (a + b) % 100\n        n -= 1\n    return a\n",
        "f(1000)",
    ),
)


def measured(model: Any, prompt: Trace) -> tuple[float, int] | None:
    """Milliseconds a token, and how many tokens are read before; None where the window is at its end."""
    rollout = model.rollout(prompt, Decoding(constrained=False))
    if rollout.next_frame().stop is Stop.TOKENS:
        return None
    read, started, tokens = rollout._engine.length, time.process_time(), 0
    for _ in range(WRITTEN):
        tokens += rollout.next_frame().tokens
    taken = 1e3 * (time.process_time() - started)
    rollout.close()
    return (taken / tokens, read) if tokens else None


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-m", "--model", default="nano")
    parser.add_argument("-n", type=int, default=5, help="rounds")
    args = parser.parse_args()
    model: Any = load_model(args.model)
    limits = {"told anew": model._text_length, "not": None}
    print("| frames before | " + " | ".join(f"{name}: ms a token | tokens read" for name in limits) + " |")
    traces = [trace_source(source, call) for source, call in PROGRAMS]
    for behind in BEHIND:
        cells = []
        for limit in limits.values():
            model._text_length = limit
            found = [
                [measured(model, Trace(trace.context, trace.frames[:behind], complete=False)) for _ in range(args.n)]
                for trace in traces
            ]
            if any(one is None for rounds in found for one in rounds):
                cells += ["window full", ""]
                continue
            least = [min(one for one in rounds if one is not None) for rounds in found]
            cells += [f"{sum(taken for taken, _ in least) / len(least):.2f}"]
            cells += [", ".join(str(read) for _, read in least)]
        print(f"| {behind} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
