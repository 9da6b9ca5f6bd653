"""Which variables the next frame of a trace may show, and which of them can only have the value that they had.

Follows a trace beside `models.course`: a function's frames show its own variables, in the order in which they were bound; what a statement does
not bind stays bound, and a number or a text that it does not bind stays what it was; what is given to a function, bound or returned as a name or
a literal has that value. Where it is not known which function runs, nothing is ruled out. Nothing is run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_OPTIMIZED
from types import CodeType
from typing import NamedTuple

from cwm_trace.frames import Event, Frame, Step
from cwm_trace.models.answers import STRING
from cwm_trace.models.bindings import Bindings, arguments, literal, variables
from cwm_trace.models.course import Course
from cwm_trace.models.statements import ITERATOR

_FUNCTION = "<function"
_LATER = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR  # begins to run elsewhere
# How values begin that nothing can change, and what is shown by its kind alone.
_LASTING = re.compile(
    r"""b?['"]|-?\d|(?:True|False|None)$|<(?:function|class|module|generator object|re\.Match object;) |re\.compile\(|<[\w.]+ object>$"""
)
_DISPLAYS = ("<listcomp>", "<setcomp>", "<dictcomp>")
_TEXT = re.compile(STRING, re.DOTALL)


class Slot(NamedTuple):
    """A variable that a frame may show.

    Attributes:
        name: of it.
        must: whether it is shown, whatever happens.
        value: the only one that it can have; None: any.
    """

    name: str
    must: bool
    value: str | None = None


Slots = tuple[Slot, ...]


@dataclass(slots=True)
class _Scope:
    """A Python frame that is active: its function, None: unknown, its variables as the trace shows them, and the lines that may run in it."""

    code: CodeType | None
    names: Mapping[str, str]
    numbers: frozenset[int] = frozenset()


class Variables:
    """The variables of one trace, as it grows."""

    def __init__(self, source: str, course: Course) -> None:
        """`course`, which is told of each frame through this."""
        self._bindings = Bindings(source)
        self._course = course
        self._is_open = self._bindings.shows_anything  # what looks like a number may be anything
        self._scopes: list[_Scope] = []
        self._last: _Scope | None = None  # of the last frame that has variables
        self._begun: set[CodeType] = set()  # functions that had a CALL

    def observe(self, step: Step) -> None:
        """Append a frame."""
        self._course.observe(step)
        if not isinstance(step, Frame):
            self._scopes, self._last = [], None
        elif step.event is Event.CALL:
            self._scopes.append(_Scope(self._code(step), step.locals))
        elif step.event is Event.RETURN and self._scopes:
            self._scopes.pop()
        elif step.event is Event.LINE and self._scopes:
            self._scopes[-1].names, self._scopes[-1].numbers = step.locals, self._course.numbers
        if self._scopes and step.event is not None and step.event.observes_locals:
            self._last = self._scopes[-1]

    def _code(self, step: Frame) -> CodeType | None:
        """The function that begins, if there is one alone."""
        if self._course.numbers & self._bindings.uncoded:
            return None
        if self._course.goes_on(self._course.numbers):
            return self._going_on(step)
        found = [code for number in self._course.numbers for code in self._bindings.codes.get(number, ())]
        fitting = [code for code in found if ITERATOR in step.locals or ITERATOR not in code.co_varnames]
        self._begun.update(fitting)
        return fitting[0] if len(fitting) == 1 else None

    def _going_on(self, step: Frame) -> CodeType | None:
        """The generator that goes on at a line which binds nothing, if there is one alone that it can be."""
        numbers = self._course.numbers
        if any(self._bindings.stores.get(number) for number in numbers) or numbers & self._bindings.codes.keys():
            return None
        found = [
            code
            for codes in self._bindings.codes.values()
            for code in codes
            if code.co_flags & CO_GENERATOR
            and any(line in numbers for *_, line in code.co_lines())
            and step.locals.keys() <= {*variables(code)}
        ]
        return found[0] if len(found) == 1 and not _is_inline(found[0]) else None

    def slots(self, event: Event, lines: Collection[str] | None = None) -> Sequence[Slots] | None:
        """What a CALL or a LINE may show: one of these, each in its order; None: anything. `lines`: those that a CALL may have, with their ends;
        None: all that may come."""
        if not self._scopes:
            return None
        scope = self._scopes[-1]
        return self._called(scope, lines) if event is Event.CALL else self._shown(scope)

    def _called(self, scope: _Scope, lines: Collection[str] | None) -> Sequence[Slots] | None:
        numbers = self._course.call_numbers(lines)
        if numbers is None or numbers & self._bindings.uncoded or self._course.goes_on(numbers):
            return None
        codes = [
            code for number in numbers for code in self._bindings.codes.get(number, ()) if _may_call(scope.code, code)
        ]
        known = all(_is_function(code) and not self._goes_on(code) for code in codes)
        return [tuple(self._given(code, scope)) for code in codes] if known else None

    def _given(self, code: CodeType, caller: _Scope) -> Iterator[Slot]:
        """What a CALL shows: arguments, and what the function has of those around it."""
        given = self._arguments(code, caller)
        inner = caller.code is not None and code in caller.code.co_consts and _is_inline(code)
        definer = self._definer(code)
        around = () if definer is None else definer.names.keys() - self._bindings.shared - self._bindings.deleted
        for name in variables(code):
            if name in arguments(code):
                yield Slot(name, True, given.get(name))
            elif name in code.co_freevars and (not inner or name in caller.names):
                value = self._kept(name, caller) if inner else self._shared(name, definer, caller) if definer else None
                yield Slot(name, inner or name in around, value)

    def _definer(self, code: CodeType) -> _Scope | None:
        """The function that defines this one, where that is active once."""
        found = [scope for scope in self._scopes if scope.code is not None and code in scope.code.co_consts]
        return found[0] if len(found) == 1 else None

    def _shared(self, name: str, definer: _Scope, caller: _Scope) -> str | None:
        """The value of a variable of the function around the one that is called, which others may have changed; None: unknown."""
        if self._is_open:
            return None
        value, bindings = definer.names.get(name), self._bindings
        binds = {each for number in definer.numbers for each in bindings.stores.get(number, ())}
        if value is not None and name not in bindings.shared | binds and _LASTING.match(value):
            return value
        touched = {each for number in caller.numbers for each in bindings.touches_before.get(number, ())}
        if self._last is not None and self._last is not caller:
            touched |= self._touched(self._last)
        return self._of_last(name, definer, touched)

    def _of_others(self, name: str, scope: _Scope) -> str | None:
        """The value of a variable that this function has of one around it; None: unknown."""
        value, bindings = scope.names[name], self._bindings
        if self._is_open:
            return None
        if name not in bindings.shared and _LASTING.match(value):
            return value
        if self._last is scope:
            return value if name not in self._touched(scope) else None
        definer = None if scope.code is None else self._definer(scope.code)
        return None if definer is None else self._left_by(name, definer, scope)

    def _touched(self, scope: _Scope) -> set[str]:
        """The names whose values the lines that run in a function may change."""
        return {each for number in scope.numbers for each in self._bindings.touches.get(number, ())}

    def _of_last(self, name: str, definer: _Scope, touched: Collection[str]) -> str | None:
        """The value of a function's variable as it, or one inside, has shown it last; None: unknown. `touched`: names that may have changed."""
        last = self._last
        if last is None or last.code is None or name not in last.names or self._is_open:
            return None
        is_same = last is definer or (name in last.code.co_freevars and self._definer(last.code) is definer)
        return last.names[name] if is_same and name not in touched else None

    def _left_by(self, name: str, definer: _Scope, scope: _Scope) -> str | None:
        """The same, behind a line that has called functions."""
        touched = self._touched(scope) | (self._touched(self._last) if self._last is not None else set())
        return self._of_last(name, definer, touched)

    def _kept(self, name: str, scope: _Scope) -> str | None:
        """The value that a variable has had since it was shown last; None: unknown."""
        value = scope.names[name]
        return value if self._is_quiet(scope) or (_LASTING.match(value) and not self._is_open) else None

    def _arguments(self, code: CodeType, caller: _Scope) -> dict[str, str]:
        """The arguments that stand as names or literals in the only call of a function in the line that runs."""
        numbers = self._course.numbers
        found = [(number, call) for number in numbers for call in self._bindings.calls.get(number, ())]
        fitting = [(number, call) for number, call in found if call.func.id == code.co_name]  # type: ignore[attr-defined]
        function = caller.names.get(code.co_name, _FUNCTION)
        if (
            len(numbers) != 1
            or len(fitting) != 1
            or code.co_name in self._bindings.unclear
            or not function.startswith(_FUNCTION)
        ):
            return {}
        ((number, call),) = fitting
        if code.co_flags & _LATER or any(isinstance(part, ast.Starred) for part in call.args):
            return {}
        quiet = self._bindings.is_quiet_but_for(number, call)
        given = [*zip(code.co_varnames[: code.co_argcount], call.args, strict=False)]
        given += [(word.arg, word.value) for word in call.keywords if word.arg in arguments(code)]
        values = {name: self._value(part, caller, quiet) for name, part in given}
        return {name: value for name, value in values.items() if value is not None}

    def _value(self, part: ast.expr, scope: _Scope, quiet: bool) -> str | None:
        """That of a literal, or of a name; `quiet`: nothing before it may change that."""
        if not isinstance(part, ast.Name):
            return literal(part)
        if scope.code is None or _is_inline(scope.code) or self._may_be_bound(part.id):
            return None
        value = scope.names.get(part.id)
        return value if value is not None and not self._is_open and (quiet or _LASTING.match(value)) else None

    def _may_be_bound(self, name: str) -> bool:
        """Whether the line that runs may have bound a name already: an assignment does that last."""
        return name in self._of_lines(self._bindings.stores) and not self._of_lines(self._bindings.binds)

    def _plain(self, scope: _Scope) -> tuple[str, str | None]:
        """Of a line that only binds, or returns, a name or a literal: the name that is bound, and that value; None: unknown."""
        found = {self._bindings.plain.get(number) for number in self._course.numbers}
        if len(found) != 1 or self._course.begins or self._course.raised or (plain := found.pop()) is None:
            return "", None
        name, part = plain
        return name, "None" if part is None else self._value(part, scope, True)

    def value(self, event: Event) -> str | None:
        """The only value that a RETURN can have; None: any."""
        code = self._scopes[-1].code if self._scopes else None
        if event is not Event.RETURN or code is None:
            return None
        if _is_function(code) and not _is_inline(code) and not self._course.numbers & self._bindings.giving:
            return "None"
        name, value = self._plain(self._scopes[-1])
        return None if name else value

    def _goes_on(self, code: CodeType) -> bool:
        """Whether this may be a generator that goes on, with more variables than it had."""
        return bool(code.co_flags & CO_GENERATOR) and code in self._begun

    def _shown(self, scope: _Scope) -> Sequence[Slots] | None:
        code = scope.code
        if code is None or not _is_function(code) or not self._course.numbers:
            return None
        inline, bindings = _is_inline(code), self._bindings  # of a comprehension, the line says little
        shared = bindings.shared | {*code.co_freevars}
        stored = (
            {*variables(code)} - {ITERATOR} if inline and not self._course.begins else self._of_lines(bindings.stores)
        )
        if len(new := stored - {*scope.names}) > 1 and new & bindings.mixed:  # in which order is unknown
            return None
        bound = (
            set() if inline or self._course.raised or len(self._course.numbers) > 1 else self._of_lines(bindings.binds)
        )
        unbound = self._of_lines(bindings.unbinds)
        is_quiet = (not inline or self._course.begins) and self._is_quiet(scope)
        set_name, plain = self._plain(scope)
        made = []
        for name in dict.fromkeys((*scope.names, *variables(code))):
            value = scope.names.get(name)
            if name in code.co_freevars and value is not None and name not in bindings.deleted:
                made.append(Slot(name, True, self._of_others(name, scope)))
            elif name in code.co_cellvars and name in bindings.shared and value is not None and name not in unbound:
                is_same = self._last is scope and name not in self._touched(scope) and bool(_LASTING.match(value))
                told = value if is_same and not self._is_open else self._left_by(name, scope, scope)
                made.append(Slot(name, name not in bindings.deleted and name not in bindings.handled, told))
            elif name in shared:
                made.append(Slot(name, False))
            elif value is not None:
                stays = name not in stored and not self._is_open and (is_quiet or _LASTING.match(value))
                told = value if stays else plain if name == set_name else None
                if told is None and name in code.co_cellvars and name not in stored and self._last is not scope:
                    told = self._left_by(name, scope, scope)
                made.append(Slot(name, name not in unbound, told))
            elif name in stored:
                made.append(Slot(name, name in bound, plain if name == set_name else None))
        return [tuple(made)]

    def _of_lines(self, names: Mapping[int, frozenset[str]]) -> set[str]:
        """Those of the lines that may have run; of a function that has only begun, none."""
        numbers = () if self._course.begins else self._course.numbers
        return {name for number in numbers for name in names.get(number, ())}

    def _is_quiet(self, scope: _Scope) -> bool:
        """Whether no value has changed since the last frame of this Python frame."""
        quiet = self._course.begins or self._course.numbers <= self._bindings.quiet
        return quiet and not any(map(_has_objects, scope.names.values()))


def _has_objects(value: str) -> bool:
    """Whether there is something in a value that is shown as `<...>`."""
    return "<" in value and "<" in _TEXT.sub("", value)


def _may_call(caller: CodeType | None, code: CodeType) -> bool:
    """Whether one may call the other: a comprehension is called where it stands."""
    return caller is None or code.co_name not in _DISPLAYS or code in caller.co_consts


def _is_inline(code: CodeType | None) -> bool:
    """Whether this is a comprehension or a lambda, which stands in the midst of a line."""
    return code is not None and code.co_name.startswith("<")


def _is_function(code: CodeType) -> bool:
    """Whether its variables are in slots, as those of a class or module are not; and have no `__class__`, which no source names."""
    return bool(code.co_flags & CO_OPTIMIZED) and "__class__" not in code.co_freevars
