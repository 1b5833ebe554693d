"""The page of figures and the benchmarks name the same parts."""

from __future__ import annotations

import re

from benchmarks.__main__ import PARTS
from tools.locks import CHECKOUT

PAGE = (CHECKOUT / "docs" / "figures.md").read_text(encoding="utf-8")
PAGES = [path.read_text(encoding="utf-8") for path in sorted((CHECKOUT / "docs").rglob("*.md"))]
COMMAND = re.compile(r'make bench ARGS=(?:"([^"]+)"|([\w-]+))')


def parts_of(page: str) -> list[str]:
    words = [word for quoted, plain in COMMAND.findall(page) for word in (quoted or plain).split()]
    return [word for word in words if word != "PART" and not word.startswith("--") and not word.isdigit()]


def test_every_command_names_parts_that_there_are() -> None:
    named = {part for page in PAGES for part in parts_of(page)}
    assert named - set(PARTS) == set()


def test_every_part_has_its_command_on_the_page_of_figures() -> None:
    assert set(PARTS) - set(parts_of(PAGE)) == set()


def test_every_table_of_figures_stands_below_its_command() -> None:
    sections = PAGE.split("\n## ")[1:]
    assert len(sections) >= 8
    tables = [section for section in sections if "|---" in section]
    without = [each for each in tables if not parts_of(each) and "`make cluster-test ARGS=" not in each]
    assert without == []
