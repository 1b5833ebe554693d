"""Creating a file exclusively, on filesystems that can and on those that cannot."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fsspec.asyn import AsyncFileSystem  # type: ignore[import-untyped]  # fsspec ships no types
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]

from airflow_provider_rivya.storage.atomic_file import SmallFile, exclusive_creation
from airflow_provider_rivya.storage.place import OutputPlace


class Shelf(MemoryFileSystem):  # type: ignore[misc]
    """
    A store that creates exclusively.

    :ivar overtaken: somebody creates the file right after it has been looked for.
    """

    protocol: tuple[str, ...] = ("shelf",)
    cachable = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.store: dict[str, Any] = {}
        self.overtaken = False

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.partition("://")[2] if "://" in path else path

    def exists(self, path: str, **more: Any) -> bool:
        found = bool(super().exists(path, **more))
        if self.overtaken:
            MemoryFileSystem.pipe_file(self, path, b"theirs")
        return found


class Swallowing(Shelf):
    """Takes any argument and heeds none, as s3fs did before 2024.12."""

    swallowed: tuple[str, ...] = ()

    def pipe_file(self, path: str, value: bytes, **more: Any) -> None:
        self.swallowed = tuple(more)
        super().pipe_file(path, value)


class SwallowingS3(Swallowing):
    protocol = ("s3", "s3a")


class Plain(Shelf):
    """Takes nothing but the content."""

    def pipe_file(self, path: str, value: bytes) -> None:
        super().pipe_file(path, value)


class Azure(Shelf):
    """Says as adlfs does what becomes of what is there."""

    protocol = ("abfs",)

    def pipe_file(self, path: str, value: bytes, overwrite: bool = True, **more: Any) -> None:
        super().pipe_file(path, value, mode="overwrite" if overwrite else "create")


class Wrapped(AsyncFileSystem):  # type: ignore[misc]
    """An asynchronous store, whose methods fsspec makes: it knows of the mode, and does without."""

    protocol = "shelf"
    cachable = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.inner = Shelf()

    async def _info(self, path: str, **more: Any) -> Any:
        return self.inner.info(path, **more)

    async def _cat_file(self, path: str, **more: Any) -> Any:
        return self.inner.cat_file(path, **more)

    async def _makedirs(self, path: str, exist_ok: bool = False) -> None:
        self.inner.makedirs(path, exist_ok)

    async def _pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **more: Any) -> None:
        if mode == "create":
            raise NotImplementedError
        self.inner.pipe_file(path, value, **more)


class Folders(LocalFileSystem):  # type: ignore[misc]
    """A store with folders, which must be there; what fsspec itself does about exclusive creation."""

    protocol = "shelf"
    cachable = False

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root

    def _open(self, path: str, *arguments: Any, **more: Any) -> Any:
        return super()._open(self._below(path), *arguments, **more)

    def info(self, path: str, **more: Any) -> Any:
        return super().info(self._below(path), **more)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        super().makedirs(self._below(path), exist_ok=exist_ok)

    def exists(self, path: str, **more: Any) -> bool:
        return bool(super().exists(self._below(path), **more))

    def _below(self, path: str) -> str:
        return path if path.startswith(str(self.root)) else f"{self.root}/{path.partition('://')[2]}"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(path)


def record(fs: Any) -> SmallFile:
    """The small file ``record.json`` on a filesystem."""
    place = OutputPlace("shelf://bucket/new/state/")
    place.fs = fs
    return SmallFile(place, "record.json")


KINDS: list[Callable[[Path], Any]] = [
    lambda _: Shelf(),
    lambda _: Swallowing(),
    lambda _: SwallowingS3(),
    lambda _: Plain(),
    lambda _: Wrapped(),
    Folders,
]
NAMES = ["exclusive", "swallowing", "swallowing S3", "plain", "asynchronous", "folders"]


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_what_is_there_is_never_overwritten(tmp_path: Path, kind: Callable[[Path], Any]) -> None:
    file = record(kind(tmp_path))
    assert file.read() is None
    file.create(b"mine")
    assert file.read() == b"mine"
    with pytest.raises(FileExistsError):
        file.create(b"another")
    assert file.read() == b"mine"


@pytest.mark.parametrize("kind", [Shelf, Azure])
def test_a_store_that_creates_exclusively_refuses_what_came_after_the_look(kind: type[Shelf]) -> None:
    fs = kind()
    file = record(fs)
    fs.overtaken = True
    with pytest.raises(FileExistsError):
        file.create(b"mine")
    assert file.read() == b"theirs"


@pytest.mark.parametrize(("kind", "warns"), [(Swallowing, False), (SwallowingS3, True)])
def test_a_mode_that_would_be_swallowed_is_not_relied_on(
    caplog: pytest.LogCaptureFixture, kind: type[Swallowing], warns: bool
) -> None:
    """On S3, of which the documentation says otherwise, it is warned of."""
    fs = kind()
    assert not exclusive_creation(fs)
    with caplog.at_level(logging.WARNING):
        record(fs).create(b"mine")
    assert fs.swallowed == ()
    assert (
        "is not created exclusively, as the installed s3fs or botocore is too old" in caplog.text
    ) is warns
    assert ("install 'airflow-provider-rivya[s3]', or s3fs 2024.12" in caplog.text) is warns


def test_a_fault_inside_the_store_is_not_taken_for_a_missing_mode() -> None:
    class Broken(Shelf):
        def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **more: Any) -> None:
            if mode == "create":
                raise TypeError("a fault of its own")
            super().pipe_file(path, value)

    file = record(Broken())
    with pytest.raises(TypeError, match="a fault of its own"):
        file.create(b"mine")
    assert file.read() is None
