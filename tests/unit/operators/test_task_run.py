"""One run of a task: what Airflow says of the try, how long it waits, what it leaves when it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_rivya._compat import AirflowFailException, AirflowSkipException, AirflowTaskTimeout
from airflow_provider_rivya.exceptions import ConnectionConfigError, GatewayError, InvalidRequestError
from airflow_provider_rivya.operators.task_run import TaskRun, facts_of, open_run, patience_of, retries_left
from airflow_provider_rivya.submission.context import SubmissionPolicy, TryFacts
from airflow_provider_rivya.submission.messages import TaskWords
from airflow_provider_rivya.submission.record import Record
from airflow_provider_rivya.submission.stores import KEY, NoRecords, RecordStore, StateStoreRecords
from tests.unit.quick_gateway import FIRST_TRY, POLICY, QuickGateway, job_of
from tests.unit.state_store import StateStore

INTENT = Record("intent", 0, 0, "f", "rivya-key", 1.0, "rivya_default", "z-image", body="{}")
SUBMITTED = INTENT.submitted("task_1", 5, 2.0)


def instance(try_number: int, max_tries: int, **more: Any) -> SimpleNamespace:
    return SimpleNamespace(try_number=try_number, max_tries=max_tries, **more)


# -- what Airflow says of a try --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("try_number", "max_tries", "left"), [(1, 0, 0), (1, 2, 2), (2, 2, 1), (3, 2, 0), (4, 2, 0)]
)
def test_how_many_retries_are_left(try_number: int, max_tries: int, left: int) -> None:
    assert retries_left(instance(try_number, max_tries)) == left


@pytest.mark.parametrize(
    ("try_number", "max_tries", "first"),
    [
        (1, 2, True),
        (2, 2, False),
        (3, 2, False),
        (4, 5, True),  # cleared after three tries: max_tries is those and the two retries
        (5, 5, False),
        (2, 3, True),  # cleared after one
    ],
)
def test_which_try_is_the_first_since_a_clear(try_number: int, max_tries: int, first: bool) -> None:
    assert facts_of(instance(try_number, max_tries), retries=2).first_since_clear is first


def test_what_else_is_known_of_a_try() -> None:
    ordered = UUID("019e1455-6000-7001-8000-000000000000")
    facts = facts_of(instance(2, 3, id=ordered), retries=3)
    assert facts == TryFacts(
        epoch=3, try_number=2, retries_left=2, first_since_clear=False, try_id=str(ordered)
    )
    assert not facts.first
    assert facts_of(instance(1, 0), retries=None) == TryFacts()
    assert facts_of(instance(1, 0), retries=None).first


def test_a_run_after_a_deferral_is_not_the_first() -> None:
    facts = facts_of(instance(1, 0), retries=0, resumed=True)
    assert facts.resumed
    assert not facts.first


@pytest.mark.parametrize(
    ("timeout", "execution_timeout", "seconds"),
    [
        (timedelta(hours=1), None, 3600.0),
        (timedelta(hours=1), timedelta(minutes=5), 300.0),
        (timedelta(minutes=1), timedelta(minutes=5), 60.0),
        (90, timedelta(minutes=5), 90.0),  # a sensor's may be a number
        (90.5, None, 90.5),
    ],
)
def test_a_try_gives_up_at_the_smaller_limit(timeout: Any, execution_timeout: Any, seconds: float) -> None:
    task = SimpleNamespace(timeout=timeout, execution_timeout=execution_timeout)
    assert patience_of(task) == seconds


# -- what is left behind when it fails -------------------------------------------------------------


class Hook:
    closed = False

    def close(self) -> None:
        self.closed = True


class Failing:
    """
    A run of a task in whose middle something is raised.

    :ivar left: the XComs that it leaves.
    """

    def __init__(self) -> None:
        self.left: dict[str, Any] = {}
        self.store = StateStore()
        self.hook = Hook()

    def run(
        self,
        error: BaseException,
        *,
        facts: TryFacts = FIRST_TRY,
        records: RecordStore | None = None,
        current: Record | None = None,
        policy: SubmissionPolicy = POLICY,
        ended: bool = False,
        **more: Any,
    ) -> None:
        """
        Raise it.

        :param records: where the job keeps its record; ``None``: the run does not come to a job.
        :param current: what the job has in hand.
        """
        hook: Any = self.hook
        instance = SimpleNamespace(
            xcom_push=lambda key, value: self.left.update({key: value}),
            **{"dag_id": "dag", "run_id": "run", "task_id": "task", "map_index": -1},
        )
        run = TaskRun(hook, facts, **more)
        with open_run(run, {"ti": instance, "task_state_store": self.store}):
            if records is not None:
                run.job = job_of(QuickGateway(), records, facts, policy=policy)
                run.job.context.records.current = current
                run.ended = ended
            raise error

    @property
    def failure(self) -> dict[str, Any]:
        found: dict[str, Any] = self.left["failure"]
        return found

    def in_store(self, record: Record) -> StateStoreRecords:
        self.store.values[KEY] = record.to_json()
        return StateStoreRecords(self.store, None)


@pytest.fixture
def failing() -> Failing:
    return Failing()


def test_what_may_be_mended_is_raised_as_it_is(failing: Failing) -> None:
    error = GatewayError("no", retryable=True)
    with pytest.raises(GatewayError) as caught:
        failing.run(error, records=StateStoreRecords(failing.store, None))
    assert caught.value is error
    assert failing.failure == {
        "kind": "unavailable",
        "submitted": False,
        "generation_id": None,
        "credits": None,
        "message": "no.",
    }
    assert failing.hook.closed


def test_what_no_retry_can_mend_is_not_retried(failing: Failing) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        failing.run(InvalidRequestError([]), records=failing.in_store(SUBMITTED))
    assert isinstance(caught.value, AirflowFailException)
    assert "an earlier one has left generation task_1" in str(caught.value)
    assert (failing.failure["submitted"], failing.failure["generation_id"]) == (True, "task_1")


def test_before_there_is_a_job_the_state_store_is_looked_into(failing: Failing) -> None:
    """Whether the connection could be read or not."""
    failing.in_store(SUBMITTED)
    with pytest.raises(ConnectionConfigError, match="may have paid for is not lost") as caught:
        failing.run(ConnectionConfigError("gone"), facts=TryFacts(try_number=2), in_store=True)
    assert not isinstance(caught.value, AirflowFailException)
    assert failing.failure["submitted"] is True


@pytest.mark.parametrize(
    ("facts", "final"), [(TryFacts(), True), (TryFacts(try_number=2), False), (TryFacts(resumed=True), False)]
)
def test_where_a_file_has_the_record_only_a_first_try_knows_that_there_is_none(
    failing: Failing, facts: TryFacts, final: bool
) -> None:
    """Its name depends on the connection."""
    with pytest.raises(ConnectionConfigError) as caught:
        failing.run(ConnectionConfigError("gone"), facts=facts)
    assert isinstance(caught.value, AirflowFailException) is final
    assert failing.failure["submitted"] is None


def test_a_record_that_cannot_be_read_is_not_taken_for_none(
    failing: Failing, caplog: pytest.LogCaptureFixture
) -> None:
    broken = StateStoreRecords(StateStore(ConnectionError("gone")), None)
    with pytest.raises(GatewayError):
        failing.run(GatewayError("no", retryable=True), records=broken)
    assert failing.failure["submitted"] is None
    assert "The submission record of this task could not be read (ConnectionError: gone)." in caplog.text


def test_what_was_submitted_before_a_deferral_is_not_gone_as_nothing_tells_of_it(failing: Failing) -> None:
    facts = TryFacts(resumed=True)
    with pytest.raises(GatewayError):
        failing.run(GatewayError("no"), facts=facts, records=StateStoreRecords(failing.store, None))
    assert failing.failure["submitted"] is None


@pytest.mark.parametrize(("facts", "submitted"), [(TryFacts(), False), (TryFacts(try_number=2), None)])
def test_without_records_only_a_first_try_knows_that_none_was_before_it(
    failing: Failing, facts: TryFacts, submitted: bool | None
) -> None:
    with pytest.raises(GatewayError):
        failing.run(GatewayError("no"), facts=facts, records=NoRecords())
    assert failing.failure["submitted"] is submitted


@pytest.mark.parametrize(("policy", "submitted"), [("regenerate", False), ("reuse", True)])
def test_a_delivered_generation_of_before_a_clear_counts_where_it_is_reused(
    failing: Failing, policy: Any, submitted: bool
) -> None:
    records = failing.in_store(SUBMITTED.delivered())
    with pytest.raises(GatewayError):
        failing.run(
            GatewayError("no"),
            facts=TryFacts(epoch=1, try_number=2),
            records=records,
            policy=SubmissionPolicy(policy),
        )
    assert failing.failure["submitted"] is submitted


# -- what nobody foresaw ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "kind", "retries"),
    [
        (RuntimeError("a bug"), "error", 2),
        (AirflowTaskTimeout("too slow"), "timeout", 2),
        (AirflowFailException("enough"), "error", 0),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize(("ended", "outcome"), [(False, "running"), (True, "not_landed")])
def test_the_reader_still_gets_the_task_id_and_what_a_retry_will_do(
    failing: Failing,
    caplog: pytest.LogCaptureFixture,
    error: BaseException,
    kind: str,
    retries: int,
    ended: bool,
    outcome: Any,
) -> None:
    records = StateStoreRecords(failing.store, None)
    with pytest.raises(type(error)) as caught:
        failing.run(error, records=records, current=SUBMITTED, ended=ended)
    assert caught.value is error
    words = TaskWords(durable=True, retries_left=retries)
    said = f"{type(error).__name__}. {words.fate(outcome, SUBMITTED)}"
    assert caplog.messages == [said]
    known = {"kind": kind, "submitted": True, "generation_id": "task_1", "credits": 5}
    assert failing.failure == {**known, "message": said}


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (None, "Nothing was submitted and nothing was charged. The next try (2 left) submits the request."),
        (
            replace(SUBMITTED, epoch=1),  # of before a clear: this try may have wanted another one
            "What was submitted is generation task_1 (submitted), which may be running and was paid for.",
        ),
    ],
)
def test_what_the_try_has_not_in_hand_is_looked_up_in_the_record(
    failing: Failing, caplog: pytest.LogCaptureFixture, record: Record | None, says: str
) -> None:
    records = StateStoreRecords(failing.store, None) if record is None else failing.in_store(record)
    with pytest.raises(RuntimeError):
        failing.run(RuntimeError("a bug"), records=records)
    assert caplog.messages == [f"RuntimeError. {says}"]


def test_nothing_is_said_of_what_is_not_known(failing: Failing, caplog: pytest.LogCaptureFixture) -> None:
    broken = StateStoreRecords(StateStore(ConnectionError("gone")), None)
    with pytest.raises(RuntimeError):
        failing.run(RuntimeError("a bug"), records=broken)
    told = "The submission record of this task could not be read (ConnectionError: gone)."
    assert caplog.messages == [told]
    assert failing.failure["submitted"] is None


def test_a_skipped_task_has_not_failed(failing: Failing, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(AirflowSkipException):
        failing.run(AirflowSkipException("nothing to do"), records=failing.in_store(SUBMITTED))
    assert failing.left == {}
    assert caplog.messages == []
    assert failing.hook.closed


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_whoever_ends_the_process_ends_it(failing: Failing, stop: Callable[[], BaseException]) -> None:
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        failing.run(stop(), records=failing.in_store(SUBMITTED))
    assert failing.left == {}
    assert failing.hook.closed
