"""What Python says where it refuses something, of messages that are not the same in every version: asked of the Python that is running.

Each is what one small refusal said, with the names of what it was given cut out, as a template for `str.format`. Knows no program. A
message that is the same in all versions is written where it is needed.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from io import BufferedReader, BytesIO
from operator import index, mod
from types import FunctionType
from typing import Any, Final, Protocol, runtime_checkable


def _said(act: Callable[[], object], names: Iterable[tuple[str, str]] = ()) -> str:
    """The message of what this raises; `names`: what it names, and by what that is replaced."""
    try:
        act()
    except Exception as raised:
        text = str(raised)
    else:
        raise AssertionError("not refused")
    for name, place in names:
        text = text.replace(name, place)
    return text


def _matched(kind: Any) -> bool:
    match 1:
        case kind(1):
            return True
    return False


@runtime_checkable
class _Kind(Protocol):
    attribute: int


def _refuses(kind: type[Exception], act: Callable[[], object]) -> bool:
    """Whether this raises that."""
    try:
        act()
    except Exception as raised:
        return isinstance(raised, kind)
    return False


def _set(owner: Any) -> None:
    owner.attribute = 1


@dataclass
class _Settled:
    one: int = field(init=False, default=1)


def _set_slice(over: list[int], given: Any) -> None:
    over[:1] = given


class _Slotted:
    __slots__ = ()


class _Abstract(ABC):
    @abstractmethod
    def one(self) -> None: ...


class _Abstracts(_Abstract):
    @abstractmethod
    def other(self) -> None: ...


class _Members(Enum):
    ONE = 1


class _Memberless(Enum):
    pass


class _Alone:
    pass


class _Odd:
    """Its methods give what they may not."""

    def _odd(self) -> _Alone:
        return _Alone()

    __bool__ = __index__ = __repr__ = __str__ = __hash__ = __iter__ = _odd  # type: ignore[assignment]

    def __format__(self, _: str) -> Any:
        return _Alone()


def _unpack(given: Any) -> None:
    _first, _second = given


_ZERO: Any = 0
_KIND: Any = _Kind
_LONG: Any = "ab"
_HALF: Any = 0.5
BY_ZERO: Final = {
    "/": _said(lambda: 1 / _ZERO),
    "//": _said(lambda: 1 // _ZERO),
    "%": _said(lambda: 1 % _ZERO),
    "divmod": _said(lambda: divmod(1, _ZERO)),
}
"""Of whole numbers."""
FLOAT_BY_ZERO: Final = {
    "/": _said(lambda: 1.0 / _ZERO),
    "//": _said(lambda: 1.0 // _ZERO),
    "%": _said(lambda: 1.0 % _ZERO),
}
"""If one of the two is a float."""
UNHASHABLE: Final = {
    "": "unhashable type: '{inner}'",
    "dict key": _said(lambda: {([],): 0}, (("tuple", "{outer}"), ("list", "{inner}"))),
    "set element": _said(lambda: {([],)}, (("tuple", "{outer}"), ("list", "{inner}"))),
}
"""By what a value is to be, "" being what is hashed; the value's class, and that of what cannot be hashed in it."""
TELLS_USE: Final = "{outer}" in UNHASHABLE["dict key"]
"""Whether it is said what for a hash is asked, whatever is wrong with it."""
NO_PLACE: Final = _said(lambda: _set(_Slotted()), (("_Slotted", "{kind}"), ("attribute'", "{name}'")))
"""Of a value that no attribute can be given to, as its class has none of that name."""
NOT_IN_LIST: Final = _said(lambda: list[int]().index(1), (("1", "{}"),))
NOT_IN_DEQUE: Final = _said(lambda: deque[int]().index(1), (("1", "{}"),))
NOT_REMOVED: Final = _said(lambda: deque[int]().remove(1), (("1", "{}"),))
NO_ITEMS: Final = _said(lambda: max([]), (("max", "{}"),))
NO_CONTAINER: Final = _said(lambda: 1 in _ZERO, (("int", "{}"),))
TOO_MANY: Final = _said(lambda: _unpack([1, 2, 3]), (("2", "{expected}"), ("3", "{got}")))
"""Of a list, a tuple or a dict; of others, whose length is not known: `TOO_MANY_OF_OTHERS`."""
TOO_MANY_OF_OTHERS: Final = _said(lambda: _unpack(iter("abc")), (("2", "{expected}"),))
SLICE_OF_NONE: Final = _said(lambda: _set_slice([1], None))
"""Of what no slice of a list can be replaced by; one with steps says the same in all versions."""
NOT_REPLACED: Final = "TypeError" if _refuses(TypeError, lambda: replace(_Settled(), one=2)) else "ValueError"
"""The class of what `dataclasses.replace` raises for a field that is not to be given."""
NO_PAIR: Final = _said(lambda: dict(_ZERO for _ in "a"), (("0", "{}"),))
NO_ORDER: Final = _said(lambda: type("_", (object, _Alone), {}), (("object, _Alone", "{}"),))
NO_CHARACTER: Final = _said(lambda: mod("%c", _LONG), (("2", "{length}"),))
"""Of a text in the place of a character; of what is neither a text nor a number: `NO_CHARACTER_AT_ALL`."""
NO_SUCH_CHARACTER: Final = _said(lambda: mod("%c", 1 << 30))
NO_CHARACTER_AT_ALL: Final = _said(lambda: mod("%c", _HALF), (("float", "{}"),))
NO_SUPER: Final = _said(lambda: super(_Alone, _ZERO).one, (("int", "{owner}"), ("_Alone", "{kind}")))
_WRONG: Any = _Odd()
_ODD: Final = ((f"{__name__}.", ""), ("_Odd", "{kind}"), ("_Alone", "{got}"))
WRONGLY_GIVEN: Final = {
    "__bool__": _said(lambda: bool(_Odd()), _ODD),
    "__iter__": _said(lambda: iter(_WRONG), _ODD),
    "__index__": _said(lambda: index(_WRONG), _ODD),
    "__repr__": _said(lambda: repr(_Odd()), _ODD),
    "__str__": _said(lambda: str(_Odd()), _ODD),
    "__format__": _said(lambda: format(_Odd()), _ODD),
    "__hash__": _said(lambda: hash(_Odd()), _ODD),
}
"""By the method of a class that gives what is none of its kind."""
AFTER_STAR: Final = _said(lambda: print(*_ZERO), (("print()", "{function}"), ("int", "{kind}")))
AFTER_TWO_STARS: Final = _said(lambda: print(**_ZERO), (("print()", "{function}"), ("int", "{kind}")))
"""Of what is no iterable, or no mapping, in a call."""
ATTRIBUTE: Final = repr(vars(_Alone)["__dict__"]).replace("__dict__", "{name}").replace("_Alone", "{kind}")
"""How the place of all attributes, or of weak references, is shown."""
SHOWS_MODULES: Final = repr(ImportError(name="_")) != repr(ImportError())
"""Whether an ImportError is shown with what it has been told by name."""
ASKS_OBJECTS: Final = _said(lambda: issubclass(_Alone, _KIND), (("'attribute'", "{}"),))
"""Of a protocol that says more than methods, where a class is asked; with what these are."""
NO_CLASS_IN_PATTERN: Final = _said(lambda: _matched(len))
NEGATIVE_ROOT: Final = _said(lambda: math.sqrt(-1), (("-1.0", "{}"),))
NO_MEMBER: Final = _said(lambda: _Members.TWO, (("_Members", "{kind}"), ("TWO", "{name}")))  # type: ignore[attr-defined]
NO_COPY_OF_FILE: Final = _said(lambda: BufferedReader(BytesIO()).__reduce_ex__(4), (("BufferedReader", "{}"),))
NO_MEMBERS: Final = _said(lambda: _Memberless("_"), (("_Memberless", "{}"),))
"""Of an enumeration that nothing is made of but a value."""
_ONE_LEFT = _said(_Abstract, (("_Abstract", "{kind}"), ("one", "{names}")))
_SEVERAL_LEFT = _said(_Abstracts, (("_Abstracts", "{kind}"), ("one", "{names}"), (", other", ""), (", 'other'", "")))


def left_abstract(kind: str, names: Sequence[str]) -> str:
    """That of a class of this name with these methods left to be written."""
    template = _ONE_LEFT if len(names) == 1 else _SEVERAL_LEFT
    return template.format(kind=kind, names=("', '" if "'{names}'" in template else ", ").join(names))


def unexpected_keyword(function: str, name: str, names: Sequence[str]) -> str:
    """That of a call of a function with an argument of a name that it does not have; `names`: of those that can be given by name.

    One of these is taken for one that has a place, too, as `self` of a method.
    """
    if name in names:
        return f"{function}() got multiple values for argument {name!r}"
    code = (lambda: None).__code__.replace(co_argcount=len(names), co_nlocals=len(names), co_varnames=(*names,))
    called = FunctionType(code.replace(co_qualname=function), {})
    return _said(lambda: called(**{name: None}))


NO_NOTE = _said(lambda: Exception().add_note(index), (("builtin_function_or_method", "{}"),))  # type: ignore[arg-type]
"""Of `add_note` with what is no text."""
