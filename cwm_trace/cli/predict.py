"""`cwm-trace predict`: a model writes the trace of a script that is not run; with --verify it is run beside."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from cwm_trace.cli.history import remember
from cwm_trace.cli.output import (
    DIFFERS,
    LIMIT,
    OK,
    JsonView,
    TableView,
    TextView,
    View,
    console,
    ending,
    frames,
    wants_json,
)
from cwm_trace.cli.real_run import real_run
from cwm_trace.cli.resync import Resync
from cwm_trace.cli.samples import DRAWN_AT, agreement, agreement_record
from cwm_trace.cli.target import Target, parse_target
from cwm_trace.cli.verify import ended_early, incomplete, verify
from cwm_trace.errors import InputError
from cwm_trace.eval.compare import Verdict, verdict
from cwm_trace.files import check_output, save
from cwm_trace.format import render_prompt
from cwm_trace.frames import Event, Frame, Status, Step, Trace
from cwm_trace.models import Decoding, Model, load_model
from cwm_trace.models.base import called, settled
from cwm_trace.models.oracle import Oracle
from cwm_trace.simulate import Simulation, simulate
from cwm_trace.tracer.limits import Limits

if TYPE_CHECKING:
    from rich.console import Console

_MALFORMED, _INTERRUPTED = 4, 130
_PLACES = 12  # of wrong frames that are named


def run(args: argparse.Namespace) -> int:
    """Returns the exit code. Raises CwmTraceError."""
    target = parse_target(args.target, args.call, args.arguments, args.stdin)
    if args.verify and target.stdin is None:
        target = replace(target, stdin="")  # as the real run has it
    prompt = target.prompt()
    if args.show_prompt:
        sys.stdout.write(render_prompt(prompt.context, prompt.frames))
        return OK
    if args.on_divergence == "resync":
        _check_resync(args)
    if args.sandbox and not args.verify:
        raise InputError(
            "--sandbox is for the run that --verify makes", hint="Add --verify; the oracle runs without one"
        )
    if args.output:
        check_output(args.output, args.samples)
    if note := target.note:
        print(note, file=sys.stderr)
    if args.stdin is None and target.reads_stdin:
        what = "which is empty" if args.verify or args.model == "oracle" else "and what it reads is guessed"
        print(f"note: {target.file} reads standard input, {what}: give it with --stdin FILE", file=sys.stderr)
    model = load_model(args.model, device=args.device, dtype=args.dtype)
    if getattr(model, "constrained", False) and args.constrained is not False and (strangers := target.strangers):
        are = "is" if len(strangers) == 1 else "are"
        print(
            f"note: {', '.join(strangers)} {are} neither Python's nor beside {target.file}: what comes of it is guessed",
            file=sys.stderr,
        )
    if isinstance(model, Oracle):  # here --timeout is of the model, too
        model.limits = Limits(frames=args.max_frames + len(prompt), seconds=args.timeout)
        model.directory = os.getcwd()
    actual = real_run(target, timeout=args.timeout, sandbox=args.sandbox) if args.verify else None
    # In a pipe the frames are JSON on stdout, and what is said to people goes to stderr.
    screen = console(args.color, sys.stderr if args.raw or wants_json(args) else None)
    view = _view(args, screen, target)
    _headline(screen, target, args, model)
    started = time.monotonic()
    view.begin(_facts(target, args, prompt, model.name), prompt.frames)
    if actual is not None and args.on_divergence == "resync":
        run = Resync(partial(_begin, args, model), prompt, actual, args.max_frames)
        return _resynchronised(args, screen, view, run, actual)
    simulation = _begin(args, model, prompt)
    beside = None if args.single_step else actual
    # A sample that is cut off could not be compared with the others.
    interrupted = _stream(simulation, view, beside, stop=args.on_divergence == "stop" and args.samples == 1)
    trace = simulation.trace
    view.end(trace)
    _footer(screen, trace, len(prompt), _most(args), simulation.tokens, time.monotonic() - started)
    traces = [trace]
    if not interrupted and args.samples > 1:
        interrupted = _draw_more(args, screen, view, model, prompt, traces)
    _keep(traces, args)
    if interrupted:
        return _INTERRUPTED
    code = OK
    if actual is not None:
        code = verify(screen, view, target, len(prompt), traces, actual, single_step=args.single_step)
    if args.strict and any(drawn.malformed for drawn in traces):
        return _MALFORMED
    return code or (LIMIT if any(_is_cut_off(drawn, args) for drawn in traces) else OK)


def _is_cut_off(trace: Trace, args: argparse.Namespace) -> bool:
    """Whether a limit ended it; that a single step has one frame is none."""
    return trace.status.is_limit and not (args.single_step and trace.status is Status.FRAME_LIMIT)


def _check_resync(args: argparse.Namespace) -> None:
    """Raises InputError for what it does not go with."""
    if not args.verify:
        raise InputError("resync goes on from the frames of the real run", hint="Add --verify")
    if args.output:
        hint = "Leave out -o: --json has what was written at each frame"
        raise InputError("resync makes no one trace that -o could save", hint=hint)
    for given, name in ((args.single_step, "--single-step"), (args.samples > 1, "--samples")):
        if given:
            raise InputError(f"resync and {name} are two ways to predict", hint="Give one of them")


def _begin(args: argparse.Namespace, model: Model, prompt: Trace, drawn: int = 0) -> Simulation:
    """A rollout; `drawn` counts those before it, of which each has a seed of its own."""
    return simulate(
        model,
        prompt=prompt,
        max_frames=_most(args),
        max_tokens=args.max_tokens,
        decoding=Decoding(_temperature(args), args.seed + drawn, constrained=args.constrained),
        force=Event.RETURN if args.single_step else None,
    )


def _most(args: argparse.Namespace) -> int:
    """Frames of one rollout."""
    return 1 if args.single_step else int(args.max_frames)


def _temperature(args: argparse.Namespace) -> float:
    given: float = args.temperature
    return given or (DRAWN_AT if args.samples > 1 else 0.0)


def _draw_more(
    args: argparse.Namespace, screen: Console, view: View, model: Model, prompt: Trace, traces: list[Trace]
) -> bool:
    """Draw the samples after the first one, and say how far they agree; returns whether the user interrupted."""
    try:
        for number in range(1, args.samples):
            print(f"sample {number + 1} of {args.samples} ...", file=sys.stderr)
            simulation = _begin(args, model, prompt, number)
            deque(simulation, maxlen=0)
            traces.append(simulation.trace)
        return False
    except KeyboardInterrupt:
        return True
    finally:
        screen.print(agreement(traces), markup=False, soft_wrap=True)
        if isinstance(view, JsonView):
            view.put(agreement_record(traces))


def _resynchronised(args: argparse.Namespace, screen: Console, view: View, run: Resync, actual: Trace) -> int:
    try:
        for position in run:
            view.step(position.truth, position.exact, () if position.exact else (position.predicted,))
        interrupted = False
    except KeyboardInterrupt:
        interrupted = True
    view.end(run.trace)
    total, wrong = len(run.positions), run.wrong
    places = f": {', '.join(map(str, wrong[:_PLACES]))}{', …' if len(wrong) > _PLACES else ''}" if wrong else ""
    said = f"{total - len(wrong)} of {total} frames right, the true ones before each being given; wrong at {len(wrong)}{places}"
    if run.left and not interrupted:
        said += f" · stopped at --max-frames {args.max_frames}, {run.left} true ones not reached"
    elif not actual.complete and not interrupted:
        said += f" · {ended_early(actual)}"
    screen.print(f"\n{said}", markup=False, soft_wrap=True)
    if isinstance(view, JsonView):
        view.put({"resynchronised": True, "total": total, "wrong": wrong})
    if interrupted:
        return _INTERRUPTED
    if wrong:
        return DIFFERS
    return LIMIT if run.left else incomplete(actual)


def _view(args: argparse.Namespace, screen: Console, target: Target) -> View:
    if args.raw:
        return TextView()
    if wants_json(args):
        return JsonView(offset=target.offset)
    return TableView(screen, full=args.full, offset=target.offset)


def _facts(target: Target, args: argparse.Namespace, prompt: Trace, model: str) -> dict[str, Any]:
    import cwm_trace

    text = render_prompt(prompt.context, prompt.frames).encode("utf-8", "surrogatepass")
    facts = {
        "model": model,
        "program": target.file,
        "call": target.call,
        "prompt_sha256": hashlib.sha256(text).hexdigest(),
    }
    return facts | {"cwm_trace": cwm_trace.__version__, "temperature": _temperature(args), "seed": args.seed}


def _headline(screen: Console, target: Target, args: argparse.Namespace, model: Model) -> None:
    file = target.file.rsplit("/", 1)[-1]
    ran = f"{file} was NOT run"
    if model.name == "oracle":
        ran = f"the oracle RUNS {file}"
    elif args.verify:
        ran = f"{file} was run beside it, in a child process"
    if args.verify and not args.single_step and args.on_divergence != "resync":
        ran += "\n✓ right · ≠ this line is next, but what it did is wrong · ✗ wrong (p: how sure the model was)"
    constrained = settled(Decoding(constrained=args.constrained), model).constrained is True
    name = called(model.name, constrained=constrained)
    screen.print(
        f"predicting {target.title}   {name} · temperature {_temperature(args):g} · seed {args.seed}      {ran}\n",
        markup=False,
        soft_wrap=True,
    )


def _stream(simulation: Simulation, view: View, actual: Trace | None, *, stop: bool) -> bool:
    """Show the steps as they come; returns whether the user interrupted."""
    index = len(simulation.prompt.frames)
    try:
        for step in simulation:
            judged = None if actual is None else _judged(step, actual, index)
            exact = None if judged is None else judged.exact
            view.step(step, exact, only_values=judged is not None and judged.control_flow and not judged.values)
            index += 1
            if stop and exact is False:
                break
    except KeyboardInterrupt:
        simulation.status = Status.INTERRUPTED
        return True
    return False


def _judged(step: Step, actual: Trace, index: int) -> Verdict | None:
    """None where nobody can judge: the real run did not come so far, nor to an end."""
    if index >= len(actual) and not actual.complete:
        return None
    return verdict(step, actual[index] if index < len(actual) else None)


def _keep(traces: Sequence[Trace], args: argparse.Namespace) -> None:
    """The first one is what `--last` is."""
    remember(lambda path: save(traces[:1], path))
    if args.output:
        save(traces, args.output)


def _footer(screen: Console, trace: Trace, given: int, max_frames: int, tokens: int, seconds: float) -> None:
    predicted = trace.frames[given:]
    parts = [f"{frames(len(predicted))} predicted"]
    if trace.status is not Status.OPEN:  # stopped at a divergence, it does not end at all
        parts.append(ending(trace, max_frames))
    if trace.malformed:
        parts.append(f"{len(trace.malformed)} malformed")
    parts += _least_sure(predicted, given)
    if tokens:
        parts.append(f"{tokens:,} tokens")
    screen.print("\n" + " · ".join([*parts, f"{seconds:.1f} s"]), markup=False, soft_wrap=True)


def _least_sure(steps: tuple[Step, ...], start: int) -> list[str]:
    from math import exp

    sure = [
        (step.logprob, start + n, step)
        for n, step in enumerate(steps)
        if step.logprob is not None and isinstance(step, Frame)
    ]
    if not sure:
        return []
    logprob, index, step = min(sure, key=lambda item: item[0])
    return [f"least sure: frame {index} `{step.source.strip()}` (p {exp(logprob):.2f})"]
