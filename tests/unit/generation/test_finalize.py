"""When a result is lost at the gateway, with plain values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_provider_rivya.api.schemas import SUCCEEDED, Generation
from airflow_provider_rivya.exceptions import DownloadError, OutputError, StorageError
from airflow_provider_rivya.generation.finalize import CLOCK_TOLERANCE, has_expired

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
