"""`oracle`: the real tracer as a model. It must score 100 on everything; if it does not, the harness is wrong.

The only model that runs the program (in a child process with limits).
"""

from __future__ import annotations

from pathlib import Path

from cwm_trace.errors import RunTimeout
from cwm_trace.frames import Status, Trace
from cwm_trace.models.scripted import ScriptedModel
from cwm_trace.prompts import check_reached, start_of
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.run import run_context


class Oracle(ScriptedModel):
    """Gives the true frames of the prompt's context."""

    name = "oracle"

    def __init__(self, limits: Limits | None = None, directory: str | Path | None = None) -> None:
        """`limits`: of the program; by default those of `Limits()`. `directory`: where it runs; None: in an empty one of its own,
        or, where the prompt says which file it is, in the working directory."""
        self.limits, self.directory = limits, directory

    def write(self, prompt: Trace) -> Trace:
        """Run the program. Raises InputError where it is not valid Python, RunTimeout where it takes longer than it may, RunError where it
        does not come to its entry."""
        start = start_of(prompt)
        trace = run_context(prompt.context, limits=self.limits, directory=self.directory, start=start)
        if trace.status is Status.TIME_LIMIT and self.limits is not None:
            raise RunTimeout("the program did not end in time", hint="Raise --timeout")
        check_reached(trace)
        return trace
