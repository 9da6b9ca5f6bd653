"""Answers are asked for once: of threads, and of several processes' files."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from cwm_trace.models.told import Answer, SharedTold, Told


def test_an_answer_is_asked_for_once_by_all_threads() -> None:
    told, asked, may_answer = Told(), list[str](), threading.Event()

    def ask() -> Answer:
        asked.append("7 + 8")
        assert may_answer.wait(20)
        return "15", -0.5

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(told.once, ("value", "7 + 8"), ask) for _ in range(4)]
        assert told.once(("test", "7 < 8"), lambda: (True, 0.0)) == (True, 0.0), "another question is not held up"
        may_answer.set()
        assert [answer.result() for answer in answers] == [("15", -0.5)] * 4
    assert asked == ["7 + 8"]


def test_who_cannot_ask_leaves_it_to_the_next() -> None:
    told = Told()
    with pytest.raises(OSError, match="gone"):
        told.once(("value", "x"), lambda: (_ for _ in ()).throw(OSError("gone")))
    assert told.once(("value", "x"), lambda: ("1", 0.0)) == ("1", 0.0)


def test_the_oldest_answers_are_forgotten() -> None:
    told, asked = Told(most=2), list[str]()

    def ask(operation: str) -> Answer:
        asked.append(operation)
        return operation, 0.0

    for operation in ("a", "b", "a", "c", "a", "b"):
        told.once(("value", operation), partial(ask, operation))
    assert asked == ["a", "b", "c", "b"]


def test_what_one_process_was_answered_no_other_one_asks(tmp_path: Path) -> None:
    one, other = SharedTold(tmp_path / "told"), SharedTold(tmp_path / "told")
    answers: list[Answer] = [(True, -0.25), (None, -1.5), ("'\\n\ud800é'", 0.0), ("x" * 100_000, -3.0)]
    for number, answer in enumerate(answers):
        given = iter([answer])
        assert one.once(("value", f"'\ud800' * {number}"), partial(next, given)) == answer
    for number, answer in enumerate(answers):
        assert other.once(("value", f"'\ud800' * {number}"), lambda: pytest.fail("it is known")) == answer
    assert other.once(("test", "1 < 2"), lambda: (True, 0.0)) == one.once(("test", "1 < 2"), lambda: (False, 0.0))


def test_a_line_that_is_being_written_is_read_later(tmp_path: Path) -> None:
    told = SharedTold(tmp_path / "told")
    line = json.dumps((("value", "1 + 1"), ("2", 0.0))).encode() + b"\n"
    with (tmp_path / "told").open("ab", buffering=0) as file:
        file.write(line[:9])
        with pytest.raises(OSError, match="not yet"):
            told.once(("value", "1 + 1"), lambda: (_ for _ in ()).throw(OSError("not yet")))
        file.write(line[9:])
    assert told.once(("value", "1 + 1"), lambda: pytest.fail("it is known")) == ("2", 0.0)
