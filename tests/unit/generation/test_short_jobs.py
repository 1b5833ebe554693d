"""What is likely to end sooner than a deferral takes is waited for on the worker."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.generation import job as jobs
from airflow_provider_rivya.submission.context import Submission
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.turn import SHORT
from airflow_provider_rivya.waiting import memory
from airflow_provider_rivya.waiting.decide import Finished
from airflow_provider_rivya.waiting.durations import Durations
from tests.unit.quick_gateway import URL, QuickGateway, job_of
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


@pytest.mark.parametrize(
    ("took", "remembers", "noted"),
    [(3, True, [3.0]), (3, False, []), (-1, True, []), (5000, True, []), (None, True, [])],
    ids=[
        "by the gateway's times",
        "one of many in a process",
        "odd times",
        "longer than it can be",
        "not told",
    ],
)
def test_what_a_task_has_seen_is_handed_on(
    monkeypatch: pytest.MonkeyPatch, took: float | None, remembers: bool, noted: list[float]
) -> None:
    client, seen = QuickGateway(), list[float]()
    monkeypatch.setattr(memory, "remember", lambda *of: seen.append(of[-1]))
    begun = datetime.now(UTC) - timedelta(seconds=100)
    ended = None if took is None else begun + timedelta(seconds=took)
    done = Generation(id="task_1", status="succeeded", created_at=begun, updated_at=ended, urls=(URL,))
    job = replace(job_of(client, StateStore()), remembers=remembers)
    job.land(submitted(100.0), Finished("succeeded", generation=done), None)
    assert seen == noted
