"""Codings by their names, and what programs register: codings, and handlers of errors.

What one of Python's does is computed (`_codecs.utf_8_decode` and others).
"""

import sys

_searches = []
_codings = {}
_handlers = {}


def register(search_function, /):
    if not callable(search_function):
        raise TypeError("argument must be callable")
    _searches.append(search_function)


def unregister(search_function, /):
    if search_function in _searches:
        _codings.clear()
        _searches.remove(search_function)


def lookup(encoding, /):
    name = _normal(encoding)
    if name in _codings:
        return _codings[name]
    for search in (_pythons, *_searches):
        found = search(name)
        if found is not None:
            if not isinstance(found, tuple) or len(found) != 4:
                raise TypeError("codec search functions must return 4-tuples")
            _codings[name] = found
            return found
    raise LookupError(f"unknown encoding: {encoding}")


def _pythons(name):
    from encodings import search_function  # which takes what it needs from here

    return search_function(name)


def _normal(encoding):
    if sys.version_info >= (3, 15):
        return encoding.lower().replace(" ", "-")
    words = "".join([each if each.isascii() and (each.isalnum() or each == ".") else " " for each in encoding])
    return "_".join(words.split()).lower()


def register_error(errors, handler, /):
    if not callable(handler):
        raise TypeError("handler must be callable")
    _handlers[errors] = handler


def lookup_error(name, /):
    if name in _handlers:
        return _handlers[name]
    if name not in _OF_PYTHON:
        raise LookupError(f"unknown error handler name '{name}'")
    return _OF_PYTHON[name]


def strict_errors(exception):
    if isinstance(exception, Exception):
        raise exception
    raise TypeError("codec must pass exception instance")


def ignore_errors(exception):
    return "", exception.end


def replace_errors(exception):
    if isinstance(exception, UnicodeEncodeError):
        return "?" * (exception.end - exception.start), exception.end
    if isinstance(exception, UnicodeDecodeError):
        return "\ufffd", exception.end
    return "\ufffd" * (exception.end - exception.start), exception.end


def xmlcharrefreplace_errors(exception):
    return _as_text(exception, "xmlcharrefreplace")


def backslashreplace_errors(exception):
    return _as_text(exception, "backslashreplace")


def namereplace_errors(exception):
    return _as_text(exception, "namereplace")


def _as_text(exception, name):
    wrong = exception.object[exception.start : exception.end]
    if isinstance(exception, UnicodeDecodeError):
        return wrong.decode("ascii", name), exception.end
    return wrong.encode("ascii", name).decode("ascii"), exception.end


_OF_PYTHON = {
    "strict": strict_errors,
    "ignore": ignore_errors,
    "replace": replace_errors,
    "xmlcharrefreplace": xmlcharrefreplace_errors,
    "backslashreplace": backslashreplace_errors,
    "namereplace": namereplace_errors,
}


def encode(obj, encoding="utf-8", errors="strict"):
    return _worked(lookup(encoding)[0], obj, encoding, errors, "encoding")


def decode(obj, encoding="utf-8", errors="strict"):
    return _worked(lookup(encoding)[1], obj, encoding, errors, "decoding")


def _worked(work, obj, encoding, errors, what):
    try:
        return work(obj, errors)[0]
    except Exception as bad:
        said = f"{what} with '{encoding}' codec failed"
        if sys.version_info >= (3, 12):
            bad.add_note(said)
            raise
        if isinstance(bad, UnicodeError):  # which is made of more than one text
            raise
        raise type(bad)(f"{said} ({type(bad).__name__}: {bad})") from bad


def encoded(text, encoding, errors):
    """What `str.encode` gives where Python by itself knows of no such coding, or of no such errors' handler."""
    coding = _of_text(encoding, "encode")
    if _is_pythons(encoding):
        return _with_handler(text, encoding, errors)
    return _checked(coding[0](text, errors), "encoder")


def decoded(data, encoding, errors):
    """The same of `bytes.decode`."""
    coding = _of_text(encoding, "decode")
    if _is_pythons(encoding):
        return _without_wrong(data, encoding, errors)
    return _checked(coding[1](memoryview(data), errors), "decoder")


def _of_text(encoding, work):
    coding = lookup(encoding)
    if not getattr(coding, "_is_text_encoding", True):
        raise LookupError(f"'{encoding}' is not a text encoding; use codecs.{work}() to handle arbitrary codecs")
    return coding


def _checked(given, what):
    if not isinstance(given, tuple) or len(given) != 2:
        raise TypeError(f"{what} must return a tuple (object, integer)")
    return given[0]


def _is_pythons(encoding):
    return _pythons(_normal(encoding)) is not None


def _with_handler(text, encoding, errors):
    made, start, wrong = b"", 0, None
    while True:
        try:
            return made + text[start:].encode(encoding)
        except UnicodeEncodeError as bad:
            wrong = _again(wrong, bad, text, start)
        made += text[start : wrong.start].encode(encoding)
        given, start = _handled(lookup_error(errors), wrong, len(text), "encoding")
        made += given if isinstance(given, bytes) else given.encode(encoding)


def _without_wrong(data, encoding, errors):
    made, start, wrong = "", 0, None
    while True:
        try:
            return made + data[start:].decode(encoding)
        except UnicodeDecodeError as bad:
            wrong = _again(wrong, bad, bytes(data), start)
        made += data[start : wrong.start].decode(encoding)
        given, start = _handled(lookup_error(errors), wrong, len(data), "decoding")
        made += given


def _again(wrong, bad, whole, start):
    """One exception is told of all: its attributes change, what it was made with does not (`unicode_encode_call_errorhandler`)."""
    if wrong is None:
        return type(bad)(bad.encoding, whole, bad.start + start, bad.end + start, bad.reason)
    wrong.start, wrong.end, wrong.reason = bad.start + start, bad.end + start, bad.reason
    return wrong


def _handled(handler, wrong, length, what):
    given = handler(wrong)
    if not isinstance(given, tuple) or len(given) != 2:
        raise TypeError(f"{what} error handler must return (str{'/bytes' * (what == 'encoding')}, int) tuple")
    at = given[1] + length if given[1] < 0 else given[1]
    if not 0 <= at <= length:
        raise IndexError(f"position {given[1]} from error handler out of bounds")
    return given[0], at
