"""What of `ast` is of C: trees are made from texts, and plain values read."""

from followed import ast_tree, literal_value


def parse(source, filename="<unknown>", mode="exec", *, type_comments=False, feature_version=None):
    return ast_tree(source, filename, mode)


def literal_eval(node_or_string):
    is_tree = isinstance(node_or_string, AST)  # noqa: F821  # a name of `ast`
    return literal_value(unparse(node_or_string) if is_tree else node_or_string)  # noqa: F821
