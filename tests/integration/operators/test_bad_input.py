"""What is wrong with a task is found before the gateway is touched: one exception, no charge, no retry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import ConnectionConfigError, InvalidRequestError
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from tests import airflows
from tests.integration.conftest import Connect
from tests.integration.operators.bench import MAKE, Bench, Try
from tests.integration.operators.conftest import NewBench
from tests.sandbox_process import SandboxProcess


def refused(run: Bench, sandbox: SandboxProcess) -> Try:
    """Run a task that must not get through to the gateway."""
    done = run.run()
    assert done.state == "failed", done.text  # with two retries left
    assert isinstance(done.error, AirflowFailException)
    assert [entry for entry in sandbox.requests() if entry["method"] != "GET"] == []
    assert sandbox.ledger()["entries"] == []
    assert run.record() is None
    assert "othing was charged" in done.text
    return done


REQUESTS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("model", {"model": "z-imge"}, ["model", "'z-imge'", "did you mean z-image"]),
    ("prompt missing", {"prompt": None}, ["prompt"]),
    ("prompt too long", {"prompt": "a" * 1001}, ["prompt", "1,001", "1,000"]),
    ("alias of a key", {"model_params": {"aspectRatio": "1:1"}}, ["aspectRatio", "aspect_ratio"]),
    ("option", {"model_params": {"aspect_ratio": "16x9"}}, ["'16x9'", "16:9"]),
    (
        "number out of range",
        {"model": "seedream-4-0", "model_params": {"max_images": 99}},
        ["model_params.max_images", "99"],
    ),
    ("params no JSON", {"model_params": "{'a': 1"}, ["model_params", "not JSON"]),
    ("params no object", {"model_params": "[1]"}, ["model_params"]),
    ("trace id", {"client_request_id": "x" * 129}, ["client_request_id", "129"]),
    (
        "reference for a model without",
        {"reference_media": "{photo}"},
        ["reference_media"],
    ),
    (
        "reference missing",
        {"model": "nano-banana-2", "reference_media": "/nowhere/photo.jpg"},
        ["reference_media", "/nowhere/photo.jpg"],
    ),
    (
        "reference no media",
        {"model": "nano-banana-2", "reference_media": "{notes}"},
        ["reference_media", "'unknown'"],
    ),
    (
        "reference too big",
        {"model": "nano-banana-2", "reference_media": "{huge}"},
        ["reference_media", "MB"],
    ),
    (
        "too many references",
        {"model": "nano-banana-2", "reference_media": ["{photo}"] * 40},
        ["reference_media", "40"],
    ),
    (
        "reference of another type",
        {"model": "nano-banana-2", "reference_media": 7},
        ["reference_media", "int is no reference"],
    ),
    (
        "result rendered to text",
        {"model": "nano-banana-2", "reference_media": "{'outputs': []}"},
        ["reference_media", "first.output"],
    ),
    ("output of unknown scheme", {"output_path": "s4://bucket/key/"}, ["output_path", "s4"]),
    ("output relative", {"output_path": "out/"}, ["output_path", "out"]),
    ("one name for several", {"model": "seedream-4-0", "model_params": {"max_images": 2}}, ["output_path"]),
]


@pytest.mark.parametrize(("arguments", "told"), [case[1:] for case in REQUESTS], ids=[c[0] for c in REQUESTS])
def test_faulty_request(
    bench: NewBench,
    sandbox: SandboxProcess,
    photo: Path,
    landing: Path,
    tmp_path: Path,
    arguments: dict[str, Any],
    told: list[str],
) -> None:
    (tmp_path / "notes.png").write_text("no picture")
    huge = tmp_path / "huge.png"
    Image.new("RGB", (8, 8)).save(huge)
    os.truncate(huge, 200 * 1024 * 1024)  # sparse
    places = {"{photo}": str(photo), "{notes}": str(tmp_path / "notes.png"), "{huge}": str(huge)}

    def placed(value: Any) -> Any:
        if isinstance(value, list):
            return [placed(element) for element in value]
        return places.get(value, value) if isinstance(value, str) else value

    given = {name: placed(value) for name, value in arguments.items()}
    if "max_images" in str(given.get("model_params")) and told == ["output_path"]:
        given["output_path"] = f"file://{landing}/one.png"
    done = refused(bench(**given), sandbox)
    assert isinstance(done.error, InvalidRequestError)
    for text in told:
        assert text in done.text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"output_path": 7}, "output_path: it is of type int"),
        ({"output_path": "s3://AKIA:SECRET@bucket/x/"}, "output_path: it carries a password"),
        ({"output_conn_id": 7}, "output_conn_id: it is of type int"),
        ({"reference_media": "s3://AKIA:SECRET@bucket/x.png"}, "reference_media: it carries a password"),
        ({"state_path": "records/"}, "state_path: 'records/' is relative"),
    ],
)
def test_places_that_cannot_be(
    bench: NewBench, sandbox: SandboxProcess, arguments: dict[str, Any], told: str
) -> None:
    done = refused(bench(**{"model": "nano-banana-2", **arguments}), sandbox)
    assert told in done.text
    assert "SECRET" not in done.text


def test_a_path_object_is_a_place(bench: NewBench, sandbox: SandboxProcess, tmp_path: Path) -> None:
    run = bench()
    task: dict[str, Any] = {"output_path": tmp_path / "images", "state_path": tmp_path / "records"}
    from tests.integration.operators.bench import one_task

    run.build = one_task(task)
    assert run.run().state == "success"
    assert len(list((tmp_path / "images").iterdir())) == 1
    assert len(list((tmp_path / "records").iterdir())) == 1


def test_every_fault_at_once(bench: NewBench, sandbox: SandboxProcess) -> None:
    done = refused(
        bench(
            model="nano-banana-2",
            prompt="",
            model_params={"resolution": "9K", "ratio": "1:1"},
            reference_media=["/nowhere/a.jpg", "/nowhere/b.jpg"],
            client_request_id="x" * 200,
            output_path="s4://bucket/",
        ),
        sandbox,
    )
    assert isinstance(done.error, InvalidRequestError)
    paths = [fault.path for fault in done.error.faults]
    assert {
        "model_params.resolution",
        "model_params.ratio",
        "reference_media[0]",
        "reference_media[1]",
        "client_request_id",
        "output_path",
    } <= set(paths)
    assert len(paths) == len(done.error.faults) >= 6


def test_output_place_read_only(bench: NewBench, sandbox: SandboxProcess) -> None:
    # Not even root can make a folder there.
    done = refused(bench(output_path="file:///proc/rivya/"), sandbox)
    assert "output_path" in done.text
    assert "cannot be written" in done.text


def test_output_place_below_a_file(bench: NewBench, sandbox: SandboxProcess, photo: Path) -> None:
    done = refused(bench(output_path=f"file://{photo}/below/"), sandbox)
    assert "output_path" in done.text
    assert "cannot be written" in done.text or "not a directory" in done.text.lower()


def test_fixed_name_in_a_mapped_task(
    database: None, connect: Connect, landing: Path, sandbox: SandboxProcess
) -> None:
    def build() -> None:
        RivyaGenerateOperator.partial(
            task_id=MAKE, model="z-image", output_path=f"file://{landing}/one.png", retries=2
        ).expand(prompt=["a", "b"])

    done = Bench(build).run(map_index=1)
    assert done.state == "failed"
    assert "output_path" in done.text
    assert sandbox.requests() == []


def refused_for_its_connection(
    bench: NewBench, sandbox: SandboxProcess, tmp_path: Path, kept: str, **arguments: Any
) -> Try:
    """
    Run a task whose connection cannot be used.

    :param kept: where its record is kept. A file's name depends on the connection, so what an earlier try may
        have paid for is not known then, and the fault is not final.
    """
    if kept == "where Airflow can" and airflows.STATE_STORE:
        done = refused(bench(**arguments), sandbox)
    else:
        done = bench(state_path=f"file://{tmp_path}/kept/", **arguments).run()
        assert done.state == "up_for_retry", done.text
        assert "This try submitted nothing. What an earlier one may have paid for is not lost" in done.text
        assert sandbox.requests() == []
        assert not (tmp_path / "kept").exists()
    assert isinstance(done.error, ConnectionConfigError)
    return done


KEPT = pytest.mark.parametrize("kept", ["where Airflow can", "in a file"])


@KEPT
@pytest.mark.parametrize(
    ("conn_id", "told"),
    [
        (
            "nowhere",
            ["There is no connection 'nowhere'", "airflow connections add nowhere", "AIRFLOW_CONN_NOWHERE"],
        ),
        ("", ["The id of the connection is empty"]),
    ],
    ids=["unknown", "empty"],
)
def test_connection_missing(
    bench: NewBench, sandbox: SandboxProcess, tmp_path: Path, conn_id: str, told: list[str], kept: str
) -> None:
    done = refused_for_its_connection(bench, sandbox, tmp_path, kept, rivya_conn_id=conn_id)
    for text in told:
        assert text in done.text


@KEPT
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"key": None}, ["password", "no API key"]),
        ({"conn_type": "http"}, ["of type 'http'", "not 'rivya'"]),
        ({"host": "http://gateway.example"}, ["plain http"]),
        ({"poll_interval": "soon", "max_in_flight": 0}, ["extra.poll_interval", "extra.max_in_flight"]),
    ],
    ids=["no key", "wrong type", "plain http", "two fields"],
)
def test_connection_faulty(
    bench: NewBench,
    connect: Connect,
    sandbox: SandboxProcess,
    tmp_path: Path,
    settings: dict[str, Any],
    told: list[str],
    kept: str,
) -> None:
    connect(**settings)
    done = refused_for_its_connection(bench, sandbox, tmp_path, kept)
    for text in told:
        assert text in done.text


@pytest.mark.parametrize("arguments", [{"if_exists": "ask"}, {"timeout": -1}, {"timeout": "1h"}], ids=str)
def test_arguments_refused_when_the_dag_is_parsed(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(arguments))} is "):
        RivyaGenerateOperator(task_id="make", model="z-image", **arguments)
