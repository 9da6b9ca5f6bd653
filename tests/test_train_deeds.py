"""Deeds, the catalogue, rounds, growth and choices: lines of one operation, loops, values that grow and tests; one thing of them is learned."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest

from cwm_trace.format import FRAME_SEP
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.programs import generate
from cwm_trace.train.record import Maker, Recipe
from cwm_trace.train.skills import OPERATIONS
from cwm_trace.train.tokenizer import PAD, build_tokenizer

COMPREHENSIONS = (ast.ListComp, ast.DictComp, ast.GeneratorExp)
SEEDS = range(37_990_000, 37_990_080)


def traced(family: str) -> Iterator[tuple[ast.FunctionDef, Trace]]:
    for seed in SEEDS:
        program = generate(seed, 1, family)
        (function,) = ast.parse(program.source).body
        assert isinstance(function, ast.FunctionDef)
        yield function, record_source(program.source, program.calls[0])


def test_deeds_change_one_name_and_few_of_them_raise() -> None:
    operations: Counter[str] = Counter()
    raised = 0
    for function, trace in traced("deeds"):
        bound = {
            node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        assert len(bound) <= 1
        operations.update(node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute))
        raised += trace.raised is not None
    assert len(operations) > 40 and {"append", "pop", "split", "replace", "join", "get", "upper", "sort"} <= set(
        operations
    )
    assert raised < 0.25 * len(SEEDS)


def test_the_catalogue_has_all_operations_also_rare_ones_and_every_line_of_it_runs() -> None:
    asked: Counter[str] = Counter()
    for seed in range(SEEDS.start, SEEDS.start + 400):
        program = generate(seed, 1, "catalogue")
        asked.update(node.attr for node in ast.walk(ast.parse(program.source)) if isinstance(node, ast.Attribute))
    methods = {name[1:-2] for name in OPERATIONS if name.startswith(".")}
    assert len(methods) > 60 and methods <= set(asked)
    assert min(asked[name] for name in ("isprintable", "format_map", "is_integer", "as_integer_ratio")) >= 5
    assert all(trace.raised is None for _, trace in traced("catalogue"))


def test_sheets_have_the_operations_of_most_programs_on_literals_and_raise_in_their_last_line_only() -> None:
    done: Counter[str] = Counter()
    raised = 0
    for function, trace in traced("sheets"):
        done.update(node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute))
        done.update(
            node.func.id
            for node in ast.walk(function)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        )
        done.update(type(node).__name__ for node in ast.walk(function) if isinstance(node, (ast.operator, ast.Slice)))
        if trace.raised is not None:
            raised += 1
            last = ast.unparse(function.body[-2])
            assert [ast.unparse(ast.parse(step.source.strip())) for step in trace.frames[-4:-2]] == [last, last]
    often = {
        "len",
        "Add",
        "Sub",
        "Mult",
        "find",
        "split",
        "replace",
        "Slice",
        "sorted",
        "sum",
        "index",
        "count",
        "get",
        "upper",
        "join",
        "max",
    }
    assert all(done[name] >= 5 for name in often), done
    assert 0.1 < raised / len(SEEDS) < 0.4


def test_rounds_are_of_all_things_that_can_be_gone_through_and_of_all_lengths() -> None:
    headers: Counter[str] = Counter()
    lengths: Counter[int] = Counter()
    for function, trace in traced("rounds"):
        assert trace.raised is None
        headers.update(ast.unparse(node.iter)[:1] for node in ast.walk(function) if isinstance(node, ast.For))
        items = Counter(step.line_number for step in shown(trace))
        lengths.update(items.values())
    assert set("'[{re") <= set(headers) and max(headers.values()) < 0.6 * headers.total()
    assert len(lengths) > 10 and max(lengths) >= 15


def test_comprehensions_are_rounds_too_of_all_kinds() -> None:
    kinds: Counter[str] = Counter()
    iterators: Counter[str] = Counter()
    for function, trace in traced("rounds"):
        kinds.update(type(node).__name__ for node in ast.walk(function) if isinstance(node, COMPREHENSIONS))
        shows = (step.locals.get(".0") for step in trace.frames if isinstance(step, Frame))
        iterators.update(shown for shown in shows if shown and shown.startswith("<"))
    assert set(kinds) == {kind.__name__ for kind in COMPREHENSIONS} and kinds.total() > 20
    assert len(iterators) > 5


def test_what_grows_reaches_many_items_and_every_line_of_it_runs() -> None:
    longest: Counter[str] = Counter()
    statements: Counter[str] = Counter()
    for function, trace in traced("growth"):
        assert trace.raised is None
        statements.update(type(node).__name__ for node in function.body)
        statements.update(node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute))
        for value in values_of(trace):
            assert len(repr(value)) <= 90
            if isinstance(value, list | str | dict):
                longest[type(value).__name__] = max(longest[type(value).__name__], len(value))
    assert longest["list"] >= 15 and longest["str"] >= 30 and longest["dict"] >= 8
    assert {
        "append",
        "insert",
        "pop",
        "remove",
        "extend",
        "replace",
        "split",
        "get",
        "update",
        "index",
        "AugAssign",
        "Delete",
    } <= set(statements)


def test_most_lines_of_growth_change_something_and_its_items_repeat() -> None:
    changed = frames = repeating = lists = 0
    for _, trace in traced("growth"):
        shown = [step for step in trace.frames if isinstance(step, Frame) and step.event is Event.LINE]
        frames += len(shown)
        changed += sum(len(step.unchanged) < len(step.locals) for step in shown)
        long = [value for value in values_of(trace) if isinstance(value, list) and len(value) > 5]
        lists += len(long)
        repeating += sum(len(set(map(repr, value))) < len(value) for value in long)
    assert changed > 0.7 * frames and repeating > 0.5 * lists


def values_of(trace: Trace) -> Iterator[object]:
    """The literals that the frames' variables show."""
    for step in trace.frames:
        for text in step.locals.values() if isinstance(step, Frame) else ():
            with suppress(ValueError, SyntaxError):  # `dict_keys([...])`
                yield ast.literal_eval(text)


def shown(trace: Trace) -> list[Frame]:
    """The frames behind a loop's header."""
    steps = [step for step in trace.frames if isinstance(step, Frame)]
    return [
        step
        for step, after in zip(steps, steps[1:], strict=False)
        if "for " in step.source and after.event is Event.LINE
    ]


@pytest.mark.parametrize(
    ("family", "dense"),
    [
        ("deeds", 75),
        ("rounds", 95),
        ("growth", 100),
        ("asks", 50),
        ("catalogue", 60),
        ("sheets", 50),
        ("scales", 55),
        ("pieces", 30),
    ],
)
def test_observations_are_learned_at_few_tokens_each(family: str, dense: int) -> None:
    tokenizer = build_tokenizer()
    pad = tokenizer.convert_tokens_to_ids(PAD)
    maker = Maker(Recipe(SEEDS.start, SEEDS.stop, calls=1, family=family, notes=True))
    tokens = observed = 0
    for seed in SEEDS[:40]:
        for ids in maker.sequences(seed):
            text = tokenizer.decode(ids)
            pieces = text.split(PAD)[1::2]  # what is learned stands between marks
            assert all(
                re.fullmatch(
                    r'(<\|(line|call)_sep\|>\{.*\})|<\|exception_sep\|>|(<\|arg_sep\|>".*"<\|frame_sep\|>)', piece
                )
                for piece in pieces
            )
            tokens += len(ids) - ids.count(pad)
            observed += len(pieces)
    assert observed > 300 and tokens / observed < dense


def test_of_choices_the_lines_behind_tests_are_learned_and_both_ways_are_as_frequent() -> None:
    tokenizer = build_tokenizer()
    maker = Maker(Recipe(SEEDS.start, SEEDS.stop, calls=1, family="choices", notes=True, max_tokens=2048))
    ways: Counter[bool] = Counter()
    for seed in SEEDS:
        for ids in maker.sequences(seed):
            pieces = tokenizer.decode(ids).split(PAD)
            for before, chosen in zip(pieces[0::2], pieces[1::2], strict=False):
                note, observed, _ = before.rpartition(FRAME_SEP)[2].rpartition("<|line_sep|>")
                assert chosen.startswith("<|action_sep|>") and chosen.endswith(FRAME_SEP)
                line = chosen.removeprefix("<|action_sep|>").removesuffix(FRAME_SEP)
                either = note.removeprefix("<|action_sep|>").splitlines()[-2:]
                assert observed and line.rstrip() in either
                ways[line.rstrip() == either[0]] += 1
    assert ways.total() > 300 and 0.4 < ways[True] / ways.total() < 0.6


def test_what_is_asked_is_true_as_often_as_not() -> None:
    given: Counter[str] = Counter()
    for _, trace in traced("asks"):
        shown = (text for step in trace.frames if isinstance(step, Frame) for text in step.locals.values())
        given.update(word for text in shown for word in re.findall("True|False", text))
    assert given.total() > 1000 and 0.4 < given["True"] / given.total() < 0.6


def test_tests_of_choices_are_of_many_kinds() -> None:
    asked: Counter[str] = Counter()
    for function, _ in traced("choices"):
        for node in ast.walk(function):
            if isinstance(node, ast.If):
                asked.update(
                    type(part).__name__ for part in ast.walk(node.test) if isinstance(part, ast.cmpop | ast.boolop)
                )
                asked.update(part.attr for part in ast.walk(node.test) if isinstance(part, ast.Attribute))
    assert {
        "Eq",
        "NotEq",
        "Lt",
        "Gt",
        "In",
        "NotIn",
        "And",
        "Or",
        "isalpha",
        "isdigit",
        "isupper",
        "islower",
        "startswith",
    } <= set(asked)
    assert max(asked.values()) < 0.35 * asked.total()


def test_of_a_share_of_programs_observations_alone_are_learned() -> None:
    tokenizer = build_tokenizer()
    texts = {
        share: [tokenizer.decode(ids) for seed in SEEDS[:20] for ids in made(share).sequences(seed)]
        for share in (0.0, 0.5, 1.0)
    }
    contexts = {share: [text.partition(FRAME_SEP)[0] for text in some] for share, some in texts.items()}
    bare = {share: [context.count("\n    ") == 1 for context in some] for share, some in contexts.items()}  # the entry
    assert not any(bare[0.0]) and all(bare[1.0]) and 4 < sum(bare[0.5]) < 16


def made(share: float) -> Maker:
    return Maker(Recipe(0, 0, calls=1, family="plain", notes=True, observed=share))
