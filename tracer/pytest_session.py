"""The recording part of the pytest plugin: which calls are recorded during which test, and what is written of them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import random
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

import cwm_trace
from cwm_trace.files import trace_to_json
from cwm_trace.revision import git_revision
from cwm_trace.tracer.calls import Call, CallRecorder, Rendering
from cwm_trace.tracer.imports import InstrumentingFinder

SCHEMA = "cwm-trace-tests/1"
_REWRITER = "AssertionRewritingHook"
# Bound now, and used when a test's fixtures are undone: tests patch what they like.
_open, _dumps, _loads, _sha256 = open, json.dumps, json.loads, hashlib.sha256


class TraceSession:
    """Records during the tests of one pytest process.

    Attributes:
        counts: traces, frames and tests.
        dropped: reason -> how many tests or calls were not recorded for it; which: reason -> the tests, or files, that are meant.
    """

    def __init__(self, config: pytest.Config, options: Namespace) -> None:
        self.options, self.config = options, config
        self.folder: Path = options.cwm_trace.absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.counts: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.which: dict[str, set[str]] = {}
        self._before = drop_stale(self.folder) if self.worker == "main" else recorded_tests(self.folder)
        self._test: str | None = None
        self._outcome = ""
        self._test_code: CodeType | None = None
        self._calls: list[Call] = []
        self._seen: Counter[int] = Counter()  # by the id of a function's code
        self._recorders: list[CallRecorder] = []
        self._adopted: set[str] = set()
        self._digests: dict[str, str] = {}  # of the files that are recorded, as they were when their code was made
        self._rendering = Rendering()
        self._finder = InstrumentingFinder(options.cwm_trace_include, self._compiled)
        self._finder.install(after=_REWRITER)

    @property
    def worker(self) -> str:
        """`main`, or the worker's name under pytest-xdist."""
        return str(getattr(self.config, "workerinput", {}).get("workerid", "main"))

    # --- code that is recorded ----------------------------------------------------------------------------------------

    def _compiled(self, source: str, path: str) -> CodeType:
        """An included module's code. A file that is imported twice gets a recorder for each time."""
        return self._recorder(source, path, self._is_wanted).code

    def _recorder(self, source: str, path: str, wanted: Callable[[CodeType], bool]) -> CallRecorder:
        recorder = CallRecorder(
            source,
            path,
            wanted=wanted,
            done=self._calls.append,
            max_frames=self.options.cwm_trace_max_frames,
            max_characters=self.options.cwm_trace_max_characters,
            rendering=self._rendering,
        )
        self._recorders.append(recorder)
        self._digests[path] = _digest(path)
        return recorder

    def _is_wanted(self, code: CodeType) -> bool:
        if self._test is None or self._seen[id(code)] >= self.options.cwm_trace_calls:
            return False
        self._seen[id(code)] += 1
        return True

    def _is_test(self, code: CodeType) -> bool:
        return self._test is not None and code is self._test_code

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Give the tests' files code with our hooks: that which pytest has made of their asserts."""
        for item in session.items:
            module = getattr(item, "module", None)
            if module is not None:
                self._adopt(module, str(item.path))

    def _adopt(self, module: Any, path: str) -> None:
        if path in self._adopted:
            return
        self._adopted.add(path)
        try:
            source = Path(path).read_text(encoding="utf-8")
            self._recorder(source, path, self._is_test).adopt(_functions_of(module, path))
        except Exception as error:  # a test must run whatever becomes of its trace
            self._drop(f"file: {type(error).__name__}", path)

    # --- tests --------------------------------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Record while a test's own function runs."""
        if item.nodeid in self._before:
            return (yield)
        function = _plain(getattr(item, "obj", None))
        self._forget_calls("call: a thread that an earlier test had left was in it", item.nodeid)
        self._test, self._test_code = item.nodeid, function.__code__ if function else None
        try:
            return (yield)
        finally:
            self._test = None
            self._forget_calls("call: it did not end with its test", item.nodeid)

    def _forget_calls(self, reason: str, test: str) -> None:
        if count := sum(recorder.abandon() for recorder in self._recorders):
            self._drop(reason, test, count)

    def _drop(self, reason: str, which: str, count: int = 1) -> None:
        self.dropped[reason] += count
        self.which.setdefault(reason, set()).add(which)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Learn the outcome."""
        report = yield
        if call.when == "call":
            self._outcome = report.outcome
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Write when all that the test has patched is undone."""
        self._outcome = ""
        result = yield
        if item.nodeid in self._before:
            self.counts["there already"] += 1
        elif self._outcome:
            self._finish(item.nodeid)
        return result

    def _finish(self, test: str) -> None:
        calls, self._seen = list(self._calls), Counter()
        self._calls.clear()
        self.counts["tests"] += 1
        if not any(call.code is self._test_code for call in calls):
            self._drop("test: no plain function of its file, or it did not end", test)
        numbers: Counter[str] = Counter()
        lines = []
        for call in calls:
            numbers[call.code.co_qualname] += 1
            try:
                lines.append(self._line(call, test, numbers[call.code.co_qualname]))
            except Exception as error:  # a test's outcome must not depend on its trace
                self._drop(f"trace: {type(error).__name__}", f"{test}: {call.code.co_qualname}")
        # All of a test at once: a run that is killed leaves it whole or not at all.
        with _open(self.folder / f"traces-{self.worker}.jsonl", "a", encoding="utf-8", newline="\n") as out:
            out.write("".join(lines))

    def _line(self, call: Call, test: str, number: int) -> str:
        name, file = call.code.co_qualname, call.code.co_filename
        chance = random.Random(f"{self.options.cwm_trace_seed} {test} {name} {number}")
        depth, probability = self.options.cwm_trace_max_depth, self.options.cwm_trace_step_in
        meta = {"name": f"{Path(file).name}::{name}", "kind": "test" if call.code is self._test_code else "call"}
        meta |= {"test": test, "outcome": self._outcome, "file": file, "sha256": self._digests[file]}
        meta["python"] = platform.python_version()
        trace = call.trace(meta, lambda level: level <= depth and chance.random() < probability)
        line = _dumps(trace_to_json(trace)) + "\n"
        self.counts["traces"] += 1
        self.counts["frames"] += len(trace)
        self.counts["cut at a limit"] += call.cut
        return line

    # --- manifest -----------------------------------------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write what was done; the process that started workers puts theirs together."""
        self._finder.remove()
        own = self._manifest()
        if self.worker != "main":
            (self.folder / f"manifest-{self.worker}.json").write_text(json.dumps(own))
            return
        parts = sorted(self.folder.glob("manifest-*.json"))
        for part in parts:
            _add(own, json.loads(part.read_text()))
        own["tests recorded"] = len(recorded_tests(self.folder))
        (self.folder / "manifest.json").write_text(json.dumps(own, indent=1, sort_keys=True) + "\n")
        for part in parts:
            part.unlink()

    def _manifest(self) -> dict[str, Any]:
        untraced = sorted(name for recorder in self._recorders for name in recorder.untraced)
        return {
            "schema": SCHEMA,
            "versions": {
                "cwm-trace": cwm_trace.__version__,
                "pytest": pytest.__version__,
                "python": platform.python_version(),
            },
            "commit": git_revision(self.config.rootpath),
            "arguments": [str(argument) for argument in self.config.invocation_params.args],
            "counts": dict(self.counts),
            "dropped": dict(self.dropped),
            "which were dropped": {reason: sorted(which) for reason, which in self.which.items()},
            "left alone": dict(self._finder.left),
            "included": sorted(self._finder.matched),
            "untraced": untraced,
        }

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """One line."""
        try:
            manifest = json.loads((self.folder / "manifest.json").read_text())
        except (OSError, ValueError):
            return
        counts = Counter(manifest["counts"])
        line = f"cwm-trace: {counts['traces']} new traces, {counts['frames']} frames of {counts['tests']} tests in {self.folder}"
        terminalreporter.write_line(line)
        for pattern in self.options.cwm_trace_include:
            if pattern not in manifest["included"]:
                told = f"cwm-trace: --cwm-trace-include {pattern} matched no module that was imported"
                terminalreporter.write_line(told, yellow=True)


def _metas(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    for path in sorted(folder.glob("traces-*.jsonl")):
        yield from _metas_of(path)


def _metas_of(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The lines of a file of traces, with what each says of itself; a part of a line at its end is none."""
    with _open(path, encoding="utf-8") as file:
        for line in file:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                yield line, dict(_loads(_loads(line)["meta"]))


def recorded_tests(folder: Path) -> set[str]:
    """The tests that have a trace there."""
    return {meta["test"] for _, meta in _metas(folder) if meta.get("kind") == "test"}


def drop_stale(folder: Path) -> set[str]:
    """Take out all traces of the tests of which one trace's file has changed since, or that have none of their own; the other tests."""
    metas = [meta for _, meta in _metas(folder)]
    now = {file: _digest(file) for file in {meta["file"] for meta in metas}}
    stale = {meta["test"] for meta in metas if now[meta["file"]] != meta["sha256"]}
    whole = {meta["test"] for meta in metas if meta["kind"] == "test"} - stale
    for path in list(folder.glob("traces-*.jsonl")):
        fresh = path.with_suffix(".new")
        with _open(fresh, "w", encoding="utf-8", newline="\n") as out:
            out.writelines(line for line, meta in _metas_of(path) if meta["test"] in whole)
        fresh.replace(path)
    return whole


def _functions_of(module: Any, path: str) -> Iterator[FunctionType]:
    """The functions that a module's names and its classes lead to, and that are written in its file; each once."""
    found: dict[int, FunctionType] = {}
    classes, waiting = set(), list(vars(module).values())
    while waiting:
        function = _plain(value := waiting.pop())
        if function is not None and function.__code__.co_filename == path:
            found[id(function)] = function
        elif isinstance(value, type) and value.__module__ == module.__name__ and value not in classes:
            classes.add(value)
            waiting += vars(value).values()
    return iter(found.values())


def _plain(value: Any) -> FunctionType | None:
    """The function behind methods and `functools.wraps`."""
    for _ in range(20):
        value = getattr(value, "__func__", value)
        inner = getattr(value, "__wrapped__", None) if isinstance(value, FunctionType) else None
        if not isinstance(inner, FunctionType):
            break
        value = inner
    return value if isinstance(value, FunctionType) else None


def _add(total: dict[str, Any], part: dict[str, Any]) -> None:
    for key in ("counts", "dropped"):
        total[key] = dict(Counter(total[key]) + Counter(part[key]))
    total["left alone"] |= part["left alone"]
    for key in ("untraced", "included"):
        total[key] = sorted({*total[key], *part[key]})
    for reason, which in part["which were dropped"].items():
        known = total["which were dropped"].get(reason, ())
        total["which were dropped"][reason] = sorted({*known, *which})


def _digest(path: str) -> str:
    try:
        return _sha256(Path(path).read_bytes()).hexdigest()
    except OSError:  # no file any more
        return ""
