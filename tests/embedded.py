"""The embedded model, asked apart from a trace: what tests of it share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cwm_trace.tracer.inprocess import record_source

if TYPE_CHECKING:
    from cwm_trace.models.causal import CausalModel


def embedded() -> CausalModel:
    """`nano`; without its weights, or torch, the test is skipped."""
    pytest.importorskip("torch")
    from cwm_trace import models
    from cwm_trace.models.causal import CausalModel

    if not (models.NANO_FOLDER / "model.safetensors").is_file():
        pytest.skip("no embedded model in this checkout")
    model = models.load_model("nano")
    assert isinstance(model, CausalModel)
    return model


def recorded_text(operation: str, family: str) -> str:
    """The text of training data, of a family, in which an operation is bound as it is where a network is asked for it."""
    pytest.importorskip("tokenizers")
    from cwm_trace.train.record import Maker, Recipe, _without_bodies
    from cwm_trace.train.tokenizer import PAD, build_tokenizer

    maker = Maker(Recipe(0, 0, family=family, notes=True))
    trace = record_source(f"def f(w):\n    r = 7\n    r = {operation}\n    return r\n", "f(7)")
    ids = maker._observed(replace(trace, context=_without_bodies(trace.context)))
    text: str = build_tokenizer().decode(ids)
    return text.replace(PAD, "")
