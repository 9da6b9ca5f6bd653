"""What nobody can foretell, and stays what it is: names of temporary files, the folder where a program runs, addresses in memory.

A program is followed with a guess in place of each. As soon as a frame shows a text that fits but for such a guess, the name is known; from
then on it stands in all texts that are told, and in those that frames show the guess takes its place again. Sorted by, measured or cut apart,
a guess is what it is: there, what is told may be wrong.
"""

from __future__ import annotations

import re

_KINDS = {
    "name": ("zq0_x{:03}", "[a-z0-9_]{8}"),  # as `tempfile` draws them
    "folder": ("tmp/cwm-trace-zq0_y{:03}", "[^'\"\\\\\n]+?"),  # without its first slash
    "boundary": ("7{:018}", "[0-9]{19}"),  # of a message's parts
    "place": ("9{:014}", "[0-9]{12,20}"),  # `id`
    "address": ("7fcafe{:06x}", "[0-9a-f]{6,16}"),
}


class Drawn:
    """The guesses of one program, and what they stand for where that is known."""

    def __init__(self) -> None:
        self._patterns: dict[str, str] = {}
        self._actual: dict[str, str] = {}

    def guess(self, kind: str) -> str:
        """A new one; `kind`: one of `_KINDS`."""
        form, pattern = _KINDS[kind]
        made = form.format(len(self._patterns))
        self._patterns[made] = pattern
        return made

    def shown(self, text: str) -> str:
        """A text as a frame shows it."""
        for guess, actual in self._actual.items():
            text = text.replace(guess, actual)
        return text

    def hidden(self, text: str) -> str:
        """A text that a frame shows, as the program that is followed has it."""
        for guess, actual in self._actual.items():
            text = text.replace(actual, guess)
        return text

    def learn(self, told: str, text: str) -> bool:
        """Whether a frame shows what was told but for guesses, which are known then."""
        open_ones = [guess for guess in self._patterns if guess in told and guess not in self._actual]
        if not open_ones:
            return False
        pattern = re.escape(self.shown(told))
        for place, guess in enumerate(open_ones):
            first, *others = pattern.split(re.escape(guess))
            group = f"(?P<n{place}>{self._patterns[guess]})"
            pattern = first + group + f"(?P=n{place})".join(others)
        found = re.fullmatch(pattern, text)
        if found is None:
            return False
        self._actual |= {guess: found[f"n{place}"] for place, guess in enumerate(open_ones)}
        return True
