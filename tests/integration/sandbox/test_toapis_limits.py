"""The limits of an account's group at the stand-in of ToAPIs, on a clock that stands still."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from airflow_provider_rivya.sandbox.state.accounts import ApiKey
from airflow_provider_rivya.sandbox.state.store import State
from airflow_provider_rivya.sandbox.toapis.limits import wait_for

CALLER = ApiKey("sk-1", "someone", frozenset(), gateway="toapis")
SAME_ACCOUNT = ApiKey("sk-2", "someone", frozenset(), gateway="toapis")


def call(method: str = "POST", path: str = "/v1/images/generations") -> Request:
    return Request({"type": "http", "method": method, "path": path, "headers": []})


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> State:
    state = State(1000, 1)
    monkeypatch.setattr(state, "now", lambda: 1000.0 + state.clock_offset)
    return state


def passed(state: State, request: Request, most: int, caller: ApiKey = CALLER) -> int:
    return sum(1 for _ in range(most) if wait_for(request, caller, state) is None)


@pytest.mark.parametrize(
    ("group", "method", "burst"),
    [
        ("default", "POST", 50),
        ("default", "GET", 500),
        ("vip", "POST", 167),
        ("vip", "GET", 1667),
        ("svip", "POST", 334),
        ("svip", "GET", 5000),
    ],
)
def test_a_burst_passes_and_no_more(state: State, group: str, method: str, burst: int) -> None:
    state.assumptions.set({"toapis_rate_group": group})
    assert passed(state, call(method), burst + 10) == burst
    limited = wait_for(call(method), CALLER, state)
    assert limited is not None
    state.clock_offset += limited[0]
    assert passed(state, call(method), 10) == 1


def test_creations_and_status_calls_have_a_bucket_each_and_uploads_none(state: State) -> None:
    state.assumptions.set({"toapis_rate_group": "default"})
    assert passed(state, call(), 60) == 50
    assert passed(state, call(path="/v1/videos/generations"), 60) == 0
    assert passed(state, call("GET"), 60) == 60
    assert passed(state, call(path="/v1/uploads/images"), 60) == 60


@pytest.mark.parametrize(("counted_for", "left"), [("user", 0), ("key", 50)])
def test_whose_calls_are_counted(state: State, counted_for: str, left: int) -> None:
    state.assumptions.set({"toapis_rate_group": "default", "toapis_rate_counted_for": counted_for})
    passed(state, call(), 60)
    assert passed(state, call(), 60, SAME_ACCOUNT) == left


def test_without_a_group_nothing_is_counted(state: State) -> None:
    assert passed(state, call(), 600) == 600
