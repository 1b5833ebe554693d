"""Pictures in a terminal: which one can show them, and what it is sent."""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path
from typing import cast

import pytest
from PIL import Image, ImageChops

from airflow_provider_rivya.cli.landing import show_pictures
from airflow_provider_rivya.cli.output import Format, Output
from airflow_provider_rivya.cli.terminal_picture import Protocol, escape_codes, protocol_of, side_for


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


def drawn_by(codes: str) -> Image.Image:
    """What a terminal draws of sixels."""
    size = re.match(r'\033Pq"1;1;(\d+);(\d+)', codes)
    assert size is not None
    assert codes.endswith("-\033\\\n")
    picture = Image.new("RGB", (int(size[1]), int(size[2])))
    palette: dict[str, tuple[int, ...]] = {}
    x = y = 0
    colour = ""
    mark = re.compile(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|(?:!(\d+))?([?-~])|[$-]")
    for found in mark.finditer(codes[size.end() : -3]):
        if found[6]:
            for _ in range(int(found[5] or 1)):
                for line in range(6):
                    if ord(found[6]) - 63 >> line & 1:
                        picture.putpixel((x, y + line), palette[colour])
                x += 1
        elif found[2]:
            palette[found[1]] = tuple(round(int(part) * 2.55) for part in found.group(2, 3, 4))
        elif found[1]:
            colour = found[1]
        else:
            x, y = 0, y + 6 * (found[0] == "-")
    return picture


@pytest.mark.parametrize(("width", "height"), [(4, 8), (40, 20), (1, 1), (7, 13)])
def test_sixels_are_the_picture(width: int, height: int) -> None:
    """Half of it is of another colour, from one line to the next."""
    picture = Image.new("RGB", (width, height), (200, 60, 20))
    picture.paste((10, 120, 250), (0, 0, width, height // 2))
    out = io.BytesIO()
    picture.save(out, "WEBP", lossless=True)
    codes = escape_codes(out.getvalue(), "sixel")
    shown = drawn_by(codes)
    assert shown.size == (width, height)
    assert max(ImageChops.difference(picture, shown).tobytes()) <= 3
    assert len(codes) < 900  # what is repeated is counted


@pytest.mark.parametrize(("columns", "side"), [(200, 480), (60, 480), (30, 240), (1, 8), (0, 8)])
def test_a_picture_is_no_wider_than_the_terminal(columns: int, side: int) -> None:
    assert side_for(columns) == side


@pytest.mark.parametrize(
    ("environment", "begins", "most"),
    [
        ({"TERM": "xterm-kitty"}, "\033_Ga=T,f=100,", 9_000),
        ({"TERM": "xterm", "TERM_PROGRAM": "iTerm.app"}, "\033]1337;File=inline=1;size=", 9_000),
        ({"TERM": "foot", "NO_COLOR": "1"}, '\033Pq"1;1;160;160', 40_000),
        ({"TERM": "xterm"}, "", 0),
    ],
)
def test_a_stored_file_is_drawn_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: dict[str, str], begins: str, most: int
) -> None:
    for name in ("TERM", "TERM_PROGRAM", "TMUX", "KITTY_WINDOW_ID", "LC_TERMINAL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**environment, "COLUMNS": "20"}.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "a.png"
    Image.linear_gradient("L").resize((400, 400)).save(path)
    files = [
        {"uri": f"file://{path}", "mime_type": "image/png"},
        {"uri": "s3://b/a", "mime_type": "image/png"},
    ]
    for terminal, format in ((True, "table"), (True, "json"), (False, "table")):
        stdout = io.StringIO()
        monkeypatch.setattr(stdout, "isatty", lambda terminal=terminal: terminal)
        monkeypatch.setattr(sys, "stdout", stdout)
        show_pictures(files, Output(cast("Format", format)))
        told = stdout.getvalue()
        if terminal and format == "table":
            assert told.startswith(begins)
            assert len(told) <= most
        else:
            assert told == ""
