"""`python -m tests.benchmarks.limits [-m MODEL] [-n N] [--limits 768 1280 0]`: long traces, by the length from which on they are told anew.

Generated programs of seeds that no training has seen, some of each family, with traces of 1,600 to 4,500 tokens. Each true frame is scored
after the true ones before it (teacher-forced): the share that greedy decoding would have written, its 95 % interval over programs; 0 is never.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from itertools import islice
from typing import Any

from cwm_trace.eval.intervals import bootstrap_ratio, ratio
from cwm_trace.frames import Trace
from cwm_trace.models import load_model
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.programs import generate

FAMILIES = {"long": 28_000_000, "track": 28_100_000, "wide": 28_300_000}  # first seeds
TOKENS = 1600, 4500
_LIMITS: dict[str, Any] = {"max_frames": 600, "max_characters": 60_000}


def long_traces(model: Any, family: str) -> Iterator[Trace]:
    """Of programs of a family, in the order of their seeds."""
    seed = FAMILIES[family]
    while True:
        program = generate(seed, 1, family)
        with redirect_stdout(io.StringIO()):
            trace = record_source(program.source, program.calls[0] if program.calls else None, **_LIMITS)
        seed += 1
        if trace.complete and TOKENS[0] < len(model.codec.encode(trace.render())) < TOKENS[1]:
            yield trace


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-m", "--model", default="nano")
    parser.add_argument("-n", type=int, default=20, help="traces of each family")
    parser.add_argument("--limits", type=int, nargs="+", default=[768, 1280, 0], help="tokens")
    args = parser.parse_args()
    model: Any = load_model(args.model)
    traces = {family: list(islice(long_traces(model, family), args.n)) for family in FAMILIES}
    print("| told anew from | " + " | ".join(f"`{family}`" for family in traces) + " |")
    for limit in args.limits:
        model._text_length = limit or None
        cells = []
        for found in traces.values():
            scores = [model.score(trace) for trace in found]
            pairs = [(sum(score.greedy for score in one), len(one)) for one in scores]
            low, high = (100 * end for end in bootstrap_ratio(pairs))
            cells.append(f"{100 * ratio(pairs):.1f} [{low:.1f}, {high:.1f}]")
        print(f"| {limit or 'never'} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
