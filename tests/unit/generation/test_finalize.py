"""The end of a generation: when its result is lost at the gateway, and what a task records of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_provider_rivya.api.schemas import SUCCEEDED, Generation
from airflow_provider_rivya.exceptions import DownloadError, OutputError, StorageError
from airflow_provider_rivya.generation.finalize import CLOCK_TOLERANCE, OwnOutcome, has_expired
from airflow_provider_rivya.submission.record import EXPIRED, Record
from airflow_provider_rivya.submission.stores import KEY
from tests.unit.quick_gateway import QuickGateway, job_of
from tests.unit.state_store import StateStore

NOW = 1_770_000_000.0


def generation(expires_at: float | None) -> Generation:
    moment = None if expires_at is None else datetime.fromtimestamp(expires_at, UTC)
    return Generation(id="task_1", status=SUCCEEDED, expires_at=moment)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_what_is_refused_after_its_time_has_expired(status: int) -> None:
    assert has_expired(DownloadError("no", http_status=status), generation(NOW - 1), NOW)


@pytest.mark.parametrize(
    ("error", "expires_at"),
    [
        (DownloadError("no", http_status=404), None),
        (DownloadError("no", http_status=404), NOW + CLOCK_TOLERANCE + 1),
        (DownloadError("no", http_status=401), NOW - 1),
        (DownloadError("no", http_status=500), NOW - 1),
        (DownloadError("broke off"), NOW - 1),
        (StorageError("full"), NOW - 1),
    ],
    ids=["no time told", "not over", "another key", "server error", "no answer", "our own place"],
)
def test_anything_else_may_be_fetched_later(error: OutputError, expires_at: float | None) -> None:
    assert not has_expired(error, generation(expires_at), NOW)


INTENT = Record("intent", 0, 0, "f", "rivya-key", 1.0, "rivya_default", "z-image", body="{}")
SUBMITTED = INTENT.submitted("task_1", 5.0, 2.0)
DONE = Generation(id="task_1", status=SUCCEEDED, credits_final=5.0)


def recorded_by(act: str, record: Record) -> tuple[Record, str | None]:
    """Return what is recorded when the end of a generation is noted, and what is said."""
    store = StateStore()
    store.values[KEY] = record.to_json()
    outcome = OwnOutcome(job_of(QuickGateway(), store).context, record)
    said: str | None = getattr(outcome, act)(DONE)
    return Record.from_json(store.values[KEY]), said


def test_a_lost_result_is_recorded_so_that_a_clear_submits_a_new_one() -> None:
    record, said = recorded_by("expired", SUBMITTED)
    assert (record.state, record.code, record.credits) == ("failed", EXPIRED, 5.0)
    assert said is not None
    assert "the time for which the gateway keeps its result is over" in said


def test_what_was_delivered_before_stays_delivered() -> None:
    assert recorded_by("expired", SUBMITTED.delivered())[0] == SUBMITTED.delivered()
    assert recorded_by("delivered", SUBMITTED.delivered())[0] == SUBMITTED.delivered()
    assert recorded_by("delivered", SUBMITTED)[0] == SUBMITTED.delivered()
