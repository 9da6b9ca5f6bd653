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
_TIME = "%Y-%m-%dT%H:%M:%S%z"
_PYTHON = sys.version.split()[0]
_AS_BEFORE: dict[str, Any] = {"config.truth.seconds": 30.0, "config.truth.frames": 100_000}
"""Settings that manifests of older versions do not have, as they were then."""
_TOLD = 5  # settings that differ
_LONGEST = 60  # characters of one's value


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


_Sample = TypeVar("_Sample", bound=_Identified)


@contextmanager
def run_folder(
    out: Path,
    model: str,
    suite: Suite,
    config: dict[str, Any],
    *,
    resume: bool,
    dtype: str | None = None,
    label: str | None = None,
) -> Generator[None, None, None]:
    """A folder that this run alone writes to: its manifest is written, or is that of the same run. Raises InputError.

    The same is a run of the same model and weights over the same tasks with the same settings; what the suite's file is called, and
    where a server is, may change. Each time that a run is gone on with is in the manifest (`resumed`), with the versions that are others.
    `dtype`: the number format that a local model computes in, as two of them may not write the same. `label`: what the model is called in
    tables, if not by its name.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to {out} ({error.strerror})") from None
    with _locked(out / SAMPLES) as samples:
        _begin(out, model, suite, config, dtype, label, resume=resume)
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


def _begin(
    out: Path,
    model: str,
    suite: Suite,
    config: dict[str, Any],
    dtype: str | None,
    label: str | None,
    *,
    resume: bool,
) -> None:
    named = {"label": label} if label else {}
    same = {
        "model": model,
        "weights": weights_hash(model),
        "sha256": suite.sha256,
        "n": len(suite.tasks),
        "config": config,
        "dtype": dtype,
    }
    if not is_begun(out):
        if (out / SAMPLES).stat().st_size:  # a run's manifest is there before its first sample
            raise InputError(f"{out} holds a {SAMPLES} that is not of a run", hint="Use another --out")
        of_suite = {"left_out": list(map(str, suite.left_out)), "tasks": [task.id for task in suite.tasks]}
        _write_json(out / _MANIFEST, same | named | {"suite": suite.name} | _circumstances() | of_suite)
    elif not resume:
        check_new(out)
    else:
        _go_on(out, same, named)


def _go_on(out: Path, same: dict[str, Any], named: dict[str, str]) -> None:
    """Write down that the run is gone on with. Raises InputError where it is another one, or its truth would be another Python's."""
    manifest = read_manifest(out)
    if different := _different(manifest, same):
        raise InputError(f"{out} holds another run (not the same: {different})", hint="Use another --out")
    check_python(out, manifest)
    resumed = {"time": time.strftime(_TIME), "differs": other_versions(manifest)}
    _write_json(out / _MANIFEST, manifest | named | {"resumed": [*manifest.get("resumed", ()), resumed]})


def check_python(out: Path, manifest: Mapping[str, Any]) -> None:
    """Raises InputError where a run was begun with another Python: the truth of its programs would be of two."""
    known = str(manifest.get("python", _PYTHON))
    if _minor(known) != _minor(_PYTHON):
        message = f"{out} was begun with Python {known}, and this is {_PYTHON}: programs may do other things on it"
        raise InputError(message, hint=f"Go on with Python {_minor(known)}, or use another --out")


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def other_versions(manifest: Mapping[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """What is of another version than when a run was begun: then, and now, by name. What an older manifest does not say is left out."""
    then, now = _versions(manifest), _versions(_circumstances())
    return {name: (then[name], now.get(name)) for name in then if then[name] != now.get(name)}


def _versions(manifest: Mapping[str, Any]) -> dict[str, str | None]:
    plain = {name: manifest[name] for name in ("python", "git", "machine") if name in manifest}
    return {**plain, **manifest.get("packages", {})}


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
    """How tables call the model of a run: as its label says, else by its name; a manifest has that and its decoding apart."""
    if label := manifest.get("label"):
        return str(label)
    decoding = manifest["config"].get("decoding", {})
    constrained = not is_forced(manifest) and decoding.get("constrained") is not False  # older runs do not say
    return called(str(manifest["model"]), constrained=constrained)


def is_forced(manifest: Mapping[str, Any]) -> bool:
    """Whether a run is teacher-forced."""
    return bool(manifest["config"].get("teacher_forced"))


def _different(known: dict[str, Any], same: dict[str, Any]) -> str:
    """What is not the same, with both values; what an older manifest does not say is taken to be."""
    there = _AS_BEFORE | _settings({name: known[name] for name in same if name in known})
    here = _AS_BEFORE | _settings(same)
    names = [name for name in here | there if name.partition(".")[0] in known and there.get(name) != here.get(name)]
    told = [f"{_last(name)}, {_value(there.get(name))} there and {_value(here.get(name))} here" for name in names]
    return "; ".join(told[:_TOLD]) + ("; ..." if len(told) > _TOLD else "")


def _settings(found: Mapping[str, Any], of: str = "") -> dict[str, Any]:
    """All that identifies a run, one below the other: `config.max_tokens`. Of a server's model, its name: the server may move."""
    flat: dict[str, Any] = {}
    for name, value in found.items():
        flat |= _settings(value, f"{of}{name}.") if isinstance(value, dict) else {f"{of}{name}": value}
    if "://" in (model := str(flat.get("model"))):
        flat["model"] = model.partition("#")[2] or model
    return flat


def _last(name: str) -> str:
    """How a setting is called: `max_tokens`, but `truth.seconds`."""
    return name.removeprefix("config.").removeprefix("decoding.")


def _value(value: object) -> str:
    """A value for a message; of a hash, its begin."""
    text = "none" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:12]}..."


def _write_json(path: Path, content: object) -> None:
    """All of it or nothing, at whatever moment the process is killed."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(content, indent=1) + "\n")
    part.replace(path)


def _circumstances() -> dict[str, Any]:
    packages = ("torch", "transformers", "bytecode")
    return {
        "started": time.strftime(_TIME),
        "command": sys.argv,
        "python": _PYTHON,
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
