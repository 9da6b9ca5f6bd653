"""`collections`, as far as the machine has no classes of its own for it."""


class ChainMap:
    def __init__(self, *maps):
        self.maps = list(maps) or [{}]

    def __getitem__(self, key):
        for each in self.maps:
            if key in each:
                return each[key]
        raise KeyError(key)

    def get(self, key, default=None):
        return self[key] if key in self else default

    def __contains__(self, key):
        return any([key in each for each in self.maps])

    def _all(self):
        found = {}
        for each in reversed(self.maps):
            found.update(each)
        return found

    def __len__(self):
        return len(self._all())

    def __iter__(self):
        return iter(self._all())

    def __bool__(self):
        return any(self.maps)

    def __setitem__(self, key, value):
        self.maps[0][key] = value

    def __delitem__(self, key):
        if key not in self.maps[0]:
            raise KeyError(f"Key not found in the first mapping: {key!r}")
        del self.maps[0][key]

    def new_child(self, m=None):
        return ChainMap({} if m is None else m, *self.maps)

    @property
    def parents(self):
        return ChainMap(*self.maps[1:])

    def keys(self):
        return self._all().keys()

    def values(self):
        return [self[key] for key in self._all()]

    def items(self):
        return [(key, self[key]) for key in self._all()]

    def __repr__(self):
        return f"ChainMap({', '.join([repr(each) for each in self.maps])})"
