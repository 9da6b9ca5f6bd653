"""`cwm-trace eval`: models over a suite, a table with intervals; or a run folder scored again."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from cwm_trace.cli.parser import DEFAULT_MODEL
from cwm_trace.errors import InputError
from cwm_trace.eval.report import as_markdown, as_text
from cwm_trace.eval.runs import Results, Sample, rescore, run_suite
from cwm_trace.eval.suites import load_suite
from cwm_trace.models import Decoding, load_model


def run(args: argparse.Namespace) -> int:
    """Returns 0, or 1 below --fail-under. Raises CwmTraceError."""
    if (args.suite is None) == (args.folder is None):
        raise InputError("give a SUITE, or --from RUN")
    results = [rescore(Path(args.folder))] if args.folder else _run(args)
    if args.json:
        for item in results:
            sys.stdout.write(json.dumps(asdict(item)) + "\n")
    else:
        sys.stdout.write(as_markdown(results) if args.markdown else as_text(results))
    low = args.fail_under is not None and any(item.metrics["output_pass_at_1"] < args.fail_under for item in results)
    return int(low)


def _run(args: argparse.Namespace) -> list[Results]:
    suite = load_suite(args.suite)
    results = []
    models = args.model or [os.environ.get("CWM_TRACE_MODEL", DEFAULT_MODEL)]
    if args.resume and not args.out:
        raise InputError("--resume needs the folder of the run", hint="Give it as --out DIR")
    for spec in models:
        model = load_model(spec, device=args.device, dtype=args.dtype)
        out = _folder(args.out, suite.name, model.name, several=len(models) > 1)
        results.append(
            run_suite(
                model,
                suite,
                out,
                limit=args.limit,
                decoding=Decoding(args.temperature, args.seed),
                max_frames=args.max_frames,
                max_tokens=args.max_tokens,
                resume=args.resume,
                on_sample=_progress(model.name),
            )
        )
        print(f"{model.name}: {out}", file=sys.stderr)
    return results


def _folder(out: str | None, suite: str, model: str, *, several: bool) -> Path:
    name = re.sub(r"[^\w.-]+", "_", model)
    if out is not None:
        return Path(out) / name if several else Path(out)
    return Path("runs") / f"{time.strftime('%Y-%m-%dT%H%M%S')}-{suite}-{name}"


def _progress(model: str) -> Callable[[int, int, Sample], None]:
    """One line that counts on a terminal, a line now and then elsewhere; on stderr only."""
    right = 0

    def show(done: int, total: int, sample: Sample) -> None:
        nonlocal right
        right += int(sample.score.output_pass_at_1)
        text = f"{model} {done}/{total} · {right} right"
        if sys.stderr.isatty():
            print(f"\r{text}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif done == total or done % 50 == 0:
            print(text, file=sys.stderr)

    return show
