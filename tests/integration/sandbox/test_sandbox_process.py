"""The process: its first line, its end, its refusals; the control endpoints; the page; the schema."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator

from airflow_provider_rivya.sandbox.server.door import MAX_BODY, MAX_UPLOAD
from tests.integration.sandbox.wire_tools import IMAGE_SECONDS, create, finished
from tests.sandbox_process import KEY, PROJECT, SandboxProcess

COMMAND = [sys.executable, "-m", "airflow_provider_rivya.sandbox"]


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=PROJECT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_first_line_says_where_it_listens(sandbox: SandboxProcess) -> None:
    assert re.fullmatch(r"Rivya sandbox listening on http://127\.0\.0\.1:\d+", sandbox.banner)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    with SandboxProcess() as own:
        assert own.get("/api/v1/credits").status == 200
        process = own._process
        assert process is not None
        process.send_signal(number)
        assert process.wait(10) == 0
        assert own.errors() == ""


def test_a_port_in_use_is_one_sentence(sandbox: SandboxProcess) -> None:
    port = urlsplit(sandbox.url).port
    ended = run("--port", str(port))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1
    assert str(port) in ended.stderr
    assert "--port" in ended.stderr


def test_a_missing_extra_is_one_sentence(tmp_path: Path) -> None:
    # -S and an empty site: only the standard library and the project can be imported.
    ended = subprocess.run(
        [sys.executable, "-S", "-m", "airflow_provider_rivya.sandbox", "--port", "0"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1].endswith("pip install 'airflow-provider-rivya[sandbox]'")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [("--port", "70000"), ("--port", "x"), ("--speed", "0"), ("--speed", "nan"), ("--credits", "-1")],
)
def test_wrong_options_are_refused(arguments: tuple[str, str]) -> None:
    ended = run(*arguments)
    assert ended.returncode == 2
    assert arguments[0] in ended.stderr
    assert "Traceback" not in ended.stderr


def test_it_listens_on_loopback_only(sandbox: SandboxProcess) -> None:
    port = urlsplit(sandbox.url).port or 0
    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        other.connect(("127.0.0.2", port))


def test_options_reach_it() -> None:
    with SandboxProcess(speed=1000, arguments=("--credits", "3")) as own:
        assert own.get("/api/v1/credits").json() == {"current_credits": 3}
        assert own.control("GET", "clock")["speed"] == 1000


def test_the_request_log_shows_polls_and_who_sent_a_key(sandbox: SandboxProcess) -> None:
    status = finished(sandbox, create(sandbox, idempotency_key="k"))
    sandbox.get(status["result"]["primary_url"], key=None)
    log = sandbox.requests()
    assert [(entry["method"], entry["status"], entry["has_authorization"]) for entry in log] == [
        ("POST", 201, True),
        ("GET", 200, True),
        ("GET", 200, False),
    ]
    assert [entry["idempotency_key"] for entry in log] == ["k", None, None]
    assert [entry["seq"] for entry in log] == [1, 2, 3]
    assert "rvya_sk_sandbox" not in str(log)


def test_tasks_are_listed(sandbox: SandboxProcess) -> None:
    create(sandbox, client_request_id="mine", params={"aspect_ratio": "4:3"})
    task = sandbox.tasks()[0]
    assert task["params"] == {"aspect_ratio": "4:3"}
    assert (task["prompt"], task["status"], task["account"]) == (
        "A lighthouse in a storm",
        "queued",
        "sandbox",
    )
    assert task["client_request_id"] == "mine"


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("reset", {"credit": 1}, "credit"),
        ("reset", {"credits": "x"}, "credits"),
        ("reset", {"credits": True}, "credits"),
        ("reset", {"speed": 0}, "speed"),
        ("clock", {"advance": -1}, "advance"),
        ("clock", {"advance": 1e300}, "advance"),
        ("credits", {}, "credits"),
        ("credits", {"account": 1, "credits": 1}, "account"),
        ("keys", {}, "key"),
        ("keys", {"key": "x", "state": "odd"}, "state"),
        ("keys", {"key": "x", "scopes": ["odd"]}, "odd"),
        ("public-api", {}, "enabled"),
        ("public-api", {"enabled": "no"}, "enabled"),
        ("assumptions", [], "object"),
    ],
)
def test_wrong_control_requests_are_refused(
    sandbox: SandboxProcess, path: str, body: Any, named: str
) -> None:
    answer = sandbox.request(
        "POST", f"/sandbox/{path}", body=repr(body).replace("'", '"').replace("True", "true").encode()
    )
    assert answer.status == 400
    assert named in answer.json()["error"]


@pytest.mark.parametrize("path", ["/", "/sandbox"])
def test_the_page_shows_everything_escaped(sandbox: SandboxProcess, path: str) -> None:
    finished(sandbox, create(sandbox, prompt="<script>alert(1)</script>", idempotency_key="<i>"))
    sandbox.fault(kind="generation_fails")
    finished(sandbox, create(sandbox, "nano-banana"))
    create(sandbox)
    answer = sandbox.get(path, key=None)
    page = answer.body.decode()
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>alert" not in page
    assert "<i>" not in page
    assert "&lt;script&gt;alert(1)" in page
    for part in ("998", "Nano Banana", "succeeded", "failed", "queued", "charge", "refund"):
        assert part in page
    assert not re.search(r"(src|href)=['\"]?https?:", page)
    image = re.search(r"src='(/sandbox/results/[^']+)'", page)
    assert image is not None
    assert sandbox.get(image[1], key=None).headers["content-type"] == "image/png"


def resolved(document: dict[str, Any], schema: Any) -> Any:
    """The schema with its references put in, so that a plain validator takes it."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return resolved(document, document["components"]["schemas"][name])
        return {key: resolved(document, value) for key, value in schema.items()}
    return [resolved(document, part) for part in schema] if isinstance(schema, list) else schema


def test_the_schema_describes_the_answers(sandbox: SandboxProcess) -> None:
    document = sandbox.get("/api/v1/openapi.json", key=None).json()
    assert document["openapi"].startswith("3.1")
    done = finished(sandbox, create(sandbox))
    answers = {
        ("/api/v1/models", "get", "200"): sandbox.get("/api/v1/models"),
        ("/api/v1/credits", "get", "200"): sandbox.get("/api/v1/credits"),
        ("/api/v1/generations", "post", "201"): create(sandbox),
        ("/api/v1/generations/{taskId}", "get", "200"): sandbox.get(f"/api/v1/generations/{done['id']}"),
    }
    for (path, method, status), answer in answers.items():
        content = document["paths"][path][method]["responses"][status]["content"]["application/json"]
        validator = Draft202012Validator(resolved(document, content["schema"]))
        Draft202012Validator.check_schema(validator.schema)
        assert answer.status == int(status)
        assert [error.message for error in validator.iter_errors(answer.json())] == []
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations) == 7
    for operation in operations:
        assert operation["responses"]
    error = Draft202012Validator(resolved(document, document["components"]["schemas"]["Error"]))
    assert error.is_valid(sandbox.get("/api/v1/credits", key=None).json())


def test_time_passes_only_as_told(sandbox: SandboxProcess) -> None:
    path = f"/api/v1/generations/{create(sandbox).json()['id']}"
    sandbox.advance(IMAGE_SECONDS - 5)
    assert sandbox.get(path).json()["status"] == "processing"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1:1"}, 200),
        ({"Host": "LOCALHOST"}, 200),
        ({"Host": "[::1]:8765", "Origin": "http://[::1]:8765"}, 200),
        ({"Host": "rebound.example"}, 403),
        ({"Host": "127.0.0.1.rebound.example"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "localhost", "Origin": "https://shop.example"}, 403),
        ({"Host": "localhost", "Origin": "http://localhost:8080"}, 403),
        ({"Host": "localhost", "Origin": "null"}, 403),
    ],
)
def test_only_requests_for_itself_are_taken(
    sandbox: SandboxProcess, headers: dict[str, str], status: int
) -> None:
    for path in ("/", "/sandbox/ledger", "/v1/models", "/api/v1/models"):
        answered = raw(sandbox, "GET", path, headers)
        assert (answered == 403) == (status == 403), path


@pytest.mark.parametrize(
    ("path", "content_type", "size", "chunked"),
    [
        ("/api/v1/generations", "application/json", MAX_BODY + 1, True),
        ("/api/v1/generations", "application/json", MAX_BODY + 1, False),
        ("/v1/images/generations", "application/json", MAX_BODY + 1, False),
        ("/sandbox/faults", "application/json", MAX_BODY + 1, True),
        ("/api/v1/files", "multipart/form-data; boundary=x", MAX_UPLOAD + 1, False),
    ],
)
def test_a_body_is_bounded(
    sandbox: SandboxProcess, path: str, content_type: str, size: int, chunked: bool
) -> None:
    headers = {"Host": "localhost", "Content-Type": content_type, "Authorization": f"Bearer {KEY}"}
    if not chunked:
        headers["Content-Length"] = str(size)
    pieces = iter([bytes(64 * 1024)] * (size // (64 * 1024) + 1)) if chunked else None
    assert raw(sandbox, "POST", path, headers, pieces) == 413
    assert sandbox.ledger()["charges"] == 0


def raw(
    sandbox: SandboxProcess,
    method: str,
    path: str,
    headers: dict[str, str],
    body: Iterator[bytes] | None = None,
) -> int:
    """Send these headers as they are; the status of the answer."""
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_host=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for chunk in body or ():
                connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            if body is not None:
                connection.send(b"0\r\n\r\n")
        return connection.getresponse().status
