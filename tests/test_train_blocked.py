"""Attention of our own for training: equal to torch's, forward and backward, alone and in the model (skipped without a C compiler)."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the model extra is not installed")

import numpy as np
import torch
from accelerate.state import AcceleratorState
from torch.nn.functional import scaled_dot_product_attention

from cwm_trace.errors import InputError
from cwm_trace.train import blocked
from cwm_trace.train.blocked import blocked_attention, use_blocked
from cwm_trace.train.data import Batch, make_batch
from cwm_trace.train.network import Shape, batch_loss, new_model
from cwm_trace.train.trainer import Plan, Trainer

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler is installed")


def test_without_a_compiler_there_is_a_line_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    blocked._kernel.cache_clear()
    with pytest.raises(InputError, match="cannot be compiled.*--blocked"):
        use_blocked(new_model(Shape(width=64, layers=2, heads=2, inner=96, window=48, positions=256)))
    blocked._kernel.cache_clear()


def _heads(time: int, columns: int, scale: float = 1.0) -> torch.Tensor:
    return (scale * torch.randn(3, time, 2, columns)).transpose(1, 2).requires_grad_()


@needs_compiler
@pytest.mark.parametrize("columns", [32, 64])
@pytest.mark.parametrize(
    ("time", "window"), [(32, None), (96, None), (320, 256), (352, 40), (512, 33), (64, 1), (288, 288)]
)
def test_result_and_gradients_are_those_of_torch(time: int, window: int | None, columns: int) -> None:
    torch.manual_seed(0)
    query, key, value = (_heads(time, columns) for _ in range(3))
    at = torch.arange(time)
    seen = (at[:, None] >= at) & (at[:, None] - at < (window or time))
    expected = scaled_dot_product_attention(query, key, value, seen, scale=0.6)
    made = blocked_attention(query, key, value, window, 0.6)
    change = torch.randn(*expected.shape[:2], columns, time).transpose(2, 3)  # columns not side by side
    torch.testing.assert_close(made, expected, rtol=1e-5, atol=1e-5)
    for one, two in zip(
        torch.autograd.grad(made, (query, key, value), change),
        torch.autograd.grad(expected, (query, key, value), change),
        strict=True,
    ):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-4)


@needs_compiler
def test_scores_far_apart_neither_overflow_nor_vanish() -> None:
    torch.manual_seed(1)
    query, key, value = _heads(64, 32, 30.0), _heads(64, 32, 30.0), _heads(64, 32)
    made = blocked_attention(query, key, value, None, 1.0)
    expected = scaled_dot_product_attention(query, key, value, is_causal=True, scale=1.0)
    torch.testing.assert_close(made, expected, rtol=1e-3, atol=1e-3)
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(made.sum(), (query, key, value)))


def _batch() -> Batch:
    rng = np.random.default_rng(0)
    sequences = [rng.integers(20, 700, length).astype(np.uint16) for length in (40, 90, 121)]
    for sequence in sequences:
        sequence[[3, 7]] = 9
    return make_batch(sequences, 9, 0)


@needs_compiler
def test_a_model_has_the_same_loss_and_gradients() -> None:
    torch.manual_seed(2)
    plain = new_model(Shape(width=64, layers=2, heads=2, inner=96, window=48, positions=256))
    ours = copy.deepcopy(plain)
    use_blocked(ours)
    assert ours.config._attn_implementation == blocked.NAME
    batch = _batch()
    losses = [batch_loss(model, batch).loss for model in (plain, ours)]
    torch.testing.assert_close(*losses, rtol=1e-5, atol=1e-6)
    for loss in losses:
        loss.backward()  # type: ignore[no-untyped-call]
    for one, two in zip(plain.parameters(), ours.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad, rtol=1e-3, atol=1e-5)


@pytest.fixture
def other_precision() -> Iterator[None]:
    """accelerate keeps the precision of a process's first trainer, which those of other tests are, or are to be."""
    AcceleratorState._reset_state()
    yield
    AcceleratorState._reset_state()


@needs_compiler
@pytest.mark.usefixtures("other_precision")
def test_products_of_bfloat16_give_nearly_the_same_gradients_in_float32(tmp_path: Path) -> None:
    plan = Plan(tmp_path, tmp_path / "run", steps=1, blocked=True, half=True)
    shape = Shape(width=64, layers=2, heads=2, inner=96, window=48, positions=256)
    half = Trainer(plan, shape)
    full = copy.deepcopy(half.model)
    with half.accelerator.autocast():
        rough = batch_loss(half.model, _batch()).loss
    exact = batch_loss(full, _batch()).loss
    assert 0 < abs(rough.item() - exact.item()) < 1e-2
    for loss in (rough, exact):
        loss.backward()  # type: ignore[no-untyped-call]
    for one, two in zip(half.model.parameters(), full.parameters(), strict=True):
        assert one.grad.dtype is torch.float32
        assert (one.grad - two.grad).norm() < 0.05 * two.grad.norm()
    assert half.optimizers[0].optimizer._half  # type: ignore[attr-defined]


def test_heads_of_another_size_are_refused() -> None:
    with pytest.raises(InputError, match="heads of 32 or 64"):
        use_blocked(new_model(Shape(width=64, layers=2, heads=4, inner=96, window=48, positions=256)))


@needs_compiler
def test_the_operations_keep_the_promises_that_compiling_builds_on() -> None:
    query, key, value = (_heads(64, 32) for _ in range(3))
    torch.library.opcheck(blocked._forward, (query, key, value, 40, 0.5))


@needs_compiler
@pytest.mark.parametrize(
    "made", [torch.zeros(1, 1, 33, 32), torch.zeros(1, 1, 32, 48), torch.zeros(1, 1, 32, 32).double()]
)
def test_what_the_kernel_cannot_compute_is_refused(made: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="blocked attention wants"):
        blocked_attention(made, made, made, None, 1.0)


def test_packed_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="padded rows"):
        Trainer(Plan(tmp_path, tmp_path, steps=1, blocked=True, packed=True), Shape())
