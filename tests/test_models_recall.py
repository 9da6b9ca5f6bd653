"""What tokens follow, and what followed the same tokens before: against a search written as plainly as can be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cwm_trace.models.token_recall import Recall, as_text, recalled, recalled_behind

_IDS = st.lists(st.integers(0, 4), max_size=40)


def followed(ids: list[int], last: int) -> int:
    """By definition: 1 + the token behind the newest earlier place of the eight, four, three or two tokens that end here; 0 for none."""
    for size in (8, 4, 3, 2):
        if last + 1 >= size:
            here = ids[last + 1 - size : last + 1]
            for end in range(last - 1, size - 2, -1):
                if ids[end + 1 - size : end + 1] == here:
                    return ids[end + 1] + 1
    return 0


@given(_IDS)
def test_it_is_what_stood_behind_the_newest_of_the_longest(ids: list[int]) -> None:
    assert recalled(ids).following == [followed(ids, last) for last in range(len(ids))]


@given(_IDS, st.data())
def test_one_by_one_behind_others_is_the_same_as_all_at_once(ids: list[int], data: st.DataObject) -> None:
    known = data.draw(st.integers(0, len(ids)))
    whole = [Recall(*told) for told in zip(*recalled(ids), strict=True)]

    assert recalled_behind(as_text(ids[:known]), ids[known:]) == whole[known:]


def test_an_example() -> None:
    assert recalled([7, 8, 9, 7, 8]) == ([0, 8, 9, 10, 8], [0, 0, 8, 9, 10], [0, 0, 0, 0, 10])
    assert recalled([3]) == ([0], [0], [0])
    assert recalled([]) == ([], [], [])
