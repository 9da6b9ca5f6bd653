"""`_ast`: the classes of trees, and what they are made of."""

from followed import ast_kinds

PyCF_ONLY_AST, PyCF_TYPE_COMMENTS, PyCF_ALLOW_TOP_LEVEL_AWAIT = 0x400, 0x1000, 0x2000


class AST:
    __module__ = "ast"
    _fields, _attributes, __match_args__ = (), (), ()

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


for _name, _base, _fields, _attributes, _optional in ast_kinds():
    _space = {"_fields": _fields, "_attributes": _attributes, "__match_args__": _fields, "__module__": "ast"}
    globals()[_name] = type(_name, (globals()[_base],), _space | dict.fromkeys(_optional))
