"""`inspect`, as far as it is followed: what functions are called with, and of which kinds values are."""

from collections import OrderedDict, namedtuple
from enum import IntEnum
from functools import partial
from sys import version_info
from types import MappingProxyType

from followed import has_abstract, lost, parameters, state, variables


class _ParameterKind(IntEnum):
    POSITIONAL_ONLY = 0
    POSITIONAL_OR_KEYWORD = 1
    VAR_POSITIONAL = 2
    KEYWORD_ONLY = 3
    VAR_KEYWORD = 4

    def __str__(self):
        return self._name_

    @property
    def description(self):
        told = ("positional-only", "positional or keyword", "variadic positional", "keyword-only", "variadic keyword")
        return told[self._value_]


class _empty:
    pass


class Parameter:
    POSITIONAL_ONLY = _ParameterKind.POSITIONAL_ONLY
    POSITIONAL_OR_KEYWORD = _ParameterKind.POSITIONAL_OR_KEYWORD
    VAR_POSITIONAL = _ParameterKind.VAR_POSITIONAL
    KEYWORD_ONLY = _ParameterKind.KEYWORD_ONLY
    VAR_KEYWORD = _ParameterKind.VAR_KEYWORD
    empty = _empty

    def __init__(self, name, kind, *, default=_empty, annotation=_empty):
        self.name, self.kind, self.default, self.annotation = name, _ParameterKind(kind), default, annotation
        if default is not _empty and self.kind in (2, 4):
            raise ValueError(f"{self.kind.description} parameters cannot have default values")
        if not isinstance(name, str):
            raise TypeError(f"name must be a str, not a {type(name).__name__}")
        if not name.isidentifier() and not name.startswith("."):
            raise ValueError(f"{name!r} is not a valid parameter name")

    def __repr__(self):
        return f'<Parameter "{self}">'

    def __str__(self):
        stars = {2: "*", 4: "**"}.get(int(self.kind), "")
        shown = self.name
        if self.annotation is not _empty:
            shown = f"{shown}: {formatannotation(self.annotation)}"
        if self.default is not _empty:
            shown += f"{' = ' if self.annotation is not _empty else '='}{self.default!r}"
        return stars + shown

    def replace(self, **changes):
        given = {"name": self.name, "kind": self.kind, "default": self.default, "annotation": self.annotation} | changes
        return Parameter(given["name"], given["kind"], default=given["default"], annotation=given["annotation"])

    def __eq__(self, other):
        if not isinstance(other, Parameter):
            return NotImplemented
        told = (self.name, self.kind, self.default, self.annotation)
        return told == (other.name, other.kind, other.default, other.annotation)

    def __hash__(self):
        return hash((self.name, self.kind, self.annotation, self.default))


def formatannotation(annotation):
    if getattr(annotation, "__module__", None) == "typing":
        return repr(annotation).replace("typing.", "")
    if isinstance(annotation, type):
        if annotation.__module__ in ("builtins",):
            return annotation.__qualname__
        return annotation.__module__ + "." + annotation.__qualname__
    return repr(annotation)


class BoundArguments:
    def __init__(self, signature, arguments):
        self.signature, self.arguments = signature, arguments

    def __repr__(self):
        return f"<BoundArguments ({', '.join([f'{name}={value!r}' for name, value in self.arguments.items()])})>"

    @property
    def args(self):
        found = []
        for name, each in self.signature.parameters.items():
            if each.kind in (3, 4) or name not in self.arguments:
                break
            if each.kind == 2:
                found.extend(self.arguments[name])
            else:
                found.append(self.arguments[name])
        return tuple(found)

    @property
    def kwargs(self):
        found, is_behind = {}, False
        for name, each in self.signature.parameters.items():
            if not is_behind:
                if each.kind in (3, 4):
                    is_behind = True
                elif name not in self.arguments:
                    is_behind = True
                    continue
            if not is_behind or name not in self.arguments:
                continue
            if each.kind == 4:
                found.update(self.arguments[name])
            else:
                found[name] = self.arguments[name]
        return found

    def apply_defaults(self):
        made = {}
        for name, each in self.signature.parameters.items():
            if name in self.arguments:
                made[name] = self.arguments[name]
            elif each.default is not _empty:
                made[name] = each.default
            elif each.kind == 2:
                made[name] = ()
            elif each.kind == 4:
                made[name] = {}
        self.arguments = made


def _in_order(parameters):
    """Parameters by their names, which must stand in a signature as they may in a function."""
    held, last, has_default = OrderedDict(), _ParameterKind.POSITIONAL_ONLY, False
    for each in parameters:
        if _KNOWS_MORE and each.kind in (2, 4) and any([other.kind == each.kind for other in held.values()]):
            raise ValueError(f"more than one {each.kind.description} parameter")
        if each.kind < last:
            raise ValueError(
                f"wrong parameter order: {last.description} parameter before {each.kind.description} parameter"
            )
        last = each.kind
        if each.kind in (0, 1) and each.default is _empty and has_default:
            raise ValueError("non-default argument follows default argument")
        has_default = has_default or each.kind in (0, 1) and each.default is not _empty
        if each.name in held:
            raise ValueError(f"duplicate parameter name: {each.name!r}")
        held[each.name] = each
    return held


_KNOWS_MORE = version_info >= (3, 15)
"""Whether a second `*args`, or a second `**words`, has an error of its own."""


class Signature:
    empty = _empty

    def __init__(self, parameters=None, *, return_annotation=_empty):
        self.parameters = MappingProxyType(_in_order(parameters or ()))
        self.return_annotation = return_annotation

    def __repr__(self):
        return f"<Signature {self}>"

    def __str__(self):
        parts, before, needs_star = [], None, True
        for each in self.parameters.values():
            if before == 0 and each.kind != 0:
                parts.append("/")
            before = each.kind
            if each.kind == 2:
                needs_star = False
            elif each.kind == 3 and needs_star:
                parts.append("*")
                needs_star = False
            parts.append(str(each))
        if before == 0:
            parts.append("/")
        told = f"({', '.join(parts)})"
        if self.return_annotation is not _empty:
            told += f" -> {formatannotation(self.return_annotation)}"
        return told

    def replace(self, **changes):
        given = {"parameters": self.parameters.values(), "return_annotation": self.return_annotation} | changes
        return Signature(given["parameters"], return_annotation=given["return_annotation"])

    def __eq__(self, other):
        if not isinstance(other, Signature):
            return NotImplemented
        told = (list(self.parameters.values()), self.return_annotation)
        return told == (list(other.parameters.values()), other.return_annotation)

    def bind(self, /, *args, **kwargs):
        return self._bound(args, kwargs, False)

    def bind_partial(self, /, *args, **kwargs):
        return self._bound(args, kwargs, True)

    def _bound(self, args, kwargs, is_partial):
        made, left, words = {}, list(args), dict(kwargs)
        for name, each in self.parameters.items():
            if each.kind == 2:
                if left:
                    made[name] = tuple(left)
                left = []
            elif each.kind == 4:
                if words:
                    made[name] = dict(words)
                words = {}
            elif left and each.kind in (0, 1):
                if name in words and each.kind == 1:
                    raise TypeError(f"multiple values for argument {name!r}")
                made[name] = left.pop(0)
            elif name in words and each.kind == 0:
                raise TypeError(f"{name!r} parameter is positional only, but was passed as a keyword")
            elif name in words:
                made[name] = words.pop(name)
            elif each.default is _empty and not is_partial:
                raise TypeError(f"missing a required argument: {name!r}")
        if left:
            raise TypeError("too many positional arguments")
        if words:
            raise TypeError(f"got an unexpected keyword argument {next(iter(words))!r}")
        return BoundArguments(self, made)


def signature(obj, *, follow_wrapped=True, globals=None, locals=None, eval_str=False, annotation_format=None):
    if annotation_format is not None and annotation_format.name == "STRING":
        lost()
    told = _signature(obj, follow_wrapped)
    if not eval_str:
        return told
    while isinstance(obj, partial) or hasattr(obj, "__wrapped__"):
        obj = obj.func if isinstance(obj, partial) else obj.__wrapped__
    if isinstance(obj, type):
        obj = obj.__init__
    space = getattr(obj, "__globals__", {}) if globals is None else globals
    found = [_evaluated(each, space, locals) for each in told.parameters.values()]
    returns = told.return_annotation
    if isinstance(returns, str):
        returns = eval(returns, space, locals)
    return told.replace(parameters=found, return_annotation=returns)


def _evaluated(parameter, space, names):
    if not isinstance(parameter.annotation, str):
        return parameter
    return parameter.replace(annotation=eval(parameter.annotation, space, names))


def _signature(obj, follow_wrapped):
    if ismethod(obj):
        told = _signature(obj.__func__, follow_wrapped)
        return told.replace(parameters=list(told.parameters.values())[1:])
    while follow_wrapped and hasattr(obj, "__wrapped__") and not hasattr(obj, "__signature__"):
        obj = obj.__wrapped__
    if getattr(obj, "__signature__", None) is not None:
        return obj.__signature__
    if isinstance(obj, partial):
        return _of_partial(_signature(obj.func, True), obj.args, obj.keywords)
    found, returns = parameters(obj)
    return Signature([_parameter(*each) for each in found], return_annotation=returns[0] if returns else _empty)


def _of_partial(told, args, keywords):
    left, is_behind = [], False
    given = told.bind_partial(*args, **keywords).arguments
    for name, each in told.parameters.items():
        if name in given and each.kind in (0, 1) and name not in keywords or is_behind and each.kind == 2:
            continue
        if name in given and each.kind in (1, 3):
            is_behind = is_behind or each.kind == 1
            each = each.replace(default=given[name])
        left.append(each.replace(kind=3) if is_behind and each.kind == 1 else each)
    return told.replace(parameters=left)


def _parameter(name, kind, defaults, annotations):
    default = defaults[0] if defaults else _empty
    return Parameter(name, kind, default=default, annotation=annotations[0] if annotations else _empty)


def getdoc(object):
    doc = object.__doc__
    if doc is None:
        doc = _doc_above(object)
    return cleandoc(doc) if isinstance(doc, str) else None


def _doc_above(object):
    """What a class that this one is made from, or its method of the same name, says of itself."""
    if isclass(object):
        docs = [each.__doc__ for each in object.__mro__ if each.__name__ != "object"]
        return next((each for each in docs if each is not None), None)
    if ismethod(object):
        name, owner = object.__func__.__name__, object.__self__
        kind = owner if isclass(owner) else owner.__class__
    elif isfunction(object) or isinstance(object, property):
        function = object.fget if isinstance(object, property) else object
        name, kind = function.__name__, _class_of(function)
    else:
        return None
    docs = [getattr(each, name).__doc__ for each in getattr(kind, "__mro__", ()) if hasattr(each, name)]
    return next((each for each in docs if each is not None), None)


def _class_of(function):
    *names, _ = function.__qualname__.split(".")
    found = function.__globals__.get(names[0]) if names else None
    for name in names[1:]:
        found = getattr(found, name, None)
    return found


def cleandoc(doc):
    lines = doc.expandtabs().split("\n")
    margins = [len(line) - len(line.lstrip()) for line in lines[1:] if line.lstrip()]
    lines[0] = lines[0].lstrip()
    if margins:
        lines[1:] = [line[min(margins) :] for line in lines[1:]]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return "\n".join(lines)


def isabstract(object):
    return isinstance(object, type) and has_abstract(object)


def getmro(cls):
    return cls.__mro__


def unwrap(func, *, stop=None):
    while hasattr(func, "__wrapped__") and not (stop is not None and stop(func)):
        func = func.__wrapped__
    return func


def ismodule(object):
    return type(object).__name__ == "module"


def isdatadescriptor(object):
    return isinstance(object, property) or hasattr(type(object), "__set__") or hasattr(type(object), "__delete__")


def isclass(object):
    return isinstance(object, type)


def isfunction(object):
    return type(object).__name__ == "function"


def ismethod(object):
    return type(object).__name__ == "method"


def isbuiltin(object):
    return type(object).__name__ == "builtin_function_or_method"


def isroutine(object):
    return isfunction(object) or ismethod(object) or isbuiltin(object)


def isgenerator(object):
    return type(object).__name__ == "generator"


def iscoroutine(object):
    return type(object).__name__ == "coroutine"


def _has_flag(obj, flag):
    while type(obj).__name__ in ("method", "partial"):
        obj = obj.__func__ if type(obj).__name__ == "method" else obj.func
    return isfunction(obj) and hasattr(obj, "__code__") and bool(obj.__code__.co_flags & flag)


def iscoroutinefunction(obj):
    return _has_flag(obj, 0x80)


def isgeneratorfunction(obj):
    return _has_flag(obj, 0x20)


def isasyncgenfunction(obj):
    return _has_flag(obj, 0x200)


def isawaitable(object):
    return iscoroutine(object) or hasattr(object, "__await__")


def getmembers(object, predicate=None):
    found = []
    for name in dir(object):
        try:
            value = getattr(object, name)
        except AttributeError:
            continue
        if not predicate or predicate(value):
            found.append((name, value))
    found.sort(key=lambda pair: pair[0])
    return found


def getgeneratorstate(generator):
    return f"GEN_{state(generator)}"


def getcoroutinestate(coroutine):
    return f"CORO_{state(coroutine)}"


def getasyncgenstate(agen):
    return f"AGEN_{state(agen)}"


GEN_CREATED, GEN_RUNNING, GEN_SUSPENDED, GEN_CLOSED = "GEN_CREATED", "GEN_RUNNING", "GEN_SUSPENDED", "GEN_CLOSED"
CORO_CREATED, CORO_RUNNING, CORO_SUSPENDED, CORO_CLOSED = (
    "CORO_CREATED",
    "CORO_RUNNING",
    "CORO_SUSPENDED",
    "CORO_CLOSED",
)
AGEN_CREATED, AGEN_RUNNING, AGEN_SUSPENDED, AGEN_CLOSED = (
    "AGEN_CREATED",
    "AGEN_RUNNING",
    "AGEN_SUSPENDED",
    "AGEN_CLOSED",
)


def getgeneratorlocals(generator):
    return variables(generator)


def getcoroutinelocals(coroutine):
    return variables(coroutine)


FullArgSpec = namedtuple("FullArgSpec", "args varargs varkw defaults kwonlyargs kwonlydefaults annotations")


def getfullargspec(func):
    told = signature(func.__func__ if ismethod(func) else func, follow_wrapped=False)
    args, alone, defaults, of_alone, annotations = [], [], [], {}, {}
    varargs = varkw = None
    for name, each in told.parameters.items():
        if each.kind in (0, 1):
            args.append(name)
            defaults += [each.default] if each.default is not _empty else []
        elif each.kind == 3:
            alone.append(name)
            if each.default is not _empty:
                of_alone[name] = each.default
        elif each.kind == 2:
            varargs = name
        else:
            varkw = name
        if each.annotation is not _empty:
            annotations[name] = each.annotation
    if told.return_annotation is not _empty:
        annotations["return"] = told.return_annotation
    return FullArgSpec(args, varargs, varkw, tuple(defaults) or None, alone, of_alone or None, annotations)


def getfile(object):
    if hasattr(object, "__func__"):
        object = object.__func__
    code = getattr(object, "__code__", object)
    if not hasattr(code, "co_filename"):
        lost()
    return code.co_filename


def getattr_static(obj, attr, default=_empty):
    kinds = obj.__mro__ if isinstance(obj, type) else (type(obj).__mro__)
    found = [vars(kind)[attr] for kind in kinds if attr in vars(kind)]
    own = {} if isinstance(obj, type) else getattr(obj, "__dict__", {})
    is_data = bool(found) and hasattr(type(found[0]), "__get__") and hasattr(type(found[0]), "__set__")
    if attr in own and not is_data:
        return own[attr]
    if found:
        return found[0]
    if isinstance(obj, type) and attr in vars(type(obj)):
        return vars(type(obj))[attr]
    if default is _empty:
        raise AttributeError(attr)
    return default
