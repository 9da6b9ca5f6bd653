"""Programs with as much to compute as a trace of their length can have.

Most of a trace is told by what stands before it (a line's text, names, what has not changed), and costs a model as much time as the rest. Here
many operations and tests are done on one or two arguments and on what came of them, in few variables; or a loop, a comprehension or a lambda
tests and maps each element, with names from around it.
"""

from __future__ import annotations

import re

from cwm_trace.train.basics import asks_itself, made_of, test_of
from cwm_trace.train.grammar import RECEIVERS, Table, read_table
from cwm_trace.train.skills import Templates
from cwm_trace.train.writer import Variable, Writer

_KINDS = ["str"] * 7 + ["li"] * 3 + ["ls"] * 2 + ["char", "dsi"]
_MADE = ["int"] * 8 + ["str"] * 8 + ["ls"] * 2 + ["li"] * 2
_VALUED = Templates(lambda text: not text.startswith("!"))
_TRIES = 30
_IN_ITSELF = re.compile(r"for (\w+) in (\w+)\b.* if \1 (?:not )?in \2\b|\b(\w+) (?:not )?in (\w+) for \3 in \4\b")
_OVER = read_table("""
4 [<v:char> for <v> in <S> if <cond:char>]
4 [<v:int> for <v> in <LI> if <cond:int>]
3 [<v:str> for <v> in <LS> if <cond:str>]
3 [<mapint> for <v:int> in <LI>]
3 [<mapchar> for <v:char> in <S>]
3 [<mapstr> for <v:str> in <LS>]
3 [len(<v>) for <v:str> in <LS>]
3 [<v> + <I> for <v:int> in <LI>]
3 [<v> * <I> for <v:int> in <LI>]
3 [<v:int> for <v> in <LI> if <v> > <I>]
3 [<v:int> for <v> in <LI> if <v> != <I>]
2 [<v:int> for <v> in <LI> if <v> % <=positive> == 0]
3 [<v:str> for <v> in <LS> if <v> != <S>]
3 [<v:str> for <v> in <LS> if <v> in <S>]
3 [<v:char> for <v> in <S> if <v> in <S>]
2 [<v:char> for <v> in <S> if <v> not in <S>]
2 ![<LI>.count(<v>) for <v:int> in <LI>]
2 ![<LS>.count(<v>) for <v:str> in <LS>]
2 ![<S>.count(<v>) for <v:char> in <S>]
2 ![<LI>.index(<v>) for <v:int> in <LI>]
2 ![<LI>[<v>] for <v:int> in range(len(<LI>))]
2 ![<S>[<v>] for <v:int> in range(len(<S>))]
2 [<S>[<v>:] for <v:int> in range(<=positive>)]
2 [<v> + <C> for <v:str> in <LS>]
2 [<S> + <v> for <v:str> in <LS>]
2 [<v>.replace(<C>, <char>) for <v:str> in <LS>]
4 ''.join(<v:char> for <v> in <S> if <v> != <C>)
3 ''.join([<v:char> for <v> in <S> if <cond:char>])
2 ''.join(<v:char> for <v> in <S> if <v> not in <S>)
2 ''.join(<C> for <v:int> in range(<=positive>))
3 <C>.join(<v:str> for <v> in <LS> if <v> != <S>)
3 <=literal>.join(<mapstr> for <v:str> in <LS>)
3 sum(1 for <v:char> in <S> if <cond:char>)
3 sum(<v> == <C> for <v:char> in <S>)
2 sum(<v> for <v:int> in <LI> if <v> > <I>)
2 sum(len(<v>) for <v:str> in <LS>)
2 any(<v> == <I> for <v:int> in <LI>)
2 all(<v> in <S> for <v:char> in <S>)
2 any(<v>.isdigit() for <v:char> in <S>)
2 all(<v> > <I> for <v:int> in <LI>)
3 !{<v>: <S>.count(<v>) for <v:char> in <S>}
3 {<v>: len(<v>) for <v:str> in <LS>}
2 {<v>: <I> for <v:char> in <S>}
2 {<v>: <w> for <v:int>, <w:char> in enumerate(<S>)}
2 {<w>: <v> for <v:str>, <w:int> in <DSI>.items()}
2 {<v>: <w> for <v:str>, <w:int> in <DSI>.items() if <w> != <I>}
2 [<v> for <v:str>, <w:int> in <DSI>.items() if <w> > <I>]
2 [<v> + str(<w>) for <v:str>, <w:int> in <DSI>.items()]
2 [(<v>, <w>) for <v:int>, <w:char> in enumerate(<S>)]
2 list(map(lambda <v:int>: <v> + <I>, <LI>))
2 list(map(lambda <v:int>: <mapint>, <LI>))
2 ''.join(map(lambda <v:char>: <mapchar>, <S>))
2 list(filter(lambda <v:char>: <v> != <C>, <S>))
2 list(filter(lambda <v:int>: <cond:int>, <LI>))
2 sorted(<LS>, key=lambda <v:str>: len(<v>))
2 sorted(<LI>, key=lambda <v:int>: -<v>)
2 !sorted(<S>, key=lambda <v:char>: <S>.index(<v>) if <v> in <S> else 0)
2 max(<LS>, key=lambda <v:str>: len(<v>))
""")
_TESTS_OF_CHAR = read_table("""
6 <v>.isdigit()
6 <v>.isalpha()
5 <v>.isupper()
5 <v>.islower()
4 <v>.isalnum()
3 <v>.isspace()
6 <v> == <char>
4 <v> != <char>
5 <v> in <S>
3 <v> not in <S>
4 <v> in 'aeiou'
3 <v> in <=literal>
2 <v>.lower() == <v>
2 <v> > <char>
2 not <v>.isalpha()
2 ord(<v>) % 2 == 0
2 <S>.count(<v>) > 1
2 <v> == <S>[0]
""")
_TESTS_OF_INT = read_table("""
6 <v> % 2 == 0
4 <v> % <=positive> == 0
5 <v> > <I>
4 <v> < <int>
3 <v> == <I>
3 <v> != <int>
3 <v> in <LI>
2 <v> >= 0
2 <LI>.count(<v>) > 1
2 <v> % 2
2 <v> * 2 > <int>
""")
_TESTS_OF_STR = read_table("""
5 len(<v>) > <=index>
4 len(<v>) % 2 == 0
4 <v> in <S>
3 <v> == <S>
3 <v>.isdigit()
3 <v>.isalpha()
3 <v>.islower()
4 <v>.startswith(<char>)
3 <v>.endswith(<char>)
4 <char> in <v>
2 <v>[::-1] == <v>
2 <LS>.count(<v>) == 1
2 <v>[0] == <char>
""")
_LOOPS = {"str": ("char", _TESTS_OF_CHAR), "li": ("int", _TESTS_OF_INT), "ls": ("str", _TESTS_OF_STR)}


def dense_body(writer: Writer) -> list[str]:
    """Many operations and tests, or one or two loops or comprehensions."""
    roll = writer.rng.random()
    if roll < 0.6:
        return _many(writer)
    return _comprehensions(writer) if roll < 0.8 else _loop(writer)


# --- many operations --------------------------------------------------------------------------------------------------


def _many(writer: Writer) -> list[str]:
    """Operations, each kind of what they give in a variable of its own, and tests that decide what one becomes."""
    rng = writer.rng
    writer.max_params = rng.choice([1, 1, 2, 2, 3])
    writer.add_param(rng.choice(_KINDS[: -2 if writer.max_params == 1 else None]))
    names: dict[str, str] = {}  # by kind
    tested = 0.6 * rng.random()
    lines: list[str] = []
    for _ in range(rng.choice([3, 4, 5, 6, 6, 7, 8, 10])):
        lines += (_counted(writer, names) if rng.random() < tested else None) or _assigned(writer, names)
    if not names:
        return ["return None"]
    return [*lines, f"return {', '.join(names.values()) if rng.random() < 0.7 else list(names.values())[-1]}"]


def _assigned(writer: Writer, names: dict[str, str]) -> list[str]:
    """An operation of those that are everywhere, or of any; nothing where none was found."""
    for _ in range(_TRIES):
        if writer.rng.random() < 0.65:
            kind = writer.rng.choice(_MADE)
            text = made_of(writer, kind)
        else:
            kind = "unknown"
            text = _any(writer)
        if text:
            return [f"{_name(writer, names, kind)} = {text}"]
    return []


def _any(writer: Writer) -> str | None:
    template = _VALUED.draw(writer.rng)
    if not writer.fits(template):
        return None
    text = writer.fill(template)
    return None if asks_itself(text) else text


def _name(writer: Writer, names: dict[str, str], kind: str) -> str:
    """The variable for what is of this kind; in scope from now on."""
    if kind not in names:
        names[kind] = writer.declare(kind, result=writer.rng.random() < 0.7)
    return names[kind]


def _counted(writer: Writer, names: dict[str, str]) -> list[str]:
    """A test that decides what a number becomes, or whose truth is kept; nothing where none was found."""
    rng = writer.rng
    test = next(filter(None, (test_of(writer) for _ in range(_TRIES))), None)
    if test is None:
        return []
    roll = rng.random()
    if roll < 0.3:
        return [f"{_name(writer, names, 'bool')} = {test}"]
    new = "int" not in names
    name = _name(writer, names, "int")
    one, other, start = (str(rng.randint(0, 99)) for _ in range(3))
    if roll < 0.45:
        return [f"{name} = {one} if {test} else {other}"]
    if roll < 0.75:
        return [*([f"{name} = {start}"] if new else []), f"if {test}:", f"    {name} {rng.choice(['=', '+='])} {one}"]
    return [f"if {test}:", f"    {name} = {one}", "else:", f"    {name} = {other}"]


# --- elements ---------------------------------------------------------------------------------------------------------


def _comprehensions(writer: Writer) -> list[str]:
    rng = writer.rng
    writer.max_params = rng.choice([2, 2, 3])
    if rng.random() < 0.5:
        return [f"return {_over(writer)}"]
    made = []
    for text in [_over(writer) for _ in range(rng.choice([1, 1, 2]))]:
        made.append((writer.declare("unknown", result=True), text))
    return [*(f"{name} = {text}" for name, text in made), f"return {', '.join(name for name, _ in made)}"]


def _over(writer: Writer) -> str:
    """Something of each element of a variable."""
    while True:
        text = writer.fill(_drawn(writer))
        if not asks_itself(text) and not _IN_ITSELF.search(text):
            return text


def _drawn(writer: Writer) -> str:
    """A template that fits, if one is found soon, its `!` obeyed."""
    template = next((text for text in writer.rng.choices(*_OVER, k=_TRIES) if writer.fits(text)), _OVER[0][0])
    if template.startswith("!"):
        template = template[1:]
        for hole, kind in RECEIVERS.items():
            if f"<{hole}>" in template:
                template = template.replace(f"<{hole}>", writer.variable(kind) or writer.add_param(kind))
    return template


def _loop(writer: Writer) -> list[str]:
    """A loop over the elements that decides, and counts or collects."""
    rng = writer.rng
    writer.max_params = rng.choice([1, 2, 2])
    kind = rng.choice(["str", "str", "str", "li", "ls"])
    element, table = _LOOPS[kind]
    over = writer.add_param(kind)
    start, yes, no = rng.choice(_COLLECTED)
    made = writer.fresh_name(_KIND_OF[start], result=True)
    writer.scope.append(Variable(made, "unknown"))
    name = writer.fresh_name(element)
    writer.scope.append(Variable(name, "unknown"))
    lines = [f"if {_element_test(writer, table, name, over)}:", f"    {yes}"]
    if rng.random() < 0.6:
        lines += [rng.choice(["else:", f"elif {_element_test(writer, table, name, over)}:"]), f"    {no}"]
    lines = [line.replace("$", made).replace("@", name) for line in lines]
    head = rng.choice(
        [f"for {name} in {over}:"] * 4 + [f"for {name} in {over}[::-1]:", f"for {name} in sorted({over}):"]
    )
    return [f"{made} = {start}", head, *(f"    {line}" for line in lines), f"return {made}"]


def _element_test(writer: Writer, table: Table, name: str, over: str) -> str:
    """A test of the element; whether it is where it came from is none."""
    while True:
        template = writer.rng.choices(*table)[0]
        if not writer.fits(template):  # asked first: to fill it may add a parameter
            continue
        text = writer.fill(template, 0, {"v": name})
        if not asks_itself(text) and not re.search(rf"\b{name} (?:not )?in {over}\b", text):
            return text


_KIND_OF = {"0": "int", "[]": "ls", "{}": "dsi", "''": "str"}
_COLLECTED = [  # start, what a test that holds does to `$` with the element `@`, what one that does not
    ("0", "$ += 1", "$ -= 1"),
    ("0", "$ += 1", "continue"),
    ("0", "$ += 1", "$ += 2"),
    ("0", "$ += 2", "break"),
    ("[]", "$.append(@)", "$.insert(0, @)"),
    ("[]", "$.append(@)", "continue"),
    ("[]", "$.append(@)", "$.append(@ * 2)"),
    ("[]", "$.insert(0, @)", "$.append(@)"),
    ("[]", "$ += [@]", "break"),
    ("{}", "$[@] = $.get(@, 0) + 1", "$[@] = 0"),
    ("{}", "$[@] = True", "$[@] = False"),
    ("''", "$ += str(@)", "$ += '-'"),
    ("''", "$ = str(@) + $", "$ += str(@)"),
]
