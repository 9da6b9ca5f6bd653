"""What each token of a sequence follows, and what followed the same tokens before.

Most of a trace is a copy of what stands there already, and to copy, a network must find where the last few tokens stood before, which takes two
layers of it and many examples. Here that is looked up: with each token come the two before it, and the one that followed when the same tokens
were last seen. Like positions in literals (`literal_positions`) that is a hint, from the tokens so far alone: the network must learn where a
copy goes wrong.

Written to stand alone: the file goes with the weights (`literal_cwm`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

_Of = TypeVar("_Of")

_SAME = (8, 4, 3, 2)  # how many tokens must be the same; the most that were seen before count


class Recall(NamedTuple, Generic[_Of]):
    """Of a token, or of each of several; a token's id and 1, or 0 where there is none.

    Attributes:
        before: the token before it.
        earlier: the one before that.
        following: what followed the same eight tokens, else four, three or two, this one the last of them, where they stood last.
    """

    before: _Of
    earlier: _Of
    following: _Of


def as_text(ids: Iterable[int]) -> str:
    """A character for each token: strings are cut, compared and searched faster than lists."""
    return "".join(map(chr, ids))


def recalled(ids: Sequence[int]) -> Recall[list[int]]:
    """Of all tokens of a sequence."""
    text = as_text(ids)
    seen: dict[str, int] = {}  # what followed these tokens last
    following = [0] * len(ids)
    for end in range(2, len(ids) + 1):
        last = end - 1
        for size in _SAME:
            if size < end:
                seen[text[last - size : last]] = ids[last] + 1
        for size in _SAME:
            if size <= end and (found := seen.get(text[end - size : end])):
                following[last] = found
                break
    before = [0, *(token + 1 for token in ids[:-1])][: len(ids)]
    return Recall(before, [0, *before[:-1]][: len(ids)], following)


def recalled_behind(text: str, ids: Iterable[int]) -> list[Recall[int]]:
    """Of tokens that come behind others (`as_text`), looked up one by one: for a few."""
    made = []
    for token in ids:
        text += chr(token)
        before, earlier = (ord(text[-back]) + 1 if len(text) >= back else 0 for back in (2, 3))
        made.append(Recall(before, earlier, _following(text)))
    return made


def _following(text: str) -> int:
    for size in _SAME:
        if size <= len(text) and (at := text.rfind(text[-size:], 0, -1)) >= 0:
            return ord(text[at + size]) + 1
    return 0
