"""The attempts at one call: which are repeated, after what pause, and what stays in doubt."""

from __future__ import annotations

import logging
from typing import Any, Final

import tenacity

from airflow_provider_rivya.api.call import ApiCall, may_repeat
from airflow_provider_rivya.exceptions import GatewayError
from airflow_provider_rivya.stop import Stop

log = logging.getLogger(__name__)

LONGEST_PAUSE: Final = 120.0
"""Seconds between two attempts at one call, at the most; a gateway that asks for more ends the call."""

_JITTER: Final = tenacity.wait_random_exponential(multiplier=0.5, max=30.0)


def _wait(state: tenacity.RetryCallState) -> float:
    """Return what the gateway asked for, else exponential with full jitter."""
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "retry_after", None)
    if asked is not None:
        return float(asked)
    return float(_JITTER(state))


def _asks_for_too_long(error: GatewayError) -> bool:
    return (error.retry_after or 0.0) > LONGEST_PAUSE


class Attempts:
    """The attempts at one call: what is repeated, what is said, and what stays in doubt."""

    def __init__(self, call: ApiCall[Any], retries: int, stop: Stop) -> None:
        self._call = call
        self._of = retries + 1
        self._stop = stop
        self._doubt = False
        self._last: BaseException | None = None

    def options(self) -> dict[str, Any]:
        return {
            "stop": tenacity.stop_after_attempt(self._of),
            "wait": _wait,
            "retry": tenacity.retry_if_exception(self._again),
            "before_sleep": self._tell,
            "reraise": True,
        }

    def pause(self, seconds: float) -> None:
        """Wait between two attempts; a task that is asked to stop makes no other one."""
        if self._stop.wait(seconds) and self._last is not None:
            raise self._last

    def outcome(self, error: GatewayError) -> GatewayError:
        """Return the last attempt's error: a refusal after a lost answer does not undo the loss."""
        told = error.replace(maybe_taken_in=True) if self._doubt else error
        if not _asks_for_too_long(error):
            return told
        asked = f"It asks for a pause of {error.retry_after:.0f} s, which is longer than a call waits."
        return told.replace(advice=f"{error.advice} {asked}" if error.advice else asked)

    def _again(self, error: BaseException) -> bool:
        self._last = error
        if isinstance(error, GatewayError):
            self._doubt = self._doubt or error.maybe_taken_in
            if _asks_for_too_long(error):
                return False  # never earlier than it was asked to be
        return not self._stop.is_set() and may_repeat(self._call, error)

    def _tell(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        seconds = state.next_action.sleep if state.next_action else 0.0
        log.warning(
            "%s Attempt %d of %d; the next one in %.1f s%s.",
            error,
            state.attempt_number,
            self._of,
            seconds,
            ", with the same request under the same idempotency key" if self._call.idempotency_key else "",
        )
