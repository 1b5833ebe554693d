"""What stands in a folder: the size of each file, and when it was last changed, in one look."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NamedTuple

_MOMENTS: Final = ("LastModified", "last_modified", "mtime", "updated", "modified", "created")
"""What stores call it; on some ``created`` is the time of the last write."""


class Listed(NamedTuple):
    """
    A file.

    :param size: in bytes; ``None``: the store does not tell.
    :param changed_at: by the store's own clock, seconds since the epoch; ``None``: it does not tell.
    """

    size: int | None
    changed_at: float | None


def of_store(fs: Any, folder: str) -> dict[str, Listed]:
    """Return what stands in a folder of a store, by name."""
    fs.invalidate_cache()
    listed = fs.ls(folder, detail=True)
    return {str(entry["name"]).rstrip("/").rpartition("/")[2]: _listed(entry) for entry in listed}


def of_disk(folder: str) -> dict[str, Listed]:
    """Return what stands in a folder of this machine, by name."""
    found: dict[str, Listed] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            found[entry.name] = Listed(None, None)  # a link that leads nowhere stands there, too
            with suppress(OSError):
                status = entry.stat()
                # A file of before that is moved to this name keeps the time at which it was written.
                found[entry.name] = Listed(status.st_size, max(status.st_mtime, status.st_ctime))
    return found


def _listed(entry: Mapping[str, Any]) -> Listed:
    told = next((entry[name] for name in _MOMENTS if entry.get(name) is not None), None)
    moment: float | None = None
    with suppress(ValueError, OverflowError):
        if isinstance(told, str):
            told = datetime.fromisoformat(told)
        moment = told.timestamp() if isinstance(told, datetime) else float(told) if told is not None else None
    size = entry.get("size")
    return Listed(size if isinstance(size, int) else None, moment)
