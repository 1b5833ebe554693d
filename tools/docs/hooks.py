"""Hooks of the site: pages that are still to come, the order of the search, Sphinx's cross references.

MkDocs calls these functions by their names; it runs in an environment of its own, without this checkout's.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_CODE_BLOCK = re.compile(r"<p>\.\. code-block:: \w+</p>")
_ROLE = re.compile(r":(?:attr|class|exc|func|meth|mod):<code>[~!]?([^<]+)</code>")


def on_config(config: Any) -> Any:
    """Leave the entries of the navigation out whose pages are not there."""
    config["nav"] = _existing(config["nav"], Path(config["docs_dir"]))
    return config


def _existing(nav: list[dict[str, Any]], docs: Path) -> list[dict[str, Any]]:
    kept = []
    for entry in nav:
        ((title, target),) = entry.items()
        if isinstance(target, list):
            kept.append({title: _existing(target, docs)})
        elif (docs / target).exists():
            kept.append(entry)
    return kept


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let the search find the guides before the pages of the many models."""
    if page.file.src_uri.startswith("models/"):
        page.meta.setdefault("search", {"boost": 0.5})
    return markdown


def on_post_page(output: str, **_: Any) -> str:
    """Keep the theme's script from asking the repository's host for stars and releases."""
    return output.replace(' data-md-component="source"', "")


def on_page_content(html: str, **_: Any) -> str:
    """Show ``:class:`~a.b.C``` of a docstring as ``C``, and the code of a ``code-block`` alone."""
    html = _CODE_BLOCK.sub("", html)
    return _ROLE.sub(lambda role: f"<code>{role[1].rpartition('.')[2]}</code>", html)
