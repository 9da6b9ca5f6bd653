"""Programs whose every line does many operations at once, and shows what they gave in one value.

One operation a line costs a trace some forty tokens: the line twice, names, what has not changed. Of these most are copies. In a display
(`[len(s), s.upper(), s[2:]]`), an assignment to several names, or a `map` of a method over texts, it costs ten to twenty, so a trace of a
length has two or three times as many results to compute. Nothing here makes a frame of its own: no comprehensions, no lambdas.
"""

from __future__ import annotations

import re

from cwm_trace.train.basics import asks_itself, made_of, test_of
from cwm_trace.train.grammar import read_table
from cwm_trace.train.skills import Templates
from cwm_trace.train.writer import Writer, literal_text

_KINDS = ["str"] * 8 + ["li"] * 4 + ["ls"] * 3 + ["char"] * 2 + ["int"] * 2 + ["dsi"]
_MADE = ["int"] * 8 + ["str"] * 8 + ["ls"] * 3 + ["li"] * 3
_TRIES = 20  # to find what fits the variables
_APART = re.compile(r"!| for |lambda ")
_RAISES = re.compile(  # on most values
    r"ndex\(|int\(<S>|float\(<S>|\[<=small>\](?!.*=)|\[<int>\]|\[<s>\]|<S> \+ <I>|fromhex|to_bytes|next\(iter|\.pop\(|key=<S>"
    r"|m[axin]{2}\(<L[IS]>\)|<=bit>\]\["
)
_CALM = Templates(lambda text: not _APART.search(text) and not _RAISES.search(text))
_VARIED = re.compile("<=|<[a-z]")  # it has arguments that are drawn anew
_OF_TEXTS = read_table("""
6 len
4 str.upper
4 str.lower
3 str.title
3 str.capitalize
3 str.swapcase
4 str.strip
1 str.lstrip
1 str.rstrip
3 str.isalpha
3 str.isdigit
3 str.isalnum
3 str.isupper
3 str.islower
2 str.istitle
2 str.isspace
1 str.isnumeric
1 str.isidentifier
3 str.split
3 list
2 sorted
1 tuple
2 repr
2 bool
2 max
2 min
4 <S>.find
4 <S>.count
3 <S>.startswith
3 <S>.endswith
2 <S>.split
2 <S>.partition
2 <S>.removesuffix
2 <S>.strip
3 <S>.join
2 <S>.__contains__
3 <LS>.count
""")
_OF_CHARACTERS = read_table("""
4 ord
3 str.isalpha
3 str.isdigit
3 str.isupper
3 str.islower
3 str.isalnum
2 str.isspace
3 str.upper
3 str.lower
4 str.swapcase
4 <S>.count
4 <S>.find
2 <S>.rfind
2 <S>.startswith
2 repr
""")
_OF_NUMBERS = read_table("""
4 str
3 abs
2 bool
2 bin
2 hex
2 float
3 <LI>.count
2 int.bit_length
2 <I>.__add__
2 <I>.__mul__
""")
_OF_TWO = read_table("""
3 list(map(str.count, <LS>, <S>))
3 list(map(str.find, <LS>, <S>))
3 list(map(str.startswith, <LS>, <S>))
2 list(map(str.endswith, <LS>, <S>))
2 list(map(str.split, <LS>, <S>))
2 list(map(str.strip, <LS>, <S>))
2 list(map(str.__add__, <LS>, <S>))
2 list(map(str.__mul__, <LS>, <LI>))
2 list(map(max, <LI>, <li>))
2 list(map(min, <LI>, <li>))
2 list(map(divmod, <LI>, [<=positive>, <=positive>, <=positive>]))
2 list(map(<LS>.count, <LS>))
2 list(zip(<LS>, map(len, <LS>)))
2 list(map(<DSI>.get, <S>))
2 list(map(<DSI>.get, <DSI>))
2 list(enumerate(map(len, <LS>)))
2 sum(map(len, <LS>))
2 max(map(len, <LS>), default=0)
2 sum(map(<S>.count, <S>))
2 any(map(str.isdigit, <S>))
2 all(map(str.isalpha, <S>))
2 sum(map(str.isupper, <S>))
2 sum(map(str.isalpha, <S>))
2 ''.join(map(str.upper, <LS>))
2 ''.join(map(str, <LI>))
2 list(filter(str.isalpha, <S>))
2 ''.join(filter(str.isdigit, <S>))
2 ''.join(filter(str.isalnum, <S>))
2 list(filter(str.isupper, <S>))
2 list(filter(<S>.count, <S>))
2 ''.join(filter(<S>.__contains__, <S>))
2 ' '.join(map(str.capitalize, <LS>))
2 ','.join(map(str, <LI>))
""")
_CHANGES = {  # what changes a variable, or only shows it; `<X>` is its name
    "li": read_table("""
5 <X>.append(<int>)
4 <X>.insert(<=small>, <int>)
2 <X>.insert(-<=index>, <int>)
4 <X>.pop()
3 <X>.pop(0)
2 <X>.pop(<=bit>)
4 <X>.reverse()
4 <X>.sort()
2 <X>.sort(reverse=True)
2 <X>.extend(<li>)
2 <X>.extend([<int>, <int>])
2 <X>.remove(<X>[<=bit>])
7 <X>[:]
7 <X>.copy()
3 <X>[::-1]
3 sorted(<X>)
2 len(<X>)
2 <X>[:<=small>] + [<int>] + <X>[<=small>:]
2 [*<X>, <int>]
1 <X>.clear()
"""),
    "ls": read_table("""
5 <X>.append(<s>)
4 <X>.insert(<=small>, <s>)
4 <X>.pop()
3 <X>.pop(0)
4 <X>.reverse()
4 <X>.sort()
2 <X>.extend(<ls>)
2 <X>.extend(<s>)
2 <X>.remove(<X>[<=bit>])
7 <X>[:]
7 <X>.copy()
3 <X>[::-1]
3 ''.join(<X>)
2 len(<X>)
2 [*<X>, <s>]
"""),
    "dsi": read_table("""
5 <X>.setdefault(<s>, <int>)
4 <X>.pop(<s>, None)
4 <X>.update({<s>: <int>})
3 <X>.update(<dsi>)
2 <X>.popitem()
3 <X>.get(<s>, <=small>)
8 <X>.copy()
4 list(<X>)
3 list(<X>.values())
3 {**<X>, <s>: <int>}
3 <X> | {<s>: <int>}
3 list(<X>.items())
"""),
}
_MAPPED = [("<LS>", _OF_TEXTS), ("<LS>", _OF_TEXTS), ("<S>", _OF_CHARACTERS), ("<LI>", _OF_NUMBERS)]


def panel_body(writer: Writer) -> list[str]:
    """One or two lines of many operations each; something short is returned."""
    rng = writer.rng
    writer.max_params = rng.choice([1, 2, 2, 3])
    writer.add_param(rng.choice(_KINDS))
    lines: list[str] = []
    short = names = writer.params[0].name
    for _ in range(rng.choice([1, 1, 1, 2, 2])):
        line, names, short = _shown(writer, _results(writer))
        lines.append(line)
    return [*lines, f"return {names if rng.random() < 0.3 else short}"]  # a copy of it all would teach nothing new


# --- one line ---------------------------------------------------------------------------------------------------------


def _results(writer: Writer) -> list[str]:
    """Expressions for one line."""
    rng = writer.rng
    make = rng.choices([_mapped, test_of, _on_literals, _operation, None], [25, 12, 14, 22, 27])[0]
    if make is None:
        return rng.choice([_drilled, _drilled, _drilled, _changed, _changed, _parts])(writer, rng.randint(4, 8))
    count = rng.choice([1, 2, 2, 3]) if make is _mapped else rng.randint(3, 7)
    return [text for _ in range(count) if (text := make(writer))] or [repr(writer.theme.item())]


def _shown(writer: Writer, texts: list[str]) -> tuple[str, str, str]:
    """A line that binds these results; all that it binds; something shorter of it."""
    rng = writer.rng
    roll = rng.random()
    if len(texts) == 1 or (roll < 0.25 and len(texts) <= 5):
        names = [writer.declare("unknown", result=True) for _ in texts]
        return f"{', '.join(names)} = {', '.join(texts)}", ", ".join(names), rng.choice(names)
    name = writer.declare("unknown", result=True)
    if roll < 0.31:
        keys = rng.sample("abcdefghkmnpqrstxyz", len(texts))
        items = ", ".join(f"{key!r}: {text}" for key, text in zip(keys, texts, strict=True))
        return f"{name} = {{{items}}}", name, f"{name}[{rng.choice(keys)!r}]"
    shown = ", ".join(texts)
    short = rng.choice([f"{name}[{rng.randrange(len(texts))}]", f"{name}[-1]", f"len({name})", f"{name}[1:2]"])
    return f"{name} = [{shown}]" if roll < 0.75 else f"{name} = ({shown})", name, short


# --- results ----------------------------------------------------------------------------------------------------------


def _operation(writer: Writer) -> str | None:
    """An operation of those that are everywhere, or of any, on variables."""
    if writer.rng.random() < 0.5:
        return made_of(writer, writer.rng.choice(_MADE))
    for _ in range(_TRIES):
        template = _CALM.draw(writer.rng)
        if writer.fits(template) and not asks_itself(text := writer.fill(template)):
            return text
    return None


def _drilled(writer: Writer, count: int) -> list[str]:
    """One operation, time after time: on variables and other arguments, or on literals."""
    template = _bare(writer)
    variable = writer.rng.random() < 0.5 and writer.fits(template) and _VARIED.search(template)
    texts = [writer.fill(template) if variable else writer.fill_with_literals(template) for _ in range(count)]
    return list(dict.fromkeys(texts))


def _changed(writer: Writer, count: int) -> list[str]:
    """Changes of one variable, and what it is between them."""
    kind = writer.rng.choice([kind for kind in _CHANGES if writer.variable(kind)] or ["li"])
    name = writer.variable(kind) or literal_text(writer.theme.value(kind))
    return [writer.fill(text, 0, {"X": name}) for text in writer.rng.choices(*_CHANGES[kind], k=count)]


def _parts(writer: Writer, count: int) -> list[str]:
    """Parts of one text or list, from anywhere in it."""
    rng = writer.rng
    name = writer.variable(rng.choice(["str", "str", "li", "ls"])) or repr(writer.theme.value("str"))
    starts = [rng.randrange(10) for _ in range(count)]
    return list(
        dict.fromkeys(
            rng.choice(
                [
                    f"{name}[{at}:{at + 1}]",
                    f"{name}[{at}:{at + rng.randint(1, 5)}]",
                    f"{name}[-{at + 1}:][:1]",
                    f"{name}[{at}:]",
                ]
            )
            for at in starts
        )
    )


def _on_literals(writer: Writer) -> str:
    return writer.fill_with_literals(_bare(writer))


def _bare(writer: Writer) -> str:
    """An operation that may be on literals, which have quotes of their own."""
    while (template := _CALM.draw(writer.rng)).startswith("f'"):
        pass
    return template


def _mapped(writer: Writer) -> str | None:
    """A function of each element, in one value."""
    rng = writer.rng
    for _ in range(_TRIES):
        if rng.random() < 0.4:
            template = rng.choices(*_OF_TWO)[0]
        else:
            over, table = rng.choice(_MAPPED)
            template = f"list(map({rng.choices(*table)[0]}, {over}))"
        if writer.fits(template):
            return writer.fill(template)
    return None
