"""`xml.parsers.expat`: what a text of XML consists of is read by Python's own parser, all of it again with each piece."""

from followed import xml_events

version_info = (2, 5, 0)
EXPAT_VERSION = "expat_2.5.0"
native_encoding = "UTF-8"
XML_PARAM_ENTITY_PARSING_NEVER, XML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE, XML_PARAM_ENTITY_PARSING_ALWAYS = 0, 1, 2
_HANDLERS = (
    "StartElementHandler EndElementHandler CharacterDataHandler ProcessingInstructionHandler CommentHandler"
    " StartCdataSectionHandler EndCdataSectionHandler DefaultHandler DefaultHandlerExpand StartNamespaceDeclHandler"
    " EndNamespaceDeclHandler StartDoctypeDeclHandler EndDoctypeDeclHandler XmlDeclHandler"
).split()


class ExpatError(Exception):
    __module__ = "xml.parsers.expat"


error = ExpatError


class XMLParserType:
    __module__ = "pyexpat"

    def __init__(self, encoding, namespace_separator):
        self._encoding, self._separator, self._pieces, self._count = encoding, namespace_separator, [], 0
        self.buffer_text = self.ordered_attributes = self.specified_attributes = self.namespace_prefixes = False
        self.buffer_size, self.intern = 8192, {}
        self.CurrentLineNumber, self.CurrentColumnNumber, self.CurrentByteIndex = 1, 0, 0
        self.ErrorCode, self.ErrorLineNumber, self.ErrorColumnNumber, self.ErrorByteIndex = 0, 1, 0, -1
        for name in _HANDLERS:
            setattr(self, name, None)

    def __repr__(self):
        return "<pyexpat.xmlparser object>"

    def Parse(self, data, isfinal=False, /):
        self._pieces.append(data if isinstance(data, (str, bytes)) else bytes(data))
        wanted = [name for name in _HANDLERS if getattr(self, name) is not None]
        options = {
            "buffer_text": bool(self.buffer_text),
            "ordered_attributes": bool(self.ordered_attributes),
            "specified_attributes": bool(self.specified_attributes),
            "namespace_prefixes": bool(self.namespace_prefixes),
        }
        events, wrong = xml_events(self._encoding, self._separator, options, wanted, self._pieces, bool(isfinal))
        for name, line, column, args in events[self._count :]:
            self.CurrentLineNumber, self.CurrentColumnNumber = line, column
            getattr(self, name)(*args)
        self._count = len(events)
        if wrong:
            text, code, line, column = wrong
            problem = ExpatError(text)
            problem.code, problem.lineno, problem.offset = code, line, column
            self.ErrorCode, self.ErrorLineNumber, self.ErrorColumnNumber = code, line, column
            raise problem
        return 1

    def ParseFile(self, file, /):
        return self.Parse(file.read(), True)

    def SetParamEntityParsing(self, flag, /):
        return 1

    def UseForeignDTD(self, flag=True, /):
        pass

    def GetBase(self):
        return None

    def SetBase(self, base, /):
        pass

    def GetInputContext(self):
        return None


def ParserCreate(encoding=None, namespace_separator=None, intern=None):
    return XMLParserType(encoding, namespace_separator)
