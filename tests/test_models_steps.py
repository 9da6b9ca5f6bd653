"""Steps: what is done item by item gives what Python gives, and asks for less than the whole."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_trace.models.changes import change_of
from cwm_trace.models.items import Raises, Steps
from cwm_trace.models.steps import way_of
from cwm_trace.models.stepwise import Stepwise
from cwm_trace.train.programs import broad_writer
from cwm_trace.train.scales import TEMPLATES, sized
from tests.embedded import embedded
from tests.test_models_operations import Telling, changed, evaluated
from tests.test_models_outlook import TRUE

STEPS = Steps(lambda operation: asked(operation), lambda test: asked(test) == "True")


def asked(operation: str) -> str | None:
    """As a model is asked: by steps where there are any."""
    try:
        return evaluated(operation) if (way := way_of(operation)) is None else way(STEPS)
    except Raises as error:
        assert error.value is None or error.value == raised(f"r = {operation}")
        return None


def raised(line: str, value: str = "0") -> str:
    """What a line raises, as a frame shows it."""
    try:
        exec(f"r = {value}\n{line}", {})
    except Exception as error:
        return repr(error)
    return ""


@pytest.mark.parametrize("template", [template for template in dict.fromkeys(TEMPLATES)])
def test_steps_give_what_python_gives(template: str) -> None:
    for seed in range(8):
        operation = sized(broad_writer(random.Random(f"{template}{seed}")), template)
        if operation:
            assert asked(operation) == evaluated(operation), operation


TEXT = st.text(st.sampled_from("ab cA1-é\t\n"), max_size=7)
NUMBER = st.integers(-4, 12)
ITEMS = st.one_of(st.lists(NUMBER, max_size=5), st.lists(TEXT, max_size=4), st.tuples(NUMBER, TEXT), TEXT)
DICT = st.dictionaries(st.one_of(NUMBER, TEXT), NUMBER, max_size=4)
BOUND = st.one_of(st.just(""), NUMBER.map(str))


@given(ITEMS, BOUND, BOUND, st.sampled_from(["", ":1", ":2", ":3", ":-1", ":-2", ":-3", ":"]))
def test_slices(items: object, lower: str, upper: str, step: str) -> None:
    operation = f"{items!r}[{lower}:{upper}{step}]"
    assert asked(operation) == evaluated(operation)


@given(ITEMS, ITEMS, NUMBER, st.sampled_from(["< > <= >= == != + in".split(), ["*"]]), st.data())
def test_two_of_a_kind(one: object, other: object, number: int, signs: list[str], data: st.DataObject) -> None:
    sign = data.draw(st.sampled_from(signs))
    operation = f"{one!r} {sign} {number if sign == '*' else repr(other)}"
    assert asked(operation) == evaluated(operation)


@given(ITEMS, st.one_of(NUMBER, TEXT))
def test_items(items: object, one: object) -> None:
    for form in (
        "{0}[{1}]",
        "{0}.count({1})",
        "{0}.index({1})",
        "{1} in {0}",
        "len({0})",
        "sum({0})",
        "max({0})",
        "sorted({0})",
    ):
        operation = form.format(repr(items), repr(one))
        assert asked(operation) == evaluated(operation)


@pytest.mark.parametrize(
    "operation",
    """list(range(3))|list(range(2, 9, 3))|list(range(3, -1, -1))|sum(range(4))|list(enumerate('ab'))
list(zip([1, 2], 'abc'))|sorted({'b': 1}.items())|dict(zip('ab', [1, 2]))|list(reversed([1, 2]))
''.join(reversed('ab'))|list(map(str, [1, 2]))|sum(map(int, '123'))|len(set('abca'))|sorted(set([3, 1, 3]))
any([0, ''])|all([1, 'a'])|max("b", "a")|[1,2][::-1]|("a","b")[1]|{"a":1}["a"]|sum([1, True])
sum([[1], [2]], [])|max([])|min(3, 'a')|list(map(str.upper, ["a", 'b']))|dict([["a",1],("a", 2)])
list({'a': 1}.items())|sorted("ba", reverse=True)|max({'a': 2}.values())|','.join(["a"])
''.join(map(str,[1,2]))|tuple("ab")|tuple([1])|[1,2]==[1,2]|(1,)+(2,)|[[1,2],[3]][0]|list(range(0))
len(range(3))|list(enumerate("a",1))|{"a":1,"b":2}.get("b")|sorted([(2,"b"),(1,"c")])|sorted([[2], [1, 2]])
'a' in ['b', "a"]|1 in (1.0, 2)|[True].count(1)|1 < 2 < 3|3 > 2 > 2|not [1]|--5|2-7|list(zip(*[[1, 2], [3, 4]]))|list(zip([1], 'ab', (2, 3)))
list(enumerate('ab', 5))|list(filter(None, [0, 1, '']))|list(set([3, 1, 3]))|isinstance(5, int)|isinstance(True, int)|isinstance('a', (int, str))
isinstance([], dict)|None is None|[] == ()|'1' == 1|{'a': 1, 'b': 2} == {'b': 2, 'a': 1}|{1, 2} == {2, 1}|str([1, 'a'])|repr('a')|str(1.5)
int('12')|int(' -7 ')|int('x')|float('2.5')|bool(-1)|bool(set())|'{}-{}'.format(1, 'a')|'{1}{0}'.format(1, 2)|'{:>5}|{:<4}'.format('a', 12)
'{:.2f}'.format(2.675)|'{:05d}'.format(42)|format(3, '^7')|format('ab', '*>5')|format(-3.14159, '.3f')|'a,b'.translate({44: 59})
'abc'.translate(str.maketrans('ab', 'xy'))|str.maketrans('a', 'b')|dict.fromkeys('aba')|dict.fromkeys([1, 2], 0)|[3, 1].index(1, 1)
[1, 2, 1].index(1, 1)|''.split(',')|'a'.split('')|'ab'.partition('')|'ab'.replace('', '-')|'' in 'a'|'ab'.count('')|'a' != 'a'
"a" <= 'b' <= "c"|str(ValueError('x'))|str(KeyError('x'))|str(ValueError())|len({'a': 1}.keys())|round(2.5)|round(-2.675, 2)|7 // 0|1 / 0
7 % 0|divmod(7, 0)|0.1 + 0.2|1.1 * 3|7 / 3|2 ** 10|10 - 3.5|bin(10)|hex(255)|oct(8)|5 & 6|-5 >> 1|3 << 4|1_000 + 1|abs(-7.5)""".replace(
        "\n", "|"
    ).split("|"),
)
def test_what_is_written_in_other_ways(operation: str) -> None:
    """What steps do not know is asked as a whole."""
    told = asked(operation)
    assert told == evaluated(operation) or (told is None and way_of(operation) is not None)


METHODS = """count({0}) find({0}) rfind({0}) index({0}) replace({0},'xy') split({0}) split({0},1) partition({0}) rpartition({0}) startswith({0})
endswith({0}) removeprefix({0}) removesuffix({0}) strip({0}) lstrip({0}) rstrip({0}) split() strip() upper() title() capitalize() isalpha()
isalnum() zfill(5) rjust(4,'-') ljust(6) join({0}) isupper() islower() istitle() center(7) center(6,'*') rsplit({0}) rsplit({0},1) rsplit()
replace({0},'xy',1) count({0},1) find({0},-3) rfind({0},1,4) index({0},2) startswith({0},1) endswith(({0},'b')) startswith(('a',{0}),0,2)
expandtabs(3) splitlines() casefold() encode() swapcase() isspace() strip(None) split(None) isdecimal()""".split()


@given(TEXT, TEXT, st.sampled_from(METHODS))
def test_methods_of_texts(text: str, part: str, method: str) -> None:
    operation = f"{text!r}.{method.format(repr(part))}"
    assert asked(operation) == evaluated(operation)


@given(DICT, DICT, st.one_of(NUMBER, TEXT))
def test_dicts(one: dict[object, int], other: dict[object, int], key: object) -> None:
    for form in (
        "{0}[{2}]",
        "{0}.get({2})",
        "{0}.get({2}, 5)",
        "{{**{0}, **{1}}}",
        "{0} | {1}",
        "{2} in {0}",
        "{{**{0}, {2}: 5}}",
    ):
        operation = form.format(one, other, repr(key))
        assert asked(operation) == evaluated(operation)
    for operation in (f"sum({one}.values())", f"list({one})", f"{key!r} not in {one}.keys()", f"max({one}.values())"):
        assert asked(operation) == evaluated(operation)


CHANGES = """r[{0}] = 'z'|del r[{0}]|r.pop({0})|r.insert({0}, 'z')|r.remove({0})|r[{0}], r[{1}] = r[{1}], r[{0}]|r.pop({0}, 5)|r.popitem()
r.setdefault({0}, 7)|r.update({{{0}: 7, 'b': 8}})""".replace("\n", "|").split("|")


@given(st.one_of(st.lists(st.integers(0, 4), max_size=5), DICT), NUMBER, NUMBER, st.sampled_from(CHANGES))
def test_changes(value: object, one: int, other: int, line: str) -> None:
    filled = line.format(one, other)
    way = change_of(repr(value), filled)
    if way is not None:
        told, error = None, None
        try:
            told = way(STEPS)
        except Raises as raises:
            error = raises.value
        assert told == changed(repr(value), filled)
        assert error is None or error == raised(filled, repr(value))


def test_changes_are_made_by_steps() -> None:
    kinds = Counter(
        change_of(value, line.format(1, 0)) is not None for value in ("[1, 2]", "{1: 2}") for line in CHANGES
    )
    assert kinds[True] >= 12, kinds


@pytest.mark.parametrize("number", range(0, len(TEMPLATES), 3))
def test_what_is_asked_is_no_operation_of_steps_again(number: int) -> None:
    """Else it would never end."""
    asks: list[str] = []

    def told(operation: str) -> str | None:
        assert len(asks) < 3000
        asks.append(operation)
        return evaluated(operation) if (way := way_of(operation)) is None else way(steps)

    steps = Steps(told, lambda test: told(test) == "True")
    operation = sized(broad_writer(random.Random(f"once{number}")), TEMPLATES[number])
    if operation and (way := way_of(operation)) is not None:
        way(steps)
        assert operation not in asks


@pytest.mark.parametrize("by_steps", [True, False])
def test_a_network_is_asked_for_steps(monkeypatch: pytest.MonkeyPatch, by_steps: bool) -> None:
    model = embedded()
    from cwm_trace.models.asking import Asker, question_text
    from cwm_trace.models.base import Decoding

    monkeypatch.setattr(model, "asks_steps", by_steps, raising=False)
    asker, read = Asker(model, Decoding()), Telling(model.codec.encode)
    monkeypatch.setattr(model.codec, "encode", read)
    asker.value("len('ab')")
    asks = [operation for operation in ("0 + 1", "len('ab')") if question_text(operation) in read.told]
    assert asks == (["0 + 1"] if by_steps else ["len('ab')"])


@given(st.binary(max_size=4), st.binary(max_size=4), st.sampled_from(["==", "!=", "<", ">="]))
def test_bytes_are_compared_as_texts(one: bytes, other: bytes, sign: str) -> None:
    whole: list[str] = []

    def holds(test: str) -> bool:
        whole.append(test)
        return evaluated(test) == "True"

    test = f"{one!r} {sign} {other!r}"
    assert Stepwise(TRUE._replace(holds=holds)).holds(test) == (evaluated(test) == "True")
    assert not any(asked_for.startswith("b") for asked_for in whole)
