"""Classes made from Python's own values and containers, with each special method: all that a program then does is foretold."""

from __future__ import annotations

from textwrap import indent

import pytest

from cwm_trace.models.machine import code
from cwm_trace.models.machine.following import Following
from cwm_trace.tracer.run import run_source
from tests.test_models_machine import is_settled

pytestmark = pytest.mark.skipif(not code.is_supported(), reason="this Python's bytecode is not followed")

KINDS = {  # what an object is made of, and another value of that kind
    **{"list": ("[3, 1, 2]", "[9]"), "dict": ("{'a': 1, 'b': 2}", "{'c': 3}"), "set": ("[1, 2]", "{9}")},
    **{"frozenset": ("[1, 2]", "{9}"), "tuple": ("(1, 2)", "(9,)"), "str": ("'ab'", "'z'"), "bytes": ("b'ab'", "b'z'")},
    **{"int": ("5", "3"), "float": ("2.5", "1.5"), "deque": ("[1, 2]", "[9]"), "UserList": ("[1, 2]", "[9]")},
    **{
        "OrderedDict": ("{'a': 1}", "{'b': 2}"),
        "defaultdict": ("int, {'a': 1}", "{'b': 2}"),
        "Counter": ("'aab'", "{}"),
    },
    **{"UserDict": ("{'a': 1}", "{'b': 2}"), "UserString": ("'ab'", "'z'")},
}
NUMBERS = ("int", "float")
SETS = ("set", "frozenset")
LAID_OUT = ("tuple", "int", "bytes", "str", "frozenset", "float")

CASES = {  # the body of the class, what is done, and the kinds for which that is something else
    "texts": (
        "def __str__(self):\n    return 'S'\ndef __repr__(self):\n    return 'R'",
        "str(k), repr(k), f'{k}', f'{k!r}', '%s %r' % (str(k), k), [k], '{}'.format(k)",
        (),
    ),
    "only a text": ("def __str__(self):\n    return 'S'", "str(k), f'{k}', '{!s}'.format(k), '%s' % (k,), repr(k)", ()),
    "equal": (
        "def __eq__(self, other):\n    return isinstance(other, type(self))\ndef __hash__(self):\n    return 3",
        "k == j, k != j, k == 0, hash(k), len({k, j}), {k: 1}.get(j)",
        (),
    ),
    "a hash": ("def __hash__(self):\n    return 5", "hash(k), len({k, j}), {k: 1}.get(k)", ()),
    "less": ("def __lt__(self, other):\n    return True", "k < j, sorted([k, j])[0] is k", ()),
    "less by its other side": ("def __lt__(self, other):\n    return True", "k > j", ("Counter",)),
    "truth": ("def __bool__(self):\n    return False", "bool(k), not k, 1 if k else 2, any([k])", ("Counter",)),
    "length": ("def __len__(self):\n    return 7 + super().__len__()", "len(k), bool(k), list(k)[:1]", NUMBERS),
    "items": (
        "def __iter__(self):\n    return iter((4, 5))",
        "list(k), tuple(k), [x for x in k], sum(k), sorted(k), {*k}",
        NUMBERS,
    ),
    "next": (
        "left = 2\ndef __iter__(self):\n    return self\n"
        "def __next__(self):\n    if not type(self).left:\n        raise StopIteration\n"
        "    type(self).left -= 1\n    return type(self).left",
        "next(k), list(k), next(k, 'none')",
        (*SETS, "deque", *NUMBERS),
    ),
    "contains": ("def __contains__(self, x):\n    return x == 'q'", "'q' in k, 1 in k", ()),
    "item": ("def __getitem__(self, place):\n    return ('item', place)", "k[0], k['zz']", ()),
    "backwards": ("def __reversed__(self):\n    return iter([5, 6])", "list(reversed(k))", ()),
    "call": ("def __call__(self, x=1):\n    return x", "k(), k(3), callable(k), list(map(k, [2]))", ()),
    "with": (
        "def __enter__(self):\n    return 'in'\ndef __exit__(self, *told):\n    return False\n"
        "def run(self):\n    with self as inner:\n        return inner",
        "k.run()",
        (),
    ),
    "arithmetic": (
        "def __add__(self, other):\n    return 'add'\ndef __radd__(self, other):\n    return 'radd'\ndef __mul__(self, n):\n"
        "    return 'mul'\ndef __neg__(self):\n    return 'neg'\ndef __abs__(self):\n    return 'abs'\n"
        "def __matmul__(self, n):\n    return 'mm'",
        "k + o, o + k, k * 2, -k, abs(k), k @ 1",
        (),
    ),
    "in place": (
        "def __iadd__(self, x):\n    return 'ia'\ndef go(self):\n    me = self\n    me += 1\n    return me",
        "k.go()",
        (),
    ),
    "union in place": (
        "def __or__(self, other):\n    return 'or'\ndef go(self, other):\n    me = self\n    me |= other\n    return me is self, me",
        "k.go(o), k | o",
        ("list", "tuple", "str", "bytes", *NUMBERS, "deque", "UserList", "UserString"),
    ),
    "numbers": (
        "def __index__(self):\n    return 1\ndef __int__(self):\n    return 9\ndef __float__(self):\n    return 2.5",
        "[5, 6, 7, 8, 9, 0][k], int(k), float(k)",
        ("UserString",),
    ),
    "attributes": (
        "tag = 'T'\ndef __getattr__(self, name):\n    if name[0] == '_' or name == 'data':\n        raise AttributeError(name)\n"
        "    return name.upper()",
        "k.tag, k.foo, hasattr(k, '_bar')",
        (),
    ),
    "all attributes": (
        "def __getattribute__(self, name):\n    return 4 if name == 'zz' else super().__getattribute__(name)",
        "k.zz, k.__class__.__name__",
        ("Counter",),
    ),
    "set": (
        "def __setattr__(self, name, value):\n    super().__setattr__(name, value)\n    super().__setattr__('seen', name)\n"
        "def __delattr__(self, name):\n    super().__setattr__('gone', name)\ndef go(self):\n    self.x = 4\n    del self.x\n"
        "    return self.x, self.seen, self.gone",
        "k.go()",
        (),
    ),
    "property": (
        "@property\ndef p(self):\n    return self._p\n@p.setter\ndef p(self, v):\n    self._p = v\n@p.deleter\ndef p(self):\n    del self._p\n"
        "def go(self):\n    self.p = 3\n    a = self.p\n    del self.p\n    return a, hasattr(self, '_p')",
        "k.go()",
        (),
    ),
    "new": (
        "def __new__(cls, *given):\n    self = super().__new__(cls, *given)\n    self.tag = len(given)\n    return self",
        "k.tag, type(k).__name__, k",
        ("UserDict", "UserList", "UserString"),
    ),
    "init": (
        "def __init__(self, *given):\n    super().__init__(*given)\n    self.n = len(given)",
        "k.n, k",
        LAID_OUT,
    ),
    "slots": ("__slots__ = ()", "hasattr(k, '__dict__'), type(k).__slots__", ()),
    "copies": (
        "def __copy__(self):\n    return 'copy'",
        "copy(k), copy([k])",
        (),
    ),
    "names": (
        "def __dir__(self):\n    return ['b', 'a']\ndef __format__(self, how):\n    return how",
        "dir(k), f'{k:x}', format(k)",
        (),
    ),
    "del": ("def __del__(self):\n    pass", "type(k).__base__.__name__", ()),
}


def program(case: str) -> str:
    """Of one case: a class of each kind, and what is done with its objects."""
    body, done, others = CASES[case]
    text = "from collections import Counter, OrderedDict, UserDict, UserList, UserString, defaultdict, deque\nfrom copy import copy\n"
    kinds = [kind for kind in KINDS if kind not in others]
    for kind in kinds:
        made, other = KINDS[kind]
        text += f"class {kind}_({kind}):\n{indent(body, '    ')}\n"
        text += (
            f"def of_{kind}():\n    k, j, o = {kind}_({made}), {kind}_({made}), {other}\n    try:\n        r = {done}\n"
        )
        text += "    except Exception as problem:\n        r = repr(problem)\n    return r\n"
    return text + f"def demo():\n    return [{', '.join(f'of_{kind}()' for kind in kinds)}]\n"


@pytest.mark.parametrize("case", CASES)
def test_special_methods_of_classes_made_from_others_are_asked(
    case: str, monkeypatch: pytest.MonkeyPatch, own_hashes: None
) -> None:
    monkeypatch.setattr(Following, "is_strict", True)
    trace = run_source(program(case), "demo()")
    assert trace.complete and is_settled(trace)
