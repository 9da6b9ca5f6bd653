"""The bundled suites that the generator makes: one like the training data, five that differ from it in one way each.

Every suite is a function of its first seed: candidates are made seed after seed, run, and kept if they fit, until there are `SIZE` of
them; so `python -m cwm_trace.train suite NAME` writes the same bytes each time. Candidates are run in child processes, under two hash
seeds, and dropped where these differ: what the order of a set decides, no model can know.
"""

from __future__ import annotations

import ast
import io
import json
import os
import random
import sys
import tokenize
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from cwm_trace.errors import InputError
from cwm_trace.eval.imports import missing_imports
from cwm_trace.frames import Trace
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.run import GroundTruth, source_job
from cwm_trace.train.decontaminate import fingerprints
from cwm_trace.train.names import novel_name
from cwm_trace.train.programs import (
    MAX_CHARACTERS,
    MAX_FRAMES,
    Program,
    assigned_operation,
    finished,
    generate,
    new_writer,
)
from cwm_trace.train.style import Style
from cwm_trace.train.trained import TRAINED
from cwm_trace.train.unseen import UNSEEN
from cwm_trace.train.values import Value
from cwm_trace.train.writer import Writer, literal_text

SIZE = 100
LICENCE = "Apache-2.0"
LIMITS = Limits(frames=1000, seconds=5.0, memory=1 << 30, trace_bytes=1 << 20)
_LONG_FRAMES, _LONG_CHARACTERS = 400, 60_000
_DEEP = 5
_BIG_INT, _BIG_TEXT = 10_000, 60


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a suite is made: from which seed on, of which candidates, and which of their traces fit."""

    first: int
    make: Callable[[int], Program | None]
    fits: Callable[[Program, Trace], bool]


def suite_items(name: str, size: int = SIZE, known: Set[str] = frozenset()) -> Iterator[dict[str, Any]]:
    """The first tasks of a generated suite, as JSON objects; none with a function in `known` (fingerprints), whose seeds go to stderr.

    Raises InputError for an unknown name.
    """
    if name not in RECIPES:
        raise InputError(f"no generated suite is called {name!r}", hint=f"Known: {', '.join(RECIPES)}")
    fresh = (found for found in _fitting(name) if _is_fresh(*found[:2], known))
    for seed, program, trace in islice(fresh, size):
        yield _item(f"{name}-{seed}", program, trace, name)


def _fitting(name: str) -> Iterator[tuple[int, Program, Trace]]:
    """Seed after seed that fits and is not known to be trained on, without end."""
    recipe, seen = RECIPES[name], set[str]()
    with ground_truths() as truths:
        for number in count():
            program = None if number in TRAINED[name] else recipe.make(recipe.first + number)
            trace = program and _trace(program, truths, seen)
            if program and trace and recipe.fits(program, trace):
                yield recipe.first + number, program, trace
                seen |= fingerprints(program.source)


def _is_fresh(seed: int, program: Program, known: Set[str]) -> bool:
    if known.isdisjoint(fingerprints(program.source)):
        return True
    print(seed, file=sys.stderr)
    return False


def suite_text(name: str, size: int = SIZE, known: Set[str] = frozenset()) -> str:
    """The same as JSON lines."""
    return "".join(json.dumps(item) + "\n" for item in suite_items(name, size, known))


def fingerprints_of_seeds(ranges: Iterable[str]) -> set[str]:
    """Fingerprints of the generator's programs; a range is `FIRST:LAST` (last excluded) or `FIRST:LAST:FAMILY`. Takes milliseconds a seed."""
    found: set[str] = set()
    for text in ranges:
        first, last, *family = text.split(":")
        for seed in range(int(first), int(last)):
            with suppress(SyntaxError):
                found |= fingerprints(generate(seed, 2, family[0] if family else None).source)
    return found


def _item(identity: str, program: Program, trace: Trace, name: str) -> dict[str, Any]:
    item = {"id": identity, "source": program.source, "call": program.calls[0], "expected": trace.returned}
    return item | {"licence": LICENCE, "tags": ["generated", name, program.family]}


@contextmanager
def ground_truths() -> Iterator[tuple[GroundTruth, ...]]:
    """Two child processes that hash differently; each takes its seed when it starts."""
    known = os.environ.get("PYTHONHASHSEED")
    with ExitStack() as stack:
        truths = tuple(stack.enter_context(GroundTruth()) for _ in range(2))
        try:
            for number, truth in enumerate(truths):
                os.environ["PYTHONHASHSEED"] = str(number)
                truth.trace(source_job("", "0", limits=LIMITS))
        finally:
            del os.environ["PYTHONHASHSEED"]
            os.environ.update({} if known is None else {"PYTHONHASHSEED": known})
        yield truths


def _trace(program: Program, truths: tuple[GroundTruth, ...], seen: set[str]) -> Trace | None:
    """The true trace of a program that compiles, is no renamed copy of one seen, ends, and does not depend on the order of sets."""
    if not program.calls:
        return None
    try:
        if not seen.isdisjoint(fingerprints(program.source)):
            return None
        one, other = (truth.trace(source_job(program.source, program.calls[0], limits=LIMITS)) for truth in truths)
    except (InputError, SyntaxError):  # quotes inside an f-string of the same quotes, before 3.12
        return None
    out_of_memory = (one.raised or "").startswith("MemoryError")
    return one if one.complete and one == other and not out_of_memory else None


def _usual(program: Program, trace: Trace) -> bool:
    """Within the limits of the training data."""
    return len(trace) <= MAX_FRAMES and len(trace.render()) <= MAX_CHARACTERS


# --- longer, bigger: the same programs on other arguments -------------------------------------------------------------


def _plain(seed: int) -> Program | None:
    program = generate(seed, 1)
    return program if program.calls else None


def _long(program: Program, trace: Trace) -> bool:
    return MAX_FRAMES < len(trace) <= _LONG_FRAMES and len(trace.render()) <= _LONG_CHARACTERS


def _longer(seed: int) -> Program | None:
    return _with_arguments(seed, _lengthened)


def _bigger(seed: int) -> Program | None:
    return _with_arguments(seed, _enlarged)


def _with_arguments(seed: int, change: Callable[[random.Random, Value], Value]) -> Program | None:
    """The program of a seed, called on changed arguments."""
    program, rng = _plain(seed), random.Random(f"arguments of {seed}")
    call = ast.parse(program.calls[0], mode="eval").body if program else None
    if program is None or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return None
    try:
        values = [change(rng, ast.literal_eval(argument)) for argument in call.args]
    except ValueError:  # set()
        return None
    text = f"{call.func.id}({', '.join(map(literal_text, values))})"
    return Program(program.source, (text,), program.family)


def _lengthened(rng: random.Random, value: Value) -> Value:
    """Many more elements of the same kind; a number grows to a count of that size."""
    size = rng.randint(30, 60)
    match value:
        case bool() | None | float() | "":
            return value
        case int():
            return size if value > 0 else value
        case str():
            return "".join(rng.choices(value, k=size)) if len(value) > 1 else value
        case list() | tuple() if value:
            return type(value)(rng.choices(value, k=size))
        case dict():
            return {_numbered(key, number): other for number in range(8) for key, other in value.items()}
    return value


def _numbered(key: Value, number: int) -> Value:
    return f"{key}{number}" if isinstance(key, str) else key + 1000 * number if isinstance(key, int) else key


def _enlarged(rng: random.Random, value: Value) -> Value:
    """Values of another size, as many as before: numbers of 5 to 9 digits, texts of 60 to 120 characters."""
    match value:
        case bool() | None:
            return value
        case int() | float():
            big = int(10 ** rng.uniform(4, 9))
            return (big if value >= 0 else -big) if isinstance(value, int) else round(value + big, 2)
        case str():
            return "".join(rng.choices(value, k=rng.randint(60, 120))) if len(value) > 1 else value
        case list() | tuple():
            return type(value)(_enlarged(rng, item) for item in value)
        case dict():
            return {key: _enlarged(rng, item) for key, item in value.items()}
        case set():
            return {_enlarged(rng, item) for item in sorted(value)}
    return value


def _big(program: Program, trace: Trace) -> bool:
    call = ast.parse(program.calls[0], mode="eval")
    values = [node.value for node in ast.walk(call) if isinstance(node, ast.Constant)]
    return len(trace) <= MAX_FRAMES and len(trace.render()) <= _LONG_CHARACTERS and any(map(_is_big, values))


def _is_big(value: object) -> bool:
    return (isinstance(value, int | float) and abs(value) >= _BIG_INT) or (
        isinstance(value, str) and len(value) >= _BIG_TEXT
    )


# --- renamed ----------------------------------------------------------------------------------------------------------


def _renamed(seed: int) -> Program | None:
    """The program of a seed, each of its own names replaced by one that the generator cannot make (`kv3qz8wd`).

    Left alone are programs in which a name also stands where it is no variable: in f-strings, classes, keyword arguments.
    """
    program = _plain(seed)
    try:
        tree = ast.parse(program.source) if program else None
    except SyntaxError:
        return None
    if (
        program is None
        or tree is None
        or any(isinstance(node, ast.JoinedStr | ast.ClassDef) for node in ast.walk(tree))
    ):
        return None
    own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    if own & {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}:
        return None
    rng = random.Random(f"names of {seed}")
    names = {name: _strange(rng) for name in sorted(own)}
    return Program(_replaced(program.source, names), (_replaced(program.calls[0], names),), program.family)


def _strange(rng: random.Random) -> str:
    letters = "bcdfghjklmnpqrstvwxz"
    return "".join("".join(rng.choices(letters, k=2)) + rng.choice("23456789") for _ in range(2)) + rng.choice(letters)


def _replaced(text: str, names: dict[str, str]) -> str:
    lines = text.splitlines(keepends=True)
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    for before, token in reversed(list(zip([tokens[-1], *tokens], tokens, strict=False))):
        if token.type == tokenize.NAME and token.string in names and before.string != ".":
            (row, start), (_, end) = token.start, token.end
            lines[row - 1] = lines[row - 1][:start] + names[token.string] + lines[row - 1][end:]
    return "".join(lines)


# --- deeper, unseen operations: programs of their own -----------------------------------------------------------------


def _deeper(seed: int) -> Program | None:
    """Functions that each do an operation and call the next one, five to eight deep; some do another with what comes back."""
    rng = random.Random(seed)
    first = new_writer(rng)
    kind = rng.choice(["str", "str", "int", "li", "ls"])
    names = list(dict.fromkeys(novel_name(rng) for _ in range(rng.randint(_DEEP, 8))))
    parts = [_link(rng, first, kind, name, after) for name, after in zip(names, [*names[1:], ""], strict=True)]
    call = f"{names[0]}({literal_text(first.theme.value(kind))})"
    return _styled(rng, "\n\n".join(parts), call, "chain")


def _link(rng: random.Random, first: Writer, kind: str, name: str, after: str) -> str:
    writer = Writer(rng, first.theme, max_params=1, novelty=first.novelty)
    parameter = writer.add_param(kind)
    body = assigned_operation(writer, kind)
    last = writer.scope[-1].name
    if after and rng.random() < 0.5:
        body.append(f"return {after}({last})")
    elif after:
        body += [f"{last} = {after}({last})", *assigned_operation(writer, kind), f"return {writer.scope[-1].name}"]
    else:
        body.append(f"return {last}")
    return "\n".join([f"def {name}({parameter}):", *(f"    {line}" for line in body)]) + "\n"


def _unseen(seed: int) -> Program | None:
    """One to three steps with an operation of `UNSEEN` each, and perhaps a usual one between them."""
    rng = random.Random(seed)
    writer = new_writer(rng)
    body: list[str] = []
    for _ in range(rng.randint(1, 3)):
        _, kind, template = rng.choice(UNSEEN)
        text = writer.fill(template)
        body.append(f"{writer.declare(kind, result=True)} = {text}")
        if rng.random() < 0.4:
            body += assigned_operation(writer, rng.choice(["str", "int", "li", "ls"]))
    body.append(f"return {', '.join(variable.name for variable in writer.scope[len(writer.params) :][-3:])}")
    program = finished(writer, body, 1, "unseen")
    lines, _ = missing_imports(program.source)
    source = "\n".join([*lines, "", "", program.source]) if lines else program.source
    return _styled(rng, source, program.calls[0], "unseen")


def _has_unseen(program: Program, trace: Trace) -> bool:
    return _usual(program, trace) and any(mark in program.source for mark, _, _ in UNSEEN)


def _styled(rng: random.Random, source: str, call: str, family: str) -> Program:
    style = Style.draw(rng)
    return Program(style.source(rng, source), (style.call(rng, call),), family)


def _is_deep(program: Program, trace: Trace) -> bool:
    return _usual(program, trace) and max(trace.depths()) >= _DEEP


RECIPES: dict[str, Recipe] = {
    "in-distribution": Recipe(9_700_000, _plain, _usual),
    "longer": Recipe(9_710_000, _longer, _long),
    "deeper": Recipe(9_720_000, _deeper, _is_deep),
    "renamed": Recipe(9_730_000, _renamed, _usual),
    "unseen-operations": Recipe(9_740_000, _unseen, _has_unseen),
    "bigger-values": Recipe(9_750_000, _bigger, _big),
}
"""By the name of the suite; `cwm_trace.eval.suites.BUNDLED` says what each is. Training uses seeds far below."""
