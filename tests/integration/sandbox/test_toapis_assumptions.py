"""Every open point of ToAPIs' answers, in every setting of its switch."""

from __future__ import annotations

import base64

import pytest

from tests.integration.sandbox.toapis_tools import (
    IMAGES,
    NANO,
    VIDEOS,
    completed,
    create,
    create_video,
    result_url,
    status,
)
from tests.integration.sandbox.wire_tools import IMAGE_SECONDS, opened
from tests.sandbox_process import TOAPIS_KEY, SandboxProcess


@pytest.mark.parametrize("code", [200, 201, 202])
def test_create_status(sandbox: SandboxProcess, code: int) -> None:
    sandbox.assume(toapis_create_status=code)
    assert create(sandbox).status == code


def test_create_shape(sandbox: SandboxProcess) -> None:
    assert create(sandbox).json()["object"] == "generation.task"
    sandbox.assume(toapis_create_shape="data_list", toapis_waiting_status="submitted")
    body = create(sandbox).json()
    task_id = body["data"][0]["task_id"]
    assert body == {"code": 200, "data": [{"status": "submitted", "task_id": task_id}]}
    assert status(sandbox, task_id).json()["id"] == task_id


@pytest.mark.parametrize(
    ("name", "first", "then"),
    [
        ("queued", "queued", "queued"),
        ("submitted", "submitted", "submitted"),
        ("queued_then_submitted", "queued", "submitted"),
        ("pending", "pending", "pending"),
        ("pending_then_queued", "pending", "queued"),
        ("in_progress", "in_progress", "in_progress"),
    ],
)
def test_waiting_status(sandbox: SandboxProcess, name: str, first: str, then: str) -> None:
    sandbox.assume(toapis_waiting_status=name)
    created = create(sandbox).json()
    assert created["status"] == first
    assert status(sandbox, created["id"]).json()["status"] == then


@pytest.mark.parametrize(
    ("form", "image", "video"),
    [
        ("generation.task", "generation.task", "generation.task"),
        ("by_category", "image.generation", "video.generation"),
    ],
)
def test_object(sandbox: SandboxProcess, form: str, image: str, video: str) -> None:
    sandbox.assume(toapis_object=form)
    assert status(sandbox, create(sandbox).json()["id"]).json()["object"] == image
    assert status(sandbox, create_video(sandbox).json()["id"], path=VIDEOS).json()["object"] == video


@pytest.mark.parametrize(
    ("form", "seen"), [("present", [0, 0, 100]), ("absent", [None] * 3), ("stuck", [10, 10, 10])]
)
def test_progress(sandbox: SandboxProcess, form: str, seen: list[int | None]) -> None:
    sandbox.assume(toapis_progress=form)
    created = create(sandbox)
    waiting = status(sandbox, created.json()["id"])
    answers = [created.json(), waiting.json(), completed(sandbox, created)]
    assert [answer.get("progress") for answer in answers] == seen


@pytest.mark.parametrize(
    ("place", "top", "inner"), [("both", True, True), ("url", True, False), ("result_data", False, True)]
)
def test_result_location(sandbox: SandboxProcess, place: str, top: bool, inner: bool) -> None:
    sandbox.assume(toapis_result_location=place)
    done = completed(sandbox, create(sandbox))
    assert ("url" in done, "result" in done) == (top, inner)
    url = done["url"] if top else done["result"]["data"][0]["url"]
    assert sandbox.get(url, key=None).status == 200


def test_b64_json(sandbox: SandboxProcess) -> None:
    created = create(sandbox, "gpt-image-2", n=2, response_format="b64_json")
    done = completed(sandbox, created)
    files = [sandbox.get(item["url"], key=None).body for item in done["result"]["data"]]
    sandbox.assume(toapis_b64_json="inline")
    inline = status(sandbox, done["id"]).json()
    assert [base64.b64decode(item["b64_json"]) for item in inline["result"]["data"]] == files
    assert result_url(completed(sandbox, create(sandbox, "gpt-image-2", response_format="url")))


@pytest.mark.parametrize(("form", "shown"), [("as_sent", "nano-banana-2"), ("canonical", NANO)])
def test_model_echo(sandbox: SandboxProcess, form: str, shown: str) -> None:
    sandbox.assume(toapis_model_echo=form)
    created = create(sandbox, "nano-banana-2").json()
    assert (created["model"], status(sandbox, created["id"]).json()["model"]) == (shown, shown)


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("code_message", {"code", "message"}),
        ("message", {"message"}),
        ("extra", {"code", "message", "type", "param", "retryable"}),
    ],
)
def test_failed_error_and_code(sandbox: SandboxProcess, form: str, fields: set[str]) -> None:
    sandbox.assume(toapis_failed_error=form, toapis_failed_code="upstream")
    sandbox.fault(kind="generation_fails")
    failed = completed(sandbox, create(sandbox))
    assert failed["status"] == "failed"
    assert set(failed["error"]) == fields
    assert failed["error"].get("code") == ("upstream" if "code" in fields else None)


@pytest.mark.parametrize(
    ("form", "code", "told", "works"),
    [
        ("present", 403, True, True),
        ("absent", 403, False, True),
        ("past", 403, True, False),
        ("past", 404, True, False),
    ],
)
def test_expires_at(sandbox: SandboxProcess, form: str, code: int, told: bool, works: bool) -> None:
    sandbox.assume(toapis_expires_at=form, toapis_result_ttl_seconds=100, toapis_expired_url_status=code)
    done = completed(sandbox, create(sandbox))
    assert ("expires_at" in done) is told
    if told:
        now = sandbox.control("GET", "clock")["now"]
        assert (done["expires_at"] > now) is works
    assert sandbox.get(result_url(done), key=None).status == (200 if works else code)
    sandbox.advance(101)
    assert sandbox.get(result_url(done), key=None).status == code


@pytest.mark.parametrize(
    ("form", "mime", "pillow"),
    [("png", "image/png", "PNG"), ("jpeg", "image/jpeg", "JPEG"), ("webp", "image/webp", "WEBP")],
)
@pytest.mark.parametrize("extension", [True, False])
def test_result_format_and_extension(
    sandbox: SandboxProcess, form: str, mime: str, pillow: str, extension: bool
) -> None:
    sandbox.assume(toapis_result_format=form, toapis_result_extension=extension)
    url = result_url(completed(sandbox, create(sandbox)))
    assert ("." in url.rpartition("/")[2]) is extension
    file = sandbox.get(url, key=None)
    assert (file.headers["content-type"], opened(file.body).format) == (mime, pillow)


@pytest.mark.parametrize(("needed", "code"), [(True, 401), (False, 200)])
def test_result_needs_key(sandbox: SandboxProcess, needed: bool, code: int) -> None:
    sandbox.assume(toapis_result_needs_key=needed)
    url = result_url(completed(sandbox, create(sandbox)))
    assert sandbox.get(url, key=None).status == code
    assert sandbox.get(url, key=TOAPIS_KEY).status == 200


@pytest.mark.parametrize(("when", "at_once"), [("create", 995), ("completion", 1000)])
def test_charge_at(sandbox: SandboxProcess, when: str, at_once: int) -> None:
    sandbox.assume(toapis_charge_at=when)
    create(sandbox)
    assert sandbox.credits("toapis") == at_once
    sandbox.advance(IMAGE_SECONDS)
    assert sandbox.credits("toapis") == 995
    assert sandbox.ledger()["charges"] == 1


def test_what_is_not_charged_yet_cannot_be_spent_twice(sandbox: SandboxProcess) -> None:
    sandbox.assume(toapis_charge_at="completion")
    sandbox.set_credits(9, "toapis")
    assert [create(sandbox).status for _ in range(2)] == [200, 402]


@pytest.mark.parametrize(
    ("when", "refund", "at_end", "later", "entries"),
    [
        ("create", "full", 1000, 1000, ["charge", "refund"]),
        ("create", "none", 995, 995, ["charge"]),
        ("create", "later", 995, 1000, ["charge", "refund"]),
        ("completion", "full", 1000, 1000, []),
        ("completion", "none", 995, 995, ["charge"]),
    ],
)
def test_refund_on_failure(
    sandbox: SandboxProcess, when: str, refund: str, at_end: int, later: int, entries: list[str]
) -> None:
    sandbox.assume(toapis_charge_at=when, toapis_refund_on_failure=refund, refund_delay_seconds=100)
    sandbox.fault(kind="generation_fails")
    assert completed(sandbox, create(sandbox))["status"] == "failed"
    assert sandbox.credits("toapis") == at_end
    sandbox.advance(100)
    assert sandbox.credits("toapis") == later
    assert [entry["kind"] for entry in sandbox.ledger()["entries"]] == entries


@pytest.mark.parametrize(("form", "credits"), [("by_resolution", 8), ("flat", 5)])
def test_nano_banana_2_price(sandbox: SandboxProcess, form: str, credits: int) -> None:
    sandbox.assume(toapis_nano_banana_2_price=form)
    create(sandbox, metadata={"resolution": "4K"})
    assert sandbox.ledger()["entries"][0]["credits"] == credits


def test_unlisted_prices(sandbox: SandboxProcess) -> None:
    sandbox.assume(toapis_unlisted_image_usd=0.011, toapis_unlisted_video_usd=0.25)
    create(sandbox, "gpt-4o-image", n=2)
    create_video(sandbox)
    assert [entry["credits"] for entry in sandbox.ledger()["entries"]] == [4.4, 50]


@pytest.mark.parametrize(("edition", "credits"), [("later", True), ("earlier", False)])
def test_balance_fields(sandbox: SandboxProcess, edition: str, credits: bool) -> None:
    sandbox.assume(toapis_balance_fields=edition)
    answer = sandbox.get("/v1/balance", key=TOAPIS_KEY).json()
    assert ("remain_credits" in answer, "used_credits" in answer) == (credits, credits)
    assert answer["remain_balance"] == 5


@pytest.mark.parametrize("unlimited", [True, False])
def test_unlimited_quota(sandbox: SandboxProcess, unlimited: bool) -> None:
    sandbox.assume(toapis_unlimited_quota=unlimited)
    of_key = sandbox.get("/v1/balance", key=TOAPIS_KEY).json()
    assert (of_key["unlimited_quota"], of_key["remain_balance"]) == (unlimited, -1 if unlimited else 5)
    assert sandbox.get("/v1/user/balance", key=TOAPIS_KEY).json()["remain_balance"] == 5


@pytest.mark.parametrize(("kept", "code"), [(None, 200), (3600, 404)])
def test_switches_of_both_gateways(sandbox: SandboxProcess, kept: float | None, code: int) -> None:
    sandbox.assume(task_retention_seconds=kept, id_style="long", request_id_header=True)
    created = create(sandbox, client_business_id="mine").json()
    assert len(created["id"]) > 64
    assert status(sandbox, created["id"]).status == 200
    sandbox.advance(3601)
    assert status(sandbox, created["id"]).status == status(sandbox, "mine").status == code
    assert "x-request-id" in sandbox.get(f"{IMAGES}/none", key=TOAPIS_KEY).headers


@pytest.mark.parametrize(
    ("form", "told"),
    [("fail_reason", {"fail_reason": "The task could not be completed"}), ("none", {})],
)
def test_a_failed_task_without_an_error(sandbox: SandboxProcess, form: str, told: dict[str, str]) -> None:
    sandbox.assume(toapis_failed_error=form)
    sandbox.fault(kind="generation_fails")
    failed = completed(sandbox, create(sandbox))
    assert {name: failed[name] for name in ("error", "fail_reason") if name in failed} == told


@pytest.mark.parametrize(
    ("form", "billing"),
    [
        ("absent", None),
        ("credits_and_usd", {"cost_usd": 0.025, "credits": 5}),
        ("usd_only", {"cost_usd": 0.025}),
        ("differs_from_list", {"cost_usd": 0.05, "credits": 10}),
    ],
)
def test_billing_fields(sandbox: SandboxProcess, form: str, billing: dict[str, float] | None) -> None:
    sandbox.assume(toapis_billing_fields=form)
    assert completed(sandbox, create(sandbox)).get("billing") == billing


@pytest.mark.parametrize(("form", "kind"), [("right", "video"), ("always_image", "image")])
def test_result_type(sandbox: SandboxProcess, form: str, kind: str) -> None:
    sandbox.assume(toapis_result_type=form)
    assert completed(sandbox, create_video(sandbox), path=VIDEOS)["result"]["type"] == kind


@pytest.mark.parametrize(
    ("form", "fields", "code"),
    [
        ("given", {"url", "format", "last_frame_url"}, 200),
        ("withheld", {"url", "format"}, None),
        ("expired", {"url", "format", "last_frame_url"}, 403),
    ],
)
def test_last_frame(sandbox: SandboxProcess, form: str, fields: set[str], code: int | None) -> None:
    sandbox.assume(toapis_last_frame=form)
    created = create_video(sandbox, "seedance-2-fast", duration=4, return_last_frame=True)
    (made,) = completed(sandbox, created, path=VIDEOS)["result"]["data"]
    assert set(made) == fields
    if code is not None:
        assert sandbox.get(made["last_frame_url"], key=None).status == code


@pytest.mark.parametrize(("how", "share"), [("as_taken", 1), ("returns_part", 0.5), ("charges_more", 1.5)])
def test_settlement(sandbox: SandboxProcess, how: str, share: float) -> None:
    sandbox.assume(toapis_settlement=how)
    before = sandbox.credits("toapis")
    completed(sandbox, create(sandbox))
    assert before - sandbox.credits("toapis") == 5 * share
    assert sandbox.ledger("toapis")["charges"] == 1


@pytest.mark.parametrize(
    ("how", "status_then"), [("current_state", "completed"), ("first_answer", "pending")]
)
def test_replay_answer(sandbox: SandboxProcess, how: str, status_then: str) -> None:
    sandbox.assume(toapis_repeated_client_business_id="same_task", toapis_replay_answer=how)
    done = completed(sandbox, create(sandbox, client_business_id="mine"))
    again = create(sandbox, client_business_id="mine").json()
    assert (again["id"], again["status"]) == (done["id"], status_then)
