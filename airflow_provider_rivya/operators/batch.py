"""What the batch operators of all gateways share: ten thousand rows in one task."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import GenerationError, InvalidRequestError
from airflow_provider_rivya.links.rivya import RivyaGalleryLink
from airflow_provider_rivya.operators.airflow_errors import as_airflow, leave_failure
from airflow_provider_rivya.operators.arguments import GivenRows, check_batch, extras_of
from airflow_provider_rivya.operators.deferral import BACKSTOP
from airflow_provider_rivya.operators.identity import identity_of
from airflow_provider_rivya.operators.local_paths import warn_of_batch
from airflow_provider_rivya.operators.record_store import PLACES, BatchPlaces
from airflow_provider_rivya.operators.reporting import STANDING_OF_BATCH, standing_in_store
from airflow_provider_rivya.operators.task_run import facts_of, patience_of
from airflow_provider_rivya.operators.templates import RendersItsAuthor
from airflow_provider_rivya.stop import StopFlag

if TYPE_CHECKING:
    from airflow_provider_rivya.batch.arguments import ManifestFormat
    from airflow_provider_rivya.batch.job import BatchJob
    from airflow_provider_rivya.batch.plan import OnInvalid
    from airflow_provider_rivya.batch.segments import Ledger
    from airflow_provider_rivya.catalog.lenient import Validation
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.media.verify import Verify
    from airflow_provider_rivya.operators.arguments import IfExists
    from airflow_provider_rivya.submission.context import OnRerun, OnUncertain
    from airflow_provider_rivya.triggers.batch import BatchTrigger

log = logging.getLogger(__name__)


class BatchOperator(RendersItsAuthor, _compat.KeepsPaths, _compat.BaseOperator):
    """Base class; see :class:`~airflow_provider_rivya.operators.rivya.RivyaBatchOperator`."""

    hook_class: ClassVar[type[GatewayHook]]
    trigger_class: ClassVar[type[BatchTrigger]]
    dialect: Mapping[str, Any] | None = None
    template_fields: Sequence[str] = (
        "rows",
        "rows_sql",
        "rows_conn_id",
        "row_key",
        "model",
        "prompt",
        "model_params",
        "reference_media",
        "output_path",
        "output_conn_id",
        "file_name",
        "manifest_path",
        "state_path",
    )
    template_files: ClassVar[Sequence[str]] = ("prompt", "model_params", "rows_sql")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "model_params": "json",
        "reference_media": "json",
        "prompt": "md",
        "rows_sql": "sql",
    }
    ui_color = "#d9ccff"
    operator_extra_links = (RivyaGalleryLink(),)

    def __init__(
        self,
        *,
        row_key: Any,
        model: Any,
        output_path: Any,
        rows: Any = None,
        rows_sql: Any = None,
        rows_conn_id: Any = None,
        prompt: Any = None,
        model_params: Any = None,
        reference_media: Any = None,
        output_conn_id: Any = None,
        file_name: str = "{row_key}",
        manifest_path: Any = None,
        manifest_format: ManifestFormat | None = None,
        carry: Sequence[str] = (),
        max_credits_total: float | None = None,
        max_credits: float | None = None,
        min_credits_left: float | None = None,
        allow_estimates: bool = False,
        fail_on_budget: bool = False,
        max_failed_rows: float = 0,
        max_consecutive_failures: int = 25,
        row_attempts: int = 2,
        on_invalid_rows: OnInvalid = "fail",
        on_uncertain_submission: OnUncertain = "resubmit",
        on_rerun_after_delivery: OnRerun = "reuse",
        incremental: bool = False,
        max_running: int = 100,
        limit: int | None = None,
        dry_run: bool = False,
        check_references: bool = False,
        deferrable: bool | None = None,
        timeout: timedelta = timedelta(hours=24),
        inline_wait: timedelta = timedelta(0),
        if_exists: IfExists = "overwrite",
        validation: Validation = "strict",
        verify: Verify = "structure",
        require_references: bool = False,
        convert_reference_images: bool = False,
        state_path: Any = None,
        gallery: bool = False,
        thumbnails: int | None = None,
        sidecar: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rows = GivenRows(rows) if isinstance(rows, list | tuple | Iterator) else rows
        self.rows_sql = rows_sql
        self.rows_conn_id = rows_conn_id
        self.row_key = row_key
        self.model: Any = model
        self.prompt: Any = prompt
        self.model_params: Any = model_params
        self.reference_media = reference_media
        self.output_path = output_path
        self.output_conn_id = output_conn_id
        self.file_name = file_name
        self.manifest_path = manifest_path
        self.manifest_format = manifest_format
        self.carry = carry
        self.max_credits_total = max_credits_total
        self.max_credits = max_credits
        self.min_credits_left = min_credits_left
        self.allow_estimates = allow_estimates
        self.fail_on_budget = fail_on_budget
        self.max_failed_rows = max_failed_rows
        self.max_consecutive_failures = max_consecutive_failures
        self.row_attempts = row_attempts
        self.on_invalid_rows = on_invalid_rows
        self.on_uncertain_submission = on_uncertain_submission
        self.on_rerun_after_delivery = on_rerun_after_delivery
        self.incremental = incremental
        self.max_running = max_running
        self.limit = limit
        self.plan_only = dry_run  # BaseOperator has a method of that name
        self.check_references = check_references
        self.deferrable = _compat.default_deferrable() if deferrable is None else deferrable
        self.timeout = timeout
        self.inline_wait = inline_wait
        self.if_exists = if_exists
        self.validation = validation
        self.verify = verify
        self.require_references = require_references
        self.convert_reference_images = convert_reference_images
        self.state_path = state_path
        self.extras = extras_of(gallery, thumbnails, sidecar)
        check_batch(self)
        self._stop = StopFlag()

    @property
    def conn_id(self) -> str:
        """The gateway's Airflow connection, under the name that the gateway's operator gives it."""
        raise NotImplementedError

    # -- the flow ----------------------------------------------------------------------------------

    def execute(self, context: Any) -> dict[str, Any]:
        """
        Plan, or find the plan of an earlier try; submit, wait, land; conclude.

        :return: the summary, whose manifest has a line for each row.
        """
        if not self.retries:
            log.warning(
                "This task has no retries: if its worker dies, what is paid for is stored only when "
                "somebody clears it; retries=1 or more does that without a person."
            )
        return self._go(context, time.time() + patience_of(self))

    def execute_complete(
        self, context: Any, event: Mapping[str, Any], deadline: float, **pinned: Any
    ) -> dict[str, Any]:
        """Go on after the trigger: land what has ended, top up."""
        for name, value in pinned.items():  # there are none where Airflow itself ended the deferral
            setattr(self, name, value)
        log.info("The trigger reports: %s, %d ended.", event["status"], len(event.get("ended") or ()))
        return self._go(context, deadline, resumed=True, ended=event.get("ended") or ())

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:
        """Go on where Airflow itself ended the deferral: a trigger that died, or a deferral's timeout."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except (_compat.TaskDeferralTimeout, _compat.TaskDeferralError) as error:
            log.warning("Airflow ended the deferral (%s); what has ended is stored.", type(error).__name__)
            return self.execute_complete(context, {"status": "lost"}, time.time() + patience_of(self))

    def on_kill(self) -> None:
        """Ask the try to end: nothing more is submitted, and what runs goes on at the gateway."""
        self._stop.set()
        log.warning("Asked to stop. The gateway cannot cancel; the next try goes on with what was submitted.")

    def _go(
        self, context: Any, deadline: float, *, resumed: bool = False, ended: Iterable[str] = ()
    ) -> dict[str, Any]:
        from airflow_provider_rivya.batch.run import Over
        from airflow_provider_rivya.batch.verdict import batch_failure, explain
        from airflow_provider_rivya.submission.turn import SHORT

        hook = self.hook_class(self.conn_id, stop=self._stop)
        hook.submission_pause = SHORT  # the other rows need not wait
        job: BatchJob | None = None
        ledger: Ledger | None = None
        try:
            if self.template_faults:
                raise InvalidRequestError(self.template_faults, subject=f"The batch of task {self.task_id!r}")
            job = self._job(context, hook, resumed=resumed)
            plan = job.plan(self._table)
            self._places.remember(self, job.folders.outputs)
            ledger = job.open_ledger()
            if self.plan_only:
                return job.conclude(plan, ledger, Over("dry_run"))
            here = self.inline_wait.total_seconds() if self.deferrable else None
            done = job.run(plan, ledger, deadline=deadline, here=here, ended=list(ended))
            if isinstance(done, Over):
                return job.conclude(plan, ledger, done)
        except GenerationError as error:
            book = ledger.book if ledger else job.recorded() if job else None
            first = facts_of(context["ti"], self.retries, resumed=resumed).first
            error = explain(error, book, known=first)
            left = job.left if job else {}
            leave_failure(context, {**batch_failure(error, book, known=first), **left})
            raise as_airflow(error) from error.__cause__
        finally:
            hook.close()
        self.defer(
            trigger=self.trigger_class(
                done.ids, self.conn_id, deadline, done.standing.to_json(), done.resume_at
            ),
            method_name="execute_complete",
            kwargs={"deadline": deadline, **{name: getattr(self, name) for name in PLACES}},
            timeout=timedelta(seconds=max(0.0, deadline - time.time())) + BACKSTOP,
        )
        raise AssertionError("a deferral does not return")

    # -- its parts ---------------------------------------------------------------------------------

    def _table(self) -> Iterable[Mapping[str, Any]]:
        """Open the table; called where no plan stands."""
        from airflow_provider_rivya.operators.sql_rows import open_table

        rows = self.rows.rows if isinstance(self.rows, GivenRows) else self.rows
        return open_table(rows, self.rows_sql, self.rows_conn_id)

    def _job(self, context: Any, hook: GatewayHook, *, resumed: bool) -> BatchJob:
        from airflow_provider_rivya.batch.arguments import BatchArguments
        from airflow_provider_rivya.batch.job import BatchJob
        from airflow_provider_rivya.batch.progress import Report
        from airflow_provider_rivya.batch.row_job import RowWords
        from airflow_provider_rivya.batch.window import Limits
        from airflow_provider_rivya.storage.path import as_text
        from airflow_provider_rivya.submission.context import SubmissionPolicy

        for name in ("output_path", "state_path", "manifest_path"):
            setattr(self, name, as_text(getattr(self, name)))
        facts = facts_of(context["ti"], self.retries, resumed=resumed)
        identity = identity_of(context, hook.settings.idempotency_namespace)
        self._places = BatchPlaces(context, identity, facts.epoch)
        self._places.recall(self)
        policy = SubmissionPolicy(self.on_rerun_after_delivery, self.on_uncertain_submission)
        job = BatchJob(
            client=hook,
            identity=identity,
            facts=facts,
            policy=policy,
            words=RowWords(True, facts.retries_left, hook.api.capabilities.replays_keys, policy.resubmits),
            arguments=BatchArguments(
                asked=self._asked(),
                output_path=self.output_path,
                output_conn_id=self.output_conn_id,
                manifest_path=self.manifest_path,
                manifest_format=self.manifest_format,
                state_path=self.state_path,
                limits=Limits(
                    self.max_running,
                    self.max_credits_total,
                    self.max_consecutive_failures,
                    self.row_attempts,
                    self.limit,
                ),
                max_failed_rows=self.max_failed_rows,
                if_exists=self.if_exists,
                on_invalid=self.on_invalid_rows,
                incremental=self.incremental,
                fail_on_budget=self.fail_on_budget,
                check_references=self.check_references,
                min_credits_left=self.min_credits_left,
                dry_run=self.plan_only,
                extras=self.extras,
            ),
            stop=self._stop,
            report=Report(standing_in_store(context, STANDING_OF_BATCH)),
            subject=f"The batch of task {self.task_id!r}",
        )
        if not job.arguments.wrong():  # that is told with what is wrong with the table
            state = None if self.state_path is None else job.folders.state
            warn_of_batch(job.folders.outputs, state, self.executor)
        return job

    def _asked(self) -> Any:
        from airflow_provider_rivya.batch.table.planned import Asked
        from airflow_provider_rivya.request.budget import Budget

        return Asked(
            row_key=self.row_key,
            model=self.model,
            prompt=self.prompt,
            model_params=self.model_params,
            reference_media=self.reference_media,
            file_name=self.file_name,
            carry=tuple(self.carry),
            validation=self.validation,
            budget=Budget(self.max_credits, self.allow_estimates),
            convert_reference_images=self.convert_reference_images,
            verify=self.verify,
            require_references=self.require_references,
            dialect=self.dialect,
        )
