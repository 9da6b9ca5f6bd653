"""What tests and other lines give, asked of a model, and the frames behind them that it writes: both given the true frames.

    python -m tests.benchmarks.questions SUITE [SUITE ...] [-m MODEL] [-n TASKS]

For each suite: of the tests of values alone that ran, and did not raise, the share of which the model's answers lead to the true line
(`cwm_trace.models.asking`), and the share of which it writes that line by itself, without a constraint; by what is asked, too. Then of the lines
that return, bind or change values alone, where there is an operation to be asked for: the share of which what the model answers is what the next
frame shows (`models.outcomes`), and that of which it writes that by itself. Intervals are clustered by program. Only models that read notes.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cwm_trace.errors import CwmTraceError
from cwm_trace.eval.intervals import estimate
from cwm_trace.eval.suites import load_suite
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.models import load_model
from cwm_trace.models.asking import Asker
from cwm_trace.models.at_work import Running
from cwm_trace.models.base import Decoding, FrameScore
from cwm_trace.models.causal import CausalModel
from cwm_trace.models.flow import Flow
from cwm_trace.models.notes import Notes
from cwm_trace.models.outcomes import Answers, outcome_of
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


_LINES = {
    "return": r"return\b",
    "x.append(...) and other changes, x[i] = ..., del": r"\w+\.\w+\(|\w+\[.*\][^=]*=|del\b",
    "x += ...": r"\w+ *[-+*/%|&^<>]+=",
    "x = ...": "",
}


class Asked(NamedTuple):
    """A line that ran: where it stood, what it asks, and whether the answers, and what was written, were right."""

    program: str
    text: str
    answered: bool
    written: bool


def asked(scores: Sequence[FrameScore], asker: Asker, program: str, trace: Trace) -> Iterator[Asked]:
    """The tests of one trace; `scores`: the model's, of all frames but the first."""
    for number, question, step in questions(trace):
        parts = {part.part: part.greedy for part in scores[number - 1].parts}
        answer = question.yes if question.condition.holds(asker) else question.no
        true = (step.event, step.source.rstrip("\r\n")) == answer
        yield Asked(
            program, text_of(question.condition), true, parts.get(Part.EVENT, False) and parts.get(Part.ACTION, False)
        )


def settled(scores: Sequence[FrameScore], asker: Asker, program: str, trace: Trace) -> Iterator[Asked]:
    """The lines of one trace that return, bind or change values, but for those that do no operation."""
    for number, running, step in lines(trace):
        asked_for: list[str] = []

        def value(text: str, told: list[str] = asked_for) -> str | None:
            told.append(text)
            return asker.value(text)

        def change(before: str, text: str, told: list[str] = asked_for) -> str | None:
            told.append(text)
            return asker.change(before, text)

        outcome = outcome_of(running, Answers(value, change, asker))
        shown = {Part.LOCAL: step.locals, Part.VALUE: step.value}
        wrote = all(part.greedy for part in scores[number - 1].parts if part.part in shown)
        if not asked_for:
            continue
        right = outcome is not None and (
            outcome.returned == step.value
            if step.event is Event.RETURN
            else all(step.locals.get(name) == text for name, text in outcome.bound.items())
        )
        yield Asked(program, running.source, right, wrote)


def lines(trace: Trace) -> Iterator[tuple[int, Running, Frame]]:
    """The statements of a trace that are no tests, and the LINE or RETURN behind each, by its number."""
    for number, (notes, step) in enumerate(walked(trace)):
        running = None if notes.at_work.question() is not None else notes.at_work.running()
        if running is not None and step.event in (Event.LINE, Event.RETURN):
            yield number, running, step


def text_of(condition: Condition) -> str:
    """All that may be asked."""
    return condition.text or " ".join(map(text_of, condition.parts))


def questions(trace: Trace) -> Iterator[tuple[int, Question, Frame]]:
    """The questions of a trace, and the frames that came then, by their numbers."""
    for number, (notes, step) in enumerate(walked(trace)):
        question = notes.at_work.question()
        if question is not None and step.event is not Event.EXCEPTION and number:
            yield number, question, step


def walked(trace: Trace) -> Iterator[tuple[Notes, Frame]]:
    """The frames of a recorded trace, each with the notes of all before it."""
    notes = Notes(Flow(trace.context))
    for step in trace.frames:
        assert isinstance(step, Frame)
        yield notes, step
        notes.observe(step)


def shown(made: list[Asked]) -> str:
    """Both shares with their intervals."""
    if not made:
        return "– | –"
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
        tests: list[Asked] = []
        others: list[Asked] = []
        for task in load_suite(suite).tasks[: args.tasks]:
            try:
                trace = run_source(task.source, task.call)
                scores = model.score(trace)
                tests += asked(scores, asker, task.id, trace)
                others += settled(scores, asker, task.id, trace)
            except CwmTraceError as error:
                print(f"{task.id}: {error}")
        print_table(f"{suite}: tests", tests, _KINDS, "line written")
        print_table(f"{suite}: other lines", others, _LINES, "frame written")


def print_table(title: str, made: list[Asked], patterns: dict[str, str], written: str) -> None:
    """All of them, and those of each kind."""
    kinds: defaultdict[str, list[Asked]] = defaultdict(list)
    for one in made:
        kinds[next(kind for kind, pattern in patterns.items() if re.search(pattern, one.text))].append(one)
    print(f"\n| {title} | n | answered | {written} |\n|---|---|---|---|")
    for kind, those in [("all", made), *sorted(kinds.items(), key=lambda item: -len(item[1]))]:
        print(f"| {kind} | {len(those):,} | {shown(those)} |")


if __name__ == "__main__":
    main()
