"""Function shapes that people write, as templates: counters, filters, two pointers, recursion, generators, classes, ...

`$name:kind` in the `def` line is a parameter, `$name` a local (each gets a fresh natural name), `<...>` are holes of the
grammar, `⟦a|b⟧` is a choice.
Written for this project from common knowledge of Python; no benchmark was read for them.
"""

from __future__ import annotations

IDIOMS: list[str] = [
    """
def f($text:str):
    $count = {}
    for $c in $text:
        if $c in $count:
            $count[$c] += 1
        else:
            $count[$c] = 1
    return $count
""",
    """
def f($text:str):
    $count = {}
    for $c in $text:
        $count[$c] = $count.get($c, 0) + 1
    return ⟦$count|max($count.values())|sorted($count)|list($count.items())|len($count)⟧
""",
    """
def f($nums:li):
    $count = {}
    for $n in $nums:
        $count[$n] = $count.get($n, 0) + 1
    return [$n for $n in $count if $count[$n] ⟦>|==|>=⟧ <=positive>]
""",
    """
def f($nums:li):
    $out = []
    for $n in $nums:
        if $n not in $out:
            $out.append($n)
    return $out
""",
    """
def f($words:ls):
    $out = []
    for $w in $words:
        if len($w) > <=small>:
            $out.append($w⟦|.upper()|[::-1]|.title()⟧)
    return ⟦$out|', '.join($out)|len($out)⟧
""",
    """
def f($text:str, $c:char):
    $n = 0
    for $i in range(len($text)):
        if $text[$i] == $c:
            $n += ⟦1|$i⟧
    return $n
""",
    """
def f($text:str):
    $out = ''
    for $c in $text:
        if $c.⟦isalpha|isdigit|isupper|islower|isalnum|isspace⟧():
            $out += $c⟦|.upper()|.lower()|.swapcase()⟧
    return $out
""",
    """
def f($text:str):
    $out = ''
    for $c in $text:
        if $c.⟦isupper|islower|isalpha⟧():
            $out += $c.⟦lower|upper|swapcase⟧()
        else:
            $out += ⟦$c|'*'|'_'|$c + $c⟧
    return $out
""",
    """
def f($text:str, $old:char, $new:char):
    $out = []
    for $c in $text:
        if $c == $old:
            $out.append($new)
        else:
            $out.append($c)
    return ''.join($out)
""",
    """
def f($text:str):
    $out = []
    for $i, $c in enumerate($text):
        if $i % <=positive> == ⟦0|1⟧:
            $out.append($c)
    return ''.join($out)
""",
    """
def f($text:str):
    $i, $j = 0, len($text) - 1
    while $i < $j:
        if $text[$i] != $text[$j]:
            return False
        $i += 1
        $j -= 1
    return True
""",
    """
def f($nums:li):
    $best = $nums[0]
    for $n in $nums[1:]:
        if $n ⟦>|<⟧ $best:
            $best = $n
    return $best
""",
    """
def f($nums:li):
    $total = 0
    for $n in $nums:
        if $n ⟦% 2 == 0|> 0|< 0|% 2|% 3 == 0⟧:
            $total += $n
        ⟦else:\n            $total -= 1|elif $n == 0:\n            break⟧
    return $total
""",
    """
def f($nums:li, $k:int):
    $out = []
    for $i in range(len($nums)):
        $out.append($nums[$i] ⟦+|*|-|%⟧ ⟦$k|$i⟧)
    return $out
""",
    """
def f($nums:li):
    $out = [0]
    for $n in $nums:
        $out.append($out[-1] + $n)
    return $out⟦|[1:]⟧
""",
    """
def f($n:int):
    $a, $b = 0, 1
    for $i in range(⟦$n % 9|abs($n) % 10|5|7⟧):
        $a, $b = $b, $a + $b
    return ⟦$a|$b|($a, $b)⟧
""",
    """
def f($n:int):
    $out = []
    $n = abs($n)
    while $n > 0:
        $out.append($n % ⟦2|10|3⟧)
        $n //= ⟦2|10|10⟧
    return $out⟦|[::-1]⟧
""",
    """
def f($nums:li):
    for $i in range(len($nums)):
        for $j in range(len($nums) - 1 - $i):
            if $nums[$j] > $nums[$j + 1]:
                $nums[$j], $nums[$j + 1] = $nums[$j + 1], $nums[$j]
    return $nums
""",
    """
def f($nums:li, $x:int):
    $lo, $hi = 0, len($nums) - 1
    $nums = sorted($nums)
    while $lo <= $hi:
        $mid = ($lo + $hi) // 2
        if $nums[$mid] == $x:
            return $mid
        if $nums[$mid] < $x:
            $lo = $mid + 1
        else:
            $hi = $mid - 1
    return -1
""",
    """
def f($nums:li):
    while $nums:
        $n = $nums.pop(⟦|0⟧)
        if $n ⟦> 3|% 2 == 0|< 5|== 2⟧:
            return $n
    return None
""",
    """
def f($nums:li):
    $a = $nums[:]
    for $n in $nums:
        if $n % <=positive> == 0:
            $a.remove($n)
    return $a
""",
    """
def f($d:dsi):
    $out = {}
    for $k, $v in $d.items():
        if $v ⟦>|<|>=⟧ <=small>:
            $out[$k] = $v⟦| * 2| + 1|⟧
    return $out
""",
    """
def f($d:dsi):
    $total = 0
    for $k in $d:
        $total += $d[$k]
    return $total
""",
    """
def f($d:dss, $k:char):
    if $k in $d:
        return $d[$k]
    return ⟦'none'|None|''|-1⟧
""",
    """
def f($d:dsi):
    for $k, $v in ⟦list($d.items())|sorted($d.items())⟧:
        if $v % 2 == ⟦0|1⟧:
            ⟦del $d[$k]|$d.pop($k)|$d[$k] = 0|$d[$k] += 1⟧
    return $d
""",
    """
def f($words:ls):
    $groups = {}
    for $w in $words:
        $groups.setdefault(⟦len($w)|$w[:1]|$w.lower()⟧, []).append($w)
    return $groups
""",
    """
def f($words:ls, $nums:li):
    $d = {}
    for $w, $n in zip($words, $nums):
        $d[$w] = $n
    return ⟦$d|sorted($d, key=$d.get)|list($d.values())⟧
""",
    """
def f($text:str):
    $words = $text.split(⟦|' '⟧)
    $out = []
    for $w in $words:
        $out.append($w.⟦capitalize|upper|lower|title|swapcase⟧())
    return ' '.join($out)
""",
    """
def f($text:str):
    $longest = ''
    for $w in $text.split():
        if len($w) > len($longest):
            $longest = $w
    return $longest
""",
    """
def f($n:int):
    if $n <= 1:
        return 1
    return $n * f($n - 1)
""",
    """
def f($nums:li):
    if not $nums:
        return 0
    return $nums[0] + f($nums[1:])
""",
    """
def f($text:str):
    if len($text) <= 1:
        return $text
    return f($text[1:]) + $text[0]
""",
    """
def f($nums:li):
    def $fn($x):
        return $x ⟦* 2|+ 1|- 3|** 2|% 3⟧
    return [$fn($n) for $n in $nums]
""",
    """
def f($nums:li):
    $total = 0
    def $fn($x):
        nonlocal $total
        $total += $x
    for $n in $nums:
        $fn($n)
    return $total
""",
    """
def f($nums:li):
    def $fn():
        for $n in $nums:
            if $n > <=small>:
                yield $n
    return list($fn())
""",
    """
def $fn($n):
    $i = 0
    while $i < $n:
        yield $i
        $i += 1

def f($k:int):
    return sum($fn(⟦$k % 5|3|4⟧))
""",
    """
def f($text:str):
    try:
        $n = int($text)
    except ValueError:
        $n = ⟦0|-1|len($text)⟧
    return $n
""",
    """
def f($d:dsi, $k:char):
    try:
        return $d[$k]
    except KeyError as $e:
        return ⟦0|None|str($e)|'missing'⟧
""",
    """
def f($nums:li, $i:int):
    try:
        $x = $nums[$i]
    except IndexError:
        $x = ⟦None|0|-1⟧
    finally:
        $nums.append($i)
    return $x⟦|, $nums⟧
""",
    """
def f($a:int, $b:int):
    try:
        $x = $a // $b
    except ZeroDivisionError:
        return ⟦0|None|'error'⟧
    else:
        return $x
""",
    """
class $Cls:
    def __init__(self, start):
        self.$attr = start

    def $meth(self, k):
        self.$attr += k
        return self.$attr

def f($nums:li):
    $c = $Cls(<=small>)
    for $n in $nums:
        $c.$meth($n)
    return $c.$attr
""",
    """
class $Cls:
    def __init__(self):
        self.$attr = []

    def $meth(self, $x):
        self.$attr.append($x)

    def $meth2(self):
        return self.$attr.pop()

def f($text:str):
    $s = $Cls()
    for $c in $text:
        $s.$meth($c)
    return $s.$meth2() if $s.$attr else ''
""",
    """
class $Cls:
    def __init__(self, $x, $y):
        self.$attr = $x
        self.$attr2 = $y

    def __repr__(self):
        return f'$Cls({self.$attr}, {self.$attr2})'

def f($a:int, $b:int):
    $p = $Cls($a, $b)
    $p.$attr += <=small>
    return $p
""",
    """
def f($text:str):
    $stack = []
    for $c in $text:
        if $c in '([{':
            $stack.append($c)
        elif $c in ')]}':
            if not $stack:
                return False
            $stack.pop()
    return not $stack
""",
    """
def f($text:str, $k:int):
    $out = ''
    for $c in $text:
        if $c.isalpha():
            $out += chr((ord($c.lower()) - 97 + $k) % 26 + 97)
        else:
            $out += $c
    return $out
""",
    """
def f($text:str):
    $out = []
    $prev = None
    for $c in $text:
        if $c != $prev:
            $out.append($c)
        $prev = $c
    return ''.join($out)
""",
    """
def f($m:lli):
    $out = []
    for $row in $m:
        for $x in $row:
            $out.append($x)
    return $out
""",
    """
def f($m:lli):
    return [sum($row) for $row in $m]
""",
    """
def f($nums:li, $k:int):
    $i = 0
    while $i < len($nums) and $nums[$i] != $k:
        $i += 1
    return $i⟦| if $i < len($nums) else -1⟧
""",
    """
def f($a:li, $b:li):
    $out = []
    for $x in $a:
        if $x in $b:
            $out.append($x)
    return $out
""",
    """
def f($a:li, $b:li):
    $out = []
    for $x, $y in zip($a, $b):
        $out.append($x ⟦+|*|-⟧ $y)
    return $out
""",
    """
def f($text:str):
    $vowels = 0
    for $c in $text⟦|.lower()⟧:
        if $c in 'aeiou':
            $vowels += 1
    return $vowels
""",
    """
def f($words:ls):
    $words.sort(⟦|reverse=True|key=len|key=lambda x: x[-1:]⟧)
    $out = $words[0] if $words else ''
    for $w in $words[1:]:
        $out += ⟦'-'|','|' '|''⟧ + $w
    return $out
""",
    """
def f($text:str, $n:int):
    $parts = []
    $k = ⟦2|3|max(1, $n % 4)⟧
    for $i in range(0, len($text), $k):
        $parts.append($text[$i:$i + $k])
    return ⟦$parts|'-'.join($parts)|$parts[::-1]⟧
""",
    """
def f($nums:li):
    $a, $b = [], []
    for $n in $nums:
        if $n ⟦% 2 == 0|> 2|< 4⟧:
            $a.append($n)
        else:
            $b.append($n)
    return ⟦$a + $b|$b + $a|($a, $b)|[len($a), len($b)]⟧
""",
    """
def f($text:str, $c:char):
    $i = $text.⟦find|rfind⟧($c)
    if $i == -1:
        return ⟦$text|''|'not found'⟧
    return $text[⟦:$i|$i:|$i + 1:⟧]
""",
    """
def f($text:str, $p:str):
    if $text.⟦startswith|endswith⟧($p):
        return $text[⟦len($p):|:-len($p)⟧]
    return $text + $p
""",
    """
def f($text:str, $c:char):
    while $text and $text[⟦0|-1⟧] == $c:
        $text = $text[⟦1:|:-1⟧]
    return $text
""",
    """
def f($n:int, $a:li):
    for $i in range(⟦3|4|min(len($a), 4)⟧):
        $a.append($a[⟦0|-1⟧] + $i)
        $a.pop(0)
    return $a
""",
    """
def f($a:int, $b:int):
    while $b:
        $a, $b = $b, $a % $b
    return $a
""",
    """
def f($text:str):
    $words = $text.split()
    return {$w: len($w) for $w in $words}
""",
    """
def f($nums:li):
    $out = []
    for $i in range(1, len($nums)):
        if $nums[$i] ⟦>|<|==⟧ $nums[$i - 1]:
            $out.append($nums[$i]⟦| - $nums[$i - 1]⟧)
        ⟦else:\n            continue|else:\n            break⟧
    return $out
""",
    """
def f($text:str):
    for $i in range(⟦1|2⟧, ⟦4|6⟧):
        $text = $text.replace(str($i), <char>)
    return $text
""",
    """
def f($text:str, $n:int):
    if len($text) < $n:
        return $text + <char> * ($n - len($text))
    elif len($text) == $n:
        return $text
    else:
        return $text[:$n]
""",
    """
def f($nums:li):
    $fn = lambda $x: $x ⟦* 2|+ <=small>|- 1|% 2⟧
    return ⟦list(map($fn, $nums))|sum(map($fn, $nums))|[$fn($n) for $n in $nums]|sorted($nums, key=$fn)⟧
""",
    """
def f($text:str):
    $d = {}
    for $i, $c in enumerate($text):
        $d[$c] = $i
    return ⟦$d|sorted($d.items())|max($d.values(), default=0)|list($d)⟧
""",
    """
def f($d:dsi, $k:str, $v:int):
    $d[$k] = $v
    $d.update({<s>: <int>})
    return ⟦$d|sorted($d)|list($d.values())|len($d)⟧
""",
    """
def f($items:lt):
    $total = {}
    for $name, $n in $items:
        $total[$name] = $total.get($name, 0) + $n
    return $total
""",
    """
class $Cls:
    def __init__(self, $attr, $attr2=<=small>):
        self.$attr = $attr
        self.$attr2 = $attr2

    def $meth(self, $n):
        if $n > self.$attr2:
            raise ValueError(f'{self.$attr} has only {self.$attr2}')
        self.$attr2 -= $n
        return self.$attr2

def f($text:char, $nums:li):
    $a = $Cls($text, <=width>)
    $out = []
    for $n in $nums:
        try:
            $a.$meth($n)
        except ValueError as $e:
            $out.append(⟦str($e)|$n|repr($e)⟧)
    return $out⟦|, $a.$attr2⟧
""",
    """
class $Err(Exception):
    pass

def $fn($n):
    if $n ⟦< 0|> <=width>|== <=small>|% 2⟧:
        raise $Err(⟦$n|'bad value'|f'{$n} is not allowed'⟧)
    return $n * <=index>

def f($nums:li):
    $total = 0
    for $n in $nums:
        try:
            $total += $fn($n)
        except $Err⟦| as $e⟧:
            ⟦continue|break|$total -= 1|pass⟧
    return $total
""",
    """
class $Cls:
    def __init__(self, $x):
        self.$attr = $x

    def $meth(self):
        return ⟦self.$attr * 2|-self.$attr|self.$attr + 1⟧

class $Cls2($Cls):
    def $meth(self):
        return super().$meth() + <=small>

def f($n:int):
    $out = [$Cls($n), $Cls2($n)]
    return [$x.$meth() for $x in $out]
""",
    """
class $Cls:
    def __init__(self):
        self.$attr = {}

    def $meth(self, $k, $v):
        self.$attr[$k] = ⟦$v|self.$attr.get($k, 0) + $v⟧

    def $meth2(self, $k):
        return self.$attr.get($k, ⟦0|None|-1⟧)

def f($words:ls, $nums:li):
    $d = $Cls()
    for $w, $n in zip($words, $nums):
        $d.$meth($w, $n)
    return [$d.$meth2($w) for $w in $words]
""",
    """
class $Cls:
    def __init__(self, $x, $nxt=None):
        self.$attr = $x
        self.$attr2 = $nxt

def f($nums:li):
    $head = None
    for $n in $nums:
        $head = $Cls($n, $head)
    $out = []
    while $head:
        $out.append($head.$attr)
        $head = $head.$attr2
    return $out
""",
    """
def $fn($text, $i):
    $out, $i = $fn2($text, $i)
    while $i < len($text) and $text[$i] == '⟦+|-|,⟧':
        $x, $i = $fn2($text, $i + 1)
        $out ⟦+=|-=⟧ $x
    return $out, $i

def $fn2($text, $i):
    return int($text[$i]), $i + 1

def f($n:int):
    return $fn('⟦1+2|3+4+5|7-2-1|9|2,3,4⟧', 0)⟦|[0]⟧
""",
    """
def $fn($text):
    for $w in $text.split(⟦';'|' '|','⟧):
        yield $w

def $fn2($src):
    for $w in $src:
        yield $w.⟦strip|upper|lower|title|strip⟧()

def f($text:str):
    return ⟦list|sorted|set|len⟧(⟦list|tuple⟧($fn2($fn($text))))
""",
    """
def $fn($text):
    $out = []
    for $w in $text⟦.split()|⟧:
        $out.append($w.⟦strip(<char>)|upper()|lower()|capitalize()⟧)
    return $out

def $fn2($words):
    $d = {}
    for $w in $words:
        $d[$w] = $d.get($w, 0) + 1
    return $d

def f($text:str):
    $count = $fn2($fn($text))
    $best = max($count, key=$count.get⟦|, default=None⟧)
    return $best⟦|, $count[$best]⟧
""",
    """
def $fn($a, $b):
    $out = []
    for $row in $a:
        $line = []
        for $j in range(len($b[0])):
            $total = 0
            for $k in range(len($b)):
                $total += $row[$k] * $b[$k][$j]
            $line.append($total)
        $out.append($line)
    return $out

def f($n:int, $k:int):
    return $fn([[$n, 1]], [[<=small>, $k], [<=small>, <=small>]])
""",
    """
def f($n:int, $memo:dis):
    def $fn($k):
        if $k in $memo:
            return $memo[$k]
        if $k < 2:
            return $k
        $memo[$k] = $fn($k - 1) + $fn($k - 2)
        return $memo[$k]
    $memo = {}
    return $fn(⟦abs($n) % 6|4|5|3⟧)
""",
    """
def $fn($n, $out=None):
    if $out is None:
        $out = []
    if $n <= 0:
        return $out
    $out.append($n)
    return $fn($n - ⟦1|2|3⟧, $out)

def f($k:int):
    return $fn(⟦$k % 7|5|6⟧)
""",
    """
def $fn(*args, **kwargs):
    $total = sum(args)
    for $k, $v in kwargs.items():
        $total ⟦+=|-=⟧ $v
    return $total

def f($a:int, $b:int):
    return $fn($a, $b, <=small>⟦, x=<=small>|, $k2=$b, y=1|⟧)
""",
    """
def $fn($x, $y=<=small>, *, $z=<=index>):
    return $x ⟦+|*|-⟧ $y ⟦+|-|*⟧ $z

def f($n:int):
    return [$fn($n), $fn($n, <=small>), $fn($n, $z=<=small>)]
""",
    """
def $fn($n):
    def $fn2($x):
        return $x ⟦+|*|-⟧ $n
    return $fn2

def f($nums:li):
    $g = $fn(<=index>)
    return [$g($x) for $x in $nums]
""",
    """
def $fn():
    $n = 0
    def $fn2():
        nonlocal $n
        $n += <=index>
        return $n
    return $fn2

def f($k:int):
    $c = $fn()
    for $i in range(⟦3|2|abs($k) % 4⟧):
        $c()
    return $c()
""",
    """
def f($text:str, $n:int):
    while True:
        if len($text) ⟦<= $n|>= $n|% 3 == 0⟧ or not $text:
            break
        $text = $text[⟦1:|:-1|2:|:len($text) // 2⟧]
    return $text
""",
    """
def f($nums:li, $x:int):
    for $i, $n in enumerate($nums⟦|, 1|, start=<=small>⟧):
        if $n == $x:
            break
    else:
        return ⟦-1|None|'none'⟧
    return $i
""",
    """
def f($text:str):
    $upper = $lower = 0
    for $c in $text:
        if $c.isupper():
            $upper += 1
        elif $c.islower():
            $lower += 1
    return ⟦($upper, $lower)|{'upper': $upper, 'lower': $lower}|$upper > $lower|[$upper, $lower]⟧
""",
    """
def f($items:lt):
    $out = {}
    for $pair in $items:
        $k, $v = $pair
        if $k in $out:
            $out[$k] ⟦+=|-=⟧ $v
        else:
            $out[$k] = $v
    return ⟦$out|list($out.items())|sorted($out.values())|sum($out.values())⟧
""",
    """
def f($d:dsi):
    $inv = {}
    for $k, $v in $d.items():
        $inv.setdefault($v, []).append($k)
    return ⟦$inv|sorted($inv)|{$v: len($w) for $v, $w in $inv.items()}⟧
""",
    """
def f($d:dsi, $e:dsi):
    $out = dict($d)
    for $k in $e:
        $out[$k] = $out.get($k, ⟦0|1|<=small>⟧) ⟦+|-|*⟧ $e[$k]
    return ⟦$out|sorted($out.items())⟧
""",
    """
def f($d:dss):
    $out = []
    while $d:
        $k, $v = $d.popitem()
        $out.append(⟦$k + $v|f'{$k}={$v}'|($k, $v)|$v⟧)
    return $out
""",
    """
def f($mixed:lm):
    $out = []
    for $x in $mixed:
        if isinstance($x, ⟦str|int|(int, float)⟧):
            $out.append($x)
        ⟦else:\n            $out.append(str($x))|elif $x is None:\n            continue|elif not $x:\n            break⟧
    return $out
""",
    """
def f($mixed:lm):
    return [⟦type($x).__name__|str($x)|repr($x)|bool($x)|$x == <int>⟧ for $x in $mixed]
""",
    """
def f($mixed:lm, $x:int):
    $mixed.⟦append($x)|insert(<=small>, $x)|insert(0, None)|append('end')|extend([$x, $x])⟧
    return ⟦$mixed|$mixed[::-1]|len($mixed)|$mixed.count($x)|$mixed[-1]⟧
""",
    """
def f($tree:dd, $k:str):
    $node = $tree.get($k⟦|, {}⟧)
    if $node ⟦is None|== {}|⟧:
        return ⟦None|$k|len($tree)⟧
    return ⟦$node|list($tree)|$tree[$k]⟧
""",
    """
def f($tree:dd):
    $total = 0
    for $k, $inner in $tree.items():
        for $k2, $v in $inner.items():
            $total += $v
    return $total⟦|, len($tree)⟧
""",
    """
def f($tree:dd):
    $out = {}
    for $k in $tree:
        $out[$k] = ⟦len($tree[$k])|list($tree[$k])|sum($tree[$k].values())|sorted($tree[$k].items())⟧
    return $out
""",
    """
def f($text:str):
    match ⟦len($text)|$text[:1]|$text⟧:
        case ⟦0|''|<=small>⟧:
            return 'empty'
        case ⟦1|'a'|<=literal>⟧:
            return ⟦'one'|1⟧
        case _:
            return $text⟦|.upper()|[1:]⟧
""",
    """
def f($nums:li):
    match $nums:
        case []:
            return 0
        case [$x]:
            return $x
        case [$x, *$rest]:
            return $x ⟦+ len($rest)|- sum($rest)|* 2⟧
""",
    """
def f($nums:li):
    assert ⟦len($nums) > <=small>|$nums|isinstance($nums, list)⟧⟦|, 'no numbers'⟧
    $a, *$rest = $nums
    return ⟦$rest|$a|[$a, len($rest)]|$rest + [$a]⟧
""",
    """
def f($words:ls):
    $out = ''
    for $i, $w in enumerate($words):
        if $i > 0:
            $out += ⟦', '|' '|'-'|''⟧
        $out += ⟦$w|$w[::-1]|$w.upper()|f'{$i}:{$w}'|str(len($w))⟧
    return $out
""",
    """
def f($text:str, $sep:char):
    $a, $x, $b = $text.⟦partition|rpartition⟧($sep)
    return ⟦$b + $x + $a|$a|$b or $a|[$a, $b]|$a.upper() + $b⟧
""",
    """
def f($text:str):
    $out = []
    $cur = ''
    for $c in $text:
        if $c == ⟦' '|<char>|<char>⟧:
            $out.append($cur)
            $cur = ''
        else:
            $cur += $c
    if $cur:
        $out.append($cur)
    return $out
""",
    """
def f($text:str):
    $out = ''
    $i = 0
    while $i < len($text):
        $n = 1
        while $i + $n < len($text) and $text[$i + $n] == $text[$i]:
            $n += 1
        $out += $text[$i] + str($n)
        $i += $n
    return $out
""",
    """
def f($text:str):
    $out = []
    for $i in range(len($text) - 1⟦|, -1, -1|, 0, -1⟧):
        $out.append($text[$i])
    ⟦|$out.sort()|$out.reverse()|$out.pop()⟧
    return ''.join($out)
""",
    """
def f($text:str, $words:ls):
    for $w in $words:
        $text = $text.⟦replace($w, '')|replace($w, <char>)|strip($w)|removeprefix($w)|rstrip($w)⟧
    return $text
""",
    """
def f($text:str, $words:ls):
    for $w in $words:
        if $w ⟦in|not in⟧ $text:
            return ⟦$w|True|$text.index(<char>)|$text.find($w)⟧
    return ⟦False|None|''⟧
""",
    """
def f($text:str):
    if ⟦$text.isdigit()|$text.isalpha()|$text.isupper()|not $text|$text == $text[::-1]|' ' in $text⟧:
        return ⟦'yes'|True|'INTEGER'|$text.swapcase()⟧
    if ⟦$text.islower()|$text.isalnum()|len($text) > <=small>|$text[0] in 'aeiou'⟧:
        return ⟦'maybe'|$text[::-1]|$text.title()⟧
    return ⟦'no'|False|$text⟧
""",
    """
def f($text:str, $n:int):
    $text = list($text)
    for $i in range(⟦1, len($text)|0, len($text), 2|len($text)|len($text) // 2⟧):
        $text[$i] = $text[$i]⟦.upper()|.swapcase()| * 2|[::-1]⟧
    return ⟦''|'-'|' '⟧.join($text)
""",
    """
def f($nums:li, $a:int, $b:int):
    $nums[$a:$b] = ⟦[]|$nums[$a:$b][::-1]|[$a]|sorted($nums[$a:$b])⟧
    return $nums
""",
    """
def f($nums:li, $x:int):
    $out = $nums⟦|[:]|.copy()⟧
    $out.append($x)
    ⟦$nums.append($x)|$nums.pop()|$out.sort()|$nums = []|$out += $nums⟧
    return ⟦$nums|$out|$nums == $out|$nums is $out|len($nums)⟧
""",
    """
def f($nums:li):
    $i = 0
    while $i < len($nums):
        if $nums[$i] ⟦% 2 == 0|< <=small>|> <=small>|== <int>⟧:
            ⟦$nums.pop($i)|del $nums[$i]|$nums.remove($nums[$i])⟧
        else:
            $i += 1
    return $nums
""",
    """
def f($nums:li):
    $lo = $hi = $nums[0]
    for $n in $nums:
        $lo = min($lo, $n)
        $hi = max($hi, $n)
    return ⟦$hi - $lo|($lo, $hi)|[$lo, $hi]⟧
""",
    """
def f($nums:li):
    $best = $cur = 0
    for $n in $nums:
        $cur = max(⟦0|$n⟧, $cur + $n)
        $best = max($best, $cur)
    return $best
""",
    """
def f($nums:li, $k:int):
    $seen = set()
    for $n in $nums:
        if $k - $n in $seen:
            return True
        $seen.add($n)
    return False
""",
    """
def f($a:int, $b:int):
    $n = $a
    $a = $b
    $b = $n ⟦+|-|*⟧ <=index>
    $a, $b = $b, $a
    return ⟦$a|$a, $b|[$a, $b]|$a == $b|$a * $b⟧
""",
    """
def f($n:int):
    $out = []
    for $i in range(1, ⟦abs($n) % 12|10|7⟧ + 1):
        if $i % 3 == 0 and $i % 2 == 0:
            $out.append('⟦fizzbuzz|both⟧')
        elif $i % 3 == 0:
            $out.append('⟦fizz|three⟧')
        else:
            $out.append($i)
    return $out
""",
    """
def f($n:int):
    if $n < 2:
        return False
    $i = 2
    while $i * $i <= $n:
        if $n % $i == 0:
            return False
        $i += 1
    return True
""",
    """
def f($n:int):
    $text = ⟦bin($n)|str($n)|hex($n)|f'{$n:>6}'|f'{$n:05d}'|f'{$n:,}'|format($n, 'b')⟧
    return ⟦$text|$text[::-1]|len($text)|$text.count('1')|$text[2:]⟧
""",
    """
def f($x:float):
    return ⟦f'{$x:.1f}'|round($x)|int($x)|f'{$x:.2f}'|str($x)|round($x, 1)|'%.1f' % $x⟧
""",
    """
class $Cls:
    def __enter__(self):
        return self

    def __exit__(self, *args):
        return ⟦False|True|None⟧

def f($n:int):
    $total = <=small>
    with $Cls() as $c:
        $total += $n
    return $total
""",
    """
$CONST = <=small>

def $fn($x):
    return $x ⟦+|*⟧ $CONST

def f($nums:li):
    return ⟦[$fn($n) for $n in $nums]|sum(map($fn, $nums))|list(map($fn, $nums))|max($nums, key=$fn)⟧
""",
    """
def f($words:ls):
    $out = {}
    for $i, $w in enumerate($words):
        $out[$w] = ⟦$i|len($w)|$w.upper()|[$i]|$out.get($w, 0) + 1⟧
    for $k in list($out):
        if ⟦len($k) > <=small>|$k.isdigit()|$k < <char>⟧:
            ⟦del $out[$k]|$out.pop($k)|$out[$k] = None⟧
    return $out
""",
    """
def f($text:str, $c:char, $n:int):
    $k = $text.count($c)
    if $k ⟦>|==|<⟧ $n:
        return ⟦$text.replace($c, '')|$text.split($c)|$k|$text.rjust($n, $c)⟧
    return ⟦$text + $c * ($n - $k)|$text.center(len($text) + $k, $c)|$text.ljust($n, '-')|[$k, $n]⟧
""",
    """
def f($n:int):
    return (lambda $x, $y: $x ⟦+|*|-⟧ $y)($n, <=small>)⟦| + <=small>⟧
""",
    """
def f($nums:li):
    $it = iter($nums)
    $out = []
    for $n in $it:
        $out.append(($n, next($it, ⟦None|0|-1⟧)))
    return $out
""",
    """
def f($nums:li):
    if len($nums) <= 1:
        return $nums
    $p = $nums[0]
    $a = [$x for $x in $nums[1:] if $x < $p]
    $b = [$x for $x in $nums[1:] if $x >= $p]
    return f($a) + [$p] + f($b)
""",
    """
def f($words:ls, $x:str):
    try:
        $i = $words.index($x)
    except ValueError:
        return ⟦-1|$words|$words + [$x]⟧
    $words⟦.pop($i)|[$i] = ''|.insert($i, <char>)⟧
    return $words
""",
]
