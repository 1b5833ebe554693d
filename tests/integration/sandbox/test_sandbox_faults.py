"""Every kind of fault, as it is seen on the wire."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import time
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.sandbox.wire_tools import IMAGE_SECONDS, create, finished, raw, wait_for_charge
from tests.sandbox_process import KEY, SandboxProcess

CREATE = {"model": "z-image", "prompt": "A lighthouse"}
PATH = "/api/v1/generations"
CREDITS = "/api/v1/credits"


def result_path(sandbox: SandboxProcess) -> str:
    return str(urlsplit(finished(sandbox, create(sandbox))["result"]["primary_url"]).path)


@pytest.mark.parametrize(
    ("options", "status", "body"),
    [
        ({"status": 503, "body": "busy"}, 503, b"busy"),
        ({"status": 418, "body": {"odd": [1]}}, 418, b'{"odd": [1]}'),
        ({"status": 204}, 204, b""),
        ({"status": 200}, 200, b"{}"),
        ({"status": 502, "body": None}, 502, b"null"),
    ],
)
def test_status(sandbox: SandboxProcess, options: dict[str, Any], status: int, body: bytes) -> None:
    sandbox.fault(kind="status", **options)
    answer = sandbox.get(CREDITS)
    assert (answer.status, answer.body) == (status, body)
    assert sandbox.get(CREDITS).status == 200


def test_status_without_a_body_has_an_error_body(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="status", status=500, headers={"Retry-After": "3"})
    sandbox.fault(kind="status", status=401, code="api_key_invalid")
    first, second = sandbox.get(CREDITS), sandbox.get(CREDITS)
    assert (first.status, first.error_code, first.headers["retry-after"]) == (500, "internal_error", "3")
    assert (second.status, second.error_code) == (401, "api_key_invalid")


def test_a_fault_hits_only_matching_calls_and_only_so_often(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="status", status=500, method="GET", path="/api/v1/generations/*", times=2)
    task = f"{PATH}/{create(sandbox).json()['id']}"
    assert sandbox.get(CREDITS).status == 200
    assert [sandbox.get(task).status for _ in range(3)] == [500, 500, 200]


def test_faults_can_be_listed_and_taken_back(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="delay", seconds=0.5, method="post", times=3)
    listed = sandbox.control("GET", "faults")["faults"]
    assert listed == [{"kind": "delay", "method": "POST", "path": "*", "times": 3, "seconds": 0.5}]
    sandbox.control("DELETE", "faults")
    assert sandbox.control("GET", "faults")["faults"] == []


def test_control_endpoints_are_never_hit(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="cut_before", times=1)
    assert sandbox.ledger()["charges"] == 0
    assert raw(sandbox, "GET", CREDITS) == b""


def test_cut_before_takes_nothing_in(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="cut_before", method="POST", path=PATH)
    assert raw(sandbox, "POST", PATH, CREATE) == b""
    assert sandbox.tasks() == []
    assert sandbox.ledger()["charges"] == 0
    assert sandbox.requests()[0]["status"] is None


def test_cut_after_has_taken_the_request_in(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="cut_after", method="POST", path=PATH)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        create(sandbox, idempotency_key="k")
    assert sandbox.ledger()["charges"] == 1
    replayed = create(sandbox, idempotency_key="k").json()
    assert [task["id"] for task in sandbox.tasks()] == [replayed["id"]]
    assert sandbox.ledger()["charges"] == 1


def test_answer_cut(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="answer_cut", method="POST", path=PATH)
    head, _, body = raw(sandbox, "POST", PATH, CREATE).partition(b"\r\n\r\n")
    assert b" 201 " in head
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert 0 < len(body) == length // 2
    assert sandbox.ledger()["charges"] == 1


def test_truncated_with_the_full_length_declared(sandbox: SandboxProcess) -> None:
    path = result_path(sandbox)
    whole = sandbox.get(path).body
    sandbox.fault(kind="truncated", path="/results/*", fraction=0.9)
    head, _, body = raw(sandbox, "GET", path).partition(b"\r\n\r\n")
    assert f"content-length: {len(whole)}".encode() in head.lower()
    assert body == whole[: int(len(whole) * 0.9)]


def test_truncated_without_a_length_ends_cleanly(sandbox: SandboxProcess) -> None:
    path = result_path(sandbox)
    whole = sandbox.get(path).body
    sandbox.fault(kind="truncated", path="/results/*", declare_length=False)
    answer = sandbox.get(path)
    assert "content-length" not in answer.headers
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.body == whole[: len(whole) // 2]


def test_corrupt_keeps_length_and_type(sandbox: SandboxProcess) -> None:
    path = result_path(sandbox)
    whole = sandbox.get(path)
    sandbox.fault(kind="corrupt", path="/results/*")
    spoilt = sandbox.get(path)
    assert spoilt.headers["content-type"] == whole.headers["content-type"]
    assert len(spoilt.body) == len(whole.body)
    assert (spoilt.body[:8], spoilt.body[-8:]) == (whole.body[:8], whole.body[-8:])
    assert spoilt.body != whole.body
    assert sandbox.get(path).body == whole.body


def test_content_type(sandbox: SandboxProcess) -> None:
    path = result_path(sandbox)
    sandbox.fault(kind="content_type", path="/results/*", value="text/plain")
    assert sandbox.get(path).headers["content-type"] == "text/plain"
    assert sandbox.get(path).headers["content-type"] == "image/png"


def test_html(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="html")
    answer = sandbox.get(CREDITS)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.body.startswith(b"<!doctype html>")


def test_empty(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="empty")
    answer = sandbox.get(CREDITS)
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "0", b"")


def test_redirect(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="redirect", location="http://169.254.169.254/latest")
    answer = sandbox.get(CREDITS)
    assert (answer.status, answer.headers["location"]) == (302, "http://169.254.169.254/latest")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, None),
        ({"retry_after": None}, None),
        ({"retry_after": 7}, "7"),
        ({"retry_after": "seconds", "seconds": 2}, "2"),
    ],
)
def test_rate_limit(sandbox: SandboxProcess, options: dict[str, Any], expected: str | None) -> None:
    sandbox.fault(kind="rate_limit", method="POST", path=PATH, **options)
    answer = create(sandbox)
    assert (answer.status, answer.error_code, answer.headers.get("retry-after")) == (
        429,
        "rate_limited",
        expected,
    )
    assert sandbox.ledger()["charges"] == 0


def test_rate_limit_with_a_date(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="rate_limit", retry_after="date", seconds=600)
    until = parsedate_to_datetime(sandbox.get(CREDITS).headers["retry-after"]).timestamp()
    assert time.time() < until <= time.time() + 600


def test_unknown_status(sandbox: SandboxProcess) -> None:
    task = f"{PATH}/{create(sandbox).json()['id']}"
    sandbox.advance(IMAGE_SECONDS)
    sandbox.fault(kind="unknown_status", status="moderating", for_polls=2)
    answers = [sandbox.get(task).json() for _ in range(3)]
    assert [answer["status"] for answer in answers] == ["moderating", "moderating", "succeeded"]
    assert answers[0]["result"] is None


def test_delay_waits_before_the_request_is_taken_in(sandbox: SandboxProcess) -> None:
    sandbox.fault(kind="delay", seconds=0.3, method="POST", path=PATH)
    began = time.monotonic()
    assert create(sandbox).status == 201
    assert time.monotonic() - began >= 0.3


def hanging_create(sandbox: SandboxProcess) -> socket.socket:
    """Post with a key on a connection whose answer hangs, and return once it was taken in."""
    sandbox.fault(kind="hang", seconds=0.6, method="POST", path=PATH)
    parts = urlsplit(sandbox.url)
    connection = socket.create_connection((parts.hostname, parts.port or 80), timeout=20)
    body = json.dumps({"model": "z-image", "prompt": "A lighthouse in a storm"}).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nIdempotency-Key: k\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    connection.sendall(head.encode() + body)
    wait_for_charge(sandbox)
    return connection


def test_hang_takes_in_first_and_a_repeat_meanwhile_is_a_conflict(sandbox: SandboxProcess) -> None:
    with hanging_create(sandbox) as connection:
        refused = create(sandbox, idempotency_key="k")
        assert (refused.status, refused.error_code) == (409, "idempotency_conflict")
        assert b" 201 " in connection.recv(65536)
    assert create(sandbox, idempotency_key="k").status == 201
    assert sandbox.ledger()["charges"] == 1


def test_a_repeat_can_wait_for_the_first(sandbox: SandboxProcess) -> None:
    sandbox.assume(idempotency_in_progress="wait")
    with hanging_create(sandbox) as connection:
        repeated = create(sandbox, idempotency_key="k")
        assert repeated.json()["id"].encode() in connection.recv(65536)
    assert sandbox.ledger()["charges"] == 1


def test_a_client_that_goes_away_while_it_hangs_has_been_charged(sandbox: SandboxProcess) -> None:
    connection = hanging_create(sandbox)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    sandbox.assume(idempotency_in_progress="wait")
    assert create(sandbox, idempotency_key="k").json()["id"] == sandbox.tasks()[0]["id"]
    assert sandbox.ledger()["charges"] == 1


def test_others_are_served_while_one_hangs_and_the_end_does_not_wait_for_it() -> None:
    with SandboxProcess() as own:
        own.fault(kind="hang", seconds=600, path=CREDITS)
        # The wait ends with the server, so it is answered, or cut, when that stops.
        thread = threading.Thread(target=raw, args=(own, "GET", CREDITS))
        thread.start()
        while not own.requests():
            pass
        assert own.get("/api/v1/models").status == 200
        assert own.stop() == 0
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ([], "object"),
        ({}, "kind"),
        ({"kind": "explode"}, "explode"),
        ({"kind": "status"}, "status: required"),
        ({"kind": "status", "status": 700}, "700"),
        ({"kind": "status", "status": True}, "True"),
        ({"kind": "status", "status": 500, "headers": {"a b": "x"}}, "headers"),
        ({"kind": "status", "status": 500, "headers": {"a": "x\r\ny"}}, "headers"),
        ({"kind": "delay", "seconds": -1}, "seconds"),
        ({"kind": "delay", "seconds": "long"}, "seconds"),
        ({"kind": "delay"}, "seconds: required"),
        ({"kind": "empty", "seconds": 1}, "not an option"),
        ({"kind": "empty", "times": 0}, "times"),
        ({"kind": "empty", "method": 1}, "method"),
        ({"kind": "empty", "path": None}, "path"),
        ({"kind": "redirect", "location": "x\ny"}, "location"),
        ({"kind": "truncated", "fraction": 1}, "fraction"),
        ({"kind": "truncated", "declare_length": "no"}, "declare_length"),
        ({"kind": "rate_limit", "retry_after": "soon"}, "retry_after"),
        ({"kind": "generation_fails", "error": {"code": "x"}}, "error"),
        ({"kind": "generation_fails", "refund": "yes"}, "refund"),
        ({"kind": "unknown_status", "status": "x", "for_polls": 0}, "for_polls"),
    ],
)
def test_a_wrong_fault_is_refused(sandbox: SandboxProcess, fault: Any, named: str) -> None:
    answer = sandbox.post("/sandbox/faults", fault, key=None)
    assert answer.status == 400
    assert named in answer.json()["error"]
    assert sandbox.control("GET", "faults")["faults"] == []
