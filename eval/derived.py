"""Answers to other benchmarks' questions, read off a predicted trace: REval's, CoCoNUT's and CodeExecutor's.

Sources: REval (`evaluation.py` of its repository): coverage, path, state; its fourth question, the output, is `output_compatible` of
`cwm_trace.eval.metrics`. CoCoNUT: the path of executed lines. CodeExecutor (`inference/metric.py`): lines and identifiers. Where our
questions differ from theirs, the docstring of the question says how, so these are not numbers to lay beside published ones without care.

All look at the program's own LINE frames: of a call those below the entry, as that is the `main` which the context puts around it; of a script
all. A line is told by its text, as in a trace of CWM's: equal lines are one. Every question gives (right, asked) of a trace; a metric is the
ratio of their sums over all traces (micro), its interval a bootstrap over programs (Wilson's where each trace is one question). Where nothing
was predicted, no frame or no trace at all, all that is asked is wrong. Model text is never executed.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from cwm_trace.eval.alignment import similarity
from cwm_trace.eval.groups import own_depth
from cwm_trace.eval.intervals import Estimate, estimate, ratio, share_interval
from cwm_trace.eval.literals import literal_value, program_tree
from cwm_trace.eval.samples import Sample
from cwm_trace.format import is_call_context, marked_line, source_lines, strip_mark
from cwm_trace.frames import Event, Frame, Trace

Counts = tuple[float, float]
"""Right, asked."""
_Locals = Mapping[str, str]
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def derived_metrics(samples: Sequence[Sample]) -> dict[str, Estimate]:
    """All metrics of `QUESTIONS` over the samples that have a true trace; those that ask nothing are left out. `n` counts traces."""
    programs = [sample.cluster for sample in samples if sample.actual]
    judged = [answers(sample.predicted, sample.actual) for sample in samples if sample.actual]
    found = {name: [counts[name] for counts in judged] for name in QUESTIONS}
    return {name: _estimate(counts, programs) for name, counts in found.items() if any(asked for _, asked in counts)}


def answers(predicted: Trace | None, actual: Trace) -> dict[str, Counts]:
    """What is right and asked in one trace, by question."""
    given = Trace(actual.context, actual.frames[:1], False)
    guess = given if predicted is None or len(predicted) <= len(given) else predicted
    asked = {name: ask(guess, actual) for name, (_, ask) in QUESTIONS.items()}
    return {name: (0.0, below) for name, (_, below) in asked.items()} if guess is given else asked


def _estimate(counts: Sequence[Counts], programs: Sequence[str]) -> Estimate:
    if all(asked == 1 for _, asked in counts):
        return estimate([right for right, _ in counts], programs)
    sums: dict[str, Counts] = {}
    for (right, asked), program in zip(counts, programs, strict=True):
        before = sums.get(program, (0.0, 0.0))
        sums[program] = before[0] + right, before[1] + asked
    clusters = [pair for pair in sums.values() if pair[1]]
    low, high = share_interval(clusters)
    return Estimate(100 * ratio(clusters), 100 * low, 100 * high, sum(1 for _, asked in counts if asked))


# --- what a trace says ------------------------------------------------------------------------------------------------


def line_frames(trace: Trace) -> Iterator[Frame]:
    """The LINE frames of the program."""
    least = own_depth(trace)
    for step, depth in zip(trace.frames, trace.depths(), strict=True):
        if isinstance(step, Frame) and step.event is Event.LINE and depth >= least:
            yield step


def line_path(trace: Trace) -> list[str]:
    """The executed lines, in order."""
    return [_line(step) for step in line_frames(trace)]


def _line(step: Frame) -> str:
    return step.source.rstrip("\r\n")


def after_lines(trace: Trace) -> Iterator[tuple[str, _Locals, _Locals]]:
    """Each executed line with the locals before it and after it, which the next LINE of the same Python frame shows."""
    stack: list[Frame | None] = []
    least = own_depth(trace)
    for step in trace.frames:
        if step.event is Event.CALL:
            stack.append(None)
        elif step.event is Event.RETURN and stack:
            stack.pop()
        elif isinstance(step, Frame) and step.event is Event.LINE and stack:
            before = stack[-1]
            if before is not None and len(stack) > least:
                yield _line(before), before.locals, step.locals
            stack[-1] = step


@lru_cache(maxsize=64)
def program_lines(context: str) -> frozenset[str]:
    """The lines on which a statement that does something starts, as far as a trace may show it: in the functions of a program, but for the
    entry that a call is put into, and where a module is traced in it, too."""
    lines = [strip_mark(line) for line in source_lines(context)]
    tree = program_tree("".join(lines))
    if tree is None:
        return frozenset()
    return frozenset(
        lines[statement.lineno - 1].rstrip("\r\n")
        for block in _blocks(tree, context)
        for statement in ast.walk(block)
        if isinstance(statement, ast.stmt) and statement is not block and _does_something(statement)
    )


def _blocks(tree: ast.Module, context: str) -> list[ast.AST]:
    """What a trace may be in."""
    functions: list[ast.AST] = [node for node in ast.walk(tree) if isinstance(node, _Function)]
    if is_call_context(context):
        return [function for function in functions if function is not tree.body[-1]]
    return functions if any(_is_marked(function, context) for function in functions) else [tree]


def _is_marked(function: ast.AST, context: str) -> bool:
    return isinstance(function, _Function) and function.lineno == marked_line(context)


def _does_something(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, ast.Constant)
    return not isinstance(statement, ast.Global | ast.Nonlocal)


# --- REval ------------------------------------------------------------------------------------------------------------


def coverage(predicted: Trace, actual: Trace) -> Counts:
    """REval's coverage, accuracy: is this line executed? Asked of every line of the program's functions."""
    lines, guess, truth = program_lines(actual.context), set(line_path(predicted)), set(line_path(actual))
    return sum((line in guess) == (line in truth) for line in lines), len(lines)


def coverage_f1(predicted: Trace, actual: Trace) -> Counts:
    """The same as F1 of "executed": twice the true positives over predicted and true positives."""
    lines = program_lines(actual.context)
    guess, truth = lines & set(line_path(predicted)), lines & set(line_path(actual))
    return 2 * len(guess & truth), len(guess) + len(truth)


def next_line(predicted: Trace, actual: Trace) -> Counts:
    """REval's path: which line comes after this one? Asked of every line of the program's functions.

    The answer is what follows the line's first time in the prediction; right if it follows any time in truth ("none" where the line is
    never executed or nothing follows). REval asks about some lines only.
    """
    guess, truth = _successors(line_path(predicted)), _successors(line_path(actual))
    lines = program_lines(actual.context)
    return sum(guess.get(line, [None])[0] in truth.get(line, [None]) for line in lines), len(lines)


def _successors(path: Sequence[str]) -> dict[str, list[str | None]]:
    found: dict[str, list[str | None]] = {}
    for line, after in zip(path, (*path[1:], None), strict=False):
        found.setdefault(line, []).append(after)
    return found


def state_after_line(predicted: Trace, actual: Trace) -> Counts:
    """REval's state: what is this variable after this line? Asked of every variable that the line binds or changes in truth.

    The answer is the value after the line's first time in the prediction after which the variable is bound; right if it is the
    variable's after any time in truth (floats within 1e-6). REval asks about one variable that the line names, whether it changes or not.
    """
    first: dict[tuple[str, str], str] = {}
    for line, _, after in after_lines(predicted):
        for name, value in after.items():
            first.setdefault((line, name), value)
    truth: dict[tuple[str, str], list[str]] = {}
    asked: set[tuple[str, str]] = set()
    for line, before, after in after_lines(actual):
        asked |= {(line, name) for name, value in after.items() if before.get(name) != value}
        for name, value in after.items():
            truth.setdefault((line, name), []).append(value)
    return sum(_is_any(first.get(probe), truth[probe]) for probe in asked), len(asked)


def _is_any(value: str | None, values: Sequence[str]) -> bool:
    return value is not None and any(value == item or _close(value, item) for item in values)


def _close(left: str, right: str) -> bool:
    try:
        one, other = literal_value(left), literal_value(right)
    except ValueError:
        return False
    return isinstance(one, float) and isinstance(other, float) and math.isclose(one, other, rel_tol=0, abs_tol=1e-6)


# --- CoCoNUT ----------------------------------------------------------------------------------------------------------


def path_exact(predicted: Trace, actual: Trace) -> Counts:
    """CoCoNUT's accuracy of one call: all executed lines, in order."""
    return float(line_path(predicted) == line_path(actual)), 1


def path_similarity(predicted: Trace, actual: Trace) -> Counts:
    """Similarity of the two paths: twice their longest common subsequence over the sum of their lengths.

    CoCoNUT's own formula for "similarity" is not known to us; this is the usual one.
    """
    return similarity(line_path(predicted), line_path(actual)), 1


# --- CodeExecutor -----------------------------------------------------------------------------------------------------


def _lines_right(predicted: Trace, actual: Trace) -> tuple[int, int, int]:
    """Lines right (same line, same expanded locals, same position), predicted, true."""
    guess, truth = list(line_frames(predicted)), list(line_frames(actual))
    pairs = zip(guess, truth, strict=False)
    return sum(_line(a) == _line(b) and dict(a.locals) == dict(b.locals) for a, b in pairs), len(guess), len(truth)


def _identifiers_right(predicted: Trace, actual: Trace) -> tuple[int, int, int]:
    """Pairs of name and value right (at positions where the line is), predicted, true."""
    guess, truth = list(line_frames(predicted)), list(line_frames(actual))
    pairs = zip(guess, truth, strict=False)
    right = sum(len(a.locals.items() & b.locals.items()) for a, b in pairs if _line(a) == _line(b))
    return right, sum(len(step.locals) for step in guess), sum(len(step.locals) for step in truth)


def _precision(count: Callable[[Trace, Trace], tuple[int, int, int]]) -> Callable[[Trace, Trace], Counts]:
    return lambda predicted, actual: count(predicted, actual)[:2]


def _recall(count: Callable[[Trace, Trace], tuple[int, int, int]]) -> Callable[[Trace, Trace], Counts]:
    return lambda predicted, actual: count(predicted, actual)[::2]


def _f1(count: Callable[[Trace, Trace], tuple[int, int, int]]) -> Callable[[Trace, Trace], Counts]:
    """F1 of micro precision and recall: 2 P R / (P + R) = 2 right / (predicted + true)."""

    def ask(predicted: Trace, actual: Trace) -> Counts:
        right, guessed, true = count(predicted, actual)
        return 2 * right, guessed + true

    return ask


QUESTIONS: dict[str, tuple[str, Callable[[Trace, Trace], Counts]]] = {
    "coverage": ("line executed? (REval)", coverage),
    "coverage_f1": ("the same, F1", coverage_f1),
    "next_line": ("next line (REval)", next_line),
    "state_after_line": ("value after line (REval)", state_after_line),
    "path_exact": ("line path (CoCoNUT)", path_exact),
    "path_similarity": ("line path, similarity", path_similarity),
    "line_precision": ("lines, precision (CodeExecutor)", _precision(_lines_right)),
    "line_recall": ("lines, recall", _recall(_lines_right)),
    "line_f1": ("lines, F1", _f1(_lines_right)),
    "identifier_precision": ("identifiers, precision", _precision(_identifiers_right)),
    "identifier_recall": ("identifiers, recall", _recall(_identifiers_right)),
    "identifier_f1": ("identifiers, F1", _f1(_identifiers_right)),
}
"""Name -> title, and the question."""
