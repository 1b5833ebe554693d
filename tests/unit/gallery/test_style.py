"""Whether the gallery's colours can be read: contrast by WCAG 2, level AA, in the light and in the dark."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from airflow_provider_rivya import gallery

STYLE = files(gallery).joinpath("static", "style.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--(\w+): (#[0-9a-f]+)", block)) for block in re.findall(r":root \{([^}]*)\}", STYLE)
)
TEXTS = [
    "ink paper",
    "ink card",
    "ink empty",
    "quiet paper",
    "quiet card",
    "bad card",
    "mark paper",
    "mark card",
]
SHAPES = ["quiet empty", "mark empty", "mark paper", "mark card"]


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_and_signs_can_be_read(colours: dict[str, str]) -> None:
    measured = {
        pair: contrast(*(colours[name] for name in pair.split())) for pair in dict.fromkeys(TEXTS + SHAPES)
    }
    assert [pair for pair in TEXTS if measured[pair] < 4.5] == []
    assert [pair for pair in SHAPES if measured[pair] < 3] == []


def test_the_measure_is_that_of_the_standard() -> None:
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_colour_is_measured() -> None:
    assert set(LIGHT) == set(DARK) == {name for pair in TEXTS + SHAPES for name in pair.split()} | {"line"}
    used = re.findall(r"(?<![-\w])(?:color|background|outline): ([^;]*);", STYLE.partition("* {")[2])
    assert [value for value in used if "var(--" not in value] == []
