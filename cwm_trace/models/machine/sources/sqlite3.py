"""`sqlite3`: connections and cursors; what statements do is SQLite's (`machine.databases`). A database in a file is read and written as a
whole, after each statement that is not inside a transaction."""

import datetime
from collections.abc import Mapping

from _disk import Node, is_elsewhere, look, place, put
from _disk import text as _text
from followed import database as _database
from followed import lost, unknown

PARSE_DECLTYPES, PARSE_COLNAMES = 1, 2
SQLITE_OK, SQLITE_DENY, SQLITE_IGNORE = 0, 1, 2
apilevel, paramstyle, threadsafety = "2.0", "qmark", 3
Binary = memoryview
Date, Time, Timestamp = datetime.date, datetime.time, datetime.datetime


class Warning(Exception):
    pass


class Error(Exception):
    pass


class InterfaceError(Error):
    pass


class DatabaseError(Error):
    pass


class InternalError(DatabaseError):
    pass


class OperationalError(DatabaseError):
    pass


class ProgrammingError(DatabaseError):
    pass


class IntegrityError(DatabaseError):
    pass


class DataError(DatabaseError):
    pass


class NotSupportedError(DatabaseError):
    pass


_KINDS = {
    each.__name__: each
    for each in (Warning, Error, InterfaceError, DatabaseError, InternalError, OperationalError, ProgrammingError)
}
_KINDS |= {each.__name__: each for each in (IntegrityError, DataError, NotSupportedError)}
_KINDS |= {each.__name__: each for each in (ValueError, TypeError, OverflowError)}
_adapters, _converters = {}, {}


class PrepareProtocol:
    pass


def register_adapter(type, adapter, /):
    _adapters[type] = adapter


def register_converter(typename, converter, /):
    _converters[typename.upper()] = converter


def _kinds():
    return tuple(_converters)


def _from_date(value):
    return value.isoformat()


def _from_datetime(value):
    return value.isoformat(" ")


def _to_date(octets):
    return datetime.date(*map(int, octets.split(b"-")))


def _to_datetime(octets):
    date, time = octets.split(b" ")
    whole = time.split(b".")
    micro = int(f"{whole[1].decode():0<6.6}") if len(whole) == 2 else 0
    return datetime.datetime(*map(int, date.split(b"-")), *map(int, whole[0].split(b":")), micro)


register_converter("date", _to_date)
register_converter("timestamp", _to_datetime)


def _adapted(value):
    """What SQLite is given for a value."""
    kind = type(value)
    if kind in _adapters:
        return _adapters[kind](value)
    if value is None or isinstance(value, (int, float, str, bytes, bytearray)):
        return value
    if isinstance(value, memoryview):
        return bytes(value)
    if hasattr(kind, "__conform__"):
        return value.__conform__(PrepareProtocol)
    if kind is datetime.date:
        return _from_date(value)
    if kind is datetime.datetime:
        return _from_datetime(value)
    return _OTHER


_OTHER = ()
"""A value that SQLite does not take."""


def _parameters(given):
    if isinstance(given, dict):
        named = {key: _adapted(value) for key, value in given.items()}
        _check((f":{key}", value, given[key]) for key, value in named.items())
        return named
    if isinstance(given, (str, bytes)):
        return [*given]
    if not hasattr(type(given), "__getitem__") or not hasattr(type(given), "__len__"):
        raise ProgrammingError("parameters are of unsupported type")
    if isinstance(given, Mapping):
        lost()
    listed = [_adapted(value) for value in given]
    _check((number, value, given[number - 1]) for number, value in enumerate(listed, 1))
    return listed


def _check(adapted):
    for place_, value, of in adapted:
        if value is _OTHER:
            raise ProgrammingError(f"Error binding parameter {place_}: type {type(of).__name__!r} is not supported")


def _done(told):
    refused, given = told
    if refused is None:
        return given
    name, args, number, called = refused
    made = _KINDS[name](*args)
    if number is not None:
        made.sqlite_errorcode, made.sqlite_errorname = number, called
    raise made


class Row:
    def __new__(cls, cursor, data, /):
        self = object.__new__(cls)
        self._names, self._data = [each[0] for each in cursor.description or ()], tuple(data)
        return self

    def keys(self):
        return list(self._names)

    def __getitem__(self, key, /):
        if isinstance(key, str):
            for name, value in zip(self._names, self._data, strict=False):
                if name == key or name.isascii() and name.lower() == key.lower():
                    return value
            raise IndexError("No item with that key")
        if isinstance(key, (int, slice)):
            if isinstance(key, int) and not -len(self._data) <= key < len(self._data):
                raise IndexError("tuple index out of range" if key >= 0 else "Index must be int or string")
            return self._data[key]
        raise IndexError("Index must be int or string")

    def __len__(self):
        return len(self._data)

    def __iter__(self):
        return iter(self._data)

    def __eq__(self, other, /):
        if not isinstance(other, Row):
            return NotImplemented
        return self._names == other._names and self._data == other._data

    def __hash__(self):
        return hash(self._data)


class Cursor:
    _is_of_c = True

    def __init__(self, connection, /):
        self._set(connection)

    def _set(self, connection):
        self.connection, self.arraysize, self.row_factory = connection, 1, connection.row_factory
        self._works = _done(connection._works.cursor(()))
        self._tell()

    def _tell(self):
        self.description, self.rowcount, self.lastrowid = _done(self._works.state(()))

    def execute(self, sql, parameters=(), /):
        return self._run(self._works.execute, sql, _parameters(parameters))

    def _run(self, work, *given):
        self.connection._begin()
        try:
            _done(work(_kinds(), *given))
        finally:
            self._tell()
            self.connection._end()
        return self

    def executemany(self, sql, parameters, /):
        rows, problem = [], None
        try:
            for each in parameters:
                rows.append(_parameters(each))
        except BaseException as bad:
            problem = bad
        self._run(self._works.executemany, sql, rows)
        if problem is not None:
            raise problem
        return self

    def executescript(self, sql_script, /):
        return self._run(self._works.executescript, sql_script)

    def _row(self, row):
        if self.connection.text_factory is not str:
            lost()
        if self.connection._detects:
            row = tuple([_converters[each[0]](each[1]) if isinstance(each, tuple) else each for each in row])
        return row if self.row_factory is None else self.row_factory(self, row)

    def _rows(self, rows):
        if self.row_factory is None and not self.connection._detects:
            return rows
        return [self._row(row) for row in rows]

    def fetchone(self):
        row = _done(self._works.fetchone(_kinds()))
        self._tell()
        return None if row is None else self._row(row)

    def fetchall(self):
        rows = _done(self._works.fetchall(_kinds()))
        self._tell()
        return self._rows(rows)

    def fetchmany(self, size=None):
        rows = _done(self._works.fetchmany(_kinds(), self.arraysize if size is None else size))
        self._tell()
        return self._rows(rows)

    def __iter__(self):
        return self

    def __next__(self):
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def close(self):
        _done(self._works.close(()))

    def setinputsizes(self, sizes, /):
        pass

    def setoutputsize(self, size, column=None, /):
        pass


class Connection:
    Warning, Error, InterfaceError, DatabaseError = Warning, Error, InterfaceError, DatabaseError
    InternalError, OperationalError, ProgrammingError = InternalError, OperationalError, ProgrammingError
    IntegrityError, DataError, NotSupportedError = IntegrityError, DataError, NotSupportedError

    def __init__(self, database, timeout=5.0, detect_types=0, isolation_level="", *more, uri=False, **others):
        if uri:
            lost()
        self._detects = detect_types
        self.row_factory, self.text_factory = None, str
        self._path = None if _text(database) in ("", ":memory:") else _text(database)
        self._held = b""
        if self._path is not None:
            self._held = _opened(self._path).data
        self._works = _database(isolation_level, self._held, detect_types)

    def _begin(self):
        """Another connection may have written to the file."""
        if self._path is not None and not self.in_transaction:
            node = look(self._path)
            if node is not None and node.data != self._held:
                self._held = node.data
                _done(self._works.hold(_kinds(), self._held))

    def _end(self):
        if self._path is not None and not self.in_transaction:
            held, node = _done(self._works.held(())), look(self._path)
            if node is not None and held != self._held:
                self._held = node.data = held

    @property
    def isolation_level(self):
        return _done(self._works.state(()))[0]

    @isolation_level.setter
    def isolation_level(self, level):
        _done(self._works.isolated(_kinds(), level))

    @property
    def in_transaction(self):
        return _done(self._works.state(()))[1]

    @property
    def total_changes(self):
        return _done(self._works.state(()))[2]

    def cursor(self, factory=Cursor):
        made = factory(self)
        if self.row_factory is not None:
            made.row_factory = self.row_factory
        return made

    def execute(self, sql, parameters=(), /):
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql, parameters, /):
        return self.cursor().executemany(sql, parameters)

    def executescript(self, sql_script, /):
        return self.cursor().executescript(sql_script)

    def commit(self):
        _done(self._works.commit(()))
        self._end()

    def rollback(self):
        _done(self._works.rollback(()))
        self._end()

    def close(self):
        _done(self._works.close(()))

    def __call__(self, sql, /):
        lost()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback, /):
        if kind is None:
            self.commit()
        else:
            self.rollback()
        return False

    def iterdump(self):
        from sqlite3.dump import _iterdump

        return _iterdump(self)

    def serialize(self, *, name="main"):
        return _done(self._works.held(()))

    def backup(self, target, *, pages=-1, progress=None, name="main", sleep=0.25):
        if progress is not None:
            lost()
        target._held = _done(self._works.held(()))
        _done(target._works.hold(_kinds(), target._held))

    def create_function(self, name, narg, func, /, *, deterministic=False):
        _done(self._works.function(name, narg, func, deterministic))

    def create_aggregate(self, name, n_arg, aggregate_class, /):
        _done(self._works.aggregate(name, n_arg, aggregate_class))

    def create_collation(self, name, callback, /):
        _done(self._works.collation(name, callback))

    def set_trace_callback(self, trace_callback, /):
        _done(self._works.traced(trace_callback))

    def create_window_function(self, *_):
        lost()

    set_authorizer = set_progress_handler = interrupt = blobopen = load_extension = create_window_function


def _opened(path):
    node = look(path)
    if node is None and is_elsewhere(path):
        return unknown()
    if node is None:
        try:
            into, _ = place(path)
            node = put(path, Node(b"", 0o644))
        except OSError:
            raise _cannot_open() from None
    if node.is_folder:
        raise _cannot_open()
    return node


def _cannot_open():
    made = OperationalError("unable to open database file")
    made.sqlite_errorcode, made.sqlite_errorname = 14, "SQLITE_CANTOPEN"
    return made


def connect(database, *args, factory=Connection, **named):
    return factory(database, *args, **named)
