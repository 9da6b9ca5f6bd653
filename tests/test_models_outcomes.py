"""What changes make of values, where the values are not what a program could have."""

from __future__ import annotations

import pytest

from cwm_trace.models.outcomes import _kind


@pytest.mark.parametrize("value", ["{[]: 1}", "{{}}", "deque([1])"])
def test_a_value_that_no_python_makes_has_a_kind(value: str) -> None:
    """A network may write one; it ended a prediction with a TypeError."""
    assert isinstance(_kind(value), str)
