"""`weakref`, as far as it is followed: what nothing else has any more is gone, unless it may hold itself."""

import sys
from collections.abc import MutableMapping, MutableSet

from followed import lost, refers_weakly, watch, weak

_references = {}
"""The reference without a callback, which there is one of for each target, the proxy without one, and the others, the newest first."""
_NONE = (None, None, ())


def _noted(target, made, place):
    known = list(_references.get(id(target), _NONE))
    known[place] = [weak(made), *known[2]] if place == 2 else weak(made)
    _references[id(target)] = tuple(known)


def _shared(target, place):
    known = _references.get(id(target), _NONE)[place]
    return None if known is None else known()


def _check(target):
    if not refers_weakly(target):
        raise TypeError(f"cannot create weak reference to {type(target).__name__!r} object")


def _shown(target):
    if target is None:
        return "<weakref; dead>"
    name = getattr(target, "__name__", None)
    return f"<weakref; to {type(target).__name__!r}{f' ({name})' if isinstance(name, str) else ''}>"


class ref:
    def __new__(cls, target, callback=None):
        _check(target)
        is_shared = cls is ref and callback is None
        if is_shared and (known := _shared(target, 0)) is not None:
            return known
        made = object.__new__(cls)
        _noted(target, made, 0 if is_shared else 2)
        return made

    def __init__(self, target, callback=None):
        self._weak, self.__callback__ = weak(target), callback
        if callback is not None:
            watch(target, lambda: callback(self), self)

    def __call__(self):
        return self._weak()

    def __repr__(self):
        return _shown(self())

    def __eq__(self, other):
        if not isinstance(other, ref):
            return NotImplemented
        if self() is None or other() is None:
            return self is other
        return self() == other()

    def __hash__(self):
        return hash(self())


ReferenceType = KeyedRef = ref


def getweakrefs(object):
    one, proxied, others = _references.get(id(object), _NONE)
    return [made for each in (one, proxied, *others) if each is not None and (made := each()) is not None]


def getweakrefcount(object):
    return len(getweakrefs(object))


class WeakMethod:
    def __init__(self, meth, callback=None):
        self._owner = ref(meth.__self__, None if callback is None else lambda _: callback(self))
        self._function = meth.__func__

    def __call__(self):
        owner = self._owner()
        return None if owner is None else getattr(owner, self._function.__name__)

    def __repr__(self):
        return _shown(self() and self._owner())

    def __eq__(self, other):
        return isinstance(other, WeakMethod) and self() == other()

    def __hash__(self):
        return hash(self._function)


class proxy:
    def __new__(cls, target, callback=None):
        _check(target)
        if callback is None and (known := _shared(target, 1)) is not None:
            return known
        made = object.__new__(cls)
        _noted(target, made, 2 if callback is not None else 1)
        return made

    def __init__(self, target, callback=None):
        object.__setattr__(self, "_weak", weak(target))
        if callback is not None:
            watch(target, lambda: callback(self), self)

    def __repr__(self):
        held = object.__getattribute__(self, "_weak")()
        kind = type(held).__name__
        if sys.version_info < (3, 13):
            return f"<weakproxy to {kind}>"
        return "<weakproxy; dead>" if held is None else f"<weakproxy; to {kind!r}>"

    def __getattr__(self, name):
        return getattr(_held(self), name)

    def __setattr__(self, name, value):
        setattr(_held(self), name, value)

    def __delattr__(self, name):
        delattr(_held(self), name)

    def __str__(self):
        return str(_held(self))

    def __bool__(self):
        return bool(_held(self))

    def __len__(self):
        return len(_held(self))

    def __iter__(self):
        return iter(_held(self))

    def __contains__(self, item):
        return item in _held(self)

    def __getitem__(self, key):
        return _held(self)[key]

    def __setitem__(self, key, value):
        _held(self)[key] = value

    def __eq__(self, other):
        return _held(self) == other

    def __lt__(self, other):
        return _held(self) < other

    def __add__(self, other):
        return _held(self) + other


def _held(given):
    target = object.__getattribute__(given, "_weak")()
    if target is None:
        raise ReferenceError("weakly-referenced object no longer exists")
    return target


class finalize:
    atexit = True

    def __init__(self, obj, func, /, *args, **kwargs):
        self._weak, self._call = weak(obj), (func, args, kwargs)
        self._unwatch = watch(obj, self, None)

    def __call__(self, _=None):
        told = self._told()
        if told is not None:
            func, args, kwargs = told
            return func(*args, **kwargs)

    def _told(self):
        told, self._call = self._call, None
        self._unwatch()
        return told

    def detach(self):
        target = self._weak()
        if target is not None and self._call is not None:
            return (target, *self._told())

    def peek(self):
        target = self._weak()
        if target is not None and self._call is not None:
            return (target, *self._call)

    @property
    def alive(self):
        return self._call is not None

    def __repr__(self):
        told = self.peek()
        return "<finalize object; dead>" if told is None else f"<finalize object; for {type(told[0]).__name__!r}>"


class WeakValueDictionary(MutableMapping):
    def __init__(self, other=(), /, **kw):
        self._weak = {}
        self.update(other, **kw)

    def _alive(self):
        found = {}
        for key, held in self._weak.items():
            value = held()
            if value is not None:
                found[key] = value
        return found

    def __repr__(self):
        return "<WeakValueDictionary>"

    def __getitem__(self, key):
        value = self._weak[key]()
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key, value):
        if key in self._weak and key not in self:
            del self._weak[key]
        self._weak[key] = weak(value)

    def __delitem__(self, key):
        self[key]
        del self._weak[key]

    def __contains__(self, key):
        return key in self._weak and self._weak[key]() is not None

    def __len__(self):
        return len(self._alive())

    def keys(self):
        yield from list(self._alive())

    def values(self):
        yield from list(self._alive().values())

    def items(self):
        yield from list(self._alive().items())

    __iter__ = keys


class WeakSet(MutableSet):
    def __init__(self, data=None):
        self._weak = []
        for each in data or ():
            self.add(each)

    def _alive(self):
        return [each for each in [held() for held in self._weak] if each is not None]

    def __repr__(self):
        return repr({ref(each) for each in self._alive()})

    def add(self, item):
        if item not in self._alive():
            self._weak.append(weak(item))

    def discard(self, item):
        self._weak = [held for held in self._weak if held() is not None and held() != item]

    def __contains__(self, item):
        return item in self._alive()

    def __iter__(self):
        alive = self._alive()
        if len(alive) > 1:
            lost()  # as their hashes have it
        yield from alive

    def __len__(self):
        return len(self._alive())


class WeakKeyDictionary(MutableMapping):
    def __init__(self, dict=None):
        self._pairs = []
        if dict is not None:
            self.update(dict)

    def _alive(self):
        pairs = [(held(), value) for held, value in self._pairs]
        return [(key, value) for key, value in pairs if key is not None]

    def __repr__(self):
        return "<WeakKeyDictionary>"

    def __getitem__(self, key):
        for each, value in self._alive():
            if each == key:
                return value
        raise KeyError(ref(key))

    def __setitem__(self, key, value):
        for place, (held, _) in enumerate(self._pairs):
            if held() is not None and held() == key:
                self._pairs[place] = (held, value)
                return
        self._pairs.append((weak(key), value))

    def __delitem__(self, key):
        self[key]
        self._pairs = [(held, value) for held, value in self._pairs if held() is not None and held() != key]

    def __contains__(self, key):
        return any([each == key for each, _ in self._alive()])

    def __len__(self):
        return len(self._alive())

    def keys(self):
        for key, _ in self._alive():
            yield key

    def values(self):
        for _, value in self._alive():
            yield value

    def items(self):
        yield from self._alive()

    __iter__ = keys
