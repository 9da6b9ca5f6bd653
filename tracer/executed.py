"""Code that a recorded program runs by `exec` and `eval`: its instrumented form, and the text that its frames show.

The program calls the builtin itself, from its own Python frame; only the argument is another. What the builtin refuses, it is given as it is.
A text is `<string>`'s, which no file has, so the frames show lines of the text that was given. Code that was compiled before is recorded if
its text is known: one that the program gave to `compile`, or one under its file name (`linecache`, or the file), if that compiles to this very
code. All else runs as it is, and is named. Knows nothing of events.
"""

from __future__ import annotations
import __future__

import builtins
import linecache
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from importlib.util import decode_source
from operator import or_
from types import CodeType
from warnings import catch_warnings, simplefilter

from cwm_trace.format import source_lines
from cwm_trace.tracer.fast import HOOK_TYPES

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # a copy: a program that is being recorded may rebind len

_compile, _exec, _open = compile, exec, open
NAMES = frozenset({"exec", "eval", "compile"})
_FUTURE = reduce(or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names))
MOST = 2_000
"""Pieces of code: each is kept with its sites as long as the recorder. What comes after runs as it is, and that is named."""
_TEXTS = 50
"""So many texts that were compiled last are remembered."""


class Elsewhere(list[str]):
    """Lines of a text that is not the trace's context."""


class Executed:
    """Makes what a program executes into instrumented code."""

    def __init__(self, instrument: Callable[[CodeType, Sequence[str]], CodeType], untraced: list[str]) -> None:
        """`instrument`: from code and lines; `untraced`: for the names of what is not recorded."""
        self._instrument, self._untraced = instrument, untraced
        self._of_texts: dict[tuple[str, str | bytes, int], CodeType] = {}
        self._of_code: dict[int, tuple[CodeType, CodeType]] = {}  # by id; the first is what has it
        self._compiled: deque[tuple[object, str]] = deque(maxlen=_TEXTS)  # file name, text

    def argument(self, called: object, first: object, second: object, caller: CodeType) -> object:
        """The first argument for `exec`, `eval` or `compile`: instrumented code if it can be, else what it was."""
        if called is _compile:
            if type(first) is str or type(first) is bytes:
                self._compiled.append((str.__str__(second) if isinstance(second, str) else second, _text(first)))
            return first
        if type(first) is CodeType:
            return self._code(first)
        if type(first) is str or type(first) is bytes:
            return self._source("exec" if called is _exec else "eval", first, caller.co_flags & _FUTURE)
        return first

    def _source(self, mode: str, source: str | bytes, flags: int) -> object:
        key = mode, source, flags
        if key not in self._of_texts:
            text = _text(source)
            if mode == "eval":
                text = text.lstrip(" \t")  # as eval does
            try:
                code = _compile(text, "<string>", mode, flags, dont_inherit=True)
            except Exception:  # the builtin is to raise it
                return source
            if self._is_full():
                return source
            self._of_texts[key] = self._instrument(code, _lines(text))
        return self._of_texts[key]

    def _code(self, code: CodeType) -> CodeType:
        known = self._of_code.get(id(code))
        if known is None:
            known = self._of_code[id(code)] = code, self._instrumented(code)
        return known[1]

    def _instrumented(self, code: CodeType) -> CodeType:
        if any(type(item) in HOOK_TYPES for item in code.co_consts):  # a hook: it has been done
            return code
        text = next((text for text in self._texts(code.co_filename) if _is_code_of(text, code)), None)
        if text is None:
            self._say(f"{code.co_filename} (no source text of it is known)")
            return code
        return code if self._is_full() else self._instrument(code, _lines(text))

    def _is_full(self) -> bool:
        if len(self._of_texts) + len(self._of_code) < MOST:
            return False
        self._say(f"code that was executed after {MOST} other pieces")
        return True

    def _say(self, name: str) -> None:
        if name not in self._untraced:
            self._untraced.append(name)

    def _texts(self, filename: str) -> Iterator[str]:
        """The texts that code of this file name may have come from, the latest first."""
        filename = str.__str__(filename)  # the program may have its own class of texts
        yield from (text for name, text in reversed(self._compiled) if type(name) is str and name == filename)
        entry = linecache.cache.get(filename)
        if type(entry) is tuple and len(entry) == 4:
            if type(entry[2]) is list and all(isinstance(line, str) for line in entry[2]):
                yield "".join(entry[2])
        elif os.path.isfile(filename):
            try:
                with _open(filename, "rb") as file:
                    yield decode_source(file.read())
            except (OSError, SyntaxError, UnicodeDecodeError):
                return


def _text(source: str | bytes) -> str:
    """The text of what is executed; that of undecodable bytes does not matter, as they do not compile."""
    if isinstance(source, str):
        return source
    try:
        return decode_source(source)
    except (SyntaxError, UnicodeDecodeError):
        return "\0"


def _lines(text: str) -> Elsewhere:
    """All with a line end, as `linecache` has them."""
    lines = Elsewhere(source_lines(text))
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\n"
    return lines


def _is_code_of(text: str, code: CodeType) -> bool:
    with catch_warnings():
        simplefilter("ignore")  # the program has had them
        for mode in ("exec", "eval", "single"):
            try:
                if _compile(text, code.co_filename, mode, code.co_flags & _FUTURE, dont_inherit=True) == code:
                    return True
            except Exception:  # another mode's, or another text
                continue
    return False
