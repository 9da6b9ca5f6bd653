"""The table of a set, as CPython keeps it: in which order items come that were put in and taken out in this order.

Items are texts of values, of which no two may be equal. Hashes of texts and bytes are those of PYTHONHASHSEED=0, with which the tracer runs
programs. Source: Objects/setobject.c of CPython 3.11 (`set_add_entry`, `set_table_resize`, `set_merge`, `set_pop`), Python/pyhash.c
(`siphash13`), Objects/tupleobject.c (`tuplehash`),
`frozenset_hash`; 64 bits. Evaluates nothing but literals.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

HASHED = "#"
_SMALLEST = 8  # entries of a table
_NEXT = 9  # entries looked at behind the first one, before it goes on elsewhere
_PERTURB = 5  # bits of the hash that are used up by each look elsewhere
_WORD = 2**64
_TUPLE = (11400714785074694791, 14029467366897019727, 2870177450012600261, 3527539)
_FROZEN = (89869747, 3644798167, 907133923, 1927868237)
_SIP = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


class Table:
    """A set's entries. What is taken out leaves its entry used, for what comes by it, until a larger table is made."""

    def __init__(self, items: Iterable[str] = (), size: int = _SMALLEST) -> None:
        self._entries: dict[int, str | None] = {}
        self._finger = 0  # where `pop` goes on
        self.size = size
        for item in items:
            self.add(item)

    @property
    def items(self) -> list[str]:
        """In the order in which they are shown."""
        return [item for _, item in sorted(self._entries.items()) if item is not None]

    def add(self, item: str) -> None:
        """An item that it has not."""
        if self._put(item):
            return
        if len(self._entries) * 5 >= (self.size - 1) * 3:
            used = len(self.items)
            self._resize(used * 2 if used > 50_000 else used * 4)

    def remove(self, item: str) -> None:
        """An item that it has."""
        self._entries[next(place for place, each in self._entries.items() if each == item)] = None

    def pop(self) -> str:
        """Take out the first item behind the one that was taken last. It must have one."""
        places = sorted(place for place, each in self._entries.items() if each is not None)
        finger = self._finger & (self.size - 1)
        place = next((place for place in places if place >= finger), places[0])
        item, self._entries[place], self._finger = self._entries[place], None, place + 1
        return item or ""

    def merge(self, items: Sequence[str], new: Iterable[str], twin: Table | None = None) -> Table:
        """Another set's items, of which some are new: room is made for all of them before. `twin`: that set's table."""
        if not items:
            return self
        if (len(self._entries) + len(items)) * 5 >= (self.size - 1) * 3:
            self._resize((len(self.items) + len(items)) * 2)
        if twin is not None and not self._entries and twin.size == self.size and None not in twin._entries.values():
            self._entries = dict(twin._entries)
            return self
        for item in new:
            self.add(item)
        return self

    def copy(self) -> Table:
        """A table for what is in this one."""
        return Table().merge(self.items, self.items, self)

    def _resize(self, number: int) -> None:
        self.size, items, self._entries = _fitting(number), self.items, {}
        for item in items:
            self._put(item)

    def _put(self, item: str) -> bool:
        """Whether it came where one was taken out: the last such entry on the way to a free one."""
        perturb = (hash_of(item) or 0) % _WORD
        place, left = perturb % self.size, -1
        while True:
            behind = _NEXT if place + _NEXT < self.size else 0
            for each in range(place, place + behind + 1):
                if each not in self._entries:
                    self._entries[each if left < 0 else left] = item
                    return left >= 0
                if self._entries[each] is None:
                    left = each
            perturb >>= _PERTURB
            place = (place * 5 + 1 + perturb) % self.size


def _fitting(number: int) -> int:
    size = _SMALLEST
    while size <= number:
        size *= 2
    return size


@lru_cache(maxsize=4096)
def hash_of(item: str) -> int | None:
    """The hash of a value that is written so, as a signed word; None: unknown. `#` and a number: a value of that hash, of another kind."""
    if item.startswith(HASHED):
        return int(item.removeprefix(HASHED))
    try:
        return _hash(ast.literal_eval(item))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None


def _hash(value: Any) -> int | None:
    match value:
        case str() | bytes():
            return _of_text(value)
        case int() | float() | complex():
            return hash(value)
        case tuple():
            hashes = [_hash(part) for part in value]
            return None if None in hashes else of_tuple(hashes)  # type: ignore[arg-type]
    return None


def _of_text(value: str | bytes) -> int:
    return _signed(_siphash(value if isinstance(value, bytes) else _bytes_of(value)))


def _signed(word: int) -> int:
    made = word - _WORD if word >= _WORD // 2 else word
    return -2 if made == -1 else made


def word_of(given: int) -> int:
    """The hash that `__hash__` tells by a number (Objects/typeobject.c, `slot_tp_hash`)."""
    if not -_WORD // 2 <= given < _WORD // 2:
        return hash(given)
    return -2 if given == -1 else given


def of_tuple(hashes: Sequence[int]) -> int:
    """The hash of a tuple whose items have these, as a signed word."""
    first, second, fifth, mask = _TUPLE
    made = fifth
    for each in hashes:
        made = (made + each * second) % _WORD
        made = _turned(made, 31) * first % _WORD
    made = (made + (len(hashes) ^ fifth ^ mask)) % _WORD
    return 1546275796 if made == _WORD - 1 else _signed(made)


def of_frozenset(hashes: Iterable[int]) -> int:
    """The hash of a frozen set whose items have these, as a signed word."""
    mixed, times, plus, last = _FROZEN
    made, count = 0, 0
    for each in hashes:
        made, count = made ^ (each ^ mixed ^ each << 16) * times % _WORD, count + 1
    made ^= (count + 1) * last
    made ^= made >> 11 ^ made >> 25
    made = (made * 69069 + plus) % _WORD
    return 590923713 if made == _WORD - 1 else _signed(made)


def _bytes_of(text: str) -> bytes:
    """As CPython keeps a text: one, two or four bytes for each character."""
    widest = max(map(ord, text), default=0)
    coding = "latin-1" if widest < 0x100 else "utf-16-le" if widest < 0x10000 else "utf-32-le"
    return text.encode(coding, "surrogatepass")


def _siphash(data: bytes) -> int:
    if not data:
        return 0
    state = list(_SIP)
    whole = len(data) // 8 * 8
    last = len(data) % 256 << 56 | int.from_bytes(data[whole:], "little")
    for word in [*(int.from_bytes(data[at : at + 8], "little") for at in range(0, whole, 8)), last]:
        state[3] ^= word
        _mix(state)
        state[0] ^= word
    state[2] ^= 0xFF
    for _ in range(3):
        _mix(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _mix(state: list[int]) -> None:
    a, b, c, d = state
    a = (a + b) % _WORD
    c = (c + d) % _WORD
    b, d = _turned(b, 13) ^ a, _turned(d, 16) ^ c
    a = _turned(a, 32)
    a, c = (a + d) % _WORD, (c + b) % _WORD
    d, b = _turned(d, 21) ^ a, _turned(b, 17) ^ c
    state[:] = a, b, _turned(c, 32), d


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> 64 - bits) % _WORD
