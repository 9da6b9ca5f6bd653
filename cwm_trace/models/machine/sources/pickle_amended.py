"""`pickle`: how objects say what they are made of, and how classes are found, which Python does by its modules."""

import sys

from followed import found, reduced


def whichmodule(obj, name):
    return getattr(obj, "__module__", None) or "__main__"


def _under(module, name):
    """What a module has under a dotted name, and what that is an attribute of."""
    first, *others = name.split(".")
    held = found(module, first)
    if not held:
        raise AttributeError(f"Can't get attribute {name!r} on <module {module!r}>")
    value, parent = held[0], None
    for each in others:
        value, parent = getattr(value, each), value
    return value, parent


def _save(self, obj, save_persistent_id=True):
    self.framer.commit_frame()
    pid = self.persistent_id(obj)
    if pid is not None and save_persistent_id:
        self.save_pers(pid)
        return
    x = self.memo.get(id(obj))
    if x is not None:
        self.write(self.get(x[0]))
        return
    rv = NotImplemented
    override = getattr(self, "reducer_override", None)
    if override is not None:
        rv = override(obj)
    if rv is NotImplemented:
        t = type(obj)
        f = self.dispatch.get(t)
        if f is not None:
            f(self, obj)
            return
        reduce = getattr(self, "dispatch_table", dispatch_table).get(t)  # noqa: F821
        if reduce is not None:
            rv = reduce(obj)
        elif issubclass(t, type):
            self.save_global(obj)
            return
        else:
            rv = reduced(obj, self.proto)
    if isinstance(rv, str):
        self.save_global(obj, rv)
        return
    if not isinstance(rv, tuple):
        raise PicklingError("__reduce__ must return a string or tuple")  # noqa: F821
    if not 2 <= len(rv) <= 6:
        raise PicklingError("tuple returned by reduce() must contain 2 through 6 elements")  # noqa: F821
    self.save_reduce(*rv, obj=obj)


def _save_global(self, obj, name=None):
    name = name or getattr(obj, "__qualname__", None) or obj.__name__
    if "<locals>" in name:
        if sys.version_info >= (3, 14):
            raise PicklingError(f"Can't pickle local object {obj!r}")  # noqa: F821
        what = "pickle" if sys.version_info < (3, 13) else "get"
        raise AttributeError(f"Can't {what} local object {name!r}")
    module = whichmodule(obj, name)
    try:
        known, parent = _under(module, name)
    except AttributeError:
        if sys.version_info >= (3, 14):
            raise PicklingError(f"Can't pickle {obj!r}: it's not found as {module}.{name}") from None  # noqa: F821
        raise PicklingError(f"Can't pickle {obj!r}: attribute lookup {name} on {module} failed") from None  # noqa: F821
    if known is not obj:
        raise PicklingError(f"Can't pickle {obj!r}: it's not the same object as {module}.{name}")  # noqa: F821
    if self.proto >= 4:
        self.save(module)
        self.save(name)
        self.write(STACK_GLOBAL)  # noqa: F821
    elif parent is not None:
        self.save_reduce(getattr, (parent, name.rpartition(".")[2]))
    else:
        self.write(GLOBAL + bytes(module, "utf-8") + b"\n" + bytes(name, "utf-8") + b"\n")  # noqa: F821
    self.memoize(obj)


def _find_class(self, module, name):
    return _under(module, name)[0]


def _load_all(self):
    try:
        return _load_of_python(self)
    except EOFError:
        raise EOFError("Ran out of input") from None


_load_of_python, _Unpickler.load = _Unpickler.load, _load_all  # noqa: F821
_Pickler.save, _Pickler.save_global, _Unpickler.find_class = _save, _save_global, _find_class  # noqa: F821
_Pickler.dispatch[type(whichmodule)] = _save_global  # noqa: F821
Pickler, Unpickler, dump, dumps, load, loads = _Pickler, _Unpickler, _dump, _dumps, _load, _loads  # noqa: F821
