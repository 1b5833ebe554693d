"""The pages of the documentation, and the code on them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in sorted(
        [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "api").glob("*.md")]
    )
}
"""By path, without the generated pages of the models."""

_FENCE = re.compile(r"^( *)```(\w*)([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INCLUDED = re.compile(r'^--8<-- "(.+)"$', re.MULTILINE)


class Block(NamedTuple):
    """A piece of code on a page."""

    page: str
    line: int
    language: str
    source: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def included(self) -> list[str]:
        """Paths of the files that the site shows in its place."""
        return _INCLUDED.findall(self.source)


def blocks(*languages: str) -> Iterator[Block]:
    """Every piece of code, or those in some languages."""
    for page, text in PAGES.items():
        for found in _FENCE.finditer(text):
            if not languages or found[2] in languages:
                line = text.count("\n", 0, found.start()) + 1
                yield Block(page, line, found[2], textwrap.dedent(found[4]))


def commands(program: str) -> list[str]:
    """What the consoles of all pages show behind this program's name."""
    lines = (line for block in blocks("console") for line in block.source.replace("\\\n", " ").splitlines())
    return [line.split(maxsplit=2)[2] for line in lines if line.startswith(f"$ {program} ")]


def table(page: str, first_header: str) -> dict[str, list[str]]:
    """The rows of the table whose first column has this header, by their first cell."""
    text = PAGES[page].split(f"| {first_header} |", 1)[1].split("\n\n", 1)[0]
    rows = [line.strip().strip("|").split("|") for line in text.splitlines()[2:]]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row[1:]] for row in rows}


def marked(page: str, name: str) -> str:
    """The text of a fenced block between two marks."""
    pattern = rf"<!-- {name}: begin -->\n```\w+\n(.*?)```\n<!-- {name}: end -->"
    found = re.search(pattern, PAGES[page], re.DOTALL)
    assert found, name
    return found[1]
