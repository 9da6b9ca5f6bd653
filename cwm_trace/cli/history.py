"""Keeps the last runs of the command, for `--last`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from cwm_trace.errors import InputError

KEPT = 20


def folder() -> Path:
    """`$XDG_CACHE_HOME/cwm-trace`, usually ~/.cache/cwm-trace."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cwm-trace"


def remember(write: Callable[[Path], None]) -> Path | None:
    """Have a trace saved among the last runs; None where the folder cannot be written (then there is just no history)."""
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)  # asked once: a second may end between two questions
    path = folder() / f"{time.strftime('%Y%m%dT%H%M%S', time.localtime(seconds))}-{rest:09d}.jsonl"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
        for old in _runs()[:-KEPT]:
            old.unlink(missing_ok=True)
    except (OSError, InputError):
        return None
    return path


def _runs() -> list[Path]:
    """The oldest first; without what another process is about to write, whose name begins with a dot."""
    return sorted(folder().glob("[!.]*.jsonl"))


def not_kept(path: Path) -> None:
    """For `remember`: there was a run, too large to be kept."""
    path.touch()


def last() -> Path:
    """The newest run. Raises InputError."""
    runs = _runs()
    if not runs:
        raise InputError("no earlier run is kept", hint="Run cwm-trace predict or trace first")
    if not runs[-1].stat().st_size:
        raise InputError("the last run was too large to be kept", hint="Save such runs with -o FILE.jsonl")
    return runs[-1]
