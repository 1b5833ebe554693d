"""The chunks of an answer's body (RFC 9112, 7.1), so that every parser takes them."""

from __future__ import annotations

import re
from typing import Final

import httpcore

_SIZE: Final = re.compile(rb"0{0,1000}([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
_LONGEST_LINE: Final = 16 * 1024
_FEW, _SMALLEST = 1000, 16
"""Lines between chunks, and bytes for which there may be one more: an event loop stands still for each."""


class Chunks:
    """
    Hands chunks on without their extensions, and without what stands behind the last one.

    :ivar ended: whether the last one has come.
    """

    def __init__(self) -> None:
        self.ended = False
        self._left = 0
        self._line = b""
        self._filled = self._trailing = False
        self._bytes = self._lines = 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """
        Take in what has come; return it as one chunk, and what stands behind the end.

        :raises httpcore.RemoteProtocolError: it is no chunk.
        """
        parts: list[bytes] = []
        at = 0
        self._bytes += len(data)
        while at < len(data) and not self.ended:
            if self._left:
                parts.append(data[at : at + self._left])
                at += len(parts[-1])
                self._left -= len(parts[-1])
                self._filled = not self._left
                if self._filled and data.startswith(b"\r\n", at):
                    self._filled, at = False, at + 2
                continue
            end = data.find(b"\n", at)
            self._line += data[at:] if end < 0 else data[at:end]
            if len(self._line) > _LONGEST_LINE:
                raise httpcore.RemoteProtocolError("a line between its chunks is too long")
            at = end + 1 if end >= 0 else len(data)
            if end >= 0:
                line, self._line = self._line.removesuffix(b"\r"), b""
                self._see(line)
        body, last = b"".join(parts), b"0\r\n\r\n" if self.ended and at else b""
        out = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        return out + last, data[at:]

    def _see(self, line: bytes) -> None:
        self._lines += 1
        if self._lines > _FEW + self._bytes // _SMALLEST:
            raise httpcore.RemoteProtocolError("its chunks are too small")
        if self._filled or self._trailing:
            if self._filled and line:
                raise httpcore.RemoteProtocolError("a chunk goes on behind its end")
            self.ended, self._filled = self._trailing and not line, False
            return
        found = _SIZE.fullmatch(line)
        if found is None:
            raise httpcore.RemoteProtocolError("a chunk does not tell its size")
        self._left = int(found[1], 16)
        self._trailing = not self._left
