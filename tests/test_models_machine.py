"""The machine: with the true answers a program that is followed is foretold frame by frame, and where it is not followed nothing is told."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_trace.format import call_context, parse
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.models.machine import code, following
from cwm_trace.models.machine.following import Following, Foretold
from cwm_trace.models.machine.questions import Answering
from cwm_trace.models.machine.values import Unknown, closed, read
from cwm_trace.models.stepwise import Stepwise
from cwm_trace.prompts import UNKNOWN_START, Start
from cwm_trace.tracer.differences import differs
from cwm_trace.tracer.entry import script_entry
from cwm_trace.tracer.inprocess import record_context, record_source
from tests.test_models_operations import same
from tests.test_models_outlook import TRUE
from tests.test_tracer_golden import reason_to_differ

GOLDEN = Path(__file__).with_name("golden")
SCRIPTS = re.findall(
    r"(.*?)\n### ([^\n]*)\n", Path(__file__).with_name("scripts.txt").read_text(encoding="utf-8"), re.DOTALL
)
IS_REFERENCE = sys.version_info[:2] == (3, 11)
# Golden traces that are foretold to their end; others are of coroutines, `locals()`, what runs texts, lifetimes.
FOLLOWED = 51 if IS_REFERENCE else 41
# Scripts, to the last value.
SETTLED = 160 if IS_REFERENCE else 156
SORTS = ("h027", "h076", "h152")  # by functions of their own, in another order of comparisons from 3.13 on

pytestmark = pytest.mark.skipif(not code.is_supported(), reason="this Python's bytecode is not followed")


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch, own_hashes: None) -> None:
    monkeypatch.setattr(Following, "is_strict", True)


class Silent:
    """Knows nothing."""

    def told(self, operation: str) -> str | None:
        return None

    def told_truth(self, test: str) -> bool | None:
        return None

    def with_groups(self, told: str) -> str:
        return told


def followed(
    trace: Trace, answering: Answering, start: Start = UNKNOWN_START
) -> Iterator[tuple[Foretold | None, Frame]]:
    """What is foretold of each frame, and the frame."""
    beside = Following(trace.context, start)
    for step in trace.frames:
        assert isinstance(step, Frame)
        yield beside.foretell(answering), step
        beside.observe(step)
    if trace.complete:
        assert beside.foretell(answering) is None and (beside.has_ended or beside.is_lost)


def _unnumbered(text: str) -> str:
    """Without the numbers of threads, which nobody foretells: a guess stands there."""
    return re.sub(r"(, (?:started|stopped)(?: daemon)?) \d+\)", r"\1 N)", text)


def is_settled(trace: Trace, start: Start = UNKNOWN_START) -> bool:
    """Whether all that the frames show was foretold; nothing else is."""
    settled = True
    for told, step in followed(trace, Stepwise(TRUE), start):
        if told is None:
            return False
        if told.may_raise and step.event is Event.EXCEPTION is not told.event:
            settled = False
            continue
        assert (told.event, told.line, [*told.locals]) == (step.event, step.source.rstrip("\r\n"), [*step.locals]), told
        shown = {name: _unnumbered(text) for name, text in step.locals.items()}
        values = {name: value and _unnumbered(value) for name, value in told.locals.items()}
        assert all(value is None or same(value, shown[name]) for name, value in values.items()), (told, step)
        assert told.value is None or same(_unnumbered(told.value), _unnumbered(step.value or "")), (told, step)
        settled &= None not in told.locals.values() and (told.value is not None or step.value in (None, "None"))
    return settled


def test_no_golden_trace_is_foretold_wrong() -> None:
    traces = {path.stem: parse(path.read_text(encoding="utf-8")) for path in sorted(GOLDEN.glob("*.txt"))}
    same_here = {
        name: trace
        for name, trace in traces.items()
        if not differs(trace.context) and reason_to_differ(GOLDEN.joinpath(f"{name}.py").read_text("utf-8")) is None
    }
    settled = [name for name, trace in same_here.items() if is_settled(trace)]
    assert len(settled) >= FOLLOWED, settled


def test_no_script_is_foretold_wrong_and_most_are_settled() -> None:
    scripts = {name: source for source, name in SCRIPTS if IS_REFERENCE or name not in SORTS}
    traces = {name: record_context(script_entry(f"{source.strip()}\n").context) for name, source in scripts.items()}
    settled = [name for name, trace in traces.items() if is_settled(trace)]
    assert len(settled) >= SETTLED, sorted(scripts.keys() - {*settled})


def cases(file: str) -> dict[str, tuple[str, str]]:
    """Programs by their names, each with the call that is followed."""
    text = Path(__file__).parent.joinpath(file).read_text(encoding="utf-8")
    found = re.findall(r"(.*?)\n### ([^\n:]*): ([^\n]*)\n", text, re.DOTALL)
    return {name: (source.strip("\n") + "\n", call) for source, name, call in found}


CASES = cases("machine.txt")
LATER_CASES = {
    name: (since, *case)
    for since in ((3, 12), (3, 14), (3, 15))
    for name, case in cases(f"machine_{since[0]}_{since[1]}.txt").items()
}
"""Of what later versions have first, with the version."""


@pytest.mark.parametrize("name", CASES)
def test_what_programs_do_is_foretold(name: str) -> None:
    source, call = CASES[name]
    assert is_settled(record_source(source, call))


@pytest.mark.parametrize("name", LATER_CASES)
def test_what_later_versions_have_first_is_foretold(name: str) -> None:
    since, source, call = LATER_CASES[name]
    if sys.version_info < since:
        pytest.skip("of a later version")
    assert is_settled(record_source(source, call))


@pytest.mark.parametrize("call", ["f('12')", "f('x')"])
def test_what_nobody_knows_is_taken_from_the_frame(call: str) -> None:
    source = "def f(s):\n    try:\n        n = int(s)\n    except ValueError:\n        n = None\n    out = [n]\n    return out\n"
    unknown = 0
    for told, step in followed(record_source(source, call), Silent()):
        assert told is not None, step
        if told.event is not step.event:
            assert told.may_raise and step.event is Event.EXCEPTION
        elif step.event is Event.LINE:
            assert all(value in (None, step.locals[name]) for name, value in told.locals.items()), (told, step)
            unknown += None in told.locals.values()
    assert unknown == (call == "f('12')")
    assert told is not None and told.value == ("[12]" if unknown else "[None]")


@pytest.mark.parametrize("is_script", [False, True], ids=["a call", "a script"])
@pytest.mark.parametrize("text", ["12", "x"])
def test_what_nobody_knows_may_have_raised(text: str, is_script: bool) -> None:
    source = "import locale\ndef f(s):\n    try:\n        n = locale.atof(s)\n    except ValueError:\n        n = None\n    return [n]\n"
    script = f"{source}def main():\n    return f('{text}')\nmain()\n"
    recorded = record_context(script_entry(script).context) if is_script else record_source(source, f"f('{text}')")
    events = [(told and told.event, step.event) for told, step in followed(recorded, Silent())]
    others = [(told, event) for told, event in events if told is not event]
    assert others == ([(Event.LINE, Event.EXCEPTION)] if text == "x" else [])


def test_truth_values_are_numbers_where_they_are_worked_with() -> None:
    asked: list[str] = []

    class Noting(Silent):
        def told(self, operation: str) -> str | None:
            asked.append(operation)
            return TRUE.value(operation)

        def told_truth(self, test: str) -> bool | None:
            asked.append(test)
            return TRUE.holds(test)

    source, call = CASES["truth values as numbers"]
    assert all(told is not None for told, _ in followed(record_source(source, call), Noting()))
    assert asked and not [each for each in asked if re.search(r"(True|False) [-+*/]|[-+*/] (True|False)", each)]


def test_a_wrong_answer_is_corrected_by_the_frame() -> None:
    class Wrong(Silent):
        def told(self, operation: str) -> str | None:
            return "9" if operation == "1 + 1" else TRUE.value(operation)

    source = "def f(a):\n    b = 1 + a\n    a = [b]\n    c = a\n    return c\n"
    told = [told for told, _ in followed(record_source(source, "f(1)"), Wrong())]
    assert [each.locals.get("b") if each else None for each in told[4:6]] == ["9", "2"]
    assert told[-1] is not None and told[-1].value == "[2]"


def test_another_frame_than_the_one_foretold_ends_it() -> None:
    trace = record_source("def f(a):\n    if a:\n        a = 2\n    return a\n", "f(1)")
    beside, answering = Following(trace.context), Stepwise(TRUE)
    for step in [*trace.frames[:4], trace.frames[5]]:
        assert beside.foretell(answering) is not None
        beside.observe(step)
    assert beside.foretell(answering) is None and beside.is_lost


def test_nothing_is_run(tmp_path: Path) -> None:
    place = tmp_path / "made"
    body = f"import os\nopen({str(place)!r}, 'w').close()\nos.mkdir({str(tmp_path / 'dir')!r})\n"
    source = f"{body}\ndef main():  # << START_OF_TRACE\n    return 1\n"
    beside = Following(source)
    beside.observe(Frame(Event.CALL, "def main():\n"))
    assert beside.foretell(Stepwise(TRUE)) is not None  # what is not followed there is left out
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "body",
    [
        "while True:\n    pass",
        "import itertools\nany(itertools.repeat(0))",
        "import itertools\nlist(itertools.count())",
        "def f():\n    return f()\nf()",
        "x = [0] * 10 ** 9",
        "import itertools\nlist(itertools.product('ab', repeat=10 ** 9))",
        "a = []\na.append(a)\nprint(a)\nx = a == a",
    ],
)  # fmt: skip
def test_what_takes_too_long_before_the_trace_is_given_up_or_left_out(body: str) -> None:
    beside = Following(f"{body}\n\ndef main():  # << START_OF_TRACE\n    return 1\n")
    beside.observe(Frame(Event.CALL, "def main():\n"))
    told = beside.foretell(Stepwise(TRUE))
    assert told is None or told.line == "    return 1"


@pytest.mark.parametrize("context", ["def main(:  # << START_OF_TRACE\n", "x = 1\n", ""])
def test_what_is_no_context_is_not_followed(context: str) -> None:
    assert Following(context).foretell(Silent()) is None


def test_other_bytecode_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "CONVENTIONS", {})
    assert following.Following("def main():  # << START_OF_TRACE\n    return 1\n").foretell(Silent()) is None


_LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


@given(_LITERALS)
def test_values_are_read_as_they_are_written(value: object) -> None:
    assert closed(read(repr(value))) == repr(value)


@pytest.mark.parametrize("text", ["<object object>", "datetime.date(2024, 1, 1)", "f(", "", "{1: <f>}"])
def test_what_has_no_text_of_its_own_is_unknown(text: str) -> None:
    assert isinstance(read(text), Unknown)


def test_where_nobody_knows_the_way_the_frame_tells() -> None:
    source = (
        "from time import gmtime\ndef f(a, n):\n    d = gmtime(a)\n    if d.tm_year > 2:\n        n += 1\n"
        "    for x in d:\n        n += 1\n        if n > 2:\n            break\n    return n\n"
    )
    for told, step in followed(record_source(source, "f(0, 0)"), Stepwise(TRUE)):
        if told is not None and "n" in told.locals:
            assert told.locals["n"] == step.locals["n"]
    assert told is not None and told.value == "3"


HUNTED = re.findall(
    r"(.*?)\n### ([^\n:]*): ([^\n]*)\n",
    Path(__file__).with_name("hunted.txt").read_text(encoding="utf-8"),
    re.DOTALL,
)
"""Small programs by one who looked for what is foretold wrong, most of which were; what they do is followed now, or nothing is told of it."""


@pytest.mark.skipif(not IS_REFERENCE, reason="messages of errors are those of 3.11")
def test_nothing_is_foretold_wrong_of_what_was() -> None:
    for source, name, call in HUNTED:
        trace = record_source(source.strip("\n") + "\n", call or None)
        assert is_settled(trace) in (True, False), name


def test_a_file_is_unknown_and_what_does_not_depend_on_it_is_followed(tmp_path: Path) -> None:
    place = tmp_path / "made"
    place.write_text("a")
    source = (
        f"def f(n):\n    with open({str(place)!r}) as file:\n        text = file.read()\n    n += 1\n    return n\n"
    )
    told = [told for told, _ in followed(record_source(source, "f(1)"), Stepwise(TRUE))]
    assert None not in told
    assert told[-1] is not None and told[-1].value == "2"
    assert [each.locals["text"] for each in told if each and "text" in each.locals] == [None, "'a'", "'a'"]


THREADS = {
    name: (source.strip("\n") + "\n", call)
    for source, name, call in re.findall(
        r"(.*?)\n### ([^\n:]*): ([^\n]*)\n",
        Path(__file__).with_name("threads.txt").read_text(encoding="utf-8"),
        re.DOTALL,
    )
}


@pytest.mark.parametrize("name", THREADS)
def test_what_comes_of_threads_is_foretold(name: str) -> None:
    """Not what they show meanwhile, which is not the same each time."""
    source, call = THREADS[name]
    beside, told = Following(call_context(source, call)), None
    while (after := beside.foretell(Stepwise(TRUE))) is not None:
        told = after
        shown = {name: value or "?" for name, value in told.locals.items()}
        beside.observe(Frame(told.event, f"{told.line}\n", shown, value=told.value))
    space: dict[str, object] = {}
    exec(source, space)
    assert told is not None and told.event is Event.RETURN, beside.why
    assert told.value == repr(eval(call, space))
