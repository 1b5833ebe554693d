"""What a listing tells of files: their sizes and times, as stores and disks spell them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.storage.listing import Listed, of_store
from airflow_provider_rivya.storage.place import OutputPlace

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Store:
    def __init__(self, *entries: dict[str, Any]) -> None:
        self._entries = entries

    def invalidate_cache(self) -> None:
        """There is none."""

    def ls(self, folder: str, *, detail: bool) -> list[dict[str, Any]]:
        assert detail
        return [
            {"name": f"{folder}/{number}", "size": 5, **entry} for number, entry in enumerate(self._entries)
        ]


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ({"LastModified": NOON}, NOON.timestamp()),
        ({"last_modified": NOON, "created": "1999-01-01"}, NOON.timestamp()),
        ({"mtime": 5}, 5.0),
        ({"updated": "2026-01-02T12:00:00Z"}, NOON.timestamp()),
        ({"updated": "at noon"}, None),
        ({"LastModified": None, "size": None}, None),
        ({}, None),
    ],
    ids=str,
)
def test_what_a_store_tells(told: dict[str, Any], moment: float | None) -> None:
    size = told.get("size", 5)
    assert of_store(Store(told), "bucket/out") == {"0": Listed(size, moment)}


def test_a_file_that_is_moved_here_is_new(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"12345")
    os.utime(tmp_path / "old", (1, 1))
    (tmp_path / "nothing").symlink_to("nowhere")
    listed = OutputPlace(f"{tmp_path}/").listed()
    assert listed["nothing"] == Listed(None, None)
    assert listed["old"].size == 5
    assert (listed["old"].changed_at or 0) > 1e9
    assert OutputPlace(f"{tmp_path}/none/").listed() == {}
