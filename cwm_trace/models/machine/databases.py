"""SQLite's databases: what a statement does to one, and which rows it gives, SQLite itself tells, in memory (`sources/sqlite3.py`).

Knows nothing of SQL. A statement gets no file and no library to work with, and so many steps (`_MOST`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cwm_trace.models.machine.arithmetic import plain
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.natives import native
from cwm_trace.models.machine.values import Dict, List, Lost, Native, Value, known

if TYPE_CHECKING:
    import sqlite3

_MOST = 20_000_000
"""Steps of SQLite's machine, some seconds."""
_LARGEST = 1 << 28
"""Bytes of a text or blob that a statement may make (`zeroblob`)."""
_REACHES_OUT = frozenset(("SQLITE_ATTACH", "SQLITE_DETACH"))
_NAMED_OUT = frozenset(("load_extension", "temp_store_directory", "data_store_directory", "readfile", "writefile"))
_KEPT = ("isolation_level", "in_transaction", "total_changes")


@native("followed.database")
def _database(m: Interpreter, isolation: Value, held: Value) -> Value:
    """What works on a new database with these bytes. Raises Lost where this Python has no SQLite."""
    try:
        import sqlite3  # noqa: PLC0415  # not every Python has it, nor does every program need it
    except ImportError:
        raise Lost("sqlite3") from None
    made = sqlite3.connect(":memory:", isolation_level=known(isolation), check_same_thread=False)
    return _Database(made, bytes(known(held))).offered()


class _Database:
    def __init__(self, made: sqlite3.Connection, held: bytes) -> None:
        self.made, self.is_refused, self.steps = made, False, 0
        if held:
            made.deserialize(held)
        self._guard()

    def _guard(self) -> None:
        import sqlite3  # noqa: PLC0415

        outside = {getattr(sqlite3, name) for name in _REACHES_OUT}

        def allowed(action: int, one: str | None, other: str | None, *_: Any) -> int:
            if action in outside or one in _NAMED_OUT or other in _NAMED_OUT:
                self.is_refused = True
                return sqlite3.SQLITE_DENY
            return sqlite3.SQLITE_OK

        def has_time_out() -> bool:
            self.steps += 1
            self.is_refused |= self.steps > _MOST // 1000
            return self.is_refused

        self.made.set_authorizer(allowed)
        self.made.set_progress_handler(has_time_out, 1000)
        self.made.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)

    def offered(self) -> Native:
        """Its methods, as sources call them."""
        return _with_methods("database", self._run, self._methods())

    def _methods(self) -> dict[str, Callable[..., Any]]:
        made = self.made
        return {
            "cursor": lambda: self._cursor(made.cursor()),
            "commit": made.commit,
            "rollback": made.rollback,
            "close": made.close,
            "isolated": lambda level: setattr(made, "isolation_level", level),
            "state": lambda: tuple(getattr(made, name) for name in _KEPT),
            "held": made.serialize,
            "hold": self._hold,
        }

    def _hold(self, held: bytes) -> None:
        """Go on with other bytes, which SQLite itself attaches."""
        self.made.set_authorizer(None)
        self.made.deserialize(held)
        self._guard()

    def _cursor(self, cursor: sqlite3.Cursor) -> Native:
        methods: dict[str, Callable[..., Any]] = {
            "execute": cursor.execute,
            "executemany": cursor.executemany,
            "executescript": cursor.executescript,
            "fetchone": cursor.fetchone,
            "fetchall": lambda: List([*cursor.fetchall()]),
            "fetchmany": lambda count: List([*cursor.fetchmany(count)]),
            "close": cursor.close,
            "state": lambda: (cursor.description, cursor.rowcount, cursor.lastrowid),
        }
        return _with_methods("cursor", self._run, methods)

    def _run(self, method: Callable[..., Any], args: Sequence[Any]) -> Value:
        """What is refused, by name, words, number and its name, and what is given. Raises Lost."""
        import sqlite3  # noqa: PLC0415

        try:
            found = method(*args)
        except (sqlite3.Error, sqlite3.Warning, ValueError, TypeError, OverflowError) as bad:
            if self.is_refused:
                raise Lost(*bad.args) from None
            more = (getattr(bad, "sqlite_errorcode", None), getattr(bad, "sqlite_errorname", None))
            return (type(bad).__name__, bad.args, *more), None
        return None, (found if isinstance(found, (tuple, str, bytes, int, List, Native)) else None)


def _with_methods(
    name: str, run: Callable[[Callable[..., Any], Sequence[Any]], Value], methods: Mapping[str, Callable[..., Any]]
) -> Native:
    def of(method: Callable[..., Any]) -> Callable[..., Value]:
        return lambda m, *args: run(method, [_given(each) for each in args])

    return Native(name, lambda m: None, attributes={each: Native(each, of(method)) for each, method in methods.items()})


def _given(value: Value) -> Any:
    """Parameters of a statement, or of many, as this Python's own. Raises Lost."""
    value = known(value)
    if isinstance(value, Dict):
        return {plain(key): plain(each) for key, each in zip(value.keys, value.values, strict=True)}
    if isinstance(value, (tuple, List)) and getattr(value, "kind", "") != "bytearray":
        return [_given(each) for each in (value.items if isinstance(value, List) else value)]
    return plain(value)
