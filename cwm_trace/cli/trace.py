"""`cwm-trace trace`: runs a program as plain python would, and records it. The program's streams and exit code are its own."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from cwm_trace.cli.history import not_kept, remember
from cwm_trace.cli.output import LIMIT, JsonView, TableView, View, console, ending
from cwm_trace.cli.target import parse_target
from cwm_trace.errors import InputError
from cwm_trace.files import check_output, is_of_one, save
from cwm_trace.frames import Trace
from cwm_trace.prompts import entry_in_words
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.run import Job, Run, RunResult, code_job, module_job, script_job

if TYPE_CHECKING:
    from rich.console import Console

_ENDING = (signal.SIGTERM, signal.SIGHUP)  # what ends a plain python, too
_MOST = 100_000  # frames of a run that is kept for --last


def run(args: argparse.Namespace) -> int:
    """Returns the program's exit code, or 124 (a limit) / 125 / 130. Raises InputError."""
    if args.output:
        check_output(args.output)
    job, offset = _job(args)
    # For JSON on stdout the program's own output moves to stderr, so that the two do not mix.
    keep = args.json or args.show or _in_one_piece(args)
    child = Run(job, detached=False, sandbox=args.sandbox, stdout=sys.stderr if args.json else None, keep=keep)
    view = JsonView() if args.json else None
    if args.misplaced:
        print(f"cwm-trace: {_misplaced(args)}", file=sys.stderr)
    if view is not None:
        _written(lambda: view.begin({"program": job.title}, ()))
    try:
        with _passed_on(child):
            interrupted = _followed(child, view)
            result = child.result()
            if view is not None:
                _written(lambda: _end(view, result.trace))
            _report(args, child, result, offset)
    finally:
        child.close()
    if interrupted:
        return 128 + interrupted
    if result.trace.status.is_limit:
        return LIMIT
    return _exit_code(result.returncode)


def _followed(child: Run, view: JsonView | None) -> int:
    """Show the frames as they come; the signal that ended this, or 0."""
    try:
        for step in child:
            if view is not None:
                _written(lambda step=step: view.step(step))  # type: ignore[misc]
    except _Signalled as signalled:
        return signalled.number
    except KeyboardInterrupt:
        return signal.SIGINT
    return 0


def _written(write: Callable[[], None]) -> None:
    """Write to stdout, unless its reader is gone: the program runs on, and its trace is saved, as without one."""
    try:
        write()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Signalled(KeyboardInterrupt):
    """A signal ends the run, as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        self.number = number


@contextmanager
def _passed_on(child: Run) -> Iterator[None]:
    """What would end a plain python (docker stop, a terminal that is closed) ends the program, which would go on alone; what came is kept."""

    def passed_on(number: int, frame: FrameType | None) -> NoReturn:
        child.send(number)
        raise _Signalled(number)

    handlers = {number: signal.getsignal(number) for number in _ENDING}
    for number, handler in handlers.items():
        if handler is signal.SIG_DFL:  # nohup has SIGHUP ignored
            signal.signal(number, passed_on)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _job(args: argparse.Namespace) -> tuple[Job, int]:
    memory = None if args.memory is None else args.memory << 20
    limits = Limits(frames=args.max_frames, seconds=args.timeout, memory=memory, trace_bytes=None)
    if args.module is not None:
        return module_job(args.module, args.arguments, limits=limits), 0
    if args.code is not None:
        return code_job(args.code, args.arguments, limits=limits), 0
    if args.target is None:
        raise InputError("nothing to trace", hint="Give a SCRIPT, -m MOD or -c CODE")
    if args.call is not None or "::" in args.target:
        target = parse_target(args.target, args.call)
        return target.job(limits), target.offset
    return script_job(args.target, args.arguments, limits=limits), 0


def _misplaced(args: argparse.Namespace) -> str:
    """What to say of options that are ours by their names, and the program's by their places."""
    whose, place = ("script", "SCRIPT") if args.module is None and args.code is None else ("program", "-m and -c")
    verb = "is" if len(args.misplaced) == 1 else "are"
    call = ", or with SCRIPT::FUNC" if "--call" in args.misplaced else ""
    return f"{' '.join(args.misplaced)} {verb} the {whose}'s own here; ours come before {place}{call}"


def _end(view: JsonView, trace: Trace) -> None:
    view.end(trace)
    _show_threads(trace, lambda: JsonView())


def _in_one_piece(args: argparse.Namespace) -> bool:
    """Whether the trace goes to a file that is written in one piece."""
    return bool(args.output) and is_of_one(args.output)


def _report(args: argparse.Namespace, child: Run, result: RunResult, offset: int) -> None:
    trace = result.trace
    small = result.frames <= _MOST
    kept = remember(child.save if small else not_kept)
    if _in_one_piece(args):
        save([trace], args.output)
    elif args.output:
        child.save(args.output)
    screen = console(args.color, sys.stderr)
    if args.show:
        table = TableView(screen, full=args.full, offset=offset)
        for step in trace:
            table.step(step)
        table.end(trace)
        _show_threads(trace, lambda: TableView(screen, full=args.full, offset=offset), screen)
    where = args.output or (kept if small else None)
    hint = f" · saved {where}" if where else "" if small else f" · more than {_MOST:,} are not kept: use -o FILE.jsonl"
    others = f", {len(trace.threads)} traces of other threads among them" if trace.threads else ""
    end = ending(trace, args.max_frames) if result.frames else f"{entry_in_words(trace.context)} was not reached"
    screen.print(f"cwm-trace: {result.frames} frames{others} · {end}{hint}", markup=False, soft_wrap=True)


def _show_threads(trace: Trace, view_of: Callable[[], View], screen: Console | None = None) -> None:
    """Show the traces of other threads, one after another."""
    for other in trace.threads:
        view = view_of()
        if screen is not None:
            screen.print(f"{other.meta['thread']}: {other!r}", markup=False, soft_wrap=True)
        view.begin({name: other.meta[name] for name in ("thread", "thread number", "call in thread")}, ())
        for step in other:
            view.step(step)
        view.end(other)


def _exit_code(returncode: int) -> int:
    """A program killed by a signal ends us in the way a shell shows it."""
    if returncode == -signal.SIGINT:
        return 128 + signal.SIGINT
    return 128 - returncode if returncode < 0 else returncode
