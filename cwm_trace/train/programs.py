"""The program generator: seeded, typed, reproducible to the byte.

`generate(seed)` writes one program and several calls of it. Four usual families: *drills* (one or a few operations on parameters), *free*
programs (statements, loops, conditions, mutation), *idioms* (shapes that people write) and *scripts*. Those of `skills` are written
where they are asked for, and a third of what `wide` is. Runs nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from cwm_trace.errors import InputError
from cwm_trace.train.asks import asks_body
from cwm_trace.train.catalogue import catalogue_body
from cwm_trace.train.choices import choices_body
from cwm_trace.train.deeds import deeds_body
from cwm_trace.train.dense import dense_body
from cwm_trace.train.facts import branches_body, facts_body
from cwm_trace.train.grammar import EXPRESSIONS, MUTATIONS
from cwm_trace.train.growth import growth_body
from cwm_trace.train.idioms import IDIOMS
from cwm_trace.train.modules import MODULES
from cwm_trace.train.mutate import mutant
from cwm_trace.train.names import class_name, novel_name
from cwm_trace.train.panel import panel_body
from cwm_trace.train.pieces import pieces_body
from cwm_trace.train.plain import KINDS, docstring, indented, plain_body
from cwm_trace.train.recall import recall_body
from cwm_trace.train.respell import respelled
from cwm_trace.train.rounds import rounds_body
from cwm_trace.train.runs import RunsTheme, runs_body
from cwm_trace.train.scales import scales_body
from cwm_trace.train.sheets import sheets_body
from cwm_trace.train.skills import BODIES, atom_body
from cwm_trace.train.small import small_body, small_writer
from cwm_trace.train.style import Style
from cwm_trace.train.toplevel import as_script
from cwm_trace.train.values import BroadTheme, Theme
from cwm_trace.train.vary import varied
from cwm_trace.train.writer import Variable, Writer, literal_text

MAX_FRAMES = 160
MAX_CHARACTERS = 8_000
"""Of a program's trace: what is longer is not trained on."""

_PARAM = re.compile(r"\$(\w+):([a-z]\w*)")  # not the `:05d` of a format
_LOCAL = re.compile(r"\$(\w+)")
_CHOICE = re.compile(r"⟦([^⟦⟧]*)⟧")
_LOCAL_KINDS = {
    "c": "char",
    "w": "str",
    "n": "int",
    "i": "int",
    "j": "int",
    "k": "int",
    "out": "ls",
    "count": "dsi",
    "e": "error",
}
_FUNCTION_NAMES = (
    "solve process transform func g compute convert check update_items run helper build count_items".split()
)
_ROLES: dict[str, tuple[list[str], Callable[[random.Random], str]]] = {
    "Cls": ("Counter Stack Point Account Item Node Queue Box Shape Animal Store Cache".split(), class_name),
    "Err": ("InvalidValue TooLarge NotFound BadInput LimitError".split(), class_name),
    "CONST": ("LIMIT SIZE STEP N FACTOR BASE OFFSET".split(), lambda rng: novel_name(rng).upper()),
    "fn": ("helper inner apply step convert check clean count visit keep double pick gen".split(), novel_name),
    "meth": ("add push pop get put update deposit area value total next_value".split(), novel_name),
    "attr": ("n items value x y name size total data balance owner count".split(), novel_name),
}
_RESULT_KINDS = ["str"] * 34 + ["int"] * 20 + ["li"] * 13 + ["ls"] * 13 + ["bool"] * 9 + ["dsi"] * 6
_RESULT_KINDS += ["dss", "dis", "dsl", "lt", "lli", "ti", "ts", "si", "float"]
_ACCUMULATORS = {"str": "''", "int": "0", "ls": "[]", "li": "[]", "dsi": "{}"}


@dataclass(frozen=True, slots=True)
class Program:
    """A generated program.

    Attributes:
        source: its text.
        calls: expressions to trace, one trace each; empty for a script.
        family: `drill`, `free`, `idiom`, `script`, one of `skills`, `dense`, `panel`, `runs`, `recall`, `toplevel`, `mutant` or `real`.
        parent: of a mutant, the program that it was made from.
    """

    source: str
    calls: tuple[str, ...]
    family: str
    parent: str | None = None


def generate(seed: int, calls: int = 3, family: str | None = None, collected: Sequence[Program] = ()) -> Program:
    """The program of a seed, with so many different calls at most; `family` (`script`, say) leaves no choice of that, but for `wide`:
    all of them, half of those that are neither mutants nor real respelled (`cwm_trace.train.respell`). Raises KeyError.

    `collected`: real programs (`cwm_trace.train.real`), which `real` and mutants are made of, and a part of `wide`. Raises InputError
    for `real` without.
    """
    rng = random.Random(seed)
    if family != "wide":
        return _generated(rng, calls, family, collected)
    weights = _WIDE if collected else {name: weight for name, weight in _WIDE.items() if name != "real"}
    program = _generated(rng, calls, rng.choices(list(weights), list(weights.values()))[0], collected)
    return program if program.family == "real" or program.parent else _respelled(rng, program)


def _generated(rng: random.Random, calls: int, family: str | None, collected: Sequence[Program]) -> Program:
    if family == "real":
        return _real(rng, calls, collected)
    if family == "mutant":
        return _mutant(rng, calls, collected)
    family = family or rng.choices(["drill", "free", "idiom", "script"], [31, 33, 25, 11])[0]
    program = _FAMILIES[family](rng, calls)
    style = Style.draw(rng)
    return Program(style.source(rng, program.source), tuple(style.call(rng, call) for call in program.calls), family)


def _respelled(rng: random.Random, program: Program) -> Program:
    with suppress(SyntaxError):  # quotes inside an f-string of the same quotes, before 3.12
        source, calls = respelled(rng, program.source, program.calls)
        return replace(program, source=source, calls=calls)
    return program


def _real(rng: random.Random, calls: int, collected: Sequence[Program]) -> Program:
    """One of the collected programs, called as it was found or on other arguments of that shape."""
    if not collected:
        raise InputError("there are no real programs to choose from")
    program = rng.choice(collected)
    found = [rng.choice(program.calls) for _ in range(calls)]
    made = [call if rng.random() < _AS_FOUND else varied(rng, call) for call in found]
    return Program(program.source, tuple(dict.fromkeys(made)), "real")


def _mutant(rng: random.Random, calls: int, collected: Sequence[Program]) -> Program:
    """A program with a few changes; the program itself, in the rare case that nothing in it can be changed."""
    family = rng.choices(list(_PARENTS), list(_PARENTS.values()))[0]
    parent = generate(rng.getrandbits(48), calls, "plain" if family == "real" and not collected else family, collected)
    with suppress(SyntaxError):
        if source := mutant(rng, parent.source):
            return Program(source, parent.calls, "mutant", parent.source)
    return parent


# --- drills ---------------------------------------------------------------------------------------------------------


def _drill(rng: random.Random, calls: int) -> Program:
    writer = new_writer(rng)
    return finished(writer, _drill_body(writer), calls, "drill")


def _drill_body(writer: Writer) -> list[str]:
    kind = writer.rng.choice(_RESULT_KINDS)
    return _DRILL_BODIES[writer.rng.choices(range(len(_DRILL_BODIES)), [40, 20, 20, 12, 8])[0]](writer, kind)


def _returned_operation(writer: Writer, kind: str) -> list[str]:
    return [f"return {writer.operation(kind, writer.rng.choice([0, 0, 0, 1, 1, 2]))}"]


def _named_operation(writer: Writer, kind: str) -> list[str]:
    text = writer.operation(kind, writer.rng.choice([0, 0, 1]))
    name = writer.declare(kind, result=True)
    return [f"{name} = {text}", f"return {name}"]


def _steps(writer: Writer, kind: str) -> list[str]:
    body = []
    for _ in range(writer.rng.randint(1, 4)):
        body += assigned_operation(writer, writer.rng.choice(_RESULT_KINDS))
    return [*body, f"return {_result(writer, kind)}"]


def _mutations(writer: Writer, kind: str) -> list[str]:
    kind = writer.rng.choice(["li", "li", "ls", "ls", "dsi", "str", "int", "dss", "lli"])
    name = writer.add_param(kind)
    body = [writer.fill(_draw(writer, kind), 0, {"X": name}) for _ in range(writer.rng.randint(1, 4))]
    return [*body, f"return {name}"]


def _several(writer: Writer, kind: str) -> list[str]:
    parts = [writer.operation(writer.rng.choice(_RESULT_KINDS), 0) for _ in range(writer.rng.randint(2, 3))]
    return [f"return {', '.join(parts)}"]


_DRILL_BODIES: list[Callable[[Writer, str], list[str]]] = [
    _returned_operation,
    _named_operation,
    _steps,
    _mutations,
    _several,
]


# --- free programs --------------------------------------------------------------------------------------------------


def _free(rng: random.Random, calls: int) -> Program:
    writer = new_writer(rng)
    return finished(writer, _free_body(writer), calls, "free")


def _free_body(writer: Writer) -> list[str]:
    rng = writer.rng
    writer.add_param(rng.choice(["str"] * 4 + ["li"] * 3 + ["ls"] * 2 + ["dsi", "int", "dss", "lli"]))
    if rng.random() < 0.45:
        writer.add_param(rng.choice(["str", "int", "char", "li", "ls", "dsi"]))
    body: list[str] = []
    kind = rng.choice(["str", "str", "int", "li", "ls", "ls", "dsi"])
    accumulator = None
    if rng.random() < 0.6:
        accumulator = Variable(writer.declare(kind, result=True), kind)
        body.append(f"{accumulator.name} = {_ACCUMULATORS[kind]}")
    for _ in range(rng.choice([1, 1, 2, 2, 3])):
        body += _statement(writer, 2, accumulator, in_loop=False)
    returned = accumulator.name if accumulator and rng.random() < 0.6 else _result(writer, rng.choice(_RESULT_KINDS))
    return [*body, f"return {returned}"]


def _statement(writer: Writer, depth: int, accumulator: Variable | None, *, in_loop: bool) -> list[str]:
    roll = writer.rng.random()
    if depth > 0 and roll < (0.45 if depth == 2 else 0.06):
        return _loop(writer, depth, accumulator)
    if depth > 0 and roll < 0.62:
        return _if(writer, depth, accumulator, in_loop=in_loop)
    if accumulator and in_loop and roll < 0.9:
        return [_accumulate(writer, accumulator)]
    if roll < 0.83:
        return _mutation(writer)
    return assigned_operation(writer, writer.rng.choice(_RESULT_KINDS))


def _accumulate(writer: Writer, accumulator: Variable) -> str:
    name, kind = accumulator
    if kind == "int":
        return f"{name} {writer.rng.choice(['+=', '+=', '+=', '-='])} {_loop_value(writer, 'int') or 1}"
    if kind == "str":
        return f"{name} += {_loop_value(writer, 'str')}"
    if kind == "dsi":
        return writer.fill(_draw(writer, "dsi"), 0, {"X": name})
    return f"{name}.append({_loop_value(writer, 'int' if kind == 'li' else 'str')})"


def _loop_value(writer: Writer, kind: str) -> str:
    known = writer.variables(kind)
    if known and writer.rng.random() < 0.55:
        return known[-1]
    return writer.expression(kind, 1)


def _mutation(writer: Writer) -> list[str]:
    candidates = [variable for variable in writer.scope if variable.kind in MUTATIONS]
    if not candidates:
        return assigned_operation(writer, "int")
    variable = writer.rng.choice(candidates)
    return [writer.fill(_draw(writer, variable.kind), 0, {"X": variable.name})]


def _draw(writer: Writer, kind: str) -> str:
    return writer.rng.choices(*MUTATIONS[kind])[0]


def assigned_operation(writer: Writer, kind: str) -> list[str]:
    """One line: an operation, assigned to a new variable or one of its kind."""
    text = writer.operation(kind, 1) if kind in EXPRESSIONS else writer.expression(kind)
    known = writer.variables(kind)
    if known and writer.rng.random() < 0.35:
        return [f"{writer.rng.choice(known)} = {text}"]
    return [f"{writer.declare(kind, result=writer.rng.random() < 0.4)} = {text}"]


def _loop(writer: Writer, depth: int, accumulator: Variable | None) -> list[str]:
    before = len(writer.scope)
    head = _loop_head(writer)
    body: list[str] = []
    if writer.rng.random() < 0.08:
        body += [f"if {writer.condition()}:", f"    {writer.rng.choice(['break', 'continue', 'break'])}"]
    for _ in range(writer.rng.choice([1, 1, 1, 2])):
        body += _statement(writer, depth - 1, accumulator, in_loop=True)
    # Loop variables stay bound after a loop that ran, but not after an empty one: people rarely use them there.
    del writer.scope[before:]
    return [*head, *indented(body)]


def _loop_head(writer: Writer) -> list[str]:
    for _ in range(6):
        kind, template, bound = writer.rng.choices(_LOOPS, _LOOP_WEIGHTS)[0]
        receiver = kind and writer.variable(kind)
        if kind and not receiver:
            continue
        names = [writer.fresh_name(bound_kind) for bound_kind in bound]
        if len(set(names)) < len(names):
            continue
        head = writer.fill(template.replace("<it>", receiver or ""), 0)
        for index, name in enumerate(names):
            head = head.replace(f"${index}", name)
        writer.scope += [Variable(name, bound_kind) for name, bound_kind in zip(names, bound, strict=True)]
        return head.split("\n")
    name = writer.declare("int")
    return [f"for {name} in range({writer.rng.randint(2, 5)}):"]


_LOOP_TABLE: list[tuple[int, str, str, tuple[str, ...]]] = [
    (12, "str", "for $0 in <it>:", ("char",)),
    (10, "li", "for $0 in <it>:", ("int",)),
    (8, "ls", "for $0 in <it>:", ("str",)),
    (5, "str", "for $0 in range(len(<it>)):", ("int",)),
    (5, "li", "for $0 in range(len(<it>)):", ("int",)),
    (4, "str", "for $0, $1 in enumerate(<it>):", ("int", "char")),
    (3, "li", "for $0, $1 in enumerate(<it>):", ("int", "int")),
    (3, "ls", "for $0, $1 in enumerate(<it>):", ("int", "str")),
    (5, "dsi", "for $0, $1 in <it>.items():", ("str", "int")),
    (3, "dsi", "for $0 in <it>:", ("str",)),
    (2, "dsi", "for $0 in <it>.values():", ("int",)),
    (2, "dss", "for $0, $1 in <it>.items():", ("str", "str")),
    (2, "dis", "for $0, $1 in <it>.items():", ("int", "str")),
    (2, "lli", "for $0 in <it>:", ("li",)),
    (2, "lt", "for $0, $1 in <it>:", ("str", "int")),
    (3, "str", "for $0 in <it>.split():", ("str",)),
    (2, "str", "for $0 in <it>.split(<piece>):", ("str",)),
    (2, "str", "for $0 in reversed(<it>):", ("char",)),
    (2, "li", "for $0 in reversed(<it>):", ("int",)),
    (2, "li", "for $0 in sorted(<it>):", ("int",)),
    (2, "str", "for $0 in sorted(<it>):", ("char",)),
    (2, "str", "for $0 in <it>[::<=step>]:", ("char",)),
    (2, "li", "for $0 in <it>[1:]:", ("int",)),
    (2, "str", "for $0 in range(len(<it>) - 1, -1, -1):", ("int",)),
    (2, "li", "for $0 in range(1, len(<it>)):", ("int",)),
    (3, "", "for $0 in range(<=index>, <=positive>):", ("int",)),
    (2, "", "for $0 in range(<=positive>):", ("int",)),
    (2, "li", "while <it>:\n    $0 = <it>.pop()", ("int",)),
    (1, "ls", "while <it>:\n    $0 = <it>.pop(0)", ("str",)),
    (1, "str", "$0 = 0\nwhile $0 < len(<it>):\n    $0 += <=index>", ("int",)),
    (1, "li", "for $0, $1 in zip(<it>, <LI>):", ("int", "int")),
    (1, "ls", "for $0, $1 in zip(<it>, <LI>):", ("str", "int")),
]
_LOOPS = [row[1:] for row in _LOOP_TABLE]
_LOOP_WEIGHTS = [row[0] for row in _LOOP_TABLE]


def _if(writer: Writer, depth: int, accumulator: Variable | None, *, in_loop: bool) -> list[str]:
    before = len(writer.scope)
    lines = [f"if {writer.condition()}:", *_branch(writer, depth, accumulator, in_loop=in_loop)]
    roll = writer.rng.random()
    if roll < 0.12:
        lines += [f"elif {writer.condition()}:", *_branch(writer, depth, accumulator, in_loop=in_loop)]
    if roll < 0.4:
        lines += ["else:", *_branch(writer, depth, accumulator, in_loop=in_loop)]
    del writer.scope[before:]  # bound in one branch only
    return lines


def _branch(writer: Writer, depth: int, accumulator: Variable | None, *, in_loop: bool) -> list[str]:
    roll = writer.rng.random()
    if roll < (0.06 if in_loop else 0.3):
        return indented([f"return {_result(writer, writer.rng.choice(_RESULT_KINDS))}"])
    if in_loop and roll < 0.12:
        return indented([writer.rng.choice(["break", "continue", "continue", "pass"])])
    return indented(_statement(writer, depth - 1, accumulator, in_loop=in_loop))


def _result(writer: Writer, kind: str) -> str:
    if writer.scope and writer.rng.random() < 0.8:
        return writer.scope[-1].name if writer.rng.random() < 0.7 else writer.rng.choice(writer.scope).name
    return writer.operation(kind, 1)


# --- idioms and scripts ---------------------------------------------------------------------------------------------


def _idiom(rng: random.Random, calls: int) -> Program:
    writer = new_writer(rng)
    source, name = _instantiate(writer, rng.choice(IDIOMS))
    return Program(source, _calls(writer, name, calls), "idiom")


def _instantiate(writer: Writer, template: str, named: float = 0.3) -> tuple[str, str]:
    """An idiom's source and the name of its function."""
    rng = writer.rng
    text = template.strip("\n")
    while _CHOICE.search(text):
        text = _CHOICE.sub(lambda choice: rng.choice(choice[1].split("|")), text, count=1).replace("\\n", "\n")
    names: dict[str, str] = {}
    for local, kind in _PARAM.findall(text):
        writer.max_params += 1
        names[local] = writer.add_param(kind)
    text = _PARAM.sub(r"$\1", text)
    writer.max_params = 0
    text = writer.fill(text, 0)
    for local in dict.fromkeys(_LOCAL.findall(text)):
        if local not in names:
            names[local] = _fresh_local(writer, local, names)
    text = _LOCAL.sub(lambda match: names[match[1]], text)
    return _renamed(rng, text + "\n", named)


def _fresh_local(writer: Writer, local: str, names: dict[str, str]) -> str:
    """A name for `$local`; classes, functions and attributes are named in their own manner."""
    role = local.rstrip("2")
    if role not in _ROLES:
        return writer.declare(_LOCAL_KINDS.get(local, "int"), result=local in ("out", "count", "total"))
    common, novel = _ROLES[role]
    while True:
        name = writer.rng.choice(common) if writer.rng.random() < 0.4 else novel(writer.rng)
        if name not in writer.taken() and name not in names.values():
            return name


def _renamed(rng: random.Random, source: str, named: float) -> tuple[str, str]:
    if rng.random() < 1 - named:
        return source, "f"
    name = rng.choice(_FUNCTION_NAMES) if rng.random() < 0.3 else novel_name(rng)
    return re.sub(r"\bf\(", f"{name}(", source), name


def _script(rng: random.Random, calls: int) -> Program:
    """A script with a `main()` of its own: one or two functions, called on literals and on what `main` computes."""
    parts: list[str] = []
    uses: list[tuple[str, Writer]] = []
    for _ in range(rng.choice([1, 1, 2])):
        source, name, writer = _part(rng)
        if uses and name == uses[0][0]:
            source, name = re.sub(rf"\b{name}\(", f"{name}_two(", source), f"{name}_two"
        parts.append(source)
        uses.append((name, writer))
    head = [f'"""{rng.choice(_DOCSTRINGS)}"""\n'] if rng.random() < 0.4 else []
    main = "\n".join(["def main():", *indented(_main_body(rng, uses))]) + "\n"
    end = rng.choice(
        ['if __name__ == "__main__":\n    main()\n', 'if __name__ == "__main__":\n    print(main())\n', "main()\n"]
    )
    return Program("\n\n".join([*head, *parts, main, end]), (), "script")


_UNFOLDED = {"plain": 30, "idiom": 20, "steps": 15, "dense": 15, "basics": 10, "module": 15, "chain": 5}


def _toplevel(rng: random.Random, calls: int) -> Program:
    """A function of another family, called by a script, or its lines without the function."""
    family = rng.choices(list(_UNFOLDED), list(_UNFOLDED.values()))[0]
    program = _FAMILIES[family](rng, max(calls, 2))
    with suppress(SyntaxError):  # a generated program may not compile; who records it sees to that
        return Program(as_script(rng, program.source, program.calls), (), "toplevel")
    return program


def _part(rng: random.Random) -> tuple[str, str, Writer]:
    """A function for a script: its source, its name, and the writer that knows its parameters."""
    writer = new_writer(rng)
    roll = rng.random()
    if roll < 0.5:
        return *_instantiate(writer, rng.choice(IDIOMS)), writer
    return *_function(writer, _free_body(writer) if roll < 0.8 else _drill_body(writer)), writer


def _main_body(rng: random.Random, uses: list[tuple[str, Writer]]) -> list[str]:
    lines: list[str] = []
    main = Writer(rng, uses[0][1].theme, max_params=0)
    for name, writer in uses:
        arguments = [_main_argument(main, variable, writer.theme, lines) for variable in writer.params]
        result = rng.choice(["result", "r", "out", "found", "value", "answer"])
        result += "2" if result in main.taken() else ""
        lines.append(f"{result} = {name}({', '.join(arguments)})")
        main.scope.append(Variable(result, "unknown"))
        if rng.random() < 0.4:
            lines.append(f"print({result})")
    if rng.random() < 0.7:
        both = len(uses) > 1 and rng.random() < 0.3
        lines.append(f"return {main.scope[-1].name}" + (f", {main.scope[0].name}" if both else ""))
    return lines


def _main_argument(main: Writer, parameter: Variable, theme: Theme, lines: list[str]) -> str:
    """A literal, a variable of `main` that is bound first, or something computed from such variables where the call is."""
    text = literal_text(theme.value(parameter.kind))
    roll = main.rng.random()
    if roll < 0.25 and parameter.kind in EXPRESSIONS:
        return main.operation(parameter.kind, main.rng.choice([0, 0, 1]))
    if roll < 0.4 and parameter.kind in _FROM_TEXT:
        name = main.declare("str")
        lines.append(f"{name} = {theme.value('str')!r}")
        return main.rng.choice(_FROM_TEXT[parameter.kind]).replace("$", name)
    if roll < 0.8 and parameter.name not in main.taken():
        lines.append(f"{parameter.name} = {text}")
        main.scope.append(parameter)
        return parameter.name
    return text


_FROM_TEXT = {
    "str": ["$.strip()", "$.lower()", "$[1:]", "$ + $", "$.upper()", "$[::-1]", "$.title()"],
    "ls": [
        "$.split()",
        "$.split()",
        "$.split(',')",
        "list($)",
        "sorted($.split())",
        "[c for c in $]",
        "$.lower().split()",
    ],
    "li": ["[len(w) for w in $.split()]", "[len($), 1, 2]", "list(range(len($)))", "[ord(c) for c in $[:4]]"],
    "int": ["len($)", "len($.split())", "$.count('a')", "$.find('e')"],
    "si": ["set(range(len($.split())))"],
    "dsi": ["{w: len(w) for w in $.split()}", "{c: $.count(c) for c in $[:5]}"],
}


_DOCSTRINGS = [
    "Counts things.",
    "A small example.",
    "Works on words and numbers.",
    "Helpers for lists, and a test of them.",
    "Finds the best value.",
]


# --- plain functions and modules ------------------------------------------------------------------------------------


def _plain(rng: random.Random, calls: int) -> Program:
    writer = broad_writer(rng)
    lines = plain_body(writer).lines
    if rng.random() < 0.08:
        lines.insert(0, docstring(rng, writer.params[0].name))
    return finished(writer, lines, calls, "plain", named=0.12)


def _module(rng: random.Random, calls: int) -> Program:
    """Classes and helpers from a template, or plain functions each of which goes on with what the one before returned."""
    writer = broad_writer(rng)
    if rng.random() < 0.5:
        source, name = _instantiate(writer, rng.choice(MODULES), named=0.8)
    else:
        source, name = _pipeline(writer)
    return Program(source, _calls(writer, name, calls), "module")


def _pipeline(writer: Writer) -> tuple[str, str]:
    rng = writer.rng
    kind = rng.choice(["str", "str", "ls", "li", "dsi", "int"])
    name = writer.add_param(kind)
    parts: list[str] = []
    lines: list[str] = []
    for _ in range(rng.choice([2, 2, 3, 3, 4])):
        helper = Writer(rng, writer.theme, max_params=1, novelty=writer.novelty)
        body = plain_body(helper, kind)
        called = novel_name(rng, [part.split("(")[0].removeprefix("def ") for part in parts])
        documented = (
            [docstring(rng, rng.choice(["text", "list", "values", "words", "item", "number"]))]
            if rng.random() < 0.4
            else []
        )
        parts.append(
            "\n".join([f"def {called}({helper.params[0].name}):", *indented([*documented, *body.lines])]) + "\n"
        )
        made = writer.declare(body.kind or "unknown", result=True)
        lines.append(f"{made} = {called}({name})")
        if body.kind not in KINDS or rng.random() < 0.15:
            # What is not known is passed on as what can be done with anything.
            text = rng.choice([f"str({made})", f"repr({made})", f"f'{{{made}}}'"])
            made = writer.declare("str")
            lines.append(f"{made} = {text}")
            kind = "str"
        else:
            kind = body.kind
        if rng.random() < 0.2:
            lines += [f"if {rng.choice(['not ', ''])}{made}:", f"    return {rng.choice(['None', made, repr('')])}"]
        name = made
    lines.append(
        rng.choice([f"return {name}", f"return {name}", f"return {', '.join(item.name for item in writer.scope[-2:])}"])
    )
    main = rng.choice(_FUNCTION_NAMES) if rng.random() < 0.5 else novel_name(rng)
    head = f"def {main}({', '.join(variable.name for variable in writer.params)}):"
    return "\n\n".join([*parts, "\n".join([head, *indented(lines)]) + "\n"]), main


# --- common ---------------------------------------------------------------------------------------------------------


def new_writer(rng: random.Random) -> Writer:
    """A writer with a new theme, and its author's liking for new names."""
    novelty = rng.choice([0.0, 0.15, 0.3, 0.6, 0.9])
    return Writer(rng, Theme.draw(rng), max_params=rng.choice([1, 2, 2, 3]), novelty=novelty)


def broad_writer(rng: random.Random) -> Writer:
    """A writer of common names and words, in a broader world of values."""
    novelty = rng.choice([0.0, 0.0, 0.0, 0.1, 0.4])
    return Writer(rng, BroadTheme.draw(rng), max_params=rng.choice([1, 2, 2, 2, 3]), novelty=novelty)


def runs_writer(rng: random.Random) -> Writer:
    """A writer in a world of values that repeat themselves."""
    return Writer(rng, RunsTheme.draw(rng), max_params=rng.choice([1, 2, 2, 3]), novelty=rng.choice([0.0, 0.0, 0.3]))


def finished(writer: Writer, body: list[str], calls: int, family: str, named: float = 0.3) -> Program:
    """The program of a function body, with calls of it; `named`: how often it is not called `f`."""
    source, name = _function(writer, body, named)
    if writer.rng.random() < 0.75:
        source = source.rstrip("\n")
    return Program(source, _calls(writer, name, calls), family)


def _function(writer: Writer, body: list[str], named: float = 0.3) -> tuple[str, str]:
    """A function's source and name."""
    if not writer.params:
        writer.add_param(writer.rng.choice(["str", "int"]))
    header = f"def f({', '.join(variable.name for variable in writer.params)}):"
    return _renamed(writer.rng, "\n".join([header, *indented(body)]) + "\n", named)


def _calls(writer: Writer, name: str, count: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{name}({_arguments(writer)})" for _ in range(count)))


def _arguments(writer: Writer) -> str:
    return ", ".join(literal_text(writer.theme.value(variable.kind)) for variable in writer.params)


def atom(operation: str, number: int) -> Program:
    """A program of one operation of `skills.OPERATIONS`, with one call: the same for the same number. Raises KeyError."""
    writer = new_writer(random.Random(f"{operation} {number}"))
    return finished(writer, atom_body(writer, operation), 1, "atom")


def _either_writer(rng: random.Random) -> Writer:
    return (broad_writer if rng.random() < 0.7 else new_writer)(rng)


def _skill(
    name: str, body: Callable[[Writer], list[str]], begin: Callable[[random.Random], Writer] = _either_writer
) -> Callable[[random.Random, int], Program]:
    def program(rng: random.Random, calls: int) -> Program:
        writer = begin(rng)
        return finished(writer, body(writer), calls, name)

    return program


_WIDE: dict[str | None, int] = {
    None: 15, "plain": 30, "module": 9, "atom": 6, "steps": 23, "chain": 5, "track": 3, "long": 5, "basics": 18, "dense": 30,
    "panel": 30, "toplevel": 16, "script": 6, "mutant": 10, "real": 10, "runs": 8, "recall": 16, "facts": 40, "branches": 20,
    "deeds": 30, "rounds": 25, "growth": 30, "choices": 30, "asks": 20,
    "catalogue": 30, "sheets": 40, "scales": 40, "pieces": 40,
}  # fmt: skip
_PARENTS: dict[str | None, int] = {None: 15, "plain": 40, "module": 5, "real": 40}
_AS_FOUND = 0.3  # of the calls of real programs
_FAMILIES: dict[str, Callable[[random.Random, int], Program]] = {
    **{name: _skill(name, body) for name, body in BODIES.items()},
    "dense": _skill("dense", dense_body),
    "recall": _skill("recall", recall_body),
    "panel": _skill("panel", panel_body),
    "runs": _skill("runs", runs_body, runs_writer),
    "branches": _skill("branches", branches_body, small_writer),
    "catalogue": _skill("catalogue", catalogue_body),
    "choices": _skill("choices", choices_body, broad_writer),
    "asks": _skill("asks", asks_body, broad_writer),
    "sheets": _skill("sheets", sheets_body, broad_writer),
    "scales": _skill("scales", scales_body, broad_writer),
    "pieces": _skill("pieces", pieces_body, broad_writer),
    "facts": _skill("facts", facts_body, small_writer),
    "deeds": _skill("deeds", deeds_body, broad_writer),
    "rounds": _skill("rounds", rounds_body, broad_writer),
    "growth": _skill("growth", growth_body, broad_writer),
    "small": _skill("small", small_body, small_writer),
    "plain": _plain,
    "module": _module,
    "drill": _drill,
    "free": _free,
    "idiom": _idiom,
    "script": _script,
    "toplevel": _toplevel,
}
