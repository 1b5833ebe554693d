"""
Paying once at a gateway that honours no idempotency key: every request without an answer is looked up.

The judge is the sandbox's ledger. A gateway with such keys is in test_faults, test_reruns and test_records.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import GenerationFailedError
from tests.integration.conftest import Connect, Listener, sent
from tests.integration.gateways import TOAPIS, at
from tests.integration.generation.conftest import NewJob
from tests.integration.job_harness import JobHarness, TryOutcome
from tests.integration.landed_files import check_image
from tests.sandbox_process import SandboxProcess

pytestmark = at("toapis")

CREATE = TOAPIS.create
ASKS = "No retry is made: look at the gateway's account for a generation of about"

TAKEN_IN: list[tuple[str, dict[str, Any]]] = [
    ("cut after", {"kind": "cut_after"}),
    ("answer cut", {"kind": "answer_cut"}),
    ("no answer in time", {"kind": "hang", "seconds": 1.5}),
]
NOT_TAKEN_IN: list[tuple[str, dict[str, Any]]] = [
    ("500", {"kind": "status", "status": 500}),
    ("502 html", {"kind": "status", "status": 502, "body": "<html>Bad gateway</html>"}),
    ("408", {"kind": "status", "status": 408, "body": "too slow"}),
    ("cut before", {"kind": "cut_before"}),
    ("html with 200", {"kind": "html"}),
    ("empty with 200", {"kind": "empty"}),
    ("redirect", {"kind": "redirect", "location": "https://elsewhere.example/"}),
    ("JSON of another shape", {"kind": "status", "status": 200, "body": {"task": 1}}),
]


def charges(sandbox: SandboxProcess) -> int:
    return int(sandbox.ledger("toapis")["charges"])


def posts(sandbox: SandboxProcess) -> int:
    return len(sent(sandbox, "POST", CREATE))


def keys(sandbox: SandboxProcess) -> list[str]:
    return [task["client_business_id"] for task in sandbox.tasks()]


def lost(job: JobHarness, sandbox: SandboxProcess, kind: str = "cut_after") -> TryOutcome:
    """Run a try whose request is answered neither by its create call nor by any look-up."""
    sandbox.fault(method="POST", path=CREATE, kind=kind)
    sandbox.fault(method="GET", path=f"{CREATE}/*", kind="cut_before", times=1)
    done = job.run()
    assert done.state == "retryable", done.text
    assert posts(sandbox) == 1
    return done


# -- within the try ------------------------------------------------------------------------------------


@pytest.mark.parametrize("deferred", [True, False])
@pytest.mark.parametrize("fault", [case[1] for case in TAKEN_IN], ids=[case[0] for case in TAKEN_IN])
def test_a_lost_answer_is_looked_up_in_the_same_try(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess, fault: dict[str, Any], deferred: bool
) -> None:
    connect(retries=0, read_timeout=1)
    sandbox.fault(method="POST", path=CREATE, **fault)
    job = new_job()
    done = job.run(deferred=deferred)
    assert done.state == "delivered", done.text
    check_image(done.result["outputs"][0])
    assert (posts(sandbox), charges(sandbox)) == (1, 1)
    (key,) = keys(sandbox)
    assert len(sent(sandbox, "GET", f"{CREATE}/{key}")) == 1
    assert job.record["key"] == key


@pytest.mark.parametrize("fault", [case[1] for case in NOT_TAKEN_IN], ids=[case[0] for case in NOT_TAKEN_IN])
def test_what_was_not_taken_in_is_not_found_and_asks(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess, fault: dict[str, Any]
) -> None:
    connect(retries=0)
    sandbox.fault(method="POST", path=CREATE, **fault)
    job = new_job()
    done = job.run()
    assert done.state == "final", done.text
    assert ASKS in done.text
    key = job.record["key"]
    assert f"knows no generation under its id {key} (asked 4 times" in done.text
    assert "Whether it was accepted, and is paid for, is not known." in done.text
    assert (posts(sandbox), charges(sandbox)) == (1, 0)
    job.clear()  # which is the answer: it looks once more, and submits anew
    assert job.run().state == "delivered"
    assert (posts(sandbox), charges(sandbox)) == (2, 1)
    assert keys(sandbox) != [key]


@pytest.mark.parametrize(
    "fault", [{"kind": "rate_limit", "retry_after": 0}, {"kind": "status", "status": 429}], ids=str
)
def test_what_certainly_was_not_taken_in_is_sent_again(
    new_job: NewJob, sandbox: SandboxProcess, fault: dict[str, Any]
) -> None:
    sandbox.fault(method="POST", path=CREATE, **fault)
    done = new_job().run()
    assert done.state == "delivered", done.text
    assert (posts(sandbox), charges(sandbox)) == (2, 1)
    assert len(sent(sandbox, "GET", f"{CREATE}/{keys(sandbox)[0]}")) == 0


def test_what_certainly_was_not_taken_in_begins_anew_in_the_next_try(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess
) -> None:
    job = new_job()
    connect(retries=0, host="http://127.0.0.1:9")
    done = job.run()
    assert done.state == "retryable", done.text
    assert (
        "Nothing was submitted and nothing was charged. The next try (2 left) submits the request."
        in done.text
    )
    assert job.record["state"] == "withdrawn"
    connect()
    assert job.run().state == "delivered"
    assert (posts(sandbox), charges(sandbox)) == (1, 1)


def test_it_is_found_a_little_later(new_job: NewJob, connect: Connect, sandbox: SandboxProcess) -> None:
    connect(retries=0)
    sandbox.assume(toapis_lookup="delayed", toapis_lookup_delay_seconds=1)
    sandbox.fault(method="POST", path=CREATE, kind="cut_after")
    done = new_job(look_up_pauses=(0.3,) * 20).run()
    assert done.state == "delivered", done.text
    assert (posts(sandbox), charges(sandbox)) == (1, 1)
    assert len(sent(sandbox, "GET", f"{CREATE}/{keys(sandbox)[0]}")) > 2


# -- the next try --------------------------------------------------------------------------------------


@pytest.mark.parametrize("deferred", [True, False])
def test_the_next_try_looks_up_before_anything_else(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess, logs: Listener, deferred: bool
) -> None:
    connect(retries=0)
    job = new_job()
    first = lost(job, sandbox)
    assert "could not be looked up" in first.text
    assert (
        "The next try (2 left) looks it up at the gateway before anything else, and submits nothing "
        "before a person has looked." in first.text
    )
    seen = len(sandbox.requests())
    done = job.run(deferred=deferred)
    assert done.state == "delivered", done.text
    (key,) = keys(sandbox)
    assert sandbox.requests()[seen]["path"] == f"{CREATE}/{key}"
    assert (posts(sandbox), charges(sandbox)) == (1, 1)
    assert f"looking its request up at the gateway, under the id {key}" in logs.text
    check_image(done.result["outputs"][0])


def test_a_process_that_is_gone_leaves_its_intent(
    new_job: NewJob, sandbox: SandboxProcess, logs: Listener
) -> None:
    """As after kill -9 between the paid call and its answer: the record stands as it was before the call."""
    sandbox.reset(speed=1)
    job = new_job(timeout=0.1)
    assert job.run().state == "retryable"
    (task,) = sandbox.tasks()
    record = job.record
    gone = {name: value for name, value in record.items() if name not in ("generation_id", "submitted_at")}
    body = json.dumps({"model": TOAPIS.model, "prompt": task["prompt"], "client_business_id": record["key"]})
    job.change_record({**gone, "state": "intent", "body": body, "holder": "0" * 16})
    sandbox.advance(30)
    done = job.run()
    assert done.state == "delivered", done.text
    assert done.result["generation_id"] == task["id"]
    assert (posts(sandbox), charges(sandbox)) == (1, 1)


def test_not_found_in_the_next_try_fails_and_asks(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess
) -> None:
    connect(retries=0)
    job = new_job()
    lost(job, sandbox, "cut_before")
    done = job.run()
    assert done.state == "final", done.text
    assert "An earlier try sent a request and got no answer; the gateway knows no generation" in done.text
    assert "this try sent nothing and paid nothing" in done.text
    assert ASKS in done.text
    assert (posts(sandbox), charges(sandbox)) == (1, 0)


def test_not_found_in_the_next_try_is_submitted_anew_on_request(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess, logs: Listener
) -> None:
    connect(retries=0)
    job = new_job(on_uncertain_submission="resubmit")
    first = lost(job, sandbox, "cut_before")
    assert "it is submitted a second time, which may pay twice" in first.text
    key = job.record["key"]
    done = job.run()
    assert done.state == "delivered", done.text
    assert "if the first one was accepted after all, both are paid for" in logs.text
    assert (posts(sandbox), charges(sandbox)) == (2, 1)
    assert keys(sandbox) != [key]


@pytest.mark.parametrize(("policy", "paid"), [("fail", 1), ("resubmit", 2)])
def test_a_gateway_that_never_finds_it(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess, policy: str, paid: int
) -> None:
    """The one case in which a generation may be paid for twice, and the parameter that decides it."""
    sandbox.assume(toapis_lookup="never")
    connect(retries=0)
    job = new_job(on_uncertain_submission=policy)
    sandbox.fault(method="POST", path=CREATE, kind="cut_after")
    first = job.run()
    assert first.state == ("final" if policy == "fail" else "retryable"), first.text
    if policy == "resubmit":
        assert job.run().state == "delivered"
    assert charges(sandbox) == paid
    assert len(set(keys(sandbox))) == paid


@pytest.mark.parametrize("cleared", ["the same request", "another request"])
def test_a_clear_finds_what_was_taken_in(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess, logs: Listener, cleared: str
) -> None:
    connect(retries=0)
    arguments: dict[str, Any] = {}
    job = new_job(arguments)
    lost(job, sandbox)
    (task,) = sandbox.tasks()
    if cleared == "another request":
        arguments["prompt"] = "Another"
    job.clear()
    done = job.run()
    assert done.state == "delivered", done.text
    same = cleared == "the same request"
    assert (done.result["generation_id"] == task["id"]) is same
    assert charges(sandbox) == (1 if same else 2)
    assert (f"Left behind: generation {task['id']}" in logs.text) is not same


def test_a_generation_of_another_deployment_is_not_taken(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess
) -> None:
    """Under the same id there is one that is older than the request: it is somebody else's."""
    connect(retries=0)
    job = new_job()
    lost(job, sandbox)
    (task,) = sandbox.tasks()
    job.policy = replace(job.policy, foreign_tolerance=-60.0)
    done = job.run()
    assert done.state == "final", done.text
    assert f"the gateway has generation {task['id']}, which was created" in done.text
    assert "idempotency_namespace" in done.text
    assert (posts(sandbox), charges(sandbox)) == (1, 1)


def test_without_a_record_the_message_says_so(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess
) -> None:
    connect(retries=0)
    done = lost(new_job(durable=False), sandbox)
    assert "no record survives this try: a retry would submit a new generation and may pay twice" in done.text


@pytest.mark.parametrize("how", ["same_task", 400, 409])
def test_a_gateway_that_minds_the_same_id_twice(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess, how: Any
) -> None:
    """Each attempt has an id of its own, so that it never comes to that."""
    sandbox.assume(toapis_repeated_client_business_id=how)
    connect(retries=0)
    job = new_job(on_uncertain_submission="resubmit")
    sandbox.fault(method="POST", path=CREATE, kind="cut_before")
    assert job.run().state == "retryable"
    assert job.run().state == "delivered"
    assert len({entry["client_business_id"] for entry in sandbox.ledger("toapis")["entries"]}) == 1
    job.clear()
    assert job.run().state == "delivered"
    assert charges(sandbox) == 2


# -- a failed task -------------------------------------------------------------------------------------


@pytest.mark.parametrize("deferred", [True, False])
@pytest.mark.parametrize("refunded", [True, False])
def test_a_failed_task_whose_cost_nobody_tells_stops(
    new_job: NewJob, sandbox: SandboxProcess, refunded: bool, deferred: bool
) -> None:
    sandbox.fault(kind="generation_fails", refund=refunded)
    job = new_job()
    done = job.run(deferred=deferred)
    assert done.state == "final", done.text
    assert isinstance(done.error, GenerationFailedError)
    assert "The task could not be completed" in done.text
    assert "No retry is made, as it would pay again; clear the task to submit a new generation" in done.text
    assert done.error.generation_id == sandbox.tasks()[0]["id"]
    assert posts(sandbox) == 1
    job.clear()
    assert job.run().state == "delivered"
    assert (posts(sandbox), charges(sandbox)) == (2, 2)
    assert len(set(keys(sandbox))) == 2


# -- the request ---------------------------------------------------------------------------------------


def test_the_id_is_the_records_key(new_job: NewJob, sandbox: SandboxProcess) -> None:
    job = new_job()
    assert job.run().state == "delivered"
    (entry,) = sandbox.ledger("toapis")["entries"]
    assert entry["client_business_id"] == job.record["key"]
    assert entry["idempotency_key"] is None
    assert len(entry["client_business_id"]) == 46
