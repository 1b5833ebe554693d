from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Asset, AssetAlias, ObjectStoragePath
from airflow.sdk.execution_time.context import OutletEventAccessors

from airflow_provider_rivya.operators.reporting import datasets, reference_uris, result_uris, tell_outlets

URL = "https://cdn.example.com/results/secret.png"


def result(*uris: str | None) -> dict[str, Any]:
    outputs = [{"index": index, "uri": uri, "source_url": URL} for index, uri in enumerate(uris)]
    return {"generation_id": "task_1", "outputs": outputs}


def shown(made: dict[str, Any]) -> dict[str, Any]:
    """The result as events show it: without the gateway's URLs."""
    outputs = [{"index": output["index"], "uri": output["uri"]} for output in made["outputs"]]
    return {**made, "outputs": outputs}


def test_an_asset_gets_uris_and_result() -> None:
    events = OutletEventAccessors()
    events[Asset("pictures")].extra["mine"] = 1
    made = result("file:///a.png", None, "file:///b.png")
    tell_outlets({"outlet_events": events}, [Asset("pictures")], made)
    extra = events[Asset("pictures")].extra
    assert extra == {"mine": 1, "uris": ["file:///a.png", "file:///b.png"], "result": shown(made)}


def test_an_alias_gets_an_asset_for_each_file() -> None:
    events = OutletEventAccessors()
    row = {"client_request_id": "sku-1", "map_index": 0}
    made = {**result("file:///data/a.png", None, "file:///data/b.png"), **row}
    alias = AssetAlias("pictures")
    tell_outlets({"outlet_events": events}, [alias], made)
    assert [(event.dest_asset_key.uri, event.extra) for event in events[alias].asset_alias_events] == [
        (output["uri"], {"generation_id": "task_1", "output": output, **row})
        for output in shown(made)["outputs"]
        if output["uri"]
    ]


def test_without_outlets_the_context_is_left_alone() -> None:
    tell_outlets({}, [], result("file:///a.png"))


def test_what_is_no_asset_is_passed_over() -> None:
    tell_outlets({"outlet_events": OutletEventAccessors()}, ["text"], result("file:///a.png"))


@pytest.mark.parametrize(
    ("value", "uris"),
    [
        (None, []),
        ("", []),
        ("/data/a.jpg", ["/data/a.jpg"]),
        (["/data/a.jpg", [Path("/data/b.jpg")], None], ["/data/a.jpg", "/data/b.jpg"]),
        (result("s3://bucket/a.png", None), ["s3://bucket/a.png"]),
        ([result("s3://bucket/a.png"), "/b.jpg"], ["s3://bucket/a.png", "/b.jpg"]),
        ("{'outputs': []}", []),
        ("Data:image/png;base64,iVBORw0KGgo=", []),
        (7, []),
        (b"/data/a.jpg", []),
        ({"outputs": None}, []),
        ({"outputs": ["text"]}, []),
    ],
)
def test_reference_uris(value: Any, uris: list[str]) -> None:
    assert list(reference_uris(value)) == uris


def test_a_storage_path_is_a_reference(tmp_path: Path) -> None:
    path = ObjectStoragePath(f"file://{tmp_path}/a.png")
    assert datasets(reference_uris(path)) == [("file", f"{tmp_path}/a.png")]


@pytest.mark.parametrize("value", [{}, {"outputs": None}, {"outputs": [None, {"uri": 7}]}])
def test_result_uris_of_what_is_no_result(value: dict[str, Any]) -> None:
    assert list(result_uris(value)) == []


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("/data/a.jpg", ("file", "/data/a.jpg")),
        ("file:///data/a.jpg", ("file", "/data/a.jpg")),
        ("s3://bucket/x/a.png", ("s3://bucket", "x/a.png")),
        ("s3://aws_default@bucket/x/a.png", ("s3://bucket", "x/a.png")),
        ("s3://bucket/what?.png", ("s3://bucket", "what?.png")),
        ("gs://bucket/a.png", ("gs://bucket", "a.png")),
        ("s3://bucket", ("s3://bucket", "/")),
        ("file:///data/what? #1.png", ("file", "/data/what? #1.png")),
        ("file://localhost/data/a.png", ("file", "/data/a.png")),
    ],
)
def test_names_of_openlineage(uri: str, name: tuple[str, str]) -> None:
    assert datasets([uri, uri]) == [name]


@pytest.mark.parametrize("uri", [URL, f"{URL}?signature=abc", URL.upper(), "s3://[broken/a.png"])
def test_what_is_secret_or_no_address_is_left_out(uri: str) -> None:
    assert datasets([uri]) == []
