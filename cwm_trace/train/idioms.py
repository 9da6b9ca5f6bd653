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
    def $helper($x):
        return $x ⟦* 2|+ 1|- 3|** 2|% 3⟧
    return [$helper($n) for $n in $nums]
""",
    """
def f($nums:li):
    $total = 0
    def $add($x):
        nonlocal $total
        $total += $x
    for $n in $nums:
        $add($n)
    return $total
""",
    """
def f($nums:li):
    def $gen():
        for $n in $nums:
            if $n > <=small>:
                yield $n
    return list($gen())
""",
    """
def $gen($n):
    $i = 0
    while $i < $n:
        yield $i
        $i += 1

def f($k:int):
    return sum($gen(⟦$k % 5|3|4⟧))
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
class Counter:
    def __init__(self, start):
        self.n = start

    def add(self, k):
        self.n += k
        return self.n

def f($nums:li):
    $c = Counter(<=small>)
    for $n in $nums:
        $c.add($n)
    return $c.n
""",
    """
class Stack:
    def __init__(self):
        self.items = []

    def push(self, x):
        self.items.append(x)

    def pop(self):
        return self.items.pop()

def f($text:str):
    $s = Stack()
    for $c in $text:
        $s.push($c)
    return $s.pop() if $s.items else ''
""",
    """
class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __repr__(self):
        return f'Point({self.x}, {self.y})'

def f($a:int, $b:int):
    $p = Point($a, $b)
    $p.x += <=small>
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
    $fn = lambda x: x ⟦* 2|+ <=small>|- 1|% 2⟧
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
]
