"""The body of a program's module, which runs unseen till the trace begins.

What a statement does that is not followed is left out: what it binds is unknown from then on, and all else as it is. So a program is followed
where one of its modules, or of its classes' bases, is not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from cwm_trace.models.machine.active import Activation, Happening
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.shipped import bound_by
from cwm_trace.models.machine.values import Lost, Raised, Unknown


def run(machine: Interpreter, module: Activation, source: str) -> Iterator[Happening]:
    """What happens in the module, which is active. Raises Raised, Lost where the trace has begun, or nobody knows how to go on."""
    left = ast.parse(source).body
    while machine.active:
        try:
            yield from machine.events()  # which is thrown into, too, where a frame shows otherwise than was foretold
        except (Lost, Raised):
            if not machine.is_unseen:
                raise
            left = _behind(left, module.line)
            _leave_out(machine, module, left)


def _behind(statements: Sequence[ast.stmt], line: int) -> list[ast.stmt]:
    """The statement that is at a line, and those behind it. Raises Lost."""
    for place, each in enumerate(statements):
        if _first_line(each) <= line <= (each.end_lineno or each.lineno):
            return [*statements[place:]]
    raise Lost


def _first_line(statement: ast.stmt) -> int:
    decorators: Sequence[ast.expr] = getattr(statement, "decorator_list", ())
    return min([statement.lineno, *(each.lineno for each in decorators)])


def _leave_out(machine: Interpreter, module: Activation, statements: Sequence[ast.stmt]) -> None:
    """Go on behind the first of these."""
    lost, *others = statements
    if machine.is_spent or isinstance(lost, ast.ImportFrom) and lost.names[0].name == "*":
        raise Lost  # and may have bound anything
    for name in bound_by(lost):
        module.space[name] = Unknown()
    machine.active[:] = [module]
    module.stack.clear()
    machine.handled = machine.choice = machine.doubt = machine.presumed = None
    behind = next((each for each in others if _first_line(each) > (lost.end_lineno or lost.lineno)), None)
    if behind is None:
        machine.active.clear()
        return
    lines = range(_first_line(behind), (behind.end_lineno or behind.lineno) + 1)
    places = [place for place, each in enumerate(module.code.instructions) if each.line in lines]
    if not places:
        raise Lost
    module.at, module.before, module.line = places[0], places[0] - 1, lines[0]
