"""A trace and its program side by side: each frame is foretold by following the bytecode, then compared with the one that came.

What was unknown is taken from the frame that shows it. Where a frame is another than the one foretold, the program is followed no longer, and
others say what they know (`models.outlook`). Knows contexts and frames; asks whoever it is given.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Generator, Mapping, Sequence
from typing import NamedTuple

from cwm_trace.errors import InputError
from cwm_trace.format import source_lines
from cwm_trace.frames import Event, Frame, Step
from cwm_trace.models.machine import (  # noqa: F401  # what they have is looked for by name
    annotating,
    apart,
    branching,
    building,
    computed,
    copying,
    databases,
    executed,
    followed,
    going,
    guesses,
    kinds,
    lazily,
    library,
    markup,
    methods,
    natives,
    notation,
    objects,
    octets,
    operating,
    packed,
    patterns,
    reducing,
    scalars,
    sorting,
    tables,
    threads,
)
from cwm_trace.models.machine.active import Activation, Choice, Happening, Otherwise
from cwm_trace.models.machine.code import MAIN, PROGRAM, Code, compiled
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.opcodes import OPERATIONS
from cwm_trace.models.machine.questions import Answering, Questions
from cwm_trace.models.machine.rendering import framed
from cwm_trace.models.machine.values import (
    UNSET,
    Dict,
    Function,
    Hashed,
    List,
    Lost,
    Module,
    Native,
    Object,
    Raised,
    Set,
    Unknown,
    Value,
    closed,
    dict_from,
    is_unknown,
    known,
    last_unknown,
    read,
)
from cwm_trace.prompts import UNKNOWN_START, Start
from cwm_trace.tracer.entry import Entry, context_entry
from cwm_trace.tracer.inprocess import module_name

_ALWAYS_THERE = ("sys", "builtins", "os")
"""What is in `sys.modules` before a program imports anything, as far as programs ask for it."""
_LOADER = Native("__loader__", lambda m: None, shown="<class '_frozen_importlib.BuiltinImporter'>")


class Foretold(NamedTuple):
    """The next frame, as it must be.

    Attributes:
        event, line: which; the line without its end.
        locals: what a CALL or a LINE shows, in order; None: that value is unknown.
        value: what a RETURN or an EXCEPTION has; None: unknown, or nothing.
        may_raise: whether an exception may come in its place, as something was asked for that nobody knew.
    """

    event: Event
    line: str
    locals: Mapping[str, str | None]
    value: str | None
    may_raise: bool = False


class Following:
    """One trace, as it grows.

    Attributes:
        is_strict: whether what goes wrong here is an error, as it is for tests, and not only the end of following.
        why: where it was lost, if it is strict; "" as long as it is not.
        is_lost: whether frames are not foretold any more.
        has_ended: whether there are no more of them.
    """

    is_strict = False
    why = ""

    def __init__(self, context: str, start: Start = UNKNOWN_START) -> None:
        """`start`: how the program is started."""
        self._context, self._start = context, start
        self._file = os.path.abspath(start.path) if start.path else ""
        self._waiting: list[Step] = []  # not compared yet
        self._events: Generator[Happening, None, None] | None = None
        self._machine: Interpreter | None = None
        self._pending: tuple[Happening, Foretold] | None = None
        self._lines: list[str] = []
        self._entry: Activation | None = None  # the Python frame with which the trace begins, and ends
        self.is_lost = False
        self.has_ended = False

    def observe(self, step: Step) -> None:
        """Append a frame."""
        if not self.is_lost:
            self._waiting.append(step)

    def foretell(self, answering: Answering) -> Foretold | None:
        """The next frame; None: it is not known."""
        self._catch_up(answering)
        pending = None if self.is_lost or self.has_ended else self._next()
        return None if pending is None or isinstance(pending[0].value, Choice) else self._shown(pending[1])

    def foretell_end(self, answering: Answering) -> Foretold | None:
        """The RETURN of the Python frame that is running, with no frames before it; None: it is not known, and nothing is foretold any more."""
        self._catch_up(answering)
        frames = self._machine.frames() if self._machine is not None else ()
        running = next((each for each in frames if not each.quiet), None)
        while not self.is_lost and not self.has_ended and (pending := self._next()) is not None:
            happening, told = pending
            if isinstance(happening.value, Choice):
                break
            if happening.frame is running and happening.event is Event.RETURN and not happening.pauses:
                return self._shown(told)
            self._pending = None
        self.is_lost = True
        return None

    def _catch_up(self, answering: Answering) -> None:
        """Compare the frames that have come with what was foretold of them."""
        if self._events is None and not self.is_lost:
            self._begin(answering)
        while self._waiting and not self.is_lost:
            step = self._waiting.pop(0)
            pending = self._next()
            while pending is not None and isinstance(pending[0].value, Choice):
                self._choose(pending[0].value, step)
                pending = self._next()
            if pending is None or not self._fits(*pending, step):
                self.is_lost = True
            if pending is not None:
                self._entry = self._entry or pending[0].frame
                event, frame, _, pauses = pending[0]
                if frame is self._entry and event is Event.RETURN:
                    self.has_ended = not pauses
                    self._show_callers()
            self._pending = None

    def _show_callers(self) -> None:
        """While an entry that is a generator rests, the tracer shows what goes on below it."""
        assert self._machine is not None
        for each in self._machine.active:
            if isinstance(each, Activation):
                each.quiet = each.code.module != MAIN

    def _shown(self, told: Foretold) -> Foretold:
        """With the names that are known by now in the place of guesses."""
        assert self._machine is not None
        drawn = self._machine.drawn
        values = {name: None if text is None else drawn.shown(text) for name, text in told.locals.items()}
        return told._replace(locals=values, value=None if told.value is None else drawn.shown(told.value))

    def _choose(self, choice: Choice, step: Step) -> None:
        """Let a frame tell which way was taken; neither, if it shows neither, or both."""
        source = step.source.rstrip("\r\n")
        fits = [way is not None and step.event is way[0] and self._lines[way[1] - 1] == source for way in choice.ways]
        if self._machine is not None and fits[0] != fits[1]:
            self._machine.chosen = fits[0]
        self._pending = None

    def _next(self) -> tuple[Happening, Foretold] | None:
        if self._pending is None and self._events is not None:
            try:
                if self._machine is not None:
                    self._machine.doubt = self._machine.presumed = None
                if (happening := next(self._events, None)) is not None:
                    self._pending = happening, self._told(happening)
                else:
                    self.has_ended = True  # with a generator that nobody has gone on with
            except (Lost, Raised, RecursionError):
                self.is_lost = True
                if self.is_strict:
                    self.why = traceback.format_exc()
            except Exception:  # a program may hand one of our functions what Python's takes, and ours does not
                if self.is_strict:
                    raise
                self.is_lost = True
        return self._pending

    def _told(self, happening: Happening) -> Foretold:
        machine, frame, event = self._machine, happening.frame, happening.event
        assert machine is not None
        line = (frame.code.own_lines or self._lines)[max(frame.line, 1) - 1]  # a module begins before its first line
        if event in (Event.RETURN, Event.EXCEPTION):
            return Foretold(event, line, {}, framed(machine, happening.value), machine.doubt is not None)
        return Foretold(event, line, self._variables(machine, frame), None, machine.doubt is not None)

    def _variables(self, machine: Interpreter, frame: Activation) -> Mapping[str, str | None]:
        values = frame.variables()
        if frame.code.name == "<module>":
            values = {name: value for name, value in values.items() if not name.startswith("__")}
        told = {name: framed(machine, value) for name, value in values.items()}
        order = {name: told[name] for name in frame.shown if name in told}
        order |= told
        frame.shown = tuple(order)
        return order

    def _begin(self, answering: Answering) -> None:
        code = compiled(self._context, self._file or PROGRAM)
        try:
            entry = context_entry(self._context)
        except InputError:
            entry = None
        if code is None or entry is None:
            self.is_lost = True
            return
        self._lines = [line.rstrip("\r\n") for line in source_lines(entry.source)]
        self._machine = Interpreter(OPERATIONS, Questions(answering), self._start)
        self._machine.patched["sys", "argv"] = List([self._start.path, *self._start.arguments])
        self._events = self._run(self._machine, code, entry)

    def _run(self, machine: Interpreter, code: Code, entry: Entry) -> Generator[Happening, None, None]:
        line, is_call = entry.line, entry.is_call
        space: dict[str, Value] = {"__name__": module_name(entry), "__doc__": None, "__package__": None}
        space |= {"__loader__": _LOADER, "__spec__": None}
        space |= {"__annotations__": Dict()} if space["__name__"] == "__main__" and not annotating.ARE_LAZY else {}
        space |= {"__file__": self._file} if self._file else {}
        space["__builtins__"] = Module("builtins")
        module = Activation(code, space, space)
        machine.active.append(module)
        there = (*_ALWAYS_THERE, str(space["__name__"]))
        machine.imported = dict_from({name: Module(name) for name in there})
        if line is None:
            yield from machine.events()
            return
        machine.quiet, module.quiet, machine.is_unseen = 1, True, True
        machine.entry = None if is_call else line
        yield from apart.run(machine, module, entry.source)
        if is_call:
            found = [value for value in space.values() if isinstance(value, Function) and _begins(value, line)]
            if len(found) != 1:
                raise Lost
            machine.quiet, machine.is_unseen = 0, False
            machine.push(found[0], (), {})
            yield from machine.events()

    def _fits(self, happening: Happening, told: Foretold, step: Step) -> bool:
        """Whether a frame is the one foretold; what was unknown is taken from it."""
        if not isinstance(step, Frame):
            return False
        if step.event is not Event.EXCEPTION is told.event and (again := self._went_otherwise()) is not None:
            happening, told = again
        if step.event is Event.EXCEPTION is not told.event and (again := self._raised_in_doubt(step)) is not None:
            happening, told = again
        if step.event is not told.event:
            return False
        if step.source.rstrip("\r\n") != told.line or [*step.locals] != [*told.locals]:
            return False
        if step.event in (Event.RETURN, Event.EXCEPTION):
            text = self._hidden(told.value, step.value or "")
            if told.value == text:
                guesses.adopt(happening.value)
            return told.value == text or _reconciled(happening.value, told.value, text) is happening.value
        values = happening.frame.variables()
        for name, shown in step.locals.items():
            if told.locals[name] != (text := self._hidden(told.locals[name], shown)):
                made = _reconciled(values[name], told.locals[name], text)
                if made is not values[name]:
                    happening.frame.rebind(name, made)
            else:
                guesses.adopt(values[name])
        return True

    def _hidden(self, told: str | None, text: str) -> str:
        """What a frame shows, with guesses for names that are drawn."""
        assert self._machine is not None
        drawn = self._machine.drawn
        if told is not None and told != text:
            drawn.learn(told, text)
            if drawn.shown(told) == text:
                return told  # two guesses may stand for one name
        return drawn.hidden(text)

    def _went_otherwise(self) -> tuple[Happening, Foretold] | None:
        """What comes in place of an exception, where that was presumed."""
        machine, events = self._machine, self._events
        if machine is None or machine.presumed is None or events is None:
            return None
        machine.otherwise()
        happening = events.throw(Otherwise())
        return happening, self._told(happening)

    def _raised_in_doubt(self, step: Frame) -> tuple[Happening, Foretold] | None:
        """The exception in place of what was foretold, where something was asked for that nobody knew."""
        error, machine, events = read(step.value or ""), self._machine, self._events
        if machine is None or machine.doubt is None or not isinstance(error, Object) or events is None:
            return None
        machine.back_to(machine.doubt)
        happening = events.throw(Raised(error))
        return happening, self._told(happening)


def _begins(function: Function, line: int) -> bool:
    is_own = function.code.module == MAIN and not function.code.own_lines
    return (
        is_own
        and function.code.made.co_firstlineno <= line
        and any(instruction.line >= line for instruction in function.code.instructions)
    )


def _reconciled(value: Value, told: str | None, text: str) -> Value:
    """A value that a frame shows otherwise than foretold: what was unknown is taken from it, as is what was answered wrong."""
    seen = read(text)
    if isinstance(seen, Unknown) and is_unknown(value):
        last_unknown(value).guess = UNSET  # which it was not
        return value
    if isinstance(seen, Unknown) or isinstance(value, Hashed):
        return value if told is None else seen
    return _taken(value, seen)


def _taken(value: Value, seen: Value) -> Value:
    """The value that is seen, in the same object if it is one of that kind."""
    if isinstance(value, Unknown):
        if value.value is UNSET:
            value.value = seen
        return value if known(value) is seen else _taken(known(value), seen)
    match value, seen:
        case (List(), List()) if value.kind == seen.kind:
            value.items[:] = _each_taken(value.items, seen.items)
        case (Set(), Set()):
            if not value.has_order or [*map(closed, value.items)] != [*map(closed, seen.items)]:
                value.items[:], value.table, value.has_order = seen.items, None, True
        case (Dict(), Dict()):
            is_same = closed_keys(value) == closed_keys(seen)
            value.values[:] = _each_taken(value.values, seen.values) if is_same else seen.values
            value.keys[:] = value.keys if is_same else seen.keys
        case (tuple(), tuple()) if len(value) == len(seen):
            made = tuple(_each_taken(value, seen))
            return value if all(one is other for one, other in zip(made, value, strict=True)) else made
        case (Object(), Object()) if len(value.held) == len(seen.held):
            value.held = tuple(_each_taken(value.held, seen.held))
        case _:
            return value if type(value) is type(seen) and value == seen else seen
    return value


def _each_taken(values: Sequence[Value], seen: Sequence[Value]) -> list[Value]:
    if len(values) != len(seen):
        return list(seen)
    return [_taken(one, other) for one, other in zip(values, seen, strict=True)]


def closed_keys(value: Dict) -> list[str | None]:
    """The keys of a dict as texts."""
    return [closed(key) for key in value.keys]
