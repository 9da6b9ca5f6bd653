"""What modules of Python's library do, by steps: with true answers all is known before it comes, and nothing is asked but facts."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from cwm_trace.frames import Event, Frame, Trace
from cwm_trace.models.containers import as_in_frames, plain
from cwm_trace.models.modules import imported_by, spelled
from cwm_trace.models.outcomes import Answers
from cwm_trace.models.outlook import Outlook
from cwm_trace.models.stepwise import Stepwise
from cwm_trace.tracer.inprocess import record_source
from tests.benchmarks.questions import walked
from tests.test_models_outlook import TRUE, checked, outlooks

MODULES = (
    "import heapq, math, bisect, string\nfrom collections import Counter, defaultdict, deque\nimport itertools as it\n"
)


def shows_more(before: Frame, step: Frame) -> bool:
    """Whether a frame has something that the one before it had not."""
    if step.event is Event.LINE and before.event is Event.LINE:
        return any(before.locals.get(name) != value for name, value in step.locals.items())
    return step.event is Event.RETURN and step.value != "None"


def unknown(trace: Trace) -> list[str]:
    """The lines behind which something came that was not known."""
    before: Frame | None = None
    found = []
    for outlook, step in checked(trace):
        if before is not None and shows_more(before, step) and not tells(outlook, step):
            found.append(f"{before.source.strip()} -> {step.event} {step.source.strip()}")
        before = step
    return found


def tells(outlook: Outlook | None, step: Frame) -> bool:
    """Whether all that it shows is in what was known."""
    if outlook is None:
        return False
    return step.event is not Event.RETURN or outlook.returned is not None


BODIES = [
    (
        "    q = deque([s])\n    q.append('b')\n    q.appendleft(n)\n    x = q.popleft()\n    y = q.pop()\n"
        "    return x, y, len(q), list(q)",
        "a",
    ),
    (
        "    q = deque(s)\n    while q:\n        x = q.popleft()\n        if x == 'b':\n            q.append(n)\n    return q",
        "abc",
    ),
    (
        "    q = deque()\n    q.extend(s)\n    q.rotate(1)\n    q[0] = n\n    q.reverse()\n    return q[0], q[-1], 'a' in q, q.count('a')",
        "abc",
    ),
    (
        "    d = defaultdict(list)\n    for c in s:\n        d[c].append(n)\n    for k, v in d.items():\n"
        "        n += len(v)\n    return n, dict(d)",
        "abca",
    ),
    (
        "    d = defaultdict(int)\n    for c in s:\n        d[c] += 1\n    return d, d['a'], d.get('x'), sorted(d.items())",
        "abca",
    ),
    (
        "    c = Counter(s)\n    x = c.most_common(2)\n    return x, c['a'], c['x'], sum(c.values()), len(c), 'b' in c",
        "bbaac",
    ),
    (
        "    c = Counter(s)\n    for k, v in c.items():\n        n += v\n    for k in c:\n        x = k\n"
        "    d = {k: v for k, v in c.items() if v}\n    y = [k for k in c if c[k] > 1]\n"
        "    return list(c), max(c, key=c.get), c.most_common(1), d",
        "bbaac",
    ),
    ("    c = Counter()\n    c['a'] += 1\n    c['b'] += n\n    return c", ""),
    (
        "    h = []\n    for x in [5, 3, 8, 1, n]:\n        heapq.heappush(h, x)\n    y = heapq.heappop(h)\n    return y, h",
        "",
    ),
    (
        "    h = [5, 3, 8, 1, 9, 2]\n    heapq.heapify(h)\n    out = []\n    while h:\n"
        "        out.append(heapq.heappop(h))\n    return out",
        "",
    ),
    (
        "    h = [(2, 'b'), (3, 'a')]\n    heapq.heappush(h, (1, s))\n    k, v = heapq.heappop(h)\n    return k, v, heapq.nlargest(1, h)",
        "q",
    ),
    (
        "    x = bisect.bisect_left([1, 3, 3, 5], 3)\n    y = bisect.bisect([1, 3, 3, 5], n)\n"
        "    a = [1, 4]\n    bisect.insort(a, n)\n    return x, y, a",
        "",
    ),
    (
        "    x = math.gcd(12, 18)\n    y = math.lcm(4, n)\n    z = math.isqrt(n + 30)\n"
        "    return x, y, z, math.factorial(4), math.comb(5, 2)",
        "",
    ),
    (
        "    x = math.ceil(7 / 2)\n    y = math.floor(-7 / 2)\n    return x, y, math.sqrt(16), math.prod([2, 3]), math.pi",
        "",
    ),
    (
        "    best = float('inf')\n    for x in [4, n, 5]:\n        best = min(best, x)\n"
        "        if x < math.inf:\n            best += 0\n    return best, -math.inf",
        "",
    ),
    (
        "    x = list(it.product(s, [1, 2]))\n    y = list(it.combinations(s, 2))\n"
        "    z = list(it.accumulate([1, n, 3]))\n    return x, y, z",
        "ab",
    ),
    (
        "    for a, b in it.pairwise(s):\n        n += a == b\n    for p in it.permutations(s):\n"
        "        n += 1\n    return n, list(it.chain(s, [n]))",
        "aab",
    ),
    ("    x = [c for c in s if c in string.digits]\n    return x, string.ascii_lowercase[:3]", "a1"),
    ("    x = n & -n\n    y = ~n | 6\n    return x, y, -n ^ 3, 7.5 // 2, -7.5 % 2", ""),
    ("    m = map(str, [n, 2])\n    x = set([8, n, 1]) & set([n, 8])\n    return x", ""),
]


@pytest.mark.parametrize(("body", "text"), BODIES)
def test_all_is_known(body: str, text: str) -> None:
    trace = record_source(f"{MODULES}def f(s, n):\n{body}\n", f"f({text!r}, 7)")
    assert unknown(trace) == []


def test_heaps_are_as_in_python() -> None:
    rng = random.Random(5)
    for _ in range(15):
        lines = [f"    h = {[rng.randint(0, 9) for _ in range(rng.randint(0, 6))]}", "    heapq.heapify(h)"]
        for _ in range(6):
            push = f"    heapq.heappush(h, {rng.randint(0, 9)})"
            other = rng.choice(["heappushpop", "heapreplace"])
            lines += [
                rng.choice([push, push, f"    x = heapq.{other}(h, {rng.randint(0, 9)})", "    x = heapq.heappop(h)"])
            ]
        trace = record_source(f"{MODULES}def f(s, n):\n" + "\n".join([*lines, "    return h\n"]), "f('', 7)")
        found = [line for line in unknown(trace) if "EXCEPTION" not in line]
        assert found == [], lines


def forms() -> Iterator[str]:
    """Values in forms of all kinds."""
    rng = random.Random(3)
    for _ in range(400):
        value = rng.choice(
            [
                rng.randint(-3000, 3000),
                rng.randint(0, 10**7),
                round(rng.uniform(-2000, 2000), rng.randint(0, 4)),
                "ab",
                "héllo",
            ]
        )
        form = (
            rng.choice(["", "<", "^", ">", "*^"])
            + rng.choice(["", "+", " "])
            + rng.choice(["", "0"])
            + rng.choice(["", "5", "12"])
        )
        form += rng.choice(["", ","]) + rng.choice(["", ".2", ".0"]) + rng.choice(["", "d", "f", "s", "%", "x", "b"])
        percent = (
            "%" + rng.choice(["", "-", "+", "0"]) + rng.choice(["", "6"]) + rng.choice(["", ".1"]) + rng.choice("sdrif")
        )
        yield f"format({value!r}, {form!r})"
        yield f"{'a{:' + form + '}b'!r}.format({value!r})"
        yield f"{percent + '|%s%%'!r} % ({value!r}, 3)"


def test_forms_are_as_in_python() -> None:
    stepwise, told = Stepwise(TRUE, follows=False), 0
    for operation in forms():
        try:
            true = repr(eval(operation))
        except (ValueError, TypeError):
            continue
        told += 1
        assert stepwise.value(operation) == true, operation
    assert told > 300


@pytest.mark.parametrize(
    "operation",
    [
        "dict(e=1, d=[2])",
        "3 + True",
        "True * 2.5",
        "True + True",
        "str.replace('aab', 'a', 'x')",
        "list.count([1, 1], 1)",
        "list(filter(str.isalpha, 'a1b'))",
        "'aphid'.maketrans('i', '?')",
        "type('a') is list",
        "type(5) == int",
        "'t' == '\\t'",
        "'n' != '\\n'",
    ],
)
def test_what_has_steps_is_as_in_python(operation: str) -> None:
    asked: list[str] = []

    def value(text: str) -> str | None:
        asked.append(text)
        return TRUE.value(text)

    stepwise = Stepwise(Answers(value, TRUE.change, TRUE.holds), follows=False)
    assert stepwise.value(operation) == repr(eval(operation))
    assert operation not in asked


def test_of_what_has_no_steps_nothing_is_told() -> None:
    """The square root of no square, which no network is asked for by this name."""
    source = "import math\ndef f(n):\n    if 2 < math.sqrt(n):\n        return math.sqrt(n)\n    return 0\n"
    asked: list[str] = []

    def holds(test: str) -> bool:
        asked.append(test)
        return False

    stepwise = Stepwise(Answers(TRUE.value, TRUE.change, holds), follows=False)
    for notes, step in walked(record_source(source, "f(7)")):
        outlook = stepwise.outlook(notes.at_work)
        assert outlook is None or outlook.returned != "0", step
    assert not [test for test in asked if "sqrt" in test]


def test_what_has_no_length_raises() -> None:
    trace = record_source(
        "def f(n):\n    try:\n        return len(n)\n    except TypeError as e:\n        return str(e)\n", "f(3)"
    )
    raised = [outlook for outlook, step in checked(trace) if step.event is Event.EXCEPTION]
    assert [outlook and outlook.returned for outlook in raised] == ['TypeError("object of type \'int\' has no len()")']


def test_nothing_is_asked_but_facts() -> None:
    """As tests of numbers do: digits, and whether characters are the same."""
    asked: list[str] = []

    def value(operation: str) -> str | None:
        asked.append(operation)
        return TRUE.value(operation)

    def holds(test: str) -> bool:
        asked.append(test)
        return TRUE.holds(test)

    stepwise = Stepwise(Answers(value, TRUE.change, holds), follows=False)
    for operation in (
        "math_gcd(84, 36)",
        "math_comb(6, 3)",
        "math_isqrt(1000)",
        "Counter('abcab')",
        "~12",
        "-13 & 6",
        "int('ff', 16)",
        "'%05d|%-4s' % (42, 'x')",
        "format(1234567, ',')",
        "[*[1, 2], 3]",
    ):
        assert stepwise.value(operation) is not None
    fact = re.compile(r"\d{1,2} (?:[-+*<]|==) \d{1,2}|ord\('.'\)")
    assert [each for each in asked if not fact.fullmatch(each)] == []


GENERATORS = [
    ("    for x in g(s):\n        n += x\n    return n", "def g(s):\n    for c in s:\n        yield len(c)\n"),
    (
        "    for i in range(2):\n        for x in g(i):\n            n += x\n    return n",
        "def g(k):\n    yield k\n    while k < 2:\n        k += 1\n        yield k\n",
    ),
    ("    x = list(g(n))\n    return sum(g(n)), x", "def g(k):\n    for i in range(k - 5):\n        yield i * 2\n"),
    (
        "    for a, b in g(s):\n        if a == 'b':\n            n += b\n    return a, b",
        "def g(s):\n    for i, c in enumerate(s):\n        yield c, i\n",
    ),
    ("    for x in g(0):\n        n += 1\n    return n", "def g(k):\n    if k:\n        yield k\n"),
]


@pytest.mark.parametrize(("body", "generator"), GENERATORS)
def test_what_generators_give_is_known(body: str, generator: str) -> None:
    trace = record_source(f"{generator}def f(s, n):\n{body}\n", "f('abc', 7)")
    assert unknown(trace) == []
    calls = [outlook for outlook, step in outlooks(trace) if step.event is Event.CALL][2:]
    assert calls and all(outlook is not None and outlook.handed for outlook in calls)


def test_a_generator_that_is_handed_on_is_followed_once_it_has_begun() -> None:
    source = (
        "def g(s):\n    for c in s:\n        yield c\ndef h(items):\n    for x in items:\n"
        "        y = x\n    return y\ndef f(s):\n    return h(g(s))\n"
    )
    assert unknown(record_source(source, "f('ab')")) == []


IMPORTS = "import heapq, math as m\nfrom math import gcd, pi\nimport collections, string\nfrom heapq import heappush\nimport os\n"


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("x = gcd(a, m.gcd(b, c)) + pi", "x = math_gcd(a, math_gcd(b, c)) + 3.141592653589793"),
        ("heapq.heappush(q, (1, a))", "q.heappush((1, a))"),
        ("heappush(self.items[0], x)", "self.items[0].heappush(x)"),
        ("while heapq.heappop(q) > 2:", "while q.heappop() > 2:"),
        ("q = collections.deque([1])", "q = deque([1])"),
        ("self.gcd(2)", "self.gcd(2)"),
        ("heapq.heappush(f(x), 1)", "heapq.heappush(f(x), 1)"),
        ("os.path.join(a, string.nothing)", "os.path.join(a, string.nothing)"),
        ("x = 'gcd(1, 2)'", "x = 'gcd(1, 2)'"),
    ],
)
def test_names_of_modules_are_spelled_in_one_way(line: str, made: str) -> None:
    assert spelled(line, imported_by(IMPORTS)) == made


def test_what_a_program_binds_itself_is_not_of_a_module() -> None:
    for source in (
        "from math import gcd\ndef gcd(a, b):\n    return 5\n",
        "from math import gcd\ndef f(gcd):\n    return gcd(4, 6)\n",
    ):
        assert spelled("x = gcd(4, 6)", imported_by(source)) == "x = gcd(4, 6)"


def test_containers_are_spelled_as_python_reads_them() -> None:
    for shown in (
        "defaultdict(<class 'list'>, {'a': [1]})",
        "defaultdict(<class 'int'>, {})",
        "deque([1])",
        "Counter({'a': 1})",
        "[1]",
    ):
        assert "<" not in plain(shown) and as_in_frames(plain(shown)) == shown


MATCHES = """1
2 | 3
0 | 4 as x
int() | float()
(0, y)
[a, b]
[a, 1, *rest]
[*_, 3]
str()
None
True
-1
'ab'
[]
[[1, x], 'a' | 'b']
{'k': 2}""".splitlines()
VALUES = ["1", "2.0", "-1", "'ab'", "(0, 5)", "[7, 1, 3]", "[]", "None", "True", "[[1, 2], 'b']", "{'k': 2}", "'b'"]


def test_the_way_of_a_match_is_known() -> None:
    rng, known = random.Random(7), 0
    for _ in range(60):
        cases = [f"        case {pattern}:\n            n += 1\n" for pattern in rng.sample(MATCHES, 4)]
        subject = rng.choice(["s", "s", "(s)"])
        source = (
            f"def f(s, n):\n    match {subject}:\n{''.join(cases)}        case _:\n            n = 0\n    return n\n"
        )
        for outlook, step in checked(record_source(source, f"f({rng.choice(VALUES)}, 7)")):
            known += outlook is not None and outlook.way is not None and step.event is Event.LINE
    assert known > 120
