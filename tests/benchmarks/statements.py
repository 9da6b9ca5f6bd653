"""Where a model goes wrong, given the true frames: frames by the statement that has just run, of one teacher-forced run or several.

    cwm-trace eval SUITE -m MODEL --teacher-forced --out RUN
    python -m tests.benchmarks.statements RUN [RUN ...]

For each kind of statement: how many frames stand behind one, and in how many percent of them the source line, and the variables or the value,
are right, one column pair a run; then the same of frames behind loops' headers, by what these go through. Programs that all runs have.
Last, of the first run, what there is to be won: in how many programs something of a kind is wrong, in how many all is right as it is, and
how many these would be were all of the kind right, or all of the kinds down to it, which come in the order that brings most.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from cwm_trace.eval.folder import read_run
from cwm_trace.eval.teacher import TeacherSample, read_teacher_sample

_KINDS = ("if", "elif", "while", "for", "return", "def")
_OPERATION = re.compile(r"\w\(|\.\w+\(|\[(?=[^\]]*:)|(?<=\w)\[| [-+*/%]+ ")
_ITEM = re.compile(r"\w+\[.*\] *[-+*/]?=")
_CALLED = re.compile(r"\w+\.\w+\(")
_HEADER = re.compile(r"for\b.*?\bin\s+(\w+)?(\()?")


def _load(run: Path) -> dict[str, TeacherSample]:
    _, samples = read_run(run, read_teacher_sample, teacher_forced=True)
    return {sample.id: sample for sample in samples}


def _kind(line: str) -> str:
    word = line.split(maxsplit=1)[0].rstrip(":") if line.strip() else ""
    return word if word in _KINDS else "another statement"


def _goes_through(line: str) -> str:
    found = _HEADER.match(line.strip())
    if found is None or found[1] is None:
        return "another expression"
    return f"{found[1]}(...)" if found[2] else "a name, or what is made of one"


def _frames(sample: TeacherSample) -> Iterator[tuple[str, dict[str, bool]]]:
    """The line before each frame, and which of its parts are right."""
    line = ""
    for score in sample.scores:
        parts = {str(part.part): part for part in score.parts}
        if line:
            yield line, {name: part.greedy for name, part in parts.items()}
        line = parts["action"].text if "action" in parts else ""


def _table(runs: list[dict[str, TeacherSample]], title: str, key: Callable[[str], str | None]) -> None:
    counts: Counter[str] = Counter()
    right: dict[tuple[str, int, str], list[bool]] = defaultdict(list)
    for name in sorted(set.intersection(*map(set, runs))):
        for number, run in enumerate(runs):
            for line, parts in _frames(run[name]):
                if (kind := key(line)) is None:
                    continue
                counts[kind] += not number
                right[kind, number, "line"].append(parts.get("action", False))
                if found := [parts[part] for part in ("state", "value") if part in parts]:
                    right[kind, number, "seen"] += found
    print(f"\n| {title} | frames |" + " source line | variables or value |" * len(runs))
    print("|---|---|" + "---|---|" * len(runs))
    for kind, count in counts.most_common(12):
        cells = [_percent(right[kind, number, part]) for number in range(len(runs)) for part in ("line", "seen")]
        print(f"| {kind} | {count:,} | " + " | ".join(cells) + " |")


def _percent(values: list[bool]) -> str:
    return f"{100 * sum(values) / len(values):.1f}" if values else "-"


def _mistake(line: str, part: str, text: str) -> str:
    """What is wrong where a part of the frame behind this line is."""
    stripped = line.strip()
    if part in ("event", "action"):
        return "the way of a test or loop" if _kind(line) in ("if", "elif", "while", "for") else "another line"
    if '".0"' in text:
        return "a comprehension's variables"
    if _kind(line) in _KINDS and _kind(line) != "return":
        return "an item of a loop" if _kind(line) == "for" else "variables behind a test or definition"
    count = "one operation" if len(_OPERATION.findall(stripped)) <= 1 else "several operations"
    if part == "value":
        return f"a returned value, {count}"
    return (
        "a changed item"
        if _ITEM.match(stripped)
        else "a method called"
        if _CALLED.match(stripped)
        else f"a variable, {count}"
    )


def _mistakes(sample: TeacherSample) -> set[str]:
    found: set[str] = set()
    line = ""
    for score in sample.scores:
        parts = {str(part.part): part for part in score.parts}
        if line:
            wrong = [name for name in ("event", "action", "state", "value") if name in parts and not parts[name].greedy]
            found |= {_mistake(line, name, parts[name].text) for name in wrong}
        line = parts["action"].text if "action" in parts else ""
    return found


def _to_be_won(run: dict[str, TeacherSample]) -> None:
    programs = [_mistakes(sample) for sample in run.values() if sample.scores]

    def right(mended: set[str]) -> float:
        return 100 * sum(not found - mended for found in programs) / len(programs)

    counts = Counter(kind for found in programs for kind in found)
    print("\n| wrong | programs | whole traces, were it right | with all above |\n|---|---|---|---|")
    print(f"| as it is | | {right(set()):.1f} | {right(set()):.1f} |")
    mended: set[str] = set()
    while left := sorted(counts.keys() - mended):
        best = max(left, key=lambda kind: (right(mended | {kind}), counts[kind]))
        mended.add(best)
        print(f"| {best} | {counts[best]} | {right({best}):.1f} | {right(mended):.1f} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("runs", type=Path, nargs="+", help="folders of teacher-forced runs of one suite")
    runs = [_load(run) for run in parser.parse_args().runs]
    _table(runs, "behind", _kind)
    _table(runs, "behind a loop over", lambda line: _goes_through(line) if _kind(line) == "for" else None)
    _to_be_won(runs[0])


if __name__ == "__main__":
    main()
