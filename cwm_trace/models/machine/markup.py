"""XML, of which Python's own parser reads what a text consists of; what is made of that is followed (`sources/xml.parsers.expat.py`)."""

from __future__ import annotations

from functools import partial
from typing import Any
from xml.parsers import expat

from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import List, Value, dict_from, known


@native("followed.xml_events")
def _xml_events(
    m: Interpreter, coding: Value, separator: Value, options: Value, wanted: Value, pieces: Value, final: Value
) -> Value:
    """What a parser of XML meets in pieces of text: handler, line, column and what that is given; and what is wrong in the end."""
    found: list[Value] = []
    parser = expat.ParserCreate(known(coding), known(separator))
    given = known(options)
    for name, value in zip(given.keys, given.values, strict=True):
        setattr(parser, name, known(value))
    for name in map(known, known(wanted).items):
        setattr(parser, name, partial(_met, parser, found, name))
    texts = [known(each) for each in known(pieces).items]
    try:
        for place, text in enumerate(texts, 1):
            parser.Parse(text, known(final) and place == len(texts))
    except expat.ExpatError as wrong:
        return (List(found), (str(wrong), wrong.code, wrong.lineno, wrong.offset))
    return (List(found), None)


def _met(parser: Any, found: list[Value], name: str, *args: Any) -> None:
    given = tuple(
        List(each) if isinstance(each, list) else dict_from(each) if isinstance(each, dict) else each for each in args
    )
    found.append((name, parser.CurrentLineNumber, parser.CurrentColumnNumber, given))
