"""Programs of as many single operations as there is room for, those of most programs: sums, lengths, items, parts, changed texts, sorted lists.

Where a line does several operations a network is asked for one at a time, of values alone (`models.operations`): these are the questions. What
loops and calls make of them is learned from other families. Our own templates are evaluated while a program is made: what would raise is left
out, and what gives much. Observations are all that is learned (`record`).
"""

from __future__ import annotations

import random
import re
from copy import deepcopy
from typing import Any

from cwm_trace.train.asks import Drawn, binding, character
from cwm_trace.train.grammar import read_templates
from cwm_trace.train.writer import Writer, literal_text

# N, M are numbers, Q the text of one, K one of 0 to 9, P one of 2 to 5; T, U texts, x a character, p a piece of T, mostly, I an index of T, Z a
# width; L, G lists of numbers, n one of L, mostly, J an index of L; W words, w one of them, mostly; D a dict of words and numbers, k one of its
# words, mostly; V a list or tuple with such in it, O the number of a character.
_OF_NUMBERS = read_templates("""
N + M|N + M|N + M|N + K|N + K|N + 1|N + 1|K + K|K + K|K + K|N - M|N - M|N - K|N - K|N - 1|N - 1|K - K|K - K|N * K|N * K|K * K|K * K|N * M
N // P|N // K|N // 2|N // 10|N // M|N % P|N % K|N % 2|N % 10|N % M|N * 2|N * 10|N ** 2|K ** P|P ** K|-N|abs(N)|abs(K - N)|max(N, M)|min(N, M)
max(N, K)|min(N, K)|N / P|N / 2|divmod(N, P)|divmod(N, 10)|round(N / P, 1)|str(N)|str(N)|float(N)|int(N / P)|int(Q)|int(Q)|N & K|N ^ K|K << P
N >> 1|list(range(P, N))|K + K + K|N + M + K|bin(N)|hex(N)|N == M|N < M|N > M|N != K|(N, M)|[N, M]|(N + M) // 2|N * P + K|len(str(N))
list(range(K))|range(N)|range(K, N)|list(range(K, N, P))|sum([N, M, K])|N + 0|0 + N|0 + K|0 + 1|1 + 1|K + 1|K + 1|K - 1|bool(N)|N or M|N and K
chr(O)|chr(O)|ord(C)|ord(x)|-K - 1|-K - 1|-K - P|-K + 1|-K + N|-N - M|-N + M|-K * P|-N // P|-N % P|-K - K|N - M - K|N + M + 1|N - 1 - K
len(range(K, N))|N * N|N * M + K|N // 10 % 10|range(N, -1, -1)|list(range(N, K, -1))|list(range(-K, N))|int(str(N))|N % 2 == 0|divmod(N, K)
""")
_OF_TEXTS = read_templates("""
len(T)|len(T)|len(T)|len(T)|len(T)|len(T)|T[I]|T[I]|T[I]|T[I]|T[-1]|T[0]|T[I:]|T[I:]|T[:I]|T[:I]|T[I:I]|T[I:I]|T[::-1]|T[::-1]|T[1:]|T[:-1]
T[::2]|T[-K:]|T[:K]|T[K:]|T[1:-1]|T[I:I:P]|T[1::2]|T[I::-1]|T + U|T + U|T + x|x + T|T + x|U + T + x|T * P|x * K|x * Z|T.upper()|T.upper()
T.lower()|T.lower()|T.swapcase()|T.title()|T.title()|T.capitalize()|T.casefold()|T.count(x)|T.count(x)|T.count(p)|T.find(x)|T.find(x)|T.find(p)
T.rfind(x)|T.rfind(p)|T.index(x)|T.index(p)|T.rindex(x)|T.find(x, I)|T.replace(x, C)|T.replace(x, C)|T.replace(x, '')|T.replace(p, w)
T.replace(p, '')|T.replace(x, p)|T.replace(x, C, 1)|T.replace(' ', '')|T.split()|T.split()|T.split(x)|T.split(x)|T.split(p)|T.split(' ')
T.split(x, 1)|T.rsplit(x, 1)|T.split(',')|T.split('-')|T.strip()|T.strip(x)|T.lstrip()|T.lstrip(x)|T.rstrip()|T.rstrip(x)|T.strip(p)
T.rstrip(p)|T.startswith(p)|T.endswith(p)|x in T|p in T|p not in T|T == U|T != U|T < U|list(T)|list(T)|tuple(T)|sorted(T)|sorted(T)
list(reversed(T))|''.join(sorted(T))|''.join(reversed(T))|x.join(T)|T.center(Z)|T.center(Z, x)|T.ljust(Z)|T.ljust(Z, x)|T.rjust(Z)
T.rjust(Z, x)|T.zfill(Z)|T.partition(x)|T.partition(p)|T.rpartition(x)|T.rpartition(p)|T.splitlines()|T.isalpha()|T.isdigit()|T.isupper()
T.islower()|T.isalnum()|T.isspace()|T.istitle()|T.isnumeric()|T.isidentifier()|T.isascii()|T.isdecimal()|T.isprintable()|T.encode()
T.removeprefix(p)|T.removesuffix(p)|T.expandtabs(P)|T.translate({97: None})|T.translate(str.maketrans(x, C))|ord(x)|ord(x)|ord(C)|x.upper()
x.lower()|x.swapcase()|x.isalpha()|x == C|min(T)|max(T)|len(set(T))|list(enumerate(T))|'{} {}'.format(w, N)|'{}-{}'.format(w, p)
'%s-%s' % (w, p)|'%d' % N|'{}'.format(T)|str(T)|repr(T)|[T]|[T, U]|(T, U)|{T: K}|bool(T)|T or U|list(zip(T, U))|dict.fromkeys(T, K)
T.lower() == U|not T
""")
_OF_LISTS = read_templates("""
len(L)|len(L)|len(L)|len(L)|L[J]|L[J]|L[J]|L[J]|L[-1]|L[0]|L[J:]|L[J:]|L[:J]|L[:J]|L[J:J]|L[::-1]|L[::-1]|L[1:]|L[:-1]|L[::2]|L[-K:]|L[1::2]
L + G|L + G|L + [n]|[n] + L|L + L|L * P|[N] * K|[N] * P|[0] * K|[] + L|sorted(L)|sorted(L)|sorted(L)|sorted(L, reverse=True)
sorted(L, reverse=True)|list(reversed(L))|sum(L)|sum(L)|sum(L)|sum(G)|max(L)|max(L)|min(L)|min(L)|L.index(n)|L.index(n)|L.count(n)|L.count(n)
n in L|n in L|n not in L|tuple(L)|list(L)|L.copy()|L == G|L != G|str(L)|set(L)|sorted(set(L))|len(set(L))|list(enumerate(L))|list(zip(L, W))
list(zip(L, G))|W[J]|W[J]|W[0]|W[-1]|W[1:]|W[:-1]|len(W)|len(W)|W + [w]|[w] + W|W + W|W[::-1]|sorted(W)|sorted(W)|sorted(W, key=len)|W.index(w)
W.index(w)|W.count(w)|w in W|w not in W|''.join(W)|''.join(W)|' '.join(W)|' '.join(W)|', '.join(W)|x.join(W)|x.join(W)|max(W, key=len)|max(W)
min(W)|list(map(str, L))|list(map(len, W))|list(map(int, [Q, Q]))|any(L)|all(L)|bool(L)|not L|[L, G]|[L[J], n]|(n, L)|[[], [n]]|[W, L]
dict(zip(W, L))|list(enumerate(W))|W.copy()|list(W)|tuple(W)|W == [w]|W * P|[w] * P|L or G|list(set(L))|sum(L, N)|[n, N, K]|reversed(L)
max(n, N)|L.pop()|L.pop(0)|L.pop(J)|W.pop()|W.pop(0)
""")
_OF_DICTS = read_templates("""
D[k]|D[k]|D[k]|D[k]|D.get(k)|D.get(k)|D.get(w)|D.get(k, K)|D.get(w, K)|D.get(w, 0)|D.get(w, [])|len(D)|len(D)|list(D)|list(D.keys())|D.keys()
D.values()|D.items()|list(D.values())|list(D.values())|list(D.items())|list(D.items())|sorted(D)|sorted(D.items())|sorted(D.keys())
sorted(D.values())|sum(D.values())|max(D.values())|min(D.values())|k in D|w in D|w not in D|{**D, w: N}|dict(D)|D.copy()|max(D, key=len)
dict(D.items())|list(D)[0]|{w: N}|{w: N, x: K}|dict([(w, K), (x, N)])|str(D)|bool(D)|not D|D == {}|D.get(k) is None|tuple(D)|list(reversed(D))
len(D.values())|dict.fromkeys(W, 0)|dict.fromkeys(W)|[D]|(k, K)|k in D.keys()|N in D.values()|set(D) == set(W)|D.pop(k)|D.pop(w, K)
D.setdefault(w, N)|D.setdefault(k, N)|V[J]|V[J]|V[K]|V[0]|V[-1]|len(V)|V[0][0]|V[-1][-1]|V + [n]|V[::-1]|V[1:]|V[:-1]|V[:K]|list(V)|tuple(V)
V.index(w)|w in V|{w: V}|{w: L, x: G}|{w: {x: K}}|{w: L}[w]|[D, {w: N}]|set(L).union(G)|set(L).intersection(G)|set(L) - set(G)|n in set(L)
w in {w, x}|x in {k: N}|dict(D, **{w: N})|{**D, **{w: N, x: K}}|len(set(W))|sorted(set(T))|dict(zip(W, T))|dict(enumerate(W))|V == [w]|[V]
""")
_MAY_RAISE = read_templates("""
T[K]|T[N]|T[-K]|T.index(p)|T.index(C)|T.index(w)|T.rindex(C)|L[K]|L[N]|L[-K]|L.index(N)|L.index(n)|W[K]|W.index(w)|W.index(x)|D[w]|D[x]|D[k]
N // K|N % K|N / K|T + N|N + T|L + T|T + L|int(T)|int(w)|int(x)|max([])|min(W[K:])|sum(W)|T * w|len(N)|ord(T)|chr(-K)|L + N|T - x
sorted([T, N])|float(w)|''.join(L)|'-'.join([w, N])|T.rjust(w)|D[N]|list(N)|T < N|[][0]|{}[w]|dict(L)
""")
# What a loop over numbers comes to, and what ends it; B is near the number before it.
_COUNTING = read_templates("""
N + 1|N + 1|N + 1|N + 2|N + P|N + K|N - 1|N - 1|N + -1|N + -1|N + -2|N + -P|K + -P|K + 1|K + 1|K + -1|N < B|N < B|N < B|N < B|N < B|N < B|K < P
N > B|N > B|N > B|N >= B|N >= B|N <= B|N <= B|N == B|N == B|N != B|N > -1|K > -1|K > -1|0 > -1|0 < N|0 < K|0 < 0|0 < 1|1 < K|-K > -1|-1 > -1
-K < 0|-K < K|N > 0|N > K|K > 0|N > 1|N < 0|N < 10|N < 100|N > 10|N == 0|N == 1|N % 2 == 0|N % P == 0|list(range(K))|list(range(N))
list(range(K, B))|list(range(N, B))|list(range(K, -1, -1))|list(range(N, -1, -1))|list(range(0, N, P))|list(range(1, N))|list(range(K, N))
list(range(1, K))|len(L) - 1|len(T) - 1|len(T) < K|len(L) > K|range(len(T))|len(L) // 2
""")
# What takes a network the most examples: to count, to look for, to carry over, to put in order.
_LONG_LEARNED = read_templates("""
len(T)|len(T)|len(T)|len(T)|len(T)|len(T)|T.find(x)|T.find(x)|T.find(x)|T.find(p)|T.rfind(x)|T.index(x)|T.index(p)|T.count(x)|T.count(x)
T.count(p)|T[I]|T[I]|T[I:]|T[I:]|T[:I]|T[:I]|T[I:I]|T[::-1]|T[::-1]|T[::-1]|T[:-1]|T[::2]|T[-K:]|T.replace(x, C)|T.replace(x, C)
T.replace(x, C)|T.replace(x, '')|T.replace(p, w)|T.split(x)|T.split(x)|T.split()|T.swapcase()|T.title()|sorted(T)|sorted(T)|''.join(sorted(T))
''.join(reversed(T))|x.join(W)|''.join(W)|T * P|x * Z|x * K|[n] * K|T.center(Z, x)|T.ljust(Z, x)|T.rjust(Z, x)|T.zfill(Z)|T.partition(x)
list(T)|len(L)|len(L)|L.index(n)|L.index(n)|L.count(n)|sum(L)|sum(L)|max(L)|max(L)|min(L)|sorted(L)|sorted(L)|sorted(L)|sorted(L, reverse=True)
sorted(W)|L[::-1]|L[::-1]|L[J:J]|N + M|N + M|N + M|N + M|N + M|N + K|N + K|N - M|N - M|N - M|N - K|N - K|N * K|N * K|N * M|N // P|N // M|N % P
N % M|N % 10|sum(D.values())|max(D.values())|D.get(w, K)|sorted(D.items())|W.index(w)|T.lstrip(x)|T.rstrip(x)|T.strip(p)
T.translate(str.maketrans(x, C))|T.translate(str.maketrans(T, U))|str.maketrans(x, C)|T.zfill(Z)|ord(C)|chr(O)|set(L)|dict.fromkeys(T)|V[J]
T[I]|T[I]|T[I]|-K - 1|-N + M|V + [w]|W + [T]|T + U|L + G|L[J]|list(range(K, N))|list(D.keys())|T.rsplit(x)|T.split(p)|list(enumerate(T))
list(zip(T, L))|T.capitalize()|list(range(K, N))|max(W, key=len)|T.rsplit(x, 1)|T.lower()|T.upper()|len(set(T))|ord(x)
""")
# @ is what is changed.
_CHANGES = {
    "L": read_templates("""
@.append(N)|@.append(N)|@.append(N)|@.append(N)|@.append(N)|@.append(n)|@.append(n)|@.append(n)|@.append(K)|@.append(K)|@.append(n)|@.append(N)
@.append(N)|@.append(n)|@.append(K)|@.insert(0, N)|@.insert(J, N)|@.insert(J, n)|@.insert(K, N)|@.pop()|@.pop()|@.pop(0)|@.pop(J)|@.remove(n)
@.remove(n)|@.extend(G)|@.extend(G)|@.reverse()|@.sort()|@.sort()|@.sort(reverse=True)|@.clear()|@[J] = N|@[J] = N|@[J] = n|@[J] += K|@[J] -= K
@[J] *= P|@[J] += N|@[K:P] = G|@[J:] = []|@[:J] = G|@[J:J] = G|del @[J:]|del @[:J]|@[::2] = @[::2][::-1]|@.insert(J, n)|@.remove(n)
@[J], @[J] = @[J], @[J]|@[0], @[-1] = @[-1], @[0]|del @[J]|del @[0]|del @[J:J]|@[J:J] = [N]|@[J:] = G|@ += G|@ += [N]|@ *= P|@[:] = @[::-1]
@[J] = [n]|@.append([n, N])|@.append((n, N))|@[J:J] = [n, N]|@.insert(-1, N)|@.insert(len(@), N)
"""),
    "W": read_templates("""
@.append(w)|@.append(w)|@.append(x)|@.append(x)|@.append(w)|@.append(T)|@.append(p)|@.append(x)|@.append(w)|@.append(w)|@.append(T)|@.append(x)
@.append(p)|@.insert(0, w)|@.insert(J, w)|@.insert(J, x)|@.pop()|@.pop(0)|@.pop(J)|@.remove(w)|@.extend(W)|@.extend(x)|@.extend(p)|@.sort()
@.sort()|@.reverse()|@[J] = w|@[J] = T|@[J] += x|@ += [w]|@ += W|@.sort(key=len)|del @[J]|@.clear()|@.append([w])|@.append('')|@.append(N)
@[J], @[J] = @[J], @[J]|@.append((w, N))|@[J] = x|@[J] = w|@.remove(w)|@.remove(w)|@.insert(K, x)|@[J:J] = W|@[J:J] = [w]|@[1:] = W|del @[-1]
@[J] = p + w
"""),
    "D": read_templates("""
@[k] = N|@[w] = N|@[w] = N|@[w] = K|@[k] += 1|@[k] += K|@[k] -= K|@[k] *= P|@.update({w: N})|@.update({k: N, w: K})|@.pop(k)|@.pop(w, None)
@.pop(k, None)|@.setdefault(k, N)|@.setdefault(w, N)|@.setdefault(w, [])|del @[k]|@[w] = [N]|@[w] = []|@[w] = w|@[x] = K|@[x] = 1|@[x] = N
@[T] = K|@.update({w: N})|@.update({w: N})|@.update({x: K, w: N})|@.update({N: w})|@[k] = [x]|@.pop(w, K)|@.clear()|@.popitem()
@[w] = {}|@[N] = w|@[w] = (K, N)|@.update(D)
"""),
    "S": read_templates("""
@.add(n)|@.add(N)|@.add(N)|@.add(K)|@.difference_update(G)|@.intersection_update(L)|@ ^= {N}|@ -= {n}|@.discard(n)|@.remove(n)|@.update(G)
@.clear()|@.discard(K)
"""),
    "T": read_templates("@ += x|@ += T|@ += w|@ += p|@ *= P|@ += ' '|@ += x * K"),
    "n": read_templates(
        "@ += N|@ += K|@ -= N|@ -= K|@ *= K|@ *= P|@ //= P|@ %= P|@ += 1|@ -= 1|@ **= 2|@ += N * P|@ = @ + N|@ = @ * P"
    ),
}
_CHANGED = [14, 9, 12, 2, 3, 4]
_EVERYWHERE = read_templates("""
T[I]|T[I]|T[I]|T[I]|T[I]|T[I]|L[J]|L[J]|L[J]|L[J]|W[J]|W[J]|D[k]|D[k]|D[k]|D.get(k, K)|len(T)|len(T)|len(T)|len(L)|len(L)|len(W)|N + 1|N + K
N + K|N + M|N + M|N + M|N - 1|N - K|N - K|N - M|N - M|N * P|N * K|N // 2|N % P|T + x|T + x|T + U|T + w|x + T|w + p|L + [n]|L + G|W + [w]|T[I:]
T[:I]|T[I:I]|T[::-1]|T.upper()|T.lower()|T.split()|T.split(x)|x.join(W)|''.join(W)|T.replace(x, C)|T.count(x)|T.find(x)|T.index(x)|T.strip()
sorted(L)|sorted(W)|sorted(T)|max(L)|min(L)|sum(L)|list(T)|str(N)|int(Q)|ord(x)|L.index(n)|L.count(n)|list(D.items())|list(D.keys())|x * K
L[J:]|L[:J]|len(D)
""")
TEMPLATES = {
    "numbers": _OF_NUMBERS,
    "texts": _OF_TEXTS,
    "lists": _OF_LISTS,
    "dicts": _OF_DICTS,
    "long to be learned": _LONG_LEARNED,
    "everywhere": _EVERYWHERE,
    "counting": _COUNTING,
}
"""Operations by what they are done on, those that are hard, and those of most lines."""
_WEIGHTS = [12, 19, 13, 8, 22, 20, 14]
_HOLE = re.compile(r"(?<![\w'])[xCTUNMBQOnKPIJZLGVwpWDk]\b(?!')")
_BARE = re.compile(r"[-+*/%] $")  # before a number, which needs no parentheses then
_PLACE = "\0"
_RAISED = (ArithmeticError, LookupError, TypeError, ValueError)  # by operations that do not fit
_LONGEST = 120  # characters of what is given
_ROOM = 900  # of a program's operations


def sheets_body(writer: Writer) -> list[str]:
    """Operations bound to one name, a few of them in a list; of all kinds, or of a few."""
    rng = writer.rng
    name = rng.choice("nxrkabst")
    tables = rng.choices(list(TEMPLATES.values()), _WEIGHTS, k=rng.choice([1, 4, 4]))
    few = rng.choices(rng.choice(tables), k=rng.randint(2, 5)) if rng.random() < 0.4 else None
    lines, room = [f"{name} = {rng.randint(0, 9)}"], _ROOM
    while room > 0:
        if rng.random() < 0.2:
            lines += (changed := _changes(writer, name))
            room -= sum(len(line) + 30 for line in changed)
            continue
        done = [operation(writer, rng.choice(few or rng.choice(tables))) for _ in range(rng.choice([1, 1, 1, 3, 4]))]
        if done := [text for text in done if text]:
            lines.append(binding(name, done))
        room -= len(lines[-1]) + 20
    if rng.random() < 0.3 and (raising := _raising(writer)):
        lines.append(f"{name} = {raising}")
    return [*lines, f"return {name}"]


def operation(writer: Writer, template: str) -> str:
    """A template filled with literals; "" where that raises, or gives too much."""
    return Values(writer).operation(template)


def _changes(writer: Writer, name: str) -> list[str]:
    """A value, and lines that change it."""
    rng, values = writer.rng, Values(writer)
    kind = rng.choices(list(_CHANGES), _CHANGED)[0]
    value = {"S": set(values.L)}.get(kind, getattr(values, kind, None))
    lines, made = [f"{name} = {literal_text(value)}"], {name: deepcopy(value)}
    for _ in range(rng.randint(1, 5)):
        line = values.fill(rng.choice(_CHANGES[kind]).replace("@", _PLACE)).replace(_PLACE, name)
        if not _does(line, made) or len(repr(made[name])) > _LONGEST:
            break
        lines.append(line)
        if kind in "LWDT" and made[name]:
            setattr(values, kind, deepcopy(made[name]))
    return lines


def _does(line: str, made: dict[str, Any]) -> bool:
    """Whether a line can be run on what there is."""
    try:
        exec(line, {}, made)  # noqa: S102  of our own templates
    except _RAISED:
        return False
    return True


def _raising(writer: Writer) -> str:
    """An operation that raises, as the last of a program; "" where none was found."""
    drawn = (Values(writer).fill(writer.rng.choice(_MAY_RAISE)) for _ in range(30))
    return next((text for text in drawn if given(text) is None), "")


def given(text: str) -> str | None:
    """What an operation gives, None where it raises."""
    try:
        return repr(eval(text, {}))  # noqa: S307  of our own templates
    except _RAISED:
        return None


def _number(rng: random.Random) -> int:
    low, high = rng.choices([(0, 9), (0, 30), (10, 99), (100, 999), (-20, 20), (0, 5000)], [38, 24, 18, 6, 12, 2])[0]
    return rng.randint(low, high)


class Values(Drawn):
    """The values of one operation: what is looked for is there as often as not.

    Attributes:
        longest: characters of what it may give.
    """

    longest = _LONGEST

    def __init__(self, writer: Writer) -> None:
        super().__init__(writer)
        rng = self.rng
        self._last = 0
        if rng.random() < 0.45:
            self.T = self._long_text()
        if rng.random() < 0.5:
            self.L = [_number(rng) for _ in range(rng.choice([0, 1, 2, 3, 3, 4, 5, 6, 8, 12, 16]))] or [0]
        self.W = [self.theme.item() for _ in range(rng.choice([1, 2, 2, 3, 3, 4, 5, 6, 9]))]
        self.D = {self.theme.item(): _number(rng) for _ in range(rng.choice([1, 2, 2, 3, 3, 4, 5]))}
        if rng.random() < 0.5:  # else it may be there by chance
            self.n, self.w, self.x = rng.choice(self.L), rng.choice(self.W), rng.choice(self.T)

    def _long_text(self) -> str:
        """Of several words, which may come again."""
        rng = self.rng
        text = str(self.theme.value("str"))
        while len(text) < 30 and rng.random() < 0.5:
            text += rng.choice([" ", "", "-", ", "]) + rng.choice([self.theme.item(), text])
        return text[: rng.randint(8, 50)] or "ab"

    def _nested(self) -> Any:
        rng = self.rng
        parts = [
            rng.choice(
                [
                    _number(rng),
                    self.theme.item(),
                    self.L[: rng.randint(0, 3)],
                    (_number(rng), self.theme.item()),
                    self.W[:2],
                ]
            )
            for _ in range(rng.randint(1, 5))
        ]
        alike = [[_number(rng) for _ in range(rng.choice([1, 2, 2, 3]))] for _ in parts]
        made: list[Any] = rng.choice([parts, alike])
        return tuple(made) if rng.random() < 0.3 else made

    def number(self) -> int:
        """Mostly small."""
        return _number(self.rng)

    def operation(self, template: str) -> str:
        """A template filled with them; "" where that raises, or gives too much."""
        text = self.fill(template)
        value = given(text)
        return text if value is not None and len(value) <= self.longest and " at 0x" not in value else ""

    def fill(self, template: str) -> str:
        """With literals; a negative number in parentheses where it needs them, and at times where not."""
        made = ""
        end = 0
        for hole in _HOLE.finditer(template):
            made += template[end : hole.start()]
            value = literal_text(self._drawn(hole[0]))
            behind = template[hole.end() :]
            alone = behind[:1] in "],:)" and made.endswith(("[", ":", "(", ", "))
            apart = "**" not in template and (_BARE.search(made) or (not made and behind.startswith(" ")))
            bare = not value.startswith("-") or alone or (apart and self.rng.random() < 0.7)
            made += value if bare else f"({value})"
            end = hole.end()
        return made + template[end:]

    def _drawn(self, hole: str) -> Any:
        rng = self.rng
        match hole:
            case "N" | "M" | "K":
                self._last = self.number() if hole != "K" else rng.randint(0, 9)
                return self._last
            case "B":
                return self._last + rng.choice([-5, -2, -1, -1, 0, 0, 0, 1, 1, 1, 2, 3, 6])
            case "O":
                return ord(character(rng))
            case "Q":
                return str(self.number())
            case "V":
                return self._nested()
            case "U":
                return self._text() if rng.random() < 0.8 else self.T
            case "C":
                return character(rng) if rng.random() < 0.7 else self.x
            case "G":
                return [_number(rng) for _ in range(rng.choice([0, 1, 1, 2, 3, 4]))]
            case "I":
                return self._place(len(self.T))
            case "J":
                return self._place(len(self.L))
            case "Z":
                return rng.choice([len(self.T) + rng.randint(-2, 8), rng.randint(1, 20)])
            case "k":
                return rng.choice(list(self.D)) if rng.random() < 0.8 else self.theme.item()
            case "p":
                start = rng.randrange(len(self.T))
                return self.T[start : start + rng.randint(1, 4)] if rng.random() < 0.5 else self.theme.piece()
        known = getattr(self, hole, None)
        return self._other(hole) if known is None else known

    def _place(self, length: int) -> int:
        roll = self.rng.random()
        if roll < 0.8:
            return self.rng.randrange(length)
        return -self.rng.randint(1, length) if roll < 0.93 else self.rng.randint(0, 9)
