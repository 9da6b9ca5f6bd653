"""`eval -m NAME=SPEC`: what a model is called in tables."""

from __future__ import annotations

import re

from cwm_trace.errors import InputError
from cwm_trace.models import NAMES

_LABELLED = re.compile(r"([^:/#=]+)=(.+)", re.DOTALL)
"""A path or an address has a `:` or a `/` before its first `=`."""
_KNOWN = {name for name in NAMES if ":" not in name}


def labelled(text: str) -> tuple[str | None, str]:
    """The name that a model is given, None where it is given none, and which model. Raises InputError for the name of another model."""
    found = _LABELLED.fullmatch(text)
    if found is None:
        return None, text
    label, spec = found[1].strip(), found[2]
    if not label or label.partition(" ")[0] in _KNOWN:  # tables know the oracle and the baselines by their names
        raise InputError(f"{label!r} cannot be the name of {spec}", hint="Give it one that no model here has")
    return label, spec
