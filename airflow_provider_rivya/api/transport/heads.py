"""
The head of an answer, read in one way for all senders.

Their parsers do not agree in what they take, and neither do two releases of one. Each is handed a head that
all of them take, so that what a worker can read, an event loop can read as well. Lenient where it does no
harm: what was paid for is not lost for a blank in front of a colon. Where the body ends must be certain.
"""

from __future__ import annotations

import re
from typing import Final

import httpcore

from airflow_provider_rivya.api.transport.chunks import Chunks

_LINE: Final = re.compile(rb"HTTP/1\.([0-9])[ \t]+([1-9][0-9]{2})(?:[ \t].*)?", re.DOTALL)
_END: Final = re.compile(rb"\r?\n\r?\n")
_FOLD: Final = re.compile(rb"\n[ \t]")
_FIELD: Final = re.compile(rb"^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})[ \t]*:([^\n]*)$", re.MULTILINE)
"""What is no field is left out."""
_UNSEEN: Final = bytes((*range(0x0A), *range(0x0B, 0x20), 0x7F))
_SEEN: Final = bytes.maketrans(_UNSEEN, b" " * len(_UNSEEN))
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_LARGEST: Final = 64 * 1024
"""Bytes of a head; an event loop stands still while it is read."""
_LONGEST_VALUE: Final = 8000
_MOST_FIELDS: Final = 100
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_NOTHING_BEHIND: Final = frozenset({204, 304})


class Heads:
    """
    Stands between a connection and the parser of its answers.

    Interim answers end here. What begins like no answer over HTTP/1 is handed on as it is.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Expect an answer."""
        self._held = bytearray()
        self._passed = False
        self._left: int | None = None
        self._chunks: Chunks | None = None

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """
        Take in what has come; return what the parser is to have, and what stands behind the answer's end.

        Both are empty until the head is whole.

        :raises httpcore.RemoteProtocolError: it is no answer.
        """
        if self._passed:
            return self._body(data)
        held, seen = self._held, max(0, len(self._held) - 3)
        held += data
        while True:
            if held.startswith((b"\r", b"\n")):
                del held[: len(held) - len(held.lstrip(b"\r\n"))]
                seen = 0
            if not b"HTTP/".startswith(bytes(held[:5])):
                self._passed = True
                return bytes(held), b""
            end = _END.search(held, seen)
            if (len(held) if end is None else end.start()) > _LARGEST:
                raise httpcore.RemoteProtocolError("its head is too large")
            if end is None:
                return b"", b""
            line, _, lines = _FOLD.sub(b" ", held[: end.start()]).translate(_SEEN).partition(b"\n")
            del held[: end.end()]
            seen = 0
            version, status = _line(line)
            if status >= 200:
                self._passed = True
                head = self._head(version, status, lines)
                body, behind = self._body(bytes(held))
                return head + body, behind

    def _head(self, version: bytes, status: int, lines: bytes) -> bytes:
        named = ((name.lower(), value.strip()) for name, value in _FIELD.findall(lines))
        fields = [field for field in named if len(field[1]) <= _LONGEST_VALUE]
        told = [field for field in fields if field[0] not in _FRAMING][:_MOST_FIELDS]
        chunked, self._left = _framing(fields)
        if status in _NOTHING_BEHIND:
            self._left = 0
        elif chunked:
            self._chunks = Chunks()
            told.append((b"transfer-encoding", b"chunked"))
        elif self._left is not None:
            told.append((b"content-length", b"%d" % self._left))
        lead = b"HTTP/1.%b %d " % (b"0" if version == b"0" else b"1", status)
        return b"\r\n".join([lead, *(b"%b: %b" % field for field in told), b"", b""])

    def _body(self, data: bytes) -> tuple[bytes, bytes]:
        if self._chunks is not None:
            return self._chunks.feed(data)
        if self._left is None:
            return data, b""
        body, behind = data[: self._left], data[self._left :]
        self._left -= len(body)
        return body, behind


def _line(line: bytes) -> tuple[bytes, int]:
    found = _LINE.fullmatch(line.rstrip())
    if found is None:
        raise httpcore.RemoteProtocolError("illegal status line")
    status = int(found[2])
    if status == 101:
        raise httpcore.RemoteProtocolError("it changes to a protocol that nobody asked for")
    return found[1], status


def _framing(fields: list[tuple[bytes, bytes]]) -> tuple[bool, int | None]:
    """
    Tell whether the body comes in chunks, and its length (RFC 9112, 6.3).

    :raises httpcore.RemoteProtocolError: it has two lengths, or one that is none, or a coding beside.
    """
    listed = {
        of: [part.strip() for name, value in fields if name == of for part in value.split(b",")]
        for of in _FRAMING
    }
    codings = {part.partition(b";")[0].strip().lower() for part in listed[b"transfer-encoding"]}
    codings -= {b"", b"identity"}
    if codings == {b"chunked"}:
        return True, None
    if codings:
        raise httpcore.RemoteProtocolError("its transfer coding was not asked for")
    lengths = {int(part) if _LENGTH.fullmatch(part) else -1 for part in listed[b"content-length"]}
    if len(lengths) > 1 or -1 in lengths:
        raise httpcore.RemoteProtocolError("it does not tell its length, or tells it twice")
    return False, next(iter(lengths), None)
