"""What the end of a generation means to a task that did not submit it: words, and which errors are final."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from airflow_provider_rivya._compat import AirflowSensorTimeout
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GenerationError,
    GenerationTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RequestRejectedError,
)
from airflow_provider_rivya.operators.failures import without_retry
from airflow_provider_rivya.submission.fate import Situation
from airflow_provider_rivya.waiting.decide import KEY_GRACE, NOT_FOUND_GRACE
from airflow_provider_rivya.waiting.progress import failure_of

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.hooks.base import GatewayHook

ONLY_WATCHES: Final = "This task only watches and has paid nothing."


@functools.cache
def _timeout_class(error_class: type[Any]) -> type[GenerationError]:
    return type(error_class.__name__, (error_class, AirflowSensorTimeout), {"__doc__": error_class.__doc__})


def as_sensor_timeout(error: GenerationError) -> GenerationError:
    """Make an error Airflow's own end of a sensor's patience as well, which is not retried."""
    if not isinstance(error, AirflowSensorTimeout):
        error.__class__ = _timeout_class(cast(Any, type(error)))
    return error


@dataclass(frozen=True)
class WatchedEnding:
    """
    The end of a generation that something else submitted.

    :param hook: of the connection.
    :param generation_id: the gateway's task id.
    :param retries_left: automatic retries that Airflow will still make.
    """

    hook: GatewayHook
    generation_id: str
    retries_left: int

    def unfinished(self, error: GenerationError, *, seen: bool = False) -> GenerationError:
        """Say what is known of a generation whose end was not seen."""
        error.generation_id = self.generation_id
        if isinstance(error, NotFoundError) and not seen:
            return self.unknown(error)
        if isinstance(error, GenerationTimeoutError):
            error.fate = (
                f"{ONLY_WATCHES} The generation goes on at the gateway; a timeout is a sensor's last word, "
                "so no retry is made: clear the task to watch it again."
            )
            return as_sensor_timeout(error)
        error.fate = f"{ONLY_WATCHES} {self._again} watches it again."
        return error

    def unknown(self, error: GatewayError) -> GenerationError:
        """Word a 404: nobody has told this task that such a generation exists."""
        told = NotFoundError(
            f"The gateway knows no generation {self.generation_id!r} in the account of this connection",
            conn_id=error.conn_id or self.hook.conn_id,
            code=error.code,
            http_status=error.http_status,
            request_id=error.request_id,
            advice="Check the id, and that the connection's key belongs to the account that submitted it.",
            fate=f"{ONLY_WATCHES} A retry would not help, so none is made.",
        )
        return without_retry(told)

    def refused(self, error: GatewayError) -> GenerationError:
        """Word what the gateway refuses in a way that the same call would meet again."""
        error.generation_id = self.generation_id
        error.fate = f"{ONLY_WATCHES} A retry would not help, so none is made."
        return without_retry(error)

    def failed(self, generation: Generation) -> GenerationError:
        error = failure_of(generation, self.hook.conn_id)
        error.fate = f"{ONLY_WATCHES} The gateway's verdict stands, so no retry is made."
        return without_retry(error)

    def not_landed(self, generation: Generation | None = None) -> str:
        return f"{ONLY_WATCHES} The result is not lost. {self._again} fetches it again, which costs nothing."

    def expired(self, generation: Generation) -> str:
        return (
            f"{ONLY_WATCHES} The time for which the gateway keeps the result is over, so no retry is made; "
            "its support may still have it."
        )

    def delivered(self, generation: Generation) -> None:
        """Note nothing: who submitted it keeps the record, and counts what it cost."""

    @property
    def _again(self) -> str:
        return Situation(durable=True, retries_left=self.retries_left).again


def is_passing(error: GatewayError, elapsed: float) -> bool:
    """
    Tell whether a fault of one look is waited out. Pure.

    At first sight a refused key is a wrong key; later it may be being replaced. An unknown id may
    belong to a generation that was submitted a moment ago.

    :param elapsed: seconds since this task first looked; 0 for that look.
    """
    if isinstance(error, AuthenticationError | PermissionDeniedError):
        return 0 < elapsed < KEY_GRACE
    if isinstance(error, NotFoundError):
        return elapsed < NOT_FOUND_GRACE
    return not isinstance(error, RequestRejectedError)
