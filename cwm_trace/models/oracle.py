"""`oracle`: the real tracer as a model. It must score 100 on everything; if it does not, the harness is wrong.

The only model that runs the program (in a child process with limits).
"""

from __future__ import annotations

from cwm_trace.frames import Trace
from cwm_trace.models.scripted import ScriptedModel
from cwm_trace.tracer.run import run_context


class Oracle(ScriptedModel):
    """Gives the true frames of the prompt's context."""

    name = "oracle"

    def write(self, prompt: Trace) -> Trace:
        """Run the program. Raises InputError where it is not valid Python."""
        return run_context(prompt.context)
