"""Other providers' own code, in an environment of its own: a dependency of this benchmark alone."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.processes import PROJECT

FOLDER = ".venvs/peers"


class NotSetUpError(Exception):
    """Says why it is not there."""


def libraries() -> Path:
    """
    Return the folder of the peers' packages, for ``PYTHONPATH``; set it up first if need be.

    It holds what their lock has beside that of the running environment, by the pip of the Python that this
    environment was made from.
    """
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    lock = f"peers-{version('apache-airflow')}-py{minor}"
    if not (PROJECT / "locks" / f"{lock}.txt").exists():
        raise NotSetUpError(f"there is no locks/{lock}.txt")
    base = Path(sys.base_prefix, "bin", f"python{minor}")
    done = subprocess.run(  # noqa: S603 - of our own making
        [str(base), "tools/venv.py", lock, FOLDER],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = done.stderr.strip().splitlines() or ["?"]
        raise NotSetUpError(f"{FOLDER} could not be set up: {told[-1][:200]}")
    return PROJECT / FOLDER / "lib" / f"python{minor}" / "site-packages"
