"""Reads the records of a suite, whatever holds them: JSON lines, JSON, Parquet, a data set of the Hugging Face hub.

Knows files and rows, nothing of what a record means.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import json
import logging
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cwm_trace.errors import InputError

_HUB_ID = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(#((?P<config>[\w.-]+)/)?(?P<split>[\w.-]+))?")
_OFFLINE = "Without a way to the hub, give a file of it (.jsonl, .json, .parquet)"
_NAMED = 12
_SHOWN = 10
_SUFFIXES = (".jsonl", ".json", ".parquet", ".gz")
_HINT = "A suite is a file (.jsonl, .json, .parquet, also .gz), the name of a bundled one (cwm-trace eval --list) or ORG/NAME of a data set"


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its fields, and where it stands (`file:line`, `file[index]`), for messages."""

    fields: dict[str, Any]
    where: str


@dataclass(frozen=True, slots=True)
class Records:
    """All rows of a file or data set; `sha256` is of the file's bytes, or of the rows as JSON.

    `broken`: what is wrong with lines that are no rows.
    """

    name: str
    sha256: str
    rows: tuple[Record, ...]
    broken: tuple[InputError, ...] = ()


def field_names(fields: Mapping[str, Any]) -> str:
    """The names of a record's fields, the first few, for messages."""
    return ", ".join(list(map(str, fields))[:_NAMED]) + (", ..." if len(fields) > _NAMED else "") or "none"


def together(errors: Sequence[InputError], where: str) -> InputError:
    """All that is wrong with a file: of several the first ones, a line each."""
    if len(errors) == 1:
        return errors[0]
    more = [f"... and {len(errors) - _SHOWN} more"] if len(errors) > _SHOWN else []
    return InputError(
        "\n  ".join([f"{where}: {len(errors)} records cannot be used", *map(str, errors[:_SHOWN])] + more)
    )


def present(fields: Mapping[str, Any], *names: str) -> str | None:
    """The first of these names that has a value, other than null."""
    return next((name for name in names if fields.get(name) is not None), None)


def read_records(spec: str) -> Records:
    """The rows of a file, or of a data set of the hub as `ORG/NAME`, `ORG/NAME#SPLIT` or `ORG/NAME#CONFIG/SPLIT`.

    A file is taken by its extension: `.parquet` (needs pyarrow), `.json` (one list of objects), else one JSON object a line; `.gz` after
    any of them. A data set (needs `datasets`) is asked for only where no such file is, and the name is not that of a file. Raises InputError.
    """
    path, hub = Path(spec), _HUB_ID.fullmatch(spec)
    if hub and not path.exists() and Path(hub["id"]).suffix not in _SUFFIXES:
        return _hub_records(spec, hub["id"], hub["config"], hub["split"])
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read suite {spec} ({error.strerror})", hint=_HINT) from None
    plain, name = _unpacked(data, path)
    kind = Path(name).suffix
    found = list(_READERS.get(kind, _lines)(plain, spec))
    rows = tuple(item for item in found if isinstance(item, Record))
    broken = tuple(item for item in found if isinstance(item, InputError))
    return Records(Path(name).stem, hashlib.sha256(data).hexdigest(), rows, broken)


def _unpacked(data: bytes, path: Path) -> tuple[bytes, str]:
    if path.suffix != ".gz":
        return data, path.name
    try:
        return gzip.decompress(data), path.stem
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: {error}") from None


def _lines(data: bytes, where: str) -> Iterator[Record | InputError]:
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        if line.strip():
            try:
                yield _record(_json(line, f"{where}:{number}"), f"{where}:{number}")
            except InputError as error:  # all that is wrong with the file is told at once
                yield error


def _list(data: bytes, where: str) -> Iterator[Record]:
    found = _json(data.removeprefix(codecs.BOM_UTF8), where)
    if not isinstance(found, list):
        raise InputError(f"{where}: not a list of JSON objects", hint="One object a line is a .jsonl file")
    for number, fields in enumerate(found):
        yield _record(fields, f"{where}[{number}]")


def _parquet(data: bytes, where: str) -> Iterator[Record]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError(f"{where}: reading Parquet needs pyarrow", hint="pip install pyarrow") from None
    try:
        rows = pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{where}: no Parquet file ({error})") from None
    for number, fields in enumerate(rows):
        yield _record(fields, f"{where}[{number}]")


_READERS: dict[str, Callable[[bytes, str], Iterator[Record | InputError]]] = {".json": _list, ".parquet": _parquet}


def _json(text: bytes, where: str) -> object:
    try:
        found: object = json.loads(text.decode())
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise InputError(f"{where}: not JSON ({error})") from None
    return found


def _record(fields: object, where: str) -> Record:
    if not isinstance(fields, dict):
        raise InputError(f"{where}: not a JSON object")
    return Record(fields, where)


def _hub_records(spec: str, identity: str, config: str | None, split: str | None) -> Records:
    try:
        import datasets
    except ImportError:
        message = f"no file {spec}, and a data set of that name needs the package datasets"
        raise InputError(message, hint="pip install datasets") from None
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # it warns of each of its tries
    try:
        found = datasets.load_dataset(identity, config)
    except (
        Exception
    ) as error:  # whatever its readers, the hub and the network raise: all of it means that there is no suite
        reason = str(error).partition("\n")[0]
        hint = (
            _OFFLINE if isinstance(error, OSError) else _HINT
        )  # requests' and the hub's errors of connections are OSErrors
        raise InputError(f"cannot read suite {spec}: {type(error).__name__}: {reason}", hint=hint) from None
    rows = [dict(row) for row in found[_split(spec, list(found), split)]]
    data = json.dumps(rows, sort_keys=True, default=str).encode()
    named = tuple(Record(row, f"{spec}[{number}]") for number, row in enumerate(rows))
    return Records(identity.partition("/")[2], hashlib.sha256(data).hexdigest(), named)


def _split(spec: str, known: list[str], asked: str | None) -> str:
    if asked is None and "test" in known:
        return "test"
    if asked is None and len(known) == 1:
        return known[0]
    if asked not in known:
        raise InputError(f"{spec}: which split?", hint=f"Add #SPLIT, one of {', '.join(known)}")
    return asked
