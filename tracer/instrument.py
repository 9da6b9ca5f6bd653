"""Rewrites code objects so that they report call, line, return and exception events, as `sys.settrace` would.

Only calls are inserted; the meaning of no instruction is modelled. The rules (which control-flow edges are 'line' events, where exceptions
show) are those of CPython's ceval.c, and proven against `sys.settrace` by the tests. Knows nothing of values, frames of the CWM
format, or what the hooks do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any, Protocol

from bytecode import Bytecode, Instr, Label
from bytecode.instr import InstrLocation, TryBegin, TryEnd

from cwm_trace.tracer import quirks
from cwm_trace.tracer.comprehensions import FRAME_NAMES, ITERATOR_NAME

Element = Any  # Instr | Label | TryBegin | TryEnd | SetLineno; the library has no common type
NOWHERE = InstrLocation(None, None, None, None)
_COMPREHENSION_LOOP = frozenset({"FOR_ITER", "JUMP_BACKWARD", "LIST_APPEND", "SET_ADD", "MAP_ADD"})


class Hooks(Protocol):
    """What instrumented code calls. Each is called directly from the traced Python frame (`sys._getframe(1)` is it)."""

    def call(self) -> None: ...
    def line(self, number: int) -> None: ...
    def leave(self, value: object) -> None: ...
    def suspend(self, value: object) -> None: ...
    def caught(self, error: BaseException, line: int | None) -> None: ...
    def thrown(self, error: BaseException, line: int | None) -> None: ...
    def reraise(self, restored: int | None, line: int | None) -> None: ...
    def reraise_unless(self, error: BaseException, swallowed: type[BaseException], line: int | None) -> None: ...
    def unwind(self, error: BaseException) -> None: ...
    def loop(self) -> None: ...
    def exhausted(self) -> None: ...
    def delegate(self, receiver: object, value: object) -> None: ...
    def delegated(self, value: object) -> None: ...


def instrument(code: CodeType, hooks: Hooks, untraced: list[str] | None = None) -> CodeType:
    """The code object, and all nested in it, with calls to `hooks` put in.

    What `bytecode` cannot read stays as it is; its qualified name is appended to `untraced`.
    """
    constants = tuple(
        instrument(item, hooks, untraced) if isinstance(item, CodeType) else item for item in code.co_consts
    )
    code = code.replace(co_consts=constants)
    try:
        return _Rewriter(code, hooks).result()
    except IndexError:
        # bytecode 0.19.1 cannot read an inlined comprehension with a cell inside a generic class (3.13, 3.14)
        if untraced is not None:
            untraced.append(code.co_qualname)
        return code


@dataclass(slots=True)
class _Edge:
    """A way to reach an instruction: by falling through from `source`, or by its jump."""

    source: int
    jump: bool
    fires: bool


class _Rewriter:
    def __init__(self, code: CodeType, hooks: Hooks) -> None:
        self.code, self.hooks = code, hooks
        self.bytecode = Bytecode.from_code(code)
        self.elements: list[Element] = list(self.bytecode)
        self.before: dict[int, list[Element]] = {}  # goes in front of an element, behind the labels before it
        self.ahead_of_labels: dict[int, list[Element]] = {}
        self.first: dict[int, list[Element]] = {}  # as `before`, and in front of it
        self.after: dict[int, list[Element]] = {}
        self.trampolines: list[Element] = []
        self.handlers = {element.target for element in self.elements if isinstance(element, TryBegin)}
        self.positions = self._label_positions()
        self.start = self._first_resume()
        self.outlined = _is_outlined(code)
        self.silent = self._restoring() if self.outlined else frozenset()

    def _restoring(self) -> frozenset[int]:
        """The handlers that restore a comprehension's variables; 3.11 has none."""
        restoring: list[int] = []
        inside = False
        for index, item in self._instructions():
            inside = inside or self._is_handler(index)
            if inside:
                restoring.append(index)
                inside = item.name != "RERAISE"
        return frozenset(restoring)

    def _first_resume(self) -> int:
        return next(n for n, item in enumerate(self.elements) if isinstance(item, Instr) and item.name == "RESUME")

    def result(self) -> CodeType:
        self._iterator_marks()
        self._comprehension_lines()
        self._calls_and_returns()
        self._ends_of_delegation()
        self._exceptions()
        self._lines()
        self._ends_of_loops()
        self._assemble()
        return self._to_code()

    # --- instructions -----------------------------------------------------------------------------------------------

    def _invoke(self, hook: Callable[..., None], arguments: list[Instr], near: Instr) -> list[Element]:
        """A call of a hook that leaves the stack as it was, with the line of the instruction it belongs to."""
        location = InstrLocation(_line(near), None, None, None)
        made: list[Element] = []
        for name in quirks.CALL_SEQUENCE:
            if name == "arguments":
                made += [Instr(item.name, item.arg, location=location) for item in arguments]
            elif name == "LOAD_CONST":
                made.append(Instr(name, hook, location=location))
            elif name == "PUSH_NULL":
                made.append(Instr(name, location=location))
            else:
                made.append(Instr(name, len(arguments), location=location))
        return [*made, Instr("POP_TOP", location=location)]

    def _instructions(self) -> Iterator[tuple[int, Instr]]:
        for index, element in enumerate(self.elements):
            if isinstance(element, Instr):
                yield index, element

    def _previous(self, index: int) -> int:
        """The instruction before an index, over labels and block marks."""
        index -= 1
        while index >= 0 and not isinstance(self.elements[index], Instr):
            index -= 1
        return index

    # --- events -----------------------------------------------------------------------------------------------------

    def _iterator_marks(self) -> None:
        """Turn the marks that `comprehensions` left into GET_ITER."""
        name, argument = quirks.UNARY_PLUS
        for _, item in self._instructions():
            place = item.location
            if item.name != name or (item.require_arg() and item.arg != argument) or place is None:
                continue
            if place.col_offset is not None and (place.lineno, place.col_offset) == (
                place.end_lineno,
                place.end_col_offset,
            ):
                item.set("GET_ITER")

    def _comprehension_lines(self) -> None:
        """On 3.11 the loop of a comprehension is on its first line; later compilers put it on that of the iterable."""
        if not quirks.INLINES_COMPREHENSIONS or not (self.code.co_name == "<genexpr>" or self.outlined):
            return
        first = InstrLocation(self.code.co_firstlineno, None, None, None)
        for index, item in self._instructions():
            if item.name in _COMPREHENSION_LOOP:
                item.location = first
            elif item.name == "GET_ITER" and _loads_iterator(self.elements[self._previous(index)]):
                item.set("NOP")  # the caller has done it

    def _calls_and_returns(self) -> None:
        for index, item in self._instructions():
            if index == self.start:
                self.after[index] = self._invoke(self.hooks.call, [], item)
                self._without_line(self.after[index])
            elif item.name == "YIELD_VALUE":
                self._yield(index, item)
            elif item.name == "RETURN_VALUE":
                self._put(index, self._invoke(self.hooks.leave, [Instr("COPY", 3)], item))
            elif item.name == "RETURN_CONST":
                self._put(index, self._invoke(self.hooks.leave, [Instr("LOAD_CONST", item.arg)], item))

    def _without_line(self, made: list[Element]) -> None:
        # With the def line, a debugger beside us would stop there once more on 3.11 and 3.12.
        for item in made:
            item.location = NOWHERE

    def _yield(self, index: int, item: Instr) -> None:
        """A yield is a return, and the RESUME after it a call. Nothing may stand between the two."""
        previous = self.elements[self._previous(index)]
        report = self._invoke(self.hooks.suspend, [Instr("COPY", 3)], item)
        if quirks.THROW_STEPS_BACK_TO_SEND and previous.name == "SEND":
            report.append(Instr("NOP", location=item.location))  # gets SEND's jump, see _repair_throw
        self._put(index, report)
        resume = next(n for n, element in self._instructions() if n > index)
        self.after[resume] = self._invoke(self.hooks.call, [], self.elements[resume])
        self.elements[resume].arg &= ~quirks.CLOSE_SHORTCUT_BIT

    # Where an iterator ends by raising StopIteration, `sys.settrace` reports that in the Python frame that iterates.

    def _ends_of_delegation(self) -> None:
        for index, item in self._instructions():
            if item.name == "SEND":
                self._put(index, self._invoke(self.hooks.delegate, [Instr("COPY", 4), Instr("COPY", 4)], item))
                self.first[self._jump_target(item)] = self._invoke(self.hooks.delegated, [Instr("COPY", 3)], item)

    def _ends_of_loops(self) -> None:
        for index, item in self._instructions():
            if item.name != "FOR_ITER":
                continue
            before = self._previous(index)
            if self.elements[before].name == "GET_ITER":
                self.after[before] = self._invoke(self.hooks.loop, [], item)
            report = self._invoke(self.hooks.exhausted, [], item)
            if quirks.END_OF_LOOP:
                self.after[self._end_of_loop(item)] = report
            else:
                self._on_exhaustion(item, report)

    def _end_of_loop(self, item: Instr) -> int:
        """The last of the instructions that FOR_ITER jumps to, and then skips."""
        end = self._jump_target(item)
        for _ in quirks.END_OF_LOOP[1:]:
            end = self._next(end) or end
        return end

    def _on_exhaustion(self, item: Instr, report: list[Element]) -> None:
        """Put a report on the jump of FOR_ITER, in front of the 'line' hook that may be there."""
        if item.arg in self.trampolines:
            at = self.trampolines.index(item.arg) + 1
            self.trampolines[at:at] = report
        else:
            self._trampoline(item, report)

    def _exceptions(self) -> None:
        for index, item in self._instructions():
            line = None if index in self.silent else _line(item)
            if self._is_handler(index):
                arguments = [Instr("COPY", 3), Instr("LOAD_CONST", line)]
                hook = self.hooks.thrown if item.name == "CLEANUP_THROW" else self.hooks.caught
                self._put(index, self._invoke(hook, arguments, item))
            if item.name == "RERAISE" or (item.name == "RAISE_VARARGS" and item.arg == 0):
                arguments = [self._restored(item), Instr("LOAD_CONST", line)]
                self._put(index, self._invoke(self.hooks.reraise, arguments, item))
            elif item.name in quirks.SILENT_RERAISE:
                swallowed = quirks.SILENT_RERAISE[item.name]
                arguments = [Instr("COPY", 3), Instr("LOAD_CONST", swallowed), Instr("LOAD_CONST", line)]
                self._put(index, self._invoke(self.hooks.reraise_unless, arguments, item))

    def _restored(self, item: Instr) -> Instr:
        """The instruction's place that RERAISE takes from the stack, below its argument's count of entries."""
        depth = item.arg if quirks.RAISE_PLACE_IS_AN_OBJECT and isinstance(item.arg, int) else 0
        return Instr("COPY", depth + 3) if depth else Instr("LOAD_CONST", None)

    def _is_handler(self, index: int) -> bool:
        """Whether exceptions enter here: one of the labels in front is a block's target."""
        index -= 1
        while index >= 0 and not isinstance(self.elements[index], Instr):
            if isinstance(self.elements[index], Label) and self.elements[index] in self.handlers:
                return True
            index -= 1
        return False

    def _put(self, index: int, made: list[Element]) -> None:
        self.before.setdefault(index, []).extend(made)

    # --- lines ------------------------------------------------------------------------------------------------------

    def _lines(self) -> None:
        for index, edges in self._edges().items():
            target: Instr = self.elements[index]
            if index <= self.start:  # before the first RESUME there is no Python frame yet
                continue
            if target.name in quirks.NEVER_A_LINE or _line(target) is None or index in self.silent:
                continue
            firing = [edge for edge in edges if edge.fires]
            if firing and len(firing) == len(edges):
                self.before[index] = self._line_hook(target) + self.before.get(index, [])
                continue
            for edge in firing:
                self._on_edge(index, edge, self._line_hook(target))

    def _line_hook(self, target: Instr) -> list[Element]:
        return self._invoke(self.hooks.line, [Instr("LOAD_CONST", _line(target))], target)

    def _on_edge(self, index: int, edge: _Edge, made: list[Element]) -> None:
        source: Instr = self.elements[edge.source]
        if not edge.jump:
            self.ahead_of_labels.setdefault(index, []).extend(made)
        elif source.is_uncond_jump():
            self._put(edge.source, made)
        else:
            self._trampoline(source, made)

    def _trampoline(self, source: Instr, made: list[Element]) -> None:
        """Lead a conditional jump over code behind everything else."""
        landing, goal = Label(), source.arg
        source.set(quirks.FORWARD_JUMP.get(source.name, source.name), landing)
        self.trampolines += [landing, *made, Instr("JUMP_BACKWARD", goal, location=made[0].location)]

    def _edges(self) -> dict[int, list[_Edge]]:
        """All edges into each instruction that normal control flow reaches, and which of them are line events."""
        edges: dict[int, list[_Edge]] = {}
        for index, item in self._instructions():
            if isinstance(item.arg, Label):
                target = self.positions[item.arg]
                edges.setdefault(target, []).append(_Edge(index, True, self._fires(index, target, jump=True)))
            if not (item.is_final() or item.is_uncond_jump()):
                following = self._next(index)
                if following is not None:
                    fires = self._fires(index, following, jump=False)
                    edges.setdefault(following, []).append(_Edge(index, False, fires))
        return edges

    def _fires(self, source: int, target: int, *, jump: bool) -> bool:
        """CPython's rule: the line changes, or the jump goes back (but not in the loop of a `yield from`)."""
        if source == self.start:
            return True
        before, after = self.elements[source], self.elements[target]
        if jump and target <= source and "NO_INTERRUPT" not in before.name:
            return True
        return _line(before) != _line(after)

    def _next(self, index: int) -> int | None:
        return next((n for n in range(index + 1, len(self.elements)) if isinstance(self.elements[n], Instr)), None)

    def _jump_target(self, item: Instr) -> int:
        assert isinstance(item.arg, Label)
        return self.positions[item.arg]

    def _label_positions(self) -> dict[Label, int]:
        """The instruction that each label stands before."""
        positions: dict[Label, int] = {}
        for index, element in enumerate(self.elements):
            if isinstance(element, Label):
                following = self._next(index)
                if following is not None:
                    positions[element] = following
        return positions

    # --- putting it together ----------------------------------------------------------------------------------------

    def _assemble(self) -> None:
        catch_all = Label()
        out: list[Element] = []
        pending: list[Element] = []  # labels and block marks before the next instruction
        for index, element in enumerate(self.elements):
            if not isinstance(element, Instr):
                pending.append(element)
                continue
            out += [*self.ahead_of_labels.get(index, []), *pending, *self.first.get(index, [])]
            out += [*self.before.get(index, []), element, *self.after.get(index, [])]
            pending = []
        out += [*pending, *self.trampolines]
        begin = self._begin(out)
        end = len(out)
        covered = _cover(out[begin:end], catch_all, foreign=_inside_block(out[:begin]))
        handler = self._invoke(self.hooks.unwind, [Instr("COPY", 3)], Instr("NOP"))
        self.elements = [*out[:begin], *covered, catch_all, *handler, Instr("RERAISE", 1, location=NOWHERE)]

    def _begin(self, out: list[Element]) -> int:
        """Where the Python frame begins to run; for generators, that can be thrown into before, where they were made."""
        for index, element in enumerate(out):
            if isinstance(element, Instr) and element.name == "RETURN_GENERATOR":
                return index
            if element is self.elements[self.start]:
                return index + 1
        raise AssertionError("no RESUME")

    def _to_code(self) -> CodeType:
        for element in self.elements:
            if isinstance(element, Instr):
                _drop_wide_columns(element)
        self.bytecode[:] = self.elements
        # The library numbers variables by first use; f_locals and locals() must keep the compiler's order.
        self.bytecode.argnames = list(self.code.co_varnames)
        code = self.bytecode.to_code()
        code = code.replace(
            co_stacksize=max(code.co_stacksize, self.code.co_stacksize + 6),
            co_argcount=self.code.co_argcount,
            co_kwonlyargcount=self.code.co_kwonlyargcount,
            co_posonlyargcount=self.code.co_posonlyargcount,
            co_firstlineno=self.code.co_firstlineno,
            co_flags=self.code.co_flags,
        )
        return _repair_throw(code) if quirks.THROW_STEPS_BACK_TO_SEND else code


def _line(item: Instr) -> int | None:
    """The instruction's line (not `item.lineno`, whose UNSET is an int)."""
    return item.location.lineno if item.location is not None else None


def _inside_block(elements: list[Element]) -> bool:
    """Whether the stretch ends inside a block (from 3.12 on a generator's first RESUME may be in one)."""
    marks = [element for element in elements if isinstance(element, (TryBegin, TryEnd))]
    return bool(marks) and isinstance(marks[-1], TryBegin)


def _cover(elements: list[Element], handler: Label, *, foreign: bool) -> list[Element]:
    """Put every stretch that no block covers into a block of its own (blocks must not nest)."""
    out: list[Element] = []
    mine: TryBegin | None = None
    for element in elements:
        if isinstance(element, TryBegin):
            if mine is not None:
                out.append(TryEnd(mine))
                mine = None
            foreign = True
        elif isinstance(element, TryEnd):
            foreign = False
        elif isinstance(element, Instr) and not foreign and mine is None:
            mine = TryBegin(handler, push_lasti=True)
            out.append(mine)
        out.append(element)
    return [*out, TryEnd(mine)] if mine is not None else out


def _is_outlined(code: CodeType) -> bool:
    """Whether this is a comprehension that `comprehensions` made a function."""
    is_comprehension = code.co_name in FRAME_NAMES.values() and code.co_varnames[:1] == (ITERATOR_NAME,)
    return quirks.INLINES_COMPREHENSIONS and is_comprehension


def _loads_iterator(item: Element) -> bool:
    return isinstance(item, Instr) and item.name == "LOAD_FAST" and item.arg == ITERATOR_NAME


def _drop_wide_columns(item: Instr) -> None:
    place = item.location
    if place is None or place.end_col_offset is None or place.col_offset is None:
        return
    if max(place.col_offset, place.end_col_offset) >= quirks.BYTECODE_COLUMN_LIMIT:
        item.location = InstrLocation(place.lineno, None, None, None)


def _repair_throw(code: CodeType) -> CodeType:
    """Give the NOP before a delegating YIELD_VALUE the jump of its SEND (see quirks.THROW_STEPS_BACK_TO_SEND)."""
    import opcode

    units = bytearray(code.co_code)
    nop, yield_value, send = (opcode.opmap[name] for name in ("NOP", "YIELD_VALUE", "SEND"))
    end = 0
    for at in range(0, len(units) - 2, 2):
        if units[at] == send:
            end = at + 2 + 2 * units[at + 1]
        elif units[at] == nop and units[at + 2] == yield_value and at < end:
            units[at + 1] = (end - at - 2) // 2
    return code.replace(co_code=bytes(units))
