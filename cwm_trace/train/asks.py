"""Programs that bind what tests give: of single characters of all kinds, of numbers, of words, of what lists and dicts have.

These are what loops ask of their items, a few facts of each character and number, of which a text of words has few. A third of the tests are
those of `choices`; the others come out either way equally often: our own templates are evaluated while a program is made.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase, digits, punctuation
from typing import Any

from cwm_trace.train.choices import either_way, plain_test
from cwm_trace.train.grammar import read_templates
from cwm_trace.train.writer import Writer, literal_text

_KINDS = (ascii_lowercase, ascii_uppercase, digits, punctuation, "   \t\n", "éÉßñÜжΩ中²½٣ª")
_WEIGHTS = (28, 26, 18, 16, 8, 4)
_LETTERS = (
    "aeiou|aeiouAEIOU|abc|xyz|0123456789|13579|.,!?|+-*/|([{|)]}|abcdefghijklmnopqrstuvwxyz|ABC| |bcdfg|_-".split("|")
)
# x is a character, C one that may be like it, S characters, T a text, n a number, m one near it, K one of 0 to 9, P one of 2 to 5, I an index
# of T, J of L, L numbers, w a word, v one that may be like it, p a piece of it, W words, D a dict of words and numbers, E one of numbers.
_OF_CHARACTER = read_templates("""
x.isalpha()|x.isalpha()|x.isdigit()|x.isdigit()|x.isupper()|x.isupper()|x.islower()|x.islower()|x.isalnum()|x.isspace()|x.istitle()
x.isdecimal()|x.isnumeric()|x.isidentifier()|x.isprintable()|x.isascii()|x == C|x == C|x == C|x != C|x != C|x in S|x in S|x in S|x not in S
x not in S|x < C|x > C|x <= C|x >= C|x.lower() == C|x.upper() == C|x.lower() in S|x.lower() == x|x == x.upper()|ord(x) > n|'a' <= x <= 'z'
'0' <= x <= '9'|'A' <= x <= 'Z'|x.isalpha() and x.islower()|x.isdigit() or x == C|x.isalpha() or x == ' '|x == C or x == C|x == C and K > 4
x in [C, C, C]|x in (C, C)|x not in [C, C]|ord(x) % 2 == 0|x.isupper() or x.isdigit()|not x.isalpha() and not x.isspace()|x + C == C + x
T[I].isupper()|T[I].islower()|T[I].isdigit()|T[I].isalpha()|T[I].isspace()|T[I] == C|T[I] != C|T[I] in S|T[-1] == C|T[0] == C|x in T
x not in T|T[I] == T[I]|T[I] < T[I]|T.count(x) > K|T.count(x) == 1|T.find(x) >= 0|T.find(x) == -1|T.startswith(x)|T.endswith(x)
T.index(T[I]) == I|x in T[I:]
""")
_OF_NUMBER = read_templates("""
n % 2 == 0|n % 2 == 0|n % 2 == 0|n % 2 == 1|n % 2 == 1|n % 2 != 0|n % 2|n % 3 == 0|n % P == 0|n % P == K|n % P != 0|n % P|n > m|n > m|n < m
n < m|n >= m|n <= m|n == m|n == m|n != m|n > 0|n < 0|n == 0|n >= 0|K < n < 9|0 <= n < m|n > K and n < 9|n < K or n > m|n in L|n in L|n in L
n not in L|n not in L|n in E|n not in E|not n|abs(n) > m|n * 2 > m|n + K == m|n - K > m|m - n > K|n < len(L)|n < len(T)|n <= len(L) - 1
n < len(L) - 1|n == len(T) - 1|L.count(n) > 1|L.count(n) == 1|L.count(n) == 0|L[J] > n|L[J] % 2 == 0|L[J] % 2 == 1|L[J] == L[J]|L[J] < L[J]
L[J] != n|sum(L) > n|sum(L) % 2 == 0|max(L) == n|min(L) < n|len(L) > K|len(L) == K|len(L) % 2 == 0|len(L) > 0|len(T) > K|len(T) == K
len(T) % 2 == 0|len(T) < n|n in [K, K, K]|n % 2 == 0 and n > K|n % 2 == 1 or n > m|n // 2 > K|L[0] == n|L[-1] > n|L == L[::-1]
L == sorted(L)|n in L[J:]|n ** 2 > m|-n < m|K
""")
_OF_WORD = read_templates("""
w in W|w in W|w in W|w not in W|w not in W|w in D|w in D|w in D|w not in D|w not in D|w == v|w == v|w != v|w.startswith(p)|w.startswith(p)
w.endswith(p)|w.endswith(p)|p in w|p in w|p not in w|w.find(p) == -1|w.find(p) >= 0|w.count(p) > K|w.isalpha()|w.isdigit()|w.isupper()
w.islower()|w.isalnum()|w.istitle()|w.isspace()|len(w) > K|len(w) == K|len(w) % 2 == 0|len(w) == len(v)|len(w) < len(v)|w[0] == v[0]
w[-1] == p|w == w[::-1]|w < v|w > v|not w|w.lower() == v|w.upper() == w|w.lower() == w|D.get(w) is None|len(D) > K|w in D and n > K
len(W) > K|len(W) == K|W[0] == w|W.count(w) > 1|w in W or n > K|T == w|T in v|v in w|w == ''|w != ''|w.replace(p, '') == w|w.strip() == w
w and v|isinstance(w, str)
""")
_HOLE = re.compile(r"\b[xCSTnmKPIJLwvpWDE]\b(?!')")
_BARE = re.compile(
    r"[<>=]| in |not |is |\.is|\.(starts|ends)with|isinstance"
)  # what has none of it need not give True or False
_SPACED = re.compile(r" (==|!=|<=|>=|[<>%+*]) ")


def asks_body(writer: Writer) -> list[str]:
    """What tests give, bound to one name, a few of them in a list."""
    rng = writer.rng
    writer.add_param(rng.choice(["str", "int", "li"]), rng.choice("pqw"))
    name = rng.choice("nxrk")
    lines = [f"{name} = {rng.randint(0, 9)}"]
    for _ in range(rng.choice([12, 16, 20])):
        tests = [_asked(writer) for _ in range(rng.choice([1, 1, 1, 3]))]
        lines.append(binding(name, tests))
    return [*lines, f"return {name}"]


def binding(name: str, texts: Sequence[str]) -> str:
    """A line that binds a name to one expression, or to several in a list."""
    return f"{name} = {texts[0]}" if len(texts) == 1 else f"{name} = [{', '.join(texts)}]"


def _asked(writer: Writer) -> str:
    rng = writer.rng
    if rng.random() < 0.3:
        return either_way(rng, plain_test(writer, {"n": str(rng.randint(0, 9))}))
    test, wanted = "", rng.random() < 0.5
    for _ in range(4):
        test = Drawn(writer).test()
        if _gives(test) is wanted:
            break
    if not _BARE.search(test):
        test = f"bool({test})"
    return _SPACED.sub(r"\1", test) if "'" not in test and rng.random() < 0.15 else test


def _gives(test: str) -> bool | None:
    try:
        return bool(eval(test, {}))  # noqa: S307  of our own templates
    except (LookupError, TypeError, ValueError):
        return None


def character(rng: random.Random) -> str:
    """One character, of any kind."""
    return rng.choice(rng.choices(_KINDS, _WEIGHTS)[0])


class Drawn:
    """The values of one test; those that are compared are often alike."""

    def __init__(self, writer: Writer) -> None:
        self.rng, self.theme = writer.rng, writer.theme
        rng = self.rng
        self.x = character(rng)
        self.n = rng.choice([rng.randint(0, 9), rng.randint(0, 30), rng.randint(-9, 300), self.theme.int_()])
        self.w = self.theme.item() if rng.random() < 0.7 else self._text()
        self.T = self._text() or "ab"
        self.L = [
            rng.choice([rng.randint(0, 9), self.theme.int_()]) for _ in range(rng.choice([1, 2, 3, 4, 5, 6, 8, 12]))
        ]
        if rng.random() < 0.5:
            self.L[rng.randrange(len(self.L))] = self.n

    def test(self) -> str:
        """A template filled; at times its opposite, or two of them."""
        rng = self.rng
        template = rng.choice(rng.choices([_OF_CHARACTER, _OF_NUMBER, _OF_WORD], [40, 35, 25])[0])
        test = _HOLE.sub(lambda hole: self._value(hole[0]), template)
        roll = rng.random()
        if roll < 0.12:
            return f"not {test}" if re.fullmatch(r"\S+", test) else f"not ({test})"
        if roll < 0.2 and " and " not in test and " or " not in test:
            other = _HOLE.sub(lambda hole: self._value(hole[0]), rng.choice(_OF_CHARACTER + _OF_NUMBER))
            if " and " not in other and " or " not in other:
                return f"{test} {rng.choice(['and', 'or'])} {other}"
        return test

    def _text(self) -> str:
        rng = self.rng
        if rng.random() < 0.5:
            return str(self.theme.value("str"))[: rng.randint(1, 16)]
        return "".join(character(rng) for _ in range(rng.randint(1, 8)))

    def _value(self, hole: str) -> str:
        value: Any = getattr(self, hole, None)
        text = literal_text(self._other(hole) if value is None else value)
        return f"({text})" if text.startswith("-") else text

    def _other(self, hole: str) -> Any:
        """What is drawn anew each time, near what it is compared with."""
        rng, like = self.rng, self.rng.random()
        match hole:
            case "C":
                return self.x if like < 0.4 else self.x.swapcase() if like < 0.55 else character(rng)
            case "S":
                letters = (
                    rng.choice(_LETTERS) if like < 0.6 else "".join(character(rng) for _ in range(rng.randint(1, 6)))
                )
                return letters + self.x if rng.random() < 0.25 else letters
            case "m":
                return self.n if like < 0.2 else self.n + rng.randint(-3, 3) if like < 0.7 else rng.randint(0, 30)
            case "K":
                return rng.randint(0, 9)
            case "P":
                return rng.randint(2, 5)
            case "I":
                return rng.randrange(len(self.T))
            case "J":
                return rng.randrange(len(self.L))
            case "v":
                return self.w if like < 0.35 else self.w.swapcase() if like < 0.45 else self.theme.item()
            case "p":
                end = rng.randint(1, 3)
                return self.w[:end] if like < 0.3 else self.w[-end:] if like < 0.6 else self.theme.piece()
            case "W":
                words = [self.theme.item() for _ in range(rng.choice([1, 2, 3, 4, 6]))]
                return [*words[:1], self.w, *words[1:]] if like < 0.5 else words
            case "D":
                keys = [self.theme.item() for _ in range(rng.choice([1, 2, 3, 4]))] + ([self.w] if like < 0.5 else [])
                return {key: rng.randint(0, 9) for key in keys}
        numbers = [rng.randint(0, 30) for _ in range(rng.choice([1, 2, 3]))] + ([self.n] if like < 0.5 else [])
        return {key: self.theme.item() for key in numbers}
