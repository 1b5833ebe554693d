"""Writes ``locks/``: every library of the runtime, the sandbox, the tests and the checks, pinned.

There is one lock for each pair of Airflow and Python, as of a date: the same date gives the same lock. Tools
that need no Airflow have a lock for each dependency group, on any Python. What some dependency groups need
beside a pair's lock is in one of its own (``celery-...``, ``peers-...``), installed only when asked for.
``make locks`` runs this; it needs uv, which the Makefile installs into a tool environment.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
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


@dataclass(frozen=True)
class Further:
    """A lock with what a dependency group needs beside a pair's own."""

    group: str
    pair: Pair

    @property
    def name(self) -> str:
        """File name of the lock."""
        return self.pair.name.replace("airflow", self.group, 1)

    @property
    def header(self) -> str:
        """The comment at its head."""
        return header(self.pair, f"; beside {self.pair.name}")


PYTHONS = ("3.11", "3.12", "3.13")
# Each Airflow with the libraries of its own days: with later ones an older one installs, but fails its tasks.
DATES = {"3.1.8": "2026-03-15", "3.2.2": "2026-06-01", "3.3.2": "2026-11-15"}
_ALL = [Pair(airflow, python, date) for airflow, date in DATES.items() for python in PYTHONS]
TOOLS = ("docs", "release")
"""Dependency groups with an environment of their own."""
EXTRAS = ("parquet", "s3", "sandbox")
"""What the tests need of the project's own extras; ``images`` and ``verify`` are parts of them."""
PAIRS = (_ALL[0], Pair(f"{_ALL[0].airflow}-lowest", _ALL[0].python, _ALL[0].date), *_ALL[1:])
UNPROVEN = tuple(Pair(airflow, "3.14", date) for airflow, date in DATES.items() if airflow == "3.3.2")
"""What Airflow allows and the hosted checks try, where it may fail; the package does not promise it."""
FURTHER = (
    *(Further("celery", pair) for pair in _ALL if pair.airflow in ("3.1.8", "3.3.2")),
    *(Further("peers", pair) for pair in _ALL if pair.airflow == "3.3.2"),
)


def header(pair: Pair, what: str = "") -> str:
    """The comment at the head of a lock.

    :param what: there is to be said of it, beside the pair's own.
    """
    what += "; the project's own lower bounds" if pair.lowest else ""
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
    """Resolve one pair; the text of its lock.

    :raises subprocess.CalledProcessError: if there is no solution.
    :raises ValueError: if the solution holds anything but pins.
    """
    with tempfile.TemporaryDirectory() as folder:
        constraint = Path(folder, "constraint.txt")
        constraint.write_text(f"apache-airflow=={pair.release}\n")
        further = ["--group", "dev", "--constraint", str(constraint), "pyproject.toml"]
        further += [word for extra in EXTRAS for word in ("--extra", extra)]
        further += ["--resolution", "lowest-direct"] if pair.lowest else []
        return _checked(pair.name, header(pair) + _resolve(uv, pair.python, pair.date, further))


def compile_further(uv: str, further: Further) -> str:
    """Resolve what a dependency group needs beside a pair's lock, whose pins stay as they are."""
    pair = further.pair
    base = LOCKS / pair.name
    resolved = _resolve(uv, pair.python, pair.date, ["--group", further.group, "--constraint", str(base)])
    return _checked(further.name, further.header + beside(resolved, base.read_text()))


def beside(text: str, base: str) -> str:
    """The entries of a lock whose packages another one does not pin."""
    there = {pin.partition("==")[0] for pin in pins(base)}
    entries = re.findall(r"^[^\s#].*(?:\n .*)*\n", text, re.MULTILINE)
    return "".join(entry for entry in entries if entry.partition("==")[0] not in there)


def compile_tools(uv: str, group: str) -> str:
    """Resolve a dependency group without the project; the text of its lock. Raises as the above."""
    python, date = PYTHONS[0], max(DATES.values())
    return _checked(group, tools_header(group) + _resolve(uv, python, date, ["--group", group]))


def tools_header(group: str) -> str:
    """The comment at the head of a lock of tools."""
    return (
        f"# The dependency group {group} on Python {PYTHONS[0]} and later, as of {max(DATES.values())}.\n"
        "# Written by `make locks`; complete: pip install --no-deps --require-hashes -r FILE.\n"
    )


def _resolve(uv: str, python: str, date: str, further: Sequence[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "lock.txt")
        command = [uv, "pip", "compile", "--quiet", "--universal", "--no-header", "--no-annotate"]
        command += ["--no-emit-index-url", "--no-emit-find-links", "--generate-hashes"]
        command += ["--python-version", python, "--exclude-newer", f"{date}T00:00:00Z"]
        subprocess.run([*command, "--output-file", str(output), *further], cwd=CHECKOUT, check=True)
        return output.read_text()


def _checked(name: str, text: str) -> str:
    if wrong := faults(text):
        raise ValueError(f"{name} holds more than pins: {wrong[:3]}")
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
    made: dict[str, Callable[[str], str]] = {
        **{pair.name: partial(compile_lock, pair=pair) for pair in (*PAIRS, *UNPROVEN)},
        **{further.name: partial(compile_further, further=further) for further in FURTHER},
        **{f"{group}.txt": partial(compile_tools, group=group) for group in TOOLS},
    }
    for name, compiled in made.items():
        if options.only in name:
            text = compiled(options.uv)
            (LOCKS / name).write_text(text)
            print(f"locks/{name}: {len(pins(text))} pins")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
