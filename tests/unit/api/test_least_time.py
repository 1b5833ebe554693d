"""How long many generations take at the least, by what a gateway documents or a connection allows."""

from __future__ import annotations

import pytest

from airflow_provider_rivya.api.gateway import GatewayApi
from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.toapis import TOAPIS


@pytest.mark.parametrize(
    ("api", "count", "at_once", "per_second", "seconds"),
    [
        (RIVYA, 0, 100, None, 0.0),
        (RIVYA, 100, 100, None, 2.5),
        (RIVYA, 101, 100, None, 5.0),  # no limit of requests is documented
        (RIVYA, 102, 100, 2.0, 52.5),
        (TOAPIS, 50, 100, None, 5.0),  # as many as it takes at once
        (TOAPIS, 1_050, 1_000, None, 205.0),  # five a second after that
        (TOAPIS, 1_050, 1_000, 50.0, 25.0),
    ],
)
def test_bounds_and_limits_of_requests(
    api: GatewayApi, count: int, at_once: int, per_second: float | None, seconds: float
) -> None:
    assert api.least_seconds(count, at_once, per_second) == seconds
