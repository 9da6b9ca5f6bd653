"""A model in processes of its own: the same texts, errors that come back, and nothing left behind."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from cwm_trace.errors import ModelError  # noqa: E402
from cwm_trace.eval import Suite, Task, run_suite  # noqa: E402
from cwm_trace.eval.samples import read_samples  # noqa: E402
from cwm_trace.frames import Trace  # noqa: E402
from cwm_trace.models import NANO_FOLDER, Decoding, Model, Stop, load_model  # noqa: E402
from cwm_trace.models.causal import CausalModel  # noqa: E402
from cwm_trace.models.workers import Workers  # noqa: E402
from cwm_trace.prompts import call_prompt  # noqa: E402
from cwm_trace.simulate import predict  # noqa: E402

SOURCE = "def f(words):\n    found = []\n    for word in words:\n        found.append(word.upper())\n    return found\n"
PROMPTS = [call_prompt(SOURCE, f"f({['ab', 'c', 'é'][:number]!r})") for number in range(4)]
WAYS = {
    "greedy": Decoding(constrained=False),
    "constrained": Decoding(constrained=True),
    "as the model says": Decoding(temperature=3.0, seed=1),
    "sampled": Decoding(temperature=1.0, seed=3, constrained=False),
}


@pytest.fixture(scope="module")
def nano() -> CausalModel:
    model = load_model("nano")
    assert isinstance(model, CausalModel)
    return model


@pytest.fixture(scope="module")
def workers(nano: CausalModel) -> Iterator[Workers]:
    made = Workers(nano, str(NANO_FOLDER), 2)
    yield made


def written(model: Model, prompt: Trace, decoding: Decoding) -> str:
    return predict(model, prompt=prompt, max_tokens=60, decoding=decoding).render()


@pytest.mark.parametrize("way", WAYS)
def test_the_texts_are_those_of_one_process(nano: CausalModel, workers: Workers, way: str) -> None:
    alone = [written(nano, prompt, WAYS[way]) for prompt in PROMPTS]
    assert len(set(alone)) == len(PROMPTS)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda prompt: written(workers, prompt, WAYS[way]), PROMPTS)) == alone
    assert len(workers._workers) == 2
    assert [worker.rollouts for worker in workers._workers] == [0, 0]


def test_frames_can_be_fed_and_forced(nano: CausalModel, workers: Workers) -> None:
    step = predict(nano, prompt=PROMPTS[2], max_frames=1).frames[-1]
    texts = []
    for model in (nano, workers):
        rollout = model.rollout(PROMPTS[2], Decoding())
        rollout.feed(step)
        made = rollout.next_frame(prefix="<|return_sep|>", max_tokens=5)
        assert made.stop is Stop.TOKENS
        texts.append((made.text, made.tokens))
        assert made.text.startswith("<|return_sep|>")
        rollout.close()
    assert texts[0] == texts[1]


def test_scores_and_name_are_the_models(nano: CausalModel, workers: Workers) -> None:
    trace = predict(nano, prompt=PROMPTS[1], max_frames=2)
    assert workers.name == "nano"
    assert [score.greedy for score in workers.score(trace)] == [True, True]


def test_what_one_process_was_told_the_other_one_does_not_ask(nano: CausalModel) -> None:
    workers = Workers(nano, str(NANO_FOLDER), 2)
    told = Path(workers._folder.name) / "told"
    first = workers.rollout(PROMPTS[0], Decoding())  # so that the next rollout is the second process's
    texts = [written(workers, PROMPTS[2], Decoding())]
    asked = told.read_text(encoding="ascii")
    first.close()
    workers._workers.reverse()  # the first of those that are free is taken
    texts.append(written(workers, PROMPTS[2], Decoding()))
    assert len(workers._workers) == 2 and told.read_text(encoding="ascii") == asked and "'a'.upper()" in asked
    assert texts == [written(nano, PROMPTS[2], Decoding())] * 2


def test_a_process_that_is_killed_costs_its_rollouts_and_says_so(nano: CausalModel) -> None:
    workers = Workers(nano, str(NANO_FOLDER), 1)
    rollout = workers.rollout(PROMPTS[0], Decoding())
    rollout.next_frame(max_tokens=2)
    workers._workers[0].process.send_signal(signal.SIGKILL)
    workers._workers[0].process.wait()
    with pytest.raises(ModelError, match=r"a process of nano ended early\. .*memory"):
        rollout.next_frame(max_tokens=2)
    rollout.close()
    assert written(workers, PROMPTS[0], Decoding()) == written(nano, PROMPTS[0], Decoding())  # in a new one


def test_a_model_that_is_gone_is_an_error(nano: CausalModel, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError, match="ended early"):
        Workers(nano, str(tmp_path), 1).rollout(PROMPTS[0], Decoding())
    assert "ModelError" in capfd.readouterr().err


def test_processes_and_their_folder_end_with_the_object(nano: CausalModel) -> None:
    workers = Workers(nano, str(NANO_FOLDER), 1)
    written(workers, PROMPTS[0], Decoding())
    process, folder = workers._workers[0].process, Path(workers._folder.name)
    assert process.poll() is None and folder.is_dir()
    del workers
    gc.collect()
    assert process.returncode == 0
    assert not folder.exists()


def test_processes_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from cwm_trace.models import NANO_FOLDER, Decoding, load_model\n"
        "from cwm_trace.models.workers import Workers\n"
        "from cwm_trace.prompts import call_prompt\n"
        "workers = Workers(load_model('nano'), str(NANO_FOLDER), 1)\n"
        "workers.rollout(call_prompt('def f():\\n    pass\\n', 'f()'), Decoding())\n"
        "print(workers._workers[0].process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(600):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").exists() and " Z " in Path(f"/proc/{child}/stat").read_text():
            return  # ended; nobody has asked for its exit code
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the worker lives on")


def test_a_model_on_several_cores_is_several_processes(nano: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.get_num_threads", lambda: 3)
    assert isinstance(nano.concurrent(), Workers)
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)
    assert isinstance(nano.concurrent(), CausalModel)


def test_a_run_in_batches_is_the_run(nano: CausalModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.get_num_threads", lambda: 2)
    tasks = tuple(Task(str(number), SOURCE, f"f({['ab', 'c'][:number]!r})") for number in range(3))
    suite = Suite("three", "0" * 64, tasks)
    texts = []
    for name, batch in (("alone", 1), ("batched", 2)):
        run_suite(nano, suite, tmp_path / name, max_tokens=40, batch=batch)
        samples = sorted(read_samples(tmp_path / name), key=lambda sample: sample.id)
        texts.append([sample.predicted.render() for sample in samples if sample.predicted])
    assert texts[0] == texts[1]
    assert len(texts[0]) == 3
