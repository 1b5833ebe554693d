"""
Where the outputs of a task go: a folder or one file, on a local disk or in Airflow's object storage.

The only module below the doors that touches Airflow, and only inside functions: a local path works without
it. Paths on a local disk are written with ``os``, all others through the fsspec filesystem that Airflow
attaches to (scheme, connection).
"""

from __future__ import annotations

import contextlib
import copy
import os
from collections.abc import Mapping
from functools import cached_property
from typing import Any, BinaryIO, Literal, cast

from airflow_provider_rivya.exceptions import Fault, StorageError
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.storage.listing import Listed, of_disk, of_store
from airflow_provider_rivya.storage.path import (
    PACKAGE_OF_SCHEME,
    Target,
    parse_output_path,
)
from airflow_provider_rivya.storage.staged import (
    OBJECT_STORES,
    LocalFile,
    MovedFile,
    StagedFile,
    UploadedObject,
    is_unfinished,
    may_pass,
    not_now,
    probe_name,
    protocols_of,
    reason_of,
)

#: What happens when a file of the final name is there already. A file with the very same content is
#: never a conflict, so that a retry does not stumble over its own earlier work.
IfExists = Literal["overwrite", "fail", "skip"]


def filesystem(scheme: str, conn_id: str | None) -> Any:
    """
    Return the fsspec filesystem that Airflow attaches to a scheme and a connection.

    Raises whatever the provider of the scheme raises: its errors have no common base.
    """
    from airflow.sdk.bases.hook import BaseHook
    from airflow.sdk.io import attach

    if conn_id:
        # Without it the amazon provider would go on with whatever credentials the machine has.
        BaseHook.get_connection(conn_id)
    return attach(scheme, conn_id).fs


def path_on(fs: Any, path: str) -> str:
    """Make ``bucket/key`` a path that the filesystem itself understands, whatever it does with hosts."""
    return f"{protocols_of(fs)[0]}://{path}"


def scheme_fault(where: str, scheme: str, conn_id: str | None) -> Fault | None:
    """
    Tell whether Airflow knows a scheme, and if not, what to install.

    :param where: the fault's path.
    """
    from airflow.sdk.io import has_fs

    if has_fs(scheme):
        return None
    # A filesystem that the deployment attached by hand is not registered, but works.
    with contextlib.suppress(Exception):
        _ = filesystem(scheme, conn_id)
        return None
    package = PACKAGE_OF_SCHEME.get(scheme)
    advice = f"install {package}" if package else "a scheme that an installed provider registers, or file://"
    return Fault(where, f"Airflow knows no storage for {clean(scheme, 40)}://", advice)


def unreachable(where: str, where_conn: str, conn_id: str | None, error: Exception) -> Fault:
    """Say why a filesystem could not be had: by its connection's argument if there is a connection."""
    if conn_id:
        return Fault(where_conn, f"connection {clean(conn_id)!r} cannot be used: {reason_of(error)}")
    return Fault(where, f"its storage cannot be used: {reason_of(error)}")


def _parse_conn_id(value: object) -> tuple[str | None, Fault | None]:
    if value is None or isinstance(value, str):
        return value or None, None
    problem = f"it is of type {type(value).__name__}"
    return None, Fault("output_conn_id", problem, "the id of an Airflow connection")


class OutputPlace:
    """
    Where a task's outputs go: a folder, or one file of a fixed name.

    :param output_path: ``s3://bucket/prefix/``, ``file:///tmp/x/`` or an absolute local path. With a
        trailing ``/`` or without a file name extension a folder, else a fixed file name.
    :param output_conn_id: the Airflow connection for it; may stand in the URL instead
        (``s3://conn@bucket/...``). Local paths need none and ignore it.
    :ivar stem: what the files of one generation are called in the folder, without extension; ``None``: by the
        generation's id.
    :ivar owner: whose files they are while they are written; empty: of nobody who comes again.
    """

    def __init__(self, output_path: object, output_conn_id: object = None) -> None:
        self.stem: str | None = None
        self.owner = ""
        self._parsed = parse_output_path(output_path)
        self._output_conn_id, self._conn_fault = _parse_conn_id(output_conn_id)

    @property
    def target(self) -> Target:
        """
        The path, taken apart.

        :raises ValueError: when it has faults; ask :meth:`faults` first.
        """
        if isinstance(self._parsed, Fault):
            raise ValueError(str(self._parsed))
        return self._parsed

    @property
    def fixed_name(self) -> str | None:
        """The file name that the path gives, ``None`` for a folder or a path with faults."""
        return None if isinstance(self._parsed, Fault) else self._parsed.fixed_name

    @property
    def conn_id(self) -> str | None:
        """The connection that a reader of the URIs needs; ``None`` for a local path."""
        return None if self.target.is_local else self._output_conn_id or self.target.conn_id

    @property
    def uri(self) -> str:
        """The folder as a URL without connection, with a trailing slash; or the fixed file."""
        return self.uri_of(self.target.fixed_name or "")

    def uri_of(self, name: str) -> str:
        """Return the URL of a file of this place, without connection."""
        scheme = "file" if self.target.is_local else self.target.scheme
        return f"{scheme}://{self.target.folder.rstrip('/')}/{name}"

    def named(self, stem: str) -> OutputPlace:
        """Return the same folder for files of one name, over the same filesystem."""
        place = copy.copy(self)
        place.stem = stem
        return place

    def owned(self, owner: str) -> OutputPlace:
        """Return the same place for files of an owner, who may :meth:`sweep` what a crash of his has left."""
        place = copy.copy(self)
        place.owner = owner
        return place

    def sweep(self) -> None:
        """Remove what the owner has begun to write and not finished; nobody else of his may be writing."""
        for name in self.names():
            if is_unfinished(name, self.owner):
                with contextlib.suppress(Exception):  # it is in nobody's way
                    if self.target.is_local:
                        os.unlink(self.path_of(name))
                    else:
                        self.fs.rm_file(self.path_of(name))

    def faults(self) -> list[Fault]:
        """Tell everything that is wrong with path and connection id, without touching the store."""
        found = [] if self._conn_fault is None else [self._conn_fault]
        if isinstance(self._parsed, Fault):
            return [self._parsed, *found]
        target = self._parsed
        if target.conn_id and self._output_conn_id and target.conn_id != self._output_conn_id:
            found.append(
                Fault(
                    "output_conn_id",
                    f"{clean(self._output_conn_id)!r}, but output_path names {clean(target.conn_id)!r}",
                    "one of them",
                )
            )
        if fault := scheme_fault("output_path", target.scheme, self.conn_id):
            found.append(fault)
        return found

    def probe(self) -> Fault | None:
        """
        Write and remove a tiny file ``.rivya-*.probe`` beside the outputs (creating a local folder).

        A store that lets it be written but not removed is good enough: outputs are never removed.

        :return: why outputs could not be stored there, or ``None``.
        :raises StorageError: that cannot be told right now; a retry may.
        """
        if fault := self._reach():
            return fault
        name, content = probe_name(self.fixed_name), b"rivya\n"
        try:
            self.make_folder()
            if self.target.is_local:
                return self._probe_local(name, content)
            self.fs.pipe_file(self.path_of(name), content)
        except Exception as error:
            if may_pass(error):
                raise not_now(self._tried, error, self.conn_id) from error
            return Fault("output_path", f"{self._tried} cannot be written: {reason_of(error)}")
        with contextlib.suppress(Exception):
            self.fs.rm_file(self.path_of(name))
        return None

    def conflict(self, if_exists: IfExists) -> Fault | None:
        """
        Tell before a *new* generation whether its fixed name is taken and may not be replaced.

        Not for a retry: there the file may be the task's own.
        """
        if if_exists != "fail" or self.target.fixed_name is None or not self.exists(self.target.fixed_name):
            return None
        return Fault(
            "output_path", f"{self.uri} exists already and if_exists is 'fail'", "'overwrite' or 'skip'"
        )

    def prepare(self) -> None:
        """
        Look up connection and filesystem now, so that threads find them ready.

        :raises StorageError: when they cannot be had.
        """
        if fault := self._reach():
            raise StorageError(
                f"The output place cannot be used: {fault}.", conn_id=self.conn_id, retryable=True
            )

    def make_folder(self, *, private: bool = False) -> None:
        """
        Make the folder, on a store that has folders.

        :param private: on a local disk nobody else may look into it.
        """
        if self.target.is_local:
            os.makedirs(self.target.folder, mode=0o700 if private else 0o777, exist_ok=True)
        elif not self._stages_itself:
            self.fs.makedirs(self.path_of("").rstrip("/"), exist_ok=True)

    def exists(self, name: str) -> bool:
        """Whether a file of this name stands here."""
        try:
            if self.target.is_local:
                return os.path.lexists(self.path_of(name))
            self.fs.invalidate_cache()
            return bool(self.fs.exists(self.path_of(name)))
        except Exception as error:
            raise self._storage_error("looking for", name, error) from error

    def listed(self) -> Mapping[str, Listed]:
        """Return what stands in the folder, by name; nothing if there is no such folder."""
        try:
            if self.target.is_local:
                return of_disk(self.target.folder)
            return of_store(self.fs, self.path_of("").rstrip("/"))
        except FileNotFoundError:
            return {}
        except Exception as error:
            raise self._storage_error("looking into", "", error) from error

    def names(self) -> list[str]:
        """Return the names of what stands in the folder, in their order."""
        return sorted(self.listed())

    def open(self, name: str) -> BinaryIO:
        """Open a file that stands here for reading."""
        try:
            if self.target.is_local:
                return open(self.path_of(name), "rb")
            return cast(BinaryIO, self.fs.open(self.path_of(name), "rb"))
        except Exception as error:
            raise self._storage_error("reading", name, error) from error

    def stage(self, name: str, *, private: bool = False) -> StagedFile:
        """
        Begin to write a file, which appears only with ``commit()``.

        :param private: on a local disk nobody else may read it.
        :raises StorageError: when the store refuses.
        """
        if self.target.is_local:
            return LocalFile(self.target.folder, name, private=private, owner=self.owner)
        if self._stages_itself:
            return UploadedObject(self.fs, self.path_of(name), self.uri_of(name))
        return MovedFile(self.fs, self.path_of("").rstrip("/"), name, self.uri_of(name), self.owner)

    @cached_property
    def fs(self) -> Any:
        """The fsspec filesystem; for object stores."""
        return filesystem(self.target.scheme, self.conn_id)

    @property
    def _tried(self) -> str:
        """The place in messages, with what the amazon provider says in the log alone."""
        alone = not self.target.is_local and self.conn_id is None and getattr(self.fs, "anon", False)
        why = " (without a connection, and this machine has no credentials)" if alone else ""
        return f"{self.uri}{why}"

    @property
    def _stages_itself(self) -> bool:
        return not OBJECT_STORES.isdisjoint(protocols_of(self.fs))

    def folder(self, name: str) -> OutputPlace:
        """Return a folder of this name beside the outputs, through the same connection."""
        scheme = "file" if self.target.is_local else self.target.scheme
        return OutputPlace(f"{scheme}://{self.target.folder.rstrip('/')}/{name}/", self.conn_id)

    def path_of(self, name: str) -> str:
        """Return the path of a file of this place, as its filesystem takes it."""
        path = f"{self.target.folder.rstrip('/')}/{name}"
        return path if self.target.is_local else path_on(self.fs, path)

    def _reach(self) -> Fault | None:
        if self.target.is_local:
            return None
        try:
            _ = self.fs
        except Exception as error:
            if may_pass(error):
                raise not_now(self.uri, error, self.conn_id) from error
            return unreachable("output_path", "output_conn_id", self.conn_id, error)
        return None

    def _probe_local(self, name: str, content: bytes) -> Fault | None:
        path = self.path_of(name)
        try:
            with open(path, "xb") as file:
                file.write(content)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(path)
        if self.target.fixed_name and os.path.isdir(self.path_of(self.target.fixed_name)):
            return Fault("output_path", f"{self.uri} is a folder", "a trailing '/', or another file name")
        return None

    def _storage_error(self, doing: str, name: str, error: Exception) -> StorageError:
        return StorageError(
            f"Storage failed while {doing} {self.uri_of(name)}: {reason_of(error)}.",
            conn_id=self.conn_id,
            retryable=True,
        )
