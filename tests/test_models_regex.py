"""Regular expressions by steps: where they fit is where Python's own `re` finds them, and what its functions give is what they give."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_trace.models.containers import as_in_frames, plain
from cwm_trace.models.items import Steps
from cwm_trace.models.modules import imported_by, spelled
from cwm_trace.models.regex import Unknown, fits_in, read_pattern
from cwm_trace.models.stepwise import Stepwise
from cwm_trace.tracer.inprocess import record_source
from tests.benchmarks.outlooks import known
from tests.test_models_operations import evaluated
from tests.test_models_outlook import TRUE

STEPS = Steps(evaluated, lambda test: evaluated(test) == "True")
LETTERS = "aabBc_1 \néÉſ\N{KELVIN SIGN}k\x1c"
_ATOMS = [
    "a",
    "b",
    ".",
    "[ab]",
    "[^a]",
    "[a-c]",
    "[1-b]",
    "[0-9]",
    r"\d",
    r"\w",
    r"\s",
    r"\W",
    r"\b",
    "^",
    "$",
    "(a)",
    "(?:b|ab)",
    "(a|b|)",
    "(?i:B)",
    "(?s:.)",
    "(?i-s:A.)",
    r"(?a:\w)",
    "(?ai:[a-c])",
    "É",
    "[é-ü]",
    "(?i:ſ|K)",  # a long s, and the sign of Kelvin, which have s and k as small ones
    "(?:(?P<n>a)|b)(?(n)b|a)",
]
_TIMES = ["", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{,2}?", "++", "?+", "*+"]
_PARTS = st.tuples(st.sampled_from(_ATOMS), st.sampled_from(_TIMES)).map("".join)
_SIMPLE = st.lists(_PARTS, max_size=4).map("".join)
PATTERNS = st.one_of(
    _SIMPLE,
    st.tuples(_SIMPLE, st.sampled_from(["*", "+", "?", "{2}", "+?"]), _SIMPLE).map(
        lambda each: "({}){}{}".format(*each)
    ),
    st.tuples(_SIMPLE, _SIMPLE).map("|".join),
    st.tuples(_SIMPLE, st.sampled_from(["(?=a)", "(?!b)", "(?<=a)", "(?<!b)"]), _SIMPLE).map("".join),
    _SIMPLE.map("([ab]){}\\1".format),
)
FLAGS = st.sampled_from([0, 0, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.IGNORECASE | re.MULTILINE, re.ASCII])


def is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:  # as of `^*`
        return False
    return True


@given(PATTERNS.filter(is_pattern), st.text(LETTERS, max_size=8), FLAGS)
def test_a_pattern_fits_where_python_finds_it(text: str, within: str, flags: int) -> None:
    pattern = read_pattern(text, int(flags))
    assert pattern is not None
    numbers = range(1, pattern.groups + 1)

    fits = list(fits_in(pattern, list(map(repr, within)), STEPS))
    found = [(fit.start, fit.end, [fit.groups.get(number, (-1, -1)) for number in numbers]) for fit in fits]

    true = [(*each.span(), [each.span(number) for number in numbers]) for each in re.finditer(text, within, flags)]
    assert found == true


def test_a_text_that_is_too_long_is_not_read() -> None:
    pattern = read_pattern("a+b")
    assert pattern is not None
    with pytest.raises(Unknown):
        list(fits_in(pattern, ["'a'"] * 100_000, STEPS))


def test_what_is_no_pattern_is_none() -> None:
    assert read_pattern("(") is None and read_pattern("(?L)x") is None and read_pattern(r"\d", re.LOCALE) is None


FUNCTIONS = [
    r"re.findall(r'\d+', 'a12b3')",
    r"re.findall(r'(\w)(\d)?', 'a1b')",
    r"re.findall('x*', 'axb')",
    r"re.findall('b', 'aBb', re.I)",
    r"re.sub(r'(\w+) (\w+)', r'\2 \g<1>', 'ab cd ef')",
    r"re.sub('[aeiou]', '', 'banana', 2)",
    r"re.sub('a', '-', 'banana', count=1)",
    r"re.sub(r'(?<!^)(?=[A-Z])', '_', 'aBcD')",
    r"re.split(r'\s*[,;]\s*', 'a, b;c')",
    r"re.split('(-)', 'a-b-c', 1)",
    r"re.split('x*', 'axb')",
    r"re.match('a', 'ba')",
    r"re.search('a+', 'baab').span()",
    r"re.match(r'(?P<y>\d+)-(\d)?', '20-').groupdict()",
    r"re.match(r'(?P<y>\d+)-(\d)?', '20-').groups()",
    r"re.match(r'(?P<y>\d+)-(\d)?', '20-')['y']",
    r"re.match(r'(\d)(\d)', '20').group(2, 1)",
    r"re.fullmatch('a|ab', 'ab').group()",
    r"re.fullmatch('a', 'ab') is None",
    r"bool(re.search('B', 'ab', flags=re.IGNORECASE))",
    r"[*re.finditer('a', 'b')]",
    r"re.compile('b+').sub('*', 'abba')",
    r"re.compile('B', re.I).findall('abB')",
    r"re.findall(rb'\w', b'a\xe9 _1')",
    r"re.findall(rb'(\w)(\d)?', b'a1b')",
    r"re.sub(rb'(\w+) (\w+)', rb'\2 \g<1>', b'ab cd ef')",
    r"re.sub(b'[aeiou]', b'', b'banana', 2)",
    r"re.split(b'(-)', b'a-b-c', 1)",
    r"re.search(b'a+', b'baab').span()",
    r"re.match(rb'(?P<y>\d+)-(\d)?', b'20-').groupdict()",
    r"re.match(rb'(?P<y>\d+)-(\d)?', b'20-').groups()",
    r"re.match(rb'(\d)(\d)', b'20').group(2, 1)",
    r"re.match(rb'\W', b'\xe9', re.I).group()",
    r"re.fullmatch(b'a', b'ab') is None",
    r"[*re.finditer(b'a', b'b')]",
    r"re.compile(b'B', re.I).findall(b'abB')",
]


@pytest.mark.parametrize("operation", FUNCTIONS)
def test_functions_give_what_python_does(operation: str) -> None:
    stepwise = Stepwise(TRUE, follows=False)
    line = spelled(f"r = {operation}", imported_by("import re\n"))
    told = evaluated_by_steps(stepwise, line)
    assert told == repr(eval(operation, {"re": re}))


def evaluated_by_steps(stepwise: Stepwise, line: str) -> str:
    from cwm_trace.models.operations import worked

    return worked(line, stepwise.value).removeprefix("r = ")


SHOWN = [
    "re.compile('a')",
    "re.compile(\"'\", re.IGNORECASE|re.DOTALL)",
    "<re.Match object; span=(0, 2), match='>\\''>",
]


@pytest.mark.parametrize("value", [*SHOWN, f"[{', '.join(SHOWN[:2])}, 're.compile(1)', {{'a': {SHOWN[2]}}}]"])
def test_matches_and_patterns_are_written_as_calls_and_back(value: str) -> None:
    assert plain(value) != value and as_in_frames(plain(value)) == value


def test_a_long_match_is_cut_as_python_cuts_it() -> None:
    found = re.match("a*", "a" * 80)
    assert as_in_frames(f"re_Match(0, 80, {'a' * 80!r})") == repr(found)
    assert plain(repr(found)) == repr(found), "what is cut off is not known"


PROGRAMS: Sequence[tuple[str, str]] = [
    ("m = re.search(r'(\\w+)@(\\w+)', s)\n    if m:\n        u = m.group(1)\n        return u, m.groups()\n    return None", "'x ab@cd'"),
    ("out = []\n    for m in re.finditer(r'(\\w)(\\d)', s):\n        a = m.start()\n        out.append(m.group(2))\n    return out", "'a1 b2'"),
    ("p = re.compile('b+')\n    q = p.split(s)\n    for m in p.finditer(s):\n        q.append(m.group())\n    return q", "'abba b'"),
    ("m = re.match('a', s)\n    return m.group()", "'b'"),
    ("return [int(x) for x in WORD.findall(s) if x != '7']", "'a1 77b7'"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "given"), PROGRAMS)
def test_frames_of_programs_that_search_are_known(body: str, given: str) -> None:
    source = f"import re\nWORD = re.compile(r'\\d+')\ndef f(s):\n    {body}\n"
    told = known(record_source(source, f"f({given})"))
    assert all(told.frames) and not told.wrong and len(told.frames) > 1
