"""The example DAGs, through the REST API, the scheduler, real workers and the real triggerer."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image

from airflow_provider_rivya.batch.table.rows import read_rows
from tests.e2e.conftest import Airflow, EndedRun
from tests.sandbox_process import KEY, TOAPIS_KEY, SandboxProcess

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

EXAMPLES = (
    "rivya_quickstart",
    "rivya_reference_image",
    "rivya_mapped",
    "rivya_chained",
    "rivya_decorated",
    "rivya_fetch_paid_result",
    "toapis_quickstart",
    "rivya_then_toapis",
)
BATCHES = ("rivya_batch", "rivya_batch_approve", "rivya_batch_shards")
PRODUCTS = [f"product number {number}" for number in range(8)]
"""More rows than Airflow runs tasks at once."""


def image_file(result: dict[str, Any], folder: Path) -> Path:
    """The one file of a result, checked against what the result says of it."""
    (output,) = result["outputs"]
    path = Path(unquote(urlsplit(output["uri"]).path))
    assert path.parent == folder
    assert path.stat().st_size == output["size_bytes"]
    with Image.open(path) as image:
        image.load()
        assert image.get_format_mimetype() == output["mime_type"]
        assert image.size == (output["width"], output["height"])
    return path


def landed(folder: Path) -> set[Path]:
    """What lies in an output folder, but for the records that Airflow 3.1 and 3.2 have there."""
    return {path for path in folder.iterdir() if path.name != ".rivya"}


def charges(sandbox: SandboxProcess, results: list[dict[str, Any]]) -> list[str]:
    """The generation ids of these results that the ledger shows a charge for, one a charge."""
    ids = {result["generation_id"] for result in results}
    return [
        entry["task_id"]
        for entry in sandbox.ledger()["entries"]
        if entry["kind"] == "charge" and entry["task_id"] in ids
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="module")
def paid_id(sandbox: SandboxProcess) -> str:
    """A generation that no DAG has submitted."""
    answer = sandbox.post("/api/v1/generations", {"model": "z-image", "prompt": "A lighthouse"})
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def runs(airflow: Airflow, folder: Path, paid_id: str) -> dict[str, EndedRun]:
    """One run of each example, side by side, each with a folder of its own."""
    params: dict[str, dict[str, Any]] = {
        "rivya_fetch_paid_result": {"generation_id": paid_id},
        "rivya_mapped": {"products": PRODUCTS},
    }
    started = {
        dag_id: airflow.start(dag_id, output_path=f"{folder / dag_id}/", **params.get(dag_id, {}))
        for dag_id in EXAMPLES
    }
    return {dag_id: airflow.finish(dag_id, run_id) for dag_id, run_id in started.items()}


@pytest.fixture(scope="module")
def batches(airflow: Airflow, folder: Path) -> dict[str, EndedRun]:
    """One run of each example of a batch, side by side, with a table of eight rows."""
    table = folder / "table.csv"
    table.write_text("\n".join(["sku,title,format,photo", *(f"p{number},a cup,1:1," for number in range(8))]))
    started = {
        dag_id: airflow.start(dag_id, output_path=f"{folder / dag_id}/", table=str(table))
        for dag_id in BATCHES
    }
    waits = started.pop("rivya_batch_approve")
    ended = {dag_id: airflow.finish(dag_id, run_id) for dag_id, run_id in started.items()}
    ended["rivya_batch_approve"] = airflow.answer("rivya_batch_approve", waits, "Approve")
    for run in ended.values():
        assert run.state == "success", run.explain()
    return ended


@pytest.mark.parametrize("dag_id", EXAMPLES)
def test_every_example_succeeds(runs: dict[str, EndedRun], dag_id: str) -> None:
    assert runs[dag_id].state == "success", runs[dag_id].explain()


def test_quickstart_lands_one_image(runs: dict[str, EndedRun], folder: Path) -> None:
    result = runs["rivya_quickstart"].xcom("image")
    path = image_file(result, folder / "rivya_quickstart")
    assert path.name == f"{result['generation_id']}-0.png"
    assert landed(path.parent) == {path}


def test_reference_image_lands_one_image(runs: dict[str, EndedRun], folder: Path) -> None:
    path = image_file(runs["rivya_reference_image"].xcom("restyle"), folder / "rivya_reference_image")
    assert landed(path.parent) == {path}


def test_each_reference_is_uploaded_once(runs: dict[str, EndedRun], sandbox: SandboxProcess) -> None:
    with_a_reference = [dag_id for dag_id in runs if dag_id in ("rivya_reference_image", "rivya_chained")]
    uploads = [
        request
        for request in sandbox.requests()
        if (request["method"], request["path"], request["status"]) == ("POST", "/api/v1/files", 201)
    ]
    assert len(uploads) == len(with_a_reference)


def test_mapped_lands_and_pays_one_image_for_each_row(
    runs: dict[str, EndedRun], folder: Path, sandbox: SandboxProcess
) -> None:
    run = runs["rivya_mapped"]
    results = [run.xcom("image", index) for index in range(len(PRODUCTS))]
    paths = [image_file(result, folder / "rivya_mapped") for result in results]
    assert landed(folder / "rivya_mapped") == set(paths)
    assert len(set(paths)) == len(PRODUCTS)
    assert sorted(charges(sandbox, results)) == sorted(result["generation_id"] for result in results)
    named = [result["client_request_id"] for result in results]
    assert sorted(named) == PRODUCTS
    assert run.xcom("uris") == dict(zip(named, [path.as_uri() for path in paths], strict=True))


def test_chained_lands_the_draft_and_the_final_image(runs: dict[str, EndedRun], folder: Path) -> None:
    run = runs["rivya_chained"]
    draft = image_file(run.xcom("draft"), folder / "rivya_chained")
    final = image_file(run.xcom("final"), folder / "rivya_chained")
    assert (draft.suffix, final.suffix) == (".png", ".jpg")
    assert landed(draft.parent) == {draft, final}


def test_decorated_lands_one_image_and_updates_the_asset(
    runs: dict[str, EndedRun], airflow: Airflow, folder: Path
) -> None:
    result = runs["rivya_decorated"].xcom("picture")
    path = image_file(result, folder / "rivya_decorated")
    assert landed(path.parent) == {path}
    query = {"source_dag_id": "rivya_decorated"}
    (event,) = airflow.stack.client.call("GET", "/assets/events", query=query)["asset_events"]
    assert event["name"] == "rivya_product_picture"
    assert event["extra"]["uris"] == [path.as_uri()]


def test_fetching_a_paid_result_lands_it_and_pays_nothing(
    runs: dict[str, EndedRun], folder: Path, sandbox: SandboxProcess, paid_id: str
) -> None:
    result = runs["rivya_fetch_paid_result"].xcom("fetch")
    path = image_file(result, folder / "rivya_fetch_paid_result")
    assert path.name == f"{paid_id}-0.png"
    assert landed(path.parent) == {path}
    assert charges(sandbox, [result]) == [paid_id]


def test_the_other_gateway_lands_one_image(
    runs: dict[str, EndedRun], folder: Path, sandbox: SandboxProcess
) -> None:
    result = runs["toapis_quickstart"].xcom("image")
    assert result["gateway"] == "toapis"
    path = image_file(result, folder / "toapis_quickstart")
    assert landed(path.parent) == {path}
    assert charges(sandbox, [result]) == [result["generation_id"]]


def batch_files(result: dict[str, Any], folder: Path) -> list[str]:
    """The row keys of a batch, each with its file where its manifest says."""
    path = Path(urlsplit(result["manifest_uri"]).path)
    assert path.is_relative_to(folder)
    lines = list(read_rows(str(path)))
    for line in lines:
        assert image_file({"outputs": line["outputs"]}, folder).stem == line["row_key"]
    return [line["row_key"] for line in lines]


def test_a_batch_lands_a_picture_for_each_row_of_its_table(
    batches: dict[str, EndedRun], folder: Path
) -> None:
    run = batches["rivya_batch"]
    result = run.xcom("pictures")
    assert batch_files(result, folder / run.dag_id) == [f"p{number}" for number in range(8)]
    assert run.xcom("publish") == result["manifest_uri"]


def test_what_a_person_approves_is_what_the_plan_said(batches: dict[str, EndedRun], folder: Path) -> None:
    run = batches["rivya_batch_approve"]
    plan, result = run.xcom("plan"), run.xcom("pictures")
    assert (plan["ended"], plan["counts"]["not_submitted"]) == ("dry_run", 8)
    assert plan["credits"]["estimated_left"] == result["credits"]["final"] == 8
    assert len(batch_files(result, folder / run.dag_id)) == 8


def test_shards_share_a_folder_and_no_row(batches: dict[str, EndedRun], folder: Path) -> None:
    run = batches["rivya_batch_shards"]
    results = [run.xcom("pictures", index) for index in range(4)]
    keys = [key for result in results for key in batch_files(result, folder / run.dag_id)]
    assert sorted(keys) == [f"p{number}" for number in range(8)]
    assert run.xcom("manifests") == [result["manifest_uri"] for result in results]


def paid(sandbox: SandboxProcess) -> dict[str, int]:
    """How often each gateway has charged."""
    return {gateway: sandbox.ledger(gateway)["charges"] for gateway in ("rivya", "toapis")}


def test_where_rivya_delivers_the_other_gateway_is_not_asked(runs: dict[str, EndedRun], folder: Path) -> None:
    run = runs["rivya_then_toapis"]
    assert run.states() == {
        "rivya": "success",
        "rivya_refused": "success",
        "toapis": "skipped",
        "image": "success",
    }
    result = run.xcom("image")
    assert result["gateway"] == "rivya"
    image_file(result, folder / "rivya_then_toapis")


def test_where_rivya_refuses_the_other_gateway_delivers(
    runs: dict[str, EndedRun], airflow: Airflow, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    before, left = paid(sandbox), sandbox.credits("rivya")
    sandbox.set_credits(0, "rivya")
    try:
        run = airflow.run("rivya_then_toapis", output_path=f"{tmp_path}/")
    finally:
        sandbox.set_credits(left, "rivya")
    assert run.state == "success", run.explain()
    assert run.states() == {
        "rivya": "failed",
        "rivya_refused": "success",
        "toapis": "success",
        "image": "success",
    }
    result = run.xcom("image")
    assert result["gateway"] == "toapis"
    image_file(result, tmp_path)
    assert paid(sandbox) == before | {"toapis": before["toapis"] + 1}


def test_where_rivya_was_paid_the_other_gateway_is_not(
    runs: dict[str, EndedRun], airflow: Airflow, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    before = paid(sandbox)
    sandbox.fault(kind="generation_fails", path="/api/v1/generations", refund=False)
    run = airflow.run("rivya_then_toapis", output_path=f"{tmp_path}/")
    assert run.state == "failed", run.explain()
    assert run.states() == {
        "rivya": "failed",
        "rivya_refused": "failed",
        "toapis": "upstream_failed",
        "image": "upstream_failed",
    }
    assert "Rivya may have been paid" in run.log("rivya_refused")
    assert paid(sandbox) == before | {"rivya": before["rivya"] + 1}


def test_tasks_wait_in_the_triggerer(runs: dict[str, EndedRun], airflow: Airflow) -> None:
    run = runs["rivya_quickstart"]
    logs = airflow.stack.config.home.joinpath("logs", "dag_id=rivya_quickstart", f"run_id={run.run_id}")
    assert list(logs.rglob("*.log.trigger.*.log"))


def test_the_link_opens_the_result_and_is_empty_before(
    airflow: Airflow, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    """Also what the oldest release of Airflow is tried with."""
    client, dag_id = airflow.stack.client, "rivya_quickstart"
    run_id = airflow.start(dag_id, output_path=f"{tmp_path}/")
    before = client.links(dag_id, run_id, "image")
    run = airflow.finish(dag_id, run_id)
    assert run.state == "success", run.explain()
    assert before == {"Gallery": None, "Result": None}
    address = client.links(dag_id, run_id, "image")["Result"]
    assert address is not None
    assert address == run.xcom("image")["outputs"][0]["source_url"]
    assert sandbox.get(address, key=None).body == image_file(run.xcom("image"), tmp_path).read_bytes()


def test_every_mapped_task_has_its_own_link(runs: dict[str, EndedRun], airflow: Airflow) -> None:
    run = runs["rivya_mapped"]
    for index in range(3):
        links = airflow.stack.client.links(run.dag_id, run.run_id, "image", index)
        assert links["Result"] == run.xcom("image", index)["outputs"][0]["source_url"]
        assert f"map_index={index}" in str(links["Gallery"])


def test_no_log_shows_the_key_or_a_result_url(runs: dict[str, EndedRun], airflow: Airflow) -> None:
    results = [runs["rivya_quickstart"].xcom("image"), runs["rivya_reference_image"].xcom("restyle")]
    results += [runs["rivya_mapped"].xcom("image", index) for index in range(3)]
    results += [runs["rivya_chained"].xcom(task_id) for task_id in ("draft", "final")]
    results += [runs["rivya_decorated"].xcom("picture"), runs["rivya_fetch_paid_result"].xcom("fetch")]
    results += [runs["toapis_quickstart"].xcom("image"), runs["rivya_then_toapis"].xcom("rivya")]
    secrets = {KEY, TOAPIS_KEY, *(urlsplit(result["outputs"][0]["source_url"]).path for result in results)}
    texts = {path: path.read_text(errors="replace") for path in airflow.log_files()}
    everything = "\n".join(texts.values())
    assert all(result["generation_id"] in everything for result in results)
    shown = [(path.name, secret) for path, text in texts.items() for secret in secrets if secret in text]
    assert shown == []
