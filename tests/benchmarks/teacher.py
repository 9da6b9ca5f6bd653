"""`python -m tests.benchmarks.teacher [-m MODEL] [-n N]`: frames per second of scoring true frames (teacher-forced), over writing frames.

Generated programs that no training has seen (those of `decoding`). For each, one after the other: its true trace is scored in one pass, and
the model writes a trace of 300 tokens at most, in our decoding with guesses, a token a pass, and by transformers' generate (once a
trace). Ratios of frames per second, their intervals a bootstrap over programs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cwm_trace.eval.intervals import bootstrap_ratio, ratio
from cwm_trace.format import FRAME_SEP
from cwm_trace.frames import Status, Trace
from cwm_trace.models import load_model
from cwm_trace.tracer import trace_source
from cwm_trace.train.programs import generate
from tests.benchmarks.decoding import FIRST_SEED, generate_once, ours, ours_plain


def true_traces(count: int) -> list[Trace]:
    """Of the programs of `decoding`, but those that a window of nano's size does not hold."""
    found: list[Trace] = []
    seed = FIRST_SEED
    while len(found) < count:
        program = generate(seed, 1)
        traces = (trace_source(program.source, call) for call in program.calls)
        found += [trace for trace in traces if len(trace) > 1 and len(trace.render()) < 6000]
        seed += 1
    return found[:count]


def timed(work: Callable[[], int]) -> float:
    """Seconds a frame."""
    started = time.perf_counter()
    frames = work()
    return (time.perf_counter() - started) / max(frames, 1)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-m", "--model", default="nano")
    parser.add_argument("-n", type=int, default=16, help="programs")
    args = parser.parse_args()
    model: Any = load_model(args.model)
    ways = {"ours": ours, "ours, a token a pass": ours_plain, "generate of transformers, once a trace": generate_once}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    scored = []
    for number, trace in enumerate(true_traces(args.n + 1)):
        prompt = replace(trace, frames=trace.frames[:1], complete=False, status=Status.OPEN)
        forced = timed(lambda trace=trace: len(model.score(trace)))  # type: ignore[misc]
        for name, way in ways.items():
            written = timed(lambda way=way, prompt=prompt: way(model, prompt).count(FRAME_SEP))  # type: ignore[misc]
            if number:  # the first warms up
                seconds[name].append((written, forced))
        if number:
            scored.append(forced)
    print(f"{args.model}: {args.n} programs; scoring takes {1e3 * sum(scored) / len(scored):.1f} ms a frame")
    for name, pairs in seconds.items():
        low, high = bootstrap_ratio(pairs)
        print(f"as fast as {name}: {ratio(pairs):6.1f} [{low:.1f}, {high:.1f}] times")


if __name__ == "__main__":
    main()
