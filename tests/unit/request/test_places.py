from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_rivya.request.places import ReferencePlaces


@pytest.mark.parametrize(
    ("locations", "source", "allowed"),
    [
        (["s3://bucket/photos/"], "s3://bucket/photos/a.png", True),
        (["s3://bucket/photos"], "s3://bucket/photos/a.png", True),
        (["s3://bucket/photos"], "s3://bucket/photos-of-others/a.png", False),
        (["s3://bucket/photos"], "s3://bucket/photos/../secret.png", False),
        (["s3://bucket"], "s3://bucket/a.png", True),
        (["s3://bucket"], "s3://conn@bucket/a.png", True),
        (["s3://bucket"], "s3a://bucket/a.png", True),
        (["s3://bucket"], "s3://bucket.evil/a.png", False),
        (["s3://bucket"], "gs://bucket/a.png", False),
        (["s3://bucket"], "/data/a.png", False),
        (["s3://bucket"], "file:///data/a.png", False),
        (["/data/", "s3://bucket"], "/data/a.png", True),
        (["/data/", "s3://bucket"], "file://localhost/data/a.png", True),
        (["file:///data"], "/data/a.png", True),
        (["/data/"], "/data/../etc/passwd", False),
        (["/data/"], "/database/a.png", False),
        (["/data/"], "a.png", False),
        (["/data/"], "/data/\0.png", True),
        (["https://cdn.example.com/"], "https://CDN.example.com/a.png?x=1", True),
        (["https://cdn.example.com/"], "http://cdn.example.com/a.png", False),
        (["https://cdn.example.com/"], "https://cdn.example.com.evil.com/a.png", False),
        (["https://cdn.example.com/"], "https://cdn.example.com@evil.com/a.png", False),
        (["https://cdn.example.com/"], "https://evil.com/?https://cdn.example.com/a.png", False),
        (["https://cdn.example.com/a/"], "https://cdn.example.com/a/%2e%2e/b.png", False),
        (["https://cdn.example.com/a/"], "https://cdn.example.com/a/..\\b.png", False),
        ([], "/etc/passwd", True),
    ],
)
def test_locations(locations: list[str], source: str, allowed: bool) -> None:
    fault = ReferencePlaces(locations).fault(source, None, "reference_media[1]")
    assert (fault is None) is allowed
    if fault is not None:
        assert fault.path == "reference_media[1]"
        assert locations[0] in fault.allowed


def test_a_link_counts_as_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "allowed").mkdir()
    (tmp_path / "secret.png").write_bytes(b"x")
    link = tmp_path / "allowed" / "a.png"
    link.symlink_to(tmp_path / "secret.png")
    places = ReferencePlaces([f"{tmp_path}/allowed/"])
    assert places.fault(str(link), None, "reference_media") is not None
    assert places.fault(f"{tmp_path}/allowed/b.png", None, "reference_media") is None


@pytest.mark.parametrize(
    ("source", "conn_id", "allowed"),
    [
        ("s3://photos@bucket/a.png", None, True),
        ("s3://keys@bucket/a.png", None, False),
        ("s3://keys@bucket/a.png", "photos", False),
        ("s3://bucket/a.png", "photos", True),
        ("s3://bucket/a.png", "keys", False),
        ("s3://bucket/a.png", 7, False),
        ("s3://bucket/a.png", None, True),
        ("/data/a.png", None, True),
    ],
)
def test_connections(source: str, conn_id: object, allowed: bool) -> None:
    fault = ReferencePlaces(conn_ids=["photos"]).fault(source, conn_id, "reference_media")
    assert (fault is None) is allowed
