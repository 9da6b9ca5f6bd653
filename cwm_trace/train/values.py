"""Random Python values as the inputs and literals of generated programs.

A `Theme` is the small world of one program: its inputs and its literals are drawn from the same few characters, words
and numbers, so that `text.replace('a', 'b')` or `nums.count(3)` usually has something to find. Knows nothing of code.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import dataclass

Value = object

_VOWELS, _CONSONANTS = "aeiou", "bcdfghjklmnprstvwyz"
_PUNCTUATION = "!@#$%^&*()-_=+[]{};:,.<>/?|~ "
_NON_ASCII = "äöüßéèñçøåÄÖÜÉжшдñλπ中文の€½²"


def _syllables(rng: random.Random, low: int, high: int) -> str:
    return "".join(rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(rng.randint(low, high)))


def _plain_word(rng: random.Random) -> str:
    word = _syllables(rng, 1, 3)
    return word + rng.choice(_CONSONANTS) if rng.random() < 0.5 else word


def _random_letters(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_lowercase, k=rng.randint(1, 8)))


def _mixed_case(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_letters, k=rng.randint(2, 9)))


def _alphanumeric(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=rng.randint(1, 8)))


def _digits(rng: random.Random) -> str:
    return "".join(rng.choices(string.digits, k=rng.randint(1, 6)))


def _symbols(rng: random.Random) -> str:
    return "".join(rng.choices(_PUNCTUATION + string.ascii_lowercase, k=rng.randint(1, 8)))


def _repetitive(rng: random.Random) -> str:
    return "".join(rng.choices(rng.sample(string.ascii_letters, 3), k=rng.randint(2, 10)))


def _capitalised(rng: random.Random) -> str:
    return _plain_word(rng).capitalize()


def _international(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_lowercase + _NON_ASCII, k=rng.randint(1, 6)))


_WORD_KINDS: list[tuple[int, Callable[[random.Random], str]]] = [
    (30, _plain_word),
    (16, _random_letters),
    (12, _mixed_case),
    (10, _alphanumeric),
    (7, _digits),
    (10, _symbols),
    (10, _repetitive),
    (9, _capitalised),
    (2, _international),
]
_KINDS = [kind for _, kind in _WORD_KINDS]
_KIND_WEIGHTS = [weight for weight, _ in _WORD_KINDS]
_ALPHABETS = [
    string.ascii_lowercase, string.ascii_lowercase + " ", string.ascii_letters, string.ascii_letters + string.digits, string.digits, "01",
    "ab", "abc", "aeioubcd ", string.ascii_lowercase + string.digits + _PUNCTUATION,
]  # fmt: skip
_SEPARATORS = [" "] * 10 + [", ", ",", "-", "_", "  ", "\n", ".", ":", "|", "/", "\t", ";", "+"]


def word(rng: random.Random) -> str:
    """A word-like string of 1 to 9 characters."""
    return rng.choices(_KINDS, _KIND_WEIGHTS)[0](rng)


@dataclass(slots=True)
class Theme:
    """The words, characters and numbers that one program's inputs and literals share."""

    rng: random.Random
    words: list[str]
    separator: str
    numbers: list[int]

    @classmethod
    def draw(cls, rng: random.Random) -> Theme:
        """A new small world."""
        high = rng.choice([5, 10, 10, 20, 100, 100, 1000])
        low = rng.choice([0, 0, 0, 1, -high])
        numbers = [rng.randint(low, high) for _ in range(rng.randint(3, 7))]
        words = [word(rng) for _ in range(rng.randint(2, 6))]
        return cls(rng, words, rng.choice(_SEPARATORS), numbers)

    def alphabet(self) -> str:
        """The characters that long strings are made of."""
        return self.rng.choice(_ALPHABETS) if self.rng.random() < 0.7 else "".join(self.words) + self.separator

    def int_(self) -> int:
        """A number of this world, at times a neighbour or a stranger."""
        roll = self.rng.random()
        if roll < 0.6:
            return self.rng.choice(self.numbers)
        return self.rng.randint(-2, 12) if roll < 0.9 else self.rng.randint(-1000, 1000)

    def small(self) -> int:
        """A count or an index."""
        return self.rng.choice([0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10])

    def char(self) -> str:
        """One character, usually of this world's words."""
        roll = self.rng.random()
        if roll < 0.15:
            return self.separator[0]
        source = self.rng.choice(self.words)
        if roll < 0.85 and source:
            return self.rng.choice(source)
        return self.rng.choice(string.ascii_letters + string.digits + _PUNCTUATION)

    def piece(self) -> str:
        """A short string: character, part of a word, word, separator, empty."""
        roll = self.rng.random()
        if roll < 0.45:
            return self.char()
        source = self.rng.choice(self.words)
        if roll < 0.8:
            start = self.rng.randrange(len(source) + 1)
            return source[start : start + self.rng.randint(1, 3)]
        return source if roll < 0.95 else self.rng.choice(["", self.separator, " "])

    def text(self) -> str:
        """A whole string: one word, words with separators, at times padded, empty or with a changed case."""
        roll = self.rng.random()
        if roll < 0.03:
            return ""
        if roll < 0.08:
            return "".join(self.rng.choices(self.alphabet(), k=self.rng.randint(8, 24)))
        count = 1 if roll < 0.5 else self.rng.randint(2, 4) if roll < 0.95 else self.rng.randint(4, 8)
        text = self.separator.join(self.rng.choices(self.words, k=count))
        return self._dressed(text)

    def _dressed(self, text: str) -> str:
        roll = self.rng.random()
        if roll < 0.06:
            return " " * self.rng.randint(1, 3) + text + " " * self.rng.randint(0, 3)
        if roll < 0.12:
            return text.upper()
        if roll < 0.17:
            return text.title()
        if roll < 0.22:
            return text + self.rng.choice("!?.,:;") * self.rng.randint(1, 2)
        if roll < 0.25:
            return text + self.rng.choice(string.whitespace[:4])
        return text

    def long_text(self) -> str:
        """A string of a dozen to thirty characters: words, or characters of one alphabet."""
        length = self.rng.choice([12, 16, 16, 20, 24, 30])
        if self.rng.random() < 0.5:
            return "".join(self.rng.choices(self.alphabet(), k=length))
        text = ""
        while len(text) < length:
            text += self.rng.choice(self.words) + self.separator
        return text[:length]

    def float_(self) -> float:
        """A number with one or two decimals."""
        return round(self.rng.uniform(-10, 100), self.rng.choice([1, 1, 2]))

    def bool_(self) -> bool:
        """A truth value."""
        return self.rng.random() < 0.5

    def size(self) -> int:
        """The length of a container."""
        return self.rng.choice([0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 7, 8])

    def item(self) -> str:
        """A string as an element of a container."""
        return self.char() if self.rng.random() < 0.4 else self.rng.choice(self.words)

    def value(self, kind: str) -> Value:
        """A value of a kind of the grammar (`cwm_trace.train.grammar`). Raises KeyError."""
        return _MAKERS[kind](self)


_COMMON = """
apple banana cherry grape lemon orange peach melon bread milk tea coffee sugar salt rice fish egg red blue green black white cat dog bird
horse mouse lion tiger bear frog duck house door window table chair garden river road city town school book page paper pen letter word
hello world good morning night day week month year time sun moon star rain snow wind summer winter alice bob carol david emma frank grace
henry anna peter maria john kate paris london tokyo berlin rome madrid first second third last next open close start stop left right up
down yes no maybe one two three four five six seven ten hundred the a an of to in and or not is was it he she they we you this that with
from by on at for price total count name value key data list item user admin test error warning info ready done python code file line
""".split()
_SENTENCE_ENDS = ["", "", "", "", ".", ".", "!", "?", "..."]
_FIELDS = [",", ", ", ";", "|", ":", "-", "_", "/", "\n", "\t", "=", " - ", "."]


def _common(rng: random.Random) -> str:
    return rng.choice(_COMMON)


def _identifier(rng: random.Random) -> str:
    """Letters and digits as in a code, a version, a name of a file."""
    return rng.choice(
        [
            f"{rng.choice(_COMMON)}{rng.randint(0, 99)}",
            f"{rng.choice(_COMMON)}_{rng.choice(_COMMON)}",
            f"{rng.choice(_COMMON)}-{rng.randint(1, 9)}",
            f"{rng.choice(string.ascii_uppercase)}{rng.randint(1, 999)}",
            f"{rng.randint(0, 9)}.{rng.randint(0, 20)}",
            f"{rng.choice(_COMMON)}.{rng.choice(['txt', 'py', 'csv', 'com'])}",
            f"{rng.choice(_COMMON)}@{rng.choice(_COMMON)}.org",
        ]
    )


_BROAD_TABLE: list[tuple[int, Callable[[random.Random], str]]] = [
    (40, _common), (18, _random_letters), (8, _plain_word), (7, _repetitive), (6, _digits), (5, _alphanumeric), (5, _capitalised), (4, _symbols),
    (4, _identifier), (2, _mixed_case), (1, _international),
]  # fmt: skip
_BROAD = [kind for _, kind in _BROAD_TABLE]
_BROAD_WEIGHTS = [weight for weight, _ in _BROAD_TABLE]


class BroadTheme(Theme):
    """A world of common words and small numbers, with texts from none and one to forty characters: sentences, fields, runs, codes."""

    __slots__ = ()

    @classmethod
    def draw(cls, rng: random.Random) -> BroadTheme:
        """A new small world."""
        high = rng.choice([3, 5, 5, 9, 9, 10, 20, 50, 100, 1000])
        low = rng.choice([0, 0, 0, 0, 0, 1, 1, 1, -high])
        numbers = [rng.randint(low, high) for _ in range(rng.randint(3, 7))]
        words = [rng.choices(_BROAD, _BROAD_WEIGHTS)[0](rng) for _ in range(rng.randint(2, 6))]
        return cls(rng, words, rng.choice(_SEPARATORS), numbers)

    def int_(self) -> int:
        """A number of this world, at times a small one or a stranger."""
        roll = self.rng.random()
        if roll < 0.65:
            return self.rng.choice(self.numbers)
        return self.rng.randint(0, 9) if roll < 0.95 else self.rng.randint(-20, 300)

    def text(self) -> str:
        """A whole string."""
        rng, roll = self.rng, self.rng.random()
        if roll < 0.04:
            return ""
        if roll < 0.14:
            return self.char()
        if roll < 0.48:
            return self._dressed(rng.choice(self.words))
        if roll < 0.68:
            return self._sentence()
        if roll < 0.76:
            return rng.choice(_FIELDS).join(self.item() for _ in range(rng.randint(2, 5)))
        if roll < 0.88:
            return "".join(rng.choices(self.alphabet(), k=rng.choice([4, 6, 8, 10, 14, 20, 28])))
        if roll < 0.94:
            return rng.choice(self.words)[: rng.randint(1, 3)] * rng.randint(2, 5)
        return self.long_text()

    def _sentence(self) -> str:
        words = self.rng.choices([*self.words, *self.rng.sample(_COMMON, 4)], k=self.rng.choice([2, 2, 3, 3, 4, 5, 7]))
        text = " ".join(words) + self.rng.choice(_SENTENCE_ENDS)
        return text[:1].upper() + text[1:] if self.rng.random() < 0.2 else text

    def _dressed(self, text: str) -> str:
        roll = self.rng.random()
        if roll < 0.05:
            return " " * self.rng.randint(0, 3) + text + self.rng.choice([" ", "  ", "\n", "\t"])
        if roll < 0.1:
            return text.upper()
        if roll < 0.15:
            return text.title()
        return text + self.rng.choice("!?.,:;#$") * self.rng.randint(1, 2) if roll < 0.2 else text

    def item(self) -> str:
        """A string as an element of a container: a character, a word, at times a phrase or nothing."""
        roll = self.rng.random()
        if roll < 0.35:
            return self.char()
        if roll < 0.88:
            return self.rng.choice(self.words)
        return self.rng.choice(self.words) + " " + self.rng.choice(_COMMON) if roll < 0.97 else ""


def _dict_of(key: Callable[[Theme], Value], value: Callable[[Theme], Value]) -> Callable[[Theme], Value]:
    return lambda theme: {key(theme): value(theme) for _ in range(min(theme.size(), 5))}


def _list_of(item: Callable[[Theme], Value]) -> Callable[[Theme], list[Value]]:
    return lambda theme: [item(theme) for _ in range(theme.size())]


def _int(theme: Theme) -> int:
    return theme.int_()  # not Theme.int_: a theme of another kind has its own


def _item(theme: Theme) -> str:
    return theme.item()


_numbers = _list_of(_int)
_MAKERS: dict[str, Callable[[Theme], Value]] = {
    "int": _int,
    "str": lambda theme: theme.text(),
    "text": lambda theme: theme.long_text(),
    "char": lambda theme: theme.char(),
    "bool": lambda theme: theme.bool_(),
    "float": lambda theme: theme.float_(),
    "li": _numbers,
    "ls": _list_of(_item),
    "lli": lambda theme: [_numbers(theme)[:3] for _ in range(min(theme.size(), 4))],
    "dsi": _dict_of(_item, _int),
    "dss": _dict_of(_item, _item),
    "dis": _dict_of(_int, _item),
    "dsl": _dict_of(_item, lambda theme: _numbers(theme)[:3]),
    "ti": lambda theme: tuple(_numbers(theme)[:5]),
    "ts": lambda theme: tuple(_list_of(_item)(theme)[:5]),
    "si": lambda theme: set(_numbers(theme)[:5]),
    "lm": _list_of(
        lambda theme: theme.value(theme.rng.choice(["int", "int", "char", "str", "float", "bool", "none", "ti"]))
    ),
    "none": lambda theme: None,
    "dd": _dict_of(_item, lambda theme: theme.value("dsi")),
    "lt": lambda theme: [(theme.item(), theme.int_()) for _ in range(min(theme.size(), 4))],
}
