"""What the code between two events of a Python frame can have done: which locals it stored, and whether other code can have run meanwhile.

A data-flow analysis over one code object, of all paths at once and never by guessing: an instruction that is not in the tables here counts as
one that may run anything. That no other code ran holds under conditions that only the run can tell: `Effects` names them, the recorder asks.
Knows nothing of values. Not known to it either: signal handlers, finalisers and other threads, which may run between any two instructions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from types import CodeType
from typing import Any, Final, NamedTuple

from cwm_trace.tracer.quirks import ITERATOR_ENTRIES, NEW_CLASS_NAMES, READERS_OF_LOCALS

Element = Any  # of `bytecode`, which has no common type: Instr | Label | TryBegin | TryEnd | SetLineno


@dataclass(frozen=True, slots=True)
class Effects:
    """What can have changed since the event before, on any path to here.

    Attributes:
        names: locals that may have been stored, in the order of `co_varnames`; each is bound. None: some may be unbound, so look at all.
        harmless: whether no code of the program's can have run, if the following holds.
        stored: those of `names`, which must have held plain scalars.
        loaded: names whose values must have been plain ones; none of them was stored before.
        loops: names of loops whose iterator was asked for its next value, which must run no code of the program's.
        builtins: names that must mean what they mean in `builtins`.
    """

    names: tuple[str, ...] | None
    harmless: bool = False
    stored: frozenset[str] = frozenset()
    loaded: frozenset[str] = frozenset()
    loops: tuple[str, ...] = ()
    builtins: tuple[str, ...] = ()


ANYTHING: Final = Effects(None)

PURE_BUILTINS: Final = (
    "abs ascii bin bool chr dict divmod enumerate float frozenset hex int len list max min oct ord pow range repr reversed round set"
    " sorted str sum tuple zip"
).split()
"""Of plain values they make plain values, and run no code of the program's."""
_BUILTIN_BITS: Final = {name: 1 << n for n, name in enumerate(PURE_BUILTINS)}
_PURE_METHODS: Final = frozenset(
    name
    for kind in (str, bytes, int, float, complex, tuple, range, frozenset)
    for name in dir(kind)
    if not name.startswith("_")
) | {"get", "items", "keys", "values"}
"""Methods that change no list, dict, set or bytearray: those of immutable types, and readers of dicts."""
assert _PURE_METHODS.isdisjoint("append clear extend insert pop popitem remove reverse setdefault sort update".split())

# How many entries an instruction takes from the stack, and how many it puts there, where it runs no code if these are plain values.
_FIXED: Final[dict[str, tuple[int, int]]] = {
    # In place too: of a local `x += y`, that x held a scalar is asked, as it is stored; all else is stored by what is not here.
    "BINARY_OP": (2, 1),
    "BINARY_SLICE": (3, 1),
    "BINARY_SUBSCR": (2, 1),
    "CACHE": (0, 0),
    "COMPARE_OP": (2, 1),
    "CONTAINS_OP": (2, 1),
    "CONVERT_VALUE": (1, 1),
    "FORMAT_SIMPLE": (1, 1),
    "FORMAT_WITH_SPEC": (2, 1),
    "GET_ITER": (1, ITERATOR_ENTRIES),
    "IS_OP": (2, 1),
    "JUMP_BACKWARD": (0, 0),
    "JUMP_FORWARD": (0, 0),
    "KW_NAMES": (0, 0),
    "LIST_EXTEND": (2, 1),
    "LOAD_CONST": (0, 1),
    "LOAD_SMALL_INT": (0, 1),
    "NOP": (0, 0),
    "POP_TOP": (1, 0),
    "PRECALL": (0, 0),
    "PUSH_NULL": (0, 1),
    "TO_BOOL": (1, 1),
    "UNARY_INVERT": (1, 1),
    "UNARY_NEGATIVE": (1, 1),
    "UNARY_NOT": (1, 1),
    "UNARY_POSITIVE": (1, 1),
}
# The same for instructions whose argument n counts entries: (how many each of n takes, how many more, how many are put).
_COUNTED: Final[dict[str, tuple[int, int, int]]] = {
    "BUILD_CONST_KEY_MAP": (1, 1, 1),
    "BUILD_LIST": (1, 0, 1),
    "BUILD_MAP": (2, 0, 1),
    "BUILD_SET": (1, 0, 1),
    "BUILD_SLICE": (1, 0, 1),
    "BUILD_STRING": (1, 0, 1),
    "BUILD_TUPLE": (1, 0, 1),
    "CALL": (1, 2, 1),
}
_CONDITIONAL_JUMPS: Final = ("POP_JUMP_", "JUMP_IF_")
_STORES: Final[dict[str, tuple[int, ...]]] = {
    # Which of the argument's names are stored; the others are loaded.
    "STORE_FAST": (0,),
    "STORE_FAST_STORE_FAST": (0, 1),
    "STORE_FAST_LOAD_FAST": (0,),
}
_CLEARS: Final = "LOAD_FAST_AND_CLEAR"
_UNBINDS: Final = frozenset({"DELETE_FAST", _CLEARS})
_LOADS: Final = frozenset(
    {"LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_FAST_BORROW_LOAD_FAST_BORROW"}
)


class Path(NamedTuple):
    """What is known at a place of the code, of all paths that lead there from an event. Sets are bits of one integer.

    Attributes:
        stored: locals that may have been bound or unbound.
        bound: locals that are bound.
        loaded: locals, and loops, that operands come from.
        builtins: builtins that were called.
        depth: so many of the topmost stack entries were put there since the event.
        harmless: whether only instructions of the tables were met.
    """

    stored: int
    bound: int
    loaded: int = 0
    builtins: int = 0
    depth: int = 0
    harmless: bool = True

    def join(self, other: Path) -> Path:
        """What holds on both."""
        return Path(
            self.stored | other.stored,
            self.bound & other.bound,
            self.loaded | other.loaded,
            self.builtins | other.builtins,
            min(self.depth, other.depth),
            self.harmless and other.harmless,
        )

    def after_event(self) -> Path:
        """All is known again."""
        return Path(0, self.bound)

    def unknown(self) -> Path:
        """Any code may have run."""
        return Path(self.stored, self.bound, harmless=False)


@dataclass(frozen=True, slots=True)
class Step:
    """An edge of the control flow.

    Attributes:
        target: the element it leads to.
        jump: whether by a jump.
        event: whether a 'line' event is on it.
    """

    target: int
    jump: bool
    event: bool


class Flow:
    """The analysis of one code object."""

    def __init__(
        self,
        code: CodeType,
        elements: Sequence[Element],
        steps: Mapping[int, Sequence[Step]],
        *,
        start: int,
        handlers: Mapping[int, int],
        resumes: frozenset[int],
    ) -> None:
        """`steps`: those from each instruction; `start`: the first RESUME; `handlers`: of the instructions in a block, where exceptions lead;
        `resumes`: the RESUMEs, each a 'call' event."""
        self.elements, self.steps, self.handlers, self.resumes = elements, steps, handlers, resumes
        self.order = sorted(steps)
        shown = [name for name in code.co_varnames if not is_hidden(name)]
        self.bits = {name: 1 << n for n, name in enumerate(shown)}
        self.loops = {index: loop_name(number) for number, index in enumerate(loops_of(elements))}
        for name in self.loops.values():
            for kind in (name, tuples_of(name)):
                self.bits[kind] = 1 << len(self.bits)
        # An inlined comprehension puts back what it took away, which may be nothing: its STORE_FAST may unbind.
        cleared = [name for index in self.order if elements[index].name == _CLEARS for name in _names(elements[index])]
        self.bindable = sum(bit for name, bit in self.bits.items() if name not in cleared)
        self.understood = all(self._is_understood(elements[index]) for index in self.order)
        self.before: dict[int, Path] = {}
        if self.understood:
            given = sum(self.bits.get(name, 0) for name in arguments(code) if name not in code.co_cellvars)
            self._run(start, Path(0, given & self.bindable))

    def _is_understood(self, item: Element) -> bool:
        """Whether it is known which locals the instruction stores."""
        if item.name in _STORES:
            return all(isinstance(name, str) for name in _names(item))
        stores = "FAST" in item.name and item.name not in _LOADS | _UNBINDS
        return not stores

    # --- to the fixed point -------------------------------------------------------------------------------------------

    def _run(self, start: int, entry: Path) -> None:
        self.before[start] = entry
        waiting = {start}
        while waiting:
            for index in self.order:
                if index in waiting:
                    waiting.discard(index)
                    waiting |= self._advance(index)

    def _advance(self, index: int) -> set[int]:
        """Carry what is known over an instruction; the elements where that is news."""
        path, news = self.before[index], set()
        for step in self.steps[index]:
            after = self.after(index, step.jump)
            if self._arrive(step.target, after.after_event() if step.event else after):
                news.add(step.target)
        if index in self.handlers:
            after = self.after(index, False)
            raised = Path(path.stored | after.stored, path.bound & after.bound, harmless=False)
            if self._arrive(self.handlers[index], raised):
                news.add(self.handlers[index])
        return news

    def _arrive(self, index: int, path: Path) -> bool:
        known = self.before.get(index)
        joined = path if known is None else known.join(path)
        self.before[index] = joined
        return joined != known

    def effects(self, arrivals: Sequence[tuple[int, bool]]) -> Effects:
        """What can have changed where a hook is reached by these edges: (source, whether by its jump)."""
        if not self.understood:
            return ANYTHING
        paths = [self.after(source, jump) for source, jump in arrivals if source in self.before]
        if not paths:  # never reached
            return ANYTHING
        path = reduce(Path.join, paths)
        if path.stored & ~path.bound:
            return ANYTHING
        names = [name for name, bit in self.bits.items() if path.stored & bit]
        if not path.harmless:
            return Effects(tuple(names))
        loaded = [name for name, bit in self.bits.items() if path.loaded & bit]
        loops = tuple(name for name in loaded if " " in name)
        builtins = tuple(name for name, bit in _BUILTIN_BITS.items() if path.builtins & bit)
        return Effects(tuple(names), True, frozenset(names), frozenset(loaded).difference(loops), loops, builtins)

    # --- one instruction ----------------------------------------------------------------------------------------------

    def after(self, index: int, jump: bool) -> Path:
        """What is known behind an instruction."""
        item, path = self.elements[index], self.before[index]
        if index in self.resumes:
            return path.after_event()
        if item.name in _STORES or item.name in _UNBINDS or item.name in _LOADS:
            return self._locals(item, path)
        if not path.harmless:
            return path
        if item.name == "FOR_ITER":
            return self._loop(index, path, jump)
        needs = self._needs(item, index)
        if needs is None or needs[0] > path.depth:
            return path.unknown()
        path = path._replace(depth=path.depth - needs[0] + needs[1])
        if item.name == "LOAD_GLOBAL":
            return path._replace(builtins=path.builtins | _BUILTIN_BITS[item.arg[1]])
        return path

    def _locals(self, item: Element, path: Path) -> Path:
        names = _names(item)
        if item.name in _UNBINDS:
            bit = sum(self.bits.get(name, 0) for name in names)
            return Path(path.stored | bit, path.bound & ~bit, harmless=False)
        stored = _STORES.get(item.name, ())
        for n, name in enumerate(names):
            if not isinstance(name, str):  # a cell itself
                path = path.unknown()
            elif is_hidden(name):
                path = path.unknown() if n not in stored else path._replace(depth=max(0, path.depth - 1))
            elif n in stored:
                bit = self.bits[name]
                path = path._replace(
                    stored=path.stored | bit, bound=path.bound | (bit & self.bindable), depth=max(0, path.depth - 1)
                )
            elif (
                path.stored & self.bits[name]
            ):  # what it holds now was not there at the event, so nothing is known of it
                path = path.unknown()
            else:
                path = path._replace(loaded=path.loaded | self.bits[name], depth=path.depth + 1)
        return path

    def _loop(self, index: int, path: Path, jump: bool) -> Path:
        """An iterator's next value may be anything: it may be stored, not used. When the iterator goes, so may what it held."""
        name = self.loops[index]
        if self._unpacks(index):
            name = tuples_of(name)
        elif self._name_at(index + 1) not in _STORES:
            return path.unknown()
        return path.unknown() if jump else path._replace(loaded=path.loaded | self.bits[name], depth=0)

    def _unpacks(self, index: int) -> bool:
        """Whether a loop's next value is taken apart and all its parts are stored at once."""
        if self._name_at(index + 1) != "UNPACK_SEQUENCE":
            return False
        left: int = self.elements[index + 1].arg
        at = index + 2
        while left > 0 and self._name_at(at) in ("STORE_FAST", "STORE_FAST_STORE_FAST"):
            left -= len(_names(self.elements[at]))
            at += 1
        return left == 0

    def _name_at(self, index: int) -> str:
        return str(getattr(self.elements[index], "name", ""))

    def _needs(self, item: Element, index: int) -> tuple[int, int] | None:
        """How many entries an instruction takes and puts; None if it may run code, whatever they are."""
        if item.name in _FIXED:
            return _FIXED[item.name]
        if item.name in _COUNTED:
            each, more, put = _COUNTED[item.name]
            return each * item.arg + more, put
        if item.name.startswith(_CONDITIONAL_JUMPS):
            return 1, 0
        if item.name == "UNPACK_SEQUENCE":
            after_loop = self._name_at(index - 1) == "FOR_ITER" and self._unpacks(index - 1)
            return (0, 0) if after_loop else (1, item.arg)
        if item.name in ("COPY", "SWAP"):
            return item.arg, item.arg + (item.name == "COPY")
        if item.name == "FORMAT_VALUE":
            return (2, 1) if item.arg & 4 else (1, 1)
        return self._name(item)

    def _name(self, item: Element) -> tuple[int, int] | None:
        if item.name == "LOAD_GLOBAL" and item.arg[1] in _BUILTIN_BITS:
            return 0, 1 + item.arg[0]
        if item.name == "LOAD_METHOD" and item.arg in _PURE_METHODS:
            return 1, 2
        if item.name == "LOAD_ATTR" and isinstance(item.arg, tuple) and item.arg[0] and item.arg[1] in _PURE_METHODS:
            return 1, 2
        return None


def is_hidden(name: str) -> bool:
    """Whether a local is no variable of the source text: pytest's rewriting of `assert` makes such, and compilers after 3.11."""
    return name.startswith("@") or name in NEW_CLASS_NAMES


def shares_locals(code: CodeType) -> bool:
    """Whether other code can change its locals, which are cells, or add to them, where it may ask for them as a dict."""
    return bool(code.co_cellvars or code.co_freevars) or not READERS_OF_LOCALS.isdisjoint(code.co_names)


def loops_of(elements: Sequence[Element]) -> list[int]:
    """Where the loops are, in their order."""
    return [index for index, element in enumerate(elements) if getattr(element, "name", "") == "FOR_ITER"]


def loop_name(number: int) -> str:
    """What a loop is called among the conditions, by its number in the code, from 0; no variable can be called so."""
    return f"for {number}"


def tuples_of(loop: str) -> str:
    """The name of a loop whose iterator must yield tuples, too."""
    return f"{loop} tuples"


def _names(item: Element) -> tuple[Any, ...]:
    return item.arg if isinstance(item.arg, tuple) else (item.arg,)


def arguments(code: CodeType) -> tuple[str, ...]:
    """The names of a function's parameters, in the order of `co_varnames`."""
    starred = bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)  # CO_VARARGS, CO_VARKEYWORDS
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + starred]
