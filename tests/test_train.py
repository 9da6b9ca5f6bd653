"""Training data and training of nano: reproducible programs, lossless tokens, masked losses, and a short run that learns."""

from __future__ import annotations

import ast
import builtins
import gc
import hashlib
import json
import keyword
import math
import os
import random
import re
import signal
import subprocess
import sys
import weakref
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cwm_trace.errors import InputError
from cwm_trace.eval.suites import load_suite
from cwm_trace.format import ARG_SEP, BEGIN_OF_TEXT, END_OF_TEXT, FRAME_SEP, TRACE_TOKENS, render_frame
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.train.decontaminate import Filter
from cwm_trace.train.idioms import IDIOMS
from cwm_trace.train.names import novel_name
from cwm_trace.train.programs import generate
from cwm_trace.train.style import quoted

pytest.importorskip("torch", reason="the model extra is not installed")

import numpy as np
import torch

from cwm_trace.train import programs, record
from cwm_trace.train.data import IGNORED, batches, bucketed, loss_start, make_batch
from cwm_trace.train.network import Shape, batch_loss, new_model, open_model
from cwm_trace.train.record import Recipe, read_trace, traces_of, write_shards
from cwm_trace.train.shards import COUNTS, load_shard, mix_shards, save_shard, shard_paths
from cwm_trace.train.tokenizer import PAD, SPECIAL, TraceEncoder, build_tokenizer, pieces
from cwm_trace.train.trainer import Plan, Trainer, rate_factor

ROOT = Path(__file__).resolve().parent.parent
SEEDS = range(300)
TINY = Shape(width=32, layers=2, heads=2, inner=64, window=64, positions=2048)

# --- programs ---------------------------------------------------------------------------------------------------------

_DIGEST = """
import hashlib
from cwm_trace.train.programs import generate
print(hashlib.sha256(repr([generate(seed) for seed in range(300)]).encode()).hexdigest())
"""


def test_programs_are_a_function_of_their_seed() -> None:
    here = hashlib.sha256(repr([generate(seed) for seed in SEEDS]).encode()).hexdigest()
    again = hashlib.sha256(repr([generate(seed) for seed in SEEDS]).encode()).hexdigest()
    environment = os.environ | {"PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)}
    elsewhere = subprocess.run([sys.executable, "-c", _DIGEST], capture_output=True, text=True, env=environment)

    assert here == again
    assert elsewhere.stdout.strip() == here, elsewhere.stderr


def test_programs_compile_and_differ() -> None:
    programs = [generate(seed) for seed in SEEDS]
    refused = [error for program in programs if (error := syntax_error(program.source))]

    assert len({program.source for program in programs}) > 0.99 * len(programs)
    assert len(refused) <= 0.02 * len(programs)
    assert all("f-string" in str(error) for error in refused), "only quotes inside an f-string, which 3.11 refuses"
    assert {program.family for program in programs} == {"drill", "free", "idiom", "script"}


def syntax_error(source: str) -> SyntaxError | None:
    try:
        ast.parse(source)
    except SyntaxError as error:
        return error
    return None


def test_every_idiom_makes_programs_that_compile() -> None:
    """Thousands of seeds draw what 300 never do."""
    for number, template in enumerate(IDIOMS):
        for seed in range(8):
            writer = programs.new_writer(random.Random(f"{number} {seed}"))
            source, name = programs._instantiate(writer, template)
            ast.parse("\n".join([source, *programs._calls(writer, name, 2)]))
            assert not re.search(r"[$⟦⟧]", source), source


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_quotes_change_the_text_and_not_the_program(share: float) -> None:
    rng = random.Random(0)
    changed = 0
    for program in map(generate, SEEDS):
        text = quoted(rng, program.source, share)
        if not syntax_error(program.source):
            assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(program.source))
            changed += text != program.source
    assert changed > 20
    assert quoted(rng, "f('a', 'it\\'s', '\"', \"x\")", 1.0) == "f(\"a\", 'it\\'s', '\"', \"x\")"


def test_new_names_are_names_and_hide_nothing() -> None:
    rng = random.Random(0)
    made = [novel_name(rng, ["total"]) for _ in range(2000)]

    assert all(name.isidentifier() and not keyword.iskeyword(name) and not hasattr(builtins, name) for name in made)
    assert len(set(made)) > 1500
    assert any("total" in name for name in made)


def test_calls_are_of_functions_that_are_there() -> None:
    for program in map(generate, range(60)):
        if syntax_error(program.source):
            continue
        names = {node.name for node in ast.walk(ast.parse(program.source)) if isinstance(node, ast.FunctionDef)}
        for call in program.calls:
            tree = ast.parse(call, mode="eval").body
            assert isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name)
            assert tree.func.id in names
        assert bool(program.calls) == (program.family != "script")


# --- decontamination --------------------------------------------------------------------------------------------------

KNOWN = "def f(text, old):\n    out = []\n    for c in text:\n        if c != old:\n            out.append(c.upper())\n    return out"


def test_copies_are_rejected_however_their_names_read() -> None:
    renamed = "def g(s, x):\n    res = []\n    for ch in s:\n        if ch != x:\n            res.append(ch.upper())\n    return res"
    inside = f"import re\n\n\ndef helper():\n    return 1\n\n\n{renamed}\n"
    annotated = KNOWN.replace("def f(text, old):", "def f(text: str, old: str) -> list:")
    spaced = KNOWN.replace("    ", "  ")
    told = renamed.replace("    res", "    'What is left.'\n    res", 1)
    found = Filter.of([KNOWN])

    assert [found.rejects(source) for source in (KNOWN, renamed, inside, annotated, spaced, told)] == [True] * 6
    assert found.counts == {"programs": 6, "same_tree": 6, "shared_ngrams": 0}


def test_a_copy_with_another_end_shares_too_much_text() -> None:
    found = Filter.of([KNOWN])

    assert found.rejects(KNOWN + "[::-1]")
    assert found.counts["shared_ngrams"] == 1


def test_a_benchmark_program_that_does_not_parse_is_told_by_its_text() -> None:
    found = Filter.of([KNOWN + "\n    return (("])

    assert found.rejects(KNOWN)
    assert found.counts == {"programs": 1, "same_tree": 0, "shared_ngrams": 1}


def test_other_programs_are_kept() -> None:
    found = Filter.of([KNOWN])
    other = "def f(text, old):\n    out = []\n    for c in text:\n        out.append(c)\n    return len(out)"

    assert not found.rejects(other)
    assert not found.rejects("def f(x):\n    return x")
    assert found.counts == {"programs": 2, "same_tree": 0, "shared_ngrams": 0}


# --- tokenizer --------------------------------------------------------------------------------------------------------


def encode(text: str) -> list[int]:
    ids: list[int] = build_tokenizer()(text, add_special_tokens=False)["input_ids"]
    return ids


def decode(ids: list[int]) -> str:
    text = build_tokenizer().decode(ids)
    assert isinstance(text, str)
    return text


def words(text: str) -> list[str]:
    names: list[str] = build_tokenizer().convert_ids_to_tokens(encode(text))
    return names


fragments = st.lists(st.one_of(st.text(max_size=5), st.sampled_from(pieces())), max_size=12).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), fragments))
@example("é\U0001f600\x00\r\n\u2028")
@example("".join(SPECIAL))
@example("<0xC3><0xA9>")
@example("<0x41>é")
def test_tokens_spell_every_text(text: str) -> None:
    assert decode(encode(text)) == text


lines = st.lists(st.one_of(fragments, st.sampled_from(["\n", "\r\n", "    ", *SPECIAL])), max_size=12).map("".join)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(st.text(), lines), max_size=3))
@example(["return x\n", "    return x\nreturn x", "x return x\n"])
@example(["\x0breturn x", "\u2028return x", "a<|frame_sep|>return x", "a\rreturn x"])
def test_lines_that_are_remembered_have_the_tokens_of_the_whole(texts: list[str]) -> None:
    encoder = TraceEncoder()

    assert encoder.encode(texts) == list(map(encode, texts))
    assert encoder.encode(texts[::-1]) == list(map(encode, texts[::-1]))


def test_no_piece_goes_on_after_the_end_of_a_line() -> None:
    """Which is what lets the encoder remember lines."""
    assert not [piece for piece in pieces() if "\n" in piece[:-1]]


def test_tokens_spell_recorded_traces() -> None:
    for seed in range(40):
        program = generate(seed, 1)
        if syntax_error(program.source):
            continue
        for trace in traces_of(program, 1):
            ids = encode(trace.render())
            assert TraceEncoder().encode([trace.render()]) == [ids]
            assert decode(ids) == trace.render()
            assert read_trace(ids) == trace


def test_the_embedded_model_was_trained_with_these_very_tokens() -> None:
    file = ROOT / "cwm_trace" / "models" / "nano" / "tokenizer.json"
    if not file.exists():
        pytest.skip("no embedded model in this checkout")
    stored = json.loads(file.read_text(encoding="utf-8"))["model"]["vocab"]

    assert stored == {piece: number for number, piece in enumerate(pieces())}


@pytest.mark.parametrize("token", [BEGIN_OF_TEXT, END_OF_TEXT, PAD, *TRACE_TOKENS])
def test_special_tokens_are_one_id_each(token: str) -> None:
    assert words(f"a{token}b") == ["a", token, "b"]


def test_every_piece_is_in_the_vocabulary_once() -> None:
    table = pieces()

    assert len(set(table)) == len(table) < 1 << 16, "ids are stored in 16 bits"
    assert set(map(chr, range(32, 127))) | {"\t", "\r", "\n"} <= set(table)


@pytest.mark.parametrize("value", ["data", "append", "True", "return", "count", "result", "def", "xyz123"])
def test_values_are_spelled_character_by_character(value: str) -> None:
    quoted = words(render_frame(Frame(Event.LINE, "    return x\n", {"x": f"'{value}'"})))
    listed = words(render_frame(Frame(Event.RETURN, "    return x\n", value=f"['{value}', '{value}']")))

    assert _spelled(quoted, value) == 1
    assert _spelled(listed, value) == 2
    assert value not in quoted


def _spelled(tokens: list[str], value: str) -> int:
    """How often the tokens of a value stand in a row, one for each character."""
    size = len(value)
    return sum(tokens[start : start + size] == list(value) for start in range(len(tokens) - size + 1))


def test_code_has_short_spellings() -> None:
    frame = Frame(Event.LINE, "    result.append(text)\n", {"text": "..", "result": "[]"})

    assert ".append(" in words(render_frame(frame))
    assert words(render_frame(frame)).count("result") == 2


# --- shards and batches -----------------------------------------------------------------------------------------------

TRACE = record_source("def f(x):\n    return x + 1\n", "f(1)")


def as_array(ids: list[int]) -> Any:
    return np.array(ids, dtype=np.uint16)


def test_shards_keep_their_sequences(tmp_path: Path) -> None:
    sequences = [[1, 2, 3], [65535], [], [7, 8]]
    save_shard(tmp_path / "shard-000000000.npz", sequences)
    save_shard(tmp_path / "shard-000000001.npz", [])

    assert [item.tolist() for item in load_shard(tmp_path / "shard-000000000.npz")] == sequences
    assert load_shard(tmp_path / "shard-000000001.npz") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shard-000000000.npz", "shard-000000001.npz"]


def test_mixed_shards_have_each_trace_once(tmp_path: Path) -> None:
    for name, start in (("a", 0), ("b", 100)):
        (tmp_path / name).mkdir()
        save_shard(tmp_path / name / "shard-000000000.npz", [[start + number] * 2 for number in range(30)])
        (tmp_path / name / COUNTS).write_text('{"traces": 30}\n')

    assert mix_shards([tmp_path / "a", tmp_path / "b"], tmp_path / "c", 4, seed=1) == 60

    dealt = [[trace.tolist()[0] for trace in load_shard(path)] for path in shard_paths(tmp_path / "c")]
    assert sorted(chain(*dealt)) == [*range(30), *range(100, 130)]
    assert [len(shard) for shard in dealt] == [15] * 4 and all(min(shard) < 50 < max(shard) for shard in dealt)
    assert (tmp_path / "c" / COUNTS).read_text() == '{"traces": 30}\n' * 2
    for folder, out, count in (
        (tmp_path, "d", 1),
        (tmp_path / "a", "c", 1),
        (tmp_path / "a", "d", 0),
        (tmp_path / "a", "d", 31),
    ):
        with pytest.raises(InputError, match="shards"):
            mix_shards([folder], tmp_path / out, count)
    (tmp_path / "a" / COUNTS).unlink()
    with pytest.raises(InputError, match="counts"):
        mix_shards([tmp_path / "a", tmp_path / "b"], tmp_path / "d", 1)


def test_there_is_no_loss_on_what_is_given() -> None:
    ids = encode(TRACE.render())
    separator, pad = build_tokenizer().convert_tokens_to_ids([FRAME_SEP, PAD])
    batch = make_batch([as_array(ids), as_array(ids[:200])], separator, pad)
    labels = batch.labels[0].tolist()
    predicted = [token for token in labels if token != IGNORED]

    given = Trace(TRACE.context, TRACE.frames[:1], False).render()
    assert decode(predicted) == TRACE.render().removeprefix(given)
    assert decode(ids[: loss_start(as_array(ids), separator)]) == given
    assert batch.ids.shape == batch.labels.shape
    assert batch.ids.shape[1] % 32 == 0
    assert batch.ids[0].tolist()[: len(ids)] == ids
    assert set(batch.ids[0].tolist()[len(ids) :]) <= {pad}
    assert set(labels[len(ids) :]) <= {IGNORED}


def test_batches_keep_to_their_size_and_lose_nothing() -> None:
    rng = np.random.default_rng(0)
    sequences = [as_array([number] * int(length)) for number, length in enumerate(rng.integers(5, 90, 200))]
    groups = list(bucketed(sequences, 400, rng))

    assert sorted(int(item[0]) for group in groups for item in group) == list(range(200))
    assert all(max(map(len, group)) * len(group) <= 400 for group in groups)


def test_batches_leave_out_what_is_too_long_and_need_shards(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no shards"):
        next(batches(tmp_path, 100, 9, 0, 0, max_length=lambda: 5))
    save_shard(tmp_path / "shard-000000000.npz", [[9, 9, 1], [9, 9, *range(40)]])

    batch = next(batches(tmp_path, 100, 9, 0, 0, max_length=lambda: 5))

    assert batch.ids[0].tolist()[:3] == [9, 9, 1]
    assert len(batch.ids) == 1


# --- training ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    suite = folder / "suite.jsonl"
    suite.write_text(json.dumps({"id": "0", "code": generate(3).source}) + "\n")
    counts = write_shards(Recipe(0, 60, per_shard=30, calls=1, max_tokens=600, suites=(str(suite),)), folder)
    assert counts["same_tree"] >= 1
    assert counts["traces"] >= 30
    return folder


def test_recording_again_gives_the_same_shards(shards: Path, tmp_path: Path) -> None:
    write_shards(Recipe(30, 60, per_shard=30, calls=1, max_tokens=600, suites=(str(shards / "suite.jsonl"),)), tmp_path)

    again, before = (load_shard(folder / "shard-000000030.npz") for folder in (tmp_path, shards))
    assert [item.tolist() for item in again] == [item.tolist() for item in before]
    assert all(read_trace(item.tolist()).returned or read_trace(item.tolist()).raised for item in before)


def test_a_bundled_program_is_not_recorded(tmp_path: Path) -> None:
    task = load_suite("in-distribution").tasks[0]
    seed = int(task.id.rpartition("-")[2])

    counts = write_shards(Recipe(seed, seed + 1), tmp_path)

    assert (counts["programs"], counts["same_tree"], counts["traces"]) == (1, 1, 0)


def test_finished_shards_are_not_written_again(shards: Path) -> None:
    assert write_shards(Recipe(0, 60, per_shard=30), shards) == {}


def test_learning_rate_goes_up_stays_and_falls_to_zero() -> None:
    rates = [rate_factor(done / 100, warmup=0.02, decay=0.5) for done in range(101)]

    assert rates[0] == 0.01
    assert rates[2:51] == [1.0] * 49
    assert rates[75] == pytest.approx(0.5)
    assert rates[100] == 0.0
    assert rates[50:] == sorted(rates[50:], reverse=True)


def test_the_loss_is_that_of_the_whole_logits() -> None:
    torch.manual_seed(0)
    model = new_model(TINY)
    separator, pad = build_tokenizer().convert_tokens_to_ids([FRAME_SEP, PAD])
    ids = encode(TRACE.render())
    batch = make_batch([as_array(ids), as_array(ids[:-10])], separator, pad)

    found = batch_loss(model, batch)
    expected = model(input_ids=batch.ids, labels=batch.labels).loss

    assert float(found.loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)
    assert found.count == int((batch.labels[:, 1:] != IGNORED).sum())
    assert math.log(len(build_tokenizer())) == pytest.approx(float(expected.detach()), rel=0.1), (
        "random weights know nothing"
    )


def test_a_mean_of_weights_is_kept_resumed_and_saved(shards: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    given = {"tokens_per_batch": 2048, "max_length": 600, "learning_rate": 1e-2, "average": 0.25}
    expected: dict[str, torch.Tensor] = {}
    for steps in (1, 2, 3):
        trainer = Trainer(Plan(shards, tmp_path, steps=steps, **given), TINY)  # type: ignore[arg-type]
        expected = expected or {name: weight.clone() for name, weight in trainer.model.state_dict().items()}
        trainer.run()
        last = trainer.model.state_dict()
        expected = {name: 0.75 * mean + 0.25 * last[name] for name, mean in expected.items()}

    saved = open_model(str(tmp_path / "model")).state_dict()

    for name, mean in expected.items():
        assert torch.allclose(saved[name].float(), mean, atol=2e-3), name
    assert any(not torch.allclose(last[name], mean, atol=2e-3) for name, mean in expected.items())


def test_a_short_run_learns_resumes_and_loads_as_hugging_face_has_it(shards: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    half, whole = (
        Plan(shards, tmp_path, steps=steps, tokens_per_batch=2048, max_length=600, short_length=600, learning_rate=1e-2)
        for steps in (15, 30)
    )
    Trainer(half, TINY).run()
    resumed = Trainer(whole, TINY)
    assert resumed.progress.step == 15

    done = resumed.run()

    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert done.step == 30
    assert [row["step"] for row in rows] == [1, 20]
    assert rows[-1]["loss"] < rows[0]["loss"] - 1.0

    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32)
    text = TRACE.render()
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert ids == encode(text)
    assert type(model).__name__ == "LiteralCwmForCausalLM"
    shorter = Plan(shards, tmp_path / "on", steps=1, max_length=500, start_from=str(tmp_path / "model"))
    assert model.config.text_length == Trainer(shorter, TINY).model.config.text_length == 480
    with torch.no_grad():
        stored = model(torch.tensor([ids])).logits
        trained = resumed.accelerator.unwrap_model(resumed.model).eval()(torch.tensor([ids])).logits
    assert torch.allclose(stored, trained, atol=0.05), "float16 weights"
    assert ARG_SEP in tokenizer.convert_ids_to_tokens(ids)


def test_an_alarm_is_not_raised_where_it_would_be_lost() -> None:
    raised: list[bool] = []

    def collected(phase: str, info: dict[str, int]) -> None:
        try:
            record._alarm(signal.SIGALRM, sys._getframe())
        except record._TooLong:
            raised.append(True)
        else:
            raised.append(False)

    gc.callbacks.append(collected)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(collected)
    collected("", {})
    assert set(raised[:-1]) == {False} and raised[-1]


class Kept:
    pass


class Finalized:
    def __del__(self) -> None:
        _until_it_raises()


def _until_it_raises(*_: object) -> None:
    while True:
        pass


def _lost_in_a_weak_reference() -> None:
    kept = Kept()
    reference = weakref.ref(kept, _until_it_raises)
    del kept
    assert reference() is None


@pytest.mark.parametrize("lost", [Finalized, _lost_in_a_weak_reference])
def test_an_alarm_that_is_lost_is_nobodys_error(lost: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    with pytest.raises(record._TooLong), record._alarms(0.01):
        lost()
        _until_it_raises()
    assert told == []
    assert sys.unraisablehook == told.append


def test_other_errors_that_are_lost_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[type | None] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: told.append(lost.exc_type))
    kept = Kept()
    with record._alarms(60):
        reference = weakref.ref(kept, lambda _: 1 // 0)
        del kept
    assert told == [ZeroDivisionError] and reference() is None
