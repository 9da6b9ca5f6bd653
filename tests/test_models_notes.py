"""Notes: values stand where names are read, as the program would read them; they are read before frames, and are no part of any trace."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from cwm_trace.format import ACTION_SEP, END_OF_TEXT, FRAME_SEP, parse, render_frame, render_prompt
from cwm_trace.frames import Event, Frame, MalformedFrame, Trace
from cwm_trace.models.flow import Flow
from cwm_trace.models.inline import inlined, marked
from cwm_trace.models.notes import Notes
from cwm_trace.models.past import Past, texts
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.programs import generate

VALUES = {
    "x": "5",
    "y": "'a\"b'",
    "items": "[1, 2]",
    "d": "{'k': 1}",
    "i": "0",
    "g": "<function g>",
    "for_x": "1",
    "long": repr("z" * 500),
}


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("    result = x + 1\n", "result = 5 + 1"),
        ("x = x + x", "x = 5 + 5"),
        ("x += x", "5 += 5"),
        ("x == x != 1", "5 == 5 != 1"),
        ("a, x = x, y", "a, x = 5, 'a\"b'"),
        ("a = x = y", "a = x = 'a\"b'"),
        ("x: int = x", "x: int = 5"),
        ("d[x] = items[i]", "{'k': 1}[5] = [1, 2][0]"),
        ("items.append(x)", "[1, 2].append(5)"),
        ("self.x = x", "self.x = 5"),
        ("y.x.items()", "'a\"b'.x.items()"),
        ("f(x=x, y=1, z=y)", "f(x=5, y=1, z='a\"b')"),
        ("while (x := x + 1) < 9:", "while (x := 5 + 1) < 9:"),
        ("for x in items:", "for x in [1, 2]:"),
        ("for i, x in enumerate(items):", "for i, x in enumerate([1, 2]):"),
        (
            "a = [x for x in items if x > i]",
            "a = [5 for x in [1, 2] if 5 > 0]",
        ),  # as in a comprehension that has got that far
        ("f = lambda x, y: x + y", "f = lambda x, y: 5 + 'a\"b'"),
        ("if x not in items and 'x' != \"x\":", "if 5 not in [1, 2] and 'x' != \"x\":"),
        ("a = f'{x} x {y!r}' + 'x'", "a = f'{5} x {'a\"b'!r}' + 'x'"),
        ("a = rf'{{x}}{x:>{i}}'", "a = rf'{{x}}{x:>{0}}'"),
        ("return x  # x", "return 5  # x"),
        ("except x as y:", "except 5 as y:"),
        ("del x, d[x]", "del x, {'k': 1}[5]"),
        ("global x", "global x"),
        ("import x", "import x"),
        ("g(x)", "g(5)"),  # what has only a type and a name stays
        ("a = long + x", "a = long + 5"),  # no room
        ("for_x + xfor + 1e5 + 0x5", "1 + xfor + 1e5 + 0x5"),
        ("'it\\'s x' + x + \"", "'it\\'s x' + 5 + \""),
        ("", ""),
    ],
)
def test_values_stand_where_names_are_read(line: str, note: str) -> None:
    assert inlined(line, VALUES.get) == note


@pytest.mark.parametrize(
    ("value", "item", "text"),
    [
        ("'abc'", 2, "'a`bc'"),
        ("'a\\n\\x00\\u20acb'", 4, "'a\\n\\x00`\\u20acb'"),
        ('"it\'s"', 9, '"it\'s`"'),
        ("''", 1, "'`'"),
        ("[1, [2, 3], 'a, b', (4,)]", 4, "[1, [2, 3], 'a, b', `(4,)]"),
        ("[1, [2, 3], 'a, b']", 3, "[1, [2, 3], `'a, b']"),
        ("[1, 2]", 3, "[1, 2`]"),
        ("[]", 1, "[`]"),
        ("(4,)", 1, "(`4,)"),
        ("(4,)", 2, "(4,`)"),
        ("{'a': [1, 2], 'b': 3}", 2, "{'a': [1, 2], `'b': 3}"),
        ("{b'}', 2}", 2, "{b'}', `2}"),
        ("5", 1, "5"),
        ("range(3)", 1, "range(3)"),
    ],
)
def test_a_mark_stands_before_the_item_that_a_loop_is_at(value: str, item: int, text: str) -> None:
    assert marked(value, item) == text


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("for i in items:", "for i in [1, `2]:"),
        ("for i, (k, v) in enumerate(zip(items, y)):", "for i, (k, v) in enumerate(zip([1, `2], 'a`\"b')):"),
        ("for k in d[x]:", "for k in {'k': 1`}[5]:"),
        ("for k in d[y]:", "for k in {'k': 1`}['a\"b']:"),
        ("[k + y for k in items if k in y]", "[k + 'a\"b' for k in [1, `2] if k in 'a\"b']"),
        ("for k in [x, i, 7]:", "for k in [5, `0, 7]:"),
        (
            "for k in zip({1: [2, x]}, 'ab', y[i], items[1:]):",
            "for k in zip({1: [2, 5]`}, 'a`b', 'a`\"b'[0], [1, `2][1:]):",
        ),
        ("[k for c in [[1], [x, 2]] for k in c if k]", "[k for c in [[1], `[5, 2]] for k in c if k]"),
        ("for k in y: y += k", "for k in 'a`\"b': 'a\"b' += k"),
    ],
)
def test_marks_stand_in_what_is_gone_through(line: str, note: str) -> None:
    assert inlined(line, VALUES.get, 2) == note


def test_there_is_room_for_so_many_values() -> None:
    line = "+".join(["v"] * 9)
    assert inlined(line, {"v": repr("a" * 98)}.get) == "+".join([repr("a" * 98)] * 4 + ["v"] * 5)


def without_notes(text: str) -> str:
    return re.sub(rf"(?<={re.escape(FRAME_SEP)}){re.escape(ACTION_SEP)}(?:[^<]|<(?!\|))*\n(?=<\|)", "", text)


def noted_line(note: str) -> str:
    """Of a note, the line with values, which is not indented; "" where there is none (of functions)."""
    lines = re.sub(r"^\(\w.*\)\n", "", note.removeprefix(ACTION_SEP)).split("\n")  # variables come first
    return "" if lines[0].startswith(" ") else lines[0]


def notes_of(trace: Trace) -> list[str]:
    """Before each frame but the first, the line with values."""
    (part,) = texts(trace, 1, len, None, notes=True)
    assert all(note == "" or re.fullmatch(rf"{re.escape(ACTION_SEP)}([^\n]+\n)+", note) for note in part.notes)
    return [noted_line(note) for note in part.notes]


def test_the_notes_of_a_trace() -> None:
    source = """def f(text, k):
    n = len(text) + k
    for i, c in enumerate(text):
        if c in 'ab':
            n += g(i)
    y = [c + str(n) for c in text]
    return sorted(y, key=lambda c: c[1:])
def g(k):
    return k
"""
    test, add = "if {!r} in 'ab':", "{} += g({})"
    loops = [f"for i, c in enumerate({text!r}):  # {number}" for number, text in enumerate(("`ax", "a`x", "ax`"), 1)]
    inner = "y = [c + str(8) for c in '{}ax']  # 1"
    key = "return sorted(['a8', 'x8'], key=lambda c: c[1:])"
    assert notes_of(record_source(source, "f('ax', 6)")) == [
        *["", "def f(text, k):", "", "n = len('ax') + 6", loops[0], test.format("a"), add.format(8, 0), "", "return 0"],
        *["8 += 0", loops[1], test.format("x"), loops[2]],
        *[inner.format(""), "", inner.format("`"), "y = ['a' + str(8) for c in 'a`x']  # 2"],
        *["y = ['x' + str(8) for c in 'ax`']  # 3", "y = ['a8', 'x8']  # 1"],
        *[
            key,
            "",
            "return sorted(y, key=lambda c: 'a8'[1:])",
            key,
            "",
            "return sorted(y, key=lambda c: 'x8'[1:])",
            key,
        ],
        "return ['a8', 'x8']",
    ]


def test_inner_loops_count_anew_and_behind_an_exception_or_a_broken_frame_nothing_is_noted() -> None:
    source = "def f(n):\n    for i in range(n):\n        for j in 'ab':\n            pass\n    return 1 // (n - n)\n"
    trace = record_source(source, "f(2)")
    counts = [note.partition("  # ")[::2] for note in notes_of(trace) if " # " in note]
    inner = [(f"for j in {text!r}:", str(n)) for n, text in enumerate(("`ab", "a`b", "ab`"), 1)]
    outer = [("for i in range(2):", str(n)) for n in (1, 2, 3)]
    assert counts == [outer[0], *inner, outer[1], *inner, outer[2]]
    behind = zip(trace.frames, notes_of(trace), strict=False)
    assert [note for step, note in behind if step.event is Event.EXCEPTION] == ["", ""]
    notes = Notes(Flow(trace.context))
    for step in trace[:5]:
        notes.observe(step)
    assert notes.text()
    notes.observe(MalformedFrame("?", "no event", 0))
    assert notes.text() == ""


def test_where_a_function_goes_on_its_variables_are_told() -> None:
    source = "def f(n):\n    t = 'a'\n    k = g(n) + g(3)\n    try:\n        k = g('a')\n    except TypeError:\n        pass\n    return k\n"
    trace = record_source(source + "def g(n):\n    return n + 1\n", "f(2)")
    (part,) = texts(trace, 1, len, None, notes=True)
    told = [
        (step, note.split("\n")[0].removeprefix(ACTION_SEP)) for note, step in zip(part.notes, part.steps, strict=True)
    ]
    shown = [(step.event, line) for step, line in told if re.match(r"\(\w+=", line)]
    assert shown[:2] == [(Event.CALL, "(n=2, t='a')"), (Event.LINE, "(n=2, t='a')")]
    assert {line for _, line in shown[2:]} == {"(n=2, t='a', k=7)"} and [event for event, _ in shown[2:]] == [
        Event.EXCEPTION,
        Event.LINE,
    ]
    full = [
        step
        for step, _ in told
        if isinstance(step, Frame) and step.event is Event.LINE and len(step.locals) > 2 and not step.unchanged
    ]
    assert len(full) == 2


def test_variables_for_which_there_is_no_room_are_named() -> None:
    long = "a" * 390
    trace = record_source(
        f"def f(n):\n    t = '{long}'\n    k = [1] * 9\n    return g()\ndef g():\n    return 3\n", "f(2)"
    )
    notes = Notes(Flow(trace.context))
    for step in trace[:-2]:
        notes.observe(step)
    assert notes.text().startswith(f"{ACTION_SEP}(n=2, t='{long}', k=\"..\")\n")


def test_names_of_callers_are_no_names_of_the_called() -> None:
    trace = record_source("k = 1\ndef f(k):\n    n = 4\n    return g()\ndef g():\n    n = k\n    return n\n", "f(7)")
    assert "n = k" not in notes_of(trace) and "return 1" in notes_of(trace)


def assigned(trace: Trace) -> Iterator[tuple[str, str]]:
    """Notes of lines that assign to a name and call nothing of the program, and what the next frame shows of it."""
    for step, note, after in zip(trace.frames, notes_of(trace), trace.frames[1:], strict=False):
        if not isinstance(after, Frame) or step.event is not Event.LINE or after.event is not Event.LINE or not note:
            continue
        try:
            (statement,) = ast.parse(note).body
        except SyntaxError:
            continue
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
            and statement.targets[0].id in after.locals
        ):
            yield ast.unparse(statement.value), after.locals[statement.targets[0].id]


CHANGES = re.compile(r"\.(append|add|insert|extend|pop|popitem|remove|discard|clear|update|setdefault|sort|reverse)\(")


def test_a_note_computes_what_its_line_computes() -> None:
    """Evaluated without any variable, what stands in notes gives what the next frame shows: over programs of all kinds."""
    same = 0
    for seed in range(36_000_000, 36_000_220):
        program = generate(seed, 1, "wide" if seed % 3 else "plain")
        if not program.calls:
            continue
        trace = record_source(program.source, program.calls[0], max_frames=2_000)  # some need not end
        for expression, value in assigned(trace):
            try:
                found = repr(eval(expression))
            except (NameError, SyntaxError):  # a function of the program, or a name that stayed
                continue
            # Not where the line changes what it reads, and not objects and sets, which have no order.
            if not CHANGES.search(expression) and "<" not in found and not found.startswith("{"):
                assert found == value, expression
                same += 1
    assert same > 190


# --- in texts ---------------------------------------------------------------------------------------------------------

LOOP = "def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t\n"


def test_texts_with_notes_have_the_frames_and_are_told_anew_with_the_right_counts() -> None:
    trace = record_source(LOOP, "f(60)")
    whole = notes_of(trace)
    parts = list(texts(trace, 1, len, 1_500, notes=True))
    counted = 0
    assert len(parts) > 4 and [step for part in parts for step in part.steps] == list(trace.frames[1:])
    assert [noted_line(note) for part in parts for note in part.notes] == whole
    for part in parts:
        plain = without_notes(part.text)
        known = parse(plain)
        assert not known.malformed and known.frames[0] == trace.frames[0]
        told = re.findall(r"for i in range\(60\):  # (\d+)\n.*\n.*\n<\|line_sep\|>.*?\"i\": \"(\d+)\"", part.text)
        assert all(int(count) == int(item) + 1 for count, item in told)
        counted += len(told)
    assert counted > 4 and any("# 3" in part.text for part in parts[1:])
    longest = max(len(part.text) + sum(len(render_frame(step)) for step in part.steps) for part in parts)
    assert longest < 1_500 + 300


def test_a_prompt_is_read_with_its_notes() -> None:
    trace = record_source(LOOP, "f(3)")
    past = Past(Trace(trace.context, trace.frames[:6], complete=False), len, None, notes=True)
    assert past.text.count(FRAME_SEP + ACTION_SEP) == 5 and "for i in range(3):  # 1" in past.text
    header, body, behind = "    for i in range(n):\n", "        t += i\n", "    return t\n"
    assert past.note() == f"{ACTION_SEP}0 += 0\n{header}"
    past.wrote(render_frame(trace[6]))
    assert past.note() == f"{ACTION_SEP}for i in range(3):  # 2\n{body}{behind}"
    past.observe(trace[7])
    assert past.note() == f"{ACTION_SEP}0 += 1\n{header}"
    plain = Past(Trace(trace.context, trace.frames[:6], complete=False), len, None)
    assert plain.text == render_prompt(trace.context, trace.frames[:6]) and plain.note() == ""


# --- what is learned of them ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"parts": True, "max_tokens": 500}, {"slips": True}], ids=["whole", "parts", "slips"]
)
def test_frames_are_learned_and_notes_are_not(options: dict[str, object]) -> None:
    np = pytest.importorskip("numpy")
    pytest.importorskip("tokenizers")
    from cwm_trace.train.data import learned
    from cwm_trace.train.record import Maker, Recipe
    from cwm_trace.train.tokenizer import PAD, TraceEncoder, build_backend

    (separator,), (pad,) = TraceEncoder().encode([FRAME_SEP, PAD])
    backend = build_backend()
    maker = Maker(Recipe(0, 0, calls=2, family="plain", notes=True, **options))  # type: ignore[arg-type]
    some = noted = 0
    for seed in range(36_100_000, 36_100_020):
        for ids in maker.sequences(seed):
            tokens, wanted = learned(np.array(ids, dtype=np.uint16), separator, pad)
            assert len(tokens) <= maker.recipe.max_tokens and pad not in tokens
            text = backend.decode(tokens.tolist(), skip_special_tokens=False)
            to_learn = backend.decode(tokens[wanted].tolist(), skip_special_tokens=False)
            plain = without_notes(text)
            assert plain.endswith(to_learn) and not parse(plain).malformed
            assert FRAME_SEP + ACTION_SEP not in to_learn and not to_learn.startswith(ACTION_SEP)
            if not options:
                first = render_prompt(parse(plain).context, parse(plain).frames[:1])
                assert plain == first + to_learn and to_learn.endswith(END_OF_TEXT)
            noted += len(plain) < len(text)
            some += 1
    assert some > 15 and noted > 0.8 * some


# --- beside a network -------------------------------------------------------------------------------------------------


def noted_text(trace: Trace) -> str:
    (part,) = texts(trace, 1, len, None, notes=True)
    pieces = zip(part.notes, part.steps, strict=True)
    return part.text + "".join(note + render_frame(step) + FRAME_SEP for note, step in pieces)


def test_guesses_of_frames_are_those_without_notes() -> None:
    pytest.importorskip("tokenizers")
    from cwm_trace.models.causal import Codec
    from cwm_trace.models.draft import Drafter
    from cwm_trace.train.tokenizer import build_tokenizer

    codec = Codec(build_tokenizer())
    trace = record_source(LOOP, "f(3)")
    plain, noted = Drafter(codec), Drafter(codec)
    past = Past(Trace(trace.context, trace.frames[:1], complete=False), len, None, notes=True)
    plain.observe(codec.encode(render_prompt(trace.context, trace.frames[:1])))
    noted.observe(codec.encode(past.text))
    guessed = 0
    for step in trace.frames[1:]:
        noted.observe(codec.encode(past.note()))
        ids = codec.encode(render_frame(step) + FRAME_SEP)
        for number, token in enumerate(ids):
            # From the frame's shape alone: what stood in the text before is another thing.
            assert noted._planned() == plain._planned()
            guessed += noted._planned()[:1] == ids[number : number + 1]
            plain.observe([token])
            noted.observe([token])
        past.observe(step)
    assert guessed > 100


def test_what_tokens_refer_to_is_the_same_beside_notes() -> None:
    from cwm_trace.models.trace_references import TraceReferences

    split = re.compile(r"(<\|\w+\|>|\w+|\n|[^\w<\n]+|<)")
    trace = record_source(LOOP, "f(3)")
    plain, noted = TraceReferences(), TraceReferences()
    expected = [plain.read(token) for token in split.findall(trace.render())]
    made = []
    in_note, last = False, ""
    for token in split.findall(noted_text(trace) + END_OF_TEXT):
        reference = noted.read(token)
        in_note = (in_note and not re.match(r"<\|\w+_sep\|>", token)) or (token == ACTION_SEP and last == FRAME_SEP)
        if not in_note:
            made.append(reference)
        else:
            assert reference.value == 0
        last = token
    assert made == expected
