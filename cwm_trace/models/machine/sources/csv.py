"""`csv`, as far as it is followed: rows of texts, with quotes around those that need them."""

from followed import csv_fields, lost

QUOTE_MINIMAL, QUOTE_ALL, QUOTE_NONNUMERIC, QUOTE_NONE = 0, 1, 2, 3


class Error(Exception):
    pass


class _Reader:
    _is_of_c = True

    def __init__(self, lines, delimiter, quotechar, skipinitialspace):
        self._lines, self._delimiter, self._quote, self._skips = iter(lines), delimiter, quotechar, skipinitialspace
        self.line_num = 0

    def __repr__(self):
        return "<_csv.reader object>"

    def __iter__(self):
        return self

    def _line(self):
        line = next(self._lines)
        self.line_num += 1
        return line

    def __next__(self):
        line = self._line()
        bare = line.rstrip("\r\n")
        if self._quote not in bare:
            if not bare:
                return []
            fields = bare.split(self._delimiter)
            return [each.lstrip(" ") for each in fields] if self._skips else fields
        while True:
            fields = csv_fields(line, self._delimiter, self._quote, self._skips)
            if fields is not None:
                return fields
            try:
                line += self._line()
            except StopIteration:
                lost()


def reader(csvfile, dialect="excel", *, delimiter=",", quotechar='"', skipinitialspace=False, quoting=0):
    if dialect not in ("excel", "excel-tab") or quoting not in (0, 1):
        lost()
    return _Reader(csvfile, "\t" if dialect == "excel-tab" else delimiter, quotechar, skipinitialspace)


class _Writer:
    def __init__(self, file, delimiter, quotechar, quoting, lineterminator):
        self._file, self._delimiter, self._quote, self._how, self._end = (
            file,
            delimiter,
            quotechar,
            quoting,
            lineterminator,
        )

    def __repr__(self):
        return "<_csv.writer object>"

    def _field(self, value, is_only):
        text = "" if value is None else str(value)
        needs = any([each in text for each in (self._delimiter, self._quote, "\r", "\n")]) or is_only and not text
        if needs or self._how == 1 or self._how == 2 and not isinstance(value, (int, float)):
            return self._quote + text.replace(self._quote, self._quote * 2) + self._quote
        return text

    def writerow(self, row):
        values = list(row)
        fields = [self._field(each, len(values) == 1) for each in values]
        return self._file.write(self._delimiter.join(fields) + self._end)

    def writerows(self, rows):
        for row in rows:
            self.writerow(row)


def writer(csvfile, dialect="excel", *, delimiter=",", quotechar='"', quoting=0, lineterminator="\r\n"):
    if dialect not in ("excel", "excel-tab") or quoting == 3:
        lost()
    return _Writer(csvfile, "\t" if dialect == "excel-tab" else delimiter, quotechar, quoting, lineterminator)


class DictReader:
    def __init__(self, f, fieldnames=None, restkey=None, restval=None, dialect="excel", **words):
        self._names, self.restkey, self.restval = None if fieldnames is None else list(fieldnames), restkey, restval
        self.reader, self.dialect, self.line_num = reader(f, dialect, **words), dialect, 0

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
    def __init__(self, f, fieldnames, restval="", extrasaction="raise", dialect="excel", **words):
        self.fieldnames, self.restval, self.extrasaction = fieldnames, restval, extrasaction
        self.writer = writer(f, dialect, **words)

    def writeheader(self):
        return self.writerow({name: name for name in self.fieldnames})

    def writerow(self, rowdict):
        if self.extrasaction == "raise":
            wrong = [name for name in rowdict if name not in self.fieldnames]
            if len(wrong) > 1:
                lost()
            if wrong:
                raise ValueError(f"dict contains fields not in fieldnames: {wrong[0]!r}")
        return self.writer.writerow([rowdict.get(name, self.restval) for name in self.fieldnames])

    def writerows(self, rowdicts):
        for row in rowdicts:
            self.writerow(row)
