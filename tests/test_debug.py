"""Debug sessions: transcripts of the command, and what a session does where a model, or nobody, goes on with an edited trace."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_trace.cli import main
from cwm_trace.cli.debug import Prompt
from cwm_trace.debugger import Session
from cwm_trace.errors import InputError
from cwm_trace.files import load, save
from cwm_trace.frames import Event, Frame, MalformedFrame, Step, Trace
from cwm_trace.models import Decoding, FrameScore, Generated, Rollout, Stop
from cwm_trace.prompts import call_prompt
from cwm_trace.tracer import record_source
from tests.test_tracer import CALLS
from tests.test_tracer import SOURCE as FEATURES

SOURCE = """\
def double(n):
    m = n * 2
    return m
def f(n):
    total = 0
    for i in range(n):
        total += double(i)
    return total
"""
CALL = "f(2)"
TRACE = record_source(SOURCE, CALL)
STEPS = """\
> frame 0  call line 10  depth 0
-> def main():
(cwm) s 2
> frame 2  call line 4  depth 1
-> def f(n):
   n = 2
(cwm) n
> frame 3  line 5  depth 1
-> total = 0
(cwm) unt
> frame 4  line 6  depth 1
-> for i in range(n):
   total = 0
(cwm) b 2
(cwm) c
> frame 7  line 2  depth 2
-> m = n * 2
(cwm) w
   0  line   11  return f(2)
   1  line    7  total += double(i)
>  2  line    2  m = n * 2
(cwm) u
> depth 1  line 7
-> total += double(i)
(cwm) p
n = 2
total = 0
i = 0
(cwm) r
> frame 9  return line 3  depth 2
-> return m
   ↩ 0
(cwm) rn
> frame 8  line 3  depth 2
-> return m
   m = 0
(cwm) back
> frame 7  line 2  depth 2
-> m = n * 2
(cwm) l 2, 3
   2 B->     m = n * 2
   3         return m
(cwm) cl
(cwm) display total
display total: (not bound)
(cwm) c
> frame 19  return line 11  depth 0
-> return f(2)
   ↩ 2
--- the trace returns 2
(cwm) goto 17
> frame 17  line 8  depth 1
-> return total
display total: 2
(cwm) whatis total
int
(cwm) rc
> frame 0  call line 10  depth 0
-> def main():
display total: (not bound)
--- the trace begins here
"""


pytestmark = pytest.mark.usefixtures("cache_home")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "f.py"
    path.write_text(SOURCE)
    return path


def commands(transcript: str) -> str:
    return ";".join(line.removeprefix("(cwm) ") for line in transcript.splitlines() if line.startswith("(cwm) "))


def clean(text: str) -> str:
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


# --- the command ------------------------------------------------------------------------------------------------------


def test_transcript(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["debug", f"{script}::f", "--call", CALL, "-m", "oracle", "-x", commands(STEPS)]) == 0
    assert clean(capsys.readouterr().out) == STEPS


def test_a_trace_file_needs_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save([TRACE], tmp_path / "t.jsonl")
    assert main(["debug", str(tmp_path / "t.jsonl"), "--frame", "8", "-x", f"p m; save {tmp_path / 's.jsonl'}"]) == 0
    assert "(cwm) p m\n0\n" in capsys.readouterr().out
    assert load(tmp_path / "s.jsonl") == TRACE
    assert main(["debug", str(tmp_path / "t.jsonl"), "--frame", "8", "-x", "set m = 3"]) == 2
    assert "no model is at hand. Give one with -m" in capsys.readouterr().err


def test_the_truth_beside_a_wrong_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [*TRACE.frames]
    wrong[8] = Frame(Event.LINE, "    return m\n", {"n": "0", "m": "5"}, frozenset({"n"}), line_number=4)
    save([Trace(TRACE.context, tuple(wrong))], tmp_path / "t.jsonl")
    assert main(["debug", str(tmp_path / "t.jsonl"), "-x", "truth; div; s"]) == 0
    said = clean(capsys.readouterr().out)
    assert "(cwm) truth\n   ✓ as in the real run\n(cwm) div\n> frame 8  line 4  depth 2\n" in said
    assert "  predicted: line 4 │ return m │ m = 5\n  actual:    line 4 │ return m │ m = 0\n" in said
    assert said.endswith("-> return m\n   ↩ 0\n   ✓ as in the real run\n")


def test_the_truth_of_a_saved_trace_has_a_time_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save([call_prompt("def f():\n    return sum(range(10**11))", "f()")], tmp_path / "t.jsonl")
    assert main(["debug", str(tmp_path / "t.jsonl"), "--timeout", "0.5", "-x", "truth"]) == 124
    said = capsys.readouterr()
    assert "did not end within 0.5 s" in said.out + said.err and "limit 0.5 s" in said.err


def test_commands_come_from_a_pipe_and_an_error_ends_nothing(
    script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("s\n\nfoo\ngoto x\np n\nn\n!n\nq\n"))
    assert main(["debug", f"{script}::f", "--call", CALL, "-m", "oracle"]) == 0
    said = capsys.readouterr().out
    assert "> frame 2  call" in said  # the empty line repeated `s`
    assert "*** neither a command nor a variable here: foo. help lists the commands\n*** 'x' is no number\n2\n" in said
    assert said.endswith("> frame 3  line 5  depth 1\n-> total = 0\n2\n")


def test_nothing_to_debug(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["debug"]) == 2
    assert main(["debug", "--last"]) == 2
    assert "no earlier run is kept" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["f.py", "--last"], "--last is the last run, not f.py. Give one of the two"),
        (["t.jsonl", "--call", "f(2)"], "so --call has no meaning"),
    ],
)
def test_what_would_be_left_out_is_refused(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save([TRACE], "t.jsonl")
    assert main(["debug", *arguments, "-x", "s"]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("n; n;;p s;", ["n", "n", "p s"]),
        ("set s = 'x;y'; n", ["set s = 'x;y'", "n"]),
        (r'set s = "a\";b" ;n', [r'set s = "a\";b"', "n"]),
        ("set s = ['a;', \";'b\"];n", ["set s = ['a;', \";'b\"]", "n"]),
        ("set s = '''a;b''';n", ["set s = '''a;b'''", "n"]),
        ("set s = 'x; n", ["set s = 'x", "n"]),
    ],
)
def test_commands_are_parted_at_semicolons_outside_of_strings(
    text: str, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Prompt, "onecmd", lambda self, line: asked.append(line))
    Prompt(Session(TRACE), lambda: TRACE).execute(text)
    assert asked == done


def test_every_command_has_help() -> None:
    names = [name for name in dir(Prompt) if name.startswith("do_") and name != "do_help"]
    assert len(names) > 25
    assert all(getattr(Prompt, name).__doc__ for name in names)
    assert {f"do_{name}" for name in Prompt.aliases.values()} <= {*names, "do_help"}


# --- edits ------------------------------------------------------------------------------------------------------------


@dataclass
class Doubling:
    """A model that knows one thing: what `double` does, from its line 2 on, whatever `n` is."""

    name: str = "doubling"
    prompts: list[Trace] = field(default_factory=list)
    decodings: list[Decoding] = field(default_factory=list)

    def rollout(self, prompt: Trace, decoding: Decoding) -> Rollout:
        self.prompts.append(prompt)
        self.decodings.append(decoding)
        number = int(prompt[-1].locals.get("n", "0")) * 2
        return Writing(
            [
                f'<|line_sep|>{{"n": "..", "m": "{number}"}}<|action_sep|>    return m\n',
                f'<|return_sep|><|action_sep|>    return m\n<|arg_sep|>"{number}"',
            ]
        )

    def score(self, trace: Trace, given: int = 1) -> tuple[FrameScore, ...]:
        return (FrameScore(-0.5, 3, False),)


@dataclass
class Writing:
    texts: list[str]

    def feed(self, step: Step) -> None:
        raise AssertionError("nothing is fed")

    def next_frame(self, *, prefix: str = "", max_tokens: int | None = None) -> Generated:
        return Generated(self.texts.pop(0), Stop.FRAME, 1, -0.1) if self.texts else Generated("", Stop.END)

    def close(self) -> None:
        pass


def edited() -> tuple[Session, Doubling]:
    model = Doubling()
    session = Session(TRACE, model)
    session.goto(7)
    return session, model


def test_an_edited_local_is_what_the_model_goes_on_from() -> None:
    session, model = edited()
    session.set("n", "0x15")
    assert session.step.locals == {"n": "21"} and session.step.unchanged == frozenset()
    assert session.forward() and session.step.locals == {"n": "21", "m": "42"}
    assert session.forward() and session.step.value == "42" and session.step.logprob == -0.1
    assert not session.forward() and session.at == 9
    assert model.prompts[0].frames[:7] == TRACE.frames[:7] and len(model.prompts[0]) == 8
    assert session.trace.complete and TRACE[7].locals == {"n": "0"}


def test_a_returned_value_and_a_line_can_be_edited_too() -> None:
    session, model = edited()
    session.jump(4)
    assert (session.step.source, session.step.line_number) == ("    return m\n", 4)
    session.goto(9)
    session.set("return", "[1, 'é']")
    assert session.step.value == "[1, 'é']"
    session.forward()
    assert [len(prompt) for prompt in model.prompts] == [8, 10]


@pytest.mark.parametrize(
    "literal", ["open('x')", "m", "", "1 +", "(" * 5_000, "lambda: 1", "[x for x in y]", "__import__('os')"]
)
def test_only_literals_are_taken(literal: str) -> None:
    session, model = edited()
    with pytest.raises(InputError, match="is no literal"):
        session.set("n", literal)
    assert session.trace == TRACE and not model.prompts


@pytest.mark.parametrize("name", ["zz", "1x", "i", "return", ""])
def test_only_variables_of_the_function_are_taken(name: str) -> None:
    session, model = edited()
    with pytest.raises(InputError, match=f"double has no variable '{name}'. It has: n, m"):
        session.set(name, "1")
    assert session.trace == TRACE and not model.prompts


def test_a_variable_that_is_bound_later_may_be_edited_before() -> None:
    session, _ = edited()
    session.set("m", "5")
    assert session.step.locals == {"n": "0", "m": "5"}


MODULE = """\
def f(a):
    b = a
    return b
x = f(1)
y = x
"""


@pytest.mark.parametrize(
    ("at", "name", "said"),
    [
        (0, "b", "the module has no variable 'b'. It has: f, x, y"),
        (7, "zz", "the module has no variable 'zz'. It has: f, x, y"),
        (4, "x", "f has no variable 'x'. It has: a, b"),
    ],
)
def test_variables_of_a_module_and_of_its_functions(at: int, name: str, said: str) -> None:
    session = Session(record_source(MODULE), Doubling())
    session.goto(at)
    with pytest.raises(InputError) as caught:
        session.set(name, "1")
    assert str(caught.value) == said
    session.set("b" if at == 4 else "y", "1")


def test_a_variable_that_there_is_not_is_one_line(
    script: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(sys, "stdin", io.StringIO("s 3\nset zz = 1\nq\n"))
    assert main(["debug", f"{script}::f", "--call", CALL, "-m", "nano"]) == 0
    assert "*** f has no variable 'zz'. It has: n, total, i\n" in capsys.readouterr().out


def test_drawing_anew() -> None:
    session, model = edited()
    session.resample(5, 0.7)
    assert session.at == 7 and session.step.locals == {"n": "0", "m": "0"}  # it goes on from the CALL
    assert model.decodings[-1] == Decoding(0.7, 5)
    session.goto(0)
    with pytest.raises(InputError, match="the first frame is given"):
        session.resample(1, 1.0)


def test_what_a_malformed_frame_allows() -> None:
    trace = Trace(TRACE.context, (*TRACE.frames[:3], MalformedFrame("<|line_sep|>x", "no JSON")), complete=False)
    session = Session(trace, Doubling())
    session.goto(3)
    with pytest.raises(InputError, match="breaks the format"):
        session.set("n", "1")
    with pytest.raises(InputError, match="breaks the format"):
        session.jump(2)
    assert session.changes() == {} and session.stack()[-1].locals == {"n": "2"}


def test_an_empty_trace_is_refused() -> None:
    with pytest.raises(InputError, match="no frames"):
        Session(Trace("", (), complete=False))
    assert Session(call_prompt(SOURCE, CALL)).at == 0


# --- any trace --------------------------------------------------------------------------------------------------------

TRACES = [record_source(FEATURES, call) for call in CALLS[::3]]


@given(st.sampled_from(TRACES), st.data())
def test_positions_agree_with_the_trace(trace: Trace, data: st.DataObject) -> None:
    """Depths are those of the trace; a stack's levels are nested, and show the last locals observed; what moves forward moves back."""
    session = Session(trace)
    at = data.draw(st.integers(0, len(trace) - 1))
    session.goto(at)
    depths: Sequence[int] = trace.depths()
    stack = session.stack()
    assert [level.depth for level in stack] == list(range(depths[at] + 1))
    assert stack[-1].index == at and all(depths[level.index] == level.depth for level in stack)
    assert all(trace[level.call].event is Event.CALL for level in stack)
    seen = [
        n
        for n in range(stack[-1].call, at + 1)
        if depths[n] == depths[at] and trace[n].event in (Event.CALL, Event.LINE)
    ]
    assert stack[-1].locals == trace[seen[-1]].locals
    if session.forward(session.over()):
        arrived = session.at
        assert depths[arrived] <= depths[at] and all(depth > depths[at] for depth in depths[at + 1 : arrived])
    session.goto(at)
    if session.forward():
        assert session.back() and session.at == at
