"""``Content-Encoding`` of downloads, over the wire: the bytes decide."""

from __future__ import annotations

import gzip
import zlib

import pytest

from airflow_provider_rivya.api.download import Downloader
from airflow_provider_rivya.api.http import ClientSettings
from airflow_provider_rivya.exceptions import DownloadError, DownloadRefusedError
from tests.unit.api.wire import Wire, answer
from tests.unit.media.samples import encoded

PNG_BYTES = encoded(300, 200, "PNG")


def fetch(wire: Wire, max_bytes: int | None = None) -> tuple[int | None, bytes]:
    settings = ClientSettings(base_url=wire.url, api_key="rvya_sk_x", connect_timeout=5.0, read_timeout=5.0)
    with Downloader(settings, (), max_bytes) as by, by.open(wire.url) as stream:
        return stream.length, b"".join(stream.chunks())


@pytest.mark.parametrize(
    "encoding",
    ["gzip", "br", "gzip, identity", "aws-chunked", "aws-chunked,", "IDENTITY", "", ",", "x", "deflate"],
)
def test_an_encoding_that_the_bytes_do_not_have(encoding: str) -> None:
    """Stores give the header of an upload back with bytes that are plain."""
    with Wire(answer(200, PNG_BYTES, content_encoding=encoding)) as wire:
        assert fetch(wire)[1] == PNG_BYTES


RAW_DEFLATE = zlib.compressobj(wbits=-15)


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", gzip.compress(PNG_BYTES)),
        ("X-GZIP", gzip.compress(PNG_BYTES)),
        ("aws-chunked, gzip", gzip.compress(PNG_BYTES)),
        ("gzip", gzip.compress(PNG_BYTES[:500]) + gzip.compress(PNG_BYTES[500:])),
        ("gzip", gzip.compress(PNG_BYTES) + b"\r\n"),
        ("gzip, gzip", gzip.compress(gzip.compress(PNG_BYTES))),
        ("deflate", zlib.compress(PNG_BYTES)),
        ("deflate", RAW_DEFLATE.compress(PNG_BYTES) + RAW_DEFLATE.flush()),
        ("deflate, gzip", gzip.compress(zlib.compress(PNG_BYTES))),
    ],
)
def test_an_encoding_that_the_bytes_have_is_undone(encoding: str, content: bytes) -> None:
    with Wire(answer(200, content, content_encoding=encoding)) as wire:
        length, body = fetch(wire)
    assert (length, body) == (None, PNG_BYTES)


def test_an_encoding_does_not_grow_beyond_what_may_be_fetched() -> None:
    content = gzip.compress(bytes(5_000_000))
    with (
        Wire(answer(200, content, content_encoding="gzip")) as wire,
        pytest.raises(DownloadRefusedError, match=r"max_output_bytes of the connection allows 1000000\."),
    ):
        fetch(wire, max_bytes=1_000_000)


@pytest.mark.parametrize(
    "content", [gzip.compress(PNG_BYTES)[:-30], gzip.compress(PNG_BYTES)[:-8] + bytes(8)]
)
def test_an_encoding_that_is_damaged_may_be_whole_the_next_time(content: bytes) -> None:
    with (
        Wire(answer(200, content, content_encoding="gzip")) as wire,
        pytest.raises(DownloadError, match="coding") as caught,
    ):
        fetch(wire)
    assert caught.value.retryable
