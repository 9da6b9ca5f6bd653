"""CPython's evaluation loop, over values of which operations are asked for: which events a program has, in which order, with which variables.

What the program does with its own parts is followed here: calls, returns, generators, exceptions, variables. What operations give is asked for
(`machine.questions`). Knows nothing of frames as they are written; runs nothing of the program.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from cwm_trace.frames import Event
from cwm_trace.lying import Lying, lying_in
from cwm_trace.models.machine.active import (
    Activation,
    Again,
    Attach,
    Below,
    Body,
    Call,
    Choice,
    Doubt,
    Finaliser,
    Happening,
    Happens,
    Helper,
    Leaves,
    Otherwise,
    Pause,
    Paused,
    Request,
    Resume,
    Spawn,
    TooDeep,
    Waiting,
    Work,
    Wrapped,
)
from cwm_trace.models.machine.binding import bound
from cwm_trace.models.machine.code import CONVENTION, MAIN, Instruction
from cwm_trace.models.machine.drawn import Drawn
from cwm_trace.models.machine.questions import Questions
from cwm_trace.models.machine.reach import (
    HOLDING_NOTHING,
    held_by_work,
    in_ring,
    is_due,
    of_frame,
    of_unwound,
    parts_of,
    reached,
    reached_in_order,
    watched,
)
from cwm_trace.models.machine.values import (
    END,
    Builtin,
    Dict,
    Function,
    Hashed,
    Lost,
    Object,
    Raised,
    Unknown,
    Value,
    children,
    error,
    find,
    is_made_of,
)
from cwm_trace.prompts import UNKNOWN_START, Start

_Kind = TypeVar("_Kind")
MOST_STEPS, MOST_UNSEEN = 4_000_000, 100_000
"""Instructions of one trace, and items that are gone through; of them, those before its first frame."""
DEEPEST = 900
"""Python frames; a program may have a few more before it meets its own limit."""


_BEFORE_IT_IS_ONE = ("MAKE_CELL", "COPY_FREE_VARS", "GET_ITER", "GET_AITER")
"""Instructions of a generator that count before it is one; from 3.15 on it may begin with what it goes through."""


_CAUGHT = 20  # exceptions that are looked at for what they have


class Interpreter:
    """One program at work.

    Attributes:
        active: its Python frames, and work on top of them.
        handled: the exception that is being handled; None: there is none.
        paused: the generators that wait, so that what nobody has any more is closed.
        threads: those that run, each on top of the one before; `waiting`: those that do not.
    """

    def __init__(
        self,
        operations: Mapping[str, Callable[[Interpreter, Activation, Instruction], Leaves | None]],
        questions: Questions,
        start: Start = UNKNOWN_START,
    ) -> None:
        self._operations, self.questions = operations, questions
        questions.on_unknown = self.doubted
        self.active: list[Activation | Helper] = []
        self.handled: Value = None
        self.paused: list[Paused] = []
        self.finalisers: list[Finaliser] = []
        self.ringed: list[Paused | Finaliser] = []  # what waits for the collector, as something has it that has itself
        self.caught: list[Object] = []  # exceptions that were raised while generators waited, the last ones
        self.pending: list[Value] = []  # what is going to be closed or finalised
        self.weakly: list[Value] = []  # what is referred to weakly
        self.collected: list[Value] = []  # of it, what the collector has found
        self.has_finalisers = False  # whether a class of the program has `__del__`
        self.threads: list[Below] = []
        self.waiting: list[Waiting] = []
        self.has_moved = False  # whether a thread has gone on since that was asked for last
        self.clock: Value = 0.0  # of threads, in seconds; it stands still while one runs
        self.moments = 0  # how often a clock has been asked
        self._steps = 0
        self.deepest = 1000  # Python frames, as the program has it
        self.is_apart = False  # whether a module of the library is being run, which is no part of the program
        self._identities: dict[int, tuple[Value, Object]] = {}
        self._shown: Value = None  # what is on its way out of a frame while that is shown
        self.choice: Choice | None = None  # that is to be made before anything else
        self.chosen: bool | None = None
        self.quiet = 0
        self.doubt: Doubt | None = None
        self.presumed: Doubt | None = None
        self.drawn = Drawn()
        self._addresses: dict[int, tuple[Value, str]] = {}
        self._places: dict[int, tuple[Value, str]] = {}
        self.views: list[tuple[Value, Object]] = []  # of bytearrays, which these share
        self.stop: Value = None  # the StopIteration with which the last iterator ended, if it raised one
        self.modules: dict[str, dict[str, Value]] = {}  # of the library, that sources of our own are followed for
        self.shipped: dict[str, dict[str, Value]] = {}  # the same, by Python's own sources
        self.own: dict[str, dict[str, Value]] = {}  # modules of the program's own beside its file (`machine.beside`)
        self.start = start
        self.folder = Path(start.path).resolve().parent if start.path else None
        """Where modules of the program's own lie; None: it has no file."""
        self.awaitables: list[Function] = []  # functions whose generators can be awaited
        self.hooked: dict[tuple[int, int | str], tuple[Value, bool]] = {}  # what abstract classes have said of others
        self.imported = Dict()  # `sys.modules`, as far as the program has put something there
        self.patched: dict[tuple[str, str], Value] = {}  # names of modules that it has bound; `UNSET`: has deleted
        self.is_framing = False  # whether what is shown is for a frame, which has no addresses
        self.streams: dict[str, Value] = {}  # of `sys`, that a program has put there, by their names
        self.is_unseen = False  # whether the trace has not begun
        self.entry: int | None = None  # the line of the function from which on all is shown

    @cached_property
    def lying(self) -> Lying:
        """The files where the program starts: looked at once, as they were then."""
        return lying_in(self.start.folder)

    @property
    def bottom(self) -> Activation:
        """Of the program's module."""
        bottom = self.active[0]
        assert isinstance(bottom, Activation)
        return bottom

    @property
    def frame(self) -> Activation:
        """The Python frame that is running."""
        if (frame := next(self.frames(), None)) is None:
            raise Lost
        return frame

    def frames(self) -> Iterator[Activation]:
        """The Python frames that are active, the one that is running first."""
        return (each for each in reversed(self.active) if isinstance(each, Activation))

    @property
    def is_in_library(self) -> bool:
        """Whether the Python frame that is running is one of the library."""
        return _is_of_library(next(self.frames(), None))

    def events(self, depth: int = 0) -> Iterator[Happening]:
        """What happens until no more than so many are active. Raises Raised where an exception leaves them, Lost."""
        while len(self.active) > depth:
            top = self.active[-1]
            self.spend()
            if len(self.active) > 2 * DEEPEST:
                raise TooDeep
            try:
                if isinstance(top, Helper):
                    if (seen := self._help(top)) is not None:
                        yield from self._seen(self.frame, seen)
                else:
                    yield from self._step(top)
            except Raised as error:
                try:
                    yield from self._unwind(error, depth)
                except Otherwise:
                    pass

    def spend(self) -> None:
        """Take note of a step. Raises Lost where there have been too many."""
        self._steps += 1
        if self.is_spent:
            raise Lost

    @property
    def is_spent(self) -> bool:
        """Whether there have been too many steps."""
        return self._steps > (MOST_UNSEEN if self.is_unseen else MOST_STEPS)

    def _step(self, top: Activation) -> Iterator[Happening]:
        instruction = top.code.instructions[top.at]
        top.line = instruction.line or top.line
        if not top.quiet and (instruction.name == "RESUME" or self._is_new_line(top, instruction)):
            self._look_at(top)
            top.is_seen = True
            yield Happening(Event.CALL if instruction.name == "RESUME" else Event.LINE, top)
        top.before, top.at = top.at, top.at + 1
        operation = self._operations.get(instruction.name)
        if operation is None:
            raise Lost(instruction.name)
        left = operation(self, top, instruction)
        if self.choice is not None:
            yield from self._chosen(top, self.choice)
        if left is not None:
            if not top.quiet:
                self._shown = left.value
                yield Happening(Event.RETURN, top, left.value, left.pauses)
                self._shown = None
            self._leave(top, left)
            if self.is_watching and not (_is_of_library(top) and _is_of_library(self._below())):
                self.close_left((left.value,), of_frame(top))

    def _chosen(self, top: Activation, choice: Choice) -> Iterator[Happening]:
        self.choice = self.chosen = None
        if top.quiet:
            raise Lost
        yield Happening(Event.LINE, top, choice)
        if self.chosen is None:
            raise Lost
        choice.then(self.chosen)

    def _look_at(self, top: Activation) -> None:
        """What only the last look at a frame has kept alive goes now, and nobody sees that."""
        if not self.is_watching or not CONVENTION.keeps_locals:
            top.snapshot = ()
            return
        top.snapshot = [*top.fast.values(), *(cell.value for cell in top.cells.values())]
        for each in self.unreachable():
            if any(each is other for other in (*self.paused, *self.finalisers)):  # not by what another one did
                self.quietly(self._closed(each))

    def _below(self) -> Activation | None:
        """The Python frame that goes on now, if no work on top of it does."""
        top = self.active[-1] if self.active else None
        return top if isinstance(top, Activation) else None

    def let_go(self, value: Value) -> None:
        """Close what only this had, which a frame has let go of; one of the library sees to that when it is left."""
        if self.is_watching and not isinstance(value, HOLDING_NOTHING) and not _is_of_library(self._below()):
            self.close_left((), (value,))

    @property
    def is_watching(self) -> bool:
        """Whether something is done when a value goes that the program has."""
        return bool(self.paused or self.finalisers)

    def close_left(self, given: Sequence[Value] = (), going: Sequence[Value] = ()) -> None:
        """Close generators that nothing has any more, and finalise; `given`: what is on its way; `going`: what went, in its order."""
        for work in reversed(self._closings(given, lambda: reached_in_order(going), going)):
            self.active.append(Helper(work, lambda _: None))

    def closing_left(self, order: Sequence[int] = ()) -> Work:
        """The same, in the middle of work; `order`: the identities of what went."""
        for work in self._closings((), lambda: order):
            yield from work

    def _closings(
        self, given: Sequence[Value], order: Callable[[], Sequence[int]], going: Sequence[Value] = ()
    ) -> list[Work]:
        left = self.unreachable(given)
        if left:
            held = reached([each for each in self.caught if in_ring(each)])
            if going and any(isinstance(each, Paused) for each in left):
                held |= reached([*going]).difference(order())
            ringed = [each for each in left if id(watched(each)) in held]
            self.ringed = [each for each in self.ringed if not getattr(each, "ended", False)] + ringed
            left = [each for each in left if not any(each is other for other in ringed)]
        if len(left) > 1:
            places = {place: number for number, place in enumerate(order())}
            left.sort(key=lambda each: places.get(id(watched(each)), len(places)))
        return [self._closed(each) for each in left]

    def _closed(self, each: Paused | Finaliser) -> Work:
        """What happens to a generator that nothing has any more, or to what has a finaliser."""
        if not isinstance(each, Finaliser):
            self.pending.append(each)
            self.paused = _without(self.paused, each)
            return self._closed_generator(each)
        self.unwatch(each)
        waits = each.target if each.is_own else tuple(parts_of(each.target))  # whom weak references no longer give
        self.pending.append(waits)
        return self._finalised(waits, each.work())

    def _begin_closing(self, value: Value) -> None:
        self.pending = _without(self.pending, value)

    def _finalised(self, value: Value, work: Work) -> Work:
        self._begin_closing(value)
        del value
        try:
            yield from work
        except Raised:
            pass  # it is printed

    def watch(self, finaliser: Finaliser) -> None:
        """Do that when it is due: after a value's own `__del__`, and before what is so since longer."""
        places = [number for number, each in enumerate(self.finalisers) if each.target is finaliser.target]
        has_own = bool(places) and find(finaliser.target.kind, "__del__") is not None
        self.finalisers.insert(places[0] + has_own if places else len(self.finalisers), finaliser)

    def unwatch(self, finaliser: Finaliser) -> None:
        """Do not."""
        self.finalisers = _without(self.finalisers, finaliser)

    def collect(self) -> Work:
        """What the collector of garbage does: what is gone but for itself is finalised. Raises Lost."""
        gone = self._gone()
        self.collected += [each for each in self.weakly if id(each) in gone]
        for each in [each for each in self.finalisers if id(each.target) in gone]:
            yield from self._closed(each)

    def _gone(self) -> set[int]:
        """The identities of what the program has no more, of what is referred to weakly or has a finaliser."""
        looked_for = {id(each) for each in (*self.weakly, *(each.target for each in self.finalisers))}
        return looked_for - reached([*self._roots(), *self.paused], looked_for)

    def _closed_generator(self, generator: Paused) -> Work:
        self._begin_closing(generator)
        if generator.class_name == "generator":
            order = reached_in_order(of_unwound(generator.frame)) if len(self.paused) + len(self.finalisers) > 1 else ()
            yield from closed_generator(generator)
            yield from self.closing_left(order)
            return
        if generator.frame.before < 0:
            generator.ended = True  # nobody has awaited it
        elif generator.class_name == "async_generator":
            yield from self._given_to_loop(generator)
        else:
            yield from closed_generator(generator)

    def _given_to_loop(self, generator: Paused) -> Work:
        space = self.modules.get("asyncio", {})
        if not space:
            raise Lost
        yield Call(space["_let_go"], [generator])

    def _is_new_line(self, top: Activation, instruction: Instruction) -> bool:
        """CPython 3.11, `maybe_call_line_trace`: the line is another, or the jump was backwards."""
        if not instruction.line or top.at < top.code.begins:
            return False
        if top.before <= top.code.begins:
            return True
        before = top.code.instructions[top.before]
        return before.line != instruction.line or (instruction.offset < before.offset and instruction.name != "SEND")

    def _leave(self, top: Activation, left: Leaves) -> None:
        self.active.pop()
        generator = top.generator
        if generator is None:
            self.deliver(left.value)
        elif left.pauses:
            generator.runs = False
            generator.handled, self.handled = self.handled, generator.around
            self.paused.append(generator)
            self.deliver(left.value)
        else:
            generator.runs, generator.ended, generator.result = False, True, left.value
            self.deliver(END)

    def deliver(self, value: Value) -> None:
        """Give what has come of a call to what called."""
        if not self.active:
            return
        if isinstance(top := self.active[-1], Helper):
            top.sent = value
        else:
            top.stack.append(value)

    def begin(self, work: Work | Any, then: Callable[[Value], None] | None = None) -> None:
        """Do something on top of the frame that is running, which is given what comes of it."""
        then = then or self.frame.stack.append
        if isinstance(work, Generator):
            self.active.append(Helper(work, then))
        else:
            then(work)
            if (self.finalisers or (work is None and self.paused)) and not _is_of_library(self._below()):
                self.close_left()

    def _help(self, helper: Helper) -> Value | None:
        """Go on with work; an exception that is only seen."""
        try:
            if helper.error is not None:
                error, helper.error = helper.error, None
                request = helper.work.throw(error)
            else:
                sent, helper.sent = helper.sent, None
                request = helper.work.send(sent)
        except StopIteration as ended:
            self.active.pop()
            helper.then(ended.value)
            if self.is_watching and not _is_of_library(self._below()):
                self.close_left((ended.value,))
            return None
        if isinstance(request, Happens):
            return request.error if not self.frame.quiet else None
        self._grant(request)
        return None

    def _grant(self, request: Request) -> None:
        match request:
            case Call(function=function, args=args, named=named):
                self.push(function, args, named)
            case Body(function=function, space=space):
                self.active.append(self._quietly(Activation(function.code, function.space, space, function=function)))
            case Resume(generator=generator, closes=True) if (
                generator.frame.before < 0 and not CONVENTION.enters_unbegun
            ):
                self.paused = _without(self.paused, generator)
                generator.ended = True
                self.deliver(END)
            case Resume(generator=generator, value=value, error=error):
                self._resume(generator, value, error)
            case Spawn(work=work):
                self._attach([Helper(work, self._thread_ends)], None)
            case Pause(until=until):
                depth = self.threads[-1].depth
                self.waiting.append(Waiting(self.active[depth:], self.handled, until))
                del self.active[depth:]
                self._leave_thread()
            case Attach(thread=thread, goes_on=goes_on):
                top = thread.stack[-1]
                assert isinstance(top, Helper)
                top.sent = goes_on
                self._attach(thread.stack, thread.handled)

    def _attach(self, stack: Sequence[Activation | Helper], handled: Value) -> None:
        self.threads.append(Below(len(self.active), self.handled))
        self.active += stack
        self.handled = handled
        self.quiet += 1  # a thread has a trace of its own

    def _thread_ends(self, _: Value) -> None:
        self.has_moved = True
        self._leave_thread()

    def _leave_thread(self) -> None:
        self.handled = self.threads.pop().handled
        self.quiet -= 1

    def push(self, function: Function, args: Sequence[Value], named: Mapping[str, Value]) -> None:
        """Call a function: what it gives is delivered."""
        if self.entry is not None and _defined_at(function, self.entry):
            self.entry, self.quiet, self.is_unseen = None, 0, False
        frame = Activation(function.code, function.space, fast=bound(function, args, named), function=function)
        self._quietly(frame)
        if function.code.pausing:
            frame.generator = Paused(frame, function.qualname, function.code.pausing)
            self._prepare(frame)
            self.paused.append(frame.generator)
            self.deliver(frame.generator)
            return
        self.active.append(frame)

    def _prepare(self, frame: Activation) -> None:
        """What a generator's frame does before it is one."""
        for number, instruction in enumerate(frame.code.instructions[: frame.code.begins]):
            if instruction.name in _BEFORE_IT_IS_ONE or instruction.name.startswith("LOAD_FAST"):
                frame.before = number
                self._operations[instruction.name](self, frame, instruction)
        frame.at = frame.code.begins
        frame.before = -1

    def _quietly(self, frame: Activation) -> Activation:
        frame.quiet = self.quiet > 0 or frame.code.module != MAIN
        return frame

    def _resume(self, generator: Paused, value: Value, thrown_in: Value) -> None:
        if generator.runs:
            raise error("ValueError", f"{generator.class_name.replace('_', ' ')} already executing")
        if generator.ended:
            if generator.class_name == "coroutine":
                raise error("RuntimeError", "cannot reuse already awaited coroutine")
            if thrown_in is not None:
                raise Raised(thrown_in)
            self.deliver(END)
            return
        frame = generator.frame
        self.paused = _without(self.paused, generator)
        generator.runs = True
        generator.around, self.handled = self.handled, generator.handled or self.handled
        self._quietly(frame)
        if frame.before >= 0:
            frame.stack.append(value)
        self.active.append(frame)
        if thrown_in is not None:
            raise _Thrown(thrown_in)

    def identity(self, value: Value) -> Hashed:
        """Its `id`, which nobody knows, and which is that of no other."""
        _, marker = self._identities.setdefault(id(value), (value, Object(Builtin("object"))))
        return Hashed(marker, is_place=True)

    def place(self, identity: Hashed) -> str:
        """An `id` in digits, as good as any."""
        if id(identity.content) not in self._places:
            self._places[id(identity.content)] = identity.content, self.drawn.guess("place")
        return self._places[id(identity.content)][1]

    def address(self, identity: Hashed) -> str:
        """An identity in hexadecimal digits, as good as any."""
        if id(identity.content) not in self._addresses:
            self._addresses[id(identity.content)] = identity.content, self.drawn.guess("address")
        return self._addresses[id(identity.content)][1]

    def doubted(self) -> None:
        """Take note that what was asked for now is unknown, and may raise; the library mostly asks clocks and the like, which do not."""
        if self.doubt is None and not self.quiet and not self.is_in_library:
            depth = max(number for number, each in enumerate(self.active) if isinstance(each, Activation)) + 1
            frame = self.frame
            self.doubt = Doubt(depth, frame, frame.at, frame.before, frame.line, [*frame.stack], dict(frame.fast))

    def presume(self) -> None:
        """Take note that the exception to come from the library is one only as far as is known: what was called may have given something."""
        frames = [*enumerate(self.active)]
        depth = 1 + max(place for place, each in frames if isinstance(each, Activation) and not _is_of_library(each))
        frame = self.active[depth - 1]
        if isinstance(frame, Activation) and not frame.quiet:
            self.presumed = Doubt(depth, frame, frame.at, frame.before, frame.line, [*frame.stack], dict(frame.fast))

    def otherwise(self) -> None:
        """Let what was called then have given something unknown. The generator of events must be thrown an `Otherwise` next."""
        assert self.presumed is not None
        self.back_to(self.presumed)
        self.presumed.frame.stack.append(self.unknown())

    def unknown(self) -> Unknown:
        """What comes of what is unknown: something unknown, which may have raised instead."""
        self.doubted()
        return Unknown()

    def back_to(self, doubt: Doubt) -> None:
        """As it was when that was asked for."""
        del self.active[doubt.depth :]
        frame = doubt.frame
        frame.at, frame.before, frame.line = doubt.at, doubt.before, doubt.line
        frame.stack[:], frame.fast = doubt.stack, doubt.fast

    def quietly(self, work: Work) -> Value:
        """What comes of work that no trace shows. Raises Raised, Lost."""
        depth, stop = len(self.active), self.stop  # which may be on its way
        found: list[Value] = []
        self.quiet += 1
        try:
            self.active.append(Helper(work, found.append))
            for _ in self.events(depth):
                pass
        finally:
            self.quiet -= 1
            self.stop = stop
            del self.active[depth:]
        return found[0]

    def apart(self, work: Work) -> Value:
        """The same, of work that counts by itself, and during which nothing is handled. Raises Raised, Lost."""
        kept = self._steps, self.handled, self.is_apart
        self._steps, self.handled, self.is_apart = 0, None, True
        try:
            return self.quietly(work)
        finally:
            self._steps, self.handled, self.is_apart = kept

    def _unwind(self, raised: Raised, depth: int) -> Iterator[Happening]:
        """Hand an exception on to where it is handled."""
        while True:
            top = self.active[-1]
            if isinstance(top, Helper):
                top.error = Raised(raised.error)
                try:
                    if (seen := self._help(top)) is not None:
                        yield from self._seen(self.frame, seen)
                    return
                except Raised as error:
                    if self.active[-1] is top:
                        self.active.pop()
                    raised = error
                    if self.is_watching and len(self.active) > depth:
                        yield from self._closed_now((error.error,))
            else:
                if isinstance(raised, _Thrown) and not top.quiet:
                    # One that has run in other threads only has no line yet.
                    first = top.code.made.co_firstlineno
                    top.line = (top.code.instructions[top.at].line or top.line) if top.is_seen else first
                    yield Happening(Event.CALL, top)
                if not top.quiet and not isinstance(raised, Again):
                    yield from self._seen(top, raised.error)
                if isinstance(raised.error, Object):
                    if not raised.error.frames:
                        raised.error.context = chained(raised.error, self.handled)
                        self.caught = [*self.caught[-_CAUGHT:], raised.error] if self.is_watching else []
                    if top not in raised.error.frames:
                        raised.error.frames.append(top)
                    if not isinstance(raised, Again):
                        raised.error.places.append((top, top.line, top.offset))
                if self._handles(top, raised.error):
                    yield from self._closed_now(())
                    return
                top.stack.clear()
                yield from self._closed_now((raised.error,))
                if not top.quiet:
                    yield Happening(Event.RETURN, top)
                self.active.pop()
                raised = self._left_by(top, raised.error)
            if len(self.active) <= depth:
                raise raised

    def _seen(self, frame: Activation, error: Value) -> Iterator[Happening]:
        """An exception's event, which the exception lives through."""
        self._shown = error
        yield Happening(Event.EXCEPTION, frame, error)
        self._shown = None

    def _closed_now(self, given: Sequence[Value]) -> Iterator[Happening]:
        """The same as `close_left`, at once."""
        depth = len(self.active)
        for each in self.unreachable(given):  # the one that was made last goes first
            self.active.append(Helper(self._closed(each), lambda _: None))
        yield from self.events(depth)

    def _left_by(self, top: Activation, raised: Value) -> Raised:
        if top.generator is None:
            return Raised(raised)
        top.generator.runs, top.generator.ended = False, True
        kind = top.generator.class_name
        for name in ("StopIteration", "StopAsyncIteration") if kind == "async_generator" else ("StopIteration",):
            if is_made_of(raised.kind, Builtin(name)):
                wrong = error("RuntimeError", f"{kind.replace('_', ' ')} raised {name}")
                wrong.error.cause = wrong.error.context = raised
                return wrong
        return Raised(raised)

    def _handles(self, top: Activation, error: Value) -> bool:
        handler = top.code.handler_of(top.code.instructions[top.at - 1])
        if handler is None:
            return False
        del top.stack[handler.depth :]
        if handler.has_place:
            top.stack.append(top.before)
        top.stack.append(error)
        top.at = top.code.places[handler.target]
        return True

    def unreachable(self, besides: Sequence[Value] = ()) -> list[Paused | Finaliser]:
        """The generators that wait, and what has a finaliser, that nothing has any more, but for what such ones have themselves."""
        if not self.is_watching:
            return []
        looked_at: list[Paused | Finaliser] = [*self.paused, *self.finalisers]
        looked_at = [each for each in looked_at if not any(each is other for other in self.ringed)]
        needed = [each.needs for each in self.finalisers if each.needs is not None]
        seen = reached([*besides, *self._roots()], {id(watched(each)) for each in looked_at} | {*map(id, needed)})
        left = [each for each in looked_at if id(watched(each)) not in seen and is_due(each, seen)]
        if not left or (len(left) == 1 and isinstance(left[0], Paused)):
            return left
        inner = set().union(*(reached(parts_of(watched(each))) for each in left))  # a ring waits for the collector
        return [each for each in left if id(watched(each)) not in inner]

    def check_size(self, octets: Value) -> None:
        """Raises Raised for a bytearray that is seen by a view, and is to have another size."""
        self.views = [(each, view) for each, view in self.views if not view.attributes["_is_released"]]
        if any(each is octets and self.reaches(view) for each, view in self.views):
            raise error("BufferError", "Existing exports of data: object cannot be re-sized")

    def reaches(self, value: Value) -> bool:
        """Whether the program still has a value. What only the value itself has waits for the collector, which mostly comes later."""
        if any(each is value for each in self.collected):
            return False
        return id(value) in reached([*self._roots(), *self.paused], {id(value)}) or id(value) in reached(
            [*children(value)]
        )

    def _roots(self) -> list[Value]:
        """All that a program has at hand, what is looked for mostly last: what Python frames have, those on top behind the others."""
        roots: list[Value] = [
            self.handled,
            self._shown,
            *self.pending,
            *(value for each in self.finalisers for value in each.held),
        ]
        spaces: dict[int, dict[str, Value]] = {}
        for each in [*self.active, *(each for thread in self.waiting for each in thread.stack)]:
            if isinstance(each, Helper):
                roots += [*held_by_work(each.work), each.sent, each.error and each.error.error]
            else:
                spaces[id(each.space)] = each.space
                roots += [*of_frame(each), *(each.names or {}).values(), *each.snapshot]
        return [*(value for space in spaces.values() for value in space.values()), *roots]


def _is_of_library(frame: Activation | None) -> bool:
    return frame is not None and frame.code.module != MAIN


def _without(items: list[_Kind], gone: Value) -> list[_Kind]:
    """All but this very one."""
    return [each for each in items if each is not gone]


def closed_generator(generator: Paused) -> Work:
    """What happens when a generator is told to end."""
    if generator.ended:
        return None
    inner = generator.inner
    if isinstance(inner, Paused):
        generator.runs = True
        yield from closed_generator(inner)
        generator.runs = False
    elif isinstance(inner, Object):
        if (close := find(inner.kind, "close")) is not None:
            yield Call(close, [inner])
    try:
        given = yield Resume(generator, error=Object(Builtin("GeneratorExit")), closes=True)
    except Raised as raised:
        if any(raised.is_a(name) for name in ("GeneratorExit", "StopIteration")):
            return None
        raise
    if given is not END:
        raise error("RuntimeError", f"{generator.class_name.replace('_', ' ')} ignored GeneratorExit")
    return None


def thrown(generator: Paused, raised: Value, told: Sequence[Value]) -> Work:
    """What comes of an exception that is thrown into a generator: what it takes from is told first, as it was told. Raises Raised, Lost."""
    inner = None if generator.ended else generator.inner
    if inner is None:
        return (yield Resume(generator, error=raised))
    if (throws := getattr(inner, "throw", None)) is not None:
        return (yield from _thrown_through(generator, throws(raised, told)))
    throw = find(inner.kind, "throw") if isinstance(inner, Object) else None
    if throw is None and (isinstance(inner, Object) or getattr(inner, "left", None) is not None):
        return (yield Resume(generator, error=raised))  # to what it takes from, nothing can be told
    if not isinstance(inner, Paused) and throw is None:
        raise Lost
    generator.runs = True
    try:
        if throw is not None:
            made = yield Call(throw, [inner, *told])
        else:
            made = yield from thrown(inner, raised, told)
    except Raised as answer:
        if throw is None or not answer.is_a("StopIteration"):
            generator.runs = False
            return (yield Resume(generator, error=answer.error))
        made, result = END, answer.error.held[0] if answer.error.held else None
    else:
        result = getattr(inner, "result", None)
    generator.runs = False
    if made is not END:
        return made
    generator.frame.leave_inner()
    return (yield Resume(generator, result))


def _thrown_through(generator: Paused, work: Work) -> Work:
    """The same, where what it takes from is awaited: a step of an asynchronous generator, which has an item, or waits again."""
    generator.runs = True
    try:
        made = yield from work
    except Raised as answer:
        generator.runs = False
        return (yield Resume(generator, error=answer.error))
    generator.runs = False
    if not isinstance(made, Wrapped):
        return made
    generator.frame.leave_inner()
    return (yield Resume(generator, made.value))


def done(given: Work | Any) -> Work:
    """What work gives; what is no work is given as it is."""
    return (yield from given) if isinstance(given, Generator) else given


class _Thrown(Raised):
    """Internal: an exception that a generator is told to raise, which is a call of it first."""


def chained(raised: Object, handled: Value) -> Value:
    """What the context of an exception is that is raised now; the chain never leads back to it."""
    if handled is None or handled is raised:
        return raised.context
    each = handled
    while each.context is not None:
        if each.context is raised:
            each.context = None
            break
        each = each.context
    return handled


def _defined_at(function: Function, line: int) -> bool:
    code = function.code
    return code.module == MAIN and not code.own_lines and code.instructions[code.begins].line == line
