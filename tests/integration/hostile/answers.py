"""The odd answers, each with what is to come of it after a paid call, or while a generation is waited for."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from tests.integration.hostile.gateway import DONE, Raw, Trickle, well
from tests.unit.api.wire import answer

Outcome = Literal["taken", "in doubt", "refused", "delivered", "goes on"]


@dataclass(frozen=True)
class Odd:
    """
    One odd answer.

    :param outcome: of a creation: ``taken`` (its id was read), ``in doubt``, ``refused``; of a status call:
        ``delivered``, or the waiting ``goes on``.
    """

    name: str
    make: Callable[[], Raw]
    outcome: Outcome

    @property
    def patience(self) -> float:
        """Seconds that its exchange may take: few where it has no end, many where the machine is busy."""
        return 0.6 if self.name.startswith(("trickling", "silent")) else 20.0


SIZE = 4_000_000_000


@cache
def bomb() -> bytes:
    """Gigabytes in a few kilobytes."""
    packed = gzip.compress(gzip.compress(bytes(100_000_000), 9), 9)
    return answer(200, packed, content_encoding="gzip, gzip", content_type="application/json")


def _raw(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("latin-1")


_OK = "HTTP/1.1 200 OK\ncontent-type: application/json\n"
_CHUNKED = f"{_OK}transfer-encoding: chunked\n\n"
_TASK = json.dumps({"id": "@ID@", "status": "queued"})

#: What is no answer at all, or one of something in between. None of them has an id that could be read.
BROKEN: dict[str, Callable[[], Raw]] = {
    "hangs up": lambda: None,
    "garbage": lambda: b"\x00\x01\x02 nothing\r\n\r\n",
    "tls": lambda: b"\x15\x03\x01\x00\x02\x02\x28",
    "cut head": lambda: b"HTTP/1.1 200 O",
    "no head end": lambda: b"HTTP/1.1 200 OK\r\ncontent-type: x\r\n",
    "cut body": lambda: _raw(f"{_OK}content-length: 900\n\n{{"),
    "cut json": lambda: well(b'{"id": "@ID'),
    "empty": lambda: well(b""),
    "blank": lambda: well(b" \r\n\t "),
    "null": lambda: well(None),
    "true": lambda: well(True),
    "number": lambda: well(17),
    "text": lambda: well("queued"),
    "list": lambda: well([]),
    "list of lists": lambda: well([[[]]]),
    "object": lambda: well({}),
    "page": lambda: well(b"<html><script>{'id': 'x'}</script></html>", content_type="text/html"),
    "json in a page": lambda: well(b'<html><script>{"id": "x", "status": "queued"}</script></html>'),
    "xml": lambda: well(b"<?xml version='1.0'?><id>x</id>"),
    "deep": lambda: well(b"[" * 100_000),
    "deep object": lambda: well(b'{"a":' * 40_000),
    "binary": lambda: well(bytes(range(256)) * 4),
    "nul": lambda: well(b"\x00" * 1000),
    "no utf-8": lambda: well(_TASK.encode().replace(b"queued", b"que\xffed")),
    "100": lambda: b"HTTP/1.1 100 Continue\r\n\r\n",
    "101": lambda: _raw("HTTP/1.1 101 Switching\nconnection: upgrade\nupgrade: x\n\n"),
    "103 without end": lambda: b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n" * 60_000,
    "204": lambda: _raw("HTTP/1.1 204 No Content\n\n"),
    "205": lambda: well(b"", 205),
    "206": lambda: well(b"", 206, content_range="bytes 0-0/1"),
    "301": lambda: well(b"", 301, location="http://127.0.0.1:1/"),
    "302 without location": lambda: well(b"", 302),
    "302 to nowhere": lambda: well(b"", 302, location="http://[::1"),
    "304": lambda: _raw("HTTP/1.1 304 Not Modified\n\n"),
    "408": lambda: well(b"", 408),
    "500": lambda: well(b"", 500),
    "500 page": lambda: well(b"<h1>Oops</h1>", 500),
    "502": lambda: well(b"<h1>Bad Gateway</h1>", 502),
    "503 deep": lambda: well(b"[" * 100_000, 503),
    "503 odd error": lambda: well({"error": [[1]], "message": {"message": {"message": {}}}}, 503),
    "504": lambda: well(b"", 504),
    "599": lambda: well(b"", 599),
    "status 999": lambda: _raw("HTTP/1.1 999 Odd\n\n"),
    "status of two digits": lambda: _raw("HTTP/1.1 20 OK\n\n{}"),
    "http/0.9": lambda: b'{"id": "x", "status": "queued"}',
    "http/3": lambda: _raw("HTTP/3.0 200 OK\n\n{}"),
    "bad length": lambda: _raw(f"{_OK}content-length: many\n\n{_TASK}"),
    "negative length": lambda: _raw(f"{_OK}content-length: -1\n\n{_TASK}"),
    "two lengths": lambda: _raw(f"{_OK}content-length: 3\ncontent-length: 4\n\n{_TASK}"),
    "length of 30 digits": lambda: _raw(f"{_OK}content-length: {'9' * 30}\n\n{_TASK}"),
    "bad chunk": lambda: _raw(f"{_CHUNKED}zz\n{_TASK}\n0\n\n"),
    "huge chunk": lambda: _raw(f"{_CHUNKED}{'f' * 40}\n{_TASK}"),
    "cut chunks": lambda: _raw(f'{_CHUNKED}5\n{{"id"\n'),
    "long chunk line": lambda: _raw(f"{_CHUNKED}5;{'x' * 300_000}"),
    "long header": lambda: _raw(f"{_OK}x: {'y' * 300_000}\n\n{_TASK}"),
    "many headers": lambda: _raw(_OK + "x: y\n" * 40_000 + f"\n{_TASK}"),
    "trailers without end": lambda: _raw(f"{_CHUNKED}2\n{{}}\n0\n" + "x: y\n" * 60_000),
    "chunk size with a sign": lambda: _raw(f"{_CHUNKED}+2\n{{}}\n0\n\n"),
    "chunk size with 0x": lambda: _raw(f"{_CHUNKED}0x2\n{{}}\n0\n\n"),
    "chunk longer than it says": lambda: _raw(f"{_CHUNKED}2\n{{}}{{}}\n0\n\n"),
    "length with a sign": lambda: _raw(f"{_OK}content-length: +2\n\n{{}}"),
    "transfer-encoding identity": lambda: _raw(
        f"{_OK}transfer-encoding: identity\ncontent-length: 2\n\n{{}}"
    ),
    "http/1.10": lambda: _raw("HTTP/1.10 200 OK\ncontent-length: 2\n\n{}"),
    "http in lower case": lambda: _raw("http/1.1 200 OK\ncontent-length: 2\n\n{}"),
    "http/2": lambda: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "303 to itself": lambda: well(b"", 303, location="@BASE@/api/v1/generations"),
    "comments": lambda: well(f"/* x */ {_TASK} // y".encode()),
    "comma too many": lambda: well(b'{"status": "queued",}'),
    "jsonp": lambda: well(f"cb({_TASK});".encode()),
    "json in a text": lambda: well(_TASK),
    "events": lambda: well(f"data: {_TASK}\n\n".encode(), content_type="text/event-stream"),
    "gzip": lambda: answer(200, gzip.compress(_TASK.encode()), content_encoding="gzip"),
    "no gzip": lambda: answer(200, b"plain", content_encoding="gzip"),
    "gzip bomb": bomb,
    "br": lambda: answer(200, b"\x0b\x02\x80", content_encoding="br"),
    "zstd": lambda: answer(200, b"\x28\xb5\x2f\xfd", content_encoding="zstd"),
    "deflate": lambda: answer(200, b"\x78\x9c\x03\x00", content_encoding="DEFLATE"),
    "gzip without its name": lambda: answer(200, gzip.compress(_TASK.encode())),
    "large": lambda: well(b'{"id": "' + b"x" * 2_000_000 + b'"}'),
    "large error": lambda: well(b"x" * 2_000_000, 502),
    "large list": lambda: well(b"[" + b"1," * 1_000_000 + b"1]"),
    "announced large": lambda: _raw(f"{_OK}content-length: {SIZE}\n\n") + b"x" * 500_000,
    "trickling body": lambda: Trickle(_OK.encode() + b"\r\n", b" "),
    "trickling chunks": lambda: Trickle(_raw(_CHUNKED), b"1\r\n \r\n"),
    "trickling head": lambda: Trickle(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
    "trickling header": lambda: Trickle(b"HTTP/1.1 200 OK\r\nx: ", b"y"),
    "trickling 103": lambda: Trickle(piece=b"HTTP/1.1 103 Early\r\n\r\n"),
    "trickling status line": lambda: Trickle(b"HTTP/1.1 200 ", b"O"),
    "silent": Trickle,
    "silent after the head": lambda: Trickle(_raw(f"{_OK}content-length: 10\n\n")),
    "no id": lambda: well({"status": "queued", "result": {"urls": ["@BASE@/results/1.png"]}}),
}

#: Refusals by something in front of the gateway, or by itself in odd words: nothing was taken in.
REFUSALS: dict[str, Callable[[], Raw]] = {
    "400": lambda: well(b"", 400),
    "402": lambda: well({"error": {"code": ["x"], "message": {"a": 1}}}, 402),
    "413 page": lambda: well(b"<h1>Too large</h1>", 413),
    "418": lambda: well(b"\xff\xfe", 418),
    "422 deep": lambda: well(b"[" * 100_000, 422),
    "400 with odd characters": lambda: well(
        {"error": {"code": "a\x00\u202eb", "message": "\ud800\x1b[2J"}}, 400
    ),
    "400 with a long text": lambda: well({"error": {"code": "c" * 9000, "message": "m" * 100_000}}, 400),
    "429 for a year": lambda: well(b"", 429, retry_after="31536000"),
    "429 without end": lambda: well(b"", 429, retry_after="9" * 40),
}

_URLS: dict[str, Any] = {"urls": ["@BASE@/results/1.png"]}

#: Fields of the answer to a creation that has an id; ``None`` takes one out.
CREATED: dict[str, Any] = {
    "reserved_credits no number": {"reserved_credits": "n/a"},
    "reserved_credits an object": {"reserved_credits": {"amount": 5}},
    "reserved_credits negative": {"reserved_credits": -5},
    "reserved_credits of many digits": {"reserved_credits": 10**300},
    "reserved_credits true": {"reserved_credits": True},
    "no status": {"status": None},
    "status a number": {"status": 3},
    "status a list": {"status": ["queued"]},
    "status long": {"status": "s" * 100_000},
    "status with control characters": {"status": "que\x00ued\u202e\ud800"},
    "status new": {"status": "moderating"},
    "status upper case": {"status": "QUEUED"},
    "model an object": {"model": {"id": "z-image"}},
    "model long": {"model": "m" * 50_000},
    "model with a bar": {"model": "a|b,c=d\n"},
    "created_at far": {"created_at": "99999-01-01T00:00:00Z"},
    "created_at a huge number": {"created_at": 10**30},
    "created_at no time": {"created_at": "soon"},
    "updated_at naive": {"updated_at": "2026-05-11T00:00:00"},
    "progress odd": {"progress": "half"},
    "result a text": {"result": "none yet"},
    "error a list": {"error": []},
    "more fields": {f"field_{number}": number for number in range(500)},
    "id in another field": {"id": None, "task_id": "@ID@"},
    "id like this": {"id": None, "taskId": "@ID@"},
    "id in upper case": {"id": None, "ID": "@ID@"},
}

#: Whole bodies of creations in which the id can be read.
CREATED_BODIES: dict[str, bytes] = {
    "text behind": f"{_TASK}<!-- node 7 -->".encode(),
    "document behind": f'{_TASK}\n{{"id": "other"}}'.encode(),
    "warning ahead": f"Warning: late in line 3\n{_TASK}".encode(),
    "bom": b"\xef\xbb\xbf" + _TASK.encode(),
    "in data": f'{{"data": {_TASK}}}'.encode(),
    "in a list in data": f'{{"code": 200, "data": [{_TASK}]}}'.encode(),
    "in task": f'{{"status": "ok", "task": {_TASK}}}'.encode(),
    "in a list": f"[{_TASK}]".encode(),
    "beside the id of the request": f'{{"id": "req_7", "data": {_TASK}}}'.encode(),
    "credits nan": _TASK.replace("}", ', "reserved_credits": NaN}').encode(),
    "credits infinite": _TASK.replace("}", ', "reserved_credits": Infinity}').encode(),
    "credits 1e400": _TASK.replace("}", ', "reserved_credits": 1e400}').encode(),
    "credits of 9000 digits": _TASK.replace("}", f', "reserved_credits": {"9" * 9000}}}').encode(),
    "the same field twice": _TASK.replace("}", ', "status": "queued", "status": "queued"}').encode(),
}

_MADE = _TASK.replace("@ID@", "task_1")
_IN_CHUNKS = f"{len(_MADE):x}%s\n{_MADE}\n0\n%s\n"

#: Answers in which HTTP or the encoding is odd, and the id can be read.
CREATED_RAW: dict[str, bytes] = {
    "chunk extensions": _raw(_CHUNKED + _IN_CHUNKS % (';a=b;c="d"', "")),
    "trailers": _raw(_CHUNKED + _IN_CHUNKS % ("", "x: y\nid: other\n")),
    "chunks of a byte": _raw(_CHUNKED + "".join(f"1\n{letter}\n" for letter in _MADE) + "0\n\n"),
    "informed before": _raw("HTTP/1.1 102 P\n\nHTTP/1.1 199 E\nlink: a\n\n") + answer(200, _MADE.encode()),
    "bad header": _raw(f"{_OK}no colon here\n\n{_MADE}"),
    "folded header": _raw(f"{_OK}x: y\n\x00z\n\n{_MADE}"),
    "header with nul": _raw(f"{_OK}x: a\x00b\n\n{_MADE}"),
    "header without a name": _raw(f"{_OK}: a\n\n{_MADE}"),
    "two lengths of one size": _raw(
        f"{_OK}content-length: {len(_MADE)}\ncontent-length: {len(_MADE)}\n\n{_MADE}"
    ),
    "chunks and a length": _raw(
        _CHUNKED.replace("\n\n", f"\ncontent-length: {len(_MADE)}\n\n") + _IN_CHUNKS % ("", "")
    ),
    "http/1.0": answer(200, _MADE.encode()).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "206 with a body": answer(206, _MADE.encode(), content_range="bytes 0-9/99"),
    "utf-16": well(_MADE.encode("utf-16")),
    "another answer behind": _raw(f"{_OK}content-length: {len(_MADE)}\n\n{_MADE}{_OK}\n{{}}"),
}

#: Ids that none may be kept as; the task was taken in all the same.
NO_IDS: dict[str, Any] = {
    "id empty": "",
    "id blank": "   ",
    "id true": True,
    "id a fraction": 1.5,
    "id a list": ["task_1"],
    "id an object": {"id": "task_1"},
    "id long": "t" * 5000,
    "id with nul": "task\x00_1",
    "id with a line": "task\n_1",
    "id turned round": "task_\u202egnp.exe",
    "id a surrogate": "task_\ud800",
}

#: Fields of the status of a generation that has succeeded.
SUCCEEDED: dict[str, Any] = {
    "status upper case": {"status": "SUCCEEDED"},
    "status of the other gateway": {"status": "completed"},
    "status a synonym": {"status": "Success"},
    "status with blanks": {"status": " succeeded\n"},
    "state": {"status": None, "state": "succeeded"},
    "no id": {"id": None},
    "final_credits no number": {"final_credits": "n/a"},
    "final_credits text": {"final_credits": "1"},
    "final_credits negative": {"final_credits": -1},
    "final_credits an object": {"final_credits": {"value": 1}},
    "urls of objects": {"result": {"urls": [{"url": "@BASE@/results/1.png"}]}},
    "url relative": {"result": {"urls": ["/results/1.png"]}},
    "url relative without a slash": {"result": {"urls": ["results/1.png"]}},
    "url without a scheme": {"result": {"urls": ["@HOST@/results/1.png"]}},
    "url with blanks around": {"result": {"urls": [" @BASE@/results/1.png\n"]}},
    "url among nulls": {"result": {"urls": [None, "", 3, "@BASE@/results/1.png", [], {}]}},
    "url twice": {"result": {"urls": ["@BASE@/results/1.png"] * 5}},
    "url beside odd ones": {"result": {"urls": ["a/\x00", "a/\ud800", "@BASE@/results/1.png"]}},
    "url alone": {"result": {"primary_url": "@BASE@/results/1.png"}},
    "urls a text": {"result": {"urls": "@BASE@/results/1.png"}},
    "result a text": {"result": "@BASE@/results/1.png"},
    "result a list": {"result": ["@BASE@/results/1.png"]},
    "images": {"result": {"images": [{"url": "@BASE@/results/1.png"}]}},
    "data": {"result": {"data": [{"url": "@BASE@/results/1.png"}]}},
    "url outside the result": {"result": None, "url": "@BASE@/results/1.png"},
    "urls outside the result": {"result": None, "urls": ["@BASE@/results/1.png"]},
    "times far": {"created_at": "0001-01-01T00:00:00Z", "updated_at": 10**25},
    "model odd": {"model": ["x"]},
    "error beside": {"error": {"code": "\x00", "message": ["x"]}},
}

#: Fields of a status that says nothing of an end, or is another generation's.
GOING_ON: dict[str, Any] = {
    "another id": {"id": "task_of_somebody_else"},
    "another id a number": {"id": 99},
    "status missing": {"status": None},
    "status unknown": {"status": "moderating"},
    "status an object": {"status": {"value": "succeeded"}},
    "status no": {"status": False},
    "status cancelled": {"status": "cancelled"},
    "status denied": {"status": "not_succeeded"},
    "status of 200 kB": {"status": "succeeded" * 20_000},
}


def _with(base: dict[str, Any], fields: dict[str, Any]) -> bytes:
    merged = {**base, **fields}
    return well({name: value for name, value in merged.items() if value is not None or name not in base})


def _making(raw: bytes) -> Callable[[], Raw]:
    return lambda: raw


def of_creations() -> Iterator[Odd]:
    """Yield the odd answers to a creation."""
    for name, make in BROKEN.items():
        yield Odd(name, make, "in doubt")
    for name, make in REFUSALS.items():
        yield Odd(name, make, "refused")
    base = {"id": "@ID@", "status": "queued"}
    for name, fields in CREATED.items():
        yield Odd(name, _making(_with(base, fields)), "taken")
    for name, body in CREATED_BODIES.items():
        yield Odd(name, _making(well(body)), "taken")
    for name, raw in CREATED_RAW.items():
        yield Odd(name, _making(raw), "taken")
    for name, value in NO_IDS.items():
        yield Odd(name, _making(well({"id": value, "status": "queued"})), "in doubt")
    for header, value in (("date", f"Thu, 01 Jan {10**20} 00:00:00 GMT"), ("retry-after", "9" * 99)):
        raw = well(base).replace(b"connection:", f"{header}: {value}\r\nconnection:".encode())
        yield Odd(f"header {header}", _making(raw), "taken")


def of_states() -> Iterator[Odd]:
    """Yield the odd answers to a status call."""
    for name, make in {**BROKEN, **REFUSALS}.items():
        if name != "no id":  # which is all right here
            yield Odd(name, make, "goes on")
    for name, fields in SUCCEEDED.items():
        yield Odd(f"done, {name}", _making(_with(DONE, fields)), "delivered")
    for name, fields in GOING_ON.items():
        yield Odd(name, _making(_with(DONE, fields)), "goes on")
