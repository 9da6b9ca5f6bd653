"""`xml.etree.ElementTree`: what is otherwise in C than in Python, as programs see it."""

from followed import iterator

_iter, _itertext = Element.iter, Element.itertext  # noqa: F821


def _elements(self, tag=None):
    return iterator(list(_iter(self, tag)), "_elementtree._element_iterator")


def _texts(self):
    return iterator(list(_itertext(self)), "_elementtree._element_iterator")


def _keys(self):
    return list(self.attrib.keys())


def _items(self):
    return list(self.attrib.items())


def _raise(self, value):
    problem = ParseError(str(value))  # noqa: F821
    problem.code, problem.position = value.code, (value.lineno, value.offset)
    raise problem


class IterParseIterator:
    def __init__(self, source, events, parser):
        self._source, self._pull, self.root = source, XMLPullParser(events=events, _parser=parser), None  # noqa: F821
        self._is_own = not hasattr(source, "read")
        if self._is_own:
            self._source = open(source, "rb")
        self._events = self._all()

    def _all(self):
        while True:
            yield from self._pull.read_events()
            data = self._source.read(16 * 1024)
            if not data:
                break
            self._pull.feed(data)
        root = self._pull._close_and_return_root()
        yield from self._pull.read_events()
        self.root = root
        if self._is_own:
            self._source.close()

    def __repr__(self):
        return "<xml.etree.ElementTree.iterparse.<locals>.IterParseIterator object>"

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._events)


def iterparse(source, events=None, parser=None):
    return IterParseIterator(source, events, parser)


Element.iter, Element.itertext, XMLParser._raiseerror = _elements, _texts, _raise  # noqa: F821
Element.keys, Element.items = _keys, _items  # noqa: F821
