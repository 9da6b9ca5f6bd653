"""`json`, as far as the machine does not read and write it itself."""

from json import dumps


class JSONEncoder:
    def __init__(self, **layout):
        self._layout = layout

    def default(self, o):
        raise TypeError(f"Object of type {o.__class__.__name__} is not JSON serializable")

    def encode(self, o):
        return dumps(o, default=self.default, **self._layout)
