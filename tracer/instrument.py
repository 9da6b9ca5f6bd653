"""Rewrites code objects so that they report call, line, return and exception events, as `sys.settrace` would.

Only calls are inserted; the meaning of no instruction is modelled. The rules (which control-flow edges are 'line' events, where exceptions
show) are those of CPython's ceval.c, and proven against `sys.settrace` by the tests. Knows nothing of values, frames of the CWM
format, or what the hooks do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Protocol

from bytecode import Instr, Label
from bytecode.instr import InstrLocation, TryBegin, TryEnd

from cwm_trace.tracer import quirks
from cwm_trace.tracer.blocks import Blocks, alive_iterators, blocks_of, leading_to
from cwm_trace.tracer.comprehensions import ITERATOR_NAME
from cwm_trace.tracer.executed import NAMES
from cwm_trace.tracer.flow import (
    ANYTHING,
    Effects,
    Element,
    Flow,
    Step,
    arguments,
    is_hidden,
    loop_name,
    loops_of,
    shares_locals,
)
from cwm_trace.tracer.listing import Listing, first_resume, line_of, loads_iterator, restoring
from cwm_trace.tracer.marks import is_mark

NOWHERE = InstrLocation(None, None, None, None)
_HOOK_ENTRIES = 8  # on the stack, of a call of a hook with few arguments, and of the handler that it may be in
_ASYNC_GENERATOR = 0x200  # of co_flags
_OPTIMIZED = 0x1  # of co_flags: locals are in slots, not in a namespace
_NO_BLOCK = TryBegin(Label(), push_lasti=False)


class Hooks(Protocol):
    """What instrumented code calls. Each is called directly from the traced Python frame (`sys._getframe(1)` is it)."""

    def call(self, site: Site) -> None: ...
    def resumed(self, site: Site) -> None: ...
    def called(self, site: Site, *values: object) -> None: ...
    def line(self, site: Site) -> None: ...
    def kept(self, site: Site) -> None: ...
    def stored(self, site: Site, value: object) -> None: ...
    def several(self, site: Site, *values: object) -> None: ...
    def leave(self, value: object, line: int | None) -> None: ...
    def suspend(self, value: object, line: int | None) -> None: ...
    def caught(self, error: BaseException, line: int | None, handler: int | None) -> None: ...
    def thrown(self, error: BaseException, line: int | None) -> None: ...
    def reraise(self, handler: int | None, line: int | None) -> None: ...
    def raise_again(self, line: int | None) -> None: ...
    def reraise_unless(self, error: BaseException, swallowed: type[BaseException], line: int | None) -> None: ...
    def unwind(self, error: BaseException) -> None: ...
    def leaves_loop(self, error: BaseException) -> None: ...
    def loop(self, iterator: object, name: str) -> None: ...
    def exhausted(self, name: str, iterator: object = None) -> None: ...
    def delegate(self, receiver: object, value: object) -> None: ...
    def delegated(self, value: object) -> None: ...
    def execute(self, called: object, first: object, second: object) -> object: ...


@dataclass(slots=True, eq=False)
class Site:
    """A place of a 'line' or 'call' event.

    Attributes:
        number: its own, among the sites of a recorder.
        line: 1-based.
        is_call: whether it is a function's first 'call' event.
        effects: what can have changed since the event before.
        cells: whether other code can change locals, or add to them.
        hides: whether there may be locals that are not to be shown.
        lines: for the recorder to put there: those of the file.
        source: for the recorder to put there: the text of this one; "" is for that of the Python frame's file.
        shown: for the recorder to put there: the line's number in the context; None = it is not of that.
        names, harmless: those of `effects`, close at hand for the hooks.
        name: the first name, or "".
    """

    number: int
    line: int
    is_call: bool
    effects: Effects
    cells: bool
    hides: bool
    lines: Sequence[str] = ()
    source: str = ""
    shown: int | None = None
    names: tuple[str, ...] = field(init=False)
    name: str = field(init=False)
    harmless: bool = field(init=False)

    def __post_init__(self) -> None:
        self.names = self.effects.names or ()
        self.name = self.names[0] if self.names else ""
        self.harmless = self.effects.harmless


def instrument(code: CodeType, hooks: Hooks, sites: list[Site], untraced: list[str] | None = None) -> CodeType:
    """The code object, and all nested in it, with calls to `hooks` put in. The sites that these are given are appended to `sites`.

    What `bytecode` cannot read stays as it is; its qualified name is appended to `untraced`.
    """
    constants = tuple(
        instrument(item, hooks, sites, untraced) if isinstance(item, CodeType) else item for item in code.co_consts
    )
    inside = code.replace(co_consts=constants)
    if is_of_annotations(code):
        return inside
    try:
        return _Rewriter(inside, hooks, sites).result()
    except (IndexError, ValueError):
        # bytecode 0.19.1 cannot read an inlined comprehension with a cell inside a generic class (3.13)
        if untraced is not None:
            untraced.append(code.co_qualname)
        # What gets an iterator only from instrumented code is to have it from this as well.
        return code if quirks.GIVES_ITERABLES else inside


def is_of_annotations(code: CodeType) -> bool:
    """Whether this is what a later compiler puts annotations into, for when they are asked for: the reference has no such frames."""
    takes_format = code.co_posonlyargcount == 1 and code.co_varnames[:1] == ("format",)
    return quirks.LAZY_ANNOTATIONS and code.co_name == "__annotate__" and takes_format


@dataclass(slots=True)
class _Edge:
    """A way to reach an instruction: by falling through from `source`, or by its jump."""

    source: int
    jump: bool
    fires: bool


class _Rewriter(Listing):
    def __init__(self, code: CodeType, hooks: Hooks, sites: list[Site]) -> None:
        super().__init__(code)
        self.hooks, self.sites, self.first_site = hooks, sites, len(sites)
        self.before: dict[int, list[Element]] = {}  # goes in front of an element, behind the labels before it
        self.ahead_of_labels: dict[int, list[Element]] = {}
        self.first: dict[int, list[Element]] = {}  # as `before`, and in front of it
        self.after: dict[int, list[Element]] = {}
        self.trampolines: list[Element] = []
        self.steps: dict[int, list[Step]] = {}
        self.alive: dict[int, int] = {}
        self.handlers = {element.target for element in self.elements if isinstance(element, TryBegin)}
        self.blocks = blocks_of(self.elements)
        self.start = first_resume([getattr(element, "name", "") for element in self.elements])
        self.plain_locals = bool(code.co_flags & _OPTIMIZED)
        names = ((index, item.name) for index, item in self.instructions())
        self.silent = frozenset(restoring(names, self._is_handler) if quirks.INLINES_COMPREHENSIONS else ())

    def result(self) -> CodeType:
        if quirks.GIVES_ITERABLES:
            self._give_iterators()
        self.set_lines()
        self._calls_and_returns()
        self._ends_of_delegation()
        self._exceptions()
        self._executions()
        self._lines()
        self._ends_of_loops()
        self._assemble()
        return self._to_code()

    def _give_iterators(self) -> None:
        """Have generator expressions and comprehensions go through the iterator that 3.11 gives them.

        A comprehension's caller asks for it, where it has a mark; a generator expression still does so itself, before it is a generator.
        """
        for index, item in self.instructions():
            if is_mark(item, self.elements[self.following(index) or index]):
                self.after[index] = self._ask_for_iterator(item)
            if not self._asks_for_given(index, item):
                continue
            keeps = [
                Instr("COPY", 1, location=item.location),
                Instr("STORE_FAST", ITERATOR_NAME, location=item.location),
            ]
            if item.name == "GET_AITER":
                self.after[index] = keeps
                continue
            if self.code.co_name == "<genexpr>":
                self.before[index] = [*self._ask_for_iterator(item), *keeps]
            item.set("PUSH_NULL")  # of what is an iterator

    def _asks_for_given(self, index: int, item: Instr) -> bool:
        if item.name not in ("GET_ITER", "GET_AITER") or not (self.outlined or self.code.co_name == "<genexpr>"):
            return False
        return loads_iterator(self.elements[self._iterates(index)])

    def _ask_for_iterator(self, near: Instr) -> list[Element]:
        """In place of what lies on top of the stack."""
        made = [Instr("LOAD_CONST", iter), Instr("SWAP", 2), Instr("PUSH_NULL"), Instr("SWAP", 2), Instr("CALL", 1)]
        for item in made:
            item.location = near.location
        return made

    # --- instructions -----------------------------------------------------------------------------------------------

    def _invoke(self, hook: Callable[..., object], arguments: list[Instr], near: Instr) -> list[Element]:
        """A call of a hook that leaves the stack as it was, with the line of the instruction it belongs to."""
        location = InstrLocation(line_of(near), None, None, None)
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

    # --- events -----------------------------------------------------------------------------------------------------

    def _calls_and_returns(self) -> None:
        for index, item in self.instructions():
            if index == self.start:
                self.after[index] = self._entered(item)
                self._without_line(self.after[index])
            elif item.name == "YIELD_VALUE":
                self._yield(index, item)
            elif item.name == "RETURN_VALUE":
                self._put(index, self._leave(Instr("COPY", 3), item))
            elif item.name == "RETURN_CONST":
                self._put(index, self._leave(Instr("LOAD_CONST", item.arg), item))

    def _entered(self, item: Instr) -> list[Element]:
        """The first 'call' event. Parameters that are cells are not given to the hook, nor is a class body's or module's namespace."""
        names = arguments(self.code)
        if not self.plain_locals or set(names) & set(self.code.co_cellvars):
            return self._call(self.hooks.call, self.code.co_firstlineno, item)
        site = self._site(self.code.co_firstlineno, True, Effects(names))
        return self._invoke(self.hooks.called, [Instr("LOAD_CONST", site), *_loads(names)], item)

    def _call(self, hook: Callable[[Site], None], line: int, item: Instr) -> list[Element]:
        return self._invoke(hook, [Instr("LOAD_CONST", self._site(line, True, ANYTHING))], item)

    def _site(self, line: int, is_call: bool, effects: Effects) -> Site:
        code = self.code
        shared = (*code.co_cellvars, *code.co_freevars)
        hides = not self.plain_locals or any(map(is_hidden, (*code.co_varnames, *shared)))
        site = Site(len(self.sites), line, is_call, effects, shares_locals(code), hides)
        self.sites.append(site)
        return site

    def _leave(self, value: Instr, item: Instr) -> list[Element]:
        return self._invoke(self.hooks.leave, [value, Instr("LOAD_CONST", line_of(item))], item)

    def _without_line(self, made: list[Element]) -> None:
        # With the def line, a debugger beside us would stop there once more on 3.11 and 3.12.
        for item in made:
            item.location = NOWHERE

    def _yield(self, index: int, item: Instr) -> None:
        """A yield is a return, and the RESUME after it a call. Nothing may stand between the two."""
        previous = self.elements[self.previous(index)]
        report = self._invoke(self.hooks.suspend, [Instr("COPY", 3), Instr("LOAD_CONST", line_of(item))], item)
        if quirks.THROW_STEPS_BACK_TO_SEND and previous.name == "SEND":
            report.append(Instr("NOP", location=item.location))  # gets SEND's jump, see _repair_throw
        self._put(index, report)
        resume = next(n for n, element in self.instructions() if n > index)
        line = line_of(self.elements[resume]) or self.code.co_firstlineno
        self.after[resume] = self._call(self.hooks.resumed, line, self.elements[resume])
        self.elements[resume].arg &= ~quirks.CLOSE_SHORTCUT_BIT

    # Where an iterator ends by raising StopIteration, `sys.settrace` reports that in the Python frame that iterates.

    def _ends_of_delegation(self) -> None:
        for index, item in self.instructions():
            if item.name == "SEND":
                receiver = Instr("COPY", 3 + quirks.ITERATOR_ENTRIES)
                self._put(index, self._invoke(self.hooks.delegate, [receiver, Instr("COPY", 4)], item))
                self.first[self.jump_target(item)] = self._invoke(self.hooks.delegated, [Instr("COPY", 3)], item)

    def _ends_of_loops(self) -> None:
        for number, index in enumerate(loops_of(self.elements)):
            item: Instr = self.elements[index]
            before = self._iterates(index)
            name = Instr("LOAD_CONST", loop_name(number))
            if self.elements[before].name == "GET_ITER":
                self.after[before] = self._invoke(
                    self.hooks.loop, [Instr("COPY", 2 + quirks.ITERATOR_ENTRIES), name], item
                )
            iterator = _loads((ITERATOR_NAME,)) if number == 0 and self._is_given(before) else []
            report = self._invoke(self.hooks.exhausted, [name, *iterator], item)
            if quirks.END_OF_LOOP:
                self.after[self._end_of_loop(item)] = report
            else:
                self._on_exhaustion(index, report)

    def _is_given(self, before: int) -> bool:
        """Whether a loop goes through what its function was given, by what comes before the loop."""
        if any(loads_iterator(self.elements[at]) for at in (before, self.previous(before))):
            return True
        return quirks.GIVES_ITERABLES and before == self.start and self.code.co_name == "<genexpr>"

    def _iterates(self, index: int) -> int:
        """What has put the iterator of FOR_ITER on the stack; over what a comprehension without a function of its own does before its loop."""
        before = self.previous(index)
        while self.elements[before].name in quirks.BEGINS_INLINED:
            before = self.previous(before)
        return before

    def _end_of_loop(self, item: Instr) -> int:
        """The last of the instructions that FOR_ITER jumps to, and then skips."""
        end = self.jump_target(item)
        for _ in quirks.END_OF_LOOP[1:]:
            end = self.following(end) or end
        return end

    def _on_exhaustion(self, index: int, report: list[Element]) -> None:
        """Put a report on the jump of FOR_ITER, in front of the 'line' hook that may be there."""
        item: Instr = self.elements[index]
        if item.arg in self.trampolines:
            at = self.trampolines.index(item.arg) + 1
            self.trampolines[at:at] = report
            return
        target = self.jump_target(item)
        before: Instr = self.elements[self.previous(target)]
        if target in self.ahead_of_labels or not (before.is_final() or before.is_uncond_jump()):
            self._trampoline(index, report)
            return
        # Where nothing else comes along: a jump back would be one more 'line' event for a settrace beside.
        self._ahead_of_goal(index, target, report)

    def _ahead_of_goal(self, index: int, target: int, made: list[Element]) -> None:
        """Lead a jump over code in front of its goal, behind an instruction that goes elsewhere."""
        item: Instr = self.elements[index]
        landing = item.arg = Label()
        self.ahead_of_labels[target] = [self._block_mark(index), landing, *made, self._block_mark(target)]

    def _block_mark(self, index: int) -> TryBegin | TryEnd:
        """What makes all that follows be in the block of an instruction."""
        block = self.blocks.get(index)
        return TryEnd(_NO_BLOCK) if block is None else block

    def _exceptions(self) -> None:
        restores = self._restored_places()
        kept = set(restores.values())
        for index, item in self.instructions():
            line = None if index in self.silent else line_of(item)
            if self._is_handler(index):
                arguments = [Instr("COPY", 3), Instr("LOAD_CONST", line)]
                if item.name == "CLEANUP_THROW":
                    self._put(index, self._invoke(self.hooks.thrown, arguments, item))
                else:
                    arguments.append(Instr("LOAD_CONST", index if index in kept else None))
                    self._put(index, self._invoke(self.hooks.caught, arguments, item))
            if item.name == "RAISE_VARARGS" and item.arg == 0:
                self._put(index, self._invoke(self.hooks.raise_again, [Instr("LOAD_CONST", line)], item))
            elif item.name == "RERAISE":
                arguments = [Instr("LOAD_CONST", restores.get(index)), Instr("LOAD_CONST", line)]
                self._put(index, self._invoke(self.hooks.reraise, arguments, item))
            elif item.name in quirks.SILENT_RERAISE:
                swallowed = quirks.SILENT_RERAISE[item.name]
                arguments = [Instr("COPY", 3), Instr("LOAD_CONST", swallowed), Instr("LOAD_CONST", line)]
                self._put(index, self._invoke(self.hooks.reraise_unless, arguments, item))

    def _executions(self) -> None:
        """Calls that may be of `exec`, `eval` or `compile`: a hook is given what is called and two arguments, and gives the first one anew."""
        if not NAMES.intersection(self.code.co_names):
            return
        for index, item in self.instructions():
            count: Any = item.arg
            if item.name not in ("CALL", "CALL_KW") or count == 0:
                continue
            first = count + (item.name == "CALL_KW")  # the names lie on top
            called = first + quirks.CALLABLE_BELOW
            second = Instr("COPY", first + 3) if count > 1 else Instr("LOAD_CONST", None)
            made = self._invoke(self.hooks.execute, [Instr("COPY", called + 2), Instr("COPY", first + 3), second], item)
            made.insert(-1, Instr("SWAP", first + 1, location=made[-1].location))
            self._put(self._before_call(index), made)

    def _before_call(self, index: int) -> int:
        """The first of the instructions that together are a call: what is between them, nothing may change."""
        while self.previous(index) >= 0 and self.elements[self.previous(index)].name in ("PRECALL", "KW_NAMES"):
            index = self.previous(index)
        return index

    def _restored_places(self) -> dict[int, int]:
        """The RERAISEs that are, for CPython, where the exception was when it entered a handler; and that handler, for each.

        The handler has put that place on the stack. All such handlers are the compiler's own, of a few instructions to the RERAISE."""
        keeping = (element.target for element in self.elements if isinstance(element, TryBegin) and element.push_lasti)
        ends = ((self._first_reraise(self.positions[target]), self.positions[target]) for target in set(keeping))
        return {end: handler for end, handler in ends if end is not None}

    def _first_reraise(self, start: int) -> int | None:
        """The first RERAISE that takes a place from the stack, from an instruction on."""
        waiting, seen = [start], set[int]()
        while waiting:
            index = waiting.pop()
            item: Instr = self.elements[index]
            if item.name == "RERAISE" and item.arg:
                return index
            seen.add(index)
            ahead = [self.jump_target(item)] if isinstance(item.arg, Label) else []
            if not (item.is_final() or item.is_uncond_jump()):
                ahead.append(self.following(index) or start)
            waiting += [target for target in ahead if target not in seen]
        return None

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
        edges = self._edges()
        firing = {index: self._firing(index, leading) for index, leading in edges.items()}
        self.steps = self._steps(edges, firing)
        self.alive = alive_iterators(self.elements, self.steps, self.positions, self.blocks, self.start)
        flow = self._flow()
        for index, events in firing.items():
            if events and len(events) == len(edges[index]):
                self.before[index] = self._line_hook(index, events, flow) + self.before.get(index, [])
                continue
            for edge in events:
                self._on_edge(index, edge, self._line_hook(index, [edge], flow))

    def _firing(self, index: int, edges: list[_Edge]) -> list[_Edge]:
        """The edges into an instruction that are 'line' events."""
        target: Instr = self.elements[index]
        if index <= self.start:  # before the first RESUME there is no Python frame yet
            return []
        if target.name in quirks.NEVER_A_LINE or line_of(target) is None or index in self.silent:
            return []
        return [edge for edge in edges if edge.fires]

    def _line_hook(self, index: int, edges: list[_Edge], flow: Flow | None) -> list[Element]:
        """Gives the hook what can have changed, where that is known; what it must look for itself, where not."""
        target: Instr = self.elements[index]
        effects = flow.effects([(edge.source, edge.jump) for edge in edges]) if flow else ANYTHING
        site = self._site(line_of(target) or 0, False, effects)
        return self._invoke(self._hook_for(effects), [Instr("LOAD_CONST", site), *_loads(site.names)], target)

    def _hook_for(self, effects: Effects) -> Callable[..., None]:
        if effects.names is None:
            return self.hooks.line
        by_count: dict[int, Callable[..., None]] = {0: self.hooks.kept, 1: self.hooks.stored}
        return by_count.get(len(effects.names), self.hooks.several)

    def _flow(self) -> Flow | None:
        if not self.plain_locals:
            return None
        handlers = {index: self.positions[block.target] for index, block in self.blocks.items()}
        resumes = frozenset(index for index, item in self.instructions() if item.name == "RESUME")
        return Flow(self.code, self.elements, self.steps, start=self.start, handlers=handlers, resumes=resumes)

    def _steps(self, edges: dict[int, list[_Edge]], firing: dict[int, list[_Edge]]) -> dict[int, list[Step]]:
        steps: dict[int, list[Step]] = {index: [] for index, _ in self.instructions() if index >= self.start}
        for target, leading in edges.items():
            for edge in leading:
                if edge.source >= self.start:
                    steps[edge.source].append(Step(target, edge.jump, edge in firing[target]))
        return steps

    def _on_edge(self, index: int, edge: _Edge, made: list[Element]) -> None:
        source: Instr = self.elements[edge.source]
        if not edge.jump:
            self.ahead_of_labels.setdefault(index, []).extend(made)
        elif source.is_uncond_jump():
            self._put(edge.source, made)
        elif source.name == "SEND":
            # 3.11's `gen.throw` jumps for it, by one byte, to the unit in front of its goal, which must be in the block, too.
            self._ahead_of_goal(edge.source, index, [*self.first.pop(index, []), *made])
        else:
            self._trampoline(edge.source, made)

    def _trampoline(self, index: int, made: list[Element]) -> None:
        """Lead a conditional jump over code behind everything else, which is in the block of the jump: what a hook lets pass, as a signal
        handler may raise it there, the program is to catch."""
        source: Instr = self.elements[index]
        landing, goal = Label(), source.arg
        source.set(quirks.FORWARD_JUMP.get(source.name, source.name), landing)
        back = Instr("JUMP_BACKWARD", goal, location=made[0].location)
        self.trampolines += [self._block_mark(index), landing, *made, back, TryEnd(_NO_BLOCK)]

    def _edges(self) -> dict[int, list[_Edge]]:
        """All edges into each instruction that normal control flow reaches, and which of them are line events."""
        edges: dict[int, list[_Edge]] = {}
        for index, item in self.instructions():
            if isinstance(item.arg, Label):
                target = self.positions[item.arg]
                edges.setdefault(target, []).append(_Edge(index, True, self._fires(index, target, jump=True)))
            if not (item.is_final() or item.is_uncond_jump()):
                following = self.following(index)
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
        return line_of(before) != line_of(after)

    # --- putting it together ----------------------------------------------------------------------------------------

    def _assemble(self) -> None:
        out: list[Element] = []
        kept: dict[int, int] = {}  # by the id of an instruction: see `Blocks`
        pending: list[Element] = []  # labels and block marks before the next instruction
        for index, element in enumerate(self.elements):
            if not isinstance(element, Instr):
                pending.append(element)
                continue
            ahead = [*self.first.get(index, []), *self.before.get(index, [])]
            behind = [element, *self.after.get(index, [])]
            around = self._around(index) if ahead else index
            for made, place in ((ahead, around), (behind, index)):
                kept.update((id(item), self.alive[place]) for item in made if place in self.alive)
            if around != index:
                ahead = [self._block_mark(around), *ahead, self._block_mark(index)]
            made = [*ahead, *behind]
            out += [*self.ahead_of_labels.get(index, []), *pending, *made]
            pending = []
        out += [*pending, *self.trampolines]
        begin = self._begin(out)
        blocks = Blocks(kept, self._handler)
        self.elements = [*out[:begin], *blocks.cover(out[:begin], out[begin:]), *blocks.handlers()]

    def _around(self, index: int) -> int:
        """An instruction in whose block hooks in front of this one are to be: not its own at the beginning of a handler and at its end. For the
        code that ends the handler, however it is left, has nothing to end yet at the former, but still has at the latter."""
        name, block = self.elements[index].name, self.blocks.get(index)
        if name == "POP_EXCEPT":
            return leading_to(self.elements, index)
        if name != "PUSH_EXC_INFO" or block is None:
            return index
        assert isinstance(block.target, Label)
        return self.positions[block.target]

    def _handler(self, leaves_frame: bool) -> list[Element]:
        """Code for an exception that leaves the Python frame, or only a loop in it."""
        hook = self.hooks.unwind if leaves_frame else self.hooks.leaves_loop
        return [*self._invoke(hook, [Instr("COPY", 3)], Instr("NOP")), Instr("RERAISE", 1, location=NOWHERE)]

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
        # Depths and size of the stack are known; the library would find them out anew, at the price of all the rest.
        room = _HOOK_ENTRIES + max((len(site.names) for site in self.sites[self.first_site :]), default=0)
        code = self.bytecode.to_code(stacksize=self.code.co_stacksize + room, compute_exception_stack_depths=False)
        code = code.replace(
            co_argcount=self.code.co_argcount,
            co_kwonlyargcount=self.code.co_kwonlyargcount,
            co_posonlyargcount=self.code.co_posonlyargcount,
            co_firstlineno=self.code.co_firstlineno,
            co_flags=self.code.co_flags,
        )
        return _repair_throw(code) if quirks.THROW_STEPS_BACK_TO_SEND else code


def _loads(names: tuple[str, ...]) -> list[Instr]:
    return [Instr("LOAD_FAST", name) for name in names]


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
