"""Takes our own Python frames out of tracebacks: an exception may come up inside a hook, by a signal's handler or at the recursion limit, and
the program is to see it where it would be without us. Knows only where our files are.
"""

from __future__ import annotations

import builtins
import os
from types import TracebackType

from cwm_trace.tracer.raw import traceback_of

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

_FOLDER = os.path.dirname(__file__) + os.sep
TOO_DEEP = "maximum recursion depth exceeded"


def hide_hooks(error: BaseException) -> None:
    """Leave out our frames below the one that an exception has reached; all before were done when it reached those.

    Where a hook found no room on the stack, what reports that an exception leaves its Python frame failed as well: it has no line, and goes too.
    """
    here = traceback_of(error)
    while here is not None and (below := here.tb_next) is not None:
        if _is_ours(below) and type(error) is RecursionError:
            error.args = (TOO_DEEP,)  # that of a call too deep, and not of what the hook was about
        if not _is_ours(below) and below.tb_lineno is not None:
            return
        here.tb_next = below.tb_next


def _is_ours(traceback: TracebackType) -> bool:
    return traceback.tb_frame.f_code.co_filename.startswith(_FOLDER)
