"""What a task says and does of a request without an answer, at a gateway that replays no keys."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.exceptions import GatewayError
from airflow_provider_rivya.submission.context import OnUncertain
from airflow_provider_rivya.submission.lookup import older_than_request
from airflow_provider_rivya.submission.record import Record
from tests.unit.submission.submission_gateway import EPOCH, Delivery, Made
from tests.unit.submission.submission_model import Process, run_out
from tests.unit.submission.submission_world import Kind, World, world_of


def a_try(world: World, delivery: Delivery = "answered") -> Process:
    process = Process(world)
    for _ in range(60):
        process.step(delivery)
        for made in world.gateway.made:
            made.state = "succeeded"
    world.try_over()
    return process


def lost(kind: Kind, on_uncertain: OnUncertain = "fail", delivery: Delivery = "request_lost") -> World:
    """Return a world whose first try has got no answer, and was killed before it looked that up."""
    world = world_of(kind, on_uncertain=on_uncertain)
    process = Process(world)
    for _ in range(4):
        process.step(delivery)
    assert process.at == "look up"
    world.try_over()
    return world


def recorded(world: World) -> Record:
    record = world.place.read()
    assert record is not None
    return record


def test_what_was_taken_in_is_found_by_the_same_try(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    world = world_of("looks up late")
    assert a_try(world, "answer_lost").end == "delivered"
    assert len(world.gateway.made) == 1
    assert "no answer. Looking it up at the gateway, under the id rivya-" in caplog.text
    assert "Look-up 1: the gateway knows no generation under the id rivya-" in caplog.text
    assert "yet; asking again in 1 s" in caplog.text
    assert "the gateway has generation task_0 (processing) under the id rivya-" in caplog.text


def test_what_was_taken_in_is_found_by_the_next_try(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    world = lost("looks up", delivery="answer_lost")
    assert a_try(world).end == "delivered"
    assert len(world.gateway.made) == 1
    assert "looking its request up at the gateway, under the id rivya-" in caplog.text
    assert "re-attaching to generation task_0" in caplog.text


@pytest.mark.parametrize("same_try", [True, False])
def test_what_is_not_found_is_asked_of_a_person_who_answers_with_a_clear(same_try: bool) -> None:
    world = world_of("looks up", on_uncertain="fail") if same_try else lost("looks up")
    error = a_try(world, "request_lost").error
    assert error is not None
    assert error.final
    record = recorded(world)
    assert record.asked_at is not None
    for told in (
        "no answer; " if same_try else "An earlier try sent a request and got no answer; ",
        f"the gateway knows no generation under its id {record.key} (asked 15 times in 60 s)",
        "Whether it was accepted, and is paid for, is not known",
        "look at the gateway's account for a generation of about 2026-05-11 00:00:00 UTC",
        "if not, clear the task: it looks once more, and then submits, and pays for, a new one under a new",
        "on_uncertain_submission='resubmit' does that without asking, and may pay twice",
    ):
        assert told in str(error)
    assert ("this try sent nothing and paid nothing" in str(error)) is not same_try
    assert (isinstance(error, GatewayError) and error.maybe_taken_in) is same_try
    world.clear()
    begun = world.now
    assert a_try(world).end == "delivered"
    assert world.turned == begun, "one look is enough"
    assert [made.key == record.key for made in world.gateway.made] == [False]


def test_what_is_not_found_is_submitted_anew_on_request(caplog: pytest.LogCaptureFixture) -> None:
    world = world_of("looks up", on_uncertain="resubmit")
    first = a_try(world, "request_lost")
    assert first.end == "retry"
    assert "it is submitted a second time, which may pay twice" in str(first.error)
    assert a_try(world).end == "delivered"
    assert "submitted again, under a new key: if the first one was accepted after all" in caplog.text
    assert len(world.gateway.made) == 1


@pytest.mark.parametrize("same_try", [True, False])
def test_a_look_up_that_fails_is_never_taken_for_not_there(same_try: bool) -> None:
    world = lost("looks up", "resubmit", "answer_lost")
    if same_try:
        world = world_of("looks up", on_uncertain="resubmit")
    world.gateway.reachable = False
    failed = a_try(world, "answer_lost")
    assert failed.end == "retry"
    assert "could not be looked up under its id rivya-" in str(failed.error)
    assert "looks it up at the gateway before anything else" in str(failed.error)
    assert (recorded(world).state, recorded(world).asked_at) == ("intent", None)
    world.gateway.reachable = True
    assert a_try(world).end == "delivered"
    assert len(world.gateway.made) == 1


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"at": EPOCH - 3600}, "which was created 3600 s before this request was made"),
        ({"at": EPOCH, "model": "nano-banana-2"}, "which is of the model 'nano-banana-2', not 'z-image'"),
    ],
)
def test_a_generation_of_somebody_else_is_not_taken(other: dict[str, Any], told: str) -> None:
    world = lost("looks up", "resubmit")
    key = recorded(world).key
    world.gateway.made.append(Made(id="strange", key=key, wish=9, fingerprint="a", **other))
    stopped = a_try(world)
    assert stopped.error is not None
    assert stopped.error.final
    assert f"under its id {key} the gateway has generation strange, {told}" in str(stopped.error)
    assert "idempotency_namespace" in str(stopped.error)
    assert stopped.error.generation_id is None
    world.clear()
    assert a_try(world).end == "delivered"
    assert len(world.gateway.made) == 2


@pytest.mark.parametrize("model", [None, "z-image", "z_image_of_another_page"])
def test_another_spelling_of_a_model_is_no_other_model(model: str | None) -> None:
    world = lost("looks up", "fail", "answer_lost")
    world.gateway.made[0].model = model
    assert a_try(world).end == "delivered"


def test_a_process_beside_a_look_up_sends_nothing() -> None:
    world = world_of("never looks up")
    slow = Process(world)
    while slow.has_done[-1] != "write intent":
        slow.step()
    assert a_try(world).end == "stopped"
    run_out(world, slow)
    assert world.gateway.made == []
    assert "another process of this task" in str(slow.error).lower()


@pytest.mark.parametrize(
    ("begun_at", "not_before", "skew", "own", "older_by"),
    [
        (EPOCH, None, 0.0, False, 0.0),
        (EPOCH + 3600, None, 0.0, False, 3600.0),
        (EPOCH + 3600, None, -3600.0, False, 0.0),
        (EPOCH + 3600, EPOCH, 0.0, False, 0.0),  # another worker's clock was ahead
        (EPOCH - 3600, EPOCH + 3600, 0.0, False, 3600.0),  # or behind, and the answer is somebody else's
        (EPOCH + 3600, EPOCH, 0.0, True, 0.0),  # the gateway tells no time
        (EPOCH + 3600, EPOCH, -3600.0, True, 0.0),
        (EPOCH, EPOCH - 7200, 3600.0, True, 3600.0),  # it was made while this task waited in its queue
    ],
)
def test_whether_an_answer_is_older_than_its_request(
    begun_at: float, not_before: float | None, skew: float, own: bool, older_by: float
) -> None:
    record = Record("intent", 0, 0, "f", "k", begun_at, "c", "m", body="{}", not_before=not_before)
    answer = Generation(id="task_1", status="queued", created_at=datetime.fromtimestamp(EPOCH, UTC))
    client: Any = SimpleNamespace(clock_skew=skew)
    assert older_than_request(answer, record, client, 300.0, own=own) == older_by
