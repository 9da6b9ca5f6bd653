"""The operations of generated programs, as data: typed templates with weights.

Each line of a table is `weight template`; a template's holes are kinds in angle brackets. `<S>` and other capitals stand for a
*receiver* (a variable of the kind where there is one), small ones for any expression, `<=kind>` for a literal, and `<v:kind>` binds a
fresh name for the rest of the template. Kinds: int, str, char, bool, float, li (list of int), ls (list of str),
lli, lt (list of (str, int)), dsi, dss, dis, dsl (dicts), ti, ts (tuples), si (set of int).
"""

from __future__ import annotations

RECEIVERS = {
    "I": "int", "S": "str", "C": "char", "LI": "li", "LS": "ls", "LLI": "lli", "LT": "lt", "DSI": "dsi", "DSS": "dss",
    "DIS": "dis", "DSL": "dsl", "TI": "ti", "TS": "ts", "SI": "si", "F": "float", "B": "bool",
}  # fmt: skip

_EXPRESSIONS = {
    "str": """
6 <S>.upper()
6 <S>.lower()
4 <S>.swapcase()
4 <S>.title()
4 <S>.capitalize()
5 <S>.strip()
3 <S>.lstrip()
3 <S>.rstrip()
3 <S>.strip(<piece>)
2 <S>.lstrip(<piece>)
2 <S>.rstrip(<piece>)
8 <S>.replace(<piece>, <piece>)
2 <S>.replace(<piece>, '')
2 <S>.replace(<piece>, <piece>, <=small>)
2 <S>.replace(<char>, <char>).replace(<char>, <char>)
2 <S>.zfill(<=small>)
2 <S>.center(<=width>)
2 <S>.center(<=width>, <char>)
2 <S>.ljust(<=width>, <char>)
2 <S>.rjust(<=width>, <char>)
1 <S>.ljust(<=width>)
1 <S>.rjust(<=width>)
2 <S>.removeprefix(<piece>)
2 <S>.removesuffix(<piece>)
1 <S>.expandtabs(<=small>)
1 <S>.casefold()
5 <S>[::-1]
4 <S>[<=small>:]
4 <S>[:<=small>]
3 <S>[<=small>:<=small>]
2 <S>[-<=index>:]
2 <S>[:-<=index>]
2 <S>[::<=step>]
2 <S>[1:-1]
2 <S>[<int>:]
2 <S>[:len(<S>) // 2]
1 <S>[<=small>:][::-1]
8 <S> + <s>
3 <s> + <char>
3 <char> + <S>
3 <S> * <=small>
2 <char> * <int>
6 <piece>.join(<LS>)
5 ''.join(<LS>)
3 ' '.join(<S>.split())
3 <piece>.join(<S>.split(<piece>))
3 ''.join(reversed(<S>))
3 ''.join(sorted(<S>))
3 ''.join(<v:char> for <v> in <S> if <cond:char>)
3 ''.join([<v:char> for <v> in <S> if <cond:char>])
3 ''.join([<mapchar> for <v:char> in <S>])
2 ''.join(<mapchar> for <v:char> in <S>)
2 <piece>.join(<S>)
3 str(<I>)
2 str(<LI>)
1 str(<DSI>)
2 f'{<I>}'
2 f'{<S>}<=raw>'
1 '%s=%s' % (<S>, <I>)
1 '{} {}'.format(<S>, <I>)
3 <LS>[<=index>]
3 <LS>[-1]
2 <LS>.pop()
2 <LS>.pop(<=index>)
2 <S>.split(<piece>)[0]
2 <S>.split(<piece>)[-1]
2 <S>.partition(<piece>)[0]
2 <S>.partition(<piece>)[2]
1 <S>.rpartition(<piece>)[0]
2 max(<LS>)
2 min(<LS>, key=len)
1 max(<S>)
2 <DSS>.get(<s>, <piece>)
2 <DIS>.get(<int>, <piece>)
1 <DSS>[<s>]
3 <s> if <bool> else <s>
2 chr(ord(<char>) + <=small>)
2 <S>.lower().replace(<char>, <piece>)
2 <S>.strip().upper()
2 <S>.upper().replace(<piece>, <piece>)
1 <S>.translate(str.maketrans(<piece>, <piece>))
1 hex(<I>)
1 bin(<I>)
1 repr(<S>)
1 type(<any>).__name__
1 str(<S>).rjust(<=width>)
1 ''.join(map(str, <LI>))
1 <piece>.join(map(str, <LI>))
1 ' '.join(<LS>[::-1])
1 ' '.join(map(str.upper, <LS>))
1 ''.join(<v:char> * <=index> for <v> in <S>)
1 ''.join(dict.fromkeys(<S>))
1 ''.join(<LS>)[::-1]
""",
    "int": """
12 len(<S>)
8 len(<LI>)
5 len(<LS>)
4 len(<DSI>)
3 len(set(<LI>))
3 len(set(<S>))
2 len(<S>.split())
2 len(<DSI>.keys())
6 <S>.count(<piece>)
4 <S>.find(<piece>)
2 <S>.rfind(<piece>)
2 <S>.index(<char>)
2 <S>.find(<piece>, <=small>)
4 <LI>.count(<int>)
2 <LS>.count(<s>)
2 <LI>.index(<int>)
8 <I> + <int>
6 <I> - <int>
5 <I> * <int>
4 <I> // <=positive>
5 <I> % <=positive>
1 <I> ** 2
1 -<I>
2 abs(<I>)
4 sum(<LI>)
3 max(<LI>)
3 min(<LI>)
2 max(<int>, <int>)
2 min(<int>, <int>)
2 <LI>[<=index>]
3 <LI>[-1]
2 <LI>[0]
2 <LI>.pop()
2 <LI>.pop(<=index>)
2 <LI>[<=index>] + <LI>[-1]
3 ord(<C>)
2 ord(<char>) - ord('a')
2 int(<=digits>)
3 <DSI>.get(<s>, <=small>)
1 <DSI>[<s>]
2 sum(<DSI>.values())
2 max(<DSI>.values())
2 sum(<v:int> for <v> in <LI> if <cond:int>)
2 sum(1 for <v:char> in <S> if <cond:char>)
2 sum(len(<v:str>) for <v> in <LS>)
2 len([<v:int> for <v> in <LI> if <cond:int>])
2 <int> if <bool> else <int>
1 round(<F>)
1 int(<F>)
1 divmod(<I>, <=positive>)[1]
1 <I> & <=positive>
1 <I> | <=positive>
1 <I> ^ <=positive>
1 <I> << <=index>
1 <I> >> <=index>
1 bool(<S>) + <int>
1 sum(<TI>)
1 <TI>[<=index>]
1 len(max(<LS>, key=len))
1 len(''.join(<LS>))
1 sum(map(len, <LS>))
1 int(str(<I>)[::-1])
1 len(str(<I>))
1 <S>.count(<char>) + <S>.count(<char>)
1 sum(int(<v:char>) for <v> in <S> if <v>.isdigit())
1 [<LI>[0], <int>][<=bit>]
""",
    "bool": """
5 <C> in <S>
5 <piece> in <S>
3 <piece> not in <S>
4 <S>.startswith(<piece>)
4 <S>.endswith(<piece>)
3 <S>.isdigit()
3 <S>.isalpha()
2 <S>.isalnum()
2 <S>.isupper()
2 <S>.islower()
1 <S>.isspace()
1 <S>.istitle()
1 <S>.isnumeric()
1 <S>.isdecimal()
1 <S>.isidentifier()
1 <S>.isascii()
6 <I> > <int>
5 <I> < <int>
5 <I> == <int>
2 <I> != <int>
2 <I> >= <int>
2 <I> <= <int>
5 <I> % 2 == 0
2 <I> % <=positive> == <=small>
3 <I> in <LI>
2 <s> in <LS>
2 <S> in <DSI>
2 <int> in <DIS>
2 <S> == <s>
2 <S> == <S>[::-1]
2 <S> != <s>
1 <S> < <s>
3 len(<S>) > <=small>
3 len(<LI>) == <=small>
2 len(<LS>) >= <=small>
2 not <LI>
2 not <S>
2 <bool> and <bool>
2 <bool> or <bool>
1 not <bool>
1 all(<cond:int> for <v:int> in <LI>)
1 any(<cond:int> for <v:int> in <LI>)
1 all(<v:char>.isalpha() for <v> in <S>)
1 any(<v:char> in <piece> for <v> in <S>)
1 <LI> == sorted(<LI>)
1 <LI> == <li>
1 <LS> != <ls>
1 isinstance(<any>, <=type>)
1 <=small> < <I> < <=width>
1 bool(<S>)
1 <S>[0] == <char>
1 <S>[-1] == <char>
""",
    "li": """
6 sorted(<LI>)
4 sorted(<LI>, reverse=True)
5 <LI>[::-1]
3 list(reversed(<LI>))
4 <LI>[<=small>:]
4 <LI>[:<=small>]
2 <LI>[<=small>:<=small>]
2 <LI>[-<=index>:]
2 <LI>[:-<=index>]
2 <LI>[::<=step>]
5 <LI> + <li>
3 <LI> + [<int>]
2 [<int>] + <LI>
2 <LI> * <=index>
5 [<v:int> for <v> in <LI> if <cond:int>]
5 [<mapint> for <v:int> in <LI>]
2 [<mapint> for <v:int> in <LI> if <cond:int>]
2 [<mapint> for <v:int> in range(<=small>)]
2 [len(<v:str>) for <v> in <LS>]
2 [ord(<v:char>) for <v> in <S>]
2 [<v:int> for <v> in range(len(<S>)) if <S>[<v>] == <char>]
3 list(range(<=small>))
2 list(range(<=small>, <=width>))
2 list(range(<=small>, <=width>, <=positive>))
2 list(map(len, <LS>))
2 list(map(lambda <v:int>: <mapint>, <LI>))
2 list(filter(lambda <v:int>: <cond:int>, <LI>))
2 list(<DSI>.values())
2 list(<DIS>.keys())
2 list(<DIS>)
2 list(<TI>)
2 <LI>.copy()
2 list(<LI>)
2 list(set(<LI>))
2 sorted(set(<LI>))
2 [<int>, <int>]
1 [<int>]
1 [<int>] * <=small>
1 sorted(<LI>, key=lambda <v:int>: -<v>)
1 sorted(<LI>, key=abs)
1 sorted(<DSI>.values())
1 <DSL>.get(<s>, [])
1 [int(<v:char>) for <v> in <=digits>]
1 [<v:int> + <w:int> for <v>, <w> in zip(<LI>, <li>)]
1 <LLI>[<=bit>]
1 sum(<LLI>, [])
1 [max(<LI>), min(<LI>)]
""",
    "ls": """
8 <S>.split()
6 <S>.split(<piece>)
2 <S>.split(<piece>, <=index>)
2 <S>.rsplit(<piece>, 1)
2 <S>.splitlines()
7 list(<S>)
4 sorted(<LS>)
3 sorted(<S>)
2 sorted(<LS>, key=len)
2 sorted(<LS>, reverse=True)
2 sorted(<LS>, key=lambda <v:str>: len(<v>))
4 <LS>[::-1]
3 <LS>[<=small>:]
3 <LS>[:<=small>]
2 <LS>[::<=step>]
3 <LS> + <ls>
3 <LS> + [<s>]
2 [<s>] + <LS>
4 [<mapstr> for <v:str> in <LS>]
4 [<v:str> for <v> in <LS> if <cond:str>]
3 [<v:char> for <v> in <S> if <cond:char>]
2 [<mapchar> for <v:char> in <S>]
2 [str(<v:int>) for <v> in <LI>]
2 list(map(str, <LI>))
2 list(map(str.upper, <LS>))
2 list(<DSI>.keys())
2 list(<DSI>)
2 sorted(<DSI>)
2 list(<DSS>.values())
1 list(<DIS>.values())
2 [<s>, <s>]
1 [<s>]
1 [<s>] * <=index>
1 <LS> * <=index>
1 <LS>.copy()
1 [<v:str> for <v> in <DSI> if <DSI>[<v>] > <int>]
1 list(filter(None, <LS>))
1 list(dict.fromkeys(<LS>))
1 sorted(set(<S>))
1 [<S>[<v:int>:<v> + <=positive>] for <v> in range(0, len(<S>), <=positive>)]
1 list(<TS>)
1 list(<S>.partition(<piece>))
""",
    "dsi": """
3 {<v:str>: len(<v>) for <v> in <LS>}
3 {<v:char>: <S>.count(<v>) for <v> in <S>}
3 dict(zip(<LS>, <LI>))
2 dict(<LT>)
2 {<v:str>: <w:int> for <v>, <w> in <DSI>.items() if <w> > <int>}
2 {<v:str>: <w:int> + <=small> for <v>, <w> in <DSI>.items()}
2 {**<DSI>, <s>: <int>}
2 dict(<DSI>)
2 <DSI>.copy()
2 {<s>: <int>}
2 dict.fromkeys(<LS>, <=small>)
1 dict(sorted(<DSI>.items()))
1 {<v:str>: <w:int> for <w>, <v> in enumerate(<LS>)}
1 <DSI> | <dsi>
1 {<v:str>: <DSI>[<v>] for <v> in sorted(<DSI>)}
""",
    "dss": """
2 dict(zip(<LS>, <ls>))
2 {<v:str>: <mapstr> for <v> in <LS>}
1 {**<DSS>, <s>: <s>}
1 {<w:str>: <v:str> for <v>, <w> in <DSS>.items()}
1 <DSS>.copy()
1 {<s>: <s>}
1 dict.fromkeys(<S>, <piece>)
""",
    "dis": """
2 dict(enumerate(<LS>))
2 dict(zip(<LI>, <LS>))
2 {<w:int>: <v:str> for <v>, <w> in <DSI>.items()}
1 {len(<v:str>): <v> for <v> in <LS>}
1 <DIS>.copy()
1 {<int>: <s>}
""",
    "dsl": """
1 {<s>: <li>}
1 {<s>: <li>, <s>: []}
1 {<v:str>: [<w:int>] for <v>, <w> in <DSI>.items()}
1 dict(zip(<LS>, <LLI>))
""",
    "lt": """
3 list(<DSI>.items())
2 sorted(<DSI>.items())
2 sorted(<DSI>.items(), key=lambda <v:any>: <v>[1])
1 sorted(<DSI>.items(), key=lambda <v:any>: <v>[1], reverse=True)
2 list(zip(<LS>, <LI>))
2 [(<v:str>, len(<v>)) for <v> in <LS>]
1 sorted(<LT>, key=lambda <v:any>: <v>[1])
1 <LT>[::-1]
1 [(<v:char>, <S>.count(<v>)) for <v> in <S>]
""",
    "lli": """
2 [<li>, <li>]
2 [<LI>[<v:int>:<v> + <=positive>] for <v> in range(0, len(<LI>), <=positive>)]
1 [[<v:int>] for <v> in <LI>]
1 [[<v:int>, <v> * <=positive>] for <v> in <LI>]
1 [sorted(<v:li>) for <v> in <LLI>]
1 <LLI>[::-1]
1 [list(<v:any>) for <v> in zip(<LI>, <li>)]
1 [[0] * <=index> for <v:int> in range(<=index>)]
""",
    "ti": """
2 tuple(<LI>)
2 (<int>, <int>)
1 (<int>,)
1 tuple(sorted(<LI>))
1 (min(<LI>), max(<LI>))
1 divmod(<I>, <=positive>)
1 <TI>[::-1]
1 <TI> + (<int>,)
1 tuple(<v:int> for <v> in <LI> if <cond:int>)
""",
    "ts": """
2 tuple(<LS>)
2 (<s>, <s>)
2 <S>.partition(<piece>)
2 <S>.rpartition(<piece>)
1 tuple(<S>)
1 tuple(<S>.split())
1 (<S>.upper(), <S>.lower())
1 <TS>[::-1]
""",
    "si": """
3 set(<LI>)
1 {<int>, <int>}
1 set(<LI>) & set(<li>)
1 set(<LI>) - {<int>}
1 set(<LI>) | {<int>}
1 {<v:int> % <=positive> for <v> in <LI>}
1 <SI> - {<int>}
""",
    "float": """
3 <I> / <=positive>
2 <F> + <I>
2 <F> * <=positive>
2 round(<F>, 1)
2 sum(<LI>) / len(<LI>)
1 float(<I>)
1 abs(<F>)
""",
}

_CONDITIONS = {  # over a bound variable <v>
    "int": """
6 <v> % 2 == 0
3 <v> % 2 == 1
6 <v> > <int>
5 <v> < <int>
3 <v> != <int>
2 <v> == <int>
2 <v> >= <=small>
2 <v> not in <LI>
2 <v> in <LI>
1 <v> % <=positive> == 0
1 <v>
1 <LI>.count(<v>) > 1
1 <v> > <=small> and <v> < <=width>
""",
    "char": """
4 <v>.isalpha()
4 <v>.isdigit()
3 <v>.isupper()
3 <v>.islower()
2 <v>.isalnum()
1 <v>.isspace()
5 <v> == <char>
5 <v> != <char>
5 <v> in <=literal>
3 <v> not in <=literal>
3 <v> in 'aeiou'
2 <v> not in 'aeiou'
2 <v> in <S>
1 <v>.lower() in 'aeiou'
1 <v> != ' '
1 <S>.count(<v>) > 1
1 <v> > <char>
""",
    "str": """
3 len(<v>) > <=small>
2 len(<v>) == <=small>
3 <v>.startswith(<char>)
2 <v>.endswith(<char>)
2 <char> in <v>
2 <v>.isalpha()
2 <v>.isdigit()
1 <v>.islower()
2 <v> != <s>
2 <v> == <s>
1 <v>
1 <v> in <S>
2 <v> in <LS>
""",
}

_MAPS = {
    "mapint": """
5 <v> * <=positive>
5 <v> + <=small>
3 <v> - <=small>
2 <v> ** 2
2 <v> % <=positive>
2 <v> // <=positive>
1 -<v>
1 abs(<v>)
1 <v> * <v>
1 <v> + <int>
1 <v> if <v> > <int> else 0
""",
    "mapchar": """
4 <v>.upper()
3 <v>.lower()
2 <v>.swapcase()
2 <v> * 2
2 <v> + <char>
2 <char> if <v> == <char> else <v>
1 <v>.upper() if <v>.islower() else <v>.lower()
1 <v> if <v>.isalpha() else <char>
1 chr(ord(<v>) + 1)
1 <char> + <v>
1 '' if <v>.isdigit() else <v>
""",
    "mapstr": """
4 <v>.upper()
3 <v>.lower()
2 <v>.title()
2 <v>.strip()
2 <v>[::-1]
2 <v> + <char>
2 <v>[0:<=index>]
1 <v>.replace(<char>, <char>)
1 <v> * 2
1 <char> + <v>
1 <v>.capitalize()
1 <v>.zfill(<=small>)
""",
}

_MUTATIONS = {  # statements on an existing variable
    "li": """
8 <X>.append(<int>)
3 <X>.insert(<=small>, <int>)
2 <X>.insert(0, <int>)
4 <X>.pop()
2 <X>.pop(0)
2 <X>.extend(<li>)
3 <X>.reverse()
4 <X>.sort()
2 <X>.sort(reverse=True)
1 <X>.sort(key=lambda <v:int>: -<v>)
2 <X>.remove(<int>)
2 <X> += [<int>]
2 <X>[<=bit>] = <int>
1 <X>[-1] = <int>
1 <X>[0], <X>[-1] = <X>[-1], <X>[0]
1 del <X>[0]
1 <X>[:<=index>] = [<int>]
1 del <X>[<=small>:]
1 <X>.clear()
1 <X>[<=bit>] += <int>
""",
    "ls": """
8 <X>.append(<s>)
3 <X>.insert(<=small>, <s>)
3 <X>.pop()
2 <X>.pop(0)
3 <X>.extend(<ls>)
2 <X>.extend(<s>)
3 <X>.reverse()
3 <X>.sort()
1 <X>.sort(key=len)
2 <X>.remove(<s>)
2 <X> += [<s>]
2 <X>[<=bit>] = <s>
1 <X>[-1] += <char>
1 del <X>[-1]
""",
    "dsi": """
7 <X>[<s>] = <int>
3 <X>[<s>] = <X>.get(<s>, 0) + 1
2 <X>.update({<s>: <int>})
3 <X>.pop(<s>, None)
2 <X>.setdefault(<s>, <int>)
1 <X>.popitem()
1 <X>.clear()
1 del <X>[<s>]
1 <X>[<s>] += <int>
""",
    "dss": """
4 <X>[<s>] = <s>
2 <X>.update({<s>: <s>})
2 <X>.pop(<s>, '')
1 <X>.setdefault(<s>, <s>)
""",
    "dis": """
4 <X>[<int>] = <s>
2 <X>.pop(<int>, None)
1 <X>.setdefault(<int>, <s>)
""",
    "dsl": """
4 <X>.setdefault(<s>, []).append(<int>)
2 <X>[<s>] = <li>
""",
    "lli": """
3 <X>.append(<li>)
1 <X>.pop()
1 <X>.reverse()
2 <X>[0].append(<int>)
""",
    "si": """
3 <X>.add(<int>)
2 <X>.discard(<int>)
1 <X>.update(<li>)
""",
    "int": """
8 <X> += <int>
4 <X> -= <int>
3 <X> *= <=positive>
2 <X> //= <=positive>
1 <X> %= <=positive>
4 <X> += 1
3 <X> -= 1
3 <X> += len(<S>)
""",
    "str": """
8 <X> += <s>
3 <X> += <char>
3 <X> = <s> + <X>
3 <X> = <X>.replace(<piece>, <piece>)
2 <X> = <X>.strip()
2 <X> = <X>[1:]
2 <X> = <X>[:-1]
1 <X> = <X>.lower()
1 <X> *= 2
""",
    "lt": """
2 <X>.append((<s>, <int>))
1 <X>.sort()
1 <X>.sort(key=lambda <v:any>: <v>[1])
1 <X>.reverse()
""",
    "float": """
2 <X> += <I>
1 <X> *= 2
1 <X> = round(<X>, 1)
""",
}

Table = tuple[list[str], list[int]]


def read_templates(text: str) -> list[str]:
    """Templates with `|` or a line's end between them."""
    return text.strip().replace("\n", "|").split("|")


def read_table(text: str) -> Table:
    """Lines of a weight and a template."""
    rows = [line.split(" ", 1) for line in text.strip().splitlines()]
    return [template for _, template in rows], [int(weight) for weight, _ in rows]


EXPRESSIONS: dict[str, Table] = {kind: read_table(text) for kind, text in _EXPRESSIONS.items()}
CONDITIONS: dict[str, Table] = {kind: read_table(text) for kind, text in _CONDITIONS.items()}
MAPS: dict[str, Table] = {kind: read_table(text) for kind, text in _MAPS.items()}
MUTATIONS: dict[str, Table] = {kind: read_table(text) for kind, text in _MUTATIONS.items()}
