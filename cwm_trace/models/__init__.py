"""Models behind one protocol (`base.Model`); `load_model` finds one by name.

Each backend is a module of its own, imported only when it is asked for: none of them is needed to trace or to compare.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cwm_trace.edge import need_text
from cwm_trace.errors import InputError
from cwm_trace.models.base import Concurrent, Decoding, FrameScore, Generated, Model, PartScore, Rollout, Stop

NANO_FOLDER = Path(__file__).resolve().parent / "nano"
NAMES = ("nano", "hf:PATH_OR_ID", "http://HOST:PORT/v1", "oracle", "replay:FILE", "copy-input", "no-change")

__all__ = [
    "NAMES",
    "NANO_FOLDER",
    "Concurrent",
    "Decoding",
    "FrameScore",
    "Generated",
    "Model",
    "PartScore",
    "Rollout",
    "Stop",
    "check_model",
    "load_model",
]


def load_model(spec: str, *, device: str | None = None, dtype: str | None = None, revision: str | None = None) -> Model:
    """A model by name.

    `spec` is `nano` (in the package), `hf:PATH_OR_ID` (transformers), `http://HOST:PORT/v1`, optionally with `#MODEL` (an
    OpenAI-compatible server; `vllm:http://...` says that it is vLLM), `oracle` (the real tracer), `replay:FILE` (frames of a trace
    file), `copy-input` or `no-change` (baselines).
    `device` ("cpu", "cuda:0", "auto"), `dtype` ("float32", "bfloat16", ...) and `revision` are for `hf:` and `nano`.
    Raises InputError for an unknown name, and for a device or dtype that is not there, ModelError where the model is missing or
    unreachable.
    """
    need_text(spec=spec)
    name, _, rest = spec.partition(":")
    if name in ("http", "https", "vllm"):
        from cwm_trace.models.completions import Kind
        from cwm_trace.models.server import ServerModel

        return ServerModel(rest, kind=Kind.VLLM) if name == "vllm" else ServerModel(spec)
    if (path := _weights(spec)) is not None:
        from cwm_trace.models.causal import CausalModel

        return CausalModel.load(path, name=spec, device=device, dtype=dtype, revision=revision)
    if name in _SIMPLE and bool(rest) == (name == "replay"):
        simple: Model = _SIMPLE[name](rest)
        return simple
    raise InputError(f"no model is called {spec!r}", hint=_hint(spec))


def check_model(spec: str, *, device: str | None = None, dtype: str | None = None) -> str:
    """The name that a model will have, found without loading weights, for before a long run. Raises as `load_model` does."""
    path = _weights(spec)
    if path is None:
        return load_model(spec).name
    from cwm_trace.models.causal import CausalModel

    CausalModel.check(path, name=spec, device=device, dtype=dtype)
    return spec


def _weights(spec: str) -> str | None:
    """Where the weights of `nano` or an `hf:` model are, None for any other."""
    kind, _, rest = spec.partition(":")
    return str(NANO_FOLDER) if spec == "nano" else rest if kind == "hf" and rest else None


def _hint(spec: str) -> str:
    close = difflib.get_close_matches(spec, [name.partition(":")[0] for name in NAMES], 1)
    return f"Did you mean {close[0]}?" if close else f"Known: {', '.join(NAMES)}"


def _oracle(rest: str) -> Model:
    from cwm_trace.models.oracle import Oracle

    return Oracle()


def _replay(rest: str) -> Model:
    from cwm_trace.models.scripted import Replay

    return Replay(rest)


def _copy_input(rest: str) -> Model:
    from cwm_trace.models.scripted import CopyInput

    return CopyInput()


def _no_change(rest: str) -> Model:
    from cwm_trace.models.scripted import NoChange

    return NoChange()


_SIMPLE: dict[str, Callable[[str], Any]] = {
    "oracle": _oracle,
    "replay": _replay,
    "copy-input": _copy_input,
    "no-change": _no_change,
}
