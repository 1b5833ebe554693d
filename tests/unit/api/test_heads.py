"""Odd heads of answers: an event loop's sender takes those that a worker's takes, and no others."""

from __future__ import annotations

import json

import pytest

from airflow_provider_rivya.api.transport.heads import Heads
from airflow_provider_rivya.exceptions import GatewayUnreachableError
from tests.unit.api.senders import BUSY, GET, Send, send_async, send_sync
from tests.unit.api.wire import Wire

BODY = json.dumps({"id": "task_1", "status": "queued"}).encode()
LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
OK = b"HTTP/1.1 200 OK"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"

SENDERS = pytest.mark.parametrize("send", [send_sync, send_async], ids=["worker", "loop"])


def answer(*lines: bytes, body: bytes = BODY, line: bytes = OK) -> bytes:
    return b"\r\n".join([line, *lines, b"", b""]) + body


TAKEN = {
    "no reason": answer(LENGTH, line=b"HTTP/1.1 200"),
    "reason with NUL": answer(LENGTH, line=b"HTTP/1.1 200 O\0K"),
    "reason of 9 kB": answer(LENGTH, line=OK + b"x" * 9000),
    "HTTP/1.2": answer(LENGTH, line=b"HTTP/1.2 200 OK"),
    "line ends in front": b"\r\n\n" + answer(LENGTH),
    "line feeds alone": answer(LENGTH).replace(b"\r\n", b"\n"),
    "interim answers": INTERIM * 500 + answer(LENGTH),
    "interim with a length": b"HTTP/1.1 102 P\r\nContent-Length: 5\r\n\r\n" + answer(LENGTH),
    "blank before the colon": answer(LENGTH.replace(b":", b" :")),
    "folded": answer(b"X-A: b", b"  c", LENGTH),
    "folded at first": answer(b"  c", LENGTH),
    "no colon": answer(b"words", LENGTH),
    "name that is none": answer(b"x[a]: b", b": b", "x-\xfc: b".encode("latin-1"), LENGTH),
    "value that is none": answer(b"X-A: a\x0bb\0\x1b[2J\rc", LENGTH),
    "2,000 headers": answer(*(b"X-%d: b" % number for number in range(2000)), LENGTH),
    "header of 33 kB": answer(b"X-A: " + b"b" * 33_000, LENGTH),
    "cookie that is none": answer(b"Set-Cookie: a=b; Expires=soon; \xff", LENGTH),
    "offer to change the protocol": answer(b"Connection: upgrade", b"Upgrade: h2c", LENGTH),
    "length twice": answer(LENGTH, LENGTH),
    "length in a list": answer(LENGTH + b", %d" % len(BODY)),
    "length after zeros": answer(LENGTH.replace(b": ", b": 000")),
    "length not told": answer(),
    "chunks": answer(CHUNKED, body=CHUNKS),
    "chunks and a length": answer(LENGTH, CHUNKED, body=CHUNKS),
    "chunks told twice": answer(CHUNKED, CHUNKED, body=CHUNKS),
    "chunks in a list": answer(b"Transfer-Encoding: identity, CHUNKED;q=1,", body=CHUNKS),
    "chunk extensions": answer(CHUNKED, body=CHUNKS.replace(b"\r\n", b' ;;a="\0\xfc\r\n', 1)),
    "a chunk's size after zeros": answer(CHUNKED, body=b"0" * 30 + CHUNKS),
    "chunks with line feeds": answer(CHUNKED, body=CHUNKS.replace(b"\r\n", b"\n")),
    "trailers": answer(CHUNKED, body=CHUNKS[:-2] + b"x: \0\r\nContent-Length: 5\r\n" * 99 + b"\r\n"),
    "bytes behind the chunks": answer(CHUNKED, body=CHUNKS + b"more"),
    "coding without a meaning": answer(b"Transfer-Encoding: identity", LENGTH),
    "empty coding": answer(b"Transfer-Encoding:"),
    "bytes behind the end": answer(LENGTH, body=BODY + b"more"),
    "an answer behind the end": answer(LENGTH) + answer(LENGTH, line=b"HTTP/1.1 500 No"),
}
REFUSED = {
    "another protocol": answer(LENGTH, line=b"ICY 200 OK"),
    "lower case": answer(LENGTH, line=b"http/1.1 200 OK"),
    "HTTP/2": answer(LENGTH, line=b"HTTP/2 200 OK"),
    "status of two digits": answer(LENGTH, line=b"HTTP/1.1 20 OK"),
    "status of four digits": answer(LENGTH, line=b"HTTP/1.1 2000 OK"),
    "status below 100": answer(LENGTH, line=b"HTTP/1.1 099 OK"),
    "change of the protocol": answer(LENGTH, line=b"HTTP/1.1 101 Switching"),
    "coding that nobody asked for": answer(b"Transfer-Encoding: gzip, chunked", body=CHUNKS),
    "coding that nobody knows": answer(b"Transfer-Encoding: words"),
    "two lengths": answer(LENGTH, b"Content-Length: 5"),
    "length below 0": answer(b"Content-Length: -1"),
    "length with a sign": answer(LENGTH.replace(b": ", b": +")),
    "no number for a length": answer(b"Content-Length: many"),
    "empty length": answer(b"Content-Length:"),
    "huge length": answer(b"Content-Length: " + b"9" * 30),
    "head that is cut": answer(LENGTH)[:30],
    "head of 70 kB": answer(b"X-A: " + b"b" * 70_000, LENGTH),
    "chunk that goes on": answer(CHUNKED, body=CHUNKS.replace(b"}\r\n", b"}more\r\n")),
    "chunk with a sign": answer(CHUNKED, body=b"+" + CHUNKS),
    "chunks too small": answer(CHUNKED, body=b"1\r\n \r\n" * 5000 + CHUNKS),
    "too many trailers": answer(CHUNKED, body=CHUNKS[:-2] + b"x\r\n" * 5000 + b"\r\n"),
    "chunk without a size": answer(CHUNKED, body=b"\r\n" + CHUNKS),
    "huge chunk": answer(CHUNKED, body=b"f" * 16 + CHUNKS),
    "chunk extension of 20 kB": answer(
        CHUNKED, body=CHUNKS.replace(b"\r\n", b";" + b"x" * 20_000 + b"\r\n", 1)
    ),
    "no last chunk": answer(CHUNKED, body=CHUNKS[:-5]),
    "nothing": b"",
}


@SENDERS
@pytest.mark.parametrize("raw", TAKEN.values(), ids=TAKEN)
def test_an_odd_head_is_taken_by_both(raw: bytes, send: Send) -> None:
    with Wire(raw) as wire:
        assert send(wire.url, GET, repeat=False).id == "task_1"


@SENDERS
@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
def test_what_is_no_answer_is_refused_by_both(raw: bytes, send: Send) -> None:
    with Wire(raw) as wire, pytest.raises(GatewayUnreachableError) as caught:
        send(wire.url, GET, repeat=False)
    assert caught.value.retryable
    assert caught.value.sent


@SENDERS
def test_a_connection_whose_answer_went_on_is_not_used_again(send: Send) -> None:
    more = BUSY.replace(b"connection: close\r\n", b"") + b"HTTP/1.1 200 OK\r\n\r\n"
    with Wire(more, answer(LENGTH), keep_alive=True) as wire:
        assert send(wire.url, GET).id == "task_1"
        assert wire.connections == 2


def in_pieces(raw: bytes, size: int = 1) -> tuple[bytes, bytes]:
    heads = Heads()
    told = [heads.feed(raw[at : at + size]) for at in range(0, len(raw), size)]
    answers, behind = zip(*told, strict=True)
    return b"".join(answers), b"".join(behind)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_head_comes_out_as_every_parser_takes_it(size: int) -> None:
    odd = answer(b"A : 1", b" 2", b"b: \0", LENGTH, LENGTH, body=BODY + b"more")
    head = b"HTTP/1.1 200 \r\na: 1  2\r\nb: \r\ncontent-length: %d\r\n\r\n" % len(BODY)
    assert in_pieces(odd, size) == (head + BODY, b"more")


def test_chunks_come_out_as_every_parser_takes_them() -> None:
    odd = answer(CHUNKED, body=b"3;x\nabc\n02\r\nde\r\n000\r\nx: y\r\n\r\nmore")
    head = b"HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n"
    assert in_pieces(odd, 1000) == (head + b"5\r\nabcde\r\n0\r\n\r\n", b"more")
    body = b"".join(b"1\r\n%c\r\n" % letter for letter in b"abcde")
    assert in_pieces(odd) == (head + body + b"0\r\n\r\n", b"more")


def test_interim_answers_do_not_reach_the_parser() -> None:
    heads = Heads()
    assert heads.feed(INTERIM * 2000) == (b"", b"")
    assert heads.feed(answer(LENGTH))[0].endswith(b"\r\n\r\n" + BODY)


def test_what_is_no_http_is_handed_on() -> None:
    assert Heads().feed(b"\x05\x00") == (b"\x05\x00", b"")  # of a SOCKS proxy
