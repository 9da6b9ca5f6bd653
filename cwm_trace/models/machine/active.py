"""What is active while a program is followed: Python frames, generators, and work that asks for calls.

Knows no operations; the machine (`interpreter`) goes on with these.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from cwm_trace.frames import Event
from cwm_trace.models.machine.code import CONVENTION, Code
from cwm_trace.models.machine.values import (
    UNSET,
    Cell,
    Function,
    Lost,
    Raised,
    Value,
)
from cwm_trace.tracer.quirks import NEW_CLASS_NAMES


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

    @property
    def is_own(self) -> bool:
        """Whether it is the value's own `__del__`, which is given the value once more."""
        return self.needs is None and not self.held


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
        others: names that `exec` has bound in it, which only `locals` and frames show: CPython 3.11 and 3.12 keep them in its `f_locals`.
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
    others: dict[str, Value] = field(default_factory=dict)

    def rebind(self, name: str, value: Value) -> None:
        """Let a variable be this."""
        if self.names is not None:
            self.names[name] = value
        elif name in self.cells:
            self.cells[name].value = value
        else:
            self.fast[name] = value

    @property
    def offset(self) -> int:
        """Of the instruction that it is at."""
        return self.code.instructions[max(self.at - 1, 0)].offset

    def leave_inner(self) -> None:
        """Let go of what it takes from, which has answered an exception by returning: it goes on where that had ended."""
        send = self.code.instructions[self.at - 2]
        if send.name != "SEND":
            raise Lost
        if not CONVENTION.keeps_receiver:
            self.stack.pop()
        self.at = self.code.places[send.value]

    def variables(self) -> dict[str, Value]:
        """All that are bound, in the order in which a frame has them."""
        if self.names is not None:
            if self.fast and not CONVENTION.keeps_locals:  # a comprehension's that is run here, which hide all else
                return {name: self.fast[name] for name in self.code.order if name in self.fast}
            return {name: value for name, value in {**self.names, **self.fast}.items() if name not in NEW_CLASS_NAMES}
        found = {}
        for name in self.code.order:
            value = self.cells[name].value if name in self.cells else self.fast.get(name, UNSET)
            if value is not UNSET:
                found[name] = value
        return {**found, **self.others}


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
    def state(self) -> str:
        """Where it is, as `inspect` names it."""
        if self.runs or self.ended:
            return "RUNNING" if self.runs else "CLOSED"
        return "CREATED" if self.frame.before < 0 else "SUSPENDED"

    @property
    def inner(self) -> Value:
        """What it takes from, where it waits in a `yield from`; None: it does not."""
        behind = self.frame.code.instructions[self.frame.at + 1 :][:1]
        waits = bool(behind) and behind[0].name == "JUMP_BACKWARD_NO_INTERRUPT" and self.frame.before >= 0
        return self.frame.stack[-CONVENTION.iterator_entries] if waits and self.frame.stack else None


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
        pauses: whether the Python frame that returns may be gone on with.
    """

    event: Event
    frame: Activation
    value: Value = None
    pauses: bool = False


class Otherwise(Exception):
    """Internal: an exception has not been raised, which was presumed."""


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
