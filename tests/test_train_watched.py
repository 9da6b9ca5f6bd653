"""Processes that write training data: a program that ends its process, hangs it or eats its memory costs that program."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

pytest.importorskip("tokenizers", reason="the model extra is not installed")

from cwm_trace.train import live as live_data
from cwm_trace.train import record, watched
from cwm_trace.train.live import LiveRecipe, LiveShards
from cwm_trace.train.programs import Program
from cwm_trace.train.record import Maker, Recipe, write_shards
from cwm_trace.train.shards import load_shard, shard_paths
from cwm_trace.train.watched import NOWHERE, Crew, Place

CONTEXT = multiprocessing.get_context("fork")


def count_up(job: int, place: Place, left_out: frozenset[int]) -> dict[str, int]:
    """Ten programs, of which number 13 kills its process, and 27 hangs it where no signal is heard."""
    seeds = [seed for seed in range(10 * job, 10 * job + 10) if seed not in left_out]
    for seed in seeds:
        place.value = seed
        if seed == 13:
            os.kill(os.getpid(), signal.SIGKILL)
        if seed == 27:
            sum(range(10**13))
        if seed == 35:
            raise KeyError("this program's fault")
    return {"programs": len(seeds)}


def test_a_program_that_ends_or_hangs_its_process_costs_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "HANG_SECONDS", 0.3)
    monkeypatch.setattr(watched, "_LOOKS", 0.1)
    with Crew(CONTEXT, count_up, 2) as crew:
        counts = list(crew.run(range(5)))

    assert sum(item["programs"] for item in counts) == 47
    assert sum(item.get("died", 0) for item in counts) == 2
    assert sum(item.get("hung", 0) for item in counts) == 1
    assert not multiprocessing.active_children()


def fail(job: int, place: Place, left_out: frozenset[int]) -> dict[str, int]:
    raise FileNotFoundError("no such suite")


def die(job: int, place: Place, left_out: frozenset[int]) -> dict[str, int]:
    place.value = NOWHERE if job < 0 else job + len(left_out)
    os._exit(3)


def test_what_fails_before_the_first_program_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="no such suite"), Crew(CONTEXT, fail, 1) as crew:
        list(crew.run([1]))
    with pytest.raises(RuntimeError, match="died .exit code 3."), Crew(CONTEXT, die, 1) as crew:
        list(crew.run([-1]))
    assert not multiprocessing.active_children()


def test_a_process_that_has_not_read_its_job_died_as_well() -> None:
    """Its end of the pipe, closed with something in it, resets ours: an error that went through to the user."""
    ours, theirs = CONTEXT.Pipe()
    ours.send("a job")
    theirs.close()
    member = object.__new__(watched._Member)
    member.connection = ours
    assert member.reply() is None
    member.give(0, frozenset(), {})
    assert member.busy


def test_a_job_that_loses_all_its_programs_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "_MOST_LOST", 4)
    with pytest.raises(RuntimeError, match="after 4 others"), Crew(CONTEXT, die, 1) as crew:
        list(crew.run([0]))


# --- with recorded programs -------------------------------------------------------------------------------------------

BAD = {
    "dies": "def f(x):\n    import os\n    os._exit(3)",
    "hangs": "def f(x):\n    return sum(range(10 ** 13))",
    "eats memory": "def f(x):\n    return [0] * 10 ** 10",
    "sleeps": "def f(x):\n    import time\n    time.sleep(100)",
    "sleeps on": """def f(x):
    import time
    while True:
        try:
            time.sleep(100)
        except BaseException:
            time.sleep(100)""",
}
GOOD = "def f(x):\n    return x + {}"


def planted(seed: int, *_: object) -> Program:
    """Bad programs among good ones."""
    bad = list(BAD.values())
    source = bad[seed - 3] if 3 <= seed < 3 + len(bad) else GOOD.format(seed)
    return Program(source, ("f(1)",), "planted")


@pytest.fixture
def bad_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "generate", planted)
    monkeypatch.setattr(record, "SECONDS_A_PROGRAM", 0.3)
    monkeypatch.setattr(watched, "HANG_SECONDS", 1.0)
    monkeypatch.setattr(watched, "_LOOKS", 0.1)
    fork = multiprocessing.get_context("fork")
    monkeypatch.setattr(multiprocessing, "get_context", lambda method=None: fork)


def test_a_shard_has_all_its_other_programs(bad_programs: None, tmp_path: Path) -> None:
    counts = write_shards(Recipe(0, 20, per_shard=20), tmp_path)

    (path,) = shard_paths(tmp_path)
    assert len(load_shard(path)) == counts["traces"] == 20 - len(BAD)
    assert (counts["died"], counts["hung"], counts["unfit"]) == (1, 1, 3)


def test_live_shards_have_all_their_other_programs(
    bad_programs: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_data, "FIRST_SEED", 0)
    found = []
    with LiveShards(LiveRecipe(Recipe(0, 0, per_shard=20), workers=1), tmp_path) as live:
        while live.taken < 2:
            found += live.take(1)
            time.sleep(0.05)
        counts = live.counts()

    assert len(found) == 40 - len(BAD)
    assert (counts["died"], counts["hung"]) == (1, 1)
    assert not multiprocessing.active_children()


def test_a_program_is_stopped_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "generate", planted)
    monkeypatch.setattr(record, "SECONDS_A_PROGRAM", 0.1)
    maker = Maker(Recipe(0, 0))
    made = [len(maker.sequences(seed)) for seed in (1, 6, 7, 2)]

    assert made == [1, 0, 0, 1]
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL, "nobody but the recorder handles it, and only meanwhile"
    assert maker.counts["unfit"] == 2
