"""Reference files of the rows of a batch: each content is uploaded once, an empty one may be a fault."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.batch.window import Limits
from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.landing import fetch
from tests.integration.batch.conftest import NewBatch, products
from tests.integration.conftest import sent
from tests.integration.gateways import TestedGateway, at_each
from tests.sandbox_process import SandboxProcess

Row = dict[str, Any]
WITH_PHOTO = {"model": "nano-banana-2", "reference_media": ["{photo}"]}


@pytest.fixture
def photographed(photo: Path, tmp_path: Path) -> list[Row]:
    """Twelve rows, two contents under four names."""
    other = tmp_path / "other.jpg"
    other.write_bytes(photo.read_bytes()[:-2] + b"\x00\x00\xff\xd9")
    copies = [photo, other, tmp_path / "copy.jpg", tmp_path / "copy of other.jpg"]
    shutil.copy(photo, copies[2])
    shutil.copy(other, copies[3])
    return [{**row, "photo": str(copies[number % 4])} for number, row in enumerate(products(12))]


@at_each
def test_each_content_is_uploaded_once(
    new_batch: NewBatch, photographed: list[Row], gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    batch = new_batch(photographed, asked=WITH_PHOTO, limits=Limits(max_running=6))
    assert batch.run().counts == {"succeeded": 12}
    assert len(sent(sandbox, "POST", gateway.uploads)) == 2
    assert batch.charges == 12
    batch.manifest()


@at_each
def test_an_upload_that_fails_fails_whom_it_was_for_and_is_tried_again(
    new_batch: NewBatch, photographed: list[Row], gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    batch = new_batch(photographed, asked=WITH_PHOTO, limits=Limits(max_running=6))
    sandbox.fault(kind="status", status=503, method="POST", path=gateway.uploads, times=2)
    assert batch.run().counts == {"succeeded": 12}
    assert batch.charges == 12


def test_rows_that_must_have_references_are_refused_without(
    new_batch: NewBatch, photographed: list[Row], sandbox: SandboxProcess
) -> None:
    photographed[3]["photo"] = ""
    batch = new_batch(photographed, asked={**WITH_PHOTO, "require_references": True})
    refused = batch.run()
    assert isinstance(refused.error, InvalidRequestError)
    assert "row 'p003', column 'photo' (''): reference_media[0]: it is empty, and require" in refused.text
    batch.asked = {**WITH_PHOTO, "reference_media": None, "require_references": True}
    assert "reference_media: there is none, and require_references is set" in batch.run().text
    assert sandbox.requests() == []


@at_each
def test_a_file_that_is_never_taken_fails_its_rows_and_holds_up_no_other(
    new_batch: NewBatch, photographed: list[Row], gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    for row in photographed[1:]:
        row["photo"] = ""
    batch = new_batch(photographed, asked=WITH_PHOTO, limits=Limits(max_running=1))
    sandbox.fault(kind="status", status=503, method="POST", path=gateway.uploads, times=100)
    done = batch.run()
    assert "1 of 12 rows have no result (rows: 11 succeeded, 1 not submitted)" in done.text
    assert "'p000': not_submitted" in done.text
    assert done.error is not None
    assert done.error.retryable
    assert not done.error.final
    sandbox.control("DELETE", "faults")
    assert batch.run().counts == {"succeeded": 12}
    assert batch.charges == 12


@pytest.mark.parametrize("verify", ["structure", "decode"])
def test_a_result_is_decoded_where_that_is_asked_for(
    new_batch: NewBatch, verify: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("PIL")
    pytest.importorskip("av")
    decoded: list[str] = []

    def decode(path: str, facts: Any, subject: str, stop: Any) -> Any:
        decoded.append(subject)
        return facts

    monkeypatch.setattr(fetch, "decoded", decode)
    batch = new_batch(2, asked={"verify": verify})
    assert batch.run().counts == {"succeeded": 2}
    assert len(decoded) == (2 if verify == "decode" else 0)
