"""What a model has to learn in traces: equal to the loss of each alone, on the last traces of the shards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the model extra is not installed")

import torch

from cwm_trace.errors import InputError
from cwm_trace.format import FRAME_SEP
from cwm_trace.models.trace_positions import KINDS
from cwm_trace.train.data import make_batch
from cwm_trace.train.heldout import held_out, losses, tell_nothing_of
from cwm_trace.train.network import Shape, batch_loss, new_model
from cwm_trace.train.shards import save_shard
from cwm_trace.train.tokenizer import PAD, build_tokenizer

_TINY = Shape(width=32, layers=2, heads=2, inner=48, window=8, positions=128)


def some_traces(lengths: list[int]) -> list[list[int]]:
    """Random tokens, with separators as traces have them."""
    rng, separator = np.random.default_rng(0), build_tokenizer().convert_tokens_to_ids(FRAME_SEP)
    traces = [rng.integers(20, 300, length).tolist() for length in lengths]
    for trace in traces:
        trace[3] = trace[7] = trace[-1] = separator
    return traces


def test_the_loss_of_each_trace_is_what_it_is_alone() -> None:
    tokenizer = build_tokenizer()
    separator, pad = (tokenizer.convert_tokens_to_ids(name) for name in (FRAME_SEP, PAD))
    torch.manual_seed(0)
    model = new_model(_TINY).eval()
    traces = [np.array(trace, dtype=np.uint16) for trace in some_traces([20, 90, 41, 41, 12])]

    together = sorted(losses(model, traces, tokens_per_batch=200), key=lambda one: (one.tokens, one.nats))
    with torch.inference_mode():
        alone = [batch_loss(model, make_batch([trace], separator, pad)) for trace in traces]

    expected = sorted((len(trace), float(one.loss) * one.count) for trace, one in zip(traces, alone, strict=True))
    assert [one.tokens for one in together] == [length for length, _ in expected]
    assert [one.predicted for one in together] == [length - 8 for length, _ in expected]
    assert [one.nats for one in together] == pytest.approx([nats for _, nats in expected], rel=1e-5)
    assert sum(one.correct for one in together) == sum(int(one.correct) for one in alone)


def test_the_last_traces_that_are_short_enough(tmp_path: Path) -> None:
    traces = some_traces([10, 11, 50, 12, 13, 14])
    for number in range(3):
        save_shard(tmp_path / f"shard-{number}.npz", traces[2 * number : 2 * number + 2])

    assert [len(trace) for trace in held_out(tmp_path, 3, 20)] == [12, 13, 14]
    assert [len(trace) for trace in held_out(tmp_path, 9, 20)] == [10, 11, 12, 13, 14]
    with pytest.raises(InputError, match="no shards"):
        held_out(tmp_path / "none", 3, 20)


def test_the_command_prints_a_row_for_each_folder(tmp_path: Path) -> None:
    new_model(_TINY).save_pretrained(tmp_path / "model")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        save_shard(tmp_path / name / "shard-0.npz", some_traces([30, 40]))
    command = [
        sys.executable,
        "-m",
        "cwm_trace.train",
        "loss",
        *(str(tmp_path / name) for name in ("model", "one", "two")),
    ]

    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    assert [line.split(" | ")[:2] for line in printed[2:]] == [["| one", "2"], ["| two", "2"]]
    assert printed[2].replace("one", "two") == printed[3]


def test_a_network_may_be_told_nothing_of_some_positions() -> None:
    torch.manual_seed(0)
    model = new_model(_TINY)
    torch.nn.init.normal_(model.model.embed_literals.weight)
    ids = torch.randint(10, 600, (1, 30), generator=torch.Generator().manual_seed(1))
    told = torch.randint(1, 9, (1, 30, len(KINDS)), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        before = model(
            ids, literal_positions=told * torch.tensor([kind not in ("item", "visit") for kind in KINDS])
        ).logits

        tell_nothing_of(model, ["item", "visit"])

        assert torch.allclose(model(ids, literal_positions=told).logits, before, atol=1e-5)
        tell_nothing_of(model, [])
        assert torch.allclose(model(ids, literal_positions=told).logits, before, atol=1e-5)
    with pytest.raises(InputError, match="not told of value"):
        tell_nothing_of(new_model(_TINY, told=False), ["value"])
