"""The trigger against a gateway over loopback: one event, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from airflow_provider_rivya.triggers import shared_hook as poller
from airflow_provider_rivya.triggers.base import GenerationTrigger
from airflow_provider_rivya.triggers.batch import RivyaBatchTrigger, ToApisBatchTrigger
from airflow_provider_rivya.waiting.decide import Patience
from tests.integration.conftest import Connect, Listener, sent
from tests.integration.gateways import TestedGateway, at_each, refreshing
from tests.integration.leaks import SECRETS
from tests.sandbox_process import SandboxProcess

pytestmark = at_each


def submit(gateway: TestedGateway) -> str:
    hook = gateway.hook()
    created = hook.create_generation(hook.api.request_body(gateway.model, "A bicycle", {}))
    hook.close()
    return created.id


def trigger_for(gateway: TestedGateway, generation_id: str, *, seconds: float = 30.0) -> GenerationTrigger:
    now = time.time()
    return gateway.trigger(generation_id, gateway.conn_id, "image", now, now + seconds, 7)


def impatient(trigger: GenerationTrigger) -> GenerationTrigger:
    """Give it short patience with faults."""
    trigger.patience = Patience(refused=0.1, not_found=0.1)  # type: ignore[misc]  # of this one alone
    trigger.connection_pause = 0.05  # type: ignore[misc]
    return trigger


async def event_of(trigger: GenerationTrigger) -> Any:
    events = [event.payload async for event in trigger.run()]
    assert len(events) == 1
    assert set(events[0]) == {"status", "task_id", "code"}
    assert events[0]["task_id"] == trigger.generation_id
    return events[0]


async def polling(trigger: GenerationTrigger, logs: Listener) -> asyncio.Future[Any]:
    """Run a trigger, and come back when it has had an answer and waits for the next."""
    running = asyncio.ensure_future(event_of(trigger))
    async with asyncio.timeout(20):
        await logs.said(f"Generation {trigger.generation_id}: ")
    assert not running.done()
    return running


def test_serialisation_round_trip(gateway: TestedGateway) -> None:
    trigger = gateway.trigger("task_1", gateway.conn_id, "video", 1000.5, 2000.5)
    path, arguments = trigger.serialize()
    assert path == gateway.trigger_path
    assert arguments[gateway.conn_argument] == gateway.conn_id
    again = gateway.trigger(**json.loads(json.dumps(arguments)))
    assert again.serialize() == (path, arguments)
    for text in (json.dumps(arguments), repr(trigger), str(trigger)):
        assert SECRETS.search(text) is None
        assert "http" not in text


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (None, "succeeded", None),
        ({"error": {"code": "generation_failed", "message": "no luck"}}, "failed", "generation_failed"),
        ({"error": None}, "failed", None),
    ],
    ids=["success", "failure", "failure without a reason"],
)
async def test_verdict(
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    failure: Any,
    status: str,
    code: str | None,
) -> None:
    if failure is not None:
        sandbox.fault(kind="generation_fails", **failure)
    event = await event_of(trigger_for(gateway, submit(gateway)))
    assert (event["status"], event["code"]) == (status, code)
    assert SECRETS.search(json.dumps(event)) is None


async def test_it_only_reads(connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    generation_id = submit(gateway)
    before = len(sandbox.requests())
    await event_of(trigger_for(gateway, generation_id))
    assert {request["method"] for request in sandbox.requests()[before:]} == {"GET"}
    assert all(
        request["path"] == f"{gateway.create}/{generation_id}" for request in sandbox.requests()[before:]
    )


async def test_deadline_is_not_moved_by_a_restart(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    sandbox.reset(speed=1)
    first = trigger_for(gateway, submit(gateway), seconds=0.3)
    running = asyncio.ensure_future(event_of(first))
    await asyncio.sleep(0)  # lets it begin, no more
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    _, arguments = first.serialize()
    again = gateway.trigger(**arguments)
    assert again.deadline == first.deadline
    assert (await event_of(again))["status"] == "timeout"
    assert time.time() >= first.deadline
    # Past its deadline it looks once, so that what has ended meanwhile is not called a timeout.
    sandbox.advance(30)
    assert (await event_of(gateway.trigger(**arguments)))["status"] == "succeeded"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 502, "body": "<html>Bad gateway</html>"},
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "cut_before"},
        {"kind": "answer_cut"},
        {"kind": "rate_limit", "retry_after": None},
        {"kind": "rate_limit", "retry_after": "date", "seconds": 0},
        {"kind": "status", "status": 503, "code": "public_api_disabled"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values())[:30],
)
async def test_burst_of_faults(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, fault: dict[str, Any]
) -> None:
    generation_id = submit(gateway)
    sandbox.fault(method="GET", path=gateway.status, times=5, **fault)
    assert (await event_of(trigger_for(gateway, generation_id)))["status"] == "succeeded"
    assert (
        len(sent(sandbox, "GET", f"{gateway.create}/{generation_id}")) == 6
    )  # no repeats beside the schedule


async def test_retry_after_is_kept(connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    generation_id = submit(gateway)
    sandbox.fault(method="GET", path=gateway.status, kind="rate_limit", retry_after=2)
    begun = time.monotonic()
    assert (await event_of(trigger_for(gateway, generation_id)))["status"] == "succeeded"
    assert time.monotonic() - begun >= 2
    assert len(sent(sandbox, "GET", f"{gateway.create}/{generation_id}")) == 2


async def test_unknown_status_is_waited_out_and_told(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, logs: Listener
) -> None:
    generation_id = submit(gateway)
    sandbox.fault(method="GET", path=gateway.status, kind="unknown_status", status="upscaling", for_polls=4)
    assert (await event_of(trigger_for(gateway, generation_id)))["status"] == "succeeded"
    assert len([line for _, line in logs.lines if "upscaling" in line and "does not know" in line]) == 1


async def test_gateway_away_for_a_while(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, logs: Listener
) -> None:
    generation_id = submit(gateway)
    connect(host="http://127.0.0.1:9", retries=0)
    trigger = trigger_for(gateway, generation_id)
    async with poller.shared_hook(gateway.hook, gateway.conn_id) as hook:
        running = asyncio.ensure_future(event_of(trigger))
        async with asyncio.timeout(20):
            await logs.said("status unknown")
        assert not running.done()
        connect()  # it is back
        hook._refreshed_at = -100.0
        await hook.arefresh()
        assert (await running)["status"] == "succeeded"


async def test_key_is_replaced_while_waiting(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, logs: Listener
) -> None:
    sandbox.reset(speed=1)
    generation_id = submit(gateway)
    running = await polling(trigger_for(gateway, generation_id), logs)
    asked = len(sent(sandbox, "GET", f"{gateway.create}/{generation_id}"))
    assert asked >= 1
    sandbox.control("POST", "keys", {"key": gateway.key, "state": "revoked"})
    sandbox.control("POST", "keys", {"key": gateway.replaced, "account": gateway.account})
    connect(key=gateway.replaced)
    sandbox.advance(30)
    assert (await running)["status"] == "succeeded"
    assert len(sent(sandbox, "GET", f"{gateway.create}/{generation_id}")) > asked


async def test_refused_and_unknown_outlast_their_grace(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    assert await event_of(impatient(trigger_for(gateway, "task_nowhere"))) == {
        "status": "not_found",
        "task_id": "task_nowhere",
        "code": gateway.not_found,
    }
    connect(key=gateway.expired)
    event = await event_of(impatient(trigger_for(gateway, "task_1")))
    assert (event["status"], event["code"]) == (
        "refused",
        {"rivya": "api_key_expired", "toapis": "unauthorized"}[gateway.name],
    )


async def test_a_connection_that_is_away_is_waited_for(
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    logs: Listener,
) -> None:
    """As at a restart of the triggerer while the API server, or a secrets backend, is away."""
    generation_id = submit(gateway)
    monkeypatch.delenv(gateway.variable)
    trigger = trigger_for(gateway, generation_id)
    trigger.hook_class = refreshing(gateway.hook, 0.01)  # type: ignore[misc]  # of this one alone
    trigger.connection_pause = 0.05  # type: ignore[misc]
    running = asyncio.ensure_future(event_of(trigger))
    async with asyncio.timeout(20):
        await logs.said(f"Generation {generation_id}: the connection cannot be used. There is no", times=2)
    connect()
    assert (await running)["status"] == "succeeded"


@pytest.mark.parametrize("limit", ["grace", "deadline"])
async def test_a_connection_that_stays_away(
    connect: Connect,
    gateway: TestedGateway,
    monkeypatch: pytest.MonkeyPatch,
    logs: Listener,
    limit: str,
) -> None:
    monkeypatch.delenv(gateway.variable)
    trigger = trigger_for(gateway, "task_1", seconds=30.0 if limit == "grace" else 0.1)
    event = await event_of(impatient(trigger) if limit == "grace" else trigger)
    assert (event["status"], event["code"]) == ("refused", "connection")


async def test_cancelled_trigger_gives_its_lease_back(
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    logs: Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway.trigger, "hook_class", type("Hook", (gateway.hook,), {"kept_unused": 0.0}))
    sandbox.reset(speed=1)
    running = await polling(trigger_for(gateway, submit(gateway)), logs)
    table = poller._leases[asyncio.get_running_loop()]
    assert [lease.users for lease in table.values()] == [1]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    (ending,) = [lease.ending for lease in table.values()]
    assert ending is not None
    await ending
    assert table == {}


async def test_who_comes_within_the_grace_finds_the_same_client(gateway: TestedGateway) -> None:
    async with poller.shared_hook(gateway.hook, gateway.conn_id) as first:
        pass
    async with poller.shared_hook(gateway.hook, gateway.conn_id) as second:
        await asyncio.sleep(0)  # whoever was about to end it is told
    async with poller.shared_hook(gateway.hook, gateway.conn_id) as third:
        await asyncio.sleep(0)
    assert first is second is third


@pytest.mark.parametrize("age", [0.0, 120.0])
async def test_a_successor_names_what_it_goes_on_with(
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    capfd: pytest.CaptureFixture[str],
    logs: Listener,
    age: float,
) -> None:
    generation_id = submit(gateway)
    _, arguments = trigger_for(gateway, generation_id).serialize()
    begun = arguments["submitted_at"] - age
    assert (await event_of(gateway.trigger(**{**arguments, "submitted_at": begun})))["status"] == "succeeded"
    said = logs.text + "".join(capfd.readouterr())
    assert (f"Watching generation {generation_id}, submitted 1" in said) is bool(age)


async def test_on_kill_claims_no_more_than_it_knows(
    gateway: TestedGateway, capfd: pytest.CaptureFixture[str], logs: Listener
) -> None:
    await trigger_for(gateway, "task_1").on_kill()
    said = logs.text + "".join(capfd.readouterr())
    assert (
        "Generation task_1 is no longer watched by this triggerer. The gateway cannot cancel it: it goes on "
        "there and is paid for (7 credits are reserved). If this task runs again with the same request, it "
        "re-attaches." in said
    )


async def test_a_batch_resumes_when_rows_may_be_submitted_again(
    connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    """Also where nothing runs; and nobody is asked for that."""
    kind: Any = {"rivya": RivyaBatchTrigger, "toapis": ToApisBatchTrigger}[gateway.name]
    now = time.time()
    trigger = kind({}, gateway.conn_id, now + 60, None, now + 0.2)
    assert kind(**trigger.serialize()[1]).serialize() == trigger.serialize()
    events = [event.payload async for event in trigger.run()]
    assert events == [{"status": "resume", "ended": [], "code": None}]
    assert time.time() >= now + 0.2
    assert not [request for request in sandbox.requests() if request["method"] == "GET"]
