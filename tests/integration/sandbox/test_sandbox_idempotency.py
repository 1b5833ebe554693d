"""What a repeated ``Idempotency-Key`` gets, in every setting of the switches about it."""

from __future__ import annotations

import socket

import pytest

from tests.integration.sandbox.wire_tools import create, finished
from tests.sandbox_process import KEY, SandboxProcess

GENERATIONS = "/api/v1/generations"


@pytest.mark.parametrize(
    ("replay", "statuses", "charges"),
    [("replay", [201, 201], 1), ("conflict", [201, 409], 1), ("new_task", [201, 201], 2)],
)
def test_idempotency_replay(sandbox: SandboxProcess, replay: str, statuses: list[int], charges: int) -> None:
    sandbox.assume(idempotency_replay=replay)
    assert [create(sandbox, idempotency_key="k").status for _ in range(2)] == statuses
    assert sandbox.ledger()["charges"] == charges


@pytest.mark.parametrize(("how", "status"), [("as_first", 201), (200, 200), (201, 201)])
def test_idempotency_replay_status(sandbox: SandboxProcess, how: str | int, status: int) -> None:
    sandbox.assume(idempotency_replay_status=how)
    assert [create(sandbox, idempotency_key="k").status for _ in range(2)] == [201, status]


@pytest.mark.parametrize(("how", "status"), [(409, 409), (422, 422), (400, 400), ("ignored", 201)])
def test_idempotency_other_body(sandbox: SandboxProcess, how: str | int, status: int) -> None:
    sandbox.assume(idempotency_other_body=how)
    first = create(sandbox, idempotency_key="k")
    again = create(sandbox, idempotency_key="k", prompt="Something else")
    assert again.status == status
    assert how != "ignored" or again.json()["id"] == first.json()["id"]
    assert sandbox.ledger()["charges"] == 1


@pytest.mark.parametrize(
    ("how", "spelled", "other"), [("bytes", 409, 409), ("json", 201, 409), ("key_only", 201, 201)]
)
def test_idempotency_same_body(sandbox: SandboxProcess, how: str, spelled: int, other: int) -> None:
    sandbox.assume(idempotency_same_body=how)
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}

    def send(text: str) -> int:
        body = text.encode()
        return sandbox.request("POST", GENERATIONS, body=body, headers=headers, key=KEY).status

    assert send('{"model": "z-image", "prompt": "A"}') == 201
    assert send('{"prompt":"A","model":"z-image"}') == spelled
    assert send('{"model": "z-image", "prompt": "B"}') == other


@pytest.mark.parametrize(("ttl", "charges"), [(None, 1), (100, 2)])
def test_idempotency_ttl_seconds(sandbox: SandboxProcess, ttl: float | None, charges: int) -> None:
    sandbox.assume(idempotency_ttl_seconds=ttl)
    create(sandbox, idempotency_key="k")
    sandbox.advance(101)
    create(sandbox, idempotency_key="k")
    assert sandbox.ledger()["charges"] == charges


@pytest.mark.parametrize(("scope", "charges"), [("account", 1), ("key", 2)])
def test_idempotency_scope(sandbox: SandboxProcess, scope: str, charges: int) -> None:
    sandbox.assume(idempotency_scope=scope)
    sandbox.control("POST", "keys", {"key": "rvya_sk_second"})
    for key in ("rvya_sk_sandbox", "rvya_sk_second"):
        assert create(sandbox, idempotency_key="k", key=key).status == 201
    assert sandbox.ledger()["charges"] == charges


@pytest.mark.parametrize(("limit", "status"), [(None, 201), (9, 400), (10, 201)])
def test_idempotency_max_length(sandbox: SandboxProcess, limit: int | None, status: int) -> None:
    sandbox.assume(idempotency_max_length=limit)
    assert create(sandbox, idempotency_key="0123456789").status == status


@pytest.mark.parametrize(("replay", "status"), [("replay", "queued"), ("current_state", "succeeded")])
def test_idempotency_replay_of_what_has_ended(sandbox: SandboxProcess, replay: str, status: str) -> None:
    sandbox.assume(idempotency_replay=replay)
    first = create(sandbox, idempotency_key="k")
    finished(sandbox, first)
    again = create(sandbox, idempotency_key="k")
    assert (again.status, again.json()["status"]) == (first.status, status)
    assert (again.body == first.body) is (replay == "replay")


@pytest.mark.parametrize(
    ("header", "replayed", "ignored"),
    [
        ("none", {}, {}),
        ("Idempotent-Replayed", {"idempotent-replayed": "true"}, {}),
        ("Idempotency-Status", {"idempotency-status": "replayed"}, {"idempotency-status": "ignored"}),
    ],
)
def test_idempotency_replay_header(
    sandbox: SandboxProcess, header: str, replayed: dict[str, str], ignored: dict[str, str]
) -> None:
    sandbox.assume(idempotency_replay_header=header)

    def told() -> dict[str, str]:
        headers = create(sandbox, idempotency_key="k").headers
        return {name.lower(): value for name, value in headers.items() if name.lower().startswith("idempot")}

    assert (told(), told()) == ({}, replayed)
    sandbox.assume(idempotency_replay="new_task")
    assert told() == ignored


@pytest.mark.parametrize(
    ("keeps", "invalid", "poor"),
    [("no", 201, 201), ("yes", 400, 402), ("after_validation", 201, 402)],
)
def test_idempotency_refusal_keeps_key(sandbox: SandboxProcess, keeps: str, invalid: int, poor: int) -> None:
    sandbox.assume(
        idempotency_refusal_keeps_key=keeps, unknown_params="refuse", idempotency_same_body="key_only"
    )
    assert create(sandbox, idempotency_key="a", params={"no_such": 1}).status == 400
    assert create(sandbox, idempotency_key="a").status == invalid
    sandbox.set_credits(0)
    assert create(sandbox, idempotency_key="b").status == 402
    sandbox.set_credits(10)
    assert create(sandbox, idempotency_key="b").status == poor


@pytest.mark.parametrize(
    ("stored", "status", "charges"), [("no", 201, 1), ("no_task", 500, 0), ("task_made", 500, 1)]
)
def test_idempotency_server_error_stored(
    sandbox: SandboxProcess, stored: str, status: int, charges: int
) -> None:
    sandbox.assume(idempotency_server_error_stored=stored)
    sandbox.fault(method="POST", path=GENERATIONS, kind="status", status=500)
    assert [create(sandbox, idempotency_key="k").status for _ in range(2)] == [500, status]
    assert sandbox.ledger()["charges"] == charges


@pytest.mark.parametrize(("keeps", "charges"), [("yes", 1), ("no", 2)])
def test_idempotency_failed_task_keeps_key(sandbox: SandboxProcess, keeps: str, charges: int) -> None:
    sandbox.assume(idempotency_failed_task_keeps_key=keeps)
    sandbox.fault(kind="generation_fails")
    finished(sandbox, create(sandbox, idempotency_key="k"))
    create(sandbox, idempotency_key="k")
    assert sandbox.ledger()["charges"] == charges


@pytest.mark.parametrize(("survives", "charges"), [("yes", 1), ("no", 2)])
def test_idempotency_survives_key_rotation(sandbox: SandboxProcess, survives: str, charges: int) -> None:
    sandbox.assume(idempotency_scope="key", idempotency_survives_key_rotation=survives)
    create(sandbox, idempotency_key="k")
    sandbox.control("POST", "keys", {"key": KEY, "state": "revoked"})
    sandbox.control("POST", "keys", {"key": "rvya_sk_second"})
    assert create(sandbox, idempotency_key="k", key="rvya_sk_second").status == 201
    assert sandbox.ledger()["charges"] == charges


@pytest.mark.parametrize(
    ("alphabet", "taken", "refused"),
    [
        ("printable", "a b", "\u00e4"),
        ("visible", "a!", "a b"),
        ("A-Za-z0-9._~-", "a.b~-_", "a:b"),
        ("A-Za-z0-9_:-", "a:b", "a.b"),
        ("quoted", '"a b"', "1a"),
        ("quoted", "rivya-0a:b", '"a'),
    ],
)
def test_idempotency_alphabet(sandbox: SandboxProcess, alphabet: str, taken: str, refused: str) -> None:
    sandbox.assume(idempotency_alphabet=alphabet)
    assert create(sandbox, idempotency_key=taken).status == 201
    assert create(sandbox, idempotency_key=refused).status == 400


@pytest.mark.parametrize("code", ["validation_failed", "INVALID_IDEMPOTENCY_KEY"])
def test_idempotency_bad_key_code(sandbox: SandboxProcess, code: str) -> None:
    sandbox.assume(idempotency_bad_key_code=code)
    answer = create(sandbox, idempotency_key=" ")
    assert (answer.status, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("how", "statuses"), [(400, (400, 201)), ("first", (201, 409)), ("last", (201, 201))]
)
def test_idempotency_two_headers(sandbox: SandboxProcess, how: str | int, statuses: tuple[int, int]) -> None:
    """Another request shows under which of the two keys the first one is kept."""
    sandbox.assume(idempotency_two_headers=how)
    head = "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n"
    body = '{"model": "z-image", "prompt": "A"}'
    head += "Content-Type: application/json\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n"
    text = f"{head}Content-Length: {len(body)}\r\n\r\n{body}"
    assert status_of(sandbox, text) == statuses[0]
    assert create(sandbox, idempotency_key="a", prompt="B").status == statuses[1]


def status_of(sandbox: SandboxProcess, text: str) -> int:
    host = sandbox.url.removeprefix("http://")
    name, _, port = host.partition(":")
    with socket.create_connection((name, int(port)), timeout=10) as connection:
        for mark, value in (("{path}", GENERATIONS), ("{host}", host), ("{key}", KEY)):
            text = text.replace(mark, value, 1)
        connection.sendall(text.encode())
        return int(connection.makefile("rb").readline().split()[1])


def test_idempotency_lookup_by_key(sandbox: SandboxProcess) -> None:
    made = create(sandbox, idempotency_key="k").json()["id"]
    create(sandbox, idempotency_key="other")
    assert sandbox.get(f"{GENERATIONS}?idempotency_key=k").status == 405
    sandbox.assume(idempotency_lookup_by_key="list_filter")
    listed = sandbox.get(f"{GENERATIONS}?idempotency_key=k").json()["data"]
    assert [entry["id"] for entry in listed] == [made]
