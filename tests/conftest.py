"""What all tests share: Hypothesis judges results, never how fast a machine is; an interrupt interrupts; what is not there is not tested."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import none

from cwm_trace.models import set_table

if TYPE_CHECKING:
    from tests.browser import Page

_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples in each run, so that a change alone makes a test fail; `--hypothesis-profile=explore` looks for others.
settings.register_profile("repeats", _UNTIMED, derandomize=True)
settings.register_profile("explore", _UNTIMED, max_examples=1000)
settings.load_profile("repeats")

# A run that a shell put in the background ignores SIGINT, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def settled() -> Iterator[None]:
    """What other modules of tests have left is not gone through by each collection of garbage, of which some of the tracer's ask many."""
    _freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="module", autouse=True)
def begun_anew(request: pytest.FixtureRequest) -> None:
    """The same of every module but the tracer's: else collections become rarer, and memory grows, the more there is. The tracer looks for
    functions among all objects, which takes it long where many of these are frozen (minutes, where models' tests came before)."""
    if request.path.name.startswith("test_tracer"):
        gc.unfreeze()
    else:
        _freeze()


def _freeze() -> None:
    # Hypothesis looks once for who has its random numbers, which no one has that is frozen.
    given(none())(lambda _: None)()
    gc.collect()
    gc.freeze()


@pytest.fixture
def cache_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has run nothing yet and set nothing."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CWM_TRACE_MODEL", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def own_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sets of texts in the order that they have in this process, where what is foretold is compared with what is recorded here."""
    monkeypatch.setattr(set_table, "_of_text", hash)
    set_table.hash_of.cache_clear()
    yield
    set_table.hash_of.cache_clear()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page of a real browser; without one, the test is skipped."""
    from tests.browser import find_browser, start  # needs processes

    browser = find_browser()
    if browser is None:
        pytest.skip("no Chromium is installed")
    with start(browser, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


_MISSING = ("does not support processes", "can't start new thread")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tracer's tests come first: who looks for a function goes through all objects there are, of which tests of models leave millions."""
    items.sort(key=lambda item: not item.path.name.startswith("test_tracer"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """In a WebAssembly build of CPython, where there are neither processes nor threads, a test that asks for one is skipped."""
    try:
        return (yield)
    except (OSError, RuntimeError) as error:
        if sys.platform == "emscripten" and any(words in str(error) for words in _MISSING):
            pytest.skip(str(error))
        raise
