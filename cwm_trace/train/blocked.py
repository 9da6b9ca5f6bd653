"""Causal attention for training on a processor, with a kernel of our own (`blocked.c`): an attention implementation of transformers, `blocked`.

Training only: no cache, no dropout, and no mask but the causal one, so rows must be padded on the right. Columns of a head are 32 or 64,
rows a multiple of 32 long. Compiled when it is first asked for, by the machine's C compiler, for this machine.
"""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from cwm_trace.errors import InputError

NAME = "blocked"
BLOCK = 32  # as in blocked.c
_COLUMNS = (32, 64)
_EVERYTHING = 1 << 30
_FLAGS = ("-O3", "-march=native", "-fopenmp", "-fPIC", "-shared")
_HINT = "leave out --blocked: torch's own attention does the same, more slowly"


@lru_cache(maxsize=1)
def _kernel() -> ctypes.CDLL:
    source = Path(__file__).with_suffix(".c")
    runtime = sorted(
        (Path(torch.__file__).parent / "lib").glob("libgomp*")
    )  # torch's: two of them would fight for the cores
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "blocked.so")
        command = ["cc", *_FLAGS, str(source), "-o", str(target), *map(str, runtime[:1]), "-lm"]
        try:
            made = subprocess.run(command, capture_output=True, text=True)
            if made.returncode:
                raise OSError(made.stderr.strip().partition("\n")[0])
            return ctypes.CDLL(str(target))
        except OSError as error:
            raise InputError(f"the kernel for attention cannot be compiled: {error}", hint=_HINT) from error


def _empty(like: torch.Tensor) -> torch.Tensor:
    batch, heads, time, columns = like.shape
    return like.new_empty(batch, time, heads, columns).transpose(1, 2)


def _results(query: torch.Tensor, *_: object) -> tuple[torch.Tensor, torch.Tensor]:
    """Room for what the forward pass makes."""
    return _empty(query), query.new_empty(query.shape[:3])


def _gradients(query: torch.Tensor, *_: object) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Room for what the backward pass makes."""
    return _empty(query), _empty(query), _empty(query)


def _tensor(x: torch.Tensor) -> tuple[ctypes.c_void_p, Any]:
    return ctypes.c_void_p(x.data_ptr()), (ctypes.c_long * 3)(*x.stride()[:3])


def _check(*tensors: torch.Tensor) -> None:
    """The kernel trusts what it is given."""
    shape = tensors[0].shape
    for x in tensors:
        if x.dtype is not torch.float32 or x.shape != shape or x.stride(3) != 1:
            raise ValueError("blocked attention wants float32 tensors of one shape, columns side by side")
    if shape[2] % BLOCK or shape[3] not in _COLUMNS:
        raise ValueError(
            f"blocked attention wants a multiple of {BLOCK} rows of {_COLUMNS} columns, not {tuple(shape[2:])}"
        )


def _sizes(query: torch.Tensor, window: int, scale: float) -> tuple[Any, ...]:
    return *map(ctypes.c_long, (*query.shape, window)), ctypes.c_float(scale)


@torch.library.custom_op("cwm_trace::blocked", mutates_args=(), device_types="cpu")
def _forward(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, window: int, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    _check(query, key, value)
    out, logs = _results(query)
    given = (item for x in (query, key, value, out) for item in _tensor(x))
    _kernel().attention_forward(*_sizes(query, window, scale), *given, _tensor(logs)[0])
    return out, logs


_forward.register_fake(_results)


@torch.library.custom_op("cwm_trace::blocked_backward", mutates_args=(), device_types="cpu")
def _backward(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    out: torch.Tensor,
    logs: torch.Tensor,
    change: torch.Tensor,
    window: int,
    scale: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    change = change if change.stride(3) == 1 else change.contiguous()
    made = _gradients(query)
    given = (item for x in (query, key, value, out) for item in _tensor(x))
    results = (_tensor(x)[0] for x in made)
    _kernel().attention_backward(
        *_sizes(query, window, scale), *given, _tensor(logs)[0], *_tensor(change), *results, _tensor(made[0])[1]
    )
    return made


_backward.register_fake(_gradients)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, torch.Tensor]) -> None:
    *tensors, ctx.window, ctx.scale = inputs
    ctx.save_for_backward(*tensors, *output)


def _differentiate(ctx: Any, change: torch.Tensor, _: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
    return (*_backward(*ctx.saved_tensors, change, ctx.window, ctx.scale), None, None)


_forward.register_autograd(_differentiate, setup_context=_remember)


def blocked_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, window: int | None, scale: float
) -> torch.Tensor:
    """softmax(scale query key^T) value, each query seeing itself and what is before it, or the last `window` of that.

    All float32 on the CPU and (batch, heads, time, columns), and the result too; columns with stride 1. Raises ValueError.
    """
    made: torch.Tensor = _forward(query, key, value, window or _EVERYTHING, scale)[0]
    return made


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    made = blocked_attention(query.float(), key.float(), value.float(), sliding_window, scaling)
    return made.to(value.dtype).transpose(1, 2), None


def use_blocked(model: Any) -> None:
    """Make a `CwmForCausalLM` on a processor attend so. Raises InputError elsewhere, without a compiler, or for heads of another size."""
    from transformers import AttentionInterface

    if model.device.type != "cpu":
        raise InputError("--blocked is for a processor", hint=_HINT)
    if model.config.head_dim not in _COLUMNS or model.config.num_key_value_heads != model.config.num_attention_heads:
        raise InputError("--blocked wants heads of 32 or 64 columns, each with its keys", hint=_HINT)
    _kernel()
    AttentionInterface.register(NAME, _attend)
    model.set_attn_implementation(NAME)
