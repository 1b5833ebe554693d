"""The memory of a process, in bytes."""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from pathlib import Path


def reset_peak(process: int | str = "self") -> int:
    """Set the peak of a process back to what is in use now (Linux), and return that."""
    with suppress(OSError):
        Path(f"/proc/{process}/clear_refs").write_text("5")
    return peak(process)


def peak(process: int | str = "self") -> int:
    """Return the most that was in use since the start, or since :func:`reset_peak`."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
