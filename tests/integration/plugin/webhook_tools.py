"""What the tests of webhooks share: a caller that signs, and what waits in Airflow's database."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

from tests.integration.task_harness import MAKE, TaskInstanceHarness, Try
from tests.sandbox_process import Answer, SandboxProcess

SECRET = "0123456789abcdef0123456789abcdef"
HOUR = 3600.0


class Receiver:
    """The receiver at its address."""

    def __init__(self, server: str) -> None:
        self.url = f"{server}/rivya/webhooks/toapis"
        self._client = SandboxProcess.__new__(SandboxProcess)
        self._client.url = server

    def post(self, body: bytes, headers: dict[str, str], method: str = "POST") -> Answer:
        return self._client.request(method, "/rivya/webhooks/toapis", body=body, headers=headers)

    def tell(
        self,
        generation_id: object,
        event_id: str = "evt_1",
        *,
        secret: str = SECRET,
        age: float = 0.0,
        kind: str = "generation.completed",
    ) -> Answer:
        """Deliver an event that is signed with a secret."""
        data = {"task_id": generation_id, "status": "failed", "result": {"data": [{"url": "https://evil"}]}}
        body = json.dumps({"id": event_id, "type": kind, "data": data}).encode()
        return self.post(body, signed(body, event_id, secret, age))


def signed(body: bytes, event_id: str, secret: str, age: float = 0.0) -> dict[str, str]:
    at = str(int(time.time() - age))
    right = hmac.new(secret.encode(), f"{event_id}.{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {
        "X-ToAPIs-Webhook-Id": event_id,
        "X-ToAPIs-Webhook-Timestamp": at,
        "X-ToAPIs-Webhook-Signature": f"v1={right}",
    }


def delivered(sandbox: SandboxProcess, count: int = 1) -> list[dict[str, Any]]:
    """Wait until so many deliveries were answered."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        found: list[dict[str, Any]] = sandbox.control("GET", "webhooks")["deliveries"]
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError("nothing was delivered")


def generation_of(deferred: Try) -> str:
    assert deferred.trigger is not None
    return str(deferred.trigger[1]["generation_id"])


def stored(run: TaskInstanceHarness) -> Try:
    """The task instance and its trigger as a triggerer finds them."""
    from airflow.utils.session import create_session

    with create_session() as session:
        instance = run._instance(session, MAKE, -1)
        trigger = instance.trigger
        found = None if trigger is None else (str(trigger.classpath), dict(trigger.kwargs))
        return Try(str(instance.state), None, found)


def trigger_of(run: TaskInstanceHarness) -> Any:
    """The row of the trigger that the task waits with."""
    from airflow.utils.session import create_session

    with create_session() as session:
        trigger = run._instance(session, MAKE, -1).trigger
        session.expunge_all()
        return trigger


def told_by(run: TaskInstanceHarness) -> str | None:
    found = stored(run).trigger
    return None if found is None else found[1].get("event_id")
