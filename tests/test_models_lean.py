"""The lean network computes what transformers computes: the same logits on networks of many shapes, and the same text."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from cwm_trace.models import NANO_FOLDER, Decoding, load_model  # noqa: E402
from cwm_trace.models import lean as lean_module  # noqa: E402
from cwm_trace.models.causal import CausalModel, Codec  # noqa: E402
from cwm_trace.models.engine import Engine  # noqa: E402
from cwm_trace.models.lean import LeanNetwork, Read, fits  # noqa: E402
from cwm_trace.models.literal_cwm import LiteralCwmConfig, LiteralCwmForCausalLM  # noqa: E402
from cwm_trace.models.memory import first_choices  # noqa: E402
from cwm_trace.models.tokenizer_file import TokenizerFile  # noqa: E402
from cwm_trace.prompts import call_prompt, script_prompt  # noqa: E402
from cwm_trace.simulate import predict  # noqa: E402
from cwm_trace.train.programs import generate  # noqa: E402

BASE: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "head_dim": 6,
    "max_position_embeddings": 4096,
    "sliding_window": 7,
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
    "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": True,
    "initializer_range": 0.3,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
SHAPES: dict[str, dict[str, Any]] = {
    "nano's, smaller": {},
    "grouped queries": {"num_key_value_heads": 2},
    "one key head": {"num_key_value_heads": 1, "head_dim": 8},
    "head to itself": {"tie_word_embeddings": False},
    "heads wider than the network": {"head_dim": 16},
    "a window of one": {"sliding_window": 1},
    "a window longer than the text": {"sliding_window": 2000},
    "full attention only": {"layer_types": ["full_attention"] * 3},
    "sliding attention only": {"layer_types": ["sliding_attention"] * 3, "sliding_window": 3},
    "told of places in literals": {
        "literal_symbols": ["C", "S", "S", *(["'", '"', "\\", "(", ")", ",", "\n", "x", "xx", "',", "", "\"x"] * 3)],
        "literal_sizes": [5, 4, 3],
    },
    "told all that there is": {
        "literal_symbols": ["S", "S", "S", "C", "x", *("\"'x,\n()" * 6)],
        "literal_sizes": [5, 4, 3, 3, 2, 4, 50, 50, 50],
        "trace_texts": ["<|frame_sep|>", "<|line_sep|>", "<|action_sep|>", "<|call_sep|>", "n", *("\"'x,\n()" * 6)],
    },
    "another base, another epsilon": {
        "rope_parameters": {"rope_type": "default", "rope_theta": 500.0},
        "rms_norm_eps": 0.1,
    },
}
IDS = [int(token) for token in torch.randint(0, 50, (1300,), generator=torch.Generator().manual_seed(5))]


def pair(shape: str) -> tuple[Any, LeanNetwork]:
    """A random network of transformers, its norms' weights random too, and the same one, lean."""
    torch.manual_seed(len(shape))
    fields = {**BASE, **SHAPES[shape]}
    told = "literal_symbols" in fields
    kinds = (LiteralCwmConfig, LiteralCwmForCausalLM) if told else (transformers.CwmConfig, transformers.CwmForCausalLM)
    model = kinds[1](kinds[0](**fields)).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight.uniform_(0.5, 1.5)
    return model, LeanNetwork(model.config.to_dict(), model.state_dict())


def expected(model: Any, ids: list[int]) -> Any:
    with torch.inference_mode():
        return model(torch.tensor([ids]), use_cache=False).logits[0]


def close(got: Any, wanted: Any) -> bool:
    """Logits within 1e-4 of the largest among them."""
    return got.shape == wanted.shape and float((got - wanted).abs().max()) <= 1e-4 * max(1.0, float(wanted.abs().max()))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [1, 2, 30, 1300])
def test_logits_of_a_text_are_those_of_transformers(shape: str, count: int) -> None:
    model, lean = pair(shape)

    assert close(lean.open().read(IDS[:count], count), expected(model, IDS[:count]))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_may_be_read_in_parts_and_cut_back(shape: str) -> None:
    model, lean = pair(shape)
    wanted = expected(model, IDS[:700])
    sequence = lean.open()
    at = 0
    for count, cut in [(5, 0), (1, 0), (17, 12), (2, 1), (300, 3), (2, 0), (40, 39), (300, 0)]:
        wrong = [(token + 1) % 50 for token in IDS[at + count - cut : at + count]]
        got = sequence.read(IDS[at : at + count - cut] + wrong, count)
        assert close(got[: count - cut], wanted[at : at + count - cut])
        sequence.forget(cut)
        at += count - cut

    assert sequence.length == at > 512  # more than it had room for at first


@pytest.mark.parametrize("shape", SHAPES)
def test_sequences_share_a_pass(shape: str) -> None:
    model, lean = pair(shape)
    sequences = [lean.open() for _ in range(4)]
    lengths = [0] * 4
    for counts in [(3, 40, 1, 200), (1, 1, 1, 1), (17, 5, 2, 1), (1, 100, 9, 3)]:
        reads = []
        for number, count in enumerate(counts):
            ids = IDS[100 * number + lengths[number] :][:count]
            reads.append(Read(sequences[number], ids, 1 + number % count))
            lengths[number] += count
        for number, (read, got) in enumerate(zip(reads, lean.run(reads), strict=True)):
            assert close(got, expected(model, IDS[100 * number :][: lengths[number]])[-read.keep :])


def test_a_short_text_in_another_thread_takes_nothing_from_a_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    model, lean = pair("full attention only")
    long, short = lean.open(), lean.open()
    begun, go_on = threading.Event(), threading.Event()
    slow = threading.Thread(target=lambda: short.read(IDS[:600], 1))
    make_mask = lean_module._band

    def made_late(window: int | None, positions: int) -> Any:
        if threading.current_thread() is slow:
            begun.set()
            go_on.wait(0.5)  # the other thread may have to wait for this one
        return make_mask(window, positions)

    def after_the_slow_one(gates: Any) -> Any:
        if threading.current_thread() is not slow:
            go_on.set()
            slow.join()
        return silu(gates)

    silu = torch.nn.functional.silu
    monkeypatch.setattr(lean_module, "_band", made_late)
    slow.start()
    assert begun.wait(20)
    long.read(IDS[:1290], 1)
    monkeypatch.setattr(lean_module, "silu", after_the_slow_one)

    assert close(long.read(IDS[1290:], 10), expected(model, IDS)[1290:])


def test_a_saved_folder_is_read(tmp_path: Path) -> None:
    model, lean = pair("grouped queries")
    model.half().save_pretrained(tmp_path)

    assert close(LeanNetwork.load(tmp_path).open().read(IDS[:9], 2), expected(model.float(), IDS[:9])[-2:])
    assert not torch.equal(lean.open().read(IDS[:9], 2), expected(model, IDS[:9])[-2:])


def test_nano_is_lean_and_its_texts_are_those_through_transformers() -> None:
    nano = load_model("nano", device="cpu")
    through_transformers = CausalModel(
        transformers.AutoModelForCausalLM.from_pretrained(NANO_FOLDER, dtype="float32").eval(),
        transformers.AutoTokenizer.from_pretrained(NANO_FOLDER),
        "nano",
    )

    assert isinstance(nano, CausalModel) and isinstance(nano._model, LeanNetwork)
    for seed in range(9_800_000, 9_800_006):
        program = generate(seed, 1)
        prompt = call_prompt(program.source, program.calls[0]) if program.calls else script_prompt(program.source)
        one, other = (
            predict(model, prompt=prompt, max_tokens=120, decoding=Decoding(constrained=False))
            for model in (nano, through_transformers)
        )
        assert one.render() == other.render()
        assert [step.logprob for step in one] == pytest.approx([step.logprob for step in other], abs=1e-3)
        assert [(s.greedy, s.tokens, s.parts) for s in nano.score(one)] == [
            (s.greedy, s.tokens, s.parts) for s in through_transformers.score(one)
        ]


def test_nano_needs_no_transformers() -> None:
    code = (
        "import sys, cwm_trace as ct; nano = ct.load_model('nano', device='cpu'); "
        "ct.predict(nano, 'x = 1\\n', max_frames=1); print({'transformers', 'accelerate'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


def test_the_tokenizer_reads_as_that_of_transformers() -> None:
    one, other = (
        Codec(tokenizer)
        for tokenizer in (TokenizerFile(NANO_FOLDER), transformers.AutoTokenizer.from_pretrained(NANO_FOLDER))
    )

    for text in ["def f(x):\n    return x\n", " \t  é€😀\x00 <|eot|>", "<|frame_sep|><|end_of_text|> <|pad|>", ""]:
        assert one.encode(text) == other.encode(text)
        assert one.spelled(text) == other.spelled(text)
        assert one.decode(one.encode(text)) == other.decode(other.encode(text))
    assert one.decode([300, 20, 5]) == other.decode([300, 20, 5])


def test_a_pass_leaves_the_number_of_threads_as_it_was() -> None:
    _, lean = pair("one key head")
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        lean.open().read(IDS[:5], 1)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_one_thread_chooses_where_one_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one, called for the choice alone, kept a core busy: decoding took three times the processor time."""
    _, lean = pair("one key head")
    threads: list[int] = []

    def counted(logits: Any) -> list[tuple[int, float]]:
        threads.append(torch.get_num_threads())
        return first_choices(logits)

    monkeypatch.setattr(lean_module, "first_choices", counted)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        engine = Engine(lean, memory=lean.open())
        engine.push(IDS[:40])
        engine.generate(frozenset(), 3)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert threads == [1, 1, 1]


def test_what_is_computed_otherwise_does_not_fit() -> None:
    config = transformers.CwmConfig(**BASE).to_dict()
    scaled = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10_000.0}
    other: list[tuple[str, Any]] = [
        ("model_type", "llama"),
        ("hidden_act", "gelu"),
        ("mlp_bias", True),
        ("rope_parameters", scaled),
        ("rope_parameters", {**BASE["rope_parameters"], "partial_rotary_factor": 0.5}),
        ("rope_parameters", None),
        ("layer_types", ["chunked_attention"] * 3),
        ("layer_types", ["full_attention"] * 2),
        ("sliding_window", None),
    ]

    assert fits(config)
    assert [change for change in other if fits({**config, change[0]: change[1]})] == []
    assert [name for name in config if name in BASE and name in _NEEDED and fits(_without(config, name))] == []


_NEEDED = (
    set(BASE)
    - {"max_position_embeddings", "intermediate_size", "initializer_range"}
    - {f"{kind}_token_id" for kind in ("pad", "bos", "eos")}
)


def _without(config: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key != name}
