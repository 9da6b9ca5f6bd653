"""Operations of every day on values of all sizes, evenly, many of a kind in a row: what is learned only when enough of one thing has been seen.

In `sheets` most texts are short, and an operation stands beside a hundred others: sums of two digits, the length of twenty characters, which
value of a dict a key has are then rare enough to stay unlearned. Here a program is of a few operations, and a text of thirty characters is as
frequent as one of three. Observations are all that is learned (`record`).
"""

from __future__ import annotations

import random
from typing import Any

from cwm_trace.train.asks import binding, character
from cwm_trace.train.grammar import read_templates
from cwm_trace.train.sheets import Values
from cwm_trace.train.writer import Writer

# Names of values are those of `sheets`.
TEMPLATES = read_templates("""
N + M|N + M|N + M|N + M|N + K|N + K|N - M|N - M|N - M|N - K|-N + M|-N - M|N * K|N * P|N * M|N // K|N // P|N % K|N % P|N % M|N + M + K|-K - 1
divmod(N, P)|N < B|N > B|N == B|N <= B|N >= B|max(N, M)|min(N, M)|abs(-N)|str(N)|int(Q)|list(range(K))|list(range(N))|list(range(K, B))
list(range(K, -1, -1))|list(range(0, N, P))|bin(N)|K ** P|N / P|sum(L)|sum(L)|sum(L)|sum(L)|sum(D.values())|sorted(L)|sorted(L)|sorted(L)
sorted(L)|sorted(L, reverse=True)|max(L)|max(L)|min(L)|min(L)|len(L)|len(L)|len(W)|len(D)|L[J]|L[J]|L[J]|L[-1]|L[-P]|W[J]|W[J]|W[-1]|L.index(n)
L.index(n)|W.index(w)|L.count(n)|L.count(n)|W.count(w)|n in L|n in L|w in W|w in W|k in D|w in D|D[k]|D[k]|D[k]|D[k]|D[k]|D[k]|D.get(k)
D.get(w, K)|D.get(w)|D.get(k, K)|len(T)|len(T)|len(T)|len(T)|len(T)|len(T)|len(set(T))|T[I]|T[I]|T[I]|T[I]|T[I]|T[I]|T[-1]|T[-P]|T[I:]|T[I:]
T[:I]|T[:I]|T[I:I]|T[:-1]|T[I:I]|T[1:]|T[::2]|T[1::2]|T[::-1]|T[::-1]|T[::-1]|L[::-1]|L[::-1]|L[J:]|L[J:]|L[:J]|L[:J]|L[J:J]|W[::-1]|W[1:]
L[::2]|T.find(x)|T.find(x)|T.find(p)|T.rfind(x)|T.index(x)|T.count(x)|T.count(x)|T.count(x)|T.count(p)|x in T|x in T|p in T|T.startswith(p)
T.endswith(p)|T == U|T < U|L == G|T.upper()|T.lower()|T.swapcase()|T.swapcase()|T.title()|T.capitalize()|T.replace(x, C)|T.replace(x, C)
T.replace(x, '')|T.replace(p, w)|T.split()|T.split(x)|T.split(x)|T.split(p)|T.rsplit(x, 1)|T.split(x, 1)|T.partition(x)|T.strip()|T.strip(x)
T.lstrip(x)|T.rstrip(x)|x.join(W)|x.join(W)|' '.join(W)|''.join(W)|''.join(reversed(T))|''.join(sorted(T))|x.join(T)|T + U|T + U|T + x|x + T
T * P|x * K|x * N|[n] * K|L + G|L + G|L + [n]|L + [n]|W + [w]|[n] + L|L * P|list(T)|list(T)|sorted(T)|sorted(W)|set(L)|list(enumerate(W))
list(zip(L, W))|list(D.items())|list(D.values())|list(D)|sorted(D.items())|{**D, w: N}|{**D, k: N}|dict(zip(W, L))|T.isalpha()|T.isdigit()
T.isupper()|T.islower()|T.isalnum()|ord(C)|ord(C)|chr(O)|chr(O)|T.center(Z, x)|T.ljust(Z, x)|T.rjust(Z, x)|T.rjust(Z)|T.zfill(Z)
list(map(str, L))|list(map(len, W))|max(W, key=len)|V[J]|V[J]|{k: n}|{w: L}[w]
""")
_ROOM = 900  # of a program's operations
_NUMBERS = [(0, 9), (0, 20), (10, 99), (10, 99), (100, 999), (-20, 20), (-99, -1), (1000, 9999)]
_WEIGHTS = [30, 15, 25, 10, 8, 8, 3, 1]


def scales_body(writer: Writer) -> list[str]:
    """Operations of one to four kinds, bound to one name, a few of them in a list."""
    rng = writer.rng
    name = rng.choice("nxrkabst")
    few = rng.choices(TEMPLATES, k=rng.choice([1, 2, 2, 3, 4, 12]))
    lines, room = [f"{name} = {rng.randint(0, 9)}"], _ROOM
    while room > 0:
        drawn = [sized(writer, rng.choice(few)) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
        if done := [text for text in drawn if text]:
            lines.append(binding(name, done))
        room -= len(lines[-1]) + 20
    return [*lines, f"return {name}"]


def sized(writer: Writer, template: str) -> str:
    """A template filled with literals of any size; "" where that raises, or gives too much."""
    return _Sized(writer).operation(template)


class _Sized(Values):
    """The values of one operation, all sizes alike; what is looked for is there more often than not."""

    longest = 160

    def __init__(self, writer: Writer) -> None:
        super().__init__(writer)
        rng = self.rng
        self.T = self._sized_text(rng.choice([rng.randint(1, 12), rng.randint(1, 40)]))
        low, high = rng.choices(_NUMBERS, _WEIGHTS)[0]
        self.L = [rng.randint(low, high) for _ in range(rng.choice([rng.randint(1, 5), rng.randint(1, 12)]))]
        self.W = [self._word() for _ in range(rng.randint(1, 8))]
        self.D = {self._word(): self.number() for _ in range(rng.randint(1, 7))}
        self.n, self.w, self.x = rng.choice([*self.L, low]), rng.choice([*self.W, self._word()]), character(rng)
        if rng.random() < 0.7:
            self.x = rng.choice(self.T)

    def number(self) -> int:
        """Of one digit to four."""
        low, high = self.rng.choices(_NUMBERS, _WEIGHTS)[0]
        return self.rng.randint(low, high)

    def _word(self) -> str:
        return self.theme.item() if self.rng.random() < 0.7 else self._sized_text(self.rng.randint(1, 5))

    def _sized_text(self, length: int) -> str:
        """Words, or characters: of all kinds, or of a few."""
        rng, text = self.rng, ""
        few = [character(rng) for _ in range(rng.randint(2, 4))]
        kind = rng.random()
        while len(text) < length:
            if kind < 0.5:
                text += self.theme.item() + rng.choice([" ", " ", "", ",", "-", "_"])
            else:
                text += character(rng) if kind < 0.75 else rng.choice(few)
        return text[:length]

    def _drawn(self, hole: str) -> Any:
        if hole in ("U", "G") and self.rng.random() < 0.7:
            like = self.T if hole == "U" else self.L
            return like if self.rng.random() < 0.2 else _near(self.rng, like)
        return super()._drawn(hole)


def _near(rng: random.Random, like: Any) -> Any:
    """A part of it."""
    start = rng.randrange(len(like))
    return like[start : start + rng.randint(1, 12)]
