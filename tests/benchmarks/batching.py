"""`python -m tests.benchmarks.batching [-m MODEL] [-n N] [--batch N] [--rounds N] [--generate] [--constrained]`: samples per minute at once,
over one at a time.

One at a time is our own decoding, with guesses; with `--generate`, also transformers' generate, called once a trace. Generated programs that
no training has seen (those of `decoding`); greedy, at most 300 tokens each. In every round one way runs after the other; the ratio of each
round is printed, whether all texts are equal, and the processor time of a sample (of all processes), which says more where others use the cores.
`--constrained`: as `predict` and `eval` do it by default; what was answered in one round is not known in the next.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psutil  # type: ignore[import-untyped]  # comes with accelerate

from cwm_trace.frames import Trace
from cwm_trace.models import Decoding, Model, load_model
from cwm_trace.models.told import Told
from cwm_trace.simulate import predict
from tests.benchmarks.decoding import CONSTRAINED, FREE, TOKENS, generate_once, prompts


def _written(model: Model, prompt: Trace, decoding: Decoding = FREE) -> str:
    return predict(model, prompt=prompt, max_tokens=TOKENS, decoding=decoding).render()


def _at_once(model: Model, items: list[Trace], threads: int, decoding: Decoding) -> list[str]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda prompt: _written(model, prompt, decoding), items))


def _timed(write: Callable[[], list[str]]) -> tuple[float, float, list[str]]:
    """Seconds, those of processors, and what was written."""
    started, used = time.perf_counter(), _processor_seconds()
    texts = write()
    return time.perf_counter() - started, _processor_seconds() - used, texts


def _processor_seconds() -> float:
    here = psutil.Process()
    return float(sum(sum(one.cpu_times()[:2]) for one in (here, *here.children(recursive=True))))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-m", "--model", default="nano")
    parser.add_argument("-n", type=int, default=64, help="programs")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--generate", action="store_true", help="also transformers' generate")
    parser.add_argument("--constrained", action="store_true", help="as by default")
    args = parser.parse_args()
    model: Any = load_model(args.model)
    decoding, others = (CONSTRAINED if args.constrained else FREE), prompts(args.n + 2)
    items = others[: args.n]
    ways: dict[str, Callable[[Trace], str]] = {"one at a time": lambda prompt: _written(model, prompt, decoding)}
    if args.generate:
        generate_once(model, items[0])
        ways["generate"] = lambda prompt: generate_once(model, prompt)
    ratios: dict[str, list[float]] = {}
    for _ in range(args.rounds):
        model.told = Told()
        together = model.concurrent()
        _at_once(together, others[-2:], 2, decoding)  # warms up
        at_once: Callable[[], list[str]] = partial(_at_once, together, items, args.batch, decoding)
        batched, used, many = _timed(at_once)
        print(
            f"at once: {60 * args.n / batched:.0f} samples a minute, {1e3 * used / args.n:.0f} ms of processors each",
            flush=True,
        )
        for name, write in ways.items():
            alone, used, one = _timed(partial(list, map(write, items)))
            same = sum(a.endswith(b) for a, b in zip(many, one, strict=True))
            ratios.setdefault(name, []).append(alone / batched)
            speed = f"{60 * args.n / alone:.0f} samples a minute, {1e3 * used / args.n:.0f} ms of processors each"
            print(f"{name}: {speed}; at once {alone / batched:.2f} times; {same} of {args.n} texts equal", flush=True)
    for name, found in ratios.items():
        print(f"over {name}: median {statistics.median(found):.2f} [{min(found):.2f}, {max(found):.2f}]")


if __name__ == "__main__":
    main()
