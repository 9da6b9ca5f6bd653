"""Writes training shards: generates programs, records them with the project's tracer, filters, tokenises.

Each worker is a child process with limits on memory and on the time of each program, and records in-process: the programs are our own,
and starting a process for each would cost more than recording it. Reproducible: a shard is a function of its seeds.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import multiprocessing
import random
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import FrameType

from cwm_trace.errors import InputError
from cwm_trace.eval.suites import BUNDLED, suite_programs
from cwm_trace.format import ACTION_SEP, ARG_SEP, END_OF_TEXT, FRAME_SEP, START_MARK, parse, render_frame
from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.models.past import Part
from cwm_trace.models.past import texts as told_anew
from cwm_trace.tracer.inprocess import record_source
from cwm_trace.tracer.program import TracedProgram
from cwm_trace.train.decontaminate import Filter
from cwm_trace.train.programs import MAX_CHARACTERS, MAX_FRAMES, Program, generate
from cwm_trace.train.real import NO_PROGRAMS, load_programs
from cwm_trace.train.shards import COUNTS, save_shard
from cwm_trace.train.slips import slip
from cwm_trace.train.tokenizer import PAD, TraceEncoder, build_backend
from cwm_trace.train.watched import Crew, Place

SECONDS_A_PROGRAM = 1.0
MEMORY = 3 << 30
_LONGER = 6  # times the usual limits, where traces are learned in parts
READ = 0.8  # of the tokens of such a part: from so many on, the next frame begins another
_RESULTS_ONLY = frozenset(
    {"facts", "deeds", "rounds", "growth", "asks", "catalogue", "sheets", "scales", "pieces"}
)  # of whose traces observations alone are learned
_CHOICES_ONLY = frozenset({"choices"})  # and of whose the lines behind tests
_TESTS = ("if ", "elif ", "while ")
_RAISING = 0.25  # share of traces that raise, of mutants and of varied arguments, that are kept


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a set of shards is made of.

    Attributes:
        first, last: seeds of the programs, last excluded.
        per_shard: seeds in one shard.
        calls: traces of one program, at most.
        max_tokens: longer traces are left out, or learned in parts.
        suites: benchmarks whose programs must not be trained on, as `load_suite` takes them; those of the bundled suites never are.
        family: only programs of this family (see `programs`); None = the usual mixture.
        programs: file of collected programs (`cwm_trace.train.real`), for `real`, `mutant` and `wide`.
        parts: whether of a trace that is too long a part is learned, behind what was before, told anew (`models.past`). Longer ones are
            recorded, then.
        slips: whether runs that slip are learned instead, from where they do (`slips`).
        notes: whether notes stand between the frames (`models.notes`), for a network that reads them.
        observed: share of programs of which observations alone are learned, in a text without the lines of functions; of some
            families (`facts`, `deeds`, `rounds`, `growth`, `asks`) they always are, and of `choices` the lines that tests lead to.
    """

    first: int
    last: int
    per_shard: int = 2000
    calls: int = 2
    max_tokens: int = 1536
    suites: tuple[str, ...] = ()
    family: str | None = None
    programs: str | None = None
    parts: bool = False
    slips: bool = False
    notes: bool = False
    observed: float = 0.0

    def __post_init__(self) -> None:
        if self.family == "real" and self.programs is None:
            raise InputError("real programs are others' code, and not in this repository", hint=NO_PROGRAMS)


class _TooLong(BaseException):
    pass


def _alarm(number: int, frame: FrameType | None) -> None:
    """Not in what the collector of garbage calls, where an exception is lost; another alarm comes."""
    if frame is None or frame.f_code not in (getattr(each, "__code__", None) for each in gc.callbacks):
        raise _TooLong


def suite_sources(suites: tuple[str, ...]) -> Iterator[str]:
    """The programs of the bundled suites and of these (whatever `load_suite` reads; records without a usable call, too), each once."""
    return iter(dict.fromkeys(source for suite in (*BUNDLED, *suites) for source in suite_programs(suite)))


def traces_of(program: Program, calls: int) -> Iterator[Trace]:
    """Traces of a program that end within the limits, and that are those of Python 3.11 as far as is known (`meta["differs"]`)."""
    return (trace for trace in _traces(program.source, program.calls[:calls]) if trace is not None)


def _traces(source: str, calls: Sequence[str], times: int = 1) -> list[Trace | None]:
    """One for each call, or of the script, as long as the limits allow, or so many times; None where it cannot be trained on."""
    if not calls:
        return [_fit(_limited(record_source, source, times))]
    traced = TracedProgram(source)
    return [_fit(_limited(traced.trace, call, times)) for call in calls]


def _record_slip(source: str, call: str | None) -> Trace | None:
    return _fit(_limited(lambda text, **limits: record_source(text, call, **limits), source, 1))


def _fit(trace: Trace | None) -> Trace | None:
    if trace is None or not trace.complete or "differs" in trace.meta:
        return None
    out_of_memory = (trace.raised or "").startswith("MemoryError")  # which is this process's limit
    return None if out_of_memory else trace


def _does_the_same(trace: Trace, other: Trace) -> bool:
    """Whether two traces differ in their lines' text only."""
    return len(trace) == len(other) and all(
        (one.event, one.line_number, one.locals, one.value) == (two.event, two.line_number, two.locals, two.value)
        for one, two in zip(trace.frames, other.frames, strict=True)
        if isinstance(one, Frame) and isinstance(two, Frame)
    )


@contextlib.contextmanager
def _alarms(seconds: float) -> Iterator[None]:
    """Raises `_TooLong` after so long, and again: a program may catch one, and one in a finalizer or a weak reference's callback is lost."""

    def not_raised(lost: sys.UnraisableHookArgs) -> None:
        if lost.exc_type is not _TooLong:
            told(lost)

    told, sys.unraisablehook = sys.unraisablehook, not_raised
    before = signal.signal(signal.SIGALRM, _alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        sys.unraisablehook = told


def _limited(record: Callable[..., Trace], text: str, times: int) -> Trace | None:
    try:
        with _alarms(SECONDS_A_PROGRAM), contextlib.redirect_stdout(io.StringIO()):
            return record(text, max_frames=times * MAX_FRAMES, max_characters=times * MAX_CHARACTERS)
    except (_TooLong, MemoryError):
        return None


@lru_cache(maxsize=1)
def _known(suites: tuple[str, ...]) -> Filter:
    """Read once by each process: it takes as long as hundreds of programs."""
    return Filter.of(suite_sources(suites))


@dataclass(slots=True)
class Maker:
    """Makes token sequences of programs; `counts` says what became of their traces (`unfit`: see `traces_of`)."""

    recipe: Recipe
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            (
                "traces",
                "unfit",
                "same_as_parent",
                "raising_left_out",
                "too_long",
                "parts",
                "slips",
                "repeated",
                "raised",
                "tokens",
                "characters",
            ),
            0,
        )
    )
    seen: set[str] = field(default_factory=set)
    keep: Filter = field(init=False)
    collected: tuple[Program, ...] = field(init=False)
    encoder: TraceEncoder = field(default_factory=TraceEncoder)
    _mark: int = field(init=False)

    def __post_init__(self) -> None:
        known = _known(self.recipe.suites)
        self.keep = Filter(known.known, known.grams)
        ((self._mark,),) = self.encoder.encode([PAD])
        self.collected = load_programs(self.recipe.programs) if self.recipe.programs else ()

    def sequences(self, seed: int) -> list[list[int]]:
        """The traces of a seed's program, as tokens; none if it is not to be trained on."""
        recipe = self.recipe
        program = generate(seed, recipe.calls, recipe.family, self.collected)
        if not self._may_be_seen(program.source) or (program.parent and not self._may_be_seen(program.parent)):
            return []
        rng = random.Random(seed)
        if recipe.slips:
            return self._slipped(program, rng)
        if program.parent is None and program.family != "real":
            found = self._fitting(program.source, program.calls)
        else:
            found = self._changed(rng, program)
        observed = program.family in _RESULTS_ONLY or (recipe.observed > 0 and rng.random() < recipe.observed)
        if program.family in _CHOICES_ONLY:
            return self._tokens(found, rng, self._choices)
        return self._tokens(found, rng, self._results if observed else self._whole)

    def _may_be_seen(self, source: str) -> bool:
        return _compiles(source) and not self.keep.rejects(source)

    def _fitting(self, source: str, calls: Sequence[str]) -> list[Trace | None]:
        traces = _traces(source, calls[: self.recipe.calls], _LONGER if self.recipe.parts else 1)
        self.counts["unfit"] += traces.count(None)
        return traces

    def _changed(self, rng: random.Random, program: Program) -> list[Trace | None]:
        """Traces of a program or of arguments that nobody wrote: few of those that raise. A mutant's parent is recorded to compare with,
        and trained on, too."""
        parents = self._fitting(program.parent, program.calls) if program.parent else []
        kept: list[Trace | None] = [*parents]
        for number, trace in enumerate(self._fitting(program.source, program.calls)):
            parent = parents[number] if parents else None
            if trace is not None and parent is not None and _does_the_same(trace, parent):
                self.counts["same_as_parent"] += 1
            elif trace is not None and trace.raised is not None and rng.random() > _RAISING:
                self.counts["raising_left_out"] += 1
            else:
                kept.append(trace)
        return kept

    def _tokens(
        self,
        found: Sequence[Trace | None],
        rng: random.Random,
        whole: Callable[[Sequence[tuple[Trace, str]]], list[list[int]]],
    ) -> list[list[int]]:
        rendered = [(trace, trace.render()) for trace in found if trace is not None]
        fitting = [(trace, text) for trace, text in rendered if PAD not in text]  # which marks where parts begin
        self.counts["unfit"] += len(rendered) - len(fitting)
        made = []
        for (trace, text), all_ids in zip(fitting, whole(fitting), strict=True):
            ids = all_ids if self._read(all_ids) <= self.recipe.max_tokens else self._part(trace, rng)
            fate = "repeated" if text in self.seen else "traces" if ids else "too_long"
            self.seen.add(text)
            if fate != "traces":
                self.counts[fate] += 1
                continue
            made.append(ids)
            self.counts["parts"] += ids is not all_ids
            self._count(trace, self._read(ids), len(text) * len(ids) // len(all_ids))
        return made

    def _whole(self, found: Sequence[tuple[Trace, str]]) -> list[list[int]]:
        """Traces, and their texts, that are learned from their entry on."""
        if not self.recipe.notes:
            return self.encoder.encode([text for _, text in found])
        return [self._marked(self._unbroken(trace), END_OF_TEXT) for trace, _ in found]

    def _unbroken(self, trace: Trace) -> Part:
        """A trace behind its entry, however long."""
        (part,) = told_anew(trace, 1, self._size, None, notes=self.recipe.notes)
        return part

    def _part(self, trace: Trace, rng: random.Random) -> list[int]:
        """One of the parts of a trace that is too long, [] where none is to be learned."""
        if not self.recipe.parts:
            return []
        limit = int(self.recipe.max_tokens * READ)
        parts = told_anew(trace, 1, self._size, limit, notes=self.recipe.notes)
        cut = [part for part in parts if part.steps]  # a long entry may be told anew at once
        number = rng.randrange(len(cut))
        return self._fitting_ids(self._marked(cut[number], END_OF_TEXT if number == len(cut) - 1 else ""))

    def _fitting_ids(self, ids: list[int]) -> list[int]:
        return ids if self._read(ids) <= self.recipe.max_tokens else []

    def _marked(self, part: Part, end: str, known: int = 0) -> list[int]:
        """Tokens of a part, of which those of its frames are learned, but for the first ones, and those of `end`.

        Padding tokens stand where what is learned begins and ends (`data.learned`).
        """
        pieces = [(part.text, False)]
        for number, (note, step) in enumerate(zip(part.notes, part.steps, strict=True)):
            pieces += [(note, False), (render_frame(step) + FRAME_SEP, number >= known)]
        return self._joined([*pieces, (end, True)])

    def _results(self, found: Sequence[tuple[Trace, str]]) -> list[list[int]]:
        """Traces without the lines of their functions, and not learned but for what their frames show: half as many tokens for each result."""
        return [self._observed(replace(trace, context=_without_bodies(trace.context))) for trace, _ in found]

    def _observed(self, trace: Trace) -> list[int]:
        """Tokens of a trace of which observations are learned: variables, what is returned or raised, and that it is raised."""
        part = self._unbroken(trace)
        pieces = [(part.text, False)]
        for note, step in zip(part.notes, part.steps, strict=True):
            before, action, line = (render_frame(step) + FRAME_SEP).partition(ACTION_SEP)
            line, argument, value = line.partition(ARG_SEP)
            pieces += [
                (note, False),
                (before, not argument or step.event is Event.EXCEPTION),
                (action + line, False),
                (argument + value, bool(argument)),
            ]
        return self._joined(pieces)

    def _choices(self, found: Sequence[tuple[Trace, str]]) -> list[list[int]]:
        """Traces without the lines of their functions, which notes show where they may run, and not learned but for those behind tests."""
        return [self._chosen(trace) for trace, _ in found]

    def _chosen(self, trace: Trace) -> list[int]:
        part = self._unbroken(trace)
        pieces = [(part.text.replace(trace.context, _without_bodies(trace.context), 1), False)]
        asked = False
        for note, step in zip(part.notes, part.steps, strict=True):
            before, action, line = (render_frame(step) + FRAME_SEP).partition(ACTION_SEP)
            runs = isinstance(step, Frame) and step.event is Event.LINE
            pieces += [(note, False), (before, False), (action + line, asked and runs)]
            asked = runs and step.source.lstrip().startswith(_TESTS)
        return self._joined(pieces)

    def _joined(self, pieces: Sequence[tuple[str, bool]]) -> list[int]:
        """Tokens of texts, each of which is learned or not."""
        ids: list[int] = []
        on = False
        for (text, wanted), tokens in zip(pieces, self.encoder.encode([text for text, _ in pieces]), strict=True):
            if text and wanted is not on:
                ids.append(self._mark)
                on = wanted
            ids += tokens
        return ids

    def _read(self, ids: list[int]) -> int:
        """How many of these tokens a network reads."""
        return len(ids) - ids.count(self._mark)

    def _slipped(self, program: Program, rng: random.Random) -> list[list[int]]:
        """Of each of its traces one that slips, where one does: what is behind that is to be learned."""
        made = []
        calls = program.calls[: self.recipe.calls]
        for number, true in enumerate(self._fitting(program.source, calls)):
            call = calls[number] if calls else None
            found = None if true is None else slip(true, program.source, call, rng, _record_slip)
            if found is None or PAD in (text := found.trace.render()) or text in self.seen:
                self.counts["unfit"] += true is not None
                continue
            self.seen.add(text)
            if not (ids := self._fitting_ids(self._marked(self._unbroken(found.trace), END_OF_TEXT, found.frame))):
                self.counts["too_long"] += 1
                continue
            made.append(ids)
            self.counts["slips"] += 1
            self._count(found.trace, self._read(ids), len(text))
        return made

    def _count(self, trace: Trace, tokens: int, characters: int) -> None:
        """A trace that is learned."""
        counted = {"traces": 1, "raised": trace.raised is not None, "tokens": tokens, "characters": characters}
        for name, count in counted.items():
            self.counts[name] += count

    def _size(self, text: str) -> int:
        return len(self.encoder.encode([text])[0])


def _write_shard(job: tuple[Recipe, int, Path], place: Place, left_out: frozenset[int]) -> dict[str, int]:
    recipe, number, out = job
    limit_worker()
    start = recipe.first + number * recipe.per_shard
    maker = Maker(recipe)
    sequences: list[list[int]] = []
    for seed in range(start, min(start + recipe.per_shard, recipe.last)):
        if seed not in left_out:
            place.value = seed
            sequences += maker.sequences(seed)
    save_shard(shard_path(out, start), sequences)
    return maker.counts | maker.keep.counts


def shard_path(folder: Path, start: int) -> Path:
    """Where the shard that begins with this seed stands."""
    return folder / f"shard-{start:09d}.npz"


def _without_bodies(context: str) -> str:
    """A context without the lines of its functions, but for those of the entry."""
    program, entry, rest = context.rpartition(f"def main():{START_MARK}")
    return (
        "".join(line for line in program.splitlines(keepends=True) if line.strip() and not line[0].isspace())
        + entry
        + rest
    )


def _compiles(source: str) -> bool:
    try:
        compile(source, "<generated>", "exec")
    except SyntaxError:  # quotes inside an f-string of the same quotes, before 3.12
        return False
    return True


def limit_worker() -> None:
    """Limits of a process that records generated programs."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.unraisablehook = lambda _: None  # a generator of a program that was stopped at a limit ends with an exception
    import warnings

    warnings.simplefilter("ignore")  # generated code compares literals with `is`, and the like


def write_shards(recipe: Recipe, out: Path, workers: int = 1) -> dict[str, int]:
    """Write all shards of a recipe that are not there yet; returns the summed counts, also kept in `out/counts.jsonl`."""
    out.mkdir(parents=True, exist_ok=True)
    count = -(-(recipe.last - recipe.first) // recipe.per_shard)
    jobs = [(recipe, number, out) for number in range(count)]
    todo = [job for job in jobs if not shard_path(out, recipe.first + job[1] * recipe.per_shard).exists()]
    total: dict[str, int] = {}
    with Crew(multiprocessing.get_context("spawn"), _write_shard, workers) as crew:
        for counts in crew.run(todo):
            total = {name: total.get(name, 0) + value for name, value in counts.items()}
            with (out / COUNTS).open("a") as file:
                file.write(json.dumps(counts) + "\n")
    return total


def read_trace(ids: list[int]) -> Trace:
    """A trace from its tokens."""
    return parse(build_backend().decode(ids, skip_special_tokens=False))
