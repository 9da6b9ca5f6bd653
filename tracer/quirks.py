"""What differs between CPython versions, as named facts with their evidence. No other module of the tracer asks for a version."""

from __future__ import annotations

import opcode
import sys
from typing import Final

_VERSION = sys.version_info[:2]

SUPPORTED: Final = ((3, 11), (3, 12), (3, 13), (3, 14), (3, 15))
"""The versions of CPython whose bytecode is known here. On others hooks would be put where the stack is another, so that the interpreter
crashes."""

CALL_SEQUENCE: Final[tuple[str, ...]] = {
    # Order of what precedes the arguments of a call; dis.dis(lambda: f(1)) shows it. A wrong order is a crash.
    (3, 11): ("PUSH_NULL", "LOAD_CONST", "arguments", "PRECALL", "CALL"),
    (3, 12): ("PUSH_NULL", "LOAD_CONST", "arguments", "CALL"),
}.get(_VERSION, ("LOAD_CONST", "PUSH_NULL", "arguments", "CALL"))

CALLABLE_BELOW: Final = 1 if _VERSION <= (3, 12) else 2
"""How far below the first argument a callable lies: from 3.13 on, the NULL of a plain call lies between the two."""

C_CALLS_COUNT: Final = 1 if _VERSION == (3, 11) else 0
"""To the recursion limit, a call of a function of C counts on 3.11 (methodobject.c, `cfunction_enter_call`); later ones count it apart."""

INLINES_COMPREHENSIONS: Final = _VERSION >= (3, 12)
"""PEP 709: list, set and dict comprehensions have no Python frame of their own. The CWM text has one for each."""

BEGINS_INLINED: Final = frozenset(
    {"BUILD_LIST", "BUILD_MAP", "BUILD_SET", "LOAD_FAST_AND_CLEAR", "MAKE_CELL", "PUSH_NULL", "SWAP"}
    if INLINES_COMPREHENSIONS
    else ()
)
"""What stands between the iterator of a comprehension and its loop: dis.dis("lambda a: [x for x in a]") on 3.12."""

THROW_STEPS_BACK_TO_SEND: Final = _VERSION == (3, 11)
"""3.11's `gen.throw` takes the code unit before YIELD_VALUE for SEND and jumps by its argument (genobject.c, `_gen_throw`: "Backup to
SEND"). Anything put between the two must end with a unit that carries the same jump, or the interpreter runs wild."""

CLOSE_SHORTCUT_BIT: Final = {(3, 11): 0, (3, 12): 0, (3, 13): 4, (3, 14): 4}.get(_VERSION, 8)
"""Bit of RESUME's argument after a yield outside any `try`: from 3.13 on `gen.close()` then drops the frame without entering it (genobject.c,
RESUME_OPARG_DEPTH1_MASK). Cleared, close() raises GeneratorExit in the frame as 3.11 does, which the trace shows."""

ITERATOR_ENTRIES: Final = 2 if _VERSION >= (3, 15) else 1
"""How many entries on the stack an iterator has that a loop or SEND asks: from 3.15 on there is one more on top of it, an index or NULL
(bytecodes.c, GET_ITER: `index_or_null`)."""

GOES_THROUGH_ITSELF: Final[frozenset[type]] = frozenset({bytes, list, str, tuple} if _VERSION >= (3, 15) else ())
"""What has no iterator where it is gone through, but an index beside it: those types, not what is derived from them (`_tp_iteritem`)."""

GIVES_ITERABLES: Final = _VERSION >= (3, 15)
"""A generator expression is given what it goes through, and asks for an iterator itself, before it is a generator: dis.dis("(x for x in y)").
The CWM text has an iterator there."""

UNARY_PLUS: Final[tuple[str, int]] = ("CALL_INTRINSIC_1", 5)
"""What `+x` is compiled to from 3.12 on."""

END_OF_LOOP: Final[tuple[str, ...]] = {(3, 11): (), (3, 13): ("END_FOR", "POP_TOP")}.get(_VERSION, ("END_FOR",))
"""What stands at the target of FOR_ITER, which jumps *behind* it (ceval.c: "skip following END_FOR and POP_TOP"). Until 3.13 the iterator has
been let go by then; on 3.14 that is POP_ITER's, which comes next."""

BUILTIN_OF_SHORTCUT: Final = frozenset({"LOAD_COMMON_CONSTANT"} if _VERSION >= (3, 14) else ())
"""3.14 runs the loop of `all`, `any` and `tuple` of a generator expression in the caller, where each round is an event, if the name is still
the builtin's (codegen.c, maybe_optimize_function_call); this instruction loads what it is compared with."""

NEVER_A_LINE: Final = frozenset({"END_FOR", "END_SEND", "END_ASYNC_FOR", "RESUME", "CACHE"})
"""Instructions that `sys.settrace` gives no 'line' event for, whatever line they carry (on 3.11 only RESUME and END_ASYNC_FOR exist)."""

LOADS_KEYS_ONE_BY_ONE: Final = _VERSION >= (3, 14)
"""dis.dis("{'a': x, 'b': y}") has each constant key in front of its value; before, BUILD_CONST_KEY_MAP took all of them together."""

LAZY_ANNOTATIONS: Final = _VERSION >= (3, 14)
"""PEP 649: annotations are evaluated when they are asked for; a class body binds no `__annotations__`, and runs none of their code."""

NEW_CLASS_NAMES: Final = frozenset(
    # Names that compilers after 3.11 bind in class bodies: dis.dis("class A: x: int") on 3.12 to 3.14 shows them.
    {"__firstlineno__", "__static_attributes__", "__classdictcell__", "__classdict__", "__conditional_annotations__"}
    | {"__annotate__", "__annotate_func__", "__type_params__", ".type_params", ".generic_base"}
)

SILENT_RERAISE: Final[dict[str, type[BaseException] | None]] = {
    # Instructions that raise again without a new 'exception' event; but END_ASYNC_FOR and CLEANUP_THROW swallow these.
    "RERAISE": None,
    "END_ASYNC_FOR": StopAsyncIteration,
    "CLEANUP_THROW": StopIteration,
}

RAISES_AT_END: Final = frozenset({"async_generator_asend", "async_generator_athrow", "anext_awaitable", "FutureIter"})
"""Awaitables of C whose `__next__` raises StopIteration when they end with None, too, where a generator's only ends (genobject.c,
`async_gen_athrow_send`; _asynciomodule.c, `FutureIter_iternext`): `sys.settrace` shows that where they are awaited."""

CLEAR_STOP_ITERATION: Final = frozenset(
    {
        "batched",
        "callable_iterator",
        "chain",
        "cycle",
        "_grouper",
        "groupby",
        "iterator",
        "reader",
        "_tee",
        "zip_longest",
    }
)
"""Iterators of C that clear a StopIteration of what they ask, mostly by `PyIter_Next` (itertoolsmodule.c, iterobject.c, _csv.c)."""

PASS_STOP_ITERATION_ON: Final = frozenset(
    {"accumulate", "compress", "dropwhile", "enumerate", "filter", "filterfalse", "islice", "map", "pairwise"}
    | {"starmap", "takewhile", "zip"}
)
"""Iterators of C that end by the StopIteration of what they ask: they call its `tp_iternext` themselves (itertoolsmodule.c, bltinmodule.c)."""

END_WITH_THEIR_SOURCE: Final = frozenset(
    {"accumulate", "dropwhile", "enumerate", "filter", "filterfalse", "map", "pairwise", "starmap", "zip"}
)
"""Those of them that end in no other way than the one iterator that they ask."""

READERS_OF_LOCALS: Final = frozenset({"locals", "vars", "f_locals"} if _VERSION < (3, 13) else ())
"""Names that code has which may read a function's locals as a dict: before PEP 667 that is one dict, which each 'line' event of
`sys.settrace` brings up to date, and what else the program puts there stays and is shown as a local."""

FORWARD_JUMP: Final[dict[str, str]] = {
    # 3.11 spells the direction of a jump in its name; a trampoline lies behind everything, so jumps to it go forward.
    name: name.replace("BACKWARD", "FORWARD")
    for name in opcode.opmap
    if name.startswith("POP_JUMP_BACKWARD_IF")
}

MISREAD_ARGUMENTS: Final = frozenset(
    name
    for name, since in {
        # Of a t-string's part, a flag and a conversion; there is one more bit between the two (codegen.c, `codegen_interpolation`).
        "BUILD_INTERPOLATION": (3, 14),
        # A default of a type parameter (PEP 696) has a number above those that it knows (pycore_intrinsics.h).
        "CALL_INTRINSIC_2": (3, 13),
    }.items()
    if _VERSION >= since
)
"""Instructions whose arguments bytecode 0.19.1 does not read, or reads wrong: they are to be left as numbers."""

BYTECODE_COLUMN_LIMIT: Final = 128
"""bytecode 0.19.1 writes a one-line location entry for columns below 256; CPython reads it right only below 128 (later lines shift)."""
