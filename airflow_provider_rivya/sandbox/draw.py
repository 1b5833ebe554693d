"""Draws a result: a quiet gradient, the reference photographs framed on it, the prompt below."""

from __future__ import annotations

import colorsys
import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import ExifTags, Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from airflow_provider_rivya.sandbox.framing import Frame

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

MESH = 4
LARGEST_SOURCE_SIDE = 2048
PAPER = (253, 252, 249)
INK = (24, 27, 38)
MAX_PHOTOS_SHOWN = 16
TURNED_ORIENTATIONS = (5, 6, 7, 8)
UNREADABLE = (OSError, ValueError, SyntaxError, KeyError, Image.DecompressionBombError)


@dataclass(frozen=True)
class Picture:
    """
    One picture to draw.

    :param photos: the reference pictures' bytes; what cannot be opened is shown as an empty frame.
    :param caption: the small line in the corner.
    """

    frame: Frame
    index: int
    prompt: str
    caption: str
    photos: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    width: float
    height: float


def draw(picture: Picture) -> bytes:
    """Return the finished file. The same picture always gives the same bytes."""
    size = (picture.frame.width, picture.frame.height)
    seed = hashlib.sha256(f"{picture.index}\n{picture.prompt}".encode("utf-8", "replace")).digest()
    canvas = _background(size, seed)
    unit = math.sqrt(size[0] * size[1]) / 100
    margin = min(6 * unit, min(size) * 0.08)
    photo_box, text_box = _layout(size, margin, bool(picture.photos))
    photos = picture.photos[:MAX_PHOTOS_SHOWN]
    for number, (content, box) in enumerate(zip(photos, _cells(len(photos), photo_box), strict=True)):
        _hang(canvas, _opened(content), box, unit, tilt=_tilt(seed, number))
    _write_prompt(canvas, picture.prompt, text_box, unit)
    _write_caption(canvas, picture, margin, unit)
    out = io.BytesIO()
    if picture.frame.format == "JPEG":
        canvas.save(out, "JPEG", quality=88)
    else:
        canvas.save(out, "PNG", compress_level=1)
    return out.getvalue()


def size_of(content: bytes) -> tuple[int, int] | None:
    """Return width and height as a viewer shows the picture, from its header; ``None`` if there is none."""
    try:
        with Image.open(io.BytesIO(content)) as source:
            turned = source.getexif().get(ExifTags.Base.Orientation, 1) in TURNED_ORIENTATIONS
            return (source.height, source.width) if turned else (source.width, source.height)
    except UNREADABLE:
        return None


def _background(size: tuple[int, int], seed: bytes) -> Image.Image:
    hue = seed[0] / 255
    # In floating point up to a quarter of the size: eight bits from so few pixels would show stripes.
    mesh = [Image.new("F", (MESH, MESH)) for _ in range(3)]
    for index in range(MESH * MESH):
        x, y = index % MESH, index // MESH
        drift = seed[1 + index] / 255 - 0.5
        turn = 0.12 * (x + y) / (2 * MESH - 2) + 0.04 * drift
        light = 0.36 + 0.32 * (1 - y / (MESH - 1)) + 0.07 * drift
        tone = colorsys.hls_to_rgb((hue + turn) % 1, light, 0.36)
        for channel, part in zip(mesh, tone, strict=True):
            channel.putpixel((x, y), 255 * part)
    quarter = (max(MESH, size[0] // 4), max(MESH, size[1] // 4))
    smooth = [channel.resize(quarter, Image.Resampling.BICUBIC).convert("L") for channel in mesh]
    return Image.merge("RGB", smooth).resize(size, Image.Resampling.BICUBIC)


def _tilt(seed: bytes, number: int) -> float:
    """Degrees: enough to look hung by hand."""
    return (seed[(number + 20) % len(seed)] / 255 - 0.5) * 5


def _layout(size: tuple[int, int], margin: float, with_photos: bool) -> tuple[Box, Box]:
    width, height = size[0] - 2 * margin, size[1] - 2 * margin
    whole = Box(margin, margin, width, height)
    if not with_photos:
        return whole, whole
    if size[0] > 2.2 * size[1]:
        part = width * 0.5
        return Box(margin, margin, part, height * 0.92), Box(
            margin * 2 + part, margin, width - part - margin, height * 0.88
        )
    part = height * 0.7
    return Box(margin, margin, width, part), Box(
        margin, margin * 1.3 + part, width, height - part - margin * 1.1
    )


def _cells(count: int, box: Box) -> list[Box]:
    """Share a box among ``count`` photographs, in the rows that leave them largest."""
    if count == 0:
        return []

    def side(columns: int) -> float:
        return min(box.width / columns / 1.25, box.height / math.ceil(count / columns))

    columns = max(range(1, count + 1), key=side)
    rows = math.ceil(count / columns)
    cells = []
    for index in range(count):
        row, column = divmod(index, columns)
        in_row = columns if row < rows - 1 else count - columns * (rows - 1)
        width, height = box.width / columns, box.height / rows
        left = box.left + (box.width - in_row * width) / 2 + column * width
        cells.append(Box(left, box.top + row * height, width, height))
    return cells


@lru_cache(maxsize=8)
def _opened(content: bytes) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(content)) as source:
            source.draft("RGB", (LARGEST_SOURCE_SIDE, LARGEST_SOURCE_SIDE))
            photo = ImageOps.exif_transpose(source)
            photo.thumbnail((LARGEST_SOURCE_SIDE, LARGEST_SOURCE_SIDE))
            return photo.convert("RGB")
    except UNREADABLE:
        return None


def _hang(canvas: Image.Image, photo: Image.Image | None, cell: Box, unit: float, tilt: float) -> None:
    frame = max(2, round(min(1.3 * unit, min(cell.width, cell.height) * 0.045)))
    room_width, room_height = cell.width * 0.88, cell.height * 0.88
    ratio = 1.25 if photo is None else min(max(photo.width / photo.height, 0.62), 1.7)
    width = max(8, round(min(room_width, room_height * ratio)) - 2 * frame)
    height = max(8, round(width / ratio))
    if photo is None:
        inner = Image.new("RGB", (width, height), (214, 214, 210))
    else:
        inner = ImageOps.fit(photo, (width, height), Image.Resampling.BICUBIC)
    # The clear rim lets the rotation smooth the edge.
    card = ImageOps.expand(ImageOps.expand(inner, frame, PAPER).convert("RGBA"), 2, (*PAPER, 0))
    card = card.rotate(tilt, Image.Resampling.BICUBIC, expand=True)
    left = round(cell.left + (cell.width - card.width) / 2)
    top = round(cell.top + (cell.height - card.height) / 2)
    _shadow(canvas, card, left, top, unit)
    canvas.paste(card, (left, top), card)


def _shadow(canvas: Image.Image, card: Image.Image, left: int, top: int, unit: float) -> None:
    # Blurred at a quarter of the size: a soft shadow shows no pixels, and 4K stays cheap.
    reach = max(4, round(2.2 * unit))
    small = card.getchannel("A").resize((max(1, card.width // 4), max(1, card.height // 4)))
    small = ImageOps.expand(small, max(1, reach // 4), 0).filter(
        ImageFilter.GaussianBlur(max(1.0, unit * 0.25))
    )
    mask = small.resize((card.width + 2 * reach, card.height + 2 * reach)).point(lambda value: value * 0.42)
    canvas.paste((12, 14, 24), (left - reach, top - reach + round(0.8 * unit)), mask)


def _write_prompt(canvas: Image.Image, prompt: str, box: Box, unit: float) -> None:
    text = " ".join(prompt.split())
    if not text:
        return
    pad = 2.2 * unit
    lines, font, size = _fitted(text, box.width - 2 * pad, box.height - 2 * pad - 2 * unit, unit)
    line_height = size * 1.32
    height = line_height * len(lines) + 2 * pad
    width = max(font.getlength(line) for line in lines) + 2 * pad
    left, top = box.left + (box.width - width) / 2, box.top + max(0.0, (box.height - height - 2 * unit) / 2)
    panel = Image.new("L", (max(1, round(width)), max(1, round(height))), 0)
    ImageDraw.Draw(panel).rounded_rectangle(
        (0, 0, panel.width - 1, panel.height - 1), radius=1.6 * unit, fill=226
    )
    canvas.paste(PAPER, (round(left), round(top)), panel)
    pen = ImageDraw.Draw(canvas)
    for number, line in enumerate(lines):
        middle = top + pad + (number + 0.5) * line_height
        pen.text((left + width / 2, middle), line, fill=INK, font=font, anchor="mm")


def _fitted(text: str, width: float, height: float, unit: float) -> tuple[list[str], Font, float]:
    """Return the lines and font of the largest size at which the text fits, shortened if none does."""
    size = 5.4 * unit
    least = max(9.0, 1.7 * unit)
    while True:
        font = _font(round(size))
        lines = _wrapped(text, font, width)
        room = max(1, int(height / (size * 1.32)))
        if len(lines) <= room and all(font.getlength(line) <= width for line in lines):
            return _balanced(text, font, width, lines), font, size
        if size <= least:
            return (
                ([*lines[: room - 1], lines[room - 1][:-1] + "…"] if len(lines) > room else lines),
                font,
                size,
            )
        size = max(least, size * 0.82)


def _balanced(text: str, font: Font, width: float, lines: list[str]) -> list[str]:
    """Make the lines about equally long, so that no word is left alone on the last."""
    best = lines
    for share in (0.9, 0.8, 0.7, 0.6):
        narrower = _wrapped(text, font, width * share)
        if len(narrower) > len(lines):
            break
        best = narrower
    return best


@lru_cache(maxsize=64)
def _font(size: int) -> Font:
    return ImageFont.load_default(max(6, size))


def _wrapped(text: str, font: Font, width: float) -> list[str]:
    # A prompt may have 20,000 characters; what is far beyond any picture is not measured.
    lines: list[str] = []
    line = ""
    for word in _pieces(text[:4000].split(" "), font, width):
        longer = f"{line} {word}" if line else word
        if not line or font.getlength(longer) <= width:
            line = longer
        else:
            lines.append(line)
            line = word
    return [*lines, line]


def _pieces(words: Sequence[str], font: Font, width: float) -> list[str]:
    """Cut what is wider than a line, as a long URL or a text without spaces is."""
    pieces: list[str] = []
    for word in words:
        rest = word
        while font.getlength(rest) > width and len(rest) > 1:
            fits = max(1, int(len(rest) * width / font.getlength(rest)))
            pieces.append(rest[:fits])
            rest = rest[fits:]
        pieces.append(rest)
    return pieces


def _write_caption(canvas: Image.Image, picture: Picture, margin: float, unit: float) -> None:
    count = picture.frame.count
    text = picture.caption + (f"  ·  {picture.index + 1} of {count}" if count > 1 else "")
    size = max(9.0, 1.55 * unit)
    font = _font(round(size))
    while font.getlength(text) > canvas.width - margin and size > 6:
        size -= 1
        font = _font(round(size))
    pen = ImageDraw.Draw(canvas)
    place = (canvas.width - margin * 0.5, canvas.height - margin * 0.42)
    pen.text((place[0] + 1, place[1] + 1), text, fill=(20, 22, 30), font=font, anchor="rs")
    pen.text(place, text, fill=(244, 244, 240), font=font, anchor="rs")
