"""A model whose weights are the mean of others' ("model soups", Wortsman et al. 2022): of models that were trained on from one another.

The mean of such models is often better than each, as each has learned its last data best; of models that began apart it is worthless.
Knows nothing of how good any is: measure (`heldout`) before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from cwm_trace.errors import InputError
from cwm_trace.train.network import open_model, save_model


def average(folders: Sequence[str], out: Path, shares: Sequence[float] = ()) -> None:
    """Write the mean of the models of these folders, in float16, with its tokenizer; `shares` of each, else equal ones. Raises InputError."""
    shares = shares or [1.0] * len(folders)
    if len(shares) != len(folders) or min(shares) < 0 or sum(shares) <= 0:
        raise InputError(
            f"{len(shares)} shares of {len(folders)} models", hint="Give each model a share, none below zero"
        )
    models = [open_model(folder) for folder in folders]
    states = [model.state_dict() for model in models]
    shapes = [{name: weight.shape for name, weight in state.items()} for state in states]
    if any(shape != shapes[0] for shape in shapes):
        raise InputError(
            "the models have not the same shape", hint="Average models that were trained on from one another"
        )
    mean = {
        name: sum(share * state[name] for share, state in zip(shares, states, strict=True)) / sum(shares)
        for name in states[0]
    }
    models[0].load_state_dict(mean)
    save_model(models[0].to(torch.float16), out)
