"""`stat`: what C says of a mode that is of no kind."""

_filemode = filemode  # noqa: F821, I001


def filemode(mode):
    text = _filemode(mode)
    return text if S_IFMT(mode) else "?" + text[1:]  # noqa: F821
