"""Files and folders in memory (`machine/sources/`: `_disk`, `_files`, `os`, `shutil`), run here beside real ones; and names that are drawn."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_trace.frames import Frame
from cwm_trace.models.machine import code, imported
from cwm_trace.models.machine.drawn import Drawn
from cwm_trace.models.machine.following import Following
from cwm_trace.models.stepwise import Stepwise
from cwm_trace.tracer.run import run_source
from tests.test_models_outlook import TRUE

SOURCES = Path(imported.__file__).with_name("sources")


class Ours:
    """A disk in memory, empty, and what is done with it. In a real interpreter, as sources import each other by their names."""

    def __init__(self) -> None:
        followed = ModuleType("followed")
        vars(followed).update(drawn=lambda kind: "start", unknown=object, presume=lambda: None, lost=_lost)
        vars(followed).update(typed=bytes, lying=lambda: None, starts_in=str, read_there=bytes)
        self.modules: dict[str, Any] = {"followed": followed}
        for name in ("io", "_disk", "_files", "os", "shutil"):
            with self.at_work():
                self.modules[name] = self._made(name)
        self.os, self.shutil = self.modules["os"], self.modules["shutil"]

    def _made(self, name: str) -> ModuleType:
        made = ModuleType(name)
        if name == "shutil":
            vars(self.modules["os"])["path"] = os.path
        exec(compile((SOURCES / f"{name}.py").read_text(encoding="utf-8"), name, "exec"), vars(made))
        return made

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, module in self.modules.items():
                patch.setitem(sys.modules, name, module)
            yield

    def open(self, *args: Any, **words: Any) -> Any:
        with self.at_work():
            return self.modules["_files"].opened(*args, **{**_PLAIN, **words})


_PLAIN = {"buffering": -1, "encoding": None, "errors": None, "newline": None, "opener": None}


def _lost() -> None:
    raise AssertionError("lost")


def _told(work: Callable[[], Any]) -> Any:
    """What comes of it; of an exception, its kind and its text."""
    try:
        return work()
    except (OSError, ValueError, TypeError) as error:
        return type(error).__name__, str(error)


_texts = st.text("aé€\n\r", max_size=5)
_on_texts = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 4)),
        st.tuples(st.sampled_from(["read", "readline", "readlines", "flush", "readable", "writable"])),
        st.tuples(st.just("readline"), st.integers(-1, 3)),
        st.tuples(st.just("write"), _texts),
        st.tuples(st.just("seek"), st.just(0)),
        st.tuples(st.just("seek"), st.just(0), st.just(2)),
        st.tuples(st.just("close")),
    ),
    max_size=7,
)
_on_octets = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["read", "readline"]), st.integers(-1, 4)),
        st.tuples(st.sampled_from(["read", "readlines", "tell", "readable", "writable", "close"])),
        st.tuples(st.just("write"), st.binary(max_size=4)),
        st.tuples(st.just("seek"), st.integers(-2, 6), st.integers(0, 2)),
        st.tuples(st.just("truncate"), st.integers(0, 5)),
    ),
    max_size=7,
)


def _runs(file: Any, calls: list[tuple[Any, ...]]) -> list[Any]:
    told = [_told(lambda name=name, args=args: getattr(file, name)(*args)) for name, *args in calls]  # type: ignore[misc]
    file.close()
    return told


def _beside(mode: str, before: bytes | None, calls: list[tuple[Any, ...]], **words: Any) -> None:
    """Open, work and look at what is there then: in memory, and on a real disk."""
    ours = Ours()
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        if before is not None:
            Path("f").write_bytes(before)
            with ours.open("f", "wb") as file:
                file.write(before)
        true = _told(lambda: _runs(open("f", mode, **words), calls))
        assert _told(lambda: _runs(ours.open("f", mode, **words), calls)) == true
        assert Path("f").exists() == ours.os.access("f", 0)
        if Path("f").exists():
            assert ours.open("f", "rb").read() == Path("f").read_bytes()


@given(
    st.sampled_from(["r", "w", "a", "x"]),
    st.one_of(st.none(), st.sampled_from(["a\nb\n", "é€\r\nb\rc", ""])),
    _on_texts,
    st.sampled_from([None, "", "\n", "\r\n"]),
)
def test_texts_are_read_and_written_as_on_a_disk(
    mode: str, before: str | None, calls: list[tuple[Any, ...]], newline: str | None
) -> None:
    octets = None if before is None else before.encode()
    _beside(mode, octets, calls, newline=newline, encoding="utf-8")


@given(
    st.sampled_from(["rb", "wb", "ab", "xb", "r+b", "w+b", "a+b"]),
    st.one_of(st.none(), st.sampled_from([b"a\nbc\n", b""])),
    _on_octets,
)
def test_octets_are_read_and_written_as_on_a_disk(
    mode: str, before: bytes | None, calls: list[tuple[Any, ...]]
) -> None:
    if "a" in mode:  # where a real one is, depends on what waits to be written
        calls = [call for call in calls if call[0] not in ("truncate", "tell")]
    _beside(mode, before, calls)


_paths = st.sampled_from(["a", "b", "a/b", "a/c", "a/b/c", "./a/../b", "b/", "c", ""])
_on_folders = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["mkdir", "makedirs", "rmdir", "remove", "removedirs", "unlink"]), _paths),
        st.tuples(st.sampled_from(["rename", "replace"]), _paths, _paths),
        st.tuples(st.sampled_from(["listdir", "access", "readlink", "size", "is_link", "write", "copy_of"]), _paths),
    ),
    max_size=8,
)


def _does(system: Any, tool: Any, opens: Callable[..., Any], call: tuple[Any, ...]) -> Any:
    name, *args = call
    match name:
        case "listdir":
            return sorted(system.listdir(*args))
        case "access":
            return system.access(*args, 0)
        case "size":
            return system.stat(*args).st_size if not _is_folder(system, *args) else "folder"
        case "is_link":
            return system.lstat(*args).st_mode & 0o170000
        case "write":
            with opens(*args, "w") as file:
                return file.write("x")
        case "copy_of":
            return tool.copyfile(*args, "copy")
    return getattr(system, name)(*args)


def _is_folder(system: Any, path: str) -> bool:
    return bool(system.stat(path).st_mode & 0o040000)


@given(_on_folders)
def test_folders_are_made_and_removed_as_on_a_disk(calls: list[tuple[Any, ...]]) -> None:
    ours = Ours()
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        for call in calls:
            true = _told(lambda call=call: _does(os, shutil, open, call))  # type: ignore[misc]
            with ours.at_work():
                assert _told(lambda call=call: _does(ours.os, ours.shutil, ours.open, call)) == true, call  # type: ignore[misc]
        with ours.at_work():
            assert sorted(map(_sorted, ours.os.walk("."))) == sorted(map(_sorted, os.walk(".")))


def _sorted(one: tuple[str, list[str], list[str]]) -> tuple[str, list[str], list[str]]:
    return one[0], sorted(one[1]), sorted(one[2])


def test_a_name_that_is_drawn_is_known_as_soon_as_it_is_seen() -> None:
    drawn = Drawn()
    one, other = drawn.guess("name"), drawn.guess("name")
    assert not drawn.learn(f"'/tmp/tmp{one}'", "'/tmp/other'")
    assert not drawn.learn(f"'{one}/{one}'", "'aaaaaaaa/bbbbbbbb'")
    assert drawn.learn(f"['/tmp/tmp{one}/a', '{one}']", "['/tmp/tmpabcdefgh/a', 'abcdefgh']")
    assert drawn.shown(f"{one} {other}") == f"abcdefgh {other}"
    assert drawn.hidden("'/tmp/tmpabcdefgh'") == f"'/tmp/tmp{one}'"
    assert not drawn.learn(f"'{one}'", "'12345678'")


TEMPORARY = """import os, tempfile
from pathlib import Path
def f(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        path.write_text(text)
        names = os.listdir(folder)
        again = open(os.path.join(folder, "a.txt")).read()
        here = os.getcwd()
        there = os.path.abspath("b")
    return names, again, os.path.exists(folder), os.path.dirname(there) == here
"""


@pytest.mark.skipif(not code.is_supported(), reason="this Python's bytecode is not followed")
def test_what_is_in_a_temporary_folder_is_followed() -> None:
    trace = run_source(TEMPORARY, "f('ab')")
    beside, strange = Following(trace.context), []
    for step in trace.frames:
        told = beside.foretell(Stepwise(TRUE))
        assert told is not None and isinstance(step, Frame)
        strange += [name for name, text in step.locals.items() if told.locals[name] != text]
        beside.observe(step)
    assert strange == [
        "folder",
        "here",
    ]  # when they are seen first; where they are part of another text, they are known
    assert trace.returned == "(['a.txt'], 'ab', False, True)"


MISSING = """def f(place):
    try:
        with open(place) as file:
            text = file.read()
    except FileNotFoundError as error:
        text = error.filename
    return text
"""


@pytest.mark.skipif(not code.is_supported(), reason="this Python's bytecode is not followed")
@pytest.mark.parametrize("there", [False, True])
def test_a_file_that_the_program_has_not_made_is_missing_unless_a_frame_shows_otherwise(
    tmp_path: Path, there: bool
) -> None:
    if there:
        (tmp_path / "a").write_text("ab")
    trace = run_source(MISSING, "f('a')", directory=str(tmp_path))
    beside = Following(trace.context)
    for step in trace.frames:
        told = beside.foretell(Stepwise(TRUE))
        assert told is not None
        beside.observe(step)
    assert told is not None and told.value == trace.returned
