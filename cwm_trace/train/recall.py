"""Programs in which a value is read long after it was shown, among others of its kind.

A frame shows an unchanged value as `".."`, so what a line reads may stand many frames before, behind other displays and other variables. What is
done with it is simple here; which value it is, the name alone says: all variables are of one kind, most of the time, and old ones are read as
often as new ones. (`nano` took the value shown last in 49 of 50 programs of this shape, before.)
"""

from __future__ import annotations

import re

from cwm_trace.train.grammar import read_templates
from cwm_trace.train.writer import Variable, Writer, literal_text

_HOLE = re.compile(r"\b[XYZN]\b|'C'")
_KINDS = ["int"] * 6 + ["str"] * 6 + ["li"] * 3 + ["ls"] * 3 + ["char", "char", "dsi", "bool", "float"]
_ANY = ["X"] * 4 + [
    "X == Y",
    "(X, Y)",
    "[X, Y]",
    "Y if X else Z",
    "X or Y",
    "X and Y",
    "bool(X)",
    "not X",
    "X != Y",
    "repr(X)",
]
_OF_TEXT = read_templates("""X + Y|X + 'C'|'C' + X|X[:1]|X[-1:]|X[1:]|X[:2]|len(X)|X.upper()|X.lower()|X in Y|X < Y|X * 2|X.strip()|f'{X}'
'C'.join([X, Y])
X.startswith('C')|X.count('C')|X.find('C')|list(X)|X.replace('C', Y)""")
_OF_NUMBER = read_templates("""X + Y|X - Y|X + N|X - N|X * 2|-X|X < Y|X > Y|X >= N|X % N|max(X, Y)|min(X, Y)|[X, N, Y]|str(X)|X * Y|abs(X)|X == N
X // N""")
_OF_LIST = read_templates("""len(X)|X[:1]|X[1:]|X[-1:]|X + Y|X[:2]|list(X)|X.copy()|X[::-1]|X == []|len(X) > N|X[:N]|len(X) - len(Y)|sorted(X)
tuple(X)""")
_OF_DICT = read_templates("""len(X)|list(X)|dict(X)|list(X.values())|sorted(X)|len(X) < N""")
_USES = {
    "int": _OF_NUMBER, "float": ["X + N", "X < Y", "-X", "X * 2", "int(X)", "[X, Y]"], "str": _OF_TEXT, "char": _OF_TEXT,
    "li": _OF_LIST, "ls": _OF_LIST, "dsi": _OF_DICT, "bool": ["not X", "X and Y", "X or Y", "int(X)", "X == Y"],
}  # fmt: skip
_CHANGES = {
    "int": ["X += N", "X -= N", "X = Y", "X, Y = Y, X", "X = Y + N", "X += Y", "X = N"],
    "float": ["X += N", "X = Y", "X, Y = Y, X"],
    "str": ["X += 'C'", "X = Y", "X += Y", "X, Y = Y, X", "X = X[1:]", "X = 'C' + X"],
    "char": ["X += 'C'", "X = Y", "X, Y = Y, X"],
    "li": ["X.append(N)", "X = Y", "X += [N]", "X, Y = Y, X", "X.insert(0, N)", "X = X[1:]", "X.extend(Y)"],
    "ls": ["X.append('C')", "X = Y", "X += ['C']", "X, Y = Y, X", "X = X[1:]"],
    "dsi": ["X['C'] = N", "X = Y", "X.update(Y)", "X.pop('C', None)"],
    "bool": ["X = Y", "X = not X", "X, Y = Y, X"],
}


def recall_body(writer: Writer) -> list[str]:
    """Variables with values, then lines that read any of them, at times under a condition or in a short loop, and change some."""
    rng = writer.rng
    kind = rng.choice(_KINDS)
    kinds = [kind] * 5 + rng.choice([[], [], [rng.choice(_KINDS)]])
    writer.max_params = 4
    for _ in range(rng.choice([1, 1, 2, 2, 3, 4])):
        writer.add_param(rng.choice(kinds))
    lines = [_bound(writer, rng.choice(kinds)) for _ in range(rng.choice([0, 1, 2, 2, 3, 4, 5]))]
    for _ in range(rng.choice([2, 3, 3, 4, 5, 6])):
        lines += _step(writer)
    read = [_any(writer).name for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    return [*lines, f"return {', '.join(dict.fromkeys(read))}"]


def _bound(writer: Writer, kind: str) -> str:
    text = literal_text(writer.theme.value(kind))
    return f"{writer.declare(kind)} = {text}"


def _step(writer: Writer) -> list[str]:
    roll = writer.rng.random()
    line = _change(writer) if writer.rng.random() < 0.35 else _use(writer)
    if roll < 0.12:
        return [
            f"if {_filled(writer, writer.rng.choice(['X == Y', 'X', 'not X', 'X != Y']), _any(writer))}:",
            f"    {line}",
        ]
    if roll < 0.17:
        return [f"for _ in range({writer.rng.randint(1, 3)}):", f"    {line}"]
    return [line]


def _any(writer: Writer) -> Variable:
    return writer.rng.choice([variable for variable in writer.scope if variable.kind != "unknown"])


def _use(writer: Writer) -> str:
    read = _any(writer)
    template = writer.rng.choice(_USES[read.kind] if writer.rng.random() < 0.6 else _ANY)
    text = _filled(writer, template, read)
    return f"{writer.declare(read.kind if template == 'X' else 'unknown', result=writer.rng.random() < 0.5)} = {text}"


def _change(writer: Writer) -> str:
    read = _any(writer)
    return _filled(writer, writer.rng.choice(_CHANGES[read.kind]), read)


def _filled(writer: Writer, template: str, read: Variable) -> str:
    """X, Y and Z are variables of one kind, as far as there are any; N is a number, C a character."""
    alike = writer.variables(read.kind)
    other = writer.rng.choice([name for name in alike if name != read.name] or alike)
    holes = {
        "X": read.name,
        "Y": other,
        "Z": writer.rng.choice(alike),
        "N": str(writer.rng.choice([1, 1, 2, 3, 5, 10])),
        "'C'": repr(writer.theme.char()),
    }
    return _HOLE.sub(lambda hole: holes[hole[0]], template)
