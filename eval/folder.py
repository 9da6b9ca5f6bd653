"""Run folders: `manifest.json` says what was run and with what, `samples.jsonl` grows by a line for each finished task.

A run that is killed at any moment loses the line that it was writing, and nothing else; two runs never write to one folder at once.
Knows nothing of what a sample holds, but that it has the id of its task.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import platform
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeVar

import cwm_trace
from cwm_trace.errors import InputError
from cwm_trace.eval.suites import Suite
from cwm_trace.eval.weights import weights_hash
from cwm_trace.models.base import called
from cwm_trace.revision import git_revision

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SAMPLES = "samples.jsonl"
_MANIFEST = "manifest.json"
_RESULTS = "results.json"


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


_Sample = TypeVar("_Sample", bound=_Identified)


@contextmanager
def run_folder(
    out: Path, model: str, suite: Suite, config: dict[str, Any], *, resume: bool, dtype: str | None = None
) -> Generator[None, None, None]:
    """A folder that this run alone writes to: its manifest is written, or is that of the same run. Raises InputError.

    `dtype`: the number format that a local model computes in, as two of them may not write the same.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to {out} ({error.strerror})") from None
    with _locked(out / SAMPLES) as samples:
        _begin(out, model, suite, config, dtype, resume=resume)
        _drop_unfinished_line(samples)
        yield


@contextmanager
def _locked(path: Path) -> Generator[BinaryIO, None, None]:
    """A file that no other process has so; the system gives it free when a process ends, however it ends."""
    try:
        file = path.open("a+b")
    except OSError as error:
        raise InputError(f"cannot write to {path.parent} ({error.strerror})") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another process is writing to {path.parent}"
            raise InputError(message, hint="Wait for it, or use another --out") from None
        except OSError:  # a file system without locks
            pass
        yield file


def _begin(out: Path, model: str, suite: Suite, config: dict[str, Any], dtype: str | None, *, resume: bool) -> None:
    same = {
        "model": model,
        "weights": weights_hash(model),
        "suite": suite.name,
        "sha256": suite.sha256,
        "n": len(suite.tasks),
        "config": config,
        "dtype": dtype,
    }
    if not is_begun(out):
        if (out / SAMPLES).stat().st_size:  # a run's manifest is there before its first sample
            raise InputError(f"{out} holds a {SAMPLES} that is not of a run", hint="Use another --out")
        of_suite = {"left_out": list(map(str, suite.left_out)), "tasks": [task.id for task in suite.tasks]}
        _write_json(out / _MANIFEST, same | _circumstances() | of_suite)
    elif not resume:
        check_new(out)
    elif different := _different(read_manifest(out), same):
        raise InputError(f"{out} holds another run (not the same: {', '.join(different)})", hint="Use another --out")


def is_begun(out: Path) -> bool:
    """Whether a folder holds a run, however far it came."""
    return (out / _MANIFEST).exists()


def check_new(out: Path) -> None:
    """Raises InputError where a folder holds a run already."""
    if is_begun(out):
        raise InputError(f"{out} already holds a run", hint="Use --resume, or another --out")


def check_kind(out: Path, manifest: dict[str, Any], *, teacher_forced: bool, hint: str) -> None:
    """Raises InputError where a run is of the other kind, whose samples are others."""
    if is_forced(manifest) != teacher_forced:
        kind = "is not teacher-forced" if teacher_forced else "is teacher-forced: it has no predicted traces"
        raise InputError(f"{out} {kind}", hint=hint)


def shown_name(manifest: Mapping[str, Any]) -> str:
    """How tables call the model of a run; a manifest has it and its decoding apart."""
    decoding = manifest["config"].get("decoding", {})
    constrained = not is_forced(manifest) and decoding.get("constrained") is not False  # older runs do not say
    return called(str(manifest["model"]), constrained=constrained)


def is_forced(manifest: Mapping[str, Any]) -> bool:
    """Whether a run is teacher-forced."""
    return bool(manifest["config"].get("teacher_forced"))


def _different(known: dict[str, Any], same: dict[str, Any]) -> list[str]:
    """What is not the same; what an older manifest does not say is taken to be."""
    return [name for name, value in same.items() if name in known and known[name] != value]


def _write_json(path: Path, content: object) -> None:
    """All of it or nothing, at whatever moment the process is killed."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(content, indent=1) + "\n")
    part.replace(path)


def _circumstances() -> dict[str, Any]:
    packages = ("torch", "transformers", "bytecode")
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": sys.argv,
        "python": sys.version.split()[0],
        "packages": {"cwm-trace": cwm_trace.__version__, **{name: _version(name) for name in packages}},
        "git": git_revision(Path(cwm_trace.__file__).parent),
        "machine": f"{platform.machine()} {platform.system()}",
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _drop_unfinished_line(file: BinaryIO) -> None:
    """Cut off what a killed run left after the last line end, so that the next line starts on its own."""
    file.seek(0)
    file.truncate(file.read().rfind(b"\n") + 1)


def read_manifest(out: Path) -> dict[str, Any]:
    """What was run. Raises InputError."""
    path = out / _MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except OSError:
        raise InputError(f"{out} is not a run folder (no manifest.json)") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: damaged ({error})") from None
    if not isinstance(manifest, dict) or not manifest.keys() >= {"model", "suite", "sha256", "n", "config"}:
        raise InputError(f"{path}: damaged (no model, suite, sha256, n or config)")
    if not isinstance(manifest["config"], dict):
        raise InputError(f"{path}: damaged (config is no object)")
    return manifest


def read_lines(out: Path, read: Callable[[dict[str, Any]], _Sample]) -> list[_Sample]:
    """The finished samples, the last one of each id; a last line that a crash cut off is left out.

    Raises InputError for a damaged line.
    """
    path = out / SAMPLES
    if not path.exists():
        return []
    samples: dict[str, _Sample] = {}
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    for number, line in enumerate(whole.split(b"\n") if whole else (), start=1):
        try:
            sample = read(json.loads(line))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError, InputError) as error:
            message = f"{path}:{number}: damaged sample ({type(error).__name__}: {error})"
            raise InputError(message, hint="Delete this line, and go on with --resume") from None
        samples[sample.id] = sample
    return list(samples.values())


def read_run(
    out: Path, read: Callable[[dict[str, Any]], _Sample], *, teacher_forced: bool = False
) -> tuple[dict[str, Any], list[_Sample]]:
    """Manifest and finished samples, in the order of the suite. Raises InputError if there is no run, one of the other kind, a damaged
    line, or no sample."""
    manifest = read_manifest(out)
    reader = "runs.load_run" if teacher_forced else "teacher_runs.load_teacher_run"
    check_kind(out, manifest, teacher_forced=teacher_forced, hint=f"Read it with cwm_trace.eval.{reader}")
    samples = read_lines(out, read)
    places = {identity: place for place, identity in enumerate(manifest.get("tasks", ()))}
    samples.sort(key=lambda sample: places.get(sample.id, len(places)))  # of several at once the shortest ends first
    if not samples:
        raise InputError(f"{out} has no finished sample")
    return manifest, samples


def is_unfinished(out: Path, count: int) -> bool:
    """Whether a run that has so many samples did not come to the end of what it was to do: there it writes its results."""
    try:
        ended = json.loads((out / _RESULTS).read_bytes())
        return bool(ended["n"] != count)
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return True


def write_results(out: Path, results: DataclassInstance) -> None:
    """Write `results.json`."""
    _write_json(out / _RESULTS, asdict(results))


def program_hash(source: str) -> str:
    """A short name for a program's text."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:16]
