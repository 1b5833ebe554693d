"""Which pairs ``make matrix`` runs, what it makes of the test runner's output, and how it ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools import matrix
from tools.locks import CHECKOUT, PAIRS, PYTHONS, Pair
from tools.matrix import Outcome, chosen, counts, end_to_end, find_python, verdict

ALL = [(pair.airflow, pair.python) for pair in PAIRS]
HERE = "{}.{}".format(*sys.version_info[:2])
PAIR = Pair("3.1.8", "3.11", "2026-01-01")


def picked(only: str, there: tuple[str, ...] = PYTHONS, running: str = "3.11") -> list[tuple[str, str]]:
    return [(pair.airflow, pair.python) for pair in chosen(only, there, running)]


def test_all_pairs() -> None:
    assert picked("all") == ALL
    assert len(set(ALL)) == 10


@pytest.mark.parametrize(
    ("there", "running", "ends"),
    [
        (("3.11", "3.12", "3.13"), "3.11", [("3.1.8", "3.11"), ("3.3.2", "3.13")]),
        (("3.11", "3.12", "3.13"), "3.12", [("3.1.8", "3.11"), ("3.3.2", "3.13")]),
        (("3.11", "3.12", "3.13"), "3.13", [("3.1.8", "3.11")]),
        (("3.12",), "3.12", [("3.1.8", "3.12")]),
        (("3.11", "3.12"), "3.11", [("3.1.8", "3.11"), ("3.3.2", "3.12")]),
    ],
)
def test_the_ends_are_the_farthest_that_can_be_had_and_nothing_runs_twice(
    there: tuple[str, ...], running: str, ends: list[tuple[str, str]]
) -> None:
    assert picked("ends", there, running) == ends


@pytest.mark.parametrize(
    ("only", "pairs"),
    [
        ("3.2.2", [("3.2.2", "3.11"), ("3.2.2", "3.12"), ("3.2.2", "3.13")]),
        ("py3.13", [("3.1.8", "3.13"), ("3.2.2", "3.13"), ("3.3.2", "3.13")]),
        ("3.1.8-py3.12", [("3.1.8", "3.12")]),
        ("lowest", [("3.1.8-lowest", "3.11")]),
        ("2.11", []),
    ],
)
def test_a_part_of_a_name(only: str, pairs: list[tuple[str, str]]) -> None:
    assert picked(only) == pairs


@pytest.mark.parametrize(
    ("there", "e2e"),
    [
        (["3.11", "3.12", "3.13"], {"3.11", "3.13"}),
        (["3.11", "3.12"], {"3.11", "3.12"}),
        (["3.12"], {"3.12"}),
        ([], set()),
    ],
)
def test_the_oldest_and_the_newest_python_run_end_to_end_tests(there: list[str], e2e: set[str]) -> None:
    assert {pair.python for pair in PAIRS if end_to_end(pair, there)} == e2e


@pytest.mark.parametrize(
    "tests", [test for kinds in (matrix.TESTS, matrix.END_TO_END) for kind in kinds.values() for test in kind]
)
def test_what_it_runs_exists(tests: str) -> None:
    file, _, function = tests.partition("::")
    assert (CHECKOUT / file).exists()
    assert not function or f"def {function}(" in (CHECKOUT / file).read_text()


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("....\n12 passed in 3.21s\n", "12 passed"),
        ("=== 1 failed, 310 passed, 2 skipped in 61.02s (0:01:01) ===\n", "1 failed, 310 passed, 2 skipped"),
        ("2 passed, 4 skipped in 1.00s\n", "2 passed, 4 skipped"),
        ("a log line: 3 passed in a row\n7 passed, 1 error in 0.50s\n", "7 passed, 1 error"),
        ("1 passed in 1.00s\nrun again\n2 passed in 1.00s\n", "2 passed"),
        ("Killed\n", ""),
    ],
)
def test_counts(output: str, found: str) -> None:
    assert counts(output) == found


@pytest.mark.parametrize(
    ("states", "line", "code"),
    [
        ([True, True], "All passed: 2 of 2 pairs.", 0),
        ([True, None], "All passed: 1 of 2 pairs (1 skipped).", 0),
        ([True, False, None], "Failed: Airflow 3.1.8, Python 3.11.", 1),
        ([None], "No pair was run.", 2),
        ([], "No pair was run.", 2),
    ],
)
def test_the_last_line_and_the_exit_code(states: list[bool | None], line: str, code: int) -> None:
    assert verdict([Outcome(PAIR, "", ok=state) for state in states]) == (line, code)


def test_a_line_of_the_table() -> None:
    line = str(Outcome(PAIR, "1 failed, 3 passed", ok=False, seconds=61.4))
    assert line.split(maxsplit=4) == [
        "Airflow",
        "3.1.8,",
        "Python",
        "3.11",
        "FAILED   1 failed, 3 passed in 61 s",
    ]


def _interpreter(folder: Path, version: str, answers: str) -> Path:
    folder.mkdir(parents=True)
    file = folder / f"python{version}"
    file.write_text(f"#!/bin/sh\n{answers}\n")
    file.chmod(0o755)
    return file


def test_an_interpreter_that_cannot_be_run_is_passed_over(tmp_path: Path) -> None:
    """As pyenv's shims are, for a version that is not switched on."""
    _interpreter(tmp_path / "shims", "3.12", "exit 127")
    right = _interpreter(tmp_path / "bin", "3.12", "echo 3.12")
    path = os.pathsep.join([str(tmp_path / "none"), str(tmp_path / "shims"), str(tmp_path / "bin")])
    assert find_python("3.12", path, tmp_path) == right
    assert find_python("3.13", path, tmp_path) is None


def test_pyenvs_interpreters_are_found_beside_the_path(tmp_path: Path) -> None:
    _interpreter(tmp_path / ".pyenv/versions/3.12.1/bin", "3.12", "echo 3.12")
    newer = _interpreter(tmp_path / ".pyenv/versions/3.12.4/bin", "3.12", "echo 3.12")
    assert find_python("3.12", "", tmp_path) == newer


def test_the_running_interpreter_is_the_last_resort(tmp_path: Path) -> None:
    assert find_python(HERE, "", tmp_path, sys.executable) == Path(sys.executable)
    assert find_python("3.99", "", tmp_path, sys.executable) is None
    nearer = _interpreter(tmp_path / "bin", HERE, f"echo {HERE}")
    assert find_python(HERE, str(nearer.parent), tmp_path, sys.executable) == nearer


def test_a_machine_without_any_such_python_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "")
    assert matrix.main([]) == 2
    assert capsys.readouterr().err.startswith(
        "No pair was run: none of python3.11, python3.12, python3.13 is on the path or among pyenv's"
    )


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs of these tests hold one test each."""
    monkeypatch.setattr(matrix, "SIDE_BY_SIDE", ())


def test_the_newest_python_of_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert matrix.main(["--newest-python"]) == 0
    path = capsys.readouterr().out.strip()
    version = subprocess.check_output([path, "-c", "import sys; print(sys.version_info[:2])"], text=True)
    assert version.strip() in ("(3, 11)", "(3, 12)", "(3, 13)")


def test_a_pair_without_its_python_is_skipped_and_says_so() -> None:
    outcome = matrix.run(PAIR, None, [])
    assert outcome.ok is None
    assert "there is no python3.11 on this machine" in str(outcome)


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize(
    ("body", "ok", "tests"),
    [
        ("assert True", True, "1 passed"),
        ("assert False", False, "1 failed"),
        ("__import__('os')._exit(7)", False, "no result (exit code 7); see "),
    ],
)
def test_a_pair_is_what_its_tests_are(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    body: str,
    ok: bool,
    tests: str,
) -> None:
    monkeypatch.setattr(matrix, "environment", lambda pair, python: Path(sys.executable))
    monkeypatch.setattr(matrix, "LOGS", tmp_path / "logs")
    file = tmp_path / "test_it.py"
    file.write_text(f"def test_it():\n    {body}\n")
    outcome = matrix.run(PAIR, Path(sys.executable), ["--rootdir", str(tmp_path), str(file)])
    assert outcome.ok is ok
    assert outcome.tests.startswith(tests)
    assert outcome.seconds > 0
    assert ("1 failed" in capsys.readouterr().out) is (tests == "1 failed")


LEAVES_A_CHILD = """
import subprocess, sys, time
def test_it():
    with open({fifo!r}, "w") as fifo:
        code = "import time; print('here', flush=True); time.sleep(600)"
        subprocess.Popen([sys.executable, "-c", code], stdout=fifo)
    {then}
"""


class Child:
    """
    What a test leaves behind, at the other end of a pipe.

    :param then: what the test does when it has started the child.
    """

    def __init__(self, folder: Path, then: str) -> None:
        fifo, self.test = folder / "fifo", folder / "test_it.py"
        os.mkfifo(fifo)
        self.test.write_text(LEAVES_A_CHILD.format(fifo=str(fifo), then=then))
        self._end = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)

    def heard(self) -> bytes:
        """Return the line it says next; nothing when it is no more."""
        said = b""
        while not said.endswith(b"\n"):
            ready, _, _ = select.select([self._end], [], [], 60)
            assert ready, "the child lives on"
            part = os.read(self._end, 100)
            if not part:
                break
            said += part
        return said

    def close(self) -> None:
        os.close(self._end)


@pytest.mark.usefixtures("one_by_one")
def test_what_the_tests_started_ends_with_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(matrix, "environment", lambda pair, python: Path(sys.executable))
    monkeypatch.setattr(matrix, "LOGS", tmp_path / "logs")
    child = Child(tmp_path, "assert True")
    with contextlib.closing(child):
        matrix.run(PAIR, Path(sys.executable), ["--rootdir", str(tmp_path), str(child.test)])
        while child.heard():  # it may have come to say something, or not
            pass


@pytest.mark.usefixtures("one_by_one")
def test_tests_that_do_not_end_are_stopped_and_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(matrix, "environment", lambda pair, python: Path(sys.executable))
    monkeypatch.setattr(matrix, "LOGS", tmp_path / "logs")
    file = tmp_path / "test_it.py"
    file.write_text("import time\ndef test_it():\n    time.sleep(600)\n")
    outcome = matrix.run(PAIR, Path(sys.executable), ["--rootdir", str(tmp_path), str(file)], time_limit=0.5)
    assert outcome.ok is False
    assert outcome.tests.startswith("no result (stopped after 0.5 s); see ")
    assert not matrix._running


def test_ctrl_c_ends_the_tests_too(tmp_path: Path) -> None:
    child = Child(tmp_path, "time.sleep(600)")
    program = (
        "import sys; from pathlib import Path; from tools import matrix; from tools.locks import PAIRS\n"
        "matrix.environment = lambda pair, python: Path(sys.executable)\n"
        f"matrix.LOGS, matrix.SIDE_BY_SIDE = Path({str(tmp_path)!r}), ()\n"
        f"matrix.TESTS = {{'all': ('--rootdir', {str(tmp_path)!r}, {str(child.test)!r})}}\n"
        "pythons = {pair.python: Path(sys.executable) for pair in PAIRS}\n"
        "print(*matrix.outcomes(PAIRS[:2], pythons, 'all', 'none', 1, ()))\n"
    )
    running = subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT, stderr=subprocess.DEVNULL)
    with contextlib.closing(child):
        try:
            assert child.heard() == b"here\n"
            running.send_signal(signal.SIGINT)
            assert running.wait(60) != 0
            assert child.heard() == b""
        finally:
            running.kill()
            running.wait()


def test_a_name_of_no_pair_is_no_success() -> None:
    command = [sys.executable, "-m", "tools.matrix", "--only", "2.11"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.strip()) == (2, "No pair was run.")
