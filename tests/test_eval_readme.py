"""`eval/README.md`: every metric and kind of mistake is in it, and its example comes to the numbers that it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from cwm_trace.eval import score_trace
from cwm_trace.eval.derived import QUESTIONS
from cwm_trace.eval.mistakes import Mistake, mistake
from cwm_trace.eval.report import TITLES
from cwm_trace.eval.samples import judge
from cwm_trace.eval.teacher import TEACHER_METRICS
from cwm_trace.eval.teacher_details import forced_mistake
from cwm_trace.format import parse, render, render_frame
from cwm_trace.frames import Frame
from cwm_trace.models import FrameScore, PartScore
from cwm_trace.parts import frame_parts
from cwm_trace.tracer.inprocess import record_source

README = (Path(__file__).parent.parent / "eval" / "README.md").read_text()
TRUE = record_source("def f(x):\n    y = x + 1\n    return y\n", "f(1)")
PREDICTED = parse(render(TRUE).replace('"2"', '"3"'))


def example() -> list[tuple[str, float]]:
    """The rows of its tables."""
    part = README.partition("<!-- example")[2].partition("<!-- end of the example")[0]
    rows = re.findall(r"^\| (.+) \| ([\d/*+() ]+) \|$", part, re.MULTILINE)
    return [
        (title, float(eval(re.sub(r"(\d+)", r"Fraction(\1)", formula), {"Fraction": Fraction})))
        for title, formula in rows
    ]


def forced() -> Iterator[FrameScore]:
    """Of a model that would write "3" for y where it is bound, and all else as it is."""
    for number, frame in enumerate(TRUE.frames[1:], start=1):
        assert isinstance(frame, Frame)
        text = render_frame(frame)
        spans = [(part, text[start:end]) for part, start, end in frame_parts(frame)]
        wrong = {'"2"': '"3', '{"x": "..", "y": "2"}': '{"x": "..", "y": "3'} if number == 4 else {}
        parts = tuple(PartScore(part, said, said not in wrong, wrong.get(said, "")) for part, said in spans)
        yield FrameScore(-1.0, 9, all(part.greedy for part in parts), parts)


def test_the_example_is_worked_out() -> None:
    scores, made = list(forced()), score_trace(PREDICTED, TRUE)
    counts = {title: ask(PREDICTED, TRUE) for title, ask in QUESTIONS.values()}
    taught = {title: list(values(scores)) for name, (title, values) in TEACHER_METRICS.items() if name != "bits"}
    found = [(title, getattr(made, name)) for name, title in TITLES.items()]
    found += [(title, right / asked) for title, (right, asked) in counts.items()]
    found += [(title, sum(values) / len(values)) for title, values in taught.items()]

    assert [title for title, _ in example()] == [title for title, _ in found]
    assert [said for _, said in example()] == pytest.approx([value for _, value in found])


def test_the_examples_mistake_is_a_wrong_new_value() -> None:
    assert mistake(judge("f", PREDICTED, TRUE)) is Mistake.WRONG_VALUE
    kinds = [forced_mistake(*pair) for pair in zip(TRUE.frames[1:], forced(), strict=True)]
    assert [kind and kind[0] for kind in kinds] == [None, None, None, Mistake.WRONG_VALUE, None, None]


@pytest.mark.parametrize(
    "section", ["Predicted traces", "Questions of other", "True frames given", "Kinds of mistakes"]
)
def test_every_metric_and_kind_of_mistake_has_its_rule(section: str) -> None:
    titles = {
        "Predicted traces": list(TITLES.values()),
        "Questions of other": [title for title, _ in QUESTIONS.values()],
        "True frames given": [title for title, _ in TEACHER_METRICS.values()],
        "Kinds of mistakes": [kind.value for kind in Mistake],
    }
    text = README.partition(f"\n## {section}")[2].partition("\n## ")[0]
    assert [title for title in titles[section] if title not in text] == []
    if section != "Kinds of mistakes":
        assert [title for title in titles[section] if f"\n| {title} | " not in text] == []
