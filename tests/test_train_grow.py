"""Deeper and wider models: the same predictions at first, and all of them learns."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the model extra is not installed")

import torch

from cwm_trace.errors import InputError
from cwm_trace.train.grow import deepen, widen
from cwm_trace.train.network import Shape, new_model

_TINY = Shape(width=32, layers=3, heads=2, inner=48, window=8, positions=64)


@pytest.mark.parametrize(
    ("copied", "kinds"), [([0], "ffsf"), ([1, 2], "fsfsf"), ([2, 1, 1], "fsfsf"), ([0, 1, 2], "fsffsf")]
)
def test_a_deeper_model_predicts_the_same(copied: list[int], kinds: str) -> None:
    model = new_model(_TINY)
    ids = torch.randint(0, 300, (2, 40))

    deeper = deepen(model, copied)

    assert "".join(kind[0] for kind in deeper.config.layer_types) == kinds
    assert len(deeper.model.layers) == 3 + len(set(copied)) == deeper.config.num_hidden_layers
    with torch.no_grad():
        assert torch.equal(deeper(ids).logits, model(ids).logits)


def test_a_model_with_wider_feed_forward_parts_predicts_the_same() -> None:
    model = new_model(_TINY)
    ids = torch.randint(0, 300, (2, 40))

    wider = widen(model, 80)

    assert wider.config.intermediate_size == 80
    assert {layer.mlp.down_proj.weight.shape for layer in wider.model.layers} == {(32, 80)}
    with torch.no_grad():
        assert torch.allclose(wider(ids).logits, model(ids).logits, atol=1e-6)


@pytest.mark.parametrize("grown", [lambda model: deepen(model, [1]), lambda model: widen(model, 80)])
def test_all_of_it_learns(grown: Callable[[Any], Any]) -> None:
    larger = grown(new_model(_TINY))
    before = {name: value.clone() for name, value in larger.state_dict().items() if ".layers." in name}
    optimizer = torch.optim.SGD(larger.parameters(), lr=0.5)

    for _ in range(2):  # what stands before a matrix of zeros has no gradient at first
        ids = torch.randint(0, 300, (2, 40))
        larger(ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    for name, value in before.items():
        moved = larger.state_dict()[name] != value
        assert moved.any(), name
        if value.ndim == 2:
            assert moved.any(0).all(), name  # each column
            assert moved.any(1).all(), name  # each row


def test_units_are_not_taken_away() -> None:
    with pytest.raises(InputError, match="48 units already"):
        widen(new_model(_TINY), 48)


@pytest.mark.parametrize("copied", [[], [3], [-1]])
def test_layers_that_are_not_there(copied: list[int]) -> None:
    with pytest.raises(InputError, match="the layers 0 to 2"):
        deepen(new_model(_TINY), copied)


def test_the_command_writes_a_model_that_opens(tmp_path: Path) -> None:
    from transformers import AutoTokenizer, CwmForCausalLM

    new_model(_TINY).save_pretrained(tmp_path / "old")
    command = [
        sys.executable,
        "-m",
        "cwm_trace.train",
        "grow",
        str(tmp_path / "old"),
        str(tmp_path / "new"),
        "--copy",
        "1",
        "2",
        "--inner",
        "64",
    ]
    subprocess.run(command, check=True, capture_output=True)

    opened = CwmForCausalLM.from_pretrained(tmp_path / "new")
    assert len(opened.model.layers) == 5
    assert opened.config.intermediate_size == 64
    assert AutoTokenizer.from_pretrained(tmp_path / "new")
