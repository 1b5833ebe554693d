"""What the sensors of all gateways share: watching a generation that something else submitted."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from airflow_provider_rivya import _compat, observability
from airflow_provider_rivya.exceptions import (
    ConnectionConfigError,
    GatewayError,
    GenerationError,
    GenerationTimeoutError,
    InvalidRequestError,
    NotFoundError,
)
from airflow_provider_rivya.observability import Labels
from airflow_provider_rivya.operators.airflow_errors import as_airflow, leave_failure
from airflow_provider_rivya.operators.arguments import IfExists, Templated, check_choices
from airflow_provider_rivya.operators.deferral import BACKSTOP, DeferralState
from airflow_provider_rivya.operators.local_paths import warn_of_outputs
from airflow_provider_rivya.operators.reporting import ReportsResult, standing_in_store
from airflow_provider_rivya.operators.task_run import patience_of, retries_left
from airflow_provider_rivya.operators.templates import RendersItsAuthor
from airflow_provider_rivya.sensors.stopping import StopsBetweenLooks
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.waiting.decide import PATIENCE, Patience
from airflow_provider_rivya.waiting.progress import Narrator, Standing
from airflow_provider_rivya.waiting.verdict import AskedToStopError

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.media.verify import Verify
    from airflow_provider_rivya.sensors.outcome import WatchedOutcome
    from airflow_provider_rivya.triggers.base import GenerationTrigger
    from airflow_provider_rivya.waiting.decide import Finished


class GenerationSensor(
    StopsBetweenLooks, RendersItsAuthor, ReportsResult, _compat.KeepsPaths, BaseSensorOperator
):
    """
    Base of the sensors.

    See :class:`~airflow_provider_rivya.sensors.rivya.RivyaTaskSensor`.
    """

    hook_class: ClassVar[type[GatewayHook]]
    trigger_class: ClassVar[type[GenerationTrigger]]
    category: str | None = None
    """Where the gateway keeps the generation, for gateways that keep images and videos apart."""
    patience: ClassVar[Patience] = PATIENCE
    """With faults of a look, without ``deferrable``; the trigger has its own."""

    template_fields: Sequence[str] = ("generation_id", "output_path", "output_conn_id")
    ui_color = "#e9ddff"

    def __init__(
        self,
        *,
        generation_id: Templated,
        output_path: Any = None,
        output_conn_id: Templated | None = None,
        if_exists: IfExists = "overwrite",
        verify: Verify = "structure",
        deferrable: bool | None = None,
        poke_interval: timedelta | float = 10,
        timeout: timedelta | float = timedelta(hours=1),
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)
        check_choices(if_exists=if_exists, verify=verify)
        self.generation_id: Any = generation_id
        self.output_path = output_path
        self.output_conn_id: Any = output_conn_id
        self.if_exists = if_exists
        self.verify = verify
        self.deferrable = _compat.default_deferrable() if deferrable is None else deferrable
        self._looked_at: float | None = None
        self._narrator: Narrator | None = None
        self._stop = StopFlag()

    @property
    def conn_id(self) -> str:
        """The gateway's Airflow connection, under the name that the gateway's sensor gives it."""
        raise NotImplementedError

    # -- the flow ----------------------------------------------------------------------------------

    def execute(self, context: Any) -> dict[str, Any]:
        """
        Check, look, and wait in the triggerer or here.

        :return: the :class:`~airflow_provider_rivya.result.GenerationResult` as a dict.
        """
        began_at = self._began_at(context)
        if began_at is None:
            with self._lent_hook(context) as hook:
                self._check(context, hook)
        if self.deferrable:
            return self._look_and_defer(context)
        self._looked_at = began_at
        try:
            result: dict[str, Any] = super().execute(context)
        except AskedToStopError as error:
            with self._lent_hook(context):
                raise self._outcome(context).unfinished(error, seen=True) from None
        except _compat.AirflowSensorTimeout as error:
            if isinstance(error, GenerationError):
                raise
            with self._lent_hook(context) as hook:
                raise self._timed_out(context) from None
        return result

    def _look_and_defer(self, context: Any) -> dict[str, Any]:
        from airflow_provider_rivya.waiting.decide import Finished

        now = time.time()
        with self._lent_hook(context) as hook:
            seen = self._look(context, hook, 0.0)
            state = self._state(seen, now)
            if seen is not None and seen.ended:
                return self._land(context, hook, Finished.of(seen), state)
            # The gateway's clock may go before ours.
            begun = min(seen.created_at.timestamp(), now) if seen is not None and seen.created_at else None
            deadline = now + patience_of(self)
            standing_in_store(context)(self._standing(seen, begun, deadline))
            self.defer(
                trigger=self.trigger_class(
                    state.generation_id,
                    self.conn_id,
                    self._category(hook, state.model),
                    begun,
                    deadline,
                    seen.credits_reserved if seen is not None else None,
                ),
                method_name="execute_complete",
                kwargs=state.to_kwargs(),
                timeout=timedelta(seconds=max(0.0, deadline - time.time())) + BACKSTOP,
            )
        raise AssertionError("defer() does not return")

    def execute_complete(self, context: Any, event: dict[str, Any], **carried: Any) -> dict[str, Any]:
        """Go on after the trigger: read the generation again, and store it if that is asked for."""
        from airflow_provider_rivya.waiting.decide import Finished

        with self._lent_hook(context, resumed=True) as hook:
            state = DeferralState.of(carried, event, self)
            self.log.info("The trigger reports: %s.", event["status"])
            return self._land(context, hook, Finished(event["status"], event.get("code")), state)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:
        """Word what Airflow itself ended: a deferral timeout, or a trigger that died."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except (_compat.AirflowSensorTimeout, _compat.TaskDeferralError) as error:
            if isinstance(error, GenerationError):
                raise
            with self._lent_hook(context, resumed=True):
                if isinstance(error, _compat.AirflowSensorTimeout):
                    raise self._timed_out(context) from None
                died = GenerationError(
                    f"Airflow ended the deferral: the trigger failed ({error})",
                    conn_id=self.conn_id,
                    retryable=True,
                )
                raise self._outcome(context).unfinished(died) from None

    def poke(self, context: Any) -> PokeReturnValue:
        """Look once, without ``deferrable``."""
        from airflow_provider_rivya.waiting.decide import Finished

        now = time.time()
        began_at, self._looked_at = self._looked_at, self._looked_at or now
        with self._lent_hook(context, resumed=began_at is not None) as hook:
            seen = self._look(context, hook, 0.0 if began_at is None else max(0.001, now - began_at))
            observability.polled(Labels(hook.api.name, seen.model if seen else None), triggerer=False)
            if seen is None or not seen.ended:
                if seen is not None:
                    self._tell(context, seen, now)
                return PokeReturnValue(is_done=False)
            state = self._state(seen, self._looked_at)
            return PokeReturnValue(True, self._land(context, hook, Finished.of(seen), state))

    # -- its parts ---------------------------------------------------------------------------------

    @contextmanager
    def _lent_hook(self, context: Any, *, resumed: bool = False) -> Iterator[GatewayHook]:
        """
        Lend a hook; leave the ``failure`` XCom; end without retry what no retry can fix.

        :param resumed: the connection was good before, so that a fault of it may pass.
        """
        from airflow_provider_rivya.generation.failure import failure_document
        from airflow_provider_rivya.storage.path import as_text

        self.output_path = as_text(self.output_path)
        hook = self.hook_class(self.conn_id, stop=self._stop)
        try:
            yield hook
        except GenerationError as error:
            told = error
            if isinstance(error, ConnectionConfigError) and resumed:
                told = told.replace(fate="Once the connection can be used, a retry goes on watching.")
            elif isinstance(error, ConnectionConfigError):
                told = told.replace(final=not error.retryable)
            if isinstance(self.generation_id, str):
                told = told.replace(generation_id=told.generation_id or self.generation_id)
            leave_failure(context, failure_document(told, None, known=False))
            # Who stops a worker has not decided that its tasks are skipped.
            if (self.soft_fail or self.never_fail) and not self._stop.is_set():
                raise _compat.AirflowSkipException(str(told)) from error
            raise as_airflow(told) from told.__cause__
        finally:
            hook.close()

    def _check(self, context: Any, hook: GatewayHook) -> None:
        """Find everything that is wrong with connection, id and output place, before anything is sent."""
        from airflow_provider_rivya.media.verify import verify_faults
        from airflow_provider_rivya.sensors.checking import check

        _ = hook.settings
        instance = context["ti"]
        faults, place = check(
            generation_id=self.generation_id,
            output_path=self.output_path,
            output_conn_id=self.output_conn_id,
            mapped=instance.map_index >= 0,
        )
        if faults := [*self.template_faults, *faults, *verify_faults(self.verify)]:
            raise InvalidRequestError(faults, subject=f"The sensor of task {instance.task_id!r}")
        if place is not None:
            warn_of_outputs(place, self.executor)

    def _look(self, context: Any, hook: GatewayHook, elapsed: float) -> Generation | None:
        """
        Read the generation once.

        :param elapsed: seconds since the first look; 0 for that.
        :return: ``None`` when it could not be read, and that may pass.
        """
        from airflow_provider_rivya.sensors.outcome import is_passing

        try:
            return hook.get_generation(
                self.generation_id, category=self.category or "image", repeat=elapsed == 0
            )
        except GatewayError as error:
            outcome = self._outcome(context)
            if is_passing(error, elapsed, self.patience):
                self.log.warning("Generation %s cannot be read for now. %s", self.generation_id, error)
                return None
            if isinstance(error, NotFoundError):
                raise outcome.unknown(error) from None
            raise (outcome.refused(error) if elapsed == 0 else outcome.unfinished(error)) from None

    def _tell(self, context: Any, seen: Generation, now: float) -> None:
        """Say, and show, how it goes; a rescheduled sensor begins a log each time."""
        begun = min(seen.created_at.timestamp(), now) if seen.created_at else self._looked_at or now
        self._narrator = self._narrator or Narrator(seen.id, begun)
        if line := self._narrator.tell(now, seen):
            self.log.log(*line)
            standing_in_store(context)(self._standing(seen, begun))

    def _standing(
        self, seen: Generation | None, begun: float | None, deadline: float | None = None
    ) -> Standing:
        return Standing(
            self.generation_id,
            (seen.model if seen else None) or "",
            seen.status if seen else "unknown",
            "on the worker" if deadline is None else "in the triggerer",
            time.time(),
            begun,
            deadline,
            seen.progress if seen else None,
        )

    def _state(self, seen: Generation | None, since: float) -> DeferralState:
        model = seen.model if seen is not None and seen.model else ""
        return DeferralState(
            self.generation_id, model, self.output_path, self.output_conn_id, since, self.category
        )

    def _category(self, hook: GatewayHook, model: str) -> str:
        from airflow_provider_rivya.catalog.bundled import category_of

        return self.category or category_of(hook.api.name, model)

    def _land(
        self, context: Any, hook: GatewayHook, finished: Finished, state: DeferralState
    ) -> dict[str, Any]:
        from airflow_provider_rivya.generation.finalize import Awaited, finalize
        from airflow_provider_rivya.landing.checks import Checks
        from airflow_provider_rivya.storage.place import OutputPlace

        ended = Standing(state.generation_id, state.model, finished.outcome, None, time.time())
        standing_in_store(context)(ended)
        result = finalize(
            hook,
            self._outcome(context),
            Awaited(state.generation_id, state.model, self.category or "image", state.since),
            finished,
            OutputPlace(state.output_path, state.output_conn_id) if state.output_path else None,
            if_exists=self.if_exists,
            stop=self._stop,
            checks=Checks(decode=self.verify == "decode"),
        )
        return self._report(context, result.to_xcom())

    def _outcome(self, context: Any) -> WatchedOutcome:
        from airflow_provider_rivya.sensors.outcome import WatchedOutcome

        return WatchedOutcome(self.conn_id, str(self.generation_id), retries_left(context["ti"]))

    def _timed_out(self, context: Any) -> GenerationError:
        error = GenerationTimeoutError(
            f"The generation did not end within the sensor's timeout of {patience_of(self):.0f} s",
            conn_id=self.conn_id,
        )
        return self._outcome(context).unfinished(error)

    def _began_at(self, context: Any) -> float | None:
        """Return when a rescheduled sensor first looked, seconds since the epoch; ``None`` if it does now."""
        if not self.reschedule or self.deferrable:
            return None
        first: datetime | None = context["ti"].get_first_reschedule_date(context)
        return None if first is None else first.astimezone(UTC).timestamp()
