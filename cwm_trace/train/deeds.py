"""Programs whose lines do one thing each to values of every day, literals mostly: operations, two of them in one, and changes.

What `facts` is for the smallest values, whose way of writing lines this has, for texts of up to forty characters and lists, dicts and numbers
as in most programs. Observations are all that is learned (`record`).
"""

from __future__ import annotations

from string import ascii_lowercase

from cwm_trace.train.facts import FACTS, PLAIN_PARTS, fact
from cwm_trace.train.grammar import read_templates
from cwm_trace.train.small import CHANGES, COUNTS, HOLE, KIND_OF
from cwm_trace.train.writer import Writer, literal_text

# What gives a text, or a list of numbers: it may stand where one is asked for.
_OF_TEXT = read_templates("""
S[::-1]|S[1:]|S[:-1]|S[I:]|S[:I]|S + T|S + 'C'|S.upper()|S.lower()|S.swapcase()|S.title()|S.replace('C', 'C')|S.replace('C', '')
S.strip()|S.strip('C')|S.split('C')[0]|S[::2]|S * 2|''.join(W)|'C'.join(W)|S.lstrip('C')|S.rstrip('C')|S.capitalize()|''.join(sorted(S))
""")
_OF_LIST = read_templates("""
L[::-1]|L[1:]|L[:-1]|L + [N]|L + L|sorted(L)|L[:I]|L[I:]|L[::2]|list(reversed(L))|sorted(L, reverse=True)|L * 2|sorted(set(L))
""")
_MORE = read_templates("""
S.partition('C')|S.rpartition('C')|S.split('C', 1)|S.rsplit('C', 1)|S.splitlines()|S.replace('C', 'C', 1)|S.find(T)|S in T
T in S|S.startswith(T)|S.count(T)|S.isalnum()|S.istitle()|S.isspace()|S.encode()|S.ljust(N)|S.rjust(N)|S.center(N, 'C')|S.zfill(N)
S.translate({97: None})|S.casefold()|S.expandtabs(K)|S[N:M]|S[K:]|S[-K:]|S[:K]|L[-K:]|L[K:]|L[:K]|W[I]|W[:K]|W[::-1]|sorted(W)
sorted(W, key=len)|len(W)|max(W, key=len)|min(W)|' '.join(W)|', '.join(W)|'C' in W|T in W|L.count(N)|list(set(L))|N in L
D.get('C')|D.get('C', K)|list(D.items())|list(D.keys())|sorted(D.values())|max(D.values())|sum(D.values())|len(D)|'C' in D
D.items()|D.keys()|D.values()|N // K|N % M|N * M|N ** 2|abs(N)|max(N, M)|divmod(N, 7)|round(N / 4, 1)|N / 2|str(N)[::-1]|bin(N)|N + M * 2
ord(S[0])|chr(N + 97)|int(str(N) + '0')|[N] * K|[S, T]|(S, N)|{S: N}|[S] * 2|S == T[::-1]|S != T|S < T|not S|bool(L)|L == W|S and T|L or W
list(S)|tuple(L)|set(S) == set(T)|len(set(S))|list(enumerate(W))|list(zip(S, L))|dict(zip(W, L))|all(L)|any(L)|sum(L)|sum(L) // 2
""")
_TABLES = [FACTS, PLAIN_PARTS, COUNTS, _MORE]


def deeds_body(writer: Writer) -> list[str]:
    """Operations bound to a name, and values that are changed by line after line."""
    rng = writer.rng
    name, *params = rng.sample(ascii_lowercase, rng.choice([1, 1, 2, 3]))
    for param in params:
        writer.add_param(rng.choice(["str", "int", "li", "ls", "dsi"]), param)
    lines: list[str] = []
    while len(lines) < 12:
        lines += _changed(writer, name) if rng.random() < 0.3 else [f"{name} = {_deed(writer)}"]
    return [*lines, f"return {rng.choice([name, *params])}"]


def _deed(writer: Writer) -> str:
    """An operation; often one on what another gives."""
    rng = writer.rng
    template = rng.choice(rng.choice(_TABLES))
    for hole, inner in (("S", _OF_TEXT), ("L", _OF_LIST)):
        if hole in HOLE.findall(template) and rng.random() < 0.2:
            return fact(writer, _within(template, hole, rng.choice(inner)))
    return fact(writer, template)


def _within(template: str, hole: str, inner: str) -> str:
    """A template with another in its first place for such a value."""
    first = next(found for found in HOLE.finditer(template) if found[0] == hole)
    text = f"({inner})" if " " in inner and inner[0] in "SL" else inner
    return template[: first.start()] + text + template[first.end() :]


def _changed(writer: Writer, name: str) -> list[str]:
    """A value, and lines that change it."""
    rng = writer.rng
    hole = rng.choices("LWDSN", [8, 5, 6, 3, 3])[0]
    fitting = [
        template
        for template in CHANGES
        if template.startswith((hole, f"del {hole}")) and ", T" not in template and ", M" not in template
    ]
    lines = [f"{name} = {literal_text(writer.theme.value(KIND_OF[hole]))}"]
    for _ in range(rng.randint(1, 4)):
        named = HOLE.sub(lambda found: name if found[0] == hole else found[0], rng.choice(fitting))
        lines.append(fact(writer, named))
    return lines
