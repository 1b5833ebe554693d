"""Rivya's Public API v1 as :class:`~airflow_provider_rivya.api.call.ApiCall` objects (https://rivya.ai/docs/api)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.api import gateways
from airflow_provider_rivya.api.call import LARGE, Answer, ApiCall, FilePart, segment
from airflow_provider_rivya.api.errors import ErrorBody, by_status, decode, refusal
from airflow_provider_rivya.api.gateway import Capabilities, GatewayApi, PollGuidance, Polling
from airflow_provider_rivya.api.reading import read_file, read_generation
from airflow_provider_rivya.api.schemas import (
    Balance,
    Generation,
    GenerationFailure,
    ModelInfo,
    ReferenceMedia,
    UploadedFile,
    models,
    text_field,
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

if TYPE_CHECKING:
    from airflow_provider_rivya.api.dialect import Dialect

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
    "idempotency_conflict": "Either the first request under this key is still being processed, or the key "
    "was used for another one.",
    "not_found": "It does not exist, or it belongs to another account than this key's.",
}

_OTHER_REQUEST: Final = ("mismatch", "reused", "already_used")
_OF_ANOTHER: Final = (
    "The key was used for another request before, perhaps by another Airflow deployment with the same DAG "
    "and run ids: give each connection an idempotency_namespace of its own."
)


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


def _generation(document: Any, asked: str | None = None) -> Generation:
    return read_generation(document, _failure, asked=asked, in_credits=True)


def _failure(task: dict[str, Any]) -> GenerationFailure | None:
    error = task.get("error")
    if isinstance(error, dict):
        return GenerationFailure(code=error.get("code"), message=error.get("message"))
    message = text_field(error)
    return GenerationFailure(message=message) if message else None


def _refuse_creation(answer: Answer, call_name: str) -> GatewayError:
    """
    Return the same as :func:`_refuse`; a conflict over the key is one by whatever code it is told.

    The pages name one code, with 409, for all that may be wrong with a key: what is not known may have been
    taken in. Other services tell another request under a used key by 400 or 422, or by a code of its own:
    that Rivya does so is an assumption.
    """
    error = _refuse(answer, call_name)
    code = (error.code or "").lower()
    if answer.status != 409 and "idempotency" not in code:
        return error
    if answer.status == 409 and error.code in _BY_CODE and error.code != "idempotency_conflict":
        return error
    other = any(sign in code for sign in _OTHER_REQUEST) or (
        code == "idempotency_conflict" and answer.status in (400, 422)
    )
    if answer.status != 409 and not other:
        return error
    return IdempotencyConflictError(
        error.message,
        code=error.code,
        http_status=error.http_status,
        request_id=error.request_id,
        retry_after=error.retry_after,
        advice=_OF_ANOTHER if other else _ADVICE["idempotency_conflict"],
        other_request=other,
    )


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
    code = body.code or ""
    error = refusal(
        answer, call_name, body, _BY_CODE.get(code) or by_status(answer.status), _ADVICE.get(code)
    )
    return error.replace(refused=True) if code == "public_api_disabled" else error


class RivyaApi(GatewayApi):
    """Rivya: https://rivya.ai/docs/api."""

    facts = gateways.RIVYA
    # That the same key with the same body again is answered with the first generation is an assumption: the
    # documentation recommends the header and does not spell out what a repeated key gets.
    capabilities = Capabilities(replays_keys=True, finds_by_key=False, takes_trace_id=True)
    # https://rivya.ai/docs/api-generation-status: wait 2-3 s after submission, then every 5-10 s for normal
    # jobs, slower for long video and audio jobs, with growing intervals. The numbers for "slower" are ours;
    # the guidance has one lower bound for all categories.
    polling = Polling(
        guidance={
            "image": PollGuidance(first=2.5, interval=5.0, maximum=10.0),
            "audio": PollGuidance(first=3.0, interval=7.5, maximum=20.0),
            "video": PollGuidance(first=3.0, interval=10.0, maximum=30.0),
        },
        floors={"video": PollGuidance(first=2.0, interval=5.0, maximum=5.0)},
    )

    def create_generation(self, body: str, key: str | None, category: str = "image") -> ApiCall[Generation]:
        """
        Submit a generation.

        :param body: exact JSON text, see :meth:`request_body`.
        :param key: the idempotency key. Sent again under it, a request gives the same generation; without
            one the call is not repeated once it may have been taken in.
        """
        return ApiCall(
            name="create generation",
            method="POST",
            path="/api/v1/generations",
            parse=_generation,
            resolve=Generation.resolved,
            refuse=_refuse_creation,
            body=body,
            idempotency_key=key,
            repeatable=key is not None,
        )

    def get_generation(self, generation_id: str, category: str = "image") -> ApiCall[Generation]:
        """Read the status, and the result, of a generation."""
        return ApiCall(
            name="get generation",
            method="GET",
            path=f"/api/v1/generations/{segment(generation_id)}",
            parse=partial(_generation, asked=generation_id),
            resolve=Generation.resolved,
            refuse=_refuse,
            generation_id=generation_id,
        )

    def upload_file(self, part: FilePart, kind: str, model: str | None = None) -> ApiCall[UploadedFile]:
        """
        Upload a reference file.

        Sending it twice does no harm: uploads cost nothing and create no task
        (https://rivya.ai/docs/api-files).

        :param kind: ``image``, ``video`` or ``audio``.
        :param model: have the file checked against this model's rules before it is accepted.
        """
        fields = {"kind": kind, "model": model}
        given = {name: value for name, value in fields.items() if value is not None}
        return ApiCall(
            name="upload file",
            method="POST",
            path="/api/v1/files",
            parse=read_file,
            resolve=UploadedFile.resolved,
            refuse=_refuse,
            file=FilePart(part.name, part.mime_type, part.open, given),
        )

    def get_file(self, file_id: str) -> ApiCall[UploadedFile]:
        """Read the metadata of an uploaded file."""
        return ApiCall(
            name="get file",
            method="GET",
            path=f"/api/v1/files/{segment(file_id)}",
            parse=read_file,
            resolve=UploadedFile.resolved,
            refuse=_refuse,
        )

    def get_credits(self) -> ApiCall[Balance]:
        """Read the balance of the account."""
        return ApiCall(
            name="get credits",
            method="GET",
            path="/api/v1/credits",
            parse=lambda document: Balance(credits=document["current_credits"]),
            refuse=_refuse,
        )

    def list_models(self) -> ApiCall[list[ModelInfo]]:
        """List the models. Public: sent without the key."""
        return ApiCall(
            name="list models",
            method="GET",
            path="/api/v1/models",
            parse=models,
            refuse=_refuse,
            needs_key=False,
            max_bytes=LARGE,
        )

    def get_openapi(self) -> ApiCall[dict[str, Any]]:
        """Read the OpenAPI document. Public: sent without the key."""
        return ApiCall(
            name="get openapi",
            method="GET",
            path="/api/v1/openapi.json",
            parse=dict,
            refuse=_refuse,
            needs_key=False,
            max_bytes=LARGE,
        )

    def request_body(
        self,
        model: str,
        prompt: str | None,
        params: Mapping[str, Any],
        references: Sequence[ReferenceMedia] = (),
        client_request_id: str | None = None,
        *,
        key: str | None = None,
        dialect: Dialect | None = None,
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


RIVYA: Final = RivyaApi()
