"""Traces in files: JSON lines, one trace per line, and plain CWM text; written, not read: pages, and Python Tutor's JSON.

The JSON has the same keys and types in every frame and no object whose keys are data (locals are a list of [name, value] pairs,
value null where the text shows ".."), so that Arrow readers (`datasets.load_dataset("json", ...)`, pandas, DuckDB) take it as it is.
"""

from __future__ import annotations

import gzip
import importlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO, TypeVar, cast

from cwm_trace.errors import InputError, SchemaError, how_to_install
from cwm_trace.format import FRAME_SEP, FrameParser, parse, render
from cwm_trace.frames import NO_LOCALS, Event, Frame, MalformedFrame, Status, Step, Trace

SCHEMA = "cwm-trace/1"
FRAMES_SCHEMA = "cwm-trace-frames/1"
"""Of the JSON lines that commands print, a frame each: for people and pipes, not read back."""
Json = dict[str, Any]
_TEXTS = (".txt", ".tokens")
READ = (".jsonl", ".gz", ".zst", *_TEXTS)
"""Endings of files that hold traces to read."""
_TUTOR = ".opt.json"  # what Python Tutor's own traces are called


def step_to_json(step: Step) -> Json:
    """One frame as a JSON object with a fixed set of keys."""
    malformed = step if isinstance(step, MalformedFrame) else None
    return {
        "event": step.event.value if step.event else "malformed",
        "source": step.source,
        "line": step.line_number,
        "locals": [[name, value] for name, value in step.shown.items()],
        "value": step.value,
        "capped": step.capped,
        "logprob": step.logprob,
        "tokens": step.tokens,
        "raw": step.raw,
        "reason": malformed.reason if malformed else None,
        "position": malformed.position if malformed else None,
        "terminated": malformed.terminated if malformed else None,
    }


def frame_to_line(frame: Frame) -> str:
    """The JSON text of a recorded frame; that of `step_to_json`, several times as fast."""
    unchanged = frame.unchanged
    pairs = [
        f"[{_quoted(name)}, null]" if name in unchanged else f"[{_quoted(name)}, {_quoted(value)}]"
        for name, value in frame.locals.items()
    ]
    value = "null" if frame.value is None else _quoted(frame.value)
    line = "null" if frame.line_number is None else frame.line_number
    return (
        f'{{"event": "{frame.event.value}", "source": {_quoted(frame.source)}, "line": {line}, '
        f'"locals": [{", ".join(pairs)}], "value": {value}, "capped": {"true" if frame.capped else "false"}, '
        '"logprob": null, "tokens": null, "raw": null, "reason": null, "position": null, "terminated": null}'
    )


_quoted = json.encoder.encode_basestring_ascii


def trace_to_json(trace: Trace) -> Json:
    """A trace as a JSON object (schema `cwm-trace/1`), without those of other threads."""
    return {**_head(trace), "frames": [step_to_json(step) for step in trace.frames]}


def _head(trace: Trace) -> Json:
    return {
        "schema": SCHEMA,
        "context": trace.context,
        "complete": trace.complete,
        "status": trace.status.value,
        "meta": json.dumps(dict(trace.meta), sort_keys=True),
    }


class StepReader:
    """Reads frames in order and expands their locals; knows the observation that ".." refers to."""

    def __init__(self) -> None:
        self._parser = FrameParser()

    def read(self, record: Json) -> Step:
        """One frame from its JSON object. Raises KeyError, TypeError or ValueError on a damaged one."""
        step = self._malformed(record) if record["event"] == "malformed" else self._frame(record)
        self._parser.observe(step)
        return step

    def _frame(self, record: Json) -> Frame:
        shown = {name: value for name, value in record["locals"]}
        known = self._parser.previous or NO_LOCALS
        return Frame(
            Event(record["event"]),
            record["source"],
            {name: known[name] if value is None else value for name, value in shown.items()} or NO_LOCALS,
            frozenset(name for name, value in shown.items() if value is None),
            record["value"],
            line_number=record["line"],
            logprob=record["logprob"],
            tokens=record["tokens"],
            capped=record["capped"],
            raw=record["raw"],
        )

    def _malformed(self, record: Json) -> MalformedFrame:
        return MalformedFrame(
            record["raw"],
            record["reason"],
            record["position"],
            record["terminated"],
            logprob=record["logprob"],
            tokens=record["tokens"],
        )


def trace_from_json(record: object) -> Trace:
    """The inverse of `trace_to_json`. Raises SchemaError."""
    if not isinstance(record, dict) or "schema" not in record:
        raise SchemaError("not a trace record (no schema)")
    if str(record["schema"]).startswith(FRAMES_SCHEMA.rstrip("0123456789")):
        raise SchemaError(
            "frames as --json prints them, which are no trace file", hint="Save traces with -o FILE.jsonl"
        )
    if record["schema"] != SCHEMA:
        raise SchemaError(f"schema {record['schema']!r}, this version reads {SCHEMA!r}", hint="Upgrade cwm-trace")
    reader = StepReader()
    try:
        frames = tuple(map(reader.read, record["frames"]))
        meta = _of_type(dict, json.loads(record["meta"]))
        complete, status = _of_type(bool, record["complete"]), Status(record["status"])
        return Trace(_of_type(str, record["context"]), frames, complete, status, meta)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # AttributeError: another type than str
        raise SchemaError(f"damaged trace record ({type(error).__name__}: {error})") from error


_Kind = TypeVar("_Kind")


def _of_type(kind: type[_Kind], value: object) -> _Kind:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _open(path: Path, mode: str) -> TextIO:
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, mode + "t", encoding="utf-8"))
    if path.suffix == ".zst":
        return cast(TextIO, _zstd(path).open(path, mode + "t", encoding="utf-8", newline="\n"))
    return cast(TextIO, path.open(mode, encoding="utf-8", newline="\n"))


def _zstd(path: Path) -> ModuleType:
    """The standard library's module for Zstandard, or its backport. Raises InputError where neither is."""
    for name in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            return importlib.import_module(name)
    raise InputError(f"{path}: Zstandard is not installed", hint=f"{how_to_install('[zstd]')}, or use .gz")


def _damage(path: Path, *others: type[Exception]) -> tuple[type[Exception], ...]:
    """What is raised where a file is cut off, or not what its name says; and these others."""
    packed: tuple[type[Exception], ...] = (_zstd(path).ZstdError,) if path.suffix == ".zst" else ()
    return (EOFError, OSError, zlib.error, *packed, *others)


@contextmanager
def _replaced(target: Path) -> Iterator[Path]:
    """Where to write what takes the place of a file once it is whole; a device or a pipe is written itself. Raises InputError."""
    place = target.resolve()
    beside = place.with_name(f".{os.getpid()}-{place.name}")  # an ending that says the format, too
    direct = place.exists() and not (place.is_file() and os.access(place.parent, os.W_OK))
    try:
        yield place if direct else beside
        if not direct:
            os.replace(beside, place)
    except OSError as error:
        raise InputError(f"cannot write {target} ({error.strerror})") from None
    finally:
        if not direct:
            beside.unlink(missing_ok=True)


def save(traces: Iterable[Trace] | Trace, path: str | Path) -> None:
    """Write traces: `.jsonl`, `.jsonl.gz` and `.jsonl.zst` one per line; of exactly one, `.txt` (or `.tokens`) the CWM text, `.html` a page to
    look at, `.opt.json` Python Tutor's JSON. A file that is there is replaced once all is written. Raises InputError.

    Behind a trace come those of other threads of its program, a line each; not in the files of exactly one.
    """
    target = check_output(path)
    with _replaced(target) as place:
        _save([traces] if isinstance(traces, Trace) else traces, target, place)


def _save(traces: Iterable[Trace], target: Path, place: Path) -> None:
    if target.suffix in _TEXTS:
        trace = _exactly_one(list(traces), target)
        place.write_text(render(trace), encoding="utf-8", errors="surrogatepass", newline="")
    elif target.suffix == ".html":
        from cwm_trace.page import trace_page, write_page  # here: as jsonlines below

        write_page(place, trace_page(_exactly_one(list(traces), target)))
    elif target.name.endswith(_TUTOR):
        from cwm_trace.tutor import tutor_json

        place.write_text(tutor_json(_exactly_one(list(traces), target)), "utf-8")
    else:
        import jsonlines  # here: the child process that runs programs needs this module, but none of what jsonlines brings

        with _open(place, "w") as file, jsonlines.Writer(file, dumps=json.dumps) as writer:
            writer.write_all(trace_to_json(one) for trace in traces for one in (trace, *trace.threads))


def is_of_one(name: str) -> bool:
    """Whether a file of this name holds exactly one trace, of which all is known before any is written."""
    return name.endswith((*_TEXTS, ".html", _TUTOR))


def check_output(path: str | Path, count: int = 1) -> Path:
    """Whether so many traces can be written there, for before they are made. Raises InputError."""
    target = Path(path)
    if ".jsonl" not in target.suffixes and not is_of_one(target.name):
        known = ".jsonl, .jsonl.gz, .jsonl.zst, .txt, .tokens, .html or .opt.json"
        raise InputError(f"cannot tell the format of {target.name}", hint=f"Use {known}")
    check_place(target)
    if target.suffix == ".zst":
        _zstd(target)
    if is_of_one(target.name):
        _check_one(count, target)
    return target


def check_place(target: Path) -> None:
    """Raises InputError where no file can be: at a folder's name, or in none."""
    if target.is_dir() or not target.parent.is_dir():
        what = "is a folder" if target.is_dir() else f"there is no folder {target.parent}"
        raise InputError(f"cannot write {target}: {what}")


def save_lines(traces: Iterable[tuple[Trace, Iterable[str]]], path: str | Path) -> None:
    """Write traces whose frames are JSON texts that come one by one, as `save` does; `.jsonl`, `.jsonl.gz` or `.jsonl.zst`.

    The first of each pair is the trace, whatever frames it has. What is held in memory does not grow with the frames. Raises InputError.
    """
    target = check_output(path)
    if ".jsonl" not in target.suffixes:
        raise InputError(
            f"cannot write a trace to {target.name} piece by piece", hint="Use .jsonl, .jsonl.gz or .jsonl.zst"
        )
    with _replaced(target) as place, _open(place, "w") as file:
        for head, lines in traces:
            file.write(json.dumps(_head(head))[:-1] + ', "frames": [')
            for number, line in enumerate(lines):
                file.write(", " + line if number else line)
            file.write("]}\n")


def iter_frames(path: str | Path) -> Iterator[Step]:
    """The frames of the first trace in a `.jsonl`, `.jsonl.gz` or `.jsonl.zst` file, one by one: for traces larger than memory.

    Raises InputError, and SchemaError where the file is not as `save` writes it.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError(f"no such trace file: {source}")
    if source.suffix in _TEXTS:
        raise InputError(f"{source} is not read frame by frame", hint="Use cwm_trace.load")
    reader = StepReader()
    with _open(source, "r") as file:
        try:
            for record in _records(file):
                yield reader.read(record)
        except _damage(source, AttributeError, KeyError, TypeError, ValueError) as error:
            raise SchemaError(f"{source}: damaged trace record ({type(error).__name__}: {error})") from error


_CHUNK = 1 << 16


def _records(file: TextIO) -> Iterator[Json]:
    """The objects of the first list of frames. Raises ValueError."""
    text, begin = file.read(_CHUNK), -1
    while (begin := text.find(_FRAMES)) < 0:
        more = file.read(_CHUNK)
        if not more:
            raise ValueError("no frames")
        text += more
    if f'"schema": "{SCHEMA}"' not in text[:begin]:
        raise ValueError(f"this version reads {SCHEMA!r}")
    text = text[begin + len(_FRAMES) :]
    decode = json.JSONDecoder().raw_decode
    while not text.startswith("]"):
        try:
            record, end = decode(text)
        except ValueError:
            more = file.read(max(_CHUNK, len(text)))
            if not more:
                raise
            text += more
            continue
        yield record
        text = text[end:].removeprefix(", ")
        if len(text) < 2:
            text = (text + file.read(_CHUNK)).removeprefix(", ")


_FRAMES = ', "frames": ['  # in no text before: a quotation mark in a JSON string has a backslash before it


def _exactly_one(traces: list[Trace], target: Path) -> Trace:
    main = _of_main_threads(traces)
    _check_one(len(main), target)
    return main[0]


def _check_one(count: int, target: Path) -> None:
    if count != 1:
        raise InputError(f"a {target.suffix} file holds one trace, not {count}", hint="Use .jsonl")


def _of_main_threads(traces: list[Trace]) -> list[Trace]:
    """Without those of other threads; all, where there are no others."""
    return [trace for trace in traces if "parent" not in trace.meta] or traces


def iter_traces(path: str | Path) -> Iterator[Trace]:
    """Traces of a `.jsonl`, `.jsonl.gz` or `.jsonl.zst` file one by one, or the one of a `.txt` or `.tokens`. Raises InputError, SchemaError.

    A line may also be the raw text of a generation with its program (`cwm_trace.generated`).
    """
    source = Path(path)
    if not source.is_file():
        raise InputError(
            f"{source} is a folder, not a trace file" if source.is_dir() else f"no such trace file: {source}"
        )
    if source.suffix in _TEXTS:
        yield _read_text(source)
        return
    with _open(source, "r") as file:
        try:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                yield _read_line(line, f"{source}:{number}")
        except _damage(source, UnicodeDecodeError) as error:
            raise SchemaError(f"{source}: {error}") from error


def _read_line(line: str, where: str) -> Trace:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise SchemaError(f"{where}: not a trace file ({error})", hint="Traces are in .jsonl or .txt") from None
    try:
        return _trace_from_record(record)
    except (ValueError, InputError) as error:
        raise SchemaError(f"{where}: {error}") from error


def _trace_from_record(record: object) -> Trace:
    if isinstance(record, dict) and "schema" not in record:
        from cwm_trace.generated import is_generation, trace_of_generation  # here: as jsonlines above

        if is_generation(record):
            return trace_of_generation(record)
    return trace_from_json(record)


def _read_text(path: Path) -> Trace:
    try:
        text = path.read_bytes().decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path}: {error}") from error
    if FRAME_SEP not in text:
        raise SchemaError(f"{path}: not CWM's text (there is no {FRAME_SEP})")
    return parse(text)


def load_all(path: str | Path) -> list[Trace]:
    """The traces of a file, each with those of other threads, which are behind it. Raises InputError, SchemaError."""
    traces = list(iter_traces(path))
    main = set(map(id, _of_main_threads(traces)))
    groups: list[list[Trace]] = []
    for trace in traces:
        if id(trace) in main or not groups:
            groups.append([])
        groups[-1].append(trace)
    return [replace(first, threads=tuple(others)) for first, *others in groups]


def load(path: str | Path) -> Trace:
    """The one trace of a file, with those of other threads. Raises InputError if it holds none or several (then use `iter_traces`)."""
    traces = list(iter_traces(path))
    main = _of_main_threads(traces)
    if len(main) != 1:
        hint = "Give a file of one, or go through them in Python: cwm_trace.iter_traces"
        raise InputError(f"{path} holds {len(main)} traces, not one", hint=hint)
    return replace(main[0], threads=tuple(trace for trace in traces if trace is not main[0]))
