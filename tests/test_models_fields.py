"""f-strings: taken apart they give what Python gives, and frames are as is known of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_trace.frames import Event
from cwm_trace.models.fields import SHOWN, TEXT, spelled_out
from cwm_trace.models.operations import worked
from cwm_trace.tracer.inprocess import record_source
from tests.test_models_operations import evaluated
from tests.test_models_outlook import check, outlooks

FIELDS = st.sampled_from(
    [
        "{1}",
        "{'b'}",
        "{2.5:.1f}",
        "{'c'!r}",
        "{'d'!r:>6}",
        "{7:03d}",
        "{[1, 'x']}",
        "{1 + 2}",
        "{3=}",
        "{'é'!a}",
        "{-4:+}",
    ]
)
TEXTS = st.text(st.sampled_from("aé: !%"), max_size=4)


@given(st.lists(st.one_of(FIELDS, TEXTS, st.sampled_from(["{{", "}}"])), max_size=5))
def test_what_is_taken_apart_gives_the_same(parts: list[str]) -> None:
    line = f'f"""{"".join(parts)}"""'
    apart = spelled_out(f"x = {line} + 'z'")
    assert TEXT in apart
    assert worked(apart, evaluated) == f"x = {eval(line) + 'z'!r}"


@pytest.mark.parametrize(
    ("line", "apart"),
    [
        ("x = f'{a}é{b}'", f"x = {TEXT}({SHOWN}(a), 'é', {SHOWN}(b))"),
        ("é = f'{a}', f'{b}'", f"é = {TEXT}({SHOWN}(a)), {TEXT}({SHOWN}(b))"),
        ("if f'{a!s}' == 'b':", f"if {TEXT}(str(a)) == 'b':"),
        ("elif f'{a}':", f"elif {TEXT}({SHOWN}(a)):"),
        ("x = f'''{f'{a}'}'''", f"x = {TEXT}({SHOWN}({TEXT}({SHOWN}(a))))"),
        ("x = f'{a:>{b}}'", "x = f'{a:>{b}}'"),
        ("x = f'{a'", "x = f'{a'"),
        ("x = 'f{a}'", "x = 'f{a}'"),
        ("x = 'a' f'{b}' 'c'", f"x = {TEXT}('a', {SHOWN}(b), 'c')"),
    ],
)
def test_how_it_is_taken_apart(line: str, apart: str) -> None:
    assert spelled_out(line) == apart


SHORT = """
def told(x):
    return f"<{x}>"

def f(name, n, d):
    text = f"{name}: {n + 1:03d} {told(n)} {d}"
    if f"{n}" == "5":
        text += f"{n:>4}"
    many = [f"{key}={value!r}" for key, value in d.items()]
    best, most = max(d, key=d.get), sorted(["b", "A"], key=str.lower)
    least = min(["aa", "b"], key="aab".count)
    d[f"k{n}"] = n
    if n > 2: n -= 1
    if n > 100: return text
    elif n < 2: return 5
    else: n += 7
    for c in name:
        if c == "o": continue
        if n > 12 and c == "c": break
        n += 1
    while True:
        if n < 10: break
        elif n: n -= 5
    if not n: raise ValueError(f"{n}")
    many.sort(key=len)
    if n: return f"{text} {many} {best} {most} {least} {d}"
    if n > 5: pass
"""


def test_lines_of_one_statement_and_more_are_as_frames_show() -> None:
    left = 0
    for outlook, step in outlooks(record_source(SHORT, "f('bobcab', 5, {'a': 1, 'b': 2.5})")):
        if outlook is not None:
            check(outlook, step)
        elif step.event is Event.RETURN or (step.event is Event.LINE and step.unchanged < step.locals.keys()):
            left += 1
    assert left <= 3
