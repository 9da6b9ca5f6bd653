"""Operations that the generator never writes, for the suite that asks what a model does with what it has not seen.

One a line: what tells it | kind of its result | template of the grammar. What tells it stands nowhere in the generator's tables, which a
test checks. Modules are imported where a program uses them.
"""

from __future__ import annotations

_TABLE = r"""
.bit_length() | int | abs(<I>).bit_length()
.bit_count() | int | abs(<I>).bit_count()
pow( | int | pow(abs(<I>), <=small>, <=positive>)
~ | int | ~<I>
, 16) | int | int(<=digits>, 16)
.rindex( | int | <S>.rindex(<S>[:1])
hash( | int | hash(<I>)
math.gcd( | int | math.gcd(<I>, <=positive>)
math.isqrt( | int | math.isqrt(abs(<I>))
math.prod( | int | math.prod(<LI>)
math.ceil( | int | math.ceil(<I> / <=positive>)
math.comb( | int | math.comb(<=width>, <=index>)
bisect.bisect_left( | int | bisect.bisect_left(sorted(<LI>), <int>)
functools.reduce( | int | functools.reduce(lambda a, b: a * 2 + b, <LI>, <=bit>)
operator.xor( | int | operator.xor(<I>, <=positive>)
.encode( | int | len(<S>.encode('utf-8'))
:= | int | (size := len(<S>)) * size
oct( | str | oct(<I>)
!r | str | f'{<S>!r}'
:^ | str | f'{<S>:^<=width>}'
format_map( | str | '{a}-{b}'.format_map({'a': <I>, 'b': <S>})
string.capwords( | str | string.capwords(<S>)
re.sub( | str | re.sub('[aeiou]', '*', <S>)
.hex() | str | <S>.encode('utf-8').hex()
%x | str | '%x' % abs(<I>)
rsplit(None | ls | <S>.rsplit(None, 1)
splitlines(True) | ls | <S>.splitlines(True)
re.findall( | ls | re.findall('[a-z]+', <S>)
re.split( | ls | re.split('[aeiou]', <S>)
(-len( | ls | sorted(<LS>, key=lambda word: (-len(word), word))
heapq.nlargest( | ls | heapq.nlargest(2, <LS>)
.isprintable() | bool | <S>.isprintable()
.isdisjoint( | bool | set(<LI>).isdisjoint(<li>)
.issubset( | bool | {<int>, <int>}.issubset(<LI>)
.is_integer() | bool | (<I> / <=positive>).is_integer()
any(map( | bool | any(map(str.isdigit, <LS>))
math.isclose( | bool | math.isclose(<I> / 3, <=positive>)
[* | li | [*<LI>, *<li>]
slice( | li | <LI>[slice(1, <=positive>)]
itertools.accumulate( | li | list(itertools.accumulate(<LI>))
itertools.chain( | li | list(itertools.chain(<LI>, <li>))
itertools.islice( | li | list(itertools.islice(<LI>, <=small>))
itertools.takewhile( | li | list(itertools.takewhile(lambda n: n > <int>, <LI>))
heapq.nsmallest( | li | heapq.nsmallest(2, <LI>)
collections.deque( | li | list(collections.deque(<LI>, maxlen=<=positive>))
map(max | li | list(map(max, <LI>, <li>))
bytearray( | li | list(bytearray(<S>, 'utf-8'))
memoryview( | li | memoryview(<S>.encode('utf-8')).tolist()
zip(* | lt | list(zip(*[<LI>, <LS>]))
collections.Counter( | lt | collections.Counter(<S>).most_common(2)
itertools.pairwise( | lt | list(itertools.pairwise(<LS>))
itertools.groupby( | lt | [(letter, len(list(group))) for letter, group in itertools.groupby(<S>)]
itertools.product( | lt | list(itertools.product(<LS>, [<int>]))
as_integer_ratio() | ti | (<I> / <=positive>).as_integer_ratio()
math.modf( | ti | math.modf(<I> / 4)
frozenset( | si | frozenset(<LI>)
^ set( | si | set(<LI>) ^ set(<li>)
.symmetric_difference( | si | set(<LI>).symmetric_difference(<li>)
collections.ChainMap( | dsi | dict(collections.ChainMap(<DSI>, <dsi>))
fractions.Fraction( | float | fractions.Fraction(<I>, <=positive>)
complex( | float | complex(<I>, <=small>) * 2
math.sqrt( | float | math.sqrt(abs(<I>))
"""

UNSEEN: list[tuple[str, str, str]] = [
    (mark, kind, template) for mark, kind, template in (line.split(" | ") for line in _TABLE.strip().splitlines())
]
"""What tells the operation, the kind of its result, its template."""
