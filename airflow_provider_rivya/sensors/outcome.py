"""What the end of a generation means to a sensor, which has not submitted it: words, and what is final."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GenerationError,
    GenerationTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RequestRejectedError,
)
from airflow_provider_rivya.operators.airflow_errors import as_sensor_timeout
from airflow_provider_rivya.submission.messages import TaskWords
from airflow_provider_rivya.waiting.decide import PATIENCE, Patience
from airflow_provider_rivya.waiting.verdict import failure_of

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation

ONLY_WATCHES: Final = "This task only watches and has paid nothing."
_NO_RETRY: Final = f"{ONLY_WATCHES} A retry would not help, so none is made."


@dataclass(frozen=True)
class WatchedOutcome:
    """
    The end of a generation that something else submitted.

    :param conn_id: the Airflow connection.
    :param generation_id: the gateway's task id.
    :param retries_left: automatic retries that Airflow will still make.
    """

    conn_id: str
    generation_id: str
    retries_left: int

    def unfinished(self, error: GenerationError, *, seen: bool = False) -> GenerationError:
        """Say what is known of a generation whose end was not seen."""
        if isinstance(error, NotFoundError) and not seen:
            return self.unknown(error)
        if isinstance(error, GenerationTimeoutError):
            fate = (
                f"{ONLY_WATCHES} The generation goes on at the gateway; a sensor is not retried after a "
                "timeout: clear the task to watch it again."
            )
            return as_sensor_timeout(error.replace(generation_id=self.generation_id, fate=fate))
        fate = f"{ONLY_WATCHES} {self._again} watches it again."
        return error.replace(generation_id=self.generation_id, fate=fate)

    def unknown(self, error: GatewayError) -> GenerationError:
        """Word a 404: nobody has told this task that such a generation exists."""
        return NotFoundError(
            f"The gateway knows no generation {self.generation_id!r} in the account of this connection",
            conn_id=error.conn_id or self.conn_id,
            code=error.code,
            http_status=error.http_status,
            request_id=error.request_id,
            advice="Check the id, and that the connection's key belongs to the account that submitted it.",
            fate=_NO_RETRY,
            final=True,
        )

    def refused(self, error: GatewayError) -> GenerationError:
        """Word what the gateway refuses in a way that the same call would meet again."""
        return error.replace(generation_id=self.generation_id, fate=_NO_RETRY, final=True)

    def failed(self, generation: Generation, conn_id: str) -> GenerationError:
        fate = f"{ONLY_WATCHES} The gateway's result is final, so no retry is made."
        return failure_of(generation, conn_id, fate=fate, final=True)

    def not_landed(self, generation: Generation) -> str:
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
        return TaskWords(durable=True, retries_left=self.retries_left).again


def is_passing(error: GatewayError, elapsed: float, patience: Patience = PATIENCE) -> bool:
    """
    Tell whether a fault of one look is waited out. Pure.

    At first sight a refused key is a wrong key; later it may be being replaced. An unknown id may
    belong to a generation that was submitted a moment ago.

    :param elapsed: seconds since this task first looked; 0 for that look.
    """
    if isinstance(error, AuthenticationError | PermissionDeniedError):
        return 0 < elapsed < patience.refused
    if isinstance(error, NotFoundError):
        return elapsed < patience.not_found
    return not isinstance(error, RequestRejectedError)
