"""All that a network is told of a trace's tokens: where in literals they stand (`literal_positions`), what they refer to (`trace_references`),
what they follow and what followed the same before (`token_recall`). Knows how the three are read together, not what they mean.

Written to stand alone but for its neighbours: the file goes with the weights (`literal_cwm`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .literal_positions import SIZES, LiteralPositions, Place, Position, first_rows, wrapped
from .token_recall import Recall, recalled, recalled_behind
from .trace_references import Part, Reference, TraceReferences, is_special

KINDS = (*Position._fields, *Reference._fields, *Recall._fields)  # of what a network is told of a token, in their order
_REFERENCES = (64, 32, 64)  # displays, visits, lines
_KNOWN = 50_000  # parts of traces that are remembered; most of a trace's parts stand in it, or in others, many times
_Columns = tuple[list[int], list[int], list[int]]


def all_sizes(vocabulary: int) -> tuple[int, ...]:
    """How many positions of each kind there are, for so many tokens: what nano is trained with."""
    return (*SIZES, *_REFERENCES, vocabulary, vocabulary, vocabulary)


class TracePositions:
    """Tells all of tokens.

    Attributes:
        sizes: how many positions of each kind there are; what counts further begins again.
        first: `first_rows`.
    """

    def __init__(self, symbols: Sequence[str], texts: Sequence[str], sizes: Sequence[int]) -> None:
        """`symbols`: as `LiteralPositions` takes them; `texts`: of each token, by its id; tokens beyond these have none.

        Raises ValueError for other than a size of each kind.
        """
        if len(sizes) != len(KINDS):
            raise ValueError(f"{len(sizes)} sizes for the kinds {', '.join(KINDS)}")
        self._literals = LiteralPositions(symbols, sizes[: len(SIZES)])
        self._symbols, self._texts = list(symbols), list(texts)
        self._special = {token for token, text in enumerate(texts) if is_special(text)}
        self._states: dict[tuple[int, ...], Part | None] = {}
        self._sources: dict[tuple[int, ...], Part | None] = {}
        self.sizes = tuple(sizes)
        self.first = first_rows(sizes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies begin with nothing remembered."""
        return TracePositions, (self._symbols, self._texts, self.sizes)

    def read(
        self, ids: Iterable[int], place: tuple[Place, TraceReferences] | None = None, before: str = ""
    ) -> list[tuple[tuple[Place, TraceReferences], tuple[int, ...]]]:
        """The place at each of these tokens, which come behind `place` and all of `before` (`as_text`), and its positions."""
        tokens = list(ids)
        literal, references = place or (None, TraceReferences())
        made: list[tuple[tuple[Place, TraceReferences], tuple[int, ...]]] = []
        steps = zip(tokens, self._literals.read(tokens, literal), recalled_behind(before, tokens), strict=True)
        for token, (after, position), recall in steps:
            references = references.copy()
            told = (*position, *references.read(self._text(token)), *recall)
            made.append(((after, references), tuple(map(wrapped, told, self.sizes))))
        return made

    def columns(self, ids: Sequence[int]) -> list[Sequence[int]]:
        """Of each kind, the positions of a whole sequence's tokens: as `read`, several times as fast."""
        columns = [*self._references(ids), *recalled(ids)]
        for kind, size in enumerate(self.sizes[len(SIZES) :]):
            if max(columns[kind], default=0) > size:
                columns[kind] = [wrapped(number, size) for number in columns[kind]]
        return [*self._literals.columns(ids), *columns]

    def _references(self, ids: Sequence[int]) -> _Columns:
        """Displays, visits and lines."""
        references, special, size = TraceReferences(), self._special, len(ids)
        made: _Columns = ([], [], [])
        at = 0
        while at < size:
            end = at
            while end < size and ids[end] not in special:
                end += 1
            if end > at:
                for column, part in zip(made, self._read_part(references, tuple(ids[at:end])), strict=True):
                    column += part
            if end < size:
                for column, number in zip(made, references.read(self._texts[ids[end]]), strict=True):
                    column.append(number)
            at = end + 1
        return made

    def _read_part(self, references: TraceReferences, ids: tuple[int, ...]) -> _Columns:
        """Tokens none of which is a trace's, from where one was."""
        if references.reads_program:
            return self._read_each(references, ids)
        if not (references.reads_source or references.reads_locals):
            return references.apply(None, len(ids))
        known = self._sources if references.reads_source else self._states
        if ids not in known:
            if len(known) >= _KNOWN:
                known.clear()
            texts = [self._text(token) for token in ids]
            known[ids] = (TraceReferences.source_part if references.reads_source else TraceReferences.locals_part)(
                texts
            )
        part = known[ids]
        return self._read_each(references, ids) if part is None else references.apply(part, len(ids))

    def _read_each(self, references: TraceReferences, ids: tuple[int, ...]) -> _Columns:
        values, visits, lines = zip(*(references.read(self._text(token)) for token in ids), strict=True)
        return list(values), list(visits), list(lines)

    def _text(self, token: int) -> str:
        return self._texts[token] if token < len(self._texts) else ""


PositionsReader = LiteralPositions | TracePositions


def positions_reader(symbols: Sequence[str], sizes: Sequence[int], texts: Sequence[str] = ()) -> PositionsReader:
    """What tells a network of its tokens' positions; what they refer to only where there are texts."""
    return TracePositions(symbols, texts, sizes) if texts else LiteralPositions(symbols, sizes)
