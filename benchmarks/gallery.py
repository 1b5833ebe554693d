"""What the gallery of a thousand pictures costs to make, to keep and to open."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.figure import Figure, unmeasured
from benchmarks.processes import ask

PICTURES = 1_000
GOAL_MB = 15.0
GOAL_GROWTH_MB = 64.0
GOAL_OPENED_S = 2.0


def measure(pictures: int = PICTURES) -> Iterator[Figure]:
    """Make it in a process of its own, and open each of its pages in a browser."""
    what = f"gallery of {pictures:,} pictures"
    with tempfile.TemporaryDirectory(prefix="rivya-bench-") as folder:
        told = ask("-m", "benchmarks.gallery_once", "make", folder, str(pictures))
        yield Figure(f"{what}: all its pages", told["megabytes"], "MB", GOAL_MB, detail=told)
        yield Figure(f"{what}: its largest page", told["largest_page_mb"], "MB")
        yield Figure(f"{what}: making it", told["wall_s"], "s")
        yield Figure(f"{what}: CPU of a picture", told["cpu_s"] / pictures * 1000, "ms")
        yield Figure(f"{what}: growth of peak memory", told["growth_mb"], "MB", GOAL_GROWTH_MB)
        seen = Figure(f"{what}: opening the slowest page", None, "s", GOAL_OPENED_S)
        lacking = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
        if lacking:
            yield unmeasured(seen, f"there is no {' nor '.join(lacking)}")
            return
        opened = ask("-m", "benchmarks.gallery_once", "open", folder, str(pictures))
        yield replace(seen, value=opened["slowest_s"], detail=opened)
        yield Figure(f"{what}: pictures seen", opened["images"], "", pictures, "above")
