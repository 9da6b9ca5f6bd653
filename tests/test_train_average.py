"""The mean of models' weights."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the model extra is not installed")

import torch

from cwm_trace.errors import InputError
from cwm_trace.train.average import average
from cwm_trace.train.network import Shape, new_model, open_model

_TINY = Shape(width=32, layers=2, heads=2, inner=48, window=8, positions=64)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two models of one shape, and one that is wider."""
    made = []
    for number, shape in enumerate(
        [_TINY, _TINY, Shape(width=48, layers=2, heads=2, inner=48, window=8, positions=64)]
    ):
        torch.manual_seed(number)
        made.append(str(tmp_path_factory.mktemp("model")))
        new_model(shape).save_pretrained(made[-1])
    return made


def test_each_weight_is_the_mean_by_shares(folders: list[str], tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "cwm_trace.train",
        "average",
        str(tmp_path / "mean"),
        *folders[:2],
        "--share",
        "1",
        "3",
    ]
    subprocess.run(command, check=True, capture_output=True)

    one, other, mean = (open_model(folder).state_dict() for folder in [*folders[:2], str(tmp_path / "mean")])
    for name, weight in mean.items():
        torch.testing.assert_close(weight, 0.25 * one[name] + 0.75 * other[name], rtol=1e-3, atol=1e-4)
    assert not torch.equal(one["model.embed_literals.weight"], other["model.embed_literals.weight"])


def test_what_has_no_mean(folders: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="same shape"):
        average(folders[1:], tmp_path)
    for shares in ([1.0], [-1.0, 2.0], [0.0, 0.0]):
        with pytest.raises(InputError, match="shares"):
            average(folders[:2], tmp_path, shares)
    assert not list(tmp_path.iterdir())
