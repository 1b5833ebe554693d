"""Files in Airflow's UI: for whom, which, and as what."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator
from tests.integration.conftest import NewTask
from tests.integration.plugin.conftest import Serve, as_user, forge
from tests.integration.task_harness import TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def run(new_task: NewTask) -> TaskInstanceHarness:
    made = new_task()
    assert made.run().state == "success"
    return made


def media(run: TaskInstanceHarness, rest: str = "0", map_index: int = -1) -> str:
    return f"/rivya/media/{run.dag_id}/{run.run_id}/make/{map_index}/{rest}"


def test_who_may_read_the_xcom_sees_the_file(serve: Serve, run: TaskInstanceHarness, landing: Path) -> None:
    client = as_user(serve(f"file://{landing}/"), "anybody")
    answer = client.get(media(run))
    assert answer.status_code == 200, answer.text
    (path,) = landing.glob("*.png")
    assert answer.content == path.read_bytes()
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["cache-control"].startswith("private")
    part = client.get(media(run), headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, b"\x89PNG\r\n\x1a\n")


def test_nobody_else_does(serve: Serve, run: TaskInstanceHarness, landing: Path) -> None:
    client = serve(f"file://{landing}/")
    for rest in ("0", "rows", "rows/0/0"):
        assert as_user(client, None).get(media(run, rest)).status_code == 401
        assert as_user(client, "narrow").get(media(run, rest)).status_code == 403
        assert as_user(client, "narrow").get(f"{media(run, rest)}?dag_id=another_dag").status_code == 403
        client.cookies.set("_token", "forged")
        assert client.get(media(run, rest)).status_code == 403


@pytest.mark.parametrize(
    "uri",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "file://{landing}/../secret.png",
        "file://{landing}/%2e%2e/secret.png",
        "file://{landing}/link.png",
        "file://{landing}x/secret.png",
        "file://{landing}/.rivya/secret.png",
        "file://other{landing}/a.png",
        "s3://another/secret.png",
        "javascript:alert(1)",
        "https://gateway.test/a.png",
        "file://{landing}/picture.svg",
        "file://{landing}/picture.png",
        "file://{landing}/page.html",
        "file://{landing}/nothing.png",
        "file://{landing}/pipe.png",
        "file://{landing}/",
        "",
        None,
        7,
        ["file://{landing}/a.png"],
    ],
)
def test_a_forged_xcom_leads_nowhere(serve: Serve, run: TaskInstanceHarness, landing: Path, uri: Any) -> None:
    (path,) = landing.glob("*.png")
    for place in (landing.parent / "secret.png", landing / ".rivya" / "secret.png"):
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(path.read_bytes())
    Path(f"{landing}x").mkdir()
    Path(f"{landing}x", "secret.png").write_bytes(path.read_bytes())
    (landing / "link.png").symlink_to(landing.parent / "secret.png")
    for name in ("picture.svg", "picture.png"):
        (landing / name).write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    os.mkfifo(landing / "pipe.png")
    (landing / "page.html").write_text("<!doctype html><script>alert(1)</script>")
    where = uri.replace("{landing}", str(landing)) if isinstance(uri, str) else uri
    forge(run, {"outputs": [{"uri": where, "conn_id": "aws_default", "mime_type": "image/png"}]})
    answer = as_user(serve(f"file://{landing}/"), "anybody", "admin").get(media(run))
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no file that may be shown")


@pytest.mark.parametrize("value", [None, "text", [], {"outputs": None}, {"outputs": ["a"]}, {"outputs": []}])
def test_an_xcom_that_is_none_of_ours(
    serve: Serve, run: TaskInstanceHarness, landing: Path, value: Any
) -> None:
    forge(run, value)
    client = as_user(serve(f"file://{landing}/"), "anybody")
    assert client.get(media(run)).status_code == 404
    assert client.get(media(run, "rows")).status_code == 404
    assert client.get(media(run, "x")).status_code == 422
    assert client.get(media(run, map_index=3)).status_code == 404
    assert client.get(media(run, map_index=10**30)).status_code == 422
    assert client.get(media(run, str(10**30))).status_code == 404
    assert client.get(media(run, f"rows?page={10**30}")).status_code == 404
    assert client.get(f"/rivya/media/{run.dag_id}%00/{run.run_id}/make/-1/0").status_code == 404
    assert client.head(media(run)).status_code == 405


def test_a_batch_is_read_in_pages(
    serve: Serve, new_task: NewTask, sandbox: SandboxProcess, landing: Path
) -> None:
    for number, form in enumerate(("jsonl", "parquet")):
        batch = new_task(
            operator=RivyaBatchOperator,
            rows=[{"sku": f"{form}{index}"} for index in range(3)],
            row_key="sku",
            prompt="Product {sku}",
            manifest_format=form,
            manifest_path=f"file://{landing}/manifest{number}/",
        )
        done = batch.run()
        assert done.state == "success", done.text
        client = as_user(serve(f"file://{landing}/"), "anybody")
        page = client.get(media(batch, "rows")).json()
        assert [row["row_key"] for row in page["rows"]] == [f"{form}{index}" for index in range(3)]
        assert page["rows"][0]["prompt"] == f"Product {form}0"
        assert page["rows"][0]["outputs"][0]["name"] == f"{form}0.png"
        assert "uri" not in page["rows"][0]["outputs"][0]
        assert client.get(media(batch, "rows?page=1")).json()["rows"] == []
        picture = client.get(media(batch, "rows/2/0"))
        assert picture.content == (landing / f"{form}2.png").read_bytes()
        for wrong in ("rows/3/0", "rows/0/1", "rows/-1/0", "rows?page=-1"):
            assert client.get(media(batch, wrong)).status_code == 404
        forge(batch, {"manifest_uri": "file:///etc/passwd"})
        assert client.get(media(batch, "rows")).status_code == 404


def test_a_batch_that_has_failed_is_read_too(serve: Serve, new_task: NewTask, landing: Path) -> None:
    batch = new_task(
        operator=RivyaBatchOperator,
        rows=[{"sku": "good", "shape": "1:1"}, {"sku": "odd", "shape": "9:99"}],
        row_key="sku",
        prompt="Product {sku}",
        model_params={"aspect_ratio": "{shape}"},
        on_invalid_rows="skip",
    )
    assert batch.run().state == "failed"
    client = as_user(serve(f"file://{landing}/"), "anybody")
    page = client.get(media(batch, "rows")).json()
    assert [(row["row_key"], row["status"]) for row in page["rows"]] == [
        ("good", "succeeded"),
        ("odd", "invalid"),
    ]
    assert client.get(media(batch, "rows/0/0")).status_code == 200


def test_the_page_is_files_alone_and_runs_nothing_of_others(serve: Serve, landing: Path) -> None:
    client = as_user(serve(f"file://{landing}/"), None)
    page = client.get("/rivya/gallery/")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert client.get("/rivya/gallery/shared/style.css").status_code == 200
    script = client.get("/rivya/gallery/gallery.js")
    assert "javascript" in script.headers["content-type"]
    assert "innerHTML" not in script.text
    assert "RivyaPlugin" not in client.get("/rivya/gallery/../plugin.py").text
    assert client.get("/rivya/gallery/%2e%2e/plugin.py").status_code == 404
    assert client.get("/rivya/gallery/openapi.json").status_code == 404


def test_the_receiver_of_webhooks_takes_nothing_unsigned(serve: Serve, landing: Path) -> None:
    client = as_user(serve(f"file://{landing}/"), "anybody", "admin")
    answer = client.post("/rivya/webhooks/toapis", content=b"{}")
    assert (answer.status_code, answer.content) == (401, b"")
    assert client.get("/rivya/webhooks/openapi.json").status_code == 404


def test_without_the_setting_there_is_nothing(
    closed_server: Any, run: TaskInstanceHarness, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes last: it makes a server of its own."""
    monkeypatch.setenv("AIRFLOW__RIVYA__UI_MEDIA_ROOTS", f"file://{landing}/")
    answer = as_user(closed_server, "anybody", "admin").get(media(run))
    assert "image/png" not in answer.headers["content-type"]
    assert closed_server.get("/rivya/gallery/").status_code == 200
    assert closed_server.post("/rivya/webhooks/toapis").status_code in (404, 405)
