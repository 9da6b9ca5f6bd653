"""`predict --verify`: how predictions compare with the real run, in words, in JSON, and as an exit code.

Knows whole traces; which frames are marked while they come is `predict`'s matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cwm_trace.cli.output import DIFFERS, LIMIT, OK, JsonView, View, ending, frames
from cwm_trace.cli.samples import verified
from cwm_trace.cli.target import Target
from cwm_trace.display import divergence
from cwm_trace.eval.compare import Cause, Diff, diff, same_ending
from cwm_trace.frames import Status, Trace

if TYPE_CHECKING:
    from rich.console import Console


def verify(
    screen: Console,
    view: View,
    target: Target,
    given: int,
    traces: Sequence[Trace],
    actual: Trace,
    *,
    single_step: bool,
) -> int:
    """Say how the predictions compare with the real run; returns the exit code."""
    records: list[dict[str, Any]]
    if single_step:
        right = [same_ending(trace, actual) for trace in traces]
        screen.print(_single_steps(right, actual), markup=False, soft_wrap=True)
        records = [{"verified": same} for same in right]
        code = OK if all(right) else DIFFERS
    else:
        compared = [diff(trace, actual, given) for trace in traces]
        _verdicts(screen, target, compared, traces, actual)
        records = [_record(item, actual) for item in compared]
        code = _code(compared, actual)
    if isinstance(view, JsonView):
        for number, record in enumerate(records, start=1):
            view.put(record if len(records) == 1 else {"sample": number, **record})
    return code


def _code(compared: Sequence[Diff], actual: Trace) -> int:
    """A limit alone is no difference; a real run that came to no end verifies nothing."""
    causes = {item.cause for item in compared} - {None}
    if causes - {Cause.TRUNCATED}:
        return DIFFERS
    return LIMIT if causes else incomplete(actual)


def incomplete(actual: Trace) -> int:
    """The exit code where all that the real run has is right, for how the real run ended."""
    if actual.complete:
        return OK
    return LIMIT if actual.status.is_limit else DIFFERS


def _record(compared: Diff, actual: Trace) -> dict[str, Any]:
    """The last line of JSON: counts are of the predicted frames, first of the whole trace."""
    return {
        "verified": compared.first is None and actual.complete,
        "first_divergence": compared.first,
        "cause": compared.cause,
        "frames_exact": compared.frames_exact,
        "control_flow": compared.control_flow,
        "values": compared.values,
        "total": compared.total,
        "return_equal": compared.return_equal,
        "real_run": actual.status.value,
    }


def _single_steps(right: Sequence[bool], actual: Trace) -> str:
    if not actual.complete:
        return f"not judged: {ended_early(actual)}"
    how = f"right: {sum(right)} of {len(right)} samples;" if len(right) > 1 else "right:" if right[0] else "wrong:"
    return f"{how} the real run {ending(actual)}"


def ended_early(actual: Trace) -> str:
    """Of a real run that came to no end: how, and behind how many frames."""
    return f"the real run {ending(actual)} after {frames(len(actual))}"


def _verdicts(
    screen: Console, target: Target, compared: Sequence[Diff], traces: Sequence[Trace], actual: Trace
) -> None:
    """Of the first trace, whose frames are shown, in detail; of several, first where each parts from the real run."""
    if len(traces) > 1:
        screen.print(verified(compared), markup=False, soft_wrap=True)
        if not compared[0] and actual.complete:
            return
        screen.print("\nsample 1, which is shown:", markup=False)
    _verdict(screen, target, compared[0], traces[0], actual)


def _verdict(screen: Console, target: Target, compared: Diff, trace: Trace, actual: Trace) -> None:
    style = "bold green" if compared.first is None and actual.complete else None
    if compared.first is None:
        said = _whole(compared) if actual.complete else _as_far_as_it_went(compared, trace, actual)
    elif compared.cause is Cause.TRUNCATED:
        said = _cut_off(compared)
    else:
        said = "\n".join(_difference(target, compared, compared.first, trace, actual))
    screen.print(said, style=style, markup=False, soft_wrap=True)


def _exact(count: int, what: str = "") -> str:
    """All of so many frames are exact."""
    return f"the 1 frame{what} is exact" if count == 1 else f"all {count} frames{what} are exact"


def _whole(compared: Diff) -> str:
    return f"verified against the real run: {'all ' if compared.total != 1 else ''}{frames(compared.total)} exact"


def _as_far_as_it_went(compared: Diff, trace: Trace, actual: Trace) -> str:
    said = f"{ended_early(actual)}: {_exact(compared.total, ' predicted up to there') if compared.total else 'none to compare'}"
    behind = len(trace) - len(actual)
    return f"{said}, {behind} behind it cannot be judged" if behind > 0 else said


def _cut_off(compared: Diff) -> str:
    left = compared.total - compared.frames_exact
    return f"{_exact(compared.frames_exact, ' predicted')}, {left} true {'one' if left == 1 else 'ones'} not reached"


def _difference(target: Target, compared: Diff, index: int, trace: Trace, actual: Trace) -> list[str]:
    guess = trace.frames[index] if index < len(trace) else None
    truth = actual.frames[index] if index < len(actual) else None
    lines = [f"\nfirst divergence at frame {index} ({compared.cause})", *divergence(guess, truth, target.offset)]
    total = compared.total
    counts = f"control flow {compared.control_flow}/{total} · values {compared.values}/{total}"
    lines.append(f"{compared.frames_exact} of {frames(total)} exact · {counts}")
    if trace.status is Status.OPEN and index < len(trace) < len(actual):
        lines[-1] += f" · {len(actual) - len(trace)} not predicted, as it stopped here"
    if compared.return_equal:
        lines.append(f"the end is right: {ending(actual)}")
    elif trace.complete:
        lines.append(f"the end is wrong: {ending(trace)}, the real run {ending(actual)}")
    else:
        lines.append(f"the real run {ending(actual)}")
    lines.append(f"next: cwm-trace debug --last --frame {min(index, len(trace) - 1)} -x truth")
    return lines
