"""What is new among Python's own in CPython 3.15: `frozendict` (PEP 814) and `sentinel` (PEP 661)."""

from collections.abc import Mapping

from followed import either


class frozendict(Mapping):
    __module__, __slots__ = "builtins", ("_held",)

    def __new__(cls, *args, **words):
        if len(args) > 1:
            raise TypeError(f"frozendict expected at most 1 argument, got {len(args)}")
        if args and type(args[0]) is cls is frozendict and not words:
            return args[0]
        made = object.__new__(cls)
        object.__setattr__(made, "_held", dict(*[_plain(each) for each in args], **words))
        return made

    def __init__(self, *args, **words):
        pass

    def __repr__(self):
        return f"{type(self).__name__}({self._held!r})" if self._held else f"{type(self).__name__}()"

    def __hash__(self):
        for each in self._held.items():
            hash(each)
        return hash(frozenset(self._held.items()))

    def __eq__(self, other):
        return self._held == _plain(other) if isinstance(other, (frozendict, dict)) else NotImplemented

    def __getitem__(self, key):
        return self._held[key]

    def __contains__(self, key):
        return key in self._held

    def __iter__(self):
        return iter(self._held)

    def __reversed__(self):
        return reversed(self._held)

    def __len__(self):
        return len(self._held)

    def __or__(self, other):
        return frozendict(self._held | _plain(other)) if isinstance(other, (frozendict, dict)) else NotImplemented

    def __ror__(self, other):
        if not isinstance(other, dict):
            return NotImplemented
        made = other.copy()
        made.update(self._held)
        return made

    def get(self, key, default=None, /):
        return self._held.get(key, default)

    def keys(self):
        return self._held.keys()

    def values(self):
        return self._held.values()

    def items(self):
        return self._held.items()

    def copy(self):
        return self if type(self) is frozendict else frozendict(self._held)

    def __copy__(self):
        return self

    @classmethod
    def fromkeys(cls, iterable, value=None, /):
        return cls(dict.fromkeys(iterable, value))


def _plain(value):
    return value._held if isinstance(value, frozendict) else value


class sentinel:
    __module__, __slots__ = "builtins", ("_name", "_shown")

    def __init__(self, name, /, *, repr=None):
        if not isinstance(name, str):
            raise TypeError(f"sentinel() argument 1 must be str, not {type(name).__name__}")
        self._name, self._shown = name, name if repr is None else repr

    def __repr__(self):
        return self._shown

    @property
    def __name__(self):
        return self._name

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __or__(self, other):
        return either(self, other)

    def __ror__(self, other):
        return either(other, self)
