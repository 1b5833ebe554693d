"""Rivya's Public API v1 as :class:`~airflow_provider_rivya.api.call.ApiCall` objects (https://rivya.ai/docs/api)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from airflow_provider_rivya.api.call import Answer, ApiCall, FilePart
from airflow_provider_rivya.api.refusals import ErrorBody, decode, refusal, text_field
from airflow_provider_rivya.api.schemas import (
    Balance,
    Generation,
    GenerationFailure,
    ModelInfo,
    ReferenceMedia,
    UploadedFile,
    parse_time,
)
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    GatewayError,
    GatewayUnavailableError,
    IdempotencyConflictError,
    InsufficientCreditsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestRejectedError,
)

NAME: Final = "rivya"
DEFAULT_HOST: Final = "https://rivya.ai"
REPLAYS_KEYS: Final = True
"""
The same idempotency key with the same body again is answered with the first generation.

An assumption: the documentation recommends the header and does not spell out what a repeated key gets.
"""

# https://rivya.ai/docs/api-errors-and-limits; the table is known not to be complete.
_BY_CODE: Final[dict[str, type[GatewayError]]] = {
    "api_key_missing": AuthenticationError,
    "api_key_invalid": AuthenticationError,
    "api_key_revoked": AuthenticationError,
    "api_key_expired": AuthenticationError,
    "api_scope_denied": PermissionDeniedError,
    "public_api_disabled": GatewayUnavailableError,
    "rate_limited": RateLimitedError,
    "validation_failed": RequestRejectedError,
    "not_found": NotFoundError,
    "idempotency_conflict": IdempotencyConflictError,
    "insufficient_credits": InsufficientCreditsError,
}

_ADVICE: Final[dict[str, str]] = {
    "api_key_missing": "Put the API key (rvya_sk_...) into the password field of the connection.",
    "api_key_invalid": "Check the password field of the connection: it is not a key Rivya can verify.",
    "api_key_revoked": "The key was revoked in Rivya's Settings > API Keys: create a new one and put it "
    "into the password field of the connection.",
    "api_key_expired": "The key is no longer valid: create a new one in Rivya's Settings > API Keys and put "
    "it into the password field of the connection.",
    "api_scope_denied": "Create a key that has the scope this call needs; older keys lack newer scopes.",
    "public_api_disabled": "Rivya's Public API is switched off for now.",
    "rate_limited": "Lower max_in_flight of the connection, or spread the tasks.",
    "insufficient_credits": "Top the account up.",
    "not_found": "It does not exist, or it belongs to another account than this key's.",
}


def create_generation(body: str, idempotency_key: str | None) -> ApiCall[Generation]:
    """
    Submit a generation.

    :param body: exact JSON text, see :func:`request_body`.
    :param idempotency_key: without one the call is not repeated once it may have been taken in.
    """
    return ApiCall(
        name="create generation",
        method="POST",
        path="/api/v1/generations",
        parse=_generation,
        refuse=_refuse,
        body=body,
        idempotency_key=idempotency_key,
        repeatable=idempotency_key is not None,
    )


def get_generation(generation_id: str) -> ApiCall[Generation]:
    """Read the status, and the result, of a generation."""
    return ApiCall(
        name="get generation",
        method="GET",
        path=f"/api/v1/generations/{quote(generation_id, safe='')}",
        parse=_generation,
        refuse=_refuse,
        generation_id=generation_id,
    )


def find_generation(key: str, category: str = "image") -> ApiCall[Generation] | None:
    """Return ``None``: a generation cannot be looked up by its idempotency key here."""
    del key, category
    return None


def upload_file(
    part: FilePart, kind: str, model: str | None = None, client_request_id: str | None = None
) -> ApiCall[UploadedFile]:
    """
    Upload a reference file.

    Sending it twice does no harm: uploads cost nothing and create no task
    (https://rivya.ai/docs/api-files).

    :param kind: ``image``, ``video`` or ``audio``.
    :param model: have the file checked against this model's rules before it is accepted.
    """
    fields = {"kind": kind, "model": model, "client_request_id": client_request_id}
    given = {name: value for name, value in fields.items() if value is not None}
    return ApiCall(
        name="upload file",
        method="POST",
        path="/api/v1/files",
        parse=_file,
        refuse=_refuse,
        file=FilePart(part.name, part.mime_type, part.open, given),
    )


def get_file(file_id: str) -> ApiCall[UploadedFile]:
    """Read the metadata of an uploaded file."""
    return ApiCall(
        name="get file",
        method="GET",
        path=f"/api/v1/files/{quote(file_id, safe='')}",
        parse=_file,
        refuse=_refuse,
    )


def get_credits() -> ApiCall[Balance]:
    """Read the balance of the account."""
    return ApiCall(
        name="get credits",
        method="GET",
        path="/api/v1/credits",
        parse=lambda document: Balance(credits=document["current_credits"]),
        refuse=_refuse,
    )


def list_models() -> ApiCall[list[ModelInfo]]:
    """List the models. Public: sent without the key."""
    return ApiCall(
        name="list models",
        method="GET",
        path="/api/v1/models",
        parse=_models,
        refuse=_refuse,
        needs_key=False,
    )


def get_openapi() -> ApiCall[dict[str, Any]]:
    """Read the OpenAPI document. Public: sent without the key."""
    return ApiCall(
        name="get openapi",
        method="GET",
        path="/api/v1/openapi.json",
        parse=dict,
        refuse=_refuse,
        needs_key=False,
    )


def request_body(
    model: str,
    prompt: str | None,
    params: Mapping[str, Any],
    references: Sequence[ReferenceMedia] = (),
    client_request_id: str | None = None,
) -> str:
    """Return the JSON text of a create request (https://rivya.ai/docs/api-generations)."""
    document: dict[str, Any] = {"model": model}
    if prompt is not None:
        document["prompt"] = prompt
    sent = dict(params)
    if references:
        sent["referenceMediaItems"] = [_reference_item(reference) for reference in references]
    if sent:
        document["params"] = sent
    if client_request_id is not None:
        document["client_request_id"] = client_request_id
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _reference_item(reference: ReferenceMedia) -> dict[str, str]:
    # snake_case in the file's answer, camelCase here: so it is documented.
    item = {
        "url": reference.url,
        "kind": reference.kind,
        "name": reference.name,
        "mimeType": reference.mime_type,
        "durationToken": reference.duration_token,
    }
    return {key: value for key, value in item.items() if value is not None}


def _generation(document: Any) -> Generation:
    if not isinstance(document, dict):
        raise TypeError("not an object")
    result = document.get("result")
    failure = document.get("error")
    return Generation(
        id=document["id"],
        status=document["status"],
        model=document.get("model"),
        credits_reserved=document.get("reserved_credits"),
        credits_final=document.get("final_credits"),
        created_at=parse_time(document.get("created_at")),
        updated_at=parse_time(document.get("updated_at")),
        urls=_result_urls(result if isinstance(result, dict) else {}),
        failure=_failure(failure) if isinstance(failure, dict) else None,
    )


def _failure(error: dict[str, Any]) -> GenerationFailure:
    return GenerationFailure(code=text_field(error.get("code"), 80), message=text_field(error.get("message")))


def _result_urls(result: Mapping[str, Any]) -> tuple[str, ...]:
    """``urls`` is the list, ``primary_url`` a convenience; either may be alone."""
    urls = result.get("urls")
    listed = [url for url in urls if isinstance(url, str) and url] if isinstance(urls, list) else []
    primary = result.get("primary_url")
    if not listed and isinstance(primary, str) and primary:
        listed = [primary]
    return tuple(dict.fromkeys(listed))


def _file(document: Any) -> UploadedFile:
    if not isinstance(document, dict):
        raise TypeError("not an object")
    # The full field list is not documented; "url" and "duration_token" are proven by other pages.
    return UploadedFile(
        id=document.get("id"), url=document["url"], duration_token=document.get("duration_token")
    )


def _models(document: Any) -> list[ModelInfo]:
    """Accept the documented envelope and a bare list: the shape of entries is an open point."""
    entries = document.get("data") if isinstance(document, dict) else document
    if not isinstance(entries, list):
        raise TypeError("no list of models")
    return [ModelInfo.model_validate(entry) for entry in entries]


def _refuse(answer: Answer, call_name: str) -> GatewayError:
    document = decode(answer)
    error = document.get("error") if isinstance(document, dict) else None
    body = ErrorBody()
    if isinstance(error, dict):
        body = ErrorBody(
            code=text_field(error.get("code"), 80),
            message=text_field(error.get("message")),
            request_id=text_field(error.get("requestId"), 120),
        )
    elif isinstance(error, str):
        body = ErrorBody(message=text_field(error))
    return refusal(answer, call_name, body, _BY_CODE, _ADVICE)
