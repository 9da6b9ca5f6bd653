"""The transformers backend on a tiny random CWM: exact token ids, a cache that is never re-read, scores that agree with generation."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

import transformers  # noqa: E402

from cwm_trace import models  # noqa: E402
from cwm_trace.errors import InputError, ModelError  # noqa: E402
from cwm_trace.format import (  # noqa: E402
    ARG_SEP,
    BEGIN_OF_TEXT,
    CWM_TOKEN_IDS,
    END_OF_TEXT,
    EVENT_TOKENS,
    FRAME_SEP,
    FrameParser,
    render_prompt,
)
from cwm_trace.frames import Event, Frame, MalformedFrame, Trace  # noqa: E402
from cwm_trace.models import Decoding, Stop, check_model, load_model  # noqa: E402
from cwm_trace.models.causal import CausalModel, Codec  # noqa: E402
from cwm_trace.models.engine import Engine  # noqa: E402
from cwm_trace.prompts import call_prompt, script_prompt  # noqa: E402
from cwm_trace.simulate import predict  # noqa: E402
from cwm_trace.train.programs import generate  # noqa: E402
from tests import tiny_cwm  # noqa: E402

PROMPT = call_prompt("def f(x):\n    return x\n", "f('é<|eot_id|> <|frame_sep|>')")
GREEDY = Decoding()
PLAIN = Decoding(speculative=False)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny_cwm.build_tokenizer()


@pytest.fixture(scope="module")
def tiny(tokenizer: Any) -> CausalModel:
    return CausalModel(tiny_cwm.build_model(), tokenizer, "tiny")


def prompt_ids(tiny: CausalModel, prompt: Trace = PROMPT) -> list[int]:
    return tiny.codec.encode(render_prompt(prompt.context, prompt.frames))


@contextmanager
def tokens_read(tiny: CausalModel) -> Iterator[list[int]]:
    """How many tokens each forward pass reads."""
    read: list[int] = []

    def count(module: object, args: object, kwargs: dict[str, Any]) -> None:
        read.append(kwargs["input_ids"].shape[1])

    handle = tiny._model.register_forward_pre_hook(count, with_kwargs=True)
    try:
        yield read
    finally:
        handle.remove()


def uncached(tiny: CausalModel, ids: list[int], count: int) -> list[int]:
    """Greedy continuation, the whole sequence read again for every token."""
    made: list[int] = []
    with torch.inference_mode():
        for _ in range(count):
            made.append(int(tiny._model(torch.tensor([ids + made]), use_cache=False, logits_to_keep=1).logits.argmax()))
    return made


# --- token ids ------------------------------------------------------------------------------------------------------


def test_prompt_has_the_ids_of_cwm(tiny: CausalModel) -> None:
    spell = tiny_cwm.byte_ids
    main = spell("\ndef f(x):\n    return x\n\ndef main():  # << START_OF_TRACE\n    return f(1)\n")
    call = [128103, *spell("{}"), 128101, *spell("def main():\n"), 128100]
    assert prompt_ids(tiny, call_prompt("def f(x):\n    return x\n", "f(1)")) == [128000, 128107, *main, 128100, *call]


def test_every_frame_kind_encodes_as_the_tokenizer_reads_it_whole(tiny: CausalModel, tokenizer: Any) -> None:
    frames = (
        Frame(Event.CALL, "def f(x):\n", {"x": "'é'"}),
        Frame(Event.LINE, "    return x\n", {"x": "'é'"}, frozenset("x")),
        Frame(Event.EXCEPTION, "    return x\n", value="ValueError('ü')"),
        Frame(Event.RETURN, "    return x  # €\n", value="None"),
    )
    text = Trace("x = '€ 😀'\n", frames).render()
    ids = tiny.codec.encode(text)
    assert ids == tokenizer(text, add_special_tokens=False).input_ids  # nothing here spells a special token
    assert ids == tokenizer(text.removeprefix(BEGIN_OF_TEXT)).input_ids  # which puts its own one first
    assert tiny.codec.decode(ids) == text
    assert set(CWM_TOKEN_IDS.values()) == {number for number in ids if number >= tiny_cwm.FIRST_ADDED}


def test_user_data_cannot_become_a_special_token(tiny: CausalModel) -> None:
    ids = prompt_ids(tiny)
    plain = prompt_ids(tiny, call_prompt("def f(x):\n    return x\n", "f('')"))
    added = [[number for number in sequence if number >= tiny_cwm.FIRST_ADDED] for sequence in (ids, plain)]
    assert added[0] == added[1]
    assert tiny.codec.decode(ids) == render_prompt(PROMPT.context, PROMPT.frames)


def test_lone_surrogates_do_not_raise(tiny: CausalModel) -> None:
    assert tiny.codec.encode("a\ud800b") == tiny_cwm.byte_ids("a?b")


def test_a_tokenizer_without_a_trace_token_is_refused() -> None:
    with pytest.raises(ModelError, match=r"other has no token <\|arg_sep\|>"):
        Codec(tiny_cwm.build_tokenizer(without=ARG_SEP), "other")


def test_weights_of_cwm_with_other_ids_are_refused() -> None:
    swapped = tiny_cwm.build_tokenizer(swap=(EVENT_TOKENS[Event.CALL], EVENT_TOKENS[Event.LINE]))
    with pytest.raises(ModelError, match=r"has <\|call_sep\|> at 128104, CWM at 128103"):
        CausalModel(tiny_cwm.build_model(), swapped, "swapped")


# --- the cache ------------------------------------------------------------------------------------------------------


def test_greedy_rollout_is_what_a_recomputation_and_generate_give(tiny: CausalModel) -> None:
    rollout = tiny.rollout(PROMPT, GREEDY)
    made = [rollout.next_frame(max_tokens=60) for _ in range(5)]
    assert {one.stop for one in made} == {Stop.FRAME}
    count = sum(one.tokens for one in made)
    assert count > 2 * tiny_cwm.WINDOW
    ids = prompt_ids(tiny)
    again = uncached(tiny, ids, count)
    assert tiny.codec.decode(again) == "".join(one.text + FRAME_SEP for one in made)
    whole = tiny._model.generate(torch.tensor([ids]), do_sample=False, max_new_tokens=count, pad_token_id=0)
    assert whole[0, len(ids) :].tolist() == again


def test_no_token_is_read_twice(tiny: CausalModel) -> None:
    fed = Frame(Event.LINE, "    return x\n", {"x": "'é'"})
    with tokens_read(tiny) as read:
        rollout = tiny.rollout(PROMPT, PLAIN)
        made = [rollout.next_frame(max_tokens=60) for _ in range(3)]
        rollout.feed(fed)
        made.append(rollout.next_frame(prefix=EVENT_TOKENS[Event.RETURN], max_tokens=60))
    given = len(prompt_ids(tiny)) + len(tiny.codec.encode(Trace("", (fed,)).render()[len(render_prompt("")) :])) - 1 + 1
    assert sum(read) == given + sum(one.tokens for one in made) - 1  # the last one is not read yet
    assert read[0] == len(prompt_ids(tiny)) and len(read) == sum(one.tokens for one in made)


@pytest.mark.parametrize("guesses", ["right", "wrong", "half"])
def test_guesses_change_the_passes_and_not_the_result(tiny: CausalModel, guesses: str) -> None:
    """Past the window of its sliding layers, too: the cache forgets what was guessed wrong."""
    ids = prompt_ids(tiny)
    truth = uncached(tiny, ids, 70)
    engine = Engine(tiny._model, drafter=Dictating(ids + truth, guesses))
    engine.push(ids)
    made: list[int] = []
    while len(made) < len(truth):
        made += engine.generate(frozenset({CWM_TOKEN_IDS[FRAME_SEP]}), len(truth) - len(made)).ids
    plain = Engine(tiny._model)
    plain.push(ids)
    assert made == truth and engine.length == len(ids) + len(truth)
    assert len(truth) > 4 * tiny_cwm.WINDOW
    assert {"right": engine.passes < 20, "wrong": engine.passes == 70, "half": 20 < engine.passes < 60}[guesses]


class Dictating:
    """A drafter that knows the truth, and tells it, or not, or its first half."""

    def __init__(self, whole: list[int], manner: str) -> None:
        self._whole, self._manner, self._read = whole, manner, 0

    def observe(self, ids: Sequence[int]) -> None:
        self._read += len(ids)

    def draft(self, most: int) -> list[int]:
        right = self._whole[self._read : self._read + min(most, 6)]
        wrong = [token + 1 for token in right]
        return {"right": right, "wrong": wrong, "half": right[:2] + wrong[2:]}[self._manner]


def test_sampling_and_caches_that_cannot_forget_are_not_guessed(
    tiny: CausalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tokens_read(tiny) as read:
        sampled(tiny, Decoding(1.0, 3))
    assert set(read[1:]) == {1}
    monkeypatch.delattr("transformers.cache_utils.Cache.activate_past_recording")
    with tokens_read(tiny) as read:
        sampled(tiny, GREEDY)
    assert set(read[1:]) == {1}


def test_fed_frames_count_like_those_of_the_prompt(tiny: CausalModel) -> None:
    steps = (Frame(Event.LINE, "    return f(1)\n"), MalformedFrame("<|line_sep|>no", "broken"), PROMPT[0])
    fed = tiny.rollout(PROMPT, GREEDY)
    fed.next_frame(max_tokens=0)
    for step in steps:
        fed.feed(step)
    given = tiny.rollout(Trace(PROMPT.context, (*PROMPT.frames, *steps), complete=False), GREEDY)
    for _ in range(3):
        one, other = fed.next_frame(max_tokens=50), given.next_frame(max_tokens=50)
        assert (one.text, one.stop, one.tokens) == (other.text, other.stop, other.tokens)
        assert one.logprob == pytest.approx(other.logprob, abs=1e-3)


def test_a_forced_event_begins_the_text(tiny: CausalModel) -> None:
    prefix = EVENT_TOKENS[Event.RETURN]
    made = tiny.rollout(PROMPT, GREEDY).next_frame(prefix=prefix, max_tokens=20)
    again = uncached(tiny, [*prompt_ids(tiny), CWM_TOKEN_IDS[prefix]], made.tokens)
    assert made.text == prefix + tiny.codec.decode(again).removesuffix(FRAME_SEP)


def test_the_context_window_ends_a_rollout(tokenizer: Any) -> None:
    ids = len(prompt_ids(CausalModel(tiny_cwm.build_model(), tokenizer, "tiny")))
    short = CausalModel(tiny_cwm.build_model(positions=ids + 7), tokenizer, "short")
    rollout = short.rollout(PROMPT, GREEDY)
    made = [rollout.next_frame() for _ in range(8)]
    assert sum(one.tokens for one in made) == 7
    assert made[-1].stop is Stop.TOKENS and made[-1].text == ""
    assert predict(short, prompt=PROMPT).status == "token_limit"


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_a_token_limit_is_exact_and_a_frame_goes_on_after_it(tiny: CausalModel, limit: int) -> None:
    whole = tiny.rollout(PROMPT, GREEDY)
    parts = tiny.rollout(PROMPT, GREEDY)
    first = parts.next_frame(max_tokens=limit)
    assert first.tokens <= limit and (first.stop is Stop.FRAME or first.tokens == limit)
    text = first.text
    while first.stop is Stop.TOKENS:
        first = parts.next_frame(max_tokens=3)
        text += first.text
    assert text == whole.next_frame().text


# --- sampling and scores --------------------------------------------------------------------------------------------


def sampled(tiny: CausalModel, decoding: Decoding) -> list[str]:
    rollout = tiny.rollout(PROMPT, decoding)
    return [rollout.next_frame(max_tokens=12).text for _ in range(2)]


def test_sampling_repeats_with_its_seed_and_only_with_it(tiny: CausalModel) -> None:
    assert sampled(tiny, Decoding(1.0, 3)) == sampled(tiny, Decoding(1.0, 3))
    assert len({tuple(sampled(tiny, Decoding(1.0, seed))) for seed in range(3)}) > 1


def test_a_cold_sample_is_greedy(tiny: CausalModel) -> None:
    assert sampled(tiny, Decoding(1e-4, 3)) == sampled(tiny, GREEDY)


@pytest.mark.parametrize("decoding", [GREEDY, Decoding(1.0, 1)])
def test_scores_agree_with_generation(tiny: CausalModel, decoding: Decoding) -> None:
    rollout = tiny.rollout(PROMPT, decoding)
    made = [rollout.next_frame(max_tokens=60) for _ in range(3)]
    assert {one.stop for one in made} == {Stop.FRAME}
    parser = FrameParser()
    trace = Trace(PROMPT.context, (*PROMPT.frames, *(parser.parse(one.text) for one in made)), complete=False)
    scores = tiny.score(trace)
    assert [score.tokens for score in scores] == [one.tokens for one in made]
    assert [score.logprob for score in scores] == pytest.approx([one.logprob for one in made], abs=1e-2)
    ids = prompt_ids(tiny)
    for score, one in zip(scores, made, strict=True):
        written = tiny.codec.encode(one.text + FRAME_SEP)
        expected = [uncached(tiny, ids + written[:number], 1) for number in range(len(written))]
        assert score.greedy is (expected == [[token] for token in written])
        ids += written
    assert all(score.greedy for score in scores) is (decoding.temperature == 0)
    [last] = tiny.score(trace, given=3)
    assert last.logprob == pytest.approx(scores[2].logprob)  # sums of another order on some processors
    assert replace(last, logprob=0.0) == replace(scores[2], logprob=0.0)
    assert tiny.score(trace, given=4) == ()


# --- the engine, on a network that writes what it is told -------------------------------------------------------------


class Dictated:
    """Writes the given tokens one after another."""

    device = "cpu"

    def __init__(self, ids: list[int]) -> None:
        self.config = tiny_cwm.build_model().config
        self.generation_config = None
        self._ids = iter(ids)

    def __call__(self, **inputs: object) -> Any:
        logits = torch.zeros(1, 1, tiny_cwm.VOCABULARY)
        logits[0, 0, next(self._ids)] = 50.0
        return type("Output", (), {"logits": logits})


def test_characters_of_several_tokens_come_out_whole(tokenizer: Any) -> None:
    text = "<|return_sep|><|action_sep|>return '€😀'  # é\n<|arg_sep|>\"1\""
    ids = [*Codec(tokenizer).encode(text), CWM_TOKEN_IDS[FRAME_SEP], CWM_TOKEN_IDS[END_OF_TEXT]]
    trace = predict(CausalModel(Dictated(ids), tokenizer, "dictated"), prompt=PROMPT)
    assert trace.complete and trace[1] == Frame(Event.RETURN, "return '€😀'  # é\n", value="1")
    assert trace[1].tokens == len(ids) - 1 and trace[1].raw is None


def test_broken_utf8_is_a_malformed_or_replaced_text_never_an_exception(tokenizer: Any) -> None:
    ids = [*tiny_cwm.byte_ids("é")[:1], CWM_TOKEN_IDS[FRAME_SEP], CWM_TOKEN_IDS[END_OF_TEXT]]
    trace = predict(CausalModel(Dictated(ids), tokenizer, "dictated"), prompt=PROMPT)
    assert [step.raw for step in trace.malformed] == ["\ufffd"]


def test_an_end_token_stops_whatever_was_asked(tokenizer: Any) -> None:
    engine = Engine(Dictated([5, 6, 128008, 7]), temperature=0.0)
    engine.push([1])
    run = engine.generate(frozenset({128008}), 10)
    assert run.ids == [5, 6, 128008] and run.stopped and engine.length == 4


def test_too_little_memory_is_a_model_error(tiny: CausalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **options: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(type(tiny._model), "forward", full)
    with pytest.raises(ModelError, match="not enough memory"):
        tiny.rollout(PROMPT, GREEDY).next_frame(max_tokens=5)
    with pytest.raises(ModelError, match="not enough memory"):
        tiny.score(Trace(PROMPT.context, (*PROMPT.frames, Frame(Event.LINE, "    return f(1)\n")), complete=False))


# --- loading --------------------------------------------------------------------------------------------------------


def test_a_saved_folder_loads_and_writes_the_same(tmp_path: Path, tiny: CausalModel) -> None:
    loaded = load_model(f"hf:{tiny_cwm.save_model(tmp_path)}", device="cpu", dtype="float32")
    assert loaded.name == f"hf:{tmp_path}"
    one, other = loaded.rollout(PROMPT, GREEDY), tiny.rollout(PROMPT, GREEDY)
    assert [one.next_frame(max_tokens=30).text for _ in range(3)] == [
        other.next_frame(max_tokens=30).text for _ in range(3)
    ]


@pytest.mark.parametrize(
    ("saved", "asked", "computed"),
    [
        ("float16", None, "float32"),
        ("float16", "auto", "float16"),
        ("float16", "float16", "float16"),
        ("bfloat16", None, "bfloat16"),
    ],
)
def test_float16_is_computed_in_float32_on_a_cpu_unless_asked_for(
    saved: str, asked: str | None, computed: str, tmp_path: Path
) -> None:
    folder = tiny_cwm.save_model(tmp_path)
    transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=saved).save_pretrained(folder)
    loaded = load_model(f"hf:{folder}", device="cpu", dtype=asked)
    assert isinstance(loaded, CausalModel) and loaded.dtype == computed


@pytest.mark.parametrize("spec", ["hf:/no/such/folder", "hf:"])
def test_what_is_not_there_is_one_clear_error(spec: str) -> None:
    for find in (load_model, check_model):
        with pytest.raises((ModelError, InputError)) as caught:
            find(spec)
        assert "\n" not in str(caught.value) and caught.value.hint


@pytest.mark.parametrize("spec", ["nano", "hf:/no/such/folder", "hf:some/model"])
@pytest.mark.parametrize(
    ("option", "value"),
    [("device", "cuda:99"), ("device", "cpu:1"), ("device", "gpu"), ("device", "meta"), ("device", "")]
    + [("dtype", "float12"), ("dtype", "int8"), ("dtype", "nn"), ("dtype", "")],
)
def test_a_device_and_a_number_format_are_checked_first(
    spec: str, option: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cwm_trace.models.causal._load", lambda *_: pytest.fail("weights are loaded"))
    for find in (load_model, check_model):
        with pytest.raises(InputError, match=f"Use --{option} "):
            find(spec, **{option: value})


@pytest.mark.parametrize("device", [None, "cpu", "cpu:0", "auto", "balanced"])
@pytest.mark.parametrize("dtype", [None, "auto", "float32", "bfloat16"])
def test_devices_and_number_formats_that_are_there(device: str | None, dtype: str | None, tmp_path: Path) -> None:
    assert check_model(f"hf:{tmp_path}", device=device, dtype=dtype) == f"hf:{tmp_path}"


@pytest.mark.parametrize("answers", [True, False])
def test_a_hub_that_does_not_answer_is_asked_once(answers: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each file is asked for again and again, for a minute. What was downloaded before is found all the same."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError
    from transformers import AutoTokenizer

    asked, locally = [], []

    def model_info(self: object, repository: str, **_: object) -> None:
        asked.append(repository)
        if answers:
            raise RepositoryNotFoundError.__new__(RepositoryNotFoundError)
        raise ConnectionError

    def from_pretrained(path: str, *, local_files_only: bool, **_: object) -> None:
        locally.append(local_files_only)
        raise OSError("not there")

    monkeypatch.setattr(HfApi, "model_info", model_info)
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", from_pretrained)
    with pytest.raises(ModelError, match=r"cannot load hf:some/model \(not there\)"):
        load_model("hf:some/model")
    assert asked == ["some/model"] and locally == [not answers]


def test_a_damaged_folder_is_a_model_error(tmp_path: Path) -> None:
    tiny_cwm.save_model(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"\0" * 100)
    with pytest.raises(ModelError, match="cannot load hf:"):
        load_model(f"hf:{tmp_path}")


def test_nano_without_weights_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "NANO_FOLDER", tmp_path)
    with pytest.raises(ModelError, match="no weights of nano"):
        load_model("nano")


@pytest.mark.parametrize("package", ["torch", "transformers", "accelerate"])
def test_a_missing_package_is_named_with_its_remedy(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        ModelError, match=rf"{package}, which is not installed.*cloned folder: pip install -e '.\[model\]'"
    ):
        load_model(f"hf:{tmp_path}")


def test_finding_models_imports_no_torch() -> None:
    code = (
        "import sys, cwm_trace.models as m, cwm_trace.simulate; m.load_model('copy-input'); "
        "print({'torch', 'transformers', 'httpx'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.skipif(not (models.NANO_FOLDER / "model.safetensors").is_file(), reason="nano is not trained yet")
def test_nano_writes_the_same_with_and_without_guesses() -> None:
    nano = load_model("nano")
    for seed in range(9_700_000, 9_700_006):
        program = generate(seed, 1)
        prompt = call_prompt(program.source, program.calls[0]) if program.calls else script_prompt(program.source)
        guessed, plain = (
            predict(nano, prompt=prompt, max_tokens=150, decoding=Decoding(speculative=speculative))
            for speculative in (True, False)
        )
        assert guessed.render() == plain.render()


@pytest.mark.skipif(not (models.NANO_FOLDER / "model.safetensors").is_file(), reason="nano is not trained yet")
def test_nano_writes_well_formed_frames() -> None:
    trace = predict(load_model("nano"), "def f(a, b):\n    c = a\n    return c\n", "f('xy', 3)", max_frames=8)
    assert not trace.malformed and len(trace) > 3
    assert all(step.logprob is not None and step.logprob <= 0 and step.tokens for step in trace[1:])


def test_scoring_needs_a_tokenizer_that_tells_places(
    tokenizer: Any, tiny: CausalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = Trace(PROMPT.context, (*PROMPT.frames, Frame(Event.RETURN, "    return x", value="1")), complete=True)
    assert len(tiny.score(trace)) == 1
    monkeypatch.setattr(type(tokenizer), "is_fast", property(lambda self: False))
    with pytest.raises(ModelError, match="which characters"):
        tiny.score(trace)
