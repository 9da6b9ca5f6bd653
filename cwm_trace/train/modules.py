"""Small modules as people write them: classes with a few methods, helpers that call each other, imports, docstrings, formatted results.

Templates as in `idioms`: `$name:kind` is a parameter of `f`, `$name` a local, `<...>` a hole of the grammar, `⟦a|b⟧` a choice. Written for this
project from common knowledge of Python; no benchmark was read for them.
"""

from __future__ import annotations

MODULES: list[str] = [
    '''
class $Cls:
    """⟦Holds items by name.|A small store.|Keeps counts.⟧"""

    def __init__(self, $limit=<=positive>):
        self.$attr = {}
        self.$limit = $limit

    def $meth(self, $k, $v=1):
        if len(self.$attr) >= self.$limit and $k not in self.$attr:
            ⟦return False|raise ValueError(f'no room for {$k}')|self.$attr.popitem()|self.$attr.clear()⟧
        self.$attr[$k] = self.$attr.get($k, 0) + $v
        return True

    def $meth2(self):
        return ⟦sorted(self.$attr.items())|max(self.$attr, key=self.$attr.get, default=None)|sum(self.$attr.values())|len(self.$attr)⟧


def f($words:ls, $limit:int):
    $s = $Cls(⟦3|2|abs($limit) % 5 + 1⟧)
    $n = 0
    for $w in $words:
        try:
            if $s.$meth($w):
                $n += 1
        except ValueError as $e:
            ⟦return str($e)|break|$n -= 1⟧
    return $n, $s.$meth2()
''',
    """
from dataclasses import dataclass⟦|, field⟧


@dataclass
class $Cls:
    $attr: str
    $attr2: int = <=small>

    def $meth(self, $n):
        self.$attr2 ⟦+=|-=|*=⟧ $n
        return self

    ⟦@property\n    def short(self):\n        return self.$attr[:2]|def short(self):\n        return self.$attr.upper()⟧


def f($words:ls, $k:int):
    $out = [$Cls($w) for $w in $words]
    for $i, $x in enumerate($out):
        $x.$meth($i ⟦+|*⟧ $k)
    ⟦return [($x.$attr, $x.$attr2) for $x in $out]|return sum($x.$attr2 for $x in $out)|return $out[:2]⟧
""",
    """
from collections import ⟦Counter|Counter, defaultdict⟧


def $fn($text):
    return [$w.strip('.,!?') for $w in $text.⟦lower()|upper()|strip()⟧.split()]


def f($text:str, $n:int):
    $count = Counter($fn($text))
    $out = []
    for $w, $k in $count.most_common(⟦3|2|abs($n) % 3 + 1⟧):
        $out.append(⟦f'{$w}={$k}'|($w, $k)|f'{$w}: {"#" * $k}'|$w * $k⟧)
    return ⟦$out|', '.join(map(str, $out))|len($out), $out⟧
""",
    """
from collections import defaultdict


def $fn($items):
    $d = defaultdict(list)
    for $name, $n in $items:
        ⟦$d[$name]|$d[$n % 3]|$d[$n > <=small>]⟧.append($n)
    return $d


def f($items:lt):
    $d = $fn($items)
    return {$k: ⟦sum($v)|len($v)|sorted($v)|max($v)⟧ for $k, $v in ⟦$d.items()|sorted($d.items(), key=str)⟧}
""",
    """
from collections import deque


class $Cls:
    def __init__(self, $limit):
        self.$attr = deque(maxlen=$limit)

    def $meth(self, $x):
        self.$attr.append($x)
        return ⟦sum(self.$attr)|len(self.$attr)|self.$attr[0]|max(self.$attr)⟧

    def __len__(self):
        return len(self.$attr)

    def __iter__(self):
        return iter(list(self.$attr))


def f($nums:li):
    $q = $Cls(<=positive>)
    $out = [$q.$meth($n) for $n in $nums]
    return $out, ⟦len($q)|list($q)|sorted($q)⟧
""",
    '''
class $Cls:
    """⟦A point on a plane.|A pair of numbers.⟧"""

    def __init__(self, $x, $y):
        self.$attr, self.$attr2 = $x, $y

    def __add__(self, other):
        return $Cls(self.$attr + other.$attr, self.$attr2 + other.$attr2)

    def __eq__(self, other):
        return (self.$attr, self.$attr2) == (other.$attr, other.$attr2)

    def __repr__(self):
        return f'$Cls({self.$attr}, {self.$attr2})'

    @staticmethod
    def $meth($text):
        $x, $y = $text.split(',')
        return $Cls(int($x), int($y))


def f($nums:li):
    $p = $Cls.$meth('⟦1,2|3,-4|0,7⟧')
    for $n in $nums:
        $p = $p + $Cls($n, ⟦-$n|1|$n * 2⟧)
    return ⟦$p|$p, $p == $Cls(<int>, <int>)|str($p)⟧
''',
    '''
class $Err(Exception):
    """⟦Raised for bad input.|Something is wrong.⟧"""


def $fn($text):
    $out = []
    $i = 0
    while $i < len($text):
        $c = $text[$i]
        if $c.isdigit():
            $j = $i
            while $j < len($text) and $text[$j].isdigit():
                $j += 1
            $out.append(('number', int($text[$i:$j])))
            $i = $j
            continue
        if $c in ⟦'+-*'|'+-'|'()+-'⟧:
            $out.append(('sign', $c))
        elif not $c.isspace():
            raise $Err(f'{$c!r} at {$i}')
        $i += 1
    return $out


def f($n:int, $k:int):
    $text = f'⟦{$n} + {$k}|{$n}*{$k} - 1|{$k}+{$n}x|12 + {abs($n)}⟧'
    try:
        return ⟦$fn($text)|len($fn($text))|[$x for _, $x in $fn($text)]⟧
    except $Err as $e:
        return f'error: {$e}'
''',
    """
$CONST = {⟦'idle': ['start'], 'busy': ['stop', 'fail'], 'broken': ['fix']|'open': ['close', 'lock'], 'closed': ['open'], 'locked': []⟧}


class $Cls:
    def __init__(self, $first):
        self.$attr = $first
        self.$attr2 = [$first]

    def $meth(self, $step, $target):
        if $step not in $CONST[self.$attr]:
            return False
        self.$attr = $target
        self.$attr2.append($target)
        return True


def f($words:ls):
    $first, *$rest = list($CONST)
    $m = $Cls($first)
    $out = []
    for $i, $w in enumerate($words):
        $out.append($m.$meth($CONST[$m.$attr][0] if ⟦$i % 2 == 0|$i < 2|len($w) > 1⟧ and $CONST[$m.$attr] else $w, $rest[$i % len($rest)]))
    return $m.$attr, $m.$attr2⟦|, $out⟧
""",
    """
def $fn($m):
    ⟦'''Rows become columns.'''\n    |⟧return [list($row) for $row in zip(*$m)]


def $fn2($m):
    $best, $at = None, -1
    for $i, $row in enumerate($m):
        $total = sum($row)
        if $best is None or $total ⟦>|<⟧ $best:
            $best, $at = $total, $i
    return $at, $best


def f($m:lli):
    if not $m or not all($m):
        return None
    $i, $total = $fn2($fn($m))
    return ⟦{'column': $i, 'total': $total}|$i, $total|f'{$i}: {$total}'⟧
""",
    """
def $fn($x, $depth=0):
    if not isinstance($x, ⟦list|(list, tuple)⟧):
        return [($x, $depth)]
    $out = []
    for $item in $x:
        $out += $fn($item, $depth + 1)
    return $out


def f($nums:li, $n:int):
    $x = [$n, $nums, [$nums[:1], [$n ⟦+|-|*⟧ <=index>]]]
    ⟦return $fn($x)|return max($d for _, $d in $fn($x))|return [$v for $v, $d in $fn($x) if $d > 1]|return sum($v * $d for $v, $d in $fn($x))⟧
""",
    """
def $fn($func):
    $memo = {}

    def $fn2($n):
        if $n not in $memo:
            $memo[$n] = $func($n)
        return $memo[$n]

    return $fn2


@$fn
def $fn3($n):
    return $n if $n < 2 else $fn3($n - 1) ⟦+|-|* 2 -⟧ $fn3($n - 2)


def f($n:int):
    return ⟦$fn3(abs($n) % 7)|[$fn3($i) for $i in range(5)]|$fn3(6)⟧
""",
    """
class $Cls:
    def __init__(self, $name, $n=0):
        self.$attr = $name
        self.$attr2 = $n

    def $meth(self, $n):
        if $n <= 0:
            raise ValueError('must be positive')
        self.$attr2 += $n

    def $meth2(self, $n):
        if $n > self.$attr2:
            raise ValueError(f'{self.$attr} has {self.$attr2}')
        self.$attr2 -= $n


def $fn($a, $b, $n):
    $a.$meth2($n)
    $b.$meth($n)


def f($text:str, $nums:li):
    $a, $b = $Cls($text⟦|[:3]|.title()⟧, <=width>), $Cls('⟦bob|shop|other⟧')
    $out = []
    for $n in $nums:
        try:
            $fn($a, $b, $n)
        except ValueError as $e:
            $out.append(str($e))
        ⟦else:\n            $out.append('ok')|finally:\n            $out.append($a.$attr2)⟧
    return $a.$attr2, $b.$attr2, $out
""",
    """
class $Cls:
    def $meth(self):
        return 0

    def __str__(self):
        return f'{type(self).__name__}: {self.$meth()}'


class $Cls2($Cls):
    def __init__(self, $n):
        self.$attr = $n

    def $meth(self):
        return self.$attr ⟦* self.$attr|+ 1|* 2⟧


class $Cls3($Cls2):
    def __init__(self, $n, $k):
        super().__init__($n)
        self.$attr2 = $k

    def $meth(self):
        return super().$meth() ⟦+|-|*⟧ self.$attr2


def f($nums:li):
    $out = [$Cls()]
    for $i, $n in enumerate($nums):
        $out.append($Cls2($n) if $i % 2 else $Cls3($n, $i))
    return ⟦[str($x) for $x in $out]|sum($x.$meth() for $x in $out)|max($out, key=lambda x: x.$meth()).$meth()⟧
""",
    '''
import math


def $fn($nums):
    """⟦The mean.|Average of the numbers.⟧"""
    return sum($nums) / len($nums)


def $fn2($nums):
    $m = $fn($nums)
    return ⟦math.sqrt(sum($n * $n for $n in $nums))|math.floor($m)|max(abs($n - $m) for $n in $nums)⟧


def f($nums:li):
    if not $nums:
        return ⟦None|0.0|'empty'⟧
    $out = {'mean': round($fn($nums), 2), 'other': round($fn2($nums), ⟦2|1|3⟧)}
    return ⟦$out|f"{$out['mean']:.1f} / {$out['other']}"|sorted($out.values())⟧
''',
    """
def $fn($lines):
    for $line in $lines:
        $line = $line.strip()
        if $line ⟦and not $line.startswith('#')|!= ''⟧:
            yield $line


def $fn2($lines):
    $section, $out = 'main', {}
    for $line in $fn($lines):
        if $line.startswith('[') and $line.endswith(']'):
            $section = $line[1:-1]
        else:
            $k, _, $v = $line.partition(⟦'='|':'⟧)
            $out.setdefault($section, {})[$k.strip()] = $v.strip() ⟦or None|⟧
    return $out


def f($words:ls, $text:str):
    $lines = ['# ' + $text, ⟦'[one]'|'a = 1'|'key:  value'⟧, *[$w + '⟦=|:| = ⟧' + str($i) for $i, $w in enumerate($words)], ⟦''|'[two]'|'last'⟧]
    return $fn2($lines)⟦|.get('main')⟧
""",
    """
class $Cls:
    def __init__(self, $first, $step=<=index>):
        self.$attr = $first
        self.$attr2 = $step

    def __iter__(self):
        return self

    def __next__(self):
        if ⟦self.$attr > <=width>|abs(self.$attr) > 20|self.$attr % 7 == 0⟧:
            raise StopIteration
        self.$attr += self.$attr2
        return self.$attr


def f($n:int, $k:int):
    $out = []
    for $x in $Cls($n):
        if len($out) > <=small>:
            break
        $out.append($x ⟦|* $k|- $k⟧)
    return $out
""",
    """
def $fn($graph, $node, $seen=None):
    $seen = $seen or []
    if $node in $seen:
        return $seen
    $seen.append($node)
    for $other in $graph.get($node, ()):
        $fn($graph, $other, $seen)
    return $seen


def f($n:int):
    $graph = {⟦0: [1, 2], 1: [3], 2: [3], 3: []|'a': ['b'], 'b': ['c', 'a'], 'c': []|1: [2, 4], 2: [3], 4: [1], 3: [4]⟧}
    return ⟦{$k: $fn($graph, $k) for $k in list($graph)[:2]}|$fn($graph, list($graph)[$n % len($graph)])|[len($fn($graph, $k)) for $k in $graph]⟧
""",
]
