"""
A server of one WAV file of any size: ``python benchmarks/serving.py BYTES``.

The kernel sends the samples (``sendfile``), so that the server is not what a receiver waits for.
"""

from __future__ import annotations

import os
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_NOISE_BYTES = 16 * 1024 * 1024


def header(size: int) -> bytes:
    """Return the first 44 bytes of a WAV file of this size: 16 bit, mono, 44.1 kHz."""
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
    return b"".join(parts)


class Handler(BaseHTTPRequestHandler):
    """Answers every path with the file, which is noise; ``?bytes=`` makes it smaller."""

    protocol_version = "HTTP/1.1"
    size = 0
    noise = -1

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query).get("bytes")
        size = int(asked[0]) if asked else self.size
        self.send_response(200)
        self.send_header("Content-Type", "audio/wav")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(header(size))
        left = size - 44
        while left:
            at = (size - 44 - left) % _NOISE_BYTES
            left -= os.sendfile(self.connection.fileno(), self.noise, at, min(left, _NOISE_BYTES - at))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Handler.size = int(sys.argv[1])
    with tempfile.TemporaryFile() as noise:
        noise.write(os.urandom(_NOISE_BYTES))
        noise.flush()
        Handler.noise = noise.fileno()
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(f"READY http://127.0.0.1:{server.server_port}/results/large.wav", flush=True)
        server.serve_forever()
