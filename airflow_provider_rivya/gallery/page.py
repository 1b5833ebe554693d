"""The HTML of a gallery: text in, text out. Everything that comes from outside is escaped here."""

from __future__ import annotations

import base64
import html
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote

from airflow_provider_rivya.credits import plain
from airflow_provider_rivya.gallery.card import LANDED, Card
from airflow_provider_rivya.redaction import for_terminal, without_keys

PER_PAGE: Final = 200
_MOST_TEXT: Final = 1_000

_SHAPES: Final = {
    "image": "M3 5h18v14H3zM3 16l5-5 4 4 3-3 6 6M15 9h2",
    "video": "M3 5h18v14H3zM7 5v14M17 5v14M10 9l5 3-5 3z",
    "audio": "M3 11v2M6 8v8M9 5v14M12 9v6M15 6v12M18 9v6M21 11v2",
    "none": "M3 5h18v14H3zM3 5l18 14M21 5L3 19",
}
"""What stands for a file that has no preview, drawn with lines."""


@dataclass(frozen=True, slots=True)
class Contents:
    """
    What all pages of a gallery know of it.

    :param heading: of the whole.
    :param about: one line on it.
    :param statuses: of all cards, in order.
    :param names: of the pages' files, in order.
    :param owner: whose it is.
    """

    heading: str
    about: str
    statuses: Sequence[str]
    names: Sequence[str]
    owner: str

    def of_page(self, number: int) -> Counter[str]:
        """Return how many cards of each status a page has; ``number`` counts from 0."""
        return Counter(self.statuses[number * PER_PAGE : (number + 1) * PER_PAGE])


LONGEST_HEAD: Final = 8 * 1024
"""Bytes of a page, from its begin, in which its mark stands."""


def mark(owner: str) -> str:
    """Return what says in a page whose it is."""
    return f'<meta name="rivya-gallery-of" content="{text(owner)}">'


def page_count(cards: int) -> int:
    """Return how many pages so many cards take; a gallery of none is one page."""
    return max(1, -(-cards // PER_PAGE))


def begin(contents: Contents, number: int) -> str:
    """Return a page up to its first card."""
    counts = contents.of_page(number)
    title = text(contents.heading)
    if len(contents.names) > 1:
        title += f", page {number + 1} of {len(contents.names)}"
    # Whatever a browser may find in here: it runs no script and asks no other place for anything.
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{mark(contents.owner)}\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>{title}</title>\n<style>\n{_style()}{_filters(counts)}</style>\n</head>\n<body>\n"
        f"<header><h1>{title}</h1><p>{text(contents.about)}</p></header>\n"
        f"{_choices(counts)}{_pages(contents, number)}<main>\n"
    )


def card(shown: Card, picture: bytes | None) -> str:
    """
    Return one card.

    :param picture: a WebP that shows it.
    """
    said = text(shown.prompt or shown.file_name or shown.title)
    if picture is not None:
        data = base64.b64encode(picture).decode("ascii")
        seen = f'<img loading="lazy" alt="{said}" src="data:image/webp;base64,{data}">'
    else:
        shape = _SHAPES[shown.kind or "none"]
        what = f"{shown.kind} without a preview" if shown.kind else "no file"
        seen = f'<svg role="img" aria-label="{what}: {said}" viewBox="0 0 24 24"><path d="{shape}"/></svg>'
    name = text(shown.file_name)
    if name:
        seen = f'<a class="shown" href="./{quote(shown.file_name, safe="")}">{seen}</a>'
    else:
        seen = f'<div class="shown">{seen}</div>'
    rows = "".join(f"<dt>{label}</dt><dd>{text(value)}</dd>" for label, value in _facts(shown) if value)
    why = f'<p class="why" dir="auto">{text(shown.why)}</p>' if shown.why else ""
    prompt = f'<p class="prompt" dir="auto" tabindex="0">{text(shown.prompt)}</p>' if shown.prompt else ""
    bad = "" if shown.status in LANDED else " bad"
    return (
        f'<article class="{_class(shown.status)}{bad}">{seen}<div class="told">'
        f'<h2 dir="auto">{text(shown.title)}</h2><div class="status">{_words(shown.status)}</div>'
        f"{why}{prompt}<dl>{rows}</dl></div></article>\n"
    )


def end(contents: Contents, number: int) -> str:
    """Return a page from behind its last card."""
    return f"</main>\n{_pages(contents, number)}</body>\n</html>\n"


def text(value: object) -> str:
    """Return a text from outside, bounded, without keys, and fit for HTML between tags and in attributes."""
    told = for_terminal(without_keys(str(value)))
    if len(told) > _MOST_TEXT:
        told = told[: _MOST_TEXT - 1] + "…"
    return html.escape(told, quote=True)


def _facts(shown: Card) -> Iterator[tuple[str, str]]:
    output: Any = shown.output or {}
    yield "File", shown.file_name
    yield "Model", shown.model or ""
    yield "Credits", "" if shown.credits is None else plain(shown.credits)
    if output.get("width") and output.get("height"):
        yield "Size", f"{output['width']} × {output['height']}"
    if output.get("duration_s"):
        yield "Length", f"{output['duration_s']:g} s"
    yield "Bytes", f"{output['size_bytes']:,}" if output.get("size_bytes") else ""
    yield "Type", output.get("mime_type") or ""
    yield "Provenance", "C2PA" if output.get("c2pa") else ""


def _choices(counts: Counter[str]) -> str:
    if len(counts) < 2:
        return ""
    options = [("all", "All", counts.total())]
    options += [(_class(status), _words(status), count) for status, count in sorted(counts.items())]
    radios = "".join(
        f'<label><input type="radio" name="status" id="only-{name}"{" checked" if name == "all" else ""}>'
        f"{words} ({count})</label>"
        for name, words, count in options
    )
    return f"<fieldset><legend>Show on this page</legend>{radios}</fieldset>\n"


def _filters(counts: Counter[str]) -> str:
    return "".join(
        f"body:has(#only-{name}:checked) article:not(.{name}) {{ display: none; }}\n"
        for name in map(_class, sorted(counts))
    )


def _pages(contents: Contents, number: int) -> str:
    if len(contents.names) < 2:
        return ""
    links = []
    for other, name in enumerate(contents.names):
        counts = contents.of_page(other)
        missing = counts.total() - sum(counts[status] for status in LANDED)
        label = f"{other + 1}" + (f" ({missing} without a file)" if missing else "")
        current = ' aria-current="page"' if other == number else ""
        links.append(f'<a href="./{quote(name, safe="")}"{current}>{label}</a>')
    return f'<nav aria-label="Pages">{"".join(links)}</nav>\n'


def _words(status: str) -> str:
    return text(status.replace("_", " "))


def _class(status: str) -> str:
    return "status-" + "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in status)


@cache
def _style() -> str:
    return files(__package__).joinpath("static", "style.css").read_text(encoding="utf-8")
