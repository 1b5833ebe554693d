"""The sheet of all thumbnails: every row has its place, with a picture or without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tools.contact_sheet import contact_sheet, local_file


def line(key: str, uri: str | None) -> dict[str, Any]:
    return {
        "row_key": key,
        "status": "succeeded" if uri else "failed",
        "outputs": [{"uri": uri}] if uri else [],
    }


def test_a_sheet_of_wide_and_high_pictures_and_a_gap(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.png" for number in range(2)]
    Image.new("RGBA", (300, 100), "red").save(files[0])
    Image.new("P", (100, 300), 0).save(files[1])
    lines = [line("a", files[0].as_uri()), line("a long key of forty characters and more", files[1].as_uri())]
    sheet = tmp_path / "sheet.png"
    assert contact_sheet([*lines, line("none", None)], sheet) == 2
    with Image.open(sheet) as image:
        image.load()
        assert image.width > image.height
        assert image.getpixel((8 + 44, 8 + 44)) == (255, 0, 0)


def test_what_is_no_picture_here_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"no")
    with pytest.raises(OSError, match="cannot identify"):
        contact_sheet([line("a", (tmp_path / "x.png").as_uri())], tmp_path / "sheet.png")
    with pytest.raises(OSError, match="is not a file on this machine"):
        local_file("s3://bucket/x.png")
