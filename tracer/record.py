"""Turns the events of instrumented code into frames: from the entry's CALL until its scope is left.

Knows nothing of processes, files or the command line. One thread is recorded, the one that runs the entry first.
"""

from __future__ import annotations

import builtins
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType, MappingProxyType

from cwm_trace.format import source_lines, strip_mark
from cwm_trace.frames import Frame
from cwm_trace.tracer import quirks
from cwm_trace.tracer.flow import ANYTHING, PURE_BUILTINS, is_hidden, tuples_of
from cwm_trace.tracer.instrument import Site, instrument
from cwm_trace.tracer.log import EXCEPTION, LEFT, RETURN, YIELD, Changes, Entry, Expander, line_of
from cwm_trace.tracer.renderings import SCALAR_TEXT, SCALARS, Renderings, cut, kinds_of_iterator
from cwm_trace.tracer.values import render_value

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

# Bound now: a traced program may replace what is in modules, too.
_getframe, _get_ident = sys._getframe, threading.get_ident


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices where the CWM format is open; the defaults are this project's reading.

    Attributes:
        exception_value: what an EXCEPTION frame shows: `repr` (the exception's repr; most informative) or `type` (its name).
        keep_unwind_return: keep the RETURN "None" that `sys.settrace` reports while an exception unwinds a Python frame (it is in the raw
            stream that CWM's data were recorded from).
        max_value_chars: cut rendered values there and mark the frame; None = never (CWM documents no truncation).
    """

    exception_value: str = "repr"
    keep_unwind_return: bool = True
    max_value_chars: int | None = None


class StopRecording(BaseException):
    """Raised by `emit` to end the program at a limit; raised again by every later hook, so that nothing can go on after it."""


class _State(Renderings):
    """What is known of one Python frame, while it lives.

    Attributes:
        frame: it.
        caller: the recorded frame that runs when this one is left or suspended; a guess that is checked.
        number: its own, in the log.
        line: of its last event.
        dirty: whether other recorded code has run since its last event.
        loops: of its `for` loops, by `flow.loop_name`: whether asking for the next value runs no code of the program's.
        raised: by handler, the line of the exception that it was entered with.
        suspended: whether it has yielded and not been entered again.
        reraised: whether the exception on its way was only raised again, which is no event.
        delegating: while it waits for another iterator: whether that one ends without raising StopIteration if it returns None.
    """

    dirty = reraised = suspended = False
    delegating: bool | None = None
    loops: Mapping[str, bool] = MappingProxyType({})
    raised: Mapping[int, int] = MappingProxyType({})

    def __init__(self, frame: FrameType, number: int, caller: _State | None, line: int, limit: int | None) -> None:
        super().__init__(limit)
        self.frame = frame
        self.caller = caller
        self.number = number
        self.line = line

    def local(self, hides: bool) -> Mapping[str, object]:
        """The locals that the text shows, as they are now (a user's `__repr__` may change them meanwhile)."""
        local = self.frame.f_locals
        if not hides:
            return dict(local)
        if self.frame.f_code.co_name == "<module>":
            return {name: value for name, value in local.items() if not name.startswith("__")}
        return {name: value for name, value in local.items() if not is_hidden(name)}


class Recorder:
    """Records one execution of a source text.

    `code` is the instrumented module; run it with `exec(recorder.code, namespace)` (and call what is to be traced). Each frame goes to
    `emit`, diff-encoded, as it happens; without `emit` the events are kept as `entries`, and `frames` makes frames of them. `complete` tells
    that the entry's scope has been left; `untraced` names the functions and class bodies that could not be instrumented.
    """

    def __init__(
        self,
        source: str,
        filename: str,
        *,
        entry_line: int | None,
        emit: Callable[[Frame], None] | None,
        settings: Settings | None = None,
    ) -> None:
        """`entry_line` is the 1-based line of the entry's `def` (the last function that starts there), None = the module body."""
        self.filename, self.entry_line, self.settings = filename, entry_line, settings or Settings()
        self.complete = False
        self.untraced: list[str] = []
        self.entries: list[Entry] = []
        self._sites: list[Site] = []
        self._expander = Expander(self._sites)
        self._emit = emit
        self._append: Callable[[Entry], None] = self.entries.append if emit is None else self._pass_on
        self._lines = [strip_mark(line) for line in source_lines(source)]
        self._entry: FrameType | None = None
        self._entry_code: CodeType | None = None
        self._thread: int | None = None
        # The frame whose hooks may take the short way: the one of the last event, or the one that runs when that was left.
        self._frame: FrameType | None = None
        self._state: _State | None = None
        self._suspended: dict[FrameType, _State] = {}  # generators and coroutines
        self._count = 0
        self._places: dict[tuple[int, bool], Site] = {}
        self._limit = self.settings.max_value_chars
        self._stop_iteration: str | None = None
        self._busy = False
        self._stopped: StopRecording | None = None
        self.code = self.instrument(compile_source(source, filename), self._lines)
        self._entry_code = self._find_entry(self.code)

    def instrument(self, code: CodeType, lines: Sequence[str]) -> CodeType:
        """Code of another file, with this recorder's hooks. `lines` are those of its source text, for the frames to show."""
        known = len(self._sites)
        changed = instrument(code, self, self._sites, self.untraced)
        for site in self._sites[known:]:
            site.lines, site.source = lines, line_of(lines, site.line)
        return changed

    def _find_entry(self, code: CodeType) -> CodeType | None:
        if self.entry_line is None:
            return code
        found = [item for item in all_code(code) if item.co_firstlineno <= self.entry_line and self._defines(item)]
        return found[-1] if found else None

    def _defines(self, code: CodeType) -> bool:
        """Whether a function's `def` line is the entry's (decorators come before it)."""
        if code.co_name.startswith("<") or self.entry_line is None:
            return False
        first = code.co_firstlineno
        while first < self.entry_line and self._lines[first - 1].lstrip().startswith("@"):
            first += 1
        return first == self.entry_line

    # --- hooks (called from the traced frames) ------------------------------------------------------------------------

    def called(self, site: Site, *values: object) -> None:
        """A function is entered; `values` are all its locals."""
        frame = _getframe(1)
        if self._entry is None and not self._begin(frame):
            return
        if self._busy or self._thread != _get_ident():
            return
        if self._stopped is not None:
            raise self._stopped
        self._count = number = self._count + 1
        state = _State(frame, number, self._state, site.line, self._limit)
        self._frame, self._state, self._stop_iteration = frame, state, None
        texts: Changes = {}
        if self._limit is None and not site.cells:
            try:
                for name, value in zip(site.names, values):  # noqa: B905  # strict costs time
                    texts[name] = SCALAR_TEXT[type(value)](value)
            except (KeyError, ValueError):  # a value of another type, a very long int
                self._look(site, self._prepared(state))
            else:
                state.texts.update(texts)  # type: ignore[arg-type]  # none is None
                state.seen.update(zip(site.names, values))  # noqa: B905
                self._append((site.number, number, texts or None, None))
        else:
            self._look(site, self._prepared(state))

    def call(self, site: Site) -> None:
        """A Python frame is entered that has other locals than parameters in slots."""
        frame = _getframe(1)
        if self._entry is None and not self._begin(frame):
            return
        if self._may_report():
            self._look(site, self._enter(frame))

    def resumed(self, site: Site) -> None:
        """A generator or coroutine is entered again."""
        if self._entry is not None and self._may_report():
            frame = _getframe(1)
            state = self._suspended.pop(frame, None)
            if state is None:
                self._enter(frame)  # never known, as after a `yield` inside a rendering
            else:
                state.caller, self._frame, self._state = self._state, frame, state
                state.suspended = False
            assert self._state is not None
            self._look(site, self._state)

    def line(self, site: Site) -> None:
        """A line of which nothing is known beforehand."""
        frame = _getframe(1)
        if frame is self._frame and self._state is not None:
            self._look(site, self._state)
        else:
            self._line_elsewhere(site, frame)

    def kept(self, site: Site) -> None:
        """A line; since the event before no local was stored."""
        frame, state = _getframe(1), self._state
        if frame is not self._frame or state is None:
            self._line_elsewhere(site, frame)
        elif state.others and not (site.harmless and self._harmless(site, state, frame)):
            self._look_again(site, state, ())
        else:
            state.line = site.line
            self._append((site.number, state.number, None, None))

    def stored(self, site: Site, value: object) -> None:
        """A line; since the event before no local was stored but this one."""
        frame, state = _getframe(1), self._state
        if frame is not self._frame or state is None:
            self._line_elsewhere(site, frame)
        elif (render := SCALAR_TEXT.get(type(value))) is None:
            self._look(site, state)
        elif state.others and not (site.harmless and self._harmless(site, state, frame)):
            self._look_again(site, state, (value,))
        else:
            state.line, name = site.line, site.name
            if state.seen.get(name, _MISSING) is not value:
                try:
                    text = render(value)
                except ValueError:  # an int of more than 4,300 digits
                    text = render_value(value)
                state.seen[name] = value
                if state.texts.get(name) != text:
                    state.texts[name] = text
                    self._append((site.number, state.number, name, text))
                    return
            self._append((site.number, state.number, None, None))

    def several(self, site: Site, *values: object) -> None:
        """A line; since the event before no locals were stored but these."""
        frame, state = _getframe(1), self._state
        if frame is not self._frame or state is None:
            self._line_elsewhere(site, frame)
        elif not SCALARS.issuperset(map(type, values)):
            self._look(site, state)
        elif state.others and not (site.harmless and self._harmless(site, state, frame)):
            self._look_again(site, state, values)
        else:
            state.line = site.line
            changes = state.store(site.names, values, {})
            self._append((site.number, state.number, changes or None, None))

    def leave(self, value: object, line: int | None) -> None:
        """A Python frame returns a value."""
        frame, state = _getframe(1), self._state
        if frame is not self._frame or state is None:
            if self._entry is None or not self._may_report():
                return
            state = self._switch_to(frame)
        # As `_text` and `_go_back`, whose calls would cost a tenth of a recorded call more.
        render = SCALAR_TEXT.get(type(value)) if self._limit is None else None
        try:
            text = self._text(value) if render is None else render(value)
        except ValueError:  # an int of more than 4,300 digits
            text = self._text(value)
        self._append((RETURN, state.number, line or state.line, text))
        if frame is self._entry:
            self._end()
            return
        caller, state.caller = state.caller, None
        self._state, self._frame = caller, None
        if caller is not None:
            caller.dirty, self._frame = True, caller.frame
        if value is not None and frame.f_code.co_flags & _GENERATOR:
            self._stop_iterating(StopIteration(value))

    def suspend(self, value: object, line: int | None) -> None:
        """A generator yields a value, or a coroutine waits."""
        if self._entry is not None and self._may_report():
            state = self._switch_to(_getframe(1))
            state.line = line or state.line
            self._append((YIELD, state.number, state.line, self._text(value)))
            state.suspended, state.delegating = True, None
            self._suspended[state.frame] = state
            self._go_back(state)

    def caught(self, error: BaseException, line: int | None, handler: int | None) -> None:
        """A handler is entered; `handler` is its number, if `reraise` will be given that."""
        if self._entry is not None and self._may_report():
            state = self._switch_to(_getframe(1))
            self._exception(state, error)
            if handler is not None:
                state.raised = {**state.raised, handler: state.line}
            if line is not None and line != state.line:
                self._look(self._place(line, False), state)
            self._frame = (
                None  # a hook at the recursion limit may have failed, and what it was to report is not known yet
            )

    def thrown(self, error: BaseException, line: int | None) -> None:
        """As `caught`, but for the end of an iterator that this Python frame delegates to, and that was thrown into."""
        if self._entry is not None and self._may_report():
            state = self._switch_to(_getframe(1))
            if isinstance(error, StopIteration):
                state.suspended = False
            else:
                self._exception(state, error)
            self._frame = None

    def reraise(self, handler: int | None, line: int | None) -> None:
        """An exception is raised again. If by a `handler`, CPython takes it for raised where it was when that was entered."""
        if self._entry is not None and not self._busy and self._thread == _get_ident():
            state = self._switch_to(_getframe(1))
            if handler is not None:
                line = state.raised.get(handler, line)
            state.reraised, state.line = True, line or state.line

    def reraise_unless(self, error: BaseException, swallowed: type[BaseException], line: int | None) -> None:
        """As `reraise`, but for exceptions that end something."""
        if self._entry is not None and not self._busy and self._thread == _get_ident():
            if not isinstance(error, swallowed):
                state = self._switch_to(_getframe(1))
                state.reraised, state.line = True, line or state.line

    def unwind(self, error: BaseException) -> None:
        """An exception leaves a Python frame."""
        if self._entry is not None and self._may_report():
            frame = _getframe(1)
            state = self._switch_to(frame)
            self._exception(state, error)
            last: Entry = (LEFT, state.number, None, None)
            if self.settings.keep_unwind_return:
                last = (RETURN, state.number, state.line, "None")
            self._append(last)
            if frame is self._entry:
                self._end()
                return
            self._go_back(state)
            if isinstance(error, StopIteration) and not frame.f_code.co_flags & RESUMABLE:
                self._stop_iterating(error)

    def leaves_loop(self, error: BaseException) -> None:
        """An exception leaves a loop, whose iterator is still alive, on its way to a handler of the same Python frame."""
        if self._entry is not None and self._may_report():
            state = self._switch_to(_getframe(1))
            self._exception(state, error)
            state.reraised = True

    def loop(self, iterator: object, name: str) -> None:
        """A loop begins: a StopIteration from before is not its own."""
        frame, state = _getframe(1), self._state
        if frame is self._frame and state is not None:
            plain, tuples = kinds_of_iterator(iterator)
            state.loops = {**state.loops, name: plain, tuples_of(name): tuples}
        if not self._busy and self._thread == _get_ident():
            self._stop_iteration = None

    def exhausted(self) -> None:
        """A loop ends, by a StopIteration if one was raised just now."""
        if self._stop_iteration is not None and self._entry is not None and self._may_report():
            self._stopped_iterating(_getframe(1), self._stop_iteration)

    def delegate(self, receiver: object, value: object) -> None:
        """`yield from` and `await` ask their iterator for the next value."""
        if self._entry is not None and not self._busy and self._thread == _get_ident():
            self._stop_iteration = None
            self._switch_to(_getframe(1)).delegating = value is None and _ends_silently(receiver)

    def delegated(self, value: object) -> None:
        """Their iterator has returned a value; 3.11 reports StopIteration if it was a raised one."""
        if self._entry is not None and self._may_report():
            frame, raised = _getframe(1), self._stop_iteration
            state = self._switch_to(frame)
            silent, state.delegating = state.delegating, None
            if silent is None or (silent and value is None):
                return
            error = StopIteration() if value is None else StopIteration(value)
            self._stopped_iterating(frame, raised or self._error_text(error))

    # --- frames -----------------------------------------------------------------------------------------------------

    def _begin(self, frame: FrameType) -> bool:
        """Whether recording begins with this Python frame."""
        if frame.f_code is not self._entry_code or self.complete:
            return False
        self._entry, self._thread = frame, _get_ident()
        return True

    def _may_report(self) -> bool:
        """Whether to report: not from inside a rendering, not from other threads."""
        if self._busy or self._thread != _get_ident():
            return False
        if self._stopped is not None:
            raise self._stopped
        return True

    def _enter(self, frame: FrameType) -> _State:
        """The state of a Python frame that is not known yet; the one of the last event has called it, directly or not."""
        self._count += 1
        first = frame.f_code.co_firstlineno
        self._frame, self._state = frame, _State(frame, self._count, self._state, first, self._limit)
        return self._prepared(self._state)

    def _prepared(self, state: _State) -> _State:
        """A new state, where more than scalars in slots may be."""
        code = state.frame.f_code
        if self._limit is not None or code.co_cellvars or code.co_freevars:
            state.others = _CELLS  # other code can change them
        return state

    def _switch_to(self, frame: FrameType) -> _State:
        """The state of the Python frame that runs now."""
        if frame is self._frame and self._state is not None:
            return self._state
        self._stop_iteration = None  # it was for the hook that comes next, and that is this one
        state = self._state
        while state is not None and state.frame is not frame:
            state = state.caller
        if state is None:
            state = self._suspended.pop(frame, None)
            if state is None:
                # A generator that is not known was entered before, or never: by its first event it is entered anew.
                state = self._enter(frame)
                state.suspended = bool(frame.f_code.co_flags & RESUMABLE)
            else:
                state.caller = self._state
        state.dirty = True
        self._frame, self._state = frame, state
        return state

    def _go_back(self, state: _State) -> None:
        """A frame is left or suspended: its caller runs on."""
        caller, state.caller = state.caller, None
        self._state, self._frame = caller, None
        if caller is not None:
            caller.dirty, self._frame = True, caller.frame

    def _end(self) -> None:
        """The entry is left."""
        self.complete = True
        self._forget()

    def _forget(self) -> None:
        self._entry = self._frame = self._state = None
        self._suspended.clear()

    # --- events -------------------------------------------------------------------------------------------------------

    def _line_elsewhere(self, site: Site, frame: FrameType) -> None:
        """A line in a frame that did not run at the last event, as far as is known."""
        if self._entry is not None and self._may_report():
            self._look(site, self._switch_to(frame))

    def _harmless(self, site: Site, state: _State, frame: FrameType) -> bool:
        """Whether no value but the stored ones can have changed since the event before (see `flow.Effects`)."""
        effects = site.effects
        return (
            not state.dirty
            and not state.loud
            and state.others.isdisjoint(effects.stored)
            and state.opaque.isdisjoint(effects.loaded)
            and (not effects.loops or all(map(state.loops.get, effects.loops)))
            and (not effects.builtins or _are_builtins(frame, effects.builtins))
        )

    def _look(self, site: Site, state: _State) -> None:
        """Report a frame's locals, all of which may have changed."""
        self._busy = True  # f_locals too may run code, a finaliser, which settrace would not report
        try:
            changes = state.update(state.local(site.hides))
        finally:
            self._busy = False
        state.line, state.dirty, self._stop_iteration = site.line, False, None
        if self._limit is not None:
            state.loud = True
        self._append((site.number, state.number, changes or None, None))

    def _look_again(self, site: Site, state: _State, values: tuple[object, ...]) -> None:
        """Report a frame's locals, of which only the stored ones and those of no scalar type can have changed. Those stored are scalars."""
        if state.loud or not _CELLS.isdisjoint(state.others):
            self._look(site, state)
            return
        self._busy = True
        try:
            changes = state.update_others(state.frame.f_locals)
        finally:
            self._busy = False
        if values:
            state.store(site.names, values, changes)
        state.line, state.dirty = site.line, False
        self._append((site.number, state.number, changes or None, None))

    def _text(self, value: object) -> str:
        self._busy = True
        try:
            return cut(render_value(value), self._limit)
        finally:
            self._busy = False

    def _exception(self, state: _State, error: BaseException) -> None:
        """Report an exception, unless it was only raised again."""
        if state.reraised:
            state.reraised = False
            return
        line = state.line
        if state.suspended:  # close() or throw(): 3.11 reports that the frame is entered again
            state.suspended = False
            self._look(self._place(line, True), state)
        elif error.__traceback__ is not None and error.__traceback__.tb_frame is state.frame:
            line = error.__traceback__.tb_lineno or line  # None: raised inside a hook, at the recursion limit
        state.delegating = None
        self._raised(state, self._error_text(error), line)

    def _error_text(self, error: BaseException) -> str:
        return type(error).__name__ if self.settings.exception_value == "type" else self._text(error)

    def _raised(self, state: _State, shown: str, line: int) -> None:
        state.line = line
        self._append((EXCEPTION, state.number, line, shown))

    def _stop_iterating(self, error: StopIteration) -> None:
        """Note a StopIteration, for the loop that may be ended by it."""
        self._frame = None  # the next hook goes the long way, and forgets it
        self._stop_iteration = self._error_text(error)

    def _stopped_iterating(self, frame: FrameType, shown: str) -> None:
        state = self._switch_to(frame)
        self._raised(state, shown, frame.f_lineno or state.line)

    def _place(self, line: int, is_call: bool) -> Site:
        """A site for an event that has none in the code."""
        site = self._places.get((line, is_call))
        if site is None:
            site = Site(len(self._sites), line, is_call, ANYTHING, False, True, self._lines, line_of(self._lines, line))
            self._places[line, is_call] = site
            self._sites.append(site)
        return site

    # --- what is recorded ---------------------------------------------------------------------------------------------

    def frames(self) -> Iterator[Frame]:
        """The frames of the entries so far; for a recorder that was given no `emit`."""
        expander = Expander(self._sites)
        return (frame for frame in map(expander.frame, self.entries) if frame is not None)

    def _pass_on(self, entry: Entry) -> None:
        """Hand the frame of an entry on at once."""
        frame = self._expander.frame(entry)
        if frame is None or self._emit is None:
            return
        self._busy = True
        try:
            self._emit(frame)
        except StopRecording as stop:
            self._stopped, self._frame = stop, None
            raise
        finally:
            self._busy = False


def _are_builtins(frame: FrameType, names: tuple[str, ...]) -> bool:
    own, known = frame.f_globals, frame.f_builtins
    return all(name not in own and known.get(name) is _BUILTINS[name] for name in names)


_BUILTINS = {name: getattr(builtins, name) for name in PURE_BUILTINS}
_MISSING = object()
_CELLS: frozenset[str] = frozenset({" cells"})  # no variable can be called so

# Of co_flags: CO_GENERATOR; and CO_COROUTINE and CO_ASYNC_GENERATOR too.
_GENERATOR, RESUMABLE = 0x20, 0x20 | 0x80 | 0x200


async def _asynchronous() -> AsyncGenerator[None, None]:
    yield


_step = _asynchronous().asend(None)
_step.close()
_ASYNC_STEP = type(_step)


def _ends_silently(receiver: object) -> bool:
    """Whether an iterator that ends with None raises nothing for that: those of C do not, except those that have only `send`."""
    step = getattr(type(receiver), "__next__", None)
    return step is not None and not isinstance(step, FunctionType) and type(receiver) is not _ASYNC_STEP


def all_code(code: CodeType) -> list[CodeType]:
    """A code object and all nested in it, outer ones first."""
    nested = [item for constant in code.co_consts if isinstance(constant, CodeType) for item in all_code(constant)]
    return [code, *nested]


def compile_source(source: str, filename: str) -> CodeType:
    """The module's code object, with comprehensions as functions of their own on every interpreter. Raises SyntaxError."""
    if not quirks.INLINES_COMPREHENSIONS:
        return compile(source, filename, "exec", dont_inherit=True)
    import ast

    from cwm_trace.tracer.comprehensions import name_frames, outline_comprehensions
    from cwm_trace.tracer.marks import unmark
    from cwm_trace.tracer.reference_lines import set_lines

    tree = outline_comprehensions(set_lines(ast.parse(source, filename)))
    return name_frames(unmark(compile(tree, filename, "exec", dont_inherit=True)))
