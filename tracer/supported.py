"""On which Pythons programs are recorded."""

from __future__ import annotations

import sys

from cwm_trace.errors import RunError
from cwm_trace.tracer import quirks


def first_and_last() -> tuple[str, str]:
    """The Pythons, as they are called, between which all are known."""
    first, *_, last = (".".join(map(str, version)) for version in quirks.SUPPORTED)
    return first, last


def check_python() -> None:
    """Raises RunError where this Python is none whose bytecode is known."""
    if sys.version_info[:2] in quirks.SUPPORTED:
        return
    first, last = first_and_last()
    here = ".".join(map(str, sys.version_info[:2]))
    hint = f"Install cwm-trace for one of these, as by python{last} -m venv .venv"
    raise RunError(f"programs are recorded on CPython {first} to {last}, and this is {here}", hint=hint)
