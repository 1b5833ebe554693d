"""One generation from its request to its result, at a gateway in memory: records, money, calls."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_rivya.api.toapis import TOAPIS
from airflow_provider_rivya.exceptions import (
    Fault,
    GatewayUnavailableError,
    GenerationError,
    GenerationFailedError,
    GenerationTimeoutError,
    NotFoundError,
)
from airflow_provider_rivya.generation.job import GenerationJob
from airflow_provider_rivya.request.budget import Budget
from airflow_provider_rivya.request.prepare import RequestArguments
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.submission.context import Submission, TryFacts
from airflow_provider_rivya.submission.messages import TaskWords
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stores import KEY
from airflow_provider_rivya.waiting.decide import Finished
from airflow_provider_rivya.waiting.progress import Standing
from tests.unit.quick_gateway import CREDITS, URL, QuickGateway, job_of, prepared_for
from tests.unit.state_store import StateStore

SUCCEEDED = Finished("succeeded")
WORDS = TaskWords(durable=True, retries_left=2)


def soon() -> float:
    return time.time() + 3600.0


def recorded(store: StateStore) -> Record:
    return Record.from_json(store.values[KEY])


@pytest.fixture
def store() -> StateStore:
    return StateStore()


# -- the way of all that goes well -----------------------------------------------------------------


def test_a_generation_makes_four_calls_to_the_state_store(store: StateStore) -> None:
    client = QuickGateway()
    job = job_of(client, store)
    submission = job.submit(prepared_for(client))
    assert job.context.records.stored
    finished = job.wait_here(replace(submission, answer=None), deadline=soon())
    assert finished == SUCCEEDED
    result = job.land(submission, finished, None)
    assert [output.source_url for output in result.outputs] == [URL]
    assert store.calls == ["get", "set intent", "set submitted", "set delivered"]
    assert client.calls == ["create", "get"], "what was seen as ended is not read again"


def test_where_it_stands_is_told(store: StateStore) -> None:
    client, told = QuickGateway(), list[Standing]()
    job = replace(job_of(client, store), tell=told.append)
    submission = job.submit(prepared_for(client))
    deadline = soon()
    assert job.wait(submission, deadline=deadline, here=0.0) is None
    finished = job.wait_here(replace(submission, answer=None), deadline=deadline)
    job.land(submission, finished, None)
    assert [(standing.waits, standing.status) for standing in told] == [
        ("in the triggerer", "queued"),
        (None, "succeeded"),
    ]
    shown = told[0].to_json()
    assert (shown["generation_id"], shown["model"], shown["credits"]) == ("task_1", "z-image", CREDITS)
    assert shown["until"] == datetime.fromtimestamp(deadline, UTC).isoformat(timespec="seconds")
    assert "percent" not in shown, "what the gateway does not tell is left out"


def test_each_line_of_a_waiting_here_is_shown_as_well(
    store: StateStore, caplog: pytest.LogCaptureFixture
) -> None:
    client, told = QuickGateway(ends="processing"), list[Standing]()
    job = replace(job_of(client, store), tell=told.append)
    submission = job.submit(prepared_for(client))
    with caplog.at_level(logging.INFO):
        job.wait_here(submission, deadline=time.time())
    assert [(standing.waits, standing.status) for standing in told] == [("on the worker", "processing")]
    assert "Generation task_1: processing after 0 s." in caplog.text


def test_the_next_try_pays_nothing(store: StateStore) -> None:
    client = QuickGateway()
    first = job_of(client, store).submit(prepared_for(client))
    again = job_of(client, store, TryFacts(try_number=2)).submit(prepared_for(client))
    assert (again.generation_id, again.answer) == (first.generation_id, None)
    assert client.calls == ["create"]


def test_what_an_earlier_try_has_paid_for_needs_no_request(store: StateStore) -> None:
    client = QuickGateway()
    job_of(client, store).submit(prepared_for(client))
    job = job_of(client, store, TryFacts(try_number=2))
    assert job.ruling_record() == recorded(store)
    assert job.submit(None).generation_id == "task_1"
    cleared = job_of(client, store, TryFacts(epoch=1, try_number=2))
    assert cleared.ruling_record() is None


def test_a_price_that_is_not_the_catalogues_is_told(
    store: StateStore, caplog: pytest.LogCaptureFixture
) -> None:
    client = QuickGateway()
    prepared = replace(prepared_for(client), budget=Budget(max_credits=4))
    job_of(client, store).submit(prepared)
    assert any(entry.levelno == logging.WARNING and "5 credits" in entry.message for entry in caplog.records)


def test_everything_that_is_wrong_is_found_before_anything_is_sent(store: StateStore, tmp_path: Any) -> None:
    class Client(QuickGateway):
        def downloader(self) -> Any:
            return self

        def open(self, url: str) -> Any:
            raise AssertionError(f"{url} is fetched")

    client = Client()
    job = job_of(client, store)
    with pytest.raises(GenerationError, match=r"has 2 faults:\n  - state_path: .*\n  - prompt: "):
        job.prepare(RequestArguments("z-image"), str(tmp_path), [Fault("state_path", "it is relative")])
    assert (client.calls, store.calls) == ([], [])


# -- waiting ---------------------------------------------------------------------------------------


def submitted(job: GenerationJob, client: QuickGateway) -> Submission:
    return replace(job.submit(prepared_for(client)), answer=None)


def test_what_has_ended_long_ago_is_not_waited_for(store: StateStore) -> None:
    client = QuickGateway(ends="failed", code="generation_failed")
    job = job_of(client, store)
    finished = job.wait(submitted(job, client), deadline=soon(), here=0.0)
    assert finished == Finished("failed", "generation_failed")


def test_the_rest_is_the_triggerers(store: StateStore) -> None:
    client = QuickGateway(ends="processing")
    job = job_of(client, store)
    assert job.wait(submitted(job, client), deadline=soon(), here=0.0) is None
    assert client.calls == ["create", "get"]


def test_a_look_that_fails_is_no_end(store: StateStore) -> None:
    client = QuickGateway()
    client.errors["get"] = [GatewayUnavailableError("no")]
    job = job_of(client, store)
    assert job.wait(submitted(job, client), deadline=soon(), here=0.0) is None


def test_a_deadline_that_has_passed_is_a_timeout(store: StateStore) -> None:
    client = QuickGateway(ends="processing")
    job = job_of(client, store)
    submission = submitted(job, client)
    for here in (3600.0, float("inf")):
        assert job.wait(submission, deadline=time.time() - 1, here=here) == Finished("timeout")


def test_a_stop_ends_the_waiting_and_says_what_goes_on(store: StateStore) -> None:
    client, stop = QuickGateway(ends="processing"), StopFlag()
    job = job_of(client, store, stop=stop)
    submission = submitted(job, client)
    stop.set()
    finished = job.wait_here(submission, deadline=soon())
    assert finished == Finished("stopped")
    with pytest.raises(GenerationError, match="asked to stop while the generation was waited for") as caught:
        job.land(submission, finished, None)
    assert caught.value.fate == WORDS.fate("stopped", recorded(store))


def test_a_task_that_is_asked_to_stop_sends_nothing(store: StateStore) -> None:
    client, stop = QuickGateway(), StopFlag()
    stop.set()
    with pytest.raises(GenerationError, match="asked to stop before the request was sent") as caught:
        job_of(client, store, stop=stop).submit(prepared_for(client))
    assert caught.value.fate == WORDS.fate("not_submitted")
    assert client.calls == []
    assert recorded(store).is_withdrawn


# -- the end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "cost", "fate", "final"),
    [
        ("generation_failed", 0.0, "refunded", False),
        ("generation_failed", 5.0, "charged", True),
        ("generation_failed", None, "charged", True),
        ("nsfw", 0.0, "refused", True),
    ],
)
def test_a_failed_generation_is_recorded_with_what_it_cost(
    store: StateStore, code: str, cost: float | None, fate: Any, final: bool
) -> None:
    client = QuickGateway(ends="failed", code=code, cost=cost)
    job = job_of(client, store)
    submission = job.submit(prepared_for(client))
    with pytest.raises(GenerationFailedError) as caught:
        job.land(submission, Finished("failed", code), None)
    assert (caught.value.fate, caught.value.final) == (WORDS.fate(fate, submission.record), final)
    assert (recorded(store).code, recorded(store).credits) == (code, cost)
    assert recorded(store).has_failed


def test_a_timeout_leaves_the_generation_to_the_next_try(store: StateStore) -> None:
    client = QuickGateway(ends="processing")
    job = job_of(client, store)
    submission = job.submit(prepared_for(client))
    with pytest.raises(GenerationTimeoutError) as caught:
        job.land(submission, Finished("timeout"), None)
    assert caught.value.fate == WORDS.fate("running", submission.record)
    assert recorded(store) == submission.record


def test_a_generation_that_the_gateway_no_longer_knows(store: StateStore) -> None:
    client = QuickGateway()
    client.errors["get"] = [NotFoundError("no", http_status=404)]
    job = job_of(client, store)
    submission = job.submit(prepared_for(client))
    with pytest.raises(NotFoundError, match="no longer knows its task id") as caught:
        job.land(submission, Finished("not_found"), None)
    assert caught.value.fate == WORDS.fate("unknown_there", submission.record)
    assert not caught.value.final


# -- after a deferral ------------------------------------------------------------------------------


def test_a_carried_record_is_not_read_again(store: StateStore) -> None:
    client = QuickGateway()
    carried = job_of(client, store).submit(prepared_for(client)).record
    store.calls.clear()
    job = job_of(client, store, TryFacts(resumed=True))
    submission = job.resume("task_1", "z-image", 5.0, carried)
    assert submission == Submission(carried)
    assert job.context.records.current == carried
    assert store.calls == []


def test_without_a_carried_record_it_is_read(store: StateStore) -> None:
    client = QuickGateway()
    job_of(client, store).submit(prepared_for(client))
    assert job_of(client, store).resume("task_1", "z-image").record == recorded(store)


def test_an_answer_that_could_not_be_recorded_is_recorded_now(store: StateStore) -> None:
    client = QuickGateway()
    job = job_of(client, store)
    job.submit(prepared_for(client))
    store.values[KEY] = before_the_answer(recorded(store)).to_json()
    record = job_of(client, store).resume("task_1", "z-image", 5.0).record
    assert (record.state, record.generation_id, record.credits) == ("submitted", "task_1", 5.0)
    assert recorded(store) == record


def test_a_later_trys_request_is_left_alone(store: StateStore) -> None:
    """This process has outlived its worker: what it knows of is not what the later one has sent."""
    client = QuickGateway()
    job_of(client, store).submit(prepared_for(client))
    later = replace(before_the_answer(recorded(store)), try_id="b")
    store.values[KEY] = later.to_json()
    record = job_of(client, store, TryFacts(try_id="a")).resume("task_1", "z-image", 5.0).record
    assert (record.key, record.generation_id) == ("", "task_1")
    assert recorded(store) == later


def test_a_record_that_cannot_be_read_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The generation exists, whatever the record's place says."""
    store, client = StateStore(ConnectionError("gone")), QuickGateway()
    job = job_of(client, store, TryFacts(resumed=True))
    record = job.resume("task_1", "z-image", 5.0).record
    assert (record.state, record.generation_id, record.credits, record.key) == (
        "submitted",
        "task_1",
        5.0,
        "",
    )
    assert "Going on without the submission record: the generation exists." in caplog.text
    assert job.land(Submission(record), SUCCEEDED, None).generation_id == "task_1"


@pytest.mark.parametrize("known", ["task_1", None])
def test_nothing_is_known_of_what_was_deferred(store: StateStore, known: str | None) -> None:
    record = job_of(QuickGateway(), store).resume(known, "z-image").record
    assert (record.generation_id, record.model, record.key) == (known, "z-image", "")


def before_the_answer(record: Record) -> Record:
    """Return what was recorded before the answer came."""
    return replace(record, state="intent", body="{}", generation_id=None, credits=None, submitted_at=None)


# -- where the gateway keeps it --------------------------------------------------------------------


def test_where_a_generation_is_kept_follows_from_its_record_or_its_model(store: StateStore) -> None:
    job = job_of(QuickGateway(TOAPIS), store)
    record = Record("submitted", 0, 0, "", "", 0.0, "toapis_default", "veo3.1-fast", generation_id="t")
    assert job.category(Submission(record)) == "video"
    assert job.category(Submission(replace(record, category="image"))) == "image"
