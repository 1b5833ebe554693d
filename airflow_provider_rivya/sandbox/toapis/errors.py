"""The errors of ToAPIs: their names, statuses and bodies, which no page shows in full."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_provider_rivya.sandbox.errors import ApiError
from airflow_provider_rivya.sandbox.requests.answers import SERVER_ERROR, html_page
from airflow_provider_rivya.sandbox.state.store import State

STATUS_OF_NAME: Mapping[str, int] = {
    "invalid_request": 400,
    "invalid_reference_images": 400,
    "unauthorized": 401,
    "insufficient_quota": 402,
    "task_not_found": 404,
    "content_policy_violation": 422,
    "rate_limit_exceeded": 429,
    "internal_error": 500,
}
"""The error table of https://docs.toapis.com/docs/en/api-reference/tasks/image-status; the second name is of
https://toapis.com/ja/model-guide/gpt-image-2."""

NAME_OF_STATUS = {status: name for name, status in reversed(tuple(STATUS_OF_NAME.items()))}
IN_GUIDES = {"invalid_request": "invalid_request_error", "unauthorized": "authentication_error"}
IN_STATUS_PAGES = {"invalid_reference_images": "invalid_request"}
BALANCE_PATHS = ("/v1/balance", "/balance", "/v1/user/balance")
UPLOADS = "/v1/uploads/"


class ToApisError(ApiError):
    """
    An error of the gateway.

    :param name: its name on the status pages, or ``invalid_reference_images``.
    :param status: HTTP status; by default the documented one of ``name``.
    """

    def __init__(
        self, name: str, message: str, *, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(
            name, message, status=STATUS_OF_NAME[name] if status is None else status, headers=headers
        )


def name_of(status: int) -> str:
    """Return the name that goes with an HTTP status, for errors that a test asks for."""
    return NAME_OF_STATUS.get(status, "internal_error" if status >= SERVER_ERROR else "invalid_request")


def error_answer(
    state: State, path: str, name: str, message: str, status: int
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an error, in the shape that the switches give the path's answers."""
    assumptions = state.assumptions
    headers = {"X-Request-Id": state.new_id("req")} if assumptions.flag("request_id_header") else {}
    form = assumptions.text("toapis_server_error_body") if status >= SERVER_ERROR else "json"
    if form == "html":
        html = {"Content-Type": "text/html; charset=utf-8"}
        return status, {**headers, **html}, html_page(status, "Server error")
    if form == "empty":
        return status, headers, b""
    if assumptions.text("toapis_error_names") == "guides":
        name = IN_GUIDES.get(name, name)
    else:
        name = IN_STATUS_PAGES.get(name, name)
    body = _body(state, path, name, message)
    if isinstance(body, str):
        return status, {**headers, "Content-Type": "text/plain; charset=utf-8"}, body.encode()
    content = json.dumps(body, ensure_ascii=False).encode()
    return status, {**headers, "Content-Type": "application/json"}, content


def _body(state: State, path: str, name: str, message: str) -> dict[str, Any] | str:
    if path in BALANCE_PATHS:
        return {"success": False, "message": message}
    if path.startswith(UPLOADS):
        form = state.assumptions.text("toapis_upload_error")
        text = _named(state, name, message) if form.endswith("_object") else message
        return {"success": False, form.removesuffix("_object"): text}
    form = state.assumptions.text("toapis_error_body")
    bodies: dict[str, dict[str, Any] | str] = {
        "object": {"error": _named(state, name, message)},
        "message": {"message": message},
        "success": {"success": False, "message": message},
        "text": {"error": message},
        "plain": message,
    }
    return bodies[form]


def _named(state: State, name: str, message: str) -> dict[str, Any]:
    place = state.assumptions.text("toapis_error_name_in")
    return {
        "message": message,
        "type": name if place in ("both", "type") else "toapis_error",
        "code": name if place in ("both", "code") else None,
    }
