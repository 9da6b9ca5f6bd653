"""The figures of a model card: every evaluation is run, and the card around them stays."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the model extra is not installed")

from cwm_trace.errors import InputError
from cwm_trace.eval.suites import BUNDLED
from cwm_trace.train.card import (
    _SHORT,
    BEGIN,
    BEGIN_SHORT,
    END,
    END_SHORT,
    Card,
    _banded,
    with_figures,
    with_short_table,
)
from cwm_trace.train.operations import operation_suite
from cwm_trace.train.skills import OPERATIONS


def _counts(folder: Path, *lines: dict[str, int]) -> Path:
    folder.mkdir()
    (folder / "counts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_the_card_of_a_model_that_is_always_right(tmp_path: Path) -> None:
    suite = tmp_path / "mine.jsonl"
    suite.write_text(json.dumps({"id": 1, "source": "def f(x):\n    y = x + 1\n    return y", "call": "f(1)"}))
    shards = _counts(tmp_path / "s", {"programs": 3, "tokens": 10}, {"programs": 4, "same_tree": 1, "tokens": 5})
    card = Card("oracle", str(suite), tmp_path / "runs", limit=1, each=1, seeds=5, shards=(shards,))

    made = card.figures()

    assert "| output pass@1 | 100.0 [20.7, 100.0] | 100.0 [20.7, 100.0] | 0.0 [0.0, 79.3] |" in made
    assert "| next frame exact | 100.0" in made and "| int | 1 | 100.0" in made
    rows = [line.split(" | ") for line in made.splitlines()]
    assert {row[0].removeprefix("| ") for row in rows if row[1:2] == ["1"] and "[" in row[2]} >= set(BUNDLED) - {
        "longer"
    }  # which is not measured
    assert f"`{next(iter(OPERATIONS))}` 100" in made and "`statement FunctionDef` 100" in made
    assert "| s | 7 | 1 | 0 | 0 | 0 | 15 |" in made
    assert (tmp_path / "runs" / "unconstrained" / "manifest.json").is_file()

    samples = {path: path.read_bytes() for path in (tmp_path / "runs").rglob("samples.jsonl")}
    assert card.figures() == made
    assert samples == {path: path.read_bytes() for path in samples}  # nothing is run again


def test_figures_stand_between_their_marks() -> None:
    card = f"# A model\n{BEGIN}\nold\n{END}\nwhat it cannot do\n"
    made = with_figures(card, "new")
    assert made == f"# A model\n{BEGIN}\n\nnew\n{END}\nwhat it cannot do\n"
    assert with_figures(made, "new") == made
    with pytest.raises(InputError, match="no place"):
        with_figures("# A model\n", "new")


def test_a_readme_shows_the_first_rows_of_the_card() -> None:
    rows = [f"| {title} | {number} |" for number, title in enumerate(_SHORT)]
    first = "\n".join(["| | nano |", "| --- | --- |", "| seconds | 3 |", *reversed(rows)])
    card = f"{BEGIN}\n\n`command`\n\n### x\n\n{first}\n\nnote\n\n| other |\n{END}"
    made = with_short_table(f"# R\n{BEGIN_SHORT}{END_SHORT}.", card)
    table = "\n".join(["| | nano |", "| --- | --- |", *rows])
    assert made == f"# R\n{BEGIN_SHORT}\n\n{table}\n\n{END_SHORT}."


def test_a_card_without_figures_has_none_to_show() -> None:
    readme = f"{BEGIN_SHORT}{END_SHORT}"
    for card in ("", f"{BEGIN}{END}", f"{BEGIN}\n\n| | a |\n| --- | --- |\n| x | 1 |\n\n{END}"):
        with pytest.raises(InputError, match="no figures"):
            with_short_table(readme, card)


def test_what_is_missing_shows_before_anything_runs(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    command = [sys.executable, "-m", "cwm_trace.train", "card", "nano", str(tmp_path), "--suite", "x.jsonl"]
    card.write_text("# A model\n")
    for options, words in (
        (["--card", str(card)], "no place for figures"),
        (["--readme", str(card)], "Give --card"),
        (["--card", str(tmp_path / "none.md")], "cannot read"),
    ):
        ended = subprocess.run([*command, *options], capture_output=True, text=True)
        assert ended.returncode == 1 and words in ended.stderr and ended.stderr.count("\n") == 1


def test_the_readmes_figures_are_those_of_the_card() -> None:
    readme, card = (
        Path(__file__).parent.parent.joinpath(name).read_text("utf-8")
        for name in ("README.md", "cwm_trace/models/nano/README.md")
    )
    assert with_short_table(readme, card) == readme and with_figures(card, "") != card


def test_shares_are_grouped_largest_first_without_the_rare_ones() -> None:
    found = dict(_banded({"a": 5.0, "b": 50.0, "c": 10.0, "d": 0.2, "e": 50.0}, ((10.0, "many"), (1.0, "few"))))
    assert found == {"many": ["`b` 50", "`e` 50", "`c` 10"], "few": ["`a` 5.0"]}


def test_each_operation_has_as_many_programs() -> None:
    made = list(islice(operation_suite(2), 60))
    assert [task["tags"] for task in made] == [[operation] for operation in list(OPERATIONS)[:30] for _ in range(2)]
    assert len({task["id"] for task in made}) == len(made)


def test_shards_without_counts_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no counts\.jsonl"):
        Card("oracle", "x", tmp_path, shards=(tmp_path,))._data()
