"""The command `cwm-trace`. Every command is a module here, imported when it is asked for."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

from cwm_trace.errors import CwmTraceError

_MODULES = {
    "predict": "predict",
    "trace": "trace",
    "diff": "compare",
    "eval": "evaluate",
    "debug": "debug",
    "show": "show",
    "doctor": "doctor",
}
OWN_FAILURE, INTERRUPTED = 125, 130
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    from cwm_trace.cli.parser import parse_arguments

    # A user's file called eval.py or tracer.py must not take the place of ours: `python -m` puts the folder first.
    sys.path[:] = [path for path in sys.path if path not in ("", str(Path.cwd()))] if argv is None else sys.path
    _ready_streams()
    args = parse_arguments(sys.argv[1:] if argv is None else argv)
    try:
        return _run(args)
    except KeyboardInterrupt:
        print("cwm-trace: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `cwm-trace show ... | head`
        sys.stdout = None
        return 128 + signal.SIGPIPE
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            return _bug()
        sys.stdout = None  # what it holds would be tried again
        print(f"cwm-trace: cannot write the output ({error.strerror})", file=sys.stderr)
        return OWN_FAILURE
    except Exception:  # the edge of the process: what comes here is a bug, unless --debug asked for it
        return _bug()


def _bug() -> int:
    traceback.print_exc()
    print("cwm-trace: this is a bug. Please report it, with what `cwm-trace doctor` prints", file=sys.stderr)
    return OWN_FAILURE


def _ready_streams() -> None:
    """Output that takes any character: `│` in Latin-1 is written as an escape, as on stderr; and one that was closed takes all."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    elif isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def _run(args: argparse.Namespace) -> int:
    try:
        code: int = import_module(f"cwm_trace.cli.{_MODULES[args.command]}").run(args)
        return code
    except CwmTraceError as error:
        if args.debug:
            traceback.print_exc()
        print(f"cwm-trace: {error}", file=sys.stderr)
        return error.exit_code
