"""Values with long runs of the same few characters or items, programs that make them, and programs that read them.

What a model copies it can copy for ever: where a run ends is a matter of its length, which a text padded to a width, a repetition or a loop
says, or the run that it is a copy of. Words seldom show it. A `RunsTheme` is a world of such values; the other skills can be done in it, too.
"""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

from cwm_trace.train.basics import basics_body
from cwm_trace.train.grammar import Table, read_table
from cwm_trace.train.skills import atom_body, steps_body
from cwm_trace.train.values import BroadTheme
from cwm_trace.train.writer import Variable, Writer

_LENGTHS = [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10, 12, 14, 17, 20, 26, 33]
_FILLERS = "    00--..**==##__aabx1"
_STICKY = 0.6  # how often a number is the last one again
_LONGEST = 72  # characters of a text


def _run_length(rng: random.Random) -> int:
    return rng.choice(_LENGTHS)


@dataclass(slots=True)
class RunsTheme(BroadTheme):
    """A world of texts and lists in which the same follows the same; words are of one to three characters, numbers are few."""

    last: int = 0

    @classmethod
    def draw(cls, rng: random.Random) -> RunsTheme:
        """A new small world."""
        numbers = [rng.choice([0, 1, 2, rng.randint(-9, 99), rng.randint(0, 9)]) for _ in range(rng.randint(1, 3))]
        characters = _FILLERS + string.ascii_letters + string.digits
        words = ["".join(rng.choices(characters, k=rng.choice([1, 1, 1, 2, 2, 3]))) for _ in range(rng.randint(1, 4))]
        return cls(rng, words, rng.choice([" ", " ", ", ", "-", "\n", "."]), numbers)

    def value(self, kind: str) -> object:
        """A value of a kind of the grammar, or a width (`width`). Raises KeyError."""
        return _width(self.rng) if kind == "width" else BroadTheme.value(self, kind)

    def int_(self) -> int:
        """A number, mostly the one before."""
        if self.rng.random() >= _STICKY:
            self.last = BroadTheme.int_(self)  # a class with slots is made anew: super() does not find it
        return self.last

    def size(self) -> int:
        """The length of a container."""
        return self.rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16])

    def text(self) -> str:
        """One to four runs, at times with a word between them."""
        rng, parts = self.rng, []
        for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 4])):
            parts.append(self._run())
            if rng.random() < 0.3:
                parts.append(rng.choice(self.words))
        return "".join(parts)[:_LONGEST]

    def _run(self) -> str:
        unit = self.rng.choice(self.words) if self.rng.random() < 0.6 else self.rng.choice(_FILLERS)
        return (unit * _run_length(self.rng))[: _LONGEST // 2]

    def long_text(self) -> str:
        """A run of a dozen to thirty characters, with something before or behind it."""
        text = self._run()
        while len(text) < 12:
            text += self._run()
        return text[:30]

    def item(self) -> str:
        """A short run, a character or a word."""
        roll = self.rng.random()
        if roll < 0.3:
            return self.rng.choice(self.words)
        return self.char() if roll < 0.6 else (self.rng.choice(self.words) * _run_length(self.rng))[:16]


_MADE: Table = read_table("""
4 <S>.ljust(<N>)
4 <S>.rjust(<N>)
4 <S>.center(<N>)
3 <S>.ljust(<N>, <char>)
3 <S>.rjust(<N>, <char>)
3 <S>.center(<N>, <char>)
3 <S>.zfill(<N>)
3 str(<I>).zfill(<N>)
2 str(<I>).rjust(<N>)
2 str(<I>).ljust(<N>, <char>)
6 <char> * <N>
4 <S> * <M>
3 <piece> * <M>
3 <S> + <char> * <N>
3 <char> * <N> + <S>
3 (<S> + <char>) * <M>
2 <char> * <M> + <S> + <char> * <M>
2 <S> + <char> * (<N> - len(<S>))
2 <char> * len(<S>)
2 ' ' * <N> + <S>
2 <char>.join([<S>] * <M>)
2 <char>.join(<piece> for _ in range(<M>))
2 ''.join(<v> * <M> for <v:char> in <S>)
1 ''.join([<char>] * <N>)
2 f'{<I>:>9}'
2 f'{<I>:06d}'
1 f'{<I>:<12}|'
1 f'{<I>:-^15}'
1 '%12d' % <I>
1 '%-10s|' % <I>
1 '{:>14}'.format(<I>)
1 format(<I>, '010d')
4 [<I>] * <N>
3 [<int>] * <N>
3 [<S>] * <M>
2 [0] * len(<S>)
2 [<I>, <int>] * <M>
2 <LI> * <M>
2 <LI> + [<int>] * <M>
2 (<int>,) * <N>
2 [<I> for _ in range(<N>)]
2 [<char> for _ in range(<N>)]
1 [[<int>] * <M> for _ in range(<M>)]
1 list(<S> * <M>)
1 dict.fromkeys(range(<N>), <int>)
1 10 ** <N>
1 <S>.replace(<char>, <char> * <M>)
1 <S>.expandtabs(<N>)
""")
_GROWN = [
    "$ = ''\nfor <v:int> in range(<N>):\n    $ += <char>",
    "$ = <S>\nwhile len($) < <N>:\n    $ += <char>",
    "$ = <S>\nwhile len($) < <N>:\n    $ = <char> + $",
    "$ = []\nfor <v:int> in range(<N>):\n    $.append(<int>)",
    "$ = []\nfor <v:int> in <LI>:\n    $.extend([<v>] * <M>)",
    "$ = ''\nfor <v:char> in <S>:\n    $ += <v> * <M>",
    "$ = <LI>\nwhile len($) < <N>:\n    $.insert(0, <int>)",
    "$ = [<int>] * <N>\nfor <v:int> in range(0, <N>, <=positive>):\n    if <v> < len($):\n        $[<v>] = <int>",
    "$ = []\nfor <v:char> in <S>:\n    if not $ or $[-1] != <v>:\n        $.append(<v>)",
    "$ = ''\nfor <v:char> in <S>:\n    if not $.endswith(<v>):\n        $ += <v>",
    "$ = 0\nfor <v:char> in <S>:\n    if <v> != <S>[0]:\n        break\n    $ += 1",
    "$ = <S>\nwhile $.startswith(<char>):\n    $ = $[1:]",
    "$ = <S>\nwhile $ and $[-1] == $[0]:\n    $ = $[:-1]",
    "$ = <LI>\nwhile <int> in $:\n    $.remove(<int>)",
]


def runs_body(writer: Writer) -> list[str]:
    """A body that makes a run, or several, or that does other things to values with runs (the writer's theme is a `RunsTheme`)."""
    roll = writer.rng.random()
    if roll < 0.3:
        return atom_body(writer)
    if roll < 0.45:
        return steps_body(writer) if roll < 0.4 else basics_body(writer)
    return _making(writer)


def _making(writer: Writer) -> list[str]:
    rng = writer.rng
    writer.max_params = 3
    if rng.random() < 0.4:
        writer.add_param("width")
    lines: list[str] = []
    made = ""
    for _ in range(rng.choice([1, 1, 2, 2, 3])):
        grown = rng.random() < 0.3
        template = rng.choice(_GROWN) if grown else "$ = " + rng.choices(*_MADE)[0]
        made = writer.fresh_name("unknown", result=True)
        lines += _filled(writer, template.replace("$", made)).split("\n")
        writer.scope.append(Variable(made, "unknown"))
    return [*lines, f"return {rng.choice([made, made, made, f'len({made})'])}"]


def _filled(writer: Writer, template: str) -> str:
    """With widths (`<N>`) and counts (`<M>`), as numbers or as a parameter."""
    known = writer.variables("width")
    for hole, drawn in (("<N>", _width), ("<M>", _count)):
        if hole in template:
            number = writer.rng.choice(known) if known and writer.rng.random() < 0.3 else str(drawn(writer.rng))
            template = template.replace(hole, number)
    return writer.fill(template)


def _width(rng: random.Random) -> int:
    return rng.choice([4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, rng.randint(2, 48)])


def _count(rng: random.Random) -> int:
    return rng.choice([0, 1, 2, 2, 3, 3, 4, 5, 6, 8])
