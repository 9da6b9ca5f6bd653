"""Of a program that is too long to be read whole, what its frames are of is told."""

from __future__ import annotations

import pytest

from cwm_trace.format import call_context
from cwm_trace.frames import Event, Frame
from cwm_trace.models.excerpt import Excerpts
from cwm_trace.models.past import Past
from cwm_trace.prompts import call_prompt
from cwm_trace.tracer.inprocess import record_source
from tests.embedded import embedded

SOURCE = '''import time
# a comment
class Shop:
    """What is said of it."""
    rate = 2
    @staticmethod
    def price(n):
        """Of so
        many."""
        # twice
        total = n * Shop.rate

        return total
    def other(self):
        return 1
def f(n):
    return Shop.price(n) + 1
def g(n):
    return n
'''


def test_functions_that_are_called_and_lines_that_are_shown_are_told() -> None:
    excerpts = Excerpts(call_context(SOURCE, "f(3)"))
    frames = [
        Frame(Event.CALL, "def f(n):\n", {"n": "3"}),
        Frame(Event.LINE, "    return Shop.price(n) + 1\n", {"n": "3"}),
        Frame(Event.CALL, "    @staticmethod\n", {"n": "3"}),
        Frame(Event.LINE, "    rate = 2\n", {}),
    ]
    entry = "def main():  # << START_OF_TRACE\n    return f(3)\n"
    called = "def f(n):\n    return Shop.price(n) + 1\n"
    method = "    @staticmethod\n    def price(n):\n        total = n * Shop.rate\n        return total\n"
    assert excerpts.of(frames, lambda text: True) == f"class Shop:\n    rate = 2\n{method}{called}{entry}"
    # The last function first, where not all have room; what is shown, and the entry, always.
    shown = "    return Shop.price(n) + 1\n"
    cut = excerpts.of(
        frames, lambda text: shown + entry in text and "def f" not in text.replace("def f(n):\n" + shown, "")
    )
    assert cut == f"class Shop:\n    rate = 2\n{method}def f(n):\n{shown}{entry}"
    assert excerpts.of([], lambda text: False) == entry
    small = excerpts.of(frames, lambda text: len(text) < 150)
    assert "total = n" not in small and small.endswith(entry)


def test_what_cannot_be_parsed_has_lines_only() -> None:
    excerpts = Excerpts("def f(:  # << START_OF_TRACE\n    return 1\n")
    assert excerpts.of([Frame(Event.LINE, "    return 1\n", {})], lambda text: True).splitlines() == [
        "def f(:  # << START_OF_TRACE",
        "    return 1",
    ]


FILLER = "".join(f"def filler_{number}(a, b):\n    return a * {number} + b - {number}\n" for number in range(40))


def test_a_text_that_fits_no_window_has_what_its_frames_are_of() -> None:
    trace = record_source(FILLER + SOURCE, "f(3)")
    past = Past(call_prompt(FILLER + SOURCE, "f(3)"), len, 600, window=1200)
    assert len(past.text) < 600 and "filler" not in past.text and "def main():" in past.text
    text, told_anew = past.text, 0
    for step in trace.frames[1:]:
        past.observe(step)
        again = past.instead(len(text))
        told_anew += again is not None
        text = again or text
        assert isinstance(step, Frame) and step.source in text and len(text) < 1200
        if step.source == "        total = n * Shop.rate\n":
            assert "        return total\n" in text, "what comes next is told, too"
    assert told_anew == 2, "once for each function that has not been told of"


def test_a_model_goes_on_with_a_program_that_is_too_long_for_it() -> None:
    """Where nobody knows what comes, the network writes it, however long the program is."""
    pytest.importorskip("torch")
    from cwm_trace.frames import Status
    from cwm_trace.simulate import predict

    source = "import time\ndef f(n):\n    if time.time() > n:\n        n += 1\n    return [n]\n"
    predicted = predict(embedded(), FILLER * 6 + source, call="f(3)", max_tokens=400)
    assert predicted.status is Status.COMPLETE and predicted.returned in ("[3]", "[4]")
