"""Every kind of fault at every endpoint that a task calls: state, message, file, ledger; then the retry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.sandbox.drawing.encoding import can_play
from tests.integration.conftest import Connect, Listener, sent
from tests.integration.fault_kinds import (
    BALANCE,
    CREATE,
    CREDITS,
    FAULTS,
    FILE,
    IMAGE_STATUS,
    IMAGE_UPLOAD,
    ITS_MODELS,
    MODELS,
    MOVED_RESULT,
    OPENAPI,
    OTHER_BALANCES,
    REFERENCE,
    STATUS,
    UPLOAD,
    UPLOADED,
    VIDEO,
    VIDEO_STATUS,
    VIDEO_UPLOAD,
    Endpoint,
    endpoints,
    patience,
    rows,
)
from tests.integration.fault_messages import plain
from tests.integration.gateways import GATEWAYS, TestedGateway
from tests.integration.operators.bench import Bench
from tests.integration.operators.conftest import NewBench
from tests.integration.operators.fault_outcomes import OUTCOMES
from tests.integration.operators.test_delivery import check_file, check_video, file_of
from tests.integration.sandbox import toapis_tools
from tests.integration.sandbox.wire_tools import upload
from tests.sandbox_process import SandboxProcess

UNCALLED = {MODELS, OPENAPI, FILE, ITS_MODELS, VIDEO_UPLOAD, *OTHER_BALANCES}
"""No task calls them; to upload a video, ToAPIs would need a model that takes one."""


def arguments(
    endpoint: Endpoint, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path
) -> dict[str, Any]:
    """The arguments of a task that calls the endpoint."""
    given: dict[str, Any] = {"deferrable": endpoint in (STATUS, IMAGE_STATUS, VIDEO_STATUS)}
    if endpoint in (UPLOAD, IMAGE_UPLOAD):
        given |= {"model": gateway.references[1], "reference_media": str(photo)}
    elif endpoint == REFERENCE:
        url = upload(sandbox, photo.read_bytes()).json()["url"]
        given |= {"model": gateway.references[1], "reference_media": url}
    elif endpoint == UPLOADED:
        url = toapis_tools.upload(sandbox, photo.read_bytes()).json()["data"]["url"]
        given |= {"model": gateway.references[1], "reference_media": url}
    elif endpoint in (CREDITS, BALANCE):
        given |= {"min_credits_left": 1}
    elif endpoint == MOVED_RESULT:
        sandbox.assume(result_redirect=True)
    elif endpoint in (VIDEO, VIDEO_STATUS):
        if not can_play():
            pytest.skip("this installation of the sandbox makes no video")
        given |= {"model": "sora-2", "model_params": {"duration": 1, "aspect_ratio": "1:1"}}
    return given


def test_the_table_is_complete() -> None:
    assert set(OUTCOMES) | UNCALLED == frozenset().union(*map(endpoints, GATEWAYS))


def known(run: Bench, sandbox: SandboxProcess) -> dict[str, str]:
    """What messages call the ids and the address of a run."""
    made = sandbox.tasks()
    record = run.record()
    return {
        sandbox.url: "host",
        **({made[0]["id"]: "generation"} if made else {}),
        **({record["key"]: "key"} if record else {}),
    }


def entries(sandbox: SandboxProcess) -> tuple[str, ...]:
    return tuple(entry["kind"] for entry in sandbox.ledger()["entries"])


def keys(sandbox: SandboxProcess, gateway: TestedGateway) -> set[str]:
    """The keys of every creation that was sent; or, where they are in the body, of every one taken in."""
    if gateway.replays_keys:
        return {entry["idempotency_key"] for entry in sent(sandbox, CREATE.method, CREATE.path)}
    return {task["client_business_id"] for task in sandbox.tasks()}


@pytest.mark.usefixtures("no_pauses", "short_look_ups")
@pytest.mark.parametrize(
    ("_tested", "endpoint", "kind"),
    [(GATEWAYS[endpoint.gateway], endpoint, kind) for endpoint, kind in rows(OUTCOMES)],
    indirect=["_tested"],
    ids=str,
)
def test_every_fault_at_every_endpoint(
    bench: NewBench,
    connect: Connect,
    sandbox: SandboxProcess,
    photo: Path,
    landing: Path,
    logs: Listener,
    gateway: TestedGateway,
    endpoint: Endpoint,
    kind: str,
) -> None:
    sandbox.assume(idempotency_in_progress="wait")
    connect(retries=0, **patience(kind))
    expected = OUTCOMES[endpoint](kind)
    run = bench(arguments(endpoint, gateway, sandbox, photo))
    fault = FAULTS[kind]
    if kind == "redirect":
        fault = {"location": sandbox.url.replace("127.0.0.1", "localhost")}
    fault = {**fault, "for_polls" if kind == "unknown_status" else "times": expected.hits}
    sandbox.fault(kind=kind, method=endpoint.method, path=endpoint.pattern, **fault)
    first = run.run()
    names = known(run, sandbox)
    assert first.state == expected.state, first.text
    assert (plain(first.text, names) if first.error else None) == expected.error
    assert tuple(plain(line, names) for line in logs.warned) == expected.warnings
    assert entries(sandbox) == expected.ledger
    assert sandbox.control("GET", "faults")["faults"] == []
    if expected.state != "success":
        assert list(landing.iterdir()) == []
        if first.state == "failed":
            run.clear()
        connect()
        logs.warned.clear()
        second = run.run()
        assert second.state == "success", second.text
        assert tuple(plain(line, names) for line in logs.warned) == expected.then
    result = run.xcom()
    assert result["generation_id"] == sandbox.tasks()[-1]["id"]
    (output,) = result["outputs"]
    check_video(output) if endpoint in (VIDEO, VIDEO_STATUS) else check_file(output)
    assert list(landing.iterdir()) == [file_of(output)]
    assert file_of(output).stem == f"{result['generation_id']}-0"
    assert entries(sandbox) == expected.final_ledger
    assert len(keys(sandbox, gateway)) == expected.final_ledger.count("charge")
