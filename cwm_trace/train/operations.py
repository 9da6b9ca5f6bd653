"""A suite of programs that do one operation each, tagged by it: what a model can compute, apart from what it can follow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from cwm_trace.errors import InputError
from cwm_trace.tracer import trace_source
from cwm_trace.train.programs import atom
from cwm_trace.train.skills import OPERATIONS

_TRIED = 10  # seeds for each program that is wanted


def operation_suite(each: int) -> Iterator[dict[str, Any]]:
    """Records of a suite: `each` programs of every operation whose run ends, those that raise among them."""
    for operation in OPERATIONS:
        yield from islice(_ending(operation, each), each)


def _ending(operation: str, each: int) -> Iterator[dict[str, Any]]:
    for number in range(_TRIED * each):
        program = atom(operation, number)
        call = program.calls[0]
        try:
            ended = trace_source(program.source, call).complete
        except InputError:
            continue
        if ended:
            task = {"id": f"{operation} {number}", "source": program.source, "call": call}
            yield task | {"tags": [operation]}
