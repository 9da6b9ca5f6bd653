"""`%%cwm_trace` for IPython and Jupyter, after `%load_ext cwm_trace`: a cell is recorded, or predicted, as a program of its own.

The notebook's variables are not seen by it, nor changed. Knows nothing of how a trace is shown: that is the trace's own matter.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from IPython.core.error import UsageError

from cwm_trace.errors import CwmTraceError
from cwm_trace.frames import Trace
from cwm_trace.models import load_model
from cwm_trace.simulate import predict
from cwm_trace.tracer import Limits, run_script, trace_source


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%%cwm_trace: {message}. See %%cwm_trace?")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="%%cwm_trace", add_help=False)
    parser.add_argument("--predict", action="store_true")
    parser.add_argument("-m", "--model", default="nano")
    parser.add_argument("--call")
    parser.add_argument("--to")
    parser.add_argument("--timeout", type=float, default=10.0)
    return parser


def magic(shell: Any, line: str, cell: str) -> Trace:
    """Record the cell as a program of its own, or predict it, and show the trace.

    %%cwm_trace [--predict] [-m MODEL] [--call EXPRESSION] [--to NAME] [--timeout SECONDS]

    --predict   do not run it: a model (-m: nano, hf:PATH_OR_ID, http://HOST:PORT/v1) writes the frames
    --call      trace this call of a function in the cell, in the form of CWM's prompts
    --to        also bind the trace to this variable
    --timeout   of a real run, in seconds (10)

    Returns the trace. Raises UsageError.
    """
    try:
        options = _parser().parse_args(shlex.split(line))
        if options.predict:
            trace = predict(load_model(options.model), cell, options.call)
        elif options.call:
            trace = trace_source(cell, options.call, limits=Limits(seconds=options.timeout))
        else:
            trace = _run(cell, options.timeout)
    except (CwmTraceError, ValueError) as error:  # ValueError: of shlex, an open quote
        raise UsageError(f"%%cwm_trace: {error}") from None
    if options.to:
        shell.user_ns[options.to] = trace
    return trace


def _run(cell: str, seconds: float) -> Trace:
    """Run the cell as a script; what it writes is shown after the run."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cell.py"
        path.write_text(cell, "utf-8")
        result = run_script(path, capture=True, limits=Limits(seconds=seconds))
    sys.stdout.write((result.stdout or b"").decode("utf-8", "replace"))
    sys.stderr.write((result.stderr or b"").decode("utf-8", "replace"))
    return result.trace


def register(shell: Any) -> None:
    """Give an IPython shell the magic."""

    def cwm_trace(line: str, cell: str) -> Trace:
        return magic(shell, line, cell)

    cwm_trace.__doc__ = magic.__doc__
    shell.register_magic_function(cwm_trace, magic_kind="cell", magic_name="cwm_trace")
