"""Writes ``locks/``: every library of the runtime, the sandbox, the tests and the checks, pinned.

There is one lock for each pair of Airflow and Python, as of a date: the same date gives the same lock. What
the CeleryExecutor needs beside it is in a lock of its own (``celery-...``), installed only when asked for.
``make locks`` runs this; it needs uv, which the Makefile installs into a tool environment.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
LOCKS = CHECKOUT / "locks"

_PIN = re.compile(
    r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,_-]+\])?==[^\s;]+( ; [^\\]+)?( --hash=sha256:[0-9a-f]{64})+"
)


@dataclass(frozen=True)
class Pair:
    """One lock: the Airflow release, the Python minor, and the day whose package index is looked at.

    ``3.1.8-lowest`` has, beside that release, the lowest versions that the project says it works with.
    """

    airflow: str
    python: str
    date: str

    @property
    def lowest(self) -> bool:
        """Whether it is there to see that the lower bounds are true."""
        return self.airflow.endswith("-lowest")

    @property
    def release(self) -> str:
        """The release of Airflow."""
        return self.airflow.removesuffix("-lowest")

    @property
    def name(self) -> str:
        """File name of the lock."""
        return f"airflow-{self.airflow}-py{self.python}.txt"

    @property
    def celery_name(self) -> str:
        """File name of the lock with what the CeleryExecutor needs beside that."""
        return f"celery-{self.airflow}-py{self.python}.txt"


PYTHONS = ("3.11", "3.12", "3.13")
# Each Airflow with the libraries of its own days: with later ones an older one installs, but fails its tasks.
DATES = {"3.1.8": "2026-03-15", "3.2.2": "2026-06-01", "3.3.2": "2026-11-15"}
_ALL = [Pair(airflow, python, date) for airflow, date in DATES.items() for python in PYTHONS]
PAIRS = (_ALL[0], Pair(f"{_ALL[0].airflow}-lowest", _ALL[0].python, _ALL[0].date), *_ALL[1:])
CELERY = tuple(pair for pair in _ALL if pair.airflow in ("3.1.8", "3.3.2"))


def header(pair: Pair, what: str = "") -> str:
    """The comment at the head of a lock."""
    what = what or ("; the project's own lower bounds" if pair.lowest else "")
    return (
        f"# Apache Airflow {pair.release} on Python {pair.python}, as of {pair.date}{what}.\n"
        "# Written by `make locks`; complete: pip install --no-deps --require-hashes -r FILE.\n"
    )


def pins(text: str) -> list[str]:
    """The entries of a lock, each on one line."""
    joined = re.sub(r" \\\n\s+", " ", text)
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def faults(text: str) -> list[str]:
    """Entries of a lock that are no pin with hashes (an index, a host name, a path, a bare name)."""
    return [pin for pin in pins(text) if not _PIN.fullmatch(pin)]


def compile_lock(uv: str, pair: Pair) -> str:
    """Resolve one pair; the text of its lock."""
    what = ["--extra", "dev", "pyproject.toml", *(["--resolution", "lowest-direct"] if pair.lowest else [])]
    return header(pair) + _resolve(uv, pair, f"apache-airflow=={pair.release}\n", what)


def compile_celery(uv: str, pair: Pair, base: str) -> str:
    """What the CeleryExecutor needs beside a pair's lock.

    :param base: the text of that lock, whose pins stay as they are.
    """
    resolved = _resolve(uv, pair, base, ["--group", "celery"])
    return header(pair, "; beside " + pair.name) + beside(resolved, base)


def beside(text: str, base: str) -> str:
    """The entries of a lock whose packages another one does not pin."""
    there = {pin.partition("==")[0] for pin in pins(base)}
    entries = re.findall(r"^\S.*(?:\n .*)*\n", text, re.MULTILINE)
    return "".join(entry for entry in entries if entry.partition("==")[0] not in there)


def _resolve(uv: str, pair: Pair, constraints: str, what: Sequence[str]) -> str:
    """
    Let uv resolve something as of a pair's day.

    :raises subprocess.CalledProcessError: if there is no solution.
    :raises ValueError: if the solution holds anything but pins.
    """
    with tempfile.TemporaryDirectory() as folder:
        constraint = Path(folder, "constraint.txt")
        constraint.write_text(constraints)
        output = Path(folder, "lock.txt")
        command = [uv, "pip", "compile", "--quiet", "--universal", "--no-header", "--no-annotate"]
        command += ["--no-emit-index-url", "--no-emit-find-links", "--generate-hashes"]
        command += ["--python-version", pair.python, "--exclude-newer", f"{pair.date}T00:00:00Z"]
        command += ["--constraint", str(constraint), "--output-file", str(output), *what]
        subprocess.run(command, cwd=CHECKOUT, check=True)
        text = output.read_text()
    if wrong := faults(text):
        raise ValueError(f"the solution for {pair.name} holds more than pins: {wrong[:3]}")
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Write all locks, or with ``--only`` those whose name contains a text."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--only", default="", help="part of the file name, e.g. py3.12 or celery")
    parser.add_argument("--uv", default=shutil.which("uv"), help="the uv executable")
    options = parser.parse_args(arguments)
    if options.uv is None:
        print("uv is not installed; `make locks` installs it.", file=sys.stderr)
        return 2
    LOCKS.mkdir(exist_ok=True)
    for pair in PAIRS:
        if options.only in pair.name:
            text = compile_lock(options.uv, pair)
            _write(pair.name, text)
    for pair in CELERY:
        if options.only in pair.celery_name:
            base = (LOCKS / pair.name).read_text()
            _write(pair.celery_name, compile_celery(options.uv, pair, base))
    return 0


def _write(name: str, text: str) -> None:
    (LOCKS / name).write_text(text)
    print(f"locks/{name}: {len(pins(text))} pins")


if __name__ == "__main__":
    raise SystemExit(main())
