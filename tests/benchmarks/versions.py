"""One program, one trace: the texts of generated programs, written by 3.11 and compared on another interpreter.

    python3.11 -m tests.benchmarks.versions --write texts.jsonl -n 2000
    python3.13 -m tests.benchmarks.versions texts.jsonl

Prints how many programs have the same text, how many differ first in the message of an error, how many of the others are marked in the
record (`differs`), and the first that is not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path

from cwm_trace.errors import InputError
from cwm_trace.frames import Trace
from cwm_trace.tracer import record_source
from cwm_trace.train.programs import generate


def _recorded(source: str, call: str) -> Trace:
    return record_source(source, call, max_frames=400, max_characters=30_000)


def _programs(count: int, suite: Path | None) -> Iterator[tuple[str, str]]:
    """Sources with a call: of a suite file, then generated ones, deterministic."""
    if suite:
        for line in suite.read_text(encoding="utf-8").splitlines():
            task = json.loads(line)
            yield task.get("source") or task["code"], task.get("call") or f"f({task['input']})"
    for seed in range(count):
        program = generate(7_000_000 + seed, 1)
        yield from ((program.source, call) for call in program.calls)


def _write(path: Path, count: int, suite: Path | None) -> None:
    with path.open("w", encoding="utf-8") as out:
        for source, call in _programs(count, suite):
            with suppress(
                InputError
            ):  # a few of the generated ones are only valid later, as f-strings became (PEP 701)
                print(json.dumps([source, call, _recorded(source, call).render()]), file=out)


def _compare(path: Path) -> None:
    counts: Counter[str] = Counter()
    unmarked = ""
    for line in path.open(encoding="utf-8"):
        source, call, text = json.loads(line)
        trace = _recorded(source, call)
        kind, first = _first(trace.render(), text)
        kind = "marked" if kind == "unmarked" and "differs" in trace.meta else kind
        counts.update({"programs": 1, "frames": len(trace), kind: 1})
        if kind == "unmarked" and not unmarked:
            unmarked = f"\n{call}\n{source}\n{first}"
    version = ".".join(map(str, sys.version_info[:3]))
    print(
        f"{version}: {counts['programs']} programs, {counts['frames']} frames; the text of 3.11: {counts['equal']}, "
        f"another message of an error: {counts['message']}, marked: {counts['marked']}, unmarked: {counts['unmarked']}{unmarked}"
    )


def _first(ours: str, theirs: str) -> tuple[str, str]:
    """What kind of difference comes first, and it."""
    pairs = zip_longest(ours.split("<|frame_sep|>"), theirs.split("<|frame_sep|>"), fillvalue="")
    for mine, other in pairs:
        if mine != other:
            message = (
                mine.startswith("<|exception_sep|>") and mine.split("<|arg_sep|>")[0] == other.split("<|arg_sep|>")[0]
            )
            return "message" if message else "unmarked", f"here: {mine}\n3.11: {other}"
    return "equal", ""


def main() -> None:
    """Writes the texts, or compares with them."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.versions")
    parser.add_argument("texts", type=Path)
    parser.add_argument("--write", action="store_true", help="write the file instead")
    parser.add_argument("-n", type=int, default=2000, help="generated programs (2000)")
    parser.add_argument("--suite", type=Path, help="a suite file whose programs come first")
    options = parser.parse_args()
    if options.write:
        _write(options.texts, options.n, options.suite)
    else:
        _compare(options.texts)


if __name__ == "__main__":
    main()
