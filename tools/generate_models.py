"""
``make models``: write what is generated from the model catalogues.

For each gateway a module of typed parameters, a page per model and an index (``tools/models/target.py`` tells
where). With ``--update-from`` Rivya's bundled catalogue is first brought up to date with its live list, from
its address (``https://rivya.ai/api/v1/models``, no key needed) or from a file with its answer. ToAPIs' list
has ids and no rules; its catalogue is written by hand.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from airflow_provider_rivya.catalog.bundled import parse_catalog
from airflow_provider_rivya.catalog.model import Catalog
from tools.models import bundle, index, pages, typed
from tools.models.live import Difference
from tools.models.target import RIVYA, TARGETS

CHECKOUT = Path(__file__).resolve().parents[1]
_TIMEOUT = 60


def generated(catalog: Catalog) -> dict[Path, str]:
    """Return every file that is generated for a gateway: its path in the checkout, and its text."""
    target = TARGETS[catalog.gateway]
    files = {target.folder / f"{spec.id}.md": pages.render(spec) for spec in catalog}
    return {target.params: typed.render(catalog), target.folder / "index.md": index.render(catalog), **files}


def stale(checkout: Path, files: dict[Path, str]) -> list[Path]:
    """Return the files that are missing, differ, or should not be there."""
    found = [path for path, text in files.items() if _read(checkout / path) != text]
    folders = {path.parent for path in files if path.suffix == ".md"}
    extra = (page.relative_to(checkout) for folder in folders for page in (checkout / folder).glob("*.md"))
    return found + [path for path in extra if path not in files]


def write(checkout: Path, files: dict[Path, str]) -> list[Path]:
    """Write the files that are out of step, remove pages of models that are gone; return both."""
    changed = stale(checkout, files)
    for path in changed:
        if path in files:
            (checkout / path).parent.mkdir(parents=True, exist_ok=True)
            (checkout / path).write_text(files[path], encoding="utf-8")
        else:
            (checkout / path).unlink()
    return changed


def fetch(source: str) -> object:
    """Read the live list from an http(s) address or a file."""
    if source.startswith(("https://", "http://")):
        with urllib.request.urlopen(source, timeout=_TIMEOUT) as answer:  # noqa: S310 - the scheme is checked
            text = answer.read()
    else:
        text = Path(source).read_bytes()
    return json.loads(text)


def update(checkout: Path, source: str, as_of: str) -> Difference:
    """Bring Rivya's data file of a checkout up to date; return what was different."""
    path = checkout / RIVYA.data
    data, difference = bundle.updated(json.loads(path.read_text(encoding="utf-8")), fetch(source), as_of)
    if difference:
        path.write_text(bundle.dumps(data), encoding="utf-8")
    return difference


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the generator. Exit code 1: ``--check`` found something out of step; 2: no usable live list."""
    parser = argparse.ArgumentParser(prog="make models", description="Write what the catalogue generates.")
    parser.add_argument("--update-from", metavar="FILE_OR_URL", help="bring the catalogue up to date first")
    parser.add_argument("--check", action="store_true", help="write nothing, fail if out of step")
    parser.add_argument("--checkout", type=Path, default=CHECKOUT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.check and options.update_from:
        parser.error("--check writes nothing, so --update-from cannot go with it")
    checkout: Path = options.checkout
    if options.update_from:
        try:
            difference = update(checkout, options.update_from, datetime.now(UTC).date().isoformat())
            print(*difference.lines(), sep="\n")
        except (OSError, ValueError) as error:
            print(f"The live list at {options.update_from} cannot be used: {error}", file=sys.stderr)
            return 2
    # Read from the file, not through load_catalog: that one keeps what it read first.
    files: dict[Path, str] = {}
    for target in TARGETS.values():
        data = json.loads((checkout / target.data).read_text(encoding="utf-8"))
        files |= generated(parse_catalog(data))
    if options.check:
        found = stale(checkout, files)
        for path in found:
            print(f"out of step: {path}", file=sys.stderr)
        return 1 if found else 0
    changed = write(checkout, files)
    print(f"{len(files)} files, {len(changed)} of them changed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
