"""What is a genuine delivery of a webhook, by the contract's worked example; nothing else is one."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from airflow_provider_rivya.plugin.webhooks.delivery import Envelope, Seen, generation_of, signature_of
from airflow_provider_rivya.plugin.webhooks.secrets import KEPT, Secrets, secret_of

SECRET, OLD = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
EVENT, SENT_AT = "evt_00000000000000000000000001", "1790000000"
BODY = (
    b'{"id":"evt_00000000000000000000000001","type":"generation.completed","api_version":"v1",'
    b'"created_at":1790000000,"data":{"task_id":"tsk_img_0a1b2c3d4e5f","client_business_id":"job-0001",'
    b'"task_type":"image","model":"gpt-image-2","status":"completed","progress":100,"result":{"type":"image",'
    b'"data":[{"url":"https://files.example.invalid/out.png"}]},"error":null,"submitted_at":1789999950,'
    b'"finished_at":1789999998}}'
)
NEW_KEY = "e24b59ffcd43efb9f1508236d158fda9b60d5fba455869f7f98907a52ce3aa05"
OLD_KEY = "4930467c409e6d8b30dd6bf358a1dae1d73d987015a3696413caca7e1cbfe402"
FROM_HEX = "848da39a66e7d4b53dea086351e43318c3ae5ad3f778080ef9e2359e75718b0b"
TEST = "736977435c9e1aceba500ad4ce3de14a4e621a3aac89bae6d686b820fd50e234"
SHOP = {"shop": SECRET.encode()}


def envelope(signed: str = f"v1={NEW_KEY}", event: str = EVENT, sent_at: str = SENT_AT) -> Envelope | None:
    return Envelope.read(
        [
            (b"host", b"airflow.example"),
            (b"x-toapis-webhook-id", event.encode("latin-1")),
            (b"x-toapis-webhook-timestamp", sent_at.encode("latin-1")),
            (b"x-toapis-webhook-signature", signed.encode("latin-1")),
        ]
    )


def signers(
    signed: str, body: bytes = BODY, event: str = EVENT, secrets: dict[str, bytes] = SHOP
) -> set[str]:
    read = envelope(signed, event)
    return set() if read is None else set(read.signers(body, secrets))


@pytest.mark.parametrize(
    ("signed", "secret", "right"),
    [
        (f"v1={NEW_KEY}", SECRET, True),
        (f"v1={NEW_KEY},v1={OLD_KEY}", SECRET, True),
        (f"v1={NEW_KEY},v1={OLD_KEY}", OLD, True),
        (f"v1={OLD_KEY}, v1={NEW_KEY}", SECRET, True),
        (f"v2=abc,v1={NEW_KEY}", SECRET, True),
        (f"v1={OLD_KEY}", SECRET, False),
        (f"v1={FROM_HEX}", SECRET, False),
        (f"v1={NEW_KEY.upper()}", SECRET, False),
        (NEW_KEY, SECRET, False),
        (f"v2={NEW_KEY}", SECRET, False),
        (f"v1={NEW_KEY[:-1]}", SECRET, False),
        ("v1=", SECRET, False),
        ("", SECRET, False),
        (",".join([f"v1={OLD_KEY}"] * 4 + [f"v1={NEW_KEY}"]), SECRET, False),
    ],
)
def test_the_worked_example(signed: str, secret: str, right: bool) -> None:
    assert len(BODY) == 411
    assert signers(signed, secrets={"shop": secret.encode()}) == ({"shop"} if right else set())


def test_the_second_vector_and_bytes_as_they_were_received() -> None:
    body = b'{"id":"evt_test","type":"endpoint.test"}'
    assert signers(f"v1={TEST}", body, "evt_test") == {"shop"}
    assert signers(f"v1={TEST}", json.dumps(json.loads(body)).encode(), "evt_test") == set()
    assert signers(f"v1={TEST}", body, "evt_tesu") == set()
    assert signers(f"v1={TEST}", body + b"\n", "evt_test") == set()


def test_each_secret_signs_for_its_own_connections() -> None:
    secrets = {"a": SECRET.encode(), "same": SECRET.encode(), "old": OLD.encode(), "other": b"x" * 32}
    assert signers(f"v1={NEW_KEY}", secrets=secrets) == {"a", "same"}
    assert signers(f"v1={NEW_KEY},v1={OLD_KEY}", secrets=secrets) == {"a", "same", "old"}


@pytest.mark.parametrize(
    ("event", "sent_at", "signed"),
    [
        ("", SENT_AT, f"v1={NEW_KEY}"),
        ("a b", SENT_AT, f"v1={NEW_KEY}"),
        ("evt\x7f", SENT_AT, f"v1={NEW_KEY}"),
        ("\xe9", SENT_AT, f"v1={NEW_KEY}"),
        ("e" * 201, SENT_AT, f"v1={NEW_KEY}"),
        (EVENT, "", f"v1={NEW_KEY}"),
        (EVENT, "-1", f"v1={NEW_KEY}"),
        (EVENT, "1e9", f"v1={NEW_KEY}"),
        (EVENT, "9" * 13, f"v1={NEW_KEY}"),
        (EVENT, "\xb2", f"v1={NEW_KEY}"),
        (EVENT, SENT_AT, f"v1={NEW_KEY}" + ",v1=0" * 100),
    ],
)
def test_headers_of_another_form(event: str, sent_at: str, signed: str) -> None:
    assert envelope(signed, event, sent_at) is None


def test_a_header_that_is_missing_or_stands_there_twice() -> None:
    headers = [
        (b"x-toapis-webhook-id", b"e"),
        (b"x-toapis-webhook-timestamp", b"1"),
        (b"x-toapis-webhook-signature", f"v1={NEW_KEY}".encode()),
    ]
    assert Envelope.read(headers) is not None
    for header in headers:
        assert Envelope.read([other for other in headers if other != header]) is None
        assert Envelope.read([*headers, header]) is None


@pytest.mark.parametrize(
    ("off", "fresh"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)]
)
def test_five_minutes_either_way(off: float, fresh: bool) -> None:
    read = envelope()
    assert read is not None
    assert read.is_fresh(float(SENT_AT) + off) is fresh


def event(**data: Any) -> bytes:
    return json.dumps({"type": "generation.failed", "data": {"task_id": "task_1", **data}}).encode()


@pytest.mark.parametrize(
    ("body", "generation"),
    [
        (BODY, "tsk_img_0a1b2c3d4e5f"),
        (event(), "task_1"),
        (event(status="completed", result={"data": [{"url": "https://elsewhere"}]}), "task_1"),
        (b'{"id":"evt_test","type":"endpoint.test"}', None),
        (b'{"type":"generation.progress","data":{"task_id":"task_1"}}', None),
        (b'{"type":["generation.failed"],"data":{"task_id":"task_1"}}', None),
        (event(task_id="../../v1/balance"), None),
        (event(task_id="x" * 501), None),
        (event(task_id=7), None),
        (event(task_id=None), None),
        (event(task_id={}), None),
        (b'{"type":"generation.failed","data":[]}', None),
        (b'{"type":"generation.failed"}', None),
        (b"[" * 100_000, None),
        (b"\xff", None),
        (b"[]", None),
        (b"", None),
    ],
)
def test_nothing_but_the_id_is_read(body: bytes, generation: str | None) -> None:
    assert generation_of(body) == generation


def test_what_was_seen_is_bounded_and_apart_by_who_has_signed() -> None:
    seen, shop, other = Seen(most=2), frozenset({"shop"}), frozenset({"other"})
    seen.note("e1", shop, taken=False)
    assert seen.came_in_time("e1", shop)
    assert not seen.was_taken("e1", shop)
    assert not seen.came_in_time("e1", other)
    seen.note("e1", shop, taken=True)
    assert seen.was_taken("e1", shop)
    seen.note("e2", shop, taken=True)
    seen.note("e1", shop, taken=True)
    seen.note("e3", shop, taken=True)
    assert not seen.came_in_time("e2", shop)
    assert seen.was_taken("e1", shop)


@pytest.mark.parametrize(
    ("extra", "secret"),
    [
        ({"webhook_secret": SECRET}, SECRET.encode()),
        ({"webhook_secret": f" {SECRET}\n", "webhook_secret_form": ""}, SECRET.encode()),
        ({"webhook_secret": SECRET, "webhook_secret_form": "hex"}, bytes.fromhex(SECRET)),
        (
            {"webhook_secret": base64.b64encode(b"x" * 32).decode(), "webhook_secret_form": "base64"},
            b"x" * 32,
        ),
    ],
)
def test_the_secret_of_a_connection(extra: dict[str, Any], secret: bytes) -> None:
    assert secret_of(extra) == secret
    hexadecimal = signature_of(bytes.fromhex(SECRET), EVENT, SENT_AT, BODY)
    assert hexadecimal == FROM_HEX


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({}, "belongs here"),
        ({"webhook_secret": "  "}, "belongs here"),
        ({"webhook_secret": 12345678901234567890}, "belongs here"),
        ({"webhook_secret": "s" * 1001}, "belongs here"),
        ({"webhook_secret": "secret-of-mine"}, "14 bytes are no secret"),
        ({"webhook_secret": "secret-of-mine!!", "webhook_secret_form": "hex"}, "it is not hex"),
        ({"webhook_secret": "secret-of-mine!!", "webhook_secret_form": "base64"}, "it is not base64"),
        ({"webhook_secret": SECRET, "webhook_secret_form": "rot13"}, "none of text, hex, base64"),
        ({"webhook_secret": SECRET, "webhook_secret_form": ["hex"]}, "none of text, hex, base64"),
    ],
)
def test_a_secret_that_is_none_is_told_and_not_shown(extra: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=r"extra\.webhook_secret") as told:
        secret_of(extra)
    assert words in str(told.value)
    assert "secret-of-mine" not in str(told.value)


def test_connections_are_read_once_a_minute_whoever_calls() -> None:
    now, read = [0.0], list[str]()
    stored: dict[str, Any] = {"a": {"webhook_secret": SECRET}, "b": OSError("secret-of-mine")}

    def read_one(conn_id: str) -> Any:
        read.append(conn_id)
        if isinstance(stored[conn_id], Exception):
            raise stored[conn_id]
        return stored[conn_id]

    secrets = Secrets(["a", "b"], read_one, lambda: now[0])
    for _ in range(3):
        assert secrets.current() == {"a": SECRET.encode()}
    assert read == ["a", "b"]
    now[0] = KEPT
    stored.update(a=OSError("the database is away"), b={"webhook_secret": OLD})
    assert secrets.current() == {"a": SECRET.encode(), "b": OLD.encode()}
    now[0] = 2 * KEPT
    stored["a"] = {}
    assert secrets.current() == {"b": OLD.encode()}
