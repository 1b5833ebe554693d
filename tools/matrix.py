"""``make matrix``: the tests on every pair of Airflow and Python that there is a lock for.

Each pair has an environment of its own in ``.venvs``. On each run the unit and integration tests; on the
oldest and the newest Python of each Airflow also the end-to-end tests of the examples, of the connection form
and of the submission record. A Python that this machine lacks is named and skipped.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.locks import CHECKOUT, DATES, PAIRS, PYTHONS, Pair

LOGS = CHECKOUT / ".airflow" / "matrix"
QUICK = ("tests/unit", "tests/integration", "tests/tools")
END_TO_END = ("tests/e2e/test_examples.py", "tests/e2e/test_form.py", "tests/e2e/test_record_file.py")
_TIME_LIMIT = 1500.0
_COUNTS = re.compile(r"^(?:=+ )?((?:\d+ \w+(?:, )?)+) in [\d.]+s", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What became of one pair.

    :param tests: the test runner's counts, or why nothing ran.
    """

    pair: Pair
    tests: str
    ok: bool
    seconds: float

    def __str__(self) -> str:
        name = f"Airflow {self.pair.airflow}, Python {self.pair.python}"
        return f"{name:<28}{self.tests}{f' in {self.seconds:.0f} s' if self.seconds else ''}"


def find_python(version: str, path: str, home: Path) -> Path | None:
    """An interpreter of this minor version that can be run: on the path, or one of pyenv's."""
    name = f"python{version}"
    candidates = [Path(folder, name) for folder in path.split(os.pathsep) if folder]
    candidates += sorted(home.glob(f".pyenv/versions/{version}.*/bin/{name}"), reverse=True)
    for candidate in candidates:
        # pyenv's shims stand on the path for versions that are not switched on, too.
        if shutil.which(candidate) and _answers(candidate, version):
            return candidate
    return None


def _answers(python: Path, version: str) -> bool:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() == version


def chosen(only: str, pythons: Sequence[str] = PYTHONS) -> list[Pair]:
    """The pairs to run.

    :param only: ``all``; ``ends`` for the oldest Airflow on the oldest Python and the newest on the newest;
        or a part of their names, e.g. ``3.2.2`` or ``py3.13``.
    :param pythons: the versions that this machine has; the ends are chosen among them.
    """
    if only == "all":
        return list(PAIRS)
    if only == "ends":
        there = [pair for pair in PAIRS if pair.python in pythons]
        first, *_, last = DATES
        oldest = [pair for pair in there if pair.airflow == first]
        newest = [pair for pair in there if pair.airflow == last]
        return oldest[:1] + newest[-1:]
    return [pair for pair in PAIRS if only in pair.name]


def end_to_end(pair: Pair, pythons: Sequence[str]) -> bool:
    """Whether a pair runs the end-to-end tests: the oldest and the newest Python that this machine has do."""
    return pair.python in (pythons[0], pythons[-1])


def counts(output: str) -> str:
    """The test runner's counts, ``310 passed, 2 skipped``; empty if there are none."""
    found = _COUNTS.findall(output)
    return str(found[-1]) if found else ""


def environment(pair: Pair, python: Path) -> Path:
    """Set the environment of a pair up; its interpreter.

    :raises subprocess.CalledProcessError: if that fails.
    """
    folder = f".venvs/{pair.airflow}-py{pair.python}"
    subprocess.run([python, "tools/venv.py", pair.airflow, folder], cwd=CHECKOUT, check=True)
    return CHECKOUT / folder / "bin" / "python"


def run(pair: Pair, python: Path, *, e2e: bool, arguments: Sequence[str]) -> Outcome:
    """Set one pair up and run its tests; their output is in ``.airflow/matrix``, and here if they fail."""
    try:
        interpreter = environment(pair, python)
    except subprocess.CalledProcessError:
        return Outcome(pair, "could not be set up", ok=False, seconds=0)
    began = time.monotonic()
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / pair.name
    targets = [*QUICK, *(END_TO_END if e2e else ())]
    command = [str(interpreter), "-m", "pytest", "-q", *targets, *arguments]
    with log.open("w") as file:
        try:
            code = subprocess.run(
                command, cwd=CHECKOUT, stdout=file, stderr=subprocess.STDOUT, timeout=_TIME_LIMIT, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            code = -1
    output = log.read_text(errors="replace")
    if code:
        print(*output.splitlines()[-60:], sep="\n", flush=True)
    told = counts(output) or f"no result (exit code {code}); see {log}"
    return Outcome(pair, told, ok=code == 0, seconds=time.monotonic() - began)


def outcomes(only: str, arguments: Sequence[str], *, with_e2e: bool) -> Iterator[Outcome]:
    """Run the chosen pairs, one after the other."""
    found = {version: find_python(version, os.environ["PATH"], Path.home()) for version in PYTHONS}
    there = [version for version, python in found.items() if python is not None]
    for pair in chosen(only, there):
        python = found[pair.python]
        if python is None:
            yield Outcome(
                pair, f"skipped: there is no python{pair.python} on this machine", ok=True, seconds=0
            )
        else:
            yield run(pair, python, e2e=with_e2e and end_to_end(pair, there), arguments=arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tests on all pairs, or with ``--only`` on some; further arguments are pytest's."""
    parser = argparse.ArgumentParser(prog="make matrix", description=main.__doc__)
    parser.add_argument("--only", default="all", help="all, ends, or part of a name, e.g. 3.2.2 or py3.13")
    parser.add_argument("--no-e2e", action="store_true", help="unit and integration tests alone")
    options, further = parser.parse_known_args(arguments)
    done = []
    for outcome in outcomes(options.only, further, with_e2e=not options.no_e2e):
        print(outcome, flush=True)
        done.append(outcome)
    if len(done) > 1:
        print("", *done, sep="\n")
    if not any(outcome.seconds for outcome in done):
        print("No pair was run.", file=sys.stderr)
        return 2
    return 0 if all(outcome.ok for outcome in done) else 1


if __name__ == "__main__":
    raise SystemExit(main())
