"""A copy of what is being fetched, on the worker's own disk, for whoever has to read it once more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import NamedTemporaryFile
from typing import IO, Final

_BLOCK: Final = 256 * 1024


class LocalCopy:
    """
    A file that is gone with its context.

    A worker's disk that is full is no reason to lose what is landed elsewhere: the copy is then not whole.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._whole = True

    @property
    def path(self) -> str | None:
        """Where it lies; ``None`` if it is not whole."""
        return self._file.name if self._flushed() else None

    def write(self, data: bytes) -> None:
        """Add bytes."""
        if self._whole:
            try:
                self._file.write(data)
            except OSError:
                self._whole = False

    def blocks(self) -> Iterator[bytes]:
        """
        Yield its bytes.

        :raises OSError: it is not whole.
        """
        if not self._flushed():
            raise OSError("the worker's disk has no room for a copy")
        self._file.seek(0)
        while block := self._file.read(_BLOCK):
            yield block

    def _flushed(self) -> bool:
        try:
            self._file.flush()
        except OSError:
            self._whole = False
        return self._whole


@contextmanager
def local_copy() -> Iterator[LocalCopy]:
    """Begin a copy."""
    with NamedTemporaryFile(prefix="rivya-") as file:
        yield LocalCopy(file)
