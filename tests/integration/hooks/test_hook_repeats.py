"""Which of the hook's calls are repeated after a fault, and which are not."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_rivya.exceptions import (
    GatewayError,
    GatewayUnavailableError,
    GenerationError,
    RateLimitedError,
    UnexpectedAnswerError,
)
from tests.integration.conftest import Connect, sent
from tests.integration.gateways import Hook, TestedGateway, at_each
from tests.sandbox_process import SandboxProcess

pytestmark = at_each


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503, "code": "public_api_disabled"},
        {"kind": "status", "status": 408, "body": "slow"},
        {"kind": "cut_before"},
        {"kind": "cut_after"},
        {"kind": "html"},
        {"kind": "rate_limit", "retry_after": 0},
        {"kind": "rate_limit", "retry_after": "date", "seconds": 0},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_passing_fault_is_repeated(
    hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess, fault: dict[str, Any]
) -> None:
    sandbox.fault(method="GET", path=gateway.balance, **fault)
    assert hook.get_credits().credits == 1000
    assert len(sandbox.requests()) == 2


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
@pytest.mark.parametrize("key", [None, "key-1"])
def test_create_is_repeated_only_where_its_key_is_honoured(
    hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess, kind: str, key: str | None
) -> None:
    sandbox.fault(method="POST", path=gateway.create, kind=kind)
    if key is not None and gateway.replays_keys:
        hook.create_generation(gateway.body(), key)
        assert len(sent(sandbox, "POST", gateway.create)) == 2
        assert sandbox.ledger()["charges"] == 1
        return
    with pytest.raises(GatewayError) as caught:
        hook.create_generation(gateway.body(key=key), key)
    assert caught.value.retryable
    assert caught.value.maybe_taken_in
    assert len(sent(sandbox, "POST", gateway.create)) == 1


def test_create_is_repeated_where_it_was_certainly_not_taken_in(
    hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    sandbox.fault(method="POST", path=gateway.create, kind="rate_limit", retry_after=0)
    hook.create_generation(gateway.body(key="key-1"), "key-1")
    assert len(sent(sandbox, "POST", gateway.create)) == 2
    assert sandbox.ledger()["charges"] == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 500}, GatewayUnavailableError),
        ({"kind": "rate_limit", "retry_after": None}, RateLimitedError),
        ({"kind": "html"}, UnexpectedAnswerError),
        ({"kind": "redirect", "location": "https://elsewhere.example/"}, UnexpectedAnswerError),
        ({"kind": "status", "status": 200, "body": [1]}, UnexpectedAnswerError),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_lasting_fault(
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    fault: dict[str, Any],
    error: type[GenerationError],
) -> None:
    connect(retries=0)
    sandbox.fault(method="GET", path=gateway.balance, times=9, **fault)
    hook = gateway.hook()
    with pytest.raises(error) as caught:
        hook.get_credits()
    assert caught.value.conn_id == gateway.conn_id
    assert len(sandbox.requests()) == 1
    hook.close()


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_rate_limit_with_and_without_retry_after(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, form: str
) -> None:
    connect(retries=0)
    sandbox.assume(rate_limit_per_window=1, rate_limit_window_seconds=60)
    sandbox.assume(**{"retry_after" if gateway.name == "rivya" else "toapis_retry_after": form})
    hook = gateway.hook()
    hook.get_credits()
    with pytest.raises(RateLimitedError) as caught:
        hook.get_credits()
    waits = caught.value.retry_after
    assert waits is None if form == "none" else (waits is not None and 50 <= waits <= 60)
    hook.close()


def test_all_hooks_of_an_account_pause_together(
    hook: Hook, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    """Of one process; the account, not the connection's name, is what the gateway counts."""
    created = hook.create_generation(gateway.body(key="key-1"), "key-1")
    sandbox.fault(method="GET", path=gateway.status, kind="rate_limit", retry_after=2 * 86400)
    with pytest.raises(RateLimitedError):
        hook.get_generation(created.id, repeat=False)
    with gateway.hook() as another, pytest.raises(RateLimitedError, match="was not sent") as caught:
        another.get_generation(created.id)
    assert 86400 < (caught.value.retry_after or 0.0) <= 2 * 86400
