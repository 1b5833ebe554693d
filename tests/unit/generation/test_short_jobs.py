"""What is likely to end sooner than a deferral takes is waited for on the worker."""

from __future__ import annotations

import time

import pytest

from airflow_provider_rivya.generation import job as jobs
from airflow_provider_rivya.submission.context import Submission
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.turn import SHORT
from airflow_provider_rivya.waiting.durations import Durations
from tests.unit.quick_gateway import QuickGateway, job_of
from tests.unit.state_store import StateStore


def submitted(seconds_ago: float) -> Submission:
    record = Record("submitted", 0, 0, "f", "k", 1.0, "rivya_default", "z-image", generation_id="task_1")
    return Submission(record.submitted("task_1", 5.0, time.time() - seconds_ago))


@pytest.mark.parametrize(
    ("usual", "seconds_ago", "here"),
    [(2.0, 0.0, SHORT), (20.0, 0.0, 0.0), (20.0, 19.5, 0.0), (None, 0.0, 0.0)],
    ids=["short", "long", "nearly over, perhaps", "not known"],
)
def test_by_what_was_learnt(
    monkeypatch: pytest.MonkeyPatch, usual: float | None, seconds_ago: float, here: float
) -> None:
    client, learnt = QuickGateway(), Durations()
    for _ in range(9 if usual else 0):
        learnt.note(client.settings.base_url, "z-image", "image", usual or 0.0)
    monkeypatch.setattr(jobs, "DURATIONS", learnt)
    assert job_of(client, StateStore())._worth_waiting(submitted(seconds_ago)) == here
