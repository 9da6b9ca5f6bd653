"""Checks at the edge of the public API: one clear line where an argument is of another type than it must be. Inner functions check nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence

from cwm_trace.errors import InputError
from cwm_trace.frames import Trace


def need_text(**given: object) -> None:
    """Raises InputError for the first of these arguments that is no text."""
    for name, value in given.items():
        if not isinstance(value, str):
            raise InputError(f"{name} must be text, not {_kind(value)}")


def need_traces(**given: object) -> None:
    """Raises InputError for the first of these arguments that is no trace."""
    for name, value in given.items():
        if not isinstance(value, Trace):
            raise InputError(f"{name} must be a Trace, not {_kind(value)}")


def need_lists_of_traces(**given: object) -> None:
    """Raises InputError for the first of these arguments that is no list (or other sequence) of traces."""
    for name, value in given.items():
        if isinstance(value, Trace) or not isinstance(value, Sequence):
            raise InputError(f"{name} must be a list of traces, not {_kind(value)}", hint=f"Give {name}=[...]")
        for item in value:
            need_traces(**{f"each of the {name}": item})


def folder_of(directory: str | os.PathLike[str] | None) -> str | None:
    """The absolute path of a folder in which a program is to run. Raises InputError where it is none."""
    if directory is not None and not os.path.isdir(directory):
        raise InputError(f"there is no folder {os.fspath(directory)} to run in")
    return None if directory is None else os.path.abspath(directory)


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__
