"""
Writing a file so that it appears at its final name whole or not at all.

Three ways, by what the store can do:

* :class:`LocalFile`: a hidden sibling, ``fsync``, then ``os.replace``, which is atomic.
* :class:`UploadedObject`: object stores, where nothing is visible before the upload is completed:
  fsspec's ``open(autocommit=False)``, then ``close()`` and ``commit()``, or ``discard()``.
* :class:`MovedFile`: every other fsspec filesystem (SFTP, HDFS, ``memory://``), whose
  ``autocommit=False`` may be ignored: a hidden sibling that is moved. How atomic the move is, is up
  to the store; what is moved is always a whole file.

A process that is killed leaves the final name alone. It may leave a hidden ``.rivya-*.part`` file,
or an unfinished multipart upload, which a bucket's lifecycle rule ends.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import threading
from abc import ABC, abstractmethod
from typing import Any, Self

from airflow_provider_rivya.exceptions import StorageError
from airflow_provider_rivya.media.types import ALL_TYPES
from airflow_provider_rivya.redaction import clean

#: Parts of an upload. s3fs holds several blocks in memory, and its own default is 50 MiB.
BLOCK_SIZE = 8 * 1024 * 1024

#: Filesystems (by fsspec's ``protocol``) on which an object is invisible until its upload is
#: completed: s3fs and gcsfs keep ``autocommit=False`` themselves, adlfs commits its block list on close.
OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "adl", "az"})

#: What the filesystem's ``open`` calls the type of an object's content. Without one a bucket's console, and
#: whoever has a pre-signed URL, would be given a file to save in the place of one to look at.
_TYPE_OPTION = {"s3": "ContentType", "s3a": "ContentType", "gs": "content_type", "gcs": "content_type"}
_TYPES = {
    **{media_type.extension: media_type.mime_type for media_type in reversed(ALL_TYPES)},
    "html": "text/html; charset=utf-8",
    "json": "application/json",
}

#: Bytes of a name that is made of a generation's id.
_USUAL_NAME = 64

#: The mode of a file that is its owner's alone.
PRIVATE = 0o600

_open_lock = threading.Lock()


def protocols_of(fs: Any) -> tuple[str, ...]:
    """Return what an fsspec filesystem calls itself."""
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def hidden_sibling(purpose: str, owner: str = "") -> str:
    """
    Return a name that no output has and no other writer picks.

    :param owner: by which it is known again, see :func:`is_unfinished`.
    """
    return f".rivya-{owner}{secrets.token_hex(8)}.{purpose}"


def probe_name(fixed_name: str | None) -> str:
    """Return a name for a tiny file, as long as an output's: stores and disks bound names."""
    longest = _USUAL_NAME if fixed_name is None else len(os.fsencode(fixed_name))
    return hidden_sibling("probe", "0" * (longest - len(hidden_sibling("probe"))))


def is_unfinished(name: str, owner: str = "") -> bool:
    """Whether a file of this name was being written, by this owner if one is given."""
    return name.startswith(f".rivya-{owner}") and name.endswith(".part")


def reason_of(error: BaseException) -> str:
    """Say in a few words why a store failed, fit for a log line."""
    if isinstance(error, OSError) and error.strerror and error.errno is not None:
        return f"{type(error).__name__}: {clean(error.strerror)}"
    return f"{type(error).__name__}: {clean(error)}" if str(error) else type(error).__name__


# What stays wrong until a person changes it. Other numbers (busy, input/output, no space) may pass.
_LASTING = frozenset(
    {
        errno.EACCES,
        errno.EEXIST,
        errno.EINVAL,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EOPNOTSUPP,
        errno.EPERM,
        errno.EROFS,
    }
)
_PASSING_NAMES = (
    "timeout",
    "connecterror",
    "connectionerror",
    "connectionclosed",
    "throttl",
    "airflowruntime",
)


def may_pass(error: BaseException) -> bool:
    """Whether a store's fault may be gone on the next try: an outage, not a missing bucket or permission."""
    if isinstance(error, TimeoutError | ConnectionError):
        return True
    if isinstance(error, OSError):
        return error.errno is not None and error.errno not in _LASTING
    # botocore, aiohttp and the Task SDK have trees of their own.
    names = [kind.__name__.lower() for kind in type(error).__mro__]
    return any(word in name for name in names for word in _PASSING_NAMES)


def not_now(what: str, error: Exception, conn_id: str | None) -> StorageError:
    """Return the error for a place that cannot be looked at right now."""
    return StorageError(
        f"{what} cannot be reached right now: {reason_of(error)}",
        conn_id=conn_id,
        fate="Nothing was submitted and nothing was charged; a retry looks again.",
        retryable=True,
    )


class StagedFile(ABC):
    """
    A file that is being written. As a context manager it is discarded unless it was committed.

    Every method raises :class:`StorageError` when the store fails.

    :param uri: the final place, without connection.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._done = False

    def write(self, data: bytes) -> None:
        """Add bytes."""
        try:
            self._write(data)
        except Exception as error:
            raise self._fault("writing", error) from error

    def commit(self) -> str:
        """Let the file appear at its final name, replacing what stood there; return its URI."""
        try:
            self._commit()
        except Exception as error:
            raise self._fault("finishing", error) from error
        self._done = True
        return self.uri

    def discard(self) -> None:
        """Drop what was written. Never raises: it runs while another error is on its way."""
        if not self._done:
            self._done = True
            with contextlib.suppress(Exception):
                self._discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def _fault(self, doing: str, error: Exception) -> StorageError:
        return StorageError(f"Storage failed while {doing} {self.uri}: {reason_of(error)}.", retryable=True)

    @abstractmethod
    def _write(self, data: bytes) -> None: ...

    @abstractmethod
    def _commit(self) -> None: ...

    @abstractmethod
    def _discard(self) -> None: ...


class LocalFile(StagedFile):
    """
    A file on a local disk.

    A committed file is on the disk: what follows (the record, the task's success) is kept by a
    database that flushes too, and must not outlive the file it tells of.

    :param folder: absolute; created when it is missing.
    :param name: the final file name.
    :param private: nobody else may read the finished file either; else the process's umask says who may. What
        is not finished is nobody else's.
    :param owner: stands in the name of what is not finished.
    """

    def __init__(self, folder: str, name: str, *, private: bool = False, owner: str = "") -> None:
        super().__init__(f"file://{os.path.join(folder, name)}")
        self._final = os.path.join(folder, name)
        self._staged = os.path.join(folder, hidden_sibling("part", owner))
        try:
            os.makedirs(folder, exist_ok=True)
            descriptor = os.open(self._staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
        except OSError as error:
            raise self._fault("opening", error) from error
        self._file = os.fdopen(descriptor, "wb")
        self._private = private

    def _write(self, data: bytes) -> None:
        self._file.write(data)

    def _commit(self) -> None:
        self._file.flush()
        if not self._private:
            with contextlib.suppress(OSError):  # some filesystems have no modes
                os.fchmod(self._file.fileno(), 0o666 & ~_umask())
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._staged, self._final)
        # The rename itself must survive a power cut too; some filesystems cannot sync a folder.
        with contextlib.suppress(OSError):
            folder = os.open(os.path.dirname(self._final), os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _discard(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        os.unlink(self._staged)


def _umask() -> int:
    """Return the process's umask; another thread that makes a file right now makes a private one."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


class UploadedObject(StagedFile):
    """
    An object in an object store.

    :param fs: an fsspec filesystem out of :data:`OBJECT_STORES`.
    :param path: bucket and key.
    :param uri: the same as a URL.
    """

    def __init__(self, fs: Any, path: str, uri: str) -> None:
        super().__init__(uri)
        try:
            with _open_lock:
                typed = _typed(fs, path)
                self._file = fs.open(path, "wb", autocommit=False, block_size=BLOCK_SIZE, **typed)
                # fsspec keeps every such file for a transaction that never comes, and the filesystem
                # lives as long as the process.
                pending = fs.transaction.files
                if pending and pending[-1] is self._file:
                    pending.pop()
        except Exception as error:
            raise self._fault("opening", error) from error

    def _write(self, data: bytes) -> None:
        self._file.write(data)

    def _commit(self) -> None:
        self._file.close()
        self._file.commit()

    def _discard(self) -> None:
        try:
            self._file.discard()
        finally:
            # An open file flushes itself when it is collected, which would start a new upload on S3
            # and complete a truncated object on Azure.
            self._file.closed = True


def _typed(fs: Any, path: str) -> dict[str, str]:
    option = next((_TYPE_OPTION[name] for name in protocols_of(fs) if name in _TYPE_OPTION), None)
    content_type = _TYPES.get(path.rpartition(".")[2].lower())
    return {option: content_type} if option and content_type else {}


class MovedFile(StagedFile):
    """
    A file on any other fsspec filesystem.

    :param fs: the filesystem.
    :param folder: its path there; created when it is missing.
    :param name: the final file name.
    :param uri: the final place as a URL.
    :param owner: stands in the name of what is not finished.
    """

    def __init__(self, fs: Any, folder: str, name: str, uri: str, owner: str = "") -> None:
        super().__init__(uri)
        self._fs = fs
        self._final = f"{folder}/{name}"
        self._staged = f"{folder}/{hidden_sibling('part', owner)}"
        try:
            fs.makedirs(folder, exist_ok=True)
            self._file = fs.open(self._staged, "wb")
        except Exception as error:
            raise self._fault("opening", error) from error

    def _write(self, data: bytes) -> None:
        self._file.write(data)

    def _commit(self) -> None:
        self._file.close()
        self._fs.mv(self._staged, self._final)

    def _discard(self) -> None:
        with contextlib.suppress(Exception):
            self._file.close()
        self._fs.rm(self._staged)
