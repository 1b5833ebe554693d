"""The attempts at one call: after what pause the next one follows, and what all of them came to."""

from __future__ import annotations

import logging
import random
from typing import Any, Final

from airflow_provider_rivya.api.call import ApiCall, in_doubt, may_repeat
from airflow_provider_rivya.exceptions import GatewayError

log = logging.getLogger(__name__)

LONGEST_PAUSE: Final = 120.0
"""Seconds between two attempts at one call, at the most; a gateway that asks for more ends the call."""

_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 30.0


class Attempts:
    """
    The attempts at one call. It neither sends nor waits.

    :param conn_id: the Airflow connection, for the error.
    :param retries: repeats after the first attempt.
    """

    def __init__(self, call: ApiCall[Any], conn_id: str | None, retries: int) -> None:
        self._call = call
        self._conn_id = conn_id
        self._of = retries + 1
        self._made = 0
        self._in_doubt = False
        self._asked: float | None = None

    def pause_after(self, error: GatewayError) -> float | None:
        """Return the seconds from a failed attempt to the next one; ``None``: there is none."""
        self._made += 1
        self._in_doubt = self._in_doubt or in_doubt(error)
        if self._made >= self._of or not may_repeat(self._call, error):
            return None
        pause = error.retry_after
        if pause is None:
            longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (self._made - 1))
            pause = random.uniform(0, longest)  # noqa: S311 - spreads the callers, keeps no secret
        elif pause > LONGEST_PAUSE:
            self._asked = pause
            return None
        log.warning(
            "%s Attempt %d of %d; the next one in %.1f s%s.",
            self.outcome(error),
            self._made,
            self._of,
            pause,
            ", with the same request under the same idempotency key" if self._call.idempotency_key else "",
        )
        return pause

    def outcome(self, error: GatewayError) -> GatewayError:
        """Return the call's error. A refusal after a lost answer does not undo the loss."""
        advice = error.advice
        if self._asked is not None:
            asked = f"It asks for a pause of {self._asked:.0f} s, which is longer than a call waits."
            advice = f"{advice} {asked}" if advice else asked
        return error.replace(
            conn_id=error.conn_id or self._conn_id,
            generation_id=error.generation_id or self._call.generation_id,
            maybe_taken_in=self._in_doubt,
            advice=advice,
        )
