"""The hook's connection: the test of it, faulty keys, one client for all threads, a new key."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from airflow_provider_rivya.exceptions import AuthenticationError, ConnectionConfigError
from tests.integration.conftest import Connect
from tests.integration.gateways import Hook, TestedGateway, at, at_each
from tests.sandbox_process import SandboxProcess

pytestmark = at_each


def test_connection_test(connect: Connect, gateway: TestedGateway) -> None:
    worked, text = gateway.hook().test_connection()
    assert worked
    assert "1000 credits" in text


def check_faulty_key(gateway: TestedGateway, connect: Connect, key: str | None, *told: str) -> None:
    connect(key=key)
    worked, text = gateway.hook().test_connection()
    assert not worked
    for words in told:
        assert words in text
    assert key is None or key not in text


@pytest.mark.parametrize(
    ("key", "told"), [(None, "no API key is set"), ("two words", "no spaces")], ids=["none", "two words"]
)
def test_connection_test_without_a_usable_key(
    connect: Connect, gateway: TestedGateway, key: str | None, told: str
) -> None:
    check_faulty_key(gateway, connect, key, "password", told)


KEYS = [
    ("rvya_sk_sandbox_unheard_of", "api_key_invalid", "not a key Rivya can verify"),
    ("rvya_sk_sandbox_revoked", "api_key_revoked", "create a new one"),
    ("rvya_sk_sandbox_expired", "api_key_expired", "no longer valid"),
    ("rvya_sk_sandbox_noscope", "api_scope_denied", "scope"),
]


@at("rivya")
@pytest.mark.parametrize(("key", "code", "told"), KEYS, ids=[case[1] + case[0][-4:] for case in KEYS])
def test_connection_test_of_a_faulty_key(
    connect: Connect, gateway: TestedGateway, key: str, code: str, told: str
) -> None:
    check_faulty_key(gateway, connect, key, code, told)


@at("toapis")
@pytest.mark.parametrize("key", ["sk-sandbox-unheard-of", "sk-sandbox-revoked", "rvya_sk_sandbox"])
@pytest.mark.parametrize("status", [401, 403, 200])
def test_connection_test_of_a_key_that_is_refused(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, key: str, status: int
) -> None:
    """The balance call tells by its text alone that it does not take a key."""
    sandbox.assume(toapis_balance_error_status=status)
    check_faulty_key(gateway, connect, key, "Failed to get token info", "Put a valid API key (sk-...)")


def test_connection_test_of_a_gateway_that_is_away(connect: Connect, gateway: TestedGateway) -> None:
    connect(retries=0, host="http://127.0.0.1:9")
    worked, text = gateway.hook().test_connection()
    assert not worked
    assert "could not be reached" in text


@at("rivya")
def test_connection_test_of_a_gateway_that_is_off(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    connect(retries=0)
    sandbox.control("POST", "public-api", {"enabled": False})
    assert "switched off" in gateway.hook().test_connection()[1]


@at("toapis")
@pytest.mark.parametrize("status", [404, 200])
def test_connection_test_where_the_balance_does_not_answer(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, status: int
) -> None:
    """The endpoint is documented on a copy of the documentation alone: the list of models tells the same."""
    sandbox.fault(method="GET", path=gateway.balance, kind="status", status=status, body="<html>", times=9)
    worked, text = gateway.hook().test_connection()
    assert worked, text
    assert "models. The balance could not be read" in text


def test_connection_missing_or_of_another_type(connect: Connect, gateway: TestedGateway) -> None:
    with pytest.raises(
        ConnectionConfigError, match=r"There is no connection 'nowhere'.*connections add nowhere"
    ):
        gateway.hook("nowhere").get_credits()
    connect(conn_type="http")
    with pytest.raises(ConnectionConfigError, match=f"of type 'http', not '{gateway.name}'"):
        gateway.hook().get_credits()
    assert "of type 'http'" in gateway.hook().test_connection()[1]


def test_threads_share_one_client_and_one_downloader(hook: Hook) -> None:
    together = threading.Barrier(8, timeout=60)

    def ask(_: int) -> tuple[int, int]:
        together.wait()
        return id(hook.get_conn()), id(hook.downloader())

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    before = hook.get_conn(), hook.downloader()
    hook.close()
    assert hook.get_conn() is not before[0]
    assert hook.downloader() is not before[1]


def test_refresh_takes_the_new_key(connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    connect(key=gateway.revoked, retries=0)
    hook = gateway.hook()
    with pytest.raises(AuthenticationError) as caught:
        hook.get_credits()
    shown = f"{caught.value!r} {caught.value} {hook!r} {hook.settings!r} {hook.get_conn()!r}"
    assert gateway.revoked not in shown
    assert gateway.key not in shown
    connect()
    hook.refresh()
    assert hook.get_credits().credits == 1000
    hook.close()
