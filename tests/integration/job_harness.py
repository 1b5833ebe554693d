"""
One generation, try after try, on :class:`GenerationJob`: real hook, files and gateway, but no Airflow task.

A try does what an operator's does: it prepares the request, submits it or finds what an earlier try has
submitted, waits, and lands the files. What Airflow would say of the try is counted here: a retry is the next
:meth:`JobHarness.run`, a clear grows the epoch.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

from uuid6 import uuid7

from airflow_provider_rivya.api.connection import ConnectionSettings
from airflow_provider_rivya.api.exchange import ClientSettings
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.generation.job import GenerationJob
from airflow_provider_rivya.hooks.base import GatewayHook
from airflow_provider_rivya.landing.checks import Checks
from airflow_provider_rivya.landing.fetch import Retries
from airflow_provider_rivya.request.prepare import RequestArguments
from airflow_provider_rivya.result import GenerationResult
from airflow_provider_rivya.stop import Stop, StopClock, StopFlag
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.context import (
    Submission,
    SubmissionContext,
    SubmissionPolicy,
    TryFacts,
)
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.keeper import RecordKeeper
from airflow_provider_rivya.submission.messages import TaskWords
from airflow_provider_rivya.submission.stores import FileRecords, NoRecords, RecordStore
from airflow_provider_rivya.waiting.decide import PATIENCE, Finished, Patience
from airflow_provider_rivya.waiting.loop import Target, awatch
from airflow_provider_rivya.waiting.pace import PACES
from tests.integration.gateways import TestedGateway
from tests.integration.leaks import SECRETS
from tests.integration.stored_records import InFolder

SHORT: Final = SubmissionPolicy(conflict_patience=5.0, conflict_pause=0.05, look_up_pauses=(0.01, 0.01, 0.01))
"""The policy of tasks with shorter pauses: four look-ups in a row instead of a minute of them."""

State = Literal["delivered", "retryable", "final"]


@dataclass(frozen=True)
class TryOutcome:
    """
    What became of one try.

    :param delivered: the result, as the next task would get it.
    :param error: what the job raised instead.
    """

    delivered: dict[str, Any] | None = None
    error: GenerationError | None = field(default=None, repr=False)

    @property
    def state(self) -> State:
        """``retryable`` and ``final`` say whether Airflow would try again."""
        if self.error is None:
            return "delivered"
        return "final" if self.error.final else "retryable"

    @property
    def text(self) -> str:
        return str(self.error)

    @property
    def result(self) -> dict[str, Any]:
        assert self.delivered is not None, self.text
        return self.delivered


@dataclass(frozen=True)
class Deferred:
    """
    A submitted generation whose waiting a triggerer takes over.

    :param ended: it needs none.
    """

    submission: Submission
    deadline: float
    ended: Finished | None = None


def hasty(hook_class: type[GatewayHook], patience: float) -> type[GatewayHook]:
    """
    Return a hook with timeouts other than a connection may have.

    :param patience: seconds that an exchange may take in all.
    """

    class Hasty(hook_class):  # type: ignore[valid-type, misc]  # the class is the gateway's
        def _client_settings(self, settings: ConnectionSettings) -> ClientSettings:
            told: ClientSettings = super()._client_settings(settings)
            return replace(told, connect_timeout=patience / 2, read_timeout=patience / 2)

    return Hasty


class JobHarness:
    """
    One generation.

    :param gateway: at which it is made, through its default connection.
    :param records: folder of the submission record; need not exist.
    :param arguments: of :class:`RequestArguments`; read again by every try.
    :param retries: how often Airflow would try again.
    :param timeout: seconds to wait for the generation.
    :param durable: keep a record.
    :param policy: what the author of a task has decided, and durations.
    :param patience: with faults while it waits.
    :param stop: set when the task is asked to stop.
    """

    def __init__(
        self,
        gateway: TestedGateway,
        records: Path,
        arguments: dict[str, Any],
        *,
        retries: int = 2,
        timeout: float = 30.0,
        durable: bool = True,
        policy: SubmissionPolicy = SHORT,
        patience: Patience = PATIENCE,
        stop: Stop | None = None,
    ) -> None:
        self.arguments = arguments
        self.timeout = timeout
        self.policy = policy
        self.conn_id = gateway.conn_id
        self.stop = stop or StopFlag()
        self.hook: Callable[[str], Any] = gateway.hook
        self._replays_keys = gateway.replays_keys
        self.records = records
        self._retries = self._max_tries = retries
        self._tries = 0
        self._durable = durable
        self._patience = patience

    # -- what Airflow and people do --------------------------------------------------------------------

    def run(self, *, deferred: bool = False) -> TryOutcome:
        """
        Run the next try to its end.

        :param deferred: wait on an event loop, as a triggerer does, and land as another process.
        """
        if deferred:
            try:
                waiting = self.defer()
            except GenerationError as error:
                return self._failed(error)
            return self.resume(waiting, self.watch(waiting))
        self._tries += 1
        return self._try(self._run_here)

    def defer(self) -> Deferred:
        """Run the next try up to its deferral."""
        self._tries += 1
        with closing(self.hook(self.conn_id)) as hook:
            job = self._job(hook)
            submission, _ = self._submit(job)
            deadline = time.time() + self.timeout
            return Deferred(submission, deadline, job.wait(submission, deadline=deadline, here=0.0))

    def watch(self, waiting: Deferred) -> Finished:
        """Wait as a triggerer does; what it finds out carries no result."""

        async def watch() -> Finished:
            hook = self.hook(self.conn_id)
            try:
                record, left = waiting.submission.record, max(0.0, waiting.deadline - time.time())
                settings, category = await hook.asettings(), record.category or "image"
                target = Target.of(
                    waiting.submission.generation_id,
                    hook.api,
                    settings,
                    category,
                    left,
                    record.submitted_at,
                    self._patience,
                )
                return await awatch(hook, target)
            finally:
                await hook.aclose()

        return waiting.ended or replace(asyncio.run(watch()), generation=None)

    def resume(self, waiting: Deferred, finished: Finished) -> TryOutcome:
        """Go on with a deferred try: land what has ended."""
        before = waiting.submission

        def land(job: GenerationJob) -> GenerationResult:
            resumed = job.resume(before.generation_id, before.record.model, before.record.credits)
            return self._land(job, resumed, finished)

        return self._try(land, resumed=True)

    def clear(self) -> None:
        """Clear the task, as a person does: the epoch grows, the retries are there again."""
        self._max_tries = self._tries + self._retries

    # -- what is left of it ----------------------------------------------------------------------------

    @property
    def record(self) -> Any:
        """The submission record as it is stored; ``None``: there is none."""
        return InFolder(self.records).read()

    def change_record(self, document: Any) -> None:
        InFolder(self.records).replace(document)

    def lose_record(self) -> None:
        InFolder(self.records).remove()

    # -- its parts -------------------------------------------------------------------------------------

    def _try(self, act: Callable[[GenerationJob], GenerationResult], *, resumed: bool = False) -> TryOutcome:
        with closing(self.hook(self.conn_id)) as hook:
            try:
                return TryOutcome(act(self._job(hook, resumed=resumed)).to_xcom())
            except GenerationError as error:
                return self._failed(error)

    @staticmethod
    def _failed(error: GenerationError) -> TryOutcome:
        assert not SECRETS.search(f"{error} {error!r}"), "an exception shows a secret"
        return TryOutcome(error=error)

    def _run_here(self, job: GenerationJob) -> GenerationResult:
        submission, place = self._submit(job)
        deadline = time.time() + self.timeout
        finished = job.wait(submission, deadline=deadline, here=self.timeout + 1)
        assert finished is not None, "no triggerer takes over"
        return self._land(job, submission, finished, place)

    def _submit(self, job: GenerationJob) -> tuple[Submission, OutputPlace | None]:
        with TemporaryDirectory() as folder:
            prepared = job.prepare(RequestArguments(**self.arguments), folder)
            return job.submit(prepared), prepared.place

    def _land(
        self,
        job: GenerationJob,
        submission: Submission,
        finished: Finished,
        place: OutputPlace | None = None,
    ) -> GenerationResult:
        path = self.arguments["output_path"]
        return job.land(
            submission,
            finished,
            place or (OutputPlace(path) if path else None),
            if_exists=self.arguments.get("if_exists", "overwrite"),
            checks=Checks.of(self.arguments.get("verify", "structure"), self.arguments.get("model_params")),
        )

    def _job(self, hook: Any, *, resumed: bool = False) -> GenerationJob:
        PACES.clear()  # a worker makes it in a process of its own
        facts = TryFacts(
            epoch=self._max_tries,
            try_number=self._tries,
            retries_left=self._max_tries - self._tries + 1,
            first_since_clear=self._tries + self._retries == self._max_tries + 1,
            try_id=str(uuid7()),
            resumed=resumed,
        )
        identity = Identity(hook.settings.idempotency_namespace, "dag", "run", "make", -1)
        store: RecordStore = NoRecords()
        if self._durable:
            store = FileRecords(OutputPlace(f"{self.records}/"), identity)
        context = SubmissionContext(
            client=hook,
            records=RecordKeeper(store, hook.conn_id),
            identity=identity,
            words=TaskWords(store.durable, facts.retries_left, self._replays_keys, self.policy.resubmits),
            facts=facts,
            policy=self.policy,
            stopped=self.stop.is_set,
            clock=StopClock(self.stop),
        )
        return GenerationJob(context, self.stop, self._patience, Retries(pause=0.0))
