"""`cwm-trace doctor`: what works on this machine, and what to do about what does not."""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
from importlib import metadata

import cwm_trace
from cwm_trace.errors import CwmTraceError, RunError, how_to_install
from cwm_trace.files import SCHEMA
from cwm_trace.format import CWM_TOKEN_IDS
from cwm_trace.models import NANO_FOLDER, load_model
from cwm_trace.models.server import ServerModel

_PACKAGES = {
    "bytecode": "",
    "jsonlines": "",
    "rich": "",
    "torch": "[model]",
    "transformers": "[model]",
    "accelerate": "[model]",
    "httpx": "[server]",
}

_FRAMES = 11  # of the program below: main 3, f 3, its comprehension 5


def run(args: argparse.Namespace) -> int:
    """Returns 0 if all that the model in question needs is there, and a server answers, else the error's exit code."""
    print(
        f"cwm-trace {cwm_trace.__version__} · trace format {SCHEMA} · Python {platform.python_version()} · {platform.system()}"
    )
    _tracer()
    for name, extra in _PACKAGES.items():
        print(_package(name, extra))
    _gpu()
    weights = (NANO_FOLDER / "model.safetensors").exists()
    print(_line(weights, "weights of nano", "reinstall cwm-trace: they come in the package"))
    print(_line(shutil.which("bwrap") is not None, "bubblewrap (--sandbox)", "optional: apt install bubblewrap"))
    return _model(args)


def _line(good: bool, what: str, fix: str) -> str:
    return f"  ok  {what}" if good else f"  --  {what}: {fix}"


def _package(name: str, extra: str) -> str:
    try:
        return _line(True, f"{name} {metadata.version(name)}", "")
    except metadata.PackageNotFoundError:
        return _line(False, name, how_to_install(extra))


def _tracer() -> None:
    from cwm_trace.tracer import fast
    from cwm_trace.tracer.inprocess import record_source
    from cwm_trace.tracer.supported import first_and_last

    try:
        trace = record_source("def f(x):\n    return [i for i in x]\n", "f('ab')")
    except RunError as refused:
        print(_line(False, "tracer", str(refused)))
        return
    good = trace.returned == "['a', 'b']" and len(trace) == _FRAMES
    first, last = first_and_last()
    print(_line(good, "tracer", f"wrong on Python {platform.python_version()}: use {first} to {last}"))
    fix = f"{fast.absent}; optional: with a C compiler here, reinstall cwm-trace"
    print(_line(fast.module is not None, "tracer's hooks in C", fix))


def _gpu() -> None:
    try:
        import torch
    except ImportError:
        return
    if torch.cuda.is_available():
        print(_line(True, f"GPU {torch.cuda.get_device_name(0)}", ""))
    else:
        print("      no GPU: models run on the processor")


def _model(args: argparse.Namespace) -> int:
    try:
        model = load_model(args.model, device=args.device, dtype=args.dtype)
        if isinstance(model, ServerModel):
            model.check_answers()
    except CwmTraceError as error:
        print(f"  --  model {args.model}: {error}")
        return error.exit_code
    print(_line(True, f"model {model.name}", ""))
    codec = getattr(model, "codec", None)
    if codec is not None:
        same = all(codec.ids.get(token) == number for token, number in CWM_TOKEN_IDS.items())
        print(f"      trace tokens: single ids, {'those of facebook/cwm' if same else 'of its own vocabulary'}")
    sys.stdout.flush()
    return 0
