"""Tells of the ends of tasks: who is told when, and what a delivery has in it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from airflow_provider_rivya.sandbox.assumptions.current import Assumptions
from airflow_provider_rivya.sandbox.errors import ControlError
from airflow_provider_rivya.sandbox.state.accounts import ApiKey
from airflow_provider_rivya.sandbox.state.gateway import Gateway
from airflow_provider_rivya.sandbox.state.store import State, Task
from airflow_provider_rivya.sandbox.state.webhooks import Address, Event
from airflow_provider_rivya.sandbox.toapis.errors import ToApisError
from airflow_provider_rivya.sandbox.toapis.tasks import public_task

AGENT = "ToAPIs-Webhook/1.0"
API_VERSION = "v1"
PAUSES = (10, 30, 120, 600, 3600, 21600, 86400)
"""Seconds after each try that failed, by https://docs.toapis.com/docs/cn/api-reference/webhooks/task-webhooks."""
LATE = 3600
OLD = 600
OWN_HOSTS = ("127.0.0.1", "localhost", "::1")
BAD_REQUEST = 400


def check_address(url: str, secret: str, old_secret: str | None) -> Address:
    """:raises ControlError: it is none that the sandbox would call."""
    parts = _parts(url)
    if parts is None or parts.scheme != "http" or parts.hostname not in OWN_HOSTS or parts.username:
        raise ControlError(f"url: {url[:100]!r} is no http address of this machine, which alone is called")
    for name, text in (("secret", secret), ("old_secret", old_secret)):
        if text is not None and not text:
            raise ControlError(f"{name}: required, a text that is not empty")
    return Address(url, secret, old_secret)


def where_to(body: Mapping[str, Any], caller: ApiKey, gateway: Gateway) -> str | None:
    """
    Return where the end of a task is told of, if it is.

    :raises ToApisError: its ``callback_url`` is refused.
    """
    how = gateway.state.assumptions.text("toapis_callback_url")
    address = gateway.webhooks.addresses.get(caller.account)
    metadata = body.get("metadata")
    given = {**(metadata if isinstance(metadata, Mapping) else {}), **body}
    if "callback_url" not in given:
        return address.url if address else None
    if how == "not_configured" or (how == "same_origin_only" and address is None):
        text = "No webhook is set up for this token"
        raise ToApisError("webhook_not_configured", text, status=BAD_REQUEST)
    url = given["callback_url"]
    parts = _parts(url) if isinstance(url, str) else None
    if parts is None:
        raise ToApisError("invalid_request", "callback_url: not an address", status=BAD_REQUEST)
    if how == "same_origin_only" and address and _origin(parts) != _origin(urlsplit(address.url)):
        text = "callback_url: scheme, host and port must be those of the token's webhook"
        raise ToApisError("invalid_request", text, status=BAD_REQUEST)
    # What 'any' lets through is no reason to call another machine; nothing can be signed without a secret.
    return str(url) if address is not None and parts.hostname in OWN_HOSTS else None


def expect_end(task: Task, url: str, gateway: Gateway) -> None:
    """Have the end of a task be told of, as the switches want it."""
    assumptions = gateway.state.assumptions
    order = assumptions.text("toapis_webhook_order")
    if assumptions.text("toapis_webhooks") == "off" or order == "never" or math.isinf(task.done_at):
        return
    at = task.done_at
    refunded_later = task.failure is not None and task.failure.refund == "later"
    if refunded_later and assumptions.flag("toapis_failed_event_after_refund"):
        at += assumptions.limit("refund_delay_seconds") or 0.0
    due = at + (LATE if order == "late" else 0)
    gateway.webhooks.expect(Event(_new_id(), task.account, task.id, url, at, due))


def send_test(account: str, gateway: Gateway) -> None:
    """:raises ControlError: the account has no address."""
    address = gateway.webhooks.addresses.get(account)
    if address is None:
        raise ControlError(f"account: {account!r} has no webhook")
    now = gateway.state.now()
    gateway.webhooks.expect(Event(_new_id(), account, None, address.url, now, now))


def content_of(event: Event, state: State, base_url: str) -> bytes:
    """Return the body of a delivery; it is the same in every one of an event."""
    task = state.tasks.get(event.task_id or "")
    head: dict[str, Any] = {"id": event.id, "type": "endpoint.test"}
    if task is not None:
        shown = public_task(task, state, base_url)
        kind = "generation.failed" if task.failure else "generation.completed"
        data = {
            "task_id": task.id,
            "client_business_id": task.client_business_id,
            "task_type": task.model["category"],
            **{name: shown.get(name) for name in ("model", "status", "progress", "result", "error")},
            "submitted_at": int(task.created),
            "finished_at": int(task.done_at),
        }
        head = {
            "id": event.id,
            "type": kind,
            "api_version": API_VERSION,
            "created_at": int(event.made_at),
            "data": data,
        }
    return json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(event: Event, body: bytes, address: Address, state: State) -> dict[str, str]:
    """Return the headers of a delivery."""
    assumptions = state.assumptions
    now = state.now()
    times = {"per_attempt": now, "of_event": event.made_at, "old": now - OLD}
    sent_at = str(int(times[assumptions.text("toapis_webhook_timestamp")]))
    headers = {
        "User-Agent": AGENT,
        "Content-Type": "application/json",
        "X-ToAPIs-Webhook-Id": event.id,
        "X-ToAPIs-Webhook-Timestamp": sent_at,
    }
    how = assumptions.text("toapis_webhook_signature")
    new, old = address.secret, address.old_secret or secrets.token_hex(16)
    keys = {"good": [new], "two_keys": [new, old], "wrong": [secrets.token_hex(16)], "missing": []}[how]
    signed = f"{event.id}.{sent_at}.".encode() + body
    signatures = [hmac.new(_key(key, assumptions), signed, hashlib.sha256).hexdigest() for key in keys]
    if signatures:
        headers["X-ToAPIs-Webhook-Signature"] = ",".join(f"v1={signature}" for signature in signatures)
    return headers


def note_answer(event: Event, status: int | None, gateway: Gateway) -> None:
    """
    Decide when an event is delivered again, if it is.

    :param status: of the answer; ``None``: none came in time.
    """
    webhooks, state = gateway.webhooks, gateway.state
    event.on_its_way = False
    event.tries += 1
    taken = status is not None and 200 <= status < 300
    event.taken += taken
    webhooks.deliveries.append(
        {"id": event.id, "task_id": event.task_id, "try": event.tries, "status": status}
    )
    again = state.assumptions.text("toapis_webhook_order") == "twice" and event.taken < 2
    if (taken and not again) or event.tries > len(PAUSES):
        if event in webhooks.events:
            webhooks.events.remove(event)
        return
    event.due = state.now() + PAUSES[event.tries - 1]


def _new_id() -> str:
    return f"evt_{secrets.token_hex(13)}"


def _key(secret: str, assumptions: Assumptions) -> bytes:
    """Return the bytes that are signed with; a secret that is none of that form is taken as text."""
    decoders = _decoders_of(secret)
    return decoders.get(assumptions.text("toapis_webhook_secret"), decoders["text"])


def _decoders_of(secret: str) -> dict[str, bytes]:
    found = {"text": secret.encode()}
    with suppress(ValueError):
        found["hex"] = bytes.fromhex(secret)
    with suppress(ValueError):
        found["base64"] = base64.b64decode(secret, validate=True)
    return found


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port
