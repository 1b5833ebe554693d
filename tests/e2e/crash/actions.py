"""What may happen to a call at a proxy."""

from __future__ import annotations

import json
import os
import signal
import threading
from typing import Any

from tests.e2e.crash.processes import supervisor_of
from tests.e2e.crash.proxy import Act, Call, CutError

_LONGEST_HOLD = 150.0


def kill_task(call: Call) -> None:
    """SIGKILL the process that made the call."""
    os.kill(call.pid(), signal.SIGKILL)
    raise CutError


def kill_worker_and_hold(until: threading.Event) -> Act:
    """SIGKILL the LocalExecutor worker above the calling task process, which gets its answer late."""

    def act(call: Call) -> None:
        os.kill(supervisor_of(call.pid()), signal.SIGKILL)
        until.wait(_LONGEST_HOLD)

    return act


def hold(until: threading.Event) -> Act:
    """Keep the call waiting."""

    def act(_call: Call) -> None:
        until.wait(_LONGEST_HOLD)

    return act


def release(event: threading.Event) -> Act:
    """Let go what waits for the event, as soon as this call comes."""

    def act(_call: Call) -> None:
        event.set()

    return act


def cut(_call: Call) -> None:
    """Break the connection."""
    raise CutError


def reply(status: int, body: str = "", content_type: str = "application/json", *headers: str) -> Act:
    """Answer in the gateway's place."""
    lines = [f"HTTP/1.1 {status} Sandbox", f"Content-Type: {content_type}", "Connection: close", *headers]
    payload = body.encode()
    raw = "\r\n".join([*lines, f"Content-Length: {len(payload)}", "", ""]).encode() + payload

    def act(call: Call) -> None:
        call.answer = raw

    return act


def rate_limited(call: Call) -> None:
    """Answer 429, two seconds."""
    body = json.dumps({"error": {"code": "rate_limited", "message": "Too many requests"}})
    reply(429, body, "application/json", "Retry-After: 2")(call)


def edited(*left_out: str, **changes: Any) -> Act:
    """Change fields of the JSON answer about a generation."""

    def act(call: Call) -> None:
        status = int(call.answer.split(b" ", 2)[1])
        if status < 300:
            kept = {name: value for name, value in call.json().items() if name not in left_out}
            reply(status, json.dumps({**kept, **changes}))(call)

    return act


_RIVYA_PROCESSES = edited(status="processing", result=None, final_credits=0, error=None)
_TOAPIS_PROCESSES = edited("url", "result", "error", "completed_at", "expires_at", status="in_progress")


def still_processing(call: Call) -> None:
    """Show a generation as one that has not ended, as its gateway does."""
    (_RIVYA_PROCESSES if call.path.startswith("/api/") else _TOAPIS_PROCESSES)(call)
