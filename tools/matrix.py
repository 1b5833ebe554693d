"""``make matrix``: the tests on every pair of Airflow and Python that there is a lock for.

Each pair has an environment of its own in ``.venvs``. On each run the unit and integration tests (with
``--tests release`` those alone that meet Airflow's own code: no release of it changes what is below); on the
oldest and the newest Python of each Airflow also end-to-end tests: the examples, the connection form and the
submission record. One more pair has the lowest versions of the project's dependencies, and runs the unit
tests. A Python that this machine lacks is named and skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tools.locks import CHECKOUT, PAIRS, PYTHONS, Pair

LOGS = CHECKOUT / ".airflow" / "matrix"
# What meets Airflow's own code. No release of it changes the rooms below, nor what comes over the wire.
_ABOVE = ("compat", "doc_code", "example_dags", "get_provider_info", "imports", "observability", "plugin")
_ROOMS = ("decorators", "hooks", "links", "operators", "sensors", "storage", "testing", "triggers")
_AT_AIRFLOW = (
    *(f"unit/test_{name}.py" for name in _ABOVE),
    *(f"unit/{room}" for room in _ROOMS),
    *(f"integration/{door}" for door in ("decorators", "operators", "plugin", "sensors")),
    "integration/hooks/test_hook_connection.py",
    "integration/storage/test_s3_*.py",
    *(f"integration/triggers/test_{name}.py" for name in ("events", "trigger")),
)


def _found(*patterns: str) -> tuple[str, ...]:
    tests = CHECKOUT / "tests"
    return tuple(
        f"tests/{found.relative_to(tests)}" for each in patterns for found in sorted(tests.glob(each))
    )


TESTS = {
    "all": ("tests/compat", "tests/unit", "tests/integration", "tests/tools"),
    "unit": ("tests/compat", "tests/unit"),
    "release": ("tests/compat", *_found(*_AT_AIRFLOW)),
}
END_TO_END = {
    "all": ("tests/e2e/test_examples.py", "tests/e2e/test_form.py", "tests/e2e/test_record_file.py"),
    "pictures": ("tests/e2e/test_approval.py", "tests/e2e/test_gallery.py"),
    "quickstart": ("tests/e2e/test_examples.py::test_the_link_opens_the_result_and_is_empty_before",),
    "none": (),
}
# Airflow's warnings of names that a next release lacks are of these kinds.
REMOVED = [
    word
    for kind in ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")
    for word in ("-W", f"error::{kind}")
]
SIDE_BY_SIDE = ("-n", "logical", "--maxprocesses", "8", "--dist", "loadfile", "--no-loadscope-reorder")
_running: set[subprocess.Popen[bytes]] = set()
_COUNTS = re.compile(r"^(?:=+ )?((?:\d+ \w+(?:, )?)+) in [\d.]+s", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What became of one pair.

    :param tests: the test runner's counts, or why nothing ran.
    :param ok: whether all tests passed; ``None`` if the pair was skipped.
    :param seconds: that the tests took.
    """

    pair: Pair
    tests: str
    ok: bool | None
    seconds: float = 0

    def __str__(self) -> str:
        word = {True: "passed", False: "FAILED", None: "skipped"}[self.ok]
        took = f" in {self.seconds:.0f} s" if self.seconds else ""
        return f"{name(self.pair):<28}{word:<9}{self.tests}{took}"


def name(pair: Pair) -> str:
    """How a pair is called in what is printed."""
    return f"Airflow {pair.airflow}, Python {pair.python}"


def find_python(version: str, path: str, home: Path, running: str = "") -> Path | None:
    """An interpreter of this minor version that can be run: on the path, one of pyenv's, or ``running``."""
    file = f"python{version}"
    candidates = [Path(folder, file) for folder in path.split(os.pathsep) if folder]
    candidates += sorted(home.glob(f".pyenv/versions/{version}.*/bin/{file}"), reverse=True)
    candidates += [Path(running)] if running else []
    for candidate in candidates:
        # pyenv's shims stand on the path for versions that are not switched on, too.
        if shutil.which(candidate) and _answers(candidate, version):
            return candidate
    return None


def _answers(python: Path, version: str) -> bool:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() == version


def chosen(only: str, there: Sequence[str], running: str, pairs: Sequence[Pair] = PAIRS) -> list[Pair]:
    """The pairs to run.

    :param only: ``all``; ``ends`` for the oldest Airflow on the oldest Python and the newest on the newest,
        but for what ``make test`` runs; or a part of their names, e.g. ``3.2.2`` or ``py3.13``.
    :param there: the versions of Python that this machine has; the ends are chosen among them.
    :param running: the version of Python that ``make test`` takes, with the newest Airflow.
    :param pairs: to choose from, the oldest first.
    """
    if only == "all":
        return list(pairs)
    if only == "ends":
        first, last = pairs[0].airflow, pairs[-1].airflow
        oldest = [pair for pair in pairs if pair.airflow == first and pair.python in there]
        newest = [pair for pair in pairs if pair.airflow == last and pair.python in there]
        ends = dict.fromkeys(oldest[:1] + newest[-1:])
        return [pair for pair in ends if (pair.airflow, pair.python) != (last, running)]
    return [pair for pair in pairs if only in pair.name]


def end_to_end(pair: Pair, there: Sequence[str]) -> bool:
    """Whether a pair runs end-to-end tests: the oldest and the newest Python that this machine has do."""
    return pair.python in (*there[:1], *there[-1:])


def counts(output: str) -> str:
    """The test runner's counts, ``310 passed, 2 skipped``; empty if there are none."""
    found = _COUNTS.findall(output)
    return str(found[-1]) if found else ""


def verdict(done: Sequence[Outcome]) -> tuple[str, int]:
    """The last line, and the exit code: 1 if a pair failed, 2 if none was run."""
    failed = [name(outcome.pair) for outcome in done if outcome.ok is False]
    skipped = sum(outcome.ok is None for outcome in done)
    but = f" ({skipped} skipped)" if skipped else ""
    if failed:
        return f"Failed: {'; '.join(failed)}.", 1
    if skipped == len(done):
        return "No pair was run.", 2
    return f"All passed: {len(done) - skipped} of {len(done)} pairs{but}.", 0


def environment(pair: Pair, python: Path) -> Path:
    """Set the environment of a pair up; its interpreter.

    :raises subprocess.CalledProcessError: if that fails.
    """
    folder = f".venvs/{pair.airflow}-py{pair.python}"
    subprocess.run([python, "tools/venv.py", pair.airflow, folder], cwd=CHECKOUT, check=True)
    return CHECKOUT / folder / "bin" / "python"


def run(pair: Pair, python: Path | None, tests: Sequence[str], time_limit: float = 3000.0) -> Outcome:
    """Set one pair up and run tests; their output is in ``.airflow/matrix``, and here if they fail.

    :param tests: the test runner's arguments.
    :param time_limit: seconds after which they are stopped.
    """
    if python is None:
        return Outcome(pair, f"there is no python{pair.python} on this machine", ok=None)
    try:
        interpreter = environment(pair, python)
    except subprocess.CalledProcessError:
        return Outcome(pair, "could not be set up", ok=False)
    began = time.monotonic()
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / pair.name
    # Two pairs may run side by side: neither may have the other's cache.
    command = [str(interpreter), "-m", "pytest", "-q", "-p", "no:cacheprovider", *SIDE_BY_SIDE, *tests]
    with log.open("w") as file:
        code = _exit_code(command, file, time_limit)
    output = log.read_text(errors="replace")
    if code:
        print(f"{name(pair)}:", *output.splitlines()[-60:], sep="\n", flush=True)
    how = f"exit code {code}" if code is not None else f"stopped after {time_limit:g} s"
    told = counts(output) or f"no result ({how}); see {log}"
    return Outcome(pair, told, ok=code == 0, seconds=time.monotonic() - began)


def _exit_code(command: Sequence[str], output: IO[str], time_limit: float) -> int | None:
    """Run the tests in a session of their own; ``None`` if they were stopped at the time limit."""
    process = subprocess.Popen(
        command, cwd=CHECKOUT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    _running.add(process)
    try:
        return process.wait(time_limit)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _kill(process)
        _running.discard(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """
    End the tests and what they started.

    An Airflow under test has a session of its own, and ends when the test runner that it belongs to does.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def outcomes(
    pairs: Sequence[Pair],
    pythons: Mapping[str, Path | None],
    tests: str,
    e2e: str,
    jobs: int,
    further: Sequence[str],
) -> Iterator[Outcome]:
    """Run these pairs, so many side by side; each as soon as it has ended and those before it have."""
    there = [version for version, python in pythons.items() if python is not None]

    def one(pair: Pair) -> Outcome:
        if pair.lowest:
            return run(pair, pythons[pair.python], [*TESTS["unit"], *further])
        more = END_TO_END[e2e] if end_to_end(pair, there) else ()
        return run(pair, pythons[pair.python], [*TESTS[tests], *more, *further])

    with ThreadPoolExecutor(jobs) as pool:
        try:
            yield from pool.map(one, pairs)
        except BaseException:
            # Ctrl-C does not reach other sessions by itself.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(_running):
                _kill(process)
            raise


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tests on all pairs, or with ``--only`` on some; further arguments are pytest's."""
    parser = argparse.ArgumentParser(prog="make matrix", description=main.__doc__)
    parser.add_argument("--only", default="all", help="all, ends, or part of a name, e.g. 3.2.2 or py3.13")
    parser.add_argument("--tests", default="all", choices=TESTS, help="release: what a release can break")
    parser.add_argument("--e2e", default="all", choices=END_TO_END, help="which end-to-end tests")
    parser.add_argument("--jobs", type=int, default=1, help="so many pairs side by side")
    parser.add_argument(
        "--removed", action="store_true", help="fail at every name that the next Airflow may not have"
    )
    parser.add_argument(
        "--newest-python", action="store_true", help="only print the newest Python that can be run here"
    )
    options, further = parser.parse_known_args(arguments)
    further += REMOVED if options.removed else []
    path = os.environ.get("PATH", "")
    pythons = {version: find_python(version, path, Path.home(), sys.executable) for version in PYTHONS}
    there = [version for version, python in pythons.items() if python is not None]
    if not there:
        wanted = ", ".join(f"python{version}" for version in PYTHONS)
        print(f"No pair was run: none of {wanted} is on the path or among pyenv's.", file=sys.stderr)
        return 2
    if options.newest_python:
        print(pythons[there[-1]])
        return 0
    pairs = chosen(options.only, there, "{}.{}".format(*sys.version_info[:2]))
    done = []
    for outcome in outcomes(pairs, pythons, options.tests, options.e2e, max(1, options.jobs), further):
        print(outcome, flush=True)
        done.append(outcome)
    last, code = verdict(done)
    print("", *(done if len(done) > 1 else ()), last, sep="\n", file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
