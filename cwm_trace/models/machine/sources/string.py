"""`string`, as far as it is followed: templates, and what kinds of characters there are."""

import re

ascii_lowercase = "abcdefghijklmnopqrstuvwxyz"
ascii_uppercase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ascii_letters = ascii_lowercase + ascii_uppercase
digits = "0123456789"
hexdigits = digits + "abcdef" + "ABCDEF"
octdigits = "01234567"
punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
whitespace = " \t\n\r\v\f"
printable = digits + ascii_letters + punctuation + whitespace

_FORM = r"\$(?:(\$)|([_a-zA-Z][_a-zA-Z0-9]*)|\{([_a-zA-Z][_a-zA-Z0-9]*)\}|())"


def capwords(s, sep=None):
    return (sep or " ").join([each.capitalize() for each in s.split(sep)])


def _given(mapping, words):
    if not words:
        return {} if mapping is None else mapping
    return {**(mapping or {}), **words}


class Template:
    def __init__(self, template):
        self.template = template

    def _put(self, given, is_safe):
        def put(found):
            sign, name, braced, wrong = found.groups()
            if sign is not None:
                return "$"
            if wrong is not None:
                if is_safe:
                    return found.group()
                lines = self.template[: found.end()].splitlines(keepends=True)
                row, column = (len(lines), found.end() - len("".join(lines[:-1]))) if lines else (1, 1)
                raise ValueError(f"Invalid placeholder in string: line {row}, col {column}")
            name = name or braced
            if is_safe and name not in given:
                return found.group()
            return str(given[name])

        return re.sub(_FORM, put, self.template)

    def substitute(self, mapping=None, /, **words):
        return self._put(_given(mapping, words), False)

    def safe_substitute(self, mapping=None, /, **words):
        return self._put(_given(mapping, words), True)

    def get_identifiers(self):
        names = [name or braced for _, name, braced, _ in re.findall(_FORM, self.template)]
        return list(dict.fromkeys([each for each in names if each]))
