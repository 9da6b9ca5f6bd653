"""`cwm-trace show`: a trace file as a table, as CWM text, as JSON lines, or converted to another file."""

from __future__ import annotations

import argparse
import sys

from cwm_trace.cli.choose import one_of
from cwm_trace.cli.history import last
from cwm_trace.cli.output import JsonView, TableView, View, console, wants_json
from cwm_trace.errors import InputError
from cwm_trace.files import load_all, save
from cwm_trace.frames import Trace


def run(args: argparse.Namespace) -> int:
    """Returns 0. Raises InputError."""
    if args.file is None and not args.last:
        raise InputError("nothing to show", hint="Give a trace file, or --last")
    path = args.file or last()
    traces = load_all(path) if args.which is None else [one_of(path, args.which)]
    if not traces:
        raise InputError(f"{path} holds no trace")
    if args.output:
        save(traces, args.output)
        return 0
    if len(traces) > 1:
        print(f"cwm-trace: {path} holds {len(traces)} traces; --trace N shows one", file=sys.stderr)
    for trace in traces:
        for one in (trace, *trace.threads):
            _show(one, args)
    return 0


def _show(trace: Trace, args: argparse.Namespace) -> None:
    if args.text:
        sys.stdout.write(trace.render())
        return
    screen = console(args.color, sys.stderr if wants_json(args) else None)
    view: View = JsonView() if wants_json(args) else TableView(screen, full=args.full)
    view.begin(dict(trace.meta), ())
    for step in trace:
        view.step(step)
    view.end(trace)
    screen.print(repr(trace), markup=False, soft_wrap=True)
