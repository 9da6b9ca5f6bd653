"""`textwrap`, as far as it is followed: words that fit into a line, and have no hyphens."""

from followed import lost


def wrap(text, width=70, initial_indent="", subsequent_indent="", **others):
    if others or "-" in text or "\t" in text:
        lost()
    lines, line = [], []
    for word in text.split():
        indent = subsequent_indent if lines else initial_indent
        if len(indent) + len(word) > width:
            lost()
        if line and len(indent) + len(" ".join(line)) + 1 + len(word) > width:
            lines.append(indent + " ".join(line))
            line = []
        line.append(word)
    if line:
        lines.append((subsequent_indent if lines else initial_indent) + " ".join(line))
    if "  " in text.replace("\n", " ").strip() or text[:1].isspace():  # spaces between words stay
        lost()
    return lines


def fill(text, width=70, **others):
    return "\n".join(wrap(text, width, **others))


def shorten(text, width, placeholder=" [...]"):
    words = text.split()
    if len(" ".join(words)) <= width:
        return " ".join(words)
    while words and len(" ".join(words) + placeholder) > width:
        words.pop()
    return " ".join(words) + placeholder if words else placeholder.strip()


def indent(text, prefix, predicate=None):
    made = []
    for line in text.splitlines(True):
        is_marked = line.strip() if predicate is None else predicate(line)
        made.append(prefix + line if is_marked else line)
    return "".join(made)


def dedent(text):
    margin, lines = None, [line if line.strip() else "" for line in text.split("\n")]
    for line in lines:
        if line:
            left = line[: len(line) - len(line.lstrip(" \t"))]
            if margin is None:
                margin = left
            while not left.startswith(margin):
                margin = margin[:-1]
    return "\n".join([line[len(margin) :] if line else "" for line in lines])
