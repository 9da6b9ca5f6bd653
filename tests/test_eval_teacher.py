"""Teacher-forced evaluation: where parts stand in a frame's text, what a model is asked of them, and metrics counted by hand."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from cwm_trace.cli import main
from cwm_trace.errors import InputError, ModelError
from cwm_trace.eval import Suite, Task
from cwm_trace.eval.teacher import rescore_teacher_forced, run_teacher_forced
from cwm_trace.format import EVENT_TOKENS, FRAME_SEP, escape_source, render_frame, render_locals, render_value
from cwm_trace.frames import Frame, Trace
from cwm_trace.models import FrameScore, PartScore, Rollout
from cwm_trace.models.base import Decoding
from cwm_trace.parts import Part, frame_parts
from cwm_trace.tracer.inprocess import record_source
from tests.strategies import traces

SOURCE = "def f(x):\n    y = x + 1\n    return y\n"
SUITE = Suite("adds", "0" * 64, (Task("one", SOURCE, "f(1)"), Task("two", SOURCE.replace("1", "2"), "f(1)")))

# --- parts ------------------------------------------------------------------------------------------------------------


@given(traces)
def test_parts_are_where_the_text_has_them(trace: Trace) -> None:
    for step in trace:
        if not isinstance(step, Frame) or step.raw is not None:
            continue
        text = render_frame(step)
        found = [(part, text[start:end]) for part, start, end in frame_parts(step)]
        shown = [
            '".."' if value is None else json.loads(render_locals({"": value})[5:-1].join("[]"))[0]
            for value in step.shown.values()
        ]
        expected: list[tuple[Part, str]] = [(Part.EVENT, EVENT_TOKENS[step.event])]
        if step.event.observes_locals:
            expected += [(Part.STATE, render_locals(step.shown))]
            expected += [(Part.LOCAL, text) for text in map(str, shown)]
        expected += [(Part.ACTION, escape_source(step.source))]
        if not step.event.observes_locals:
            expected += [(Part.VALUE, render_value(step.value or ""))]
        plain = [(part, json.loads(text) if part is Part.LOCAL and text != '".."' else text) for part, text in found]
        assert plain == expected


# --- a model's answers ------------------------------------------------------------------------------------------------


def test_part_scores_are_those_of_their_tokens() -> None:
    """A token is a byte here, so that the brute force needs no offsets."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from cwm_trace.format import render_prompt
    from cwm_trace.models.causal import CausalModel
    from tests import tiny_cwm

    tiny = CausalModel(tiny_cwm.build_model(), tiny_cwm.build_tokenizer(), "tiny")
    trace = record_source("def f(x):\n    é = 'ä' + x\n    return é\n", "f('ab')")
    ids = tiny.codec.encode(render_prompt(trace.context, trace.frames))
    with torch.inference_mode():
        choices = tiny._model(torch.tensor([ids])).logits[0].argmax(-1).tolist()
    at = len(tiny.codec.encode(render_prompt(trace.context, trace.frames[:1])))
    for step, score in zip(trace.frames[1:], tiny.score(trace), strict=True):
        assert isinstance(step, Frame)
        text = render_frame(step)
        assert score.tokens == len(tiny.codec.encode(text + FRAME_SEP))
        for (part, start, end), answer in zip(frame_parts(step), score.parts, strict=True):
            first = at + len(tiny.codec.encode(text[:start]))
            true = tiny.codec.encode(text[start:end])
            written = choices[first - 1 : first - 1 + len(true)]
            assert (answer.part, answer.text, answer.greedy) == (part, text[start:end], true == written)
            right = next((n for n, pair in enumerate(zip(true, written, strict=True)) if pair[0] != pair[1]), 0)
            assert answer.greedy or answer.instead == tiny.codec.decode(written[right : right + 1]) or right
        at += score.tokens
    assert at == len(ids)


def test_a_trace_beyond_the_window_is_a_model_error() -> None:
    pytest.importorskip("transformers")
    from cwm_trace.models.causal import CausalModel
    from tests import tiny_cwm

    short = CausalModel(tiny_cwm.build_model(positions=60), tiny_cwm.build_tokenizer(), "short")
    with pytest.raises(ModelError, match="tokens, the window of short 60"):
        short.score(record_source(SOURCE, "f(1)"))


# --- metrics ----------------------------------------------------------------------------------------------------------


@dataclass
class Judge:
    """A model for tests: has everything right but the parts named, by (frame, part, text)."""

    wrong: dict[tuple[int, Part, str], str] = field(default_factory=dict)
    fails: bool = False
    asked: int = 0
    name: str = "judge"

    def rollout(self, prompt: Trace, decoding: Decoding) -> Rollout:
        raise ModelError("only scores")

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        self.asked += 1
        if self.fails:
            raise ModelError("no memory")
        return tuple(self._frame(number, step) for number, step in enumerate(trace.frames) if number >= given)

    def _frame(self, number: int, step: Any) -> FrameScore:
        text = render_frame(step)
        parts = []
        for part, start, end in frame_parts(step):
            instead = self.wrong.get((number, part, text[start:end]))
            parts.append(PartScore(part, text[start:end], instead is None, instead or ""))
        return FrameScore(-math.log(4), 10, all(item.greedy for item in parts), tuple(parts))


def test_metrics_by_hand(tmp_path: Path) -> None:
    """Frames after main's CALL: LINE {}, CALL x=1, LINE x=.., LINE x=.. y=2 (or 3), RETURN, RETURN. Two programs."""
    judge = Judge(
        {
            (3, Part.LOCAL, '".."'): '"5',  # would write a value where nothing changed
            (3, Part.STATE, '{"x": ".."}'): '{"x": "5',
            (4, Part.LOCAL, '"3"'): '".."}',  # would write no value where one changed
            (4, Part.STATE, '{"x": "..", "y": "3"}'): '{"x": "..", "y": ".."}',
            (5, Part.VALUE, '"2"'): '"7',
        }
    )
    made = run_teacher_forced(judge, SUITE, tmp_path)
    percent = {name: value if value is None else round(value, 3) for name, value in made.metrics.items()}
    assert percent == {
        "next_frame": round(100 * 8 / 12, 3),  # 3 and 5 of the first program, 3 and 4 of the second
        "event": 100.0,
        "action": 100.0,
        "state": round(100 * 5 / 8, 3),
        "changed_recall": 75.0,  # x and y twice; the second y is not written
        "changed_precision": 60.0,  # x, y, x are right; two x are written without need
        "value": 75.0,
        "whole_trace": 0.0,
        "bits": 2.0,
    }
    assert (made.n, made.of, made.frames, made.outcomes) == (2, 2, 12, {"ok": 2})
    for name, bounds in made.intervals.items():
        assert bounds and bounds.low - 1e-9 <= (made.metrics[name] or 0.0) <= bounds.high + 1e-9
    assert rescore_teacher_forced(tmp_path) == made


def test_what_a_model_fails_on_counts_as_wrong_and_is_asked_again(tmp_path: Path) -> None:
    failed = run_teacher_forced(Judge(fails=True), SUITE, tmp_path)
    assert failed.outcomes == {"model_error": 2} and failed.frames == 12
    assert failed.metrics["next_frame"] == failed.metrics["changed_recall"] == 0.0
    assert failed.metrics["bits"] is None and failed.intervals["bits"] is None
    with pytest.raises(InputError, match="already holds a run"):
        run_teacher_forced(Judge(), SUITE, tmp_path)
    judge = Judge()
    assert run_teacher_forced(judge, SUITE, tmp_path, resume=True).metrics["whole_trace"] == 100.0
    assert judge.asked == 2
    run_teacher_forced(judge, SUITE, tmp_path, resume=True)
    assert judge.asked == 2


def test_a_program_that_does_not_end_is_no_frame(tmp_path: Path) -> None:
    suite = Suite("broken", "1" * 64, (Task("bad", "def f(:\n", "f()"), *SUITE.tasks))
    made = run_teacher_forced(Judge(), suite, tmp_path)
    assert made.outcomes == {"truth_failed": 1, "ok": 2} and made.frames == 12


def test_a_run_without_a_finished_sample_has_no_score(tmp_path: Path) -> None:
    run_teacher_forced(Judge(), SUITE, tmp_path)
    (tmp_path / "samples.jsonl").write_text("")
    with pytest.raises(InputError, match="no finished sample"):
        rescore_teacher_forced(tmp_path)


def test_what_was_asked_twice_counts_once(tmp_path: Path) -> None:
    run_teacher_forced(Judge(fails=True), SUITE, tmp_path)
    made = run_teacher_forced(Judge(), SUITE, tmp_path, resume=True)
    assert len((tmp_path / "samples.jsonl").read_text().splitlines()) == 4
    assert rescore_teacher_forced(tmp_path) == made and made.n == 2


def test_the_command_shows_a_run_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_teacher_forced(Judge(), SUITE, tmp_path, limit=1)
    assert main(["eval", "--from", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "changed variables, recall" in text and "bits per frame" in text and "100.0 [" in text
    assert "LIMITED RUN (1 of 2)" in text
    assert main(["eval", "--from", str(tmp_path), "--markdown"]) == 0
    assert "| next frame exact | 100.0 [" in capsys.readouterr().out
    assert main(["eval", "--from", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["bits"] == pytest.approx(2.0)
    assert main(["eval", "--from", str(tmp_path), "--fail-under", "5"]) == 2
    assert main(["eval", "compare", str(tmp_path), str(tmp_path)]) == 2
    assert "not teacher-forced" in capsys.readouterr().err


def test_models_without_probabilities_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite = tmp_path / "suite.jsonl"
    suite.write_text(json.dumps({"id": "a", "source": SOURCE, "call": "f(1)"}) + "\n")
    assert main(["eval", str(suite), "-m", "copy-input", "--teacher-forced", "--out", str(tmp_path / "run")]) == 0
    assert "1 model_error" in capsys.readouterr().out
