"""Programs that ask: one `if`, `elif` and `while` after another, by themselves and in loops, about values of every day.

Of a test a trace shows nothing but the line that runs next, one of two that are known before: a bit among a hundred tokens of copies. So the
lines behind tests are all that is learned (`record`). `branches` asks tests of the smallest values, and of its traces everything is learned.
In `asks` such tests are bound to a name: what they give stands in a quarter of the tokens.
"""

from __future__ import annotations

import random
import re
from typing import Any

from cwm_trace.train.facts import EVERYWHERE, PLAIN_TESTS, counted, fact
from cwm_trace.train.grammar import read_templates
from cwm_trace.train.writer import Writer, literal_text

# Of what a loop is at, or of a literal: x is a text, mostly of one character, or a number; C is a text, S one of several characters, K a number.
_OF_TEXT = read_templates("""
x.isalpha()|x.isalpha()|x.isdigit()|x.isdigit()|x.isupper()|x.isupper()|x.islower()|x.islower()|x.isalnum()|x.isspace()|x == C|x == C|x != C
x == C|x in S|x in S|x in S|x not in S|x not in S|x in 'aeiou'|x.lower() in 'aeiou'|x not in 'aeiou'|x == ' '|x != ' '|x > C|x < C
not x.isalpha()|not x.isdigit()|x.isalpha() and x.islower()|x.isdigit() or x == C|x == C or x == C|x.lower() == C|x.upper() == C|len(x) > K
len(x) == K|x.startswith(C)|x.endswith(C)|x.isdecimal()|x.isnumeric()|x.istitle()|x.isascii()|x[0] == C|x[-1] == C|C in x|C not in x|x|not x
x in [C, C, C]|x not in [C, C]|x.isidentifier()|ord(x[0]) > 99
""")
_OF_NUMBER = read_templates("""
x % 2 == 0|x % 2 == 0|x % 2 == 1|x % 2|x % 2 != 0|x % 3 == 0|x > K|x > K|x > K|x < K|x < K|x < K|x >= K|x <= K|x == K|x == K|x != K|x > 0
x < 0|x == 0|not x|x in L|x in L|x not in L|K < x < 9|x > K and x < 9|x < K or x > 7|x % 4 == 0|x > 1|x < 10|x >= 10|x == n|x > n|x < n
x != n|x * 2 > n|x + K > 9|abs(x) > K|x
""")
_THEN = read_templates("""
n += 1|n += 1|n -= 1|n = x|n = K|r.append(x)|r.append(x)|r.append(K)|r += [x]|s += C|s = C|pass|continue|continue|break|r.insert(0, x)
n *= 2|r.append(C)|s += str(x)|n = 0|r = []|s = ''|r.append(n)|return n|n = -1|n += K|r = [n]|r.append([x])
""")
_LETTERS = "aeiou abc xyz 0123456789 abcdefghijklm AEIOU .,!? aeiouAEIOU bcdfg +-*/ ([{ ab".split()
_HOLE = re.compile(r"\b[xnrsCSLK]\b")
_OPPOSITES = [
    tuple(pair.split("|"))
    for pair in [" not in | in ", " in | not in ", " == | != ", " != | == ", " < | >= ", " >= | < ", " > | <= "]
]
_OF_NAMES = re.compile(r"\b[nrs]\b")
_OF_LOOPS = re.compile(r"\bx\b|continue|break")
_NAMES = "c count res out|x n result s|char total lst text|i k ans new|item cnt r acc|ch num arr t".split("|")


def choices_body(writer: Writer) -> list[str]:
    """Tests, until there are enough; what their ways change is there before."""
    rng = writer.rng
    for param in rng.sample("abpqw", rng.choice([1, 1, 2])):
        writer.add_param(rng.choice(["str", "int", "li", "ls", "dsi"]), param)
    names = dict(zip("xnrs", rng.choice(_NAMES).split(), strict=True))
    for name in rng.choice(["r", "s", "rs", "rs"]):
        del names[name]
    lines = [
        f"{names[name]} = {value}"
        for name, value in [("n", str(rng.randint(0, 9))), ("r", "[]"), ("s", "''")]
        if name in names
    ]
    asked, most = 0, rng.choice([8, 12, 16])
    while asked < most:
        made, count = _loop(writer, names) if rng.random() < 0.25 else (_alone(writer, names), 1)
        lines += made
        asked += count
    return [*lines, f"return {names['n']}"]


def _alone(writer: Writer, names: dict[str, str]) -> list[str]:
    """A condition that stands by itself, or a loop that counts."""
    rng = writer.rng
    if rng.random() < 0.1:
        return counted(rng, names["n"])
    tests = [either_way(rng, plain_test(writer, names)) for _ in range(2)]
    return _asked(writer, tests, [template for template in _THEN if not _OF_LOOPS.search(template)], names)


def plain_test(writer: Writer, names: dict[str, str]) -> str:
    """Of literals, or of variables that are there."""
    rng, theme = writer.rng, writer.theme
    if rng.random() < 0.5:
        return fact(writer, rng.choice(rng.choice([EVERYWHERE, PLAIN_TESTS])))
    items: list[Any] = [theme.item() or "a" if rng.random() < 0.5 else theme.int_()]
    text = literal_text(items[0])
    return _test(writer, items, names | {"x": f"({text})" if text.startswith("-") else text})


def _loop(writer: Writer, names: dict[str, str]) -> tuple[list[str], int]:
    """A loop with a condition in it, and how often that is asked."""
    over, items = _gone_through(writer)
    tests = [either_way(writer.rng, _test(writer, items, names)) for _ in range(2)]
    asked = _asked(writer, tests, _THEN, names)
    return [f"for {names['x']} in {over}:", *("    " + line for line in asked)], len(items)


def _gone_through(writer: Writer) -> tuple[str, list[Any]]:
    """What a loop goes through, and the items that it has."""
    rng, theme = writer.rng, writer.theme
    roll, count = rng.random(), rng.choice([1, 2, 3, 4, 5, 6])
    if roll < 0.5:
        text = str(theme.value(rng.choice(["str", "text"]))) or "a"
        start = rng.randint(0, max(0, len(text) - count))
        return literal_text(text[start : start + count]), list(text[start : start + count])
    if roll < 0.85:
        items = [theme.item() or "a" if roll < 0.65 else theme.int_() for _ in range(count)]
        return literal_text(items), items
    return f"range({count})", list(range(count))


def _test(writer: Writer, items: list[Any], names: dict[str, str]) -> str:
    """Of one of these items, whichever it is: what it is compared with is often like one of them."""
    rng = writer.rng
    some = rng.choice(items)
    template = rng.choice(_OF_TEXT if isinstance(some, str) else _OF_NUMBER)
    return _HOLE.sub(lambda hole: names.get(hole[0]) or _drawn(writer, hole[0], some), template)


def either_way(rng: random.Random, test: str) -> str:
    """The test, or its opposite: most tests of few values fail."""
    if rng.random() < 0.65:
        return test
    for one, other in _OPPOSITES:
        if test.count(one) == 1 and " and " not in test and " or " not in test:
            return test.replace(one, other)
    return f"not {test}" if re.fullmatch(r"[\w.()\[\]'-]+", test) else f"not ({test})"


def _drawn(writer: Writer, hole: str, like: Any) -> str:
    """For a hole of a test; more often than not such that `like` passes it, or hardly."""
    rng, theme = writer.rng, writer.theme
    near = rng.random() < 0.7
    if hole == "K":
        return str(max(0, like + rng.randint(-2, 2)) if near and isinstance(like, int) else rng.randint(0, 9))
    if hole == "C":
        return literal_text(rng.choice(like) if near and like and isinstance(like, str) else theme.char())
    if hole == "S":
        letters = rng.choice(_LETTERS) if rng.random() < 0.6 else theme.item() or "ab"
        return literal_text(letters[:1] + like + letters[1:] if near and isinstance(like, str) else letters)
    numbers = [theme.int_() for _ in range(rng.randint(1, 5))]
    return literal_text([*numbers, like] if near else numbers)


def _asked(writer: Writer, tests: list[str], templates: list[str], names: dict[str, str]) -> list[str]:
    """An `if`, often with another way; of templates those of names that there are."""
    rng = writer.rng
    fitting = [template for template in templates if all(name in names for name in _OF_NAMES.findall(template))]
    ways = [
        _HOLE.sub(lambda hole: names.get(hole[0]) or _drawn(writer, hole[0], None), one)
        for one in rng.sample(fitting, 2)
    ]
    lines = [f"if {tests[0]}:", f"    {ways[0]}"]
    roll = rng.random()
    if roll < 0.35:
        return [*lines, "else:", f"    {ways[1]}"]
    return [*lines, f"elif {tests[1]}:", f"    {ways[1]}"] if roll < 0.5 else lines
