"""Real functions as training programs: collected from installed packages and the standard library into a file that travels.

`python -m cwm_trace.train collect FILE` cuts functions out of modules (`cut`), finds calls of them (`examples`), runs each in child processes
with limits, and keeps those that end, do the same under another hash seed, and are within the training data's limits; what is left out is
counted by reason. The file has each program's origin and licence, and the licences' texts: it is others' code, and no part of this repository.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from cwm_trace.errors import InputError
from cwm_trace.frames import Trace
from cwm_trace.tracer.run import GroundTruth, source_job
from cwm_trace.train.cut import LeftOut, Module, cut
from cwm_trace.train.decontaminate import fingerprints
from cwm_trace.train.examples import all_calls, docstrings
from cwm_trace.train.packages import PACKAGES, STANDARD_LIBRARY, Package
from cwm_trace.train.programs import MAX_CHARACTERS, MAX_FRAMES, Program
from cwm_trace.train.suites import LIMITS, ground_truths
from cwm_trace.train.values import Theme
from cwm_trace.train.writer import literal_text

NO_PROGRAMS = "python -m cwm_trace.train collect FILE, with the packages installed, then --programs FILE"
MAX_CALLS = 6
_GUESSES = 3
_NOT_PLAIN = (
    "test",
    "idlelib",
    "lib2to3",
    "turtledemo",
    "ensurepip",
    "distutils",
    "site-packages",
    "encodings",
    "pydoc_data",
)
_KINDS_OF_NAMES = {
    "str": "text s string word str1 str2 txt value name data line message phrase a b x title source line1 pattern sentence key left right",
    "int": "n num count k i number m limit size start end step year month day index length width total base seconds minutes hours",
    "li": "nums numbers lst arr array values items xs l seq sequence iterable it data list1 elements coll collection numbers iterables",
    "ls": "words strings names tokens parts lines args",
    "dsi": "d dic dictionary mapping dct counts",
    "float": "f ratio x y value seconds",
    "lli": "matrix grid rows lists",
}


@dataclass(frozen=True, slots=True)
class Source:
    """What is collected from at a time: modules that know each other, texts that may show calls, tests."""

    package: Package
    version: str
    modules: dict[str, Module]
    texts: tuple[str, ...]
    tests: tuple[str, ...]
    licence_text: str


class Collector:
    """Collects programs; `counts` says what became of the functions, by reason."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._seen: set[str] = set()

    def programs(self, source: Source) -> Iterator[dict[str, object]]:
        """Those of a package, as records."""
        names = {name for module in source.modules.values() for name in module.functions()}
        calls = all_calls(source.texts, source.tests, names)
        with ground_truths() as truths:
            for module in source.modules.values():
                for name in module.functions():
                    self.counts["functions"] += 1
                    try:
                        text = self._new(cut(source.modules, module.name, name))
                        kept = _kept_calls(truths, text, name, calls.get(name, []))
                    except LeftOut as reason:
                        self.counts[str(reason)] += 1
                        continue
                    self.counts["kept"] += 1
                    origin = f"{source.package.name} {source.version}, {module.name}: {name}"
                    yield {"source": text, "calls": kept, "origin": origin, "licence": source.package.licence}

    def _new(self, text: str) -> str:
        try:
            # The last part is the function; its helpers may stand in other programs, too.
            prints = sorted(fingerprints(text))
        except (SyntaxError, RecursionError):
            raise LeftOut("does not compile alone") from None
        key = "".join(prints)
        if key in self._seen:
            raise LeftOut("a copy of another")
        self._seen.add(key)
        return text


def _kept_calls(truths: Sequence[GroundTruth], text: str, name: str, calls: list[str]) -> list[str]:
    """The calls whose traces can be trained on. Raises LeftOut if there are none."""
    if not calls:
        calls = _guessed(text, name)
    if not calls:
        raise LeftOut("no example")
    reasons: Counter[str] = Counter()
    kept: list[str] = []
    raised = 0
    for call in calls:
        shown, reason, raises = _judged(truths, text, call)
        if reason:
            reasons[reason] += 1
        elif not raises or raised < 2:
            kept.append(shown)
            raised += raises
        if len(kept) - raised >= MAX_CALLS or sum(reasons.values()) > MAX_CALLS:
            break
    if len(kept) > raised:
        return kept
    raise LeftOut(reasons.most_common(1)[0][0] if reasons else "raises on its examples")


def _judged(truths: Sequence[GroundTruth], text: str, call: str) -> tuple[str, str, bool]:
    """The call as it is to be shown, why it is left out, if it is, and whether it raises."""
    shown = call
    for _ in range(2):
        try:
            trace = truths[0].trace(source_job(text, shown, limits=LIMITS))
        except InputError:
            return shown, "does not compile alone", False
        if not (trace.returned or "").startswith("<") or shown != call:
            break
        shown = f"list({call})"  # a generator, or the like
    reason = _unfit(trace)
    if not reason and shown != call and (trace.raised or "").startswith("TypeError"):
        reason = "returns what is no value"
    if not reason and truths[1].trace(source_job(text, shown, limits=LIMITS)) != trace:
        reason = "not deterministic"
    return shown, reason, trace.raised is not None


def _unfit(one: Trace) -> str:
    if not one.complete:
        return "does not end within the limits"
    if len(one) > MAX_FRAMES or len(one.render()) > MAX_CHARACTERS:
        return "trace too long"
    if (one.returned or "").startswith("<"):
        return "returns what is no value"
    if (one.raised or "").startswith(("MemoryError", "NameError", "ImportError")):
        return "does not run alone"
    return ""


def _guessed(text: str, name: str) -> list[str]:
    """Calls of a function without examples, by what its parameters are called; none if one of them says nothing."""
    import ast

    function = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == name)
    arguments = function.args
    needed = [item.arg for item in arguments.args[: len(arguments.args) - len(arguments.defaults)]]
    if (
        not needed
        or len(needed) > 3
        or any(arguments.kw_defaults[number] is None for number in range(len(arguments.kwonlyargs)))
    ):
        return []
    kinds = [[kind for kind, names in _KINDS_OF_NAMES.items() if item.lower() in names.split()] for item in needed]
    if not all(kinds):
        return []
    rng = random.Random(text)
    theme = Theme.draw(rng)
    return [
        f"{name}({', '.join(literal_text(theme.value(rng.choice(item))) for item in kinds)})" for _ in range(_GUESSES)
    ]


# --- where they are from ----------------------------------------------------------------------------------------------


def installed(sites: Sequence[Path], tests: Sequence[Path]) -> tuple[Iterator[Source], list[Package]]:
    """The packages that are there, read one by one, and those that are missing or have another licence by now.

    `sites`: folders of packages (else the interpreter's own); `tests`: folders with unpacked source distributions.
    """
    where = [str(site) for site in sites] or sys.path
    found: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions(path=where):
        found.setdefault(_normal(distribution.name or ""), distribution)
    there = [
        (package, found[name]) for package in PACKAGES if _licensed(package, found.get(name := _normal(package.name)))
    ]
    known = {package for package, _ in there}
    sources = (_source(package, distribution, tests) for package, distribution in there)
    return sources, [package for package in PACKAGES if package not in known]


def _licensed(package: Package, distribution: metadata.Distribution | None) -> bool:
    if distribution is None:
        return False
    meta = distribution.metadata
    return package.licensed_as(
        " ".join(
            [*meta.get_all("License", []), *meta.get_all("License-Expression", []), *meta.get_all("Classifier", [])]
        )
    )


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _source(package: Package, distribution: metadata.Distribution, tests: Sequence[Path]) -> Source:
    paths = [Path(str(distribution.locate_file(file))) for file in distribution.files or []]
    root = Path(str(distribution.locate_file("")))
    code = {path.relative_to(root): text for path in paths if path.suffix == ".py" and (text := _read(path))}
    licences = [
        _read(path) for path in paths if path.name.upper().startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE"))
    ]
    test_texts = [text for path, text in code.items() if "test" in str(path)]
    documents = [distribution.read_text("METADATA") or ""]
    for folder in tests:
        name = _normal(package.name)
        for unpacked in (path for path in sorted(folder.iterdir()) if _normal(path.name).startswith(name + "-")):
            test_texts += [
                _read(path) for path in sorted(unpacked.rglob("*.py")) if "test" in str(path.relative_to(unpacked))
            ]
            documents += [_read(path) for path in sorted(unpacked.rglob("*")) if path.suffix in (".rst", ".md", ".txt")]
    modules = _modules({path: text for path, text in code.items() if "test" not in str(path)})
    return _complete(package, distribution.version, modules, documents, test_texts, "\n\n".join(licences))


def standard_library(only: Sequence[str] = ()) -> Source:
    """The interpreter's own modules, or some of them; its tests, where they are installed."""
    root = Path(sysconfig.get_path("stdlib"))
    code = {
        path.relative_to(root): text
        for path in sorted(root.rglob("*.py"))
        if path.relative_to(root).parts[0] not in _NOT_PLAIN
        and (not only or path.stem in only)
        and (text := _read(path))
    }
    tests = [_read(path) for path in sorted(root.glob("test/test_*.py")) if not only or path.stem[5:] in only]
    version = ".".join(map(str, sys.version_info[:3]))
    return _complete(STANDARD_LIBRARY, version, _modules(code), [], tests, _read(root / "LICENSE.txt"))


def _complete(
    package: Package, version: str, modules: dict[str, Module], documents: list[str], tests: list[str], licence: str
) -> Source:
    texts = [text for module in modules.values() for text in docstrings(module.source)]
    return Source(package, version, modules, (*texts, *documents), tuple(tests), licence)


def _modules(code: dict[Path, str]) -> dict[str, Module]:
    found: dict[str, Module] = {}
    for path, text in code.items():
        parts = path.with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        with suppress(SyntaxError, ValueError, RecursionError):
            found[name] = Module.of(name, text, is_package)
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


# --- the file ---------------------------------------------------------------------------------------------------------


def save_programs(path: Path, sources: Iterable[Source], collector: Collector) -> None:
    """Collect, and write JSON lines: of each package its licence's text, then its programs. The same packages give the same bytes.

    `.gz` is compressed.
    """
    lines: list[str] = []
    for source in sources:
        if not source.licence_text:
            print(
                f"{source.package.name} {source.version}: left out, it comes without its licence's text",
                file=sys.stderr,
            )
            continue
        records = list(collector.programs(source))
        print(f"{source.package.name} {source.version}: {len(records)} programs", file=sys.stderr, flush=True)
        if records:
            head = {"package": source.package.name, "version": source.version, "licence": source.package.licence}
            lines += [json.dumps(record) for record in ({**head, "licence_text": source.licence_text}, *records)]
    data = "".join(line + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data, 9, mtime=0) if path.suffix == ".gz" else data)


@lru_cache(maxsize=2)
def load_programs(path: str) -> tuple[Program, ...]:
    """The programs of such a file, with all their calls. Raises InputError."""
    try:
        data = Path(path).read_bytes()
        text = (gzip.decompress(data) if path.endswith(".gz") else data).decode()
        records = [json.loads(line) for line in text.splitlines()]
        found = tuple(Program(item["source"], tuple(item["calls"]), "real") for item in records if "source" in item)
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: no file of programs ({error})", hint=NO_PROGRAMS) from None
    if not found:
        raise InputError(f"{path}: no programs", hint=NO_PROGRAMS)
    return found
