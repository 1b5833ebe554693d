"""Files that a host has packed although nobody asked for that."""

from __future__ import annotations

import gzip

import pytest

from airflow_provider_rivya.api.transport.coding import unpacked

TEXT = bytes(range(256)) * 4


@pytest.mark.parametrize("size", [1, 37, 10_000])
def test_members_that_were_packed_one_by_one_are_one_file(size: int) -> None:
    packed = b"".join(gzip.compress(TEXT[at : at + 9]) for at in range(0, len(TEXT), 9))
    pieces = iter([packed[at : at + size] for at in range(0, len(packed), size)])
    assert b"".join(unpacked(pieces, "host")) == TEXT


def test_members_without_end_are_not_looked_at() -> None:
    assert b"".join(unpacked(iter([gzip.compress(b"x") * 2000]), "host")) == b"x" * 1000
