"""Choosing a lock, and what a lock may hold."""

from __future__ import annotations

import itertools
import tomllib

import pytest
from packaging.requirements import Requirement

from tools.locks import (
    CHECKOUT,
    FURTHER,
    LOCKS,
    PAIRS,
    TOOLS,
    UNPROVEN,
    Further,
    Pair,
    beside,
    faults,
    header,
    pins,
    tools_header,
)
from tools.venv import lock_for

PYPROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
NAMES = ["airflow-3.3.2-py3.11.txt", "airflow-3.3.2-py3.12.txt"]


def test_the_lock_of_the_running_python() -> None:
    assert lock_for("3.3.2", (3, 12), NAMES) == "airflow-3.3.2-py3.12.txt"


@pytest.mark.parametrize(
    ("python", "problem"),
    [((3, 9), r"Python 3\.9 is too old"), ((3, 14), r"no lock for Airflow 3\.3\.2 on Python 3\.14")],
)
def test_a_python_without_a_lock_is_told_which_ones_there_are(python: tuple[int, int], problem: str) -> None:
    with pytest.raises(SystemExit, match=problem) as raised:
        lock_for("3.3.2", python, NAMES)
    assert "3.3.2 on Python 3.11" in str(raised.value)
    assert "make PYTHON=python3.12" in str(raised.value)


@pytest.mark.parametrize(
    "line",
    [
        *("--index-url https://example.org/simple", "-e .", "pkg @ file:///tmp/pkg", "requests", "pkg>=1"),
        *("pkg==1", "pkg==1 --hash=md5:0123"),
    ],
)
def test_a_lock_holds_nothing_but_pins(line: str) -> None:
    good = f"--hash=sha256:{'0a' * 32}"
    right = f"requests==2.34.2 \\\n    {good} \\\n    {good}\nuvloop==0.23 ; os_name != 'nt' \\\n    {good}"
    assert faults(f"# comment\n{right}\n{line}\n") == [line]


@pytest.mark.parametrize("pair", [*PAIRS, *UNPROVEN], ids=lambda pair: pair.name)
def test_the_committed_locks_are_complete(pair: Pair) -> None:
    text = (LOCKS / pair.name).read_text()
    assert text.startswith(header(pair))
    assert faults(text) == []
    assert any(pin.startswith(f"apache-airflow=={pair.release} --hash") for pin in pins(text))
    assert str(CHECKOUT) not in text


@pytest.mark.parametrize("pair", [*PAIRS, *UNPROVEN], ids=lambda pair: pair.name)
def test_the_committed_locks_satisfy_what_the_project_asks_for(pair: Pair) -> None:
    project = PYPROJECT["project"]
    asked = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    _satisfies(pair.name, [*asked, *_group("dev")])


@pytest.mark.parametrize("group", TOOLS)
def test_the_locks_of_tools_are_complete_and_satisfy_their_group(group: str) -> None:
    text = (LOCKS / f"{group}.txt").read_text()
    assert text.startswith(tools_header(group))
    assert faults(text) == []
    _satisfies(f"{group}.txt", _group(group))


@pytest.mark.parametrize("further", FURTHER, ids=lambda further: further.name)
def test_the_further_locks_add_to_their_pairs_and_satisfy_their_group(further: Further) -> None:
    text, base = ((LOCKS / name).read_text() for name in (further.name, further.pair.name))
    assert text.startswith(further.header)
    assert faults(text) == []
    assert beside(text, base) == "".join(text.splitlines(keepends=True)[2:])
    _satisfies(further.name, _group(further.group), further.pair.python)


def _group(name: str) -> list[str]:
    """The requirements of a dependency group, with those of the groups that it includes."""
    found: list[str] = []
    for entry in PYPROJECT["dependency-groups"][name]:
        found += _group(entry["include-group"]) if isinstance(entry, dict) else [entry]
    return found


def _satisfies(lock: str, asked: list[str], python: str = "3.11") -> None:
    pinned = dict(pin.split()[0].split("==") for pin in pins((LOCKS / lock).read_text()))
    here = {"python_version": python, "sys_platform": "linux", "platform_machine": "x86_64"}
    for requirement in map(Requirement, asked):
        if requirement.marker and not requirement.marker.evaluate(here):
            continue
        assert requirement.specifier.contains(pinned[requirement.name]), requirement
