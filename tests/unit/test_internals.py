"""The map of the package in docs/internals.md: every file named there exists, every package is on it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "airflow_provider_rivya"
TEXT = (ROOT / "docs" / "internals.md").read_text(encoding="utf-8")
NAMED = sorted({name for name in re.findall(r"`([\w./]+)`", TEXT) if name.endswith((".py", ".json", "/"))})


def test_every_file_that_is_named_exists() -> None:
    assert len(NAMED) > 40
    missing = [name for name in NAMED if not (PACKAGE / name).exists() and not (ROOT / name).exists()]
    assert missing == []


def test_every_package_is_on_the_map() -> None:
    packages = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    assert packages - set(NAMED) == set()


def test_no_package_has_more_than_sixteen_modules() -> None:
    crowded = {
        str(folder.relative_to(ROOT)): count
        for folder in [PACKAGE, *(path for path in PACKAGE.rglob("*") if path.is_dir())]
        if (count := sum(path.name != "__init__.py" for path in folder.glob("*.py"))) > 16
    }
    assert crowded == {}


def test_every_module_says_in_its_first_line_what_is_there() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py" and not path.read_text(encoding="utf-8").startswith('"""')
    ]
    assert silent == []


def test_the_unit_tests_have_the_rooms_of_the_package_and_no_others() -> None:
    """The sandbox is tested over HTTP: in tests/integration/sandbox."""
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")} - {"sandbox"}
    tested = {path.parent.name for path in (ROOT / "tests" / "unit").glob("*/test_*.py")}
    assert tested == rooms
