"""Whether this machine lets the inspection of strangers' files give everything up first."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

_TRY = "from services.submissions.inspecting.inspector import confine; confine.leave_everything()"


@cache
def possible() -> bool:
    """Tries it in a process of its own. False in containers and chroots that allow no user namespaces."""
    command = [sys.executable, "-P", "-c", _TRY]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
