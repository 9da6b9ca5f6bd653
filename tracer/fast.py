"""The hot hooks in C (`_fast.c`), where they were built, and are wanted: else the methods of `record.Recorder` do it all, to the same traces.

`CWM_TRACE_ACCELERATED=0` in the environment says that they are not wanted. Knows nothing of events.
"""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterable
from types import MethodType, SimpleNamespace
from typing import Any

VARIABLE = "CWM_TRACE_ACCELERATED"
_REVISION = 1  # of `_fast.c`: a checkout may have newer sources than what was built in it


def _find() -> tuple[Any, str]:
    """The module, or None and why."""
    if os.environ.get(VARIABLE, "1") in ("0", ""):
        return None, f"switched off by {VARIABLE}"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return None, "not for builds without the interpreter's lock"
    try:
        from cwm_trace.tracer import _fast
    except ImportError:
        return None, "not built"
    if _fast.REVISION != _REVISION:
        return None, "built from other sources"
    return _fast, ""


module, absent = _find()
"""The module, or None; why, or ""."""


HOOK_TYPES: tuple[type, ...] = (MethodType,) if module is None else (MethodType, module.Hook)


def hooks_of(recorder: Any, names: Iterable[str]) -> Any:
    """What instrumented code is to call, by these names, for a recorder."""
    return recorder if module is None else SimpleNamespace(**{name: module.Hook(name, recorder) for name in names})
