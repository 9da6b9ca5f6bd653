"""`json`, as far as the machine does not read and write it itself."""

from json import dumps, loads

from followed import json_begun, json_chunks, json_written


class JSONEncoder:
    __module__ = "json.encoder"
    item_separator, key_separator = ", ", ": "

    def __init__(
        self,
        *,
        skipkeys=False,
        ensure_ascii=True,
        check_circular=True,
        allow_nan=True,
        sort_keys=False,
        indent=None,
        separators=None,
        default=None,
    ):
        self.skipkeys, self.ensure_ascii, self.check_circular = skipkeys, ensure_ascii, check_circular
        self.allow_nan, self.sort_keys, self.indent = allow_nan, sort_keys, indent
        if separators is not None:
            self.item_separator, self.key_separator = separators
        elif indent is not None:
            self.item_separator = ","
        if default is not None:
            self.default = default

    def default(self, o):
        raise TypeError(f"Object of type {o.__class__.__name__} is not JSON serializable")

    def encode(self, o):
        if isinstance(o, str):
            return dumps(o, ensure_ascii=self.ensure_ascii)
        return "".join(self.iterencode(o, _one_shot=True))

    def iterencode(self, o, _one_shot=False):
        encoded = json_written if _one_shot else json_chunks
        made = encoded(
            o,
            self.default,
            skipkeys=self.skipkeys,
            ensure_ascii=self.ensure_ascii,
            allow_nan=self.allow_nan,
            sort_keys=self.sort_keys,
            indent=self.indent,
            separators=(self.item_separator, self.key_separator),
        )
        return iter([made] if _one_shot else made)


class JSONDecoder:
    __module__ = "json.decoder"

    def __init__(
        self,
        *,
        object_hook=None,
        parse_float=None,
        parse_int=None,
        parse_constant=None,
        strict=True,
        object_pairs_hook=None,
        array_hook=None,
    ):
        self.array_hook = array_hook
        self.object_hook, self.object_pairs_hook, self.strict = object_hook, object_pairs_hook, strict
        self.parse_float, self.parse_int, self.parse_constant = parse_float or float, parse_int or int, parse_constant

    def _hooks(self):
        return {
            "object_hook": self.object_hook,
            "parse_float": self.parse_float,
            "parse_int": self.parse_int,
            "parse_constant": self.parse_constant,
            "strict": self.strict,
            "object_pairs_hook": self.object_pairs_hook,
            "array_hook": self.array_hook,
        }

    def decode(self, s):
        return loads(s, **self._hooks())

    def raw_decode(self, s, idx=0):
        return json_begun(s, idx, **self._hooks())


def load(fp, **hooks):
    return loads(fp.read(), **hooks)


def dump(obj, fp, *, cls=JSONEncoder, **layout):
    for chunk in (cls or JSONEncoder)(**layout).iterencode(obj):
        fp.write(chunk)
