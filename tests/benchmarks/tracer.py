"""`python -m tests.benchmarks.tracer [--rounds N]`: time per event of the tracer, and of a plain `sys.settrace` recorder of the same frames.

Four workloads: a numeric loop, a function on strings, a list and a dict, recursion, a growing list. Per round both ways run one after the
other, so that a busy machine slows both. Per workload: the median of the rounds' ratios, its 95 % interval (a bootstrap over rounds), and
whether both gave the same events, locals and values. Both keep what changed at each event; "with frames" is the tracer with the making of
`Frame` objects, which the plain recorder does not make, from what it kept. Instrumenting is left out: it is paid once per program.

Then, in the same rounds (as many as `--peers`), other recorders where they are installed (`pip install PySnooper snoop hunter`), and the plain
recorder on `sys.monitoring` from 3.12 on.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, NamedTuple

from cwm_trace.eval.intervals import bootstrap_median
from cwm_trace.frames import Event, Frame
from cwm_trace.tracer.record import Recorder
from tests.benchmarks.peers import PEERS, MonitoringRecorder, seconds

FILENAME = "<workload>"
WORKLOADS = {
    "numeric loop": """\
def main():
    total = 0
    for i in range(2000):
        square = i * i
        if square % 3 == 0:
            total += square
        else:
            total -= i
    return total
""",
    "strings, list, dict": """\
def main():
    for _ in range(12):
        f("the quick brown fox jumps over the lazy dog again")
def f(text):
    counts = {}
    words = []
    for word in text.split():
        key = word[0].upper()
        counts[key] = counts.get(key, 0) + len(word)
        words.append(word[::-1])
        if len(word) > 4:
            words.sort()
    joined = "-".join(words)
    best = sorted(counts, key=counts.get)[:3]
    return joined, best
""",
    "recursion": """\
def main():
    return fib(13)
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)
""",
    "growing list": """\
def main():
    items = []
    for i in range(500):
        value = i * 7
        items.append(value)
    return len(items)
""",
}


class Change(NamedTuple):
    """What the plain recorder keeps of an event; `frame` numbers the Python frames."""

    kind: str
    frame: int
    line: int
    changes: dict[str, str | None] | str


class PlainRecorder:
    """Renders every local at every event, and keeps those whose text changed; None for those unbound since."""

    def __init__(self, filename: str = FILENAME) -> None:
        self.filename = filename
        self.kept: list[Change] = []
        self.known: dict[FrameType, tuple[int, dict[str, str]]] = {}
        self.count = 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename != self.filename or frame.f_code.co_name == "<module>":
            return None
        if frame not in self.known:
            self.known[frame] = self.count, {}
            self.count += 1
        number, texts = self.known[frame]
        if event == "return":
            self.kept.append(Change(event, number, frame.f_lineno, repr(argument)))
            del self.known[frame]
            return None
        changes: dict[str, str | None] = {}
        local = frame.f_locals
        for name, value in local.items():
            text = repr(value)
            if texts.get(name) != text:
                changes[name] = texts[name] = text
        if len(texts) != len(local):
            for name in [name for name in texts if name not in local]:
                changes[name] = None
                del texts[name]
        self.kept.append(Change(event, number, frame.f_lineno, changes))
        return self


def plain(source: str) -> tuple[float, list[Change]]:
    """Seconds and changes of the plain recorder."""
    namespace: dict[str, Any] = {}
    exec(compile(source, FILENAME, "exec"), namespace)
    recorder, before = PlainRecorder(), sys.gettrace()
    sys.settrace(recorder)
    started = time.perf_counter()
    try:
        namespace["main"]()
    finally:
        seconds = time.perf_counter() - started
        sys.settrace(before)
    return seconds, recorder.kept


def ours(source: str) -> tuple[float, float, list[Frame]]:
    """Seconds of the tracer, seconds more for frames, and these."""
    recorder = Recorder(source, FILENAME, entry_line=1, emit=None)
    namespace: dict[str, Any] = {}
    exec(recorder.code, namespace)
    main: Callable[[], object] = namespace["main"]
    started = time.perf_counter()
    main()
    recorded = time.perf_counter()
    frames = list(recorder.frames())
    return recorded - started, time.perf_counter() - recorded, frames


def peers(source: str) -> Iterator[tuple[str, float]]:
    """Seconds of each other recorder that is here."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "workload.py"))
        Path(path).write_text(source, encoding="utf-8")
        namespace: dict[str, Any] = {"__name__": "workload", "__file__": path}
        exec(compile(source, path, "exec"), namespace)
        if hasattr(sys, "monitoring"):
            keep = PlainRecorder(path)
            yield "sys.monitoring", seconds(namespace["main"], MonitoringRecorder(keep, path).on())
        for name, make in PEERS.items():
            with suppress(ImportError):
                yield name, seconds(namespace["main"], make(path))


def same(changes: list[Change], frames: list[Frame]) -> bool:
    """Whether changes, added up, are the frames."""
    known: dict[int, dict[str, str]] = {}
    added = [_added(known.setdefault(change.frame, {}), change) for change in changes]
    seen = [
        (frame.event.value, frame.line_number, frame.value if frame.event is Event.RETURN else dict(frame.locals))
        for frame in frames
    ]
    return added == seen


def _added(texts: dict[str, str], change: Change) -> tuple[str, int, object]:
    if isinstance(change.changes, str):
        return change.kind, change.line, change.changes
    for name, text in change.changes.items():
        if text is None:
            del texts[name]
        else:
            texts[name] = text
    return change.kind, change.line, dict(texts)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--peers", type=int, default=0, metavar="ROUNDS", help="rounds of other recorders, too (0)")
    options = parser.parse_args()
    rounds = options.rounds
    print(f"Python {sys.version.split()[0]}, {rounds} rounds; time per event relative to plain settrace")
    for name, source in WORKLOADS.items():
        events = len(ours(source)[2])
        recording, with_frames, equal = [], [], True
        for _ in range(rounds):
            slow, changes = plain(source)
            recorded, more, frames = ours(source)
            equal = equal and same(changes, frames)
            recording.append(recorded / slow)
            with_frames.append((recorded + more) / slow)
        verdict = "same frames" if equal else "FRAMES DIFFER"
        print(f"{name:20} {events:6} events  {_shown(recording):20} with frames {_shown(with_frames):20} {verdict}")
        for peer, ratios in _ratios_of_peers(source, options.peers).items():
            print(f"{'':20} {peer:>13}  {_shown(ratios)}")


def _ratios_of_peers(source: str, rounds: int) -> dict[str, list[float]]:
    ratios: dict[str, list[float]] = {}
    for _ in range(rounds):
        slow, _changes = plain(source)
        for name, taken in peers(source):
            ratios.setdefault(name, []).append(taken / slow)
    return ratios


def _shown(ratios: list[float]) -> str:
    low, high = bootstrap_median(ratios)
    return f"{statistics.median(ratios):.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    main()
