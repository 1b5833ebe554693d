"""Webhooks of the sandbox: when they come, what is in them, how they are signed, and how often."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.integration.sandbox.toapis_tools import IMAGES, create, create_video, message, status
from tests.sandbox_process import SandboxProcess

SECRET = "0123456789abcdef0123456789abcdef"
MARGIN = 30.0


class Listening(ThreadingHTTPServer):
    """Keeps what comes; answers with the statuses it was given, and then with 204."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.came: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?a=1"

    def after(self, count: int) -> list[tuple[str, dict[str, str], bytes]]:
        """Wait until so many have come."""
        give_up = time.monotonic() + MARGIN
        while len(self.came) < count and time.monotonic() < give_up:
            time.sleep(0.01)
        assert len(self.came) == count
        return self.came


class Handler(BaseHTTPRequestHandler):
    server: Listening

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.came.append((self.path, headers, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def listening(sandbox: SandboxProcess) -> Iterator[Listening]:
    server = Listening()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    sandbox.assume(toapis_webhooks="on")
    sandbox.control("POST", "webhooks", {"url": server.url, "secret": SECRET})
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


def log(sandbox: SandboxProcess, count: int) -> list[dict[str, Any]]:
    """Wait until so many answers are noted."""
    give_up = time.monotonic() + MARGIN
    while time.monotonic() < give_up:
        found: list[dict[str, Any]] = sandbox.control("GET", "webhooks")["deliveries"]
        if len(found) >= count:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{count} deliveries have not come")


def right(headers: dict[str, str], body: bytes, secret: bytes) -> str:
    head = f"{headers['x-toapis-webhook-id']}.{headers['x-toapis-webhook-timestamp']}."
    return "v1=" + hmac.new(secret, head.encode() + body, hashlib.sha256).hexdigest()


def test_the_end_of_a_task_is_told_as_its_status_answer_tells_it(
    sandbox: SandboxProcess, listening: Listening
) -> None:
    made = create(sandbox, client_business_id="job-0001").json()["id"]
    assert sandbox.control("GET", "webhooks")["deliveries"] == []
    sandbox.advance(20)
    ((path, headers, body),) = listening.after(1)
    assert path == "/hook?a=1"
    assert headers["user-agent"] == "ToAPIs-Webhook/1.0"
    assert headers["content-type"] == "application/json"
    assert headers["x-toapis-webhook-signature"] == right(headers, body, SECRET.encode())
    event, shown = json.loads(body), status(sandbox, made).json()
    assert event["id"] == headers["x-toapis-webhook-id"]
    assert (event["type"], event["api_version"]) == ("generation.completed", "v1")
    data = event["data"]
    assert {name: data[name] for name in ("model", "status", "progress", "result")} == {
        name: shown[name] for name in ("model", "status", "progress", "result")
    }
    assert (data["task_id"], data["client_business_id"]) == (made, "job-0001")
    assert (data["task_type"], data["error"]) == ("image", None)
    assert (data["submitted_at"], data["finished_at"]) == (shown["created_at"], shown["completed_at"])
    (noted,) = log(sandbox, 1)
    assert noted == {"id": event["id"], "task_id": made, "try": 1, "status": 204}


@pytest.mark.parametrize("after", [True, False])
def test_a_failure_is_told_when_its_refund_is_booked(
    sandbox: SandboxProcess, listening: Listening, after: bool
) -> None:
    sandbox.assume(
        toapis_failed_event_after_refund=after, toapis_refund_on_failure="later", refund_delay_seconds=60
    )
    sandbox.fault(kind="generation_fails")
    create_video(sandbox)
    sandbox.advance(120)
    if after:
        assert sandbox.control("GET", "webhooks")["deliveries"] == []
        sandbox.advance(60)
    ((_, _, body),) = listening.after(1)
    event = json.loads(body)
    assert (event["type"], event["data"]["task_type"]) == ("generation.failed", "video")
    assert event["data"]["error"]["code"] == "generation_failed"
    assert sandbox.ledger("toapis")["refunds"] == (1 if after else 0)


def test_it_comes_again_until_it_was_taken(sandbox: SandboxProcess, listening: Listening) -> None:
    listening.statuses = [500, 302, 404, 503]
    create(sandbox)
    sandbox.advance(20)
    for count, pause in enumerate((10, 30, 120, 600), start=1):
        log(sandbox, count)
        assert sandbox.control("GET", "webhooks")["to_come"] != []
        sandbox.advance(pause)
    came = listening.after(5)
    assert [entry["status"] for entry in log(sandbox, 5)] == [500, 302, 404, 503, 204]
    assert sandbox.control("GET", "webhooks")["to_come"] == []
    assert {path for path, _, _ in came} == {"/hook?a=1"}
    assert len({headers["x-toapis-webhook-id"] for _, headers, _ in came}) == 1
    assert len({body for _, _, body in came}) == 1
    times = [int(headers["x-toapis-webhook-timestamp"]) for _, headers, _ in came]
    assert times[4] - times[0] >= 760


def test_nobody_is_there_eight_times(sandbox: SandboxProcess, listening: Listening) -> None:
    sandbox.control("POST", "webhooks", {"url": "http://127.0.0.1:1/", "secret": SECRET})
    create(sandbox)
    sandbox.advance(20)
    for count in range(1, 9):
        assert log(sandbox, count)[-1]["status"] is None
        sandbox.advance(86400)
    assert sandbox.control("GET", "webhooks")["to_come"] == []
    assert listening.came == []


def test_how_it_is_signed_and_when(sandbox: SandboxProcess, listening: Listening) -> None:
    sandbox.control("POST", "webhooks", {"url": listening.url, "secret": SECRET, "old_secret": "f" * 32})
    sandbox.assume(toapis_webhook_signature="two_keys", toapis_webhook_timestamp="of_event")
    create(sandbox)
    sandbox.advance(50)
    _, headers, body = listening.after(1)[0]
    both = [right(headers, body, key.encode()) for key in (SECRET, "f" * 32)]
    assert headers["x-toapis-webhook-signature"] == ",".join(both)
    assert headers["x-toapis-webhook-timestamp"] == str(json.loads(body)["data"]["finished_at"])
    sandbox.assume(
        toapis_webhook_signature="good", toapis_webhook_secret="hex", toapis_webhook_timestamp="old"
    )
    sandbox.control("POST", "webhooks/test")
    _, headers, body = listening.after(2)[1]
    assert json.loads(body) == {"id": headers["x-toapis-webhook-id"], "type": "endpoint.test"}
    assert headers["x-toapis-webhook-signature"] == right(headers, body, bytes.fromhex(SECRET))
    assert sandbox.control("GET", "clock")["now"] - int(headers["x-toapis-webhook-timestamp"]) >= 600
    for signature in ("wrong", "missing"):
        sandbox.assume(toapis_webhook_signature=signature)
        sandbox.control("POST", "webhooks/test")
        _, headers, body = listening.after(3 if signature == "wrong" else 4)[-1]
        given = headers.get("x-toapis-webhook-signature")
        assert (given is None) is (signature == "missing")
        assert given != right(headers, body, bytes.fromhex(SECRET))


def test_how_often_and_when(sandbox: SandboxProcess, listening: Listening) -> None:
    sandbox.assume(toapis_webhook_order="never")
    create(sandbox)
    sandbox.assume(toapis_webhook_order="late")
    create(sandbox)
    sandbox.advance(30)
    assert sandbox.control("GET", "webhooks")["deliveries"] == []
    sandbox.advance(3600)
    log(sandbox, 1)
    sandbox.assume(toapis_webhook_order="twice")
    create(sandbox)
    sandbox.advance(30)
    log(sandbox, 2)
    sandbox.advance(10)
    ids = [entry["id"] for entry in log(sandbox, 3)]
    assert ids[1] == ids[2] != ids[0]
    assert sandbox.control("GET", "webhooks")["to_come"] == []
    sandbox.assume(toapis_webhooks="off")
    create(sandbox)
    assert sandbox.control("GET", "webhooks")["to_come"] == []


@pytest.mark.parametrize(
    ("how", "url", "status", "words"),
    [
        ("not_configured", "{same}", 400, "No webhook is set up"),
        ("same_origin_only", "{same}", 200, ""),
        ("same_origin_only", "http://127.0.0.1:1/hook", 400, "must be those of the token's webhook"),
        ("same_origin_only", "no address", 400, "not an address"),
        ("any", "https://example.com/hook", 200, ""),
    ],
)
def test_a_callback_url(
    sandbox: SandboxProcess, listening: Listening, how: str, url: str, status: int, words: str
) -> None:
    sandbox.assume(toapis_callback_url=how)
    given = url.replace("{same}", listening.url.replace("/hook?a=1", "/of/this/task"))
    answer = create(sandbox, callback_url=given)
    assert answer.status == status, answer.body
    if status != 200:
        assert words in message(answer)
        assert sandbox.ledger("toapis")["charges"] == 0
        return
    sandbox.advance(20)
    if "example.com" in url:  # no other machine is called
        assert sandbox.control("GET", "webhooks")["to_come"] == []
    else:
        assert listening.after(1)[0][0] == "/of/this/task"


@pytest.mark.parametrize(
    "body",
    [
        {"url": "https://example.com/", "secret": SECRET},
        {"url": "http://192.168.0.1/", "secret": SECRET},
        {"url": "file:///etc/passwd", "secret": SECRET},
        {"url": "http://127.0.0.1:1/", "secret": ""},
        {"url": "http://127.0.0.1:1/"},
        {"url": "http://[", "secret": SECRET},
        {"secret": SECRET},
    ],
)
def test_an_address_that_the_sandbox_does_not_call(sandbox: SandboxProcess, body: dict[str, str]) -> None:
    headers = {"Content-Type": "application/json"}
    sent = json.dumps(body).encode()
    answer = sandbox.request("POST", "/sandbox/webhooks", body=sent, headers=headers, key=None)
    assert answer.status == 400, answer.body
    assert sandbox.control("GET", "webhooks")["addresses"] == {}
    assert sandbox.request("POST", "/sandbox/webhooks/test", headers=headers, key=None).status == 400
    assert create(sandbox, path=IMAGES).status == 200
