"""Programs with as much to compute as a trace of their length can have.

Most of a trace is told by what stands before it (a line's text, names, what has not changed), and costs a model as much time as the rest. Here
a dozen operations or tests are done on one or two arguments, their results in one or two variables; or a loop, a comprehension or a lambda
tests and maps each element, with names from around it.
"""

from __future__ import annotations

from cwm_trace.train.basics import filled, made_of, test_of
from cwm_trace.train.grammar import read_table
from cwm_trace.train.skills import done, drawn
from cwm_trace.train.writer import Writer

_KINDS = ["str"] * 6 + ["li"] * 3 + ["ls"] * 2 + ["char", "int", "dsi"]
_MADE = ["int"] * 8 + ["str"] * 8 + ["ls"] * 2 + ["li"] * 2
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
2 [<LI>.count(<v>) for <v:int> in <LI>]
2 [<LS>.count(<v>) for <v:str> in <LS>]
2 [<S>.count(<v>) for <v:char> in <S>]
2 [<LI>.index(<v>) for <v:int> in <LI>]
2 [<LI>[<v>] for <v:int> in range(len(<LI>))]
2 [<S>[<v>] for <v:int> in range(len(<S>))]
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
3 {<v>: <S>.count(<v>) for <v:char> in <S>}
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
2 sorted(<S>, key=lambda <v:char>: <S>.index(<v>) if <v> in <S> else 0)
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


def _many(writer: Writer) -> list[str]:
    """Operations whose results go to one or two variables, and tests that count."""
    rng = writer.rng
    writer.max_params = rng.choice([1, 1, 2, 2, 3])
    writer.add_param(rng.choice(_KINDS))
    names = [writer.fresh_name("int", result=True)]
    if rng.random() < 0.4:
        names.append(writer.fresh_name("str"))
    tested = rng.random()
    lines: list[str] = []
    for _ in range(rng.choice([3, 4, 5, 6, 6, 7, 8, 10])):
        if rng.random() < 0.6 * tested:
            lines += _counted(writer, names, lines)
        else:
            lines.append(f"{rng.choice(names)} = {_operation(writer)}")
    shown = [name for name in dict.fromkeys(names) if any(line.startswith(f"{name} = ") for line in lines)]
    return [*lines, f"return {', '.join(shown)}"]


def _operation(writer: Writer) -> str:
    """One that gives a value: of those that are everywhere, or of any."""
    if writer.rng.random() < 0.65:
        return made_of(writer, writer.rng.choice(_MADE))
    while True:
        text, changed = done(writer, drawn(writer))
        if changed is None:
            return text


def _counted(writer: Writer, names: list[str], before: list[str]) -> list[str]:
    """A test that decides what a variable becomes; it is bound before."""
    rng = writer.rng
    name = names[0]
    bound = any(line.startswith(f"{name} = ") for line in before)
    start = [] if bound else [f"{name} = {rng.randint(0, 9)}"]
    test = test_of(writer)
    roll = rng.random()
    if roll < 0.3:
        return [*start, f"{name} = {test}"]
    if roll < 0.45:
        return [*start, f"{name} = {rng.randint(0, 99)} if {test} else {rng.randint(0, 99)}"]
    lines = [*start, f"if {test}:", f"    {name} = {rng.randint(0, 99)}"]
    return lines if roll < 0.75 else [*lines, "else:", f"    {name} = {rng.randint(0, 99)}"]


def _comprehensions(writer: Writer) -> list[str]:
    rng = writer.rng
    writer.max_params = rng.choice([2, 2, 3])
    writer.add_param(rng.choice(["str", "str", "li", "ls"]))
    if rng.random() < 0.5:
        return [f"return {filled(writer, _OVER)}"]
    made = [(filled(writer, _OVER), writer.fresh_name("ls", result=True)) for _ in range(rng.choice([1, 1, 2]))]
    return [*(f"{name} = {text}" for text, name in made), f"return {made[-1][1]}"]


def _loop(writer: Writer) -> list[str]:
    """A loop over the elements that decides, and counts or collects."""
    rng = writer.rng
    writer.max_params = rng.choice([1, 2, 2])
    kind = rng.choice(["str", "str", "str", "li", "ls"])
    element, table = _LOOPS[kind]
    over = writer.add_param(kind)
    made = writer.fresh_name(rng.choice(["int", "str", "ls"]), result=True)
    taken = {over, made}
    while (name := writer.fresh_name(element)) in taken:
        pass
    start, yes, no = rng.choice(_COLLECTED)
    lines = [f"if {writer.fill(rng.choices(*table)[0], 0, {'v': name})}:", f"    {yes}"]
    if rng.random() < 0.6:
        lines += [rng.choice(["else:", f"elif {writer.fill(rng.choices(*table)[0], 0, {'v': name})}:"]), f"    {no}"]
    lines = [line.replace("$", made).replace("@", name) for line in lines]
    head = rng.choice(
        [f"for {name} in {over}:"] * 4 + [f"for {name} in {over}[::-1]:", f"for {name} in sorted({over}):"]
    )
    return [f"{made} = {start}", head, *(f"    {line}" for line in lines), f"return {made}"]


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
