"""On which Pythons programs are recorded."""

from __future__ import annotations

import sys

from cwm_trace.errors import RunError
from cwm_trace.tracer import quirks


def check_python() -> None:
    """Raises RunError where this Python is none whose bytecode is known."""
    if sys.version_info[:2] in quirks.SUPPORTED:
        return
    first, last = (".".join(map(str, version)) for version in (quirks.SUPPORTED[0], quirks.SUPPORTED[-1]))
    here = ".".join(map(str, sys.version_info[:2]))
    hint = f"Install cwm-trace for one of these, as by python{last} -m venv .venv"
    raise RunError(f"programs are recorded on CPython {first} to {last}, and this is {here}", hint=hint)
