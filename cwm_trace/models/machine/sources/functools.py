"""`functools`, as far as the machine has no functions of its own for it."""

from functools import partial, update_wrapper
from sys import version_info as _version
from typing import get_args, get_type_hints

from followed import lost


def singledispatch(function):
    registry = {object: function}

    def dispatch(kind):
        if kind in registry:
            return registry[kind]
        line = kind.__mro__
        known = [each for each in line if each in registry and each is not object]
        abstract = [each for each in registry if each not in line and issubclass(kind, each)]
        if abstract and (known or len(abstract) > 1):
            return lost()  # which is nearer, the library works out
        return registry[[*known, *abstract, object][0]]

    def register(kind, given=None):
        if given is not None:
            registry[kind] = given
            return given
        if isinstance(kind, type):
            return partial(register, kind)
        if not getattr(kind, "__annotations__", {}):
            raise TypeError(
                f"Invalid first argument to `register()`: {kind!r}. Use either `@register(some_class)` or plain `@register`"
                " on an annotated function."
            )
        first = next(iter(get_type_hints(kind).values()))
        for each in [first] if isinstance(first, type) else get_args(first):
            registry[each] = kind
        return kind

    def wrapper(*args, **words):
        if not args:
            raise TypeError(f"{function.__name__} requires at least 1 positional argument")
        return dispatch(args[0].__class__)(*args, **words)

    wrapper.register = register
    wrapper.dispatch = dispatch
    wrapper.registry = registry
    return update_wrapper(wrapper, function)


class partialmethod:
    def __init__(self, func, /, *args, **keywords):
        self.func, self.args, self.keywords = func, args, keywords

    def __repr__(self):
        args = ", ".join([repr(each) for each in self.args])
        words = ", ".join([f"{name}={value!r}" for name, value in self.keywords.items()])
        parts = [args, words]
        if _version >= (3, 13):
            parts = [each for each in parts if each]
        return f"functools.partialmethod({', '.join([repr(self.func), *parts])})"

    def __get__(self, owner, kind=None):
        return partial(self.func, owner, *self.args, **self.keywords)


class _singledispatchmethod_get:
    """What 3.14 has for a method of a kind of its first argument."""

    def __init__(self, unbound, owner, kind):
        self._unbound, self._owner, self._kind = unbound, owner, kind

    def __repr__(self):
        name = getattr(self._unbound.func, "__qualname__", "?")
        if self._owner is None:
            return f"<single dispatch method descriptor {name}>"
        return f"<bound single dispatch method {name} of {self._owner!r}>"

    def __call__(self, /, *args, **words):
        if not args:
            name = getattr(self._unbound.func, "__name__", "singledispatchmethod method")
            raise TypeError(f"{name} requires at least 1 positional argument")
        method = self._unbound.dispatcher.dispatch(args[0].__class__)
        return method.__get__(self._owner, self._kind)(*args, **words)

    def __getattr__(self, name):
        if name not in ("__name__", "__qualname__", "__isabstractmethod__", "__annotations__", "__type_params__"):
            raise AttributeError
        return getattr(self._unbound.func, name)

    @property
    def register(self):
        return self._unbound.register


class singledispatchmethod:
    def __init__(self, function):
        self.dispatcher = singledispatch(function)
        self.func = function

    def register(self, kind, method=None):
        return self.dispatcher.register(kind, method)

    if _version >= (3, 14):

        def __repr__(self):
            return f"<single dispatch method descriptor {getattr(self.func, '__qualname__', '?')}>"

    def __get__(self, owner, kind=None):
        if _version >= (3, 14):
            return _singledispatchmethod_get(self, owner, kind)

        def method(*args, **words):
            return self.dispatcher.dispatch(args[0].__class__).__get__(owner, kind)(*args, **words)

        method.register = self.register
        return update_wrapper(method, self.func)


_DERIVED = {
    "__lt__": (("__gt__", True, "and"), ("__le__", False, "or"), ("__ge__", True, "")),
    "__le__": (("__ge__", True, "or"), ("__lt__", False, "and"), ("__gt__", True, "")),
    "__gt__": (("__lt__", True, "and"), ("__ge__", False, "or"), ("__le__", True, "")),
    "__ge__": (("__le__", True, "or"), ("__gt__", False, "and"), ("__lt__", True, "")),
}


def _comparing(root, is_turned, more):
    """An operator by another one: whether what that gives is turned around, and what is said of equality besides."""

    def compare(self, other):
        result = getattr(type(self), root)(self, other)
        if result is NotImplemented:
            return result
        if is_turned:
            result = not result
        if more == "and":
            return result and self != other
        return result or self == other if more else result

    return compare


def total_ordering(cls):
    roots = [name for name in _DERIVED if getattr(cls, name, None) is not getattr(object, name, None)]
    if not roots:
        raise ValueError("must define at least one ordering operation: < > <= >=")
    for name, is_turned, more in _DERIVED[roots[0]]:
        if name not in roots:
            compare = _comparing(roots[0], is_turned, more)
            compare.__name__ = name
            setattr(cls, name, compare)
    return cls
