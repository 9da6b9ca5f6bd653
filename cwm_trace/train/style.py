"""How a generated program is written down: quotes, comments, blank lines, annotations. Never what it does.

The grammar writes values as `repr` does; people write as many double quotes as single ones.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from cwm_trace.train.names import word

# Not tokenize: it splits f-strings from 3.12 on, and a seed must give the same program everywhere.
STRINGS = re.compile(r'"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|#[^\n]*')
_HEADER = re.compile(r"^( *def \w+\()([^()]*)(\)):$", re.MULTILINE)
_ANNOTATIONS = ["int", "str", "list", "dict", "bool", "float", "list[int]", "list[str]", "dict[str, int]", "object"]
_COMMENTS = [
    "start", "check {}", "now the {}", "TODO: {} {}", "{} first", "skip {}", "keep the {} {}", "{}", "done", "each {}",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """The habits of one program's author.

    Attributes:
        double: share of strings in the source that are in double quotes.
        double_in_call: the same, in the call's arguments.
        comments: chance of a comment on a line of code, or above it.
        blank: chance of a blank line between two statements.
        annotated: whether parameters have annotations.
    """

    double: float
    double_in_call: float
    comments: float
    blank: float
    annotated: bool

    @classmethod
    def draw(cls, rng: random.Random) -> Style:
        """An author; most write no comments."""
        double = rng.choice([0.0, 0.0, 0.0, 1.0, 1.0, 0.5])
        in_call = double if rng.random() < 0.6 else rng.choice([0.0, 1.0, 1.0, 0.5])
        return cls(
            double, in_call, rng.choice([0.0] * 7 + [0.1, 0.3]), rng.choice([0.0] * 7 + [0.1, 0.2]), rng.random() < 0.08
        )

    def source(self, rng: random.Random, text: str) -> str:
        """A program's text in this style."""
        if self.annotated:
            text = _HEADER.sub(lambda match: _annotate(rng, match), text)
        text = quoted(rng, text, self.double)
        return _commented(rng, text, self) if self.comments or self.blank else text

    def call(self, rng: random.Random, text: str) -> str:
        """A call in this style."""
        return quoted(rng, text, self.double_in_call)


def quoted(rng: random.Random, text: str, share: float) -> str:
    """Put so large a share of the single-quoted strings into double quotes; strings that hold a quote of either kind stay."""

    def requote(match: re.Match[str]) -> str:
        string = match[0]
        plain = string[0] == "'" and not re.search("[\"']", string[1:-1])
        return f'"{string[1:-1]}"' if plain and rng.random() < share else string

    return STRINGS.sub(requote, text) if share else text


def _annotate(rng: random.Random, match: re.Match[str]) -> str:
    names = [name.strip() for name in match[2].split(",") if name.strip()]
    plain = all(name.isidentifier() and name != "self" for name in names)
    inner = ", ".join(f"{name}: {rng.choice(_ANNOTATIONS)}" for name in names) if plain else match[2]
    returned = f" -> {rng.choice(_ANNOTATIONS)}" if rng.random() < 0.6 else ""
    return f"{match[1]}{inner}{match[3]}{returned}:"


def _commented(rng: random.Random, text: str, style: Style) -> str:
    if '"""' in text:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        if indent and rng.random() < style.blank:
            lines.append("")
        if line.strip() and rng.random() < style.comments:
            comment = "# " + re.sub(r"\{\}", lambda _: word(rng), rng.choice(_COMMENTS))
            lines += [f"{line}  {comment}"] if rng.random() < 0.5 else [indent + comment, line]
        else:
            lines.append(line)
    return "\n".join(lines)
