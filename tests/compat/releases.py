"""The releases whose formats are kept: a folder for each beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

RELEASES = sorted(path for path in Path(__file__).parent.iterdir() if path.name[0].isdigit())
each_release = pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)


def read(path: Path) -> Any:
    """The document in a file."""
    return json.loads(path.read_text(encoding="utf-8"))
