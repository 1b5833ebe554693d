"""What a wheel has to hold and to say of itself, and what must not be in it. Pure, but for reading it."""

from __future__ import annotations

import configparser
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

PACKAGE = "airflow_provider_rivya"
EXTRAS = {"images", "parquet", "s3", "sandbox", "verify"}
_WANTED = {
    "License-Expression": "Apache-2.0",
    "Name": "airflow-provider-rivya",
    "Requires-Python": ">=3.11",
}
_FILES = ("py.typed", "catalog/rivya.json", "catalog/toapis.json", "get_provider_info.py")


@dataclass(frozen=True)
class Wheel:
    """What there is in a wheel.

    :param names: of its files.
    :param metadata: its ``METADATA``.
    :param entry_points: the text of its ``entry_points.txt``.
    """

    names: tuple[str, ...]
    metadata: Message
    entry_points: str

    @classmethod
    def read(cls, path: Path) -> Wheel:
        """Read a file."""
        with zipfile.ZipFile(path) as archive:
            names = tuple(archive.namelist())
            (info,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
            metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
            return cls(names, metadata, archive.read(f"{info}/entry_points.txt").decode())


def newest_version(changelog: str) -> str:
    """The version of the newest entry of a changelog that has a date; empty if there is none."""
    found = re.search(r"^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    return found[1] if found else ""


def faults(wheel: Wheel, changelog: str, project: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a wheel, a line each.

    :param project: the table of that name in ``pyproject.toml``.
    """
    version = wheel.metadata["Version"]
    info = f"{PACKAGE}-{version}.dist-info"
    for name in wheel.names:
        if name.split("/")[0] not in (PACKAGE, info):
            yield f"{name} does not belong into a wheel"
        elif name.endswith((".pyc", "~")):
            yield f"{name} is a leftover"
    wanted = [f"{PACKAGE}/{file}" for file in _FILES] + [f"{info}/licenses/LICENSE"]
    yield from (f"{name} is missing" for name in wanted if name not in wheel.names)
    for field, value in _WANTED.items():
        if wheel.metadata[field] != value:
            yield f"{field} is {wheel.metadata[field]}, not {value}"
    urls = {line.split(",")[0] for line in wheel.metadata.get_all("Project-URL", [])}
    missing = {"Changelog", "Documentation", "Homepage", "Issues", "Source"} - urls
    yield from (f"there is no Project-URL {name}" for name in sorted(missing))
    if (extras := set(wheel.metadata.get_all("Provides-Extra", []))) != EXTRAS:
        yield f"its extras are {', '.join(sorted(extras))}"
    parser = configparser.RawConfigParser(delimiters="=")
    parser.read_string(wheel.entry_points)
    wanted_points = {"console_scripts": project["scripts"], **project["entry-points"]}
    if {name: dict(parser[name]) for name in parser.sections()} != wanted_points:
        yield f"its entry points are {wheel.entry_points}"
    if version != newest_version(changelog):
        yield f"its version is {version}, the changelog's {newest_version(changelog) or 'missing'}"
