"""Parts of traces that are too long: what is predicted is a stretch of the true trace, behind a text that says what was before."""

from __future__ import annotations

import random
from itertools import count

import numpy as np
import pytest

pytest.importorskip("torch")

from cwm_trace.format import END_OF_TEXT, FRAME_SEP, START_MARK, FrameParser, split_frames  # noqa: E402
from cwm_trace.frames import Step, Trace  # noqa: E402
from cwm_trace.tracer.inprocess import record_source  # noqa: E402
from cwm_trace.train.data import IGNORED, learned, make_batch  # noqa: E402
from cwm_trace.train.packed import pack  # noqa: E402
from cwm_trace.train.programs import generate  # noqa: E402
from cwm_trace.train.record import Maker, Recipe  # noqa: E402
from cwm_trace.train.shards import IdArray  # noqa: E402
from cwm_trace.train.tokenizer import PAD, build_backend, build_tokenizer  # noqa: E402

SEPARATOR, MARK = build_tokenizer().convert_tokens_to_ids([FRAME_SEP, PAD])
LIMIT = 400


def decode(ids: IdArray) -> str:
    text: str = build_backend().decode(ids.tolist(), skip_special_tokens=False)
    return text


def parts(seed: int) -> list[IdArray]:
    recipe = Recipe(0, 0, calls=2, family="long", max_tokens=LIMIT, parts=True)
    found = [np.array(ids, dtype=np.uint16) for ids in Maker(recipe).sequences(seed)]
    assert all(len(ids) <= LIMIT for ids in found)
    return [ids for ids in found if MARK in ids]


def content(step: Step) -> tuple[object, ...]:
    return step.event, step.source, dict(step.locals), step.value


def stretches(trace: Trace, length: int) -> list[list[tuple[object, ...]]]:
    steps = list(map(content, trace))
    return [steps[first : first + length] for first in range(len(steps) - length + 1)]


def some_parts(wanted: int) -> list[tuple[int, IdArray]]:
    found: list[tuple[int, IdArray]] = []
    for seed in count(500):
        found += [(seed, ids) for ids in parts(seed)]
        if len(found) >= wanted:
            return found
    raise AssertionError


def test_what_is_predicted_is_a_stretch_of_the_true_trace() -> None:
    ended = jumped = 0
    for seed, ids in some_parts(40):
        tokens, wanted = learned(ids, SEPARATOR, MARK)
        start = int(wanted.argmax())
        assert wanted[start:].all()
        before, after = decode(tokens[:start]), decode(tokens[start:])
        program = generate(seed, 2, "long")
        assert program.source in before
        parser = FrameParser()
        *known, (rest, _, _) = split_frames(before, before.index(FRAME_SEP) + len(FRAME_SEP))
        read = [parser.parse(raw) for raw, _, _ in known]
        *predicted, (end, _, _) = split_frames(after, 0)
        steps = [parser.parse(raw) for raw, _, _ in predicted]
        assert rest == "" and end in ("", END_OF_TEXT) and not any(step.event is None for step in (*read, *steps))
        traces = [record_source(program.source, call) for call in program.calls]
        told = [content(step) for step in (read[-1], *steps)]
        assert any(told in stretches(trace, len(told)) for trace in traces)
        ended += end != ""
        jumped += len(read) > 1
    assert 0 < ended < 40 and jumped > 10


def test_without_parts_they_are_left_out() -> None:
    seed, _ = some_parts(1)[0]
    maker = Maker(Recipe(0, 0, calls=2, family="long", max_tokens=LIMIT))
    assert all(MARK not in ids for ids in maker.sequences(seed)) and maker.counts["too_long"] > 0


def test_the_same_seed_gives_the_same_part() -> None:
    seed, ids = some_parts(1)[0]
    assert [item.tolist() for item in parts(seed)][0] == ids.tolist()


def test_no_program_can_spell_the_mark() -> None:
    maker = Maker(Recipe(0, 0, max_tokens=LIMIT, parts=True))
    spelled = [record_source(f"def f(x):\n    return x{more}\n", "f('<|pa')") for more in (" + 'd|>'", " + 'd|'")]
    made = maker._tokens(spelled, random.Random(0), maker._whole)
    assert len(made) == 1 and MARK not in made[0]
    assert (maker.counts["unfit"], maker.counts["traces"]) == (1, 1)


def test_a_part_of_a_long_entry_has_something_to_learn() -> None:
    source = (
        f"def f(x):{START_MARK}\n    for i in x[:60]:\n        y = i + 1\n    return y\nf({list(range(100, 250))})\n"
    )
    trace = record_source(source)
    maker = Maker(Recipe(0, 0, max_tokens=1280, parts=True))
    found = [ids for seed in range(30) if (ids := maker._part(trace, random.Random(seed)))]
    for ids in found:  # perhaps none: the entry alone takes nearly all
        _, wanted = learned(np.array(ids, dtype=np.uint16), SEPARATOR, MARK)
        assert wanted.any()


def test_there_is_no_loss_before_the_mark_which_no_network_reads() -> None:
    whole = np.array([1, SEPARATOR, 30, SEPARATOR, 31, 32], dtype=np.uint16)
    part = np.array([1, SEPARATOR, 30, SEPARATOR, 31, SEPARATOR, MARK, 32, SEPARATOR, 33], dtype=np.uint16)
    batch = make_batch([whole, part], SEPARATOR, MARK)
    assert batch.labels[0].tolist()[:6] == [IGNORED] * 4 + [31, 32]
    assert batch.ids[1].tolist()[:9] == [1, SEPARATOR, 30, SEPARATOR, 31, SEPARATOR, 32, SEPARATOR, 33]
    assert batch.labels[1].tolist()[:9] == [IGNORED] * 6 + [32, SEPARATOR, 33]
    packed = next(pack([part] * 200, 1, 512, SEPARATOR, MARK))
    ids, labels, *_ = (item[0].tolist() for item in packed.tensors)
    assert packed.lengths[0][0] == 9 and ids[:9] == batch.ids[1].tolist()[:9]
    assert labels[:9] == [*batch.labels[1].tolist()[1:9], IGNORED]
