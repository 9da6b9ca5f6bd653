"""`%%cwm_trace` for IPython and Jupyter, after `%load_ext cwm_trace`: a cell is recorded, or predicted, as a program of its own.

The notebook's variables are not seen by it, nor changed. Knows nothing of how a trace is shown: that is the trace's own matter.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from typing import Any, NoReturn

from IPython.core.error import UsageError

from cwm_trace.errors import CwmTraceError, InputError
from cwm_trace.frames import Trace
from cwm_trace.models import load_model
from cwm_trace.simulate import predict
from cwm_trace.tracer import Limits, trace_source
from cwm_trace.tracer.run import Run, finish
from cwm_trace.tracer.run_jobs import code_job


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%%cwm_trace: {message}. See %%cwm_trace?")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="%%cwm_trace", add_help=False)
    parser.add_argument("--predict", action="store_true")
    parser.add_argument("-m", "--model")
    parser.add_argument("--call")
    parser.add_argument("--to")
    parser.add_argument("--timeout", type=float, default=10.0)
    return parser


def magic(shell: Any, line: str, cell: str) -> Trace:
    """Record the cell as a program of its own, or predict it, and show the trace.

    %%cwm_trace [--predict] [-m MODEL] [--call "EXPRESSION"] [--to NAME] [--timeout SECONDS]

    --predict   do not run it: nano, or the model of -m (hf:PATH_OR_ID, http://HOST:PORT/v1, ...), writes the frames
    --call      trace this call of a function in the cell, in the form of CWM's prompts; what it prints is not shown
    --to        also bind the trace to this variable
    --timeout   of a real run, in seconds (10)

    Returns the trace. Raises UsageError.
    """
    try:
        options = _options(line)
        trace = _predicted(cell, options) if options.predict or options.model else _recorded(cell, options)
    except CwmTraceError as error:
        raise UsageError(f"%%cwm_trace: {error}") from None
    if options.to:
        shell.user_ns[options.to] = trace
    return trace


def _options(line: str) -> argparse.Namespace:
    try:
        words = shlex.split(line, posix=False)  # a call keeps its own quotes
    except ValueError as error:
        raise InputError(f"{line}: {error}") from None
    options = _parser().parse_args([_unquoted(word) for word in words])
    if options.to is not None and not options.to.isidentifier():
        raise InputError(f"--to {options.to}: not the name of a variable")
    if not options.timeout > 0:
        raise InputError(f"--timeout {options.timeout}: not a number of seconds")
    return options


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"" else word


def _predicted(cell: str, options: argparse.Namespace) -> Trace:
    return predict(load_model(options.model or "nano"), cell, options.call)


def _recorded(cell: str, options: argparse.Namespace) -> Trace:
    """A real run, with the kernel's folder and imports; what it writes is shown after it."""
    limits = Limits(seconds=options.timeout)
    if options.call:
        return trace_source(cell, options.call, limits=limits, directory=os.getcwd())
    result = finish(Run(code_job(cell, limits=limits), capture=True))
    sys.stdout.write((result.stdout or b"").decode("utf-8", "replace"))
    sys.stderr.write((result.stderr or b"").decode("utf-8", "replace"))
    return result.trace


def register(shell: Any) -> None:
    """Give an IPython shell the magic."""

    def cwm_trace(line: str, cell: str) -> Trace:
        return magic(shell, line, cell)

    cwm_trace.__doc__ = magic.__doc__
    shell.register_magic_function(cwm_trace, magic_kind="cell", magic_name="cwm_trace")
