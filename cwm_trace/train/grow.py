"""A model with more in it, to train on from: deeper, with wider feed-forward parts, or told where in literals its tokens stand.

New layers are copies of old ones whose last matrices (of attention and of the feed-forward part) are zero, so they add nothing until they
are trained; nor do new units of feed-forward parts, for the same reason. The vectors of places in literals are random, so what it writes
is worse at first. Knows nothing of data.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from cwm_trace.errors import InputError
from cwm_trace.models.memory import literals_of
from cwm_trace.models.trace_positions import KINDS
from cwm_trace.train.network import open_model, save_model, told_config

_SHARE = 0.5  # standard deviation of the new vectors, relative to the tokens'


def deepen(model: Any, copied: Sequence[int]) -> Any:
    """A model with a copy, one that adds nothing yet, of each of these layers (numbers from 0), all of them behind the last of these.

    In float32; settings of generation are not kept. Raises InputError for layers that are not there.
    """
    count, places = model.config.num_hidden_layers, sorted(set(copied))
    if not places or not 0 <= places[0] <= places[-1] < count:
        raise InputError(f"the model has the layers 0 to {count - 1}", hint="Name some of them to copy")
    order = [*range(places[-1] + 1), *places, *range(places[-1] + 1, count)]
    new = set(range(places[-1] + 1, places[-1] + 1 + len(places)))
    config = type(model.config).from_dict(model.config.to_dict())
    config.num_hidden_layers = len(order)
    config.layer_types = [model.config.layer_types[old] for old in order]
    deeper = type(model)(config)
    deeper.load_state_dict(
        {name: value for name, value in model.state_dict().items() if ".layers." not in name}, strict=False
    )
    for number, old in enumerate(order):
        layer = deeper.model.layers[number]
        layer.load_state_dict(model.model.layers[old].state_dict())
        if number in new:
            torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
            torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    return deeper


def widen(model: Any, inner: int, seed: int = 0) -> Any:
    """A model whose feed-forward parts have so many units: the old ones, then new ones that read at random and add nothing yet.

    In float32; settings of generation are not kept. Raises InputError where that is not more than there are.
    """
    before = model.config.intermediate_size
    if inner <= before:
        raise InputError(
            f"the model's feed-forward parts have {before} units already", hint="Give --inner a larger number"
        )
    config = type(model.config).from_dict(model.config.to_dict())
    config.intermediate_size = inner
    wider = type(model)(config)
    random = torch.Generator().manual_seed(seed)
    weights = model.state_dict()
    for name, new in wider.state_dict().items():
        old = weights[name]
        if new.shape != old.shape:
            weights[name] = _widened(old, new.shape, random)
    wider.load_state_dict(weights)
    return wider


def _widened(old: torch.Tensor, shape: torch.Size, random: torch.Generator) -> torch.Tensor:
    """More rows are random, as large as the old ones (what reads); more columns zero (what adds)."""
    new = torch.zeros(shape)
    if shape[0] > len(old):
        new.normal_(std=float(old.std()), generator=random)
    new[: old.shape[0], : old.shape[1]] = old
    return new


def with_literals(model: Any, seed: int = 0) -> Any:
    """A `LiteralCwmForCausalLM` that is told all that there is to tell, with the weights of a `CwmForCausalLM` of this project's tokenizer or of
    one that is told of places in literals alone (what is new to that adds nothing yet), in float32. Raises InputError."""
    from cwm_trace.models.literal_cwm import LiteralCwmForCausalLM

    before = literals_of(model)
    if before and len(before.sizes) == len(KINDS):
        raise InputError("the model is told of all of this already", hint="Leave out --literals")
    told = LiteralCwmForCausalLM(told_config(model.config.to_dict()))
    weights = {name: value for name, value in model.state_dict().items() if "embed_literals" not in name}
    told.load_state_dict(weights, strict=False)
    vectors = told.model.embed_literals.weight
    with torch.no_grad():
        if before:
            old = model.model.embed_literals.weight
            vectors.zero_()[: len(old)] = old
        else:
            deviation = _SHARE * float(model.model.embed_tokens.weight.std())
            torch.nn.init.normal_(vectors, std=deviation, generator=torch.Generator().manual_seed(seed))
    return told


def grow(source: str, out: Path, copied: Sequence[int], literals: bool = False, inner: int = 0) -> None:
    """Write the larger model of a folder that `train` wrote, in float32, with its tokenizer. Raises InputError."""
    if not copied and not literals and not inner:
        raise InputError("nothing to grow", hint="Give --copy LAYER ..., --inner UNITS or --literals")
    model = open_model(source)
    if copied:
        model = deepen(model, copied)
    if inner:
        model = widen(model, inner)
    if literals:
        model = with_literals(model)
    save_model(model, out)
