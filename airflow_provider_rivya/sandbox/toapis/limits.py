"""The limits of an account's group: a bucket of creations and one of status calls, refilled by the second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from starlette.requests import Request

from airflow_provider_rivya.sandbox.state.accounts import ApiKey
from airflow_provider_rivya.sandbox.state.store import State


class Limit(NamedTuple):
    """
    A bucket.

    :param a_minute: calls that are refilled in a minute, as a header tells it.
    :param burst: calls that it holds.
    """

    a_minute: int
    burst: int


GROUPS: Mapping[str, Mapping[str, Limit]] = {
    "default": {"async_submit": Limit(300, 50), "async_query": Limit(3000, 500)},
    "vip": {"async_submit": Limit(1000, 167), "async_query": Limit(10000, 1667)},
    "svip": {"async_submit": Limit(2000, 334), "async_query": Limit(30000, 5000)},
}
"""By a summary of https://docs.toapis.com/docs/cn/api-reference/rate-limits/async-tasks."""

ROUNDING = 1e-6


def category_of(request: Request) -> str:
    """Return the name of the limit of a call, as a header tells it."""
    return "async_submit" if request.method == "POST" else "async_query"


def wait_for(request: Request, caller: ApiKey, state: State) -> tuple[float, int] | None:
    """
    Count a call against the group of its account; one that is refused does not count.

    :return: the seconds until the next one may pass, and the limit; ``None`` where this one may. Uploads,
        balances and model lists have no limit that is documented.
    """
    group = GROUPS.get(state.assumptions.text("toapis_rate_group"))
    if group is None or not request.url.path.startswith(("/v1/images/", "/v1/videos/")):
        return None
    category = category_of(request)
    limit = group[category]
    counted_for = state.assumptions.text("toapis_rate_counted_for")
    place = (caller.account if counted_for == "user" else caller.key, category)
    now, a_second = state.now(), limit.a_minute / 60
    left, at = state.buckets.get(place, (float(limit.burst), now))
    left = min(float(limit.burst), left + (now - at) * a_second)
    passes = left > 1 - ROUNDING
    state.buckets[place] = (left - 1 if passes else left, now)
    return None if passes else ((1 - left) / a_second, limit.a_minute)
