"""Packed training: the same losses and gradients as one trace at a time, static shapes, data made meanwhile, models that travel in parts."""

from __future__ import annotations

import json
import multiprocessing
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the model extra is not installed")

import numpy as np
import torch
from torch.nn.attention import flex_attention

from cwm_trace.errors import InputError
from cwm_trace.models.trace_positions import TracePositions, all_sizes
from cwm_trace.train import live as live_data
from cwm_trace.train.ahead import Ahead
from cwm_trace.train.data import IGNORED, groups, make_batch
from cwm_trace.train.live import FIRST_SEED, LiveRecipe, LiveShards
from cwm_trace.train.muon import Muon, orthogonalise
from cwm_trace.train.network import Shape, batch_loss, new_model
from cwm_trace.train.packed import BLOCK, PackedBatch, allowed, block_mask, masks_of, pack, packed_loss
from cwm_trace.train.record import Recipe, read_trace, write_shards
from cwm_trace.train.shards import IdArray, load_shard, save_shard, shard_paths
from cwm_trace.train.telling import telling, telling_apart
from cwm_trace.train.tokenizer import literal_symbols, pieces
from cwm_trace.train.trainer import Plan, Progress, Speed, Trainer
from cwm_trace.train.travel import join_parts, split_folder

SEPARATOR, PAD = 9, 0
LITERALS = TracePositions(literal_symbols(), pieces(), all_sizes(len(pieces())))
TINY = Shape(width=32, layers=3, heads=2, inner=48, window=50, positions=512)


def traces(seed: int, count: int, longest: int = 300) -> list[IdArray]:
    """Random tokens, with two separators near the beginning of each."""
    rng = np.random.default_rng(seed)
    made = []
    for length in rng.integers(12, longest, count):
        ids = rng.integers(10, 600, length).astype(np.uint16)
        ids[[3, 8]] = SEPARATOR
        made.append(ids)
    return made


def packed(seed: int = 0, rows: int = 3, length: int = 512) -> tuple[list[PackedBatch], list[IdArray]]:
    given = traces(seed, 300)
    return list(pack(given, rows, length, SEPARATOR, PAD, telling(LITERALS))), given


def test_what_tokens_refer_to_is_found_in_other_processes_as_in_this() -> None:
    given = traces(3, 50)
    expected = telling(LITERALS)(given)

    with telling_apart(LITERALS, 3) as tell:
        for count in (50, 2, 0):
            found = tell(given[:count])
            assert len(found) == count
            assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=False))


# --- packing ----------------------------------------------------------------------------------------------------------


def placed(batch: PackedBatch) -> Iterator[tuple[list[int], list[int]]]:
    """The ids and labels of each trace in a batch."""
    ids, labels, positions, *_ = (item.tolist() for item in batch.tensors)
    for row, lengths in enumerate(batch.lengths):
        start = 0
        for length in lengths:
            assert positions[row][start : start + length] == list(range(length))
            yield ids[row][start : start + length], labels[row][start : start + length]
            start += length
        assert set(ids[row][start:]) <= {PAD} and set(labels[row][start:]) <= {IGNORED}


def test_every_trace_stands_whole_in_one_place_with_its_own_labels() -> None:
    batches, given = packed()
    found = [pair for batch in batches for pair in placed(batch)]
    known = {tuple(item.tolist()) for item in given}

    assert all(item.shape[:2] == (3, 512) for batch in batches for item in batch.tensors)
    assert len({tuple(ids) for ids, _ in found}) == len(found) >= len(given) - 60, "what waits at the end is not used"
    for ids, labels in found:
        assert tuple(ids) in known
        alone = make_batch([np.array(ids, dtype=np.uint16)], SEPARATOR, PAD)
        assert labels == [*alone.labels[0].tolist()[1 : len(ids)], IGNORED]


def test_rows_are_nearly_full() -> None:
    batches = list(pack(traces(1, 600), 4, 512, SEPARATOR, PAD))
    used = sum(sum(map(sum, batch.lengths)) for batch in batches)

    assert used > 0.97 * sum(batch.tokens for batch in batches)


def test_rows_that_no_trace_fills_do_not_wait_for_ever() -> None:
    long = [np.full(300, 11, dtype=np.uint16)] * 50

    batches = list(pack(long, 2, 512, SEPARATOR, PAD))

    assert [batch.lengths for batch in batches[:3]] == [[[300], [300]]] * 3


def test_rows_are_whole_blocks() -> None:
    with pytest.raises(ValueError, match=f"multiple of {BLOCK}"):
        next(pack([], 1, 100, SEPARATOR, PAD))


# --- masks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [None, 1, 50, 127, 128, 129, 130, 200, 300])
def test_block_masks_say_what_dense_ones_say(window: int | None) -> None:
    batch = next(pack(traces(2, 99, 900), 2, 1024, SEPARATOR, PAD)).tensors
    blocks = 1024 // BLOCK
    dense = allowed(batch.documents, window)
    tiles = dense.view(2, 1, blocks, BLOCK, blocks, BLOCK).transpose(3, 4).flatten(4)
    mask = block_mask(batch.documents, window)

    assert torch.equal(flex_attention.create_mask(mask.mask_mod, 2, 1, 1024, 1024, device="cpu"), dense)
    assert torch.equal(mask.to_dense().bool(), tiles.any(-1)), "no block too many, none too few"
    assert torch.equal(mask.full_kv_num_blocks, tiles.all(-1).sum(-1)), "and those that need no look at single tokens"


def test_no_token_sees_another_trace_or_ahead() -> None:
    documents = torch.tensor([[0, 0, 0, 1, 1]])

    assert allowed(documents, 2)[0, 0].int().tolist() == [
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 1, 1],
    ]


# --- losses -----------------------------------------------------------------------------------------------------------


def model_of(shape: Shape = TINY) -> Any:
    torch.manual_seed(0)
    return new_model(shape)


def gradients(model: Any) -> dict[str, torch.Tensor]:
    made = {name: item.grad.clone() for name, item in model.named_parameters()}
    model.zero_grad()
    return made


def test_losses_and_gradients_are_those_of_the_traces_alone() -> None:
    model = model_of()
    batch = packed()[0][0]
    expected, right, count = torch.tensor(0.0), 0, 0
    for ids, _ in placed(batch):
        alone = batch_loss(model, make_batch([np.array(ids, dtype=np.uint16)], SEPARATOR, PAD))
        expected, right, count = expected + alone.loss * alone.count, right + int(alone.correct), count + alone.count
    (expected / count).backward()  # type: ignore[no-untyped-call]
    wanted = gradients(model)

    loss, correct, predicted = packed_loss(model, batch.tensors, masks_of(batch.tensors, model, flex=False))
    loss.backward()  # type: ignore[no-untyped-call]

    assert float(loss.detach()) == pytest.approx(float(expected.detach()) / count, rel=1e-5)
    assert (int(correct), int(predicted)) == (right, count)
    for name, found in gradients(model).items():
        torch.testing.assert_close(found, wanted[name], rtol=1e-3, atol=1e-6, msg=name)


def test_flex_attention_gives_the_same_in_one_graph_for_all_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU it is compiled; here its own mathematics runs, backwards too, under the same tracing."""
    monkeypatch.setattr(flex_attention, "_validate_device", lambda *_: None)  # "does not support backward on CPU"
    torch._dynamo.reset()
    counters = torch._dynamo.utils.counters
    counters.clear()
    model = model_of(replace(TINY, layers=2))
    compiled = torch.compile(packed_loss, dynamic=False, backend="aot_eager")
    for batch in packed()[0][:2]:
        for flex, loss_of in ((False, packed_loss), (True, compiled)):
            loss, *_ = loss_of(model, batch.tensors, masks_of(batch.tensors, model, flex))
            loss.backward()  # type: ignore[no-untyped-call]
            if not flex:
                expected, wanted = float(loss.detach()), gradients(model)
        assert float(loss.detach()) == pytest.approx(expected, rel=1e-5)
        for name, found in gradients(model).items():
            torch.testing.assert_close(found, wanted[name], rtol=1e-3, atol=1e-6, msg=name)
    assert counters["stats"]["unique_graphs"] == 1


def test_speed_counts_weights_and_pairs() -> None:
    batch = packed()[0][0]
    model = model_of()
    speed = Speed(model, peak=1.0)
    speed.add(batch)
    dense = [int(allowed(batch.tensors.documents, window).sum()) for window in (None, 50)]
    padding = [
        sum(min(n + 1, window or n + 1) for row in batch.lengths for n in range(512 - sum(row)))
        for window in (None, 50)
    ]

    assert [batch.pairs(window) for window in (None, 50)] == [
        all_ - pad for all_, pad in zip(dense, padding, strict=True)
    ]
    weights = sum(item.numel() for item in model.parameters() if item.ndim == 2)
    tokens = sum(map(sum, batch.lengths))
    assert speed._operations == 6 * weights * tokens + 12 * 32 * (2 * batch.pairs(None) + batch.pairs(50))


def test_muon_updates_each_matrix_as_by_itself() -> None:
    torch.manual_seed(0)
    matrices = [torch.nn.Parameter(torch.randn(shape)) for shape in ((8, 4), (8, 4), (4, 4))]
    expected, momenta = [item.detach().clone() for item in matrices], [torch.zeros_like(item) for item in matrices]
    optimizer = Muon(matrices, lr=0.1)
    for _ in range(3):
        for matrix, value, momentum in zip(matrices, expected, momenta, strict=True):
            matrix.grad = torch.randn_like(matrix)
            momentum.mul_(0.95).add_(matrix.grad, alpha=0.05)
            update = orthogonalise((matrix.grad * 0.05 + momentum * 0.95)[None])[0]
            value.mul_(1 - 0.1 * 0.01).sub_(update * 0.1 * 0.2 * max(value.shape) ** 0.5)
        optimizer.step()

    for matrix, value in zip(matrices, expected, strict=True):
        torch.testing.assert_close(matrix.detach(), value)


# --- data that is made meanwhile --------------------------------------------------------------------------------------


def test_items_are_made_ahead_in_order() -> None:
    with Ahead(iter(range(20)), depth=3) as items:
        assert list(items) == list(range(20))


def test_what_the_thread_raises_is_raised_where_it_is_read() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise KeyError("shard")

    with Ahead(failing()) as items:
        assert next(items) == 1
        with pytest.raises(KeyError, match="shard"):
            next(items)


def test_the_thread_ends_with_its_reader() -> None:
    before = threading.active_count()
    with Ahead(iter(range(10**9)), depth=2) as items:
        assert next(items) == 0
    assert threading.active_count() == before


RECIPE = Recipe(0, 0, per_shard=4, max_tokens=1024)


def wait_for(live: LiveShards, count: int, wanted: Collection[tuple[int, ...]] = ()) -> list[tuple[int, ...]]:
    """Traces of so many shards, or of as many more as it takes to have those that are wanted, for a while."""
    found: list[tuple[int, ...]] = []
    while live.taken < count or (not set(wanted) <= set(found) and live.taken < 60):
        found += [tuple(item.tolist()) for item in live.take(1)]
        time.sleep(0.05)
    return found


def test_live_data_are_traces_of_new_programs_and_end_with_the_run(tmp_path: Path) -> None:
    start = -(-FIRST_SEED // 8) * 8
    write_shards(replace(RECIPE, first=start, last=start + 4), tmp_path / "again")
    again = [tuple(item.tolist()) for path in shard_paths(tmp_path / "again") for item in load_shard(path)]
    with LiveShards(LiveRecipe(RECIPE, workers=2), tmp_path) as live:
        first = wait_for(live, 3, again)  # one process may be far ahead of the other
        counts = live.counts()
    assert not multiprocessing.active_children()
    with LiveShards(LiveRecipe(RECIPE, workers=1), tmp_path) as live:
        later = wait_for(live, 2)

    texts = [*first, *later]
    assert len(set(texts)) > 0.9 * len(texts) > 8, "another start has other seeds"
    assert all(read_trace(list(item)).complete for item in texts)
    assert counts["programs"] >= 8
    assert again and set(again) <= set(first), "a shard is a function of its seeds"


def test_a_process_that_ends_by_itself_is_an_error(tmp_path: Path) -> None:
    with LiveShards(LiveRecipe(replace(RECIPE, suites=("no such file",)), workers=1), tmp_path) as live:
        with pytest.raises(RuntimeError, match="have ended: exit codes"):
            while True:
                live.take(1)
                time.sleep(0.05)


def test_live_data_come_first_and_shards_where_there_are_none(tmp_path: Path) -> None:
    class Given:
        left: list[list[int]] = [[], [7, 7]]

        def take(self, most: int) -> list[IdArray]:
            return [np.array(ids, dtype=np.uint16) for ids in [self.left.pop(0)] if ids] if self.left else []

    save_shard(tmp_path / "shard-000000000.npz", [[1, 2, 3]])
    stream = groups(tmp_path, 0, max_length=lambda: 5, live=Given())  # type: ignore[arg-type]

    assert [[item.tolist() for item in next(stream)] for _ in range(3)] == [[[1, 2, 3]], [[7, 7]], [[1, 2, 3]]]


def test_seeds_of_processes_and_starts_never_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked at without any process: what each would be given."""
    given: list[tuple[int, int]] = []

    class Process:
        exitcode = None

        def __init__(self, target: object, args: tuple[Any, ...], daemon: bool) -> None:
            given.append((args[2], args[3]))

        def start(self) -> None: ...
        def join(self, timeout: float | None = None) -> None: ...
        def is_alive(self) -> bool:
            return False

    context = multiprocessing.get_context("spawn")
    monkeypatch.setattr(context, "Process", Process)
    for trainer in (0, 1):
        for _ in range(2):
            with LiveShards(LiveRecipe(RECIPE, workers=3), tmp_path / str(trainer), trainer):
                pass

    assert all(step == 12 and start >= FIRST_SEED for start, step in given)
    seeds = [start + step * turn + item for start, step in given for turn in range(5) for item in range(4)]
    assert len(set(seeds)) == len(seeds) == 12 * 20
    starts = sorted(start for start, _ in given)
    assert live_data.SEEDS_A_START - 24 <= starts[3] - starts[0] <= live_data.SEEDS_A_START + 24


# --- runs -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    write_shards(Recipe(0, 60, per_shard=30, max_tokens=1024), folder)
    return folder


def plan_of(shards: Path, out: Path, steps: int) -> Plan:
    return Plan(
        shards,
        out,
        steps=steps,
        tokens_per_batch=2048,
        max_length=1024,
        learning_rate=1e-2,
        packed=True,
        accumulate=2,
        workers=1,
        live=RECIPE,
        peak=1e10,
    )


def test_a_packed_run_on_live_data_learns_resumes_and_travels(shards: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    shape = replace(TINY, positions=2048)
    Trainer(plan_of(shards, tmp_path / "run", 10), shape).run()
    resumed = Trainer(plan_of(shards, tmp_path / "run", 20), shape)
    assert resumed.progress.step == 10

    done = resumed.run()

    rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert (done.step, done.tokens) == (20, 20 * 2 * 2048)
    assert rows[-1]["loss"] < rows[0]["loss"] - 0.5
    assert rows[-1]["tokens_per_second"] > 0 and rows[-1]["peak_share"] > 0
    assert (tmp_path / "run" / "live" / "0" / "starts").read_text() == "2"

    parts = split_folder(tmp_path / "run" / "model", tmp_path / "parts", 100_000)
    assert len(parts) > 2 and all(path.stat().st_size <= 100_000 for path in parts)
    names = join_parts(tmp_path / "parts", tmp_path / "model")
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(names)
    for name in names:
        assert (tmp_path / "model" / name).read_bytes() == (tmp_path / "run" / "model" / name).read_bytes()

    from cwm_trace import load_model, predict

    model = load_model(f"hf:{tmp_path / 'model'}")
    assert len(predict(model, "def f(x):\n    return x\n", call="f(1)", max_tokens=40)) > 0


def test_the_first_step_is_no_time_of_training(shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(replace(plan_of(shards, tmp_path, 3), workers=0), replace(TINY, positions=2048))
    step, durations = trainer._step, iter([0.6, 0.01, 0.01])

    def slow(*arguments: Any) -> None:
        time.sleep(next(durations))
        trainer.progress.step += 1

    monkeypatch.setattr(trainer, "_step", slow)
    assert step is not slow
    assert 0.02 <= trainer.run().seconds < 0.6


def test_parts_that_are_missing_or_damaged_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="no files"):
        split_folder(tmp_path / "folder", tmp_path / "parts", 1000)
    (tmp_path / "folder" / "a").write_bytes(b"x" * 5000)
    parts = split_folder(tmp_path / "folder", tmp_path / "parts", 4096)
    kept = parts[1].read_bytes()

    parts[1].write_bytes(kept[:-1] + b"y")
    with pytest.raises(InputError, match="damaged"):
        join_parts(tmp_path / "parts", tmp_path / "again")
    parts[1].unlink()
    with pytest.raises(InputError, match="part-001 is missing"):
        join_parts(tmp_path / "parts", tmp_path / "again")
    assert Progress().fraction(Plan(tmp_path, tmp_path, steps=4)) == 0
