"""A small edition of the benchmark of one account: processes that know nothing of each other lose nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.account.account import play

GENERATIONS = 12


@pytest.mark.timeout(120)
def test_workers_and_a_triggerer_share_an_account_that_allows_ten_calls_a_second(tmp_path: Path) -> None:
    told = play(
        "tasks",
        GENERATIONS,
        tmp_path / "chart.png",
        workers=2,
        triggerers=1,
        speed=200,
        limits={"rate_limit_per_window": 10, "rate_limit_window_seconds": 1},
        polling={"poll_first": 0.2, "poll_interval": 0.5, "poll_max": 0.5},
    )
    assert (told["delivered"], told["charges"]) == (GENERATIONS, GENERATIONS), told["errors"]
    assert told["failed"] == 0, told["errors"]
    assert told["refused"] + told["status_calls_refused"] > 0
    assert sum(told["submissions_a_second"]) == GENERATIONS + told["refused"]
