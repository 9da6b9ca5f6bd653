"""The steps that operations are made of (`cwm_trace.models.steps`): sums and comparisons of two numbers, what Python does with one character.

There are few kinds of them, and an operation on a list or a text is right only where all of its steps are: each is learned until it is known by
heart. Observations are all that is learned (`record`).
"""

from __future__ import annotations

import random
from collections.abc import Callable

from cwm_trace.train.asks import binding, character
from cwm_trace.train.writer import Writer

_ROOM = 700  # characters of a program's operations
_DIGITS = [1, 2, 3, 4]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BEYOND = (
    "éèêàâçñüöäåøæßîïôóúíáãõšžčłőışÉÀÇÑÜÖÄÅØÆŠŽČŁαβγδελμπσςωΑΓΔΛΠΣΩабвгдежийклшяАБВГДЖИКЯ²³½٣€£°→…¿·中日文한あア🙂"
)
_RARE = ["\\", "'", '"', "\t", "\n", "\r", "\v", "\f", "\x00", "\x1c", "\x7f", "\xa0", "\u2003", "_", " "]
_ONE = "upper lower swapcase isalpha isdigit isalnum isspace isupper islower".split()


def pieces_body(writer: Writer) -> list[str]:
    """Steps of a few kinds, bound to one name, now and then some of them in a list."""
    rng = writer.rng
    name = rng.choice("rrrnxkabst")
    kinds = rng.choices(list(KINDS), list(KINDS.values()), k=rng.choice([1, 2, 3, 6]))
    lines, room = [f"{name} = {rng.randint(0, 9)}"], _ROOM
    while room > 0:
        lines.append(binding(name, [rng.choice(kinds)(rng) for _ in range(rng.choice([1, 1, 1, 1, 2, 3]))]))
        room -= len(lines[-1]) + 20
    return [*lines, f"return {name}"]


def _number(rng: random.Random, digits: list[int] | None = None) -> int:
    """Of one digit to four, small ones more often."""
    count = rng.choice(digits) if digits else rng.choices(_DIGITS, [25, 40, 28, 7])[0]
    return rng.randint(10 ** (count - 1) if count > 1 else 0, 10**count - 1)


def _signed(rng: random.Random) -> int:
    return _number(rng) * rng.choice([1, 1, 1, 1, 1, -1])


def _near(rng: random.Random, number: int) -> int:
    """Another number of about that size, or itself."""
    return number + rng.choice([0, 0, 1, -1, rng.randint(-9, 9), rng.randint(-9, 9) * 10, rng.randint(-90, 90)])


def _sum(rng: random.Random) -> str:
    if rng.random() < 0.2:  # as digits are taken from each other
        return f"{rng.randint(0, 18)} - {rng.randint(0, 9)}"
    return f"{_signed(rng)} {rng.choice('++-')} {_number(rng)}"


def _counting(rng: random.Random) -> str:
    return f"{rng.randint(0, 120)} {rng.choice(['+ 1', '+ 1', '+ 2', '- 1', f'- {rng.randint(1, 9)}'])}"


def _product(rng: random.Random) -> str:
    one, other = rng.choice([([1], [1]), ([2], [1]), ([1], [2]), ([2], [2]), ([3], [1]), ([4], [1])])
    return f"{_number(rng, one) * rng.choice([1, 1, 1, -1])} * {_number(rng, other)}"


def _quotient(rng: random.Random) -> str:
    number = _number(rng, [1, 2, 2, 2, 3, 3, 4]) * rng.choice([1, 1, 1, 1, 1, -1])
    by = rng.choice([2, 2, 3, 3, 5, 10, 10, rng.randint(2, 9), rng.randint(2, 9), rng.randint(10, 26)])
    return f"{number} {rng.choice(['%', '%', '%', '//', '//'])} {by}"


def _of_bits(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return f"{rng.randint(0, 1)} {rng.choice('&|^')} {rng.randint(0, 1)}"
    number = _number(rng, [1, 2, 2, 3]) * rng.choice([1, 1, 1, 1, -1])
    shift = f"{number} {rng.choice(['<<', '>>'])} {rng.randint(0, 5)}"
    return rng.choice([f"{number} {rng.choice('&|^')} {_number(rng, [1, 1, 2, 2, 3])}"] * 3 + [shift])


def _compared(rng: random.Random) -> str:
    number = _signed(rng)
    other = _near(rng, number) if rng.random() < 0.6 else _signed(rng)
    return f"{number} {rng.choice(['<', '<', '>', '>', '<=', '>=', '==', '==', '!='])} {other}"


def _compared_characters(rng: random.Random) -> str:
    one = _plain(rng)
    other = one if rng.random() < 0.3 else _plain(rng)
    return f"{one!r} {rng.choice(['==', '==', '==', '!='])} {other!r}"


def _numbered(rng: random.Random) -> str:
    return rng.choice([f"ord({_plain(rng)!r})", f"ord({_plain(rng)!r})", f"chr({rng.randint(32, 126)})"])


def _of_character(rng: random.Random) -> str:
    return f"{character(rng)!r}.{rng.choice(_ONE)}()"


def _of_rare_character(rng: random.Random) -> str:
    """Letters that are not ASCII, and what is written with a backslash."""
    drawn = rng.choice([rng.choice(_BEYOND), rng.choice(_BEYOND), rng.choice(_RARE)])
    if rng.random() < 0.15:
        return f"{drawn!r} == {rng.choice([drawn, rng.choice(_BEYOND), rng.choice(_RARE), _plain(rng)])!r}"
    return f"{drawn!r}.{rng.choice(_ONE)}()"


def _as_text(rng: random.Random) -> str:
    number = _signed(rng)
    return rng.choice(
        [f"str({number})", f"int({str(number)!r})", f"abs({number})", f"-{_number(rng)}", f"bool({number})"]
    )


def _of_parts(rng: random.Random) -> str:
    """Numbers that are not whole, and powers."""
    half, whole = rng.choice([0.5, 1.5, 2.25, 0.1, 3.0, 12.5]), _number(rng, [1, 1, 2])
    power = f"{rng.randint(0, 12)} ** {rng.randint(0, 4)}"
    return rng.choice(
        [f"{whole} / {rng.choice([2, 4, 5, 10])}", f"{whole} + {half}", f"{half} * {whole}", f"{half} < {whole}", power]
    )


def _plain(rng: random.Random) -> str:
    """One that can be typed, letters more often."""
    return rng.choice([rng.choice(_LETTERS), rng.choice(_LETTERS.upper()), chr(rng.randint(32, 126)), character(rng)])


KINDS: dict[Callable[[random.Random], str], int] = {
    _sum: 34,
    _counting: 6,
    _product: 16,
    _quotient: 18,
    _of_bits: 8,
    _compared: 22,
    _compared_characters: 24,
    _numbered: 7,
    _of_character: 6,
    _of_rare_character: 10,
    _as_text: 5,
    _of_parts: 5,
}
