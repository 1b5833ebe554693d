"""What a waiting has come to, as errors: the gateway's verdict, or why there is none."""

from __future__ import annotations

import pytest

from airflow_provider_rivya.api.schemas import Generation, GenerationFailure
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    GatewayError,
    GatewayUnreachableError,
    GenerationError,
    GenerationFailedError,
    GenerationTimeoutError,
    NotFoundError,
    PermissionDeniedError,
)
from airflow_provider_rivya.waiting.decide import Finished
from airflow_provider_rivya.waiting.verdict import (
    BAD_CONNECTION,
    AskedToStopError,
    failure_of,
    not_ended,
    succeeded,
)

TIMEOUT = Finished("timeout")
RUNNING = Generation(id="task_1", status="processing")


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (GenerationFailure(code="generation_failed", message="It went wrong."), "It went wrong."),
        (GenerationFailure(code="generation_failed"), "generation_failed."),
        (GenerationFailure(), "the gateway gives no reason."),
        (None, "the gateway gives no reason."),
    ],
)
def test_why_a_generation_failed(failure: GenerationFailure | None, reason: str) -> None:
    error = failure_of(Generation(id="task_1", status="failed", failure=failure), "rivya_default")
    assert error.message == f"The generation failed at the gateway: {reason}"
    assert error.code == (failure.code if failure else None)
    assert (error.generation_id, error.conn_id) == ("task_1", "rivya_default")


@pytest.mark.parametrize(
    ("credits", "told"),
    [
        (None, "does not say what it cost"),
        (0, "It cost nothing (final credits 0)"),
        (5, "It cost 5 credits although it failed"),
        (2.5, "It cost 2.5 credits although it failed"),
    ],
)
def test_what_a_failed_generation_cost(credits: float | None, told: str) -> None:
    error = failure_of(Generation(id="task_1", status="failed", credits_final=credits), None)
    assert error.credits_final == credits
    assert told in str(error)


@pytest.mark.parametrize(
    ("finished", "kind", "text"),
    [
        (
            TIMEOUT,
            GenerationTimeoutError,
            "The generation did not end within the timeout; it may still be running at the gateway "
            "[generation task_1, connection rivya_default].",
        ),
        (
            Finished("timeout", BAD_CONNECTION),
            ConnectionConfigError,
            "The triggerer could not use the connection while the generation was waited for [generation "
            "task_1, connection rivya_default]. The triggerer's log says why: fix the connection, or make "
            "it readable there.",
        ),
        (
            Finished("stopped"),
            AskedToStopError,
            "The task was asked to stop while the generation was waited for [generation task_1, connection "
            "rivya_default].",
        ),
        (
            Finished("refused", "api_key_revoked"),
            AuthenticationError,
            "The gateway kept refusing the key while the generation was waited for [generation task_1, "
            "connection rivya_default, code api_key_revoked]. Put a valid key into the connection.",
        ),
        (
            Finished("not_found", "not_found"),
            NotFoundError,
            "The gateway accepted the generation, but no longer knows its task id [generation task_1, "
            "connection rivya_default, code not_found]. Its support can say what happened to it.",
        ),
    ],
    ids=lambda value: f"{value.outcome}-{value.code}" if isinstance(value, Finished) else "",
)
def test_why_there_is_no_verdict(finished: Finished, kind: type[GenerationError], text: str) -> None:
    error = not_ended(finished, "task_1", "rivya_default")
    assert type(error) is kind
    assert str(error) == text
    assert error.retryable is (kind is not NotFoundError)
    assert not error.final


@pytest.mark.parametrize("error_class", [AuthenticationError, PermissionDeniedError])
def test_what_the_gateway_last_said_of_the_key_is_told(error_class: type[GatewayError]) -> None:
    last = error_class(
        "no scope", conn_id="c", code="api_scope_denied", http_status=403, advice="Give it one"
    )
    error = not_ended(Finished("refused", "api_key_revoked"), "task_1", "rivya_default", last)
    assert type(error) is error_class
    assert str(error) == (
        "The gateway kept refusing the key while the generation was waited for: no scope [connection c, code "
        "api_scope_denied, HTTP 403]. Give it one."
    )
    assert error.retryable
    assert (last.message, last.retryable) == ("no scope", False)


def test_another_last_answer_says_nothing_of_the_key() -> None:
    error = not_ended(Finished("refused"), "task_1", "c", GatewayUnreachableError("no answer"))
    assert type(error) is AuthenticationError
    assert "no answer" not in str(error)


def test_only_a_succeeded_generation_is_handed_on() -> None:
    generation = Generation(id="task_1", status="succeeded")
    assert succeeded(Finished("succeeded"), generation, "c") is generation
    assert succeeded(TIMEOUT, generation, "c") is generation, "it came after all"
    with pytest.raises(GenerationFailedError, match="the gateway gives no reason"):
        succeeded(Finished("failed"), Generation(id="task_1", status="failed"), "c")
    with pytest.raises(GenerationTimeoutError, match=r"\[generation task_1, connection c\]"):
        succeeded(TIMEOUT, RUNNING, "c")


def test_whoever_knows_more_of_a_failure_adds_it() -> None:
    error = failure_of(Generation(id="task_1", status="failed"), "c", fate="It is over.", final=True)
    assert (error.fate, error.final) == ("It is over.", True)
