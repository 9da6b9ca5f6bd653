"""The first lines of the child process, run as a script: imports what we need without letting the user's modules in.

Arguments: the folder that holds `cwm_trace`; then the file of a job, or nothing to serve jobs from stdin. Until our own modules are imported,
neither the folder of this file nor that of the user may be searched, and PYTHONPATH comes last; then `sys.path` is what plain python has.
"""

import os
import sys

known = frozenset(sys.modules)
users = sys.path[not sys.flags.safe_path :]
sys.path[:] = users
pythonpath = {os.path.abspath(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep)}


def rank(entry: str) -> int:
    """The standard library, our own folder, installed packages, PYTHONPATH."""
    if entry == sys.argv[1]:
        return 1
    if entry in pythonpath:
        return 3
    return 2 if entry.endswith("-packages") else 0


sys.path[:] = sorted([*users, sys.argv[1]], key=rank)
from cwm_trace.tracer import child, child_worker  # noqa: E402

sys.path[:] = users
if len(sys.argv) > 2:
    child.main(sys.argv[2], known)
else:
    child_worker.serve(known)
