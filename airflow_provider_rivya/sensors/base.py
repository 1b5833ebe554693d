"""What the sensors of all gateways share: watching a generation that something else submitted."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

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
from airflow_provider_rivya.generation.finalize import Pinned, conclude
from airflow_provider_rivya.observability import Labels
from airflow_provider_rivya.operators.arguments import check_choices
from airflow_provider_rivya.operators.base import BACKSTOP
from airflow_provider_rivya.operators.failures import failure_of_task, without_retry
from airflow_provider_rivya.operators.reporting import ReportsResult
from airflow_provider_rivya.operators.session import leave_failure
from airflow_provider_rivya.operators.waiting import patience_of
from airflow_provider_rivya.sensors.watching import WatchedEnding, is_passing
from airflow_provider_rivya.waiting.decide import Finished

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.hooks.base import GatewayHook
    from airflow_provider_rivya.triggers.base import GenerationTrigger


class GenerationSensor(ReportsResult, _compat.KeepsPaths, BaseSensorOperator):
    """
    Base of the sensors.

    See :class:`~airflow_provider_rivya.sensors.rivya.RivyaTaskSensor`.
    """

    hook_class: ClassVar[type[GatewayHook]]
    trigger_class: ClassVar[type[GenerationTrigger]]
    category: str | None = None
    """Where the gateway keeps the generation, for gateways that keep images and videos apart."""

    template_fields: Sequence[str] = ("generation_id", "output_path", "output_conn_id")
    ui_color = "#e9ddff"

    def __init__(
        self,
        *,
        generation_id: str,
        output_path: str | None = None,
        output_conn_id: str | None = None,
        if_exists: Literal["overwrite", "fail", "skip"] = "overwrite",
        deferrable: bool | None = None,
        poke_interval: timedelta | float = 10,
        timeout: timedelta | float = timedelta(hours=1),
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)
        check_choices(if_exists=if_exists)
        self.generation_id = generation_id
        self.output_path = output_path
        self.output_conn_id = output_conn_id
        self.if_exists = if_exists
        self.deferrable = _compat.default_deferrable() if deferrable is None else deferrable
        self._looked_at: float | None = None

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
        except _compat.AirflowSensorTimeout as error:
            if isinstance(error, GenerationError):
                raise
            with self._lent_hook(context) as hook:
                raise self._timed_out(context, hook) from None
        return result

    def _look_and_defer(self, context: Any) -> dict[str, Any]:
        now = time.time()
        with self._lent_hook(context) as hook:
            seen = self._look(context, hook, 0.0)
            pinned = self._pinned(seen, now)
            if seen is not None and seen.ended:
                return self._concluded(context, hook, _finished(seen), pinned)
            begun = seen.created_at.timestamp() if seen is not None and seen.created_at else now
            deadline = now + patience_of(self)
            self.defer(
                trigger=self.trigger_class(
                    pinned.generation_id,
                    self.conn_id,
                    self._category(hook, pinned.model),
                    min(begun, now),  # the gateway's clock may go before ours
                    deadline,
                    seen.credits_reserved if seen is not None else None,
                ),
                method_name="execute_complete",
                kwargs=asdict(pinned),
                timeout=timedelta(seconds=max(0.0, deadline - time.time())) + BACKSTOP,
            )
        raise AssertionError("defer() does not return")

    def execute_complete(self, context: Any, event: dict[str, Any], **pinned: Any) -> dict[str, Any]:
        """Go on after the trigger: read the generation again, and land it if that is asked for."""
        with self._lent_hook(context, resumed=True) as hook:
            # DAG.test() of Airflow 3.3 hands on the event alone.
            rest = Pinned(
                generation_id=pinned.get("generation_id") or event["task_id"],
                model=pinned.get("model") or "",
                output_path=pinned.get("output_path", self.output_path),
                output_conn_id=pinned.get("output_conn_id", self.output_conn_id),
                since=pinned.get("since"),
                category=self.category or "image",
            )
            self.log.info("The trigger reports: %s.", event["status"])
            return self._concluded(context, hook, Finished(event["status"], event.get("code")), rest)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:
        """Word what Airflow itself ended: a deferral timeout, or a trigger that died."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except (_compat.AirflowSensorTimeout, _compat.TaskDeferralError) as error:
            if isinstance(error, GenerationError):
                raise
            with self._lent_hook(context, resumed=True) as hook:
                if isinstance(error, _compat.AirflowSensorTimeout):
                    raise self._timed_out(context, hook) from None
                died = GenerationError(
                    f"Airflow ended the deferral: the trigger failed ({error})",
                    conn_id=self.conn_id,
                    retryable=True,
                )
                raise self._ending(context, hook).unfinished(died) from None

    def poke(self, context: Any) -> PokeReturnValue:
        """Look once, without ``deferrable``."""
        now = time.time()
        began_at, self._looked_at = self._looked_at, self._looked_at or now
        with self._lent_hook(context, resumed=began_at is not None) as hook:
            seen = self._look(context, hook, 0.0 if began_at is None else max(0.001, now - began_at))
            observability.polled(Labels(hook.api.NAME, seen.model if seen else None), triggerer=False)
            if seen is None or not seen.ended:
                return PokeReturnValue(is_done=False)
            pinned = self._pinned(seen, self._looked_at)
            return PokeReturnValue(True, self._concluded(context, hook, _finished(seen), pinned))

    # -- its parts ---------------------------------------------------------------------------------

    @contextmanager
    def _lent_hook(self, context: Any, *, resumed: bool = False) -> Iterator[GatewayHook]:
        """
        Lend a hook; leave the ``failure`` XCom; end without retry what no retry can mend.

        :param resumed: the connection was good before, so that a fault of it may pass.
        """
        from airflow_provider_rivya.storage.path import as_text

        self.output_path = as_text(self.output_path)
        hook = self.hook_class(self.conn_id)
        try:
            yield hook
        except GenerationError as error:
            broken = isinstance(error, ConnectionConfigError) and not error.retryable and not resumed
            if isinstance(error, InvalidRequestError) or broken:
                without_retry(error)
            if isinstance(error, ConnectionConfigError) and resumed:
                error.fate = "Once the connection can be used, a retry goes on watching."
            if isinstance(self.generation_id, str):
                error.generation_id = error.generation_id or self.generation_id
            leave_failure(context, failure_of_task(error, None, known=False))
            if self.soft_fail or self.never_fail:
                raise _compat.AirflowSkipException(str(error)) from error
            raise
        finally:
            hook.close()

    def _check(self, context: Any, hook: GatewayHook) -> None:
        """Find everything that is wrong with connection, id and output place, before anything is sent."""
        from airflow_provider_rivya.sensors.checking import check

        _ = hook.settings
        instance = context["ti"]
        faults = check(
            generation_id=self.generation_id,
            output_path=self.output_path,
            output_conn_id=self.output_conn_id,
            mapped=instance.map_index >= 0,
            executor=self.executor,
        )
        if faults:
            raise InvalidRequestError(faults, subject=f"The sensor of task {instance.task_id!r}")

    def _look(self, context: Any, hook: GatewayHook, elapsed: float) -> Generation | None:
        """
        Read the generation once.

        :param elapsed: seconds since the first look; 0 for that.
        :return: ``None`` when it could not be read, and that may pass.
        """
        try:
            return hook.get_generation(
                self.generation_id, category=self.category or "image", repeat=elapsed == 0
            )
        except GatewayError as error:
            ending = self._ending(context, hook)
            if is_passing(error, elapsed):
                self.log.warning("Generation %s cannot be read for now. %s", self.generation_id, error)
                return None
            if isinstance(error, NotFoundError):
                raise ending.unknown(error) from None
            raise (ending.refused(error) if elapsed == 0 else ending.unfinished(error)) from None

    def _pinned(self, seen: Generation | None, since: float) -> Pinned:
        model = seen.model if seen is not None and seen.model else ""
        return Pinned(
            self.generation_id, model, self.output_path, self.output_conn_id, since, self.category or "image"
        )

    def _category(self, hook: GatewayHook, model: str) -> str:
        from airflow_provider_rivya.catalog.spec import category_of

        return self.category or category_of(hook.api.NAME, model)

    def _concluded(
        self, context: Any, hook: GatewayHook, finished: Finished, pinned: Pinned
    ) -> dict[str, Any]:
        ending = self._ending(context, hook)
        return self._report(context, conclude(ending, finished, pinned, self.if_exists))

    def _ending(self, context: Any, hook: GatewayHook) -> WatchedEnding:
        instance = context["ti"]
        return WatchedEnding(
            hook=hook,
            generation_id=str(self.generation_id),
            retries_left=max(0, instance.max_tries - instance.try_number + 1),
        )

    def _timed_out(self, context: Any, hook: GatewayHook) -> GenerationError:
        error = GenerationTimeoutError(
            f"The generation did not end within the sensor's timeout of {patience_of(self):.0f} s",
            conn_id=self.conn_id,
        )
        return self._ending(context, hook).unfinished(error)

    def _began_at(self, context: Any) -> float | None:
        """Return when a rescheduled sensor first looked, seconds since the epoch; ``None`` if it does now."""
        if not self.reschedule or self.deferrable:
            return None
        first: datetime | None = context["ti"].get_first_reschedule_date(context)
        return None if first is None else first.astimezone(UTC).timestamp()


def _finished(generation: Generation) -> Finished:
    return Finished("succeeded" if generation.succeeded else "failed")
