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
TYPES: Mapping[str, str] = {
    **IN_GUIDES,
    "task_not_found": "not_found_error",
    "rate_limit_exceeded": "rate_limit_error",
}
"""The error.type of the examples that have a number as error.code."""
UNKNOWN_TASK: Mapping[str, tuple[int, str, str]] = {
    "404_number": (404, "number_type", "task_not_found"),
    "404_name": (404, "code_name", "task_not_found"),
    "400_message": (400, "message_name", "task_not_exist"),
    "400_code": (400, "code_name", "task_not_exist"),
    "html": (404, "html", ""),
}
"""Per switch: status, body and name of the answer to a status call for an unknown task."""
CHINESE: Mapping[str, str] = {
    "invalid_request": "请求参数无效",
    "invalid_reference_images": "参考图无效",
    "unauthorized": "未授权",
    "insufficient_quota": "额度不足",
    "task_not_found": "任务不存在",
    "content_policy_violation": "内容违反政策",
    "rate_limit_exceeded": "请求过于频繁",
    "internal_error": "服务器内部错误",
    "rate_limit_unavailable": "限流服务不可用",
    "json_unknown": "服务不可用",
}
IN_STATUS_PAGES = {"invalid_reference_images": "invalid_request"}
BALANCE_PATHS = ("/v1/balance", "/balance", "/v1/user/balance")
PRIVACY = "sandbox.PrivacyInformation"
UPLOADS = "/v1/uploads/"
FORM_OF: Mapping[str, str] = {
    "rate_limit_unavailable": "code_name",
    "no_channel": "error_message",
    "html": "html",
    "json_unknown": "error_message",
    "privacy": "privacy",
    "webhook_not_configured": "code_name",
    "no_endpoint": "error_message",
}
"""Errors whose bodies are as they were seen, whatever the switches of bodies say."""
AS_WRITTEN = (
    "Failed to get token info",
    "No Authorization header",
    "Unsupported ",
    "Image too large",
    "Video too",
)
"""Beginnings of texts that a page has in English, whatever the language of the others."""


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
    if assumptions.text("toapis_message_language") == "zh" and not message.startswith(AS_WRITTEN):
        message = CHINESE.get(name, message)
    form, said = assumptions.text("toapis_error_body"), name
    if name == "task_not_found":
        usual, form, said = UNKNOWN_TASK[assumptions.text("toapis_unknown_task")]
        status = usual if status == STATUS_OF_NAME[name] else status
    elif name in FORM_OF:
        form = FORM_OF[name]
    elif status >= SERVER_ERROR:
        server_form = assumptions.text("toapis_server_error_body")
        form = form if server_form == "json" else server_form
    if form == "empty":
        return status, headers, b""
    if form == "html":
        html = {"Content-Type": "text/html; charset=utf-8"}
        return status, {**headers, **html}, html_page(status, "Server error")
    if form not in ("number_type", "message_name") and name == said:
        guides = assumptions.text("toapis_error_names") == "guides"
        said = (IN_GUIDES if guides else IN_STATUS_PAGES).get(name, name)
    body = _body(state, path, form, said, message, status)
    if isinstance(body, str):
        return status, {**headers, "Content-Type": "text/plain; charset=utf-8"}, body.encode()
    content = json.dumps(body, ensure_ascii=False).encode()
    return status, {**headers, "Content-Type": "application/json"}, content


def _body(state: State, path: str, form: str, name: str, message: str, status: int) -> dict[str, Any] | str:
    if path in BALANCE_PATHS and status != STATUS_OF_NAME["unauthorized"]:
        return {"success": False, "message": message}
    if path in BALANCE_PATHS:
        form = "number_type"
    if path.startswith(UPLOADS):
        form = state.assumptions.text("toapis_upload_error")
        text = _named(state, name, message) if form.endswith("_object") else message
        return {"success": False, form.removesuffix("_object"): text}
    bodies: dict[str, dict[str, Any] | str] = {
        "number_type": {"error": {"code": status, "message": message, "type": TYPES.get(name, name)}},
        "code_name": {"error": {"code": name, "message": message}},
        "message_name": {"message": name},
        "error_message": {"error": {"message": message}},
        "privacy": {
            "error": {
                "code": PRIVACY if name == "privacy" else name,
                "message": message,
                "param": "",
                "type": "BadRequest",
            }
        },
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
