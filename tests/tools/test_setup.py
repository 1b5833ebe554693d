"""Choosing a lock, and what a lock may hold."""

from __future__ import annotations

import pytest

from tools.locks import CHECKOUT, PAIRS, faults, header
from tools.venv import lock_for

LOCKS = ["airflow-3.3.2-py3.11.txt", "airflow-3.3.2-py3.12.txt"]


def test_the_lock_of_the_running_python() -> None:
    assert lock_for("3.3.2", (3, 12), LOCKS) == "airflow-3.3.2-py3.12.txt"


@pytest.mark.parametrize(
    ("python", "problem"),
    [((3, 9), r"Python 3\.9 is too old"), ((3, 14), r"no lock for Airflow 3\.3\.2 on Python 3\.14")],
)
def test_a_python_without_a_lock_is_told_which_ones_there_are(python: tuple[int, int], problem: str) -> None:
    with pytest.raises(SystemExit, match=problem) as raised:
        lock_for("3.3.2", python, LOCKS)
    assert "3.3.2 on Python 3.11" in str(raised.value)
    assert "make PYTHON=python3.12" in str(raised.value)


@pytest.mark.parametrize(
    "line",
    ["--index-url https://example.org/simple", "-e .", "pkg @ file:///tmp/pkg", "requests", "pkg>=1"],
)
def test_a_lock_holds_nothing_but_pins(line: str) -> None:
    assert faults(f"# comment\nrequests==2.34.2\nuvloop==0.23 ; sys_platform != 'win32'\n{line}\n") == [line]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_committed_locks_are_complete(pair: object) -> None:
    from tools.locks import LOCKS as FOLDER
    from tools.locks import Pair

    assert isinstance(pair, Pair)
    text = (FOLDER / pair.name).read_text()
    assert text.startswith(header(pair))
    assert faults(text) == []
    assert f"apache-airflow=={pair.airflow}\n" in text
    assert str(CHECKOUT) not in text
