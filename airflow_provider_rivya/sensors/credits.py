"""What the credits sensors of all gateways share: waiting until an account has enough."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from airflow_provider_rivya._compat import AirflowSensorTimeout
from airflow_provider_rivya.credits import whole
from airflow_provider_rivya.exceptions import (
    ConnectionConfigError,
    Fault,
    GatewayError,
    GenerationError,
    InsufficientCreditsError,
    InvalidRequestError,
)
from airflow_provider_rivya.operators.airflow_errors import as_airflow, as_sensor_timeout, leave_failure
from airflow_provider_rivya.operators.arguments import Templated
from airflow_provider_rivya.operators.templates import RendersItsAuthor
from airflow_provider_rivya.redaction import clean
from airflow_provider_rivya.sensors.stopping import StopsBetweenLooks
from airflow_provider_rivya.stop import StopFlag
from airflow_provider_rivya.waiting.verdict import AskedToStopError

if TYPE_CHECKING:
    from airflow_provider_rivya.hooks.base import GatewayHook

_ALLOWED: Final = "a number of credits, 0 or more"
_ONLY_READS: Final = "This task only reads the balance and pays nothing."
_NO_RETRY: Final = f"{_ONLY_READS} A retry would not help, so none is made."


class CreditsSensor(StopsBetweenLooks, RendersItsAuthor, BaseSensorOperator):
    """
    Base of the credits sensors.

    See :class:`~airflow_provider_rivya.sensors.rivya.RivyaCreditsSensor`.
    """

    hook_class: ClassVar[type[GatewayHook]]

    template_fields: Sequence[str] = ("min_credits",)
    ui_color = "#e9ddff"

    def __init__(self, *, min_credits: float | Templated, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # A text may be a template; what it rendered to is looked at when the task runs.
        if not isinstance(min_credits, str) and (problem := _problem(min_credits)):
            raise ValueError(f"min_credits: {problem}; allowed: {_ALLOWED}")
        self.min_credits: Any = min_credits
        self._looked_at: float | None = None
        self._balance: float | None = None
        self._stop = StopFlag()

    @property
    def conn_id(self) -> str:
        """The gateway's Airflow connection, under the name that the gateway's sensor gives it."""
        raise NotImplementedError

    def execute(self, context: Any) -> float:
        """
        Look until there is enough.

        :return: the balance that was enough.
        """
        from airflow_provider_rivya.generation.failure import failure_document

        self._looked_at = self._began_at(context)
        try:
            balance: float = super().execute(context)
        except AskedToStopError as error:
            leave_failure(context, failure_document(error, None, known=True))
            raise error.replace(fate=f"{_ONLY_READS} A retry goes on looking.") from None
        except GenerationError as error:
            leave_failure(context, failure_document(error, None, known=True))
            raise
        except AirflowSensorTimeout:
            late = self._timed_out()
            leave_failure(context, failure_document(late, None, known=True))
            raise late from None
        return balance

    def poke(self, context: Any) -> PokeReturnValue:
        """Look once."""
        wanted = self._wanted(context)
        now = time.time()
        elapsed = 0.0 if self._looked_at is None else max(0.001, now - self._looked_at)
        self._looked_at = self._looked_at or now
        balance = self._read(elapsed)
        if balance is None:
            return PokeReturnValue(is_done=False)
        self._balance = balance
        enough = balance >= wanted
        self.log.info(
            "The account of connection %r has %s credits, min_credits is %s: %s.",
            self.conn_id,
            _number(balance),
            _number(wanted),
            "enough" if enough else "waiting",
        )
        return PokeReturnValue(enough, whole(balance) if enough else None)

    def _read(self, elapsed: float) -> float | None:
        """
        Read the balance.

        :param elapsed: seconds since this task first looked; 0 for that look.
        :return: ``None`` when it could not be read, and that may pass.
        """
        from airflow_provider_rivya.sensors.outcome import is_passing

        hook = self.hook_class(self.conn_id, stop=self._stop)
        try:
            return hook.get_credits().credits
        except GatewayError as error:
            if is_passing(error, elapsed):
                self.log.warning("The balance cannot be read for now. %s", error)
                return None
            raise as_airflow(error.replace(fate=_NO_RETRY, final=True)) from None
        except ConnectionConfigError as error:
            if elapsed or error.retryable:
                fate = f"{_ONLY_READS} Once the connection can be used, a retry goes on looking."
                raise error.replace(fate=fate) from None
            raise as_airflow(error.replace(fate=_NO_RETRY, final=True)) from None
        finally:
            hook.close()

    def _wanted(self, context: Any) -> float:
        """Return ``min_credits`` as a number, which it is by now."""
        given: Any = self.min_credits
        if problem := _problem(given):
            fault = Fault("min_credits", problem, _ALLOWED)
            subject = f"The sensor of task {context['ti'].task_id!r}"
            raise as_airflow(InvalidRequestError([fault], subject=subject, conn_id=self.conn_id))
        return float(given)

    def _timed_out(self) -> GenerationError:
        seen = "could not be read" if self._balance is None else f"is {_number(self._balance)} credits"
        return as_sensor_timeout(
            InsufficientCreditsError(
                f"The balance {seen}; min_credits={_number(float(self.min_credits))} was not reached within "
                f"the sensor's timeout of {float(self.timeout):g} s",
                conn_id=self.conn_id,
                advice="Top the account up, then clear the task.",
                fate=f"{_ONLY_READS} A sensor is not retried after a timeout.",
            )
        )

    def _began_at(self, context: Any) -> float | None:
        """Return when a rescheduled sensor first looked, seconds since the epoch; ``None`` if it does now."""
        if not self.reschedule:
            return None
        first: datetime | None = context["ti"].get_first_reschedule_date(context)
        return None if first is None else first.astimezone(UTC).timestamp()


def _problem(value: Any) -> str:
    """Tell what is wrong with a number of credits; empty if nothing is. Pure."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return "there is none" if value is None else f"{clean(value, 60)!r} is not a number"
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return f"{clean(value, 60)!r} is not a number"
    return "" if math.isfinite(number) and number >= 0 else f"{clean(value, 60)!r} cannot be a balance"


def _number(credits: float) -> str:
    return f"{whole(credits):,}"
