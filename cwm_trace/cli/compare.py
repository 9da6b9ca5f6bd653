"""`cwm-trace diff`: the first divergence of two trace files, and the scores of one against the other."""

from __future__ import annotations

import argparse
import json
import sys

from cwm_trace.cli.choose import one_of
from cwm_trace.cli.output import console
from cwm_trace.display import divergence
from cwm_trace.errors import InputError
from cwm_trace.eval import diff, score
from cwm_trace.files import load_all
from cwm_trace.frames import Trace


def run(args: argparse.Namespace) -> int:
    """Returns 0 if the traces are equal, 1 if they differ. Raises InputError."""
    predicted, actual = _two(args.predicted, args.actual, args.which)
    if predicted.context and actual.context and predicted.context != actual.context:
        print("cwm-trace: these are traces of different programs", file=sys.stderr)
    _check_given(args.given, predicted, actual)
    compared = diff(predicted, actual, args.given)
    scores = score(predictions=[predicted], references=[actual], given=args.given)
    if args.json:
        record = {"first": compared.first, "cause": compared.cause, "frames": compared.total, **scores}
        sys.stdout.write(json.dumps(record) + "\n")
        return int(bool(compared))
    screen = console(args.color)
    if compared.first is None:
        given = f", {args.given} given" if args.given else ""
        screen.print(f"equal: {compared.total} frames compared{given}")
        return 0
    guess, truth = (
        trace.frames[compared.first] if compared.first < len(trace) else None for trace in (predicted, actual)
    )
    lines = [f"first divergence at frame {compared.first} ({compared.cause})", *divergence(guess, truth)]
    lines += [f"{name.replace('_', ' '):<24} {value:6.1f}" for name, value in scores.items()]
    screen.print("\n".join(lines), markup=False, soft_wrap=True)
    return 1


def _two(predicted: str, actual: str, which: str | None) -> tuple[Trace, Trace]:
    """The traces of two files; `which` is of a file that holds several, and the other one may hold one. Raises InputError."""
    alone = {path for path in (predicted, actual) if which is not None and len(load_all(path)) == 1}
    if {predicted, actual} <= alone and which != "1":
        raise InputError(f"each file holds one trace, so there is no trace {which}", hint="Leave --trace out")
    guess, truth = (one_of(path, None if path in alone else which) for path in (predicted, actual))
    return guess, truth


def _check_given(given: int, predicted: Trace, actual: Trace) -> None:
    """A prediction may end with what was given to it; of the truth something must be left to compare."""
    if given > len(predicted) or given >= len(actual):
        which, has = ("PREDICTED", len(predicted)) if given > len(predicted) else ("ACTUAL", len(actual))
        hint = f"Give --given {max(min(len(predicted), len(actual) - 1), 0)} or less"
        raise InputError(f"{given} frames cannot have been given: {which} has {has}", hint=hint)
