"""The command line: all commands and flags. Imports nothing heavy: `--help` must be fast."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import cwm_trace

DEFAULT_MODEL = "nano"
_LABEL = "NAME=MODEL gives it a name in tables"
_EPILOG = """\
exit codes: 0 fine · 1 differs, nothing to compare with, or the traced script's own · 2 usage or bad input ·
3 model unreachable · 4 model output unusable (--strict) · 124 a limit · 125 our own failure · 130 interrupted"""


_Number = TypeVar("_Number", int, float)


def _number(kind: type[_Number], least: float, wanted: str) -> Callable[[str], _Number]:
    def read(text: str) -> _Number:
        with suppress(ValueError):
            number = kind(text)
            if least <= number < float("inf"):  # nor nan
                return number
        raise argparse.ArgumentTypeError(f"must be {wanted}, not {text}")

    return read


_count = _number(int, 0, "a whole number, 0 or more")
_positive = _number(int, 1, "a whole number, 1 or more")
_not_negative = _number(float, 0, "a number, 0 or more")
_seconds = _number(float, sys.float_info.min, "a number of seconds above 0")


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="colours (default: auto)")
    parser.add_argument("--debug", action="store_true", help="show tracebacks of errors")


def default_model() -> str:
    """`$CWM_TRACE_MODEL`, else nano."""
    return os.environ.get("CWM_TRACE_MODEL") or DEFAULT_MODEL


def _model(parser: argparse.ArgumentParser, *, many: bool = False, optional: bool = False) -> None:
    known = "nano (default), hf:PATH_OR_ID, http://HOST:PORT/v1[#MODEL], oracle, replay:FILE, copy-input, no-change"
    default = None if optional else default_model()
    if many:
        known += ", generations:FILE (answers only, in CRUXEval's form)"
        parser.add_argument(
            "-m", "--model", action="append", metavar="MODEL", help=f"{known}; {_LABEL}; may be repeated"
        )
    else:
        parser.add_argument("-m", "--model", default=default, metavar="MODEL", help=known)
    parser.add_argument("--device", help="where an hf: model runs: cpu, cuda:0, auto")
    parser.add_argument("--dtype", help="its number format: float32, bfloat16, ... (default: that of its weights)")
    parser.add_argument("--temperature", type=_not_negative, default=0.0, help="0 is greedy (default)")
    parser.add_argument("--seed", type=int, default=0, help="of sampling (default: 0)")
    parser.add_argument(
        "--constrained",
        action=argparse.BooleanOptionalAction,
        help="choose only tokens that keep to the format and to what the source leaves open (nano: yes; hf: as its config says)",
    )
    longest = "stop after N predicted frames (default: " + ("1000, or twice the true ones)" if many else "1000)")
    parser.add_argument("--max-frames", type=_positive, default=None if many else 1000, metavar="N", help=longest)
    parser.add_argument(
        "--max-tokens",
        type=_positive,
        default=16384,
        metavar="N",
        help="stop after N predicted tokens, not counting frames in which --constrained leaves nothing open (default: 16384)",
    )


def _frames_out(parser: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="also save the trace: .jsonl (.gz, .zst), .txt (CWM text), .html, .opt.json (Python Tutor's); - is --json",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line, on stdout")
    form.add_argument("--table", action="store_true", help="a table, also where stdout is no terminal")
    parser.add_argument("--full", action="store_true", help="do not shorten long values")
    return form


class _Parser(argparse.ArgumentParser):
    """Takes whole names only, for those of `trace` are told from its program's before they are parsed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)


def build_parser() -> argparse.ArgumentParser:
    """The parser of `cwm-trace`."""
    from cwm_trace.files import SCHEMA

    parser = _Parser(
        prog="cwm-trace",
        description="Record, predict and compare Python execution traces in the format of Meta's Code World Model.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = f"cwm-trace {cwm_trace.__version__} (trace format {SCHEMA})"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _predict(commands.add_parser("predict", help="predict the frames with a model; the code is not run"))
    _trace(commands.add_parser("trace", help="run for real and record the frames"))
    _diff(commands.add_parser("diff", help="first divergence and scores of two traces"))
    _eval(commands.add_parser("eval", help="many programs, a table with intervals"))
    _debug(commands.add_parser("debug", help="step through a predicted or recorded trace, also backwards"))
    _show(commands.add_parser("show", help="show a recorded or predicted trace"))
    _doctor(commands.add_parser("doctor", help="what works here, and one-line fixes for what does not"))
    return parser


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; for `trace`, `target` and `arguments` are the program's, whatever they look like.

    For `predict` and `debug` the program's `arguments` stand behind `--`.
    """
    target: str | None = None
    arguments: list[str] = []
    ours = list(argv)
    if ours[:1] == ["trace"]:
        ours, target, arguments = _split_program(argv)
    elif ours[:1] and ours[0] in _TAKE_ARGUMENTS and "--" in ours:
        at = ours.index("--")
        ours, arguments = ours[:at], ours[at + 1 :]
    args = build_parser().parse_args(ours)
    args.arguments = arguments
    if args.command == "trace":
        args.target = target
        args.misplaced = ours_behind(ours, arguments)
    if getattr(args, "output", None) == "-":
        args.json, args.output = True, None
    return args


_TAKE_ARGUMENTS = ("predict", "debug")
_WITH_VALUE = ("-o", "--output", "--max-frames", "--timeout", "--memory", "--call", "--color")
_PROGRAMS = ("-m", "-c")
_AS_PYTHON = (*_PROGRAMS, "-h", "--help")
"""What nobody who knows `python SCRIPT -m x` takes for ours behind SCRIPT."""


def ours_behind(words: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """The options of `trace` among the program's own arguments; not those that stand among ours, in `words`, too."""
    parser = _Parser()
    _trace(parser)
    known = parser._option_string_actions.keys() - {*_AS_PYTHON, *map(_option_of, words)}
    until = arguments.index("--") if "--" in arguments else len(arguments)
    return [word for word in dict.fromkeys(map(_option_of, arguments[:until])) if word in known]


def _option_of(word: str) -> str:
    return word.partition("=")[0] if word.startswith("--") else word


def _split_program(argv: Sequence[str]) -> tuple[list[str], str | None, list[str]]:
    """Our own arguments, the script, and all that follows it (or `-m MOD`, `-c CODE`), which is the program's as for python."""
    at, target = 1, None
    while at < len(argv):
        word = argv[at]
        if word.startswith("-") and word != "-":
            if word.startswith(_PROGRAMS):  # "-m MOD" or "-mMOD"
                at += 2 if word in _PROGRAMS else 1
                return list(argv[:at]), None, list(argv[at:])
            at += 2 if word in _WITH_VALUE else 1
        elif "::" in word and target is None:
            target, argv = word, [*argv[:at], *argv[at + 1 :]]
        elif target is None:
            return list(argv[:at]), word, list(argv[at + 1 :])
        else:
            break
    return list(argv), target, []


def _started(parser: argparse.ArgumentParser, options: str) -> None:
    parser.add_argument(
        "--stdin", metavar="FILE", help="what the program finds on its standard input (-: what comes on ours)"
    )
    parser.usage = f"cwm-trace {options} [options] [-- ARGS ...]\nWhat stands behind -- is the program's own sys.argv."


def _predict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target",
        metavar="SCRIPT[::FUNC]",
        help="a Python file (-: standard input), or a function or Class.method in one, with --call if it takes arguments",
    )
    parser.add_argument("--call", metavar="EXPR", help="the call to predict, e.g. \"count('berry', 'r')\"")
    _started(parser, "predict SCRIPT[::FUNC]")
    _model(parser)
    _frames_out(parser).add_argument("--raw", action="store_true", help="the CWM text as the model writes it")
    parser.add_argument("--verify", action="store_true", help="also run the script, and compare frame by frame")
    parser.add_argument(
        "--on-divergence",
        choices=["stop", "continue", "resync"],
        default="stop",
        help="with --verify (default: stop); resync: show what was wrong, and let the model go on from the true frame",
    )
    parser.add_argument(
        "--samples",
        type=_positive,
        default=1,
        metavar="N",
        help="draw N traces (seeds from --seed on; temperature 1 unless one is given), and say how far they agree",
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=30.0, metavar="S", help="seconds that --verify lets the script run"
    )
    parser.add_argument("--sandbox", action="store_true", help="run the script in bubblewrap (with --verify)")
    parser.add_argument("--single-step", action="store_true", help="predict the entry's return at once")
    parser.add_argument("--show-prompt", action="store_true", help="print exactly what the model is given, and stop")
    parser.add_argument("--strict", action="store_true", help="exit code 4 if a predicted frame breaks the format")
    _common(parser)


def _trace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-m", dest="module", metavar="MOD", help="run a module, as python -m does; all after it is its own"
    )
    parser.add_argument("-c", dest="code", metavar="CODE", help="run program text")
    parser.add_argument("--call", metavar="EXPR", help="with SCRIPT::FUNC: the call to record")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="save the trace: .jsonl (.gz, .zst), .txt, .html, .opt.json (Python Tutor's); - is --json",
    )
    parser.add_argument(
        "--json", action="store_true", help="frames as JSON lines on stdout; the program's own output goes to stderr"
    )
    parser.add_argument("--show", action="store_true", help="print the frames to stderr when the program has ended")
    parser.add_argument("--full", action="store_true", help="with --show: do not shorten long values")
    parser.add_argument("--max-frames", type=_positive, metavar="N", help="end the program after N recorded frames")
    parser.add_argument("--timeout", type=_seconds, metavar="S", help="end the program after S seconds")
    parser.add_argument("--memory", type=_positive, metavar="MB", help="limit of its address space")
    parser.add_argument(
        "--sandbox", action="store_true", help="run it in bubblewrap: no network, read-only file system"
    )
    _common(parser)
    parser.usage = (
        "cwm-trace trace [options] SCRIPT [ARGS ...]\n"
        "       cwm-trace trace [options] -m MOD [ARGS ...]\n"
        "       cwm-trace trace [options] -c CODE [ARGS ...]\n"
        "       cwm-trace trace SCRIPT::FUNC [--call EXPR] [options]\n"
        "What stands behind SCRIPT, MOD or CODE is the program's own; SCRIPT may be -, standard input."
    )


def _which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--trace",
        dest="which",
        metavar="N",
        help="of a file of several traces the Nth, from 1 on, or the one of this name",
    )


def _diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("predicted", metavar="PREDICTED", help="a trace file")
    parser.add_argument("actual", metavar="ACTUAL", help="a trace file, the truth")
    _which(parser)
    parser.add_argument(
        "--given", type=_count, default=1, metavar="N", help="frames at the start that were given (default: 1)"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    _common(parser)


def _eval(parser: argparse.ArgumentParser) -> None:
    parser.usage = (
        "cwm-trace eval [options] SUITE\n"
        "       cwm-trace eval [--by KIND] [--derived] [--errors [N]] [--html FILE] [--json | --markdown] --from RUN [RUN ...]\n"
        "       cwm-trace eval [--derived] [--json | --markdown] compare RUN RUN\n"
        "       cwm-trace eval export RUN [RUN ...] generations.json"
    )
    parser.add_argument(
        "suite",
        nargs="*",
        metavar="SUITE",
        help="programs and calls: a bundled suite (real, longer, ...: see --list), a .jsonl file of yours, or your copy of "
        "CRUXEval, HumanEval(+), MBPP(+), LiveCodeBench execution, REval (.jsonl, .json, .parquet, also .gz; or "
        "ORG/NAME[#[CONFIG/]SPLIT] of a data set), known by its fields, or named as in humaneval:FILE, coconut:FILE; or compare and two "
        "run folders; or export, run folders and a file: their answers in the form of CRUXEval's own scorer",
    )
    parser.add_argument("--list", action="store_true", help="print the bundled suites and the loaders, and stop")
    _model(parser, many=True)
    parser.add_argument(
        "--teacher-forced",
        action="store_true",
        help="score the true frames one by one, instead of predicting whole traces",
    )
    parser.add_argument(
        "--batch",
        type=_positive,
        default=1,
        metavar="N",
        help="predict so many programs at once (nano, hf:, servers; default: 1); the results are the same",
    )
    parser.add_argument("--limit", type=_positive, metavar="N", help="only the first N tasks (not for reporting)")
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=30.0,
        metavar="S",
        help="seconds that a program may take for its true trace; one that takes longer counts as wrong (default: 30)",
    )
    parser.add_argument(
        "--truth-frames",
        type=_positive,
        default=100_000,
        metavar="N",
        help="frames that a true trace may have; a program that has more counts as wrong (default: 100000)",
    )
    parser.add_argument("--out", metavar="DIR", help="where the run folders go (default: runs/)")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument(
        "--from",
        dest="folder",
        action="extend",
        nargs="+",
        default=[],
        metavar="RUN",
        help="score run folders again, without a model: one table, a column each",
    )
    parser.add_argument(
        "--no-baselines",
        action="store_true",
        help="leave out what else stands in every table: copy-input, no-change, oracle",
    )
    parser.add_argument(
        "--fail-under",
        type=_not_negative,
        metavar="X",
        help="exit code 1 if output pass@1 is below X percent (so it is where the oracle is not at 100)",
    )
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        choices=["events", "depth", "output", "exception", "frame", "statement", "value", "tag"],
        help="also a table by length, call depth, ...; may be repeated",
    )
    parser.add_argument(
        "--derived", action="store_true", help="also REval's, CoCoNUT's and CodeExecutor's questions, from the traces"
    )
    parser.add_argument(
        "--errors",
        type=_count,
        nargs="?",
        const=3,
        metavar="N",
        help="also what was wrong first, with N examples each (3)",
    )
    parser.add_argument(
        "--html",
        metavar="FILE",
        help="also write a page with plots and frames (every run folder has its own, report.html)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, one object for each model asked for")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    _common(parser)


def _debug(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", metavar="SCRIPT[::FUNC] | TRACE", help="what to predict, or a trace file")
    parser.add_argument("--call", metavar="EXPR", help="with SCRIPT::FUNC: the call to predict")
    _started(parser, "debug [SCRIPT[::FUNC] | TRACE]")
    parser.add_argument("--last", action="store_true", help="the last run of predict or trace")
    _which(parser)
    parser.add_argument("--frame", type=_count, default=0, metavar="N", help="start at frame N (default: 0)")
    parser.add_argument("-x", "--execute", metavar="COMMANDS", help="do these, separated by ;, and stop: \"n; n; p s\"")
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=30.0,
        metavar="S",
        help="seconds that the commands truth and div let the script run",
    )
    parser.add_argument("--sandbox", action="store_true", help="run the script in bubblewrap (for truth and div)")
    _model(parser, optional=True)
    _common(parser)


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", metavar="TRACE", help="a trace file")
    parser.add_argument("--last", action="store_true", help="the last run of predict or trace")
    _which(parser)
    parser.add_argument("--text", action="store_true", help="print the CWM text")
    _frames_out(parser)
    _common(parser)


def _doctor(parser: argparse.ArgumentParser) -> None:
    _model(parser)
    _common(parser)
