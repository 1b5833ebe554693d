"""
ToAPIs with its open points turned, from the request to the file.

Each setting by itself is in tests/integration/hooks/test_toapis_*.py; here are those that a
generation has to do with: what is spelled as its ``dialect`` says, and what is made of a refusal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Connect, sent
from tests.integration.gateways import TOAPIS, at
from tests.integration.generation.conftest import NewJob
from tests.integration.landed_files import check_image
from tests.sandbox_process import SandboxProcess

pytestmark = at("toapis")


def switched(**switches: Any) -> dict[str, Any]:
    return {f"toapis_{name}": value for name, value in switches.items()}


@pytest.mark.parametrize(
    "switches",
    [
        switched(create_status=202, create_shape="data_list", waiting_status="submitted", progress="absent"),
        switched(create_status=201, create_echoes_client_business_id=False, lookup="never"),
        switched(result_location="url", result_extension=False, result_needs_key=True, result_format="webp"),
        switched(result_location="result_data", object="by_category", model_echo="canonical"),
        switched(waiting_status="queued_then_submitted", progress="stuck", expires_at="absent"),
        switched(charge_at="completion", foreign_references="refuse", several_reference_fields="refuse"),
        {"id_style": "long", "request_id_header": True},
    ],
    ids=str,
)
def test_works_whichever_way_an_open_point_turns_out(
    new_job: NewJob, sandbox: SandboxProcess, photo: Path, switches: dict[str, Any]
) -> None:
    sandbox.assume(**switches)
    job = new_job(
        model="nano-banana-2",
        model_params={"resolution": "2K"},
        reference_media=str(photo),
    )
    done = job.run(deferred=True)
    assert done.state == "delivered", done.text
    check_image(done.result["outputs"][0])
    (entry,) = sandbox.ledger("toapis")["entries"]
    assert (entry["kind"], entry["credits"]) == ("charge", 6)


@pytest.mark.parametrize(
    ("switches", "dialect"),
    [
        (switched(reference_field="reference_images"), {"references": "reference_images"}),
        (switched(reference_field="images"), {"references": "images"}),
        (switched(resolution_place="top"), {"resolution": "top"}),
        (switched(resolution_case="lower"), {"resolution_case": "lower"}),
        (switched(model_ids="guide"), {"model": "nano-banana-2"}),
        (
            switched(
                reference_field="reference_images",
                resolution_place="top",
                resolution_case="lower",
                model_ids="guide",
            ),
            {
                "references": "reference_images",
                "resolution": "top",
                "resolution_case": "lower",
                "model": "nano_banana_2",
            },
        ),
    ],
    ids=str,
)
def test_the_dialect_spells_what_the_gateway_takes(
    new_job: NewJob,
    sandbox: SandboxProcess,
    photo: Path,
    switches: dict[str, Any],
    dialect: dict[str, str],
) -> None:
    sandbox.assume(**switches)
    arguments: dict[str, Any] = {
        "model": "nano-banana-2",
        "model_params": {"resolution": "2K"},
        "reference_media": str(photo),
    }
    job = new_job(arguments)
    done = job.run()
    assert done.state == "final", done.text
    assert "Nothing was submitted and nothing was charged" in done.text
    assert sandbox.ledger()["entries"] == []
    arguments["dialect"] = dialect
    job.clear()
    done = job.run()
    assert done.state == "delivered", done.text
    check_image(done.result["outputs"][0])
    (entry,) = sandbox.ledger("toapis")["entries"]
    assert entry["credits"] == 6


def test_the_dialect_forces_the_endpoint(new_job: NewJob, sandbox: SandboxProcess) -> None:
    job = new_job(model="sora-2", dialect={"endpoint": "image"})
    done = job.run()
    assert done.state == "final", done.text
    assert "sora-2 makes video, not image" in done.text
    assert len(sent(sandbox, "POST", TOAPIS.create)) == 1
    assert sandbox.ledger()["entries"] == []


@pytest.mark.parametrize(("status", "state"), [(402, "final"), (429, "retryable")])
def test_a_quota_that_is_used_up(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess, status: int, state: str
) -> None:
    """As 429 it may be the request rate just as well: it is tried again, and costs nothing."""
    connect(retries=0)
    sandbox.set_credits(1, "toapis")
    sandbox.assume(toapis_quota_status=status)
    job = new_job()
    done = job.run()
    assert done.state == state, done.text
    assert "othing was submitted and nothing was charged" in done.text
    assert sandbox.ledger()["entries"] == []
    assert job.record["state"] == "withdrawn"
    sandbox.set_credits(100, "toapis")
    if state == "final":
        job.clear()
    assert job.run().state == "delivered"
    assert sandbox.ledger("toapis")["charges"] == 1


@pytest.mark.parametrize(("when", "submitted"), [("on_create", False), ("failed_task", True)])
def test_content_is_refused_at_either_end(
    new_job: NewJob, sandbox: SandboxProcess, when: str, submitted: bool
) -> None:
    sandbox.assume(toapis_refused_content=when)
    sandbox.fault(kind="content_refused")
    job = new_job()
    done = job.run()
    assert done.state == "final", done.text
    assert "content_policy_violation" in done.text
    assert len(sent(sandbox, "POST", TOAPIS.create)) == 1
    assert sandbox.ledger("toapis")["charges"] == submitted


@pytest.mark.parametrize("refund", ["full", "none", "later"])
def test_content_that_is_refused_in_words_alone(
    new_job: NewJob, sandbox: SandboxProcess, refund: str
) -> None:
    """What became of its credits no answer tells: nothing is claimed, and nothing is paid again."""
    sandbox.assume(toapis_refused_content="failed_task_words", toapis_refund_on_failure=refund)
    sandbox.fault(kind="content_refused")
    job = new_job()
    done = job.run()
    assert done.state == "final", done.text
    assert "Change the prompt or the reference media" in done.text
    assert "The gateway does not say what it cost" in done.text
    assert "refunded" not in done.text
    assert len(sent(sandbox, "POST", TOAPIS.create)) == 1


@pytest.mark.parametrize("how", ["rate_limit_unavailable", "no_channel"])
def test_a_503_before_any_task_costs_nothing_and_is_tried_again(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess, how: str
) -> None:
    connect(retries=0)
    sandbox.assume(toapis_503=how)
    job = new_job()
    done = job.run()
    assert done.state == "retryable", done.text
    assert "othing was submitted and nothing was charged" in done.text
    assert job.record["state"] == "withdrawn"
    assert [asked["method"] for asked in sandbox.requests()] == ["POST"]  # what was refused is not looked up
    sandbox.assume(toapis_503="off")
    assert job.run().state == "delivered"
    assert sandbox.ledger("toapis")["charges"] == 1


@pytest.mark.parametrize("how", ["html", "json_unknown"])
def test_any_other_503_is_looked_up_and_paid_once(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess, how: str
) -> None:
    connect(retries=0)
    sandbox.assume(toapis_503=how, toapis_503_makes_task=True)
    done = new_job().run()
    assert done.state == "delivered", done.text
    assert len(sent(sandbox, "POST", TOAPIS.create)) == 1
    assert sandbox.ledger("toapis")["charges"] == 1


@pytest.mark.parametrize("how", ["404_number", "404_name", "400_message", "400_code", "html"])
@pytest.mark.parametrize("repeated", ["new_task", "same_task"])
def test_a_request_that_did_not_arrive(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess, how: str, repeated: str
) -> None:
    """Each of the gateway's words for "there is none" is one; a page in front of it says nothing."""
    connect(retries=0)
    sandbox.assume(toapis_unknown_task=how, toapis_repeated_client_business_id=repeated)
    sandbox.fault(kind="cut_before", method="POST", path=TOAPIS.create)
    job = new_job(on_uncertain_submission="resubmit", retries=1)
    done = job.run()
    assert done.state == "retryable", done.text
    assert sandbox.ledger()["entries"] == []
    done = job.run()
    if how == "html":
        assert done.state == "retryable", done.text
        assert sandbox.ledger()["entries"] == []
    else:
        assert done.state == "delivered", done.text
        assert sandbox.ledger("toapis")["charges"] == 1


@pytest.mark.parametrize("status", [400, 404])
def test_a_model_that_only_the_gateway_does_not_know(
    new_job: NewJob, sandbox: SandboxProcess, status: int
) -> None:
    sandbox.assume(toapis_unknown_model_status=status)
    job = new_job(model="brand-new-model", validation="off")
    done = job.run()
    assert done.state == "final", done.text
    assert "Nothing was submitted and nothing was charged" in done.text
    assert sandbox.ledger()["entries"] == []


def test_a_result_in_the_answer_itself_is_not_paid_for_again(
    new_job: NewJob, sandbox: SandboxProcess
) -> None:
    """Nobody gets that by accident: the catalogue refuses to ask for it."""
    sandbox.assume(toapis_b64_json="inline")
    job = new_job(model="nano-banana-2", model_params={"response_format": "b64_json"}, validation="off")
    for _ in range(2):
        done = job.run()
        assert done.state == "retryable", done.text
        assert "lists no result" in done.text
        assert "does not pay again" in done.text
    assert sandbox.ledger("toapis")["charges"] == 1


@pytest.mark.parametrize("megabyte", [1_000_000, 1_048_576])
def test_the_largest_reference(new_job: NewJob, sandbox: SandboxProcess, photo: Path, megabyte: int) -> None:
    """The client keeps to the smaller megabyte: what it sends is right under both."""
    sandbox.assume(megabyte=megabyte)
    content = photo.read_bytes()
    photo.write_bytes(content.ljust(10_000_001, b"\0"))
    job = new_job(model=TOAPIS.references[1], reference_media=str(photo))
    done = job.run()
    assert done.state == "final", done.text
    assert (
        "is too large with 10,000,001 bytes; allowed: at most 10 MB, taken as 10,000,000 bytes" in done.text
    )
    assert sandbox.requests() == []
    photo.write_bytes(content.ljust(10_000_000, b"\0"))
    job.clear()
    done = job.run()
    assert done.state == "delivered", done.text
    check_image(done.result["outputs"][0])
    assert sandbox.ledger("toapis")["charges"] == 1


@pytest.mark.parametrize(("megabyte", "state"), [(1_000_000, "final"), (1_048_576, "delivered")])
def test_a_reference_between_the_two_megabytes_that_only_the_gateway_judges(
    new_job: NewJob, sandbox: SandboxProcess, photo: Path, megabyte: int, state: str
) -> None:
    sandbox.assume(megabyte=megabyte)
    photo.write_bytes(photo.read_bytes().ljust(10_000_001, b"\0"))
    job = new_job(model=TOAPIS.references[1], reference_media=str(photo), validation="off")
    done = job.run()
    assert done.state == state, done.text
    assert sandbox.ledger("toapis")["charges"] == (state == "delivered")
    assert len(sent(sandbox, "POST", TOAPIS.create)) == (state == "delivered")
    if state == "final":
        assert done.text == (
            "The gateway refused 'upload file': Image too large: 10000001 bytes, maximum size is 10MB "
            "[connection toapis_default, HTTP 400]. ToAPIs takes images (JPEG, PNG, WebP, GIF) up to 10 MB "
            "and videos (MP4, WebM, MOV) up to 50 MB. "
            "Nothing was submitted and nothing was charged; a retry would not help, so none is made."
        )


@pytest.mark.parametrize("seconds", [60, None])
def test_an_upload_that_is_gone_when_the_request_is_made_anew(
    new_job: NewJob, connect: Connect, sandbox: SandboxProcess, photo: Path, seconds: int | None
) -> None:
    """What is submitted under another key is another request: its references are uploaded again."""
    connect(retries=0)
    sandbox.assume(file_ttl_seconds=seconds)
    sandbox.fault(kind="cut_before", method="POST", path=TOAPIS.create)
    job = new_job(
        model=TOAPIS.references[1], reference_media=str(photo), on_uncertain_submission="resubmit", retries=1
    )
    done = job.run()
    assert done.state == "retryable", done.text
    sandbox.advance(61)
    done = job.run()
    assert done.state == "delivered", done.text
    check_image(done.result["outputs"][0])
    assert len(sent(sandbox, "POST", TOAPIS.uploads)) == 2
    assert sandbox.ledger("toapis")["charges"] == 1
