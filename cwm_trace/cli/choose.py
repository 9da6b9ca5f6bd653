"""`--trace`: one trace of a file that holds several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cwm_trace.errors import InputError
from cwm_trace.files import load_all
from cwm_trace.frames import Trace

_NAMES = ("id", "test", "name")  # what a trace may be called in its `meta`
_SHOWN = 5


def one_of(path: str | Path, which: str | None) -> Trace:
    """The trace of a file that `which` says, a number from 1 on or a name; without it, the only one. Raises InputError."""
    traces = load_all(path)
    if which is None and len(traces) != 1:
        raise InputError(f"{path} holds {_count(traces)}, not one", hint=_how_to_choose(traces))
    return traces[0] if which is None else _chosen(path, traces, which)


def _chosen(path: str | Path, traces: Sequence[Trace], which: str) -> Trace:
    number = int(which) if which.isdecimal() else 0
    found = [trace for trace in traces if which in _names(trace)]
    if 1 <= number <= len(traces):
        return traces[number - 1]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(str(n) for n, trace in enumerate(traces, start=1) if trace in found)
        raise InputError(f"{path} holds {len(found)} traces called {which}", hint=f"Choose by number: {numbers}")
    raise InputError(f"{path} has no trace {which}; it holds {_count(traces)}", hint=_how_to_choose(traces))


def _names(trace: Trace) -> list[str]:
    return [trace.meta[key] for key in _NAMES if key in trace.meta]


def _count(traces: Sequence[Trace]) -> str:
    return f"{len(traces)} trace{'' if len(traces) == 1 else 's'}"


def _how_to_choose(traces: Sequence[Trace]) -> str:
    if not traces:
        return ""
    names = list(dict.fromkeys(name for trace in traces for name in _names(trace)[:1]))
    named = f", or --trace NAME ({', '.join(names[:_SHOWN])}{', ...' if len(names) > _SHOWN else ''})" if names else ""
    return f"Choose with --trace N, from 1 to {len(traces)}{named}"
