"""
Paying once at a gateway that honours no idempotency key: every request without an answer is looked up.

The judge is the sandbox's ledger. A gateway with such keys is in test_faults, test_reruns and test_records.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import GenerationFailedError, OutputError
from airflow_provider_rivya.submission import lookup as looking
from airflow_provider_rivya.submission import pauses as lookup
from tests.integration.conftest import Connect, Listener, sent
from tests.integration.gateways import TOAPIS, at
from tests.integration.task_harness import TaskInstanceHarness, Try
from tests.integration.conftest import NewTask
from tests.integration.landed_files import check_image
from tests.sandbox_process import SandboxProcess

pytestmark = [at("toapis"), pytest.mark.usefixtures("short_look_ups")]

CREATE = TOAPIS.create
ASKS = "No retry is made: look at the gateway's account for a generation of about"

TAKEN_IN: list[tuple[str, dict[str, Any]]] = [
    ("cut after", {"kind": "cut_after"}),
    ("answer cut", {"kind": "answer_cut"}),
    ("no answer in time", {"kind": "hang", "seconds": 2}),
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


def lost(run: TaskInstanceHarness, sandbox: SandboxProcess, kind: str = "cut_after") -> Try:
    """Run a try whose request is answered neither by its create call nor by any look-up."""
    sandbox.fault(method="POST", path=CREATE, kind=kind)
    sandbox.fault(method="GET", path=f"{CREATE}/*", kind="cut_before", times=1)
    done = run.run()
    assert done.state == "up_for_retry", done.text
    assert posts(sandbox) == 1
    return done


# -- within the try ------------------------------------------------------------------------------------


@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize("fault", [case[1] for case in TAKEN_IN], ids=[case[0] for case in TAKEN_IN])
def test_a_lost_answer_is_looked_up_in_the_same_try(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess, fault: dict[str, Any], deferrable: bool
) -> None:
    connect(retries=0, read_timeout=1)
    sandbox.fault(method="POST", path=CREATE, **fault)
    run = new_task(deferrable=deferrable)
    done = run.run()
    assert done.state == "success", done.text
    check_image(run.xcom()["outputs"][0])
    assert (posts(sandbox), charges(sandbox)) == (1, 1)
    (key,) = keys(sandbox)
    assert len(sent(sandbox, "GET", f"{CREATE}/{key}")) == 1
    assert run.record()["key"] == key


@pytest.mark.parametrize("fault", [case[1] for case in NOT_TAKEN_IN], ids=[case[0] for case in NOT_TAKEN_IN])
def test_what_was_not_taken_in_is_not_found_and_asks(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess, fault: dict[str, Any]
) -> None:
    connect(retries=0)
    sandbox.fault(method="POST", path=CREATE, **fault)
    run = new_task()
    done = run.run()
    assert done.state == "failed", done.text  # with two retries left
    assert ASKS in done.text
    key = run.record()["key"]
    assert f"knows no generation under its id {key} (asked 4 times" in done.text
    assert "Whether it was taken in, and is paid for, is not known." in done.text
    assert run.xcom(key="failure")["submitted"] is None
    assert (posts(sandbox), charges(sandbox)) == (1, 0)
    run.clear()  # which is the answer: it looks once more, and submits anew
    assert run.run().state == "success"
    assert (posts(sandbox), charges(sandbox)) == (2, 1)
    assert keys(sandbox) != [key]


@pytest.mark.parametrize(
    "fault", [{"kind": "rate_limit", "retry_after": 0}, {"kind": "status", "status": 429}], ids=str
)
def test_what_certainly_was_not_taken_in_is_sent_again(
    new_task: NewTask, sandbox: SandboxProcess, fault: dict[str, Any]
) -> None:
    sandbox.fault(method="POST", path=CREATE, **fault)
    done = new_task().run()
    assert done.state == "success", done.text
    assert (posts(sandbox), charges(sandbox)) == (2, 1)
    assert len(sent(sandbox, "GET", f"{CREATE}/{keys(sandbox)[0]}")) == 0


def test_what_certainly_was_not_taken_in_begins_anew_in_the_next_try(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess
) -> None:
    run = new_task()
    connect(retries=0, host="http://127.0.0.1:9")
    done = run.run()
    assert done.state == "up_for_retry", done.text
    assert "Nothing was submitted and nothing was charged. The next try (2 left) submits anew." in done.text
    assert run.record()["state"] == "withdrawn"
    connect()
    assert run.run().state == "success"
    assert (posts(sandbox), charges(sandbox)) == (1, 1)


def test_it_is_found_a_little_later(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "PAUSES", (0.3,) * 20)
    connect(retries=0)
    sandbox.assume(toapis_lookup="delayed", toapis_lookup_delay_seconds=1)
    sandbox.fault(method="POST", path=CREATE, kind="cut_after")
    done = new_task().run()
    assert done.state == "success", done.text
    assert (posts(sandbox), charges(sandbox)) == (1, 1)
    assert len(sent(sandbox, "GET", f"{CREATE}/{keys(sandbox)[0]}")) > 2


# -- the next try --------------------------------------------------------------------------------------


@pytest.mark.parametrize("deferrable", [True, False])
def test_the_next_try_looks_up_before_anything_else(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess, logs: Listener, deferrable: bool
) -> None:
    connect(retries=0)
    run = new_task(deferrable=deferrable)
    first = lost(run, sandbox)
    assert "could not be looked up" in first.text
    assert (
        "The next try (2 left) looks it up at the gateway before anything else, and submits nothing anew "
        "before a person has looked." in first.text
    )
    assert run.xcom(key="failure")["submitted"] is None
    seen = len(sandbox.requests())
    done = run.run()
    assert done.state == "success", done.text
    (key,) = keys(sandbox)
    assert sandbox.requests()[seen]["path"] == f"{CREATE}/{key}"
    assert (posts(sandbox), charges(sandbox)) == (1, 1)
    assert f"looking its request up at the gateway, under the id {key}" in logs.text
    check_image(run.xcom()["outputs"][0])


def test_a_process_that_is_gone_leaves_its_intent(
    new_task: NewTask, sandbox: SandboxProcess, logs: Listener
) -> None:
    """As after kill -9 between the paid call and its answer: the record stands as it was before the call."""
    sandbox.reset(speed=1)
    run = new_task(timeout=timedelta(seconds=0.1))
    assert run.run().state == "up_for_retry"
    (task,) = sandbox.tasks()
    record = run.record()
    gone = {name: value for name, value in record.items() if name not in ("generation_id", "submitted_at")}
    body = json.dumps({"model": TOAPIS.model, "prompt": task["prompt"], "client_business_id": record["key"]})
    run.record({**gone, "state": "intent", "body": body, "holder": "0" * 16})
    sandbox.advance(30)
    done = run.run()
    assert done.state == "success", done.text
    assert run.xcom()["generation_id"] == task["id"]
    assert (posts(sandbox), charges(sandbox)) == (1, 1)


def test_not_found_in_the_next_try_fails_and_asks(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess
) -> None:
    connect(retries=0)
    run = new_task()
    lost(run, sandbox, "cut_before")
    done = run.run()
    assert done.state == "failed", done.text
    assert "An earlier try sent a request and got no answer; the gateway knows no generation" in done.text
    assert "this try sent nothing and paid nothing" in done.text
    assert ASKS in done.text
    assert (posts(sandbox), charges(sandbox)) == (1, 0)


def test_not_found_in_the_next_try_is_submitted_anew_on_request(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess, logs: Listener
) -> None:
    connect(retries=0)
    run = new_task(on_uncertain_submission="resubmit")
    first = lost(run, sandbox, "cut_before")
    assert "submits anew, which may pay twice, if the gateway does not know it" in first.text
    key = run.record()["key"]
    done = run.run()
    assert done.state == "success", done.text
    assert "if the first one was taken in after all, both are paid for" in logs.text
    assert (posts(sandbox), charges(sandbox)) == (2, 1)
    assert keys(sandbox) != [key]


@pytest.mark.parametrize(("policy", "paid"), [("fail", 1), ("resubmit", 2)])
def test_a_gateway_that_never_finds_it(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess, policy: str, paid: int
) -> None:
    """The one case in which a generation may be paid for twice, and the parameter that decides it."""
    sandbox.assume(toapis_lookup="never")
    connect(retries=0)
    run = new_task(on_uncertain_submission=policy)
    sandbox.fault(method="POST", path=CREATE, kind="cut_after")
    first = run.run()
    assert first.state == ("failed" if policy == "fail" else "up_for_retry"), first.text
    if policy == "resubmit":
        assert run.run().state == "success"
    assert charges(sandbox) == paid
    assert len(set(keys(sandbox))) == paid


@pytest.mark.parametrize("cleared", ["the same request", "another request"])
def test_a_clear_finds_what_was_taken_in(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess, logs: Listener, cleared: str
) -> None:
    connect(retries=0)
    arguments: dict[str, Any] = {}
    run = new_task(arguments)
    lost(run, sandbox)
    (task,) = sandbox.tasks()
    if cleared == "another request":
        arguments["prompt"] = "Another"
    run.clear()
    done = run.run()
    assert done.state == "success", done.text
    same = cleared == "the same request"
    assert (run.xcom()["generation_id"] == task["id"]) is same
    assert charges(sandbox) == (1 if same else 2)
    assert (f"Left behind: generation {task['id']}" in logs.text) is not same


def test_a_generation_of_another_deployment_is_not_taken(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the same id there is one that is older than the request: it is somebody else's."""
    connect(retries=0)
    run = new_task()
    lost(run, sandbox)
    (task,) = sandbox.tasks()
    monkeypatch.setattr(looking, "FOREIGN_TOLERANCE", -60.0)
    done = run.run()
    assert done.state == "failed", done.text
    assert f"the gateway has generation {task['id']}, which was created" in done.text
    assert "idempotency_namespace" in done.text
    assert run.xcom() is None
    assert (posts(sandbox), charges(sandbox)) == (1, 1)


def test_without_a_record_the_message_says_so(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess
) -> None:
    connect(retries=0)
    done = lost(new_task(durable=False), sandbox)
    assert "no record survives this try: a retry would submit anew and may pay twice" in done.text


@pytest.mark.parametrize("how", ["same_task", 400, 409])
def test_a_gateway_that_minds_the_same_id_twice(
    new_task: NewTask, connect: Connect, sandbox: SandboxProcess, how: Any
) -> None:
    """Each attempt has an id of its own, so that it never comes to that."""
    sandbox.assume(toapis_repeated_client_business_id=how)
    connect(retries=0)
    run = new_task(on_uncertain_submission="resubmit")
    sandbox.fault(method="POST", path=CREATE, kind="cut_before")
    assert run.run().state == "up_for_retry"
    assert run.run().state == "success"
    assert len({entry["client_business_id"] for entry in sandbox.ledger("toapis")["entries"]}) == 1
    run.clear()
    assert run.run().state == "success"
    assert charges(sandbox) == 2


# -- a failed task -------------------------------------------------------------------------------------


@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize("refunded", [True, False])
def test_a_failed_task_whose_cost_nobody_tells_stops(
    new_task: NewTask, sandbox: SandboxProcess, refunded: bool, deferrable: bool
) -> None:
    sandbox.fault(kind="generation_fails", refund=refunded)
    run = new_task(deferrable=deferrable)
    done = run.run()
    assert done.state == "failed", done.text  # with two retries left
    assert isinstance(done.error, GenerationFailedError)
    assert "The task could not be completed" in done.text
    assert "No retry is made, as it would pay again; clear the task to submit a new generation" in done.text
    assert run.xcom(key="failure") == {
        "kind": "generation_failed",
        "submitted": True,
        "generation_id": sandbox.tasks()[0]["id"],
        "credits": None,
    }
    assert posts(sandbox) == 1
    run.clear()
    assert run.run().state == "success"
    assert (posts(sandbox), charges(sandbox)) == (2, 2)
    assert len(set(keys(sandbox))) == 2


# -- a result that nobody can fetch any more -----------------------------------------------------------


@pytest.mark.parametrize("status", [403, 404])
def test_an_expired_result_is_not_fetched_for_ever_and_not_paid_for_again(
    new_task: NewTask, sandbox: SandboxProcess, landing: Path, status: int
) -> None:
    sandbox.assume(toapis_expires_at="past", toapis_expired_url_status=status)
    run = new_task()
    done = run.run()
    assert done.state == "failed", done.text  # with two retries left
    assert isinstance(done.error, OutputError)
    (task,) = sandbox.tasks()
    assert f"HTTP {status}" in done.text
    assert f"Generation {task['id']} succeeded and is paid for, but the time for which" in done.text
    assert "No retry is made, as none could fetch it" in done.text
    assert "not lost" not in done.text
    assert "next try" not in done.text
    assert list(landing.iterdir()) == []
    assert (posts(sandbox), charges(sandbox)) == (1, 1)
    sandbox.assume(toapis_expires_at="present")
    run.clear()  # a person wants it all the same
    assert run.run().state == "success"
    assert charges(sandbox) == 2


def test_a_result_that_comes_late_is_waited_for(
    new_task: NewTask, sandbox: SandboxProcess, no_download_pauses: None
) -> None:
    """The same answer from a URL whose time is not over is no end."""
    sandbox.fault(method="GET", path=TOAPIS.results, kind="status", status=404, times=3)
    run = new_task()
    done = run.run()
    assert done.state == "up_for_retry", done.text
    assert "its result is not lost" in done.text
    sandbox.control("DELETE", "faults")
    assert run.run().state == "success"
    assert charges(sandbox) == 1


# -- the request ---------------------------------------------------------------------------------------


def test_the_id_is_the_records_key(new_task: NewTask, sandbox: SandboxProcess) -> None:
    run = new_task()
    assert run.run().state == "success"
    (entry,) = sandbox.ledger("toapis")["entries"]
    assert entry["client_business_id"] == run.record()["key"]
    assert entry["idempotency_key"] is None
    assert len(entry["client_business_id"]) == 46
