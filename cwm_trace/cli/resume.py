"""`eval`: what was asked for on the command line, and the command line that goes on with a run that did not end."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cwm_trace.errors import ModelUnusable
from cwm_trace.eval.folder import is_begun

_OF_ITS_OWN = ("command", "suite", "model", "out", "resume", "folder", "list")
"""What a command line that goes on says in its own way, or not at all."""


def asked_for(args: argparse.Namespace) -> dict[str, Any]:
    """The options of `eval` that are not what they are without being given, by their names."""
    from cwm_trace.cli.parser import build_parser

    plain = build_parser().parse_args(["eval"])
    return {name: value for name, value in vars(args).items() if value != getattr(plain, name, None)}


def option(name: str, value: object = True) -> str:
    """How it is spelled on the command line; with `no` where its value is False."""
    return "--from" if name == "folder" else ("--no-" if value is False else "--") + name.replace("_", "-")


def resume_command(args: argparse.Namespace, models: Sequence[str], out: Path | str) -> str:
    """The command line that goes on with the runs of these models in this folder."""
    words = ["cwm-trace", "eval", *args.suite]
    for model in models:
        words += ["-m", model]
    for name, value in asked_for(args).items():
        if name not in _OF_ITS_OWN:
            for one in value if isinstance(value, list) else [value]:
                words += [option(name, one)] if isinstance(one, bool) else [option(name), str(one)]
    return shlex.join([*words, "--out", str(out), "--resume"])


@contextmanager
def telling_how_to_go_on(command: str, out: Path) -> Iterator[None]:
    """Where the user interrupts a run that has begun, or its model turns out to be unusable, say how to go on."""
    try:
        yield
    except (KeyboardInterrupt, ModelUnusable):
        if is_begun(out):
            # On a terminal the line that counts has not ended.
            print(f"{chr(10) * sys.stderr.isatty()}go on: {command}", file=sys.stderr)
        raise
