from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import StorageError
from airflow_provider_rivya.storage.staged import LocalFile, MovedFile, UploadedObject, may_pass, reason_of


def local(folder: Path, name: str = "a.png") -> LocalFile:
    return LocalFile(str(folder), name)


def test_a_local_file_appears_with_the_commit_and_not_before(tmp_path: Path) -> None:
    with local(tmp_path / "deep" / "folder") as staged:
        staged.write(b"one")
        staged.write(b"two")
        assert not (tmp_path / "deep/folder/a.png").exists()
        uri = staged.commit()
    assert uri == f"file://{tmp_path}/deep/folder/a.png"
    assert (tmp_path / "deep/folder/a.png").read_bytes() == b"onetwo"
    assert os.listdir(tmp_path / "deep/folder") == ["a.png"]


def test_a_local_file_gets_the_usual_mode(tmp_path: Path) -> None:
    """And as long as it is not whole, it is its owner's alone."""
    (tmp_path / "plain").write_bytes(b"")
    with local(tmp_path) as staged:
        (part,) = tmp_path.glob(".rivya-*")
        assert part.stat().st_mode & 0o777 == 0o600
        staged.commit()
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_without_commit_the_earlier_file_stays_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"earlier")
    with pytest.raises(KeyboardInterrupt), local(tmp_path) as staged:  # noqa: PT012 - the block is the case
        staged.write(b"half")
        raise KeyboardInterrupt
    assert (tmp_path / "a.png").read_bytes() == b"earlier"
    assert os.listdir(tmp_path) == ["a.png"]


def test_a_commit_replaces_the_earlier_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"earlier")
    with local(tmp_path) as staged:
        staged.write(b"new")
        staged.commit()
    assert (tmp_path / "a.png").read_bytes() == b"new"


def test_a_name_taken_by_a_folder_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "a.png" / "x").mkdir(parents=True)
    with pytest.raises(StorageError, match=r"finishing file:.*directory"), local(tmp_path) as staged:
        staged.commit()
    assert os.listdir(tmp_path) == ["a.png"]


def test_a_folder_that_cannot_be_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="Not a directory") as caught:
        local(tmp_path / "file" / "below")
    assert caught.value.retryable


def test_a_disk_that_takes_no_more_is_a_storage_error(tmp_path: Path, unmeasured_env: dict[str, str]) -> None:
    script = (
        "import os, resource, sys\n"
        "from airflow_provider_rivya.exceptions import StorageError\n"
        "from airflow_provider_rivya.storage.staged import LocalFile\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    with LocalFile(sys.argv[1], 'a.png') as staged:\n"
        "        staged.write(bytes(900))\n"
        "        staged.write(bytes(900))\n"
        "        staged.commit()\n"
        "except StorageError as error:\n"
        "    print(error.message)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env=unmeasured_env,
    )
    assert "File too large" in run.stdout
    assert os.listdir(tmp_path) == []


def test_a_killed_writer_leaves_the_final_name_alone(tmp_path: Path, unmeasured_env: dict[str, str]) -> None:
    (tmp_path / "a.png").write_bytes(b"earlier")
    script = (
        "import sys, time\n"
        "from airflow_provider_rivya.storage.staged import LocalFile\n"
        "staged = LocalFile(sys.argv[1], 'a.png')\n"
        "staged.write(b'x' * 1_000_000)\n"
        "print('written', flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=unmeasured_env) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "a.png").read_bytes() == b"earlier"
    leftovers = [name for name in os.listdir(tmp_path) if name != "a.png"]
    assert all(name.startswith(".rivya-") and name.endswith(".part") for name in leftovers)


@pytest.fixture
def memory() -> Iterator[Any]:
    fs = import_module("fsspec.implementations.memory").MemoryFileSystem(skip_instance_cache=True)
    fs.store.clear()
    yield fs
    fs.store.clear()
    fs.pseudo_dirs[:] = [""]


def test_on_other_filesystems_a_whole_file_is_moved(memory: Any) -> None:
    with MovedFile(memory, "memory://bucket/run", "a.png", "memory://bucket/run/a.png") as staged:
        staged.write(b"one")
        assert not memory.exists("memory://bucket/run/a.png")
        assert staged.commit() == "memory://bucket/run/a.png"
    assert memory.cat("memory://bucket/run/a.png") == b"one"
    assert list(memory.store) == ["/bucket/run/a.png"]


def test_on_other_filesystems_nothing_is_left_either(memory: Any) -> None:
    with MovedFile(memory, "memory://bucket/run", "a.png", "memory://bucket/run/a.png") as staged:
        staged.write(b"one")
    assert list(memory.store) == []


def object_store() -> Any:
    """An fsspec filesystem with multipart uploads that keeps account of them, as s3fs does."""
    fsspec: Any = import_module("fsspec.spec")

    class Upload(fsspec.AbstractBufferedFile):  # type: ignore[misc]
        def _initiate_upload(self) -> None:
            self.parts: list[bytes] = []
            self.fs.uploads.append(self)

        def _upload_chunk(self, final: bool = False) -> None:
            if self.fs.broken:
                raise OSError("connection reset")
            self.parts.append(self.buffer.getvalue())
            if final and self.autocommit:
                self.commit()

        def commit(self) -> None:
            self.fs.objects[self.path] = b"".join(self.parts)
            self.fs.uploads.remove(self)

        def discard(self) -> None:
            if self in self.fs.uploads:
                self.fs.uploads.remove(self)

    class Store(fsspec.AbstractFileSystem):  # type: ignore[misc]
        protocol = "s3"

        def __init__(self) -> None:
            super().__init__(skip_instance_cache=True)
            self.objects: dict[str, bytes] = {}
            self.uploads: list[Upload] = []
            self.broken = False

        def _open(self, path: str, mode: str = "rb", **options: Any) -> Upload:
            return Upload(self, path, mode, **options)

    return Store()


def test_an_object_appears_with_the_commit_and_not_before() -> None:
    store = object_store()
    with UploadedObject(store, "s3://bucket/a.png", "s3://bucket/a.png") as staged:
        staged.write(bytes(9 * 1024 * 1024))
        assert store.uploads
        assert not store.objects
        staged.commit()
    assert {path: len(data) for path, data in store.objects.items()} == {"bucket/a.png": 9 * 1024 * 1024}
    assert not store.uploads
    assert not store.transaction.files


@pytest.mark.parametrize("size", [1, 9 * 1024 * 1024])
def test_a_discarded_object_never_appears_even_when_it_is_collected(size: int) -> None:
    store = object_store()
    staged = UploadedObject(store, "s3://bucket/a.png", "s3://bucket/a.png")
    staged.write(bytes(size))
    staged.discard()
    del staged
    gc.collect()
    assert not store.objects
    assert not store.uploads


def test_a_failing_upload_is_a_storage_error_and_is_ended() -> None:
    store = object_store()
    staged = UploadedObject(store, "s3://bucket/a.png", "s3://bucket/a.png")
    with staged:
        staged.write(b"x")
        store.broken = True
        with pytest.raises(StorageError, match=r"finishing s3://bucket/a\.png: OSError: connection reset"):
            staged.commit()
    assert not store.objects
    assert not store.uploads


def test_reasons_show_no_more_of_a_url_than_its_host() -> None:
    error = RuntimeError("PUT https://bucket.example/key?X-Amz-Signature=abc failed")
    assert reason_of(error) == "RuntimeError: PUT https://bucket.example/... failed"
    assert reason_of(ValueError()) == "ValueError"
    assert reason_of(FileNotFoundError(2, "No such file", "/x")) == "FileNotFoundError: No such file"


class EndpointConnectionError(Exception):
    """Named as botocore's."""


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (PermissionError(13, "denied"), False),
        (FileNotFoundError(2, "no bucket"), False),
        (OSError(30, "read-only file system"), False),
        (NotADirectoryError(20, "not a folder"), False),
        (ValueError("no such scheme"), False),
        (OSError("without a number"), False),
        (OSError(16, "please reduce your request rate"), True),
        (OSError(5, "input/output error"), True),
        (OSError(28, "no space left"), True),
        (TimeoutError(), True),
        (ConnectionResetError(), True),
        (EndpointConnectionError(), True),
    ],
)
def test_which_faults_of_a_store_may_pass(error: Exception, passing: bool) -> None:
    assert may_pass(error) is passing
