"""A few scenarios of the crash matrix; ``make crash-test`` plays all of them."""

from __future__ import annotations

import os

import pytest

from tests.e2e.crash.judge import Verdict, report
from tests.e2e.crash.matrix import run_matrix
from tests.e2e.crash.scenarios import ALL, ALWAYS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    if os.geteuid() != 0:
        pytest.skip("a task's process is found by its socket, which Airflow lets root alone look at")
    with pytest.MonkeyPatch.context() as patch:
        # The sandbox is not what coverage is to measure here.
        patch.delenv("COVERAGE_PROCESS_START", raising=False)
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        found = run_matrix(ALWAYS, tmp_path_factory.mktemp("crash") / "run")
    print(report(found))
    return {verdict.scenario.name: verdict for verdict in found}


@pytest.mark.parametrize("name", [scenario.name for scenario in ALWAYS])
def test_a_crash_neither_pays_twice_nor_loses_a_result(verdicts: dict[str, Verdict], name: str) -> None:
    verdict = verdicts[name]
    assert verdict.held, verdict.faults
    assert (verdict.beyond, verdict.lost) == (0, 0)


def test_scenarios_have_names_of_their_own() -> None:
    names = [scenario.name for scenario in ALL]
    assert len(names) == len(set(names))
    assert len(ALWAYS) == 7
