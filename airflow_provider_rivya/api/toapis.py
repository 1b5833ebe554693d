"""
ToAPIs as :class:`~airflow_provider_rivya.api.call.ApiCall` objects (https://docs.toapis.com).

Editions of its pages disagree; every documented shape is read, and none is relied on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from airflow_provider_rivya.api import gateways
from airflow_provider_rivya.api.call import LARGE, ApiCall, FilePart, Kind, segment
from airflow_provider_rivya.api.dialect import Dialect
from airflow_provider_rivya.api.gateway import (
    Capabilities,
    GatewayApi,
    Pace,
    PollGuidance,
    Polling,
    RateLimit,
)
from airflow_provider_rivya.api.reading import read_file, read_generation
from airflow_provider_rivya.api.schemas import (
    FAILED,
    Balance,
    Generation,
    GenerationFailure,
    ModelInfo,
    ReferenceMedia,
    UploadedFile,
    models,
    status_field,
)
from airflow_provider_rivya.api.toapis_errors import (
    advice_on_failure,
    is_refusal,
    refuse,
    refuse_balance,
    refuse_creation,
    refuse_status,
    refuse_upload,
    said,
)
from airflow_provider_rivya.exceptions import Fault, InvalidRequestError

# What ids of the gateway begin with; anything else that is asked for is one of the caller's own.
_IDS: Final = ("task_", "tsk_", "img_", "vid_", "video_")

_IMAGES, _VIDEOS, _EDITS = "/v1/images/generations", "/v1/videos/generations", "/v1/images/edits"
_CREATIONS: Final = {"image": _IMAGES, "video": _VIDEOS, "edit": _EDITS}
# That an edit's status is asked for as an image's is inferred: its answer is a task like theirs.
_STATUSES: Final = {"image": _IMAGES, "video": _VIDEOS, "edit": _IMAGES}
_UPLOADS: Final = {"image": "/v1/uploads/images", "video": "/v1/uploads/videos"}


def _check(
    params: Mapping[str, Any], references: str, client_request_id: str | None, key: str | None
) -> None:
    faults = [
        Fault(f"model_params.{name}", "it is not a parameter: it has an argument of its own")
        for name in ("model", "prompt")
        if name in params
    ]
    if not isinstance(params.get(references, []), list | tuple):
        faults.append(Fault(f"model_params.{references}", "it is not a list"))
    metadata = params.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        faults.append(Fault("model_params.metadata", "it is not an object"))
        metadata = None
    for path, holder in (("model_params", params), ("model_params.metadata", metadata or {})):
        if key is not None and "client_business_id" in holder:
            faults.append(
                Fault(f"{path}.client_business_id", "it is set for you, to find a task whose answer was lost")
            )
    if client_request_id is not None:
        faults.append(Fault("client_request_id", f"{gateways.TOAPIS.title} has no field for it"))
    if faults:
        raise InvalidRequestError(faults)


def _spelled(name: str, value: Any, dialect: Dialect) -> Any:
    if name != "resolution" or not isinstance(value, str):
        return value
    return {"upper": value.upper(), "lower": value.lower()}.get(dialect.resolution_case, value)


def _place(places: Mapping[str, str], field: str, value: str, subject: str = "The request") -> str:
    if value in places:
        return places[value]
    fault = Fault(field, f"{gateways.TOAPIS.title} has no endpoint for {value!r}", allowed=", ".join(places))
    raise InvalidRequestError([fault], subject=subject)


def _status_call(
    name: str, known_as: str, category: str, generation_id: str | None = None
) -> ApiCall[Generation]:
    return ApiCall(
        name=name,
        method="GET",
        path=f"{_place(_STATUSES, 'category', category)}/{segment(known_as)}",
        parse=partial(_generation, asked=known_as, needs_id=generation_id is None),
        resolve=Generation.resolved,
        refuse=refuse_status,
        disguised=is_refusal,
        generation_id=generation_id,
    )


def _generation(document: Any, asked: str | None = None, needs_id: bool = False) -> Generation:
    """Read a task: flat, or in the ``data`` of an earlier edition."""
    return read_generation(
        document,
        _failure,
        asked=asked,
        needs_id=needs_id,
        own_id="client_business_id",
        by_own_id=asked is not None and not asked.startswith(_IDS),
    )


def _failure(task: dict[str, Any]) -> GenerationFailure | None:
    if status_field(task.get("status")) != FAILED and not task.get("error"):
        return None
    body = said(task)
    if body.code is None and body.message is None:
        return None
    return GenerationFailure(code=body.code, message=body.message, advice=advice_on_failure(body))


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _balance(document: Any) -> Balance:
    """``remain_credits`` came with a later edition; it means credits whatever the balance's unit is."""
    in_credits = _object(document).get("remain_credits") is not None
    return Balance(
        credits=document["remain_credits" if in_credits else "remain_balance"],
        unlimited=document.get("unlimited_quota") is True,
        unit="credits" if in_credits else "balance units",
    )


class ToApisApi(GatewayApi):
    """ToAPIs: https://docs.toapis.com. No page documents an idempotency key."""

    facts = gateways.TOAPIS
    capabilities = Capabilities(replays_keys=False, finds_by_key=True, takes_trace_id=False)
    # https://docs.toapis.com/docs/cn/api-reference/rate-limits/async-tasks: of the group that an account is
    # in at first; counted for the user, over all keys.
    rate_limits: ClassVar[Mapping[Kind, RateLimit]] = {
        "submission": RateLimit(5.0, 50.0),
        "status": RateLimit(50.0, 500.0),
    }
    # https://docs.toapis.com/docs/cn/api-reference/tasks/image-status and .../video-status: images
    # first after 5 s and then every 5-10 s (an earlier edition asks sooner), videos every 5-10 s while they
    # are queued and every 10-15 s in progress.
    polling = Polling(
        guidance={
            **dict.fromkeys(("image", "edit"), PollGuidance(first=5.0, interval=5.0, maximum=10.0)),
            "video": PollGuidance(first=5.0, interval=10.0, maximum=15.0, queued=Pace(5.0, 10.0)),
        },
        floors={
            **dict.fromkeys(("image", "edit"), PollGuidance(first=5.0, interval=5.0, maximum=5.0)),
            "video": PollGuidance(first=5.0, interval=10.0, maximum=10.0),
        },
    )

    def create_generation(self, body: str, key: str | None, category: str = "image") -> ApiCall[Generation]:
        """
        Submit a task.

        No page documents an idempotency key, and pages differ in whether a repeated ``client_business_id``
        gives the first task back or makes, and charges, a second one: what may have been taken in is looked
        up, and not sent again.

        :param body: exact JSON text, see :meth:`request_body`; the key is in it.
        :param category: ``image``, ``video`` or ``edit``: they have endpoints of their own.
        """
        return ApiCall(
            name="create generation",
            method="POST",
            path=_place(_CREATIONS, "category", category),
            parse=_generation,
            resolve=Generation.resolved,
            refuse=refuse_creation,
            disguised=is_refusal,
            body=body,
            repeatable=False,
        )

    def get_generation(self, generation_id: str, category: str = "image") -> ApiCall[Generation]:
        """
        Read the status, and the result, of a task.

        :param category: as it was submitted.
        """
        return _status_call("get generation", generation_id, category, generation_id)

    def find_generation(self, key: str, category: str = "image") -> ApiCall[Generation]:
        """
        Look up what was submitted with this ``client_business_id``.

        The status call takes one in place of the task id; which task it returns where several share it is
        not documented (https://docs.toapis.com/docs/cn/api-reference/tasks/image-status).
        """
        return _status_call("find generation", key, category)

    def upload_file(self, part: FilePart, kind: str, model: str | None = None) -> ApiCall[UploadedFile]:
        """
        Upload a reference file. The URL that comes back is public and may be used more than once.

        :param kind: ``image`` or ``video``.
        :raises InvalidRequestError: files of another kind have no endpoint; nothing was sent.
        """
        return ApiCall(
            name="upload file",
            method="POST",
            path=_place(_UPLOADS, "kind", kind, f"The upload of {part.name!r}"),
            parse=read_file,
            resolve=UploadedFile.resolved,
            refuse=refuse_upload,
            disguised=is_refusal,
            file=FilePart(part.name, part.mime_type, part.open, {"purpose": "generation"}),
        )

    def get_credits(self) -> ApiCall[Balance]:
        """Read the balance of the key, which may be less than the account's."""
        return ApiCall(
            name="get credits",
            method="GET",
            path="/v1/balance",
            parse=_balance,
            refuse=refuse_balance,
            disguised=is_refusal,
        )

    def list_models(self) -> ApiCall[list[ModelInfo]]:
        """List the models that the key may use, of all types."""
        return ApiCall(
            name="list models",
            method="GET",
            path="/v1/models?type=all",
            parse=models,
            max_bytes=LARGE,
            refuse=refuse,
            disguised=is_refusal,
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
        """
        Return the JSON text of a create request.

        :param params: flat, such as ``{"size": "16:9", "resolution": "2K"}``; the dialect places them. An
            object ``metadata`` among them is sent on, with what the dialect adds to it.
        :param references: sent as a list of their URLs.
        :param client_request_id: must be ``None``: a request has no field for it.
        :param key: sent as ``client_business_id``, by which :meth:`find_generation` finds the task.
        :raises InvalidRequestError: something of ``params`` would stand in the place of something else.
        """
        dialect = dialect or Dialect()
        _check(params, dialect.references, client_request_id, key)
        document: dict[str, Any] = {"model": dialect.model or model}
        if prompt is not None:
            document["prompt"] = prompt
        metadata = dict(params.get("metadata") or {})
        for name, value in params.items():
            if name == "metadata":
                continue
            in_metadata = (
                dialect.resolution == "metadata" if name == "resolution" else name in dialect.in_metadata
            )
            (metadata if in_metadata else document)[name] = _spelled(name, value, dialect)
        if references:
            given = document.get(dialect.references, ())
            document[dialect.references] = [*given, *(reference.url for reference in references)]
        if metadata:
            document["metadata"] = metadata
        if key is not None:
            document["client_business_id"] = key
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


TOAPIS: Final = ToApisApi()
