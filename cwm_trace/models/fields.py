"""f-strings taken apart: each field as an operation of its own, which a network can be asked for, and the text that they make together.

`f'{x}: {y:.2f}'` becomes `TEXT(SHOWN(x), ': ', format(y, '.2f'))`, of which `SHOWN(5)` is `str(5)`, and `TEXT` of texts is these in one. Knows
Python's expressions; of what it makes it evaluates only where texts are put together.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from cwm_trace.models.known import all_known
from cwm_trace.models.statements import readings, span, statement_of, text_of

TEXT, SHOWN = "_text_", "_shown_"
"""Functions, in place of what Python does with the parts of an f-string."""
_CONVERSIONS = {-1: "", ord("s"): "str", ord("r"): "repr", ord("a"): "ascii"}


@lru_cache(maxsize=10_000)
def spelled_out(line: str) -> str:
    """A line, or an expression, with its f-strings taken apart; as it is where it has none, or one whose width is a field."""
    for start, text, _ in readings(line):
        if (statement := statement_of(text)) is None:
            continue
        places = []
        for node in _outermost(statement):
            if (made := _taken_apart(node)) is None:
                return line
            begins, ends = span(text, node, node)
            places.append((start + begins, start + ends, made))
        for begins, ends, made in sorted(places, reverse=True):
            line = line[:begins] + made + line[ends:]
        return line
    return line


def _outermost(node: ast.AST) -> Iterator[ast.JoinedStr]:
    if isinstance(node, ast.JoinedStr):
        yield node
        return
    for part in ast.iter_child_nodes(node):
        yield from _outermost(part)


def _taken_apart(node: ast.JoinedStr) -> str | None:
    parts = all_known(map(_part, node.values))
    return None if parts is None else f"{TEXT}({', '.join(parts)})"


def _part(part: ast.expr) -> str | None:
    match part:
        case ast.Constant(value=str(text)):
            return repr(text)
        case ast.FormattedValue(value=value, conversion=conversion, format_spec=spec):
            made = _field(value, _CONVERSIONS[conversion])
            match spec:
                case None:
                    return made if conversion >= 0 else f"{SHOWN}({made})"
                case ast.JoinedStr(values=[ast.Constant(value=str(how))]):
                    return f"format({made}, {how!r})"
    return None


def _field(value: ast.expr, conversion: str) -> str:
    inner = spelled_out(ast.unparse(value))
    return f"{conversion}({inner})" if conversion else inner


def put_together(call: ast.Call, line: str) -> str | None:
    """What such a function in a line gives, of values: an operation that gives it, or the text; None for another function."""
    match call:
        case ast.Call(func=ast.Name(id=name), args=[value]) if name == SHOWN:
            is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
            return text_of(value, line) if is_text else f"str({text_of(value, line)})"
        case ast.Call(func=ast.Name(id=name), args=args) if name == TEXT:
            texts = [arg.value for arg in args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            return repr("".join(texts)) if len(texts) == len(args) else None
    return None
