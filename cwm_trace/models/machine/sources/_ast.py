"""`_ast`: the classes of trees, and what they are made of."""

import sys

from followed import ast_field_types, ast_kinds

PyCF_ONLY_AST, PyCF_TYPE_COMMENTS, PyCF_ALLOW_TOP_LEVEL_AWAIT = 0x400, 0x1000, 0x2000


class AST:
    __module__ = "ast"
    _fields, _attributes, __match_args__, _lists = (), (), (), ()

    def __init__(self, *args, **words):
        names = self._fields
        if len(args) > len(names):
            many = "s" if len(names) != 1 else ""
            at_most = f"at most {len(names)} positional argument{many}"
            raise TypeError(f"{type(self).__name__} constructor takes {at_most}")
        for name, value in zip(names, args, strict=False):
            setattr(self, name, value)
        for name, value in words.items():
            if name in names[: len(args)]:
                raise TypeError(f"{type(self).__name__} got multiple values for argument {name!r}")
            setattr(self, name, value)
        if sys.version_info >= (3, 13):
            self._complete({*names[: len(args)], *words})

    def _complete(self, given):
        for name in self._fields:
            if name in given:
                continue
            if name in self._lists:
                setattr(self, name, [])
            elif name == "ctx":
                setattr(self, name, Load())  # noqa: F821  # a class that is made below

    if sys.version_info >= (3, 14):

        def __repr__(self):
            return _shown(self, _DEEPEST)


_DEEPEST = 3  # of nodes in nodes that are shown


def _shown(node, depth):
    if depth <= 0:
        return f"{type(node).__name__}(...)"
    parts = [f"{name}={_shown_value(getattr(node, name), depth)}" for name in node._fields]
    return f"{type(node).__name__}({', '.join(parts)})"


def _shown_value(value, depth):
    if isinstance(value, AST):
        return _shown(value, depth - 1)
    if not isinstance(value, (list, tuple)):
        return repr(value)
    ends = [value[0], value[-1]] if len(value) > 1 else list(value)
    parts = [_shown(each, depth - 1) if isinstance(each, AST) else repr(each) for each in ends]
    if len(value) > 2:
        parts.insert(1, "...")
    opening, closing = "[]" if isinstance(value, list) else "()"
    return f"{opening}{', '.join(parts)}{closing}"


for _name, _base, _fields, _attributes, _optional, _lists in ast_kinds():
    _space = {"_fields": _fields, "_attributes": _attributes, "__match_args__": _fields, "__module__": "ast"}
    _space["_lists"] = _lists
    globals()[_name] = type(_name, (globals()[_base],), _space | dict.fromkeys(_optional))

if sys.version_info >= (3, 13):
    for _name, _fields in ast_field_types():
        _typed = {}
        for _field, _of, _form in _fields:
            _of = globals().get(_of) or {"str": str, "int": int, "object": object}[_of]
            _typed[_field] = list[_of] if _form == "list" else _of | None if _form else _of
        globals()[_name]._field_types = _typed
