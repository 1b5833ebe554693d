from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.storage.source import ReferenceFile, open_reference
from tests.unit.media.samples import by_name

JPEG_BYTES = by_name("jpeg").data


@pytest.mark.parametrize("form", ["{}", "file://{}", "file://localhost{}"])
def test_a_local_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / "photo of me.png"
    path.write_bytes(JPEG_BYTES)

    found = open_reference(form.format(path))

    assert isinstance(found, ReferenceFile)
    assert (found.name, found.uri, found.conn_id) == ("photo of me.png", f"file://{path}", None)
    assert found.size_bytes == len(JPEG_BYTES)
    for _ in range(2):
        with found.open() as stream:
            assert stream.read() == JPEG_BYTES


@pytest.mark.parametrize(
    ("uri", "conn_id"), [("memory://bucket/a/p.jpg", "mem"), ("memory://mem@bucket/a/p.jpg", None)]
)
def test_an_object(memory_store: Any, uri: str, conn_id: str | None) -> None:
    memory_store.pipe_file("/bucket/a/p.jpg", JPEG_BYTES)

    found = open_reference(uri, conn_id)

    assert isinstance(found, ReferenceFile)
    assert (found.name, found.uri, found.conn_id) == ("p.jpg", "memory://bucket/a/p.jpg", "mem")
    for _ in range(2):
        assert found.open().read() == JPEG_BYTES


def test_local_faults(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe.png")
    cases = {
        "": "empty or not a path",
        "a\0b": "empty or not a path",
        str(tmp_path / "missing.png"): "does not exist on this worker",
        "photos/missing.png": "does not exist on this worker",
        str(tmp_path): "is not a file",
        str(tmp_path / "pipe.png"): "is not a file",
        str(tmp_path / "empty.png"): "is empty",
        str(tmp_path / "empty.png" / "x.png"): "cannot be read",
        "/proc/self/mem": "cannot be read",
    }
    for path, problem in cases.items():
        fault = open_reference(path, where="reference_media[3]")
        assert isinstance(fault, Fault), path
        assert fault.path == "reference_media[3]"
        assert problem in fault.problem


def test_faults_of_objects(memory_store: Any) -> None:
    memory_store.pipe_file("/bucket/empty.png", b"")
    memory_store.pipe_file("/bucket/folder/x.png", b"x")
    cases = {
        "memory://mem@bucket/missing.png": "does not exist",
        "memory://mem@bucket/folder": "is not a file",
        "memory://mem@bucket/empty.png": "is empty",
        "nowhere://bucket/x.png": "knows no storage for nowhere://",
    }
    for uri, problem in cases.items():
        fault = open_reference(uri)
        assert isinstance(fault, Fault), uri
        assert problem in fault.problem
