"""Images that a model does not take, converted before they are uploaded."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from airflow_provider_rivya.exceptions import InvalidRequestError
from tests.integration.conftest import sent
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.generation.conftest import NewJob
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def request_with(tmp_path: Path) -> dict[str, Any]:
    """A request with a TIFF file and an animation, of which no model takes either."""
    Image.effect_noise((320, 240), 60).convert("RGB").save(tmp_path / "scan.tif")
    Image.new("RGBA", (64, 48), (200, 10, 10, 0)).save(tmp_path / "logo.gif", transparency=0)
    return {
        "model": "nano-banana-2",
        "prompt": "A poster",
        "reference_media": [str(tmp_path / "scan.tif"), str(tmp_path / "logo.gif")],
    }


@at_each
def test_what_is_uploaded_is_converted(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess, request_with: dict[str, Any]
) -> None:
    job = new_job({**request_with, "convert_reference_images": True})
    done = job.run()
    assert done.state == "delivered", done.text
    assert len(sent(sandbox, "POST", gateway.uploads)) == 2
    if gateway.name != "rivya":  # the sandbox shows no references of the other one's tasks
        return
    (made,) = sandbox.tasks()
    items = made["params"]["referenceMediaItems"]
    assert [(item["name"], item["mimeType"]) for item in items] == [
        ("scan.jpg", "image/jpeg"),
        ("logo.png", "image/png"),
    ]
    pictures = [Image.open(io.BytesIO(sandbox.get(item["url"]).body)) for item in items]
    assert [(image.format, image.size) for image in pictures] == [("JPEG", (320, 240)), ("PNG", (64, 48))]


@at_each
def test_without_it_the_faults_tell_how(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess, request_with: dict[str, Any]
) -> None:
    done = new_job(request_with).run()
    assert done.state == "final"
    assert isinstance(done.error, InvalidRequestError)
    # GIF may be uploaded to ToAPIs, and no page says that a model refuses it.
    assert len(done.error.faults) == (2 if gateway.name == "rivya" else 1)
    assert all("convert_reference_images=True converts it" in str(fault) for fault in done.error.faults)
    assert sandbox.requests() == []


@at_each
def test_a_clear_knows_the_request_by_the_originals(
    new_job: NewJob, sandbox: SandboxProcess, request_with: dict[str, Any], tmp_path: Path
) -> None:
    job = new_job({**request_with, "convert_reference_images": True, "on_rerun_after_delivery": "reuse"})
    assert job.run().state == "delivered"
    job.clear()
    assert job.run().state == "delivered"
    assert sandbox.ledger()["charges"] == 1
    # The same pixels would be uploaded, out of another file.
    content = (tmp_path / "scan.tif").read_bytes() + b"\0"
    (tmp_path / "scan.tif").write_bytes(content)
    job.clear()
    assert job.run().state == "delivered"
    assert sandbox.ledger()["charges"] == 2


@at_each
def test_what_cannot_be_converted_ends_it_before_anything_is_sent(
    new_job: NewJob,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    request_with: dict[str, Any],
    tmp_path: Path,
) -> None:
    path = tmp_path / "scan.tif"
    Image.effect_noise((320, 240), 60).convert("RGB").save(path, compression="tiff_lzw")
    content = bytearray(path.read_bytes())
    content[10_000:12_000] = bytes(2_000)  # as long as it was, but nothing that can be decoded
    path.write_bytes(content)
    done = new_job({**request_with, "convert_reference_images": True}).run()
    assert done.state == "final"
    assert "reference_media[0]: " in done.text
    assert "scan.tif' cannot be converted: " in done.text
    assert sent(sandbox, "POST", gateway.uploads) == []
