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
from cwm_trace.eval import Suite, Task, compare_runs, run_suite
from cwm_trace.eval.mistakes import Mistake
from cwm_trace.eval.report import teacher_table
from cwm_trace.eval.teacher_baselines import Forced
from cwm_trace.eval.teacher_details import forced_mistake
from cwm_trace.eval.teacher_runs import rescore_teacher_forced, run_teacher_forced
from cwm_trace.format import EVENT_TOKENS, FRAME_SEP, escape_source, render_frame, render_locals, render_value
from cwm_trace.frames import Frame, Trace
from cwm_trace.models import FrameScore, PartScore, Rollout, load_model
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


WRONG = {
    (3, Part.LOCAL, '".."'): '"5',  # would write a value where nothing changed
    (3, Part.STATE, '{"x": ".."}'): '{"x": "5',
    (4, Part.LOCAL, '"3"'): '".."}',  # would write no value where one changed
    (4, Part.STATE, '{"x": "..", "y": "3"}'): '{"x": "..", "y": ".."}',
    (5, Part.VALUE, '"2"'): '"7',
}


def test_metrics_by_hand(tmp_path: Path) -> None:
    """Frames after main's CALL: LINE {}, CALL x=1, LINE x=.., LINE x=.. y=2 (or 3), RETURN, RETURN. Two programs."""
    made = run_teacher_forced(Judge(WRONG), SUITE, tmp_path)
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


def test_breakdowns_by_hand(tmp_path: Path) -> None:
    """Wrong are frame 3 of both programs, 5 of the first, 4 of the second."""
    made = run_teacher_forced(Judge(WRONG), SUITE, tmp_path).breakdowns
    shares = {
        kind: {
            group: {name: (round(item.value, 1), item.n) for name, item in found.items()}
            for group, found in groups.items()
        }
        for kind, groups in made.items()
    }

    assert shares["frame"] == {
        "line": {"next_frame": (50.0, 6)},
        "return": {"next_frame": (75.0, 4)},
        "call": {"next_frame": (100.0, 2)},
    }
    assert shares["depth"] == {"0": {"next_frame": (100.0, 4)}, "1": {"next_frame": (50.0, 8)}}
    assert shares["statement"] == {
        "after call": {"next_frame": (50.0, 4)},
        "return": {"next_frame": (75.0, 4)},
        "assignment": {"next_frame": (50.0, 2)},
        "after return": {"next_frame": (100.0, 2)},
    }
    assert shares["value"] == {
        "int": {"value": (75.0, 8)}
    }  # x, y and two returns, twice; 3 and one return of 2 are wrong
    both = {"whole_trace": (0.0, 2), "next_frame": (66.7, 12)}
    assert (shares["output"], shares["exception"], shares["events"]) == ({"int": both}, {"none": both}, {"1-2": both})


def test_what_is_wrong_first_in_a_frame(tmp_path: Path) -> None:
    made = run_teacher_forced(Judge(WRONG), SUITE, tmp_path).mistakes
    counts = {name: (found.count, round(found.share.value, 1), found.share.n) for name, found in made.items()}

    assert counts == {
        "changes a local that stays": (2, 16.7, 12),
        "wrong returned value": (1, 8.3, 12),
        "leaves a local as it was": (1, 8.3, 12),
    }
    example = made["leaves a local as it was"].examples[0]
    assert (example.id, example.frame, example.predicted) == ("two", 4, '".."} …')
    assert example.actual == 'line return y │ {"x": "..", "y": "3"}'


@pytest.mark.parametrize(
    ("index", "part", "text", "instead", "kind"),
    [
        (1, Part.EVENT, "<|line_sep|>", "<|end_of_text|>", Mistake.STOPS_EARLY),
        (1, Part.EVENT, "<|line_sep|>", "<|return_sep|>", Mistake.LEAVES_EARLY),
        (1, Part.EVENT, "<|line_sep|>", "x", Mistake.FORMAT),
        (2, Part.EVENT, "<|call_sep|>", "<|line_sep|>", Mistake.CALL_MISSED),
        (3, Part.EVENT, "<|line_sep|>", "<|exception_sep|>", Mistake.EXCEPTION_INVENTED),
        (4, Part.STATE, '{"x": "..", "y": "2"}', '{"x": "..", "z', Mistake.NAMES),
        (4, Part.STATE, '{"x": "..", "y": "2"}', '{"x": ".."}', Mistake.NAMES),
        (4, Part.ACTION, "    return y\n", "    y", Mistake.WRONG_LINE),
        (5, Part.VALUE, '"2"', '"1', Mistake.WRONG_RESULT),
        (5, Part.ACTION, "    return y\n", "", Mistake.WRONG_LINE),
    ],
)
def test_kinds_of_wrong_frames(index: int, part: Part, text: str, instead: str, kind: Mistake) -> None:
    trace = record_source(SOURCE, "f(1)")
    score = Judge({(index, part, text): instead}).score(trace)[index - 1]

    assert forced_mistake(trace[index], score) == (kind, instead)


def test_of_a_right_frame_and_of_one_without_parts_nothing_is_said() -> None:
    trace = record_source(SOURCE, "f(1)")
    assert forced_mistake(trace[1], Judge().score(trace)[0]) is None
    assert forced_mistake(trace[1], FrameScore(-1.0, 3, False)) is None


def test_a_run_kept_without_its_true_traces_has_numbers_but_no_groups(tmp_path: Path) -> None:
    made = run_teacher_forced(Judge(WRONG), SUITE, tmp_path)
    path = tmp_path / "samples.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text(
        "".join(json.dumps({k: v for k, v in record.items() if k != "actual"}) + "\n" for record in records)
    )
    again = rescore_teacher_forced(tmp_path)

    assert again.metrics == made.metrics and set(again.breakdowns) == set(made.breakdowns)
    assert not any(again.breakdowns.values()) and not again.mistakes


def test_two_runs_are_compared_by_hand(tmp_path: Path) -> None:
    """Program for program: 4 of 6 frames right in each against all of them."""
    run_teacher_forced(Judge(WRONG), SUITE, tmp_path / "a")
    run_teacher_forced(Judge(fails=True), SUITE, tmp_path / "failed")
    run_teacher_forced(Judge({(6, Part.VALUE, '"3"'): '"0'}), SUITE, tmp_path / "b")
    made = compare_runs(tmp_path / "a", tmp_path / "b")
    frames, precision = made.metrics["next_frame"], made.metrics["changed_precision"]

    assert (made.tested, made.only_a, made.only_b, made.n) == ("whole_trace", 0, 1, 2)
    assert (frames.a, frames.b) == pytest.approx((100 * 8 / 12, 100 * 11 / 12))
    assert frames.interval == pytest.approx((100 / 6, 100 / 3))  # one program alone, or the other
    assert (precision.a, precision.b) == pytest.approx((60.0, 100.0))
    assert precision.interval == pytest.approx(
        (100 / 3, 50.0)
    )  # of 3 written in the first 2 right, of 2 in the second 1
    assert made.metrics["bits"].difference == 0.0
    failed = compare_runs(tmp_path / "failed", tmp_path / "b")
    assert "bits" not in failed.metrics and failed.metrics["next_frame"].a == 0.0


def test_nano_given_true_frames_is_the_network_alone(tmp_path: Path) -> None:
    assert run_teacher_forced(Judge(name="nano"), SUITE, tmp_path).model == "nano (network alone)"
    assert rescore_teacher_forced(tmp_path).model == "nano (network alone)"


def test_what_a_model_fails_on_counts_as_wrong_and_is_asked_again(tmp_path: Path) -> None:
    failed = run_teacher_forced(Judge(fails=True), SUITE, tmp_path)
    assert failed.outcomes == {"model_error": 2} and failed.frames == 12
    assert failed.metrics["next_frame"] == failed.metrics["changed_recall"] == 0.0
    assert failed.metrics["bits"] is None and failed.intervals["bits"] is None
    assert [(kind, found.count) for kind, found in failed.mistakes.items()] == [(Mistake.NOT_SCORED, 12)]
    for line in (tmp_path / "samples.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)  # -Infinity is no JSON
    assert rescore_teacher_forced(tmp_path) == failed
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
    assert main(["eval", "--from", str(tmp_path), "--by", "frame", "--errors", "--html", str(tmp_path / "x.html")]) == 0
    assert "judge: event of the frame" in capsys.readouterr().out
    assert (tmp_path / "x.html").read_text() == (tmp_path / "report.html").read_text()
    assert main(["eval", "compare", str(tmp_path), str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "next frame exact" in text and "whole trace right in the first run only: 0" in text
    run_suite(load_model("copy-input"), SUITE, tmp_path / "rollout")
    assert main(["eval", "compare", str(tmp_path), str(tmp_path / "rollout")]) == 2
    assert "one of the runs is teacher-forced" in capsys.readouterr().err


def test_models_without_probabilities_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite = tmp_path / "suite.jsonl"
    suite.write_text(json.dumps({"id": "a", "source": SOURCE, "call": "f(1)"}) + "\n")
    record_source(SOURCE, "f(1)").save(str(tmp_path / "t.jsonl"))
    model = f"replay:{tmp_path / 't.jsonl'}"
    assert main(["eval", str(suite), "-m", model, "--teacher-forced", "--out", str(tmp_path / "run")]) == 3
    assert "1 model_error" in capsys.readouterr().out


# --- baselines --------------------------------------------------------------------------------------------------------


def test_baselines_by_hand(tmp_path: Path) -> None:
    """Of frames 1 to 6 copy-input writes LINE, CALL and two RETURNs; no-change has all six, y never bound and None returned."""
    found = {}
    for name in ("copy-input", "no-change", "oracle"):
        baseline: Any = load_model(name)
        found[name] = run_teacher_forced(Forced(baseline), SUITE, tmp_path / name).metrics
    shares = {
        name: {key: value and round(value, 1) for key, value in metrics.items()} for name, metrics in found.items()
    }

    assert (shares["copy-input"]["next_frame"], shares["no-change"]["next_frame"]) == (33.3, 50.0)
    assert (shares["copy-input"]["event"], shares["no-change"]["event"]) == (33.3, 100.0)
    for name in ("copy-input", "no-change"):
        assert (shares[name]["changed_recall"], shares[name]["changed_precision"]) == (50.0, 100.0), "x, and no y"
    assert {value for key, value in shares["oracle"].items() if key != "bits"} == {100.0}
    assert {metrics["bits"] for metrics in found.values()} == {None}


def test_baselines_stand_beside_a_teacher_forced_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite, run = tmp_path / "suite.jsonl", tmp_path / "run"
    suite.write_text(json.dumps({"id": "a", "source": SOURCE, "call": "f(1)"}) + "\n")
    assert main(["eval", str(suite), "-m", "no-change", "--teacher-forced", "--out", str(run), "--errors"]) == 0
    table = capsys.readouterr().out
    assert table.splitlines()[0].split() == ["teacher-forced", "no-change", "copy-input", "oracle"]
    assert "no-change: first error" in table and "oracle: first error" not in table
    assert "<th>copy-input</th><th>oracle</th>" in (run / "report.html").read_text()
    assert main(["eval", "--from", str(run), "--errors"]) == 0
    assert capsys.readouterr().out == table
    assert main(["eval", "--from", str(run), "--no-baselines"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["teacher-forced", "no-change"]


def test_an_oracle_that_is_forced_and_wrong_is_said(tmp_path: Path) -> None:
    made = run_teacher_forced(Judge(WRONG, name="oracle"), SUITE, tmp_path)
    assert "ORACLE IS NOT AT 100.0" in teacher_table([made]).notes[0]
    assert "two: leaves a local as it was" in teacher_table([made]).notes[0]
