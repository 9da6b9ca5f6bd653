"""`contextlib`, as far as the machine has no classes of its own for it."""

from functools import update_wrapper
from os import chdir as _go
from os import getcwd as _where
from sys import version_info as _version

from followed import pausing, redirect

_STAYS_OPEN = _version >= (3, 15)  # while what is decorated pauses


def _ways(manager, enter, leave, what):
    kind = type(manager)
    try:
        return getattr(kind, enter).__get__(manager, kind), getattr(kind, leave).__get__(manager, kind)
    except AttributeError:
        raise TypeError(
            f"'{kind.__module__}.{kind.__qualname__}' object does not support the {what} protocol"
        ) from None


class AbstractContextManager:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        return None


class ContextDecorator:
    def _recreate_cm(self):
        return self

    def __call__(self, func):
        def inner(*args, **kwds):
            with self._recreate_cm():
                return func(*args, **kwds)

        async def each_awaited(*args, **words):
            with self._recreate_cm():
                async with aclosing(func(*args, **words)) as given:
                    async for value in given:
                        yield value

        async def awaited(*args, **words):
            with self._recreate_cm():
                return await func(*args, **words)

        def each(*args, **words):
            with self._recreate_cm(), closing(func(*args, **words)) as given:
                return (yield from given)

        if _STAYS_OPEN:
            inner = {"async_generator": each_awaited, "coroutine": awaited, "generator": each}.get(pausing(func), inner)
        return update_wrapper(inner, func)


class _GeneratorContextManager(ContextDecorator):
    def __init__(self, function, args, words):
        self.gen = function(*args, **words)
        self.func, self.args, self.kwds = function, args, words

    def _recreate_cm(self):
        return self.__class__(self.func, self.args, self.kwds)

    def __enter__(self):
        del self.args, self.kwds, self.func
        try:
            return next(self.gen)
        except StopIteration:
            raise RuntimeError("generator didn't yield") from None

    def __exit__(self, typ, value, traceback):
        if value is None:
            try:
                next(self.gen)
            except StopIteration:
                return False
            try:
                raise RuntimeError("generator didn't stop")
            finally:
                self.gen.close()
        try:
            if _version < (3, 12):
                self.gen.throw(typ, value, traceback)
            else:
                self.gen.throw(value)
        except StopIteration as other:
            return other is not value
        except RuntimeError as other:
            if other is value or isinstance(value, StopIteration) and other.__cause__ is value:
                value.__traceback__ = traceback
                return False
            raise
        except BaseException as other:
            if other is value:
                other.__traceback__ = traceback
                return False
            raise
        try:
            raise RuntimeError("generator didn't stop after throw()")
        finally:
            self.gen.close()


def contextmanager(function):
    def helper(*args, **words):
        return _GeneratorContextManager(function, args, words)

    return update_wrapper(helper, function)


class _BaseExitStack:
    def __init__(self):
        self._left = []

    def enter_context(self, manager):
        enter, leave = _ways(manager, "__enter__", "__exit__", "context manager")
        given = enter()
        self._left.append((False, leave))
        return given

    def push(self, leave):
        self._left.append((False, leave.__exit__ if hasattr(leave, "__exit__") else leave))
        return leave

    def callback(self, function, /, *args, **words):
        def leave(kind, error, traceback):
            function(*args, **words)

        self._left.append((False, leave))
        return function

    def pop_all(self):
        other = type(self)()
        other._left, self._left = self._left, []
        return other


class AsyncExitStack(_BaseExitStack):
    async def enter_async_context(self, manager):
        enter, leave = _ways(manager, "__aenter__", "__aexit__", "asynchronous context manager")
        given = await enter()
        self._left.append((True, leave))
        return given

    def push_async_exit(self, leave):
        self._left.append((True, leave.__aexit__ if hasattr(leave, "__aexit__") else leave))
        return leave

    def push_async_callback(self, function, /, *args, **words):
        async def leave(kind, error, traceback):
            await function(*args, **words)

        self._left.append((True, leave))
        return function

    async def aclose(self):
        await self.__aexit__(None, None, None)

    async def __aenter__(self):
        return self

    async def __aexit__(self, kind, error, traceback):
        given, now, is_new = error, error, False
        while self._left:
            is_async, leave = self._left.pop()
            try:
                told = leave(None if now is None else type(now), now, traceback)
                if await told if is_async else told:
                    now, is_new = None, False
            except BaseException as other:
                _chain(other, now, given)
                now, is_new = other, True
        return _left(given, now, is_new)


class _Redirect:
    def __init__(self, target):
        self._target, self._before = target, []

    def __enter__(self):
        self._before.append(redirect(self._stream, self._target))
        return self._target

    def __exit__(self, *error):
        redirect(self._stream, self._before.pop())


class redirect_stdout(_Redirect):
    _stream = "stdout"


class redirect_stderr(_Redirect):
    _stream = "stderr"


class AbstractAsyncContextManager:
    async def __aenter__(self):
        return self

    async def __aexit__(self, kind, error, traceback):
        return None


class _AsyncGeneratorContextManager:
    def __init__(self, generator):
        self.gen = generator

    async def __aenter__(self):
        try:
            return await anext(self.gen)
        except StopAsyncIteration:
            raise RuntimeError("generator didn't yield") from None

    async def __aexit__(self, kind, error, traceback):
        if error is None:
            try:
                await anext(self.gen)
            except StopAsyncIteration:
                return False
            try:
                raise RuntimeError("generator didn't stop")
            finally:
                await self.gen.aclose()
        try:
            await self.gen.athrow(error)
        except StopAsyncIteration as other:
            return other is not error
        except BaseException as other:
            if other is error:
                other.__traceback__ = traceback
                return False
            raise
        try:
            raise RuntimeError("generator didn't stop after athrow()")
        finally:
            await self.gen.aclose()


def asynccontextmanager(function):
    def helper(*args, **words):
        return _AsyncGeneratorContextManager(function(*args, **words))

    return update_wrapper(helper, function)


class nullcontext:
    def __init__(self, enter_result=None):
        self.enter_result = enter_result

    def __enter__(self):
        return self.enter_result

    def __exit__(self, *error):
        pass


class closing:
    def __init__(self, thing):
        self.thing = thing

    def __enter__(self):
        return self.thing

    def __exit__(self, *error):
        self.thing.close()


def _chain(new, old, around):
    """Let what is raised while the stack is left have been raised while what came before was handled."""
    while (context := new.__context__) is not None and context is not old:
        if context is around:
            new.__context__ = old
        new = context


def _left(given, now, is_new):
    """How a stack is left that was given one exception, or none, and has come to this one."""
    if is_new:
        context = now.__context__
        try:
            raise now
        except BaseException:
            now.__context__ = context
            raise
    return given is not None and now is None


class aclosing:
    def __init__(self, thing):
        self.thing = thing

    async def __aenter__(self):
        return self.thing

    async def __aexit__(self, *error):
        await self.thing.aclose()


class ExitStack(_BaseExitStack):
    def close(self):
        self.__exit__(None, None, None)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        given, now, is_new = error, error, False
        while self._left:
            _, leave = self._left.pop()
            try:
                seen = traceback if now is given else getattr(now, "__traceback__", None)
                if leave(None if now is None else type(now), now, seen):
                    now, is_new = None, False
            except BaseException as other:
                _chain(other, now, given)
                now, is_new = other, True
        return _left(given, now, is_new)


class chdir(AbstractContextManager):
    def __init__(self, path):
        self.path, self._old_cwd = path, []

    def __repr__(self):
        return "<contextlib.chdir object>"

    def __enter__(self):
        self._old_cwd.append(_where())
        _go(self.path)

    def __exit__(self, *error):
        _go(self._old_cwd.pop())
