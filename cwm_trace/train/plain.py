"""Functions as people write them to show one thing: a guard, a preparation, a loop that decides and collects, a result; or branches that return.

Composed, not drawn whole: heads of loops, elements, tests, ways to collect and ways to return are chosen apart, so that most functions have
never been seen. Bodies of the family `plain`, and the parts of `module`. Knows the types of variables, not their values. Runs nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from cwm_trace.train.grammar import CONDITIONS, EXPRESSIONS, MAPS, MUTATIONS
from cwm_trace.train.skills import done, drawn
from cwm_trace.train.writer import Variable, Writer


class Body(NamedTuple):
    """Lines of a function, and the kind of what it returns; "" where that is not known."""

    lines: list[str]
    kind: str


class _Element(NamedTuple):
    """What a loop is at: an expression of a kind, and an index if there is one."""

    text: str
    kind: str
    position: str = ""


_KINDS = ["str"] * 64 + ["li"] * 13 + ["ls"] * 11 + ["dsi"] * 7 + ["int"] * 6 + ["lli"] * 3 + ["dss", "dis", "lm", "lt"]
KINDS = frozenset(_KINDS)
"""Kinds of a first parameter."""
_ELEMENTS = {"str": "char", "li": "int", "ls": "str", "lli": "li", "lm": "any", "lt": "any"}
_LITERALS = {
    "str": ["''", "''", "'none'", "' '"],
    "int": ["0", "0", "-1", "1"],
    "li": ["[]", "[]", "[0]", "[-1]"],
    "ls": ["[]", "[]", "['']"],
    "dsi": ["{}"],
    "bool": ["True", "False", "False"],
}


def plain_body(writer: Writer, kind: str | None = None) -> Body:
    """A function's body about a first parameter of this kind, or any; it may add parameters."""
    rng = writer.rng
    kind = kind or rng.choice(_KINDS)
    name = writer.add_param(kind)
    if rng.random() < 0.35 and writer.max_params > 1:
        writer.add_param(
            rng.choice(
                [
                    "str",
                    "int",
                    "int",
                    "char",
                    "char",
                    "char",
                    "char",
                    "li",
                    "ls",
                    kind if kind in EXPRESSIONS else "str",
                ]
            )
        )
    made = rng.choices(_SHAPES, _SHAPE_WEIGHTS)[0](writer, name, kind)
    guards: list[str] = []
    if rng.random() < 0.14 and len(made.lines) > 1:
        guards = _guard(writer, name, kind)
    return Body([*guards, *made.lines], made.kind)


def _guard(writer: Writer, name: str, kind: str) -> list[str]:
    """An early return for a special case."""
    rng = writer.rng
    if kind == "int":
        test = rng.choice([f"{name} <= 0", f"{name} == 0", f"{name} < 2", f"not {name}"])
    else:
        test = rng.choice(
            [f"not {name}", f"len({name}) == 0", f"len({name}) < {rng.randint(1, 4)}", f"len({name}) == 1"]
        )
    value = rng.choice(
        [
            name,
            rng.choice(_LITERALS.get(kind, ["None"])),
            "None",
            "-1",
            "0",
            "False",
            f"len({name})" if kind != "int" else name,
        ]
    )
    return [f"if {test}:", f"    return {value}"]


# --- without a loop ---------------------------------------------------------------------------------------------------


def _expression(writer: Writer, name: str, kind: str) -> Body:
    if writer.rng.random() < 0.35:
        text, changed = done(writer, drawn(writer))
        return Body([text, f"return {changed}"] if changed else [f"return {text}"], "")
    result = writer.rng.choice(["str", "str", "int", "ls", "li", "bool", "dsi"])
    return Body([f"return {writer.operation(result, writer.rng.choice([0, 1, 1, 2]))}"], result)


def _straight(writer: Writer, name: str, kind: str) -> Body:
    """A few lines, each of which changes or makes something."""
    rng = writer.rng
    lines: list[str] = []
    last, last_kind = name, kind
    for _ in range(rng.choice([1, 2, 2, 3, 3, 4])):
        if rng.random() < 0.5:
            text, changed = done(writer, drawn(writer))
            last_kind, last = ("", writer.declare("unknown", result=True)) if changed is None else ("", changed)
            lines.append(f"{last} = {text}" if changed is None else text)
        elif last_kind in MUTATIONS and rng.random() < 0.55:
            lines.append(writer.fill(rng.choices(*MUTATIONS[last_kind])[0], 0, {"X": last}))
        elif rng.random() < 0.12:
            lines += _several_at_once(writer)
        else:
            last_kind = rng.choice(["str", "str", "int", "ls", "li"])
            text = writer.operation(last_kind, rng.choice([0, 0, 1]))
            known = writer.variables(last_kind)
            last = (
                rng.choice(known)
                if known and rng.random() < 0.45
                else writer.declare(last_kind, result=rng.random() < 0.5)
            )
            lines.append(f"{last} = {text}")
    if rng.random() < 0.12 and len(writer.scope) > 1:
        return Body([*lines, f"return {', '.join(variable.name for variable in writer.scope[-2:])}"], "")
    if rng.random() < 0.25 and last_kind in ("str", "ls", "li", "int"):
        return Body([*lines, *_end(writer, last, last_kind)], "")
    return Body([*lines, f"return {last}"], last_kind)


def _several_at_once(writer: Writer) -> list[str]:
    rng = writer.rng
    source = writer.variable("str")
    if source is None or rng.random() < 0.4:
        one, other = writer.declare("int"), writer.declare("int")
        return [f"{one}, {other} = {writer.expression('int', 1)}, {writer.expression('int', 0)}"]
    before, middle, after = (writer.declare("str") for _ in range(3))
    if rng.random() < 0.5:
        return [
            f"{before}, {middle}, {after} = {source}.{rng.choice(['partition', 'rpartition'])}({writer.argument('piece', 0)})"
        ]
    at = rng.choice(["1", "2", "3", f"len({source}) // 2", "-1", "-2"])
    return [f"{before}, {middle} = {source}[:{at}], {source}[{at}:]", f"{after} = {middle} + {before}"]


def _branches(writer: Writer, name: str, kind: str) -> Body:
    """Tests one after another, most of which return."""
    rng = writer.rng
    lines = _prepared(writer) if rng.random() < 0.4 else []
    result = rng.choice(["str", "str", "int", "bool", kind if kind in EXPRESSIONS else "ls"])
    word = "if"
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
        lines.append(f"{word} {_test(writer)}:")
        if rng.random() < 0.15:
            lines += ["    " + line for line in _prepared(writer, keep=False)]
        lines.append(f"    return {_value(writer, result)}")
        word = rng.choice(["if", "if", "elif"])
    last = f"return {_value(writer, result)}"
    return Body([*lines, "else:", f"    {last}"] if rng.random() < 0.3 else [*lines, last], result)


def _changing_branches(writer: Writer, name: str, kind: str) -> Body:
    """A variable that tests change, returned at the end."""
    rng = writer.rng
    lines = _prepared(writer) if rng.random() < 0.5 else []
    variable = rng.choice([item for item in writer.scope if item.kind in MUTATIONS] or writer.scope)
    for _ in range(rng.choice([1, 1, 2])):
        lines += [f"if {_test(writer)}:", f"    {_changed(writer, variable.name, variable.kind)}"]
        if rng.random() < 0.35:
            lines += [f"elif {_test(writer)}:", f"    {_changed(writer, variable.name, variable.kind)}"]
        if rng.random() < 0.4:
            lines += ["else:", f"    {_changed(writer, variable.name, variable.kind)}"]
    return Body([*lines, f"return {variable.name}"], variable.kind)


def _changed(writer: Writer, name: str, kind: str) -> str:
    if kind in MUTATIONS and (kind not in EXPRESSIONS or writer.rng.random() < 0.7):
        return writer.fill(writer.rng.choices(*MUTATIONS[kind])[0], 0, {"X": name})
    return f"{name} = {writer.operation(kind, 0)}"


def _test(writer: Writer) -> str:
    rng = writer.rng
    text = writer.condition()
    if rng.random() < 0.12:
        text = f"{text} {rng.choice(['and', 'or'])} {writer.condition()}"
    return f"not ({text})" if rng.random() < 0.04 else text


def _value(writer: Writer, kind: str) -> str:
    rng = writer.rng
    known = writer.variables(kind)
    roll = rng.random()
    if roll < 0.3 and known:
        return rng.choice(known)
    if roll < 0.5 and kind in _LITERALS:
        return rng.choice(_LITERALS[kind])
    if roll < 0.68:
        text, changed = done(writer, drawn(writer))
        if changed is None:
            return text
    return writer.operation(kind, rng.choice([0, 0, 1]))


def _prepared(writer: Writer, *, keep: bool = True) -> list[str]:
    """A line that makes something of what is there. `keep`: what it makes is in scope afterwards."""
    before = len(writer.scope)
    kind = writer.rng.choice(["str", "int", "ls", "li"])
    if writer.rng.random() < 0.4:
        text, changed = done(writer, drawn(writer))
        if changed is not None:
            return [text]
        kind = "unknown"
    else:
        text = writer.operation(kind, 0)
    known = writer.variables(kind)
    name = writer.rng.choice(known) if known and writer.rng.random() < 0.4 else writer.declare(kind)
    if not keep:
        del writer.scope[before:]
    return [f"{name} = {text}"]


def _tried(writer: Writer, name: str, kind: str) -> Body:
    """Something that may fail, and what is done then."""
    rng = writer.rng
    attempts = [
        ("int", f"int({writer.receiver('str', 0)})", "ValueError"),
        ("int", f"{writer.receiver('str', 0)}.index({writer.argument('piece', 0)})", "ValueError"),
        ("str", f"{writer.receiver('ls', 0)}[{rng.randint(0, 6)}]", "IndexError"),
        ("int", f"{writer.receiver('dsi', 0)}[{writer.argument('s', 0)}]", "KeyError"),
        ("int", f"{writer.receiver('int', 0)} // {writer.argument('int', 0)}", "ZeroDivisionError"),
        ("int", f"{writer.receiver('li', 0)}.index({writer.argument('int', 0)})", "ValueError"),
        ("str", f"{writer.receiver('str', 0)} + {writer.argument('any', 0)}", "TypeError"),
    ]
    result, text, error = rng.choice(attempts)
    made = writer.declare(result, result=True)
    caught = rng.choice([error, error, f"{error} as e", "Exception", f"({error}, AttributeError)"])
    other = rng.choice([*_LITERALS[result], "str(e)" if caught.endswith(" e") else "None"])
    lines = ["try:", f"    {made} = {text}", f"except {caught}:"]
    lines.append(rng.choice([f"    return {other}", f"    {made} = {other}"]))
    if rng.random() < 0.15:
        lines += ["else:", f"    {_changed(writer, made, result)}"]
    if rng.random() < 0.1:
        lines += ["finally:", f"    {name} = {rng.choice([name, 'None'])}"]
    return Body([*lines, f"return {rng.choice([made, made, f'{made}, {name}'])}"], "")


# --- loops ------------------------------------------------------------------------------------------------------------


class _Loop(NamedTuple):
    before: list[str]
    head: str
    first: list[str]
    """Lines at the beginning of the loop's body."""
    last: list[str]
    """And at its end."""
    element: _Element


def _loop(writer: Writer, name: str, kind: str) -> Body:
    """What is collected, over what, under which test, and how it is returned."""
    rng = writer.rng
    before: list[str] = []
    if kind == "str" and rng.random() < 0.22:
        kind, old = "ls", name
        name = rng.choice([old, writer.fresh_name("ls")])
        piece = writer.argument("piece", 0)
        parts = rng.choice([f"{old}.split()", f"{old}.split()", f"list({old})", f"{old}.split({piece})"])
        before.append(f"{name} = {parts}")
        if name != old:
            writer.scope.append(Variable(name, kind))
    elif kind == "str" and rng.random() < 0.1:
        before.append(f"{name} = {name}.{rng.choice(['lower', 'upper', 'strip'])}()")
    elif kind in ("li", "ls") and rng.random() < 0.1:
        before.append(
            rng.choice([f"{name}.sort()", f"{name} = sorted({name})", f"{name}.reverse()", f"{name} = {name}[::-1]"])
        )
    if rng.random() < 0.3:
        before += _prepared(writer)
    loop = _head(writer, name, kind)
    if rng.random() < 0.2:
        return _searching(writer, before, loop, name, kind)
    if kind in ("li", "ls", "str", "dsi") and rng.random() < (0.12 if kind == "str" else 0.5):
        return _changing(writer, before, loop, name, kind)
    return _collecting(writer, before, loop, name, kind)


def _head(writer: Writer, name: str, kind: str) -> _Loop:
    rng = writer.rng
    if kind == "int":
        return _counted(writer, name)
    if kind in ("dsi", "dss", "dis"):
        return _over_dict(writer, name, kind)
    element = _ELEMENTS[kind]
    roll = rng.random()
    if roll < 0.36:
        item = writer.declare(element)
        over = rng.choice(
            [name] * 9
            + [f"{name}[1:]", f"{name}[::-1]", f"reversed({name})", f"sorted({name})" if kind not in ("lm",) else name]
        )
        return _Loop([], f"for {item} in {over}:", [], [], _Element(item, element))
    if roll < 0.72:
        index = _index(writer)
        over = f"range(len({name}))"
        over = rng.choice(
            [over] * 6
            + [
                f"range(1, len({name}))",
                f"range(len({name}) - 1)",
                f"range(0, len({name}), 2)",
                f"range(len({name}) - 1, -1, -1)",
            ]
        )
        return _Loop([], f"for {index} in {over}:", [], [], _Element(f"{name}[{index}]", element, index))
    if roll < 0.82:
        index, item = _index(writer), writer.declare(element)
        return _Loop([], f"for {index}, {item} in enumerate({name}):", [], [], _Element(item, element, index))
    if roll < 0.93 or kind == "str":
        index = _index(writer)
        step = rng.choice(["1", "1", "1", "2"])
        test = rng.choice([f"{index} < len({name})", f"{index} < len({name})", f"{index} < len({name}) - 1"])
        return _Loop(
            [f"{index} = {rng.choice(['0', '0', '1'])}"],
            f"while {test}:",
            [],
            [f"{index} += {step}"],
            _Element(f"{name}[{index}]", element, index),
        )
    item = writer.declare(element)
    test = rng.choice([name, name, f"len({name}) > {rng.randint(0, 2)}"])
    return _Loop(
        [], f"while {test}:", [f"{item} = {name}.pop({rng.choice(['', '', '0'])})"], [], _Element(item, element)
    )


def _index(writer: Writer) -> str:
    taken = writer.taken()
    free = [name for name in ("i", "i", "i", "j", "idx", "index", "k", "pos") if name not in taken]
    return writer.rng.choice(free) if free else writer.fresh_name("int")


def _counted(writer: Writer, name: str) -> _Loop:
    rng = writer.rng
    if rng.random() < 0.3:
        digit = writer.declare("int")
        base = rng.choice([10, 10, 2, 3])
        return _Loop(
            [f"{name} = abs({name})"],
            f"while {name} > 0:",
            [f"{digit} = {name} % {base}"],
            [f"{name} //= {base}"],
            _Element(digit, "int"),
        )
    index = writer.declare("int")
    over = rng.choice(
        [f"range({name})", f"range({name})", f"range(1, {name} + 1)", f"range({name}, 0, -1)", f"range(0, {name}, 2)"]
    )
    return _Loop(
        [f"{name} = {name} % 12"] if rng.random() < 0.3 else [],
        f"for {index} in {over}:",
        [],
        [],
        _Element(index, "int"),
    )


def _over_dict(writer: Writer, name: str, kind: str) -> _Loop:
    rng = writer.rng
    key_kind, value_kind = {"dsi": ("str", "int"), "dss": ("str", "str"), "dis": ("int", "str")}[kind]
    key = writer.declare(key_kind)
    roll = rng.random()
    if roll < 0.5:
        value = writer.declare(value_kind)
        over = rng.choice([f"{name}.items()"] * 4 + [f"sorted({name}.items())", f"list({name}.items())"])
        return _Loop(
            [],
            f"for {key}, {value} in {over}:",
            [],
            [],
            _Element(value, value_kind, "") if rng.random() < 0.5 else _Element(key, key_kind),
        )
    if roll < 0.65:
        writer.scope.pop()
        value = writer.declare(value_kind)
        return _Loop([], f"for {value} in {name}.values():", [], [], _Element(value, value_kind))
    over = rng.choice([name, name, f"{name}.keys()", f"list({name})", f"sorted({name})", f"list({name}.keys())"])
    element = _Element(f"{name}[{key}]", value_kind) if rng.random() < 0.5 else _Element(key, key_kind)
    return _Loop([], f"for {key} in {over}:", [], [], element)


def _element_test(writer: Writer, name: str, kind: str, element: _Element) -> str:
    rng = writer.rng
    if element.position and rng.random() < 0.22:
        index = element.position
        return rng.choice(
            [
                f"{index} % 2 == 0",
                f"{index} % 2",
                f"{index} > 0",
                f"{index} == len({name}) - 1",
                f"{index} % 3 == 0",
                f"{index} < {rng.randint(1, 5)}",
            ]
        )
    if element.kind == "any":
        return rng.choice(
            ["isinstance(<v>, str)", "isinstance(<v>, int)", "<v>", "not <v>", "<v> is not None"]
        ).replace("<v>", element.text)
    if element.kind == "li":
        return rng.choice(
            [f"len({element.text}) > {rng.randint(0, 2)}", element.text, f"sum({element.text}) > {rng.randint(0, 9)}"]
        )
    text = writer.fill(rng.choices(*CONDITIONS[element.kind])[0], 0, {"v": element.text})
    if rng.random() < 0.08:
        text += f" {rng.choice(['and', 'or'])} " + writer.fill(
            rng.choices(*CONDITIONS[element.kind])[0], 0, {"v": element.text}
        )
    return text


def _mapped(writer: Writer, element: _Element) -> str:
    """The element, or something made of it."""
    rng = writer.rng
    roll = rng.random()
    if element.kind == "any":
        return rng.choice(["<v>", "<v>", "str(<v>)", "type(<v>).__name__", "repr(<v>)"]).replace("<v>", element.text)
    if element.kind == "li":
        return rng.choice(["sum(<v>)", "len(<v>)", "<v>[::-1]", "<v>", "sorted(<v>)"]).replace("<v>", element.text)
    if roll < 0.5:
        return element.text
    if roll < 0.58 and element.position:
        return rng.choice(
            [
                element.position,
                f"{element.text} * {element.position}" if element.kind == "int" else f"str({element.position})",
            ]
        )
    table = MAPS[{"int": "mapint", "char": "mapchar", "str": "mapstr"}[element.kind]]
    return writer.fill(rng.choices(*table)[0], 0, {"v": element.text})


def _collecting(writer: Writer, before: list[str], loop: _Loop, name: str, kind: str) -> Body:
    rng = writer.rng
    element = loop.element
    collected = rng.choices(_COLLECTED, _COLLECTED_WEIGHTS)[0]
    if collected == "str" and element.kind not in ("char", "str"):
        collected = "list"
    kinds = {
        "str": "str",
        "list": "li" if element.kind == "int" else "ls",
        "count": "int",
        "dict": "dsi",
        "last": "str",
        "best": "int",
    }
    made = writer.fresh_name(kinds[collected], result=True)
    start, add, kind_made = _ADDING[collected](writer, made, element)
    body = _decided(writer, name, kind, element, add)
    if collected == "last":
        previous = writer.fresh_name("char")
        while previous == made:
            previous = writer.fresh_name("char")
        start.append(f"{previous} = {rng.choice(['None', repr('')])}")
        body = [
            f"if {element.text} {rng.choice(['!=', '!=', '=='])} {previous}:",
            *indented(add()),
            f"{previous} = {element.text}",
        ]
    lines = [*before, *start, *loop.before] if rng.random() < 0.5 else [*start, *before, *loop.before]
    del writer.scope[len(writer.params) :]
    end = _end(writer, made, kind_made)
    return Body(
        [*lines, loop.head, *indented([*loop.first, *body, *loop.last]), *end],
        kind_made if end == [f"return {made}"] else "",
    )


_COLLECTED = ["str", "list", "count", "dict", "last", "best"]
_COLLECTED_WEIGHTS = [26, 34, 20, 10, 4, 6]
Add = Callable[[], list[str]]


def _add_text(writer: Writer, made: str, element: _Element) -> tuple[list[str], Add, str]:
    rng = writer.rng

    def add() -> list[str]:
        text = _mapped(writer, element) if element.kind != "int" else f"str({element.text})"
        return [rng.choice([f"{made} += {text}"] * 6 + [f"{made} = {text} + {made}", f"{made} = {made} + {text}"])]

    return [f"{made} = {rng.choice([repr('')] * 6 + [repr(writer.theme.piece())])}"], add, "str"


def _add_item(writer: Writer, made: str, element: _Element) -> tuple[list[str], Add, str]:
    rng = writer.rng

    def add() -> list[str]:
        text = _mapped(writer, element)
        return [
            rng.choice(
                [f"{made}.append({text})"] * 8
                + [f"{made}.insert(0, {text})", f"{made} += [{text}]", f"{made}.extend([{text}])"]
            )
        ]

    return [f"{made} = []"], add, "ls" if element.kind in ("char", "str") else "li"


def _add_count(writer: Writer, made: str, element: _Element) -> tuple[list[str], Add, str]:
    rng = writer.rng
    values = ["1", "1", "1", *([element.position] if element.position else [])]
    values += (
        [element.text] * 3 if element.kind == "int" else [f"len({element.text})"] * (element.kind in ("str", "li"))
    )

    def add() -> list[str]:
        return [f"{made} {rng.choice(['+=', '+=', '+=', '+=', '-='])} {rng.choice(values)}"]

    return [f"{made} = {rng.choice(['0', '0', '0', '0', '1', '10'])}"], add, "int"


def _add_key(writer: Writer, made: str, element: _Element) -> tuple[list[str], Add, str]:
    rng, text = writer.rng, element.text
    if element.kind in ("li", "any"):
        text = f"str({text})"

    def add() -> list[str]:
        return rng.choice(
            [
                [f"{made}[{text}] = {made}.get({text}, 0) + 1"],
                [f"if {text} in {made}:", f"    {made}[{text}] += 1", "else:", f"    {made}[{text}] = 1"],
                [f"if {text} not in {made}:", f"    {made}[{text}] = 0", f"{made}[{text}] += 1"],
                [f"{made}[{text}] = {element.position or _mapped(writer, element)}"],
                [
                    f"{made}.setdefault({_mapped(writer, element) if element.kind in ('char', 'str', 'int') else text}, []).append({text})"
                ],
            ]
        )

    return [f"{made} = {rng.choice(['{}', '{}', '{}', 'dict()'])}"], add, "dsi"


def _add_best(writer: Writer, made: str, element: _Element) -> tuple[list[str], Add, str]:
    rng, text = writer.rng, element.text
    if element.kind in ("str", "li"):
        text = f"len({text})"
    elif element.kind in ("char", "any"):
        text = f"ord({text})" if element.kind == "char" else f"len(str({text}))"

    def add() -> list[str]:
        sign = rng.choice([">", "<", ">="])
        return rng.choice(
            [
                [f"if {text} {sign} {made}:", f"    {made} = {text}"],
                [f"{made} = {rng.choice(['max', 'min'])}({made}, {text})"],
            ]
        )

    return [f"{made} = {rng.choice(['0', '0', '-1', '100'])}"], add, "int"


_ADDING: dict[str, Callable[[Writer, str, _Element], tuple[list[str], Add, str]]] = {
    "str": _add_text, "list": _add_item, "count": _add_count, "dict": _add_key, "last": _add_item, "best": _add_best,
}  # fmt: skip


def _decided(writer: Writer, name: str, kind: str, element: _Element, add: Add) -> list[str]:
    """The loop's body: always, under a test, or one of two things."""
    rng = writer.rng
    roll = rng.random()
    if roll < 0.07:
        return _again(writer, name, kind, element, add)
    if roll < 0.3:
        return add()
    test = _element_test(writer, name, kind, element)
    if roll < 0.58:
        return [f"if {test}:", *indented(add())]
    if roll < 0.8:
        return [f"if {test}:", *indented(add()), "else:", *indented(add())]
    if roll < 0.88:
        other = _element_test(writer, name, kind, element)
        end = ["else:", *indented(add())] if rng.random() < 0.6 else []
        return [f"if {test}:", *indented(add()), f"elif {other}:", *indented(add()), *end]
    # A loop that counts by itself would not go on.
    word = "continue" if rng.random() < 0.6 and not element.position else "break"
    return [f"if {test}:", f"    {word}", *add()]


def _again(writer: Writer, name: str, kind: str, element: _Element, add: Add) -> list[str]:
    """A loop in the loop: over what the element holds, over a part of the whole, or a few times."""
    rng = writer.rng
    if element.kind in ("li", "str"):
        inner = writer.declare(_ELEMENTS[element.kind])
        made = add()
        return [
            f"for {inner} in {element.text}:",
            *indented(made if rng.random() < 0.5 else [f"if {inner}:", *indented(made)]),
        ]
    inner = _index(writer)
    while inner == element.position:
        inner = writer.fresh_name("int")
    ranges = ["range(2)", "range(3)"]
    if element.position and kind != "int":
        ranges += [
            f"range({element.position}, len({name}))",
            f"range({element.position})",
            f"range({element.position} + 1, len({name}))",
        ]
    head = f"for {inner} in {rng.choice(ranges)}:"
    if f"len({name})" not in head or rng.random() < 0.3:
        return [head, *indented(add())]
    return [
        head,
        f"    if {name}[{inner}] {rng.choice(['==', '!=', '>', '<'])} {element.text}:",
        *indented(indented(add())),
    ]


def _searching(writer: Writer, before: list[str], loop: _Loop, name: str, kind: str) -> Body:
    """Returns from inside the loop, or says after it that nothing was found."""
    rng, element = writer.rng, loop.element
    found = rng.choice([element.text, element.position or "True", "True", "False", _mapped(writer, element)])
    other = {"True": ["False"], "False": ["True"]}.get(found, ["None", "-1", "''", "0", name])
    test = _element_test(writer, name, kind, element)
    body = [f"if {test}:", f"    return {found}"]
    return Body(
        [*before, *loop.before, loop.head, *indented([*loop.first, *body, *loop.last]), f"return {rng.choice(other)}"],
        "",
    )


def _changing(writer: Writer, before: list[str], loop: _Loop, name: str, kind: str) -> Body:
    """Changes what it loops over."""
    rng, element = writer.rng, loop.element
    test = _element_test(writer, name, kind, element)
    index = element.position
    if kind == "str":
        changes = [
            f"{name} = {name}.replace({element.text}, {writer.argument('piece', 0)})",
            f"{name} = {name}[1:]",
            f"{name} += {element.text}",
        ]
        changes = changes if not loop.head.startswith("while") else changes[:2]
    elif kind == "dsi":
        key = loop.head.split()[1].strip(",")
        changes = [
            f"{name}[{key}] = {rng.randint(0, 9)}",
            f"{name}.pop({key})",
            f"del {name}[{key}]",
            f"{name}[{key}] += 1",
        ]
        changes = changes if ".values()" not in loop.head else [f"{name}['new'] = {element.text}"]
    elif index:
        changes = [
            f"{name}[{index}] = {_mapped(writer, element)}",
            f"{name}[{index}] = {_mapped(writer, element)}",
            f"{name}.pop({index})",
        ]
        changes += [
            f"{name}.remove({element.text})",
            f"del {name}[{index}]",
            f"{name}.insert({index}, {element.text})",
        ] * (rng.random() < 0.4)
    else:
        changes = [
            f"{name}.remove({element.text})",
            f"{name}.append({element.text})",
            f"{name}.insert(0, {element.text})",
            f"{name}.pop()",
        ]
    change = rng.choice(changes)
    if "append" in change or "+=" in change or "insert" in change:
        # Or the loop would not end.
        change += "\nbreak" if not loop.head.startswith("while") and rng.random() < 0.6 else ""
        test = f"len({name}) < {rng.randint(5, 9)} and ({test})" if "break" not in change else test
    body = (
        [f"if {test}:", *indented(change.split("\n"))]
        if rng.random() < 0.75 or "break" in change or "len(" in test
        else [change]
    )
    del writer.scope[len(writer.params) :]
    return Body(
        [*before, *loop.before, loop.head, *indented([*loop.first, *body, *loop.last]), *_end(writer, name, kind)], ""
    )


_ENDS: dict[str, list[str]] = {
    "str": ["{}"] * 8 + ["{}[::-1]", "{}.strip()", "len({})", "{}.upper()", "{} or 'none'", "{}[:-1]", "{}.split()"],
    "ls": ["{}"] * 6
    + ["''.join({})"] * 4
    + [
        "''.join({})",
        "''.join({})",
        "' '.join({})",
        "', '.join({})",
        "len({})",
        "{}[::-1]",
        "sorted({})",
        "'-'.join({})",
        "tuple({})",
    ],
    "li": ["{}"] * 7 + ["sum({})", "len({})", "{}[::-1]", "sorted({})", "max({}, default=0)", "tuple({})", "{}[-1:]"],
    "int": ["{}"] * 9 + ["str({})", "{} * 2", "{} % 7", "{} > 3", "-{}", "{} // 2"],
    "dsi": ["{}"] * 6
    + ["len({})", "list({})", "sorted({})", "list({}.items())", "list({}.values())", "sorted({}.items())"],
}


def _end(writer: Writer, name: str, kind: str) -> list[str]:
    rng = writer.rng
    text = rng.choice(_ENDS.get(kind, ["{}"])).format(name)
    roll = rng.random()
    if roll < 0.08 and kind in ("str", "ls", "li", "int"):
        test = (
            f"{name} > {rng.randint(0, 5)}"
            if kind == "int"
            else rng.choice([name, f"len({name}) > {rng.randint(0, 4)}"])
        )
        return [f"if {test}:", f"    return {text}", f"return {rng.choice(['None', '-1', name, 'False'])}"]
    if roll < 0.12:
        return [f"return {text}, {rng.choice(writer.params).name}"]
    return [f"return {text}"]


def indented(lines: list[str]) -> list[str]:
    """One level further in."""
    return ["    " + line for line in lines]


_SHAPE_TABLE: list[tuple[int, Callable[[Writer, str, str], Body]]] = [
    (10, _expression),
    (18, _straight),
    (14, _branches),
    (7, _changing_branches),
    (2, _tried),
    (55, _loop),
]
_SHAPES = [shape for _, shape in _SHAPE_TABLE]
_SHAPE_WEIGHTS = [weight for weight, _ in _SHAPE_TABLE]

DOCSTRINGS = [
    "Return what is left of the {}.", "Count the {}.", "Find the first {} that fits.", "Split the {} into parts.", "Make a {} of it.",
    "Whether the {} is valid.", "Add up the {}.", "The {} in order.", "Clean the {} up.", "Look for the best {}.",
]  # fmt: skip


def docstring(rng: random.Random, word: str) -> str:
    """A line of documentation."""
    return f'"""{rng.choice(DOCSTRINGS).format(word)}"""'
