"""
What this machine's processes have learnt of how long generations take, in a small file for the next one.

A worker begins a process for each task, which would know nothing of the tasks before it. The file is this
user's alone, and only a hint: what cannot be read or written is passed over.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from airflow_provider_rivya.waiting.durations import DURATIONS, Durations

log = logging.getLogger(__name__)

_MOST_BYTES: Final = 256 * 1024
_NAME: Final = "durations.json"


@functools.cache
def recall() -> None:
    """Take over what other processes have noted, once."""
    DURATIONS.restore(_stored().known())


def remember(gateway: str, model: str, category: str, seconds: float) -> None:
    """Note how long one has taken; of two processes that do so at once, one's may be lost."""
    stored = _stored()
    stored.note(gateway, model, category, seconds)
    try:
        if (where := _own(make=True)) is not None:
            with tempfile.NamedTemporaryFile("w", dir=where, delete=False) as file:
                json.dump(stored.known(), file)
            Path(file.name).replace(where / _NAME)
    except OSError as error:
        log.debug("How long a generation took is not kept: %s", type(error).__name__)


def _stored() -> Durations:
    stored = Durations()
    try:
        if (where := _own()) is not None:
            stored.restore(_read(where / _NAME))
    except (OSError, ValueError) as error:
        log.debug("What was learnt of durations cannot be read: %s", type(error).__name__)
    return stored


def _own(*, make: bool = False) -> Path | None:
    """Return the folder, if it is this user's own and nobody else may look into it."""
    where = Path(tempfile.gettempdir()) / f"airflow-provider-rivya-{os.getuid()}"
    if make:
        where.mkdir(mode=0o700, exist_ok=True)
    try:
        found = where.lstat()
    except FileNotFoundError:
        return None
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return where if private else None


def _read(path: Path) -> object:
    try:
        with path.open("rb") as file:
            return json.loads(file.read(_MOST_BYTES))
    except FileNotFoundError:
        return None
    except RecursionError:
        raise ValueError("nested too deeply") from None
