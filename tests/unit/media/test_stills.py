"""Small pictures: of every kind of file, bounded in size, and of nothing that is made to break a decoder."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from airflow_provider_rivya.media.painter import paint
from airflow_provider_rivya.media.stills import Stills
from airflow_provider_rivya.media.types import Kind
from airflow_provider_rivya.media.verify import Bounds
from tests.unit.media.encoders import recorded
from tests.unit.media.samples import encoded


@pytest.fixture(scope="module")
def stills() -> Iterator[Stills]:
    with Stills() as made:
        yield made


def opened(data: bytes | None) -> Image.Image:
    assert data is not None
    image = Image.open(io.BytesIO(data))
    assert image.format == "WEBP"
    return image


@pytest.mark.parametrize("name", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_fits_into_its_square(stills: Stills, tmp_path: Path, name: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(encoded(300, 150, name))
    assert opened(stills.draw(str(path), "image", 64)).size == (64, 32)


@pytest.mark.parametrize(("kind", "sound", "film"), [("video", None, "mpeg4"), ("audio", "aac", None)])
def test_film_and_sound_are_shown(
    stills: Stills, tmp_path: Path, kind: Kind, sound: str | None, film: str | None
) -> None:
    path = tmp_path / "a"
    path.write_bytes(recorded("mp4", sound, film))
    image = opened(stills.draw(str(path), kind, 64))
    assert max(image.size) == 64
    assert len(image.convert("RGB").getcolors(4096) or ()) > 1


def test_no_more_bytes_than_asked_for(stills: Stills, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.effect_noise((900, 900), 90).convert("RGB").save(path)
    drawn = stills.draw(str(path), "image", 512, 9000)
    assert drawn is not None
    assert len(drawn) <= 9000


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says to be of this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("content", [bomb(60_000, 60_000), b"%!PS-Adobe-3.0 EPSF-3.0", b"<svg/>", b""])
def test_what_cannot_be_shown_has_no_picture_and_the_next_file_has(
    stills: Stills, tmp_path: Path, content: bytes
) -> None:
    path, next_one = tmp_path / "a.png", tmp_path / "b.png"
    path.write_bytes(content)
    next_one.write_bytes(encoded(8, 8, "PNG"))
    assert stills.draw(str(path), "image", 64) is None
    assert opened(stills.draw(str(next_one), "image", 64)).size == (8, 8)


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(bomb(9_000, 9_000))
    with pytest.raises(ValueError, match="9000x9000 pixels are too many"):
        paint(str(path), "image", 64, 0)


def test_a_process_that_does_not_answer_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(8, 8, "PNG"))
    with Stills(Bounds(seconds=0.0)) as late:
        assert late.draw(str(path), "image", 64) is None
        assert late._process is None
    with Stills(Bounds(memory_bytes=1024 * 1024)) as small:
        assert small.draw(str(path), "image", 64) is None
