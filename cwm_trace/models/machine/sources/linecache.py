"""`linecache`, where the program is in no file."""


def getline(filename, lineno, module_globals=None):
    return ""


def getlines(filename, module_globals=None):
    return []


def checkcache(filename=None):
    pass


def lazycache(filename, module_globals):
    return False


def _getline_from_code(code, lineno):
    return ""
