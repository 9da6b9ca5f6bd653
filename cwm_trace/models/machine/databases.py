"""SQLite's databases: what a statement does to one, and which rows it gives, SQLite itself tells, in memory (`sources/sqlite3.py`).

Functions of the program that a statement calls are followed as others are: the statement waits in a thread of its own meanwhile. Knows
nothing of SQL. A statement gets no file and no library to work with, and so many steps (`_MOST`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from cwm_trace.models.machine.active import Work
from cwm_trace.models.machine.arithmetic import plain
from cwm_trace.models.machine.calls import invoke
from cwm_trace.models.machine.classes import attribute
from cwm_trace.models.machine.interpreter import Interpreter
from cwm_trace.models.machine.registry import native
from cwm_trace.models.machine.values import Dict, List, Lost, Native, Raised, Value, known

if TYPE_CHECKING:
    import sqlite3

_MOST = 20_000_000
"""Steps of SQLite's machine, some seconds."""
_AT_ONCE = 1000
_LARGEST = 1 << 28
"""Bytes of a text or blob that a statement may make (`zeroblob`)."""
_REACHES_OUT = ("SQLITE_ATTACH", "SQLITE_DETACH")
_NAMED_OUT = frozenset(("load_extension", "temp_store_directory", "data_store_directory"))
_KEPT = ("isolation_level", "in_transaction", "total_changes")
_converting = threading.Lock()


@native("followed.database")
def _database(m: Interpreter, isolation: Value, held: Value, detects: Value) -> Value:
    """What works on a new database with these bytes. Raises Lost where this Python has no SQLite."""
    try:
        import sqlite3  # noqa: PLC0415  # not every Python has it, nor does every program need it
    except ImportError:
        raise Lost("sqlite3") from None
    made = sqlite3.connect(
        ":memory:", isolation_level=known(isolation), check_same_thread=False, detect_types=known(detects)
    )
    return _Database(made, bytes(known(held)), bool(known(detects))).offered()


class _Database:
    def __init__(self, made: sqlite3.Connection, held: bytes, has_converters: bool) -> None:
        self.made, self.has_converters, self.is_refused, self.steps = made, has_converters, False, 0
        self.exchange: _Exchange | None = None  # where the program has functions that statements call
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()
        if held:
            made.deserialize(held)
        self._guard()

    def __del__(self) -> None:
        self.made.close()  # else it warns that nobody has, from 3.13 on

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
            self.is_refused |= self.steps > _MOST // _AT_ONCE
            return self.is_refused

        self.made.set_authorizer(allowed)
        self.made.set_progress_handler(has_time_out, _AT_ONCE)
        self.made.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)

    def offered(self) -> Native:
        """Its methods, as sources call them."""
        made = self.made
        return self._with_methods(
            "database",
            {
                "cursor": lambda: self._cursor(made.cursor()),
                "commit": made.commit,
                "rollback": made.rollback,
                "close": made.close,
                "isolated": lambda level: setattr(made, "isolation_level", level),
                "state": lambda: tuple(getattr(made, name) for name in _KEPT),
                "held": made.serialize,
                "hold": self._hold,
            },
            {
                "function": self._add_function,
                "aggregate": self._add_aggregate,
                "collation": lambda name, by: made.create_collation(known(name), self._asking(by)),
                "traced": lambda by: made.set_trace_callback(self._asking(by)),
            },
        )

    def _hold(self, held: bytes) -> None:
        """Go on with other bytes, which SQLite itself attaches."""
        self.made.set_authorizer(None)
        self.made.deserialize(held)
        self._guard()

    def _cursor(self, cursor: sqlite3.Cursor) -> Native:
        self._cursors.add(cursor)
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
        return self._with_methods("cursor", methods, {})

    def _with_methods(
        self, name: str, methods: Mapping[str, Callable[..., Any]], others: Mapping[str, Callable[..., Any]]
    ) -> Native:
        """`others`: what is given values as the program has them."""
        held = {each: Native(each, partial(self._called, method)) for each, method in methods.items()}
        held |= {each: Native(each, partial(self._taken, method)) for each, method in others.items()}
        return Native(name, lambda m: None, attributes=held)

    def _taken(self, method: Callable[..., Any], m: Interpreter, *args: Value) -> Value:
        return self._told(partial(method, *args))

    def _called(self, method: Callable[..., Any], m: Interpreter, kinds: Value, *args: Value) -> Work:
        """`kinds`: declared types that the program has converters for."""
        call = partial(self._told, partial(method, *map(_given, args)), [known(kind) for kind in known(kinds)])
        return call() if self.exchange is None else (yield from self.exchange.followed(m, call, [*self._cursors]))

    def _told(self, method: Callable[[], Any], kinds: Sequence[str] = ()) -> Value:
        """What is refused, by name, words, number and its name, and what is given. Raises Lost."""
        import sqlite3  # noqa: PLC0415

        try:
            with _tagged(kinds if self.has_converters else ()):
                found = method()
        except (sqlite3.Error, sqlite3.Warning, ValueError, TypeError, OverflowError) as bad:
            if self.is_refused:
                raise Lost(*bad.args) from None
            more = (getattr(bad, "sqlite_errorcode", None), getattr(bad, "sqlite_errorname", None))
            return (type(bad).__name__, bad.args, *more), None
        return None, (found if isinstance(found, (tuple, str, bytes, int, List, Native)) else None)

    def _asking(self, function: Value) -> Callable[..., Any] | None:
        """What SQLite calls in place of a function of the program."""
        if known(function) is None:
            return None
        exchange = self.exchange = self.exchange or _Exchange()
        return lambda *args: exchange.asked(lambda m: invoke(m, function, args, {}))

    def _add_function(self, name: Value, count: Value, function: Value, is_deterministic: Value) -> None:
        asking = self._asking(function)
        self.made.create_function(known(name), known(count), asking, deterministic=known(is_deterministic))

    def _add_aggregate(self, name: Value, count: Value, kind: Value) -> None:
        exchange = self.exchange = self.exchange or _Exchange()

        class Aggregate:
            def __init__(self) -> None:
                self.made = exchange.asked(lambda m: invoke(m, kind, (), {}), is_plain=False)

            def step(self, *args: Any) -> Any:
                return exchange.asked(lambda m: _of_method(m, self.made, "step", args))

            def finalize(self) -> Any:
                return exchange.asked(lambda m: _of_method(m, self.made, "finalize", ()))

        self.made.create_aggregate(known(name), known(count), Aggregate)


def _of_method(m: Interpreter, owner: Value, name: str, args: Sequence[Value]) -> Work:
    return (yield from invoke(m, (yield from attribute(m, owner, name)), args, {}))


class _Exchange:
    """Between a statement and what it calls: one of the two is at work, the other waits."""

    def __init__(self) -> None:
        self._is_left = False  # what asks is told nothing any more
        self._asked: SimpleQueue[Any] = SimpleQueue()
        self._answers: SimpleQueue[tuple[bool, Any]] = SimpleQueue()

    def asked(self, work: Callable[[Interpreter], Work], is_plain: bool = True) -> Any:
        """What the work comes to. Raises ValueError where it comes to nothing, which SQLite has an error of its own for."""
        if self._is_left:
            raise ValueError
        self._asked.put((work, is_plain))
        is_right, answer = self._answers.get()
        if not is_right:
            raise ValueError
        return answer

    def followed(self, m: Interpreter, statement: Callable[[], Value], cursors: list[sqlite3.Cursor]) -> Work:
        """What a statement tells; what it asks for is worked out here meanwhile. `cursors`: those of the database, which are kept: one that went
        would wait for the statement, which waits for us."""
        told: list[Value] = []

        def run() -> None:
            try:
                told.append(statement())
            except Lost as lost:
                told.append(lost)
            finally:
                self._asked.put(None)

        self._is_left = False
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            while (asked := self._asked.get()) is not None:
                self._answers.put((yield from self._answered(m, *asked)))
        finally:
            thread.join()
            cursors.clear()
            while not self._asked.empty():  # where it is not followed to its end
                self._asked.get()
        if isinstance(told[0], Lost):
            raise told[0]
        return told[0]

    def _answered(self, m: Interpreter, work: Callable[[Interpreter], Work], is_plain: bool) -> Work:
        """Whether it comes to something, and to what."""
        try:
            given = yield from work(m)
            return True, plain(given) if is_plain else given
        except Raised:
            return False, None
        except BaseException:  # it is not followed to its end
            self._is_left = True
            self._answers.put((False, None))
            raise


@contextmanager
def _tagged(kinds: Iterable[str]) -> Iterator[None]:
    """Have values of these declared types told apart, which are converted elsewhere; the module has one table of them for all."""
    import sqlite3  # noqa: PLC0415

    if not kinds:
        yield
        return
    table: dict[str, Any] = sqlite3.converters
    with _converting:
        before = dict(table)
        table.clear()
        table.update({kind: partial(_pair, kind) for kind in kinds})
        try:
            yield
        finally:
            table.clear()
            table.update(before)


def _pair(kind: str, octets: bytes) -> tuple[str, bytes]:
    """What stands for a value that a converter is to make, by the declared type, of bytes: no other value is a tuple."""
    return kind, octets


def _given(value: Value) -> Any:
    """Parameters of a statement, or of many, as this Python's own. Raises Lost."""
    value = known(value)
    if isinstance(value, Dict):
        return {plain(key): plain(each) for key, each in zip(value.keys, value.values, strict=True)}
    if isinstance(value, (tuple, List)) and getattr(value, "kind", "") != "bytearray":
        return [_given(each) for each in (value.items if isinstance(value, List) else value)]
    return plain(value)
