"""What the generate operators of all gateways share: the flow of a task."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import Fault, GenerationError, GenerationTimeoutError
from airflow_provider_rivya.operators.arguments import (
    IfExists,
    ModelParams,
    Templated,
    check_generate,
    extras_of,
    request_arguments,
)
from airflow_provider_rivya.operators.beside import beside_faults, made_from, place_of, with_extras
from airflow_provider_rivya.operators.deferral import DeferralState, SubmitsInTurn, Turn
from airflow_provider_rivya.operators.identity import identity_of
from airflow_provider_rivya.operators.local_paths import warn_of_outputs
from airflow_provider_rivya.operators.record_store import record_faults, record_store
from airflow_provider_rivya.operators.reporting import ReportsResult, standing_in_store
from airflow_provider_rivya.operators.slips import misplaced_params
from airflow_provider_rivya.operators.task_run import TaskRun, facts_of, open_run, patience_of
from airflow_provider_rivya.operators.templates import RendersItsAuthor
from airflow_provider_rivya.stop import StopFlag

if TYPE_CHECKING:
    from airflow_provider_rivya.catalog.lenient import Validation
    from airflow_provider_rivya.generation.job import GenerationJob
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.media.verify import Verify
    from airflow_provider_rivya.request.prepare import Prepared
    from airflow_provider_rivya.submission.context import OnRerun, OnUncertain, Outcome, Submission
    from airflow_provider_rivya.triggers.base import GenerationTrigger
    from airflow_provider_rivya.waiting.decide import Finished

log = logging.getLogger(__name__)


class GenerateOperator(
    RendersItsAuthor, ReportsResult, SubmitsInTurn, _compat.KeepsPaths, _compat.BaseOperator
):
    """Base of :class:`~airflow_provider_rivya.operators.rivya.RivyaGenerateOperator` and the others."""

    hook_class: ClassVar[type[GatewayHook]]
    trigger_class: ClassVar[type[GenerationTrigger]]
    dialect: Mapping[str, Any] | None = None
    """How a request is spelled, for gateways whose documentation does not agree with itself."""
    template_fields: Sequence[str] = (
        "model",
        "prompt",
        "model_params",
        "reference_media",
        "client_request_id",
        "output_path",
        "output_conn_id",
        "state_path",
        "row_key",
        "output_name",
    )
    template_files: ClassVar[Sequence[str]] = ("prompt", "model_params")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "model_params": "json",
        "reference_media": "json",
        "prompt": "md",
    }
    ui_color = "#e9ddff"

    def __init__(
        self,
        *,
        model: Templated,
        prompt: Templated | None = None,
        model_params: ModelParams | None = None,
        reference_media: Any = None,
        client_request_id: Templated | None = None,
        output_path: Any = None,
        output_conn_id: Templated | None = None,
        if_exists: IfExists = "overwrite",
        deferrable: bool | None = None,
        timeout: timedelta = timedelta(hours=1),
        inline_wait: timedelta = timedelta(0),
        on_rerun_after_delivery: OnRerun = "regenerate",
        on_uncertain_submission: OnUncertain = "resubmit",
        state_path: Any = None,
        row_key: Templated | int | None = None,
        durable: bool = True,
        validation: Validation = "strict",
        max_credits: float | None = None,
        allow_estimates: bool = False,
        min_credits_left: float | None = None,
        convert_reference_images: bool = False,
        verify: Verify = "structure",
        require_references: bool = False,
        output_name: Templated | None = None,
        gallery: bool = False,
        thumbnails: int | None = None,
        sidecar: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model: Any = model
        self.prompt: Any = prompt
        self.model_params: Any = model_params
        self.reference_media = reference_media
        self.client_request_id: Any = client_request_id
        self.output_path = output_path
        self.output_conn_id: Any = output_conn_id
        self.if_exists = if_exists
        self.deferrable = _compat.default_deferrable() if deferrable is None else deferrable
        self.timeout = timeout
        self.inline_wait = inline_wait
        self.on_rerun_after_delivery = on_rerun_after_delivery
        self.on_uncertain_submission = on_uncertain_submission
        self.state_path = state_path
        self.row_key: Any = row_key
        self.durable = durable
        self.validation = validation
        self.max_credits = max_credits
        self.allow_estimates = allow_estimates
        self.min_credits_left = min_credits_left
        self.convert_reference_images = convert_reference_images
        self.verify = verify
        self.require_references = require_references
        self.output_name: Any = output_name
        check_generate(self)
        self.extras = extras_of(gallery, thumbnails, sidecar)
        self._stop = StopFlag()
        self._if_stopped = ""

    @property
    def conn_id(self) -> str:
        """The gateway's Airflow connection, under the name that the gateway's operator gives it."""
        raise NotImplementedError

    # -- the flow ----------------------------------------------------------------------------------

    def execute(self, context: Any) -> dict[str, Any]:
        """
        Submit, or find what an earlier try submitted; wait; land.

        :return: the :class:`~airflow_provider_rivya.result.GenerationResult` as a dict.
        """
        return self._execute(context, Turn(time.time()))

    def execute_after_pause(self, context: Any, event: Any = None, **carried: Any) -> dict[str, Any]:
        """Go on after the pause that the gateway has asked for before it takes the submission in."""
        return self._execute(context, Turn.carried(carried))

    def _execute(self, context: Any, turn: Turn) -> dict[str, Any]:
        with self._run(context) as run, TemporaryDirectory(prefix="rivya-") as folder:
            job = self._job(context, run, self.output_path, self.output_conn_id)
            if faults := record_faults(self, context["ti"]):
                # A record cannot even be looked for: this try ends here, with whatever else is wrong.
                self._request(context, job, folder, faults)
            prepared = self._prepared(context, job, folder)
            submission = self._in_turn(job, prepared, turn, turn.since + patience_of(self))
            self._if_stopped = job.context.words.fate("stopped", submission.record)
            since = time.time()
            deadline = (turn.since if self._told_to_wait else since) + patience_of(self)
            finished: Finished | None
            if self.deferrable:
                here = self.inline_wait.total_seconds()
                finished = job.wait(submission, deadline=deadline, here=here)
            else:
                finished = job.wait_here(submission, deadline=deadline)
            state = self._state(job, submission, since, prepared)
            if finished is None:
                self._wait_in_triggerer(state, submission, deadline)
            return self._land(context, run, job, submission, finished, state)

    def execute_complete(self, context: Any, event: dict[str, Any], **carried: Any) -> dict[str, Any]:
        """Go on after the trigger: read the generation again, and land it."""
        from airflow_provider_rivya.submission.record import Record
        from airflow_provider_rivya.waiting.decide import Finished

        state = DeferralState.of(carried, event, self)
        self.client_request_id = state.client_request_id  # a function's is not asked for again
        self._made_from(carried.get("inputs"))
        with self._run(context, resumed=True) as run:
            log.info("The trigger reports: %s.", event["status"])
            job = self._job(context, run, state.output_path, state.output_conn_id)
            record = Record.carried(state.record)
            submission = job.resume(state.generation_id, state.model, state.credits, record)
            finished = Finished(event["status"], event.get("code"))
            return self._land(context, run, job, submission, finished, state)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:
        """Word what Airflow itself ended: a deferral timeout, or a trigger that died."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except (_compat.TaskDeferralTimeout, _compat.TaskDeferralError) as error:
            with self._run(context, resumed=True) as run:
                job = self._job(context, run, self.output_path, self.output_conn_id)
                record = job.resume(None, str(self.model)).record
                outcome: Outcome = "not_submitted" if record.is_withdrawn else "deferred"
                late = isinstance(error, _compat.TaskDeferralTimeout)
                why = "its timeout passed" if late else f"the trigger failed ({error})"
                raise GenerationTimeoutError(
                    f"Airflow ended the deferral: {why}",
                    generation_id=record.generation_id,
                    conn_id=self.conn_id,
                    fate=job.context.words.fate(outcome, record),
                    retryable=True,
                ) from None

    def on_kill(self) -> None:
        """
        Ask the try to end: one that has not submitted does not, one that waits or lands stops at once.

        Runs in a signal handler while the task goes on, so it only sets a flag.
        """
        from airflow_provider_rivya.submission.messages import NOT_KNOWN_YET

        self._stop.set()
        log.warning("Asked to stop. The gateway cannot cancel. %s", self._if_stopped or NOT_KNOWN_YET)

    # -- its parts ---------------------------------------------------------------------------------

    def _run(self, context: Any, *, resumed: bool = False) -> AbstractContextManager[TaskRun]:
        from airflow_provider_rivya.storage.path import as_text

        self.output_path, self.state_path = as_text(self.output_path), as_text(self.state_path)
        hook = self.hook_class(self.conn_id, stop=self._stop)
        hook.submission_pause = self.submission_pause
        run = TaskRun(
            hook,
            facts_of(context["ti"], self.retries, resumed=resumed),
            in_store=self.durable and self.state_path is None,
            durable=self.durable,
            row_key=self.row_key,
        )
        return open_run(run, context)

    def _job(
        self, context: Any, run: TaskRun, output_path: str | None, output_conn_id: str | None
    ) -> GenerationJob:
        from airflow_provider_rivya.storage.place import OutputPlace
        from airflow_provider_rivya.submission.context import SubmissionPolicy
        from airflow_provider_rivya.submission.stores import NoRecords, RecordStore

        secret, namespace = run.hook.settings.api_key, run.hook.settings.idempotency_namespace
        identity = identity_of(context, namespace, self.row_key)
        store: RecordStore = NoRecords()
        if self.durable:
            output = OutputPlace(output_path, output_conn_id) if output_path else None
            store = record_store(context, identity, self.state_path, output, self.executor, secret)
        policy = SubmissionPolicy(self.on_rerun_after_delivery, self.on_uncertain_submission)
        return run.begin(identity, store, policy, self._stop, standing_in_store(context))

    def _prepared(self, context: Any, job: GenerationJob, folder: str) -> Prepared | None:
        """Check everything; what an earlier try paid for is stored whatever the request looks like now."""
        from airflow_provider_rivya.submission.messages import describe

        try:
            prepared = self._request(context, job, folder)
        except (_compat.AirflowSkipException, _compat.AirflowFailException):
            if (record := job.ruling_record()) is not None:
                log.warning(
                    "The task ends here as its function says, and leaves %s. Fetch its result by "
                    "its task id.",
                    describe(record),
                )
            raise
        except Exception as error:  # a decorated function may raise anything
            record = job.ruling_record()
            if record is None:
                raise
            log.warning(
                "The request could not be made now, but what an earlier try submitted (%s) is used. %s",
                record.generation_id or "its task id is not known yet",
                error.message if isinstance(error, GenerationError) else type(error).__name__,
                exc_info=not isinstance(error, GenerationError),
            )
            return None
        if prepared.place is not None:
            warn_of_outputs(prepared.place, self.executor)
        return prepared

    def _request(
        self, context: Any, job: GenerationJob, folder: str, faults: Sequence[Fault] = ()
    ) -> Prepared:
        """Check everything; ``faults`` are known already, and told with the others."""
        if isinstance(self.reference_media, Iterator):
            self.reference_media = list(self.reference_media)  # lineage reads it again
        slips = (*misplaced_params(self, job.context.client.api.name), *beside_faults(self))
        faults = [*self.template_faults, *slips, *faults]
        return job.prepare(request_arguments(self, context["ti"]), folder, faults)

    def _state(
        self, job: GenerationJob, submission: Submission, since: float, prepared: Prepared | None
    ) -> DeferralState:
        record = submission.record
        return DeferralState(
            generation_id=submission.generation_id,
            model=record.model,
            output_path=self.output_path,
            output_conn_id=self.output_conn_id,
            since=since,
            category=job.category(submission),
            inputs=self._made_from(),
            credits=record.credits,
            record=record.to_json() if job.context.records.stored else None,
            client_request_id=self.client_request_id,
            output_name=self.output_name,
            made_from=made_from(self, prepared, record),
        )

    def _wait_in_triggerer(self, state: DeferralState, submission: Submission, deadline: float) -> NoReturn:
        self.defer(
            trigger=self.trigger_class(
                state.generation_id,
                self.conn_id,
                state.category or "",
                submission.record.submitted_at,
                deadline,
                state.credits,
            ),
            method_name="execute_complete",
            kwargs=state.to_kwargs(),
            timeout=timedelta(seconds=max(0.0, deadline - time.time())) + self.backstop,
        )

    def _land(
        self,
        context: Any,
        run: TaskRun,
        job: GenerationJob,
        submission: Submission,
        finished: Finished,
        state: DeferralState,
    ) -> dict[str, Any]:
        from airflow_provider_rivya.landing.checks import Checks

        if finished.outcome == "succeeded":
            run.ended = True
            self._if_stopped = job.context.words.fate("not_landed", submission.record)
        place, checks = place_of(state), Checks.of(self.verify, self.model_params)
        result = job.land(
            submission, finished, place, if_exists=self.if_exists, since=state.since, checks=checks
        )
        return self._report(context, with_extras(self, context, job, result.to_xcom(), state))
