"""`re`, as far as the machine has no functions of its own for it."""

_SPECIAL = "()[]{}?*+-|^$\\.&~# \t\n\r\v\f"


def escape(pattern):
    if isinstance(pattern, bytes):
        return escape(pattern.decode("latin-1")).encode("latin-1")
    return "".join(["\\" + each if each in _SPECIAL else each for each in pattern])


def purge():
    """Patterns are kept nowhere."""
