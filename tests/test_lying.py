"""The files that lie where a program starts: what is told of them, and that nothing else is."""

import os
from pathlib import Path

import pytest

from cwm_trace import lying
from cwm_trace.lying import LARGEST, Lying, lying_in, take_note


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    for name in ("sub", ".git", "__pycache__"):
        (folder / name).mkdir(parents=True)
        (folder / name / "inner.txt").write_text(name)
    (folder / "data.csv").write_bytes(b"a,1\r\n")
    (folder / "large").write_bytes(bytes(LARGEST + 1))
    (tmp_path / "outside").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "outside")
    return folder


def names(told: Lying) -> dict[str, list[str] | None]:
    assert told.files is not None
    return {each.name: None if each.within is None else [inner.name for inner in each.within] for each in told.files}


def test_names_are_in_the_order_of_the_system(folder: Path) -> None:
    found = names(lying_in(str(folder)))
    assert [*found] == os.listdir(folder)
    assert found == {"sub": ["inner.txt"], **dict.fromkeys((".git", "__pycache__", "data.csv", "large", "link"))}


def test_contents_are_told_of_small_files_of_the_folder_only(folder: Path) -> None:
    told = lying_in(str(folder))
    assert (told.read("data.csv"), told.read("sub/inner.txt")) == (b"a,1\r\n", b"sub")
    for name in ("large", "link", "sub", "none", "../outside", "sub/../../outside", ".git/inner.txt", "", "data.csv/x"):
        assert told.read(name) is None, name


def test_what_has_changed_since_note_was_taken_is_not_told(folder: Path) -> None:
    take_note(str(folder))
    (folder / "data.csv").write_bytes(b"a,22\r\n")
    (folder / "new").write_text("x")
    told = lying_in(str(folder))
    assert told.read("data.csv") is None and told.read("new") is None and "new" not in names(told)
    take_note(str(folder))
    assert lying_in(str(folder)).read("data.csv") == b"a,22\r\n"


def test_of_too_much_nothing_is_known(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lying, "MOST", 5)
    assert lying_in(str(folder)).files is None
    assert lying_in(str(folder / "none")).files is None
