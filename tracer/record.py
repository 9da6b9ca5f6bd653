"""Turns the events of instrumented code into frames: from the entry's CALL until its scope is left.

Knows nothing of processes, files or the command line. The thread that runs the entry first has its hooks at hand here; what another thread
does is recorded by a `Track` of its own, if that is asked for.
"""

from __future__ import annotations

import builtins
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from types import CodeType, FrameType, WrapperDescriptorType
from weakref import WeakSet

from cwm_trace.format import source_lines, strip_mark
from cwm_trace.frames import Frame
from cwm_trace.tracer import fast, quirks
from cwm_trace.tracer.endings import PASSES_ON, Ending, ending
from cwm_trace.tracer.entry import definition_line
from cwm_trace.tracer.executed import Elsewhere, Executed
from cwm_trace.tracer.flow import Effects, tuples_of
from cwm_trace.tracer.instrument import Hooks, Site, instrument
from cwm_trace.tracer.log import RETURN, YIELD, Changes, Expander, line_of
from cwm_trace.tracer.raw import found_in, is_a, is_plain_type, name_of
from cwm_trace.tracer.renderings import SCALAR_TEXT, SCALARS, kinds_of_iterator
from cwm_trace.tracer.supported import check_python
from cwm_trace.tracer.track import (
    BUILTINS,
    CELLS,
    DELEGATION,
    GENERATOR,
    NO_LINES,
    NO_LOOPS,
    Settings,
    Shared,
    Sink,
    State,
    ThreadStart,
    ThreadTrack,
    Track,
    ending_of,
)
from cwm_trace.tracer.values import render_value

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

# Bound now: a traced program may replace what is in modules, too.
_exec, _eval, _compile = exec, eval, compile
_getframe, _get_ident, _exc_info = sys._getframe, threading.get_ident, sys.exc_info
_HOOKS = [name for name in vars(Hooks) if not name.startswith("_")]
_threads_by_ident: dict[int, threading.Thread] = threading._active  # type: ignore[attr-defined]


class Recorder(Track):
    """Records one execution of a source text.

    `code` is the instrumented module; run it with `exec(recorder.code, namespace)` (and call what is to be traced). Each frame goes to
    `emit`, diff-encoded, as it happens; without `emit` the events are kept as `entries`, and `frames` makes frames of them. `complete` tells
    that the entry's scope has been left; `untraced` names the functions and class bodies that could not be instrumented.
    """

    __slots__ = ("__dict__", "__weakref__", "_thread", "_threaded")

    def __init__(
        self,
        source: str,
        filename: str,
        *,
        entry_line: int | None,
        emit: Callable[[Frame], None] | None,
        settings: Settings | None = None,
        threads: Callable[[ThreadStart], Sink] | None = None,
    ) -> None:
        """`entry_line` is the 1-based line of the entry's `def` (the last function that starts there), None = the module body.

        `threads` is asked, once the entry has begun, for each call that another thread makes of recorded code from elsewhere: where do its
        frames go? None: other threads are not recorded.
        """
        check_python()
        self._lines = [strip_mark(line) for line in source_lines(source)]
        super().__init__(Shared(settings or Settings(), self._lines), emit)
        self.filename, self.entry_line = filename, entry_line
        self.untraced: list[str] = []
        self._entry_code: CodeType | None = None
        self._thread: int | None = None
        self._threads, self._threaded = threads, False
        self._here_too = threading.local()
        self._numbers = count(1)
        self._hooks: Hooks = fast.hooks_of(self, _HOOKS)
        self._executed: Executed | None = Executed(self.instrument, self.untraced)
        self.code = self.instrument(compile_source(source, filename), self._lines)
        self._entry_code = self._find_entry(self.code)
        _living.add(self)

    def instrument(self, code: CodeType, lines: Sequence[str]) -> CodeType:
        """Code of another file, with this recorder's hooks. `lines` are those of its source text, for the frames to show."""
        known = len(self._sites)
        changed = instrument(code, self._hooks, self._sites, self.untraced)
        in_context = type(lines) is not Elsewhere
        for site in self._sites[known:]:
            site.lines, site.source = lines, line_of(lines, site.line)
            site.shown = site.line if in_context else None
        return changed

    def start_at(self, code: CodeType) -> None:
        """Make another function the entry, by its instrumented code."""
        self._entry_code = code

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
        if (self._entry is None and not self._begin(frame)) or self._busy or self._thread != _get_ident():
            self._entered_elsewhere(site, frame)
            return
        if self._shared.stopped is not None:
            raise self._shared.stopped
        self._count = number = self._count + 1
        if self._stop_iteration is not None:
            self._interrupted(self._stop_iteration)
        state = State(frame, number, self._state, site.line, self._limit, self._most)
        self._frame, self._state = frame, state
        texts: Changes = {}
        if self._limit is None and not site.cells:
            try:
                for name, value in zip(site.names, values):  # noqa: B905  # strict costs time
                    texts[name] = SCALAR_TEXT[type(value)](value)
            except (KeyError, ValueError):  # a value of another type, a very long int
                pass
            else:
                state.texts.update(texts)  # type: ignore[arg-type]  # none is None
                state.seen.update(zip(site.names, values))  # noqa: B905
                self._append((site.number, number, texts or None, None))
                return
        # Not in the handler: what comes up in here, and the program sees, would show our exception as its context.
        self._look(site, self._prepared(state))

    def call(self, site: Site) -> None:
        """A Python frame is entered that has other locals than parameters in slots."""
        frame = _getframe(1)
        if (self._entry is None and not self._begin(frame)) or self._thread != _get_ident():
            self._entered_elsewhere(site, frame)
        elif self._here() is not None:
            self._look(site, self._enter(frame))

    def resumed(self, site: Site) -> None:
        """A generator or coroutine is entered again."""
        frame = _getframe(1)
        track = self._here() or self._elsewhere(frame)
        if track is not None:
            track._look(site, track._resume(frame))

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
            track = self._here()
            if track is None:
                self._forget_frame(frame)
                return
            if track is not self:
                track._leave(frame, value, line)
                return
            state = self._switch_to(frame)
        # As `Track._leave`, whose calls would cost a tenth of a recorded call more.
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
        if value is not None and frame.f_code.co_flags & GENERATOR:
            self._stop_iterating(StopIteration(value))

    def suspend(self, value: object, line: int | None) -> None:
        """A generator yields a value, or a coroutine waits."""
        track = self._here()
        if track is not None:
            state = track._switch_to(_getframe(1))
            state.line = line or state.line
            track._append((YIELD, state.number, state.line, track._text(value)))
            state.suspended, state.delegating = True, None
            track._suspended[state.frame] = state
            track._go_back(state)

    def caught(self, error: BaseException, line: int | None, handler: int | None) -> None:
        """A handler is entered; `handler` is its number, if `reraise` will be given that."""
        track = self._here(error)
        if track is not None:
            state = track._switch_to(_getframe(1))
            track._exception(state, error)
            if handler is not None:
                state.raised = {**state.raised, handler: state.line}
            if line is not None and line != state.line:
                track._look(track._place(line, False), state)
            # A hook at the recursion limit may have failed, and what it was to report is not known yet.
            track._frame = None

    def thrown(self, error: BaseException, line: int | None) -> None:
        """As `caught`, but for the end of an iterator that this Python frame delegates to, and that was thrown into."""
        track = self._here(error)
        if track is not None:
            state = track._switch_to(_getframe(1))
            if is_a(error, StopIteration):
                state.suspended = False
            else:
                track._exception(state, error)
            track._frame = None

    def reraise(self, handler: int | None, line: int | None) -> None:
        """An exception is raised again. If by a `handler`, CPython takes it for raised where it was when that was entered."""
        if self._shared.stopped is not None:  # nothing goes on here
            return
        track = self._here()
        if track is not None:
            state = track._switch_to(_getframe(1))
            if handler is not None:
                line = state.raised.get(handler, line)
            state.reraised, state.line = True, line or state.line

    def raise_again(self, line: int | None) -> None:
        """As `reraise`, for `raise` without an exception; where none is being handled, CPython raises one of its own there."""
        if self._shared.stopped is not None or _exc_info()[1] is None:
            return
        track = self._here()
        if track is not None:
            track._raised_again(_getframe(1), line)

    def reraise_unless(self, error: BaseException, swallowed: type[BaseException], line: int | None) -> None:
        """As `reraise`, but for exceptions that end something."""
        track = self._here(error)
        if track is not None and not is_a(error, swallowed):
            track._raised_again(_getframe(1), line)

    def unwind(self, error: BaseException) -> None:
        """An exception leaves a Python frame."""
        track = self._here(error)
        if track is not None:
            track._unwind(_getframe(1), error)
        else:
            self._forget_frame(_getframe(1))

    def _forget_frame(self, frame: FrameType) -> None:
        """A frame ends while nothing is recorded, as a generator does whose last holder was our look at a frame: its values are to die."""
        self._suspended.pop(frame, None)
        if (track := getattr(self._here_too, "track", None)) is not None:
            track._suspended.pop(frame, None)

    def leaves_loop(self, error: BaseException) -> None:
        """An exception leaves a loop, whose iterator is still alive, on its way to a handler of the same Python frame."""
        track = self._here(error)
        if track is not None:
            state = track._switch_to(_getframe(1))
            track._exception(state, error)
            state.reraised = True

    def loop(self, iterator: object, name: str) -> None:
        """A loop begins: a StopIteration from before is not its own."""
        frame, state = _getframe(1), self._state
        if frame is not self._frame or state is None:
            if (track := self._here()) is None:
                return
            state, track._stop_iteration = track._state, None
            if state is None or state.frame is not frame:
                return
        else:
            self._stop_iteration = None
        plain, tuples = kinds_of_iterator(iterator)
        state.loops = {**state.loops, name: plain, tuples_of(name): tuples}
        if not plain:
            state.ends = {**state.ends, name: ending(iterator)}

    def exhausted(self, name: str, iterator: object = None) -> None:
        """A loop ends, by a StopIteration if one was raised just now. `iterator`: that of a comprehension, which is given it."""
        if (track := self._here()) is None:
            return
        shown, track._stop_iteration = track._stop_iteration, None
        frame = _getframe(1)
        if shown is None and not _raises_unseen(track._state, frame, name, iterator):
            return
        state = track._switch_to(frame)
        if state.ended is not None:
            shown, state.ended = state.ended, None
        elif shown is None:
            shown = track._error_text(StopIteration())
        elif ending_of(state, name) is Ending.CLEARED:
            return
        track._stopped_iterating(frame, shown)

    def delegate(self, receiver: object, value: object) -> None:
        """`yield from` and `await` ask their iterator for the next value."""
        track = self._here()
        if track is not None:
            track._stop_iteration = None
            state = track._switch_to(_getframe(1))
            state.delegating = value is None and _ends_silently(receiver)
            if state.ends.get(DELEGATION) is not (ends := ending(receiver)):
                state.ends = {**state.ends, DELEGATION: ends}

    def delegated(self, value: object) -> None:
        """Their iterator has returned a value; 3.11 reports StopIteration if it was a raised one."""
        track = self._here()
        if track is not None:
            frame, raised = _getframe(1), track._stop_iteration
            state = track._switch_to(frame)
            silent, state.delegating, state.suspended = state.delegating, None, False
            if silent is None:
                return
            ends = state.ends[DELEGATION]
            if silent and value is None and (ends not in PASSES_ON or raised is None and ends is not Ending.RAISED):
                return
            error = StopIteration() if value is None else StopIteration(value)
            track._stopped_iterating(frame, raised or track._error_text(error))

    def execute(self, called: object, first: object, second: object) -> object:
        """What may be a call of `exec`, `eval` or `compile`, and its first two arguments: the first one to take."""
        if (called is not _exec and called is not _eval and called is not _compile) or self._executed is None:
            return first
        frame, track = _getframe(1), self._here()
        if track is not None and called is not _compile:
            track._switch_to(frame).others |= CELLS  # it may add to the frame's namespace
        with self._shared.lock:
            return self._executed.argument(called, first, second, frame.f_code)

    # --- threads ------------------------------------------------------------------------------------------------------

    def _begin(self, frame: FrameType) -> bool:
        """Whether recording begins with this Python frame."""
        if frame.f_code is not self._entry_code or self.complete:
            return False
        with self._shared.lock:
            if self._entry is None:  # another thread may be faster
                self._thread, self._entry = _get_ident(), frame
        return True

    def _here(self, error: BaseException | None = None) -> Track | None:
        """What records this thread now; None: nothing does, or this hook comes from inside a rendering, or a generator is let go after the end.

        `error`: what is on its way, where that is not being handled yet.
        """
        if self._thread == _get_ident():
            track: Track = self
        elif self._threads is not None and self._threaded:
            track = getattr(self._here_too, "track", self)
            if track is self:
                return None
            self._frame = None  # what happens here may change what that thread shows: it is to look at everything again
        else:
            return None
        if track._entry is None or track._busy:
            return None
        if self._shared.stopped is not None:
            if is_a(error or sys.exc_info()[1], GeneratorExit):  # nothing is above it that could be stopped
                return None
            raise self._shared.stopped
        return track

    def _elsewhere(self, frame: FrameType) -> Track | None:
        """What records another thread, into which this frame is entered: from now on, if nothing did."""
        if self._threads is None or self._thread is None or self._thread == _get_ident():
            return None
        known: ThreadTrack | None = getattr(self._here_too, "track", None)
        if known is not None and (known._busy or known._entry is not None):
            return self._here()
        start = self._start(frame.f_code, known)
        track = self._here_too.track = ThreadTrack(self._shared, start)
        self._threaded, self._frame = True, None
        track.begin(frame, self._threads(start))
        return track

    def _start(self, code: CodeType, before: ThreadTrack | None) -> ThreadStart:
        line = code.co_firstlineno
        if not code.co_name.startswith("<"):
            line = definition_line(self._lines, line)
        if before is not None:
            return ThreadStart(before.start.thread, before.start.name, before.start.call + 1, code.co_qualname, line)
        thread = _threads_by_ident.get(_get_ident())  # threading.current_thread() would make one up
        # Not by `name`, which a class of the program's may have made a property of, whose code would be recorded here.
        name = "" if thread is None else object.__getattribute__(thread, "__dict__").get("_name", "")
        return ThreadStart(next(self._numbers), str(name), 1, code.co_qualname, line)

    def _entered_elsewhere(self, site: Site, frame: FrameType) -> None:
        track = self._elsewhere(frame)
        if track is not None:
            track._look(site, track._enter(frame))

    def _line_elsewhere(self, site: Site, frame: FrameType) -> None:
        """A line in a frame that did not run at the last event, as far as is known; or in another thread."""
        track = self._here()
        if track is not None:
            track._look(site, track._switch_to(frame))

    @property
    def has_begun(self) -> bool:
        """Whether the entry was ever entered."""
        return self._thread is not None

    def stop(self) -> None:
        """Record no more: what other threads go on doing, or what a forked process does."""
        self._threads = self._entry_code = self._executed = None
        self._forget()

    # --- what is recorded ---------------------------------------------------------------------------------------------

    def frames(self) -> Iterator[Frame]:
        """The frames of the entries so far; for a recorder that was given no `emit`."""
        expander = Expander(self._sites)
        return (frame for frame in map(expander.frame, self.entries) if frame is not None)


if fast.module is not None:
    fast.module.learn(Recorder, State, Site, Effects, Shared, NO_LOOPS, NO_LINES, CELLS, BUILTINS)
_MISSING = object()
_living: WeakSet[Recorder] = WeakSet()


def _forked() -> None:
    """In the child: what has begun is the parent's."""
    for recorder in list(_living):
        if recorder.has_begun:
            recorder.stop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _ends_silently(receiver: object) -> bool:
    """Whether an iterator that ends with None raises nothing for that: those of C do not, except those that have only `send`."""
    kind = type(receiver)
    if is_plain_type(kind) and kind in quirks.GOES_THROUGH_ITSELF:
        return True
    return type(found_in(kind, "__next__")) is WrapperDescriptorType and name_of(kind) not in quirks.RAISES_AT_END


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


def _raises_unseen(state: State | None, frame: FrameType, name: str, iterator: object) -> bool:
    """Whether a loop ends by a StopIteration that no hook has seen just now: it was held back, or the library's code has raised it."""
    if state is None or state.frame is not frame:
        return state is not None and state.ended is not None
    ends = state.ends.get(name)
    if ends is None and iterator is not None:
        ends = ending(iterator)
    return ends is Ending.RAISED or state.ended is not None
