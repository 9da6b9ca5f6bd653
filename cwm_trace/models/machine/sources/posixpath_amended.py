"""`posixpath`: what Python has in C."""

import os


def normpath(path):
    path = os.fspath(path)
    slashes = len(path) - len(path.lstrip("/"))
    root = "" if slashes == 0 else "//" if slashes == 2 else "/"
    parts = []
    for each in path.split("/"):
        if each in ("", "."):
            continue
        if each != ".." or not root and (not parts or parts[-1] == ".."):
            parts.append(each)
        elif parts:
            parts.pop()
    return root + "/".join(parts) or "."


def splitroot(p):
    p = os.fspath(p)
    slashes = len(p) - len(p.lstrip("/"))
    taken = 0 if slashes == 0 else 2 if slashes == 2 else 1
    return "", p[:taken], p[taken:]
