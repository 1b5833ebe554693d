"""
The S3 protocol for real: s3fs through Airflow's amazon provider against moto's server on loopback.

Needs ``moto[server]`` and ``apache-airflow-providers-amazon[s3fs]``; skipped where they are missing.
"""

from __future__ import annotations

import functools
import gc
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import DamagedError, Fault, OutputError, StorageError
from airflow_provider_rivya.landing.fetch import Retries, fetch
from airflow_provider_rivya.landing.writer import OutputWriter
from airflow_provider_rivya.result import Output
from airflow_provider_rivya.storage.atomic_file import SmallFile, exclusive_creation
from airflow_provider_rivya.storage.path import default_name
from airflow_provider_rivya.storage.place import IfExists, OutputPlace
from airflow_provider_rivya.storage.source import ReferenceFile, open_reference
from airflow_provider_rivya.storage.staged import BLOCK_SIZE
from tests.unit.media.samples import encoded
from tests.unit.media.streams import png_stream

pytest.importorskip("s3fs")
pytest.importorskip("airflow.providers.amazon")
boto3 = pytest.importorskip("boto3")
moto_server = pytest.importorskip("moto.server")

# Theirs, not ours: what boto, aiobotocore, werkzeug and the amazon provider warn about.
pytestmark = [pytest.mark.filterwarnings("default")]

PNG_BYTES = encoded(30, 20, "PNG")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A boto client with an empty bucket ``bucket``; Airflow knows the server as connection ``shelf``."""
    extra = {"endpoint_url": endpoint, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "testing", "password": "testing", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SHELF", json.dumps(connection))
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket="bucket")
    yield client
    for key in keys(client):
        client.delete_object(Bucket="bucket", Key=key)
    assert uploads(client) == []


def keys(client: Any) -> list[str]:
    return [entry["Key"] for entry in client.list_objects_v2(Bucket="bucket").get("Contents", [])]


def uploads(client: Any) -> list[str]:
    return [entry["Key"] for entry in client.list_multipart_uploads(Bucket="bucket").get("Uploads", [])]


class Stream:
    length = None
    coding = ""

    def __init__(self, source: Callable[[], Iterator[bytes]]) -> None:
        self.chunks = source


def land_from(
    source: Callable[[], Iterator[bytes]],
    place: OutputPlace,
    if_exists: IfExists = "overwrite",
    attempts: int = 1,
) -> Output:
    url = "https://cdn.example/x"
    name_for = functools.partial(default_name, "task_1", 0)
    return fetch(
        lambda _: nullcontext(Stream(source)),
        url,
        lambda: OutputWriter(place, 0, url, name_for, if_exists),
        stop=threading.Event(),
        retries=Retries(attempts, pause=0.0),
    )


@pytest.fixture
def place(s3: Any) -> OutputPlace:
    return OutputPlace("s3://shelf@bucket/run/")


def test_the_probe_leaves_nothing(s3: Any, place: OutputPlace) -> None:
    assert place.faults() == []
    assert place.probe() is None
    assert keys(s3) == []


def test_a_missing_bucket_is_found_by_the_probe(s3: Any) -> None:
    fault = OutputPlace("s3://no-such-bucket/run/", "shelf").probe()
    assert fault is not None
    assert "bucket does not exist" in fault.problem


def test_a_machine_without_credentials_is_told_of(
    s3: Any, endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    fault = OutputPlace("s3://absent/run/").probe()
    assert fault is not None
    assert "absent/run/ (without a connection, and this machine has no credentials) cannot" in fault.problem


def test_a_missing_connection_is_found_by_the_probe(s3: Any) -> None:
    fault = OutputPlace("s3://bucket/run/", "no_such_connection").probe()
    assert isinstance(fault, Fault)


@pytest.mark.parametrize("size", [0, BLOCK_SIZE - 2**16, 2 * BLOCK_SIZE, 3 * BLOCK_SIZE])
def test_a_whole_file_lands(s3: Any, place: OutputPlace, size: int) -> None:
    def source() -> Iterator[bytes]:
        return png_stream(size) if size else iter([PNG_BYTES])

    landed = land_from(source, place)
    assert (landed.uri, landed.conn_id) == ("s3://bucket/run/task_1-0.png", "shelf")
    assert s3.head_object(Bucket="bucket", Key="run/task_1-0.png")["ContentLength"] == landed.size_bytes
    assert keys(s3) == ["run/task_1-0.png"]
    assert uploads(s3) == []
    written = s3.head_object(Bucket="bucket", Key="run/task_1-0.png")["LastModified"]
    assert land_from(source, place, "fail") == landed
    assert s3.head_object(Bucket="bucket", Key="run/task_1-0.png")["LastModified"] == written


@pytest.mark.parametrize("size", [0, 2 * BLOCK_SIZE])
def test_damaged_bytes_that_come_twice_are_kept_beside_the_output(
    s3: Any, place: OutputPlace, size: int
) -> None:
    cut = (b"".join(png_stream(size)) if size else PNG_BYTES)[:-10]
    for _ in range(2):  # a second task finds the copy of the first one there
        with pytest.raises(DamagedError) as caught:
            land_from(lambda: iter([cut]), place, attempts=2)
        assert caught.value.kept_at == "s3://bucket/run/task_1-0.png.damaged"
        assert keys(s3) == ["run/task_1-0.png.damaged"]
        assert s3.get_object(Bucket="bucket", Key="run/task_1-0.png.damaged")["Body"].read() == cut
        assert uploads(s3) == []
    assert land_from(lambda: iter([PNG_BYTES]), place).uri == "s3://bucket/run/task_1-0.png"
    assert keys(s3) == ["run/task_1-0.png", "run/task_1-0.png.damaged"]


@pytest.mark.parametrize("size", [2**16, 2 * BLOCK_SIZE])
def test_a_cut_transfer_leaves_neither_object_nor_upload(s3: Any, place: OutputPlace, size: int) -> None:
    def source() -> Iterator[bytes]:
        stream = png_stream(size)
        yield next(stream)
        for _ in range(size // 2**16 - 1):
            yield next(stream)
        if size > BLOCK_SIZE:
            assert uploads(s3) == ["run/task_1-0.png"]

    with pytest.raises(OutputError):
        land_from(source, place)
    gc.collect()
    assert keys(s3) == []
    assert uploads(s3) == []


def test_an_earlier_object_outlives_a_cut_transfer(s3: Any, place: OutputPlace) -> None:
    s3.put_object(Bucket="bucket", Key="run/task_1-0.png", Body=b"earlier")
    with pytest.raises(OutputError):
        land_from(lambda: iter([PNG_BYTES[:-1]]), place)
    gc.collect()
    assert s3.get_object(Bucket="bucket", Key="run/task_1-0.png")["Body"].read() == b"earlier"


def test_a_bucket_that_vanished_is_a_storage_error(s3: Any) -> None:
    with pytest.raises(StorageError, match="bucket does not exist"):
        land_from(lambda: iter([PNG_BYTES]), OutputPlace("s3://gone/run/", "shelf"))


def test_references_are_read(s3: Any) -> None:
    s3.put_object(Bucket="bucket", Key="in/photo.png", Body=PNG_BYTES)
    found = open_reference("s3://bucket/in/photo.png", "shelf")
    assert isinstance(found, ReferenceFile)
    assert found.size_bytes == len(PNG_BYTES)
    with found.open() as stream:
        assert stream.read() == PNG_BYTES
    missing = open_reference("s3://bucket/in/other.png", "shelf")
    assert isinstance(missing, Fault)
    assert "does not exist" in missing.problem


def test_a_botocore_that_knows_no_condition_is_not_relied_on(
    s3: Any, place: OutputPlace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As before 1.35: s3fs leaves out of a request what botocore's own description of it does not have."""
    file = SmallFile(place, "record.json")
    file.create(b"first")
    assert exclusive_creation(place.fs)
    known = place.fs.s3.meta.service_model.operation_model("PutObject").input_shape.members
    monkeypatch.delitem(known, "IfNoneMatch")
    monkeypatch.setattr("s3fs.utils.ParamKwargsHelper._kwarg_cache", {})
    assert not exclusive_creation(place.fs)
    place.fs.pipe_file(place.path_of("record.json"), b"second", mode="create")
    assert file.read() == b"second"
    with pytest.raises(FileExistsError):
        file.create(b"third")
    file.remove()
    file.create(b"fourth")
    assert file.read() == b"fourth"
    assert "s3://bucket/run/record.json is not created exclusively" in caplog.text
