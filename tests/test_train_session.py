"""The GPU session of cwm_trace/train/README.md, its very script, at a size that a processor trains in seconds."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the model extra is not installed")

from cwm_trace import load_model, predict
from cwm_trace.cli.parser import build_parser
from cwm_trace.train.__main__ import _parser
from cwm_trace.train.record import Recipe, write_shards
from cwm_trace.train.travel import join_parts

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "cwm_trace" / "train" / "session.sh"
TOY = """--steps 100000 --width 32 --layers 2 --heads 2 --inner 48 --window 64 --max-length 1024 --tokens-per-batch 2048 --learning-rate 1e-2
--warmup 0 --save-minutes 0.05 --generate 1 --family small --seed 1 --live-folder {live}"""


def run(verb: str, folder: Path, *arguments: str) -> str:
    """What a verb of the script prints."""
    environment = os.environ | {
        "RUN": str(folder / "run"),
        "CARRIED": str(folder / "carried"),
        "OUT": str(folder / "out"),
        "SITE": str(folder / "site"),
        "LIVE": str(folder / "live"),
        "PYTHON": sys.executable,
        "OPTIONS": TOY.format(live=folder / "live").replace("\n", " "),
        "PROGRAMS": "5",
        "PROBE": "--toy --steps 2",
    }
    done = subprocess.run([str(SCRIPT), verb, *arguments], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_a_session_trains_brings_its_model_and_ends(tmp_path: Path) -> None:
    carried = tmp_path / "carried"
    write_shards(Recipe(0, 40, per_shard=20, max_tokens=1024), carried / "shards")
    suite = {"id": "0", "code": "def f(x):\n    return x + 1", "input": "1", "output": "2"}
    (carried / "suite.jsonl").write_text(json.dumps(suite) + "\n")
    collected = {"source": "def double(xs):\n    return [x * 2 for x in xs]\n", "calls": ["double([1, 2])"]}
    (carried / "real.jsonl.gz").write_bytes(gzip.compress(json.dumps(collected).encode()))
    try:
        run("start", tmp_path, "8")
        for _ in range(20):
            printed = run("watch", tmp_path, "3")
            if "no model yet" not in printed and re.search(r'"live_shards": [1-9]', printed):
                break
    finally:
        ended = run("finish", tmp_path)

    assert "training has ended" in ended
    rows = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] >= 20
    assert rows[-1]["loss"] < rows[0]["loss"] - 1
    assert rows[-1]["live_shards"] > 0
    assert json.loads((tmp_path / "out" / "counts.jsonl").read_text())["traces"] > 0
    join_parts(tmp_path / "out" / "model", tmp_path / "model")
    trace = predict(load_model(f"hf:{tmp_path / 'model'}"), suite["code"], call="f(1)", max_tokens=40)
    assert len(trace) > 0


def test_the_machine_is_probed(tmp_path: Path) -> None:
    printed = run("probe", tmp_path)

    assert "characters/s" in printed
    assert "ms a step" in printed


def test_the_script_has_options_that_there_are() -> None:
    found = re.search(r'OPTIONS=\$\{OPTIONS:-"(.*?)"\}', SCRIPT.read_text(), re.DOTALL)
    assert found
    words = found[1].replace("\\\n", "").replace("$WORKERS", "12").replace("$LIVE", "live").split()

    options = _parser().parse_args(["train", "shards", "out", "--packed", *words])

    assert options.generate == 12
    assert options.minutes > 0
    assert options.tokens_per_batch % options.max_length == 0
    assert options.width % options.heads == 0


def test_every_option_has_a_text() -> None:
    """Of `train`, some twenty had none."""
    parsers = [*_commands(_parser()), *_commands(build_parser())]
    assert len(parsers) > 20
    for parser in parsers:
        bare = [action.dest for action in parser._actions if not action.help]
        assert not bare, (parser.prog, bare)


def _commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    commands = next(item for item in parser._actions if isinstance(item, argparse._SubParsersAction))
    return list(commands.choices.values())
