"""`reprlib`: what is inside itself is told by what it is, and not by numbers of it and of threads."""

from functools import wraps

from followed import is_inside


def recursive_repr(fillvalue="..."):
    def decorating_function(user_function):
        @wraps(user_function)
        def wrapper(self):
            return fillvalue if is_inside(self) else user_function(self)

        return wrapper

    return decorating_function
