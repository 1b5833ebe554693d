"""A submission that is told to come back later: for how long nothing is sent. Pure."""

from __future__ import annotations

from typing import Final

from airflow_provider_rivya.exceptions import (
    GatewayError,
    GatewayUnavailableError,
    GatewayUnreachableError,
    GenerationError,
    RateLimitedError,
)

SHORT: Final = 4.0
"""Seconds that a deferral takes of itself: shorter pauses are waited for where they are met."""
_LONGEST_OF_OURS: Final = 60.0


def pause_after(error: GenerationError, times: int, *, sent: bool = True) -> float | None:
    """
    Return for how many seconds nothing is submitted after a refusal of the moment; ``None``: it is none.

    :param times: how often in a row that was so before.
    :param sent: the paid request was sent, and may have been taken in; of an upload that does not matter.
    """
    passing = isinstance(error, RateLimitedError | GatewayUnavailableError | GatewayUnreachableError)
    if not passing or not isinstance(error, GatewayError) or (sent and error.maybe_taken_in):
        return None
    return max(error.retry_after or 0.0, min(_LONGEST_OF_OURS, 2.0**times))


def told_to_wait(error: GatewayError, times: int, spread: float, short: float = SHORT) -> float | None:
    """
    Return the seconds after which a submission that was certainly not taken in is to be sent, as the gateway
    says so; ``None``: it says no such thing, and Airflow's retries are for that.

    :param times: how often it has said so before.
    :param spread: 0 to 1; what keeps the tasks apart that were told the same.
    :param short: seconds that they are kept apart by at first.
    """
    told = isinstance(error, RateLimitedError) or (
        isinstance(error, GatewayUnavailableError) and error.refused and error.retry_after is not None
    )
    if not told or (pause := pause_after(error, times)) is None:
        return None
    told_pause = pause if error.retry_after is None else error.retry_after
    return told_pause + spread * min(_LONGEST_OF_OURS, short * 2.0**times)
