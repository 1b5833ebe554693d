"""What arrives of a download: its bytes and their length, codings, limits, connections, giving up."""

from __future__ import annotations

import gzip
import logging
import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import DownloadError, DownloadRefusedError, OutputError
from tests.unit.api.downloads import BYTES, ELSEWHERE, KEPT, downloader, fetch
from tests.unit.api.wire import Received, Wire, answer

pytestmark = pytest.mark.usefixtures("downloaders_closed")


def test_the_bytes_and_their_length() -> None:
    with Wire(answer(200, BYTES)) as wire:
        assert fetch(f"{wire.url}/a%20b?c=d#e", downloader(wire.url)) == (len(BYTES), BYTES)
    (request,) = wire.received
    assert request.target == "/a%20b?c=d"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["host"] == wire.url.removeprefix("http://")
    assert "authorization" not in request.headers


def test_a_body_of_many_reads_arrives_as_it_was_sent() -> None:
    body = bytes(range(256)) * 8_000
    with Wire(answer(200, body)) as wire:
        assert fetch(wire.url, downloader(wire.url)) == (len(body), body)


def test_nothing_behind_the_declared_length_is_taken() -> None:
    for body in (b"x" * 10, b"x" * 1_000_000):
        with Wire(answer(200, body + b"surplus", content_length=str(len(body)))) as wire:
            assert fetch(wire.url, downloader(wire.url)) == (len(body), body)


def test_a_coding_wins_over_a_length() -> None:
    raw = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    with Wire(raw) as wire:
        assert fetch(wire.url, downloader(wire.url)) == (None, b"abc")


def test_a_large_body_that_is_cut_says_how_much_is_missing() -> None:
    raw = answer(200, bytes(900_000), content_length="1000000")
    with Wire(raw) as wire, pytest.raises(DownloadError, match="broke off") as caught:
        fetch(wire.url, downloader(wire.url))
    assert "received 900000 bytes, expected 1000000" in str(caught.value)
    assert caught.value.retryable


def test_a_large_body_may_be_left_in_the_middle() -> None:
    with Wire(answer(200, bytes(5_000_000))) as wire:
        with downloader(wire.url).open(wire.url) as stream:
            chunks = stream.chunks()
            assert len(next(chunks)) + len(next(chunks)) < 5_000_000
        with pytest.raises(DownloadError, match="broke off"):
            list(chunks)


def test_without_a_length() -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    until_closed = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabcde"
    for raw in (chunked, until_closed):
        with Wire(raw) as wire:
            assert fetch(wire.url, downloader(wire.url)) == (None, b"abcde")


@pytest.mark.parametrize(
    ("status", "retryable", "advice"),
    [
        (404, False, True),
        (410, False, True),
        (401, False, True),
        (403, False, True),
        (400, False, False),
        (204, True, False),
        (205, True, False),
        (206, True, False),
        (300, True, False),
        (304, True, False),
        (416, False, False),
        (408, True, False),
        (425, True, False),
        (429, True, False),
        (500, True, False),
        (503, True, False),
    ],
)
def test_what_is_not_the_result(status: int, retryable: bool, advice: bool) -> None:
    with Wire(answer(status)) as wire:
        own = downloader(ELSEWHERE, "127.0.0.1")
        with pytest.raises(DownloadError, match=f"HTTP {status}") as caught:
            fetch(f"{wire.url}/a?secret=1", own)
    assert caught.value.http_status == status
    assert caught.value.retryable is retryable
    assert bool(caught.value.advice) is advice
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("part", ["0-3/9", "5-8/9", "0-8/*", "0-9/9", "*/9", "0-\u0668/9", ""])
def test_a_part_is_not_the_result(part: str) -> None:
    with (
        Wire(answer(206, BYTES[:9], content_range=f"bytes {part}".encode().decode("latin-1"))) as wire,
        pytest.raises(DownloadError, match="HTTP 206") as caught,
    ):
        fetch(wire.url, downloader(wire.url))
    assert caught.value.retryable


def test_a_part_that_is_all_there_is() -> None:
    with Wire(answer(206, BYTES, content_range=f"bytes 0-{len(BYTES) - 1}/{len(BYTES)}")) as wire:
        assert fetch(wire.url, downloader(wire.url)) == (len(BYTES), BYTES)
    with Wire(answer(200, BYTES, content_range="bytes 3-4/9")) as wire:
        assert fetch(wire.url, downloader(wire.url)) == (len(BYTES), BYTES)


def test_a_host_may_ask_to_be_left_alone() -> None:
    raw = answer(503).replace(b"connection:", b"retry-after: 5\r\nretry-after: 70, 3\r\nconnection:")
    with Wire(raw) as wire, pytest.raises(DownloadError, match="asks to be left alone for 70 s") as caught:
        fetch(wire.url, downloader(wire.url))
    assert caught.value.retry_after == 70.0


@pytest.mark.parametrize(
    "raw",
    [
        b"content-length: 3\r\ncontent-length: 3\r\n\r\nabc",
        b"content-length: 3, 3\r\n\r\nabc",
        b"content-length: 9\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"x: \xff\xe9\r\nset-cookie: a=b\r\ncontent-length: 3\r\n\r\nabc",
        b"content-length: 3\r\nlocation: http://127.0.0.1:1/\r\nrefresh: 0; url=http://127.0.0.1:1/\r\n\r\nabc",
    ],
    ids=["twice", "list", "chunks and a length", "odd letters", "places beside"],
)
def test_heads_that_are_odd_and_clear(raw: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\n"
    with Wire(head + raw, keep_alive=True) as wire, downloader(wire.url) as by:
        assert [fetch(wire.url, by)[1] for _ in range(2)] == [b"abc"] * 2
    assert all("cookie" not in request.headers for request in wire.received)


@pytest.mark.parametrize(
    "encoding", ["identity", "IDENTITY,", "aws-chunked", "gzip", "br", "gzip, aws-chunked"]
)
def test_the_bytes_decide_whether_they_are_encoded(encoding: str) -> None:
    """Stores hand back the name of a coding that was undone when the file was stored."""
    with Wire(answer(200, BYTES, content_encoding=encoding)) as wire:
        assert fetch(wire.url, downloader(wire.url))[1] == BYTES


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_an_encoding_that_was_not_asked_for_is_undone(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    with Wire(answer(200, pack(BYTES) + b"behind", content_encoding=encoding)) as wire:
        assert fetch(wire.url, downloader(wire.url)) == (None, BYTES)


@pytest.mark.parametrize("told", [b"gzip, gzip", b"gzip\r\ncontent-encoding: gzip"], ids=["list", "headers"])
def test_an_encoding_twice_is_undone_twice(told: bytes) -> None:
    packed = gzip.compress(gzip.compress(BYTES))
    with Wire(b"HTTP/1.1 203 From a proxy\r\ncontent-encoding: " + told + b"\r\n\r\n" + packed) as wire:
        assert fetch(wire.url, downloader(wire.url)) == (None, BYTES)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (gzip.compress(BYTES)[:-9], "ends before"),
        (b"\x1f\x8b and no more of it", "cannot be decompressed"),
        (gzip.compress(bytes(10_000_000)), "max_output_bytes"),
    ],
    ids=["cut", "none", "bomb"],
)
def test_a_compressed_file_keeps_to_the_same_rules(raw: bytes, told: str) -> None:
    with (
        Wire(answer(200, raw, content_encoding="gzip")) as wire,
        pytest.raises(OutputError, match=told),
    ):
        fetch(wire.url, downloader(wire.url, max_bytes=1_000_000))


@pytest.mark.parametrize(
    "raw",
    [
        None,
        b"no http\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ncontent-length: " + b"9" * 5000 + b"\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n",
    ],
    ids=[
        *("hangs-up", "garbage", "length-in-words", "length-negative", "length-endless", "cut", "cut-chunk"),
        *("two lengths", "two codings", "101", "a head alone"),
    ],
)
def test_a_transfer_that_breaks_off_may_be_tried_again(raw: bytes | None) -> None:
    with Wire(raw) as wire, pytest.raises(DownloadError, match="broke off") as caught:
        fetch(wire.url, downloader(wire.url))
    assert caught.value.retryable
    assert "http://127.0.0.1" in str(caught.value)


def test_nobody_listens() -> None:
    with Wire(None) as wire:
        gone = wire.url
    with pytest.raises(DownloadError, match="broke off") as caught:
        fetch(gone, downloader(gone))
    assert caught.value.retryable


def test_the_consumers_own_fault_is_not_the_transfers() -> None:
    def consume(url: str) -> None:
        with downloader(url).open(url) as stream:
            for _ in stream.chunks():
                raise OSError(28, "No space left on device")

    with Wire(answer(200, BYTES)) as wire, pytest.raises(OSError, match="No space left") as caught:
        consume(wire.url)
    assert type(caught.value) is OSError


def test_a_body_may_be_left_unread() -> None:
    with Wire(answer(200, BYTES * 100)) as wire, downloader(wire.url).open(wire.url) as stream:
        assert stream.length == len(BYTES) * 100


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/\u00fc.png", "/%C3%BC.png"),
        ("/a%20b?x=\u65e5&y=1%2F2#part", "/a%20b?x=%E6%97%A5&y=1%2F2"),
        ("/signed?X-Amz-Signature=a+b/c~d", "/signed?X-Amz-Signature=a+b/c~d"),
    ],
)
def test_characters_that_a_url_cannot_hold_are_encoded_and_nothing_else(path: str, sent: str) -> None:
    with Wire(answer(200, BYTES)) as wire:
        fetch(wire.url + path, downloader(wire.url))
        assert [request.target for request in wire.received] == [sent]


def test_nothing_of_a_result_url_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), Wire(answer(200, BYTES)) as wire:
        fetch(f"{wire.url}/?signature=s3cret", downloader(wire.url))
    assert [record for record in caplog.records if record.name.startswith("http")] == []
    assert "s3cret" not in caplog.text


def test_a_declared_length_above_the_limit_is_refused_before_it_comes() -> None:
    with Wire(answer(200, BYTES, content_length="129000")) as wire:
        by = downloader(wire.url, max_bytes=128_500)
        with pytest.raises(
            DownloadRefusedError, match=r"at least 129000 bytes; max_output_bytes .* 128500\."
        ):
            fetch(wire.url, by)


def test_without_a_length_the_limit_holds_for_what_comes() -> None:
    with Wire(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + BYTES) as wire:
        assert fetch(wire.url, downloader(wire.url, max_bytes=128_000))[1] == BYTES
        with pytest.raises(DownloadRefusedError, match="allows 127999"):
            fetch(wire.url, downloader(wire.url, max_bytes=127_999))


def test_a_connection_is_used_for_one_file_after_the_other() -> None:
    with Wire(KEPT, keep_alive=True) as wire, downloader(wire.url) as by:
        assert [fetch(f"{wire.url}/{number}", by)[1] == BYTES for number in range(5)] == [True] * 5
        assert wire.connections == 1
        by.close()
        assert fetch(wire.url, by)[1] == BYTES
    assert wire.connections == 2


def test_a_connection_that_the_server_has_closed_meanwhile_is_replaced() -> None:
    with Wire(KEPT) as wire:  # says nothing of closing, and closes
        by = downloader(wire.url)
        assert fetch(wire.url, by)[1] == BYTES
        assert wire.hung_up.acquire(timeout=30)
        assert fetch(wire.url, by)[1] == BYTES
    assert wire.connections == 2


def test_one_downloader_serves_many_threads() -> None:
    together = threading.Barrier(6, timeout=60)

    def all_at_once(request: Received) -> bytes:
        together.wait()
        return KEPT

    with (
        Wire(all_at_once, keep_alive=True) as wire,
        downloader(wire.url) as by,
        ThreadPoolExecutor(6) as pool,
    ):
        bodies = list(pool.map(lambda number: fetch(f"{wire.url}/{number}", by)[1], range(12)))
    assert bodies == [BYTES] * 12
    assert wire.connections == 6


def giving_up(script: Any) -> tuple[DownloadError, float]:
    """Fetch from a server that goes silent, and stop as soon as it has the request."""
    stop, silent = threading.Event(), threading.Event()

    def go_silent(request: Received) -> bytes | None:
        threading.Timer(0.2, stop.set).start()
        if script is not None:
            return bytes(script)
        silent.wait(60)
        return None

    with Wire(go_silent, keep_alive=True) as wire:
        by = downloader(wire.url)
        begun = time.monotonic()
        with pytest.raises(DownloadError) as caught, by.open(wire.url, stop=stop) as stream:
            list(stream.chunks())
        silent.set()
        by.close()
        return caught.value, time.monotonic() - begun


@pytest.mark.parametrize("script", [None, KEPT[:100_000]], ids=["before the answer", "within the body"])
def test_a_transfer_is_given_up_while_nothing_comes(script: bytes | None) -> None:
    error, seconds = giving_up(script)
    assert str(error) == "The transfer was given up, because the task is ending."
    assert seconds < 4  # a read waits for five


def test_nothing_is_asked_for_once_it_is_to_stop() -> None:
    stop = threading.Event()
    stop.set()
    with (
        Wire(KEPT) as wire,
        pytest.raises(DownloadError, match="given up"),
        downloader(wire.url).open(wire.url, stop=stop),
    ):
        pass
    assert wire.connections == 0
