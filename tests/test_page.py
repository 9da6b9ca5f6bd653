"""A trace as a page: what is in the file, and what a real browser makes of it (skipped where no Chromium is installed)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cwm_trace.errors import InputError
from cwm_trace.files import save
from cwm_trace.frames import Event, Frame, MalformedFrame, Trace
from cwm_trace.page import trace_page
from cwm_trace.tracer.inprocess import record_source
from tests.browser import Page
from tests.test_eval_page import HOSTILE, Elements

SOURCE = """\
def double(n):
    m = n * 2
    return m
def f(n):
    total = double(n) + double(1)
    del n
    return total
"""
TRACE = record_source(SOURCE, "f(2)")


def test_hostile_text_makes_no_element() -> None:
    trace = record_source(f"def f(x):\n    y = x + {HOSTILE!r}\n    return y\n", f"f({chr(0xD800)!r})")
    broken = MalformedFrame(HOSTILE, HOSTILE)
    other = trace_page(Trace(trace.context, (*trace.frames, broken), False, meta={HOSTILE: HOSTILE}))
    assert Elements(other).found == Elements(trace_page(Trace(trace.context, (), meta={"a": "b"}))).found


def test_every_kind_of_frame_is_in_the_data() -> None:
    raised = record_source("def f():\n    raise ValueError('x' * 30_000)\n", "f()")
    text = trace_page(raised).partition('id="data">')[2].partition("</script>")[0]
    steps = json.loads(text)["steps"]
    assert [step[0] for step in steps] == [step.event and step.event.value for step in raised]
    assert [step[4] for step in steps] == list(raised.depths())
    shown = 20_000 + len("… (30014 characters)")
    assert {len(step[3]) for step in steps if step[0] == "exception"} == {shown}


def test_one_trace_goes_to_a_page(tmp_path: Path) -> None:
    TRACE.save(str(tmp_path / "t.html"))
    assert (tmp_path / "t.html").read_text() == trace_page(TRACE)
    with pytest.raises(InputError, match="a .html file holds one trace, not 2"):
        save([TRACE, TRACE], tmp_path / "two.html")


def test_a_notebook_shows_it_inside_its_page() -> None:
    html = TRACE._repr_html_()
    assert Elements(html).found == ["iframe"]
    assert dict(Elements(html).attributes)["srcdoc"] == trace_page(TRACE)


def test_the_stack_at_each_step_in_a_browser(tmp_path: Path, page: Page) -> None:
    TRACE.save(str(tmp_path / "t.html"))
    page.open(tmp_path / "t.html", "#6")
    levels = "[...document.querySelectorAll('#state section')].map(one => one.innerText.replace(/\\s+/g, ' ').trim())"
    assert page.evaluate(levels) == ["def double(n): n 2 m 4", "def f(n): n 2", "def main():"]
    assert page.evaluate("document.querySelector('#source .here').innerText") == "4    return m"
    assert page.evaluate("[...document.querySelectorAll('#state .new')].map(one => one.innerText.trim())") == ["m\t4"]
    for key in "nnn":
        page.evaluate(f"document.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}}))")
    page.evaluate("document.getElementById('last').onclick()")
    assert page.evaluate("document.querySelector('#state .return').innerText") == "↩ 6"
    assert page.evaluate("document.querySelectorAll('#frames tr').length") == len(TRACE)
    assert page.evaluate("location.hash") == f"#{len(TRACE) - 1}"


def test_a_rollout_with_a_broken_frame_in_a_browser(tmp_path: Path, page: Page) -> None:
    frames = (
        *TRACE.frames[:3],
        MalformedFrame("<|line_sep|>{", "no JSON", logprob=-0.5),
        Frame(Event.RETURN, "x\n", value="1"),
    )
    Trace(TRACE.context, frames, False).save(str(tmp_path / "t.html"))
    page.open(tmp_path / "t.html", "#3")
    assert "✗ no JSON" in page.evaluate("document.getElementById('state').innerText")
    assert "p 0.61" in page.evaluate("document.getElementById('place').textContent")
