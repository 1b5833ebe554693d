"""One run of a task at the gateway: facts of the try, its job, and what is left behind when it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import GenerationError, GenerationTimeoutError
from airflow_provider_rivya.operators.airflow_errors import as_airflow, leave_failure
from airflow_provider_rivya.operators.identity import identity_of
from airflow_provider_rivya.operators.record_store import state_store

if TYPE_CHECKING:
    from airflow_provider_rivya.generation.failure import FailureContext
    from airflow_provider_rivya.generation.job import GenerationJob
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.stop import StopFlag
    from airflow_provider_rivya.submission.context import SubmissionPolicy, TryFacts
    from airflow_provider_rivya.submission.identity import Identity
    from airflow_provider_rivya.submission.record import Record
    from airflow_provider_rivya.submission.stores import RecordStore
    from airflow_provider_rivya.waiting.progress import Standing

log = logging.getLogger(__name__)


def facts_of(instance: Any, retries: int | None, *, resumed: bool = False) -> TryFacts:
    """Return what one of Airflow's task instances says of its try."""
    from airflow_provider_rivya.submission.context import TryFacts
    from airflow_provider_rivya.submission.identity import in_order

    return TryFacts(
        epoch=instance.max_tries,
        try_number=instance.try_number,
        retries_left=retries_left(instance),
        # A clear sets max_tries to the tries made until then, and the retries.
        first_since_clear=instance.try_number + (retries or 0) == instance.max_tries + 1,
        try_id=in_order(getattr(instance, "id", None)),
        resumed=resumed,
    )


def retries_left(instance: Any) -> int:
    """Return how many automatic retries Airflow will still make."""
    return max(0, int(instance.max_tries - instance.try_number + 1))


def patience_of(task: Any) -> float:
    """Return the seconds until a try gives up: the smaller of ``timeout`` and ``execution_timeout``."""
    limits = (task.timeout, task.execution_timeout)
    return min(
        limit.total_seconds() if isinstance(limit, timedelta) else float(limit)
        for limit in limits
        if limit is not None
    )


@dataclass(slots=True)
class TaskRun:
    """
    What one run of a task holds.

    :param hook: closed with the run.
    :param facts: of the try.
    :param in_store: the record, if there is one, is in Airflow's state store.
    :param durable: a record is to outlive a try.
    :param row_key: of a mapped task's row.
    :param job: set as soon as the connection could be read.
    :param ended: the generation has succeeded, and is being landed.
    """

    hook: GatewayHook
    facts: TryFacts
    in_store: bool = False
    durable: bool = True
    row_key: object = None
    job: GenerationJob | None = None
    ended: bool = False

    def begin(
        self,
        identity: Identity,
        store: RecordStore,
        policy: SubmissionPolicy,
        stop: StopFlag,
        tell: Callable[[Standing], None] = lambda standing: None,
    ) -> GenerationJob:
        """
        Make the job of this run.

        :param tell: is told where the generation stands.
        """
        from airflow_provider_rivya.generation.job import GenerationJob
        from airflow_provider_rivya.stop import StopClock
        from airflow_provider_rivya.submission.context import SubmissionContext
        from airflow_provider_rivya.submission.keeper import RecordKeeper
        from airflow_provider_rivya.submission.messages import TaskWords

        context = SubmissionContext(
            client=self.hook,
            records=RecordKeeper(store, self.hook.conn_id),
            identity=identity,
            words=TaskWords(
                durable=store.durable,
                retries_left=self.facts.retries_left,
                replays_keys=self.hook.api.capabilities.replays_keys,
                resubmits=policy.resubmits,
            ),
            facts=self.facts,
            policy=policy,
            stopped=stop.is_set,
            clock=StopClock(stop),
        )
        self.job = GenerationJob(context, stop, tell=tell, remembers=True)
        return self.job


@contextmanager
def open_run(run: TaskRun, context: Any) -> Iterator[TaskRun]:
    """Lend a run; end without retry what no retry can fix; leave the ``failure`` XCom."""
    from airflow_provider_rivya.generation.failure import failure_document

    try:
        yield run
    except GenerationError as error:
        left = _left(run, context)
        told = left.explain(error)
        leave_failure(context, failure_document(told, left.record, known=left.known))
        raise as_airflow(told) from told.__cause__
    except _compat.AirflowSkipException:
        raise
    except (Exception, _compat.AirflowTaskTimeout) as error:
        # Not foreseen: the reader still needs the task id and what a retry will do.
        left = _left(run, context)
        said = f"{type(error).__name__}."
        if run.job is not None and left.known:
            words: Any = run.job.context.words
            if isinstance(error, _compat.AirflowFailException):
                words = replace(words, retries_left=0)
            said = f"{said} {left.of_unforeseen(words, ended=run.ended)}"
            log.error("%s", said)
        kind = GenerationTimeoutError if isinstance(error, _compat.AirflowTaskTimeout) else GenerationError
        leave_failure(context, failure_document(kind(said), left.record, known=left.known))
        raise
    finally:
        run.hook.close()


def _left(run: TaskRun, context: Any) -> FailureContext:
    """Look what this task has, or may have, submitted."""
    from airflow_provider_rivya.generation.failure import FailureContext

    record, known = _record(run, context)
    return FailureContext(
        record,
        # What was submitted before a deferral is not gone because nothing tells of it.
        known=known and not (run.facts.resumed and record is None),
        facts=run.facts,
        durable=run.durable if run.job is None else run.job.context.records.durable,
    )


def _record(run: TaskRun, context: Any) -> tuple[Record | None, bool]:
    """Return the record of what may have been paid, if there is one, and whether it could be looked at."""
    epoch = run.facts.epoch
    try:
        if run.job is not None:
            records, policy = run.job.context.records, run.job.context.policy
            if records.current is not None:
                return records.current, True
            # Where nothing outlives a try, only the first one knows that none was before it.
            known = records.durable or run.facts.first
            return _counting(records.load(), epoch, reuse=policy.on_rerun_after_delivery == "reuse"), known
        store = state_store(context, identity_of(context, "", run.row_key).part) if run.in_store else None
        if store is not None:
            return _counting(store.read(), epoch, reuse=True), True
    except GenerationError as error:
        log.warning("%s.", error.message.rstrip("."))
    except Exception:
        log.exception("The submission record of this task could not be read.")
    # A file's name depends on the connection: not known is not "none".
    return None, False


def _counting(record: Record | None, epoch: int, *, reuse: bool) -> Record | None:
    return record if record is not None and record.counts(epoch, reuse=reuse) else None
