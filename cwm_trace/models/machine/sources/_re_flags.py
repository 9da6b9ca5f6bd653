"""Flags of `re`, which are shown by their names (Lib/re/__init__.py)."""

import enum
import sys


class RegexFlag(enum.IntFlag):
    __module__ = "re"
    NOFLAG = 0
    ASCII = A = 256
    IGNORECASE = I = 2  # noqa: E741
    LOCALE = L = 4
    UNICODE = U = 32
    MULTILINE = M = 8
    DOTALL = S = 16
    VERBOSE = X = 64
    if sys.version_info < (3, 13):
        TEMPLATE = T = 1
    DEBUG = 128

    def __repr__(self):
        if self.name is None:
            return f"re.RegexFlag({self.value})"
        return "|".join([each if each[0].isdigit() else f"re.{each}" for each in self.name.split("|")])

    __str__ = __repr__


NOFLAG, ASCII, A = RegexFlag.NOFLAG, RegexFlag.ASCII, RegexFlag.ASCII
IGNORECASE = I = RegexFlag.IGNORECASE  # noqa: E741
LOCALE, L = RegexFlag.LOCALE, RegexFlag.LOCALE
UNICODE, U, MULTILINE, M = RegexFlag.UNICODE, RegexFlag.UNICODE, RegexFlag.MULTILINE, RegexFlag.MULTILINE
DOTALL, S, VERBOSE, X = RegexFlag.DOTALL, RegexFlag.DOTALL, RegexFlag.VERBOSE, RegexFlag.VERBOSE
DEBUG = RegexFlag.DEBUG
if sys.version_info < (3, 13):
    TEMPLATE = T = RegexFlag.TEMPLATE
