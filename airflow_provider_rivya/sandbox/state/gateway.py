"""The sandbox's whole state with the way in: who calls, and what a request body holds."""

from __future__ import annotations

import asyncio
import json
import math
from email.utils import formatdate
from typing import Any

from starlette.requests import Request

from airflow_provider_rivya.sandbox.errors import ApiError
from airflow_provider_rivya.sandbox.state.accounts import ApiKey
from airflow_provider_rivya.sandbox.state.faults import Faults
from airflow_provider_rivya.sandbox.state.idempotency import IdempotencyKeys
from airflow_provider_rivya.sandbox.state.results import Gallery
from airflow_provider_rivya.sandbox.state.store import QUEUED_SHARE, SECONDS_OF_CATEGORY, State, StoredFile
from airflow_provider_rivya.sandbox.state.webhooks import Webhooks

MAX_JSON_BYTES = 4 * 1024 * 1024


class Gateway:
    """
    Everything one sandbox process holds.

    :param base_url: where it listens, without a trailing slash.
    """

    def __init__(self, base_url: str, *, starting_credits: float, speed: float) -> None:
        self.base_url = base_url
        self.state = State(starting_credits, speed)
        self.faults = Faults()
        self.idempotency = IdempotencyKeys(self.state)
        self.gallery = Gallery()
        self.webhooks = Webhooks()
        self.closing = asyncio.Event()

    def reset(self) -> None:
        self.state.reset()
        self.faults.clear()
        self.idempotency.reset()
        self.gallery.reset()
        self.webhooks.reset()

    def check_enabled(self) -> None:
        """:raises ApiError: the public API is switched off."""
        if not self.state.enabled:
            raise ApiError("public_api_disabled", "The Public API is temporarily off")

    def caller(self, request: Request, scope: str | None) -> ApiKey:
        """
        Return the key of a request to Rivya.

        :param scope: the scope it must have.
        :raises ApiError: one of the key errors, ``rate_limited`` or ``api_scope_denied``.
        """
        self.check_enabled()
        text = bearer(request)
        if not text:
            raise ApiError("api_key_missing", "Send the API key as Authorization: Bearer rvya_sk_...")
        key = self.state.find_key(text, "rivya")
        if key is None:
            raise ApiError("api_key_invalid", "The API key cannot be verified")
        if key.state != "active":
            raise ApiError(f"api_key_{key.state}", f"The API key is {key.state}")
        if (wait := self.state.request_allowed(key.key)) is not None:
            raise ApiError(
                "rate_limited",
                "Too many requests in the current window",
                headers=self.retry_after(wait, "retry_after"),
            )
        if scope is not None and scope not in key.scopes:
            raise ApiError("api_scope_denied", f"The API key lacks the scope {scope}")
        return key

    def retry_after(self, wait: float, switch: str) -> dict[str, str]:
        """Return the header of an answer that asks the caller to wait, in the form that a switch gives it."""
        form = self.state.assumptions.text(switch)
        if form == "none":
            return {}
        if form == "date":
            return {"Retry-After": formatdate(self.state.now() + wait, usegmt=True)}
        return {"Retry-After": str(math.ceil(wait))}

    def timing(self, path: str, category: str) -> tuple[float, float, float]:
        """Return when a task of this category is created, worked on and done, as a fault may want it."""
        created = self.state.now()
        fault = self.faults.take("POST", path, ("generation_takes",))
        if fault is None:
            takes = SECONDS_OF_CATEGORY[category] / self.state.speed
        else:
            takes = math.inf if fault.options["seconds"] is None else fault.number("seconds", 0)
        queued = min(takes, SECONDS_OF_CATEGORY[category] / self.state.speed) * QUEUED_SHARE
        return created, created + queued, created + takes

    def find_reference(self, url: str, account: str) -> StoredFile | str | None:
        """Return the account's file at a URL of Rivya's, why there is none, or ``None`` for a foreign URL."""
        ours = f"{self.base_url}/files/"
        if not url.startswith(ours):
            return None
        file_id = url.removeprefix(ours)
        if (file := self.state.find_file(file_id, account)) is not None:
            return file
        if file_id in self.state.files and self.state.files[file_id].account == account:
            return "the file has expired"
        return "no such file of this account"


def bearer(request: Request) -> str:
    """Return the key that a request carries, an empty text without one."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


async def json_object(request: Request) -> tuple[dict[str, Any], bytes]:
    """
    Read a JSON object.

    :return: the object and the raw bytes.
    :raises ApiError: ``validation_failed``.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ApiError("validation_failed", f"Content-Type: {media_type or 'none'}; send application/json")
    raw = await limited_body(request)
    try:
        body = json.loads(raw, parse_constant=_refuse_constant)
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise ApiError("validation_failed", f"The body is not valid JSON: {str(error)[:200]}") from error
    if not isinstance(body, dict):
        raise ApiError("validation_failed", "The body is not a JSON object")
    return body, raw


async def limited_body(request: Request) -> bytes:
    """:raises ApiError: the body is larger than any JSON request needs."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_JSON_BYTES:
            raise ApiError("validation_failed", f"The body has more than {MAX_JSON_BYTES} bytes")
    return bytes(raw)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
