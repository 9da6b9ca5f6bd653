"""Programs of what nearly every program does: lengths, counts, places, parts, sums, comparisons, joined and split texts.

Each line is one such operation on the arguments or on what a line before made, so a short trace has many values to compute and little else.
What is asked most often is not what is learned first: a length must be counted.
"""

from __future__ import annotations

import re

from cwm_trace.train.grammar import RECEIVERS, Table, read_table
from cwm_trace.train.writer import Writer

_MADE = {  # by the kind of what they make
    "int": """
14 len(<S>)
12 len(<LI>)
6 len(<LS>)
4 len(<DSI>)
3 len(<S>) - <=positive>
3 len(<LI>) - 1
4 len(<S>) // 2
3 len(<LI>) // 2
3 len(<S>) % 2
2 len(<S>) * 2
3 len(<S>) + len(<S>)
2 len(set(<S>))
2 len(<S>.split())
5 <S>.count(<char>)
2 <S>.count(<piece>)
3 <LI>.count(<int>)
4 <S>.find(<char>)
2 <S>.rfind(<char>)
2 <S>.find(<piece>)
3 sum(<LI>)
2 max(<LI>)
2 min(<LI>)
3 <LI>[<=bit>]
2 <LI>[<=index>]
3 <LI>[-<=index>]
3 <I> + <int>
3 <I> - <int>
2 <I> * <=small>
3 <I> // <=positive>
4 <I> % <=positive>
2 <I> + <I>
2 <I> - <I>
2 int(str(<I>) + <=digits>)
2 <DSI>.get(<s>, 0)
2 abs(<I>)
2 len(str(<I>))
""",
    "str": """
5 <S>[<=index>]
4 <S>[<=bit>]
3 <S>[-<=index>]
4 <S>[<=small>:]
4 <S>[:<=small>]
3 <S>[<=small>:<=width>]
2 <S>[:-<=index>]
3 <S>[-<=index>:]
4 <S>[::-1]
4 <S> + <S>
3 <S> + <char>
2 <char> + <S>
2 <S> * <=index>
3 str(<I>)
3 ''.join(<LS>)
2 <=literal>.join(<LS>)
2 ' '.join(<LS>)
3 <LS>[<=bit>]
2 <S>.upper()
2 <S>.lower()
2 <S>.strip()
3 <S>.replace(<char>, <char>)
2 <S>.replace(<char>, '')
2 <S>[len(<S>) // 2:]
2 <S>[:len(<S>) // 2]
2 <S>[1:] + <S>[:1]
""",
    "ls": """
6 list(<S>)
4 <S>.split()
4 <S>.split(<char>)
2 sorted(<S>)
2 <LS>[::-1]
2 <LS> + [<S>]
2 list(<S>)[<=small>:]
1 list(reversed(<S>))
2 sorted(<LS>)
2 list(<DSI>)
""",
    "li": """
3 <LI>[<=small>:]
3 <LI>[:<=small>]
3 <LI>[::-1]
3 sorted(<LI>)
2 sorted(<LI>, reverse=True)
2 <LI> + [<int>]
2 [<I>, <int>]
2 list(range(len(<S>)))
2 list(range(<=small>))
2 [len(<S>), len(<LS>)]
2 list(<DSI>.values())
2 <LI>.copy()
""",
}
_TESTS = """
5 len(<S>) > <=small>
4 len(<LI>) <= <=small>
3 len(<S>) == len(<S>)
3 len(<S>) % 2 == 0
3 <I> % 2 == 0
3 <I> > <int>
3 <I> <= <I>
2 <I> == <int>
5 <char> in <S>
2 <char> not in <S>
4 <int> in <LI>
3 <s> in <LS>
3 <s> in <DSI>
3 <S>.isdigit()
3 <S>.isalpha()
2 <S>.isupper()
3 <S>.islower()
3 <S>[<=bit>].isalpha()
2 <S>[-1].isdigit()
3 <S>.startswith(<piece>)
3 <S>.endswith(<piece>)
3 <S>[0] == <char>
3 <S> == <S>[::-1]
2 not <LI>
2 not <S>
2 <S> == <s>
3 <LI>[0] > <LI>[-1]
2 <char> < <char>
4 <C>.isdigit()
4 <C>.isalpha()
3 <C>.isupper()
3 <C>.islower()
3 <C> in <S>
2 <C> not in <LS>
2 <I> in <LI>
2 <I> > len(<S>)
2 <I> >= len(<LI>)
2 <S>.count(<C>) > <=bit>
2 <S>.find(<C>) == -1
2 <S>[-1] == <S>[0]
2 <S>[1:] == <S>[:-1]
2 <I> % 3 == 0 or <I> < <int>
2 <I> > <int> and <I> % 2 == 1
2 len(<S>) > <=small> and <S>[0].isalpha()
2 len(set(<S>)) == len(<S>)
2 <S>.replace(<char>, '').isalpha()
"""
_CHANGES = """
6 <LI>.append(<int>)
5 <LI>.append(<I>)
5 <LI>.pop()
4 <LI>.pop(<=bit>)
4 <LI>.insert(<=small>, <int>)
3 <LI>.reverse()
3 <LI>.sort()
2 <LI>.extend(<li>)
2 <LI>.remove(<LI>[<=bit>])
3 <LI>[0] = <int>
2 <LI>[-1] += <int>
2 <LI>[0], <LI>[-1] = <LI>[-1], <LI>[0]
5 <LS>.append(<S>)
3 <LS>.pop()
3 <LS>.insert(0, <S>)
2 <LS>.reverse()
4 <DSI>[<s>] = <int>
3 <DSI>[<s>] = <DSI>.get(<s>, 0) + 1
2 <DSI>.pop(<s>, None)
2 <DSI>.update(<dsi>)
3 <S> += <S>
3 <S> += <char>
4 <I> += <int>
3 <I> -= <int>
2 <I> *= 2
2 <I> //= 2
"""
_MADE_TABLES = {kind: read_table(text) for kind, text in _MADE.items()}
_TESTS_TABLE, _CHANGES_TABLE = read_table(_TESTS), read_table(_CHANGES)
_KINDS = ["int"] * 9 + ["str"] * 6 + ["ls"] * 3 + ["li"] * 3
_ITSELF = re.compile(
    r"(?<![\w.])(\w+) (?:==|!=|<|>|<=|>=|in|not in) \1(?![\w.\[(])|(?<![\w.])(\w+)\.(?:startswith|endswith|find|rfind|count|index)\(\2\)"
    r"|len\((\w+)\) [=!<>]+ len\(\3\)"
)
_TRICKY = [
    "it's",
    'say "no"',
    "a\\b",
    "x\ny",
    "a\tb",
    "'",
    '"',
    "\\",
    "\n",
    "--",
    "...",
    "((",
    "]",
    "'a'",
    "1,2",
    ": ",
    "a'b\"c",
    "  ",
]


def basics_body(writer: Writer) -> list[str]:
    """Two to five operations, some of them under a condition; what they gave is returned."""
    rng = writer.rng
    writer.max_params = 3
    if rng.random() < 0.25:
        writer.theme.words += rng.sample(_TRICKY, 2)
    writer.add_param(rng.choice(["str", "str", "str", "li", "li", "ls", "int", "dsi"]))
    lines: list[str] = []
    made: list[str] = []
    for _ in range(rng.choice([2, 2, 3, 3, 4, 5])):
        roll = rng.random()
        if roll < 0.2:
            lines.append(_change(writer))
        elif roll < 0.35:
            lines += _decided(writer, made)
        else:
            kind = rng.choice(_KINDS)
            text = _filled(writer, _MADE_TABLES[kind])
            made.append(writer.declare(kind, result=True))
            lines.append(f"{made[-1]} = {text}")
    shown = made[-4:] or [variable.name for variable in writer.params]
    return [*lines, f"return {rng.choice(shown) if rng.random() < 0.4 else ', '.join(shown)}"]


def made_of(writer: Writer, kind: str) -> str | None:
    """An operation that makes a value of the kind (int, str, ls or li) of variables; None where that was not found."""
    return _fitting(writer, _MADE_TABLES[kind])


def test_of(writer: Writer) -> str | None:
    """Something of variables that is true or false; None where it was not found."""
    return _fitting(writer, _TESTS_TABLE)


def _decided(writer: Writer, made: list[str]) -> list[str]:
    """A test, as a value or as a branch."""
    test = _filled(writer, _TESTS_TABLE)
    if writer.rng.random() < 0.4:
        made.append(writer.declare("bool", result=True))
        return [f"{made[-1]} = {test}"]
    lines = [f"if {test}:", f"    {_change(writer)}"]
    return lines if writer.rng.random() < 0.5 else [*lines, "else:", f"    {_change(writer)}"]


def _filled(writer: Writer, table: Table) -> str:
    """The same, with literals where there are no variables."""
    return _fitting(writer, table) or _from(writer, writer.rng.choices(*table)[0], test=table is _TESTS_TABLE)


def _fitting(writer: Writer, table: Table) -> str | None:
    """An operation for whose receivers there are variables or room, and that compares nothing with itself."""
    for template in writer.rng.choices(*table, k=12):
        if writer.fits(template):
            text = _from(writer, template, test=table is _TESTS_TABLE)
            if not asks_itself(text):
                return text
    return None


def asks_itself(text: str) -> bool:
    """Whether something is compared with itself, or looked for in itself."""
    return bool(_ITSELF.search(text))


def _from(writer: Writer, template: str, *, test: bool) -> str:
    """What is of one kind in it is one variable where it has an index, and at times elsewhere."""
    if "[" in template or (not test and writer.rng.random() < 0.3):
        for hole, kind in RECEIVERS.items():
            if template.count(f"<{hole}>") > 1 and (name := writer.variable(kind)):
                template = template.replace(f"<{hole}>", name)
    return writer.fill(template)


def _change(writer: Writer) -> str:
    """A statement that changes a variable."""
    while True:
        template = writer.rng.choices(*_CHANGES_TABLE)[0]
        hole = template[1 : template.index(">")]
        if name := writer.variable(RECEIVERS[hole]):
            return writer.fill(template.replace(f"<{hole}>", name, -1 if "[" in template else 1))
