"""A key at a gateway that replays none: sent once, then only looked up. The sandbox's ledger is the judge."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from airflow_provider_rivya.cli.submitting import Once

from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.cli.output import Output
from airflow_provider_rivya.exceptions import GatewayError, GenerationError, InvalidRequestError
from airflow_provider_rivya.hooks.toapis import ToApisHook
from airflow_provider_rivya.request.prepare import prepare
from tests.integration.conftest import QUICK
from tests.sandbox_process import SandboxProcess

CREATE = "/v1/images/generations"
MADE_UP = f"cli-{'0f' * 16}"
Obtain = Callable[..., Generation]


@dataclass
class SandboxClock:
    """
    A clock whose pauses pass on the sandbox's clock, and not here.

    :param interrupt: be interrupted in the first pause.
    """

    sandbox: SandboxProcess
    interrupt: bool = False
    slept: list[float] = field(default_factory=list)

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float, /) -> None:
        if self.interrupt:
            raise KeyboardInterrupt
        self.slept.append(seconds)
        self.sandbox.advance(seconds)


@pytest.fixture
def clock(sandbox: SandboxProcess) -> SandboxClock:
    return SandboxClock(sandbox)


@pytest.fixture
def obtain(
    sandbox: SandboxProcess, clock: SandboxClock, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Obtain]:
    """Submit one request under a key, or under none."""
    monkeypatch.setenv(
        "AIRFLOW_CONN_TOAPIS_DEFAULT", sandbox.connection("toapis", extra=QUICK | {"retries": 0})
    )
    hook = ToApisHook()

    def run(key: str | None = None, *, model: str = "gpt-4o-image", dialect: str | None = None) -> Generation:
        prepared = prepare(
            gateway="toapis",
            model=model,
            prompt="A red bicycle",
            model_params=None,
            references=[],
            client_request_id=None,
            output_path=f"{landing}/",
            output_conn_id=None,
            mapped=False,
            subject="The request",
            dialect=dialect and {"model": dialect},
        )
        arguments = Namespace(idempotency_key=key, output=f"{landing}/", conn_id="toapis_default")
        return Once(hook, prepared, arguments, Output(), clock).generation()

    yield run
    hook.close()


def posts(sandbox: SandboxProcess) -> int:
    return sum((entry["method"], entry["path"]) == ("POST", CREATE) for entry in sandbox.requests())


def lose_the_answer(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="cut_after", method="POST", path=CREATE)


@pytest.mark.parametrize("key", [None, "row-17"])
def test_what_is_known_only_later_is_waited_for(
    obtain: Obtain, sandbox: SandboxProcess, clock: SandboxClock, key: str | None
) -> None:
    sandbox.assume(toapis_lookup="delayed", toapis_lookup_delay_seconds=20)
    lose_the_answer(sandbox)
    assert obtain(key).id == sandbox.tasks()[0]["id"]
    assert 15 < sum(clock.slept) < 30
    assert sandbox.ledger("toapis")["charges"] == posts(sandbox) == 1


@pytest.mark.parametrize("key", ["row-17", "a key/with: everything?"])
def test_what_is_never_known_is_never_sent_again(
    obtain: Obtain, sandbox: SandboxProcess, clock: SandboxClock, key: str
) -> None:
    sandbox.assume(toapis_lookup="never")
    lose_the_answer(sandbox)
    with pytest.raises(GatewayError, match=r"knows no generation under the key .* in 60 s"):
        obtain(key)
    with pytest.raises(GenerationError, match="An earlier run has sent this request") as caught:
        obtain(key)
    assert "rivya fetch" in str(caught.value)
    assert "another key, or none, pays for a new generation" in str(caught.value)
    assert sum(clock.slept) == 120
    assert sandbox.ledger("toapis")["charges"] == posts(sandbox) == 1
    sandbox.assume(toapis_lookup="at_once")
    assert obtain(key).id == sandbox.tasks()[0]["id"]
    assert posts(sandbox) == 1


def test_a_key_that_was_made_up_was_sent_by_whoever_told_it(
    obtain: Obtain, sandbox: SandboxProcess, landing: Path
) -> None:
    with pytest.raises(GenerationError, match="An earlier run has sent this request"):
        obtain(MADE_UP)
    assert posts(sandbox) == 0
    assert list(landing.iterdir()) == []


def test_without_a_key_nothing_is_left_beside_the_output(obtain: Obtain, landing: Path) -> None:
    obtain()
    assert list(landing.iterdir()) == []


def test_a_delivered_key_needs_no_look_up(obtain: Obtain, sandbox: SandboxProcess) -> None:
    first = obtain("row-17")
    sandbox.assume(toapis_lookup="never")
    assert obtain("row-17").id == first.id
    assert posts(sandbox) == 1


def test_what_a_process_that_was_killed_has_sent_is_looked_up(
    obtain: Obtain, sandbox: SandboxProcess, landing: Path
) -> None:
    """It is killed between the gateway's answer and the record of it: the record is what it was before."""
    sandbox.assume(toapis_lookup="never")
    lose_the_answer(sandbox)
    with pytest.raises(GatewayError):
        obtain("row-17")
    sandbox.assume(toapis_lookup="at_once")
    [record] = (landing / ".rivya").iterdir()
    assert '"state": "intent"' in record.read_text()
    assert obtain("row-17").id == sandbox.tasks()[0]["id"]
    assert posts(sandbox) == 1


def test_what_was_certainly_not_taken_in_may_be_sent_again(obtain: Obtain, sandbox: SandboxProcess) -> None:
    sandbox.set_credits(0, "toapis")
    with pytest.raises(GatewayError, match="Nothing was submitted and nothing was charged"):
        obtain("row-17")
    sandbox.set_credits(100, "toapis")
    obtain("row-17")
    assert sandbox.ledger("toapis")["charges"] == 1


def test_a_look_up_that_fails_is_not_taken_for_not_there(obtain: Obtain, sandbox: SandboxProcess) -> None:
    lose_the_answer(sandbox)
    sandbox.fault(kind="status", method="GET", path=f"{CREATE}/*", status=503, times=2)
    with pytest.raises(GatewayError, match="nor could it be looked up"):
        obtain()
    [entry] = sandbox.ledger("toapis")["entries"]
    with pytest.raises(GatewayError, match=r"What was sent under the key .* could not be looked up"):
        obtain(entry["client_business_id"])
    assert obtain(entry["client_business_id"]).id == entry["task_id"]
    assert sandbox.ledger("toapis")["charges"] == posts(sandbox) == 1


def test_nothing_is_sent_under_a_key_that_cannot_be_looked_up(
    obtain: Obtain, sandbox: SandboxProcess
) -> None:
    sandbox.fault(kind="status", method="GET", path=f"{CREATE}/*", status=503)
    with pytest.raises(GatewayError, match=r"^The key row-17 could not be looked up.* nothing was charged"):
        obtain("row-17")
    assert posts(sandbox) == 0


def test_somebody_elses_key(obtain: Obtain, sandbox: SandboxProcess, landing: Path) -> None:
    obtain("row-17")
    for record in (landing / ".rivya").iterdir():
        record.unlink()
    with pytest.raises(GenerationError, match="of the model 'gpt-4o-image'") as caught:
        obtain("row-17", model="grok-4-1-image")
    assert "Nothing was submitted and nothing was charged" in str(caught.value)
    assert posts(sandbox) == 1


def test_another_request_under_the_same_key(obtain: Obtain, sandbox: SandboxProcess) -> None:
    obtain("row-17")
    with pytest.raises(InvalidRequestError, match="another request was sent under 'row-17'"):
        obtain("row-17", model="grok-4-1-image")
    assert posts(sandbox) == 1


def test_a_model_id_that_was_forced_is_the_requests_own(obtain: Obtain, landing: Path) -> None:
    first = obtain("row-17", model="nano-banana-2", dialect="nano_banana_2")
    for record in (landing / ".rivya").iterdir():
        record.unlink()
    assert obtain("row-17", model="nano-banana-2", dialect="nano_banana_2").id == first.id


@pytest.mark.parametrize("key", [None, "row-17"])
def test_ctrl_c_while_it_is_looked_up(
    obtain: Obtain,
    sandbox: SandboxProcess,
    clock: SandboxClock,
    key: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sandbox.assume(toapis_lookup="never")
    lose_the_answer(sandbox)
    clock.interrupt = True
    with pytest.raises(KeyboardInterrupt):
        obtain(key)
    told = capsys.readouterr().err
    [entry] = sandbox.ledger("toapis")["entries"]
    assert f"rivya fetch {entry['client_business_id']} --output" in told
    assert "never sends it a second time" in told
