"""What is converted to what, and what becomes of the picture; by Pillow, on real files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.media import types
from airflow_provider_rivya.media.types import HEIC, JPEG, PNG, WEBP, MediaType
from airflow_provider_rivya.request.images import (
    LEAST_SIDE,
    MAX_DECODED_BYTES,
    Accepted,
    convert,
    encodings,
    is_picture,
    smaller,
)
from airflow_provider_rivya.storage.source import ReferenceFile, open_reference

USUAL = ("image/jpeg", "image/png", "image/webp")
RED, BLUE = (200, 10, 10), (10, 10, 200)

Convert = Callable[..., ReferenceFile | Fault]
Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(image: Image.Image, name: str, **options: Any) -> Path:
        path = tmp_path / name
        image.save(path, **options)
        return path

    return write


@pytest.fixture
def run(tmp_path: Path) -> Convert:
    def converted(
        path: Path, mime_types: tuple[str, ...] = USUAL, max_bytes: int = 10**7
    ) -> ReferenceFile | Fault:
        file = open_reference(str(path))
        assert isinstance(file, ReferenceFile), file
        folder = tmp_path / "made"
        folder.mkdir(exist_ok=True)
        accepted = Accepted(mime_types, max_bytes)
        return convert(file, accepted, str(folder), where="reference_media[0]", label=path.name)

    return converted


def opened(file: ReferenceFile | Fault) -> Image.Image:
    assert isinstance(file, ReferenceFile), file
    with file.open() as stream:
        image = Image.open(stream)
        image.load()
    return image


def near(pixel: Any, colour: tuple[int, ...], off: int = 8) -> bool:
    return all(abs(a - b) <= off for a, b in zip(pixel, colour, strict=True))


# -- decisions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("transparent", "mime_types", "tried"),
    [
        (False, USUAL, [(JPEG, True)]),
        (True, USUAL, [(PNG, False), (JPEG, True)]),
        (True, ("image/jpeg",), [(JPEG, True)]),
        (True, ("image/png",), [(PNG, True)]),
        (True, ("image/png", "image/webp"), [(PNG, False), (WEBP, True)]),
        (False, ("image/png",), [(PNG, True)]),
        (False, (), [(JPEG, True)]),
        (True, ("image/gif",), []),
    ],
)
def test_what_is_tried(
    transparent: bool, mime_types: tuple[str, ...], tried: list[tuple[MediaType, bool]]
) -> None:
    found = encodings(transparent, Accepted(mime_types, None))
    assert [(encoding.media_type, encoding.may_shrink) for encoding in found] == tried


@pytest.mark.parametrize("size", [(10**5, 10**5), (10**5, 1), (17, 3), (16, 16)])
@pytest.mark.parametrize("written", [1001, 10**4, 10**12])
def test_it_gets_smaller_until_nothing_is_left(size: tuple[int, int], written: int) -> None:
    steps = 0
    now: tuple[int, int] | None = size
    while now is not None:
        following = smaller(now, written, 1000)
        if following is not None:
            assert max(following) <= 0.9 * max(now)
            assert min(following) >= 1
            assert max(following) >= LEAST_SIDE
        now, steps = following, steps + 1
    assert steps < 120


def test_the_step_follows_how_much_is_too_much() -> None:
    assert smaller((1000, 500), 40_000, 10_000) == (485, 242)


def test_what_is_opened_as_a_picture() -> None:
    opened = {kind for kind in types.ALL_TYPES if is_picture(kind.kind, kind.mime_type)}
    assert opened == {kind for kind in types.ALL_TYPES if kind.kind == "image"} - {HEIC}


# -- pictures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.bmp", "a.tif", "a.gif", "a.png", "a.webp"])
@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P"])
def test_any_opaque_picture_becomes_a_jpeg(save: Save, run: Convert, name: str, mode: str) -> None:
    found = run(save(Image.new("RGB", (40, 30), RED).convert(mode), name))
    image = opened(found)
    assert (image.format, image.size) == ("JPEG", (40, 30))
    assert isinstance(found, ReferenceFile)
    assert found.name == "a.jpg"
    if mode in ("RGB", "P"):
        assert near(image.convert("RGB").getpixel((20, 15)), RED, off=40)


def test_transparency_becomes_a_png(save: Save, run: Convert) -> None:
    picture = Image.new("RGBA", (40, 30), (*RED, 255))
    picture.putpixel((0, 0), (*BLUE, 0))
    image = opened(run(save(picture, "a.tif")))
    assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (40, 30))
    assert image.getpixel((0, 0)) == (*BLUE, 0)
    assert image.getpixel((20, 15)) == (*RED, 255)


def test_a_transparent_colour_of_a_palette_counts(save: Save, run: Convert) -> None:
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([0, 255, 0, *RED])
    picture.putpixel((0, 0), 0)
    image = opened(run(save(picture, "a.gif", transparency=0)))
    assert (image.format, image.mode) == ("PNG", "RGBA")
    pixels = [image.getpixel(place) for place in ((0, 0), (4, 4))]
    assert [pixel[3] for pixel in pixels if isinstance(pixel, tuple)] == [0, 255]


def test_an_alpha_channel_through_which_nothing_shows_does_not(save: Save, run: Convert) -> None:
    assert opened(run(save(Image.new("RGBA", (8, 8), (*RED, 255)), "a.tif"))).format == "JPEG"


def test_without_png_it_lies_on_white(save: Save, run: Convert) -> None:
    image = opened(run(save(Image.new("RGBA", (8, 8), (*RED, 0)), "a.png"), ("image/jpeg",)))
    assert near(image.getpixel((4, 4)), (255, 255, 255))


@pytest.mark.parametrize(
    ("mode", "mime_types", "form"),
    [
        ("RGB", USUAL, "JPEG"),
        ("RGBA", USUAL, "JPEG"),
        ("RGBA", ("image/png",), "PNG"),
        ("RGBA", ("image/webp", "image/png"), "WEBP"),
        ("L", ("image/png",), "PNG"),
    ],
)
def test_it_is_scaled_down_until_it_fits(
    save: Save, run: Convert, mode: str, mime_types: tuple[str, ...], form: str
) -> None:
    noise = Image.merge("RGBA", [Image.effect_noise((600, 400), 90) for _ in range(4)]).convert(mode)
    found = run(save(noise, "a.png"), mime_types, 20_000)
    image = opened(found)
    assert isinstance(found, ReferenceFile)
    assert 10_000 < found.size_bytes <= 20_000
    assert image.format == form
    assert image.width / image.height == pytest.approx(1.5, rel=0.05)


def test_it_stands_upright_and_tells_no_more_than_that(save: Save, run: Convert) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees clockwise
    exif.get_ifd(0x8825)[1] = "N"  # where it was taken
    picture = Image.new("RGB", (40, 20), RED)
    picture.paste(BLUE, (0, 0, 20, 20))
    image = opened(run(save(picture, "a.jpg", exif=exif, quality=95), ("image/webp",)))
    assert image.size == (20, 40)
    assert near(image.getpixel((10, 5)), BLUE)
    assert near(image.getpixel((10, 35)), RED)
    assert not image.getexif()


def test_a_fitting_colour_profile_is_kept(save: Save, run: Convert) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    colour = save(Image.new("RGB", (8, 8), RED), "a.tif", icc_profile=profile)
    assert opened(run(colour)).info["icc_profile"] == profile
    grey = save(Image.new("L", (8, 8), 9), "b.tif", icc_profile=profile)
    assert "icc_profile" not in opened(run(grey)).info


def test_the_first_of_an_animation(save: Save, run: Convert) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    path = save(frames[0], "a.gif", save_all=True, append_images=frames[1:])
    assert near(opened(run(path)).getpixel((4, 4)), RED, off=12)


# -- refusals ----------------------------------------------------------------------------------------


TOO_LARGE = "reference_media[0]: 'a.png' is not decoded: too many pixels; allowed: at most 256 MiB of them"


@pytest.mark.parametrize(
    ("mode", "size"),
    [("P", (9_500, 9_500)), ("LA", (8_200, 8_200))],
    ids=["in colour", "with transparency"],
)
def test_a_decompression_bomb_is_not_decoded(
    save: Save, run: Convert, tmp_path: Path, mode: str, size: tuple[int, int]
) -> None:
    found = run(save(Image.new(mode, size), "a.png"), ("image/jpeg",))
    assert str(found) == TOO_LARGE
    assert list((tmp_path / "made").iterdir()) == []


def test_bytes_count_and_not_pixels(save: Save, run: Convert, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow warns of many pixels, however few bytes they are."""
    path = save(Image.new("L", (40, 40)), "a.png")
    with monkeypatch.context() as changed:
        changed.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
        written = run(path, ("image/jpeg",))
    assert opened(written).size == (40, 40)


def test_a_bomb_beyond_pillows_own_error(tmp_path: Path, run: Convert) -> None:
    path = tmp_path / "a.bmp"
    Image.new("1", (8, 8)).save(path)
    data = bytearray(path.read_bytes())
    data[18:26] = (10**5).to_bytes(4, "little") * 2
    path.write_bytes(data)
    found = run(path)
    assert isinstance(found, Fault)
    assert "too many pixels" in found.problem


def test_pillow_may_have_been_told_to_decode_bombs(
    save: Save, run: Convert, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(Image.new("P", (9_500, 9_500)), "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert MAX_DECODED_BYTES < 3 * 9_500**2
    assert str(run(path, ("image/jpeg",))) == TOO_LARGE


def test_a_broken_file(save: Save, run: Convert) -> None:
    path = save(Image.effect_noise((60, 60), 90), "a.tif")
    path.write_bytes(path.read_bytes()[:-500])
    found = run(path)
    assert isinstance(found, Fault)
    assert "'a.tif' cannot be converted: " in found.problem


def test_words_behind_a_signature(tmp_path: Path, run: Convert) -> None:
    path = tmp_path / "a.bmp"
    path.write_text("BM stands for bitmap")
    found = run(path)
    assert isinstance(found, Fault)
    assert "cannot be converted" in found.problem
    assert str(tmp_path) not in str(found)


def test_a_raw_files_preview_is_not_taken_for_the_picture(save: Save, run: Convert) -> None:
    found = run(save(Image.new("RGB", (8, 8)), "a.tif", tiffinfo={254: 1}))
    assert isinstance(found, Fault)
    assert "a camera's raw file" in found.problem


@pytest.mark.parametrize("mode", ["CMYK", "I;16", "F", "LAB"])
def test_colours_that_would_be_guessed_are_left_to_a_person(save: Save, run: Convert, mode: str) -> None:
    """Print colours depend on a profile, and brightness of more than 8 bits on a scale that no file tells."""
    found = run(save(Image.new(mode, (8, 8)), "a.tif"))
    assert str(found) == (
        "reference_media[0]: 'a.tif' is not converted: the colours or brightness of its pixels "
        f"({mode}) would have to be guessed; allowed: a PNG or JPEG (convert it yourself)"
    )


def test_nothing_fits_into_nothing(save: Save, run: Convert) -> None:
    found = run(save(Image.new("RGB", (800, 800), RED), "a.tif"), USUAL, 50)
    assert isinstance(found, Fault)
    assert found.problem == "'a.tif' cannot be converted so that it is accepted"
    assert found.allowed == "at most 50 bytes"


def test_no_format_that_can_be_written(save: Save, run: Convert) -> None:
    assert isinstance(run(save(Image.new("RGB", (8, 8)), "a.tif"), ("image/gif",)), Fault)


def test_without_pillow(save: Save, run: Convert, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(Image.new("RGB", (8, 8)), "a.tif")
    monkeypatch.setitem(sys.modules, "PIL", None)  # what the import system keeps for what is not there
    found = run(path)
    assert isinstance(found, Fault)
    assert "needs Pillow" in found.problem
    assert "pip install 'airflow-provider-rivya[images]'" in found.allowed
