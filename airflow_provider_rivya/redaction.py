"""What may be shown of texts that come from outside or carry secrets."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

_KEY = re.compile(r"(?:rvya_sk_|\bsk-)[A-Za-z0-9_\-]{4,}")
_GAP = re.compile(r"\n+")
_URL = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)


#: Control characters but for line feed and tab, marks that turn the direction of what follows, and letters
#: that nobody sees. Joiners stay: there are scripts that cannot be written without them.
UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def for_terminal(text: str) -> str:
    """
    Spell out the characters that a terminal would obey instead of showing them, or not show at all.

    They are spelled as JSON does it, so that a document stays one.
    """
    return UNSEEN.sub(lambda match: _spelled(match.group(0)), text)


def _spelled(letter: str) -> str:
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def host_of(url: str) -> str:
    """Return scheme and host of a URL: enough to tell where it points, too little to fetch it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or "?"
        host = f"[{host}]" if ":" in host else host
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an unreadable URL"
    return f"{parts.scheme or '?'}://{host}{port}/..."


def without_access(text: str) -> str:
    """Mask API keys, and of each URL what may give access to what is there: password, query and fragment."""
    return _URL.sub(lambda match: _bare(match.group(0)), without_keys(text))


def _bare(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return host_of(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}{'?...' if parts.query or parts.fragment else ''}"


def without_keys(text: str) -> str:
    """Mask API keys."""
    return _KEY.sub("***", text)


def clean(text: object, limit: int = 300) -> str:
    """
    Make a text from the gateway fit for a log line.

    API keys are masked, URLs are cut to scheme and host (a result URL gives access to the result),
    characters that cannot be printed (control, format, surrogates) become spaces, and the whole is cut to
    ``limit`` characters.
    """
    try:
        whole = str(text)
    except RecursionError:
        whole = f"a {type(text).__name__} that is nested too deeply"
    flat = whole[: limit * 20]
    if not flat.isprintable():
        flat = "".join(letter if letter.isprintable() else "\n" for letter in flat)
    flat = without_keys(_GAP.sub(" ", flat))
    flat = _URL.sub(lambda match: host_of(match.group(0)), flat).strip()
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
