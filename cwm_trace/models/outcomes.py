"""What a line does whose operations have been worked out: what it returns or binds to names, and the changes of a value that are to be asked.

`x = 5` binds 5, as `return 'a'` returns it, which is no question any more. `items.append(5)` changes what `items` is: asked for as a line of its
own, `r.append(5)`, behind one that has bound the value to `r`. Knows statements of Python; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from cwm_trace.models.at_work import Running
from cwm_trace.models.comprehensions import made_of
from cwm_trace.models.containers import default_of
from cwm_trace.models.fields import spelled_out
from cwm_trace.models.inline import filled
from cwm_trace.models.items import is_whole, shares_of
from cwm_trace.models.keyed import asks_lambda, without_lambda, without_method
from cwm_trace.models.objects import BEFORE, Attribute
from cwm_trace.models.objects import put as put_in
from cwm_trace.models.operations import (
    CHANGES,
    EXCEPTIONS,
    as_shown,
    bindings_of,
    is_value,
    put,
    root_of,
    worked,
)
from cwm_trace.models.questions import condition_of
from cwm_trace.models.statements import SIGNS, span, statement_of, text_of
from cwm_trace.models.takes import GIVING, Take, first_take, has_takes

NAME = "r"
"""What is changed, in the line that is asked for."""
_LONGEST = 2000  # characters of it
_HARMLESS = frozenset({"inf", "len", "str", "int", "list", "range", "sorted", "reversed", "set", "dict", "tuple"})
_LAZY = frozenset({"enumerate", "filter", "map", "zip"})
_DELETES = re.compile(r"del\s+")


Value = Callable[[str], str | None]
"""Tells what an operation gives; None: unknown."""


class _Default(ast.Call):
    """Typing: a method's call."""

    func: ast.Attribute


class Outcome(NamedTuple):
    """What the frame behind a line shows.

    Attributes:
        bound: values of variables, by their names, if it is a LINE of the same Python frame.
        returned: the value of a RETURN; None: unknown.
        is_partial: whether a part of the line is unknown.
    """

    bound: Mapping[str, str]
    returned: str | None = None
    is_partial: bool = False


class Answers(NamedTuple):
    """Where answers come from; each gives None where it knows none.

    Attributes:
        value: of an operation: the text of what it gives.
        change: of a value's text, and a line that changes it under the name `NAME`: its text then.
        holds: of a test: whether it holds.
    """

    value: Value
    change: Callable[[str, str], str | None]
    holds: Callable[[str], bool]


def outcome_of(running: Running, answers: Answers) -> Outcome | None:
    """What a line does; None where that is not of values alone, or was not answered."""
    statement = statement_of(running.source)
    if statement is None:
        return None
    if isinstance(statement, (ast.Pass, ast.Break, ast.Continue)) or (
        isinstance(statement, ast.Return) and not statement.value
    ):
        return Outcome({}, "None" if isinstance(statement, ast.Return) else None)
    if (outcome := _handed_on(statement, running)) is not None:
        return outcome
    if asks_lambda(running.source):
        plain = without_lambda(running, answers.value)
        return None if plain is None else outcome_of(plain, answers)
    if (plain := without_method(running, answers.value)) is not None:
        return outcome_of(plain, answers)
    if (plain := _without_literal_take(statement, running, answers)) is not None:
        return outcome_of(plain, answers)
    if not has_takes(statement) or _of_default(statement) is not None:
        return _done_by(statement, running, answers)
    if (take := first_take(statement, running.source)) is None or running.line != _values_in(
        running.source, running.names
    ):
        return None
    if (taken := _taken(take, running.names, answers, isinstance(statement, ast.Return))) is None:
        return None
    value, left = taken
    source, names = take.replaced(running.source, value), {**running.names, **left}
    outcome = outcome_of(Running(source, _values_in(source, names), names), answers)
    return None if outcome is None else outcome._replace(bound={**left, **outcome.bound})


def _without_literal_take(statement: ast.stmt, running: Running, answers: Answers) -> Running | None:
    """The line with what the only `pop` in it gives, of a value that stands there, as that of an attribute does; None where there is none."""
    calls = [
        node
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in GIVING
    ]
    if len(calls) != 1 or (isinstance(statement, ast.Expr) and calls[0] is statement.value):
        return None
    (call,) = calls
    over = text_of(call.func.value, running.source) if isinstance(call.func, ast.Attribute) else ""
    if not is_value(over) or running.source.count(over) != 1:
        return None
    given = answers.value(worked(_values_in(text_of(call, running.source), running.names), answers.value))
    if given is None or not is_value(given):
        return None
    source = put(running.source, *span(running.source, call, call), given)
    return running._replace(source=source, line=_values_in(source, running.names))


def is_done(running: Running) -> bool:
    """Whether a line is one call, which has returned."""
    match statement_of(running.source):
        case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))) as statement:
            calls = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
            same = [each for each in calls if name in (getattr(each, "id", None), getattr(each, "attr", None))]
            return running.last is not None and running.last.name == name and len(same) == 1
    return False


def resolved(attribute: Attribute, answers: Answers) -> str | None:
    """The value of an attribute of an object; None: unknown."""
    if isinstance(attribute, str):
        return attribute
    parts = {name: resolved(part, answers) for name, part in attribute.parts}
    known = {name: value for name, value in parts.items() if value is not None}
    if len(known) < len(parts):
        return None
    text = put_in(spelled_out(attribute.text), known).replace(BEFORE, NAME)
    if attribute.before is None:
        return made_of(text, {}, answers.value)
    before = resolved(attribute.before, answers)
    if before is None or not _is_known(before):
        return None
    line = worked(text, answers.value)
    return _done(before, line, answers) if _is_closed(line) else None


def _handed_on(statement: ast.stmt, running: Running) -> Outcome | None:
    """Of what is not changed on its way: a variable's value, or what a call gives, which may be no literal."""
    match statement:
        case ast.Return(value=ast.expr() as value):
            text = _as_it_is(value, running)
            return None if text is None else Outcome({}, text)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=kind))) if (
            kind in _LAZY and kind not in running.names
        ):
            return Outcome({name: f"<{kind} object>"})  # nothing has been done with items yet
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            text = _as_it_is(value, running)
            return None if text is None else Outcome({name: text})
    return None


def _as_it_is(value: ast.expr, running: Running) -> str | None:
    match value:
        case ast.Name(id=name):
            return running.names.get(name)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if running.last and running.last.name == name:
            return running.last.value
    return None


def raised_by(running: Running, answers: Answers) -> str | None:
    """What a `raise` or an `assert` raises, "" where an `assert` does not; None for others, and where that is unknown."""
    match statement_of(running.source), statement_of(running.line):
        case ast.Raise(), ast.Raise(exc=ast.Name(id=name), cause=None) if name in EXCEPTIONS:
            return f"{name}()"
        case ast.Raise(), ast.Raise(exc=ast.expr() as made, cause=None):
            value = made_of(text_of(made, running.line), {}, answers.value)
            return value if value is not None and value.partition("(")[0] in EXCEPTIONS else None
        case ast.Assert(), ast.Assert(test=test, msg=said):
            condition = condition_of(f"if {text_of(test, running.line)}:", constant=True)
            if condition is None or condition.holds(answers.holds):
                return None if condition is None else ""
            text = "" if said is None else made_of(text_of(said, running.line), {}, answers.value)
            return None if text is None else as_shown(f"AssertionError({text})")
    return None


def _values_in(source: str, names: Mapping[str, str]) -> str:
    return filled(source, names.get)


def _taken(
    take: Take, names: Mapping[str, str], answers: Answers, returns: bool
) -> tuple[str, Mapping[str, str]] | None:
    """What a call gives, and the value that it leaves, if that matters; None: unknown."""
    if not _is_known(before := names.get(take.name, "")):
        return None
    text = worked(_values_in(take.text, names), answers.value)
    change = NAME + text.removeprefix(before)
    if not _is_closed(change):
        return None
    value = answers.value(text) if take.method in GIVING else "None"
    if value is None or not is_value(value):
        return None
    if returns and take.is_last:
        return value, {}
    left = _done(before, change, answers)
    return None if left is None else (value, {take.name: left})


def _done_by(statement: ast.stmt, running: Running, answers: Answers) -> Outcome | None:
    """What a line does that takes nothing from a value."""
    if (name := _changed(statement)) is None:
        if (alone := _on_literal(statement, running, answers)) is not None:
            return alone
        if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Return)) and not _yields(statement):
            return None
        done = statement_of(line := _in_order(statement, worked(running.line, answers.value), answers))
        return None if done is None else _given(done, line)
    if not _is_known(running.names.get(name, "")) or (running.repeats and _within(statement)):
        return None
    swaps = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple)
    value = _augmented(statement, name, running, answers) or _asked(name, running, answers, swaps)
    return None if value is None else Outcome({name: value})


def _on_literal(statement: ast.stmt, running: Running, answers: Answers) -> Outcome | None:
    """Of a change of what stands in the line, as an attribute's value does, or of a number that an attribute is: no variable is bound."""
    match statement:
        case ast.AugAssign(target=ast.Attribute(value=ast.Name()), value=added):
            more = worked(_values_in(text_of(added, running.source), running.names), answers.value)
            return Outcome({}) if is_value(more) else None
        case ast.Expr() if not _yields(statement):
            line = worked(running.line, answers.value)
        case _:
            return None
    match statement_of(line):
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=over, attr=name), args=args, keywords=[])):
            kinds = {"append": "[d", "add": "{s", "appendleft": "d", "setdefault": "{"}
            text = text_of(over, line)
            fits = text[:1] in kinds.get(name, "-") and is_value(text)
            return Outcome({}) if fits and all(_text(arg, line) is not None for arg in args) else None
    return None


def _in_order(statement: ast.stmt, line: str, answers: Answers) -> str:
    """A set that a line makes has an order of its own, which is asked for."""
    match statement, statement_of(line):
        case (
            (ast.Assign(value=ast.Set()) | ast.Return(value=ast.Set())),
            (ast.Assign(value=made) | ast.Return(value=made)),
        ):
            text = text_of(made, line) if made is not None else ""
            told = answers.value(text) if is_value(text) else None
            return line if told is None or made is None else put(line, *span(line, made, made), told)
    return line


def _yields(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield)


def _given(statement: ast.stmt, line: str) -> Outcome | None:
    match statement:
        case (
            ast.Return(value=ast.expr() as value)
            | ast.Expr(value=ast.Yield(value=ast.expr() as value))
            | ast.Assign(value=ast.Yield(value=ast.expr() as value))
        ):
            text = _text(value, line)
            return None if text is None else Outcome({}, text)
        case ast.Assign(targets=[ast.Subscript(value=ast.Dict(), slice=key)], value=value):  # of an attribute
            return Outcome({}) if _text(value, line) is not None and _text(key, line) is not None else None
        case ast.Assign(targets=targets, value=value) if all(map(_is_attribute, targets)):
            return Outcome({}) if _text(value, line) is not None else None
        case ast.AnnAssign(target=target, value=ast.expr() as value) if _is_attribute(target):
            return Outcome({}) if _text(value, line) is not None else None
        case ast.Assign(targets=[target], value=value) if shares := shares_of(target, text_of(value, line)):
            return Outcome(shares) if all(shares.values()) else None
        case ast.Assign(targets=targets, value=value):
            bound = [pair for target in targets for pair in bindings_of(target, value)]
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            bound = list(bindings_of(target, value))
        case _:
            return None
    texts = {name: text for name, part in bound if (text := _text(part, line)) is not None}
    return Outcome(texts, is_partial=len(texts) < len(_targets(statement))) if texts else None


def _is_attribute(target: ast.expr) -> bool:
    """Of an object that has a name."""
    return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)


def _targets(statement: ast.stmt) -> list[ast.expr]:
    """What it binds or changes."""
    stored = (node for node in ast.walk(statement) if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)))
    return [node for node in stored if isinstance(node.ctx, ast.Store)]


def _text(value: ast.expr, line: str) -> str | None:
    """The value as a frame shows it, None where it is none."""
    return as_shown(text_of(value, line))


def _changed(statement: ast.stmt) -> str | None:
    """The variable whose value a statement changes, if it does only that."""
    match statement:
        case ast.AugAssign(target=ast.Name(id=name)):
            return name
        case (
            ast.AugAssign(target=ast.Subscript(value=value))
            | ast.Assign(targets=[ast.Subscript(value=value)])
            | ast.Delete(targets=[ast.Subscript(value=value)])
        ):
            return root_of(value) or None
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=value, attr=method))) if method in CHANGES:
            return root_of(value if (call := _of_default(statement)) is None else call.func.value) or None
        case ast.Assign(targets=[ast.Tuple(elts=[ast.Subscript(value=ast.Name(id=name)), *others])]):
            same = all(
                isinstance(each, ast.Subscript) and isinstance(each.value, ast.Name) and each.value.id == name
                for each in others
            )
            return name if same else None
    return None


def _of_default(statement: ast.stmt) -> _Default | None:
    """The first call of `d.setdefault(k, []).append(x)`; None where there is none."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Call() as call, attr=method))) if method in CHANGES:
            if isinstance(call.func, ast.Attribute) and call.func.attr == "setdefault" and len(call.args) == 2:
                return cast(_Default, call) if isinstance(call.func.value, ast.Name) else None
    return None


def _within(statement: ast.stmt) -> bool:
    """Whether it changes an item of an item."""
    return any(
        isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.value, ast.Subscript)
        for node in ast.walk(statement)
    )


def _is_known(value: str) -> bool:
    return bool(value) and len(value) <= _LONGEST and is_value(value)


def _augmented(statement: ast.stmt, name: str, running: Running, answers: Answers) -> str | None:
    """Of `x += 5`, what `x + 5` gives, where both are of a kind."""
    if not isinstance(statement, ast.AugAssign) or not isinstance(statement.target, ast.Name):
        return None
    value, sign = running.names[name], SIGNS.get(type(statement.op))
    added = worked(running.line, answers.value).removeprefix(value).lstrip().removeprefix(f"{sign}=").strip()
    if sign is None or not is_value(added) or (_kind(value) != _kind(added) and not (sign == "*" and is_whole(added))):
        return None
    return answers.value(f"{value} {sign} {added}")


def _kind(value: str) -> str:
    try:
        kind = type(ast.literal_eval(value)).__name__
    except (ValueError, TypeError):  # of a `deque`, or another call; what no Python can make, as `{[]: 1}`
        kind = "float" if value in ("inf", "-inf") else value.partition("(")[0]
    return {"bool": "int", "float": "int"}.get(kind, kind)


def _asked(name: str, running: Running, answers: Answers, swaps: bool) -> str | None:
    """What a change makes of a value, as a line of its own; `swaps`: `x[0], x[1] = x[1], x[0]`."""
    deletes, source = _DELETES.match(running.source), running.source
    head, source = (deletes[0], source[deletes.end() :]) if deletes else ("", source)
    if not source.startswith(name):  # but for parentheses
        return None
    rest = source[len(name) :]
    space = rest[: len(rest) - len(rest.lstrip())]
    values = dict(running.names)
    if swaps:
        del values[name]
    made = f"{space}{filled(rest, values.get)}"
    if not swaps and not deletes and running.line.startswith(running.names[name]):
        made = running.line[len(running.names[name]) :]  # with what calls have given
    line = worked(f"{head}{NAME}{made}", answers.value)
    line = re.sub(rf"\b{name}\[", f"{NAME}[", line) if swaps else line
    return _done(running.names[name], line, answers) if _is_closed(line) else None


def _done(value: str, line: str, answers: Answers) -> str | None:
    """What a line makes of a value that has the name `NAME` in it."""
    statement = statement_of(line)
    if statement is not None and (call := _of_default(statement)) is not None:
        first = _done(value, text_of(call, line), answers)
        rest = f"{NAME}[{text_of(call.args[0], line)}]{line[span(line, call, call)[1] :]}"
        return None if first is None else _done(first, rest, answers)
    if statement is not None and (inner := _inner(statement)) is not None:
        return _done_within(inner, value, line, answers)
    match statement:
        case ast.AugAssign(target=ast.Subscript(slice=index), value=added, op=op) if sign := SIGNS.get(type(op)):
            place, more = text_of(index, line), text_of(added, line)
            item = _item(value, place, answers)
            if item is None or not is_value(item) or not is_value(more) or _kind(item) != _kind(more):
                return answers.change(value, line)
            made = answers.value(f"{item} {sign} {more}")
            return None if made is None or not is_value(made) else _done(value, f"{NAME}[{place}] = {made}", answers)
    if (told := default_of(value)) is not None:
        made = _done(told[0], line, answers)
        return None if made is None else f"{value.partition(',')[0]}, {made})"
    if value.startswith("Counter("):
        return _counted(statement, value, line, answers)
    expression = _expression(statement, value, line, answers)
    if expression is None:
        return answers.change(value, line)
    return as_shown(expression) if is_value(expression) else answers.value(expression)


def _counted(statement: ast.stmt | None, value: str, line: str, answers: Answers) -> str | None:
    """A Counter with another number for one key: in which order it has those that are as many, its text does not show."""
    match statement, statement_of(value):
        case ast.Assign(targets=[ast.Subscript(slice=key)], value=given), ast.Expr(value=ast.Call() as call):
            counted = text_of(call.args[0], value) if call.args else "{}"
            entry = f"{text_of(key, line)}: {text_of(given, line)}"
            made = answers.value(f"{{**{counted}, {entry}}}") if counted != "{}" else f"{{{entry}}}"
            return None if made is None else answers.value(f"Counter_put({made}, {text_of(key, line)}, {counted})")
    return None


def _item(value: str, place: str, answers: Answers) -> str | None:
    """What is in that place, or what a `defaultdict` puts there."""
    told = default_of(value)
    return answers.value(f"{value}[{place}]" if told is None else f"{told[0]}.get({place}, {told[1]})")


def _inner(statement: ast.stmt) -> ast.Subscript | None:
    """The item of `NAME` in which something is changed: `r[0]` of `r[0][1] = 5`, and of `r[0].append(5)`."""
    match statement:
        case (
            ast.AugAssign(target=ast.Subscript(value=ast.Subscript() as inner))
            | ast.Assign(targets=[ast.Subscript(value=ast.Subscript() as inner)])
            | ast.Delete(targets=[ast.Subscript(value=ast.Subscript() as inner)])
            | ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Subscript() as inner)))
        ):
            while isinstance(inner.value, ast.Subscript):
                inner = inner.value
            return inner if isinstance(inner.value, ast.Name) and not isinstance(inner.slice, ast.Slice) else None
    return None


def _done_within(inner: ast.Subscript, value: str, line: str, answers: Answers) -> str | None:
    """What is changed in an item, and then the item."""
    place = text_of(inner.slice, line)
    item = _item(value, place, answers)
    if item is None or not is_value(item):
        return None
    begins, ends = span(line, inner, inner)
    made = _done(item, f"{line[:begins]}{NAME}{line[ends:]}", answers)
    return None if made is None or not is_value(made) else _done(value, f"{NAME}[{place}] = {made}", answers)


def _expression(statement: ast.stmt | None, value: str, line: str, answers: Answers) -> str | None:
    """An expression that gives what a line makes of a value: of such there is more to learn from. None: none is known."""
    kind = _kind(value)
    match statement:
        case ast.Assign(targets=[ast.Subscript(slice=index)], value=given) if kind == "dict":
            entry = f"{text_of(index, line)}: {text_of(given, line)}"
            return f"{{**{value}, {entry}}}" if value != "{}" else f"{{{entry}}}"
        case ast.Delete(targets=[ast.Subscript(slice=ast.Constant(value=0))]) if kind == "list" and value != "[]":
            return f"{value}[1:]"
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=method), args=args, keywords=keywords)) if kind == "list":
            texts = [text_of(part, line) for part in args]
            if method == "extend" and len(texts) == 1 and not texts[0].startswith("["):
                texts = [answers.value(f"list({texts[0]})") or ""]
            return _of_list(method, value, texts, [text_of(part, line) for part in keywords])
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="clear"), args=[])):
            return {"dict": "{}", "set": "set()"}.get(kind)
    return None


def _of_list(method: str, value: str, args: list[str], keywords: list[str]) -> str | None:
    match method, args, keywords:
        case "append", [item], []:
            return f"{value} + [{item}]"
        case "extend", [items], [] if items.startswith("["):
            return f"{value} + {items}"
        case "insert", ["0", item], []:
            return f"[{item}] + {value}"
        case "pop", [], [] if value != "[]":
            return f"{value}[:-1]"
        case "pop", ["0"], [] if value != "[]":
            return f"{value}[1:]"
        case "sort", [], ([] | ["reverse=True"]):
            return f"sorted({', '.join((value, *keywords))})"
        case "reverse", [], []:
            return f"{value}[::-1]"
        case "clear", [], []:
            return "[]"
    return None


def _is_closed(line: str) -> bool:
    """Whether what it does is on values alone, and on what is changed."""
    statement = statement_of(line)
    if statement is None or any(isinstance(node, (ast.Lambda, ast.comprehension)) for node in ast.walk(statement)):
        return False
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} <= {NAME, *_HARMLESS}
