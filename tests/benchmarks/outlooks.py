"""How much of a trace answers would settle: with the true ones, the frames whose way or values are known before them.

    python -m tests.benchmarks.outlooks SUITE [SUITE ...] [-n TASKS]

For each suite: of the frames that show anything new, but for the first of each function, the share of which the outlook is known
(`cwm_trace.models.outlook`; of a CALL, what a function is given), the share of programs in which that is so for all, and how many were wrong,
which should be none. No model is asked: the answers are Python's.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

from cwm_trace.errors import CwmTraceError
from cwm_trace.eval.intervals import estimate
from cwm_trace.eval.suites import load_suite
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.tracer.run import run_source
from tests.test_models_outlook import check, outlooks, tells_all


class Known(NamedTuple):
    """Of one program, a truth for each frame that shows something new, and how many outlooks were wrong."""

    frames: list[bool]
    wrong: int


def known(trace: Trace) -> Known:
    """What the true answers settle of a trace."""
    frames, wrong, before = list[bool](), 0, None
    for outlook, step in outlooks(trace, follows=True):
        if outlook is not None:
            try:
                check(outlook, step)
            except AssertionError:
                wrong += 1
        if before is not None and before.event is not Event.CALL and _shows_more(before, step):
            frames.append(tells_all(outlook, step))
        before = step
    return Known(frames, wrong)


def _shows_more(before: Frame, step: Frame) -> bool:
    if step.event is Event.CALL:
        return bool(step.locals)
    if step.event is Event.LINE:
        return any(before.locals.get(name) != value for name, value in step.locals.items())
    return step.event is Event.RETURN and step.value != "None"


def main() -> None:
    """Print a line for each suite."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="+")
    parser.add_argument("-n", "--tasks", type=int)
    args = parser.parse_args()
    for suite in args.suites:
        made: dict[str, Known] = {}
        for task in load_suite(suite).tasks[: args.tasks]:
            try:
                made[task.id] = known(run_source(task.source, task.call))
            except CwmTraceError as error:
                print(f"{task.id}: {error}")
        frames = [(float(is_known), name) for name, one in made.items() for is_known in one.frames]
        shares = estimate([value for value, _ in frames], [name for _, name in frames])
        whole = estimate([float(all(one.frames)) for one in made.values()], list(made))
        wrong = sum(one.wrong for one in made.values())
        print(
            f"{suite}: frames {shares.value:.1f} [{shares.low:.1f}, {shares.high:.1f}] of {len(frames):,};"
            f" programs {whole.value:.1f} [{whole.low:.1f}, {whole.high:.1f}] of {len(made):,}; wrong {wrong}"
        )


if __name__ == "__main__":
    main()
