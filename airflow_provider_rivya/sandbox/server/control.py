"""The control endpoints under ``/sandbox``: what a test or a person may look at and turn."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from airflow_provider_rivya.sandbox.errors import ApiError, ControlError
from airflow_provider_rivya.sandbox.requests.answers import json_answer
from airflow_provider_rivya.sandbox.server.pages import overview
from airflow_provider_rivya.sandbox.state.accounts import GATEWAYS, KEY_STATES, SCOPES, ApiKey
from airflow_provider_rivya.sandbox.state.faults import parse_fault
from airflow_provider_rivya.sandbox.state.files import files_of
from airflow_provider_rivya.sandbox.state.gateway import Gateway, limited_body
from airflow_provider_rivya.sandbox.state.results import public_generation
from airflow_provider_rivya.sandbox.toapis.tasks import public_task
from airflow_provider_rivya.sandbox.toapis.webhooks import check_address, send_test

FURTHEST_AHEAD = 10 * 365 * 86400
PUBLIC = {"rivya": public_generation, "toapis": public_task}


class Control:
    """The endpoints, bound to one gateway. They take no key and are never hit by a fault."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._state = gateway.state

    def routes(self) -> list[Route]:
        return [
            Route("/", self.page, methods=["GET"]),
            Route("/sandbox", self.page, methods=["GET"]),
            Route("/sandbox/ledger", self.ledger, methods=["GET"]),
            Route("/sandbox/tasks", self.tasks, methods=["GET"]),
            Route("/sandbox/requests", self.requests, methods=["GET"]),
            Route("/sandbox/results/{task_id}/{index:int}", self.result, methods=["GET"]),
            Route("/sandbox/reset", self.reset, methods=["POST"]),
            Route("/sandbox/clock", self.clock, methods=["GET", "POST"]),
            Route("/sandbox/credits", self.credits, methods=["POST"]),
            Route("/sandbox/keys", self.keys, methods=["POST"]),
            Route("/sandbox/public-api", self.public_api, methods=["POST"]),
            Route("/sandbox/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/sandbox/assumptions", self.assumptions, methods=["GET", "POST"]),
            Route("/sandbox/webhooks", self.webhooks, methods=["GET", "POST"]),
            Route("/sandbox/webhooks/test", self.test_webhook, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        return HTMLResponse(overview(self._state))

    async def ledger(self, request: Request) -> Response:
        state = self._state
        wanted = request.query_params.get("gateway")
        if wanted is not None and wanted not in GATEWAYS:
            raise ControlError(f"gateway: {wanted!r} is not one of {', '.join(GATEWAYS)}")
        balance = {account: state.balance(account) for account in state.known_accounts(wanted)}
        entries = [asdict(entry) for entry in state.ledger if wanted in (None, entry.gateway)]
        kinds = [entry["kind"] for entry in entries]
        return json_answer(
            200,
            {
                "entries": entries,
                "charges": kinds.count("charge"),
                "refunds": kinds.count("refund"),
                "balance": balance,
            },
        )

    async def tasks(self, request: Request) -> Response:
        listed = [
            {
                **PUBLIC[task.gateway](task, self._state, self._gateway.base_url),
                "gateway": task.gateway,
                "account": task.account,
                "credits": task.credits,
                "prompt": task.prompt,
                "params": task.params,
                "idempotency_key": task.idempotency_key,
                "client_request_id": task.client_request_id,
                "client_business_id": task.client_business_id,
            }
            for task in self._state.tasks.values()
        ]
        return json_answer(200, {"tasks": listed})

    async def requests(self, request: Request) -> Response:
        return json_answer(200, {"requests": list(self._state.requests), "seen": self._state.requests_seen})

    async def result(self, request: Request) -> Response:
        """One result for the overview page, whatever the switches say about result URLs."""
        task = self._state.tasks.get(request.path_params["task_id"])
        index = request.path_params["index"]
        made = task is not None and task.status_at(self._state.now()) == "succeeded"
        raw_audio = "wav"  # what a browser can play
        files = files_of(task, raw_audio) if task is not None and made else []
        if task is None or index >= len(files):
            raise ApiError("not_found", "No such result")
        content = await self._gateway.gallery.content(task, index, raw_audio)
        headers = {"Cache-Control": "max-age=3600"}
        return Response(content, media_type=files[index].mime_type, headers=headers)

    async def reset(self, request: Request) -> Response:
        body = await _body(request, {"credits": float, "speed": float})
        if "credits" in body:
            self._state.starting_credits = _number(body, "credits", 0)
        if "speed" in body:
            self._state.speed = _speed(body)
        self._gateway.reset()
        return json_answer(200, {"credits": self._state.starting_credits, "speed": self._state.speed})

    async def clock(self, request: Request) -> Response:
        if request.method == "POST":
            body = await _body(request, {"advance": float, "speed": float})
            if "advance" in body:
                offset = self._state.clock_offset + _number(body, "advance", 0)
                if offset > FURTHEST_AHEAD:
                    raise ControlError(f"advance: the clock can be ahead by at most {FURTHEST_AHEAD} seconds")
                self._state.clock_offset = offset
            if "speed" in body:
                self._state.speed = _speed(body)
        return json_answer(
            200, {"now": self._state.now(), "offset": self._state.clock_offset, "speed": self._state.speed}
        )

    async def credits(self, request: Request) -> Response:
        body = await _body(request, {"account": str, "credits": float})
        account = str(body.get("account", "sandbox"))
        self._state.settle()
        self._state.balances[account] = _number(body, "credits", 0)
        return json_answer(200, {"account": account, "credits": self._state.balance(account)})

    async def keys(self, request: Request) -> Response:
        fields = {"key": str, "account": str, "scopes": list, "state": str, "gateway": str}
        body = await _body(request, fields)
        text = body.get("key")
        if not text or text != text.strip() or not text.isascii():
            raise ControlError("key: required, an ASCII text without blanks around it")
        known = self._state.keys.get(text) or _new_key(text)
        scopes = body.get("scopes", sorted(known.scopes))
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if unknown:
            raise ControlError(f"scopes: {unknown!r} are none of {', '.join(SCOPES)}")
        state = body.get("state", known.state)
        if state not in KEY_STATES:
            raise ControlError(f"state: {state!r} is not one of {', '.join(KEY_STATES)}")
        gateway = body.get("gateway", known.gateway)
        if gateway not in GATEWAYS:
            raise ControlError(f"gateway: {gateway!r} is not one of {', '.join(GATEWAYS)}")
        account = str(body.get("account", known.account))
        self._state.keys[text] = ApiKey(text, account, frozenset(scopes), state, gateway)
        return json_answer(
            200,
            {"key": text, "account": account, "scopes": sorted(scopes), "state": state, "gateway": gateway},
        )

    async def public_api(self, request: Request) -> Response:
        body = await _body(request, {"enabled": bool})
        if "enabled" not in body:
            raise ControlError("enabled: required, true or false")
        self._state.enabled = body["enabled"]
        return json_answer(200, {"enabled": self._state.enabled})

    async def faults(self, request: Request) -> Response:
        if request.method == "POST":
            self._gateway.faults.add(parse_fault(await _body(request)))
        elif request.method == "DELETE":
            self._gateway.faults.clear()
        return json_answer(200, {"faults": self._gateway.faults.described()})

    async def assumptions(self, request: Request) -> Response:
        if request.method == "POST":
            self._state.assumptions.set(await _body(request))
        return json_answer(200, self._state.assumptions.described())

    async def webhooks(self, request: Request) -> Response:
        webhooks = self._gateway.webhooks
        if request.method == "POST":
            body = await _body(request, {"account": str, "url": str, "secret": str, "old_secret": str})
            address = check_address(body.get("url", ""), body.get("secret", ""), body.get("old_secret"))
            webhooks.addresses[body.get("account", "toapis")] = address
        return json_answer(
            200,
            {
                "addresses": {account: address.url for account, address in webhooks.addresses.items()},
                "to_come": [event.id for event in webhooks.events],
                "deliveries": list(webhooks.deliveries),
            },
        )

    async def test_webhook(self, request: Request) -> Response:
        send_test((await _body(request, {"account": str})).get("account", "toapis"), self._gateway)
        return json_answer(200, {})


async def _body(request: Request, fields: Mapping[str, type] | None = None) -> dict[str, Any]:
    """
    Read a control request: an empty body is an empty object.

    :param fields: the fields it may have, with their types; ``float`` takes whole numbers too.
    :raises ControlError: what is wrong with it.
    """
    raw = await limited_body(request)
    try:
        body = json.loads(raw or b"{}")
    except (ValueError, RecursionError) as error:
        raise ControlError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ControlError("the body is not a JSON object")
    for name, value in body.items() if fields is not None else ():
        if fields is None or name not in fields:
            raise ControlError(f"{name}: unknown; allowed: {', '.join(fields or ())}")
        wanted = (int, float) if fields[name] is float else fields[name]
        if not isinstance(value, wanted) or (isinstance(value, bool) and fields[name] is not bool):
            raise ControlError(f"{name}: {value!r} is not a {fields[name].__name__}")
    return body


def _new_key(text: str) -> ApiKey:
    """Return a key that is not known yet; its form tells the gateway, as the documented ones do."""
    if text.startswith("sk-"):
        return ApiKey(text, "toapis", frozenset(), gateway="toapis")
    return ApiKey(text, "sandbox", frozenset(SCOPES))


def _number(body: Mapping[str, Any], name: str, least: float) -> float:
    value = body.get(name)
    if value is None or not math.isfinite(value) or value < least:
        raise ControlError(f"{name}: required, a number from {least:g}")
    return int(value) if float(value).is_integer() else float(value)


def _speed(body: Mapping[str, Any]) -> float:
    speed = _number(body, "speed", 0)
    if speed == 0:
        raise ControlError("speed: must be above 0")
    return speed
