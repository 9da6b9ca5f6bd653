"""Deeper models: the same predictions at first, and all layers learn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the model extra is not installed")

import torch

from cwm_trace.errors import InputError
from cwm_trace.train.grow import deepen
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


def test_all_of_it_learns() -> None:
    deeper = deepen(new_model(_TINY), [1])
    before = {name: value.clone() for name, value in deeper.state_dict().items() if ".layers." in name}
    optimizer = torch.optim.SGD(deeper.parameters(), lr=0.5)

    for _ in range(2):  # what stands before a matrix of zeros has no gradient at first
        ids = torch.randint(0, 300, (2, 40))
        deeper(ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    assert not [name for name, value in before.items() if torch.equal(deeper.state_dict()[name], value)]


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
    ]
    subprocess.run(command, check=True, capture_output=True)

    assert len(CwmForCausalLM.from_pretrained(tmp_path / "new").model.layers) == 5
    assert AutoTokenizer.from_pretrained(tmp_path / "new")
