"""Let the disk begin to write a growing file, so that the flush at its end has little left to wait for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Final

#: Bytes that are gathered before the disk is asked to begin.
STEP: Final = 16 * 1024 * 1024
_SYNC_FILE_RANGE_WRITE: Final = 2


class WriteBack:
    """
    Ask for the write-back of one file, a step at a time.

    Only a hint: it promises nothing about what is on the disk, does not wait, and takes no error
    away from ``fsync``, which stays what makes a file durable. Linux has a call for it; elsewhere
    nothing is done.

    :param descriptor: of the open file.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._begun = 0

    def reached(self, size: int) -> None:
        """
        Tell how long the file is by now.

        :param size: bytes written since the file was empty.
        """
        if size - self._begun >= STEP:
            if begin := _system_call():
                begin(self._descriptor, self._begun, size - self._begun, _SYNC_FILE_RANGE_WRITE)
            self._begun = size


@cache
def _system_call() -> Callable[[int, int, int, int], int] | None:
    """Return ``sync_file_range(2)``, which Python's ``os`` does not have."""
    if sys.platform != "linux":
        return None
    import ctypes

    call = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if call is not None:
        call.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return call
