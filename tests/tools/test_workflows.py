"""The hosted workflows: actions are pinned, rights are given to jobs alone, and what they run exists."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped,unused-ignore]  # its stubs are another distribution

from tools.locks import CHECKOUT, PAIRS, UNPROVEN

PATHS = sorted((CHECKOUT / ".github" / "workflows").glob("*.yml"))
each_workflow = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def read(path: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


@each_workflow
def test_actions_are_pinned_to_a_commit_and_name_its_version(path: Any) -> None:
    used = re.findall(r"uses: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert used
    assert [use for use in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


def test_an_action_has_one_commit_everywhere() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in PATHS)
    used = set(re.findall(r"uses: ([\w/-]+)@(.+)$", text, re.MULTILINE))
    assert len(used) == len({action for action, _ in used})


@each_workflow
def test_rights_are_given_to_jobs_alone(path: Any) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        writes = {name for name, right in job["permissions"].items() if right == "write"}
        assert len(writes) <= 1
        assert job["timeout-minutes"] <= 60


def test_a_python_that_is_not_proven_may_fail() -> None:
    job = read(PATHS[0])["jobs"]["unproven"]
    assert job["continue-on-error"] is True
    (pair,) = UNPROVEN
    assert job["name"] == f"Airflow {pair.airflow}, Python {pair.python} (may fail)"
    assert job["steps"][1]["with"]["python-version"] == pair.python


def test_the_matrix_is_that_of_the_locks() -> None:
    matrix = read(PATHS[0])["jobs"]["test"]["strategy"]["matrix"]
    pairs = {(airflow, python) for airflow in matrix["airflow"] for python in matrix["python"]}
    pairs |= {(more["airflow"], more["python"]) for more in matrix["include"]}
    assert pairs == {(pair.airflow, pair.python) for pair in PAIRS}
