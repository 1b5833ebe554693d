"""A small file that is created exclusively and replaced whole: what a record is kept in."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import inspect
import logging
import os
import stat
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.storage.staged import PRIVATE, hidden_sibling, protocols_of

if TYPE_CHECKING:
    from airflow_provider_rivya.storage.place import OutputPlace

log = logging.getLogger(__name__)

LOCK_PATIENCE: Final = 10.0
"""Seconds after which a lock that somebody keeps is gone without: who holds it may have been stopped."""
LOCK_PAUSE: Final = 0.01
LARGEST: Final = 2**28
"""Bytes of a file that is read; ours are far below."""


class SmallFile:
    """
    One file in a folder of object storage or of a local disk; there it is its owner's alone.

    Errors of the store are raised as they come: the caller must not take "cannot be read" for
    "is not there".

    :param folder: the place; its folder is created when the file is.
    :param name: the file's name.
    """

    def __init__(self, folder: OutputPlace, name: str) -> None:
        self._folder = folder
        self._name = name

    @property
    def uri(self) -> str:
        """Where it is, without connection."""
        return self._folder.uri_of(self._name)

    def read(self) -> bytes | None:
        """Return the content, or ``None`` when there is certainly no such file."""
        try:
            if self._local:
                with open(self._path, "rb", opener=_small) as file:
                    return file.read()
            self._folder.fs.invalidate_cache()
            return bytes(self._folder.fs.cat_file(self._path))
        except FileNotFoundError:
            if self._local and os.path.islink(self._path):  # what it points to is gone, not the file
                raise
            return None

    def create(self, content: bytes) -> None:
        """
        Create the file with its content, at once.

        Where the store has no exclusive creation, looking and writing are two steps.

        :raises FileExistsError: somebody else has created it.
        """
        self._folder.make_folder(private=True)
        if self._local:
            self._create_local(content)
            return
        fs = self._folder.fs
        fs.invalidate_cache()
        if fs.exists(self._path):
            raise FileExistsError(self.uri)
        if exclusively := exclusive_creation(fs):
            with contextlib.suppress(NotImplementedError):
                fs.pipe_file(self._path, content, **exclusively)
                return
        elif _is_s3(fs):
            log.warning(
                "%s is not created exclusively, as the installed s3fs or botocore is too old for that: two "
                "copies of one try that start at the same moment could both submit. To prevent that, install "
                "'airflow-provider-rivya[s3]', or s3fs 2024.12 and botocore 1.35.21 or later.",
                self.uri,
            )
        fs.pipe_file(self._path, content)

    def replace(self, content: bytes) -> None:
        """Replace the file; a reader sees the old or the new content."""
        with self._folder.stage(self._name, private=True) as staged:
            staged.write(content)
            staged.commit()

    def remove(self) -> None:
        """Remove the file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            if self._local:
                os.unlink(self._path)
            else:
                self._folder.fs.rm_file(self._path)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """
        Keep off whoever else uses this on the same machine. For moments only.

        Nothing is kept off on stores other than a local disk, nor where the folder cannot be locked (some
        network filesystems) or is not there yet. The lock ends with its process.
        """
        with contextlib.ExitStack() as stack:
            if self._local:
                with contextlib.suppress(OSError):
                    folder = os.open(os.path.dirname(self._path), os.O_RDONLY)
                    stack.callback(os.close, folder)
                    _lock(folder)
            yield

    @property
    def _local(self) -> bool:
        return self._folder.target.is_local

    @property
    def _path(self) -> str:
        return self._folder.path_of(self._name)

    def _create_local(self, content: bytes) -> None:
        """Link a finished file to its name: exclusive, and never seen empty."""
        staged = os.path.join(os.path.dirname(self._path), hidden_sibling("part"))
        try:
            with open(staged, "xb", opener=_private) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(staged, self._path)
            except FileExistsError:
                raise
            except OSError:
                # No hard links here: a crash right now may leave an empty file, which is then told.
                with open(self._path, "xb", opener=_private) as file:
                    file.write(content)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(staged)


def exclusive_creation(fs: Any) -> dict[str, Any]:
    """
    Return the arguments with which ``fs.pipe_file`` creates and does not overwrite; empty if it cannot.

    The signature is asked, not the call tried: a method that swallows arguments it does not know overwrites
    without a word, as that of s3fs did before 2024.12. Later ones drop what their botocore does not know.
    """
    parameters = inspect.signature(fs.pipe_file).parameters
    if "mode" not in parameters:
        return {"overwrite": False} if "overwrite" in parameters and "abfs" in protocols_of(fs) else {}
    create = {"mode": "create"}
    if not _is_s3(fs):
        return create
    client = getattr(getattr(fs, "s3", None), "meta", None)
    if client is None:  # another implementation, whose means are not known
        return {}
    known = client.service_model.operation_model("PutObject").input_shape.members
    return create if "IfNoneMatch" in known else {}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE)


def _small(path: str, flags: int) -> int:
    """Open a file, and nothing that could block or never end."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_size <= LARGEST:
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "no file, or one of another size than ours", path)


def _is_s3(fs: Any) -> bool:
    return "s3" in protocols_of(fs)


def _lock(descriptor: int) -> None:
    patience = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= patience:
                return
            time.sleep(LOCK_PAUSE)
        else:
            return
