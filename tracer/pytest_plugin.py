"""`pytest --cwm-trace DIR [--cwm-trace-include PATTERN ...]`: records the tests, and the calls they make of the packages under test.

One trace for each test function, in the context of its file, and one for each call from elsewhere of a function of an included module, in the
context of that module. The tests run as they would without: what cannot be recorded is counted with its reason, and not more. DIR gets
`traces-WORKER.jsonl` and `manifest.json`; a later run with the same DIR records only tests that are not there, and anew those of which a trace's
file has changed.

The choices that CWM's authors describe for their repository data are options: a maximal depth of calls, and the probability with which a call is
stepped into. They are drawn for each call from the seed and the test's name: the traces do not depend on the order of tests or on workers.

Not recorded: fixtures; tests, and calls from elsewhere, that are generators or coroutines; threads other than the one that calls. Limits count
what happens at all depths. From 3.12 on, comprehensions in test files have no frames of their own. A test that counts references sees ours.
Knows nothing of instrumentation.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options; without the first the plugin does nothing."""
    group = parser.getgroup("cwm-trace", "traces of tests in the format of Meta's Code World Model")
    group.addoption("--cwm-trace", metavar="DIR", type=Path, help="record traces into this folder")
    group.addoption(
        "--cwm-trace-include",
        metavar="PATTERN",
        action="append",
        default=[],
        help="also record calls of modules with these dotted names (may be repeated): pkg, pkg.sub*",
    )
    group.addoption("--cwm-trace-max-depth", metavar="N", type=int, default=8, help="of calls in a trace (8)")
    group.addoption(
        "--cwm-trace-step-in", metavar="P", type=float, default=1.0, help="probability to step into a call (1.0)"
    )
    group.addoption("--cwm-trace-seed", metavar="N", type=int, default=0, help="of what is stepped into (0)")
    group.addoption(
        "--cwm-trace-calls", metavar="N", type=int, default=2, help="most traces of one function in one test (2)"
    )
    group.addoption(
        "--cwm-trace-max-frames", metavar="N", type=int, default=5_000, help="most frames of a trace (5000)"
    )
    group.addoption(
        "--cwm-trace-max-characters", metavar="N", type=int, default=500_000, help="most of a trace's changes (500000)"
    )


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begin before conftest files import what is to be recorded."""
    if early_config.known_args_namespace.cwm_trace is not None:
        from cwm_trace.tracer.pytest_session import TraceSession

        early_config.pluginmanager.register(
            TraceSession(early_config, early_config.known_args_namespace), "cwm-trace-session"
        )
