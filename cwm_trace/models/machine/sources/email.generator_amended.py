"""`email.generator`: the line between the parts of a message is drawn."""

from followed import drawn


def _make_boundary(cls, text=None):
    return "=" * 15 + drawn("boundary") + "=="


Generator._make_boundary = classmethod(_make_boundary)  # noqa: F821  # of Python's own source
