"""What to say of a run folder before its numbers are laid beside others: tasks without a prediction, and an oracle that is not right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cwm_trace.eval.baselines import BASELINES, load_baselines
from cwm_trace.eval.folder import is_forced, read_lines, read_manifest
from cwm_trace.eval.report import oracle_fault
from cwm_trace.eval.tasks import FAILED
from cwm_trace.eval.teacher_baselines import load_teacher_baselines

_OTHERS = [name for name in BASELINES if name != "oracle"]


def oracle_cautions(out: Path) -> list[str]:
    """What is wrong with the oracle that stands beside a run. Raises InputError."""
    load: Any = load_teacher_baselines if is_forced(read_manifest(out)) else load_baselines
    faults = (oracle_fault(run.results) for run in load(out, _OTHERS))
    return [f"{out}: {fault}" for fault in faults if fault]


def failure_cautions(out: Path) -> list[str]:
    """How many tasks of a run have no prediction, by what failed. Raises InputError."""
    found = [sample.outcome for sample in read_lines(out, _Ended)]
    counts = {name: found.count(name) for name in dict.fromkeys(found) if name in FAILED}
    return [f"{out}: {count} of {len(found)} tasks failed ({name})" for name, count in counts.items()]


class _Ended:
    def __init__(self, record: dict[str, Any]) -> None:
        self.id: str = record["id"]
        self.outcome: str = record["outcome"]
