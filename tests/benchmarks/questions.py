"""What tests give, asked of a model, and the lines behind them that it writes: both given the true frames.

    python -m tests.benchmarks.questions SUITE [SUITE ...] [-m MODEL] [-n TASKS]

For each suite: of the tests of values alone that ran, and did not raise, the share of which the model's answers lead to the true line
(`cwm_trace.models.asking`), and the share of which it writes that line by itself, without a constraint; by what is asked, too. Intervals are
clustered by program. Only models that read notes.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from cwm_trace.errors import CwmTraceError
from cwm_trace.eval.intervals import estimate
from cwm_trace.eval.suites import load_suite
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.models import load_model
from cwm_trace.models.asking import Asker
from cwm_trace.models.base import Decoding
from cwm_trace.models.causal import CausalModel
from cwm_trace.models.flow import Flow
from cwm_trace.models.notes import Notes
from cwm_trace.models.questions import Condition, Question
from cwm_trace.parts import Part
from cwm_trace.tracer.run import run_source

_KINDS = {
    "`is...()`, startswith, endswith": r"\.is[a-z]+\(|\.(starts|ends)with\(",
    "in, not in": r" in ",
    "%": "%",
    "==, !=": "==|!=",
    "<, >": "[<>]",
    "other": "",
}


class Asked(NamedTuple):
    """A test that ran: where it stood, what it asks, and whether the answers, and the line written, were right."""

    program: str
    text: str
    answered: bool
    written: bool


def asked(model: CausalModel, asker: Asker, program: str, trace: Trace) -> Iterator[Asked]:
    """The tests of one trace."""
    scores = model.score(trace)
    for number, question, step in questions(trace):
        parts = {part.part: part.greedy for part in scores[number - 1].parts}
        answer = question.yes if question.condition.holds(asker) else question.no
        true = (step.event, step.source.rstrip("\r\n")) == answer
        yield Asked(
            program, text_of(question.condition), true, parts.get(Part.EVENT, False) and parts.get(Part.ACTION, False)
        )


def text_of(condition: Condition) -> str:
    """All that may be asked."""
    return condition.text or " ".join(map(text_of, condition.parts))


def questions(trace: Trace) -> Iterator[tuple[int, Question, Frame]]:
    """The questions of a trace, and the frames that came then, by their numbers."""
    notes = Notes(Flow(trace.context))
    for number, step in enumerate(trace.frames):
        question = notes.question()
        if question is not None and isinstance(step, Frame) and step.event is not Event.EXCEPTION and number:
            yield number, question, step
        notes.observe(step)


def shown(made: list[Asked]) -> str:
    """Both shares with their intervals."""
    programs = [one.program for one in made]
    right = ([float(one.answered) for one in made], [float(one.written) for one in made])
    shares = (estimate(values, programs) for values in right)
    return " | ".join(f"{share.value:.1f} [{share.low:.1f}, {share.high:.1f}]" for share in shares)


def main() -> None:
    """Print a table for each suite."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="+")
    parser.add_argument("-m", "--model", default="nano")
    parser.add_argument("-n", "--tasks", type=int)
    args = parser.parse_args()
    model = load_model(args.model)
    if not isinstance(model, CausalModel) or not model.reads_notes:
        parser.error(f"{args.model} reads no notes")
    asker = Asker(model, Decoding())
    for suite in args.suites:
        made: list[Asked] = []
        for task in load_suite(suite).tasks[: args.tasks]:
            try:
                made += asked(model, asker, task.id, run_source(task.source, task.call))
            except CwmTraceError as error:
                print(f"{task.id}: {error}")
        kinds: defaultdict[str, list[Asked]] = defaultdict(list)
        for one in made:
            kinds[next(kind for kind, pattern in _KINDS.items() if re.search(pattern, one.text))].append(one)
        print(f"\n| {suite} | tests | answered | line written |\n|---|---|---|---|")
        for kind, those in [("all", made), *sorted(kinds.items(), key=lambda item: -len(item[1]))]:
            print(f"| {kind} | {len(those):,} | {shown(those)} |")


if __name__ == "__main__":
    main()
