"""A plain `sys.settrace` recorder of calls and of module bodies: the truth behind the texts in `golden/`.

Written apart from the product and sharing no code with it: its own context, line lookup, diff and JSON; it holds no Python frame, so that it
changes no object's lifetime. It records what CPython 3.11 reports; the other interpreters are held to the texts that it wrote there:

    PYTHONHASHSEED=0 python3.11 -m tests.settrace_oracle        writes them again; then read the diff
"""

from __future__ import annotations

import ast
import json
import re
import sys
import threading
from collections.abc import Callable, Mapping, Set
from pathlib import Path
from types import CodeType, FrameType, MappingProxyType, ModuleType
from typing import Any

GOLDEN = Path(__file__).parent / "golden"
MARK = "  # << START_OF_TRACE"
FILENAME = "<oracle>"
_TAGS = {"call": "<|call_sep|>", "line": "<|line_sep|>", "return": "<|return_sep|>", "exception": "<|exception_sep|>"}
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_SPECIAL = re.compile(r"<\|((?:begin_of|end_of)_text|(?:frame|action|arg|call|line|return|exception)_sep)\|>")


def _show(value: object) -> str:
    try:
        text = repr(value)
    except Exception:
        return f"<unprintable {type(value).__name__} object>"
    if not issubclass(type(value), str):  # a dead weak proxy would be asked for its class
        text = _ADDRESS.sub("", text)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _json(value: str | dict[str, str]) -> str:
    return _SPECIAL.sub(r"\\u003c|\1|>", json.dumps(value))


def _is_of_annotations(code: CodeType) -> bool:
    """Whether it is a function that 3.14's compiler has made of annotations, which 3.11 has none of."""
    return sys.version_info >= (3, 14) and (code.co_name, code.co_posonlyargcount) == ("__annotate__", 1)


class SettraceRecorder:
    """Records from the first call of the function whose `def` is on `entry_line` (None: of the module) until it is left."""

    files: Set[str] = frozenset({FILENAME})

    def __init__(self, source: str, entry_line: int | None, texts: Mapping[str, str] = MappingProxyType({})) -> None:
        """`texts`: of other files, by their names."""
        self.lines = source.split("\n")
        self.texts = {name: text.split("\n") for name, text in texts.items()}
        self.files = self.files | texts.keys()
        self.entry_line = entry_line
        self.entry: FrameType | None = None
        self.done = False
        self.pieces: list[str] = []
        self.events: list[tuple[str, str, int]] = []
        # By id, as a reference would keep the frame's objects alive; a new frame under an old id is told by its first instruction.
        self.order: dict[int, list[str]] = {}
        self.last: tuple[int, dict[str, str]] | None = None

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename not in self.files or self.done or _is_of_annotations(frame.f_code):
            return None
        if self.entry is None:
            if not self._is_entry(frame.f_code):
                return self
            self.entry = frame
        sys.settrace(None)  # a user's __repr__ is not part of the trace
        try:
            self._record(frame, event, argument)
        finally:
            sys.settrace(self)
        if event == "return" and frame is self.entry:
            self.done = True
        return self

    def _is_entry(self, code: CodeType) -> bool:
        if self.entry_line is None:
            return code.co_name == "<module>"
        return code.co_firstlineno == self.entry_line and code.co_name != "<module>"

    def _record(self, frame: FrameType, event: str, argument: Any) -> None:
        line, lines = frame.f_lineno, self.texts.get(frame.f_code.co_filename, self.lines)
        if line == 0:  # a module's call, which has no line: shown with its first one
            line = next(n for n, text in enumerate(lines, 1) if text.strip() and not text.lstrip().startswith("#"))
        source = lines[line - 1] + "\n"
        self.events.append((event, frame.f_code.co_name, line))
        if event in ("call", "line"):
            body = self._observation(frame, event) + "<|action_sep|>" + _SPECIAL.sub(r"<\\|\1|>", source)
        else:
            value = argument if event == "return" else argument[1]
            body = "<|action_sep|>" + _SPECIAL.sub(r"<\\|\1|>", source) + "<|arg_sep|>" + _json(_show(value))
        if event == "return":
            self.last = None
        self.pieces.append(_TAGS[event] + body + "<|frame_sep|>")

    def _observation(self, frame: FrameType, event: str) -> str:
        local = dict(frame.f_locals)
        if frame.f_code.co_name == "<module>":
            local = {name: value for name, value in local.items() if not name.startswith("__")}
        if event == "call" and frame.f_code.co_code[frame.f_lasti + 1] == 0:  # RESUME 0: a new frame
            self.order.pop(id(frame), None)
        known = [name for name in self.order.get(id(frame), []) if name in local]
        names = self.order[id(frame)] = known + [name for name in local if name not in known]
        values = {name: _show(local[name]) for name in names}
        before = self.last[1] if event == "line" and self.last is not None and self.last[0] == id(frame) else {}
        self.last = (id(frame), values)
        return _json({name: ".." if before.get(name) == text else text for name, text in values.items()})


class _CallsRecorder(SettraceRecorder):
    """Records each call that a thread makes from elsewhere, once `main` has begun."""

    def __init__(self, source: str, main: SettraceRecorder) -> None:
        super().__init__(source, None)
        self.main, self.calls = main, list[tuple[int, list[str]]]()

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if (self.done or not self.calls) and event == "call" and frame.f_code.co_filename in self.files:
            if self.main.entry is None and not self.main.done:
                return None
            self.done, self.entry = False, frame
            if (
                self.calls and frame.f_code.co_code[frame.f_lasti + 1] != 0
            ):  # no RESUME 0: a generator that had not been left
                return super().__call__(frame, event, argument)
            self.last, self.pieces = None, []
            self.order.clear()
            self.calls.append((frame.f_code.co_firstlineno, self.pieces))
        return super().__call__(frame, event, argument)


def settrace_threads(source: str, call: str) -> tuple[str, dict[str, list[str]]]:
    """The CWM text of a call; and by the name of each other thread, those of what it called from elsewhere, one after another."""
    executed, context, line = _context(source, call)
    main, module = SettraceRecorder(executed, line), ModuleType("__main__")
    others: dict[str, _CallsRecorder] = {}

    def first_event(frame: FrameType, event: str, argument: Any) -> Any:
        recorder = others[threading.current_thread().name] = _CallsRecorder(executed, main)
        sys.settrace(recorder)
        return recorder(frame, event, argument)

    def program() -> None:
        exec(compile(executed, FILENAME, "exec", dont_inherit=True), module.__dict__)
        module.__dict__["main"]()

    threading.settrace(first_event)
    try:
        _run(main, program)
    finally:
        threading.settrace(None)
    texts = {name: [_thread_text(executed, *one) for one in other.calls] for name, other in others.items()}
    return _text(context, main.pieces, main.done), {name: made for name, made in texts.items() if made}


def _thread_text(source: str, line: int, pieces: list[str]) -> str:
    lines = source.split("\n")
    lines[line - 1] += MARK
    return _text("\n".join(lines), pieces, True)


def _run(recorder: SettraceRecorder, program: Callable[[], object]) -> None:
    before = sys.gettrace()
    sys.settrace(recorder)
    try:
        program()
    except (Exception, SystemExit):  # it is in the trace
        pass
    finally:
        sys.settrace(before)
        recorder.entry = None


def _context(source: str, call: str | None) -> tuple[str, str, int | None]:
    """What is executed, what a model is given, and the entry's line."""
    if call is not None:
        head, tail = "\n" + source + "\ndef main():", "\n    return " + call + "\n"
        return head + tail, head + MARK + tail, head.count("\n") + 1
    lines = source.split("\n")
    first = next(n for n, text in enumerate(lines) if text.strip() and not text.lstrip().startswith("#"))
    lines[first] += MARK
    return source, "\n".join(lines), None


def settrace_events(
    source: str, call: str | None = None, texts: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, list[tuple[str, str, int]]]:
    """The CWM text, and the events (kind, function name, line of the context, or of one of `texts`, which are other files')."""
    executed, context, line = _context(source, call)
    recorder = SettraceRecorder(executed, line, texts)
    code = compile(executed, FILENAME, "exec", dont_inherit=True)
    module = ModuleType("program" if call is not None and "__name__ ==" in source else "__main__")

    def program() -> None:
        exec(code, module.__dict__)
        if call is not None:
            module.__dict__["main"]()

    _run(recorder, program)
    return _text(context, recorder.pieces, recorder.done), recorder.events


def _text(context: str, pieces: list[str], done: bool) -> str:
    head = "<|begin_of_text|><|trace_context_start|>" + _SPECIAL.sub(r"<\\|\1|>", context)
    return head + "<|frame_sep|>" + "".join(pieces) + ("<|end_of_text|>" if done else "")


def settrace_text(source: str, call: str | None = None) -> str:
    """The whole CWM text of a call, or of a module body; with the frames of the one text that it executes, where that is a literal."""
    calls = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )
    given = (node.args[0] for node in calls if ast.unparse(node.func) in ("exec", "eval") and node.args)
    texts = [item.value for item in given if isinstance(item, ast.Constant)]
    return settrace_events(source, call, {"<string>": str(texts[0])} if len(texts) == 1 else {})[0]


def golden_call(source: str) -> str | None:
    """A program's first line says how it is called: `# call: f(1)`; without, its module body is the entry."""
    first = source.split("\n", 1)[0]
    return first.removeprefix("# call: ") if first.startswith("# call: ") else None


def main() -> None:
    """Write the golden texts."""
    assert sys.version_info[:2] == (3, 11), "the texts are those of CPython 3.11"
    for path in sorted(GOLDEN.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        path.with_suffix(".txt").write_text(settrace_text(source, golden_call(source)), encoding="utf-8")


if __name__ == "__main__":
    main()
