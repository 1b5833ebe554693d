"""What the generate operators of all gateways share: the flow of a task."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_rivya import _compat
from airflow_provider_rivya.exceptions import (
    GenerationError,
    GenerationTimeoutError,
)
from airflow_provider_rivya.generation.finalize import OwnEnding, Pinned, conclude
from airflow_provider_rivya.operators.arguments import check_choices, check_limits, check_spans
from airflow_provider_rivya.operators.reporting import ReportsResult
from airflow_provider_rivya.operators.requesting import MakesRequest
from airflow_provider_rivya.operators.session import Session, open_session
from airflow_provider_rivya.operators.waiting import patience_of, wait_here
from airflow_provider_rivya.request.budget import surprise
from airflow_provider_rivya.submission import fate
from airflow_provider_rivya.submission.record_folder import folder_faults
from airflow_provider_rivya.submission.resuming import recorded
from airflow_provider_rivya.submission.stopping import in_words
from airflow_provider_rivya.submission.stores import NoRecords, RecordStore, SafeRecords, records_for
from airflow_provider_rivya.submission.submitted import Submitted
from airflow_provider_rivya.waiting.decide import Finished

if TYPE_CHECKING:
    from airflow_provider_rivya.catalog.lenient import Validation
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.request.prepare import Prepared
    from airflow_provider_rivya.submission.decide import OnRerun, OnUncertain
    from airflow_provider_rivya.submission.machine import Submitter
    from airflow_provider_rivya.triggers.base import GenerationTrigger

log = logging.getLogger(__name__)

BACKSTOP = timedelta(minutes=5)
"""How much later than the trigger's own deadline Airflow's deferral timeout comes: it skips the resume."""


class GenerateOperator(MakesRequest, ReportsResult, _compat.KeepsPaths, _compat.BaseOperator):
    """
    Base of the generate operators.

    See :class:`~airflow_provider_rivya.operators.rivya.RivyaGenerateOperator`.
    """

    hook_class: ClassVar[type[GatewayHook]]
    trigger_class: ClassVar[type[GenerationTrigger]]
    default_on_uncertain_submission: ClassVar[OnUncertain]
    template_fields: Sequence[str] = (
        "model",
        "prompt",
        "model_params",
        "reference_media",
        "client_request_id",
        "output_path",
        "output_conn_id",
        "state_path",
    )
    template_ext: Sequence[str] = (".json", ".txt")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "model_params": "json",
        "reference_media": "json",
        "prompt": "md",
    }
    ui_color = "#e9ddff"

    def __init__(
        self,
        *,
        model: str,
        prompt: str | None = None,
        model_params: Mapping[str, Any] | str | None = None,
        reference_media: Any = None,
        client_request_id: str | None = None,
        output_path: str | None = None,
        output_conn_id: str | None = None,
        if_exists: Literal["overwrite", "fail", "skip"] = "overwrite",
        deferrable: bool | None = None,
        timeout: timedelta = timedelta(hours=1),
        inline_wait: timedelta = timedelta(0),
        on_rerun_after_delivery: OnRerun = "regenerate",
        on_uncertain_submission: OnUncertain | None = None,
        state_path: str | None = None,
        durable: bool = True,
        validation: Validation = "strict",
        max_credits: float | None = None,
        allow_estimates: bool = False,
        min_credits_left: float | None = None,
        convert_reference_images: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.prompt = prompt
        self.model_params = model_params
        self.reference_media = reference_media
        self.client_request_id = client_request_id
        self.output_path = output_path
        self.output_conn_id = output_conn_id
        on_uncertain_submission = on_uncertain_submission or self.default_on_uncertain_submission
        check_choices(
            if_exists=if_exists,
            on_rerun_after_delivery=on_rerun_after_delivery,
            on_uncertain_submission=on_uncertain_submission,
            validation=validation,
        )
        check_limits(max_credits=max_credits, min_credits_left=min_credits_left)
        check_spans(timeout=timeout, inline_wait=inline_wait)
        self.if_exists = if_exists
        self.deferrable = _compat.default_deferrable() if deferrable is None else deferrable
        self.timeout = timeout
        self.inline_wait = inline_wait
        self.on_rerun_after_delivery = on_rerun_after_delivery
        self.on_uncertain_submission = on_uncertain_submission
        self.state_path = state_path
        self.durable = durable
        self.validation = validation
        self.max_credits = max_credits
        self.allow_estimates = allow_estimates
        self.min_credits_left = min_credits_left
        self.convert_reference_images = convert_reference_images
        self._kill_requested = False
        self._if_stopped = fate.NOT_KNOWN_YET

    # -- the flow ----------------------------------------------------------------------------------

    def execute(self, context: Any) -> dict[str, Any]:
        """
        Submit, or find what an earlier try submitted; wait; land.

        :return: the :class:`~airflow_provider_rivya.result.GenerationResult` as a dict.
        """
        with self._session(context) as session, TemporaryDirectory(prefix="rivya-") as folder:
            hook = session.hook
            if self.durable and (faults := folder_faults(self.state_path)):
                # A record cannot even be looked for: this try ends here, with whatever else is wrong.
                self._prepare(context, hook, folder, faults)
            submitter = self._submitter(context, session, self.output_path, self.output_conn_id)
            prepared = self._prepared(context, submitter, session.hook, folder)
            submitted = submitter.obtain(
                prepared.request if prepared else None, lambda key: self._body(hook, prepared, key)
            )
            self._if_stopped = fate.still_running(submitter.situation(submitted.record))
            if submitted.answer is not None and prepared is not None:
                reserved = submitted.answer.credits_reserved
                if said := surprise(reserved, prepared.spec, self._budget):
                    log.warning("%s", said)
            category = submitted.category(hook.api.NAME)
            pinned = Pinned(
                submitted.generation_id,
                submitted.record.model,
                self.output_path,
                self.output_conn_id,
                time.time(),
                category,
                self._made_from(),
                submitted.record.credits,
            )
            begun = submitted.record.submitted_at or time.time()
            deadline = time.time() + patience_of(self)
            finished = self._look(hook, submitted, category, begun, deadline)
            if finished is None:
                self.defer(
                    trigger=self.trigger_class(
                        pinned.generation_id,
                        self.conn_id,
                        category,
                        begun,
                        deadline,
                        submitted.record.credits,
                    ),
                    method_name="execute_complete",
                    kwargs=asdict(pinned),
                    timeout=timedelta(seconds=max(0.0, deadline - time.time())) + BACKSTOP,
                )
            ending = OwnEnding(submitter, submitted.record)
            return self._conclude(context, session, ending, finished, pinned)

    def execute_complete(self, context: Any, event: dict[str, Any], **pinned: Any) -> dict[str, Any]:
        """Go on after the trigger: read the generation again, and land it."""
        self._made_from(pinned.get("inputs"))
        with self._session(context, resumed=True) as session:
            # DAG.test() of Airflow 3.3 hands on the event alone.
            place = {
                name: pinned.get(name, getattr(self, name)) for name in ("output_path", "output_conn_id")
            }
            generation_id = pinned.get("generation_id") or event["task_id"]
            log.info("The trigger reports: %s.", event["status"])
            finished = Finished(event["status"], event.get("code"))
            submitter = self._submitter(context, session, **place)
            model, credits = pinned.get("model") or self.model, pinned.get("credits")
            submitted = Submitted(recorded(submitter, generation_id, model, credits), None)
            rest = Pinned(
                generation_id=generation_id,
                model=submitted.record.model,
                since=pinned.get("since"),
                category=pinned.get("category") or submitted.category(session.hook.api.NAME),
                **place,
            )
            ending = OwnEnding(submitter, submitted.record)
            return self._conclude(context, session, ending, finished, rest)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:
        """Word what Airflow itself ended: a deferral timeout, or a trigger that died."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except (_compat.TaskDeferralTimeout, _compat.TaskDeferralError) as error:
            with self._session(context, resumed=True) as session:
                submitter = self._submitter(context, session, self.output_path, self.output_conn_id)
                record = recorded(submitter, None, str(self.model))
                timed_out = isinstance(error, _compat.TaskDeferralTimeout)
                raise GenerationTimeoutError(
                    "Airflow ended the deferral: its timeout passed"
                    if timed_out
                    else f"Airflow ended the deferral: the trigger failed ({error})",
                    generation_id=record.generation_id,
                    conn_id=self.conn_id,
                    fate=fate.deferred(submitter.situation(record), unanswered=record.state == "intent"),
                    retryable=True,
                ) from None

    def on_kill(self) -> None:
        """
        Ask a try that has not submitted yet not to.

        Runs in a signal handler while the task goes on, so it only sets a flag, which is looked
        at right before the paid call.
        """
        self._kill_requested = True
        log.warning("Asked to stop. The gateway cannot cancel. %s", self._if_stopped)

    # -- its parts ---------------------------------------------------------------------------------

    def _session(self, context: Any, *, resumed: bool = False) -> AbstractContextManager[Session]:
        from airflow_provider_rivya.storage.path import as_text

        self.output_path, self.state_path = as_text(self.output_path), as_text(self.state_path)
        in_store = self.durable and self.state_path is None
        session = Session(self.hook_class(self.conn_id), in_store, self.durable, resumed)
        return open_session(session, context)

    def _prepared(
        self, context: Any, submitter: Submitter, hook: GatewayHook, folder: str
    ) -> Prepared | None:
        """Check everything; what an earlier try paid for is landed whatever the request looks like now."""
        try:
            return self._prepare(context, hook, folder)
        except (_compat.AirflowSkipException, _compat.AirflowFailException):
            if (record := submitter.ruling_record()) is not None:
                log.warning(
                    "The task ends here as its function says, and leaves %s. Fetch its result by "
                    "its task id.",
                    in_words(record),
                )
            raise
        except Exception as error:  # a decorated function may raise anything
            record = submitter.ruling_record()
            if record is None:
                raise
            log.warning(
                "The request could not be made now, but what an earlier try submitted (%s) rules. %s",
                record.generation_id or "its task id is not known yet",
                error.message if isinstance(error, GenerationError) else type(error).__name__,
                exc_info=not isinstance(error, GenerationError),
            )
            return None

    def _conclude(
        self, context: Any, session: Session, ending: OwnEnding, finished: Finished, pinned: Pinned
    ) -> dict[str, Any]:
        if finished.outcome == "succeeded":
            session.ended, self._if_stopped = True, ending.not_landed()
        return self._report(context, conclude(ending, finished, pinned, self.if_exists))

    def _submitter(
        self, context: Any, session: Session, output_path: str | None, output_conn_id: str | None
    ) -> Submitter:
        from airflow_provider_rivya.storage.place import OutputPlace
        from airflow_provider_rivya.submission.identity import Identity, in_order
        from airflow_provider_rivya.submission.machine import Submitter

        instance, hook = context["ti"], session.hook
        identity = Identity.of(instance, hook.settings.idempotency_namespace)
        output = OutputPlace(output_path, output_conn_id) if output_path else None
        store: RecordStore = NoRecords()
        if self.durable:
            store = records_for(context, identity, self.state_path, output, self.executor)
        session.submitter = Submitter(
            hook=hook,
            records=SafeRecords(store, hook.conn_id),
            identity=identity,
            epoch=instance.max_tries,
            on_rerun_after_delivery=self.on_rerun_after_delivery,
            on_uncertain_submission=self.on_uncertain_submission,
            retries_left=max(0, instance.max_tries - instance.try_number + 1),
            try_number=instance.try_number,
            # A clear sets max_tries to the tries made until then, and the retries.
            first_since_clear=instance.try_number + (self.retries or 0) == instance.max_tries + 1,
            try_id=in_order(getattr(instance, "id", None)),
            killed=lambda: self._kill_requested,
        )
        return session.submitter

    def _look(
        self, hook: GatewayHook, submitted: Submitted, category: str, begun: float, deadline: float
    ) -> Finished | None:
        """Wait as long as this worker is to wait. ``None``: the rest is the triggerer's."""
        patience = self.inline_wait.total_seconds() if self.deferrable else math.inf
        return wait_here(hook, submitted, category, begun, deadline, patience)
