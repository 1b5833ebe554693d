"""Pictures in a terminal: which one can show them, and what it is sent."""

from __future__ import annotations

import base64
import io
import re

import pytest
from PIL import Image

from airflow_provider_rivya.cli.terminal_picture import Protocol, escape_codes, protocol_of


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iterm"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "xterm-sixel"}, "sixel"),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "dumb", "TERM_PROGRAM": "iTerm.app"}, None),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "iTerm.app"}, None),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux"}, None),  # noqa: S108
        ({}, None),
    ],
)
def test_what_a_terminal_says_of_itself(environment: dict[str, str], protocol: Protocol | None) -> None:
    assert protocol_of(environment) == protocol


def webp(width: int = 40, height: int = 20) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 60, 20)).save(out, "WEBP", lossless=True)
    return out.getvalue()


@pytest.mark.parametrize("protocol", ["kitty", "iterm"])
def test_a_png_is_sent_whole(protocol: Protocol) -> None:
    big = io.BytesIO()
    Image.effect_noise((90, 90), 80).convert("RGB").save(big, "WEBP", lossless=True)
    for content, size in ((webp(), (40, 20)), (big.getvalue(), (90, 90))):
        codes = escape_codes(content, protocol)
        parts = re.findall(r"[;:]([A-Za-z0-9+/=]{8,})(?:\033|\a)", codes)
        assert all(len(part) <= 4096 for part in parts) or protocol == "iterm"
        assert Image.open(io.BytesIO(base64.b64decode("".join(parts)))).size == size
        assert codes.endswith("\n")
        assert codes.count("a=T") == (protocol == "kitty")


def test_sixels_have_six_lines_in_a_band_and_each_pixel_once() -> None:
    codes = escape_codes(webp(4, 8), "sixel")
    assert codes.startswith('\033Pq"1;1;4;8')
    assert codes.endswith("\033\\\n")
    body = codes[codes.index('"1;1;4;8') + 8 :]
    bands = re.sub(r"#\d+;2;\d+;\d+;\d+", "", body).split("-")
    pixels = [
        sum(bin(ord(mark) - 63).count("1") for mark in re.findall(r"[?-~]", re.sub(r"#\d+", "", band)))
        for band in bands[:2]
    ]
    assert pixels == [24, 8]
