"""`python -m cwm_trace.train record` writes shards of recorded traces, `... train` trains on them, `... sample` shows one program.

`README.md` beside this has the commands of a whole session on a GPU.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cwm_trace.errors import InputError
from cwm_trace.models.trace_positions import KINDS
from cwm_trace.train.programs import Program, generate
from cwm_trace.train.travel import join_parts, split_folder

if TYPE_CHECKING:
    from cwm_trace.frames import Trace

_NOTES = "notes between the frames: lines with the values of their variables, for a network that reads them"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cwm_trace.train", description="Training data and training of nano."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    record = commands.add_parser("record", help="generate programs, record them, write token shards")
    record.add_argument("out", type=Path, help="folder of the shards")
    record.add_argument("--first", type=int, default=0, help="first seed")
    record.add_argument("--last", type=int, required=True, help="last seed, excluded")
    record.add_argument("--workers", type=int, default=1, help="processes (1)")
    record.add_argument(
        "--suite",
        action="append",
        default=[],
        help="benchmark whose programs are kept out, besides those of the bundled suites (repeat)",
    )
    record.add_argument("--per-shard", type=int, default=2000, help="seeds in one shard")
    record.add_argument("--calls", type=int, default=2, help="traces of one program, at most (2)")
    record.add_argument("--max-tokens", type=int, default=1536, help="longer traces are left out (1536)")
    record.add_argument(
        "--family",
        help="only such programs: drill, free, idiom, script, those of skills.py, dense, panel, toplevel, mutant, real, or wide, which is all",
    )
    record.add_argument("--programs", help="file of `collect`, for real, mutant and wide")
    record.add_argument("--slips", action="store_true", help="learn what follows a wrong value")
    record.add_argument("--notes", action="store_true", help=_NOTES)
    record.add_argument(
        "--observed",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="of so many programs learn observations alone (0)",
    )
    record.add_argument("--parts", action="store_true", help="learn a part of each trace that is too long")
    train = commands.add_parser("train", help="train a model on shards")
    train.add_argument("shards", type=Path, help="folder of token shards")
    train.add_argument(
        "out", type=Path, help="folder of the log, the checkpoint and the model; a run that it has is gone on with"
    )
    for name, kind, default, text in _TRAIN_OPTIONS:
        shown = "none" if default is None else f"{default:g}"
        train.add_argument("--" + name.replace("_", "-"), type=kind, default=default, help=f"{text} ({shown})")
    train.add_argument("--notes", action="store_true", help=_NOTES + " from then on; the shards must have them")
    train.add_argument("--compile", action="store_true", help="use torch.compile")
    train.add_argument(
        "--blocked", action="store_true", help="attention of our own (on a processor, with a C compiler)"
    )
    train.add_argument(
        "--half", action="store_true", help="products of bfloat16 (on a processor that has units for them: avx512_bf16)"
    )
    train.add_argument("--packed", action="store_true", help="pack traces in rows of --max-length tokens (on a GPU)")
    train.add_argument(
        "--generate", type=int, default=0, metavar="WORKERS", help="processes that make new data meanwhile"
    )
    train.add_argument("--live-folder", type=Path, help="where these write (OUT/live; /dev/shm/live, say)")
    train.add_argument("--calls", type=int, default=2, help="traces of one program that they write, at most (2)")
    train.add_argument("--family", help="as for record, for these")
    train.add_argument("--programs", help="as for record, for these")
    train.add_argument("--suite", action="append", default=[], help="as for record, for these")
    train.add_argument("--threads", type=int, help="of torch, on a processor")
    mix = commands.add_parser("mix", help="deal the traces of folders of shards to new ones, in random order")
    mix.add_argument("out", type=Path, help="folder of the new shards")
    mix.add_argument("folders", type=Path, nargs="+", help="folders of shards")
    mix.add_argument("--into", type=int, default=40, help="so many shards (40)")
    mix.add_argument("--seed", type=int, default=0, help="of the order (0)")
    grow = commands.add_parser(
        "grow", help="a model with more layers or units, or told of places in literals, to train on from"
    )
    grow.add_argument("model", help="folder of the model")
    grow.add_argument("out", type=Path, help="folder of the larger one")
    grow.add_argument("--copy", type=int, nargs="+", default=[], help="layers whose copies are put in, from 0")
    grow.add_argument("--inner", type=int, default=0, help="units of each feed-forward part (as many as there are)")
    grow.add_argument("--literals", action="store_true", help="tell it where in literals its tokens stand")
    average = commands.add_parser(
        "average", help="a model whose weights are the mean of others', trained on from one another"
    )
    average.add_argument("out", type=Path, help="folder of the mean")
    average.add_argument("models", nargs="+", help="folders of models")
    average.add_argument("--share", type=float, nargs="+", default=[], help="of each (equal ones)")
    loss = commands.add_parser("loss", help="how much a model has to learn in the last traces of folders of shards")
    loss.add_argument("model", help="folder of the model")
    loss.add_argument("folders", type=Path, nargs="+", help="of shards that it was not trained on")
    loss.add_argument("--limit", type=int, default=200, help="traces of each (200)")
    loss.add_argument("--max-length", type=int, default=1280, help="longer ones are left out (1280 tokens)")
    loss.add_argument("--without", nargs="+", default=[], choices=KINDS, help="do not tell it of these positions")
    split = commands.add_parser("split", help="pack a folder into parts small enough to travel one by one")
    split.add_argument("folder", type=Path, help="what is packed")
    split.add_argument("out", type=Path, help="folder of the parts")
    split.add_argument("--megabytes", type=float, default=15, help="of a part, at most (15)")
    join = commands.add_parser("join", help="put the folder of such parts together again")
    join.add_argument("parts", type=Path, help="folder of the parts")
    join.add_argument("folder", type=Path, help="where what was packed goes")
    suite = commands.add_parser("suite", help="write a suite of generated programs, one call each, to stdout")
    suite.add_argument(
        "name", nargs="?", help="a bundled one (real is not generated); else --count seeds from --first on"
    )
    suite.add_argument(
        "--trained",
        action="append",
        default=[],
        metavar="FIRST:LAST[:FAMILY]",
        help="leave out programs with a function of these seeds' programs, and print their seeds to stderr (repeat)",
    )
    suite.add_argument("--first", type=int, default=9_600_000, help="first seed (training uses small ones)")
    suite.add_argument("--count", type=int, help="tasks of a bundled one (100), else seeds (200)")
    atoms = commands.add_parser("atoms", help="write a suite of one-operation programs to stdout, tagged by operation")
    atoms.add_argument("--each", type=int, default=5, help="programs of each operation (5)")
    _add_card(commands.add_parser("card", help="measure a model, and write the figures of its card"))
    count = commands.add_parser(
        "count", help="in how many programs each construct stands, in percent, most frequent first"
    )
    count.add_argument("suite", nargs="?", help="of a suite; else of generated programs")
    count.add_argument("--first", type=int, default=0, help="first seed")
    count.add_argument("--last", type=int, default=2000, help="last seed, excluded (2000)")
    count.add_argument("--family", help="as for record")
    count.add_argument("--programs", help="as for record")
    collect = commands.add_parser(
        "collect", help="collect functions of installed packages, and calls of them, into a file of programs"
    )
    collect.add_argument("out", type=Path, help="JSON lines, compressed as .gz; others' code, with its licences")
    collect.add_argument(
        "--site", type=Path, action="append", default=[], help="folder of packages (repeat; the interpreter's)"
    )
    collect.add_argument(
        "--tests",
        type=Path,
        action="append",
        default=[],
        help="folder of unpacked source distributions, for their tests",
    )
    collect.add_argument("--no-standard-library", action="store_true", help="leave its modules out")
    shapes = commands.add_parser(
        "shapes", help="the sizes, loops, values and traces of programs, of suites beside generated ones"
    )
    shapes.add_argument("suites", nargs="*", help="suites, a column each")
    shapes.add_argument("--first", type=int, default=0, help="first seed")
    shapes.add_argument("--last", type=int, default=1000, help="last seed, excluded (1000)")
    shapes.add_argument("--family", action="append", default=[], help="as for record, a column each (repeat)")
    shapes.add_argument("--programs", help="as for record")
    sample = commands.add_parser("sample", help="print the program of a seed")
    sample.add_argument("seed", type=int, help="from 0 on")
    return parser


def _add_card(card: argparse.ArgumentParser) -> None:
    card.add_argument("model", help="as for cwm-trace eval -m")
    card.add_argument("out", type=Path, help="folder of the runs; what it has is not run again")
    card.add_argument("--suite", required=True, help="benchmark that the card begins with")
    card.add_argument("--card", type=Path, help="file whose figures are replaced; else they are printed")
    card.add_argument("--readme", type=Path, help="file that shows some rows of the card's first table")
    given: dict[str, Any] = {"default": argparse.SUPPRESS}  # the defaults are those of `Card`
    card.add_argument("--max-tokens", type=int, help="of a prediction", **given)
    card.add_argument("--each", type=int, help="programs of each operation", **given)
    card.add_argument("--limit", type=int, help="so many tasks of each suite, to try it out", **given)
    card.add_argument("--family", help="programs whose constructs are counted: as for record", **given)
    card.add_argument("--programs", help="as for record", **given)
    card.add_argument("--seeds", type=int, help="so many of these programs", **given)
    card.add_argument(
        "--shards", type=Path, action="append", default=[], help="folder of shards that it was trained on (repeat)"
    )


_LIVE_PROGRAMS = 200  # of a shard that is written while a model trains: a few seconds' work

_TRAIN_OPTIONS: list[tuple[str, type, object, str]] = [
    ("minutes", float, 0.0, "length of the run in minutes of training, all resumed parts together; 0: --steps counts"),
    ("steps", int, 0, "length of the run in steps, where --minutes is 0"),
    ("tokens_per_batch", int, 5120, "padded tokens in one step on each process"),
    ("max_length", int, 1024, "traces of more tokens are left out"),
    ("short_length", int, 448, "traces of more tokens are left out in the first part of the run"),
    ("short_part", float, 0.6, "how much of the run that part is"),
    ("learning_rate", float, 4e-3, "its peak, of both optimisers"),
    ("warmup", float, 0.02, "how much of the run it rises over, at the beginning"),
    ("decay", float, 0.5, "how much of the run it falls to zero over, at the end"),
    (
        "average",
        float,
        0.0,
        "how far the mean of weights, which is what is saved, moves to the last ones in a step; 0: none",
    ),
    ("accumulate", int, 1, "batches of one step on each process"),
    ("save_minutes", float, 5.0, "time between checkpoints; OUT/model is written with each"),
    ("peak", float, 989e12, "the chip's operations a second, for the log"),
    ("seed", int, 0, "of the weights, and of the order of batches"),
    ("start_from", str, None, "folder of a model whose weights to start from"),
    ("width", int, 192, "of the network: hidden size"),
    ("layers", int, 6, "its layers; one that looks back a window, and one that looks at all, take turns"),
    ("heads", int, 6, "its attention heads"),
    ("inner", int, 512, "width of its feed-forward parts"),
    ("window", int, 256, "tokens that the former looks back"),
    ("positions", int, 4096, "tokens of the longest sequence"),
]


def _train(args: argparse.Namespace) -> None:
    import torch

    from cwm_trace.train.network import Shape
    from cwm_trace.train.record import Recipe
    from cwm_trace.train.trainer import Plan, Trainer

    if torch.cuda.is_available():
        torch.set_float32_matmul_precision("high")
    if args.threads:
        torch.set_num_threads(args.threads)
    if not args.minutes and not args.steps:
        raise SystemExit("give --minutes or --steps")
    options = {item.name: getattr(args, item.name) for item in fields(Plan) if hasattr(args, item.name)}
    options["workers"] = args.generate
    live = Recipe(
        0,
        0,
        per_shard=_LIVE_PROGRAMS,
        calls=args.calls,
        max_tokens=args.max_length,
        suites=tuple(args.suite),
        family=args.family,
        programs=args.programs,
        notes=args.notes,
    )
    shape = Shape(**{item.name: getattr(args, item.name) for item in fields(Shape)})
    print(Trainer(Plan(**options, live=live), shape).run())


def _suite(args: argparse.Namespace) -> None:
    if args.name is None:
        _seeds(args.first, args.count or 200)
        return
    from cwm_trace.train.suites import SIZE, fingerprints_of_seeds, suite_text

    sys.stdout.write(suite_text(args.name, args.count or SIZE, fingerprints_of_seeds(args.trained)))


def _seeds(first: int, count: int) -> None:
    """Programs with a call that compile and end; those of scripts have no call, and are left out."""
    from cwm_trace.tracer import trace_source

    for seed in range(first, first + count):
        program = generate(seed, 1)
        try:
            ended = program.calls and trace_source(program.source, program.calls[0]).complete
        except InputError:
            continue
        if ended:
            print(json.dumps({"id": f"seed-{seed}", "source": program.source, "call": program.calls[0]}))


def _atoms(each: int) -> None:
    from cwm_trace.train.operations import operation_suite

    for task in operation_suite(each):
        print(json.dumps(task))


def _card(args: argparse.Namespace) -> None:
    from cwm_trace.train.card import Card, check_marks, with_figures, with_short_table

    if args.readme is not None and args.card is None:
        raise InputError("--readme shows what is in a card", hint="Give --card, too")
    if args.card is not None:
        check_marks(_text(args.card), args.readme and _text(args.readme))

    options = {item.name: getattr(args, item.name) for item in fields(Card) if hasattr(args, item.name)}
    figures = Card(**options | {"shards": tuple(args.shards)}).figures()
    if args.card is None:
        print(figures)
    else:
        card = with_figures(_text(args.card), figures)
        args.card.write_text(card, "utf-8")
        if args.readme is not None:
            args.readme.write_text(with_short_table(_text(args.readme), card), "utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})") from None


def _count(args: argparse.Namespace) -> None:
    from cwm_trace.train.constructs import count

    if args.suite:
        from cwm_trace.eval.suites import suite_programs

        sources = iter(suite_programs(args.suite))
    else:
        collected = _collected(args.programs)
        sources = (generate(seed, 1, args.family, collected).source for seed in range(args.first, args.last))
    programs, total = count(sources)
    print(f"{programs} programs")
    for name, number in sorted(total.items(), key=lambda item: (-item[1], item[0])):
        print(f"{100 * number / programs:6.2f}  {name}")


def _collect(args: argparse.Namespace) -> None:
    from cwm_trace.train.real import Collector, installed, save_programs, standard_library

    sources, missing = installed(args.site, args.tests)
    if missing:
        wanted = " ".join(package.requirement for package in missing)
        print(
            f"not installed, or under another licence: {len(missing)} packages (pip install --no-deps {wanted})",
            file=sys.stderr,
        )
    collector = Collector()
    library = () if args.no_standard_library else (standard_library() for _ in range(1))
    save_programs(args.out, chain(sources, library), collector)
    json.dump(dict(collector.counts.most_common()), sys.stdout)


def _shapes(args: argparse.Namespace) -> None:
    from cwm_trace.train.shapes import collect, table

    columns = {name: collect(_of_suite(name)) for name in args.suites}
    columns |= {
        name: collect(_of_seeds(args.first, args.last, name, _collected(args.programs))) for name in args.family
    }
    print(*table(columns), sep="\n")


def _of_suite(name: str) -> Iterator[tuple[str, str | None, Trace | None, int]]:
    from cwm_trace.eval.suites import load_suite
    from cwm_trace.tracer import trace_source
    from cwm_trace.train.tokenizer import TraceEncoder

    encoder = TraceEncoder()
    for task in load_suite(name).tasks:
        trace = trace_source(task.source, task.call)
        yield task.source, task.call, trace, len(encoder.encode([trace.render()])[0])


def _collected(path: str | None) -> Sequence[Program]:
    from cwm_trace.train.real import load_programs

    return load_programs(path) if path else ()


def _of_seeds(
    first: int, last: int, family: str, collected: Sequence[Program]
) -> Iterator[tuple[str, str | None, Trace | None, int]]:
    from cwm_trace.train.record import limit_worker, traces_of
    from cwm_trace.train.tokenizer import TraceEncoder

    limit_worker()
    encoder = TraceEncoder()
    for seed in range(first, last):
        program = generate(seed, 1, family, collected)
        try:
            trace = next(iter(traces_of(program, 1)), None)
        except InputError:
            continue
        call = program.calls[0] if program.calls else None
        yield program.source, call, trace, len(encoder.encode([trace.render()])[0]) if trace else 0


def main() -> None:
    """Run the command."""
    try:
        _run(_parser().parse_args())
    except InputError as error:
        raise SystemExit(str(error)) from None


def _run(args: argparse.Namespace) -> None:
    if args.command == "record":
        from cwm_trace.train.record import Recipe, write_shards

        given = {item.name: getattr(args, item.name) for item in fields(Recipe) if hasattr(args, item.name)}
        recipe = Recipe(**given, suites=tuple(args.suite))
        json.dump(write_shards(recipe, args.out, args.workers), sys.stdout)
    elif args.command == "train":
        _train(args)
    elif args.command == "atoms":
        _atoms(args.each)
    elif args.command == "card":
        _card(args)
    elif args.command == "count":
        _count(args)
    elif args.command == "collect":
        _collect(args)
    elif args.command == "shapes":
        _shapes(args)
    elif args.command == "split":
        print(*(path.name for path in split_folder(args.folder, args.out, int(args.megabytes * (1 << 20)))))
    elif args.command == "mix":
        from cwm_trace.train.shards import mix_shards

        print(mix_shards(args.folders, args.out, args.into, args.seed))
    elif args.command == "grow":
        from cwm_trace.train.grow import grow

        grow(args.model, args.out, args.copy, args.literals, args.inner)
    elif args.command == "average":
        from cwm_trace.train.average import average

        average(args.models, args.out, args.share)
    elif args.command == "loss":
        from cwm_trace.train.heldout import table

        print(*table(args.model, args.folders, args.limit, args.max_length, args.without), sep="\n")
    elif args.command == "join":
        print(*join_parts(args.parts, args.folder))
    elif args.command == "suite":
        _suite(args)
    else:
        program = generate(args.seed)
        print(program.source, *program.calls, sep="\n")


if __name__ == "__main__":
    main()
