"""Reference files to upload, found before anything is sent: local, or in object storage."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.storage.path import LOCAL_SCHEMES
from airflow_provider_rivya.storage.place import filesystem, path_on, scheme_fault, unreachable
from airflow_provider_rivya.storage.staged import may_pass, not_now, reason_of

#: Read-ahead from object stores; fsspec's own default would fetch 5 to 50 MiB for a file's head.
_READ_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class ReferenceFile:
    """
    A file that exists and can be read.

    :param name: its base name.
    :param uri: where it lies, without connection.
    :param conn_id: the Airflow connection it is read through, if any.
    :param size_bytes: its size.
    """

    name: str
    uri: str
    conn_id: str | None
    size_bytes: int
    opener: Callable[[], BinaryIO] = field(repr=False, compare=False)

    def open(self) -> BinaryIO:
        """Return a new binary stream at the start of the file; the caller closes it."""
        return self.opener()


def open_reference(
    path_or_uri: str,
    conn_id: str | None = None,
    *,
    where: str = "reference_media",
    may_be_empty: bool = False,
) -> ReferenceFile | Fault:
    """
    Find a reference file.

    :param path_or_uri: a local path, ``file:///...``, or a URL of a scheme that Airflow knows; a
        connection may stand in it (``s3://conn@bucket/key``).
    :param conn_id: the connection to read it through; one in the URL goes first.
    :param where: the path of a fault, e.g. ``reference_media[0]``.
    :param may_be_empty: a file without content is one, too.
    :return: the file, or what is wrong with it.
    :raises StorageError: that cannot be told right now; a retry may.
    """
    if not path_or_uri or "\0" in path_or_uri:
        return Fault(where, "it is empty or not a path", "a local path or an object storage URI")
    scheme, found, rest = path_or_uri.partition("://")
    scheme = scheme.lower()
    if not found or scheme in LOCAL_SCHEMES:
        return _local(path_or_uri if not found else rest.removeprefix("localhost"), where, may_be_empty)
    netloc, slash, key = rest.partition("/")
    userinfo, _, bucket = netloc.rpartition("@")
    if ":" in userinfo:
        return Fault(where, "it carries a password", "a connection id: scheme://conn_id@bucket/...")
    conn_id = userinfo or conn_id
    if fault := scheme_fault(where, scheme, conn_id):
        return fault
    return _stored(scheme, f"{bucket}{slash}{key}", conn_id, where, may_be_empty)


def _local(path: str, where: str, may_be_empty: bool) -> ReferenceFile | Fault:
    shown = repr(clean(path, 200))
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            return Fault(where, f"{shown} is not a file", "a file")
        with open(path, "rb") as file:
            file.read(1)
    except FileNotFoundError:
        hint = "" if os.path.isabs(path) else "an absolute path: a worker has no fixed folder"
        return Fault(where, f"{shown} does not exist on this worker", hint)
    except (OSError, ValueError) as error:
        return Fault(where, f"{shown} cannot be read: {reason_of(error)}")
    if not found.st_size and not may_be_empty:
        return Fault(where, f"{shown} is empty")
    full = os.path.abspath(path)
    return ReferenceFile(
        os.path.basename(full), f"file://{full}", None, found.st_size, lambda: open(full, "rb")
    )


def _stored(
    scheme: str, path: str, conn_id: str | None, where: str, may_be_empty: bool
) -> ReferenceFile | Fault:
    uri = f"{scheme}://{path}"
    shown = repr(clean(uri, 200))
    try:
        fs = filesystem(scheme, conn_id)
    except Exception as error:
        if may_pass(error):
            raise not_now(uri, error, conn_id) from error
        return unreachable(where, where, conn_id, error)

    def opener() -> BinaryIO:
        return cast(BinaryIO, fs.open(path_on(fs, path), "rb", block_size=_READ_BLOCK))

    try:
        fs.invalidate_cache()
        facts = fs.info(path_on(fs, path))
        if facts.get("type") != "file":
            return Fault(where, f"{shown} is not a file", "a file")
        size = int(facts.get("size") or 0)
        if not size and not may_be_empty:
            return Fault(where, f"{shown} is empty")
        with opener() as file:
            file.read(1)
    except FileNotFoundError:
        return Fault(where, f"{shown} does not exist")
    except Exception as error:
        if may_pass(error):
            raise not_now(uri, error, conn_id) from error
        return Fault(where, f"{shown} cannot be read: {reason_of(error)}")
    return ReferenceFile(path.rsplit("/", 1)[-1], uri, conn_id, size, opener)
