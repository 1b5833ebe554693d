"""What the tests of the sandbox share: small media files, multipart bodies, raw sockets."""

from __future__ import annotations

import io
import json
import socket
import struct
import time
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from airflow_provider_rivya.catalog.bundled import category_of
from tests.sandbox_process import KEY, Answer, SandboxProcess
from tests.unit.media.samples import film

IMAGE_SECONDS = 20
SECONDS_OF_CATEGORY = {"image": IMAGE_SECONDS, "audio": 30, "video": 120}
WAV = (
    b"RIFF"
    + struct.pack("<I", 36 + 16000)
    + b"WAVEfmt "
    + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
)
WAV += b"data" + struct.pack("<I", 16000) + bytes(16000)
FTYP = struct.pack(">I", 16) + b"ftyp"
MP4 = film(seconds=2.5)
WEBM = b"\x1aE\xdf\xa3" + b"\x01\x00\x00\x00\x00\x00\x00\x1fB\x82\x84webm" + bytes(40)
MKV = b"\x1aE\xdf\xa3" + b"\x01\x00\x00\x00\x00\x00\x00\x1fB\x82\x88matroska" + bytes(40)


def picture(width: int = 60, height: int = 40, colour: str = "red", form: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, form)
    return out.getvalue()


def upload(
    sandbox: SandboxProcess,
    content: bytes,
    *,
    kind: str = "image",
    mime: str = "application/octet-stream",
    key: str | None = KEY,
    **fields: str,
) -> Answer:
    parts = [("kind", kind), *fields.items()]
    body = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in parts
    )
    head = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
    body += f"{head}Content-Type: {mime}\r\n\r\n".encode() + content + b"\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    return sandbox.request("POST", "/api/v1/files", body=body, headers=headers, key=key)


def create(
    sandbox: SandboxProcess,
    model: str = "z-image",
    *,
    idempotency_key: str | None = None,
    key: str | None = KEY,
    **body: Any,
) -> Answer:
    headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
    sent = {"model": model, "prompt": "A lighthouse in a storm", **body}
    return sandbox.post("/api/v1/generations", sent, headers=headers, key=key)


def reference(answer: Answer, kind: str = "image") -> dict[str, str]:
    return {"url": answer.json()["url"], "kind": kind}


def finished(sandbox: SandboxProcess, created: Answer) -> dict[str, Any]:
    """The status answer after the time that a generation of its category takes."""
    assert created.status < 300, created.body
    sandbox.advance(SECONDS_OF_CATEGORY[category_of("rivya", created.json()["model"])])
    status = sandbox.get(f"/api/v1/generations/{created.json()['id']}").json()
    assert isinstance(status, dict)
    return status


def result(
    sandbox: SandboxProcess, model: str, params: dict[str, Any] | None = None, index: int = 0
) -> Answer:
    """The file of a generation, from create to download."""
    status = finished(sandbox, create(sandbox, model, params=params or {}))
    return sandbox.get(status["result"]["urls"][index], key=None)


def wait_for_charge(sandbox: SandboxProcess) -> None:
    """Until a request that hangs has been taken in."""
    deadline = time.monotonic() + 20
    while not sandbox.ledger()["charges"]:
        assert time.monotonic() < deadline


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def raw(sandbox: SandboxProcess, method: str, path: str, body: Any = None) -> bytes:
    """Everything that comes over the TCP connection until it ends; a reset ends it too."""
    parts = urlsplit(sandbox.url)
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    received = bytearray()
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=20) as connection:
        connection.sendall(head.encode() + content)
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionResetError:
            pass
    return bytes(received)
