"""What a process says that finds another one of its task at work, or a request that it cannot go on with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_rivya.submission.record import Record
from tests.unit.submission.submission_gateway import DAY, Delivery, Gateway
from tests.unit.submission.submission_model import Process, run_out
from tests.unit.submission.submission_world import Kind, World, world_of

WAITS = "Another process of this task is submitting right now; waiting for its record."


@pytest.fixture(autouse=True)
def _all_levels(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def two_at_once(kind: Kind) -> tuple[World, Process, Process]:
    """Return two processes that have both found no record, the first of which has written its intent."""
    world = world_of(kind)
    first, second = Process(world), Process(world)
    for process in (first, second):
        while process.at != "write":
            process.step()
    first.step()
    return world, first, second


def without_an_answer(world: World, delivery: Delivery = "request_lost") -> Record:
    """Let a try die whose request was not answered, and return what it leaves."""
    process = Process(world)
    while process.has_done[-1] != "write intent":
        process.step(delivery)
    process.step(delivery)
    world.try_over()
    record = world.place.read()
    assert record is not None
    assert record.state == "intent"
    return record


def ended(world: World, process: Process | None = None) -> str:
    """Let a process come to its end, which is an error, and return that."""
    process = process or Process(world)
    run_out(world, process)
    assert process.error is not None, process.end
    return str(process.error)


# -- beside another process ----------------------------------------------------------------------------


def test_a_copy_goes_on_with_what_the_other_one_records(caplog: pytest.LogCaptureFixture) -> None:
    world, first, second = two_at_once("replays")
    second.step()
    assert WAITS in caplog.text
    run_out(world, first)
    run_out(world, second)
    assert second.delivered == "task_0"
    assert "re-attaching to generation task_0 (5 credits are reserved); nothing is submitted" in caplog.text
    assert len(world.gateway.made) == 1


def test_a_copy_that_waits_in_vain_sends_the_same_request(caplog: pytest.LogCaptureFixture) -> None:
    world, _, second = two_at_once("replays")
    begun = world.now
    run_out(world, second)
    assert caplog.text.count(WAITS) == 1
    assert 60 <= world.now - begun < 70
    assert second.delivered == "task_0"


@pytest.mark.parametrize("young", [False, True])
def test_a_wait_for_another_process_ends_when_the_task_is_asked_to_stop(young: bool) -> None:
    if young:
        world = world_of("replays")
        without_an_answer(world)
        second = Process(world)
    else:
        world, _, second = two_at_once("replays")
    object.__setattr__(second.submitter.context, "stopped", lambda: True)
    begun = world.now
    told = ended(world, second)
    assert "The task was asked to stop while it waited for another process" in told
    assert "The next try (1 left) sends the same request under the same idempotency key" in told
    assert world.now - begun < 10
    assert second.end == "retry"


def test_a_young_request_is_waited_for_before_it_is_sent_again(caplog: pytest.LogCaptureFixture) -> None:
    world = world_of("replays")
    record = without_an_answer(world, "answer_lost")
    begun = world.now
    second = Process(world)
    run_out(world, second)
    assert f"Another try may be sending its request (key {record.key}) at this moment" in caplog.text
    assert 50 <= world.now - begun < 70
    assert (second.delivered, len(world.gateway.made)) == ("task_0", 1)


def test_a_copy_that_waits_in_vain_leaves_the_look_up_to_the_next_try() -> None:
    world, first, second = two_at_once("looks up")
    first.step("answer_lost")
    record = world.place.read()
    assert record is not None
    told = ended(world, second)
    assert (
        f"Another process of this task has submitted, or is about to, under the id {record.key}, and has "
        "recorded no answer [connection rivya_default]. This process has sent nothing and paid nothing. "
        "Whether the gateway accepted it is not known. The next try (1 left) looks it up"
    ) in told
    assert second.end == "retry"
    assert len(world.gateway.made) == 1


def test_a_copy_finds_that_the_other_one_has_given_up() -> None:
    world, first, second = two_at_once("replays")
    while first.at != "ended":
        first.step("refused")
    assert ended(world, second) == (
        "Another process of this task has taken its submission over or back [connection rivya_default]. "
        "Nothing was submitted and nothing was charged. The next try (1 left) submits the request."
    )
    assert second.end == "retry"


def test_a_key_in_use_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    world = World(Gateway("conflict"))
    without_an_answer(world, "answer_lost")
    told = ended(world)
    assert caplog.text.count("It may be in progress: asking again in 3 s.") == 20
    assert "the key was used" in told
    assert "Whether the gateway accepted it is not known. The next try (1 left) sends the same" in told
    assert len(world.gateway.made) == 1


# -- a request without an answer that cannot be gone on with -------------------------------------------


@pytest.mark.parametrize("kind", ["replays", "looks up"])
def test_what_was_sent_through_another_connection(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    world = world_of(kind)
    without_an_answer(world, "answer_lost")
    world.conn_id = "another"
    process = Process(world)
    assert ended(world, process) == (
        "An earlier try sent a request through the connection 'rivya_default' and got no answer; this "
        "try has the connection 'another', where it can neither be sent again nor looked up [connection "
        "another]. "
        "Whether it was accepted is not known; this try sent nothing and paid nothing, and no retry is made. "
        "Give the task its connection 'rivya_default' back and clear it; or clear it as it is: then it "
        "submits, and pays for, a new one."
    )
    assert process.error is not None
    assert process.error.final
    assert len(world.gateway.made) == 1
    world.clear()
    run_out(world, Process(world))
    assert "Left behind: a submission without an answer (key rivya-" in caplog.text
    assert [made.account for made in world.gateway.made] == ["rivya_default", "another"]


def test_a_request_that_cannot_be_made_is_not_submitted_anew() -> None:
    world = world_of("looks up", on_uncertain="resubmit")
    record = without_an_answer(world)
    world.fingerprint = None
    process = Process(world)
    assert ended(world, process) == (
        "The request cannot be made now (the warning above says why), and what an earlier try left is a "
        f"submission without an answer (key {record.key}), which may have been paid for [connection "
        "rivya_default]. This try sent nothing and paid nothing, and no retry is made. Fix the request, and "
        "clear the task."
    )
    assert process.error is not None
    assert process.error.final
    assert world.gateway.made == []


def test_a_task_that_is_asked_to_stop_while_it_looks_a_request_up() -> None:
    world = world_of("looks up late")
    record = without_an_answer(world, "answer_lost")
    process = Process(world)
    submitter = process.submitter
    process.submitter = replace(submitter, context=replace(submitter.context, stopped=lambda: True))
    told = ended(world, process)
    assert (
        f"it could not be looked up under its id {record.key}: The task was asked to stop while it "
        f"looked its request up under the id {record.key} [connection rivya_default]. "
        "Whether the gateway accepted it is not known. The next try (1 left) looks it up at the gateway"
    ) in told
    assert process.end == "retry"


def test_a_day_later_a_person_is_asked() -> None:
    world = world_of("replays")
    without_an_answer(world, "answer_lost")
    world.now += 1.1 * DAY
    world.try_over()
    told = ended(world)
    assert "An earlier try sent a request and got no answer; whether the gateway accepted it is not" in told
    assert "This try sent nothing and paid nothing, and no retry is made. Look at the account" in told
    assert len(world.gateway.made) == 1


@pytest.mark.parametrize(
    ("code", "cost", "happened", "then"),
    [
        ("oops", 5, "Generation task_0 had failed at the gateway", "No retry is made, as it would pay again"),
        ("oops", None, "Generation task_0 had failed at the gateway", "No retry is made, as it would pay"),
        ("nsfw", 0, "Generation task_0 had failed at the gateway", "the same content would be refused again"),
        (
            "result_expired",
            5,
            "The result of generation task_0 had expired at the gateway",
            "No retry is made, as it would pay again; clear the task to submit a new generation",
        ),
    ],
)
def test_what_had_failed_before(code: str, cost: float | None, happened: str, then: str) -> None:
    """A try that died after it had noted that: the next one says what it finds, and pays for nothing."""
    world = world_of("replays")
    record = without_an_answer(world, "answer_lost")
    world.place.exchange(record, record.submitted("task_0", 5, world.now).failed(code, cost))
    process = Process(world)
    told = ended(world, process)
    assert told.startswith(happened)
    assert then in told
    assert f"code {code}" in told
    assert process.error is not None
    assert process.error.final
    assert len(world.gateway.made) == 1
