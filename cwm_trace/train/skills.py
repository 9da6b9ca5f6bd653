"""Skills: programs of one operation, of several, chains of them, states kept over many steps, loops over longer texts, and `basics`.

So that an operation on which a model fails can be answered with data for it: `OPERATIONS` has every method of the common types (the tests
see to that), rare ones rarer and those that are everywhere more often. Families `atom`, `steps`, `chain`, `track`, `long`, `basics` of
`cwm_trace.train.programs`, and a part of `wide`. Runs nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from cwm_trace.train.basics import basics_body
from cwm_trace.train.grammar import RECEIVERS
from cwm_trace.train.writer import Writer

_TABLE = """
.capitalize() ::
    <S>.capitalize()
.casefold() ::
    <S>.casefold()
.center() ::
    <S>.center(<=width>)
    <S>.center(<=width>, <char>)
    <S>.center(len(<S>) + <=small>, <char>)
.count() ::
    <S>.count(<piece>)
    <S>.count(<char>)
    <LI>.count(<int>)
    <LS>.count(<s>)
    <S>.count(<char>, <=small>)
    <TI>.count(<int>)
.encode() ::
    <S>.encode()
    <S>.encode('utf-8')
    len(<S>.encode())
    list(<S>.encode())
    <S>.encode().decode()
    <S>.encode('ascii', 'ignore')
.endswith() ::
    <S>.endswith(<piece>)
    <S>.endswith((<piece>, <piece>))
.expandtabs() ::
    <S>.expandtabs(<=small>)
    <S>.replace(<char>, '\\t').expandtabs(<=positive>)
    '\\t'.join(<LS>).expandtabs(<=positive>)
.find() ::
    <S>.find(<piece>)
    <S>.find(<char>)
    <S>.find(<char>, <=small>)
    <S>.find(<piece>, <=small>, <=width>)
.format() ::
    '{} {}'.format(<S>, <I>)
    '{0}{1}{0}'.format(<S>, <s>)
    '{:>6}|{:<4}'.format(<S>, <I>)
    '{a}-{b}'.format(a=<S>, b=<I>)
.format_map() ::
    '{k}={k}'.format_map({'k': <S>})
.index() ::
    <S>.index(<piece>)
    <S>.index(<char>)
    <LI>.index(<int>)
    <LS>.index(<s>)
    <TI>.index(<int>)
    <LI>.index(<int>, <=small>)
.isalnum() ::
    <S>.isalnum()
    [<v:char>.isalnum() for <v> in <S>]
.isalpha() ::
    <S>.isalpha()
    ''.join(<v:char> for <v> in <S> if <v>.isalpha())
.isascii() ::
    <S>.isascii()
    [<v:str>.isascii() for <v> in <LS>]
.isdecimal() ::
    <S>.isdecimal()
    [<v:str>.isdecimal() for <v> in <LS>]
.isdigit() ::
    <S>.isdigit()
    ''.join(<v:char> for <v> in <S> if not <v>.isdigit())
.isidentifier() ::
    <S>.isidentifier()
    [<v:str>.isidentifier() for <v> in <LS>]
.islower() ::
    <S>.islower()
    [<v:char> for <v> in <S> if <v>.islower()]
.isnumeric() ::
    <S>.isnumeric()
    [<v:str>.isnumeric() for <v> in <LS>]
.isprintable() ::
    <S>.isprintable()
    [<v:str>.isprintable() for <v> in <LS>]
.isspace() ::
    <S>.isspace()
    [<v:char>.isspace() for <v> in <S>]
    ''.join(<v:char> for <v> in <S> if not <v>.isspace())
.istitle() ::
    <S>.istitle()
    <S>.title().istitle()
    [<v:str>.istitle() for <v> in <LS>]
.isupper() ::
    <S>.isupper()
    [<v:char> for <v> in <S> if <v>.isupper()]
    <S>.upper().isupper()
.join() ::
    <piece>.join(<LS>)
    ''.join(<LS>)
    <piece>.join(<S>)
    ', '.join(<LS>)
    ' '.join(reversed(<LS>))
    <char>.join(map(str, <LI>))
    ''.join(<v:char> + <char> for <v> in <S>)
.ljust() ::
    <S>.ljust(<=width>)
    <S>.ljust(<=width>, <char>)
    <S>.ljust(len(<S>) + <=small>, <char>)
.lower() ::
    <S>.lower()
    <S>.lower() == <S>
.lstrip() ::
    <S>.lstrip()
    <S>.lstrip(<piece>)
    <S>.lstrip(<char>)
    ('  ' + <S>).lstrip()
.maketrans() ::
    str.maketrans(<char>, <char>)
    str.maketrans({<char>: <piece>})
    str.maketrans('', '', <piece>)
.partition() ::
    <S>.partition(<piece>)
    <S>.partition(<char>)
    <S>.partition(<char>)[2]
    <S>.partition(' ')
.removeprefix() ::
    <S>.removeprefix(<piece>)
    <S>.removeprefix(<S>[:<=index>])
    (<piece> + <S>).removeprefix(<piece>)
.removesuffix() ::
    <S>.removesuffix(<piece>)
    <S>.removesuffix(<S>[-<=index>:])
.replace() ::
    <S>.replace(<piece>, <piece>)
    <S>.replace(<char>, <char>)
    <S>.replace(<char>, '')
    <S>.replace(<char>, <piece>, <=index>)
    <S>.replace('', <char>)
.rfind() ::
    <S>.rfind(<piece>)
    <S>.rfind(<char>)
    <S>.rfind(<char>, 0, <=width>)
.rindex() ::
    <S>.rindex(<char>)
    <S>.rindex(<piece>)
.rjust() ::
    <S>.rjust(<=width>)
    <S>.rjust(<=width>, <char>)
.rpartition() ::
    <S>.rpartition(<piece>)
    <S>.rpartition(<char>)
    <S>.rpartition(<char>)[0]
    <S>.rpartition(' ')
.rsplit() ::
    <S>.rsplit()
    <S>.rsplit(<char>)
    <S>.rsplit(<char>, <=index>)
    <S>.rsplit(None, 1)
    <S>.rsplit(<piece>, 1)
.rstrip() ::
    <S>.rstrip()
    <S>.rstrip(<piece>)
    <S>.rstrip(<char>)
    (<S> + ' \\n').rstrip()
.split() ::
    <S>.split()
    <S>.split(<char>)
    <S>.split(<piece>)
    <S>.split(' ')
    <S>.split(<char>, <=index>)
    <S>.split(None, 1)
.splitlines() ::
    <S>.splitlines()
    <S>.replace(<char>, '\\n').splitlines()
    '\\n'.join(<LS>).splitlines(True)
    (<S> + '\\r\\n' + <s>).splitlines()
.startswith() ::
    <S>.startswith(<piece>)
    <S>.startswith((<piece>, <piece>))
    <S>.startswith(<char>, <=small>)
.strip() ::
    <S>.strip()
    <S>.strip(<piece>)
    <S>.strip(<char>)
    (' ' + <S> + '  ').strip()
    <S>.strip(<S>[0:1])
.swapcase() ::
    <S>.swapcase()
    <S>.swapcase()[::-1]
.title() ::
    <S>.title()
    <S>.replace(<char>, '_').title()
.translate() ::
    <S>.translate(str.maketrans(<char>, <char>))
    <S>.translate({ord(<char>): None})
    <S>.translate(str.maketrans('', '', <piece>))
.upper() ::
    <S>.upper()
    <S>[:<=index>].upper() + <S>[<=index>:]
.zfill() ::
    <S>.zfill(<=width>)
    str(<I>).zfill(<=positive>)
    ('-' + <S>).zfill(<=width>)
.append() ::
    !LI.append(<int>)
    !LS.append(<s>)
    !LLI.append(<li>)
    !LI.append(len(<X>))
    !LS.append(<X>[0] if <X> else '')
.clear() ::
    !LI.clear()
    !DSI.clear()
    !LS.clear()
    !SI.clear()
.copy() ::
    <LI>.copy()
    <DSI>.copy()
    <LLI>.copy()
    <LS>.copy() + [<s>]
    <SI>.copy()
.extend() ::
    !LI.extend(<li>)
    !LS.extend(<ls>)
    !LS.extend(<s>)
    !LI.extend(range(<=small>))
    !LI.extend(<X>)
.insert() ::
    !LI.insert(<=small>, <int>)
    !LI.insert(-<=index>, <int>)
    !LS.insert(0, <s>)
    !LS.insert(len(<X>) // 2, <s>)
    !LI.insert(<int>, <int>)
.pop() ::
    !LI.pop()
    !LI.pop(0)
    !LI.pop(<=index>)
    !LI.pop(-<=index>)
    !DSI.pop(<s>)
    !DSI.pop(<s>, None)
    <LI>.pop()
    <LS>.pop(<=index>)
    <DSI>.pop(<s>, <int>)
    !SI.pop()
.remove() ::
    !LI.remove(<int>)
    !LS.remove(<s>)
    !LI.remove(<X>[-1])
    !SI.remove(<int>)
.reverse() ::
    !LI.reverse()
    !LS.reverse()
    !LLI.reverse()
.sort() ::
    !LI.sort()
    !LS.sort()
    !LI.sort(reverse=True)
    !LS.sort(key=len)
    !LS.sort(key=lambda <v:str>: <v>[-1:])
    !LI.sort(key=lambda <v:int>: -<v>)
    !LS.sort(key=str.lower, reverse=True)
    !LT.sort(key=lambda <v:str>: <v>[1])
.fromkeys() ::
    dict.fromkeys(<LS>, <=small>)
    dict.fromkeys(<S>)
    list(dict.fromkeys(<LI>))
.get() ::
    <DSI>.get(<s>)
    <DSI>.get(<s>, <int>)
    <DIS>.get(<int>, <s>)
    <DSS>.get(<s>, <s>)
    <DSI>.get(list(<DSI>)[0] if <DSI> else '', <int>)
.items() ::
    list(<DSI>.items())
    sorted(<DSI>.items(), key=lambda <v:str>: <v>[1])
    [(<w:int>, <v:str>) for <v>, <w> in <DSI>.items()]
    max(<DSI>.items(), key=lambda <v:str>: <v>[1])
.keys() ::
    list(<DSI>.keys())
    sorted(<DIS>.keys())
    <DSI>.keys() & <DSS>.keys()
    <DSI>.keys()
.popitem() ::
    !DSI.popitem()
    !DSS.popitem()
    <DSI>.popitem()
    !DIS.popitem()
.setdefault() ::
    !DSI.setdefault(<s>, <int>)
    !DSL.setdefault(<s>, []).append(<int>)
    <DSI>.setdefault(<s>, <int>)
.update() ::
    !DSI.update(<dsi>)
    !DSI.update({<s>: <int>})
    !DSI.update(<LT>)
    !SI.update(<li>)
    !DSS.update({<w:str>: <v:str> for <v>, <w> in <X>.items()})
.values() ::
    list(<DSI>.values())
    sum(<DSI>.values())
    sorted(<DSS>.values())
    max(<DSI>.values())
    <int> in <DSI>.values()
.add() ::
    !SI.add(<int>)
    !SI.add(<=small>)
.difference() ::
    <SI>.difference(<li>)
    sorted(<SI> - set(<LI>))
.difference_update() ::
    !SI.difference_update(<li>)
    !SI.difference_update({<int>, <int>})
.discard() ::
    !SI.discard(<int>)
    !SI.discard(<=small>)
.intersection() ::
    <SI>.intersection(<li>)
    sorted(set(<S>) & set(<s>))
.intersection_update() ::
    !SI.intersection_update(<li>)
.isdisjoint() ::
    <SI>.isdisjoint(<li>)
    set(<S>).isdisjoint(<s>)
.issubset() ::
    <SI>.issubset(<li>)
    set(<s>).issubset(<S>)
    <SI> <= set(<LI>)
.issuperset() ::
    <SI>.issuperset(<li>)
    set(<S>).issuperset(<char>)
.symmetric_difference() ::
    <SI>.symmetric_difference(<li>)
    sorted(<SI> ^ set(<LI>))
.symmetric_difference_update() ::
    !SI.symmetric_difference_update(<li>)
.union() ::
    <SI>.union(<li>)
    sorted(<SI> | set(<LI>))
.as_integer_ratio() ::
    (<I> / 4).as_integer_ratio()
    <I>.as_integer_ratio()
.bit_count() ::
    <I>.bit_count()
    abs(<I>).bit_count()
.bit_length() ::
    <I>.bit_length()
    [<v:int>.bit_length() for <v> in <LI>]
.conjugate() ::
    <I>.conjugate()
.from_bytes() ::
    int.from_bytes(<S>.encode(), 'big')
    int.from_bytes(bytes([<=small>, <=small>]), 'little')
.to_bytes() ::
    <I>.to_bytes(2, 'big')
    abs(<I>).to_bytes(2, 'little')
.fromhex() ::
    bytes.fromhex(<=digits>)
    float.fromhex(<=digits>)
    bytes.fromhex('0a1f').hex()
.hex() ::
    <S>.encode().hex()
    <F>.hex()
.is_integer() ::
    <F>.is_integer()
    (<I> / <=positive>).is_integer()
.decode() ::
    <S>.encode().decode()
    bytes([65 + <=small>, 97 + <=small>]).decode()
    b'<=raw>'.decode().upper()
index ::
    <S>[<=small>]
    <S>[-<=index>]
    <LI>[<=small>]
    <LS>[-<=index>]
    <TI>[<=small>]
    <DSI>[<s>]
    <LLI>[<=bit>][<=bit>]
    <S>[<int>]
slice ::
    <S>[<=small>:]
    <S>[:<=small>]
    <S>[<=small>:<=width>]
    <S>[-<=index>:]
    <S>[:-<=index>]
    <LI>[<=small>:<=small>]
    <LS>[-<=index>:]
    <S>[<int>:<int>]
    <TI>[1:]
slice with a step ::
    <S>[::-1]
    <S>[::<=step>]
    <S>[<=small>::<=step>]
    <S>[:<=small>:-1]
    <LI>[::-1]
    <LS>[::<=step>]
    <LI>[<=index>::2]
    <S>[-<=index>::-1]
slice assignment ::
    !LI[<=small>:<=small>] = <li>
    !LI[::2] = []
    !LS[1:] = <ls>
    !LI[:0] = [<int>]
item assignment ::
    !LI[<=small>] = <int>
    !LI[-1] = <int>
    !DSI[<s>] = <int>
    !LLI[0] = <li>
    !LI[0], <X>[-1] = <X>[-1], <X>[0]
del ::
    !del LI[<=small>]
    !del LI[-1]
    !del LI[<=small>:]
    !del DSI[<s>]
    !del LS[::2]
augmented ::
    !LI += <li>
    !LS *= <=index>
    !DSI |= <dsi>
    !SI -= {<int>, <int>}
    !I //= <=positive>
    !I %= <=positive>
    !S += <s>
    !I **= 2
    !I -= <int>
    !I <<= <=index>
arithmetic ::
    <I> // <=positive>
    <I> % <=positive>
    -<I> // <=positive>
    -<I> % <=positive>
    <I> / <=positive>
    <I> ** <=index>
    <I> * <int> - <int>
    <I> & <int>
    <I> ^ <int>
    <I> >> <=index>
    <F> * <=positive>
    <F> + <I>
    round(<F>, 1)
    divmod(<I>, <=positive>)
    <I> % -<=positive>
comparison ::
    <S> < <s>
    <I> <= <int>
    <LI> < <li>
    <S> == <s>
    <=small> < <I> <= <=width>
    <TI> > <TI>
    <S> in <LS>
    <piece> in <S>
    <int> not in <LI>
    <LI> == <LI>[::-1]
    <DSI>.get(<s>) is None
boolean ::
    <I> and <S>
    <S> or <I>
    not <LI>
    <LI> or <ls>
    <DSI> and <I>
    <I> if <S> else <LI>
    not <S> or <I> > <int>
repetition ::
    <S> * <=small>
    <LI> * <=small>
    [<int>] * <=small>
    <char> * <I>
    (<int>,) * <=small>
    [<LI>] * 2
concatenation ::
    <S> + <s>
    <LI> + <li>
    <S> + <char> + <S>
    <TI> + (<int>,)
    <LS> + [<s>]
    <S> + str(<I>)
    <S> + <I>
f-string ::
    f'{<I>}'
    f'{<S>!r}'
    f'{<I>:05d}'
    f'{<F>:.1f}'
    f'{<S>:>8}'
    f'{<S>:<6}|'
    f'{<S>:^9}'
    f'{<I>:x}'
    f'{<I>:,}'
    f'{<I>=}'
    f'{<S>}-{<I>}'
percent format ::
    '%s-%s' % (<S>, <I>)
    '%d' % <I>
    '%05d' % <I>
    '%.2f' % <F>
    '%r' % <S>
    '%x' % abs(<I>)
abs() ::
    abs(<I>)
    [abs(<v:int>) for <v> in <LI>]
all() ::
    all(<LI>)
    all(<cond:int> for <v:int> in <LI>)
    all(<v:char>.islower() for <v> in <S>)
any() ::
    any(<LI>)
    any(<v:char>.isdigit() for <v> in <S>)
    any(<v:int> > <int> for <v> in <LI>)
bin() ::
    bin(<I>)
    bin(<I>)[2:]
    bin(<I>).count('1')
bool() ::
    bool(<LI>)
    bool(<S>)
    bool(<I>)
chr() ::
    chr(97 + <=small>)
    ''.join(chr(ord(<v:char>) + 1) for <v> in <S>)
dict() ::
    dict(<LT>)
    dict(zip(<LS>, <LI>))
    dict(a=<I>, b=<S>)
    dict(enumerate(<S>))
divmod() ::
    divmod(<I>, <=positive>)
    divmod(-<I>, <=positive>)
enumerate() ::
    list(enumerate(<S>))
    list(enumerate(<LS>, <=index>))
    {<v:str>: <w:int> for <w>, <v> in enumerate(<LS>)}
    [<w:int> * <v:int> for <w>, <v> in enumerate(<LI>)]
filter() ::
    list(filter(None, <LI>))
    list(filter(str.isalpha, <S>))
    list(filter(lambda <v:int>: <cond:int>, <LI>))
float() ::
    float(<I>)
    float(str(<F>))
    float(<S>)
frozenset() ::
    frozenset(<LI>) == set(<LI>)
    len(frozenset(<S>))
hash() ::
    hash(<I>) == hash(<int>)
hex() ::
    hex(<I>)
    hex(<I>)[2:]
int() ::
    int(<=digits>)
    int(<F>)
    int(<S>)
    int('101', 2)
    int(str(<I>)[::-1])
    int(<B>)
isinstance() ::
    isinstance(<any>, <=type>)
    isinstance(<I>, (int, str))
    [isinstance(<v:int>, int) for <v> in [<I>, <S>, <LI>]]
iter() ::
    next(iter(<LS>))
    next(iter(<LI>), None)
    list(iter(<DSI>))
len() ::
    len(<S>)
    len(<LI>)
    len(<DSI>)
    len(set(<S>))
    len(<S>.split())
    len(<LLI>)
list() ::
    list(<S>)
    list(<TI>)
    list(range(<I>))
    list(<DSI>)
    list(zip(<LI>, <LS>))
map() ::
    list(map(str, <LI>))
    list(map(len, <LS>))
    list(map(lambda <v:int>: <mapint>, <LI>))
    sum(map(int, <=digits>))
    list(map(max, <LI>, <li>))
max() ::
    max(<LI>)
    max(<S>)
    max(<LS>, key=len)
    max(<LI>, default=0)
    max(<I>, <int>)
    max(<LS>)
    max(set(<S>), key=<S>.count)
min() ::
    min(<LI>)
    min(<S>)
    min(<LS>, key=len)
    min(<LI>, default=None)
    min(<I>, <int>, <=small>)
    min(<LS>)
next() ::
    next((<v:int> for <v> in <LI> if <cond:int>), None)
    next((<v:str> for <v> in <LS> if <v> in <S>), '')
ord() ::
    ord(<char>)
    [ord(<v:char>) for <v> in <S>]
    ord(<S>[0]) - ord('a')
    sum(ord(<v:char>) for <v> in <S>)
pow() ::
    pow(<I>, 2)
    pow(2, <=small>, <=positive>)
range() ::
    list(range(<=small>, <=width>, <=positive>))
    list(range(<I>, 0, -2))
    list(range(len(<S>)))
    [<v:int> ** 2 for <v> in range(<=small>)]
    sum(range(<=width>))
repr() ::
    repr(<S>)
    repr(<LI>)
    repr(<F>)
    len(repr(<S>))
reversed() ::
    list(reversed(<LI>))
    ''.join(reversed(<S>))
    list(reversed(range(<=small>)))
    list(reversed(<LS>))
round() ::
    round(<F>)
    round(<F>, 1)
    round(<I> / <=positive>, 2)
    round(2.5)
    round(<I>, -1)
set() ::
    set(<LI>)
    sorted(set(<S>))
    len(set(<LS>))
    set(<TI>) - {<int>}
sorted() ::
    sorted(<LI>)
    sorted(<S>)
    sorted(<LS>, key=len)
    sorted(<LI>, reverse=True)
    sorted(<LS>, key=lambda <v:str>: (len(<v>), <v>))
    sorted(<DSI>, key=<DSI>.get)
    sorted(<LT>, key=lambda <v:str>: -<v>[1])
    ''.join(sorted(<S>))
str() ::
    str(<I>)
    str(<LI>)
    str(<F>)
    str(<DSI>)
    str(<B>)
    str(<TI>)
    str(<I>)[::-1]
sum() ::
    sum(<LI>)
    sum(<v:int> for <v> in <LI> if <cond:int>)
    sum(<LI>, <int>)
    sum(<v:char> == <char> for <v> in <S>)
    sum(len(<v:str>) for <v> in <LS>)
tuple() ::
    tuple(<LI>)
    tuple(<S>)
    tuple(sorted(<LI>))
    (<I>, *<LI>)
type() ::
    type(<any>).__name__
    type(<I>) is int
    type(<S>) == str
zip() ::
    list(zip(<LI>, <LS>))
    dict(zip(<S>, <LI>))
    [<v:int> * <w:int> for <v>, <w> in zip(<LI>, <li>)]
    list(zip(*<LLI>))
    list(zip(<S>, <S>[1:]))
list comprehension ::
    [<v:int> for <v> in <LI> if <cond:int>]
    [<mapint> for <v:int> in <LI>]
    [<mapchar> for <v:char> in <S>]
    [<v:char> for <v> in <S> if <v> in <s>]
    [<w:int> for <v:li> in <LLI> for <w> in <v>]
    [[<v:int>] * 2 for <v> in <LI>]
dict comprehension ::
    {<v:char>: <S>.count(<v>) for <v> in <S>}
    {<w:int>: <v:str> for <v>, <w> in <DSI>.items()}
    {<v:str>: len(<v>) for <v> in <LS>}
    {<v:int>: <v> ** 2 for <v> in <LI> if <cond:int>}
unpacking ::
    [*<LI>, *<li>]
    {**<DSI>, <s>: <int>}
    (lambda first, *rest: (first, rest))(*<LI>)
    [*<S>]
"""


def _operations() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    name = ""
    for line in _TABLE.strip().splitlines():
        if line.startswith(" "):
            found[name].append(line.strip())
        else:
            name = line.removesuffix(" ::")
            found[name] = []
    return {name: tuple(templates) for name, templates in found.items()}


OPERATIONS = _operations()
"""What is done, by name: templates of expressions, or of statements about the variable of a kind (`!LI.append(<int>)`)."""

_RARE = frozenset(
    """.casefold() .format_map() .isidentifier() .isprintable() .fromhex() .from_bytes() .to_bytes() .as_integer_ratio() .bit_count()
.bit_length() .conjugate() .is_integer() .hex() .decode() hash() frozenset() .difference_update() .intersection_update()
.symmetric_difference() .symmetric_difference_update() .issuperset() .isdisjoint() unpacking .maketrans()""".split()
)
_OFTEN = {  # what people write most: how many shares of ten more
    4: """.join(), slice""",
    3: """sorted()""",
    2: """.clear(), .copy(), .count(), .sort(), index, len(), sum(), max(), range(), enumerate(), .get(), .items(), comparison, arithmetic""",
    1: """.index(), .insert(), .find(), .extend(), .pop(), .reverse(), .split(), .replace(), .startswith(), .endswith(), .update(), .strip(),
list(), dict(), min(), .append(), .keys(), .values(), set(), zip(), str(), int(), augmented, boolean, concatenation, reversed(),
.upper(), .lower(), .remove(), list comprehension, item assignment, slice with a step""",
}
_WEAK = """sorted(), enumerate(), sum(), range(), .items(), len(), .sort(), .get(), index, list comprehension, comparison, .update(), augmented,
.extend(), slice with a step, zip(), .insert(), .islower(), .keys(), .values(), .center(), .ljust(), .pop(), concatenation, dict(), .zfill(),
.isalnum(), .rjust(), .rpartition(), .removesuffix(), .isalpha()"""  # had right by nano in half of 20 at most (`atoms --each 20`)
_KNOWN = """.capitalize(), .lstrip(), .clear(), .casefold(), .isdigit(), .rstrip(), .title(), .copy(), str(), .isascii()"""  # in nine of ten
_LISTED = re.compile(r",\s+")
_SHARES = {name: shares for shares, names in _OFTEN.items() for name in _LISTED.split(names)}
_TIMES = dict.fromkeys(_LISTED.split(_WEAK), 2.0) | dict.fromkeys(_LISTED.split(_KNOWN), 0.5)
_NAMES = tuple(OPERATIONS)
_OF_TEXT = frozenset(f".{name}()" for name in dir(str))


def share(name: str) -> float:
    """How often an operation is drawn, beside the others."""
    often = 1 if name in _RARE else (10 if name in _OF_TEXT else 5) + 10 * _SHARES.get(name, 0)
    return often * _TIMES.get(name, 1.0)


_WEIGHTS = [share(name) for name in _NAMES]
STATEMENT = re.compile(r"!(del )?([A-Z]+)(.*)")
"""A template of a statement: what stands before the variable, the variable's kind, what stands behind it."""
_TO_STR = """.capitalize() .casefold() .center() .expandtabs() .ljust() .lower() .lstrip() .removeprefix() .removesuffix() .replace()
.rjust() .rstrip() .strip() .swapcase() .title() .translate() .upper() .zfill() slice""".split()
_BEFORE = "\0"  # in a link of a chain, what the operation is done on


class Templates:
    """Those templates of all operations that are wanted; drawn as often as their operations are, wherever one has any."""

    def __init__(self, wanted: Callable[[str], bool]) -> None:
        found = {name: list(filter(wanted, texts)) for name, texts in OPERATIONS.items()}
        weights = {name: weight for name, weight in zip(found, _WEIGHTS, strict=True) if found[name]}
        self._found, self._names, self._weights = found, list(weights), list(weights.values())

    def draw(self, rng: random.Random) -> str:
        """A template."""
        return rng.choice(self._found[rng.choices(self._names, self._weights)[0]])


def atom_body(writer: Writer, name: str | None = None) -> list[str]:
    """A function's body of one operation, of this name or any."""
    text, changed = done(writer, name or drawn(writer))
    if changed is None:
        if writer.rng.random() < 0.6:
            return [f"return {text}"]
        made = writer.fresh_name("str", result=True)
        return [f"{made} = {text}", f"return {made}"]
    if text.startswith("del ") or not text.endswith(")") or writer.rng.random() < 0.7:
        return [text, f"return {changed}"]
    made = writer.fresh_name("int", result=True)
    return [f"{made} = {text}", f"return {made}, {changed}"]


def drawn(writer: Writer) -> str:
    """The name of an operation; rare ones are rare."""
    return writer.rng.choices(_NAMES, _WEIGHTS)[0]


def done(writer: Writer, name: str) -> tuple[str, str | None]:
    """An expression and None, or a statement and the variable that it changes."""
    template = writer.rng.choice(OPERATIONS[name])
    statement = STATEMENT.fullmatch(template)
    if statement is None:
        return writer.fill(template), None
    kind = RECEIVERS[statement[2]]
    known = writer.variables(kind)
    changed = writer.rng.choice(known) if known else writer.add_param(kind)
    return writer.fill(f"{statement[1] or ''}<X>{statement[3]}", 0, {"X": changed}), changed


def steps_body(writer: Writer) -> list[str]:
    """Two to five operations, line by line, at times under a condition or in a short loop; one or all of what they gave is returned."""
    rng = writer.rng
    writer.max_params = 4
    lines: list[str] = []
    results: list[str] = []
    for _ in range(rng.choice([2, 2, 3, 3, 4, 5])):
        text, changed = done(writer, drawn(writer))
        if changed is None:
            changed = writer.declare("unknown", result=True)
            lines.append(f"{changed} = {text}")
        else:
            roll = rng.random()
            head = [f"if {writer.condition()}:"] if roll < 0.25 else [f"for _ in range({rng.randint(2, 3)}):"]
            lines += [*head, f"    {text}"] if roll < 0.35 else [text]
        results = [*(name for name in results if name != changed), changed]
    if rng.random() < 0.5:
        return [*lines, f"return {results[-1]}"]
    return [*lines, f"return {', '.join(results)}"]


def chain_body(writer: Writer) -> list[str]:
    """Two to six string operations, one on what another gave: in one expression, or line by line."""
    rng = writer.rng
    name = writer.add_param("str")
    links = [_link(writer) for _ in range(rng.choice([2, 2, 3, 3, 4, 5, 6]))]
    if rng.random() < 0.5:
        return ["return " + "".join([name, *(link.removeprefix(_BEFORE) for link in links)])]
    lines = []
    for link in links:
        target = name if rng.random() < 0.6 else writer.declare("str", result=True)
        lines.append(f"{target} = {link.replace(_BEFORE, name)}")
        name = target
    return [*lines, f"return {name}"]


def _link(writer: Writer) -> str:
    """An operation that makes a string of one."""
    while True:
        template = writer.rng.choice(OPERATIONS[writer.rng.choice(_TO_STR)])
        if template.startswith("<S>") and template.count("<S>") == 1 and "==" not in template:
            return writer.fill(template.replace("<S>", _BEFORE))


_UPDATES = {
    "int": [
        "$ += <small>",
        "$ -= <small>",
        "$ *= 2",
        "$ = <other> + <small>",
        "$ = $ % <divisor>",
        "$, <other> = <other>, $",
    ],
    "li": [
        "$.append(<number>)",
        "$.pop()",
        "$[0], $[-1] = $[-1], $[0]",
        "$[<index>], $[<index>] = $[<index>], $[<index>]",
        "$.insert(0, <number>)",
        "$.append($.pop(0))",
        "$[<index>] += <small>",
        "$.reverse()",
        "$.append($[-1] + $[0])",
    ],
    "dsi": [
        "$['<key>'] += <small>",
        "$['<key>'] = $.get('<key>', 0) + <small>",
        "$['<key>'] -= 1",
        "$['<key>'], $['<key>'] = $['<key>'], $['<key>']",
        "$['<key>'] = $['<key>'] * 2",
    ],
}


def track_body(writer: Writer) -> list[str]:
    """A state that changes in four to sixteen steps: counters, swaps, a stack or queue, a dict of counts."""
    rng = writer.rng
    kind = rng.choice(["int", "li", "li", "dsi"])
    keys = rng.sample("abcdefxyz", 3)
    first = writer.add_param("int")
    names = [writer.declare(kind) for _ in range(3 if kind == "int" else 1)]
    lines = [f"{name} = {_start(rng, kind, keys)}" for name in names]
    if kind == "int":
        names.append(first)
    for _ in range(rng.randint(4, 16)):
        target = rng.choice(names)
        other = rng.choice([name for name in names if name != target] or [first])
        drawn: dict[str, Callable[[], str]] = {
            "$": lambda name=target: name,  # type: ignore[misc]
            "other": lambda name=other: name,  # type: ignore[misc]
            "number": lambda: rng.choice([first, str(rng.randint(0, 20))]),
            "divisor": lambda: str(rng.randint(2, 9)),
            "small": lambda: str(rng.randint(1, 5)),
            "index": lambda: str(rng.choice([0, 1, 2, -1, -2])),
            "key": lambda: rng.choice(keys),
        }
        update = rng.choice(_UPDATES[kind])
        lines.append(_HOLE.sub(lambda hole, drawn=drawn: drawn[hole[1] or "$"](), update))  # type: ignore[misc]
    return [*lines, f"return {rng.choice(names)}"]


_HOLE = re.compile(r"\$|<(\w+)>")


def _start(rng: random.Random, kind: str, keys: list[str]) -> str:
    if kind == "int":
        return str(rng.randint(0, 9))
    if kind == "li":
        return repr([rng.randint(0, 9) for _ in range(rng.randint(4, 7))])
    return repr({key: rng.randint(0, 5) for key in keys})


LONG = [
    """out = ''
for $c in $text:
    if <cond:char>:
        out += $c
    else:
        out += <mapchar>
return out""",
    """count = 0
for $c in $text:
    if <cond:char>:
        count += 1
return count""",
    """out = ''
for i in range(len($text)):
    if i % <=positive> == 0:
        out += $text[i].upper()
    else:
        out += $text[i]
return out""",
    """last = ''
out = []
for $c in $text:
    if $c != last:
        out.append($c)
    last = $c
return ''.join(out)""",
    """counts = {}
for $c in $text:
    counts[$c] = counts.get($c, 0) + 1
return counts""",
    """words = $text.split()
out = []
for w in words:
    out.append(w[::-1])
return ' '.join(out)""",
    """i = 0
while i < len($text) and $text[i] != <char>:
    i += 1
return $text[i:]""",
    """out = ''
for $c in reversed($text):
    if $c in <piece>:
        continue
    out = $c + out
return out""",
    """left, right = 0, len($text) - 1
while left < right:
    if $text[left] != $text[right]:
        return left
    left += 1
    right -= 1
return True""",
    """total = 0
for i, $c in enumerate($text):
    if $c.isdigit():
        total += int($c) * i
return total""",
]


def long_body(writer: Writer) -> list[str]:
    """A loop over a text of a dozen characters or more."""
    text = writer.add_param("text")
    body = writer.rng.choice(LONG).replace("$text", text).replace("$c", "<v>")
    return writer.fill(body, 0, {"v": writer.fresh_name("char")}).split("\n")


BODIES: dict[str, Callable[[Writer], list[str]]] = {
    "atom": atom_body,
    "steps": steps_body,
    "chain": chain_body,
    "track": track_body,
    "long": long_body,
    "basics": basics_body,
}
