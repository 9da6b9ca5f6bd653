"""`cwm-trace debug`: pdb's commands over a predicted or recorded trace, and what pdb cannot do: back, edit and predict on, how sure, how true.

No program runs, but for `truth` and `div`, which lay the real run beside. Knows commands and their output; `cwm_trace.debugger` does the work.
"""

from __future__ import annotations

import argparse
import cmd
import os
import pprint
import re
import sys
from collections.abc import Callable, Mapping
from math import exp
from typing import ClassVar

from cwm_trace.cli.choose import one_of
from cwm_trace.cli.history import last
from cwm_trace.cli.output import ending
from cwm_trace.cli.real_run import real_run, real_run_of
from cwm_trace.cli.samples import DRAWN_AT
from cwm_trace.cli.target import parse_target
from cwm_trace.debugger import Session
from cwm_trace.display import clip, divergence
from cwm_trace.errors import CwmTraceError, InputError
from cwm_trace.eval.literals import literal_value
from cwm_trace.files import READ
from cwm_trace.frames import Event, Frame, MalformedFrame, Trace
from cwm_trace.models import Decoding, Model, load_model
from cwm_trace.models.base import PartScore
from cwm_trace.models.oracle import Oracle
from cwm_trace.parts import Part

_OK = 0
_WIDTH = 200  # characters of a value that is not asked for by its name
_AROUND = 5  # lines that `list` shows before and after
# What is between `;` that stand in no string; a quotation mark that no other one ends is a character.
_COMMAND = re.compile(r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^;])+""")


def run(args: argparse.Namespace) -> int:
    """Returns the exit code. Raises CwmTraceError."""
    decoding = Decoding(args.temperature, args.seed, constrained=args.constrained)
    if args.last and args.target:
        raise InputError(f"--last is the last run, not {args.target}", hint="Give one of the two")
    if args.last or (args.target or "").endswith(READ):
        if args.call is not None:
            raise InputError("a trace is of a call already, so --call has no meaning", hint="Leave it out")
        if args.arguments or args.stdin is not None:
            raise InputError("a trace has what its program was given", hint="Leave out --stdin and what is behind --")
        trace = one_of(last() if args.last else args.target, args.which)
        model = None if args.model is None else _model(args)
        offset, truth = 0, lambda: real_run_of(trace, timeout=args.timeout, sandbox=args.sandbox)
    elif args.which is not None:
        raise InputError("--trace is of a file of traces", hint="Leave it out, or give such a file")
    elif args.target:
        target = parse_target(args.target, args.call, args.arguments, args.stdin)
        trace, offset, model = target.prompt(), target.offset, _model(args)
        truth = lambda: real_run(target, timeout=args.timeout, sandbox=args.sandbox)  # noqa: E731
    else:
        raise InputError("nothing to debug", hint="Give a script, a trace file, or --last")
    session = Session(trace, model, decoding=decoding, max_frames=args.max_frames)
    if args.frame:
        session.goto(args.frame)
    prompt = Prompt(session, truth, offset=offset)
    if args.execute is None:
        prompt.converse()
    else:
        prompt.execute(args.execute)
    return _OK


def _model(args: argparse.Namespace) -> Model:
    from cwm_trace.cli.parser import default_model

    model = load_model(args.model or default_model(), device=args.device, dtype=args.dtype)
    if isinstance(model, Oracle):
        model.directory = os.getcwd()
    return model


def _counted(argument: str) -> int:
    """How often to do a thing."""
    return _number(argument) if argument else 1


def _number(argument: str) -> int:
    try:
        return int(argument)
    except ValueError:
        raise InputError(f"{argument!r} is no number") from None


class Prompt(cmd.Cmd):
    """Reads commands and prints what they give."""

    prompt = "(cwm) "
    aliases: ClassVar[Mapping[str, str]] = {
        "s": "step", "n": "next", "r": "return", "c": "continue", "cont": "continue", "unt": "until", "u": "up", "d": "down",
        "w": "where", "bt": "where", "l": "list", "ll": "longlist", "a": "args", "b": "break", "cl": "clear", "j": "jump",
        "rs": "back", "rn": "back_over", "rc": "back_to", "h": "help", "q": "quit", "exit": "quit", "EOF": "quit",
    }  # fmt: skip

    def __init__(self, session: Session, truth: Callable[[], Trace], *, offset: int = 0) -> None:
        """`truth` runs the program for real; `offset` is subtracted from line numbers."""
        super().__init__()
        self.session, self._run, self._offset = session, truth, offset
        self._level: int | None = None  # whose locals are shown, where not the position's own
        self._breaks: dict[int, bool] = {}  # line of the context -> whether for once
        self._shown: dict[str, str | None] = {}  # `display`: name -> text shown last
        self._beside = False

    # --- the loop -----------------------------------------------------------------------------------------------------

    def converse(self) -> None:
        """Read commands from standard input until `quit`."""
        self._where_now()
        if not sys.stdin.isatty():
            self.prompt, self.use_rawinput = "", False
        while True:
            try:
                self.cmdloop()
                return
            except KeyboardInterrupt:
                self._say("interrupted")
            except CwmTraceError as error:
                self._say(f"*** {error}")

    def execute(self, commands: str) -> None:
        """Do what a text says, commands separated by `;`, each shown before what it gives. Raises CwmTraceError."""
        self._where_now()
        for command in filter(None, map(str.strip, _COMMAND.findall(commands))):
            self._say(f"{Prompt.prompt}{command}")
            if self.onecmd(command):
                return

    def parseline(self, line: str) -> tuple[str | None, str | None, str]:
        """Aliases stand for commands."""
        name, argument, whole = super().parseline(line)
        return self.aliases.get(name or "", name), argument, whole

    def default(self, line: str) -> None:
        """A name, or `!name` where a command is called so, shows a variable."""
        name = line.removeprefix("!").strip()
        if name not in self._locals():
            raise InputError(f"neither a command nor a variable here: {name}", hint="help lists the commands")
        self.do_p(name)

    def _say(self, text: str) -> None:
        # A surrogate cannot be written.
        self.stdout.write(text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")

    # --- where we are -------------------------------------------------------------------------------------------------

    def _line(self, number: int | None) -> str:
        return "?" if number is None else str(number - self._offset)

    def _where_now(self) -> None:
        """The position: event, line, what is new, how sure the model was, and what is true if that is asked for."""
        self._level = None
        session, step = self.session, self.session.step
        if isinstance(step, MalformedFrame):
            self._say(f"> frame {session.at}  malformed ({step.reason})\n-> {clip(step.raw, _WIDTH)}")
        else:
            sure = "" if step.logprob is None else f"  p {exp(step.logprob):.2f}"
            event = "" if step.event is Event.LINE else f"{step.event.value} "
            place = f"{event}line {self._line(step.line_number)}  depth {session.depth(session.at)}"
            self._say(f"> frame {session.at}  {place}{sure}")
            self._say(f"-> {step.source.strip()}")
            self._changes(step)
        if self._beside:
            self._truth_here()
        self._displayed()

    def _changes(self, step: Frame) -> None:
        if step.event is Event.RETURN:
            self._say(f"   ↩ {clip(step.value or '', _WIDTH)}")
        elif step.event is Event.EXCEPTION:
            self._say(f"   ✗ {clip(step.value or '', _WIDTH)}")
        for name, value in self.session.changes().items():
            self._say(f"   del {name}" if value is None else f"   {name} = {clip(value, _WIDTH)}")

    def _truth_here(self) -> None:
        session = self.session
        if session.right(session.at):
            self._say("   ✓ as in the real run")
            return
        actual = session.actual
        assert actual is not None  # `right` has seen to it
        truth = actual[session.at] if session.at < len(actual) else None
        self._say("\n".join(divergence(session.step, truth, self._offset)))

    def _displayed(self) -> None:
        local = self._locals()
        for name, before in self._shown.items():
            now = local.get(name)
            if now != before:
                self._say(f"display {name}: {'(not bound)' if now is None else clip(now, _WIDTH)}")
                self._shown[name] = now

    def _moved(self, arrived: bool) -> None:
        self._where_now()
        if not arrived:
            session = self.session
            self._say("--- the trace " + (ending(session.trace) if session.at else "begins here"))

    def _locals(self) -> Mapping[str, str]:
        stack = self.session.stack()
        return stack[-1 if self._level is None else self._level].locals

    # --- moving -------------------------------------------------------------------------------------------------------

    def do_step(self, argument: str) -> None:
        """s(tep) [N]: go to the next frame."""
        self._moved(all(self.session.forward() for _ in range(_counted(argument))))

    def do_next(self, argument: str) -> None:
        """n(ext) [N]: go to the next frame that is no deeper: calls are stepped over."""
        self._moved(all(self.session.forward(self.session.over()) for _ in range(_counted(argument))))

    def do_return(self, argument: str) -> None:
        """r(eturn): go on to where this Python frame returns."""
        self._moved(self.session.forward(self.session.leaving()))

    def do_until(self, argument: str) -> None:
        """unt(il) [LINE]: go on to a line after this one (or LINE) of the same Python frame, or to its return."""
        line = _number(argument) + self._offset - 1 if argument else (self.session.step.line_number or 0)
        self._moved(self.session.forward(self.session.beyond(line)))

    def do_continue(self, argument: str) -> None:
        """c(ont(inue)): go on to a breakpoint, or to the end."""
        self._moved(self.session.forward(self._stops))

    def do_back(self, argument: str) -> None:
        """back, rs [N]: go to the frame before."""
        self._moved(all(self.session.back() for _ in range(_counted(argument))))

    def do_back_over(self, argument: str) -> None:
        """rn [N]: as next, backwards."""
        self._moved(all(self.session.back(self.session.over()) for _ in range(_counted(argument))))

    def do_back_to(self, argument: str) -> None:
        """rc: as continue, backwards."""
        self._moved(self.session.back(self._stops))

    def do_goto(self, argument: str) -> None:
        """goto N: go to frame N."""
        self.session.goto(_number(argument))
        self._where_now()

    def _stops(self, index: int) -> bool:
        step = self.session.steps[index]
        line = step.line_number
        if step.event is not Event.LINE or line not in self._breaks:
            return False
        if self._breaks[line]:
            del self._breaks[line]
        return True

    # --- breakpoints --------------------------------------------------------------------------------------------------

    def do_break(self, argument: str) -> None:
        """b(reak) [LINE]: set a breakpoint, or list them."""
        if argument:
            self._break(argument, once=False)
        else:
            self._say("breakpoints: " + (", ".join(map(self._line, sorted(self._breaks))) or "none"))

    def do_tbreak(self, argument: str) -> None:
        """tbreak LINE: as break, for once."""
        self._break(argument, once=True)

    def _break(self, argument: str, *, once: bool) -> None:
        line = _number(argument) + self._offset
        if not 0 < line <= len(self.session.lines):
            raise InputError(f"there is no line {argument}")
        self._breaks[line] = once

    def do_clear(self, argument: str) -> None:
        """cl(ear) [LINE]: remove a breakpoint, or all."""
        if not argument:
            self._breaks.clear()
        elif self._breaks.pop(_number(argument) + self._offset, None) is None:
            raise InputError(f"no breakpoint at line {argument}")

    # --- looking ------------------------------------------------------------------------------------------------------

    def do_where(self, argument: str) -> None:
        """w(here): the stack, the entry first."""
        for level in self.session.stack():
            step = self.session.steps[level.index]
            mark = (
                ">" if level.depth == (len(self.session.stack()) - 1 if self._level is None else self._level) else " "
            )
            self._say(f"{mark} {level.depth:>2}  line {self._line(step.line_number):>4}  {step.source.strip()}")

    def do_up(self, argument: str) -> None:
        """u(p) [N]: look at the locals of the caller."""
        self._look_at(-_counted(argument))

    def do_down(self, argument: str) -> None:
        """d(own) [N]: the contrary of up."""
        self._look_at(_counted(argument))

    def _look_at(self, by: int) -> None:
        stack = self.session.stack()
        level = (len(stack) - 1 if self._level is None else self._level) + by
        if not 0 <= level < len(stack):
            raise InputError("oldest frame" if by < 0 else "newest frame")
        self._level = level
        step = self.session.steps[stack[level].index]
        self._say(f"> depth {level}  line {self._line(step.line_number)}\n-> {step.source.strip()}")

    def do_list(self, argument: str) -> None:
        """l(ist) [FIRST[, LAST]]: source lines around this one, or those."""
        first, _, end = argument.partition(",")
        if first:
            begin = _number(first) + self._offset
            self._list(begin, _number(end) + self._offset if end.strip() else begin + 2 * _AROUND)
        else:
            line = self._current_line() or 1
            self._list(line - _AROUND, line + _AROUND)

    def do_longlist(self, argument: str) -> None:
        """ll, longlist: the whole source."""
        self._list(1, len(self.session.lines))

    def _current_line(self) -> int | None:
        stack = self.session.stack()
        return self.session.steps[stack[-1 if self._level is None else self._level].index].line_number

    def _list(self, first: int, end: int) -> None:
        here = self._current_line()
        for number, line in enumerate(self.session.lines, start=1):
            if max(first, 1) <= number <= end:
                marks = ("B" if number in self._breaks else " ") + ("->" if number == here else "  ")
                self._say(f"{number - self._offset:>4} {marks} {line.rstrip()}".rstrip())

    def do_args(self, argument: str) -> None:
        """a(rgs): the arguments that this Python frame was called with."""
        stack = self.session.stack()
        call = self.session.steps[stack[-1 if self._level is None else self._level].call]
        for name, value in call.locals.items():
            self._say(f"{name} = {value}")

    def do_p(self, argument: str) -> None:
        """p NAME: a variable, whole; without NAME, all of them. What is returned or raised is there as `return`."""
        local, step = self._locals(), self.session.step
        if not argument:
            for name, value in local.items():
                self._say(f"{name} = {clip(value, _WIDTH)}")
        elif argument == "return" and step.value is not None:
            self._say(step.value)
        else:
            self._say(self._value(argument))

    def _value(self, name: str) -> str:
        local = self._locals()
        if name not in local:
            known = ", ".join(local) or "none"
            raise InputError(
                f"no variable {name!r} here (values are texts: p takes a name)", hint=f"There are: {known}"
            )
        return local[name]

    def do_pp(self, argument: str) -> None:
        """pp NAME: a variable, laid out over several lines where it is a literal."""
        value = self._value(argument)
        try:
            self._say(pprint.pformat(literal_value(value), width=100, sort_dicts=False))
        except ValueError:
            self._say(value)

    def do_whatis(self, argument: str) -> None:
        """whatis NAME: the type of a variable, where its text is a literal."""
        try:
            self._say(type(literal_value(self._value(argument))).__name__)
        except ValueError:
            self._say("its text does not tell")

    def do_display(self, argument: str) -> None:
        """display [NAME]: show a variable wherever it has changed; or list these."""
        if argument:
            self._shown[argument] = self._locals().get(argument)
            self._say(f"display {argument}: {self._shown[argument] or '(not bound)'}")
        else:
            self._say("displayed: " + (", ".join(self._shown) or "none"))

    def do_undisplay(self, argument: str) -> None:
        """undisplay [NAME]: the contrary of display."""
        for name in [argument] if argument else list(self._shown):
            self._shown.pop(name, None)

    # --- what pdb cannot ----------------------------------------------------------------------------------------------

    def do_set(self, argument: str) -> None:
        """set NAME = LITERAL: give a variable another value here, and have the model go on from that (`return`: the value returned)."""
        name, equals, literal = argument.partition("=")
        if not equals or not name.strip():
            raise InputError("set takes a name and a literal", hint="Such as: set n = 3")
        self.session.set(name.strip(), literal)
        self._where_now()

    def do_jump(self, argument: str) -> None:
        """j(ump) LINE: have another line come next, and the model go on from that."""
        self.session.jump(_number(argument) + self._offset)
        self._where_now()

    def do_resample(self, argument: str) -> None:
        """resample [SEED [TEMPERATURE]]: have this frame and what follows drawn anew (temperature 1)."""
        seed, _, temperature = argument.partition(" ")
        try:
            warmth = float(temperature) if temperature else DRAWN_AT
        except ValueError:
            raise InputError(f"{temperature!r} is no temperature") from None
        self.session.resample(_number(seed) if seed else 0, warmth)
        self._where_now()

    def do_why(self, argument: str) -> None:
        """why: how probable the model finds this frame, all before it being given, and what it would have written instead."""
        found = self.session.score()
        self._say(
            f"p {exp(found.logprob):.3f}, {found.tokens} tokens; "
            + ("its choice" if found.greedy else "not its choice")
        )
        for part in found.parts:
            if not part.greedy and part.part is not Part.STATE:
                self._say(_instead(part))

    def do_truth(self, argument: str) -> None:
        """truth: show the real run beside, from now on; or no longer. The program is run for that, once, in a child process."""
        self._beside = not self._beside
        if self._beside:
            self._know()
            self._truth_here()

    def do_div(self, argument: str) -> None:
        """div: go on to the next frame that is not that of the real run."""
        self._know()
        arrived = self.session.forward(self.session.wrong)
        self._moved(arrived)
        if arrived and not self._beside:
            self._truth_here()

    def _know(self) -> None:
        if self.session.actual is None:
            self.session.actual = self._run()

    def do_save(self, argument: str) -> None:
        """save FILE: write what is known of the trace (.jsonl, .txt)."""
        if not argument:
            raise InputError("save takes a file name", hint="Such as: save t.jsonl")
        self.session.trace.save(argument)
        self._say(f"saved {len(self.session.steps)} frames")

    def do_quit(self, argument: str) -> bool:
        """q(uit): leave."""
        return True

    def completenames(self, text: str, *ignored: object) -> list[str]:
        """Commands and variables."""
        return super().completenames(text, *ignored) + [name for name in self._locals() if name.startswith(text)]

    def completedefault(self, *ignored: object) -> list[str]:
        """Variables."""
        text = str(ignored[0])
        return [name for name in self._locals() if name.startswith(text)]


def _instead(part: PartScore) -> str:
    names = {Part.EVENT: "event", Part.LOCAL: "a local", Part.ACTION: "line", Part.VALUE: "value"}
    return f"   {names[part.part]}: {clip(part.text.strip(), 60)}, it would begin {clip(part.instead.strip(), 60)}"
