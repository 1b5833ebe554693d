"""
One task instance in Airflow's real metadata database, driven try by try.

What a scheduler, a triggerer and a worker do to a task instance is done here by Airflow's own
functions, in this process and only when the test says so: a retry comes without its delay, and a
test stands between a deferral and its resume.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from uuid import UUID

from airflow.sdk import DAG

from airflow_provider_rivya.waiting.pace import PACES
from tests import airflows
from tests.integration.leaks import SECRETS
from tests.integration.stored_records import InStateStore, record_of

MAKE = "make"
_numbers = itertools.count(1)

Build = Callable[[], Any]


@dataclass(frozen=True)
class Try:
    """
    What became of one try.

    :param state: the task instance's state in the database.
    :param error: what the operator raised.
    :param trigger: of a deferred task: class path and arguments, as the triggerer reads them.
    """

    state: str
    error: BaseException | None = field(repr=False)
    trigger: tuple[str, dict[str, Any]] | None = None

    @property
    def text(self) -> str:
        return str(self.error)


class TaskInstanceHarness:
    """
    One run of a DAG.

    :param build: makes the tasks; called inside ``with DAG(...)`` anew for every try, so that a
        try never sees what an earlier one rendered.
    :param records: the folder that the tasks were given as their ``state_path``, on an Airflow without a
        state store.
    """

    def __init__(self, build: Build, records: Path | None = None, **dag_arguments: Any) -> None:
        from airflow.models.dagbundle import DagBundleModel
        from airflow.models.serialized_dag import SerializedDagModel
        from airflow.serialization.serialized_objects import LazyDeserializedDAG
        from airflow.utils.session import create_session
        from airflow.utils.state import DagRunState
        from airflow.utils.types import DagRunTriggeredByType, DagRunType

        writer, reader = airflows.dag_serializers()
        self._name(f"dag_{next(_numbers)}", build, records, dag_arguments)
        dag = self._dag()
        with create_session() as session:
            if session.get(DagBundleModel, "tests") is None:
                session.add(DagBundleModel(name="tests"))
                session.flush()
            serialized = LazyDeserializedDAG.from_dag(dag)
            writer.bulk_write_to_db("tests", None, [serialized], session=session)
            SerializedDagModel.write_dag(serialized, "tests", session=session)
            session.flush()
            now = datetime.now(UTC)
            run = reader.from_dict(serialized.data).create_dagrun(
                run_id=self.run_id,
                logical_date=now,
                data_interval=(now, now),
                run_after=now,
                run_type=DagRunType.MANUAL,
                triggered_by=DagRunTriggeredByType.TEST,
                state=DagRunState.RUNNING,
                start_date=now,
                session=session,
            )
            run.task_instance_scheduling_decisions(session=session)

    def _name(self, dag_id: str, build: Build, records: Path | None, dag_arguments: dict[str, Any]) -> None:
        self.dag_id = dag_id
        self.run_id = "manual__run"
        self.build = build
        self._records = records
        self._dag_arguments = dag_arguments
        self._ran: dict[tuple[str, int], UUID] = {}

    def expand(self) -> None:
        """Make the instances of tasks that are mapped over what other tasks have returned by now."""
        from airflow.models.dagrun import DagRun
        from airflow.serialization.serialized_objects import LazyDeserializedDAG
        from airflow.utils.session import create_session
        from sqlalchemy import select

        _, reader = airflows.dag_serializers()
        with create_session() as session:
            run = session.scalars(select(DagRun).where(DagRun.dag_id == self.dag_id)).one()
            run.dag = reader.from_dict(LazyDeserializedDAG.from_dag(self._dag()).data)
            run.task_instance_scheduling_decisions(session=session)

    @classmethod
    def of_another_process(cls, dag_id: str, build: Build) -> TaskInstanceHarness:
        """Return a run that is in the database already, to work on it here."""
        harness = cls.__new__(cls)
        harness._name(dag_id, build, None, {})
        return harness

    def _dag(self) -> DAG:
        with DAG(self.dag_id, schedule=None, start_date=datetime(2026, 1, 1), **self._dag_arguments) as dag:
            self.build()
        return dag

    # -- what the scheduler, the worker and the triggerer do -----------------------------------------

    def run(self, task_id: str = MAKE, map_index: int = -1) -> Try:
        """Run one try to its end, waiting in this process where the task defers."""
        done = self.begin(task_id, map_index)
        while done.state == "deferred":
            event = self.fire(done)
            done = self.resume(event, task_id, map_index)
        return done

    def begin(self, task_id: str = MAKE, map_index: int = -1) -> Try:
        """Schedule the next try and run it on a worker, up to its end or its deferral."""
        from airflow.utils.session import create_session

        with create_session() as session:
            instance = self._instance(session, task_id, map_index)
            if not (airflows.TRIES_APART and instance.try_number):  # else its number was given with the retry
                instance.try_number += 1
            instance.state = "scheduled"
        return self._work(task_id, map_index)

    def fire(self, deferred: Try) -> Any:
        """Run the stored trigger in this process and return its event."""
        from airflow.sdk.execution_time.supervisor import InProcessTestSupervisor

        assert deferred.trigger is not None, deferred
        path, arguments = deferred.trigger

        class Asks:
            id = UUID(int=0)

        return InProcessTestSupervisor.run_trigger_in_process(
            trigger=resolve_name(path)(**arguments), ti=Asks
        )

    def resume(self, event: Any, task_id: str = MAKE, map_index: int = -1) -> Try:
        """Hand an event in as a triggerer does, and run the rest on a worker."""
        from airflow.models.trigger import Trigger
        from airflow.utils.session import create_session

        with create_session() as session:
            trigger_id = self._instance(session, task_id, map_index).trigger_id
            Trigger.submit_event(trigger_id, event, session=session)
        return self._work(task_id, map_index)

    def resume_rescheduled(self, task_id: str = MAKE) -> Try:
        """Look once more with a sensor that gave its worker back: the same try."""
        return self._work(task_id, -1)

    def carried(self) -> Any:
        """The arguments that the deferral stored for its resume, as they lie in the database."""
        from airflow.utils.session import create_session

        with create_session() as session:
            return self._instance(session, MAKE, -1).next_kwargs

    def forget_what_was_carried(self) -> None:
        """Drop the arguments that the deferral stored for its resume."""
        from airflow.utils.session import create_session

        with create_session() as session:
            self._instance(session, MAKE, -1).next_kwargs = {}

    def fail_deferral(self, *, timeout: bool, task_id: str = MAKE) -> Try:
        """End a deferral as the scheduler does (its timeout) or as a triggerer does (its trigger died)."""
        from airflow.models.trigger import TRIGGER_FAIL_REPR, Trigger, TriggerFailureReason
        from airflow.utils.session import create_session

        with create_session() as session:
            instance = self._instance(session, task_id, -1)
            if timeout:
                instance.state, instance.next_method = "scheduled", TRIGGER_FAIL_REPR
                instance.next_kwargs = {"error": TriggerFailureReason.TRIGGER_TIMEOUT}
            else:
                Trigger.submit_failure(instance.trigger_id, RuntimeError("the loop died"), session=session)
        return self._work(task_id, -1)

    def clear(self, task_id: str = MAKE, map_index: int = -1) -> None:
        """Clear the task instance as a person does."""
        from airflow.models.taskinstance import clear_task_instances
        from airflow.utils.session import create_session

        with create_session() as session:
            clear_task_instances([self._instance(session, task_id, map_index)], session)

    def clear_running(self, *, executor: str | None) -> None:
        """
        Clear the task instance while it runs.

        :param executor: what the executor says of the process that ended for it: ``success``, or ``None`` if
            it says nothing, and the scheduler misses the process's heartbeat.
        """
        from airflow.models.taskinstance import clear_task_instances
        from airflow.utils.session import create_session

        with create_session() as session:
            instance = self._instance(session, MAKE, -1)
            instance.state = "running"
            session.flush()
            clear_task_instances([instance], session)
            assert instance.state == "restarting"
            if airflows.TRIES_APART:  # whatever is said of the process
                instance.task = self._dag().task_dict[MAKE]
                instance.complete_restart(session=session)
                return
            if executor == "success":  # as in SchedulerJobRunner.process_executor_events
                instance.max_tries = instance.try_number + self._dag().task_dict[MAKE].retries
                instance.state = None
                return
        self.miss_heartbeat()

    def miss_heartbeat(self) -> None:
        """Find, as the scheduler does, that the process of a running try is no more."""
        from airflow.utils.session import create_session

        with create_session() as session:
            instance = self._instance(session, MAKE, -1)
            assert instance.state in ("running", "restarting"), instance.state
            instance.handle_failure("no heartbeat", session=session)
            assert instance.state == "up_for_retry"

    # -- what is left of it ----------------------------------------------------------------------------

    def xcom(self, task_id: str = MAKE, map_index: int = -1, key: str = "return_value") -> Any:
        """The task's result, or another XCom, as a downstream task or a callback of the try would get it."""
        from airflow.models.xcom import XComModel
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session() as session:
            if airflows.TRIES_APART:
                model: Any = XComModel
                of_try = model.get_for_attempt(self._ran[task_id, map_index], key, session=session)
                return None if of_try is None else model.deserialize_value(of_try)
            row = session.scalars(
                select(XComModel).where(
                    XComModel.dag_id == self.dag_id,
                    XComModel.task_id == task_id,
                    XComModel.map_index == map_index,
                    XComModel.key == key,
                )
            ).one_or_none()
            return None if row is None else XComModel.deserialize_value(row)

    def asset_events(self) -> list[tuple[str, dict[str, Any]]]:
        """The asset events of the run, oldest first: URI and extra."""
        from airflow.models.asset import AssetEvent
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session() as session:
            events = session.scalars(
                select(AssetEvent).where(AssetEvent.source_dag_id == self.dag_id).order_by(AssetEvent.id)
            )
            return [(event.asset.uri, dict(event.extra)) for event in events]

    def record(self, change: Any = None) -> Any:
        """The submission record as it is stored; with ``change``, store that in its place."""
        stored = record_of(self.dag_id, self._records)
        document = stored.read()
        if document is None or change is None:
            return document
        stored.replace(change)
        return stored.read()

    def standing(self, key: str = "rivya_generation") -> Any:
        """What Airflow's UI shows of where the task stands; ``None`` without a state store."""
        return InStateStore(self.dag_id, key).read() if airflows.STATE_STORE else None

    def lose_record(self) -> None:
        """Delete the submission record, as deleting the DAG run does."""
        record_of(self.dag_id, self._records).remove()

    def try_number(self, task_id: str = MAKE) -> int:
        from airflow.utils.session import create_session

        with create_session() as session:
            return int(self._instance(session, task_id, -1).try_number)

    # -- its parts -------------------------------------------------------------------------------------

    def _instance(self, session: Any, task_id: str, map_index: int) -> Any:
        from airflow.models.taskinstance import TaskInstance
        from sqlalchemy import select

        return session.scalars(
            select(TaskInstance).where(
                TaskInstance.dag_id == self.dag_id,
                TaskInstance.task_id == task_id,
                TaskInstance.map_index == map_index,
            )
        ).one()

    def _work(self, task_id: str, map_index: int) -> Try:
        from airflow.sdk.api.datamodels._generated import TaskInstance
        from airflow.sdk.execution_time.supervisor import run_task_in_process
        from airflow.utils.session import create_session

        PACES.clear()  # a worker runs it in a process of its own
        with create_session() as session:
            instance = self._instance(session, task_id, map_index)
            instance.state = "queued"
            self._ran[task_id, map_index] = UUID(str(instance.id))
            what = TaskInstance(
                id=self._ran[task_id, map_index],
                task_id=task_id,
                dag_id=self.dag_id,
                run_id=self.run_id,
                try_number=instance.try_number,
                map_index=map_index,
                dag_version_id=UUID(str(instance.dag_version_id)),
            )
        result = run_task_in_process(what, self._dag().task_dict[task_id])
        assert not SECRETS.search(f"{result.error} {result.error!r}"), "an exception shows a secret"
        with create_session() as session:
            instance = self._instance(session, task_id, map_index)
            if result.state == "success" and instance.state == "running":
                instance.state = "success"
            state = str(instance.state)
            stored = instance.trigger
            trigger = None if stored is None else (str(stored.classpath), dict(stored.kwargs))
        return Try(state, result.error, trigger)
