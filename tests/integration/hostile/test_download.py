"""Results that come byte by byte, or not at all: a download ends as an error that a retry may mend."""

from __future__ import annotations

import pytest

from airflow_provider_rivya.api.download import Downloader
from airflow_provider_rivya.api.exchange import ClientSettings
from airflow_provider_rivya.exceptions import DownloadError, OutputError
from tests.integration.hostile.gateway import HostileGateway, Raw, Trickle

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n"
ODD: dict[str, Raw] = {
    "silent": Trickle(),
    "silent after the head": Trickle(_HEAD + b"content-length: 9\r\n\r\n"),
    "silent in the middle": Trickle(_HEAD + b"content-length: 9\r\n\r\nPNG"),
    "trickling": Trickle(_HEAD + b"content-length: 900000\r\n\r\n", b"x"),
    "trickling without a length": Trickle(_HEAD + b"\r\n", b"x"),
    "trickling chunks": Trickle(_HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "trickling gzip": Trickle(_HEAD + b"content-encoding: gzip\r\n\r\n\x1f\x8b\x08\x00", b"\x00"),
    "trickling head": Trickle(_HEAD, b"x: y\r\n"),
    "trickling 103": Trickle(piece=b"HTTP/1.1 103 Early\r\n\r\n"),
    "103 without end": b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n" * 60_000,
    "redirects to the same": b"HTTP/1.1 302 Found\r\nlocation: /odd\r\ncontent-length: 0\r\n\r\n",
    "hangs up": None,
}


@pytest.mark.parametrize("name", ODD)
def test_a_result(hostile: HostileGateway, name: str) -> None:
    hostile.others = {"/odd": lambda: ODD[name]}
    settings = ClientSettings(hostile.url, "key", connect_timeout=0.3, read_timeout=0.3)
    refused = "redirects" if name.startswith("redirects") else "broke off|before the file|decompressed"
    with (
        Downloader(settings, max_bytes=1_000_000) as downloader,
        pytest.raises(OutputError, match=refused) as caught,
        downloader.open(f"{hostile.url}/odd") as stream,
    ):
        list(stream.chunks())
    assert isinstance(caught.value, DownloadError) is caught.value.retryable
