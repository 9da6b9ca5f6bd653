"""`warnings`, as far as it is followed: which are raised, and which are put into a list; others are written where nobody looks."""

import re
import sys
from functools import update_wrapper
from linecache import getline

from followed import caller, lost, main_name

_filters = []
_lists = []
_seen = []


class WarningMessage:
    def __init__(self, message, category, filename, lineno, file=None, line=None, source=None, module=None):
        self.message, self.category, self.filename, self.lineno = message, category, filename, lineno
        self.file, self.line, self.source = file, line, source
        if sys.version_info >= (3, 15):
            self.module = module
        self._category_name = category.__name__ if category else None

    def __str__(self):
        module = f"module : {self.module!r}, " if sys.version_info >= (3, 15) else ""
        told = f"message : {self.message!r}, category : {self._category_name!r}, {module}filename : {self.filename!r}"
        return "{" + f"{told}, lineno : {self.lineno}, line : {self.line!r}" + "}"

    if sys.version_info >= (3, 14):

        def __repr__(self):
            return f"<{type(self).__qualname__} {self}>"


def filterwarnings(action, message="", category=Warning, module="", lineno=0, append=False):
    if module or lineno or action not in ("error", "ignore", "always", "default", "module", "once"):
        lost()
    made = (action, message, category)
    if append:
        _filters.append(made)
    else:
        _filters.insert(0, made)


def simplefilter(action, category=Warning, lineno=0, append=False):
    filterwarnings(action, "", category, "", lineno, append)


def resetwarnings():
    _filters[:] = [("default", "", Warning)]


def _action(text, category):
    for action, message, kind in _filters:
        if issubclass(category, kind) and (not message or re.match(message, text, re.IGNORECASE)):
            return action
    for kind in (PendingDeprecationWarning, ImportWarning, ResourceWarning):
        if issubclass(category, kind):
            return "ignore"
    return "default"


def warn(message, category=None, stacklevel=1, source=None):
    if isinstance(message, Warning):
        category, text = type(message), str(message)
    else:
        category = category or UserWarning
        text, message = str(message), category(message)
    place = caller(stacklevel)
    if place is None:
        lost()
    _shown(message, text, category, *place[:2], source, main_name())


def _shown(message, text, category, filename, lineno, source, module):
    action = _action(text, category)
    if action == "ignore":
        return
    if action == "error":
        raise message
    key = {"default": (text, category, lineno), "module": (text, category), "once": (text, category, 0)}.get(action)
    if key is not None:
        if any([each == key for each in _seen]):
            return
        _seen.append(key)
    if showwarning is not _shown_nowhere:
        showwarning(message, category, filename, lineno, None, None)
    elif _lists and _lists[-1] is not None:
        _lists[-1].append(WarningMessage(message, category, filename, lineno, source=source, module=module))


def showwarning(message, category, filename, lineno, file=None, line=None):
    (file or sys.stderr).write(formatwarning(message, category, filename, lineno, line))


_shown_nowhere = showwarning


def formatwarning(message, category, filename, lineno, line=None):
    line = getline(filename, lineno) if line is None else line
    return f"{filename}:{lineno}: {category.__name__}: {message}\n" + (f"  {line.strip()}\n" if line else "")


class catch_warnings:
    def __init__(self, *, record=False, module=None, action=None, category=Warning, lineno=0, append=False):
        self._records, self._action, self._category, self._kept = record, action, category, None

    def __enter__(self):
        if self._kept is not None:
            raise RuntimeError(f"Cannot enter {self!r} twice")
        global showwarning
        self._kept = list(_filters), list(_seen), showwarning
        showwarning = _shown_nowhere if self._records else showwarning
        found = [] if self._records else None
        _lists.append(found if self._records or not _lists else _lists[-1])
        _seen.clear()
        if self._action is not None:
            simplefilter(self._action, self._category)
        return found

    def __exit__(self, *_):
        if self._kept is None:
            raise RuntimeError(f"Cannot exit {self!r} without entering first")
        global showwarning
        _filters[:], _seen[:], showwarning = self._kept
        _lists.pop()

    def __repr__(self):
        told = "record=True" if self._records else ""
        return f"catch_warnings({told})"


class deprecated:
    def __init__(self, message, /, *, category=DeprecationWarning, stacklevel=1):
        if not isinstance(message, str):
            raise TypeError(f"Expected an object of type str for 'message', not {type(message).__name__!r}")
        self.message, self.category, self.stacklevel = message, category, stacklevel

    def __call__(self, arg, /):
        told = self.message, self.category, self.stacklevel
        if self.category is None:
            arg.__deprecated__ = self.message
            return arg
        if isinstance(arg, type):
            _deprecate(arg, *told)
            return arg

        def wrapper(*args, **words):
            warn(*told)
            return arg(*args, **words)

        made = update_wrapper(wrapper, arg)
        arg.__deprecated__ = made.__deprecated__ = self.message
        return made


def _deprecate(kind, message, category, stacklevel):
    make, begin = kind.__new__, kind.__dict__.get("__init_subclass__")

    def __new__(cls, /, *args, **words):
        if cls is kind:
            warn(message, category, stacklevel)
        if make is not object.__new__:
            return make(cls, *args, **words)
        if cls.__init__ is object.__init__ and (args or words):
            raise TypeError(f"{cls.__name__}() takes no arguments")
        return make(cls)

    def __init_subclass__(cls, *args, **words):
        warn(message, category, stacklevel)
        return (
            super(kind, cls).__init_subclass__(*args, **words) if begin is None else begin.__func__(cls, *args, **words)
        )

    kind.__new__, kind.__init_subclass__ = staticmethod(__new__), classmethod(__init_subclass__)
    kind.__deprecated__ = message


def warn_explicit(message, category, filename, lineno, module=None, registry=None, module_globals=None, source=None):
    if isinstance(message, Warning):
        category, text = type(message), str(message)
    else:
        text, message = message, category(message)
    _shown(message, text, category, filename, lineno, source, module or filename.removesuffix(".py"))


if sys.version_info < (3, 13):
    del deprecated
