"""Every exception that cwm-trace raises on purpose.

    CwmTraceError
    ├── InputError          what the caller gave cannot be used (exit code 2)
    │   └── SchemaError     a file is not a trace file, or of a newer schema
    ├── ModelError          a model is missing, unreachable or refused (exit code 3)
    │   ├── ModelTimeout    a server did not answer in time
    │   └── ModelUnusable   it would fail in the same way whatever it is asked
    ├── ModelOutputError    a model's text breaks the format, and strictness was asked for (exit code 4)
    └── RunError            a program could not be run for ground truth (exit code 125)
        ├── NotReached      it failed, or ended, before its entry (exit code 1)
        └── RunTimeout      it was stopped at its time limit (exit code 124)

A trace that a model wrote badly is *not* an exception: it parses to `MalformedFrame` values.
"""


def how_to_install(extra: str = "") -> str:
    """Said where a package is missing. `extra`: what asks for it, as `[model]`. cwm-trace is on no index: it is installed from its folder."""
    return f"In the cloned folder: pip install -e '.{extra}'"


class CwmTraceError(Exception):
    """Root of all deliberate errors: one clear line, and what to do about it.

    `hint` is a second short sentence that names the next step, or "".
    """

    exit_code = 125

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class InputError(CwmTraceError):
    """What the caller gave cannot be used."""

    exit_code = 2


class SchemaError(InputError):
    """A file is not a trace file, is damaged, or has a schema this version cannot read."""


class ModelError(CwmTraceError):
    """A model is missing, unreachable, or refused the request."""

    exit_code = 3


class ModelTimeout(ModelError):
    """A server did not answer in time."""


class ModelUnusable(ModelError):
    """A model would fail in the same way whatever it is asked: nobody is there, the key is wrong, no model has that name."""


class ModelOutputError(CwmTraceError):
    """A model's text breaks the format and the caller asked for strictness."""

    exit_code = 4


class RunError(CwmTraceError):
    """A program could not be run to get its true trace."""

    exit_code = 125


class NotReached(RunError):
    """A program failed, or ended, before its entry: its own fault, so that there is nothing to compare with."""

    exit_code = 1


class RunTimeout(RunError):
    """A program was stopped at its time limit."""

    exit_code = 124
