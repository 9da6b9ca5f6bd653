"""Which function stands for which of Python's own: modules of the machine register theirs by these names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

NATIVES: dict[str, Callable[..., Any]] = {}
"""By their names, with those of their modules or classes."""


def native(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function under these names."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        NATIVES.update(dict.fromkeys(names, function))
        return function

    return keep
