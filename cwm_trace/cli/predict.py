"""`cwm-trace predict`: a model writes the trace of a script that is not run; with --verify it is run beside."""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from typing import Any

from cwm_trace.cli.history import remember
from cwm_trace.cli.output import JsonView, TableView, View, console
from cwm_trace.cli.target import Target, parse_target
from cwm_trace.errors import RunTimeout
from cwm_trace.eval.compare import Diff, diff, verdict
from cwm_trace.files import save
from cwm_trace.format import render_prompt
from cwm_trace.frames import Event, Frame, Status, Step, Trace
from cwm_trace.models import Decoding, Model, load_model
from cwm_trace.simulate import Simulation, simulate
from cwm_trace.tracer.limits import Limits
from cwm_trace.tracer.run import Run, finish, function_job, script_job

_OK, _DIFFERS, _MALFORMED, _INTERRUPTED = 0, 1, 4, 130


def run(args: argparse.Namespace) -> int:
    """Returns the exit code. Raises CwmTraceError."""
    target = parse_target(args.target, args.call)
    prompt = target.prompt()
    if args.show_prompt:
        sys.stdout.write(render_prompt(prompt.context, prompt.frames))
        return _OK
    model = load_model(args.model, device=args.device, dtype=args.dtype)
    actual = _truth(target, args) if args.verify else None
    simulation = simulate(
        model,
        prompt=prompt,
        max_frames=args.max_frames,
        max_tokens=args.max_tokens,
        decoding=Decoding(args.temperature, args.seed),
        force=Event.RETURN if args.single_step else None,
    )
    screen = console(args.color)
    view: View = JsonView() if args.json else TableView(screen, full=args.full, offset=target.offset)
    if not args.json:
        _headline(screen, target, args, model)
    started = time.monotonic()
    view.begin(_facts(target, args, prompt, model.name), prompt.frames)
    interrupted = _stream(simulation, view, actual, stop=args.on_divergence == "stop" and not args.single_step)
    trace = simulation.trace
    view.end(trace)
    _keep(trace, args)
    if not args.json:
        _footer(screen, trace, prompt, simulation.tokens, time.monotonic() - started)
    compared = None
    if actual is not None and not interrupted:
        compared = diff(trace, actual, len(prompt))
        if not args.json:
            _verdict(screen, target, compared, trace, actual)
    return _exit_code(args, trace, compared, interrupted)


def _facts(target: Target, args: argparse.Namespace, prompt: Trace, model: str) -> dict[str, Any]:
    import cwm_trace

    text = render_prompt(prompt.context, prompt.frames).encode("utf-8", "surrogatepass")
    facts = {
        "model": model,
        "program": target.path,
        "call": target.call,
        "prompt_sha256": hashlib.sha256(text).hexdigest(),
    }
    return facts | {"cwm_trace": cwm_trace.__version__, "temperature": args.temperature, "seed": args.seed}


def _headline(screen: Any, target: Target, args: argparse.Namespace, model: Model) -> None:
    file = target.path.rsplit("/", 1)[-1]
    ran = f"{file} was NOT run"
    if model.name == "oracle":
        ran = f"the oracle RUNS {file}"
    elif args.verify:
        ran = f"{file} was run beside it, in a child process"
    screen.print(
        f"predicting {target.title}   {model.name} · temperature {args.temperature:g} · seed {args.seed}      {ran}\n",
        markup=False,
    )


def _truth(target: Target, args: argparse.Namespace) -> Trace:
    """Run the script for real. Raises RunTimeout."""
    print(f"running {target.path} in a child process (limit {args.timeout:g} s) ...", file=sys.stderr)
    limits = Limits(seconds=args.timeout)
    job = (
        script_job(target.path, limits=limits)
        if target.call is None
        else function_job(target.path, target.call, limits=limits)
    )
    trace = finish(Run(job, capture=True, sandbox=args.sandbox)).trace
    if trace.status is Status.TIME_LIMIT:
        raise RunTimeout(f"{target.path} did not end within {args.timeout:g} s", hint="Raise --timeout")
    return trace


def _stream(simulation: Simulation, view: View, actual: Trace | None, *, stop: bool) -> bool:
    """Show the steps as they come; returns whether the user interrupted."""
    index = len(simulation.prompt.frames)
    try:
        for step in simulation:
            right = actual is None or _right(step, actual, index)
            view.step(step, "" if actual is None else "✓" if right else "✗")
            index += 1
            if stop and not right:
                break
    except KeyboardInterrupt:
        simulation.status = Status.INTERRUPTED
        return True
    return False


def _right(step: Step, actual: Trace, index: int) -> bool:
    return index < len(actual) and verdict(step, actual[index]).exact


def _keep(trace: Trace, args: argparse.Namespace) -> None:
    remember(trace)
    if args.output and args.output != "-":
        save([trace], args.output)


def _footer(screen: Any, trace: Trace, prompt: Trace, tokens: int, seconds: float) -> None:
    predicted = trace.frames[len(prompt) :]
    parts = [f"{len(predicted)} frames predicted"]
    if trace.raised is not None:
        parts.append(f"raises {trace.raised}")
    elif trace.returned is not None:
        parts.append(f"returns {trace.returned}")
    else:
        parts.append(f"ends as {trace.status.value.replace('_', ' ')}")
    if trace.malformed:
        parts.append(f"{len(trace.malformed)} malformed")
    parts += _least_sure(predicted, len(prompt))
    if tokens:
        parts.append(f"{tokens:,} tokens")
    screen.print("\n" + " · ".join([*parts, f"{seconds:.1f} s"]), markup=False)


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


def _verdict(screen: Any, target: Target, compared: Diff, trace: Trace, actual: Trace) -> None:
    from cwm_trace.display import divergence

    total = compared.total
    if compared.first is None:
        screen.print(f"verified against the real run: all {total} frames exact", style="bold green", markup=False)
        return
    index = compared.first
    guess = trace.frames[index] if index < len(trace) else None
    truth = actual.frames[index] if index < len(actual) else None
    lines = [f"\nfirst divergence at frame {index} ({compared.cause})", *divergence(guess, truth, target.offset)]
    lines.append(
        f"{compared.frames_exact} of {total} frames exact · control flow {compared.control_flow}/{total} · values {compared.values}/{total}"
    )
    if actual.returned is not None or actual.raised is not None:
        lines.append(
            f"the real run {'raises ' + actual.raised if actual.raised else 'returns ' + str(actual.returned)}"
        )
    else:
        lines.append(f"the real run ended as {actual.status.value.replace('_', ' ')} after {len(actual)} frames")
    screen.print("\n".join(lines), markup=False)


def _exit_code(args: argparse.Namespace, trace: Trace, compared: Diff | None, interrupted: bool) -> int:
    if interrupted:
        return _INTERRUPTED
    if args.strict and trace.malformed:
        return _MALFORMED
    return _DIFFERS if compared is not None and compared else _OK
