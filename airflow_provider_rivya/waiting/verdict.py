"""What a waiting has come to: the gateway's verdict, or why there is none, as errors. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.credits import in_credits
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    GatewayError,
    GenerationError,
    GenerationFailedError,
    GenerationTimeoutError,
    NotFoundError,
    PermissionDeniedError,
)

if TYPE_CHECKING:
    from airflow_provider_rivya.api.schemas import Generation
    from airflow_provider_rivya.waiting.decide import Finished

BAD_CONNECTION: Final = "connection"
"""Code of a waiting that ended because its connection could not be used."""


class AskedToStopError(GenerationError):
    """The task was asked to stop while it waited; a retry goes on."""


def succeeded(finished: Finished, generation: Generation, conn_id: str) -> Generation:
    """
    Return a succeeded generation, or raise what happened instead.

    :raises GenerationFailedError: it failed at the gateway.
    :raises GenerationTimeoutError: the deadline passed.
    """
    if generation.succeeded:
        return generation
    if generation.failed:
        raise failure_of(generation, conn_id)
    raise not_ended(finished, generation.id, conn_id)


def failure_of(generation: Generation, conn_id: str | None, **more: object) -> GenerationFailedError:
    """Describe a generation that failed at the gateway; ``more`` goes into the error."""
    failure = generation.failure
    reason = (failure.message or failure.code if failure else None) or "the gateway gives no reason"
    cost = generation.credits_final
    cost_text = (
        "The gateway does not say what it cost."
        if cost is None
        else "It cost nothing (final credits 0)."
        if cost == 0
        else f"It cost {in_credits(cost)} although it failed."
    )
    return GenerationFailedError(
        f"The generation failed at the gateway: {reason.rstrip('.')}.",
        credits_final=cost,
        conn_id=conn_id,
        generation_id=generation.id,
        code=failure.code if failure else None,
        advice=f"{failure.advice} {cost_text}" if failure and failure.advice else cost_text,
        **more,
    )


def not_ended(
    finished: Finished, generation_id: str, conn_id: str, last: GatewayError | None = None
) -> GenerationError:
    """
    Describe a waiting that ended without the gateway's verdict.

    :param last: what the gateway answered after it, if that was an error: it tells what the key lacks.
    """
    if finished.code == BAD_CONNECTION:
        return ConnectionConfigError(
            "The triggerer could not use the connection while the generation was waited for",
            generation_id=generation_id,
            conn_id=conn_id,
            advice="The triggerer's log says why: fix the connection, or make it readable there.",
            retryable=True,
        )
    if finished.outcome == "stopped":
        return AskedToStopError(
            "The task was asked to stop while the generation was waited for",
            generation_id=generation_id,
            conn_id=conn_id,
            retryable=True,
        )
    if finished.outcome == "refused":
        kept_refusing = "The gateway kept refusing the key while the generation was waited for"
        if isinstance(last, AuthenticationError | PermissionDeniedError):
            return last.replace(message=f"{kept_refusing}: {last.message}", retryable=True)
        return AuthenticationError(
            kept_refusing,
            generation_id=generation_id,
            conn_id=conn_id,
            code=finished.code,
            advice="Put a valid key into the connection.",
            retryable=True,
        )
    if finished.outcome == "not_found":
        return NotFoundError(
            "The gateway accepted the generation, but no longer knows its task id",
            generation_id=generation_id,
            conn_id=conn_id,
            code=finished.code,
            advice="Its support can say what happened to it.",
        )
    return GenerationTimeoutError(
        "The generation did not end within the timeout; it may still be running at the gateway",
        generation_id=generation_id,
        conn_id=conn_id,
        retryable=True,
    )
