"""Programs in which code runs, or variables change, where one may not expect it: what is left out must be what cannot have changed.

The reference renders every local at every event. It knows nothing of settrace: that both have the same events is shown elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cwm_trace.tracer import fast, record_source
from cwm_trace.tracer.flow import ANYTHING, Flow
from cwm_trace.tracer.instrument import Site
from cwm_trace.tracer.record import Recorder
from cwm_trace.tracer.renderings import Renderings
from cwm_trace.train.programs import generate

PROGRAMS: dict[str, str] = {
    "alias": """\
def f():
    a = [1]
    b = a
    b.append(2)
    b += [3]
    del a[0]
    return a
""",
    "callee": """\
def g(x):
    x.append(1)
    x[0] = True
def f():
    a = [1]
    b = {'k': a}
    g(a)
    g(b['k'])
    return b
""",
    "repr with state": """\
class A:
    n = 0
    def __repr__(self):
        A.n += 1
        return f'A{A.n}'
def f():
    a = A()
    b = [a]
    c = 1
    return c
""",
    "closure": """\
def f():
    a = [1]
    n = 0
    def g():
        nonlocal n
        n += 1
        a.append(n)
    g()
    g()
    return a, n
""",
    "closure over a number": """\
def f():
    n = 0
    def g():
        nonlocal n
        n += 1
        return n
    m = 1
    m = g() + m
    m = n + n
    return m
""",
    "generator": """\
def g(a):
    for x in a:
        yield x
def f():
    a = [1, 2]
    i = g(a)
    next(i)
    a.append(3)
    next(i)
    return list(i)
""",
    "exception": """\
def g(a):
    a.append(1)
    raise ValueError(a)
def f():
    a = [0]
    try:
        g(a)
    except ValueError as e:
        a.append(e.args[0][0])
    return a
""",
    "views": """\
def f():
    d = {1: 2}
    k, v = d.keys(), d.values()
    d[3] = 4
    x = (d, [d])
    d[1] = True
    return x
""",
    "cycle": """\
def f():
    a = [1]
    a.append(2)
    a.append(a)
    a.append(3)
    a.pop(2)
    return a
""",
    "operators that change others": """\
class A:
    def __init__(self, kept):
        self.kept = kept
    def __mul__(self, other):
        self.kept.append(other)
        return 1
    __getitem__ = __contains__ = __rsub__ = __lt__ = __format__ = __mul__
    def __neg__(self):
        self.kept.clear()
        return 2
    def __bool__(self):
        self.kept.append(0)
        return True
def f():
    a = [1]
    b = A(a)
    n = 3
    n = b * n
    n = b[n]
    n = 1 - b
    n = b < 1
    if b:
        n = -b
    while n in b and n < 3:
        n += 1
    return a
""",
    "operand from another line": """\
class A:
    def __add__(self, other):
        self.kept.append(other)
        return 1
def f():
    a = [1]
    b = A()
    b.kept = a
    n = (b
         + 2
         +
         3)
    n = [b, [
        4]][0] + 5
    return a
""",
    "shadowed builtins": """\
kept = []
def len(x):
    kept.append(x)
    return 1
def f():
    a = kept
    n = len('ab')
    n = n + 1
    n = abs(n)
    globals()['abs'] = len
    n = abs(3)
    n = 0
    return a
""",
    "loops over other code": """\
class It:
    def __init__(self, kept):
        self.kept = kept
    def __iter__(self):
        return self
    def __next__(self):
        self.kept.append(len(self.kept))
        if len(self.kept) % 5 == 4:
            raise StopIteration
        return 1
class Pair:
    def __init__(self, kept):
        self.kept = kept
    def __iter__(self):
        self.kept.append('pair')
        return iter((1, 2))
def f():
    a = []
    for x in It(a):
        n = x
    for i, x in enumerate(It(a)):
        n = i
    for x, y in zip([1, 2], It(a)):
        n = y
    for x, y in [Pair(a), Pair(a)]:
        n = x
    for i, (x, y) in enumerate([Pair(a)]):
        n = x
    it = It(a)
    for x in it:
        it = [1]
        n = x
    for x in [1, [2], Pair(a)]:
        y = x
        n = y == 1
    return a
""",
    "plain loops": """\
def f():
    a = [3, 1]
    d = {'x': 1, 'y': [2]}
    t = 0
    for i in range(3):
        t += i
        a.append(t)
    for k, v in d.items():
        t = len(d)
        d[k] = t
    for i, (k, v) in enumerate(zip('ab', a)):
        a[i] = k.upper()
        t = a[i] + k
        x = y = a[:1]
        y += [4]
    for x in a:
        if x in a and x != 4:
            continue
        break
    else:
        t = 9
    return a, d, x
""",
    "finalisers": """\
kept = []
class A:
    def __init__(self, n):
        self.n = n
    def __del__(self):
        kept.append(self.n)
def f():
    a = kept
    x = A(1)
    x = 2
    x = [A(3)]
    x = 4
    for x in [A(5), 6]:
        y = 7
    A(8)
    x, y = A(9), 1
    y = 2
    x = y
    return a
""",
    "bindings that come and go": """\
def f(n=2, *rest, k=1, **more):
    for i in range(n):
        try:
            if i:
                x = [i]
                raise ValueError(i)
            y = i
        except ValueError as e:
            z = 1
        finally:
            w = i
    del y
    try:
        y
    except NameError as e:
        pass
    with open('/dev/null') as file:
        q = 1
        q, r = 2, q
        del q
        r += 1
    if (m := n) > 1:
        p, *o = m, n
    match [n, p]:
        case [u, v] if u == 5:
            pass
        case [u, 2]:
            s = u
    x = None
    return [j for j in x or ()]
""",
    "in place": """\
def f():
    a = b = [1]
    c = d = (1,)
    n = 1
    a += [2]
    n += a[0]
    c += (2,)
    b = b + [3]
    a *= 2
    n = n if a else 0
    s = f'{n:>3}{a[0]!r}'
    return a, b, c, d, s
""",
    "an object shown by its address": """\
class A:
    pass
class B(A):
    def __repr__(self):
        return f'B{len(vars(self))}'
def f():
    a = A()
    x = 1
    y = x + 1
    a.__class__ = B
    y = 3
    a.z = y
    y = 4
    return y
""",
    "exceptions in the middle": """\
def g(a, n):
    try:
        a.append(n)
        m = n // 0
    except ZeroDivisionError:
        n = 5
        k = n
        return k
    finally:
        n = 6
        a.pop()
def f():
    a = []
    n = g(a, 1)
    try:
        n = int('x')
    except ValueError:
        n = 2
    return n
""",
    "nested generators": """\
def g(a):
    n = 0
    while n < 2:
        n += 1
        a.append(n)
        got = yield n
        n = n + (got or 0)
    return n
def h(a):
    x = yield from g(a)
    y = x
    yield y
def f():
    a = []
    i = h(a)
    n = next(i)
    n = i.send(0)
    n = 1
    m = [*i]
    k = sum(j for j in a)
    return n, m, k
""",
}


def _look_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known beforehand, and nothing remembered: each event renders every local."""
    update = Renderings.update

    def forgetful(self: Renderings, local: Mapping[str, object]) -> dict[str, str | None]:
        self.seen.clear()
        self._dumped = self._shapes = None
        return update(self, local)

    monkeypatch.setattr(fast, "module", None)  # what is in C looks for no method here
    monkeypatch.setattr(Flow, "effects", lambda self, arrivals: ANYTHING)
    monkeypatch.setattr(Renderings, "update", forgetful)


def _untraced(source: str) -> str:
    """The program with all but its f in code that is not instrumented, so that nothing tells us that it has run."""
    head, f = source.split("def f(")
    return f"exec({head!r})\ndef f({f}"


@pytest.mark.parametrize("change", [str, _untraced])
@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_programs_as_if_all_were_rendered(
    source: str, change: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = record_source(change(source), "f()").render()
    _look_at_all(monkeypatch)
    assert record_source(change(source), "f()").render() == ours


@pytest.mark.parametrize("block", range(4))
def test_generated_programs_as_if_all_were_rendered(block: int) -> None:
    programs = [generate(seed, 1) for seed in range(9_100_000 + 40 * block, 9_100_000 + 40 * block + 40)]
    calls = [(program.source, call) for program in programs for call in program.calls]
    ours = [record_source(*item, max_frames=300).render() for item in calls]
    with pytest.MonkeyPatch.context() as patch:
        _look_at_all(patch)
        theirs = [record_source(*item, max_frames=300).render() for item in calls]
    assert len(calls) > 20
    assert ours == theirs


def test_what_is_known_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pure line looks at nothing: only the call, the line behind append and the return of the list do."""
    monkeypatch.setattr(fast, "module", None)
    looks: list[int] = []
    for name in ("_look", "_look_again"):
        method = getattr(Recorder, name)

        def counted(self: Recorder, site: Site, *rest: Any, method: Any = method) -> None:
            looks.append(site.line)
            method(self, site, *rest)

        monkeypatch.setattr(Recorder, name, counted)
    record_source("def f(a):\n    n = a[0]\n    m = len(a) + n\n    a.append(m)\n    m = n\n    return m\n", "f([1])")
    assert [line - 2 for line in looks if line < 8] == [0, 4]


def test_threads_and_finalisers_are_not_the_frames_own() -> None:
    """A frame of another thread, and one entered while a value is rendered, report nothing."""
    threading.Thread(target=int).start()  # where there are none, this says so, and not the program that is recorded
    source = (
        "import threading\nclass A:\n    def __repr__(self):\n        x = g()\n        return str(x)\ndef g():\n    y = 1\n    return y\n"
        "def f():\n    a = A()\n    t = threading.Thread(target=g)\n    t.start()\n    t.join()\n    n = g()\n    return n\n"
    )
    trace = record_source(source, "f()")
    assert sum(step.source == "def g():\n" for step in trace.frames) == 1
    assert trace.returned == "1"
