"""The command `cwm-trace`. Every command is a module here, imported when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from cwm_trace.errors import CwmTraceError

_MODULES = {
    "predict": "predict",
    "trace": "trace",
    "diff": "compare",
    "eval": "evaluate",
    "show": "show",
    "doctor": "doctor",
}
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    from cwm_trace.cli.parser import build_parser

    # A user's file called eval.py or tracer.py must not take the place of ours: `python -m` puts the folder first.
    sys.path[:] = [path for path in sys.path if path not in ("", str(Path.cwd()))] if argv is None else sys.path
    args = build_parser().parse_args(argv)
    try:
        code: int = import_module(f"cwm_trace.cli.{_MODULES[args.command]}").run(args)
        return code
    except CwmTraceError as error:
        if args.debug:
            raise
        print(f"cwm-trace: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `cwm-trace show ... | head`
        sys.stdout = None
        return 0
