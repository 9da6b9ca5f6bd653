"""`csv`: rows of texts in any dialect; how one line falls into fields is read by Python's own reader."""

from sys import version_info as _version

from followed import csv_fields

QUOTE_MINIMAL, QUOTE_ALL, QUOTE_NONNUMERIC, QUOTE_NONE = range(4)
_STRINGS, _NOTNULL = 4, 5
if _version >= (3, 12):
    QUOTE_STRINGS, QUOTE_NOTNULL = _STRINGS, _NOTNULL
__version__ = "1.0"


class Error(Exception):
    __module__ = "_csv"


class Dialect:
    _name = ""
    _valid = False
    delimiter = quotechar = escapechar = lineterminator = quoting = None
    doublequote = skipinitialspace = None


class excel(Dialect):
    delimiter, quotechar, doublequote, skipinitialspace, lineterminator, quoting = ",", '"', True, False, "\r\n", 0


class excel_tab(excel):
    delimiter = "\t"


class unix_dialect(Dialect):
    delimiter, quotechar, doublequote, skipinitialspace, lineterminator, quoting = ",", '"', True, False, "\n", 1


_DEFAULTS = {
    "delimiter": ",",
    "doublequote": True,
    "escapechar": None,
    "lineterminator": "\r\n",
    "quotechar": '"',
    "quoting": 0,
    "skipinitialspace": False,
    "strict": False,
}
_dialects = {}


class _Form:
    """What a reader or a writer goes by."""

    def __init__(self, dialect, words):
        is_told = "quoting" in words or dialect is not None and hasattr(dialect, "quoting")
        for name, value in _DEFAULTS.items():
            told = words.pop(name, getattr(dialect, name, value))
            setattr(self, name, bool(told) if isinstance(value, bool) else told)
        if words:
            raise TypeError(f"{list(words)[0]!r} is an invalid keyword argument for this function")
        for name in ("delimiter", "quotechar", "escapechar"):
            self._check(name, getattr(self, name))
        if not isinstance(self.quoting, int):
            raise TypeError('"quoting" must be an integer')
        if self.lineterminator is None:
            raise TypeError("lineterminator must be set")
        if self.quotechar is None and not is_told:
            self.quoting = QUOTE_NONE
        if self.quotechar is None and self.quoting != QUOTE_NONE:
            raise TypeError("quotechar must be set if quoting enabled")

    def __repr__(self):
        return "<_csv.Dialect object>"

    def _check(self, name, value):
        if value is None and name != "delimiter":
            return
        if not isinstance(value, str):
            raise TypeError(
                f'"{name}" must be string{"" if name == "delimiter" else " or None"}, not {type(value).__name__}'
            )
        if len(value) != 1:
            raise TypeError(f'"{name}" must be a 1-character string')

    def words(self):
        return {name: getattr(self, name) for name in _DEFAULTS}


def _form(dialect, words):
    if isinstance(dialect, str):
        dialect = get_dialect(dialect)
    return _Form(dialect, words)


def register_dialect(name, dialect=None, **words):
    if not isinstance(name, str):
        raise TypeError("dialect name must be a string")
    _dialects[name] = _form(dialect, words)


def unregister_dialect(name):
    get_dialect(name)
    del _dialects[name]


def get_dialect(name):
    if name not in _dialects:
        raise Error("unknown dialect")
    return _dialects[name]


def list_dialects():
    return list(_dialects)


def field_size_limit(limit=131072):
    return 131072


register_dialect("excel", excel)
register_dialect("excel-tab", excel_tab)
register_dialect("unix", unix_dialect)


class _Reader:
    _is_of_c = True

    def __init__(self, lines, form):
        self._lines, self.dialect = iter(lines), form
        self._is_plain = (form.escapechar, form.skipinitialspace, form.strict) == (None, False, False)
        self._is_plain = self._is_plain and form.quoting in (QUOTE_MINIMAL, QUOTE_ALL)
        self.line_num = 0

    def __repr__(self):
        return "<_csv.reader object>"

    def __iter__(self):
        return self

    def _line(self):
        line = next(self._lines)
        if not isinstance(line, str):
            kind = type(line).__name__
            raise Error(f"iterator should return strings, not {kind} (the file should be opened in text mode)")
        self.line_num += 1
        return line

    def __next__(self):
        line = self._line()
        if self._is_plain and self.dialect.quotechar not in line:
            bare = line.rstrip("\r\n")
            if "\r" not in bare and "\n" not in bare:
                return bare.split(self.dialect.delimiter) if bare else []
        words = self.dialect.words()
        while True:
            fields, wrong = csv_fields(line, words)
            if wrong:
                raise Error(wrong)
            if fields is not None:
                return fields
            try:
                line += self._line()
            except StopIteration:
                if self.dialect.strict:
                    raise Error("unexpected end of data") from None
                fields, _ = csv_fields(line + (self.dialect.quotechar or ""), words)
                return fields


def reader(csvfile, dialect=None, **words):
    return _Reader(csvfile, _form(dialect, words))


class _Writer:
    def __init__(self, file, form):
        self._file, self.dialect = file, form
        self._special = [form.delimiter, *(each for each in (form.quotechar, form.escapechar) if each)]
        self._special += [*form.lineterminator, *("\r\n" if _version >= (3, 13) else "")]

    def __repr__(self):
        return "<_csv.writer object>"

    def _is_quoted(self, value):
        how = self.dialect.quoting
        if how == QUOTE_NONNUMERIC:
            return not isinstance(value, (int, float))
        if how == _STRINGS:
            return isinstance(value, str)
        return how == QUOTE_ALL or how == _NOTNULL and value is not None

    def _field(self, value, is_only):
        text = "" if value is None else value if isinstance(value, str) else str(value)
        is_quoted, form = self._is_quoted(value), self.dialect
        if any([each in text for each in self._special]):
            text, is_special = self._escaped(text)
            is_quoted = is_quoted or is_special
        if is_only and not text and not is_quoted:
            if form.quoting == QUOTE_NONE:
                raise Error("single empty field record must be quoted")
            is_quoted = True
        return form.quotechar + text + form.quotechar if is_quoted else text

    def _escaped(self, text):
        """A field with what stands before its characters, and whether it must be quoted."""
        made, is_quoted, form = [], False, self.dialect
        for each in text:
            if each in self._special:
                if (
                    form.quoting == QUOTE_NONE
                    or each == form.escapechar
                    or each == form.quotechar
                    and not form.doublequote
                ):
                    if form.escapechar is None:
                        raise Error("need to escape, but no escapechar set")
                    made.append(form.escapechar)
                else:
                    is_quoted = True
                    if each == form.quotechar:
                        made.append(each)
            made.append(each)
        return "".join(made), is_quoted

    def writerow(self, row, /):
        try:
            values = list(row)
        except TypeError:
            raise Error(f"iterable expected, not {type(row).__name__}") from None
        fields = [self._field(each, len(values) == 1) for each in values]
        return self._file.write(self.dialect.delimiter.join(fields) + self.dialect.lineterminator)

    def writerows(self, rows, /):
        for row in rows:
            self.writerow(row)


def writer(csvfile, dialect=None, **words):
    if not hasattr(csvfile, "write"):
        raise TypeError('argument 1 must have a "write" method')
    return _Writer(csvfile, _form(dialect, words))


class DictReader:
    def __init__(self, f, fieldnames=None, restkey=None, restval=None, dialect="excel", *args, **words):
        self._names, self.restkey, self.restval = None if fieldnames is None else list(fieldnames), restkey, restval
        self.reader, self.dialect, self.line_num = reader(f, dialect, *args, **words), dialect, 0

    def __iter__(self):
        return self

    @property
    def fieldnames(self):
        if self._names is None:
            try:
                self._names = next(self.reader)
            except StopIteration:
                pass
        self.line_num = self.reader.line_num
        return self._names

    @fieldnames.setter
    def fieldnames(self, value):
        self._names = value

    def __next__(self):
        names = self.fieldnames
        row = next(self.reader)
        self.line_num = self.reader.line_num
        while row == []:
            row = next(self.reader)
        made = dict(zip(names, row, strict=False))
        if len(names) < len(row):
            made[self.restkey] = row[len(names) :]
        for name in names[len(row) :]:
            made[name] = self.restval
        return made


class DictWriter:
    def __init__(self, f, fieldnames, restval="", extrasaction="raise", dialect="excel", *args, **words):
        self.fieldnames, self.restval = fieldnames, restval
        if extrasaction.lower() not in ("raise", "ignore"):
            raise ValueError(f"extrasaction ({extrasaction}) must be 'raise' or 'ignore'")
        self.extrasaction, self.writer = extrasaction, writer(f, dialect, *args, **words)

    def writeheader(self):
        return self.writerow(dict(zip(self.fieldnames, self.fieldnames, strict=False)))

    def writerow(self, rowdict):
        if self.extrasaction == "raise":
            wrong = rowdict.keys() - self.fieldnames
            if wrong:
                raise ValueError("dict contains fields not in fieldnames: " + ", ".join([repr(x) for x in wrong]))
        return self.writer.writerow([rowdict.get(name, self.restval) for name in self.fieldnames])

    def writerows(self, rowdicts):
        for row in rowdicts:
            self.writerow(row)
