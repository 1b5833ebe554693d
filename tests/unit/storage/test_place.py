from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import StorageError
from airflow_provider_rivya.storage.path import PACKAGE_OF_SCHEME
from airflow_provider_rivya.storage.place import OutputPlace


def test_a_local_folder(tmp_path: Path) -> None:
    place = OutputPlace(f"{tmp_path}/out", "ignored")
    assert place.faults() == []
    assert place.probe() is None
    assert os.listdir(tmp_path / "out") == []
    assert place.uri == f"file://{tmp_path}/out/"
    assert place.conn_id is None


def test_a_fixed_file(tmp_path: Path) -> None:
    place = OutputPlace(f"file://{tmp_path}/cover.png")
    assert place.fixed_name == "cover.png"
    assert place.uri == f"file://{tmp_path}/cover.png"
    assert place.probe() is None


def test_the_connection_stands_beside_the_uri(memory_store: Any) -> None:
    in_url, beside = OutputPlace("memory://mem@bucket/run/"), OutputPlace("memory://bucket/run/", "mem")
    for place in (in_url, beside):
        assert place.faults() == []
        assert place.probe() is None
        assert place.uri == "memory://bucket/run/"
        assert place.conn_id == "mem"
    assert list(memory_store.store) == []


def test_two_connections_are_a_fault(memory_store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.io import attach

    monkeypatch.setenv("AIRFLOW_CONN_OTHER", '{"conn_type": "generic"}')
    attach("memory", "other", fs=memory_store)
    (fault,) = OutputPlace("memory://mem@bucket/", "other").faults()
    assert fault.path == "output_conn_id"
    assert "'other'" in fault.problem
    assert "'mem'" in fault.problem


def test_an_unknown_scheme_names_the_package_to_install() -> None:
    from airflow.sdk.io import has_fs

    unknown = [scheme for scheme in PACKAGE_OF_SCHEME if not has_fs(scheme)]
    for scheme in unknown:
        (fault,) = OutputPlace(f"{scheme}://bucket/x/").faults()
        assert fault.path == "output_path"
        assert fault.allowed == f"install {PACKAGE_OF_SCHEME[scheme]}"
    (fault,) = OutputPlace("ftp-of-old://bucket/x/").faults()
    assert "knows no storage for ftp-of-old://" in fault.problem


def test_a_broken_path_is_told_once() -> None:
    place = OutputPlace("images/")
    assert [fault.path for fault in place.faults()] == ["output_path"]
    assert place.fixed_name is None
    with pytest.raises(ValueError, match="is relative"):
        _ = place.target


def test_a_place_that_cannot_be_written_is_found_by_the_probe(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    below_a_file = OutputPlace(f"{tmp_path}/file/out/").probe()
    assert below_a_file is not None
    assert "Not a directory" in below_a_file.problem
    in_proc = OutputPlace("/proc/self/out/").probe()
    assert in_proc is not None
    assert "cannot be written" in in_proc.problem


def test_a_name_that_is_too_long_for_the_disk_is_found_before_anything_is_paid(tmp_path: Path) -> None:
    assert OutputPlace(f"{tmp_path}/{'a' * 251}.png").probe() is None
    for name in ("a" * 252, "\u00fc" * 126):
        fault = OutputPlace(f"{tmp_path}/{name}.png").probe()
        assert fault is not None
        assert "File name too long" in fault.problem
    assert list(tmp_path.iterdir()) == []


def test_a_fixed_name_that_is_a_folder_is_found_by_the_probe(tmp_path: Path) -> None:
    (tmp_path / "cover.png").mkdir()
    fault = OutputPlace(f"{tmp_path}/cover.png").probe()
    assert fault is not None
    assert "is a folder" in fault.problem


def test_a_storage_that_cannot_be_reached_is_found_by_the_probe() -> None:
    place = OutputPlace("nowhere://bucket/x/", "my_conn")
    fault = place.probe()
    assert fault is not None
    assert fault.path == "output_conn_id"
    assert "'my_conn' cannot be used" in fault.problem
    with pytest.raises(StorageError, match="cannot be used"):
        place.prepare()
    plain = OutputPlace("nowhere://bucket/x/").probe()
    assert plain is not None
    assert plain.path == "output_path"


def test_conflicts_are_told_only_for_fixed_names_and_the_policy_fail(tmp_path: Path) -> None:
    (tmp_path / "cover.png").write_bytes(b"earlier")
    taken, free, folder = (OutputPlace(f"{tmp_path}/{name}") for name in ("cover.png", "other.png", ""))
    fault = taken.conflict("fail")
    assert fault is not None
    assert "exists already" in fault.problem
    assert taken.conflict("overwrite") is None
    assert taken.conflict("skip") is None
    assert free.conflict("fail") is None
    assert folder.conflict("fail") is None


def test_files_are_staged_looked_for_and_read(tmp_path: Path, memory_store: Any) -> None:
    for place in (OutputPlace(str(tmp_path)), OutputPlace("memory://bucket/run", "mem")):
        place.prepare()
        assert not place.exists("a.png")
        with place.stage("a.png") as staged:
            staged.write(b"content")
            assert not place.exists("a.png")
            assert staged.commit() == place.uri_of("a.png")
        assert place.exists("a.png")
        with place.open("a.png") as file:
            assert file.read() == b"content"
        with pytest.raises(StorageError, match="Storage failed while reading"):
            place.open("missing.png")


def test_uris_can_be_read_back_through_airflow(tmp_path: Path, memory_store: Any) -> None:
    from airflow.sdk import ObjectStoragePath

    for place in (OutputPlace(f"{tmp_path}/a b"), OutputPlace("memory://bucket/run", "mem")):
        with place.stage("a.png") as staged:
            staged.write(b"content")
            staged.commit()
        assert ObjectStoragePath(place.uri_of("a.png"), conn_id=place.conn_id).read_bytes() == b"content"
