"""Scripts as people write them, of a function and its calls: the calls under it, in a `main` or not, or no function at all.

What a user's first script looks like: values bound to names, a call or two, what it gave printed. Runs nothing.
"""

from __future__ import annotations

import ast
import random
from textwrap import dedent, indent

_FLAT = 0.4  # share of those that can, that become scripts without a function
_RESULTS = ("result", "result", "output", "out", "answer", "r", "res", "value")


def as_script(rng: random.Random, source: str, calls: tuple[str, ...]) -> str:
    """A script that makes the first one or two of the calls of the program's functions. Raises SyntaxError."""
    tree = ast.parse(source)
    if rng.random() < _FLAT and (text := _flat(rng, source, tree, calls[0])):
        return text
    parameters = {node.name: _names(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
    taken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | set(parameters)
    lines: list[str] = []
    results: list[str] = []
    for call in calls[: rng.choice([1, 1, 2])]:
        lines += _called(rng, call, parameters, taken, results)
    return f"{source.rstrip()}\n\n\n{_wrapped(rng, lines, results)}\n"


def _names(function: ast.FunctionDef) -> list[str] | None:
    """The parameters, where they are simple."""
    arguments = function.args
    if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs or arguments.defaults:
        return None
    return [argument.arg for argument in arguments.args]


def _bound(names: list[str], call: str, arguments: list[ast.expr]) -> list[str]:
    """Lines that give the parameters the call's arguments."""
    return [f"{name} = {ast.get_source_segment(call, item)}" for name, item in zip(names, arguments, strict=True)]


def _called(
    rng: random.Random, call: str, parameters: dict[str, list[str] | None], taken: set[str], results: list[str]
) -> list[str]:
    """Lines that make the call, its arguments bound to names at times, and may print what it gave."""
    lines: list[str] = []
    tree = ast.parse(call, mode="eval").body
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and rng.random() < 0.6:
        names = parameters.get(tree.func.id)
        if names and len(names) == len(tree.args) and not tree.keywords and parameters.keys().isdisjoint(names):
            lines = _bound(names, call, tree.args)
            call = f"{tree.func.id}({', '.join(names)})"
    name = next(name for name in (*rng.sample(_RESULTS, 3), "first", "second", "third") if name not in taken)
    taken.add(name)
    roll = rng.random()
    if roll < 0.25:
        return [*lines, f"print({call})"]
    results.append(name)
    return [*lines, f"{name} = {call}", *([f"print({name})"] if roll < 0.85 else [])]


def _wrapped(rng: random.Random, lines: list[str], results: list[str]) -> str:
    roll = rng.random()
    body = "\n".join(lines)
    if roll < 0.5:
        return body
    if roll < 0.7:
        return f'if __name__ == "__main__":\n{indent(body, "    ")}'
    ends = ["main()", 'if __name__ == "__main__":\n    main()']
    if results and rng.random() < 0.7:
        body += f"\nreturn {', '.join(results)}"
        ends.append('if __name__ == "__main__":\n    print(main())')
    end = rng.choice(ends)
    return f"def main():\n{indent(body, '    ')}\n\n\n{end}"


def _flat(rng: random.Random, source: str, tree: ast.Module, call: str) -> str | None:
    """The function's body at the top, its parameters bound to the call's arguments; None where that is not the same."""
    called = ast.parse(call, mode="eval").body
    match tree.body, called:
        case [ast.FunctionDef() as function], ast.Call(args=arguments, keywords=[]):
            names = _names(function)
        case _:
            return None
    *body, last = function.body
    if '"""' in source or names is None or len(names) != len(arguments) or function.decorator_list or function.returns:
        return None
    if not body or not isinstance(last, ast.Return) or last.value is None or last.lineno == body[-1].end_lineno:
        return None
    if any(_needs_function(node, function.name, last) for node in ast.walk(function) if node is not function):
        return None
    lines = source.split("\n")
    kept = dedent("\n".join(lines[body[0].lineno - 1 : last.lineno - 1]))
    shown = ast.get_source_segment(source, last.value)
    end = f"print({shown})" if rng.random() < 0.7 or "\n" in (shown or "") else f"result = {shown}\nprint(result)"
    return "\n".join([*_bound(names, call, arguments), *([""] if rng.random() < 0.3 else []), kept, end, ""])


def _needs_function(node: ast.AST, name: str, last: ast.Return) -> bool:
    """Whether it means something else outside the function of this name: its end, a scope in it, the function itself."""
    ends = (ast.Return, ast.Yield, ast.YieldFrom, ast.Nonlocal, ast.Global)
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return (isinstance(node, (*ends, *scopes)) and node is not last) or (isinstance(node, ast.Name) and node.id == name)
