"""A small picture in the terminal, where its environment says that it can show one."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal

Protocol = Literal["kitty", "iterm", "sixel"]

_SIDE: Final = 480
_OF_COLUMN: Final = 8
"""Pixels of one column, at the least: a wider picture than the terminal would be cut."""
_CHUNK: Final = 4096
_COLOURS: Final = 64
_REPEATED: Final = re.compile(r"(.)\1{3,}")


def protocol_of(environment: Mapping[str, str]) -> Protocol | None:
    """
    Return how a terminal is shown a picture; ``None``: it cannot, or does not say so.

    It is never asked: an answer that comes late would be read by whatever runs next.
    """
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if "TMUX" in environment or term.startswith(("screen", "tmux", "dumb")):
        return None  # what stands between does not hand it on unless it is told to
    if "KITTY_WINDOW_ID" in environment or term in ("xterm-kitty", "xterm-ghostty") or program == "ghostty":
        return "kitty"
    if program in ("iTerm.app", "WezTerm") or environment.get("LC_TERMINAL") == "iTerm2":
        return "iterm"
    return "sixel" if "sixel" in term or term in ("foot", "mlterm", "yaft-256color") else None


def side_for(columns: int) -> int:
    """Return how large a picture may be on a terminal of so many columns."""
    return max(_OF_COLUMN, min(_SIDE, columns * _OF_COLUMN))


def escape_codes(webp: bytes, protocol: Protocol) -> str:
    """Return what a terminal shows as this picture."""
    from PIL import Image

    with Image.open(io.BytesIO(webp), formats=("WEBP",)) as image:
        picture = image.convert("RGB")
    if protocol == "sixel":
        return _sixel(picture)
    out = io.BytesIO()
    picture.save(out, "PNG")
    data = base64.b64encode(out.getvalue()).decode("ascii")
    if protocol == "iterm":
        return f"\033]1337;File=inline=1;size={out.tell()}:{data}\a\n"
    return "".join(_kitty(data)) + "\n"


def _kitty(data: str) -> Iterator[str]:
    """https://sw.kovidgoyal.net/kitty/graphics-protocol/: a PNG, in pieces of 4096 characters."""
    pieces = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    for number, piece in enumerate(pieces):
        first = "a=T,f=100," if number == 0 else ""
        yield f"\033_G{first}m={int(number < len(pieces) - 1)};{piece}\033\\"


def _sixel(picture: object) -> str:
    """DEC STD 070: bands of six lines, one colour after the other."""
    from PIL import Image

    if not isinstance(picture, Image.Image):
        raise TypeError("a picture is needed")
    flat = picture.quantize(_COLOURS)
    width, height = flat.size
    palette, pixels = flat.getpalette() or [], flat.tobytes()
    out = ["\033Pq", f'"1;1;{width};{height}']
    for number in range(len(palette) // 3):
        red, green, blue = (round(part * 100 / 255) for part in palette[3 * number : 3 * number + 3])
        out.append(f"#{number};2;{red};{green};{blue}")
    for top in range(0, height, 6):
        lines = [pixels[row * width : (row + 1) * width] for row in range(top, min(top + 6, height))]
        for colour in sorted(set(b"".join(lines))):
            codes = bytes(
                63 + sum((line[at] == colour) << bit for bit, line in enumerate(lines)) for at in range(width)
            )
            out.append(f"#{colour}{_REPEATED.sub(_shorter, codes.decode('ascii'))}$")
        out.append("-")
    return "".join([*out, "\033\\\n"])


def _shorter(repeated: re.Match[str]) -> str:
    return f"!{len(repeated[0])}{repeated[1]}"
