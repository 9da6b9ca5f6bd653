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
        raise AttributeError(_not_there(module, name))
    value, parent = held[0], None
    for each in others:
        if not hasattr(value, each):
            raise AttributeError(_not_there(module, name))
        value, parent = getattr(value, each), value
    return value, parent


def _not_there(module, name):
    if sys.version_info >= (3, 14):
        return (
            f"Can't resolve path {name!r} on module {module!r}"
            if "." in name
            else f"module {module!r} has no attribute {name!r}"
        )
    shown = f"<module '__main__' ({_MAIN_IS})>" if module == "__main__" else __import__(module, None, None, ["it"])
    return f"Can't get attribute {name!r} on {shown}"


_MAIN_IS = "built-in" if sys.version_info < (3, 12) else "<class '_frozen_importlib.BuiltinImporter'>"


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
    if module != "__main__":
        __import__(module)
    return _under(module, name)[0]


_CALLING = b"Rb\x81\x92ioeu\x90"
"""Codes of what may call functions of the program."""


def _next_step(self, read, dispatch):
    try:
        key = read(1)
    except UnpicklingError:  # noqa: F821
        raise EOFError("Ran out of input") from None
    if key[0] not in dispatch:
        shown = key.decode("latin-1")
        shown = shown if " " <= shown <= "~" and shown not in "'\\" else f"\\x{key[0]:02x}"
        raise UnpicklingError(f"invalid load key, '{shown}'.")  # noqa: F821
    return key


def _load_all(self):
    if not hasattr(self, "_file_read"):
        raise UnpicklingError(f"Unpickler.__init__() was not called by {type(self).__name__}.__init__()")  # noqa: F821
    self._unframer = _Unframer(self._file_read, self._file_readline)  # noqa: F821
    self.read, self.readinto, self.readline = self._unframer.read, self._unframer.readinto, self._unframer.readline
    self.metastack, self.stack, self.proto = [], [], 0
    self.append = self.stack.append
    read, dispatch = self.read, self.dispatch
    try:
        while True:
            key = _next_step(self, read, dispatch)
            try:
                dispatch[key[0]](self)
            except IndexError:
                if key in _CALLING:
                    raise
                told = "unexpected MARK found" if self.metastack else "unpickling stack underflow"
                raise UnpicklingError(told) from None  # noqa: F821
    except _Stop as stopped:  # noqa: F821
        return stopped.value


def _pop_mark(self):
    if not self.metastack:
        raise UnpicklingError("could not find MARK")  # noqa: F821
    items, self.stack = self.stack, self.metastack.pop()
    self.append = self.stack.append
    return items


def _whole(data, is_whole):
    if not is_whole:
        raise UnpicklingError("pickle data was truncated")  # noqa: F821
    return data


def _read(self, n):
    data = _read_of_python(self, n)
    return _whole(data, len(data) >= n)


def _readline(self):
    data = _readline_of_python(self)
    return _whole(data, data.endswith(b"\n"))


def _load_frame(self, frame_size):
    self.current_frame = io.BytesIO(_whole(data := self.file_read(frame_size), len(data) >= frame_size))  # noqa: F821


def _loads_octets(data, /, *, fix_imports=True, encoding="ASCII", errors="strict", buffers=None):
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"a bytes-like object is required, not '{type(data).__name__}'")
    file = io.BytesIO(data)  # noqa: F821
    return _Unpickler(file, fix_imports=fix_imports, encoding=encoding, errors=errors, buffers=buffers).load()  # noqa: F821


_Unpickler.load, _Unpickler.pop_mark = _load_all, _pop_mark  # noqa: F821
_read_of_python, _readline_of_python = _Unframer.read, _Unframer.readline  # noqa: F821
_Unframer.read, _Unframer.readline, _Unframer.load_frame = _read, _readline, _load_frame  # noqa: F821
_Pickler.save, _Pickler.save_global, _Unpickler.find_class = _save, _save_global, _find_class  # noqa: F821
_Pickler.dispatch[type(whichmodule)] = _save_global  # noqa: F821
Pickler, Unpickler, dump, dumps, load, loads = _Pickler, _Unpickler, _dump, _dumps, _load, _loads_octets  # noqa: F821
