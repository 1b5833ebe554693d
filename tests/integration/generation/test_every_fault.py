"""Every kind of fault at every endpoint that a generation calls: message, files, ledger; then the retry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.request.budget import Budget
from airflow_provider_rivya.sandbox.drawing.encoding import can_play
from tests.integration.conftest import Connect, Listener, sent
from tests.integration.fault_kinds import (
    BALANCE,
    CREATE,
    CREDITS,
    EDITS,
    FAULTS,
    FILE,
    IMAGE_STATUS,
    IMAGE_UPLOAD,
    ITS_MODELS,
    LISTED,
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
from tests.integration.generation.conftest import NewJob
from tests.integration.generation.fault_outcomes import OUTCOMES
from tests.integration.job_harness import JobHarness
from tests.integration.landed_files import check_image, check_video, file_of
from tests.integration.sandbox import toapis_tools
from tests.integration.sandbox.wire_tools import upload
from tests.sandbox_process import SandboxProcess

UNCALLED = {LISTED, MODELS, OPENAPI, FILE, ITS_MODELS, VIDEO_UPLOAD, EDITS, *OTHER_BALANCES}
"""No generation calls them; to upload a video, ToAPIs would need a model that takes one."""

STATUS_CALLS = (STATUS, IMAGE_STATUS, VIDEO_STATUS)


def arguments(
    endpoint: Endpoint, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path
) -> dict[str, Any]:
    """The arguments of a generation that calls the endpoint."""
    given: dict[str, Any] = {}
    if endpoint in (UPLOAD, IMAGE_UPLOAD):
        given |= {"model": gateway.references[1], "reference_media": str(photo)}
    elif endpoint == REFERENCE:
        url = upload(sandbox, photo.read_bytes()).json()["url"]
        given |= {"model": gateway.references[1], "reference_media": url}
    elif endpoint == UPLOADED:
        url = toapis_tools.upload(sandbox, photo.read_bytes()).json()["data"]["url"]
        given |= {"model": gateway.references[1], "reference_media": url}
    elif endpoint in (CREDITS, BALANCE):
        given |= {"budget": Budget(min_credits_left=1)}
    elif endpoint == MOVED_RESULT:
        sandbox.assume(result_redirect=True)
    elif endpoint in (VIDEO, VIDEO_STATUS):
        if not can_play():
            pytest.skip("this installation of the sandbox makes no video")
        given |= {"model": "sora-2", "model_params": {"duration": 1, "aspect_ratio": "1:1"}}
    return given


def test_the_table_is_complete() -> None:
    assert set(OUTCOMES) | UNCALLED == frozenset().union(*map(endpoints, GATEWAYS))


def known(job: JobHarness, sandbox: SandboxProcess) -> dict[str, str]:
    """What messages call the ids and the address of a run."""
    made, record = sandbox.tasks(), job.record
    return {
        sandbox.url: "host",
        **({made[0]["id"]: "generation"} if made else {}),
        **({record["key"]: "key"} if record else {}),
    }


def whole_files(landing: Path) -> list[Path]:
    """What stands there, but for damaged files that were kept."""
    return [path for path in landing.iterdir() if path.suffix != ".damaged"]


def entries(sandbox: SandboxProcess) -> tuple[str, ...]:
    return tuple(entry["kind"] for entry in sandbox.ledger()["entries"])


def keys(sandbox: SandboxProcess, gateway: TestedGateway) -> set[str]:
    """The keys of every creation that was sent; or, where they are in the body, of every one taken in."""
    if gateway.replays_keys:
        return {entry["idempotency_key"] for entry in sent(sandbox, CREATE.method, CREATE.path)}
    return {task["client_business_id"] for task in sandbox.tasks()}


def told_by_chance(endpoint: Endpoint, kind: str) -> bool:
    """Whether the file's bytes decide: what flips in the middle of a JPEG may look like its end, or not."""
    return kind == "corrupt" and endpoint in (REFERENCE, UPLOADED)


@pytest.mark.parametrize(
    ("_tested", "endpoint", "kind"),
    [
        (GATEWAYS[endpoint.gateway], endpoint, kind)
        for endpoint, kind in rows(OUTCOMES)
        if not told_by_chance(endpoint, kind)
    ],
    indirect=["_tested"],
    ids=str,
)
def test_every_fault_at_every_endpoint(
    new_job: NewJob,
    connect: Connect,
    sandbox: SandboxProcess,
    photo: Path,
    landing: Path,
    logs: Listener,
    gateway: TestedGateway,
    endpoint: Endpoint,
    kind: str,
) -> None:
    told = {"toapis_server_error_body": "json", "toapis_refused_content": "on_create"}
    sandbox.assume(idempotency_in_progress="wait", **told)
    connect(retries=0, **patience(kind))
    expected = OUTCOMES[endpoint](kind)
    job = new_job(arguments(endpoint, gateway, sandbox, photo))
    fault = FAULTS[kind]
    if kind == "redirect":
        fault = {"location": sandbox.url.replace("127.0.0.1", "localhost")}
    fault = {**fault, "for_polls" if kind == "unknown_status" else "times": expected.hits}
    sandbox.fault(kind=kind, method=endpoint.method, path=endpoint.pattern, **fault)
    done = job.run(deferred=endpoint in STATUS_CALLS)
    names = known(job, sandbox) | {str(landing): "landing"}
    assert done.state == expected.state, done.text
    assert (plain(done.text, names) if done.error else None) == expected.error
    assert tuple(plain(line, names) for line in logs.warned) == expected.warnings
    assert entries(sandbox) == expected.ledger
    assert sandbox.control("GET", "faults")["faults"] == []
    if expected.state != "delivered":
        assert whole_files(landing) == []
        if expected.state == "final":
            job.clear()
        connect()
        logs.warned.clear()
        done = job.run()
        assert done.state == "delivered", done.text
        assert tuple(plain(line, names) for line in logs.warned) == expected.then
    assert done.result["generation_id"] == sandbox.tasks()[-1]["id"]
    (output,) = done.result["outputs"]
    check_video(output) if endpoint in (VIDEO, VIDEO_STATUS) else check_image(output)
    assert whole_files(landing) == [file_of(output)]
    assert file_of(output).stem == f"{done.result['generation_id']}-0"
    assert entries(sandbox) == expected.final_ledger
    assert len(keys(sandbox, gateway)) == expected.final_ledger.count("charge")
