"""The values that a program has while its bytecode is followed: numbers and texts as they are, all else as objects that have an identity.

Two names may be one list here, which no text of a frame tells. Knows how values are written, for frames and for operations that are asked for;
evaluates nothing but literals.
"""

from __future__ import annotations

import abc
import ast
import binascii
import builtins
import functools
import re
import struct
import types
import zlib
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import FrozenInstanceError, dataclass, field
from decimal import InvalidOperation
from json import JSONDecodeError
from typing import Any, TypeAlias

from cwm_trace.models import said
from cwm_trace.models.containers import FACTORIES, MATCH, PATTERN, TALLY, plain
from cwm_trace.models.machine.code import MAIN, Code
from cwm_trace.models.machine.looked_up import MISSING, looked_up
from cwm_trace.models.set_table import Table
from cwm_trace.parsing import parse

Value: TypeAlias = Any
"""None, truths, numbers, texts, bytes and tuples are Python's own; others are those of this module."""


_UNNAMED: Mapping[str, type] = {
    **{"NoneType": type(None), "ellipsis": type(...), "NotImplementedType": type(NotImplemented)},
    **{"function": types.FunctionType, "method": types.MethodType, "abc.ABCMeta": abc.ABCMeta},
    "code": types.CodeType,
}
"""Classes of Python's own that no name of `builtins` is bound to."""
PATTERN_ERROR = f"re.{re.error.__name__}"
"""Which has another name from 3.13 on."""
_EXCEPTIONS: Mapping[str, type] = {
    "dataclasses.FrozenInstanceError": FrozenInstanceError,
    "json.JSONDecodeError": JSONDecodeError,
    "decimal.InvalidOperation": InvalidOperation,
    PATTERN_ERROR: re.error,
    "struct.error": struct.error,
    "binascii.Error": binascii.Error,
    "zlib.error": zlib.error,
    "binascii.Incomplete": binascii.Incomplete,
}
"""Those of modules that programs meet."""


class Lost(Exception):
    """Internal: what the program does next is not known."""


class Raised(Exception):
    """Internal: the program raises this."""

    def __init__(self, error: Value) -> None:
        super().__init__()  # a text with the value's would have all that hangs on it, over and over
        self.error = error

    def __str__(self) -> str:
        return str(getattr(getattr(self.error, "kind", None), "name", ""))

    def is_a(self, name: str) -> bool:
        """Whether that is one of Python's own exceptions, or made from it."""
        return is_made_of(self.error.kind, Builtin(name))


class _Mark:
    """A value that is only itself."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


NULL, UNSET, END = _Mark("NULL"), _Mark("UNSET"), _Mark("END")
"""What stands below a function on the stack; a variable that is bound to nothing; that an iterator has no more."""


@dataclass(slots=True, eq=False)
class Unknown:
    """A value that is not known before a frame shows it; `is_text`: but for that it is a text, `is_filled`: with something in it; `guess`:
    what stands for it in a frame (`machine.guesses`)."""

    value: Value = UNSET
    is_text: bool = False
    is_filled: bool = False
    guess: Value = UNSET


@dataclass(slots=True, eq=False)
class List:
    """A list, a `deque` of at most so many items, or a `bytearray` (of numbers)."""

    items: list[Value]
    kind: str = "list"
    most: int | None = None


@dataclass(slots=True, eq=False)
class Dict:
    """A dict, or one of `collections`: `kind` is its class, `make` what a `defaultdict` makes values with."""

    keys: list[Value] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    kind: str = "dict"
    make: Value = None


def dict_from(held: Mapping[Any, Value]) -> Dict:
    """A dict of these, as a program has it."""
    return Dict(list(held), list(held.values()))


@dataclass(slots=True, eq=False)
class OwnList(List):
    """An object of a class of the program that is made from `list`."""

    of: Value = None
    attributes: dict[str, Value] = field(default_factory=dict)
    hashed: Value = None  # as an object's


@dataclass(slots=True, eq=False)
class OwnDict(Dict):
    """The same, from `dict`."""

    of: Value = None
    attributes: dict[str, Value] = field(default_factory=dict)
    hashed: Value = None


@dataclass(slots=True, eq=False)
class Names(Dict):
    """The names of a module, as `globals` gives them: what is put there is bound."""

    space: dict[str, Value] = field(default_factory=dict)


OWN = (OwnList, OwnDict)


@dataclass(slots=True, eq=False)
class Set:
    """A set, or a frozen one; its items in the order in which it is shown, where that is known; `table`: how they lie (see `sets`)."""

    items: list[Value]
    kind: str = "set"
    has_order: bool = True
    table: Table | None = None


@dataclass(slots=True, eq=False)
class Literal:
    """What is written as a call that makes it, as a match of `re` is, and is done as a whole; a match knows what it is a match of."""

    text: str
    kind: str
    pattern: Any = None
    subject: Any = None
    within: tuple[int, int | None] = (0, None)


@dataclass(slots=True, eq=False)
class Range:
    """A range of numbers."""

    start: int
    stop: int
    step: int


@dataclass(slots=True, eq=False)
class Slice:
    """What stands between brackets, with colons."""

    start: Value
    stop: Value
    step: Value


@dataclass(slots=True, eq=False)
class View:
    """Keys, values or items of a dict."""

    over: Dict
    kind: str

    @property
    def prefix(self) -> str:
        """With which its class's name begins."""
        return "odict" if self.over.kind == "OrderedDict" else "dict"


@dataclass(slots=True, eq=False)
class Cell:
    """A variable that functions share."""

    value: Value = UNSET


@dataclass(slots=True, eq=False)
class Builtin:
    """Something of Python's own that has a name: a function, a class, an exception's class; `len`, `math.sqrt`."""

    name: str

    @property
    def kind(self) -> type | None:
        """The class of that name, of Python's own."""
        found = _EXCEPTIONS.get(self.name) or _UNNAMED.get(self.name) or getattr(builtins, self.name, None)
        return found if isinstance(found, type) else None


@dataclass(slots=True, eq=False)
class Module:
    """A module of Python's library."""

    name: str


@dataclass(slots=True, eq=False)
class Lazy:
    """A module that is imported when its name is used first (PEP 810)."""

    name: str
    class_name: str = "lazy_import"


@dataclass(slots=True, eq=False)
class Alias:
    """A type with parameters (`args`), made from `origin`, or one of several; a type variable, with what it says of itself (`told`)."""

    shown: str
    origin: Value = None
    args: tuple[Value, ...] = ()
    told: Mapping[str, Value] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Function:
    """A function of the program."""

    code: Code
    space: dict[str, Value]
    defaults: tuple[Value, ...] = ()
    named: Mapping[str, Value] = field(default_factory=dict)
    closure: tuple[Cell, ...] = ()
    attributes: dict[str, Value] = field(default_factory=dict)
    qualname: str = ""


_OF_ABC = frozenset(("abc.ABC", *(f"numbers.{name}" for name in ("Complex", "Integral", "Number", "Rational", "Real"))))
"""Classes of the library without a source here that are made by `ABCMeta`."""


@dataclass(slots=True, eq=False)
class Class:
    """A class of the program."""

    name: str
    qualname: str
    bases: tuple[Value, ...]
    space: dict[str, Value]
    line: tuple[Value, ...] = ()  # where attributes are looked for, in order
    fields: tuple[tuple[str, Value], ...] | None = None  # of a dataclass, or a tuple with names
    flavour: str = ""  # dataclass, namedtuple, enum
    frozen: bool = False
    module: str = MAIN
    metaclass: Value = None  # of the program's
    derived: list[Value] = field(default_factory=list)  # classes that are made from it
    own: int = 0  # names that its body has bound, which are the first ones
    is_open: bool = False  # made from a class that is not followed, which may have more
    notes_later: bool = False  # its annotations have names that were not bound when it was made
    by_abc: bool = False  # made by `ABCMeta`, or by what is made from that

    @property
    def is_of_abc(self) -> bool:
        """Whether it, or a class that it is made from, is made by `ABCMeta`."""
        return any(
            each.by_abc if isinstance(each, Class) else getattr(each, "name", "") in _OF_ABC for each in self.line
        )

    @property
    def is_partial(self) -> bool:
        """Whether what it has is not all known."""
        return any(isinstance(each, Class) and each.is_open for each in self.line)


@dataclass(slots=True, eq=False)
class Object:
    """One of a class; `held`: what an exception was made with, the items of a tuple with names; `frames`: those that an exception has left;
    `content`: what it is as a text, a number or the like, if its class is made from one of these (`PLAIN_KINDS`)."""

    kind: Value
    attributes: MutableMapping[str, Value] = field(default_factory=dict)
    held: tuple[Value, ...] = ()
    frames: list[Value] = field(default_factory=list)
    places: list[tuple[Any, int, int]] = field(
        default_factory=list
    )  # of an exception: Python frames that it has left, with their lines and offsets of instructions
    hashed: Value = None  # what its class's `__hash__` has given last
    cause: Value = None  # of an exception
    context: Value = None  # of an exception: the one that was handled when it was raised
    content: Value = UNSET
    shown: str = ""  # what `repr` has given, of a class whose objects stay as they are


@dataclass(slots=True, eq=False)
class Hashed:
    """The hash of a value that is no number: which number that is CPython chooses; it is the same for equal values."""

    content: Value
    is_place: bool = False  # the `id` of something


@dataclass(slots=True, eq=False)
class Method:
    """A function that has its first argument."""

    function: Value
    owner: Value


@dataclass(frozen=True, slots=True, eq=False)
class NoFunction:
    """A special method that is an object which can be called: it is not given its owner, or makes what is called of it."""

    found: Value


@dataclass(slots=True, eq=False)
class Descriptor:
    """A property, or what makes a method one of the class: `kind` is its name."""

    kind: str
    get: Value = None
    set: Value = None
    delete: Value = None


@dataclass(slots=True, eq=False)
class Native:
    """A function of ours that the program holds, as what a decorator of the library has made."""

    name: str
    run: Callable[..., Any]
    wrapped: Value = None
    shown: str = ""
    sources: Sequence[Value] = ()
    attributes: Mapping[str, Value] = field(default_factory=dict)


WITH_METHODS = (Object, *OWN)
"""What may be of a class of the program."""


@dataclass(slots=True, eq=False)
class Super:
    """What `super()` gives."""

    kind: Class
    owner: Value


IMMUTABLE = (type(None), bool, int, float, complex, str, bytes, type(...))


def closed(value: Value) -> str | None:
    """A value as operations have it; None where it has something in it that has no text of its own."""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    if isinstance(value, IMMUTABLE):
        return repr(value)
    match value:
        case OwnList(of=kind) | OwnDict(of=kind) if any(find(kind, name) is not None for name in _OWN_WAYS):
            return None
        case tuple():
            inner = _all(map(closed, value))
            return None if inner is None else f"({', '.join(inner)}{',' if len(inner) == 1 else ''})"
        case List(kind="list"):
            inner = _all(map(closed, value.items))
            return None if inner is None else f"[{', '.join(inner)}]"
        case List(kind="deque", most=None):
            inner = _all(map(closed, value.items))
            return None if inner is None else f"deque([{', '.join(inner)}])"
        case List(kind="bytearray"):
            octets = octets_of(value)
            return None if octets is None else f"bytearray({octets!r})"
        case Set():
            inner = _all(map(closed, value.items))
            if inner is None or value.kind != "set":
                return None
            return f"{{{', '.join(inner)}}}" if inner else "set()"
        case Dict():
            return _closed_dict(value)
        case Literal():
            return value.text
        case Range():
            return f"range({value.start}, {value.stop}, {value.step})"
        case View():
            inner_text = closed(value.over)
            return None if inner_text is None else f"{inner_text}.{value.kind}()"
        case Object(kind=Builtin()) if is_exception(value.kind):
            inner = _all(map(closed, value.held))
            return None if inner is None else f"{value.kind.name}({', '.join(inner)})"
        case Unknown() if value.value is not UNSET:
            return closed(value.value)
    return None


_OWN_WAYS = tuple(f"__{name}__" for name in "eq ne lt le gt ge hash iter len getitem contains bool".split())
"""Methods with which an object of a class that is made from `list` or `dict` is none of these to operations."""


def octets_of(value: Value) -> bytes | None:
    """Bytes, and what a `bytearray` has in it; None for others, or where that is not known."""
    if isinstance(value, List) and value.kind == "bytearray":
        numbers = [None if is_unknown(each) else known(each) for each in value.items]
        return bytes(numbers) if all(isinstance(each, int) and 0 <= each < 256 for each in numbers) else None  # type: ignore[arg-type]
    return value if isinstance(value, bytes) else None


def _closed_dict(value: Dict) -> str | None:
    keys, values = _all(map(closed, value.keys)), _all(map(closed, value.values))
    if keys is None or values is None:
        return None
    text = "{" + ", ".join(f"{key}: {each}" for key, each in zip(keys, values, strict=True)) + "}"
    match value.kind:
        case "dict":
            return text
        case "Counter":
            return f"{TALLY}({text})"
        case "defaultdict" if isinstance(value.make, Builtin) and value.make.name in FACTORIES:
            return f"defaultdict({value.make.name}, {text})"
    return None


def _all(texts: Iterable[str | None]) -> list[str] | None:
    made = list(texts)
    known = [text for text in made if text is not None]
    return known if len(known) == len(made) else None


_WHOLE, _TEXT = re.compile(r"-?[0-9]{1,1000}"), re.compile(r"'[^'\\\n]*'")
"""What most values are, which needs no parser."""


def read(text: str) -> Value:
    """The value that a frame, or an answer, shows so; an `Unknown` where it has no text of its own."""
    if _WHOLE.fullmatch(text):
        return int(text)
    if _TEXT.fullmatch(text):
        return text[1:-1]
    try:
        return _read(parse(plain(text), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Unknown()


def _read(node: ast.expr) -> Value:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_read(operand)
        case ast.Name(id="inf" | "nan" as name):
            return float(name)
        case ast.Tuple(elts=parts):
            return tuple(map(_read, parts))
        case ast.List(elts=parts):
            return List(list(map(_read, parts)))
        case ast.Set(elts=parts):
            return Set(list(map(_read, parts)))
        case ast.Dict(keys=keys, values=values):
            return Dict([_read(key) for key in keys if key], list(map(_read, values)))
        case ast.Call(func=ast.Name(id="set"), args=[]):
            return Set([])
        case ast.Call(func=ast.Name(id="deque"), args=[ast.List(elts=parts)], keywords=[]):
            return List(list(map(_read, parts)), "deque")
        case ast.Call(func=ast.Name(id="bytearray"), args=[ast.Constant(value=bytes(octets))]):
            return List(list(octets), "bytearray")
        case ast.Call(func=ast.Name(id="Tally"), args=[ast.Dict() as inner]):
            made = _read(inner)
            return Dict(made.keys, made.values, "Counter")
        case ast.Call(func=ast.Name(id="defaultdict"), args=[ast.Name(id=name), ast.Dict() as inner]):
            made = _read(inner)
            return Dict(made.keys, made.values, "defaultdict", Builtin(name))
        case ast.Call(func=ast.Name(id=name), args=args) if name in (MATCH, PATTERN):
            return Literal(ast.unparse(node), name)
        case ast.Call(func=ast.Name(id=short), args=args, keywords=[]):
            name = next((full for full in _EXCEPTIONS if full.endswith(f".{short}")), short)
            if is_exception(Builtin(name)):
                return Object(Builtin(name), held=tuple(map(_read, args)))
    raise ValueError


def is_exception(kind: Value) -> bool:
    """Whether a class is one of exceptions, of Python's own or made from one."""
    match kind:
        case Builtin():
            return kind.kind is not None and issubclass(kind.kind, BaseException)
        case Class():
            return any(is_exception(base) for base in kind.line[1:])
    return False


GROUPS = ("BaseExceptionGroup", "ExceptionGroup")


def is_group(value: Value) -> bool:
    """Whether it is a group of exceptions."""
    return isinstance(value, Object) and is_made_of(value.kind, Builtin(GROUPS[0]))


def is_made_of(kind: Value, other: Value) -> bool:
    """Whether a class is another, or made from it."""
    match kind, other:
        case Builtin(), Builtin() if kind.kind and other.kind:
            return issubclass(kind.kind, other.kind)
        case Class(), Class():
            return other in kind.line
        case Builtin(), Builtin(name="dict") if kind.name.removeprefix("collections.") in _DICTS:
            return True
        case Class(), Builtin(name="tuple") if kind.flavour == "namedtuple":
            return True
        case Class(), Builtin():
            return other.name == "object" or any(
                is_made_of(base, other) for base in kind.line if isinstance(base, Builtin)
            )
    return kind is other


def is_abstract_name(name: str) -> bool:
    """Whether it is that of an abstract class of the library."""
    module, _, last = name.rpartition(".")
    return module in ("collections.abc", "numbers") and last[:1].isupper()


_DICTS = frozenset(("Counter", "OrderedDict", "defaultdict"))  # classes made from `dict`


def class_of(value: Value) -> Value:
    """The class of a value."""
    match value:
        case Object():
            return value.kind
        case OwnList() | OwnDict():
            return value.of
        case List() | Set() | Dict():
            return Builtin(value.kind)
        case Range():
            return Builtin("range")
        case Class() if value.metaclass is not None:
            return value.metaclass
        case Class():
            return Builtin("abc.ABCMeta" if value.is_of_abc else "type")
        case Builtin() if value.kind is not None or is_abstract_name(value.name):
            return Builtin("type")
        case Builtin() if (real := looked_up(value.name)) is not MISSING:
            return Builtin("type" if isinstance(real, type) else type(real).__name__)
        case Native(shown=shown) if shown.startswith("<method-wrapper"):
            return Builtin("method-wrapper")
        case Native(name="__builtins__"):
            return Builtin("dict")
        case Native(name="partial"):
            return Builtin("functools.partial")
        case Function() | Native():
            return Builtin("function")
        case Builtin() | Method():
            return Builtin("builtin_function_or_method" if isinstance(value, Builtin) else _kind_of_method(value))
        case Literal():
            return Builtin({MATCH: "re.Match", PATTERN: "re.Pattern"}.get(value.kind, value.kind))
        case Descriptor():
            return Builtin(value.kind)
        case Slice():
            return Builtin("slice")
        case Cell():
            return Builtin("types.CellType")
        case View():
            return Builtin(f"{value.prefix}_{value.kind}")
        case Lazy():
            return Builtin("lazy_import")
        case Module():
            return Builtin("module")
        case Alias():
            return Builtin("types.UnionType" if value.origin is None else "types.GenericAlias")
        case Unknown() if value.value is not UNSET:
            return class_of(value.value)
    if isinstance(value, (*IMMUTABLE, tuple)):
        return Builtin(type(value).__name__)
    if (name := getattr(value, "class_name", None)) is not None:
        return Builtin(name)
    raise Lost


def is_unknown(value: Value) -> bool:
    """Whether a value is one that no frame has told yet."""
    while isinstance(value, Unknown):
        if value.value is UNSET:
            return True
        value = value.value
    return False


def last_unknown(value: Unknown) -> Unknown:
    """What a value that is unknown comes from."""
    while isinstance(value.value, Unknown):
        value = value.value
    return value


def guess_of(value: Value) -> Value:
    """A value, or what stands for it; `UNSET`: nothing does."""
    return last_unknown(value).guess if is_unknown(value) else known(value)


def joined(texts: Sequence[Value]) -> Value:
    """One text of several, of which some may be unknown."""
    if not any(map(is_unknown, texts)):
        return "".join(map(known, texts))
    told = [*map(guess_of, texts)]
    is_filled = any(not is_unknown(each) and known(each) != "" for each in texts)
    guess = "".join(map(str, told)) if all(isinstance(each, str) for each in told) else UNSET
    return Unknown(is_text=True, is_filled=is_filled, guess=guess)


def known(value: Value) -> Value:
    """A value, of which a frame may have told; where it must be known, what stands for it is the value from then on."""
    while isinstance(value, Unknown):
        if value.value is UNSET:
            if value.guess is UNSET:
                raise Lost
            value.value = value.guess
        value = value.value
    return value


def truth(value: Value) -> bool | None:
    """Whether a value counts as true; None where the program has its own way to tell."""
    match value:
        case OwnList(of=kind) | OwnDict(of=kind) if any(find(kind, name) is not None for name in _TRUTH):
            return None
        case List() | Set():
            return bool(value.items)
        case Dict():
            return bool(value.keys)
        case View():
            return bool(value.over.keys)
        case Class(metaclass=Class() as kind) if any(find(kind, name) is not None for name in _TRUTH):
            return None
        case Object(kind=Class() as kind):
            own = any(name in base.space for base in kind.line if isinstance(base, Class) for name in _TRUTH)
            return (
                None
                if own
                else truth(value.content)
                if value.content is not UNSET
                else bool(value.held or kind.flavour != "namedtuple")
            )
        case Range():
            return None
    return bool(value) if isinstance(value, (*IMMUTABLE, tuple)) else True


_TRUTH = ("__bool__", "__len__")


def children(value: Value) -> Sequence[Value]:
    """What a value holds."""
    match value:
        case tuple():
            return value
        case OwnList():
            return [*value.items, *value.attributes.values()]
        case OwnDict():
            return [*value.keys, *value.values, *value.attributes.values()]
        case List() | Set():
            return value.items
        case Dict():
            return [*value.keys, *value.values, value.make]
        case Object():
            return [*value.attributes.values(), *value.held, *value.frames, value.cause, value.context]
        case Function():
            return [*value.defaults, *value.named.values(), *value.closure, *value.attributes.values()]
        case Cell() | Unknown():
            return [value.value]
        case Method():
            return [value.function, value.owner]
        case View():
            return [value.over]
        case Native():
            return [*value.sources, *(value.wrapped.values() if isinstance(value.wrapped, dict) else [value.wrapped])]
        case Descriptor():
            return [value.get, value.set, value.delete]
        case Class():
            return list(value.space.values())
    return ()


def find(kind: Value, name: str) -> Value | None:
    """What a class of the program has under a name, or one that it is made from; None: nothing, or that."""
    found = look_up(kind, name)
    return None if found is UNSET else found


BOUND = frozenset(("lru_cache", "wrapper", *(("partial",) if hasattr(functools.partial, "__get__") else ())))
"""Of which functions of ours, that a class has, methods are made; of `functools.partial` from 3.14 on (What's New)."""


def own_method(value: Value, name: str) -> Value | None:
    """A special method that the class of a value has, which is the program's, or a metaclass; None: nothing, or that."""
    if isinstance(value, Object):
        found = find(value.kind, name)
    elif isinstance(value, Class):
        found = None if value.metaclass is None else find(value.metaclass, name)
    else:
        found = find(value.of, name) if isinstance(value, OWN) else None
    is_partial = isinstance(found, Native) and found.name == "partial" and "partial" not in BOUND
    is_property = isinstance(found, Descriptor) and found.kind == "property"
    return NoFunction(found) if is_partial or is_property or isinstance(found, (Object, Method)) else found


GENERATED = _Mark("GENERATED")
"""That a class has a method which `@dataclass` has made."""


def nearest(kind: Value, name: str) -> Value:
    """The same; `GENERATED` where a dataclass is nearer than what has it."""
    for each in kind.line if isinstance(kind, Class) else ():
        if isinstance(each, Class):
            if name in each.space:
                return each.space[name]
            if each.flavour == "dataclass" and "_options_" in each.space and name not in each.space["_not_made_"]:
                return GENERATED
    return UNSET


def look_up(kind: Value, name: str) -> Value:
    """The same; `UNSET`: nothing, or one of Python's own comes first that has it."""
    for each in kind.line if isinstance(kind, Class) else ():
        if isinstance(each, Class):
            if name in each.space:
                return each.space[name]
        elif (own := each.kind) is not None and own is not object and name in vars(own):
            return UNSET
    return UNSET


def as_tuple(value: Value) -> tuple[Value, ...] | None:
    """The items of a tuple, one with names, too; None for others."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, Object) and isinstance(value.content, tuple):
        return value.content
    if isinstance(value, Object) and isinstance(value.kind, Class) and value.kind.flavour == "namedtuple":
        return value.held
    return None


OF_COLLECTIONS = ("Counter", "OrderedDict", "defaultdict", "deque")
"""Kinds of lists and dicts that are classes of `collections`."""
OF_C = ("_codecs", "_hashlib", "_random", "datetime", "_pydatetime", "decimal", "_pydecimal", "types")
"""Modules whose classes and functions are of C in Python, as is shown of them."""


def kind_name(value: Value) -> str:
    """The name of a value's class, as messages have it."""
    if (name := getattr(value, "class_name", None)) is not None:
        return str(name)
    if isinstance(value, Object) and isinstance(value.kind, Class) and value.kind.module in OF_C:
        is_made = value.kind.module == "types" and not hasattr(types, value.kind.name)  # by `make_dataclass`
        return value.kind.name if is_made else f"{value.kind.module}.{value.kind.name}"
    match value:
        case OwnList() | OwnDict():
            return str(value.of.name)
        case List(kind="deque") | Dict(kind="OrderedDict" | "defaultdict"):
            return f"collections.{value.kind}"
        case View():
            return f"{value.prefix}_{value.kind}"
        case Builtin() if value.kind is None and "." in value.name and looked_up(value.name) is MISSING:
            raise Lost(value.name)  # which may be anything
        case Method():
            return _kind_of_method(value)
    return str(class_of(value).name)


def _kind_of_method(value: Method) -> str:
    if not isinstance(value.function, Builtin):
        return "method"
    name = value.function.name
    is_wrapper = name.endswith(_OF_SLOTS) or isinstance(looked_up(name), types.WrapperDescriptorType)
    return "method-wrapper" if is_wrapper else "builtin_function_or_method"


_OF_SLOTS = (".__next__", ".__iter__", ".__len__")
"""Methods that are of slots in whichever class of Python's own."""
PLAIN_KINDS = ("str", "int", "float", "complex", "bytes", "tuple", "frozenset", "set")
"""Python's own classes whose values a class of the program may be made from."""


def content_of(value: Value) -> Value:
    """What an object of a class that is made from `str`, `int` or the like is as one of these; others as they are."""
    return value.content if isinstance(value, Object) and value.content is not UNSET else value


def without_class(value: Value) -> Value:
    """What a class that is made from `list` or `dict` adds to, without that."""
    if isinstance(value, OwnList):
        return List(value.items)
    return Dict(value.keys, value.values) if isinstance(value, OwnDict) else value


def as_plain(value: Value) -> Value:
    """What a member of an enumeration of numbers, or of texts, is as one of these; others as they are."""
    if isinstance(value, Object) and isinstance(value.kind, Class) and "_plain_" in value.kind.space:
        return value.attributes["_value_"]
    return value


def error(kind: str, *held: Value) -> Raised:
    """An exception of Python's own."""
    return Raised(Object(Builtin(kind), held=held))


def wrongly_given(method: str, owner: Value, given: Value) -> Raised:
    """That of a method of a class that gives what is none of its kind."""
    return error("TypeError", said.WRONGLY_GIVEN[method].format(kind=kind_name(owner), got=kind_name(given)))
