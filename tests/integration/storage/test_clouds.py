"""
Google's and Azure's storage: gcsfs and adlfs through Airflow's providers, against protocol emulators.

Each is skipped where its provider or its emulator is missing: ``pip install gcp-storage-emulator`` (PyPI),
``npm install -g azurite``.
"""

from __future__ import annotations

import functools
import itertools
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import Fault, OutputError
from airflow_provider_rivya.landing.fetch import Retries, fetch
from airflow_provider_rivya.landing.writer import OutputWriter
from airflow_provider_rivya.storage.atomic_file import SmallFile, exclusive_creation
from airflow_provider_rivya.storage.path import default_name
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.storage.source import ReferenceFile, open_reference
from airflow_provider_rivya.storage.staged import BLOCK_SIZE
from tests.unit.media.samples import encoded
from tests.unit.media.streams import png_stream

# Theirs, not ours: what the providers and their libraries warn about.
pytestmark = [pytest.mark.filterwarnings("default")]

_numbers = itertools.count()
PNG_BYTES = encoded(30, 20, "PNG")
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Published by Microsoft for its emulator."""


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """Run an emulator until the block ends."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, command
                assert time.monotonic() < deadline, command
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def google(_folder: Path, patch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket; its URL, with the connection."""
    # gcsfs would ask for the kind of bucket by gRPC, which the emulator does not speak.
    patch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    for module in ("gcsfs", "airflow.providers.google", "gcp_storage_emulator"):
        pytest.importorskip(module)
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gcp_storage_emulator",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += ["--in-memory", "--default-bucket", "bucket"]
    endpoint = f"http://127.0.0.1:{port}"
    patch.setenv("STORAGE_EMULATOR_HOST", endpoint)
    extra = {"gcs.endpoint": endpoint, "is_anonymous": True, "project": "test"}
    patch.setenv("AIRFLOW_CONN_GOOGLE", json.dumps({"conn_type": "google_cloud_platform", "extra": extra}))
    with running(command, port):
        yield "gs://google@bucket"


@contextmanager
def azure(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty container; its URL, with the connection."""
    for module in ("adlfs", "airflow.providers.microsoft.azure"):
        pytest.importorskip(module)
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("azurite-blob is not on the path")
    port = free_port()
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder)]
    command += ["--skipApiVersionCheck", "--silent"]
    endpoint = f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}"
    account = f"AccountName={AZURE_ACCOUNT};AccountKey={AZURE_KEY}"
    text = f"DefaultEndpointsProtocol=http;{account};BlobEndpoint={endpoint};"
    connection = {"conn_type": "wasb", "extra": {"connection_string": text}}
    patch.setenv("AIRFLOW_CONN_AZURE", json.dumps(connection))
    with running(command, port):
        blob = pytest.importorskip("azure.storage.blob")
        with blob.BlobServiceClient.from_connection_string(text) as client:
            client.create_container("bucket")
        yield "abfs://azure@bucket"


@pytest.fixture(scope="module", params=[google, azure], ids=["gs", "abfs"])
def bucket(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One for all tests: Airflow keeps a connection's filesystem as long as the process lives."""
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch, request.param(folder, patch) as url:
        yield url


@pytest.fixture
def place(bucket: str) -> OutputPlace:
    """An empty folder."""
    return OutputPlace(f"{bucket}/folder-{next(_numbers)}/")


class Stream:
    length = None
    coding = ""

    def __init__(self, source: Callable[[], Iterator[bytes]]) -> None:
        self.chunks = source


def land(source: Callable[[], Iterator[bytes]], place: OutputPlace) -> Any:
    url = "https://cdn.example/x"
    name_for = functools.partial(default_name, "task_1", 0)
    return fetch(
        lambda _: nullcontext(Stream(source)),
        url,
        lambda: OutputWriter(place, 0, url, name_for, "overwrite"),
        stop=threading.Event(),
        retries=Retries(attempts=1),
    )


def files(place: OutputPlace) -> list[str]:
    return [path.rpartition("/")[2] for path in place.fs.find(place.path_of(""))]


def test_the_probe_finds_what_is_wrong_and_leaves_nothing(bucket: str, place: OutputPlace) -> None:
    assert place.faults() == []
    assert place.probe() is None
    assert files(place) == []
    assert isinstance(OutputPlace(f"{bucket}-that-is-not-there/run/").probe(), Fault)


@pytest.mark.parametrize("size", [0, 3 * BLOCK_SIZE])
def test_a_whole_file_lands(place: OutputPlace, size: int) -> None:
    landed = land(lambda: png_stream(size) if size else iter([PNG_BYTES]), place)
    assert files(place) == ["task_1-0.png"]
    assert place.fs.size(place.path_of("task_1-0.png")) == landed.size_bytes


def test_a_cut_transfer_leaves_the_earlier_object(place: OutputPlace) -> None:
    place.fs.pipe_file(place.path_of("task_1-0.png"), b"earlier")

    def cut() -> Iterator[bytes]:
        stream = png_stream(2 * BLOCK_SIZE)
        for _ in range(2 * BLOCK_SIZE // 2**16):
            yield next(stream)

    with pytest.raises(OutputError):
        land(cut, place)
    assert place.fs.cat_file(place.path_of("task_1-0.png")) == b"earlier"


def test_a_reference_is_read(bucket: str, place: OutputPlace) -> None:
    path = place.path_of("photo.png")
    place.fs.pipe_file(path, PNG_BYTES)
    url = f"{bucket}/{path.partition('bucket/')[2]}"
    found = open_reference(url, None)
    assert isinstance(found, ReferenceFile)
    with found.open() as stream:
        assert stream.read() == PNG_BYTES
    assert isinstance(open_reference(f"{url}.not", None), Fault)


def test_a_record_is_created_once(bucket: str, place: OutputPlace) -> None:
    file = SmallFile(place, "record.json")
    file.create(b"first")
    assert file.read() == b"first"
    assert exclusive_creation(place.fs)
    if not bucket.startswith("gs:"):  # Google's emulator heeds no condition
        with pytest.raises(FileExistsError):
            file.create(b"second")
        assert file.read() == b"first"
    file.remove()
    assert file.read() is None
