"""What format-constrained decoding leaves open: recorded traces of suites, frame by frame, against `cwm_trace.models.constraint`.

    python -m tests.benchmarks.constraint SUITE [SUITE ...] [--most FRAMES]

For each suite: frames that came and were ruled out (0 is right: what is true must never be), the share of frames that could have had one event
and line only, exceptions aside, and the share of values shown that could only be one. A CALL of the entry is given to a model, and not counted.
"""

from __future__ import annotations

import argparse
from collections import Counter

from cwm_trace.errors import CwmTraceError
from cwm_trace.eval.suites import load_suite
from cwm_trace.format import render_frame
from cwm_trace.frames import Event, Trace
from cwm_trace.models.constraint import FrameGrammar
from cwm_trace.models.course import Course
from cwm_trace.tracer.run import run_source


def counted(trace: Trace) -> Counter[str]:
    """Of one trace: frames, those ruled out, those with one way, values, and those with one way."""
    grammar = FrameGrammar(Trace(trace.context, trace.frames[:1], complete=False))
    made = Counter(programs=1)
    for step in trace.frames[1:]:
        if step.event is not None:
            made["frames"] += 1
            made["ruled out"] += not grammar.is_whole(render_frame(step))
            made["one way"] += ways(grammar.course) == 1
            made["values"] += len(step.locals) + (step.value is not None)
            shown = grammar.variables.slots(step.event) if step.event.observes_locals else None
            if shown and len(shown) == 1:
                made["one value"] += sum(slot.value is not None for slot in shown[0])
        grammar.observe(step)
    return made


def ways(course: Course) -> int | None:
    """How many pairs of an event, but for an exception, and a line may come; None: any."""
    lines = [course.lines(event) for event in Event if event is not Event.EXCEPTION]
    return None if None in lines else sum(len(each or ()) for each in lines)


def main() -> None:
    """Print a line for each suite."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="+")
    parser.add_argument("--most", type=int, help="leave out traces of more frames")
    args = parser.parse_args()
    for suite in args.suites:
        total: Counter[str] = Counter()
        for task in load_suite(suite).tasks:
            try:
                trace = run_source(task.source, task.call)
                total += counted(trace) if not args.most or len(trace.frames) <= args.most else Counter(left_out=1)
            except CwmTraceError as error:
                print(f"{task.id}: {error}")
        print(
            f"{suite}: {total['programs']} programs, {total['frames']} frames, {total['ruled out']} ruled out; "
            f"one event and line {100 * total['one way'] / total['frames']:.1f} %, "
            f"one value {100 * total['one value'] / total['values']:.1f} %"
        )


if __name__ == "__main__":
    main()
