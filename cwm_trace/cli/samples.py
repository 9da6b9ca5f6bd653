"""How far several predictions of one program agree: `returns: 2 ×7, 1 ×1 · first split at frame 11`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from cwm_trace.cli.output import end_record, ending
from cwm_trace.display import clip
from cwm_trace.eval.compare import Diff
from cwm_trace.frames import Trace

DRAWN_AT = 1.0
"""Temperature where frames are drawn, and none is given: greedy decoding would write the same each time."""
_WIDTH = 60  # characters of one ending


def agreement(traces: Sequence[Trace]) -> str:
    """The endings, the most frequent first, and where the traces part."""
    ends = Counter(map(ending, traces))
    told = ", ".join(f"{clip(end, _WIDTH)} ×{count}" for end, count in ends.most_common())
    split = first_split(traces)
    return f"{len(traces)} samples: {told} · {'all the same' if split is None else f'first split at frame {split}'}"


def agreement_record(traces: Sequence[Trace]) -> dict[str, Any]:
    """The same for JSON: how each sample ends, and where the traces part (null: they do not)."""
    ends = [{"seed": int(trace.meta["seed"]), **end_record(trace)} for trace in traces]
    return {"samples": ends, "first_split": first_split(traces)}


def verified(compared: Sequence[Diff]) -> str:
    """Which of the samples are those of the real run, and where the others part from it."""
    apart = [f"{n} at frame {item.first} ({item.cause})" for n, item in enumerate(compared, start=1) if item]
    told = f"against the real run: {len(compared) - len(apart)} of {len(compared)} samples exact"
    return f"{told} · wrong: {', '.join(apart)}" if apart else told


def first_split(traces: Sequence[Trace]) -> int | None:
    """Index of the first frame that is not the same in all traces; None if all are equal."""
    if all(trace == traces[0] for trace in traces):
        return None
    shortest = min(map(len, traces))
    return next((n for n in range(shortest) if any(trace[n] != traces[0][n] for trace in traces)), shortest)
