"""Builds the sdist and the wheel from the last commit, twice: both times the bytes have to be the same."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DIST = CHECKOUT / "dist"
TOOLS = CHECKOUT / ".venvs" / "release" / "bin"


class ReleaseError(Exception):
    """The packages are not fit for a release; the text says why."""


def call(command: Sequence[str | Path], folder: Path, env: dict[str, str] | None = None) -> str:
    """Run a program; what it printed.

    :raises ReleaseError: with its output, if it fails.
    """
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseError(f"{' '.join(str(word) for word in command)} failed:\n{done.stdout}")
    return done.stdout


def build() -> tuple[Path, Path]:
    """Build into ``dist/``; the sdist and the wheel that is made of it.

    :raises ReleaseError: if that fails, or gives other bytes the second time.
    """
    shutil.rmtree(DIST, ignore_errors=True)
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        made = [_build(Path(folder)) for folder in (first, second)]
        sums = [{path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in once} for once in made]
        if sums[0] != sums[1]:
            raise ReleaseError(f"two builds differ: {sums[0]} and {sums[1]}")
        DIST.mkdir()
        for path in made[0]:
            shutil.copy2(path, DIST / path.name)
    (sdist,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    return sdist, wheel


def _build(folder: Path) -> list[Path]:
    """Build once, in a copy of the files of the last commit."""
    epoch = call(["git", "log", "-1", "--format=%ct"], CHECKOUT).strip()
    archive, tree, out = folder / "tree.tar", folder / "tree", folder / "dist"
    call(["git", "archive", "--output", archive, "HEAD"], CHECKOUT)
    shutil.unpack_archive(archive, tree)
    env = {**os.environ, "SOURCE_DATE_EPOCH": epoch}
    call([TOOLS / "python", "-m", "build", "--no-isolation", "--outdir", out], tree, env)
    return sorted(out.iterdir())
