"""A downloader for the tests, and what it fetches."""

from __future__ import annotations

from airflow_provider_rivya.api.download import Downloader
from airflow_provider_rivya.api.exchange import ClientSettings

KEY = "rvya_sk_test_0123456789"
BYTES = bytes(range(256)) * 500
KEPT = b"HTTP/1.1 200 OK\r\ncontent-length: 128000\r\n\r\n" + BYTES
"""An answer that leaves its connection open."""
ELSEWHERE = "https://gateway.example"
_made: list[Downloader] = []


def downloader(own: str = ELSEWHERE, *allowed: str, max_bytes: int | None = None) -> Downloader:
    """Return one that is closed at the end of the test."""
    settings = ClientSettings(base_url=own, api_key=KEY, connect_timeout=5.0, read_timeout=5.0)
    _made.append(Downloader(settings, allowed, max_bytes))
    return _made[-1]


def close_all() -> None:
    while _made:
        _made.pop().close()


def fetch(url: str, by: Downloader) -> tuple[int | None, bytes]:
    with by.open(url) as stream:
        return stream.length, b"".join(stream.chunks())
