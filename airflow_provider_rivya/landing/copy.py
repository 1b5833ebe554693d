"""A copy of what is being fetched, on the worker's own disk, for whoever has to read it once more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from tempfile import NamedTemporaryFile
from typing import IO, Final

_BLOCK: Final = 256 * 1024


class LocalCopy:
    """
    A file that is gone with its context.

    A worker's disk that is full is no reason to lose what is landed elsewhere: the copy is then not whole.
    """

    def __init__(self, file: IO[bytes] | None) -> None:
        self._file = file

    @property
    def path(self) -> str | None:
        """Where it lies; ``None`` if it is not whole."""
        file = self._flushed()
        return None if file is None else file.name

    def write(self, data: bytes) -> None:
        """Add bytes."""
        if self._file is not None:
            try:
                self._file.write(data)
            except OSError:
                self._file = None

    def blocks(self) -> Iterator[bytes]:
        """
        Yield its bytes.

        :raises OSError: it is not whole.
        """
        file = self._flushed()
        if file is None:
            raise OSError("the worker's disk has no room for a copy")
        file.seek(0)
        while block := file.read(_BLOCK):
            yield block

    def _flushed(self) -> IO[bytes] | None:
        try:
            if self._file is not None:
                self._file.flush()
        except OSError:
            self._file = None
        return self._file


@contextmanager
def local_copy() -> Iterator[LocalCopy]:
    """Begin a copy."""
    with ExitStack() as stack:
        file = None
        with suppress(OSError):
            file = stack.enter_context(NamedTemporaryFile(prefix="rivya-"))
        yield LocalCopy(file)
