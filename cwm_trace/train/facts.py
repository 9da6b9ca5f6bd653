"""Programs whose lines are one operation each, on literals mostly: the fewest tokens in which a trace can tell a result.

A network learns what `<` or `in` gives from tens of thousands of examples, not from hundreds; elsewhere an operation costs a trace a hundred
tokens, most of which are copies. Here there is one name, whose value is all that changes, and both outcomes of a test are frequent: what is
compared is often equal, what is looked for is often there. The operations are those of `small`. In `branches` the same tests are asked by
`if` and `while`, of whole traces: which line is next.
"""

from __future__ import annotations

import random
from string import ascii_lowercase
from typing import Any

from cwm_trace.train.grammar import read_templates
from cwm_trace.train.small import COUNTS, HOLE, KIND_OF, PARTS, TESTS, fill, fill_hole, kinds_of, other_way
from cwm_trace.train.values import Theme
from cwm_trace.train.writer import Writer, literal_text

_LIKE = {"T": "S", "M": "N", "K": "N", "'C'": "S"}  # what a hole's value may be like: the first text, the first number
PLAIN_TESTS = [template for template in TESTS if " is " not in template]  # of which Python warns
PLAIN_PARTS = [  # no f-strings, whose fields take no literals with quotes, and no comprehensions, which make many frames
    template for template in PARTS if not template.startswith("f'") and " for " not in template
]
EVERYWHERE = read_templates("""
N < K|N > K|N <= K|N >= K|N == K|N != K|N < M|N > M|N == M|N % 2 == 0|N % 2 == 1|'C' in S|'C' not in S|K in L|N in L|S[0] == 'C'
S == T|S.isupper()|S.islower()|S.isalpha()|S.isdigit()|S.startswith('C')|S.endswith('C')|len(S) > K|len(S) == K|len(L) > K|'C' in D
""")
_OFTEN = read_templates("""
len(S)|len(L)|N + K|N + M|N - K|N - M|N * K|N // 2|N % 3|N % 10|S[I]|L[I]|S[0]|S[-1]|L[-1]|S.count('C')|S.find('C')|max(L)|min(L)
sum(L)|S[::-1]|L[::-1]|S[1:]|S[:-1]|S[:2]|L[1:]|L[:-1]|S + T|S + 'C'|L + [N]|S.upper()|S.lower()|S.swapcase()|S.replace('C', 'C')
S.replace('C', '')|S.strip('C')|S.split('C')|list(S)|sorted(L)|sorted(S)|'C'.join(W)|str(N)|''.join(W)
""")


FACTS = EVERYWHERE + _OFTEN  # the operations of nearly every program


def facts_body(writer: Writer) -> list[str]:
    """Operations of all kinds, or of a few, bound to one name or asked by an `if`; in turn, so that hardly a value is the one before."""
    rng = writer.rng
    name, params = _named(writer)
    few = rng.random() < 0.4
    tests, others = (
        rng.choices(table, k=rng.randint(1, 3)) if few else table
        for table in rng.choice([(EVERYWHERE, _OFTEN), (PLAIN_TESTS, COUNTS + PLAIN_PARTS)])
    )
    lines: list[str] = []
    for number in range(rng.choice([8, 12, 16, 20])):
        lines += _lines(writer, name, tests if number % 2 else others)
    return [*lines, f"return {rng.choice([name, *params])}"]


def branches_body(writer: Writer) -> list[str]:
    """Test after test, asked by `if` and `while`, with little between them: what a test gives is seen by the line that runs next."""
    rng = writer.rng
    name, params = _named(writer)
    table = rng.choice([EVERYWHERE, EVERYWHERE, PLAIN_TESTS])
    tests = rng.choices(table, k=rng.randint(1, 3)) if rng.random() < 0.4 else table
    lines = [f"{name} = {rng.randint(0, 9)}"]
    for _ in range(rng.choice([6, 9, 12])):
        lines += _branch(writer, name, tests)
    return [*lines, f"return {rng.choice([name, *params])}"]


def _branch(writer: Writer, name: str, tests: list[str]) -> list[str]:
    """A condition, or a loop that counts."""
    rng = writer.rng
    test, number = fact(writer, rng.choice(tests)), rng.randint(0, 9)
    if rng.random() < 0.1:
        return counted(rng, name)
    lines = [
        f"{rng.choice(['if', 'if', 'if', 'if not'])} {test}:",
        f"    {name} {rng.choice(['=', '=', '+='])} {number}",
    ]
    return lines + other_way(rng, name, lambda: fact(writer, rng.choice(tests)), 0.35)


def counted(rng: random.Random, name: str) -> list[str]:
    """A `while` of a few rounds, or of none."""
    low, high = rng.randint(0, 3), rng.randint(3, 6)
    start, test, change = rng.choice([(low, ("<", "<=", "!="), "+"), (high, (">", ">=", "!="), "-")])
    end = low + high - start
    return [f"{name} = {start}", f"while {name} {rng.choice(test)} {end}:", f"    {name} {change}= 1"]


def _named(writer: Writer) -> tuple[str, list[str]]:
    """The name of what changes, and parameters of one letter."""
    name, *params = writer.rng.sample(ascii_lowercase, writer.rng.choice([2, 3, 3, 4]))
    for param in params:
        writer.add_param(writer.rng.choices(["str", "int", "li", "ls", "dsi"], [8, 8, 3, 1, 1])[0], param)
    return name, params


def _lines(writer: Writer, name: str, templates: list[str]) -> list[str]:
    """One operation, or a few in a display; a test's outcome is now and then seen by the way taken."""
    rng = writer.rng
    template = rng.choice(templates)
    if template in TESTS and rng.random() < 0.2:
        return [f"if {fact(writer, template)}:", f"    {name} = {rng.randint(0, 9)}"]
    if rng.random() < 0.75:
        return [f"{name} = {fact(writer, template)}"]
    return [f"{name} = [{', '.join(fact(writer, rng.choice(templates)) for _ in range(rng.choice([2, 4])))}]"]


def fact(writer: Writer, template: str) -> str:
    """A template (`small`) filled with literals, or now and then with variables where there are enough."""
    kinds = kinds_of(template)
    if writer.rng.random() < 0.3 and all(len(writer.variables(kind)) >= kinds.count(kind) for kind in kinds):
        return fill(writer, template)
    drawn: dict[str, Any] = {}
    return HOLE.sub(lambda hole: _literal(writer, hole[0], drawn), template)


def _literal(writer: Writer, hole: str, drawn: dict[str, Any]) -> str:
    """A literal for a hole; `drawn` are the values of those before it in the same operation."""
    if hole == "I":
        return fill_hole(writer, hole)
    like = drawn.get(_LIKE.get(hole, ""))
    if (like or like == 0) and writer.rng.random() < 0.4:
        value = writer.rng.choice([like[0], like[-1], writer.rng.choice(like)]) if hole == "'C'" else like
    else:
        value = _value(writer.theme, hole)
    drawn[hole] = value
    text = literal_text(value)
    return f"({text})" if text.startswith("-") else text


def _value(theme: Theme, hole: str) -> Any:
    """Seldom empty or 0: of nothing most operations give nothing, or raise."""
    if hole == "K":
        return theme.rng.randint(0, 9)
    if hole == "'C'":
        return theme.char()
    values = [theme.value(KIND_OF[hole]) for _ in range(3)]
    return values[0] if theme.rng.random() < 0.2 else next(filter(None, values), values[0])
