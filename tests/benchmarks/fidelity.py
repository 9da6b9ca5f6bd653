"""`python -m tests.benchmarks.fidelity [-n EVENTS] [-j PROCESSES] [WHAT]`: the tracer against `sys.settrace`, event for event, over real code.

WHAT is a package (its doctests), `tests:PACKAGE` (the tests it brings along), `calls` and `standard` (of the standard library), `cpython` (its
own tests) or `benchmarks` (pyperformance's). Each program is run twice, in two forks of one process, so that what it leaves behind (caches,
counters) is seen by neither run: under our hooks, and under the settrace recorder of the tests. Compared are kind, file, function, line and
text (locals or value) of every event. A program that differs is run again, three times under settrace with objects at other addresses, and once
under our hooks: where settrace differs from itself, or the second of ours does not, the program is not deterministic, and is counted apart. So
is what was cut at a limit: compared up to there, its end not seen.

The truth is 3.11's. `--keep FOLDER` keeps its events; on a later interpreter `--against FOLDER` compares with them (only of third-party
libraries, in the same versions: the standard library's text is another one there).
"""

from __future__ import annotations

import argparse
import itertools
import math
import multiprocessing
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.fidelity_programs import LIBRARIES, Missing, Program, programs
from tests.benchmarks.fidelity_recorders import CAP, REFERENCE, TIME, WHOLE, Pair, Run

EQUAL, DIFFERENT, ODD = "equal", "different", "not deterministic"
PROGRESS_SECONDS = 30.0
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one program.

    Attributes:
        source: of `WHAT`.
        kind: printed; equal, different and so on.
        events: how many were equal.
        text: what to print at once.
    """

    source: str
    kind: str
    events: int = 0
    text: str = ""


# --- comparing --------------------------------------------------------------------------------------------------------


def first_difference(one: Path, other: Path, *, cut: bool = False) -> tuple[int, str | None]:
    """How many events are equal, and the place where they part, with the three events before; `cut`: one of the two may be shorter."""
    before: list[str] = []
    count = 0
    with open(one, encoding="utf-8", newline="\n") as ours, open(other, encoding="utf-8", newline="\n") as truth:
        for a, b in itertools.zip_longest(ours, truth, fillvalue=""):
            if a != b and not (cut and not (a.endswith("\n") and b.endswith("\n"))):
                shown = "".join("    " + line[:300].rstrip() + "\n" for line in before)
                return count, f"{shown}  ours  {_shown(a)}\n  truth {_shown(b)}"
            if a != b:
                break
            before = [*before[-2:], a]
            count += 1
    return count, None


def _shown(line: str) -> str:
    return line[:800].rstrip("\n") or "(nothing)"


def compare(source: str, program: Program | Missing, pair: Pair) -> Verdict:
    """Run a program under both."""
    if isinstance(program, Missing):
        return Verdict(source, f"left out: {program.reason}")
    try:
        runs = [pair.events(pair.ours, program), pair.true_events(program)]
    except FileNotFoundError:
        return Verdict(source, "not kept")
    try:
        return _compared(source, program, pair, runs)
    finally:
        for run in runs:
            run.path.unlink()


def _compared(source: str, program: Program, pair: Pair, runs: list[Run]) -> Verdict:
    count, difference = _difference(runs[0], runs[1])
    if difference is None:
        ends = {run.end for run in runs}
        kind = next((f"equal up to {end}" for end in (TIME, CAP) if end in ends), EQUAL)
        return Verdict(source, kind if ends <= {WHOLE, CAP, TIME} else f"equal, ended by {runs[0].end}", count)
    for ballast in (0, 37, 101) if REFERENCE else ():
        runs.append(pair.events(pair.truth, program, ballast))
        if _difference(runs[1], runs[-1])[1] is not None:
            return Verdict(source, ODD, count, f"{ODD}: {program.group}: {program.name}")
    runs.append(
        pair.events(pair.ours, program)
    )  # what a program finds on the disk, say, may be the same from the second run on
    if _difference(runs[-1], runs[1])[1] is None:
        return Verdict(source, ODD, count, f"{ODD}: {program.group}: {program.name}")
    return Verdict(source, DIFFERENT, count, f"{program.group}: {program.name}, after {count} events\n{difference}")


def _difference(one: Run, other: Run) -> tuple[int, str | None]:
    ends = {one.end, other.end}
    count, difference = first_difference(one.path, other.path, cut=bool(ends & {CAP, TIME}))
    if difference is None and len(ends) > 1 and not ends <= {WHOLE, CAP, TIME}:
        return count, f"  ours  ended by {one.end}\n  truth ended by {other.end}"
    return count, difference


# --- many programs ----------------------------------------------------------------------------------------------------


class _Share:
    """Which of the programs, all of which every process goes through, are a process's own: those that it comes to first."""

    def __init__(self, events: int, minutes: float) -> None:
        self.end = time.monotonic() + 60 * minutes
        self.next, self.left = _FORK.Value("q", 0), _FORK.Value("q", events)

    def takes(self, number: int) -> bool:
        with self.next.get_lock():
            if self.next.value != number:
                return False
            self.next.value += 1
            return True

    def done(self, events: int) -> None:
        with self.left.get_lock():
            self.left.value -= events


def _work(names: Iterable[str], share: _Share, made: Any, arguments: argparse.Namespace) -> None:
    numbers = itertools.count()
    try:
        for name in names:
            pair = Pair(arguments.most, arguments.seconds, arguments.kept)
            for program in programs(name):
                if share.left.value <= 0 or time.monotonic() > share.end:
                    return
                if share.takes(next(numbers)):
                    verdict = compare(name, program, pair)
                    share.done(verdict.events)
                    made.put(verdict)
    finally:
        made.put(None)


def verdicts(names: Iterable[str], arguments: argparse.Namespace) -> Iterator[Verdict | None]:
    """Those of all programs, as they come; None from time to time. Raises RuntimeError where a process of ours has died."""
    share, made = _Share(arguments.n, arguments.minutes), _FORK.Queue()
    workers = [_FORK.Process(target=_work, args=(names, share, made, arguments)) for _ in range(arguments.j)]
    for worker in workers:
        worker.start()
    running = len(workers)
    while running:
        try:
            verdict = made.get(timeout=PROGRESS_SECONDS)
        except Exception:  # nothing in that time
            if not any(worker.is_alive() for worker in workers):
                break
            yield None
            continue
        if verdict is None:
            running -= 1
        else:
            yield verdict
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("a process that compares has died: see above")


class _Report:
    """Prints differences at once, and how far it is."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.write = write
        self.programs: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.events: Counter[str] = Counter()
        self._begun = self._said = time.monotonic()

    def add(self, verdict: Verdict | None) -> None:
        if verdict is not None:
            self.programs[verdict.source][verdict.kind] += 1
            self.events[verdict.source] += verdict.events
            if verdict.text:
                self.write(verdict.text)
        now = time.monotonic()
        if now - self._said >= PROGRESS_SECONDS:
            self._said = now
            programs = sum(map(Counter.total, self.programs.values()))
            self.write(f"... {now - self._begun:.0f} s, {programs} programs, {self.events.total()} equal events")

    def close(self) -> int:
        version = sys.version.split()[0]
        for name, kinds in self.programs.items():
            counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
            self.write(f"{version} {name}: {self.events[name]} equal events; programs: {counts}")
        total: Counter[str] = sum(self.programs.values(), Counter())
        self.write("all: " + ", ".join(f"{count} {kind}" for kind, count in total.most_common()))
        self.write(f"{self.events.total()} equal events in all")
        return int(total[DIFFERENT] > 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=["standard", *LIBRARIES], metavar="WHAT")
    parser.add_argument("-n", type=int, default=5_000_000, help="equal events, after which it ends")
    parser.add_argument("-j", type=int, default=1, help="processes")
    parser.add_argument("--minutes", type=float, default=math.inf, help="after which it ends")
    parser.add_argument("--most", type=int, default=200_000, help="events of one program")
    parser.add_argument("--seconds", type=float, default=60.0, help="of one run of a program")
    parser.add_argument("--keep", "--against", dest="kept", type=Path, help="folder of the events of 3.11")
    return parser.parse_args()


def main() -> int:
    """Run and print; 1 where a program differs."""
    args = _arguments()
    if not REFERENCE and args.kept is None:
        sys.exit("The truth is 3.11's: keep its events there with --keep FOLDER, and give --against FOLDER here")
    if os.environ.get("PYTHONHASHSEED") is None:  # the two runs are forks of one process, but two reports should agree
        command = [sys.executable, "-m", "tests.benchmarks.fidelity", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, "PYTHONHASHSEED": "0"})
    if args.kept is not None:
        args.kept.mkdir(exist_ok=True)
    report = _Report(lambda text: print(text, flush=True))
    died = False
    try:
        for verdict in verdicts(args.names, args):
            report.add(verdict)
    except RuntimeError as error:
        report.write(str(error))
        died = True
    except KeyboardInterrupt:
        report.write("interrupted")
    return report.close() or int(died)


if __name__ == "__main__":
    sys.exit(main())
