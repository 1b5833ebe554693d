"""The endpoints of ToAPIs, ``/v1/...``, and the URLs it hands out."""

from __future__ import annotations

import asyncio
import base64
import math
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from airflow_provider_rivya.sandbox.errors import ApiError
from airflow_provider_rivya.sandbox.requests.answers import html_page, json_answer
from airflow_provider_rivya.sandbox.requests.forms import read_form
from airflow_provider_rivya.sandbox.state.accounts import ApiKey
from airflow_provider_rivya.sandbox.state.files import files_of, pixels_of
from airflow_provider_rivya.sandbox.state.gateway import Gateway, bearer, json_object
from airflow_provider_rivya.sandbox.state.store import StoredFile, Task
from airflow_provider_rivya.sandbox.toapis.balance import account_balance, key_balance
from airflow_provider_rivya.sandbox.toapis.creating import Creating
from airflow_provider_rivya.sandbox.toapis.errors import ToApisError
from airflow_provider_rivya.sandbox.toapis.limits import category_of, wait_for
from airflow_provider_rivya.sandbox.toapis.lookup import find_task, is_of_another
from airflow_provider_rivya.sandbox.toapis.models import TYPES, listing
from airflow_provider_rivya.sandbox.toapis.tasks import (
    RAW_AUDIO,
    expiry_of,
    public_task,
    result_names,
    with_inline_results,
)
from airflow_provider_rivya.sandbox.toapis.uploads import check_file, find_upload, public_upload

HOME = "127.0.0.1"
"""The one of the gateway's hosts whose keys the sandbox has: another name of this machine is another host."""

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class ToApis:
    """The endpoints, bound to one sandbox."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._state = gateway.state
        self._creating = Creating(gateway)

    def routes(self) -> list[Route]:
        status = "generations/{name:path}"
        return [
            Route("/v1/images/generations", self._create("image"), methods=["POST"]),
            Route("/v1/videos/generations", self._create("video"), methods=["POST"]),
            Route("/v1/images/edits", self._create("image"), methods=["POST"]),
            Route(f"/v1/images/{status}", self._status("image"), methods=["GET"]),
            Route(f"/v1/videos/{status}", self._status("video"), methods=["GET"]),
            Route("/v1/uploads/images", self._upload("image"), methods=["POST"]),
            Route("/v1/uploads/videos", self._upload("video"), methods=["POST"]),
            Route("/v1/models", self.models, methods=["GET"]),
            Route("/v1/balance", self.balance, methods=["GET"]),
            Route("/balance", self.balance, methods=["GET"]),
            Route("/v1/user/balance", self.user_balance, methods=["GET"]),
            Route("/uploads/{path:path}", self.uploaded, methods=["GET"]),
            Route("/generated/{token}/{name}", self.result, methods=["GET"]),
        ]

    def _caller(self, request: Request) -> ApiKey:
        """
        Return the key of a request.

        :raises ToApisError: ``unauthorized`` or ``rate_limit_exceeded``.
        """
        text = bearer(request)
        key = self._state.find_key(text, "toapis")
        assumptions = self._state.assumptions
        dead = assumptions.text("toapis_key_limit") in ("expired", "off")
        elsewhere = assumptions.text("toapis_hosts") == "apart" and request.url.hostname != HOME
        if key is None or key.state != "active" or dead or elsewhere:
            rest = ": record not found" if assumptions.text("toapis_bad_key_text") == "whole" else ""
            wrong = f"Failed to get token info{rest}" if text else "No Authorization header"
            told = assumptions.value("toapis_key_limit_status") if dead else "by_limit"
            raise ToApisError("unauthorized", wrong, status=None if told == "by_limit" else int(told))
        if (wait := self._state.request_allowed(key.key)) is not None:
            raise self._too_many(request, wait, assumptions.limit("rate_limit_per_window") or 0)
        if (limited := wait_for(request, key, self._state)) is not None:
            raise self._too_many(request, *limited)
        return key

    def _too_many(self, request: Request, wait: float, limit: float) -> ToApisError:
        assumptions = self._state.assumptions
        told = assumptions.text("toapis_ratelimit_headers")
        headers = {} if told == "none" else self._gateway.retry_after(wait, "toapis_retry_after")
        if told == "all":
            epoch = assumptions.text("toapis_ratelimit_reset") == "epoch"
            headers |= {
                "X-RateLimit-Limit": f"{limit:g}",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(math.ceil(wait + (self._state.now() if epoch else 0))),
                "X-RateLimit-Category": category_of(request),
            }
        return ToApisError("rate_limit_exceeded", "Too many requests; slow down", headers=headers)

    def _create(self, category: str) -> Endpoint:
        async def create(request: Request) -> Response:
            caller = self._caller(request)
            if (
                request.url.path.endswith("/edits")
                and self._state.assumptions.text("toapis_edits") != "present"
            ):
                raise ToApisError("no_endpoint", f"Invalid URL (POST {request.url.path})", status=404)
            try:
                body, _ = await json_object(request)
            except ApiError as error:
                raise ToApisError("invalid_request", error.message) from error
            answer = self._creating.create(body, category, caller, request)
            if (hang := request.scope.get("sandbox.hang")) is not None:
                await hang()
            return json_answer(self._state.assumptions.count("toapis_create_status"), answer)

        return create

    def _status(self, category: str) -> Endpoint:
        async def status(request: Request) -> Response:
            caller = self._caller(request)
            name = request.path_params["name"]
            task = find_task(self._state, name, category, caller.account)
            apart = self._state.assumptions.text("toapis_hosts") != "shared"
            if task is None or (apart and task.host != request.url.hostname):
                of_another = is_of_another(self._state, name, caller.account)
                code = self._state.assumptions.count("toapis_foreign_task_status") if of_another else None
                raise ToApisError("task_not_found", f"No {category} task {name[:200]!r}", status=code)
            self._state.settle()
            return json_answer(200, await self._public(request, task))

        return status

    async def _public(self, request: Request, task: Task) -> dict[str, Any]:
        answer = public_task(task, self._state, self._gateway.base_url)
        fault = self._gateway.faults.take(request.method, request.url.path, ("unknown_status",))
        if fault is not None:
            made = ("url", "result", "error", "completed_at", "expires_at")
            return {k: v for k, v in answer.items() if k not in made} | {"status": fault.options["status"]}
        inline = task.inline_results and self._state.assumptions.text("toapis_b64_json") == "inline"
        if inline and answer["status"] == "completed":
            made_now = [await self._content(task, index) for index, _ in enumerate(files_of(task, RAW_AUDIO))]
            return with_inline_results(answer, [base64.b64encode(content).decode() for content in made_now])
        return answer

    def _upload(self, kind: str) -> Endpoint:
        async def upload(request: Request) -> Response:
            caller = self._caller(request)
            try:
                form = await read_form(request)
            except ApiError as error:
                raise ToApisError("invalid_request", error.message) from error
            if form.content is None:
                raise ToApisError("invalid_request", "file: required")
            mime_type = check_file(form.content, kind, form.content_type, self._state.assumptions)
            file = StoredFile(
                id=self._state.new_id("upload"),
                account=caller.account,
                kind=kind,
                name=(form.file_name or "upload")[:255],
                mime_type=mime_type,
                content=form.content,
                created=self._state.now(),
                pixels=await asyncio.to_thread(pixels_of, form.content, kind),
            )
            self._state.files[file.id] = file
            return json_answer(200, public_upload(file, self._gateway.base_url))

        return upload

    async def models(self, request: Request) -> Response:
        self._caller(request)
        kind = request.query_params.get("type", "text")
        if kind not in TYPES:
            raise ToApisError("invalid_request", f"type: {kind[:80]!r} is not one of {', '.join(TYPES)}")
        return json_answer(200, listing(kind, self._state.assumptions))

    async def balance(self, request: Request) -> Response:
        return json_answer(200, key_balance(self._state, self._balance_of(request)))

    async def user_balance(self, request: Request) -> Response:
        return json_answer(200, account_balance(self._state, self._balance_of(request).account))

    def _balance_of(self, request: Request) -> ApiKey:
        try:
            return self._caller(request)
        except ToApisError as error:
            if error.code != "unauthorized":
                raise
            status = self._state.assumptions.count("toapis_balance_error_status")
            raise ToApisError(error.code, error.message, status=status) from error

    async def uploaded(self, request: Request) -> Response:
        file = find_upload(self._state, request.url.path)
        if file is None:
            return HTMLResponse(html_page(404, "Not Found"), 404)
        return Response(file.content, media_type=file.mime_type)

    async def result(self, request: Request) -> Response:
        """One result, as a storage host serves it: its errors are not the API's."""
        if self._state.assumptions.flag("toapis_result_needs_key"):
            self._caller(request)
        task = self._state.tasks_by_result.get(request.path_params["token"])
        names = result_names(task, self._state) if task is not None and task.gateway == "toapis" else []
        name = request.path_params["name"]
        if task is None or name not in names or task.status_at(self._state.now()) != "succeeded":
            return HTMLResponse(html_page(404, "Not Found"), 404)
        index = names.index(name)
        frame_is_over = index > 0 and task.model["category"] == "video"
        frame_is_over &= self._state.assumptions.text("toapis_last_frame") == "expired"
        if frame_is_over or self._state.now() >= expiry_of(task, self._state):
            status = self._state.assumptions.count("toapis_expired_url_status")
            return HTMLResponse(html_page(status, "This link has expired"), status)
        content = await self._content(task, index)
        return Response(content, media_type=files_of(task, RAW_AUDIO)[index].mime_type)

    async def _content(self, task: Task, index: int) -> bytes:
        return await self._gateway.gallery.content(task, index, RAW_AUDIO)
