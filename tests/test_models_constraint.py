"""Format-constrained decoding: the grammar against recorded traces, and a random model that cannot break the format."""

from __future__ import annotations

from random import Random

import pytest

from cwm_trace.format import ACTION_SEP, ARG_SEP, EVENT_TOKENS, SPECIAL_TOKENS, render_frame
from cwm_trace.frames import Event, Trace
from cwm_trace.models.constraint import FrameGrammar
from cwm_trace.prompts import call_prompt
from cwm_trace.tracer import trace_source
from tests.embedded import embedded

PROGRAMS = [
    ("def f(n):\n    k = eval('n + 1 * 2')\n    exec('k = 1\\nk = k + 3')\n    return k\n", "f(1)"),
    ("def f(x):\n    y = x + 1\n    return y", "f(1)"),
    ("def f(s):\n    t = [c for c in s]\n    é = '\\\\\"\\n'\n    return t, é", "f('aé<|frame_sep|>')"),
    (
        "def f(d):\n    try:\n        return d['k']\n    except KeyError as e:\n        raise ValueError('..') from e",
        "f({})",
    ),
    ("class A:\n    def __init__(self, n):\n        self.n = n\ndef f(n):\n    a = A(n)\n    return '..'", "f('..')"),
    (
        "def f(n):\n    class E(Exception):\n        'e'\n        k: int = 1\n"
        "        def __init__(self):\n            super().__init__(n)\n    return str(E())",
        "f(1)",
    ),
]
CALL, LINE, RETURN = (EVENT_TOKENS[event] for event in (Event.CALL, Event.LINE, Event.RETURN))
FOLLOWING = ("{", '"x', ' "', "}", " ", "    ", "\n", "x", "\\", LINE, RETURN, ACTION_SEP)


def prompt_of(trace: Trace) -> Trace:
    return Trace(trace.context, trace.frames[:1], complete=False)


@pytest.mark.parametrize(("source", "call"), PROGRAMS)
def test_recorded_frames_keep_to_the_grammar_at_every_character(source: str, call: str) -> None:
    trace = trace_source(source, call)
    grammar = FrameGrammar(prompt_of(trace))
    for step in trace.frames[1:]:
        text = render_frame(step)
        start = len(EVENT_TOKENS[step.event or Event.LINE])  # tokens of the format are whole, or not there
        cuts = [cut for cut in range(start, len(text)) if not _inside_a_token(text, cut)]
        assert all(grammar.begins(text[:cut]) and not grammar.is_whole(text[:cut]) for cut in cuts)
        assert grammar.begins("") and grammar.begins(text) and grammar.is_whole(text)
        assert not grammar.begins(text + "x") and not grammar.begins(
            text.replace("def", "Def", 1).replace("y", "z", 1) + "?"
        )
        grammar.observe(step)
    assert grammar.may_end


def _inside_a_token(text: str, cut: int) -> bool:
    return any(text[max(cut - n, 0) :].startswith(token) for token in SPECIAL_TOKENS for n in range(1, len(token)))


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "{}",
        f"{LINE}[",
        f'{LINE}{{"q',
        f'{LINE}{{"x":"',
        f'{LINE}{{"x": 1',
        f'{LINE}{{"x": "\\q',
        f'{LINE}{{"x": "1"}}}}',
        f'{LINE}{{"x": "1", "x',
        f'{LINE}{{"x": ".."}}',
        f'{LINE}{{"x": "1"}}{ACTION_SEP}   return x',
        f'{LINE}{{"x": "1"}}{ACTION_SEP}    return x\nz',
        f'{RETURN}{ACTION_SEP}    return x\n"1"',
        f'{RETURN}{ACTION_SEP}    return\n{ARG_SEP}',
        f'{RETURN}{ACTION_SEP}    return x\n{ARG_SEP}1',
        f'{RETURN}{ACTION_SEP}    return x\n{ARG_SEP}"1" ',
    ],
)
def test_what_breaks_the_format_cannot_begin(text: str) -> None:
    assert not FrameGrammar(call_prompt("def f(x):\n    return x", "f(1)")).begins(text)


def test_two_dots_stand_only_for_what_was_seen_before() -> None:
    trace = trace_source("def f(x):\n    return x", "f(1)")
    grammar = FrameGrammar(Trace(trace.context, trace.frames[:3], complete=False))
    assert trace[2].event is Event.CALL
    assert grammar.begins(f'{LINE}{{"x": ".."}}') and not grammar.begins(f'{CALL}{{"x": ".."}}')
    assert not grammar.may_end
    grammar.wrote(render_frame(trace[3]))
    grammar.wrote(f'{RETURN}{ACTION_SEP}    return x\n{ARG_SEP}"1"')
    assert not grammar.may_end and not grammar.begins(f'{LINE}{{"x": ".."}}')


def test_a_random_model_cannot_break_the_format() -> None:
    pytest.importorskip("transformers")
    from cwm_trace.models import Decoding
    from cwm_trace.models.causal import CausalModel
    from cwm_trace.simulate import predict
    from tests import tiny_cwm

    tiny = CausalModel(tiny_cwm.build_model(), tiny_cwm.build_tokenizer(), "tiny")
    prompt = call_prompt("def f(xé):\n    é = xé\n    return xé", "f(1)")
    for decoding in (Decoding(constrained=True), Decoding(3.0, 1, constrained=True)):
        rollout, grammar = tiny.rollout(prompt, decoding), FrameGrammar(prompt)
        for limit in (24, 8):  # a token takes long: most of the many that there are must be refused
            made = rollout.next_frame(max_tokens=limit)
            if made.stop != "frame":
                break
            assert grammar.is_whole(made.text)
            grammar.wrote(made.text)
        assert made.stop == "frame" or (
            not made.text if made.stop == "end" else grammar.begins(made.text.rstrip("\ufffd"))
        )
    assert predict(tiny, prompt=prompt, max_frames=3, max_tokens=150).malformed


def test_a_model_says_whether_it_is_constrained_where_its_user_does_not() -> None:
    pytest.importorskip("transformers")
    from cwm_trace.models import Decoding, load_model
    from cwm_trace.models.base import settled
    from cwm_trace.models.causal import CausalModel
    from tests import tiny_cwm

    bound = tiny_cwm.build_model()
    bound.config.constrained = True
    models = [CausalModel(model, tiny_cwm.build_tokenizer(), "tiny") for model in (tiny_cwm.build_model(), bound)]
    assert [settled(None, model).constrained for model in (*models, load_model("oracle"))] == [False, True, False]
    for said in (False, True):
        assert all(settled(Decoding(constrained=said), model).constrained is said for model in models)
    prompt = call_prompt("def f(x):\n    return x", "f(1)")
    free, kept = (model.rollout(prompt, Decoding(3.0, 1)).next_frame(max_tokens=30).text for model in models)
    grammar = FrameGrammar(prompt)
    assert grammar.begins(kept) and not grammar.begins(free)


def test_what_a_token_begins_with_rules_out_none_that_may_come(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers")
    from cwm_trace.models import Decoding
    from cwm_trace.models.causal import CausalModel, CausalRollout, Codec
    from tests import tiny_cwm

    tiny = CausalModel(tiny_cwm.build_model(), tiny_cwm.build_tokenizer(), "tiny")
    trace = trace_source("def f(xé):\n    é = xé\n    return xé\n", "f(1)")
    random = Random(0)
    tokens = [*random.sample(range(128_000), 1500), *tiny.codec.ids.values()]
    begun = [
        "",
        LINE,
        f'{LINE}{{"',
        f'{LINE}{{"x\\u00e9": "..", "\\u00e9": "1',
        f'{LINE}{{"x\\u00e9": "..", "\\u00e9": "1"}}{ACTION_SEP}',
        f"{RETURN}{ACTION_SEP}    return x",
    ]
    for text in begun:
        given = 5 if text.startswith(RETURN) else 4
        rollout = tiny.rollout(Trace(trace.context, trace.frames[:given], complete=False), Decoding(constrained=True))
        assert isinstance(rollout, CausalRollout)
        rollout._begun = tiny.codec.encode(text)
        # The two halves of "é", too.
        following = [*tokens, *(number for more in (*FOLLOWING, "é") for number in tiny.codec.encode(more))]
        told = [rollout._allowed([token]) for token in following]
        with monkeypatch.context() as patch:
            patch.setattr(Codec, "first_character", lambda self, number: "")
            assert told == [rollout._allowed([token]) for token in following]
        assert any(told), begun.index(text)
        rollout.close()


def test_a_frame_that_a_limit_cut_off_goes_on_within_the_grammar() -> None:
    pytest.importorskip("transformers")
    from cwm_trace.models import Decoding
    from cwm_trace.models.causal import CausalModel
    from tests import tiny_cwm

    tiny = CausalModel(tiny_cwm.build_model(), tiny_cwm.build_tokenizer(), "tiny")
    whole, parts = (
        tiny.rollout(call_prompt("def f(x):\n    return x", "f(1)"), Decoding(constrained=True)) for _ in "ab"
    )
    text = "".join(parts.next_frame(max_tokens=limit).text for limit in (0, 1, 7, 12))
    assert text == whole.next_frame(max_tokens=20).text


def test_what_is_settled_is_what_the_network_would_write(monkeypatch: pytest.MonkeyPatch) -> None:
    nano = embedded()
    from cwm_trace.models.causal import CausalRollout
    from cwm_trace.simulate import predict

    source = (
        "def f(s):\n    t = s\n    for c in s:\n        t += c.upper()\n    return g([t])\ndef g(x):\n    return x\n"
    )
    prompt = call_prompt(source, "f('ab')")
    settled, passes = predict(nano, prompt=prompt), list[int]()
    only = CausalRollout._only

    def counted(rollout: CausalRollout, most: int | None) -> object:
        passes.append(rollout._engine.passes)
        return only(rollout, most)

    monkeypatch.setattr(CausalRollout, "_only", counted)
    assert predict(nano, prompt=prompt).render() == settled.render() and set(passes) == {0}
    assert settled.complete and settled.returned == "['abAB']" and len(settled) > 10
    monkeypatch.setattr(CausalRollout, "_only", lambda *_: None)
    assert predict(nano, prompt=prompt).render() == settled.render()


def test_a_settled_frame_is_as_sure_as_what_was_answered_for_it() -> None:
    nano = embedded()
    from cwm_trace.models import Decoding

    rollout = nano.rollout(call_prompt("def f(s):\n    return s.upper()\n", "f('a')"), Decoding())
    made = [rollout.next_frame() for _ in range(4)]
    assert [one.logprob == 0 for one in made] == [True, True, True, False]
    assert rollout._asker is not None and made[-1].logprob == rollout._asker.logprob < 0
    assert made[-1].tokens == len(nano.codec.encode(made[-1].text)) + 1
    rollout.close()


def test_a_settled_frame_is_cut_off_at_a_limit() -> None:
    nano = embedded()
    from cwm_trace.models import Decoding

    prompt = call_prompt("def f(x):\n    return x", "f(1)")
    whole, parts = (nano.rollout(prompt, Decoding()) for _ in "ab")
    made = [parts.next_frame(max_tokens=limit) for limit in (0, 1, 2, 50)]
    assert [one.stop for one in made] == ["tokens", "tokens", "tokens", "frame"]
    assert "".join(one.text for one in made) == whole.next_frame().text
    assert parts.next_frame().text == whole.next_frame().text


def test_where_nothing_is_allowed_the_first_choice_stands() -> None:
    pytest.importorskip("transformers")
    from cwm_trace.models.engine import Engine
    from tests import tiny_cwm

    runs = []
    for allowed in (None, lambda ids: False):
        engine = Engine(tiny_cwm.build_model())
        engine.push([1, 2, 3])
        runs.append(engine.generate(frozenset(), 2, allowed).ids)
    assert runs[0] == runs[1]


def grammar_behind(source: str, call: str, frames: int) -> FrameGrammar:
    trace = trace_source(source, call)
    return FrameGrammar(Trace(trace.context, trace.frames[:frames], complete=False))


SHOWN = "def f(n, s):\n    k = n + 1\n    if k:\n        s += 'b'\n    return s\n"


@pytest.mark.parametrize(
    ("frames", "text", "may"),
    [
        (4, f'{LINE}{{"n": "..", "s": "..", "k": "7"}}{ACTION_SEP}    if k:\n', True),
        (4, f'{LINE}{{"n": "..", "s": "..", "k": "7"}}{ACTION_SEP}    return s\n', False),
        (4, f'{LINE}{{"n": "..", "s": "..", "k": "7"}}{ACTION_SEP}    k', False),
        (4, f'{LINE}{{"n": "1', False),
        (4, f'{LINE}{{"s": "..', False),
        (4, f'{LINE}{{"n": "..", "s": ".."}}', False),
        (4, f'{LINE}{{"n": "..", "s": "..", "k": "7", ', False),
        (4, f'{LINE}{{"n": "..", "k": "7", "s', False),
        (4, f"{RETURN}{ACTION_SEP}", False),
        (4, CALL, False),
        (4, f"{EVENT_TOKENS[Event.EXCEPTION]}{ACTION_SEP}    k = n + 1\n", True),
        (5, f'{LINE}{{"n": "..", "s": "..", "k": ".."}}{ACTION_SEP}    return s\n', True),
        (5, f'{LINE}{{"n": "..", "s": "..", "k": ".."}}{ACTION_SEP}        s += ', True),
        (5, f'{LINE}{{"n": "..", "s": "\'', False),
        (6, f'{LINE}{{"n": "..", "s": "\'ab\'", "k": ".."}}{ACTION_SEP}    return s\n', True),
        (7, f"{RETURN}{ACTION_SEP}    return s\n{ARG_SEP}", True),
        (7, f"{RETURN}{ACTION_SEP}    return s\n{ARG_SEP}1", False),
        (7, LINE, False),
    ],
)
def test_what_the_source_rules_out_cannot_begin(frames: int, text: str, may: bool) -> None:
    assert grammar_behind(SHOWN, "f(1, 'a')", frames).begins(text) is may


def test_behind_a_call_what_stayed_is_told_in_full() -> None:
    grammar = grammar_behind("def f(n):\n    k = g(n)\n    return k\ndef g(n):\n    return n\n", "f(1)", 7)
    line = f"{ACTION_SEP}    return k\n"
    assert grammar.is_whole(f'{LINE}{{"n": "1", "k": "5"}}{line}')
    assert not grammar.begins(f'{LINE}{{"n": "..') and not grammar.begins(f'{LINE}{{"n": "2')


def test_a_trace_ends_when_its_entry_returns() -> None:
    grammar = grammar_behind(SHOWN, "f(1, 'a')", 9)
    assert grammar.may_end
    assert not any(grammar.begins(token) for token in EVENT_TOKENS.values())
    assert not grammar_behind(SHOWN, "f(1, 'a')", 8).may_end


CHANGES = "def f(x):\n    y = x\n    y = x.lower()\n    y = x\n    return y\n"


def test_what_is_settled_is_the_only_value() -> None:
    grammar = grammar_behind(CHANGES, "f('a')", 5)  # behind `y = x.lower()`, which is to run
    line = '<|line_sep|>{"x": "..", "y": "%s"}<|action_sep|>    y = x\n'
    assert grammar.is_whole(line % "'a'") and grammar.is_whole(line % "'b'")
    grammar.settle({"y": "'b'"}, None)
    assert grammar.is_whole(line % "'b'") and not grammar.begins(line.partition("%")[0] + "'a")
    grammar.settle({"y": "'a'"}, None)  # as it was
    assert grammar.is_whole(line % "..") and not grammar.begins(line.partition("%")[0] + "'")
    grammar.wrote(line % "..")
    assert not grammar.is_whole(line % "'q'"), "what stands there as a name is read off the source"


def test_what_is_settled_is_what_is_returned() -> None:
    grammar = grammar_behind("def f(x):\n    return x.lower()\n", "f('A')", 4)
    text = '<|return_sep|><|action_sep|>    return x.lower()\n<|arg_sep|>"%s"'
    assert grammar.is_whole(text % "'a'") and grammar.is_whole(text % "1")
    grammar.settle({}, "'a'")
    assert grammar.is_whole(text % "'a'") and not grammar.is_whole(text % "1")


def test_what_is_settled_holds_in_a_module_too() -> None:
    trace = trace_source("x = 1\nx = x + 1\nx = 3\n")
    grammar = FrameGrammar(Trace(trace.context, trace.frames[:3], complete=False))
    text = '<|line_sep|>{"x": "%s"}<|action_sep|>x = 3\n'
    assert render_frame(trace.frames[3]) == text % "2" and grammar.is_whole(text % "5")
    grammar.settle({"x": "2"}, None)
    assert grammar.is_whole(text % "2") and not grammar.is_whole(text % "5")


def test_a_value_that_stays_is_written_as_two_dots() -> None:
    grammar = grammar_behind(CHANGES, "f('a')", 5)
    text = '<|line_sep|>{"x": "%s", "y": "%s"}<|action_sep|>    y = x\n'
    assert grammar.wrote(text % ("..", "'a'")) == text % ("..", "..")
    assert grammar_behind(CHANGES, "f('a')", 5).wrote(text % ("..", "'b'")) == text % ("..", "'b'")
    assert grammar_behind(CHANGES, "f('a')", 5).wrote("no frame") == "no frame"
