"""What stands beside the files of a real task, through a deferral as well, and in a batch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator
from tests.integration.conftest import NewTask
from tests.integration.gateways import TestedGateway, at_each
from tests.sandbox_process import SandboxProcess

Tell = Callable[[], dict[str, Any]]
BESIDE: dict[str, Any] = {"gallery": True, "thumbnails": 64, "sidecar": True}


@at_each
@pytest.mark.parametrize("deferrable", [True, False])
def test_gallery_thumbnails_and_sidecars_of_a_task(
    new_task: NewTask, gateway: TestedGateway, landing: Path, photo: Path, deferrable: bool
) -> None:
    run = new_task(
        reference_media=str(photo),
        model=gateway.references[0],
        deferrable=deferrable,
        output_name="{{ run_id }}",
        client_request_id="sku-1",
        **BESIDE,
    )
    done = run.run()
    assert done.state == "success", done.text
    result = run.xcom()
    (output,) = result["outputs"]
    stem = Path(output["uri"]).stem
    assert stem == "manual__run"
    assert result["gallery_uri"] == f"file://{landing}/gallery.html"
    text = (landing / "gallery.html").read_text()
    for told in ("A lighthouse in a storm", "sku-1", result["model"], Path(output["uri"]).name):
        assert told in text
    assert text.count("data:image/webp") == 1
    assert Path(output["thumbnail_uri"].removeprefix("file://")).is_file()
    sidecar = json.loads(Path(output["sidecar_uri"].removeprefix("file://")).read_text())
    assert sidecar["prompt"] == "A lighthouse in a storm"
    assert sidecar["sha256"] == output["sha256"]
    assert len(sidecar["reference_sha256"]) == 1
    assert sidecar["client_request_id"] == "sku-1"
    assert str(output["source_url"]) not in json.dumps(sidecar) + text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"gallery": True, "output_path": None}, "gallery: there is no place for it"),
        ({"output_name": " "}, "output_name: it is ' '"),
        ({"output_name": "{{ none }}"}, "output_name: it is 'None'"),
        ({"output_name": "a", "output_path": "/tmp/a.png"}, "output_name: output_path names the file"),  # noqa: S108
        ({"output_name": "a", "output_path": None}, "output_name: there is no place for the file"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_cannot_be_is_told_before_anything_is_sent(
    new_task: NewTask, sandbox: SandboxProcess, arguments: dict[str, Any], told: str
) -> None:
    done = new_task(**arguments).run()
    assert done.state == "failed"
    assert told in done.text
    assert sandbox.requests() == []


def test_a_batch_shows_all_rows_and_why_some_have_no_file(
    new_task: NewTask, sandbox: SandboxProcess, landing: Path
) -> None:
    sandbox.reset(credits=1000, speed=400)
    rows = [{"sku": f"p{number}", "title": f"Product {number}", "shape": "16:9"} for number in range(4)]
    rows.append({"sku": "odd", "title": "<script>alert(1)</script>", "shape": "9:99"})
    run = new_task(
        operator=RivyaBatchOperator,
        rows=rows,
        row_key="sku",
        prompt="A photograph of {title}",
        model_params={"aspect_ratio": "{shape}"},
        manifest_format="jsonl",
        on_invalid_rows="skip",
        max_failed_rows=1,
        deferrable=True,
        **BESIDE,
    )
    done = run.run()
    assert done.state == "success", done.text
    summary = run.xcom()
    assert summary["gallery_uri"] == f"file://{landing}/gallery.html"
    text = (landing / "gallery.html").read_text()
    assert text.count("data:image/webp") == 4
    assert "9:99" in text
    assert "<script" not in text
    (manifest,) = landing.glob("_manifest/*/manifest.jsonl")
    first = json.loads(manifest.read_text().splitlines()[0])["outputs"][0]
    assert first["thumbnail_uri"] == f"file://{landing}/p0.png.thumb.webp"
    sidecar = json.loads((landing / "p0.json").read_text())
    assert (sidecar["prompt"], sidecar["row_key"]) == ("A photograph of Product 0", "p0")
    assert sidecar["model_params"] == {"aspect_ratio": "16:9"}
    assert sidecar["reference_sha256"] == []


def test_a_batch_remembers_its_references_through_a_deferral(
    new_task: NewTask, sandbox: SandboxProcess, landing: Path, photo: Path
) -> None:
    run = new_task(
        operator=RivyaBatchOperator,
        rows=[{"sku": "p0", "photo": str(photo)}],
        row_key="sku",
        model="nano-banana-2",
        prompt="At sunset",
        reference_media="{photo}",
        manifest_format="jsonl",
        deferrable=True,
        sidecar=True,
    )
    done = run.run()
    assert done.state == "success", done.text
    assert len(json.loads((landing / "p0.json").read_text())["reference_sha256"][0]) == 64


@pytest.mark.parametrize(
    "wrong", [{"gallery": "yes"}, {"sidecar": 1}, {"thumbnails": 8}, {"thumbnails": True}]
)
def test_arguments_of_another_type_are_refused_where_the_dag_is_read(wrong: dict[str, Any]) -> None:
    from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator

    with pytest.raises(ValueError, match=next(iter(wrong))):
        RivyaGenerateOperator(task_id="a", model="z-image", prompt="p", **wrong)
