"""
A server of a WAV and of a PNG file of any size: ``python benchmarks/serving.py BYTES``.

Its URL ends in ``large``; ``.wav`` or ``.png`` behind that says which. The kernel sends the samples, and the
picture's chunks with their checksums (``sendfile``), so that the server is not what a receiver waits for.
"""

from __future__ import annotations

import os
import sys
import tempfile
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import BinaryIO
from urllib.parse import parse_qs, urlsplit

_NOISE_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
"""Of one chunk of the picture, with its length, kind and checksum."""


def wav(size: int) -> tuple[bytes, int, bytes]:
    """
    Return the first 44 bytes of a WAV file of this size (16 bit, mono, 44.1 kHz), how much noise follows,
    and what follows that.
    """
    rate = 44_100
    parts = (
        b"RIFF",
        (size - 8).to_bytes(4, "little"),
        b"WAVEfmt ",
        (16).to_bytes(4, "little"),
        b"\x01\x00\x01\x00",
        rate.to_bytes(4, "little"),
        (rate * 2).to_bytes(4, "little"),
        b"\x02\x00\x10\x00",
        b"data",
        (size - 44).to_bytes(4, "little"),
    )
    return b"".join(parts), size - 44, b""


def png(size: int) -> tuple[bytes, int, bytes]:
    """
    Return the head of a PNG file of this size (57 bytes or more), how much of whole chunks follows, and its
    end.

    Right in all that is checked without decoding: the order of the chunks, and the checksum of each.
    """
    dimensions = (30_000).to_bytes(4, "big") * 2
    head = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", dimensions + b"\x08\x02\x00\x00\x00")
    end = _chunk(b"IEND", b"")
    empty = len(_chunk(b"IDAT", b""))
    whole, rest = divmod(size - len(head) - len(end) - empty, _CHUNK_BYTES)
    return head, whole * _CHUNK_BYTES, _chunk(b"IDAT", os.urandom(rest)) + end


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def write_noise(file: BinaryIO) -> None:
    """Write noise, which is a row of whole chunks of a PNG too."""
    data = _CHUNK_BYTES - len(_chunk(b"IDAT", b""))
    for _ in range(_NOISE_BYTES // _CHUNK_BYTES):
        file.write(_chunk(b"IDAT", os.urandom(data)))
    file.flush()


FORMATS = {".wav": ("audio/wav", wav), ".png": ("image/png", png)}


class Handler(BaseHTTPRequestHandler):
    """Answers with a file of noise, of the format that the path ends in; ``?bytes=`` makes it smaller."""

    protocol_version = "HTTP/1.1"
    size = 0
    noise = -1

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = parse_qs(url.query).get("bytes")
        size = int(asked[0]) if asked else self.size
        content_type, parts_of = FORMATS[PurePosixPath(url.path).suffix]
        head, left, end = parts_of(size)
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(head)
        at = 0
        while left:
            sent = os.sendfile(self.connection.fileno(), self.noise, at, min(left, _NOISE_BYTES - at))
            at, left = (at + sent) % _NOISE_BYTES, left - sent
        self.wfile.write(end)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Handler.size = int(sys.argv[1])
    with tempfile.TemporaryFile() as noise:
        write_noise(noise)
        Handler.noise = noise.fileno()
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(f"READY http://127.0.0.1:{server.server_port}/results/large", flush=True)
        server.serve_forever()
