"""Places in literals: right for what Python prints, equal however a sequence is read, and told to the network on all ways through it."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the model extra is not installed")

import torch

from cwm_trace.errors import InputError
from cwm_trace.format import ACTION_SEP, ARG_SEP, CONTEXT_START, FRAME_SEP, render_locals, render_prompt
from cwm_trace.models import NANO_FOLDER, literal_positions
from cwm_trace.models.batch import Batcher
from cwm_trace.models.engine import Engine
from cwm_trace.models.lean import LeanNetwork
from cwm_trace.models.literal_cwm import LiteralCwmForCausalLM
from cwm_trace.models.literal_positions import SIZES, LiteralPositions, LiteralReading, Position
from cwm_trace.models.memory import OwnCache, cache_name
from cwm_trace.models.trace_positions import KINDS, PositionsReader
from cwm_trace.prompts import call_prompt
from cwm_trace.train.data import make_batch
from cwm_trace.train.grow import with_literals
from cwm_trace.train.network import Shape, batch_loss, new_model, save_model
from cwm_trace.train.packed import masks_of, pack, packed_loss
from cwm_trace.train.telling import telling
from cwm_trace.train.tokenizer import PAD, TraceEncoder, build_backend, literal_symbols

_SHAPE = Shape(width=32, layers=4, heads=2, inner=48, window=8, positions=512)
_PLAIN = "abcXYu 09_.,:;()[]{}<\"'\\\n\u00e9\u65e5"  # what Python prints as itself, or with one backslash
_TEXTS = st.text(st.sampled_from(_PLAIN), max_size=80)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.integers(), st.none(), st.booleans(), _TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=40), st.dictionaries(_TEXTS, inner, max_size=4)),
    max_leaves=50,
)
_VOCABULARY = build_backend().get_vocab()


def located(text: str) -> list[tuple[str, Position]]:
    """Each token of a text, spelled, and its place."""
    (ids,) = TraceEncoder().encode([text])
    names = {number: token for token, number in _VOCABULARY.items()}
    places = LiteralPositions(literal_symbols(), (10_000, 10_000, 10_000)).read(ids)
    return [(names[token], place) for token, (_, place) in zip(ids, places, strict=True)]


def read_in_parts(positions: PositionsReader, ids: list[int], data: st.DataObject) -> list[tuple[int, ...]]:
    """The positions of tokens, read some at a time with wrong ones behind them, which are cut off."""
    reading, at = LiteralReading(positions), 0
    read: list[tuple[int, ...]] = []
    while at < len(ids):
        count = data.draw(st.integers(1, len(ids) - at))
        wrong = data.draw(st.lists(st.integers(0, len(_VOCABULARY)), max_size=5))
        read += reading.read(ids[at : at + count] + wrong, at)[:count]
        at += count
    return read


def in_a_frame(**values: object) -> list[tuple[str, Position]]:
    """The tokens of a frame with these locals, from its JSON on."""
    state = render_locals({name: repr(value) for name, value in values.items()})
    tokens = located(f"<|line_sep|>{state}{ACTION_SEP}")
    return tokens[1:-1]


def model_and_ids(seed: int = 0) -> tuple[LiteralCwmForCausalLM, list[int]]:
    torch.manual_seed(seed)
    model = new_model(_SHAPE).eval()
    torch.nn.init.normal_(model.model.embed_literals.weight, std=0.5)
    torch.nn.init.normal_(model.model.embed_tokens.weight, std=0.5)
    prompt = call_prompt("def f(s, n):\n    return s[n:] + 'it\\'s' # don't\n", "f(['ab', 'c\"d'], 3)")
    (ids,) = TraceEncoder().encode([render_prompt(prompt.context, prompt.frames)])
    return model, ids


def generated(model: Any, rows: list[list[int]], count: int, **options: Any) -> list[list[int]]:
    """What `generate` writes behind rows of one length, greedily."""
    made = model.generate(torch.tensor(rows), do_sample=False, max_new_tokens=count, eos_token_id=-1, **options)
    written: list[list[int]] = made[:, len(rows[0]) :].tolist()
    return written


# --- where tokens stand ---------------------------------------------------------------------------------------------


@given(_TEXTS, _TEXTS)
def test_the_last_place_of_a_text_is_its_length(before: str, text: str) -> None:
    tokens = in_a_frame(a=before, s=text)
    last = [place for _, place in tokens if place.variable == 2 and place.character]

    assert last[-1] == Position(len(text) + 1, 0, 2)
    assert [place.character for place in last] == sorted(place.character for place in last)


@given(st.lists(_VALUES, min_size=1, max_size=60))
def test_the_place_of_the_last_bracket_is_the_length_of_a_list(values: list[Any]) -> None:
    tokens = in_a_frame(values=values)
    inside = [place for token, place in tokens if place.item and token[:1] not in '"{']

    assert inside[-1].item == len(values)


def test_a_frame_in_full() -> None:
    tokens = in_a_frame(s="a'b", l=["cd", (1, 2)], d={})

    assert [(token, *place) for token, place in tokens] == [
        ('{"', 0, 0, 1),
        ("s", 0, 0, 1),
        ('": "', 0, 0, 1),
        ("\\", 0, 0, 1),  # in the middle of JSON's escape
        ('"', 1, 0, 1),
        ("a", 2, 0, 1),
        ("'", 3, 0, 1),
        ("b", 4, 0, 1),
        ("\\", 0, 0, 1),
        ('"', 4, 0, 1),
        ('", "', 0, 0, 2),
        ("l", 0, 0, 2),
        ('": "', 0, 0, 2),
        ("['", 1, 1, 2),
        ("c", 2, 1, 2),
        ("d", 3, 1, 2),
        ("'", 3, 1, 2),
        (", ", 0, 2, 2),
        ("(", 0, 1, 2),
        ("1", 0, 1, 2),
        (", ", 0, 2, 2),
        ("2", 0, 2, 2),
        (")", 0, 2, 2),
        ("]", 0, 2, 2),
        ('", "', 0, 0, 3),
        ("d", 0, 0, 3),
        ('": "', 0, 0, 3),
        ("{}", 0, 1, 3),
        ('"}', 0, 0, 3),
    ]


def test_source_text_and_a_returned_value() -> None:
    source = f"{CONTEXT_START}\ndef f(a):\n    x = 'it\\'s' # don't\n    g(a,\n    2)\n{FRAME_SEP}"
    returned = f"<|return_sep|>{ACTION_SEP}    return x\n{ARG_SEP}\"['\\\\n', 1]\"{FRAME_SEP}"

    assert [(token, *place) for token, place in located(source + returned) if any(place)] == [
        ("def f(", 0, 1, 0),
        ("a", 0, 1, 0),
        ("'", 1, 0, 0),
        ("i", 2, 0, 0),
        ("t", 3, 0, 0),
        ("\\", 3, 0, 0),
        ("'", 4, 0, 0),
        ("s", 5, 0, 0),
        ("'", 5, 0, 0),
        ("'", 1, 0, 0),  # of the comment: until the line's end it stands for a text
        ("t", 2, 0, 0),
        ("(", 0, 1, 0),
        ("a", 0, 1, 0),
        (",", 0, 2, 0),
        ("['", 1, 1, 0),
        ("\\", 0, 1, 0),
        ("\\", 1, 1, 0),
        ("n", 2, 1, 0),
        ("'", 2, 1, 0),
        (", ", 0, 2, 0),
        ("1", 0, 2, 0),
        ("]", 0, 2, 0),
    ]


def test_what_counts_further_begins_again() -> None:
    places = LiteralPositions(["S", '"', "(", "x", ",", "'"], (3, 2, 2)).read([0, 1, 5, 3, 3, 3, 3, 5, 2, 4, 4])

    assert [tuple(place) for _, place in places][2:] == [
        (1, 0, 0),
        (2, 0, 0),
        (3, 0, 0),
        (1, 0, 0),
        (2, 0, 0),
        (2, 0, 0),
        (0, 1, 0),
        (0, 2, 0),
        (0, 1, 0),
    ]


@given(st.lists(st.integers(0, len(_VOCABULARY) + 1), max_size=60), st.data())
def test_a_sequence_may_be_read_in_parts_and_cut_back(ids: list[int], data: st.DataObject) -> None:
    positions = LiteralPositions(literal_symbols(), SIZES)

    assert read_in_parts(positions, ids, data) == [place for _, place in positions.read(ids)]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = TraceEncoder().encode(["x = ['ab', \"c'd\", {1: 'e', 2: ['f', 'g']}]\n" * 3])[0]
    expected = LiteralPositions(literal_symbols(), SIZES).read(ids)
    monkeypatch.setattr(literal_positions, "_KNOWN", 5)
    positions = LiteralPositions(literal_symbols(), SIZES)
    reading = LiteralReading(positions)

    assert [place for token in range(len(ids)) for place in reading.read(ids[token : token + 1], token)] == [
        place for _, place in expected
    ]
    assert positions.remembered <= 5


# --- told to the network --------------------------------------------------------------------------------------------


def test_what_it_is_told_matters() -> None:
    model, ids = model_and_ids()
    tokens = torch.tensor([ids])
    nowhere = torch.zeros(1, len(ids), len(KINDS), dtype=torch.long)

    with torch.no_grad():
        assert not torch.allclose(model(tokens).logits, model(tokens, literal_positions=nowhere).logits, atol=1e-2)


def test_behind_a_cache_places_must_be_given() -> None:
    model, ids = model_and_ids()
    tokens = torch.tensor([ids])
    name = cache_name(model)
    cache = getattr(model(tokens[:, :-5], use_cache=True), name)

    with pytest.raises(ValueError, match="literal_positions"):
        model(torch.tensor([[5]]), **{name: cache})
    with pytest.raises(ValueError, match="literal_positions"):  # as continuous batching calls it
        model(torch.tensor([[5]]), cache=cache)
    with pytest.raises(ValueError, match="literal_positions"):
        model.generate(tokens[:, -5:], attention_mask=torch.ones_like(tokens), max_new_tokens=2, **{name: cache})
    with pytest.raises(ValueError, match="literal_positions"):
        model.generate(tokens, prefill_chunk_size=8, max_new_tokens=2)


def test_a_network_that_has_read_much_can_be_copied() -> None:
    positions = LiteralPositions(["S", "'", "x"], SIZES)
    read = positions.read([0, 1, *[2] * 5000])
    places = [place for _, place in read]

    for copied in (copy.deepcopy(positions), pickle.loads(pickle.dumps(positions))):
        assert [place for _, place in copied.read([0, 1, *[2] * 5000])] == places


@pytest.mark.parametrize("way", ["own cache", "batch", "lean"])
def test_all_ways_of_decoding_give_what_generate_gives(way: str) -> None:
    model, ids = model_and_ids()
    (made,) = generated(model, [ids], 60)
    if way == "lean":
        network = LeanNetwork(model.config.to_dict(), model.state_dict())
        memory: Any = network.open()
    else:
        memory = OwnCache(model) if way == "own cache" else Batcher(model).open()
    engine = Engine(model, memory=memory, drafter=Guesses(made))
    engine.push(ids)

    assert engine.generate(frozenset(), 60).ids == made
    assert engine.passes < 60  # guesses were read, and cut off where they were wrong


def test_rows_of_a_shared_pass_have_their_own_places() -> None:
    model, ids = model_and_ids()
    batcher = Batcher(model)
    texts = [ids, ids[:70], ids[:50], ids[:90], ids[:60]]  # two take the rows of others

    def written(text: list[int]) -> list[int]:
        engine = Engine(model, memory=batcher.open())
        engine.push(text)
        made = engine.generate(frozenset(), 25).ids
        engine.close()
        return made

    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(written, texts))

    assert together == [generated(model, [text], 25)[0] for text in texts]


class Guesses:
    """Guesses the true tokens, each fifth of them wrong."""

    def __init__(self, made: list[int]) -> None:
        self._made, self._at = made, 0

    def observe(self, ids: Any) -> None:
        self._at += len(ids) if self._at or len(ids) < 20 else 0

    def draft(self, most: int) -> list[int]:
        return [
            token + (number % 5 == 4) for number, token in enumerate(self._made[self._at : self._at + most], self._at)
        ]


def test_rows_of_a_batch_may_be_padded_on_the_left() -> None:
    model, ids = model_and_ids()
    rows = [ids, ids[:70]]
    width, pad = len(ids), _VOCABULARY[PAD]
    padded = [[*[pad] * (width - len(row)), *row] for row in rows]
    mask = torch.tensor([[*[0] * (width - len(row)), *[1] * len(row)] for row in rows])

    together = generated(model, padded, 20, attention_mask=mask)

    assert together == [generated(model, [row], 20)[0] for row in rows]


def test_beams_keep_to_their_own_places() -> None:
    """A beam's tokens are others' after a step: what was remembered by row would be wrong."""
    model, ids = model_and_ids()

    assert generated(model, [ids], 12, num_beams=3) == generated(model, [ids], 12, num_beams=3, use_cache=False)


def test_training_tells_it_too() -> None:
    model, ids = model_and_ids()
    separator, pad = _VOCABULARY[FRAME_SEP], _VOCABULARY[PAD]
    made = ids + generated(model, [ids], 40)[0]
    array = torch.tensor(made).numpy().astype("uint16")
    plain = batch_loss(model, make_batch([array], separator, pad))
    packed = next(pack([array, array[:-1], *[array] * 99], 1, 512, separator, pad, telling(model.model.literals)))

    logits = model(torch.tensor([made])).logits[0, len(ids) - 1 : -1]
    true = torch.nn.functional.cross_entropy(logits, torch.tensor(made[len(ids) :]))
    loss, right, count = packed_loss(model, packed.tensors, masks_of(packed.tensors, model, False))

    assert plain.count == 40 and int(plain.correct) == 40
    assert torch.allclose(plain.loss, true, rtol=1e-4)
    assert int(right) == int(count) > 40


def test_a_model_that_was_not_told_begins_with_its_weights() -> None:
    model = new_model(_SHAPE, told=False)
    ids = torch.randint(0, 300, (2, 40))

    grown = with_literals(model)

    assert grown.model.embed_literals.weight.std() > 0
    with pytest.raises(InputError, match="told of all of this already"):
        with_literals(grown)
    torch.nn.init.zeros_(grown.model.embed_literals.weight)
    with torch.no_grad():
        assert torch.equal(grown(ids).logits, model(ids).logits)


# --- in Hugging Face layout -----------------------------------------------------------------------------------------

_ALONE = """
import sys
sys.modules["cwm_trace"] = None  # as where it is not installed
import torch
from transformers import AutoModel, AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], trust_remote_code=True)
ids = torch.load(sys.argv[2])
torch.save(model(ids).logits, sys.argv[3])
headless = AutoModel.from_pretrained(sys.argv[1], trust_remote_code=True)
assert torch.equal(model.lm_head(headless(ids).last_hidden_state), model(ids).logits)
"""


def test_it_opens_where_this_package_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    model, ids = model_and_ids()
    save_model(model, tmp_path / "model")
    torch.save(torch.tensor([ids]), tmp_path / "ids")

    subprocess.run(
        [sys.executable, "-c", _ALONE, tmp_path / "model", tmp_path / "ids", tmp_path / "logits"],
        check=True,
        cwd=tmp_path,
    )

    with torch.no_grad():
        assert torch.allclose(torch.load(tmp_path / "logits"), model(torch.tensor([ids])).logits, atol=1e-5)


def test_the_code_beside_nano_is_the_packages() -> None:
    for name in (
        "literal_cwm.py",
        "literal_positions.py",
        "token_recall.py",
        "trace_positions.py",
        "trace_references.py",
    ):
        assert (NANO_FOLDER / name).read_text("utf-8") == (NANO_FOLDER.parent / name).read_text("utf-8"), (
            f"copy {name} to {NANO_FOLDER}"
        )
