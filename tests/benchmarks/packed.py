"""How fast packed training steps are, without data: for choosing a shape and a batch on a GPU, in a minute each.

    python -m tests.benchmarks.packed --shape 512x9x8x1408 --shape 512x12x8x1408 --tokens 65536 --tokens 131072
    python -m tests.benchmarks.packed --toy

Traces of random tokens, with lengths as generated ones have. Printed first: loss and gradients under FlexAttention, compiled, against a dense
mask, not compiled (on a GPU only). Then, for each shape and batch: the median of steps in milliseconds, what of it is building masks and
optimiser, tokens a second, the share of the chip's peak, memory.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cwm_trace.train.network import Shape, new_model
from cwm_trace.train.packed import PackedBatch, masks_of, pack, packed_loss
from cwm_trace.train.shards import IdArray
from cwm_trace.train.trainer import Plan, Speed, make_optimizers

SEPARATOR, PAD = 9, 0
CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")


def random_traces() -> Iterator[IdArray]:
    """Endless; as many tokens as generated traces have (median 500, a tenth above 1,500)."""
    rng = np.random.default_rng(0)
    while True:
        length = int(np.clip(rng.lognormal(6.2, 0.8), 100, 4000))
        ids = rng.integers(10, 600, length).astype(np.uint16)
        ids[[30, 40]] = SEPARATOR
        yield ids


def batch_of(tokens: int, length: int) -> PackedBatch:
    """One batch on the device."""
    short = (item[:length] for item in random_traces())
    return next(pack(short, max(tokens // length, 1), length, SEPARATOR, PAD)).to(DEVICE)


def milliseconds(work: Callable[[], object], repeat: int) -> float:
    """The median, with all the GPU was given done."""
    taken = []
    for _ in range(repeat):
        if CUDA:
            torch.cuda.synchronize()
        started = time.perf_counter()
        work()
        if CUDA:
            torch.cuda.synchronize()
        taken.append(1e3 * (time.perf_counter() - started))
    return statistics.median(taken)


def _autocast() -> Any:
    return torch.autocast("cuda", torch.bfloat16) if CUDA else nullcontext()


def compare(shape: Shape, length: int) -> None:
    """FlexAttention, compiled, against a dense mask: both in bfloat16, as training is, and in float32."""
    model, batch = new_model(shape).to(DEVICE), batch_of(4 * length, length)
    compiled = torch.compile(packed_loss, dynamic=False)
    for name, context in (("float32", nullcontext), ("bfloat16", _autocast)):
        found = []
        for flex, loss_of in ((False, packed_loss), (True, compiled)):
            with context():
                loss, *_ = loss_of(model, batch.tensors, masks_of(batch.tensors, model, flex))
            loss.backward()  # type: ignore[no-untyped-call]
            found.append((float(loss.detach()), [item.grad.clone() for item in model.parameters()]))
            model.zero_grad()
        (dense, wanted), (flexed, got) = found
        apart = max(float((a - b).norm() / a.norm().clamp(min=1e-12)) for a, b in zip(wanted, got, strict=True))
        print(
            f"{name}: loss dense {dense:.5f}, flex {flexed:.5f}; gradients apart by {apart:.1e} of their norm at most"
        )


def measure(shape: Shape, tokens: int, length: int, *, compiled: bool, steps: int, peak: float) -> None:
    """Prints the speed of one shape and batch."""
    torch._dynamo.reset()
    if CUDA:
        torch.cuda.reset_peak_memory_stats()
    model, batch = new_model(shape).to(DEVICE), batch_of(tokens, length)
    optimizers = make_optimizers(model, Plan(Path(), Path(), compile=compiled))
    loss_of = torch.compile(packed_loss, dynamic=False) if compiled else packed_loss

    def forward_backward() -> None:
        with _autocast():
            loss, *_ = loss_of(model, batch.tensors, masks_of(batch.tensors, model, CUDA))
        loss.backward()  # type: ignore[no-untyped-call]

    def optimise() -> None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()

    def step() -> None:
        forward_backward()
        optimise()
        for optimizer in optimizers:
            optimizer.zero_grad()

    started = time.perf_counter()
    step()
    first = time.perf_counter() - started
    whole = milliseconds(step, steps)
    masks = milliseconds(lambda: masks_of(batch.tensors, model, CUDA), 5)
    forward_backward()
    optimiser = milliseconds(optimise, 5)
    speed = Speed(model, peak)
    speed.add(batch)
    operations, used = speed._operations, sum(map(sum, batch.lengths))
    memory = torch.cuda.max_memory_allocated() / 2**30 if CUDA else 0.0
    count = sum(item.numel() for item in model.parameters())
    print(
        f"{shape.width}x{shape.layers}x{shape.heads}x{shape.inner} ({count / 1e6:.1f} million), {batch.tokens} tokens: "
        f"{whole:.1f} ms a step (masks {masks:.1f}, optimiser {optimiser:.1f}; the first {first:.0f} s), "
        f"{1e3 * used / whole:,.0f} tokens/s, {100 * operations / whole * 1e3 / peak:.1f} % of the peak, {memory:.1f} GiB",
        flush=True,
    )


def _shape(text: str) -> Shape:
    width, layers, heads, inner = map(int, text.split("x"))
    return Shape(width=width, layers=layers, heads=heads, inner=inner)


def main() -> None:
    """Runs all that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.packed")
    parser.add_argument("--shape", type=_shape, action="append", help="WIDTHxLAYERSxHEADSxINNER (512x9x8x1408)")
    parser.add_argument("--tokens", type=int, action="append", help="of a batch (65536, 131072)")
    parser.add_argument("--length", type=int, default=4096, help="of a row")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--peak", type=float, default=989e12, help="operations a second (an H100's data sheet, bf16)")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--toy", action="store_true", help="sizes that a processor does in seconds")
    options = parser.parse_args()
    torch.set_float32_matmul_precision("high")
    shapes = options.shape or [_shape("32x2x2x48" if options.toy else "512x9x8x1408")]
    batches = options.tokens or ([1024] if options.toy else [65536, 131072])
    length = 512 if options.toy else options.length
    if CUDA:
        compare(Shape(width=128, layers=2, heads=2, inner=256), length)
    for shape in shapes:
        for tokens in batches:
            compiled = not (options.no_compile or options.toy)
            measure(shape, tokens, length, compiled=compiled, steps=options.steps, peak=options.peak)


if __name__ == "__main__":
    main()
