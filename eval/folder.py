"""Run folders: `manifest.json` says what was run and with what, `samples.jsonl` grows by a line for each finished task.

A run that is killed at any moment loses the line that it was writing, and nothing else. Knows nothing of what a sample holds, but
that it has the id of its task.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cwm_trace.errors import InputError
from cwm_trace.eval.suites import Suite
from cwm_trace.revision import git_revision

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SAMPLES = "samples.jsonl"


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


_Sample = TypeVar("_Sample", bound=_Identified)


def begin(out: Path, model: str, suite: Suite, config: dict[str, Any], *, resume: bool) -> None:
    """Write the manifest, or check that the folder's is of the same run. Raises InputError."""
    path = out / "manifest.json"
    same = {"model": model, "suite": suite.name, "sha256": suite.sha256, "n": len(suite.tasks), "config": config}
    if path.exists():
        known = json.loads(path.read_text())
        if not resume:
            raise InputError(f"{out} already holds a run", hint="Use --resume, or another --out")
        if {name: known.get(name) for name in same} != same:
            raise InputError(f"{out} holds another run (model, suite or settings differ)", hint="Use another --out")
        _drop_unfinished_line(out / SAMPLES)
        return
    out.mkdir(parents=True, exist_ok=True)
    left_out = {"left_out": list(map(str, suite.left_out))}
    path.write_text(json.dumps(same | left_out | _circumstances(), indent=1) + "\n")


def _circumstances() -> dict[str, Any]:
    packages = ("cwm-trace", "torch", "transformers", "bytecode")
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": sys.argv,
        "python": sys.version.split()[0],
        "packages": {name: _version(name) for name in packages},
        "git": git_revision(),
        "machine": f"{platform.machine()} {platform.system()}",
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _drop_unfinished_line(path: Path) -> None:
    """Cut off what a killed run left after the last line end, so that the next line starts on its own."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        file.truncate(file.read().rfind(b"\n") + 1)


def read_manifest(out: Path) -> dict[str, Any]:
    """What was run. Raises InputError."""
    try:
        manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    except (OSError, ValueError):
        raise InputError(f"{out} is not a run folder (no manifest.json)") from None
    return manifest


def read_lines(out: Path, read: Callable[[dict[str, Any]], _Sample]) -> list[_Sample]:
    """The finished samples, the last one of each id; a last line that a crash cut off is left out.

    Raises InputError for a damaged line.
    """
    path = out / SAMPLES
    if not path.exists():
        return []
    samples: dict[str, _Sample] = {}
    whole, _, _ = path.read_text("ascii").rpartition("\n")
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            sample = read(json.loads(line))
        except (KeyError, TypeError, ValueError, InputError) as error:
            raise InputError(f"{path}:{number}: damaged sample ({type(error).__name__}: {error})") from None
        samples[sample.id] = sample
    return list(samples.values())


def read_run(out: Path, read: Callable[[dict[str, Any]], _Sample]) -> tuple[dict[str, Any], list[_Sample]]:
    """Manifest and finished samples. Raises InputError if there is no run, a damaged line, or no sample."""
    manifest, samples = read_manifest(out), read_lines(out, read)
    if not samples:
        raise InputError(f"{out} has no finished sample")
    return manifest, samples


def write_results(out: Path, results: DataclassInstance) -> None:
    """Write `results.json`."""
    (out / "results.json").write_text(json.dumps(asdict(results), indent=1) + "\n")


def program_hash(source: str) -> str:
    """A short name for a program's text."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:16]
