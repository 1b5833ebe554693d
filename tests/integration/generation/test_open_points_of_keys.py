"""Open points of Rivya's idempotency keys: whatever a repeat gets, nothing is paid twice in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.conftest import Connect, Listener
from tests.integration.gateways import RIVYA
from tests.integration.generation.conftest import NewJob
from tests.integration.generation.open_points import (
    KEYS,
    NO_USE,
    Checks,
    check_turned,
    turned,
)
from tests.integration.job_harness import JobHarness, TryOutcome, hasty
from tests.sandbox_process import SandboxProcess

KEY_LENGTH = 46
PATIENCE = 0.4
"""Seconds; a machine under load answers sooner."""


def test_every_switch_is_turned() -> None:
    check_turned(globals(), KEYS)


@pytest.fixture
def another_one_sends(
    new_job: NewJob, check: Checks, connect: Connect, sandbox: SandboxProcess
) -> Callable[..., JobHarness]:
    """Return a job under whose first key somebody else has sent a request before."""

    def sends(document: dict[str, str], **arguments: Any) -> JobHarness:
        check.in_doubt(new_job(**arguments), connect, "cut_before")
        headers = {"Idempotency-Key": check.creates()[0]["idempotency_key"]}
        assert sandbox.post(RIVYA.create, document, headers=headers).status == 201
        return new_job(**arguments)

    return sends


def check_told(done: TryOutcome, *told: str) -> None:
    assert all(text in done.text for text in told), done.text


@turned("idempotency_replay")
def test_repeated_key(new_job: NewJob, check: Checks, connect: Connect, setting: str) -> None:
    job = new_job(conflict_patience=0.2)
    check.in_doubt(job, connect)
    done = job.run()
    if setting == "conflict":
        told = "Whether the gateway accepted it is not known. The next try (1 left) sends the same request"
        check.ended(done, "retryable", "idempotency_conflict", told, charges=1)
    else:
        check.delivered(done, charges=2 if setting == "new_task" else 1)
    check.one_key()


@turned("idempotency_in_progress_code")
def test_told_by_another_code(
    new_job: NewJob, check: Checks, connect: Connect, sandbox: SandboxProcess, setting: str
) -> None:
    slow(connect, sandbox)
    check.delivered(impatient(new_job()).run())
    check.one_key()


def impatient(job: JobHarness) -> JobHarness:
    """Let it wait for an answer for less than a second, which is the least that a connection may say."""
    job.hook = hasty(RIVYA.hook, PATIENCE)
    return job


def slow(connect: Connect, sandbox: SandboxProcess) -> None:
    """The next creation is taken in, and answered later than anybody waits for that."""
    connect(retries=3)
    sandbox.fault(method="POST", path=RIVYA.create, kind="hang", seconds=2.5 * PATIENCE)


@pytest.mark.parametrize("replay", ["replay", "current_state", "conflict"])
@turned("idempotency_in_progress")
def test_an_answer_that_is_lost_cut_or_slow_is_paid_once(
    new_job: NewJob,
    check: Checks,
    connect: Connect,
    sandbox: SandboxProcess,
    setting: str,
    replay: str,
) -> None:
    """Whatever a repeat gets, the generation of the first request is the only one."""
    sandbox.assume(idempotency_replay=replay)
    for charges, way in enumerate(("cut_after", "answer_cut", "slow"), start=1):
        patience = 0.1 if replay == "conflict" else 5.0
        job = impatient(new_job(prompt=f"A lighthouse, {way}", conflict_patience=patience))
        if way == "slow":
            slow(connect, sandbox)
        else:
            connect(retries=0)
            sandbox.fault(kind=way, method="POST", path=RIVYA.create)
            assert job.run().state == "retryable"
        done = job.run()
        assert sandbox.ledger()["charges"] == charges
        if done.state != "delivered":
            assert (done.state, replay) == ("retryable", "conflict"), done.text
            check_told(done, "code idempotency_conflict")
    assert len({entry["idempotency_key"] for entry in check.creates()}) == charges


FORGOTTEN = (
    {"idempotency_replay": "new_task"},
    {"idempotency_ttl_seconds": 60},
    {"idempotency_failed_task_keeps_key": "no"},
)


@pytest.mark.parametrize("switches", FORGOTTEN, ids=str)
def test_what_may_have_been_paid_twice_is_named(
    new_job: NewJob,
    check: Checks,
    connect: Connect,
    sandbox: SandboxProcess,
    logs: Listener,
    switches: dict[str, Any],
) -> None:
    """Nothing but the time of the answer's generation tells that the gateway knew no first one."""
    sandbox.assume(**switches)
    job = new_job()
    if "idempotency_failed_task_keeps_key" in switches:
        sandbox.fault(kind="generation_fails")
    connect(retries=0)
    sandbox.fault(kind="cut_after", method="POST", path=RIVYA.create)
    assert job.run().state == "retryable"
    sandbox.advance(61)
    done = job.run()
    check.delivered(done, charges=2)
    told = [text for text in logs.warned if "was made by this repeat" in text]
    assert len(told) == 1
    assert done.result["generation_id"] in told[0]
    assert "both are paid for" in told[0]


def test_a_call_that_was_repeated_is_named(
    new_job: NewJob, check: Checks, connect: Connect, sandbox: SandboxProcess, logs: Listener
) -> None:
    """A gateway that ignores keys makes two of one call, and no answer tells."""
    sandbox.assume(idempotency_replay="new_task")
    connect(retries=1)
    sandbox.fault(kind="cut_after", method="POST", path=RIVYA.create)
    check.delivered(new_job().run(), charges=2)
    assert [text for text in logs.warned if "the account shows two" in text]


STRANGERS = (
    ({"model": "z-image", "client_request_id": "row-2"}, "has the client_request_id 'row-2', not 'row-1'"),
    ({"model": "gpt-image-2"}, "is of the model 'gpt-image-2', not 'z-image'"),
)


@pytest.mark.parametrize(("stranger", "told"), STRANGERS)
def test_the_generation_of_another_request_is_not_ours(
    another_one_sends: Callable[..., JobHarness],
    check: Checks,
    sandbox: SandboxProcess,
    stranger: dict[str, str],
    told: str,
) -> None:
    """A gateway that looks at the key alone answers with what the first request under it has made."""
    sandbox.assume(idempotency_other_body="ignored", client_request_id_echo=True)
    job = another_one_sends({**stranger, "prompt": "Another row's"}, client_request_id="row-1")
    check.ended(job.run(), "final", told, "another task under the same idempotency key", charges=1)
    job.clear()
    check.delivered(job.run(), charges=2)


@turned("idempotency_other_body")
def test_another_request_under_the_key(
    another_one_sends: Callable[..., JobHarness], check: Checks, setting: int | str
) -> None:
    """What the gateway says of another request is told to a person, and no other key is tried meanwhile."""
    job = another_one_sends({"model": "z-image", "prompt": "Another row's"}, conflict_patience=0.1)
    done = job.run()
    if setting == "ignored":
        check.delivered(done)  # nothing in the answer tells that it is another request's
        return
    check.ended(done, "retryable" if setting == 409 else "final", "key was used for another", charges=1)
    check.one_key()
    if setting != 409:
        job.clear()
        check.delivered(job.run(), charges=2)


def test_a_repeat_that_is_taken_for_another_request_asks_a_person(
    new_job: NewJob, check: Checks, connect: Connect, sandbox: SandboxProcess
) -> None:
    """Something on the way has changed its bytes: what became of the first one is not known."""
    sandbox.assume(idempotency_other_body=422)
    job = new_job()
    check.in_doubt(job, connect)
    record = job.record
    job.change_record({**record, "body": record["body"].replace("storm", "calm")})
    told = ("Look at the account for a generation of about", "give the connection another idempotency_namesp")
    check.ended(job.run(), "final", *told, charges=1)
    connect(retries=0, idempotency_namespace="anew")
    job.clear()
    check.delivered(job.run(), charges=2)


@turned("idempotency_refusal_keeps_key")
def test_after_a_refusal_is_cured(
    new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: str
) -> None:
    """A person who has topped the account up clears the task, which makes another key."""
    sandbox.set_credits(0)
    job = new_job()
    check.ended(job.run(), "final", "insufficient_credits", NO_USE)
    sandbox.set_credits(10)
    job.clear()
    check.delivered(job.run())
    assert len({entry["idempotency_key"] for entry in check.creates()}) == 2


@turned("idempotency_server_error_stored")
def test_an_error_that_comes_again(
    new_job: NewJob, check: Checks, connect: Connect, sandbox: SandboxProcess, setting: str
) -> None:
    """No try repeats for ever, and none sends another key on its own."""
    connect(retries=1)
    sandbox.fault(kind="status", method="POST", path=RIVYA.create, status=500)
    job = new_job()
    done = job.run()
    if setting == "no":
        check.delivered(done)
    else:
        charges = int(setting == "task_made")
        assert done.state == "retryable"
        assert (sandbox.ledger()["charges"], len(check.creates())) == (charges, 2)
        check_told(job.run(), "Whether the gateway accepted it is not known", "HTTP 500")
    check.one_key()


@turned("idempotency_failed_task_keeps_key")
def test_the_key_of_a_failed_generation(
    new_job: NewJob, check: Checks, sandbox: SandboxProcess, setting: str
) -> None:
    sandbox.fault(kind="generation_fails")
    job = new_job()
    assert job.run().state == "retryable"
    check.delivered(job.run(), charges=2)
    assert len({entry["idempotency_key"] for entry in check.creates()}) == 2


@turned(
    "idempotency_replay_status",
    "idempotency_replay_header",
    "idempotency_same_body",
    "idempotency_survives_key_rotation",
    "idempotency_alphabet",
    "idempotency_bad_key_code",
    "idempotency_two_headers",
    "idempotency_lookup_by_key",
)
def test_repeat_after_a_lost_answer(
    new_job: NewJob, check: Checks, connect: Connect, setting: str | int
) -> None:
    """The same bytes go out again: whatever makes two requests the same, these are."""
    job = new_job()
    check.in_doubt(job, connect)
    check.delivered(job.run())
    check.one_key()


@turned("idempotency_ttl_seconds", values=(None, 86400, 60))
def test_forgotten_key(
    new_job: NewJob, check: Checks, connect: Connect, sandbox: SandboxProcess, setting: float | None
) -> None:
    job = new_job()
    check.in_doubt(job, connect)
    sandbox.advance(61)
    # What the gateway has forgotten it makes again: the client repeats for a day.
    check.delivered(job.run(), charges=2 if setting == 60 else 1)
    check.one_key()


@turned("idempotency_scope")
def test_other_api_key(
    new_job: NewJob, check: Checks, connect: Connect, sandbox: SandboxProcess, setting: str
) -> None:
    job = new_job()
    check.in_doubt(job, connect)
    sandbox.control("POST", "keys", {"key": RIVYA.replaced, "account": RIVYA.account})
    connect(key=RIVYA.replaced)
    check.delivered(job.run(), charges=2 if setting == "key" else 1)
    check.one_key()


@turned("idempotency_max_length", values=(None, 255, KEY_LENGTH, KEY_LENGTH - 1))
def test_longest_key(new_job: NewJob, check: Checks, setting: int | None) -> None:
    done = new_job().run()
    if setting == KEY_LENGTH - 1:
        told = f"Idempotency-Key has {KEY_LENGTH} characters, at most {setting} are allowed"
        check.ended(done, "final", told, NO_USE)
    else:
        check.delivered(done)
