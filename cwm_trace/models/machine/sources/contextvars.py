"""`contextvars`, as far as it is followed: one context at a time, which tasks have copies of."""

from sys import version_info as _version

_MISSING = object()
_current = []


class Token:
    MISSING = _MISSING

    def __init__(self, var, old):
        self.var, self.old_value, self._is_used = var, old, False

    def __repr__(self):
        return f"<Token{' used' if self._is_used else ''} var={self.var!r}>"

    if _version >= (3, 14):

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.var.reset(self)


class ContextVar:
    def __init__(self, name, *, default=_MISSING):
        self.name, self._default = name, default

    def __repr__(self):
        told = "" if self._default is _MISSING else f" default={self._default!r}"
        return f"<ContextVar name={self.name!r}{told}>"

    def get(self, default=_MISSING):
        for var, value in _here()._pairs:
            if var is self:
                return value
        if default is not _MISSING:
            return default
        if self._default is not _MISSING:
            return self._default
        raise LookupError(self)

    def set(self, value):
        pairs = _here()._pairs
        old = _MISSING
        for place, (var, before) in enumerate(pairs):
            if var is self:
                old = before
                pairs[place] = (self, value)
        if old is _MISSING:
            pairs.append((self, value))
        return Token(self, old)

    def reset(self, token):
        if token._is_used:
            raise RuntimeError(f"{token!r} has already been used once")
        if token.var is not self:
            raise ValueError(f"{token!r} was created by a different ContextVar")
        token._is_used = True
        here = _here()
        kept = [pair for pair in here._pairs if pair[0] is not self]
        here._pairs = kept if token.old_value is _MISSING else [*kept, (self, token.old_value)]


class Context:
    def __init__(self):
        self._pairs, self._is_entered = [], False

    def __repr__(self):
        return "<_contextvars.Context object>"

    def copy(self):
        made = Context()
        made._pairs = list(self._pairs)
        return made

    def run(self, callable, *args, **kwargs):
        if self._is_entered:
            raise RuntimeError(f"cannot enter context: {self!r} is already entered")
        self._is_entered = True
        _current.append(self)
        try:
            return callable(*args, **kwargs)
        finally:
            _current.pop()
            self._is_entered = False

    def get(self, var, default=None):
        for each, value in self._pairs:
            if each is var:
                return value
        return default

    def __getitem__(self, var):
        for each, value in self._pairs:
            if each is var:
                return value
        raise KeyError(var)

    def __contains__(self, var):
        return any([each is var for each, _ in self._pairs])

    def __len__(self):
        return len(self._pairs)

    def __iter__(self):
        return iter([var for var, _ in self._pairs])

    def items(self):
        return list(self._pairs)


def _here():
    if not _current:
        _current.append(Context())
    return _current[-1]


def copy_context():
    return _here().copy()
