"""How fast a process calls: its own limit, pauses for all, and how several processes share one limit."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from airflow_provider_rivya.api.call import Quota
from airflow_provider_rivya.api.connection import ConnectionSettings, read_connection
from airflow_provider_rivya.api.gateway import GatewayApi, RateLimit
from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.toapis import TOAPIS
from airflow_provider_rivya.waiting.pace import FIRST_PAUSE, LEAST, Lane, Pace, Paces, pace_for

ASKED = 300.0
"""A pause that the gateway asks for."""


def gone(lane: Lane, since: float, until: float) -> list[float]:
    """When calls go, of a caller that always wants another one."""
    now, went = since, []
    while now < until:
        wait = lane.acquire(now)
        if wait == 0:
            went.append(now)
        now += wait
    return went


def refused(lane: Lane, now: float, times: int = 1) -> float:
    """Refuse so many calls, each after the pause of the one before; return when the last pause ends."""
    for _ in range(times):
        now += lane.refused(now, None)
    return now


def test_a_lane_without_a_limit_lets_all_go() -> None:
    lane = Lane()
    assert [lane.acquire(0.0) for _ in range(1000)] == [0.0] * 1000
    assert lane.rate is None


def test_a_limit_is_kept_after_a_burst() -> None:
    went = gone(Lane(limit=5.0, burst=50.0), 100.0, 160.0)
    assert went.count(100.0) == 50
    assert len(went) == pytest.approx(50 + 60 * 5, abs=2)


def test_no_more_than_a_burst_is_saved_up() -> None:
    lane = Lane(limit=5.0, burst=3.0)
    gone(lane, 0.0, 1.0)
    assert gone(lane, 1000.0, 1000.01).count(1000.0) == 3


@pytest.mark.parametrize("limit", [None, 5.0])
def test_a_pause_is_kept_in_full_and_by_all(limit: float | None) -> None:
    lane = Lane(limit=limit, burst=50.0)
    assert lane.acquire(0.0) == 0
    assert lane.refused(1.0, ASKED) == ASKED
    for now in (1.0, 100.0, 300.9):
        assert lane.acquire(now) == pytest.approx(1.0 + ASKED - now)
    assert lane.acquire(1.0 + ASKED) == 0


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    lane = Lane()
    lane.refused(0.0, ASKED)
    lane.refused(0.5, 1.0)
    assert lane.acquire(10.0) == ASKED - 10.0


@pytest.mark.parametrize("days", [1.0, 2.0, 366.0])
def test_a_pause_of_days_binds_all_as_well(days: float) -> None:
    asked = days * 24 * 3600.0
    assert Lane().refused(0.0, asked) == asked
    lane = Lane(limit=5.0)
    lane.pause(0.0, asked)
    assert lane.acquire(asked - 1.0) == 1.0


def test_no_burst_follows_a_pause() -> None:
    lane = Lane(limit=5.0, burst=50.0)
    gone(lane, 0.0, 20.0)
    lane.refused(20.0, 60.0)
    went = gone(lane, 20.0, 90.0)
    assert went[0] == 80.0
    assert max(after - before for before, after in pairwise(went)) > 0.2
    assert sum(moment < 81.0 for moment in went) <= 4


def test_a_burst_of_refusals_slows_down_once() -> None:
    lane = Lane(limit=8.0, burst=8.0)
    gone(lane, 0.0, 1.0)
    for moment in (1.0, 1.1, 1.2):
        lane.refused(moment, 2.0)
    assert lane.rate == 4.0


def test_it_gets_slower_and_faster_again_up_to_the_limit() -> None:
    lane = Lane(limit=8.0, burst=1.0)
    now = refused(lane, 0.0, times=3)
    assert lane.rate == 1.0
    rates = []
    for second in range(900):
        gone(lane, now + second, now + second + 1.0)
        rates.append(lane.rate or 0.0)
    assert rates == sorted(rates)
    assert rates[9] - rates[0] == pytest.approx(rates[19] - rates[10], rel=0.2)  # by addition
    assert rates[-1] == 8.0


def test_without_a_known_limit_the_rate_of_the_last_moments_is_halved() -> None:
    lane = Lane()
    for number in range(100):
        lane.acquire(number / 10)
    lane.refused(10.0, 1.0)
    assert lane.rate == pytest.approx(5.0, rel=0.1)


def test_something_is_left_after_any_number_of_refusals() -> None:
    lane = Lane(limit=5.0)
    now = refused(lane, 0.0, times=50)
    assert lane.rate == LEAST
    assert lane.acquire(now + 10.0) == 0


def test_pauses_of_our_own_grow_and_are_forgotten_after_an_answer() -> None:
    lane = Lane()
    pauses, now = [], 0.0
    for _ in range(10):
        pauses.append(lane.refused(now, None))
        now += pauses[-1]
    assert pauses == [min(64.0, FIRST_PAUSE * 2**number) for number in range(10)]
    lane.heard(now, Quota())
    assert lane.refused(now + 1.0, None) == FIRST_PAUSE


@pytest.mark.parametrize(
    ("quota", "wait"),
    [(Quota(0, 30.0), 30.0), (Quota(0, None), 0.0), (Quota(3, 30.0), 0.0), (Quota(None, 30.0), 0.0)],
)
def test_what_is_told_to_be_left_is_kept_to(quota: Quota, wait: float) -> None:
    lane = Lane()
    lane.acquire(0.0)
    lane.heard(0.0, quota)
    assert lane.acquire(0.0) == wait


def test_tokens_are_no_more_than_what_is_left() -> None:
    lane = Lane(limit=5.0, burst=50.0)
    lane.acquire(0.0)
    lane.heard(0.0, Quota(2, 60.0))
    assert [lane.acquire(0.0) == 0 for _ in range(3)] == [True, True, False]


# -- kinds, and where the limits come from -------------------------------------------------------------


def connected(
    api: GatewayApi, host: str | None = None, *, conn_id: str = "a", key: str = "a-key", **extra: float
) -> ConnectionSettings:
    return read_connection(
        conn_id=conn_id,
        conn_type=api.name,
        default_host=api.default_host,
        host=host,
        schema=None,
        port=None,
        password=key,
        extra=extra,
    )


def paced(api: GatewayApi, host: str | None = None, **extra: float) -> Pace:
    return pace_for(api, connected(api, host, conn_id="a", key="a-key", **extra), 0.0)


def test_kinds_that_the_gateway_counts_apart_do_not_pause_each_other() -> None:
    pace = paced(TOAPIS)
    pace.refused("submission", 0.0, ASKED)
    assert pace.acquire("submission", 1.0) == ASKED - 1.0
    assert pace.acquire("status", 1.0) == 0
    together = paced(RIVYA)
    together.refused("submission", 0.0, ASKED)
    assert together.acquire("status", 1.0) == ASKED - 1.0


@pytest.mark.parametrize(
    ("pace", "submissions", "status"),
    [
        (lambda: paced(TOAPIS), 5.0, 50.0),
        (lambda: paced(TOAPIS, max_requests_per_second=16.7), 16.7, 16.7),
        (lambda: paced(TOAPIS, host="http://127.0.0.1:1"), None, None),
        (lambda: paced(TOAPIS, host="http://127.0.0.1:1", max_requests_per_second=2), 2.0, 2.0),
        (lambda: paced(RIVYA), None, None),
        (lambda: paced(RIVYA, max_requests_per_second=2), 2.0, 2.0),
    ],
    ids=["documented", "own", "sandbox", "own at a sandbox", "not documented", "own, none documented"],
)
def test_where_a_limit_comes_from(
    pace: Callable[[], Pace], submissions: float | None, status: float | None
) -> None:
    made = pace()
    assert (made.lane("submission").rate, made.lane("status").rate) == (submissions, status)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (connected(TOAPIS), True),
        (connected(TOAPIS, conn_id="b"), True),
        (connected(TOAPIS, key="another-key"), False),
        (connected(TOAPIS, host="https://eu.toapis.com"), False),
        (connected(TOAPIS, max_requests_per_second=2), False),
    ],
    ids=["read again", "another connection of the account", "another account", "elsewhere", "own limit"],
)
def test_an_account_has_one_pace_in_a_process(other: ConnectionSettings, same: bool) -> None:
    paces = Paces()
    pace = paces.of(TOAPIS, connected(TOAPIS))
    assert (paces.of(TOAPIS, other) is pace) == same
    for number in range(500):
        paces.of(TOAPIS, connected(TOAPIS, key=f"key-{number}"))
    assert len(paces._paces) < 500


def test_threads_share_what_there_is() -> None:
    paces = Paces()

    def take(_: int) -> int:
        return sum(paces.of(TOAPIS, connected(TOAPIS)).acquire("submission", 1.0) == 0 for _ in range(50))

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take, range(8))) == 50  # the burst, once


# -- several processes that do not know of each other -----------------------------------------------


class Account:
    """A token bucket that many processes share, as ToAPIs documents it."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._rate, self._burst = per_second, burst
        self._tokens, self._at = burst, 0.0
        self.taken: list[float] = []
        self.refused: list[float] = []

    def asked(self, now: float) -> float | None:
        """:return: ``None``, or the seconds to wait."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1.0:
            self.refused.append(now)
            return max(1.0, (1.0 - self._tokens) / self._rate)
        self._tokens -= 1.0
        self.taken.append(now)
        return None


@pytest.mark.parametrize("documented", [True, False], ids=["limit known", "limit not known"])
@pytest.mark.parametrize("kind", ["status", "submission"])
def test_processes_of_one_account_settle_without_a_storm(kind: str, documented: bool) -> None:
    """Three triggerers, or eight submitters, that always have something to send; one answer takes 0.1 s."""
    number, limit = (3, RateLimit(50.0, 500.0)) if kind == "status" else (8, RateLimit(5.0, 50.0))
    account, dice = Account(limit.per_second or 0.0, limit.burst), random.Random(7)  # noqa: S311
    own = limit.per_second if documented else None
    lanes = [Lane(own, limit.burst if documented else 1.0, dice.random()) for _ in range(number)]
    due = [(dice.random(), place) for place in range(number) for _ in range(8)]  # eight at once in each
    end = 600.0
    while (event := min(due))[0] < end:
        due.remove(event)
        now, place = event
        wait = lanes[place].acquire(now)
        if wait == 0:
            asked = account.asked(now)
            if asked is None:
                lanes[place].heard(now + 0.1, Quota())
            else:
                lanes[place].refused(now + 0.1, asked)
        due.append((now + wait + (0.1 if wait == 0 else 0.0), place))
    late = [moment for moment in account.refused if moment > 60.0]
    possible = (end - 60.0) * (limit.per_second or 0.0)
    taken = sum(moment > 60.0 for moment in account.taken)
    assert len(late) < 0.1 * taken
    assert taken > 0.6 * possible
    assert max(sum(a <= b < a + 1.0 for b in account.refused) for a in account.refused) <= 8 * number
