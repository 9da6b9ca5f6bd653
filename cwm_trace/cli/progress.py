"""How far `eval` has come: on stderr, one line that counts on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from cwm_trace.eval.samples import Sample
from cwm_trace.eval.teacher import TeacherSample

_LEAST, _MOST = 10.0, 300.0  # seconds between two lines that no terminal overwrites
_LINES = 10  # of these, in a run that takes neither very long nor very short


def progress(model: str) -> Callable[[int, int, Sample], None]:
    """To be told of each sample of a run."""
    right, tell = 0, Counter()

    def show(done: int, total: int, sample: Sample) -> None:
        nonlocal right
        right += int(sample.score.output_pass_at_1)
        tell(f"{model} {done}/{total} · {right} right", done, total)

    return show


def teacher_progress(model: str) -> Callable[[int, int, TeacherSample], None]:
    """The same for a teacher-forced run."""
    tell = Counter()
    return lambda done, total, sample: tell(f"{model} {done}/{total} · teacher-forced", done, total)


class Counter:
    """Prints where it is time to: at the end; else after a tenth of the tasks and ten seconds, or after five minutes."""

    def __init__(self) -> None:
        self._when, self._done = time.monotonic(), 0

    def __call__(self, text: str, done: int, total: int) -> None:
        """Take note of a task that is done."""
        if sys.stderr.isatty():
            print(f"\r{text}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif done == total or self._is_due(done, total):
            print(text, file=sys.stderr, flush=True)
            self._when, self._done = time.monotonic(), done

    def _is_due(self, done: int, total: int) -> bool:
        waited = time.monotonic() - self._when
        return waited >= _MOST or (waited >= _LEAST and _LINES * (done - self._done) >= total)
