"""How fast one core makes training data: characters and tokens of traces a second, and where the time goes.

    python -m tests.benchmarks.feeding -n 500 --rounds 3

Each round makes the traces of other seeds in one process, as the workers of `python -m cwm_trace.train` do, with a clock around each stage;
printed are the rates of each round and, of all, each stage's share. What the clocks cost is in the total.
"""

from __future__ import annotations

import argparse
import signal
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from cwm_trace.frames import Trace
from cwm_trace.tracer import record as recording
from cwm_trace.tracer.instrument import instrument
from cwm_trace.train import record
from cwm_trace.train.programs import generate
from cwm_trace.train.record import Maker, Recipe

STAGES = ("generate", "compile", "decontaminate", "instrument", "run and record", "render", "tokenise")


class Clock:
    """Adds up seconds by stage; stages inside others are taken off by the caller."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def timed(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with a clock."""

        def wrapper(*args: Any, **keywords: Any) -> Any:
            started = time.perf_counter()
            try:
                return work(*args, **keywords)
            finally:
                self.seconds[stage] += time.perf_counter() - started

        return wrapper


def one_round(maker: Maker, clock: Clock, first: int, programs: int) -> tuple[int, int]:
    """Characters and tokens of the traces that so many seeds give."""
    before = maker.counts["characters"], maker.counts["tokens"]
    patched: list[tuple[Any, str, Callable[..., Any]]] = [
        # It calls itself by its own module's name: only outer calls are timed.
        (recording, "instrument", clock.timed("instrument", instrument)),
        (record, "generate", clock.timed("generate", generate)),
        (record, "_compiles", clock.timed("compile", record._compiles)),
        (record, "_traces", clock.timed("record", record._traces)),
        (maker.keep.__class__, "rejects", clock.timed("decontaminate", maker.keep.__class__.rejects)),
        (maker.encoder.__class__, "encode", clock.timed("tokenise", maker.encoder.__class__.encode)),
        (Trace, "render", clock.timed("render", Trace.render)),
    ]
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in patched]
    try:
        for owner, name, wrapped in patched:
            setattr(owner, name, wrapped)
        for seed in range(first, first + programs):
            maker.sequences(seed)
    finally:
        for owner, name, original in kept:
            setattr(owner, name, original)
    return maker.counts["characters"] - before[0], maker.counts["tokens"] - before[1]


def main() -> None:
    """Prints the rates and the split."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.feeding")
    parser.add_argument("-n", type=int, default=500, help="programs a round (500)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=2, help="traces of one program, at most (2)")
    parser.add_argument("--max-tokens", type=int, default=4096)
    parser.add_argument("--family", help="as for record")
    parser.add_argument("--programs", help="as for record")
    parser.add_argument("--first", type=int, default=50_000_000)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, record._alarm)
    maker = Maker(
        Recipe(
            0, 0, calls=options.calls, max_tokens=options.max_tokens, family=options.family, programs=options.programs
        )
    )
    maker.sequences(options.first - 1)
    clock, total = Clock(), 0.0
    for number in range(options.rounds):
        started = time.perf_counter()
        characters, tokens = one_round(maker, clock, options.first + number * options.n, options.n)
        seconds = time.perf_counter() - started
        total += seconds
        print(
            f"round {number + 1}: {characters / seconds:,.0f} characters/s, {tokens / seconds:,.0f} tokens/s, one core"
        )
    clock.seconds["run and record"] = clock.seconds.pop("record") - clock.seconds["instrument"]
    for stage in STAGES:
        share = clock.seconds[stage] / total
        print(
            f"{stage:16} {100 * share:5.1f} %  {1e3 * clock.seconds[stage] / options.n / options.rounds:6.2f} ms a program"
        )
    print(f"{maker.counts} of {options.n * options.rounds} programs")


if __name__ == "__main__":
    main()
