"""CPython's evaluation loop, over values of which operations are asked for: which events a program has, in which order, with which variables.

What the program does with its own parts is followed here: calls, returns, generators, exceptions, variables. What operations give is asked for
(`machine.questions`). Knows nothing of frames as they are written; runs nothing of the program.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from cwm_trace.frames import Event
from cwm_trace.models.machine.code import CONVENTION, MAIN, Code, Instruction
from cwm_trace.models.machine.questions import Questions
from cwm_trace.models.machine.values import (
    END,
    UNSET,
    Builtin,
    Cell,
    Function,
    Hashed,
    List,
    Lost,
    Module,
    Object,
    Raised,
    Unknown,
    Value,
    children,
    dict_from,
    error,
    find,
    is_made_of,
)

_LATER = frozenset(("__firstlineno__", "__static_attributes__"))  # names of classes that 3.11 has not
MOST_STEPS, MOST_UNSEEN = 4_000_000, 100_000
"""Instructions of one trace, and items that are gone through; of them, those before its first frame."""
DEEPEST = 900
"""Python frames; a program may have a few more before it meets its own limit."""


class Call(NamedTuple):
    """A request: call a function of the program."""

    function: Function
    args: Sequence[Value]
    named: Mapping[str, Value] = {}


class Body(NamedTuple):
    """A request: run a class's body, with these names."""

    function: Function
    space: MutableMapping[str, Value]


class Resume(NamedTuple):
    """A request: go on with a generator, which is sent a value, or raises an error; `closes`: as `close` has it raise one."""

    generator: Paused
    value: Value = None
    error: Value = None
    closes: bool = False


class Happens(NamedTuple):
    """A request: an exception is seen that goes no further."""

    error: Value


class Spawn(NamedTuple):
    """A request: do something in a thread of its own, until that waits."""

    work: Work


class Pause(NamedTuple):
    """A request: let the thread that is running wait, at most until then."""

    until: Value


class Attach(NamedTuple):
    """A request: go on with a thread that waits, which is told whether it may go on, or the time is over."""

    thread: Waiting
    goes_on: bool


Request: TypeAlias = Call | Body | Resume | Happens | Spawn | Pause | Attach
Work: TypeAlias = Generator[Request, Any, Any]
"""Something that is done, which may want functions of the program to be called."""


class TooDeep(Lost):
    """Internal: so many calls of one another that Python may end them by a `RecursionError`."""


@dataclass(slots=True, eq=False)
class Wrapped:
    """What an asynchronous generator yields, which is no awaitable's."""

    value: Value
    shown: str = "<async_generator_wrapped_value object>"


@dataclass(slots=True, eq=False)
class Finaliser:
    """What is done when nothing has a value any more.

    Attributes:
        target: the value; `work`: what is done.
        needs: what the program must still have then, as a weak reference with a callback; None: nothing.
        held: what it keeps alive.
    """

    target: Value
    work: Callable[[], Work]
    needs: Value = None
    held: Sequence[Value] = ()


@dataclass(slots=True, eq=False)
class Activation:
    """A Python frame.

    Attributes:
        fast, cells: its variables; `space`: of a module or a class, in place of these.
        stack: its values in work.
        at, before: the instruction that is next, and the one before it; -1: none.
        line: of the source.
        words: names of arguments of the call that comes.
        shown: the names of its variables as they were shown last, in the order of first binding.
        quiet: whether it has no events; `is_seen`: whether it has had one.
        snapshot: its variables when it was shown last, which keeps them alive: a recorder looks at `f_locals`, which CPython 3.11 keeps.
        generator: whose it is.
    """

    code: Code
    space: dict[str, Value]
    names: MutableMapping[str, Value] | None = None
    fast: dict[str, Value] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)
    function: Function | None = None
    stack: list[Value] = field(default_factory=list)
    at: int = 0
    before: int = -1
    line: int = 0
    words: tuple[str, ...] = ()
    shown: Sequence[str] = ()
    quiet: bool = False
    is_seen: bool = False
    generator: Paused | None = None
    snapshot: Sequence[Value] = ()

    def rebind(self, name: str, value: Value) -> None:
        """Let a variable be this."""
        if self.names is not None:
            self.names[name] = value
        elif name in self.cells:
            self.cells[name].value = value
        else:
            self.fast[name] = value

    def leave_inner(self) -> None:
        """Let go of what it takes from, which has answered an exception by returning: it goes on where that had ended."""
        send = self.code.instructions[self.at - 2]
        if send.name != "SEND":
            raise Lost
        if CONVENTION is None or not CONVENTION.keeps_receiver:
            self.stack.pop()
        self.at = self.code.places[send.value]

    def variables(self) -> dict[str, Value]:
        """All that are bound, in the order in which a frame has them."""
        if self.names is not None:
            return {name: value for name, value in self.names.items() if name not in _LATER}
        found = {}
        for name in self.code.order:
            value = self.cells[name].value if name in self.cells else self.fast.get(name, UNSET)
            if value is not UNSET:
                found[name] = value
        return found


@dataclass(slots=True, eq=False)
class Paused:
    """A generator, a coroutine or an asynchronous generator: its Python frame, and whether that runs, or has ended."""

    frame: Activation
    name: str
    class_name: str = "generator"
    runs: bool = False
    ended: bool = False
    result: Value = None
    handled: Value = None  # the exception that it is handling
    around: Value = None  # the one that is handled where it was gone on with

    @property
    def inner(self) -> Value:
        """What it takes from, where it waits in a `yield from`; None: it does not."""
        behind = self.frame.code.instructions[self.frame.at + 1 :][:1]
        waits = bool(behind) and behind[0].name == "JUMP_BACKWARD_NO_INTERRUPT" and self.frame.before >= 0
        return self.frame.stack[-1] if waits and self.frame.stack else None


@dataclass(slots=True, eq=False)
class Helper:
    """Work on top of a Python frame; `then` takes what comes of it."""

    work: Work
    then: Callable[[Value], None]
    sent: Value = None
    error: Raised | None = None


class Waiting(NamedTuple):
    """A thread that waits: what is active in it, the exception that it handles, until when."""

    stack: list[Activation | Helper]
    handled: Value
    until: Value


class Below(NamedTuple):
    """What a thread runs on top of: how much is active there, and which exception is handled."""

    depth: int
    handled: Value


class Happening(NamedTuple):
    """An event.

    Attributes:
        value: what is returned, or raised; a `Choice`, where it is not known what comes.
    """

    event: Event
    frame: Activation
    value: Value = None


class Doubt(NamedTuple):
    """What a Python frame was when something was asked for that nobody knew, and that may raise."""

    depth: int
    frame: Activation
    at: int
    before: int
    line: int
    stack: list[Value]
    fast: dict[str, Value]


class Choice(NamedTuple):
    """Two ways on, of which nobody knows which: the next frame tells.

    Attributes:
        ways: the first event that comes there, and its line, if the choice is True, and if it is False; None: unknown.
        then: is told which.
    """

    ways: tuple[tuple[Event, int] | None, tuple[Event, int] | None]
    then: Callable[[bool], Any]


class Leaves(NamedTuple):
    """What an instruction does that leaves its frame; `pauses`: to be gone on with."""

    value: Value
    pauses: bool = False


class Again(Raised):
    """Internal: an exception that was raised before goes on."""


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
    ) -> None:
        self._operations, self.questions = operations, questions
        questions.on_unknown = self.doubted
        self.active: list[Activation | Helper] = []
        self.handled: Value = None
        self.paused: list[Paused] = []
        self.finalisers: list[Finaliser] = []
        self.pending: list[Value] = []  # what is going to be closed or finalised
        self.weakly: list[Value] = []  # what is referred to weakly
        self.collected: list[Value] = []  # of it, what the collector has found
        self.has_finalisers = False  # whether a class of the program has `__del__`
        self.threads: list[Below] = []
        self.waiting: list[Waiting] = []
        self.has_moved = False  # whether a thread has gone on since that was asked for last
        self.clock: Value = 0.0  # of threads, in seconds; it stands still while one runs
        self._steps = 0
        self.deepest = 1000  # Python frames, as the program has it
        self.is_apart = False  # whether a module of the library is being run, which is no part of the program
        self._identities: dict[int, tuple[Value, Object]] = {}
        self._shown: Value = None  # what is on its way out of a frame while that is shown
        self.choice: Choice | None = None  # that is to be made before anything else
        self.chosen: bool | None = None
        self.quiet = 0
        self.doubt: Doubt | None = None
        self.stop: Value = None  # the StopIteration with which the last iterator ended, if it raised one
        self.modules: dict[str, dict[str, Value]] = {}  # of the library, that sources of our own are followed for
        self.shipped: dict[str, dict[str, Value]] = {}  # the same, by Python's own sources
        self.streams: dict[str, Value] = {}  # of `sys`, that a program has put there, by their names
        self.is_unseen = False  # whether the trace has not begun
        self.entry: int | None = None  # the line of the function from which on all is shown

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
                yield from self._unwind(error, depth)

    def spend(self) -> None:
        """Take note of a step. Raises Lost where there have been too many."""
        self._steps += 1
        if self._steps > (MOST_UNSEEN if self.is_unseen else MOST_STEPS):
            raise Lost

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
                yield Happening(Event.RETURN, top, left.value)
                self._shown = None
            self._leave(top, left)
            if self.is_watching and not (_is_of_library(top) and _is_of_library(self._below())):
                self.close_left((left.value,), [*top.fast.values()])

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
        if not self.is_watching or CONVENTION is None or not CONVENTION.keeps_locals:
            top.snapshot = ()
            return
        top.snapshot = [*top.fast.values(), *(cell.value for cell in top.cells.values())]
        for each in self.unreachable():
            self.quietly(self._closed(each))

    def _below(self) -> Activation | None:
        """The Python frame that goes on now, if no work on top of it does."""
        top = self.active[-1] if self.active else None
        return top if isinstance(top, Activation) else None

    def let_go(self, value: Value) -> None:
        """Close what only this had, which a frame has let go of; one of the library sees to that when it is left."""
        if self.is_watching and not isinstance(value, _HOLDING_NOTHING) and not _is_of_library(self._below()):
            self.close_left((), (value,))

    @property
    def is_watching(self) -> bool:
        """Whether something is done when a value goes that the program has."""
        return bool(self.paused or self.finalisers)

    def close_left(self, given: Sequence[Value] = (), going: Sequence[Value] = ()) -> None:
        """Close generators that nothing has any more, and finalise; `given`: what is on its way; `going`: what went, in its order."""
        for work in reversed(self._closings(given, lambda: reached_in_order(going))):
            self.active.append(Helper(work, lambda _: None))

    def closing_left(self, order: Sequence[int] = ()) -> Work:
        """The same, in the middle of work; `order`: the identities of what went."""
        for work in self._closings((), lambda: order):
            yield from work

    def _closings(self, given: Sequence[Value], order: Callable[[], Sequence[int]]) -> list[Work]:
        left = self.unreachable(given)
        if len(left) > 1:
            places = {place: number for number, place in enumerate(order())}
            left.sort(key=lambda each: places.get(id(_watched(each)), len(places)))
        return [self._closed(each) for each in left]

    def _closed(self, each: Paused | Finaliser) -> Work:
        """What happens to a generator that nothing has any more, or to what has a finaliser."""
        value = _watched(each)
        self.pending.append(value)
        if not isinstance(each, Finaliser):
            self.paused = [other for other in self.paused if other is not each]
            return self._closed_generator(each)
        self.unwatch(each)
        return self._finalised(value, each.work())

    def _begin_closing(self, value: Value) -> None:
        self.pending = [each for each in self.pending if each is not value]

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
        self.finalisers = [each for each in self.finalisers if each is not finaliser]

    def collect(self) -> Work:
        """What the collector of garbage does: what is gone but for itself is finalised. Raises Lost."""
        gone = self._gone()
        self.collected += [each for each in self.weakly if id(each) in gone]
        for each in [each for each in self.finalisers if id(each.target) in gone]:
            yield from self._closed(each)

    def _gone(self) -> set[int]:
        """The identities of what the program has no more, of what is referred to weakly or has a finaliser."""
        looked_for = {id(each) for each in (*self.weakly, *(each.target for each in self.finalisers))}
        return looked_for - _reached([*self._roots(), *self.paused], looked_for)

    def _closed_generator(self, generator: Paused) -> Work:
        self._begin_closing(generator)
        if generator.class_name == "generator":
            order = reached_in_order(_of_frame(generator.frame)) if len(self.paused) + len(self.finalisers) > 1 else ()
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
            case Resume(generator=generator, closes=True) if generator.frame.before < 0 and not _enters_unbegun():
                self.paused = [each for each in self.paused if each is not generator]
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
            if instruction.name in ("MAKE_CELL", "COPY_FREE_VARS"):
                frame.before = number
                self._operations[instruction.name](self, frame, instruction)
        frame.at = frame.code.begins
        frame.before = -1

    def _quietly(self, frame: Activation) -> Activation:
        frame.quiet = self.quiet > 0 or frame.code.module != MAIN
        return frame

    def _resume(self, generator: Paused, value: Value, error: Value) -> None:
        if generator.runs:
            raise Lost
        if generator.ended:
            if error is not None:
                raise Raised(error)
            self.deliver(END)
            return
        frame = generator.frame
        self.paused = [each for each in self.paused if each is not generator]
        generator.runs = True
        generator.around, self.handled = self.handled, generator.handled or self.handled
        self._quietly(frame)
        if frame.before >= 0:
            frame.stack.append(value)
        self.active.append(frame)
        if error is not None:
            raise _Thrown(error)

    def identity(self, value: Value) -> Hashed:
        """Its `id`, which nobody knows, and which is that of no other."""
        _, marker = self._identities.setdefault(id(value), (value, Object(Builtin("object"))))
        return Hashed(marker)

    def doubted(self) -> None:
        """Take note that what was asked for now is unknown, and may raise."""
        if self.doubt is None and not self.quiet:
            depth = max(number for number, each in enumerate(self.active) if isinstance(each, Activation)) + 1
            frame = self.frame
            self.doubt = Doubt(depth, frame, frame.at, frame.before, frame.line, [*frame.stack], dict(frame.fast))

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
        depth = len(self.active)
        found: list[Value] = []
        self.quiet += 1
        try:
            self.active.append(Helper(work, found.append))
            for _ in self.events(depth):
                pass
        finally:
            self.quiet -= 1
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
                    if top not in raised.error.frames:
                        raised.error.frames.append(top)
                    if not isinstance(raised, Again):
                        raised.error.places.append((top, top.line))
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
                return error("RuntimeError", f"{kind.replace('_', ' ')} raised {name}")
        return Raised(raised)

    def _handles(self, top: Activation, error: Value) -> bool:
        instruction = top.code.instructions[top.at - 1]
        for handler in top.code.handlers:
            if handler.start <= instruction.offset < handler.end:
                del top.stack[handler.depth :]
                if handler.has_place:
                    top.stack.append(top.before)
                top.stack.append(error)
                top.at = top.code.places[handler.target]
                return True
        return False

    def unreachable(self, besides: Sequence[Value] = ()) -> list[Paused | Finaliser]:
        """The generators that wait, and what has a finaliser, that nothing has any more, but for what such ones have themselves."""
        if not self.is_watching:
            return []
        watched: list[Paused | Finaliser] = [*self.paused, *self.finalisers]
        needed = [each.needs for each in self.finalisers if each.needs is not None]
        seen = _reached([*besides, *self._roots()], {id(_watched(each)) for each in watched} | {*map(id, needed)})
        left = [each for each in watched if id(_watched(each)) not in seen and _is_due(each, seen)]
        if not left or (len(left) == 1 and isinstance(left[0], Paused)):
            return left
        inner = set().union(*(_reached(_parts(_watched(each))) for each in left))  # a ring waits for the collector
        return [each for each in left if id(_watched(each)) not in inner]

    def reaches(self, value: Value) -> bool:
        """Whether the program still has a value. Raises Lost where only the value itself may have it."""
        if any(each is value for each in self.collected):
            return False
        if id(value) in _reached([*self._roots(), *self.paused], {id(value)}):
            return True
        if id(value) in _reached([*children(value)]):
            raise Lost  # till the collector comes
        return False

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
                roots += [*_held(each.work), each.sent, each.error and each.error.error]
            else:
                spaces[id(each.space)] = each.space
                roots += [*_of_frame(each), *(each.names or {}).values(), *each.snapshot]
        return [*(value for space in spaces.values() for value in space.values()), *roots]


_HOLDING_NOTHING = (type(None), str, int, float, bytes, Builtin, Module)


def _is_of_library(frame: Activation | None) -> bool:
    return frame is not None and frame.code.module != MAIN


def _of_frame(frame: Activation) -> list[Value]:
    return [*frame.fast.values(), *frame.cells.values(), *frame.stack]


def _watched(each: Paused | Finaliser) -> Value:
    return each.target if isinstance(each, Finaliser) else each


def _is_due(each: Paused | Finaliser, seen: Collection[int]) -> bool:
    if isinstance(each, Paused) or each.needs is None or id(each.needs) in seen:
        return True
    return id(each.needs) in _reached(_parts(each.needs))  # a ring, which is there till the collector comes


def _parts(value: Value) -> list[Value]:
    if isinstance(value, Paused):
        return [] if value.ended else _of_frame(value.frame)
    return [*children(value)]


def reached_in_order(going: Sequence[Value]) -> list[int]:
    """The identities of what goes with these, in the order in which CPython lets go of it: where the last reference is dropped."""
    counts: dict[int, int] = {}
    left = [*going]
    while left:
        value = left.pop()
        if not isinstance(value, _HOLDING_NOTHING):
            counts[id(value)] = counts.get(id(value), 0) + 1
            if counts[id(value)] == 1:
                left += _dropped(value)
    order = []
    left = [*reversed(going)]
    while left:
        value = left.pop()
        if not isinstance(value, _HOLDING_NOTHING):
            counts[id(value)] -= 1
            if not counts[id(value)]:
                order.append(id(value))
                left += reversed(_dropped(value))
    return order


def _dropped(value: Value) -> list[Value]:
    """What a value lets go of with itself, in that order: lists and tuples begin at their ends."""
    parts = [*reversed(getattr(value, "sources", ())), *_parts(value)]
    return parts[::-1] if isinstance(value, (tuple, List)) else parts


def _reached(left: list[Value], wanted: Collection[int] = ()) -> set[int]:
    """The identities of all that is held by these, and of these; some of them, once all that are wanted are among these."""
    seen: set[int] = set()
    missing = {*wanted}
    while left:
        value = left.pop()
        if value is None or isinstance(value, (str, int, float)) or id(value) in seen:
            continue
        seen.add(id(value))
        if id(value) in missing:
            missing.discard(id(value))
            if not missing:
                return seen
        frame = value.frame if isinstance(value, Paused) and not value.ended else value
        if isinstance(frame, Activation):
            left += _of_frame(frame)
        left += children(value)
        left += getattr(value, "sources", ())
    return seen


def _enters_unbegun() -> bool:
    return CONVENTION is None or CONVENTION.enters_unbegun


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
        if (close := find(inner.kind, "close")) is None:
            raise Lost
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


def _held(work: Any) -> list[Value]:
    """What work has in its variables."""
    held: list[Value] = []
    while work is not None and getattr(work, "gi_frame", None) is not None:
        for value in work.gi_frame.f_locals.values():
            held += value if isinstance(value, (list, tuple)) else [value]
        work = work.gi_yieldfrom
    return held


def bound(function: Function, args: Sequence[Value], named: Mapping[str, Value]) -> dict[str, Value]:
    """Parameters, and what they are. Raises Raised for a call that does not fit."""
    code = function.code.made
    places, names = code.co_argcount, function.code.parameters
    more, others = function.code.takes_more
    made: dict[str, Value] = dict(zip(names[:places], args, strict=False))
    rest = {}
    for name, value in named.items():
        if name in made and name in names[code.co_posonlyargcount :]:
            raise error("TypeError", f"{function.qualname}() got multiple values for argument {name!r}")
        if name in names[code.co_posonlyargcount :]:
            made[name] = value
        elif others:
            rest[name] = value
        elif name in names:
            raise Lost  # one that has a place only
        else:
            raise error("TypeError", f"{function.qualname}() got an unexpected keyword argument {name!r}")
    if len(args) > places and not more:
        raise _misfit(function, args)
    behind = names[places - len(function.defaults) : places] if function.defaults else ()
    for name, value in [*zip(behind, function.defaults, strict=True), *function.named.items()]:
        made.setdefault(name, value)
    _check(function, made, names, places)
    if more:
        made[more] = tuple(args[places:])
    if others:
        made[others] = dict_from(rest)
    return {name: made[name] for name in code.co_varnames if name in made}


def _check(function: Function, made: Mapping[str, Value], names: Sequence[str], places: int) -> None:
    for part, kind in ((names[:places], "positional"), (names[places:], "keyword-only")):
        missing = [name for name in part if name not in made]
        if missing:
            raise missing_arguments(function.qualname, kind, missing)


def missing_arguments(name: str, kind: str, missing: Sequence[str]) -> Raised:
    """The error of a call of a function that lacks these arguments, which are positional or keyword-only."""
    *first, last = map(repr, missing)
    before = f"{', '.join(first)}{',' if len(first) > 1 else ''} and " if first else ""
    many = "s" if first else ""
    return error("TypeError", f"{name}() missing {len(missing)} required {kind} argument{many}: {before}{last}")


def _misfit(function: Function, args: Sequence[Value]) -> Raised:
    places, least = function.code.made.co_argcount, function.code.made.co_argcount - len(function.defaults)
    if function.code.made.co_kwonlyargcount:
        raise Lost
    return too_many(function.qualname, least, places, len(args))


def too_many(name: str, least: int, places: int, count: int) -> Raised:
    """The error of a call with more arguments than there are places for."""
    takes = str(places) if least == places else f"from {least} to {places}"
    many = "" if places == 1 and least == places else "s"
    were = "was" if count == 1 else "were"
    return error("TypeError", f"{name}() takes {takes} positional argument{many} but {count} {were} given")
