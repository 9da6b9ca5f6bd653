"""Programs as people write them: with the true answers no outlook is wrong, and most programs are settled to the last frame."""

from __future__ import annotations

import re
from pathlib import Path

from cwm_trace.frames import Event
from cwm_trace.tracer.inprocess import record_source
from tests.benchmarks.outlooks import _shows_more
from tests.test_models_outlook import checked, tells_all

PROGRAMS = re.findall(r"(.*?)\n### ([^\n]*)\n", Path(__file__).with_name("everyday.txt").read_text(), re.S)
# What dates, decimals, roots and matches from a place on are: told by the network alone so far.
UNSETTLED = 8


def unsettled(source: str, call: str) -> int:
    """Frames that show something which the outlook does not tell."""
    before, number = None, 0
    for outlook, step in checked(record_source(f"{source.strip()}\n", call, max_frames=800), follows=True):
        if before is not None and before.event not in (Event.CALL, Event.EXCEPTION) and _shows_more(before, step):
            number += not tells_all(outlook, step)
        before = step
    return number


def test_no_outlook_is_wrong_and_most_are_settled() -> None:
    open_ones = [call for source, call in PROGRAMS if unsettled(source, call)]
    assert len(open_ones) <= UNSETTLED, open_ones
