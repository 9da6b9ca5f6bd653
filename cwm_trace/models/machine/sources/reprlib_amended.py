"""`reprlib`: what is inside itself is told by what it is, and not by numbers of it and of threads."""

from functools import wraps


def recursive_repr(fillvalue="..."):
    def decorating_function(user_function):
        running = []

        @wraps(user_function)
        def wrapper(self):
            if any([each is self for each in running]):
                return fillvalue
            running.append(self)
            try:
                return user_function(self)
            finally:
                running.pop()

        return wrapper

    return decorating_function
