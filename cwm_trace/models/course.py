"""Which events may come next in a trace, and with which lines: what the order of the source's statements leaves open.

Follows a trace frame by frame through `models.order`, in all the places where its lines may stand: of lines that are the same, each that may be
next. Where the order is not known, as in a `finally`, or a frame breaks the format, nothing is ruled out. Knows no values and runs nothing: of
an `if` both ways may come, and any line may raise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cwm_trace.frames import Event, Frame, Step
from cwm_trace.models.flow import LEFT
from cwm_trace.models.order import Order
from cwm_trace.models.statements import BEGINNINGS, ITERATOR


@dataclass(slots=True)
class _Scope:
    """A Python frame that is active.

    Attributes:
        numbers: the lines that may have run last in it; its own before any has; empty: unknown.
        inline: whether it is a comprehension's or a lambda's.
        begins: whether no line has run since its CALL.
        calls: how many CALLs there were since the line began to run.
        raised: whether an exception has come from the line, and not been told to leave it.
    """

    numbers: frozenset[int]
    inline: bool = False
    begins: bool = True
    raised: bool = False
    calls: int = 0


class Course:
    """The places in a source at which a trace may be."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._scopes: list[_Scope] = []
        self._waits = False  # whether a generator may go on
        self._rests = frozenset[int]()  # lines with which the entry may go on, which is a generator or a coroutine
        self._is_known = False  # whether all Python frames that are active are among the scopes

    @property
    def may_end(self) -> bool:
        """Whether the trace may end here, as far as its Python frames tell: the entry has returned, or raises."""
        return not self._is_known or not self._scopes or (len(self._scopes) == 1 and self.raised)

    @property
    def has_ended(self) -> bool:
        """Whether the entry has returned, for good."""
        return self._is_known and not self._scopes and not self._rests

    @property
    def numbers(self) -> frozenset[int]:
        """The lines that may have run last in the Python frame that is running, its own before any has; empty: unknown."""
        return self._scopes[-1].numbers if self._scopes else frozenset()

    @property
    def begins(self) -> bool:
        """Whether no line has run in that."""
        return bool(self._scopes) and self._scopes[-1].begins

    @property
    def raised(self) -> bool:
        """Whether an exception came from its last line."""
        return bool(self._scopes) and self._scopes[-1].raised

    def call_numbers(self, lines: Collection[str] | None = None) -> frozenset[int] | None:
        """The lines with which a CALL may come, of these, as frames show them, with their ends (None: of all); None: any."""
        numbers = self._calls(self._scopes[-1]) if self.numbers else None
        if numbers is None or lines is None:
            return numbers
        return frozenset(
            number for number in numbers if any(f"{text}\n" in lines for text in self._order.texts([number]))
        )

    def goes_on(self, numbers: frozenset[int]) -> bool:
        """Whether a CALL with one of these lines may be that of a generator that goes on."""
        return bool(numbers & self._order.paused)

    def observe(self, step: Step) -> None:
        """Append a frame."""
        if not isinstance(step, Frame):
            self._scopes, self._is_known = [], False
        elif step.event is Event.CALL:
            self._is_known = self._is_known or not self._scopes
            for scope in self._scopes[-1:]:
                scope.calls += 1
            self._scopes.append(self._called(step))
        elif not self._scopes:
            self._is_known = False
        elif step.event is Event.RETURN:
            pauses = self._scopes.pop().numbers & self._order.paused
            self._waits = self._waits or bool(pauses)
            self._rests = pauses
        elif step.event is Event.EXCEPTION:
            self._scopes[-1].raised = True
        else:
            scope = self._scopes[-1]
            may_be = self._order.numbers(step.source)
            expected = self._next_lines(scope)
            numbers = may_be if expected is None else may_be & expected or may_be
            self._scopes[-1] = _Scope(numbers, scope.inline, begins=False)

    def _called(self, step: Frame) -> _Scope:
        numbers = self._order.numbers(step.source) & self._order.callable_lines
        if not self._scopes and (not step.source.startswith(BEGINNINGS) or self._order.may_be_module(step)):
            numbers = frozenset()  # a module's CALL has its first line, whatever that is
        return _Scope(numbers, ITERATOR in step.locals or (bool(numbers) and all(map(self._order.is_inline, numbers))))

    def lines(self, event: Event) -> frozenset[str] | None:
        """The lines with which this event may come, as frames show them, without line ends; None: any."""
        if self.has_ended:
            return frozenset()
        scope = self._scopes[-1] if self._scopes else None
        if scope is None or not scope.numbers:
            return None
        numbers = {
            Event.CALL: self._calls,
            Event.LINE: self._next_lines,
            Event.RETURN: self._returns,
            Event.EXCEPTION: self._raises,
        }[event](scope)
        return None if numbers is None else self._order.texts(numbers)

    def _calls(self, scope: _Scope) -> frozenset[int] | None:
        return self._union(self._calls_of(scope, number) for number in scope.numbers)

    def _calls_of(self, scope: _Scope, number: int) -> frozenset[int] | None:
        paused = self._order.paused if self._waits else frozenset()
        if scope.raised:  # what is thrown away may still run to its end
            return paused
        if scope.begins and (scope.inline or self._order.entries.get(number)):
            return frozenset()
        calls = self._order.calls(number, scope.calls)
        if calls is not None and scope.inline and self._order.is_alone(number):  # nothing calls itself there
            calls -= self._order.inside(number)
        return None if calls is None else calls | paused

    def _next_lines(self, scope: _Scope) -> frozenset[int] | None:
        return self._union(self._next_of(scope, number) for number in scope.numbers)

    def _next_of(self, scope: _Scope, number: int) -> frozenset[int] | None:
        if scope.inline:
            return self._order.inside(number)
        if scope.begins and number in self._order.entries:
            return self._order.entries[number]
        after = frozenset() if self._is_amid(scope, number) else self._order.leads(number, scope.raised)
        return after and after - {LEFT}

    def _is_amid(self, scope: _Scope, number: int) -> bool:
        """Whether the line cannot have ended yet."""
        return not scope.begins and not scope.raised and scope.calls < self._order.sure.get(number, 0)

    def _returns(self, scope: _Scope) -> frozenset[int] | None:
        return self._union(self._returns_of(scope, number) for number in scope.numbers)

    def _returns_of(self, scope: _Scope, number: int) -> frozenset[int] | None:
        own = self._order.inside(number)
        if scope.begins and scope.inline and not scope.raised:
            return frozenset()
        if scope.begins and number in self._order.entries:
            return None if scope.raised or self._order.entries[number] is None else frozenset()
        if scope.inline or number in self._order.paused:
            return own
        after = frozenset() if self._is_amid(scope, number) else self._order.leads(number, scope.raised)
        return None if after is None else own if LEFT in after else frozenset()

    def _raises(self, scope: _Scope) -> frozenset[int] | None:
        return self._union(self._raises_of(scope, number) for number in scope.numbers)

    def _raises_of(self, scope: _Scope, number: int) -> frozenset[int]:
        return frozenset() if scope.begins and number in self._order.quiet else self._order.inside(number)

    def _union(self, parts: Iterable[frozenset[int] | None]) -> frozenset[int] | None:
        made: frozenset[int] = frozenset()
        for part in parts:
            if part is None:
                return None
            made |= part
        return made
