"""Every kind of fault at every endpoint: what it costs, what the message says, what a retry does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import InsufficientCreditsError, OutputError
from airflow_provider_rivya.waiting.decide import Patience
from tests.integration.conftest import Connect, Listener, sent
from tests.integration.gateways import RIVYA, TestedGateway, at_each
from tests.integration.generation.conftest import NewJob
from tests.integration.landed_files import check_image
from tests.sandbox_process import SandboxProcess

UNCERTAIN = "Whether the gateway accepted it is not known. The next try (2 left) sends the same request"
NOTHING = "Nothing was submitted and nothing was charged."
CREATE = RIVYA.create

AT_CREATE: list[tuple[str, dict[str, Any], int, str]] = [
    ("500", {"kind": "status", "status": 500}, 0, UNCERTAIN),
    ("502 html", {"kind": "status", "status": 502, "body": "<html>Bad gateway</html>"}, 0, UNCERTAIN),
    ("408", {"kind": "status", "status": 408, "body": "too slow"}, 0, ""),
    ("switched off", {"kind": "status", "status": 503, "code": "public_api_disabled"}, 0, NOTHING),
    ("429", {"kind": "rate_limit", "retry_after": None}, 0, NOTHING),
    ("cut before", {"kind": "cut_before"}, 0, UNCERTAIN),
    ("cut after", {"kind": "cut_after"}, 1, UNCERTAIN),
    ("answer cut", {"kind": "answer_cut"}, 1, UNCERTAIN),
    ("no answer in time", {"kind": "hang", "seconds": 1.5}, 1, UNCERTAIN),
    ("html with 200", {"kind": "html"}, 0, UNCERTAIN),
    ("empty with 200", {"kind": "empty"}, 0, UNCERTAIN),
    ("redirect", {"kind": "redirect", "location": "https://elsewhere.example/"}, 0, UNCERTAIN),
    ("JSON of another shape", {"kind": "status", "status": 200, "body": {"task": 1}}, 0, UNCERTAIN),
]


@pytest.mark.parametrize(
    ("fault", "charges", "told"), [c[1:] for c in AT_CREATE], ids=[c[0] for c in AT_CREATE]
)
def test_create_goes_wrong_and_the_retry_pays_once(
    new_job: NewJob,
    connect: Connect,
    sandbox: SandboxProcess,
    landing: Path,
    fault: dict[str, Any],
    charges: int,
    told: str,
) -> None:
    connect(retries=0, read_timeout=1, idempotency_namespace="tests")
    sandbox.fault(method="POST", path=CREATE, **fault)
    job = new_job()
    first = job.run(deferred=True)
    assert first.state == "retryable", first.text
    assert told in first.text
    assert "connection rivya_default" in first.text
    assert sandbox.ledger()["charges"] == charges
    assert list(landing.iterdir()) == []
    second = job.run()
    assert second.state == "delivered", second.text
    assert sandbox.ledger()["charges"] == 1
    assert len({request["idempotency_key"] for request in sent(sandbox, "POST", CREATE)}) == 1
    check_image(second.result["outputs"][0])
    assert len(list(landing.iterdir())) == 1


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "answer_cut", "html"])
def test_create_is_repeated_within_the_try(
    new_job: NewJob, sandbox: SandboxProcess, connect: Connect, kind: str
) -> None:
    sandbox.fault(method="POST", path=CREATE, kind=kind)
    assert new_job().run().state == "delivered"
    assert len(sent(sandbox, "POST", CREATE)) == 2
    assert sandbox.ledger()["charges"] == 1


REFUSED: dict[str, dict[int, tuple[str, str]]] = {
    "rivya": {
        400: ("validation_failed", "validation_failed"),
        401: ("api_key_revoked", "create a new one"),
        403: ("api_scope_denied", "Create a key that has the scope"),
        402: ("insufficient_credits", "Top the account up"),
        418: ("something_new", "something_new"),
        422: ("validation_failed", "validation_failed"),
    },
    "toapis": {
        400: ("invalid_request", "invalid_request"),
        401: ("unauthorized", "Put a valid API key"),
        403: ("forbidden", "A key can be limited to some models"),
        402: ("insufficient_quota", "Top the account up"),
        418: ("something_new", "something_new"),
        422: ("content_policy_violation", "the same content would be refused again"),
    },
}
"""By HTTP status: the gateway's code, and what the message says."""


@at_each
@pytest.mark.parametrize("status", sorted(REFUSED["rivya"]))
def test_create_is_refused_for_good(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess, status: int
) -> None:
    code, told = REFUSED[gateway.name][status]
    if gateway.name != "rivya":  # its bodies have none, and no page names the header
        sandbox.assume(request_id_header=True)
    sandbox.fault(method="POST", path=gateway.create, kind="status", status=status, code=code)
    job = new_job()
    done = job.run()
    assert done.state == "final", done.text
    assert told in done.text
    assert "request id" in done.text
    assert "nothing was charged; a retry would not help, so none is made" in done.text
    assert sandbox.ledger()["entries"] == []
    assert job.record["state"] == "withdrawn"
    job.clear()
    assert job.run().state == "delivered"
    assert sandbox.ledger()["charges"] == 1


@pytest.mark.parametrize("status", [402, 400, 403, 409])
def test_too_few_credits_whatever_the_status(
    new_job: NewJob, sandbox: SandboxProcess, connect: Connect, status: int
) -> None:
    sandbox.reset(credits=0)
    sandbox.assume(insufficient_credits_status=status)
    done = new_job().run()
    assert done.state == "final"
    assert isinstance(done.error, InsufficientCreditsError)
    assert sandbox.ledger()["entries"] == []


@pytest.mark.parametrize("mode", ["conflict", "wait"])
def test_repeat_while_the_first_request_is_in_progress(
    new_job: NewJob,
    sandbox: SandboxProcess,
    connect: Connect,
    logs: Listener,
    mode: str,
) -> None:
    connect(read_timeout=1, retries=1)
    sandbox.assume(idempotency_in_progress=mode)
    sandbox.fault(method="POST", path=CREATE, kind="hang", seconds=2)
    job = new_job()
    done = job.run()
    assert done.state == "delivered", done.text
    assert sandbox.ledger()["charges"] == 1
    assert ("It may be in progress: asking again in 0 s." in logs.text) is (mode == "conflict")


def test_conflict_that_does_not_pass(new_job: NewJob, sandbox: SandboxProcess, connect: Connect) -> None:
    sandbox.assume(idempotency_replay="conflict")
    sandbox.fault(method="POST", path=CREATE, kind="cut_after")
    job = new_job(conflict_patience=0.3)
    done = job.run()
    assert done.state == "retryable", done.text
    assert "idempotency_conflict" in done.text
    assert UNCERTAIN in done.text
    again = job.run()
    assert again.state == "retryable"
    assert "(1 left)" in again.text
    assert sandbox.ledger()["charges"] == 1
    assert len({request["idempotency_key"] for request in sent(sandbox, "POST", CREATE)}) == 1


WAITING: list[tuple[str, dict[str, Any]]] = [
    ("500", {"kind": "status", "status": 500}),
    ("html", {"kind": "html"}),
    ("empty", {"kind": "empty"}),
    ("cut", {"kind": "cut_before"}),
    ("answer cut", {"kind": "answer_cut"}),
    ("429", {"kind": "rate_limit", "retry_after": None}),
    ("401", {"kind": "status", "status": 401, "code": "key_refused"}),
    ("404", {"kind": "status", "status": 404, "code": "not_found"}),
    ("unknown status", {"kind": "unknown_status", "status": "upscaling", "for_polls": 3}),
]


@at_each
@pytest.mark.parametrize("deferred", [True, False])
@pytest.mark.parametrize("fault", [case[1] for case in WAITING], ids=[case[0] for case in WAITING])
def test_status_calls_go_wrong_and_are_waited_out(
    new_job: NewJob,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    connect: Connect,
    fault: dict[str, Any],
    deferred: bool,
) -> None:
    times = {} if "for_polls" in fault else {"times": 3}
    code = {"code": getattr(gateway, fault["code"])} if "code" in fault else {}
    sandbox.fault(method="GET", path=gateway.status, **{**fault, **code, **times})
    job = new_job()
    done = job.run(deferred=deferred)
    assert done.state == "delivered", done.text
    assert sandbox.ledger()["charges"] == 1
    assert len(sent(sandbox, "POST", gateway.create)) == 1


@at_each
@pytest.mark.parametrize("deferred", [True, False])
def test_a_key_that_stays_revoked_is_told_of_and_pays_nothing_again(
    new_job: NewJob,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    connect: Connect,
    deferred: bool,
) -> None:
    """The generation goes on; what its end was is not known until the key is replaced."""
    refusal = {"kind": "status", "status": 401, "code": gateway.key_refused}
    sandbox.fault(method="GET", path=gateway.status, times=1000, **refusal)
    job = new_job(patience=Patience(refused=0.1))
    done = job.run(deferred=deferred)
    assert done.state == "retryable", done.text
    (task,) = sandbox.tasks()
    assert "The gateway kept refusing the key while the generation was waited for: " in done.text
    assert f"generation {task['id']}, connection {gateway.conn_id}" in done.text
    assert "password field of the connection" in done.text
    assert f"Generation {task['id']} goes on at the gateway and {gateway.reserved}." in done.text
    assert "The next try (2 left) re-attaches to it and does not pay again." in done.text
    sandbox.control("DELETE", "faults")
    assert job.run().state == "delivered"
    assert len(sent(sandbox, "POST", gateway.create)) == 1


UPLOADS: list[tuple[str, dict[str, Any], str]] = [
    ("500", {"kind": "status", "status": 500}, "retryable"),
    ("429", {"kind": "rate_limit", "retry_after": None}, "retryable"),
    ("cut before", {"kind": "cut_before"}, "retryable"),
    ("cut after", {"kind": "cut_after"}, "retryable"),
    ("html", {"kind": "html"}, "retryable"),
    ("400", {"kind": "status", "status": 400}, "final"),
    ("413", {"kind": "status", "status": 413}, "final"),
    ("403", {"kind": "status", "status": 403, "code": "api_scope_denied"}, "final"),
]


@at_each
@pytest.mark.parametrize(("fault", "state"), [c[1:] for c in UPLOADS], ids=[c[0] for c in UPLOADS])
def test_upload_goes_wrong(
    new_job: NewJob,
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    photo: Path,
    fault: dict[str, Any],
    state: str,
) -> None:
    connect(retries=0)
    sandbox.fault(method="POST", path=gateway.uploads, **fault)
    job = new_job(model=gateway.references[0], reference_media=str(photo))
    done = job.run()
    assert done.state == state, done.text
    assert "nothing was charged" in done.text
    assert sandbox.ledger()["entries"] == []
    assert sent(sandbox, "POST", gateway.create) == []
    if state == "final":
        job.clear()
    assert job.run().state == "delivered"
    assert sandbox.ledger()["charges"] == 1


DOWNLOADS: list[tuple[str, dict[str, Any]]] = [
    ("cut", {"kind": "truncated"}),
    ("short without a length", {"kind": "truncated", "declare_length": False}),
    ("html", {"kind": "html"}),
    ("empty", {"kind": "empty"}),
    ("500", {"kind": "status", "status": 500}),
    ("no answer", {"kind": "cut_before"}),
]


@at_each
@pytest.mark.parametrize("fault", [case[1] for case in DOWNLOADS], ids=[case[0] for case in DOWNLOADS])
def test_download_goes_wrong(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path, fault: dict[str, Any]
) -> None:
    sandbox.fault(method="GET", path=gateway.results, times=3, **fault)
    job = new_job()
    done = job.run(deferred=True)
    assert done.state == "retryable", done.text
    assert isinstance(done.error, OutputError)
    task_id = sandbox.tasks()[0]["id"]
    assert f"Generation {task_id} succeeded and is paid for" in done.text
    assert (
        "; its result is not lost. The next try (2 left) fetches it again and does not pay again."
        in done.text
    )
    assert [file for file in landing.iterdir() if file.suffix != ".damaged"] == []
    assert job.record["state"] == "submitted"
    again = job.run()
    check_image(again.result["outputs"][0])
    assert [path.name for path in landing.iterdir() if path.suffix != ".damaged"] == [f"{task_id}-0.png"]
    assert sandbox.ledger()["charges"] == 1
    assert len(sent(sandbox, "POST", gateway.create)) == 1


@at_each
@pytest.mark.parametrize("fault", [case[1] for case in DOWNLOADS], ids=[case[0] for case in DOWNLOADS])
def test_download_is_fetched_again(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path, fault: dict[str, Any]
) -> None:
    sandbox.fault(method="GET", path=gateway.results, **fault)
    check_image(new_job().run().result["outputs"][0])
    assert len(list(landing.iterdir())) == 1
    assert sandbox.ledger()["charges"] == 1


@pytest.mark.parametrize("value", ["text/html", "video/mp4", "application/octet-stream"])
def test_type_is_taken_from_the_bytes(
    new_job: NewJob, sandbox: SandboxProcess, landing: Path, value: str
) -> None:
    sandbox.fault(method="GET", path=RIVYA.results, kind="content_type", value=value)
    (output,) = new_job().run().result["outputs"]
    assert output["mime_type"] == "image/png"
    assert output["uri"].endswith(".png")


def test_result_that_leads_to_a_private_address(
    new_job: NewJob, sandbox: SandboxProcess, landing: Path
) -> None:
    other = sandbox.url.replace("127.0.0.1", "127.0.0.2") + "/results/a/0.png"
    sandbox.fault(method="GET", path=RIVYA.results, kind="redirect", location=other, times=9)
    done = new_job().run()
    assert done.state == "retryable"
    assert "its result is not lost" in done.text
    assert list(landing.iterdir()) == []


def test_server_errors_as_html(
    new_job: NewJob, sandbox: SandboxProcess, connect: Connect, logs: Listener
) -> None:
    sandbox.assume(server_error_body="html")
    connect(retries=0)
    sandbox.fault(method="POST", path=CREATE, kind="status", status=500)
    job = new_job()
    done = job.run()
    assert done.state == "retryable"
    assert "HTTP 500" in done.text
    assert "<html" not in done.text
    assert job.run().state == "delivered"
