"""The files that a result names: whole, of the size, type and checksum that it tells."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

from PIL import Image


def file_of(output: dict[str, Any]) -> Path:
    return Path(output["uri"].removeprefix("file://"))


def check_bytes(output: dict[str, Any]) -> bytes:
    content = file_of(output).read_bytes()
    assert output["sha256"] == hashlib.sha256(content).hexdigest()
    assert output["size_bytes"] == len(content)
    return content


def check_video(output: dict[str, Any]) -> None:
    assert check_bytes(output)[4:8] == b"ftyp"
    assert (output["mime_type"], file_of(output).suffix) == ("video/mp4", ".mp4")


def check_image(output: dict[str, Any]) -> None:
    content = check_bytes(output)
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        assert image.size == (output["width"], output["height"])
        assert Image.MIME[image.format or ""] == output["mime_type"]
