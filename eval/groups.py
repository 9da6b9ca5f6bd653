"""Groups of traces, frames and values, told from the true trace, and the share of what is right in each.

Knows nothing of how a prediction was made: what counts as right is told by who asks (`breakdown`, `teacher_details`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, NamedTuple, Protocol, TypeVar

from cwm_trace.eval.intervals import Estimate, estimate
from cwm_trace.eval.literals import literal_value, program_tree
from cwm_trace.format import is_call_context, source_lines, strip_mark
from cwm_trace.frames import Event, Step, Trace

Groups = dict[str, dict[str, Estimate]]
"""Group -> metric -> share."""

_LINES = (2, 3, 4, 6, 10, 20, 50)
_DEPTHS = (1, 2, 5)


class Item(NamedTuple):
    """One thing that was judged: its group, the metric that asks, right (1) or wrong (0)."""

    group: str
    metric: str
    right: float


class _Judged(Protocol):
    @property
    def cluster(self) -> str: ...
    @property
    def actual(self) -> Trace | None: ...


_Sample = TypeVar("_Sample", bound=_Judged)


@dataclass(frozen=True, slots=True)
class Kind(Generic[_Sample]):
    """One way to group: what it says, what a sample gives to it, and the order of groups where it has one of its own."""

    title: str
    items: Callable[[_Sample, Trace], Iterable[Item]]
    order: tuple[str, ...] = ()


def breakdown(kinds: Mapping[str, Kind[_Sample]], samples: Sequence[_Sample]) -> dict[str, Groups]:
    """All these kinds, by name; a sample without a true trace is in no group."""
    return {name: _groups(kind, samples) for name, kind in kinds.items()}


def _groups(kind: Kind[_Sample], samples: Sequence[_Sample]) -> Groups:
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


# --- groups of traces -------------------------------------------------------------------------------------------------


def _buckets(bounds: Sequence[int]) -> tuple[str, ...]:
    """Names of zero, of the ranges up to each bound, and of what is above: 2, 3, 6 -> 0, 1-2, 3, 4-6, 7+."""
    starts = [1, *(bound + 1 for bound in bounds)]
    ranges = zip(starts, bounds, strict=False)
    return ("0", *(str(low) if low == high else f"{low}-{high}" for low, high in ranges), f"{starts[-1]}+")


LENGTH_ORDER = _buckets(_LINES)
"""The ranges in which CRUXEval's published per-sample scores have been tabled by number of LINE events."""
DEPTH_ORDER = _buckets(_DEPTHS)


def _bucket(number: int, bounds: Sequence[int]) -> str:
    return _buckets(bounds)[sum(number > bound for bound in (0, *bounds))]


def own_depth(trace: Trace) -> int:
    """The least depth of the program's own frames: 1 where the entry is the `main` that a context puts around a call, else 0."""
    return int(is_call_context(trace.context))


def length(actual: Trace) -> str:
    """How many LINE frames of the program it has."""
    depths, least = zip(actual.frames, actual.depths(), strict=True), own_depth(actual)
    return _bucket(sum(step.event is Event.LINE and depth >= least for step, depth in depths), _LINES)


def deepest_call(actual: Trace) -> str:
    """How deep its calls go; the entry is 0."""
    return depth_range(max(actual.depths(), default=0))


def depth_range(depth: int) -> str:
    """The range of a call depth."""
    return _bucket(depth, _DEPTHS)


def output_type(actual: Trace) -> str:
    """The type of what the entry returns, or that it raises."""
    return "raises" if actual.raised is not None else type_name(actual.returned or "")


def exceptions(actual: Trace) -> str:
    """Whether exceptions leave it, or happen inside only."""
    if actual.raised is not None:
        return "raises"
    return "inside only" if any(step.event is Event.EXCEPTION for step in actual) else "none"


def type_name(value: str) -> str:
    """The type of a rendered value if it is a Python literal, else "object"."""
    try:
        return type(literal_value(value)).__name__.removesuffix("Type")
    except ValueError:
        return "set" if value == "set()" else "object"


# --- groups of frames -------------------------------------------------------------------------------------------------


def event_of(actual: Trace, index: int) -> str:
    """The event of a frame."""
    return str(actual.frames[index].event)


def ended_with(step: Step) -> str:
    """The type of what a RETURN frame returns, or that it is an EXCEPTION frame."""
    return "exception" if step.event is Event.EXCEPTION else type_name(step.value or "")


def ran_before(actual: Trace, index: int) -> str:
    """What ran between the frame before this one and this one: a statement, or what the event before says."""
    before = actual.frames[index - 1]
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
    tree = program_tree("".join(map(strip_mark, source_lines(context))))
    if tree is None:
        return {}
    kinds: dict[int, str] = {}
    for node in ast.walk(tree):  # from the outside in
        if isinstance(node, ast.stmt):
            name = _STATEMENTS.get(type(node), type(node).__name__.lower())
            kinds |= dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), name)
    return kinds
