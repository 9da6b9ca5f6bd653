"""Where the machine goes wrong first, with true answers in place of the network's.

Of each program: the frame, what was told and what is true, and why the program was lost. Say what to look at: scripts (`*.py`), files of cases
(`*.txt`, as `tests/machine.txt` has them), suites (`*.jsonl`; `=ID` after it picks tasks). Texts are cut: the machine's own may be without end.

    python -m tests.benchmarks.first_wrong script.py
    python -m tests.benchmarks.first_wrong tests/people_recent.jsonl =q22 =q33
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from cwm_trace.eval.suites import load_suite
from cwm_trace.frames import Frame, Trace
from cwm_trace.models.machine.following import Following, Foretold
from cwm_trace.models.stepwise import Stepwise
from cwm_trace.prompts import UNKNOWN_START, Start
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.run import run_script, run_source
from tests.test_models_machine import cases
from tests.test_models_outlook import TRUE

WIDTH = 700
LIMITS = Limits(frames=20_000, seconds=60)


def traces(names: list[str]) -> Iterator[tuple[str, Trace, Start]]:
    """What each word of the command line stands for, recorded."""
    picked = {name[1:] for name in names if name.startswith("=")}
    for name in names:
        if name.endswith(".jsonl"):
            for task in load_suite(name).tasks:
                if not picked or task.id in picked:
                    yield task.id, run_source(task.source, task.call, limits=LIMITS), UNKNOWN_START
        elif name.endswith(".txt"):
            for case, (source, call) in cases(str(Path(name).resolve())).items():
                yield case, run_source(source, call, limits=LIMITS), UNKNOWN_START
        elif not name.startswith("="):
            yield name, run_script(name, capture=True, limits=LIMITS).trace, Start(name)


def first_wrong(trace: Trace, start: Start) -> str:
    """The first frame that is foretold wrong, or not at all; "" if there is none."""
    beside, answering = Following(trace.context, start), Stepwise(TRUE)
    for place, step in enumerate(trace.frames):
        assert isinstance(step, Frame)
        told = beside.foretell(answering)
        if told is None:
            return f"open at {place} of {len(trace)}\n  true: {_cut(step)}\n{beside.why[-3000:]}"
        wrong = list(_differences(told, step))
        if wrong:
            return "\n  ".join([f"wrong at {place} of {len(trace)}", f"true: {_cut(step)}", *wrong])
        beside.observe(step)
    return ""


def _differences(told: Foretold, step: Frame) -> Iterator[str]:
    if (told.event, told.line) != (step.event, step.source.rstrip("\r\n")):
        yield f"told: {told.event.name} {told.line[:WIDTH]}"
    elif [*told.locals] != [*step.locals]:
        yield f"told: {[*told.locals]}"
    for name, value in told.locals.items():
        if value != step.locals.get(name):
            yield f"{name}: told {str(value)[:WIDTH]}\n    true {str(step.locals.get(name))[:WIDTH]}"
    if told.value is not None and told.value != step.value:
        yield f"value: told {told.value[:WIDTH]}\n    true {str(step.value)[:WIDTH]}"
    elif told.value is None and step.value not in (None, "None"):
        yield f"value: nobody knows, true {str(step.value)[:WIDTH]}"


def _cut(step: Frame) -> str:
    return f"{step.event.name} {step.source.rstrip()} {[*step.locals]} {step.value}"[:WIDTH]


def main(names: list[str]) -> None:
    """Print what was found, and how many are right."""
    Following.is_strict = True
    right = count = 0
    for name, trace, start in traces(names):
        wrong = first_wrong(trace, start)
        count, right = count + 1, right + (not wrong)
        if wrong:
            print(f"{name}: {wrong}", flush=True)
    print(f"{right} of {count} right")


if __name__ == "__main__":
    main(sys.argv[1:])
