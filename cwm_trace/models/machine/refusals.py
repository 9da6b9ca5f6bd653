"""Why Python's own functions and operators do not take what they are given: which error, and what it says, is looked up.

The real ones are asked, with plain values no larger than it takes to be refused, and only what they raise is used: what they give is not. So
messages are those of the Python that is running. Knows which functions do nothing but give something (`_ASKABLE`).
"""

from __future__ import annotations

import builtins
import inspect
import operator
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from inspect import CO_VARARGS, CO_VARKEYWORDS
from io import StringIO
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType
from typing import Any

from cwm_trace.models.machine.active import Paused
from cwm_trace.models.machine.iterators import Iterator
from cwm_trace.models.machine.looked_up import MISSING, looked_up
from cwm_trace.models.machine.values import (
    OF_COLLECTIONS,
    OWN,
    Builtin,
    Class,
    Dict,
    Function,
    List,
    Method,
    Module,
    Native,
    Object,
    Raised,
    Range,
    Set,
    Slice,
    Value,
    error,
    is_unknown,
    kind_name,
    known,
    octets_of,
)

_ASKABLE = frozenset(
    "abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter float format frozenset hash hex id int"
    " isinstance issubclass iter len list map max min next oct ord pow range repr reversed round set slice sorted str sum tuple vars"
    " zip collections.Counter collections.OrderedDict collections.defaultdict collections.deque collections.namedtuple".split()
)
_ASKABLE_MODULES = frozenset("bisect itertools math operator".split())
"""Modules all of whose functions do so, but for those that call what they are given at once."""
_CALLS = frozenset(("operator.call",))
_OWNERS = frozenset("bool bytearray bytes complex deque dict float frozenset int list set str tuple".split())
"""Classes whose methods may be asked, too: they get values of their own."""
FIRST = frozenset(
    "bytearray.append bytearray.extend bytearray.insert"
    " bytes.center bytes.ljust bytes.rjust bytearray dict.update enumerate int.from_bytes issubclass iter map slice"
    " str.center str.join str.ljust str.rjust vars".split()
)
"""Functions that are asked before anything else is done with plain values, as what they refuse is in the values."""
FIRST_OF_TWO = frozenset(("int", "str"))
"""Those that are if there is more than one value."""
_MOST_ITEMS, _MOST_TEXT, _MOST, _DEEPEST = 20, 60, 1000, 3
_REFUSALS = (TypeError, ValueError, OverflowError, AttributeError, IndexError, KeyError, LookupError, ZeroDivisionError)


class _Strange(Exception):
    """Internal: a value that there is nothing like of."""


def refusal(
    name: str, args: Sequence[Value], named: Mapping[str, Value], of_shape: bool = False, by_kind: bool = False
) -> Raised | None:
    """The error of a call of one of Python's own functions; None: there is none, or it is not known.

    `of_shape`: objects, classes and functions of the program may be among what it is given, which others stand for; then only what it says of
    their number and kinds counts. `by_kind`: only this counts, whatever they are.
    """
    owner, _, method = name.rpartition(".")
    if of_shape and isinstance(written := looked_up(name), FunctionType):
        return _of_number(written, args, named)
    if name == "print" and of_shape:
        return _asked(partial(print, file=StringIO()), args, named, (TypeError,), of_shape)
    if not (_is_askable(name) or owner in _OWNERS and not method.startswith("_")):
        return None
    function = _looked_at(name)
    if function is MISSING:
        return None
    return _asked(function, args, named, (TypeError,) if of_shape or by_kind else _REFUSALS, of_shape)


def _of_number(written: FunctionType, args: Sequence[Value], named: Mapping[str, Value]) -> Raised | None:
    """That of how many things a function of Python's source is given: what one says that takes the same, and does nothing."""
    made, count = written.__code__, written.__code__.co_argcount
    if made.co_flags & (CO_VARARGS | CO_VARKEYWORDS) or not all(each.isidentifier() for each in named):
        return None
    names = [*made.co_varnames[:count], *made.co_varnames[count : count + made.co_kwonlyargcount]]
    defaults = {*names[count - len(written.__defaults__ or ()) : count], *(written.__kwdefaults__ or ())}
    parts = [f"{each}=None" if each in defaults else each for each in names]
    parts[count:count] = ["*"] if made.co_kwonlyargcount else []
    parts[made.co_posonlyargcount : made.co_posonlyargcount] = ["/"] if made.co_posonlyargcount else []
    space: dict[str, Any] = {}
    exec(f"def stub({', '.join(parts)}): pass", space)
    space["stub"].__qualname__ = written.__qualname__
    try:
        space["stub"](*[None for _ in args], **dict.fromkeys(named))
    except TypeError as refused:
        return error("TypeError", str(refused))
    return None


def _is_askable(name: str) -> bool:
    return name in _ASKABLE or name.partition(".")[0] in _ASKABLE_MODULES and name not in _CALLS


def of_making(name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Raised | None:
    """That of making what goes through items later, or holds them, which says at once what it does not take."""
    if name.startswith("heapq.") and args and isinstance(known(args[0]), List):
        return None
    if any(isinstance(known(each), OWN) or is_unknown(each) for each in (*args, *named.values())):
        return None
    given = [_EMPTY if isinstance(known(each), (Paused, Iterator)) else each for each in args]
    if any(isinstance(known(each), Object) for each in (*given, *named.values())):
        return None
    return _asked(looked_up(name), given, named, _REFUSALS, True)


_EMPTY = List([])
"""Stands for what can be gone through."""
MAKING = frozenset(
    "itertools.combinations itertools.combinations_with_replacement itertools.count itertools.islice itertools.permutations"
    " itertools.product itertools.repeat itertools.tee collections.defaultdict collections.deque math.isclose operator.attrgetter"
    " operator.itemgetter heapq.heapify heapq.heappop heapq.heappush heapq.heappushpop heapq.heapreplace".split()
)


def of_count(name: str, args: Sequence[Value], named: Mapping[str, Value]) -> Raised | None:
    """That of a call with too few values, or too many, or with words that a function has not; it comes before anything is done with them."""
    if not _is_miscounted(name, len(args), tuple(named)):
        return None
    function = _looked_at(name)
    owner = _owner_of(name)
    given = [_in_place_of(each, None if place else owner) for place, each in enumerate(args)]
    try:
        function(*given, **{name: _in_place_of(each) for name, each in named.items()})
    except TypeError as refused:
        return error("TypeError", *refused.args)
    except Exception:
        return None
    return None


@lru_cache(maxsize=4096)
def _is_miscounted(name: str, count: int, words: tuple[str, ...]) -> bool:
    """Whether a function takes another number of values, or has no such words, whatever they are."""
    function = _looked_at(name)
    if function is MISSING:
        return False
    owner = _owner_of(name)
    if _is_askable(name) or name in _COUNTING or owner is not None and not name.endswith("__"):
        made = [owner() if owner is not None and not place else object() for place in range(count)]
        try:
            function(*made, **dict.fromkeys(words, object()))
        except TypeError as refused:
            return _OF_COUNT.search(str(refused)) is not None
        except Exception:
            return False
        return False
    if not isinstance(function, (BuiltinFunctionType, MethodDescriptorType)):
        return False
    if isinstance(getattr(function, "__self__", None), type):  # which is among what the machine gives to it
        return False
    try:
        inspect.signature(function).bind(*range(count), **dict.fromkeys(words))
    except TypeError:
        return True
    except ValueError:  # it does not say what it takes
        return False
    return False


_OF_COUNT = re.compile(
    r"(expected|takes|expects|needs|requires) .*argument.*(got|given)|takes (no|exactly one|at least|at most)|takes from"
    r"|missing .*argument|(unexpected|invalid) keyword|needs an argument|takes \d+ (positional|or)|at least \w+ argument"
)
"""What messages have of calls with a wrong number of values."""
_COUNTING = frozenset("delattr dir getattr hasattr object setattr super type".split())
"""Others that do nothing with objects that have nothing."""


def _looked_at(name: str) -> Any:
    return looked_up(f"collections.{name}" if name.partition(".")[0] in OF_COLLECTIONS else name)


def _owner_of(name: str) -> type | None:
    """The class of Python's own values of which a function is a method."""
    owner, _, _ = name.rpartition(".")
    if not owner or owner.removeprefix("collections.") not in _OWNERS:
        return None
    is_method = isinstance(_looked_at(name), MethodDescriptorType)
    return _looked_at(owner) if is_method else None


def _in_place_of(value: Value, owner: type | None = None) -> Any:
    """A value like this one, or what stands for it: one of its class, where it is that of which a method is called."""
    try:
        return _like(value, owner is None, [])
    except _Strange:
        return object() if owner is None else owner()


def of_abstract(name: str) -> Raised | None:
    """That of making an object of an abstract class of the library."""
    kind = looked_up(name)
    if not getattr(kind, "__abstractmethods__", None):
        return None
    return _asked(kind, (), {}, (TypeError,), False)


def of_operator(sign: str, left: Value, right: Value) -> Raised | None:
    """That of an operator."""
    function = _OPERATORS.get(sign)
    kinds = (TypeError, ValueError) if sign in ("[]", "%") else (TypeError,)
    operands = [
        _Operand(kind_name(each)) if isinstance(known(each), _NEVER_OPERANDS) else each for each in (left, right)
    ]
    return None if function is None else _asked(function, operands, {}, kinds, False)


def of_class(args: Sequence[Value]) -> Raised | None:
    """That of making a class by a call of `type`."""
    return _asked(type, args, {}, (TypeError,), True)


class _Operand:
    """What has a kind, and no operators."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


_NEVER_OPERANDS = (Builtin, Function, Paused, Iterator, Module)


_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    **{"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv},
    **{"%": operator.mod, "**": operator.pow, "<<": operator.lshift, ">>": operator.rshift, "@": operator.matmul},
    **{"&": operator.and_, "|": operator.or_, "^": operator.xor, "[]": operator.getitem},
    **{
        "+=": operator.iadd,
        "-=": operator.isub,
        "*=": operator.imul,
        "/=": operator.itruediv,
        "//=": operator.ifloordiv,
    },
    **{"%=": operator.imod, "**=": operator.ipow, "<<=": operator.ilshift, ">>=": operator.irshift},
    **{"@=": operator.imatmul, "&=": operator.iand, "|=": operator.ior, "^=": operator.ixor},
}


_WITH_WIDTHS = (format, str.format, str.format_map, operator.mod, operator.imod)
_WIDE = re.compile(r"\d{5}")


def _asked(
    function: Callable[..., Any],
    args: Sequence[Value],
    named: Mapping[str, Value],
    kinds: tuple[type[Exception], ...],
    of_shape: bool,
) -> Raised | None:
    cut: list[Value] = []
    try:
        given = [_like(each, of_shape, cut) for each in args]
        words = {name: _like(each, of_shape, cut) for name, each in named.items()}
    except _Strange:
        return None
    if function in _WITH_WIDTHS and any(isinstance(each, str) and _WIDE.search(each) for each in given):
        return None  # it would be as wide
    try:
        function(*given, **words)
    except kinds as refused:
        if cut and not isinstance(refused, TypeError):
            return None
        return error(type(refused).__name__, *refused.args)
    except Exception:
        return None
    return None


def _like(value: Value, of_shape: bool, cut: list[Value], depth: int = 0) -> Any:
    """A value like this one, that is no larger than it must be; `cut`: gets what was larger. Raises _Strange."""
    if is_unknown(value) or depth > _DEEPEST:
        raise _Strange
    value = known(value)
    if isinstance(value, OWN):  # of classes of the program, which have ways of their own
        return _stand_in(value, of_shape)
    if _is_large(value):
        cut.append(value)
    match value:
        case None | bool() | float() | complex():
            return value
        case int():
            return max(-_MOST, min(value, _MOST))
        case str() | bytes():
            return value[:_MOST_TEXT]
        case tuple():
            return tuple(_like(each, of_shape, cut, depth + 1) for each in value[:_MOST_ITEMS])
        case List(kind="list"):
            return [_like(each, of_shape, cut, depth + 1) for each in value.items[:_MOST_ITEMS]]
        case List(kind="deque"):
            return deque((_like(each, of_shape, cut, depth + 1) for each in value.items[:_MOST_ITEMS]), value.most)
        case List(kind="bytearray"):
            if (octets := octets_of(value)) is None:
                raise _Strange
            return bytearray(octets[:_MOST_ITEMS])
        case Set() if value.has_order or len(value.items) < 2:
            items = [_like(each, of_shape, cut, depth + 1) for each in value.items[:_MOST_ITEMS]]
            return frozenset(items) if value.kind == "frozenset" else set(items)
        case Dict(kind="dict"):
            pairs = [*zip(value.keys, value.values, strict=True)][:_MOST_ITEMS]
            return {_like(key, of_shape, cut, depth + 1): _like(each, of_shape, cut, depth + 1) for key, each in pairs}
        case _Operand(kind=kind):
            return type(kind, (), {})()
        case Range():
            return range(value.start, value.stop, value.step)[:_MOST_ITEMS]
        case Slice():
            return slice(*(_like(each, of_shape, cut, depth + 1) for each in (value.start, value.stop, value.step)))
        case Builtin() if value.kind is not None and hasattr(builtins, value.name):
            return value.kind
    return _stand_in(value, of_shape)


def _is_large(value: Value) -> bool:
    size = getattr(value, "items", getattr(value, "keys", value))
    if isinstance(size, int):
        return abs(size) > _MOST
    return isinstance(size, (str, bytes, tuple, list)) and len(size) > (
        _MOST_TEXT if isinstance(size, (str, bytes)) else _MOST_ITEMS
    )


def _stand_in(value: Value, of_shape: bool) -> Any:
    """What stands for an object, a class or a function, by its kind alone."""
    if not of_shape:
        raise _Strange
    match value:
        case Function() | Native() | Method() | Builtin():
            return _nothing
        case Class():
            return type(value.name, (), {})
        case Object(kind=Class()):
            return type(kind_name(value), (), {})()
    raise _Strange


def _nothing(*_: Any, **__: Any) -> None:
    """Stands for functions."""
