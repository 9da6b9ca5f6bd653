from collections.abc import Callable, Mapping, Set
from typing import Any

from cwm_trace.frames import Frame

REVISION: int

class Hook:
    def __init__(self, name: str, recorder: Any) -> None: ...
    def __call__(self, *values: object) -> Any: ...

def learn_frames(
    expander: type,
    activation: type,
    frame: type,
    site: type,
    cut: type,
    events: tuple[object, object, object, object],
    no_names: Set[Any],
    no_locals: Mapping[str, str],
    quote: Callable[[str], str],
    /,
) -> None: ...
def learn_renderings(renderings: type, nothing: Set[Any], render_value: Callable[[object], str], /) -> None: ...
def learn(
    recorder: type,
    state: type,
    site: type,
    effects: type,
    shared: type,
    no_loops: Mapping[str, bool],
    no_lines: Mapping[int, int],
    cells: frozenset[str],
    builtins: dict[str, object],
    /,
) -> None: ...
def frame_to_line(frame: Frame, /) -> str: ...
def forget_depth(extra: int, /) -> None: ...
