"""Python's functions of attributes, names and objects, and what `object` itself does."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import FunctionType

from cwm_trace.models import said
from cwm_trace.models.machine import (
    arithmetic,
    assigning,
    beside,
    classes,
    comparing,
    enums,
    making,
    naming,
    patching,
    sets,
    shipped,
    tracebacks,
)
from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.calls import calls, invoke
from cwm_trace.models.machine.code import is_of_program
from cwm_trace.models.machine.going import in_order, next_of
from cwm_trace.models.machine.imported import helper
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.iterators import collected
from cwm_trace.models.machine.looked_up import MISSING, looked_up, may_be_looked_at
from cwm_trace.models.machine.naming import check_module
from cwm_trace.models.machine.questions import arguments
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.rendering import by_object, rendered, written
from cwm_trace.models.machine.values import (
    IMMUTABLE,
    OWN,
    PLAIN_KINDS,
    UNSET,
    WITH_METHODS,
    Alias,
    Builtin,
    Class,
    Descriptor,
    Dict,
    Function,
    Hashed,
    List,
    Lost,
    Method,
    Module,
    Native,
    Object,
    Raised,
    Set,
    Slice,
    Super,
    Unknown,
    Value,
    class_of,
    closed,
    content_of,
    dict_from,
    error,
    find,
    is_exception,
    is_made_of,
    is_unknown,
    kind_name,
    known,
    own_method,
)


def _check_name(name: Value) -> None:
    """Raises Raised for what is no name of an attribute."""
    if not is_unknown(name) and not isinstance(content_of(known(name)), str):
        raise error("TypeError", f"attribute name must be string, not '{kind_name(known(name))}'")


@native("getattr")
def _getattr(m: Interpreter, owner: Value, name: Value, *default: Value) -> Work:
    _check_name(name)
    try:
        return (yield from classes.attribute(m, owner, known(name)))
    except Raised as raised:
        if not default or not raised.is_a("AttributeError"):
            raise
        return default[0]


@native("hasattr")
def _hasattr(m: Interpreter, owner: Value, name: Value) -> Work:
    _check_name(name)
    try:
        yield from classes.attribute(m, owner, known(name))
    except Raised as raised:
        if not raised.is_a("AttributeError"):
            raise
        return False
    return True


@native("setattr")
def _setattr(m: Interpreter, owner: Value, name: Value, value: Value) -> Work:
    _check_name(name)
    return assigning.set_attribute(m, owner, known(name), value)


@native("delattr")
def _delattr(m: Interpreter, owner: Value, name: Value) -> Work:
    _check_name(name)
    return assigning.delete_attribute(m, owner, known(name))


@native("vars")
def _vars(m: Interpreter, owner: Value = UNSET) -> Work:
    if owner is UNSET:
        return _locals(m)
    try:
        return (yield from classes.attribute(m, owner, "__dict__"))
    except Raised as raised:
        if not raised.is_a("AttributeError"):
            raise
        raise error("TypeError", "vars() argument must have __dict__ attribute") from None


@native("callable")
def _callable(m: Interpreter, value: Value) -> Value:
    value = known(value)
    if isinstance(value, (Object, *OWN)):
        return own_method(value, "__call__") is not None
    return isinstance(value, (Function, Method, Builtin, Class, Native))


@native("globals")
def _globals(m: Interpreter) -> Value:
    space = m.frame.space
    return patching.names(space)


@native("locals")
def _locals(m: Interpreter) -> Value:
    if m.frame.names is m.frame.space:
        return _globals(m)
    if isinstance(m.frame.names, classes.Attributes):
        return m.frame.names.held
    if isinstance(m.frame.names, dict) and not m.frame.fast:  # of a class, which are the ones that it will have
        return patching.names(m.frame.names)
    variables = m.frame.variables()
    return dict_from(variables)


_OF_MODULES = ("__builtins__", "__doc__", "__loader__", "__name__", "__package__", "__spec__")


@native("dir")
def _dir(m: Interpreter, *given: Value) -> Work:
    if not given:
        names = m.frame.variables()
        return List(sorted({*names, *(_OF_MODULES if m.frame.names is m.frame.space else ())}))
    owner = known(given[0]) if given else None
    if (own := own_method(owner, "__dir__")) is not None:
        return List(
            (yield from in_order(m, (yield from collected(m, (yield from invoke(m, own, [owner], {})))), None, False))
        )
    return List(sorted((yield from _names_of(m, owner)).items))


@native("object.__dir__")
def _names_of(m: Interpreter, owner: Value) -> Work:
    kind = class_of(owner) if isinstance(owner, WITH_METHODS) else owner
    if isinstance(kind, Module) and (own := patching.own_space(m, kind.name)) is not None:
        return List([*own])
    if isinstance(kind, Module) and may_be_looked_at(kind.name):
        return List(dir(import_module(kind.name)))
    if isinstance(kind, (*IMMUTABLE, tuple, List, Dict, Set)):
        kind = class_of(kind)
    if isinstance(kind, Builtin) and isinstance(real := kind.kind or looked_up(kind.name), type):
        return List(dir(real))
    if isinstance(kind, Function):
        return List([*{*dir(FunctionType), *kind.attributes}])
    if isinstance(kind, Class) and kind.flavour == "enum":
        return List(enums.names_of(owner))
    if not isinstance(kind, Class) or kind.flavour:
        raise Lost
    names = {
        "__dict__",
        "__weakref__",
        "__module__",
        "__doc__",
        *(owner.attributes if isinstance(owner, WITH_METHODS) else ()),
    }
    for each in kind.line:
        module = getattr(each, "module", "").replace("collections_abc", "collections.abc")
        name = f"{module}.{each.name}" if isinstance(each, Class) else each.name
        is_own = isinstance(each, Class) and is_of_program(each.module)
        real = MISSING if is_own else getattr(each, "kind", None) or looked_up(name)
        names |= {*dir(real)} if isinstance(real, type) else {*each.space} if isinstance(each, Class) else set()
    if making.has_abstract(kind):
        names.add("_abc_impl")
    return List(list(names - {"__qualname__"}))
    yield


@native(*(f"{name.rpartition('.')[2]}.__new__" for name in making.CONTAINERS))
def _new_container(m: Interpreter, kind: Value, *_: Value, **__: Value) -> Value:
    kind = known(kind)
    if isinstance(kind, Builtin):
        return List([]) if kind.name == "list" else Dict()
    return making.contained(m, kind)


@native("iterator.__next__")
def _next_of(m: Interpreter, iterator: Value) -> Work:
    return (yield from next_of(m, iterator))


@native("iterator.__iter__")
def _itself(m: Interpreter, iterator: Value) -> Value:
    return iterator


@native("memoryview")
def _memoryview(m: Interpreter, over: Value) -> Work:
    return (yield from invoke(m, (yield from helper(m, "views", "memoryview")), [over], {}))


@native("os.strerror")
def _strerror(m: Interpreter, code: Value, /) -> Value:
    return arithmetic.computed(os.strerror, code)


@native("os.fspath")
def _fspath(m: Interpreter, path: Value) -> Work:
    path = known(path)
    if isinstance(path, (str, bytes)):
        return path
    if (own := own_method(path, "__fspath__")) is not None:
        return (yield from invoke(m, own, [path], {}))
    raise error("TypeError", f"expected str, bytes or os.PathLike object, not {kind_name(path)}")


@native("id")
def _id(m: Interpreter, value: Value) -> Value:
    value = known(value)
    is_shared = isinstance(value, IMMUTABLE) and value is not None  # perhaps, with an equal one
    return m.unknown() if is_shared and not m.is_in_library else m.identity(value)


@native("random.shuffle", "followed.shuffle")
def _shuffle(m: Interpreter, x: Value) -> None:
    if not isinstance(x, List):
        raise Lost
    if not all(isinstance(known(each), IMMUTABLE) for each in x.items):
        raise Lost  # whose methods would be called
    x.items[:] = [m.unknown() for _ in x.items]


@native("open")
def _open(m: Interpreter, /, *args: Value, **named: Value) -> Work:
    return (yield from invoke(m, (yield from helper(m, "io", "open")), args, named))


def _view(name: str) -> None:
    def make(m: Interpreter, mapping: Value, /) -> Work:
        return (yield from invoke(m, (yield from helper(m, "collections_abc", name)), [mapping], {}))

    native(f"collections.abc.{name}")(make)


for _name in ("ItemsView", "KeysView", "ValuesView"):
    _view(_name)


@native("float.fromhex")
def _fromhex(m: Interpreter, text: Value) -> Value:
    return m.unknown() if is_unknown(text) else arithmetic.computed(float.fromhex, text)


@native("hash")
def _hash(m: Interpreter, value: Value) -> Work:
    value = known(value)
    if (own := own_method(value, "__hash__")) is not None:
        return comparing.checked_hash((yield from invoke(m, own, [value], {})))
    if isinstance(value, Slice) and sys.version_info < (3, 12):
        raise error("TypeError", "unhashable type: 'slice'")
    yield from comparing.hashed(m, value)
    found = sets.number_of(value)
    return Hashed(value) if found is None else found


@native("super")
def _super(m: Interpreter, *args: Value) -> Value:
    if args:
        if isinstance(known(args[0]), (*IMMUTABLE, tuple, List, Dict, Set)):
            raise error("TypeError", f"super() argument 1 must be a type, not {kind_name(known(args[0]))}")
        kind = args[1].kind if isinstance(args[1], Object) else args[1]
        line = (*getattr(kind, "line", ()), *getattr(getattr(kind, "metaclass", None), "line", ()))
        if isinstance(args[0], Class) and not any(each is args[0] for each in line) and not isinstance(args[1], OWN):
            raise error("TypeError", said.NO_SUPER.format(owner=kind_name(args[1]), kind=args[0].name))
        return Super(args[0], args[1])
    frame = m.frame
    cell, first = frame.cells.get("__class__"), frame.code.made.co_varnames[: frame.code.made.co_argcount][:1]
    if not first:
        raise error("RuntimeError", "super(): no arguments")
    if cell is None:
        raise error("RuntimeError", "super(): __class__ cell not found")
    owner = frame.cells[first[0]].value if first[0] in frame.cells else frame.fast[first[0]]
    return Super(cell.value, owner)


@native("property")
def _property(m: Interpreter, fget: Value = None, fset: Value = None, fdel: Value = None, doc: Value = None) -> Value:
    return Descriptor("property", fget, fset, fdel)


@native("str.maketrans", "bytes.maketrans")
def _maketrans(m: Interpreter, *args: Value) -> Value:
    if len(args) == 2 and all(isinstance(known(each), bytes) for each in args):
        return bytes.maketrans(known(args[0]), known(args[1]))
    if len(args) == 1 and isinstance(known(args[0]), Dict):
        over = known(args[0])
        keys = [m.questions.sure(f"ord({known(key)!r})") if isinstance(known(key), str) else key for key in over.keys]
        return Dict(keys, list(over.values))
    if len(args) == 1 or not all(isinstance(known(each), str) for each in args):
        return m.questions.value(f"str.maketrans({arguments(args, {})})")
    left, right, gone = (*map(known, args), "")[:3]
    if len(left) != len(right):
        raise error("ValueError", "the first two maketrans arguments must have equal length")
    numbers = {each: m.questions.sure(f"ord({each!r})") for each in {*left, *right, *gone}}
    made = {numbers[each]: numbers[other] for each, other in zip(left, right, strict=True)}
    made |= dict.fromkeys((numbers[each] for each in gone), None)
    return dict_from(made)


@native("staticmethod")
def _staticmethod(m: Interpreter, function: Value) -> Value:
    return Descriptor("staticmethod", function)


@native("classmethod")
def _classmethod(m: Interpreter, function: Value) -> Value:
    return Descriptor("classmethod", function)


@native("object")
def _object(m: Interpreter) -> Value:
    return Object(Builtin("object"))


@native("pprint.pprint")
def _pprint(m: Interpreter, value: Value, *_: Value, **__: Value) -> None:
    if closed(known(value)) is None:
        raise Lost


@native(
    "list.__init__", *(f"{name}.__init__" for name in making.CONTAINERS[1:]), "deque.__init__", "OrderedDict.__init__"
)
def _container_init(m: Interpreter, owner: Value, /, *args: Value, **named: Value) -> Work:
    return making.filled(known(owner), m, *args, **named)


@native("set.__init__")
def _set_init(m: Interpreter, owner: Value, /, *args: Value) -> Work:
    return making.filled_set(known(owner), m, *args)


@native("object.__init__")
def _object_init(m: Interpreter, owner: Value, /, *args: Value, **named: Value) -> Value:
    if (args or named) and isinstance(owner, Object) and isinstance(owner.kind, Class) and not is_exception(owner.kind):
        if find(owner.kind, "__init__") is not None:
            raise error("TypeError", "object.__init__() takes exactly one argument (the instance to initialize)")
        if find(owner.kind, "__new__") is None:
            raise error("TypeError", f"{owner.kind.name}() takes no arguments")
    return None


@native("object.__init_subclass__", "Exception.__init_subclass__")
def _init(m: Interpreter, owner: Value, /, *args: Value, **named: Value) -> Value:
    if named and isinstance(owner, Class):
        raise error("TypeError", f"{owner.qualname}.__init_subclass__() takes no keyword arguments")
    if args and not (isinstance(owner, Object) and is_exception(owner.kind)):
        raise Lost
    return None


@native("Exception.add_note")
def _add_note(m: Interpreter, owner: Value, note: Value) -> None:
    if not is_unknown(note) and not isinstance(content_of(known(note)), str):
        raise error("TypeError", said.NO_NOTE.format(kind_name(known(note))))
    owner.attributes.setdefault("__notes__", List([])).items.append(note)


@native("Exception.__init__")
def _exception_init(m: Interpreter, owner: Value, /, *args: Value, **named: Value) -> Value:
    owner.held = tuple(args)
    return None


@native("Exception.__str__")
def _exception_str(m: Interpreter, owner: Value) -> Work:
    if not owner.held:
        return ""
    if len(owner.held) == 1 and is_made_of(owner.kind, Builtin("KeyError")):
        return (yield from rendered(m, owner.held[0]))
    return (yield from written(m, owner.held[0] if len(owner.held) == 1 else owner.held))


@calls(Alias)
def _by_parameters(m: Interpreter, alias: Alias, args: Sequence[Value], named: Mapping[str, Value]) -> Work:
    """What a type with parameters makes, which may be asked for them (typing.py, `_BaseGenericAlias.__call__`). Raises Raised, Lost."""
    if alias.origin is None:
        raise Lost
    made = known((yield from invoke(m, alias.origin, args, named)))
    if isinstance(made, WITH_METHODS) and is_of_program(getattr(class_of(made), "module", "")):
        try:
            yield from assigning.set_attribute(m, made, "__orig_class__", alias)
        except Raised as refused:
            if not refused.is_a("AttributeError"):
                raise
    return made


@native("Exception.__setstate__")
def _exception_state(m: Interpreter, owner: Value, state: Value) -> None:
    if known(state) is not None:
        owner.attributes.update(zip(known(state).keys, known(state).values, strict=True))


@native("Exception.with_traceback")
def _with_traceback(m: Interpreter, owner: Value, told: Value) -> Value:
    tracebacks.put(owner, told)
    return owner


def _register_new(name: str) -> None:
    def new(m: Interpreter, kind: Value, *args: Value, **named: Value) -> Work:
        if isinstance(kind, Class) and making.plain_kind(kind) is None:  # an enumeration of such values
            return Object(kind, content=content_of(known((yield from invoke(m, Builtin(name), args, named)))))
        if isinstance(kind, Class) and name == "set":
            return making.empty_set(m, kind)
        if isinstance(kind, Class) and kind.flavour == "namedtuple":
            return Object(kind, held=tuple((yield from collected(m, args[0] if args else ()))))
        if isinstance(kind, Class):
            return (yield from making.with_content(m, kind, *args, **named))
        return (yield from invoke(m, Builtin(name), args, named))

    native(f"{name}.__new__")(new)


for _name in PLAIN_KINDS:
    _register_new(_name)


@native("object.__new__")
def _new(m: Interpreter, kind: Value, /, *_: Value, **__: Value) -> Value:
    if _ and isinstance(kind, Class) and find(kind, "__new__") is not None:
        raise error("TypeError", "object.__new__() takes exactly one argument (the type to instantiate)")
    return making.watched(m, Object(kind))


def _of_each(method: str) -> list[str]:
    """Names of a method that all classes of Python's own have from `object`."""
    return [f"{name.rpartition('.')[2]}.{method}" for name in (*making.CONTAINERS, *PLAIN_KINDS)]


@native("object.__setattr__", *_of_each("__setattr__"))
def _object_setattr(m: Interpreter, owner: Value, name: Value, value: Value) -> Work:
    if isinstance(owner, WITH_METHODS) and isinstance(class_of(owner), Class):
        yield from assigning.set_plainly(m, owner, known(name), value)
    else:
        owner.attributes[known(name)] = value


@native("type.__setattr__")
def _type_setattr(m: Interpreter, owner: Value, name: Value, value: Value) -> None:
    owner.space[known(name)] = value


@native("object.__delattr__", *_of_each("__delattr__"))
def _object_delattr(m: Interpreter, owner: Value, name: Value) -> None:
    if known(name) not in owner.attributes:
        raise error("AttributeError", f"'{kind_name(owner)}' object has no attribute '{known(name)}'")
    del owner.attributes[known(name)]


@native("object.__getattribute__", *_of_each("__getattribute__"))
def _object_getattr(m: Interpreter, owner: Value, name: Value) -> Work:
    if isinstance(owner, WITH_METHODS) and isinstance(class_of(owner), Class):
        return classes.of_object(m, owner, known(name))
    return classes.attribute(m, owner, known(name))


@native("object.__repr__", "object.__str__")
def _object_repr(m: Interpreter, owner: Value) -> Value:
    kind = class_of(known(owner))
    return by_object(m, known(owner), kind) if isinstance(kind, Class) else Unknown()


@native("object.__eq__")
def _object_eq(m: Interpreter, owner: Value, other: Value) -> Value:
    return True if owner is other else naming.NOT_IMPLEMENTED


@native("object.__ne__")
def _object_ne(m: Interpreter, owner: Value, other: Value) -> Work:
    given = yield from comparing.by_method(m, owner, "==", other)
    if comparing.is_not_implemented(given):
        return given if owner is not other else False
    return not (yield from comparing.truth_of(m, given))


@native("object.__lt__", "object.__le__", "object.__gt__", "object.__ge__")
def _object_order(m: Interpreter, owner: Value, other: Value) -> Value:
    return naming.NOT_IMPLEMENTED


@native("object.__hash__")
def _object_hash(m: Interpreter, owner: Value) -> Value:
    return Unknown()


@native("__import__")
def _import(
    m: Interpreter, name: Value, globals: Value = None, locals: Value = None, fromlist: Value = (), level: Value = 0
) -> Value:
    if known(level):
        raise Lost
    if not isinstance(known(name), str):
        raise error("TypeError", "module name must be a string")
    _check(m, known(name))
    return Module(known(name) if known(fromlist) else known(name).partition(".")[0])


@native("importlib.import_module")
def _import_module(m: Interpreter, name: Value, package: Value = None) -> Work:
    if known(name).startswith("."):
        raise Lost
    if beside.is_there(m, known(name)):
        yield from beside.loaded(m, known(name))
        return Module(known(name))
    _check(m, known(name))
    return Module(known(name))


def _check(m: Interpreter, module: str) -> None:
    """Raises Raised for a module that there is not."""
    if patching.own_space(m, module) is not None:
        return
    check_module(module)
    above, _, name = module.rpartition(".")
    if above and name and not shipped.is_module(module):
        if above.partition(".")[0] not in sys.stdlib_module_names:
            raise Lost(module)
        raise naming.no_module(module, "" if shipped.is_package(above) else f"; {above!r} is not a package")
