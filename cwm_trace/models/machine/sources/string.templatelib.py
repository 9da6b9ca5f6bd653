"""`string.templatelib`: templates, and the values in them, which `t'...'` makes; from 3.14 on."""

from followed import iterator

_CONVERSIONS = {None: lambda value: value, "r": repr, "s": str, "a": ascii}


class Interpolation:
    __slots__ = ("_parts",)
    __match_args__ = ("value", "expression", "conversion", "format_spec")

    def __init__(self, value, expression="", conversion=None, format_spec=""):
        if conversion not in _CONVERSIONS:
            text = "Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'"
            raise ValueError(text)
        self._parts = value, expression, conversion, format_spec

    @property
    def value(self):
        return self._parts[0]

    @property
    def expression(self):
        return self._parts[1]

    @property
    def conversion(self):
        return self._parts[2]

    @property
    def format_spec(self):
        return self._parts[3]

    def __repr__(self):
        return f"Interpolation{self._parts!r}"


class Template:
    __slots__ = ("strings", "interpolations")

    def __init__(self, *parts):
        strings, interpolations = [""], []
        for part in parts:
            if isinstance(part, str):
                strings[-1] += part
            elif isinstance(part, Interpolation):
                interpolations.append(part)
                strings.append("")
            else:
                name = _name(part)
                raise TypeError(f"Template.__new__ *args need to be of type 'str' or 'Interpolation', got {name}")
        self.strings, self.interpolations = tuple(strings), tuple(interpolations)

    @property
    def values(self):
        return tuple([each.value for each in self.interpolations])

    def _parts(self):
        for text, value in zip(self.strings, (*self.interpolations, None), strict=True):
            if text:
                yield text
            if value is not None:
                yield value

    def __iter__(self):
        return iterator([*self._parts()], "string.templatelib.TemplateIter")

    def __add__(self, other):
        if not isinstance(other, Template):
            this = "string.templatelib.Template"
            raise TypeError(f'can only concatenate {this} (not "{_name(other)}") to {this}')
        return Template(*self._parts(), *other._parts())

    def __repr__(self):
        return f"Template(strings={self.strings!r}, interpolations={self.interpolations!r})"


def _name(value):
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def convert(obj, /, conversion):
    if conversion not in _CONVERSIONS:
        raise ValueError(f"invalid conversion specifier: {conversion}")
    return _CONVERSIONS[conversion](obj)


def _made(strings, interpolations):
    template = Template()
    template.strings, template.interpolations = strings, interpolations
    return template
