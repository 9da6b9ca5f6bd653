"""What all tests share: Hypothesis judges results, never how fast a machine is; an interrupt interrupts; what is not there is not tested."""

import signal
import sys
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# A run that a shell put in the background ignores SIGINT, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

_MISSING = ("does not support processes", "can't start new thread")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """In a WebAssembly build of CPython, where there are neither processes nor threads, a test that asks for one is skipped."""
    try:
        return (yield)
    except (OSError, RuntimeError) as error:
        if sys.platform == "emscripten" and any(words in str(error) for words in _MISSING):
            pytest.skip(str(error))
        raise
