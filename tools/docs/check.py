"""Checks the built site: links and anchors lead somewhere, and nothing is loaded from elsewhere.

MkDocs checks what is written in Markdown; this reads the pages as a browser does, with what the theme and the
docstrings add. Addresses on other hosts are not opened.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

CHECKOUT = Path(__file__).resolve().parents[2]
SITE = CHECKOUT / "build" / "site"
_LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")}
_LOADED_LINKS = {"stylesheet", "icon", "preload", "preconnect", "modulepreload"}


class Page(HTMLParser):
    """What one page points to, what it loads, and the ids that can be pointed to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect one tag."""
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        self.loads += [found[name] for each, name in _LOADED if each == tag and name in found]
        if tag == "link" and _LOADED_LINKS & set(found.get("rel", "").split()):
            self.loads.append(found["href"])


def faults(site: Path) -> Iterator[str]:
    """What is wrong with a built site, a line each."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        here = path.relative_to(site)
        for address in page.loads:
            if urlsplit(address).netloc:
                yield f"{here}: loads {address} from elsewhere"
        for address in (*page.links, *page.loads):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            # The page for what is not found is served at any address: its own are absolute.
            target = path
            if parts.path:
                target = (path.parent / unquote(parts.path)) if parts.path[0] != "/" else site
            target = target.resolve()
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                yield f"{here}: {address} does not exist"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                yield f"{here}: {address} has no such heading"


def main() -> int:
    """Check the site that ``make docs`` has built."""
    found = list(faults(SITE.resolve()))
    print(*found, sep="\n", file=sys.stderr)
    if not found:
        print(
            f"The site is in {SITE.relative_to(CHECKOUT)}/: all links lead somewhere, nothing from elsewhere."
        )
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
