"""What the tests of the sandbox's ToAPIs endpoints share."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.integration.sandbox.wire_tools import IMAGE_SECONDS
from tests.sandbox_process import TOAPIS_KEY, Answer, SandboxProcess

NANO = "gemini-3.1-flash-image-preview"
VIDEO = "veo3.1-fast"
VIDEO_SECONDS = 120
OTHER_KEY = "sk-sandbox-other"
IMAGES, VIDEOS = "/v1/images/generations", "/v1/videos/generations"
PUBLIC = "https://example.com/a.png"
PNG_DATA_URI = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


def create(
    sandbox: SandboxProcess,
    model: str = NANO,
    *,
    path: str = IMAGES,
    key: str | None = TOAPIS_KEY,
    **body: Any,
) -> Answer:
    return sandbox.post(path, {"model": model, "prompt": "A lighthouse in a storm", **body}, key=key)


def create_video(sandbox: SandboxProcess, model: str = VIDEO, **body: Any) -> Answer:
    return create(sandbox, model, path=VIDEOS, **body)


def status(sandbox: SandboxProcess, name: str, *, path: str = IMAGES, key: str | None = TOAPIS_KEY) -> Answer:
    return sandbox.get(f"{path}/{quote(name, safe='')}", key=key)


def completed(
    sandbox: SandboxProcess, created: Answer, *, path: str = IMAGES, seconds: float | None = None
) -> dict[str, Any]:
    """The status answer after the time that a task of its endpoint takes."""
    assert created.status < 300, created.body
    sandbox.advance(seconds or (IMAGE_SECONDS if path == IMAGES else VIDEO_SECONDS))
    answer = status(sandbox, created.json()["id"], path=path).json()
    assert isinstance(answer, dict)
    return answer


def upload(
    sandbox: SandboxProcess,
    content: bytes,
    *,
    kind: str = "images",
    mime: str = "application/octet-stream",
    field: str = "file",
    key: str | None = TOAPIS_KEY,
) -> Answer:
    head = f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="a.bin"\r\nContent-Type: {mime}'
    purpose = '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\ngeneration\r\n'
    body = purpose.encode() + f"{head}\r\n\r\n".encode() + content + b"\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    return sandbox.request("POST", f"/v1/uploads/{kind}", body=body, headers=headers, key=key)


def result_url(task: dict[str, Any]) -> str:
    """The URL of a completed task's first result."""
    return str(task["result"]["data"][0]["url"])


def message(answer: Answer) -> str:
    """The text of an error in its default shape."""
    return str(answer.json()["error"]["message"])
