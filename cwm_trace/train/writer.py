"""Fills the grammar's templates: writes typed Python expressions over the variables in scope.

Knows the types of variables, not their values; so a few generated programs raise, as real ones do.
"""

from __future__ import annotations

import keyword
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from cwm_trace.train.grammar import CONDITIONS, EXPRESSIONS, MAPS, RECEIVERS, Table
from cwm_trace.train.names import novel_name
from cwm_trace.train.values import Theme

_HOLE = re.compile(r"<(=?)([A-Za-z]+)(?::(\w+))?>")
_NUMBER = re.compile(r"\d+$|-\d")  # has no attributes as it is: `5.bit_length()`, `-1.5.hex()`
_BINDERS = frozenset({"v", "w"})
_SELF_COMPARISON = re.compile(r"(?<![\w.])(\w+) (?:==|!=|<|>|<=|>=|in|not in) \1(?!\w)")
_ANY_KIND = ("int", "str", "li", "ls", "dsi", "bool", "ti")
_ALIASES = {"s": "str"}

_NAMES = {
    "str": "text s string word str1 txt value name data input_string sentence line message phrase t a b x st msg content",
    "text": "text s string data line message t value content",
    "char": "char c ch letter sep delim symbol x i k sign character value old new p",
    "int": "n num count x k i number value a b m total limit size idx start end step y target",
    "bool": "flag found ok is_valid done x check b",
    "float": "x f value ratio rate total price avg",
    "li": "nums numbers lst arr array values items data a xs l integers scores list1 nums2 elements sequence",
    "ls": "words items lst strings names arr array tokens parts data l list1 texts values lines chars elements",
    "lli": "matrix grid rows lists data groups m nested arr",
    "lt": "pairs items lst entries data tuples",
    "dsi": "d dic counts data dictionary mapping scores freq my_dict m inventory ages dct",
    "dss": "d dic mapping data dictionary table m names lookup config dct",
    "dis": "d dic mapping data dictionary table m lookup ids",
    "dsl": "d groups mapping data dic graph index",
    "ti": "t tup point pair values data a",
    "ts": "t tup pair values data names a",
    "si": "s seen values nums unique st",
    "lm": "items values data lst mixed row record a",
    "dd": "d tree data nested config table graph scores",
    "error": "e error err exc",
}
_RESULT_NAMES = {
    "str": "result new_text output res ans out s new_string ret string r",
    "int": "result count total res ans n out counter s num",
    "li": "result output res ans new_list lst out r new_nums",
    "ls": "result output res ans new_list parts out words r",
    "dsi": "result counts res d ans freq out dic",
}
_COMPREHENSION_NAMES = "x i c k n s w item e v a char j num word y el elem".split()


class Variable(NamedTuple):
    """A name in scope and its kind."""

    name: str
    kind: str


@dataclass(slots=True)
class Writer:
    """Writes expressions over a scope.

    Attributes:
        scope: variables visible now, oldest first.
        params: parameters of the function being written (they grow when a template needs a kind that is not there).
        max_params: no more parameters than that.
        novelty: share of names that are not of the common ones.
    """

    rng: random.Random
    theme: Theme
    scope: list[Variable] = field(default_factory=list)
    params: list[Variable] = field(default_factory=list)
    max_params: int = 3
    novelty: float = 0.0

    def taken(self) -> set[str]:
        """Names that a new variable must not hide."""
        return {variable.name for variable in self.scope} | {"f", "main"}

    def fresh_name(self, kind: str, *, result: bool = False) -> str:
        """A name that people give to values of this kind, not yet in scope."""
        pool = (_RESULT_NAMES.get(kind) if result else None) or _NAMES.get(kind, "x y z item obj value")
        candidates = [name for name in pool.split() if name not in self.taken()]
        if self.rng.random() < self.novelty:
            return self._novel_name()
        if candidates and self.rng.random() < 0.95:
            return candidates[min(int(self.rng.expovariate(0.22)), len(candidates) - 1)]
        while True:
            name = self.rng.choice("abcdefghijkmnopqrstuvwxyz") + self.rng.choice(["", "", "1", "2", "_x", "s", "z"])
            if name not in self.taken() and not keyword.iskeyword(name):
                return name

    def _novel_name(self) -> str:
        known = [variable.name for variable in self.scope]
        while (name := novel_name(self.rng, known)) in self.taken():
            pass
        return name

    def declare(self, kind: str, *, result: bool = False) -> str:
        """A new variable in scope."""
        name = self.fresh_name(kind, result=result)
        self.scope.append(Variable(name, kind))
        return name

    def add_param(self, kind: str, name: str | None = None) -> str:
        """A new parameter, in scope; `name`: not one that people give to such values."""
        variable = Variable(name or self.fresh_name(kind), kind)
        self.params.append(variable)
        self.scope.insert(len(self.params) - 1, variable)
        return variable.name

    def variables(self, kind: str) -> list[str]:
        """Names in scope of a kind (a char is a str, too)."""
        kinds = {"str": ("str", "char")}.get(kind, (kind,))
        return [variable.name for variable in self.scope if variable.kind in kinds]

    def variable(self, kind: str) -> str | None:
        """A variable of the kind, recent ones more often; perhaps a new parameter; None if there is none."""
        known = self.variables(kind)
        if not known or (len(known) == 1 and self.rng.random() < 0.04):
            if len(self.params) < self.max_params:
                return self.add_param(kind)
        if not known:
            return None
        return known[-1 - min(int(self.rng.expovariate(0.9)), len(known) - 1)]

    # --- expressions ------------------------------------------------------------------------------------------------

    def expression(self, kind: str, depth: int = 1) -> str:
        """An expression of a kind: variable, literal, or an operation whose parts are of depth - 1."""
        roll = self.rng.random()
        if depth > 0 and kind in EXPRESSIONS and roll < 0.55:
            return self.operation(kind, depth - 1)
        known = self.variables(kind)
        if known and roll < 0.85:
            return self.rng.choice(known)
        return self.literal(kind)

    def operation(self, kind: str, depth: int = 1) -> str:
        """An operation of the table for a kind; its receivers are variables where that is possible."""
        table = EXPRESSIONS.get(kind) or EXPRESSIONS["str"]
        for _ in range(8):
            template = self._draw(table)
            if self.fits(template):
                break
        return self.fill(template, depth)

    def condition(self, depth: int = 0) -> str:
        """A truth test, over the most recent variable more often than not."""
        text = self._condition(depth)
        return self._condition(depth) if _SELF_COMPARISON.search(text) else text

    def _condition(self, depth: int) -> str:
        kind = self.scope[-1].kind if self.scope else ""
        if kind in CONDITIONS and self.rng.random() < 0.6:
            return self.fill(self._draw(CONDITIONS[kind]), depth, {"v": self.scope[-1].name})
        return self.operation("bool", depth)

    def fits(self, template: str) -> bool:
        """Whether there is a variable for each receiver of the template, or room for a parameter."""
        return self._missing(template) + len(self.params) <= self.max_params

    def _missing(self, template: str) -> int:
        needed = {RECEIVERS[hole[2]] for hole in _HOLE.finditer(template) if hole[2] in RECEIVERS}
        return sum(not self.variables(kind) for kind in needed)

    def _draw(self, table: Table) -> str:
        return self.rng.choices(*table)[0]

    def fill(self, template: str, depth: int = 0, bound: dict[str, str] | None = None) -> str:
        """Replace the holes of a template. `bound` gives names for `<v>`, `<w>`, `<X>`."""
        names, kinds = dict(bound or {}), {}
        for hole in _HOLE.finditer(template):
            if hole[2] in _BINDERS and hole[3] and hole[2] not in names:
                names[hole[2]] = self._binder(set(names.values()))
                kinds[hole[2]] = hole[3]
        return _HOLE.sub(lambda hole: self._hole(hole, depth, names), template)

    def fill_with_literals(self, template: str, names: dict[str, str] | None = None) -> str:
        """`fill`, with a literal for each thing that the operation is done on."""
        bound = dict(names or {})
        for hole, kind in RECEIVERS.items():
            if f"<{hole}>" in template:
                value = literal_text(self.theme.value(kind))
                bound[hole] = f"({value})" if kind in ("int", "float") else value
        return self.fill(template, 0, bound)

    def _binder(self, used: set[str]) -> str:
        if self.rng.random() < self.novelty / 4 and (name := self._novel_name()) not in used:
            return name
        free = [name for name in _COMPREHENSION_NAMES if name not in used and name not in self.taken()]
        return free[min(int(self.rng.expovariate(0.3)), len(free) - 1)] if free else "zz"

    def _hole(self, hole: re.Match[str], depth: int, names: dict[str, str]) -> str:
        literal, name, kind = hole[1], hole[2], hole[3]
        if literal:
            return _LITERALS[name](self)
        if name in names:
            return names[name]
        if name == "cond":
            return self.fill(self._draw(CONDITIONS[kind]), 0, names)
        if name in MAPS:
            return self.fill(self._draw(MAPS[name]), 0, names)
        if name in RECEIVERS:
            text = self.receiver(RECEIVERS[name], depth)
            return f"({text})" if hole.string.startswith(".", hole.end()) and _NUMBER.match(text) else text
        return self.argument(name, depth)

    def receiver(self, kind: str, depth: int) -> str:
        """What a method is called on: a variable, at times a call, else a literal."""
        if depth > 0 and self.rng.random() < 0.2 and kind in EXPRESSIONS:
            text = self.operation(kind, depth - 1)
            return text if _is_primary(text) else f"({text})"
        return self.variable(kind) or self.literal(kind)

    def argument(self, name: str, depth: int) -> str:
        """A value for an argument: literals more often than for receivers."""
        if name == "piece":
            known = self.variables("char") or self.variables("str")
            return self.rng.choice(known) if known and self.rng.random() < 0.2 else repr(self.theme.piece())
        if name == "any":
            kind = self.rng.choice(_ANY_KIND)
            return self.rng.choice(self.scope).name if self.scope else self.literal(kind)
        kind = _ALIASES.get(name, name)
        known = self.variables(kind)
        if known and self.rng.random() < 0.5:
            return self.rng.choice(known)
        if depth > 0 and self.rng.random() < 0.35 and kind in EXPRESSIONS:
            text = self.operation(kind, depth - 1)
            return text if _is_primary(text) else f"({text})"
        return self.literal(kind)

    def literal(self, kind: str) -> str:
        """A literal of a kind."""
        if kind == "str" and self.rng.random() < 0.7:
            return repr(self.theme.item())
        if kind == "li" and self.rng.random() < 0.4:
            return "[]"
        return literal_text(self.theme.value(kind))


def literal_text(value: object) -> str:
    """Source text of a value (an empty set has no literal)."""
    return "set()" if value == set() and isinstance(value, set) else repr(value)


def _is_primary(text: str) -> bool:
    """Whether text binds tighter than any operator around it."""
    return bool(re.fullmatch(r"[\w.]+|[\w.]*\([^()]*\)|'[^']*'|\w+\[[^\[\]]*\]|\[[^\[\]]*\]|\{[^{}]*\}", text))


_LITERALS: dict[str, Callable[[Writer], str]] = {
    "small": lambda w: str(w.theme.small()),
    "index": lambda w: str(w.rng.choice([1, 1, 2, 2, 3])),
    "bit": lambda w: str(w.rng.choice([0, 0, 1])),
    "step": lambda w: str(w.rng.choice([2, 2, 3, -1, -1, -2])),
    "width": lambda w: str(w.rng.randint(5, 16)),
    "positive": lambda w: str(w.rng.choice([2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10])),
    "digits": lambda w: repr(str(w.rng.randint(0, 99999))),
    "literal": lambda w: repr("".join(w.theme.char() for _ in range(w.rng.randint(2, 5)))),
    "raw": lambda w: w.rng.choice("abcxyz0123!-_") * w.rng.randint(1, 2),
    "type": lambda w: w.rng.choice(["int", "str", "list", "dict", "tuple"]),
}
