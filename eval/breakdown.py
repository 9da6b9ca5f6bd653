"""Where a model is right: shares by length, depth, statement, type of value and of output, and exceptions.

By trace: the share of tasks whose output, and whose whole trace, is right. By frame and value: the share that is right *where all frames
before are*, so that errors which follow from errors are not counted again; what comes after the first divergence is not looked at. All
groups are told from the true trace; a task without one is in no group.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cwm_trace.eval.intervals import Estimate, estimate
from cwm_trace.eval.metrics import changes
from cwm_trace.eval.samples import Sample
from cwm_trace.format import source_lines, strip_mark
from cwm_trace.frames import Event, Step, Trace

Groups = dict[str, dict[str, Estimate]]
"""Group -> metric -> share."""
Item = tuple[str, str, float]
"""Group, metric, right (1) or wrong (0)."""

_LINES = (2, 3, 4, 6, 10, 20, 50)
_DEPTHS = (1, 2, 5)
_GIVEN = 1


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to group: what it says, what a sample gives to it, and the order of groups where it has one of its own."""

    title: str
    items: Callable[[Sample, Trace], Iterable[Item]]
    order: tuple[str, ...] = ()


def breakdowns(samples: Sequence[Sample]) -> dict[str, Groups]:
    """All kinds of `KINDS`, by name."""
    return {name: _groups(kind, samples) for name, kind in KINDS.items()}


def _groups(kind: Kind, samples: Sequence[Sample]) -> Groups:
    found: dict[str, dict[str, list[tuple[float, str]]]] = {}
    for sample in samples:
        for group, metric, right in kind.items(sample, sample.actual) if sample.actual else ():
            found.setdefault(group, {}).setdefault(metric, []).append((right, sample.cluster))
    names = sorted(found, key=lambda name: -max(map(len, found[name].values())))
    if kind.order:
        names.sort(key=kind.order.index)
    return {name: {metric: _estimate(pairs) for metric, pairs in found[name].items()} for name in names}


def _estimate(pairs: Sequence[tuple[float, str]]) -> Estimate:
    return estimate([value for value, _ in pairs], [program for _, program in pairs])


# --- by trace ---------------------------------------------------------------------------------------------------------


def _by_trace(group: Callable[[Trace], str]) -> Callable[[Sample, Trace], Iterator[Item]]:
    def items(sample: Sample, actual: Trace) -> Iterator[Item]:
        name = group(actual)
        yield name, "output_pass_at_1", sample.score.output_pass_at_1
        yield name, "full_trace_exact_match", sample.score.full_trace_exact_match

    return items


def _buckets(bounds: Sequence[int]) -> tuple[str, ...]:
    """Names of the ranges up to each bound, and of what is above: 2, 3, 6 -> 1-2, 3, 4-6, 7+."""
    starts = [1, *(bound + 1 for bound in bounds)]
    ranges = zip(starts, bounds, strict=False)
    return (*(str(low) if low == high else f"{low}-{high}" for low, high in ranges), f"{starts[-1]}+")


def _bucket(number: int, bounds: Sequence[int]) -> str:
    return _buckets(bounds)[sum(number > bound for bound in bounds)] if number else "0"


def _lines_below_entry(actual: Trace) -> str:
    depths = zip(actual.frames, actual.depths(), strict=True)
    return _bucket(sum(step.event is Event.LINE and depth > 0 for step, depth in depths), _LINES)


def _deepest(actual: Trace) -> str:
    return _bucket(max(actual.depths(), default=0), _DEPTHS)


def _output_type(actual: Trace) -> str:
    return "raises" if actual.raised is not None else type_name(actual.returned or "")


def _exceptions(actual: Trace) -> str:
    if actual.raised is not None:
        return "raises"
    return "inside only" if any(step.event is Event.EXCEPTION for step in actual) else "none"


def type_name(value: str) -> str:
    """The type of a rendered value if it is a Python literal, else "object"."""
    try:
        return type(ast.literal_eval(value)).__name__.removesuffix("Type")
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return "set" if value == "set()" else "object"


# --- by frame and value -----------------------------------------------------------------------------------------------


def _judged(sample: Sample, actual: Trace) -> Iterator[tuple[int, bool]]:
    """The true frames up to the first divergence: index, and whether the prediction has it."""
    first = sample.first if sample.predicted else _GIVEN
    for index in range(_GIVEN, len(actual) if first is None else min(first + 1, len(actual))):
        yield index, index != first


def _by_statement(sample: Sample, actual: Trace) -> Iterator[Item]:
    for index, right in _judged(sample, actual):
        yield _ran(actual, actual.frames[index - 1]), "next_frame", float(right)


def _ran(actual: Trace, before: Step) -> str:
    """What ran between a frame and the next: a statement, or what the event says."""
    if before.event is not Event.LINE:
        return f"after {before.event}"
    return _statements(actual.context).get(before.line_number or 0, "other")


_STATEMENTS: Mapping[type[ast.stmt], str] = {
    ast.Assign: "assignment",
    ast.AnnAssign: "assignment",
    ast.AugAssign: "augmented assignment",
    ast.Expr: "expression",
    ast.AsyncFor: "for",
    ast.AsyncWith: "with",
    ast.FunctionDef: "def",
    ast.AsyncFunctionDef: "def",
    ast.ClassDef: "class",
    ast.ImportFrom: "import",
    ast.TryStar: "try",
}


@lru_cache(maxsize=64)
def _statements(context: str) -> dict[int, str]:
    """Line -> kind of the innermost statement on it."""
    try:
        tree = ast.parse("".join(map(strip_mark, source_lines(context))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    kinds: dict[int, str] = {}
    for node in ast.walk(tree):  # from the outside in
        if isinstance(node, ast.stmt):
            name = _STATEMENTS.get(type(node), type(node).__name__.lower())
            kinds |= dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), name)
    return kinds


def _by_value(sample: Sample, actual: Trace) -> Iterator[Item]:
    changed = changes(actual)
    for index, _ in _judged(sample, actual):
        truth = actual.frames[index]
        guess = sample.predicted.frames[index] if sample.predicted and index < len(sample.predicted) else None
        if truth.event is Event.CALL or index in changed:
            values = truth.locals if truth.event is Event.CALL else changed[index].changed
            shown = guess.locals if guess is not None else {}
            yield from ((type_name(text), "value", float(shown.get(name) == text)) for name, text in values.items())
        elif truth.value is not None:
            name = "exception" if truth.event is Event.EXCEPTION else type_name(truth.value)
            yield name, "value", float(guess is not None and (guess.event, guess.value) == (truth.event, truth.value))


KINDS: dict[str, Kind] = {
    "events": Kind("LINE frames below the entry", _by_trace(_lines_below_entry), ("0", *_buckets(_LINES))),
    "depth": Kind("deepest call", _by_trace(_deepest), ("0", *_buckets(_DEPTHS))),
    "output": Kind("type of the output", _by_trace(_output_type)),
    "exception": Kind("exceptions", _by_trace(_exceptions)),
    "statement": Kind("statement that ran", _by_statement),
    "value": Kind("type of a new value", _by_value),
}
"""The first one's ranges are those in which CRUXEval's published per-sample scores have been tabled by number of LINE events."""
METRIC_TITLES = {
    "output_pass_at_1": "output pass@1",
    "full_trace_exact_match": "whole trace exact",
    "next_frame": "next frame right after right ones",
    "value": "value right after right frames",
}
