"""Devices and number formats that torch has here, asked for before weights are loaded: what is raised while they are names neither option."""

from __future__ import annotations

from cwm_trace.errors import InputError

_SPREAD = ("auto", "balanced", "balanced_low_0", "sequential")
"""What accelerate takes for a device: it finds them by itself."""


def check_device(device: str | None) -> None:
    """Raises InputError where torch has no such device here."""
    if device is None or device in _SPREAD:
        return
    import torch

    try:
        found = torch.device(device)
        there: int = torch.get_device_module(found.type).device_count()
    except RuntimeError:  # what torch says of a name that it does not know
        raise InputError(f"no device is called {device!r}", hint="Use --device cpu, cuda:0 or auto") from None
    if (found.index or 0) >= there:
        message = f"there is no device {device} here: torch sees {there} of this kind"
        raise InputError(message, hint="Use --device cpu, or leave it out")


def check_dtype(dtype: str | None) -> None:
    """Raises InputError where torch has no such number format for weights."""
    if dtype is None or dtype == "auto":
        return
    import torch

    found = getattr(torch, dtype, None)
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise InputError(f"no number format is called {dtype!r}", hint="Use --dtype float32, bfloat16 or float16")
