"""Rivya's endpoints, ``/api/v1/...``, and the URLs it hands out."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from airflow_provider_rivya.sandbox.errors import ApiError
from airflow_provider_rivya.sandbox.models.catalog import listing
from airflow_provider_rivya.sandbox.requests.answers import json_answer
from airflow_provider_rivya.sandbox.requests.forms import read_form
from airflow_provider_rivya.sandbox.requests.uploads import (
    CLIENT_REQUEST_ID_MAX_LENGTH,
    KINDS,
    check_upload,
    duration_of,
    public_file,
)
from airflow_provider_rivya.sandbox.rivya.checks import Accepted, check_generation
from airflow_provider_rivya.sandbox.rivya.openapi import document
from airflow_provider_rivya.sandbox.rivya.references import Lookup
from airflow_provider_rivya.sandbox.state.accounts import ApiKey
from airflow_provider_rivya.sandbox.state.files import files_of, pixels_of
from airflow_provider_rivya.sandbox.state.gateway import Gateway, json_object
from airflow_provider_rivya.sandbox.state.idempotency import Entry
from airflow_provider_rivya.sandbox.state.results import public_generation, signature
from airflow_provider_rivya.sandbox.state.store import Failure, StoredFile, Task

Endpoint = Callable[[Request], Awaitable[Response]]
METHOD_NOT_ALLOWED = 405
SHORT_SHAPE = ("id", "status", "model", "reserved_credits", "result", "error")


class Api:
    """The endpoints, bound to one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._state = gateway.state

    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/models", self.models, methods=["GET"]),
            Route("/api/v1/openapi.json", self.openapi, methods=["GET"]),
            Route("/api/v1/generations", self.create_generation, methods=["POST"]),
            Route("/api/v1/generations", self.generations, methods=["GET"]),
            Route("/api/v1/generations/{task_id}", self.generation, methods=["GET"]),
            Route("/api/v1/files", self.create_file, methods=["POST"]),
            Route("/api/v1/files/{file_id}", self.file, methods=["GET"]),
            Route("/api/v1/credits", self.credits, methods=["GET"]),
            Route("/files/{file_id}", self.file_bytes, methods=["GET"]),
            Route("/results/{token}/{name}", self.result, methods=["GET"]),
            Route("/cdn/{token}/{name}", self.redirected_result, methods=["GET"]),
        ]

    async def models(self, request: Request) -> Response:
        self._gateway.check_enabled()
        return json_answer(200, listing(self._state.assumptions))

    async def openapi(self, request: Request) -> Response:
        self._gateway.check_enabled()
        return json_answer(200, document(self._gateway.base_url))

    async def credits(self, request: Request) -> Response:
        caller = self._gateway.caller(request, "credits:read")
        return json_answer(200, {"current_credits": self._state.shown_balance(caller.account)})

    async def create_generation(self, request: Request) -> Response:
        caller = self._gateway.caller(request, "generations:create")
        body, raw = await json_object(request)
        keys = self._gateway.idempotency
        key = keys.read(request.headers.getlist("idempotency-key"))
        if key is None:
            task = self._take_in(body, caller, None, request.url.path)
            return await self._answer(request, self._created(task))
        claim = await keys.begin(caller, key, raw, request.url.path, self._state.now())
        if not isinstance(claim, Entry):
            return json_answer(*claim)
        broken: int | None = request.scope.get("sandbox.server_error")
        stored = self._state.assumptions.text("idempotency_server_error_stored")
        try:
            if broken is None or stored == "task_made":
                claim.task = self._take_in(body, caller, key, request.url.path)
            if claim.task is None or broken is not None:
                raise ApiError("internal_error", "The first request met this error", status=broken)
            claim.current = partial(self._created, claim.task)
            answer = claim.current()
        except ApiError as error:
            keys.refuse(claim, error)
            raise
        except BaseException:
            keys.give_up(claim)
            raise
        try:
            return await self._answer(request, answer, keys.header(ignored=True) if claim.ignored else None)
        finally:
            keys.finish(claim, answer)

    async def _answer(
        self, request: Request, answer: tuple[int, dict[str, Any]], headers: dict[str, str] | None = None
    ) -> Response:
        """Answer a request that was taken in, after the wait that a fault may ask for."""
        hang = request.scope.get("sandbox.hang")
        if hang is not None:
            await hang()
        return json_answer(*answer, headers)

    def _take_in(self, body: dict[str, Any], caller: ApiKey, key: str | None, path: str) -> Task:
        state = self._state
        lookup = Lookup(lambda url: self._gateway.find_reference(url, caller.account), state.now())
        accepted = check_generation(body, state.assumptions, lookup)
        price = accepted.model["credits"]
        balance = state.balance(caller.account)
        if balance < price:
            raise ApiError(
                "insufficient_credits",
                f"{accepted.model['id']} takes {price} credits, the account has {balance:g}",
                status=state.assumptions.count("insufficient_credits_status"),
            )
        created, processing_from, done_at = self._gateway.timing(path, accepted.model["category"])
        task = Task(
            id=state.new_id("task"),
            account=caller.account,
            model=accepted.model,
            prompt=accepted.prompt,
            params=accepted.params,
            references=accepted.references,
            credits=price,
            created=created,
            processing_from=processing_from,
            done_at=done_at,
            result_token=secrets.token_urlsafe(24),
            failure=self._failure(path, accepted),
            client_request_id=accepted.client_request_id,
            idempotency_key=key,
        )
        state.add_task(task)
        return task

    def _failure(self, path: str, accepted: Accepted) -> Failure | None:
        fault = self._gateway.faults.take("POST", path, ("generation_fails",))
        if fault is None:
            return None
        assumptions = self._state.assumptions
        error: dict[str, str] | None = None
        if "error" in fault.options:
            error = fault.options["error"]
        elif assumptions.text("failed_error") == "object":
            error = {
                "code": assumptions.text("failed_code"),
                "message": f"The model could not make this {accepted.model['category']}",
            }
        asked = fault.options.get("refund")
        refund = assumptions.text("refund_on_failure") if asked is None else ("full" if asked else "none")
        return Failure(error, refund)

    def _created(self, task: Task) -> tuple[int, dict[str, Any]]:
        answer = public_generation(task, self._state, self._gateway.base_url)
        if self._state.assumptions.text("create_shape") == "short":
            answer = {name: answer[name] for name in SHORT_SHAPE}
        return self._state.assumptions.count("create_status"), answer

    async def generations(self, request: Request) -> Response:
        """List the generations of an Idempotency-Key, which no page of Rivya's has: a switch."""
        if self._state.assumptions.text("idempotency_lookup_by_key") == "none":
            raise HTTPException(METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        caller = self._gateway.caller(request, "generations:read")
        key = request.query_params.get("idempotency_key")
        found = [
            task
            for task in self._state.tasks.values()
            if task.account == caller.account and task.idempotency_key == key is not None
        ]
        base_url = self._gateway.base_url
        return json_answer(200, {"data": [public_generation(task, self._state, base_url) for task in found]})

    async def generation(self, request: Request) -> Response:
        caller = self._gateway.caller(request, "generations:read")
        task = self._state.find_task(request.path_params["task_id"], caller.account)
        if task is None:
            raise ApiError("not_found", "No such generation of this account")
        self._state.settle()
        answer = public_generation(task, self._state, self._gateway.base_url)
        fault = self._gateway.faults.take(request.method, request.url.path, ("unknown_status",))
        if fault is not None:
            answer |= {"status": fault.options["status"], "result": None, "error": None}
        return json_answer(200, answer)

    async def create_file(self, request: Request) -> Response:
        caller = self._gateway.caller(request, "files:create")
        form = await read_form(request)
        kind, model = _form_fields(form.fields, form.content is not None)
        if form.content is None:
            raise ApiError("validation_failed", "file: required")
        content = form.content
        mime_type = check_upload(content, kind, form.content_type, model, self._state.assumptions)
        state = self._state
        file = StoredFile(
            id=state.new_id("file"),
            account=caller.account,
            kind=kind,
            name=(form.file_name or "upload")[:255],
            mime_type=mime_type,
            content=content,
            created=state.now(),
            pixels=await asyncio.to_thread(pixels_of, content, kind),
            duration_seconds=None
            if kind == "image"
            else await asyncio.to_thread(duration_of, content, mime_type),
            duration_token=None if kind == "image" else f"dur_{secrets.token_hex(12)}",
        )
        state.files[file.id] = file
        answer = public_file(file, state, self._gateway.base_url)
        return json_answer(state.assumptions.count("file_status"), answer)

    async def file(self, request: Request) -> Response:
        caller = self._gateway.caller(request, "files:read")
        file = self._state.find_file(request.path_params["file_id"], caller.account)
        if file is None:
            raise ApiError("not_found", "No such file of this account")
        return json_answer(200, public_file(file, self._state, self._gateway.base_url))

    async def file_bytes(self, request: Request) -> Response:
        account = None
        if self._state.assumptions.flag("file_url_needs_key"):
            account = self._gateway.caller(request, None).account
        file = self._state.find_file(request.path_params["file_id"], account)
        if file is None:
            raise ApiError("not_found", "No such file")
        return Response(file.content, media_type=file.mime_type)

    async def result(self, request: Request) -> Response:
        task, index = self._result_of(request)
        if self._state.assumptions.flag("result_redirect"):
            target = request.url.path.replace("/results/", "/cdn/", 1)
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"{self._gateway.base_url}{target}{query}", 302)
        return await self._content(task, index)

    async def redirected_result(self, request: Request) -> Response:
        return await self._content(*self._result_of(request))

    async def _content(self, task: Task, index: int) -> Response:
        raw_audio = self._state.assumptions.text("raw_audio")
        content = await self._gateway.gallery.content(task, index, raw_audio)
        return Response(content, media_type=files_of(task, raw_audio)[index].mime_type)

    def _result_of(self, request: Request) -> tuple[Task, int]:
        state = self._state
        token, name = request.path_params["token"], request.path_params["name"]
        if state.assumptions.flag("result_needs_key"):
            self._gateway.caller(request, None)
        task = state.tasks_by_result.get(token)
        if task is None or task.status_at(state.now()) != "succeeded":
            raise ApiError("not_found", "No such result")
        names = [file.name for file in files_of(task, state.assumptions.text("raw_audio"))]
        if name not in names:
            raise ApiError("not_found", "No such result")
        index = names.index(name)
        expires = request.query_params.get("expires", "")
        if state.assumptions.limit("result_url_ttl_seconds") is not None:
            right = signature(state, token, index, expires)
            given = request.query_params.get("signature", "")
            signed = expires.isdecimal() and hmac.compare_digest(given.encode(), right.encode())
            if not signed or state.now() * 1000 > int(expires):
                raise ApiError(
                    "url_expired", "This result URL has expired; read the generation again", status=403
                )
        return task, index


def _form_fields(fields: dict[str, list[Any]], has_file: bool) -> tuple[str, str | None]:
    faults = [] if has_file else ["file: required"]
    faults += [f"{name}: given more than once" for name, values in fields.items() if len(values) > 1]
    faults += [
        f"{name}: must be a text"
        for name, values in fields.items()
        if name != "file" and not isinstance(values[0], str)
    ]
    kind = fields.get("kind", [None])[0]
    if kind not in KINDS:
        faults.append(f"kind: must be one of {', '.join(KINDS)}")
    trace = fields.get("client_request_id", [""])[0]
    if isinstance(trace, str) and len(trace) > CLIENT_REQUEST_ID_MAX_LENGTH:
        faults.append(
            f"client_request_id: {len(trace)} characters, at most {CLIENT_REQUEST_ID_MAX_LENGTH} are allowed"
        )
    if faults:
        raise ApiError("validation_failed", "; ".join(faults))
    return str(kind), fields.get("model", [None])[0]
