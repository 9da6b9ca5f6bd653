"""The HTML report: what is in the file, and what a real browser makes of it (skipped where no Chromium is installed)."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cwm_trace.cli import main
from cwm_trace.eval import Suite, Task, run_suite
from cwm_trace.eval.intervals import Estimate
from cwm_trace.eval.page import html_report
from cwm_trace.eval.plots import share_plot
from cwm_trace.eval.results import FinishedRun, summarise
from cwm_trace.eval.samples import Sample, judge, no_score
from cwm_trace.eval.tasks import Outcome
from cwm_trace.eval.teacher import TeacherRun, TeacherSample, all_wrong, summarise_teacher_forced
from cwm_trace.eval.teacher_page import teacher_html
from cwm_trace.format import FRAME_SEP, parse, render, render_frame
from cwm_trace.frames import Trace
from cwm_trace.models import FrameScore, PartScore, load_model
from cwm_trace.parts import Part
from cwm_trace.tracer.inprocess import record_source
from tests.browser import Page

HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"><!-- @@data@@ &amp;"
)
SOURCE = f"def f(x):\n    y = x + {HOSTILE!r}\n    return y\n"
LOOP = "def f(n):\n    for i in range(n):\n        pass\n    return i\n"
MANIFEST: dict[str, Any] = {"model": HOSTILE, "suite": HOSTILE, "sha256": HOSTILE, "config": {}, "command": [HOSTILE]}


def with_frame(truth: Trace, index: int, text: str) -> Trace:
    """A true trace with another frame in one place."""
    frames = [render_frame(step) for step in truth]
    frames[index] = text
    return parse(render(Trace(truth.context, (), False)) + FRAME_SEP.join([*frames, "<|end_of_text|>"]))


def page_of(*samples: Sample) -> str:
    results = summarise(HOSTILE, HOSTILE, samples, len(samples))
    return html_report([FinishedRun(MANIFEST, samples, results)])


def hostile_samples() -> tuple[Sample, ...]:
    truth = record_source(SOURCE, "f('')")
    raw = with_frame(truth, 4, f"<|line_sep|>{HOSTILE}")
    value = with_frame(
        truth, 5, f"<|return_sep|><|action_sep|>    return y\n<|arg_sep|>{json.dumps(HOSTILE + chr(0xD800))}"
    )
    failed = Sample(HOSTILE, Outcome.MODEL_ERROR, no_score(), error=HOSTILE, actual=truth)
    return judge("raw", raw, truth), judge("value", value, truth), failed


class Elements(HTMLParser):
    """Counts the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.attributes += attrs


# --- the file ---------------------------------------------------------------------------------------------------------


def test_hostile_text_makes_no_element() -> None:
    page = Elements(page_of(*hostile_samples()))

    assert page.found.count("script") == 2 and "img" not in page.found
    assert not [name for name, _ in page.attributes if name.startswith("on")]


def test_nothing_is_loaded_from_elsewhere() -> None:
    text = page_of(*hostile_samples())

    assert "default-src 'none'" in text
    assert not {"src", "href"} & {name for name, _ in Elements(text).attributes}
    assert not re.search(r"@import|url\(", text)


def test_the_data_are_those_of_the_samples() -> None:
    text = page_of(*hostile_samples())
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    raw, value, failed = json.loads(found[1])[0]["samples"]

    assert (raw["first"], raw["cause"], len(raw["actual"])) == (4, "format", 7)
    assert raw["tail"][0][0] == "malformed" and HOSTILE in raw["tail"][0][2]
    assert value["tail"][0] == ["return", 3 + 1, "    return y", HOSTILE + "\ud800"]
    assert (failed["predicted"], failed["error"]) == (False, HOSTILE)


def test_very_long_values_are_cut() -> None:
    truth = record_source("def f(n):\n    text = 'x' * n\n    return text\n", "f(1_000_000)")
    text = page_of(judge("long", truth, truth))

    assert len(text) < 100_000
    assert text.count("\\u2026 (1000002 characters)") == 3  # the local, and returned twice


def test_a_run_has_its_page(tmp_path: Path) -> None:
    run_suite(load_model("oracle"), Suite("s", "0" * 64, (Task("t", LOOP, "f(3)"),)), tmp_path / "run")

    assert "oracle on s" in (tmp_path / "run" / "report.html").read_text("utf-8")


def test_the_command_writes_a_page_of_all_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite = tmp_path / "loops.jsonl"
    suite.write_text(json.dumps({"id": "a", "source": LOOP, "call": "f(3)"}) + "\n")
    page, out = tmp_path / "all.html", tmp_path / "out"
    models = ["-m", "oracle", "-m", "copy-input"]
    assert main(["eval", str(suite), *models, "--out", str(out), "--html", str(page)]) == 0
    text = page.read_text("utf-8")
    assert "oracle, copy-input on loops" in text and "line path (CoCoNUT)" in text
    assert main(["eval", "--from", str(out / "oracle"), "--html", str(page)]) == 0
    assert "copy-input" not in page.read_text("utf-8")
    assert main(["eval", "--from", str(out / "oracle"), "--html", str(tmp_path / "no" / "page.html")]) == 2
    assert "cannot write" in capsys.readouterr().err


# --- in a browser -----------------------------------------------------------------------------------------------------


def text_of(page: Page, selector: str) -> list[str]:
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll({json.dumps(selector)})].map((n) => n.textContent)"
    )
    return found


def clean(page: Page, path: Path) -> bool:
    """No script failed, nothing was logged, nothing but the file was asked for."""
    return not page.complaints() and {url.partition("#")[0] for url in page.requests()} == {path.as_uri()}


def test_hostile_text_stays_text_in_a_browser(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page_of(*hostile_samples()), "utf-8", errors="xmlcharrefreplace")
    page.open(path)

    assert page.evaluate("document.title") == f"{HOSTILE} on {HOSTILE}"
    assert text_of(page, "h1") == [f"{HOSTILE} on {HOSTILE}"]
    assert f"malformed<|line_sep|>{HOSTILE}" in text_of(page, "tr.divergence td")[1]
    page.press("j")
    assert HOSTILE in text_of(page, "tr.divergence .off")[0]
    page.press("e")
    assert repr(HOSTILE) in text_of(page, "#frames pre")[0]
    page.press("j")
    assert HOSTILE in text_of(page, "#verdict")[0]  # the failed one: its id and its error
    assert page.evaluate("document.querySelectorAll('img, #frames script, #list script').length") == 0
    assert clean(page, path)


def test_the_divergence_is_marked(page: Page, tmp_path: Path) -> None:
    truth = record_source(LOOP, "f(3)")
    wrong = with_frame(truth, 6, '<|line_sep|>{"n": "..", "i": "7"}<|action_sep|>        pass\n')
    path = tmp_path / "report.html"
    path.write_text(page_of(judge("right", truth, truth), judge("wrong", wrong, truth)), "utf-8")
    page.open(path, "#0/wrong")

    assert text_of(page, "#verdict") == [
        "wrong — first divergence at frame 6: value (wrong new value of a local); the output is right"
    ]
    assert text_of(page, "tr.divergence td.number") == ["6"]
    assert text_of(page, "tr.divergence .off") == ["i = 7", "i = 1"]
    assert text_of(page, "#frames summary") == ["program", "3 equal frames"]
    assert text_of(page, "#frames td.number")[0] == "3", "the equal ones before are folded away"
    page.press("e")
    assert "def f(n):" in text_of(page, "#frames pre")[0]
    assert sorted(map(int, text_of(page, "#frames td.number"))) == list(range(len(truth)))
    page.press("k")
    assert text_of(page, "#verdict") == ["right — every frame is right"]
    assert not text_of(page, "tr.divergence")
    assert clean(page, path)


def test_a_trace_that_does_not_end_is_marked_after_its_last_frame(page: Page, tmp_path: Path) -> None:
    truth = record_source(LOOP, "f(3)")
    path = tmp_path / "report.html"
    path.write_text(page_of(judge("open", Trace(truth.context, truth.frames, False), truth)), "utf-8")
    page.open(path)

    assert text_of(page, "tr.divergence td") == [str(len(truth)), "\u2014", "\u2014"]
    assert "ends before the program does" in text_of(page, "#verdict")[0]
    assert clean(page, path)


def test_frames_are_aligned_by_edit_distance_on_demand(page: Page, tmp_path: Path) -> None:
    """The prediction leaves out frames 6 and 7 (one turn of the loop) and has a wrong frame before its end."""
    truth = record_source(LOOP, "f(3)")
    frames = [render_frame(step) for step in truth]
    wrong = [*frames[:6], *frames[8:-1], "?", frames[-1], "<|end_of_text|>"]
    short = parse(render(Trace(truth.context, (), False)) + FRAME_SEP.join(wrong))
    path = tmp_path / "report.html"
    path.write_text(page_of(judge("short", short, truth), judge("open", Trace(truth.context, truth[:9], False), truth)))
    page.open(path, "#0/short")
    numbers = "#frames > div td.number"
    by_position = text_of(page, numbers)
    page.press("a")

    assert by_position == [str(n) for n in range(3, len(truth))]
    assert text_of(page, numbers) == ["3", "4", "5", "– 6", "– 7", "6 8", "7 9", "8 10", "9 11", "10 –", "11 12"]
    assert text_of(page, "tr.divergence td.number") == ["– 6"]
    assert text_of(page, "tr.unequal td.number") == ["– 7", "10 –"]
    page.press("j")
    assert text_of(page, "#verdict")[0].startswith("open ")
    assert text_of(page, "tr.divergence td.number") == ["– 9"]
    assert text_of(page, "tr.unequal td.number") == ["– 10", "– 11", "– 12"]
    page.press("a")
    assert text_of(page, "tr.divergence td.number") == ["9"]
    assert clean(page, path)


def test_a_teacher_forced_page_marks_every_wrong_frame(page: Page, tmp_path: Path) -> None:
    truth = record_source(LOOP, "f(3)")
    texts = {4: (Part.EVENT, "<|line_sep|>", "<|return_sep|>"), 6: (Part.ACTION, "        pass\n", HOSTILE)}
    scores = []
    for index in range(1, len(truth)):
        part, text, instead = texts.get(index, (Part.EVENT, "", ""))
        scores.append(FrameScore(-1.0, 3, index not in texts, (PartScore(part, text, index not in texts, instead),)))
    samples = (
        TeacherSample("two", "p", Outcome.OK, tuple(scores), actual=truth),
        TeacherSample("failed", "q", Outcome.MODEL_ERROR, all_wrong(truth), error=HOSTILE, actual=truth),
    )
    results = summarise_teacher_forced("m", "s", samples, 2)
    path = tmp_path / "report.html"
    path.write_text(teacher_html([TeacherRun(MANIFEST, samples, results)]), "utf-8")
    page.open(path)

    count = len(truth) - 1
    assert text_of(page, "#verdict") == [
        f"two — 2 of {count} frames wrong, the first at 4: returns where a line follows"
    ]
    assert text_of(page, "tr.divergence td.number") == ["4", "6"]
    assert text_of(page, "tr.divergence td:nth-child(2)")[0] == "instead<|return_sep|> …returns where a line follows"
    assert f"instead{HOSTILE} …goes to another line" in text_of(page, "tr.divergence td:nth-child(2)")
    assert text_of(page, "#frames th")[1] == "the model would write"
    page.press("j")
    assert HOSTILE in text_of(page, "#verdict")[0]
    assert page.evaluate("document.querySelectorAll('img, #frames script').length") == 0
    assert clean(page, path)


def test_filters(page: Page, tmp_path: Path) -> None:
    truth = record_source(LOOP, "f(3)")
    wrong = with_frame(truth, 6, "?")
    path = tmp_path / "report.html"
    path.write_text(page_of(*(judge(f"t{n}", wrong if n % 2 else truth, truth) for n in range(6))), "utf-8")
    page.open(path)

    assert len(text_of(page, "#list li")) == 6
    page.evaluate("kind = document.getElementById('kind'), kind.value = 'breaks the format', kind.onchange()")
    assert text_of(page, "#list li") == ["≈t1", "≈t3", "≈t5"]
    assert text_of(page, "#verdict")[0].startswith("t1 ")
    page.press("/")
    page.press("5")
    assert text_of(page, "#list li") == ["≈t5"]
    page.press("j")  # typed, not a command
    assert text_of(page, "#count") == ["0 tasks"]
    assert clean(page, path)


def test_long_traces_and_many_tasks_come_in_pieces(page: Page, tmp_path: Path) -> None:
    truth = record_source(LOOP, "f(1500)")
    cut, short = Trace(truth.context, truth[:1], False), record_source(LOOP, "f(2)")
    samples = (judge("long", cut, truth), *(judge(f"t{n}", cut, short) for n in range(400)))
    path = tmp_path / "report.html"
    path.write_text(page_of(*samples), "utf-8")
    page.open(path)

    assert len(text_of(page, "#list li")) == 401
    assert len(text_of(page, "#frames tbody tr")) == 300
    assert text_of(page, "#frames button") == [f"show more ({len(truth) - 300} frames)"]
    page.evaluate("document.querySelector('#frames button').click()")
    assert len(text_of(page, "#frames tbody tr")) == 600
    assert clean(page, path)


def test_names_of_groups_are_whole(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "plot.html"
    groups: dict[str, list[Estimate | None]] = {
        "augmented assignment": [Estimate(50.0, 40.0, 60.0, 12345)],
        "if": [None],
    }
    path.write_text(f"<style>svg text {{ font-size: 13px; }}</style>{share_plot(groups, ['m'], 't')}", "utf-8")
    page.open(path)

    assert page.evaluate("[...document.querySelectorAll('text')].every((text) => text.getBBox().x >= 0)")


def test_plots_have_their_points(page: Page, tmp_path: Path) -> None:
    truth = record_source(LOOP, "f(3)")
    path = tmp_path / "report.html"
    path.write_text(page_of(judge("a", truth, truth), judge("b", with_frame(truth, 2, "?"), truth)), "utf-8")
    page.open(path)

    titles = text_of(page, "figure:first-of-type .dot title")
    assert [title.rpartition(": ")[2] for title in titles] == [
        "100.0 %",
        "50.0 %",
        "50.0 %",
        "50.0 %",
    ]  # 1, 2, 4, 8 frames
    assert page.evaluate(
        "[...document.querySelectorAll('svg')].every((svg) => svg.getBoundingClientRect().width > 100)"
    )
    assert clean(page, path)
