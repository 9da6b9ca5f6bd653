"""Rollouts at once are those of one at a time: rows of different lengths, come and go, in one model's passes; and runs in batches."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from cwm_trace.errors import ModelError  # noqa: E402
from cwm_trace.eval import Suite, Task, run_suite  # noqa: E402
from cwm_trace.eval.samples import read_samples  # noqa: E402
from cwm_trace.frames import Trace  # noqa: E402
from cwm_trace.models import Concurrent, Decoding, Model, load_model  # noqa: E402
from cwm_trace.models.batch import Batcher  # noqa: E402
from cwm_trace.models.causal import CausalModel  # noqa: E402
from cwm_trace.models.lean import LeanNetwork  # noqa: E402
from cwm_trace.prompts import call_prompt  # noqa: E402
from cwm_trace.simulate import predict  # noqa: E402
from tests import tiny_cwm  # noqa: E402

SOURCES = [f"def f(a, b):\n{'    # a longer context' * number}\n    return a\n" for number in range(5)]
PROMPTS = [call_prompt(source, f"f({number!r}, {'x' * 7 * number!r})") for number, source in enumerate(SOURCES * 2)]
WAYS = {
    "greedy": Decoding(),
    "token by token": Decoding(speculative=False),
    "sampled": Decoding(temperature=1.0, seed=3),
}
TASKS = tuple(Task(str(number), source, f"f({number}, 'ab')") for number, source in enumerate(SOURCES))


@pytest.fixture(scope="module")
def tiny() -> CausalModel:
    return CausalModel(tiny_cwm.build_model(), tiny_cwm.build_tokenizer(), "tiny")


@pytest.fixture(scope="module")
def lean() -> CausalModel:
    """The same weights without transformers."""
    model = tiny_cwm.build_model()
    network = LeanNetwork(model.config.to_dict(), model.state_dict())
    return CausalModel(network, tiny_cwm.build_tokenizer(), "tiny")


def together(model: CausalModel) -> CausalModel:
    twin = model.concurrent()
    assert isinstance(twin, CausalModel)
    return twin


def written(model: Model, prompt: Trace, decoding: Decoding) -> str:
    return predict(model, prompt=prompt, max_tokens=60, decoding=decoding).render()


def all_at_once(model: Model, decoding: Decoding, threads: int) -> list[str]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda prompt: written(model, prompt, decoding), PROMPTS))


def test_constrained_texts_are_those_of_one_at_a_time(tiny: CausalModel) -> None:
    constrained, few = (
        Decoding(constrained=True),
        PROMPTS[:2],
    )  # slow: of 128,256 tokens of a random model hardly any may come
    alone = [predict(tiny, prompt=prompt, max_tokens=12, decoding=constrained).render() for prompt in few]
    model = together(tiny)
    with ThreadPoolExecutor(2) as pool:
        texts = pool.map(lambda one: predict(model, prompt=one, max_tokens=12, decoding=constrained).render(), few)
        assert list(texts) == alone


@pytest.mark.parametrize("way", WAYS)
def test_the_texts_are_those_of_one_at_a_time(tiny: CausalModel, way: str) -> None:
    alone = [written(tiny, prompt, WAYS[way]) for prompt in PROMPTS]
    assert len(set(alone)) == len(PROMPTS)
    # Fewer threads than prompts: rows are used again, by sequences that are shorter than what is left there.
    assert all_at_once(together(tiny), WAYS[way], 4) == alone


@pytest.mark.parametrize("way", WAYS)
def test_the_texts_of_a_lean_network_are_those_of_one_at_a_time(tiny: CausalModel, lean: CausalModel, way: str) -> None:
    alone = [written(lean, prompt, WAYS[way]) for prompt in PROMPTS]
    assert all_at_once(together(lean), WAYS[way], 4) == alone
    if way != "sampled":  # where a rounding decides
        assert alone == [written(tiny, prompt, WAYS[way]) for prompt in PROMPTS]


def test_lean_rows_share_passes(lean: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    once = LeanNetwork.run

    def counted(self: LeanNetwork, reads: list[Any]) -> list[Any]:
        sizes.append(len(reads))
        return once(self, reads)

    monkeypatch.setattr(LeanNetwork, "run", counted)
    all_at_once(together(lean), Decoding(speculative=False), len(PROMPTS))
    assert len(PROMPTS) / 2 < max(sizes) <= len(PROMPTS)


def test_rows_share_passes(tiny: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    once = Batcher._pass

    def counted(self: Batcher, group: list[Any]) -> list[Any]:
        sizes.append(len(group))
        return once(self, group)

    monkeypatch.setattr(Batcher, "_pass", counted)
    all_at_once(together(tiny), Decoding(speculative=False), len(PROMPTS))
    assert max(sizes) == len(PROMPTS)
    assert sum(sizes) / len(sizes) > 3


def test_an_idle_rollout_holds_up_nobody(tiny: CausalModel) -> None:
    model = together(tiny)
    idle = model.rollout(PROMPTS[0], Decoding())
    first = idle.next_frame(max_tokens=20).text
    assert written(model, PROMPTS[1], Decoding()) == written(tiny, PROMPTS[1], Decoding())
    alone = tiny.rollout(PROMPTS[0], Decoding())
    assert first == alone.next_frame(max_tokens=20).text
    assert idle.next_frame(max_tokens=20).text == alone.next_frame(max_tokens=20).text
    idle.close()


def test_no_thread_is_left_when_all_rollouts_are_closed(tiny: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cwm_trace.models.batch._LINGER", 0.01)
    of_others = set(threading.enumerate())  # another test's may linger
    model = together(tiny)
    written(model, PROMPTS[0], Decoding())
    for thread in set(threading.enumerate()) - of_others:
        if thread.name == "cwm-trace batches":
            thread.join(30)
            assert not thread.is_alive()
    assert written(model, PROMPTS[1], Decoding()) == written(tiny, PROMPTS[1], Decoding())


@pytest.fixture
def small_gpu(tiny: CausalModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A model whose memory does not suffice for several rows, nor for a read of this many tokens."""
    limit, forward = 400, type(tiny._model).forward

    @wraps(forward)  # with its parameters, by which the cache is named
    def full(self: Any, input_ids: Any, **options: Any) -> Any:
        if input_ids.shape[0] > 1 or input_ids.shape[1] > limit:
            raise torch.OutOfMemoryError("out of memory")
        return forward(self, input_ids=input_ids, **options)

    monkeypatch.setattr(type(tiny._model), "forward", full)
    yield limit


def test_what_does_not_fit_together_is_read_apart(tiny: CausalModel, small_gpu: int) -> None:
    alone = [written(tiny, prompt, Decoding()) for prompt in PROMPTS]
    assert all_at_once(together(tiny), Decoding(), 3) == alone
    with pytest.raises(ModelError, match="not enough memory"):
        written(together(tiny), call_prompt("def f(a):\n    return a\n", f"f({'x' * small_gpu!r})"), Decoding())


def test_a_bug_in_a_pass_reaches_who_waits_for_it(tiny: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, **options: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(type(tiny._model), "forward", broken)
    with pytest.raises(ZeroDivisionError):
        all_at_once(together(tiny), Decoding(), 3)


@pytest.mark.parametrize("change", [{"_attn_implementation": "eager"}, {"layer_types": ["chunked_attention"] * 4}])
def test_models_that_cannot(change: dict[str, Any]) -> None:
    model = CausalModel(tiny_cwm.build_model(), tiny_cwm.build_tokenizer(), "tiny")
    for name, value in change.items():
        setattr(model._model.config, name, value)
    assert model.concurrent() is None


def test_scripted_models_are_not_run_at_once() -> None:
    assert not isinstance(load_model("oracle"), Concurrent)


def test_a_run_in_batches_is_the_run(tiny: CausalModel, tmp_path: Path) -> None:
    suite = Suite("five", "0" * 64, TASKS)
    told: list[tuple[int, int]] = []
    alone = run_suite(tiny, suite, tmp_path / "alone", max_tokens=60)
    batched = run_suite(
        tiny, suite, tmp_path / "batched", max_tokens=60, batch=3, on_sample=lambda n, of, sample: told.append((n, of))
    )
    assert told == [(number, 5) for number in range(1, 6)]
    assert replace(batched, seconds=0.0) == replace(alone, seconds=0.0)
    texts = [
        {sample.id: sample.predicted.render() for sample in read_samples(tmp_path / name) if sample.predicted}
        for name in ("alone", "batched")
    ]
    assert texts[0] == texts[1]
    assert len(texts[0]) == 5


def test_a_run_in_batches_goes_on_where_it_stopped(tiny: CausalModel, tmp_path: Path) -> None:
    suite = Suite("five", "0" * 64, TASKS)
    run_suite(tiny, suite, tmp_path, limit=2, max_tokens=60)
    first = (tmp_path / "samples.jsonl").read_text()
    run_suite(tiny, suite, tmp_path, max_tokens=60, batch=2, resume=True)
    lines = (tmp_path / "samples.jsonl").read_text()
    assert lines.startswith(first)
    assert len(lines.splitlines()) == 5


_LEFT = """
import time
from cwm_trace import load_model
from cwm_trace.models.batch import Batcher, _Job
batcher = Batcher(load_model("nano")._model)
row = batcher.open()
def reading():
    while True:
        yield list(range(100, 700)), 1
        row.length = 0
batcher.answer(_Job(row, reading()))
time.sleep(0.2)
"""


def test_a_process_may_end_in_the_midst_of_a_pass() -> None:
    """PyTorch's code would come back to an interpreter that is gone: "terminate called without an active exception"."""
    ended = subprocess.run([sys.executable, "-c", _LEFT], capture_output=True, text=True, timeout=120)

    assert (ended.returncode, ended.stderr) == (0, "")
