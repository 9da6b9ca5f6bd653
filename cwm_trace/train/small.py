"""Programs that do what nearly every program does to the smallest values there are: compare, look for, count, take, turn round.

With small values the answer is a matter of few tokens, so what an operation does is learned before how it is carried out on long ones. `nano`
was at chance in all tests (`x < 5`, `c in text`, `n % 2 == 0`, `text.isupper()`): a test has one bit to tell in a hundred tokens that must be
read. Here most lines are tests, alone and in conditions, or counts and parts of what is at hand.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache

from cwm_trace.train.grammar import read_templates
from cwm_trace.train.values import BroadTheme
from cwm_trace.train.writer import Writer, literal_text

HOLE = re.compile(r"\b(?:S|T|L|W|D|N|M|K|I)\b|'C'")
_ALPHABETS = [
    "ab",
    "abc",
    "abcdef",
    "aAbB",
    "abAB1",
    "a1 b",
    "xyz",
    "ab, ",
    "hello",
    "012",
    "ABC",
    "abcdefghijklmnopqrstuvwxyz",
    "a-b_",
]
KIND_OF = {"S": "str", "T": "str", "L": "li", "W": "ls", "D": "dsi", "N": "int", "M": "int"}
# S and T are texts, L a list of numbers, W of texts, D a dict, N and M numbers, in variables; K is a number, I an index, 'C' a text.
TESTS = read_templates("""
N < K|N > K|N <= K|N >= K|N == K|N != K|N < M|N > M|N == M|N >= M|N % 2 == 0|N % 2|N % 3 == 0|N % 2 == 1|N in L
N not in L|K in L|K < N < 9|'C' in S|'C' not in S|S[0] == 'C'|S == T|S < T|S in T|S.isupper()|S.islower()|S.isalpha()
S.isdigit()|S.isalnum()|S.isspace()|S.startswith('C')|S.endswith('C')|S != ''|S and T|not S|len(S) > K|len(S) == K
len(S) % 2 == 0|len(L) > K|len(L) == K|not L|L == []|'C' in W|S in W|'C' in D|S in D|'C' not in D|L[0] > K|L[-1] == K
max(L) > K|sum(L) > K|L == L[::-1]|S == S[::-1]|all(L)|any(L)|N == len(S)|N < len(L)|bool(S)|bool(L)|'C' < 'C'
S.find('C') == -1|S.count('C') > 1|L.count(N) > 1|isinstance(N, int)|N and M|N or M|N is None|D == {}|len(D) > 1
ord('C') > K|S[0].isupper()|S[-1].isdigit()|W[0] == 'C'|len(W) == K|N * 2 > M|N + M > 9|N - M < 0|abs(N) > K|not N
""")
COUNTS = read_templates("""
len(S)|len(L)|len(W)|len(D)|N + M|N + K|N - K|N - M|N * K|N // 2|N % 3|N % 10|max(L)|min(L)|sum(L)|L[0]|L[-1]|L[I]|S[I]
S[0]|S[-1]|W[0]|W[-1]|S.count('C')|S.find('C')|S.rfind('C')|L.count(K)|L.count(N)|max(N, M)|min(N, M)|abs(N)|-N|ord('C')
D.get('C')|D.get('C', 0)|len(S) - 1|len(S) + K|len(L) - 1|len(S) // 2|len(set(S))|len(set(L))|len(S.split())
len(S) - len(T)|int('K')|str(N)|N ** 2|divmod(N, 3)|W.count('C')|W.index(W[0])|L.index(L[-1])|sum(L) + N|len(W[0])
round(N / 2)|range(N)|list(range(N))|len(range(N))
""")
PARTS = read_templates("""
S[::-1]|L[::-1]|W[::-1]|S[1:]|S[:-1]|S[:2]|S[-2:]|S[::2]|S[I:]|S[:I]|L[1:]|L[:-1]|L[:2]|L[I:]|L[:I]|L[::2]|S + T|T + S
S + 'C'|'C' + S|S * 2|'C' * K|L + L|L + [N]|[N] + L|L * 2|S.upper()|S.lower()|S.swapcase()|S.title()|S.capitalize()
S.replace('C', 'C')|S.replace('C', '')|S.strip('C')|S.strip()|S.lstrip('C')|S.rstrip('C')|S.split('C')|S.split()|list(S)
sorted(S)|sorted(L)|sorted(L, reverse=True)|sorted(W)|sorted(set(L))|list(reversed(L))|'C'.join(W)|''.join(W)
'C'.join(S)|''.join(reversed(S))|''.join(sorted(S))|S.partition('C')|S.center(K)|S.ljust(K, 'C')|S.rjust(K, 'C')
S.zfill(K)|list(enumerate(S))|list(enumerate(L))|list(zip(S, L))|list(D)|list(D.values())|list(D.items())|sorted(D)
dict(D)|[N, M]|(N, M)|[S, T]|(S, N)|list(S)[I]|S.split('C')[0]|S.split('C')[-1]|{**D, 'C': N}|f'{S}{N}'|f'{N}-{S}'
str(N) + S|str(L)|list(map(str, L))|[x + 1 for x in L]|[x * 2 for x in L]|[x for x in L if x > K]
[c for c in S if c != 'C']|[c.upper() for c in S]|[len(w) for w in W]|dict.fromkeys(S, 0)|dict(zip(S, L))
S.removeprefix('C')|S.removesuffix('C')|[w for w in W if w]|S or 'C'|L or [K]|sum([L, [N]], [])|tuple(L)|tuple(S)
str(N) * 2|min(S, T)|max(S, T)
""")
CHANGES = read_templates("""
L.append(N)|L.pop()|L.pop(0)|L.remove(L[0])|L.insert(0, N)|L.insert(I, K)|L.extend(L)|L.sort()|L.reverse()|L[0] = N
L[-1] = K|L.clear()|W.append(S)|W.pop()|W.sort()|W.insert(0, 'C')|W.reverse()|D['C'] = N|D['C'] = K|D.update({'C': N})
D.pop('C', None)|D.setdefault('C', N)|D.clear()|N += K|N -= K|N *= 2|N += M|N //= 2|S += 'C'|S += T|L += [K]|N, M = M, N
S, T = T, S|del L[0]|del L[-1]|D['C'] = D.get('C', 0) + 1
""")


class SmallTheme(BroadTheme):
    """Texts of up to eight characters of few kinds, numbers of one digit, mostly, and short containers of these."""

    __slots__ = ()

    @classmethod
    def draw(cls, rng: random.Random) -> SmallTheme:
        """A new small world."""
        letters = rng.choice(_ALPHABETS)
        words = ["".join(rng.choices(letters, k=rng.randint(1, 5))) for _ in range(4)]
        high = rng.choice([3, 5, 9, 9, 9, 12, 20, 99])
        low = rng.choice([0, 0, 0, 0, 1, -high])
        return cls(rng, words, letters[0], [rng.randint(low, high) for _ in range(6)])

    def text(self) -> str:
        """A whole string."""
        letters = "".join(self.words) if self.rng.random() < 0.85 else "abcdefghijklmnopqrstuvwxyzABC0123456789 ,.-_"
        return "".join(self.rng.choices(letters, k=self.rng.choice([0, 1, 2, 3, 3, 4, 4, 5, 6, 8])))

    def char(self) -> str:
        """One of the texts' characters, mostly."""
        return self.rng.choice(self.rng.choice(self.words) if self.rng.random() < 0.9 else "aZ0 -")

    def item(self) -> str:
        """A string as an element of a container."""
        return self.char() if self.rng.random() < 0.5 else self.rng.choice(self.words)

    def int_(self) -> int:
        """A small number."""
        return self.rng.choice(self.numbers) if self.rng.random() < 0.6 else self.rng.randint(0, 10)

    def size(self) -> int:
        """Of a container."""
        return self.rng.choice([0, 1, 2, 2, 3, 3, 4, 5, 6])


def small_writer(rng: random.Random) -> Writer:
    """A writer in a small world."""
    return Writer(rng, SmallTheme.draw(rng), max_params=5, novelty=rng.choice([0.0, 0.2, 0.5]))


def small_body(writer: Writer) -> list[str]:
    """Lines of one operation each, on arguments and literals; tests stand in conditions, too."""
    rng = writer.rng
    for kind in rng.sample(["str", "int", "li", "ls", "dsi", "str", "int"], rng.choice([1, 2, 2, 3, 3, 4])):
        writer.add_param(kind)
    lines: list[str] = []
    for _ in range(rng.choice([3, 4, 5, 6, 8, 10])):
        lines += _step(writer)
    known = [variable.name for variable in writer.scope]
    return [*lines, f"return {rng.choice(known)}"]


def _step(writer: Writer) -> list[str]:
    rng, roll = writer.rng, writer.rng.random()
    if roll < 0.25:
        return [_assignment(writer, TESTS)]
    if roll < 0.55:
        return _condition(writer)
    if roll < 0.72:
        return [_assignment(writer, COUNTS)]
    if roll < 0.88:
        return [_assignment(writer, PARTS)]
    if roll < 0.95:
        return [_filled(writer, CHANGES)]
    names = [name for kind in ("str", "li", "ls", "dsi") for name in writer.variables(kind)]
    return [
        f"for {rng.choice('xciwv')} in {rng.choice(names or ['range(3)'])}:",
        "    " + rng.choice(["pass", "continue"]),
    ]


def _assignment(writer: Writer, templates: list[str]) -> str:
    return f"{writer.declare('unknown', result=True)} = {_filled(writer, templates)}"


def _condition(writer: Writer) -> list[str]:
    """A branch that shows which way it went; now and then with another one."""
    rng, name = writer.rng, writer.fresh_name("int", result=True)
    lines = [f"if {_filled(writer, TESTS)}:", f"    {name} = {rng.randint(0, 9)}"]
    return lines + other_way(rng, name, lambda: _filled(writer, TESTS), 0.3)


def other_way(rng: random.Random, name: str, test: Callable[[], str], otherwise: float) -> list[str]:
    """What may stand behind an `if`: an `else`, in this share of cases, or, less often, an `elif`."""
    roll = rng.random()
    if roll < otherwise:
        return ["else:", f"    {name} = {rng.randint(0, 9)}"]
    if roll < otherwise + 0.15:
        return [f"elif {test()}:", f"    {name} = {rng.randint(0, 9)}"]
    return []


def _filled(writer: Writer, templates: list[str]) -> str:
    """One that what is in scope can fill; S and T, or N and M, are two variables where there are two."""
    possible = [template for template in templates if all(map(writer.variables, kinds_of(template)))]
    return fill(writer, writer.rng.choice(possible))


@cache
def kinds_of(template: str) -> tuple[str, ...]:
    """The kinds of its variables, one for each hole."""
    return tuple(KIND_OF[hole] for hole in HOLE.findall(template) if hole in KIND_OF)


def fill(writer: Writer, template: str) -> str:
    """With variables, which must be there, and with numbers and texts where these are asked for."""
    return HOLE.sub(lambda hole: fill_hole(writer, hole[0]), template)


def fill_hole(writer: Writer, hole: str) -> str:
    """What `fill` puts in one place."""
    if hole in KIND_OF:
        return writer.variables(KIND_OF[hole])[-1 if hole in "TM" else 0]
    if hole == "I":
        return str(writer.rng.choice([0, 1, 1, 2, 2, 3, -1, -2]))
    return literal_text(writer.theme.char()) if hole == "'C'" else str(writer.rng.randint(0, 9))
