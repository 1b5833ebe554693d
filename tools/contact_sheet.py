"""One image of many: a thumbnail for each row of a batch, under it the row's key."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from PIL import Image, ImageDraw

_SIDE: Final = 88
_GAP: Final = 8
_TEXT: Final = 14
_EMPTY: Final = "#b9b2ad"


def contact_sheet(lines: Iterable[Mapping[str, Any]], path: Path) -> int:
    """
    Draw a sheet, wider than high; a row without a picture is a grey field with its status.

    :param lines: of a manifest; files lie on this machine.
    :return: how many pictures are on it.
    :raises OSError: a picture cannot be decoded.
    """
    rows = list(lines)
    columns = max(1, math.ceil(math.sqrt(len(rows) * 1.6)))
    width, height = _SIDE + _GAP, _SIDE + _TEXT + _GAP
    size = (columns * width + _GAP, math.ceil(len(rows) / columns) * height + _GAP)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    drawn = 0
    for number, line in enumerate(rows):
        left, top = _GAP + number % columns * width, _GAP + number // columns * height
        if line["outputs"]:
            with Image.open(local_file(line["outputs"][0]["uri"])) as image:
                image.thumbnail((_SIDE, _SIDE))
                spare = ((_SIDE - image.width) // 2, (_SIDE - image.height) // 2)
                sheet.paste(image.convert("RGB"), (left + spare[0], top + spare[1]))
            drawn += 1
        else:
            draw.rectangle((left, top, left + _SIDE, top + _SIDE), fill=_EMPTY)
            draw.text((left + 4, top + _SIDE // 2 - 6), line["status"], fill="black")
        draw.text((left, top + _SIDE + 1), str(line["row_key"])[:15], fill="#444444")
    sheet.save(path)
    return drawn


def local_file(uri: str) -> Path:
    """
    Return where a file lies on this machine.

    :raises OSError: it does not.
    """
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file"):
        raise OSError(f"{uri} is not a file on this machine")
    return Path(unquote(parts.path))
