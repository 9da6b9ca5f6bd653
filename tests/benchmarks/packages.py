"""`python -m tests.benchmarks.packages OUT.jsonl [LIST] [--cache DIR]`: a suite of calls into modules of PyPI's packages, which pip downloads.

A line of the list names a package, its version, a file in it with its checksum, what is put behind that file's text, and a call; the package
`cpython` is the standard library of the Python that runs this. What is not as it was when the list was made is an error: a figure of such a
suite is one of these texts. (Lists: `tests/packages.jsonl`, `tests/packages_again.jsonl`, `tests/packages_third.jsonl`,
`tests/packages_fourth.jsonl`, and `tests/standard.jsonl` for 3.11.7.)
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LIST = Path(__file__).parents[1] / "packages.jsonl"


@cache
def _downloaded(package: str, version: str, cache_dir: Path) -> Path:
    """The archive of a package. Raises SystemExit."""
    into = cache_dir / f"{package}-{version}"
    if not into.is_dir():
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(into), f"{package}=={version}"]
        if subprocess.run(command, check=False).returncode:  # noqa: S603
            raise SystemExit(f"pip cannot download {package} {version}: try again, or another --cache")
    return next(into.iterdir())


def _texts(archive: Path) -> Mapping[str, bytes]:
    """The Python files in an archive, by their names."""
    if archive.suffix == ".whl" or archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as held:
            return {name: held.read(name) for name in held.namelist() if name.endswith(".py")}
    with tarfile.open(archive) as packed:
        members = [each for each in packed.getmembers() if each.isfile() and each.name.endswith(".py")]
        return {each.name: file.read() for each in members if (file := packed.extractfile(each)) is not None}


def program(told: Mapping[str, str], cache_dir: Path) -> dict[str, str]:
    """A line of the suite for one of the list. Raises SystemExit."""
    if told["package"] == "cpython":
        found: Mapping[str, bytes] = {told["file"]: (Path(sysconfig.get_path("stdlib")) / told["file"]).read_bytes()}
    else:
        found = _texts(_downloaded(told["package"], told["version"], cache_dir))
    for octets in found.values():
        if hashlib.sha256(octets).hexdigest() == told["sha256"]:
            source = octets.decode("utf-8") + told["added"]
            return {"id": told["id"], "source": source, "call": told["call"], "licence": told["licence"]}
    raise SystemExit(
        f"{told['package']} {told['version']} has no file {told['file']} as it was: remove it from the list"
    )


def main() -> None:
    """Write the suite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("list", nargs="?", type=Path, default=LIST)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "cwm-trace-packages")
    args = parser.parse_args()
    lines = [json.loads(line) for line in args.list.read_text(encoding="utf-8").splitlines()]
    with args.out.open("w", encoding="utf-8") as file:
        for told in lines:
            file.write(json.dumps(program(told, args.cache)) + "\n")
    print(f"{args.out}: {len(lines)} calls into modules of {len({told['package'] for told in lines})} packages")


if __name__ == "__main__":
    main()
