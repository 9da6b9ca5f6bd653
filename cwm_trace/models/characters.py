"""What Python does with a text character by character, done so (`models.steps`): what one is in capitals, whether it is a letter, is asked.

Knows the methods of texts; evaluates nothing but literals.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence

from cwm_trace.models.items import Steps, Way, is_text, is_whole, shown, text_together
from cwm_trace.models.known import behind
from cwm_trace.models.parts import characters, listed, with_part

_EACH = frozenset(("upper", "lower", "swapcase"))
_ALL = frozenset(("isalpha", "isdigit", "isalnum", "isspace", "isnumeric", "isdecimal"))
_LINE_ENDS = frozenset("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")  # besides the usual one


def joined(between: str, over: Callable[[Steps], Sequence[str] | None] | None) -> Way | None:
    """Texts in one, with another between them."""
    return behind(over, lambda items, steps: _joined(between, items))


def _joined(between: str, items: Sequence[str]) -> str | None:
    if not all(map(is_text, items)):
        return None
    return text_together([part for item in items for part in (between, item)][1:])


def of_text(name: str, given: Sequence[str], items: Sequence[str]) -> Way | None:
    """A method of a text of these characters."""
    return (
        _of_each(name, given, items)
        or _of_width(name, given, items)
        or (with_part(name, given, items) if given else None)
    )


def _of_each(name: str, given: Sequence[str], items: Sequence[str]) -> Way | None:
    plain = all(item.isascii() for item in items)  # where all letters have capitals
    match name, given:
        case _, [] if name in _EACH and len(items) != 1:
            return lambda steps: _all_known([steps.value(f"{item}.{name}()") for item in items])
        case "casefold", [] if plain:
            return lambda steps: _all_known([steps.value(f"{item}.lower()") for item in items])
        case _, [] if name in _ALL and len(items) != 1:
            return lambda steps: str(bool(items) and all(steps.holds(f"{item}.{name}()") for item in items))
        case "isupper" | "islower", [] if plain and len(items) != 1:
            other = "islower" if name == "isupper" else "isupper"
            return lambda steps: str(_is_all(name, other, items, steps))
        case "isascii", []:
            return lambda steps: str(plain)
        case "istitle", [] if plain:
            return lambda steps: str(_is_title(items, steps))
        case "capitalize", []:
            return lambda steps: _all_known(_lowered(items, [place == 0 for place in range(len(items))], steps))
        case "title", [] if plain:
            return lambda steps: _titled(items, steps)
        case "strip" | "lstrip" | "rstrip", [] | ["None"]:
            return lambda steps: _stripped(name, lambda item: _is_space(item, steps), items)
        case "strip" | "lstrip" | "rstrip", [which] if is_text(which):
            edge = characters(which)
            return lambda steps: _stripped(name, lambda item: any(steps.same(item, each) for each in edge), items)
        case "split" | "rsplit", [] | ["None"]:
            return lambda steps: _words(items, steps)
        case "splitlines", [] if not _LINE_ENDS.intersection(map(ast.literal_eval, items)):
            return lambda steps: _lines(items, steps)
        case "encode", [] if plain:
            return lambda steps: f"b{text_together(items)}"
    return None


def _of_width(name: str, given: Sequence[str], items: Sequence[str]) -> Way | None:
    match name, given:
        case "ljust" | "rjust" | "center", [width, *fill] if is_whole(width) and len(fill) < 2:
            return lambda steps: filled(name, width, [*fill, "' '"][0], items, steps)
        case "zfill", [width] if is_whole(width):
            signs = int(items[:1] in (["'-'"], ["'+'"]))
            return lambda steps: _zeros(width, items[:signs], items[signs:], steps)
        case "expandtabs", [*size] if len(size) < 2 and all(map(str.isdigit, size)):
            return lambda steps: _without_tabs(items, [*size, "8"][0], steps)
    return None


def _all_known(texts: Sequence[str | None]) -> str | None:
    known = [text for text in texts if text is not None and is_text(text)]
    return text_together(known) if len(known) == len(texts) else None


def _is_space(item: str, steps: Steps) -> bool:
    return steps.holds(f"{item}.isspace()")


def _is_all(name: str, other: str, items: Sequence[str], steps: Steps) -> bool:
    """Whether there are such letters, and no others."""
    return any(steps.holds(f"{item}.{name}()") for item in items) and not any(
        steps.holds(f"{item}.{other}()") for item in items
    )


def _is_title(items: Sequence[str], steps: Steps) -> bool:
    """Whether each letter behind another is a small one, and all others are capitals."""
    within, words = False, False
    for item in items:
        if steps.holds(f"{item}.isalpha()"):
            if steps.holds(f"{item}.isupper()") is within:
                return False
            within = words = True
        else:
            within = False
    return words


def _lowered(items: Sequence[str], begins: Sequence[bool], steps: Steps) -> list[str | None]:
    pairs = zip(items, begins, strict=True)
    return [steps.value(f"{item}.{'upper' if begins_one else 'lower'}()") for item, begins_one in pairs]


def _titled(items: Sequence[str], steps: Steps) -> str | None:
    letters = [steps.holds(f"{item}.isalpha()") for item in items]
    return _all_known(_lowered(items, [not before for before in [False, *letters][: len(items)]], steps))


def _stripped(name: str, goes: Callable[[str], bool], items: Sequence[str]) -> str:
    left = list(items)
    while left and name != "rstrip" and goes(left[0]):
        del left[0]
    while left and name != "lstrip" and goes(left[-1]):
        del left[-1]
    return text_together(left)


def _words(items: Sequence[str], steps: Steps) -> str:
    words: list[list[str]] = [[]]
    for item in items:
        if _is_space(item, steps):
            words.append([])
        else:
            words[-1].append(item)
    return listed(word for word in words if word)


def _lines(items: Sequence[str], steps: Steps) -> str:
    made: list[list[str]] = [[]]
    for item in items:
        if steps.same(item, r"'\n'"):
            made.append([])
        else:
            made[-1].append(item)
    return listed(made if made[-1] else made[:-1])


def filled(name: str, width: str, fill: str, items: Sequence[str], steps: Steps) -> str | None:
    """As wide as that, or wider."""
    number = steps.counted(items)
    if number is None or not steps.holds(f"{number} < {width}"):
        return text_together(items)
    if (missing := steps.value(f"{width} - {number}")) is None or not missing.isdecimal():
        return None
    before, after = "0", missing
    if name == "rjust":
        before, after = missing, "0"
    elif name == "center":
        before, after = _halves(missing, width, steps)
    sides = [_times(side, fill, steps) for side in (before, after)]
    return text_together([*(sides[0] or []), *items, *(sides[1] or [])]) if None not in sides else None


def _halves(missing: str, width: str, steps: Steps) -> tuple[str, str]:
    """What is before and behind a text in the middle: the odd one is before it where the width is odd, too."""
    half, more = steps.value(f"{missing} // 2") or "0", steps.value(f"{missing} % 2") or "0"
    most = steps.value(f"{half} + {more}") or "0"
    return (most, half) if steps.same(steps.value(f"{width} % 2") or "0", "1") else (half, most)


def _times(number: str, fill: str, steps: Steps) -> list[str] | None:
    made: list[str] = []
    counted: str | None = "0"
    while counted is not None and not steps.same(counted, number):
        made.append(fill)
        counted = steps.next(counted) if len(made) < 400 else None
    return None if counted is None else made


def _zeros(width: str, sign: Sequence[str], items: Sequence[str], steps: Steps) -> str | None:
    """With zeros in front, behind its sign."""
    number = steps.value(f"{width} - 1") if sign else width
    made = None if number is None else filled("rjust", number, "'0'", items, steps)
    return None if made is None else text_together([*sign, made])


def _without_tabs(items: Sequence[str], size: str, steps: Steps) -> str | None:
    """With spaces in their places, up to the next column of this size."""
    made, column = list[str](), list[str]()
    for item in items:
        added = [item]
        if steps.same(item, r"'\t'"):
            over = steps.value(f"{steps.counted(column)} % {size}") if size.strip("0") else size
            spaces = _times(steps.value(f"{size} - {over}") or "", "' '", steps)
            if spaces is None:
                return None
            added = spaces
        column = [] if item in (r"'\n'", r"'\r'") else [*column, *added]
        made += added
    return text_together(made)


def translated(table: ast.Dict, text: str, items: Sequence[str]) -> Way | None:
    """A text with what a table has for its characters in their places."""
    keys = [shown(key, text) if key is not None else None for key in table.keys]
    values = [shown(value, text) for value in table.values]
    pairs = [(key, value) for key, value in zip(keys, values, strict=True) if key is not None and value is not None]
    if len(pairs) < len(keys):
        return None
    return lambda steps: _all_known([_in_table(item, pairs, steps) for item in items])


def _in_table(item: str, pairs: Sequence[tuple[str, str]], steps: Steps) -> str | None:
    number = steps.value(f"ord({item})") or ""
    value = next((value for key, value in pairs if steps.same(number, key)), item)
    if is_whole(value):
        return repr(chr(int(value))) if 127 <= int(value) < sys.maxunicode else steps.value(f"chr({value})")
    return "''" if value == "None" else value
