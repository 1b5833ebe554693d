"""How answers look on the wire, the failed ones above all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from starlette.responses import Response

from airflow_provider_rivya.sandbox.state.store import State

SERVER_ERROR = 500


def json_answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    return Response(content, status, headers=dict(headers or {}), media_type="application/json")


def html_page(status: int, text: str) -> bytes:
    """What a proxy in front of a gateway might send."""
    title = f"<!doctype html><html><head><title>{status}</title></head>"
    return f"{title}<body><h1>{escape(text)}</h1></body></html>".encode()


def error_answer(state: State, code: str, message: str, status: int) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an error of Rivya's; a server error's body follows its switch."""
    request_id = state.new_id("req")
    headers = {"X-Request-Id": request_id} if state.assumptions.flag("request_id_header") else {}
    fault_of_server = status >= SERVER_ERROR and code != "public_api_disabled"
    if fault_of_server and state.assumptions.text("server_error_body") == "html":
        return (
            status,
            {**headers, "Content-Type": "text/html; charset=utf-8"},
            html_page(status, "Server error"),
        )
    body: dict[str, Any] = {"error": {"code": code, "message": message, "requestId": request_id}}
    return (
        status,
        {**headers, "Content-Type": "application/json"},
        json.dumps(body, ensure_ascii=False).encode(),
    )
