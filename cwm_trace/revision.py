"""Which commit something was made at. Knows git's command only, and that it may be missing."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git_revision(folder: Path | None = None) -> str | None:
    """The commit of a folder's repository, of the current one without `folder`; None where there is none, or no git."""
    try:
        made = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return made.stdout.strip() or None if made.returncode == 0 else None
