"""What is wrong with a task is found before the gateway is touched: one exception, no charge, no retry."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import ConnectionConfigError, InvalidRequestError
from tests import airflows
from tests.integration.conftest import Connect
from tests.integration.gateways import TestedGateway, at, at_each
from tests.integration.task_harness import MAKE, TaskInstanceHarness, Try
from tests.integration.conftest import NewTask
from tests.sandbox_process import SandboxProcess
from tests.unit.media import samples


def refused(run: TaskInstanceHarness, sandbox: SandboxProcess) -> Try:
    """Run a task that must not get through to the gateway."""
    done = run.run()
    assert done.state == "failed", done.text  # with two retries left
    assert isinstance(done.error, AirflowFailException)
    assert [entry for entry in sandbox.requests() if entry["method"] != "GET"] == []
    assert sandbox.ledger()["entries"] == []
    assert run.record() is None
    assert "othing was charged" in done.text
    return done


Request = tuple[str, dict[str, Any], list[str]]
"""A name, the arguments that make it faulty, and what the message says. ``{...}`` is filled in."""

REQUESTS: list[Request] = [
    ("model", {"model": "{typo}"}, ["model", "'{typo}'", "did you mean {model}"]),
    ("model of another type", {"model": 7}, ["model", "a number"]),
    ("prompt missing", {"prompt": None}, ["prompt"]),
    ("prompt empty", {"prompt": " "}, ["prompt"]),
    ("prompt of another type", {"prompt": 7}, ["prompt", "a number"]),
    ("params no JSON", {"model_params": "{'a': 1"}, ["model_params", "not JSON"]),
    ("params no object", {"model_params": "[1]"}, ["model_params"]),
    (
        "reference for a model without",
        {"reference_media": "{photo}"},
        ["reference_media"],
    ),
    (
        "reference missing",
        {"model": "{references}", "reference_media": "/nowhere/photo.jpg"},
        ["reference_media", "/nowhere/photo.jpg"],
    ),
    (
        "reference no media",
        {"model": "{references}", "reference_media": "{notes}"},
        ["reference_media", "'unknown'"],
    ),
    (
        "reference too big",
        {"model": "{references}", "reference_media": "{huge}"},
        ["reference_media", "MB"],
    ),
    (
        "too many references",
        {"model": "{references}", "reference_media": ["{photo}"] * 40},
        ["reference_media", "40"],
    ),
    (
        "reference of another type",
        {"model": "{references}", "reference_media": 7},
        ["reference_media", "int is no reference"],
    ),
    (
        "result rendered to text",
        {"model": "{references}", "reference_media": "{'outputs': []}"},
        ["reference_media", "first.output"],
    ),
    ("output of unknown scheme", {"output_path": "s4://bucket/key/"}, ["output_path", "s4"]),
    ("output relative", {"output_path": "out/"}, ["output_path", "out"]),
    (
        "reference that a model does not take",
        {"model": "{references}", "reference_media": "{sound}"},
        ["reference_media", "audio"],
    ),
]

OF_RIVYA: list[Request] = [
    ("prompt too long", {"prompt": "a" * 1001}, ["prompt", "1,001", "1,000"]),
    ("alias of a key", {"model_params": {"aspectRatio": "1:1"}}, ["aspectRatio", "aspect_ratio"]),
    ("option", {"model_params": {"aspect_ratio": "16x9"}}, ["'16x9'", "16:9"]),
    (
        "number out of range",
        {"model": "seedream-4-0", "model_params": {"max_images": 99}},
        ["model_params.max_images", "99"],
    ),
    ("trace id", {"client_request_id": "x" * 129}, ["client_request_id", "129"]),
    (
        "one name for several",
        {"model": "seedream-4-0", "model_params": {"max_images": 2}, "output_path": "{landing}/one.png"},
        ["output_path"],
    ),
]

OF_TOAPIS: list[Request] = [
    (
        "prompt too long",
        {"model": "gpt-4o-image", "prompt": "a" * 1001},
        ["prompt", "1,001", "1,000"],
    ),
    ("parameter of another gateway", {"model_params": {"aspect_ratio": "1:1"}}, ["aspect_ratio", "size"]),
    ("option", {"model_params": {"size": "16x9"}}, ["'16x9'", "16:9"]),
    ("number out of range", {"model_params": {"n": 99}}, ["model_params.n", "99", "10"]),
    ("number in quotes", {"model_params": {"n": "2"}}, ["model_params.n", "'2'"]),
    ("number that is none", {"model_params": {"n": True}}, ["model_params.n"]),
    (
        "results in the answer",
        {"model": "{references}", "model_params": {"response_format": "b64_json"}},
        ["model_params.response_format", "b64_json", "url"],
    ),
    ("metadata no object", {"model_params": {"metadata": "2K"}}, ["model_params.metadata"]),
    (
        "the id that is set for it",
        {"model_params": {"metadata": {"client_business_id": "order-1"}}},
        ["client_business_id"],
    ),
    ("trace id", {"client_request_id": "t-1"}, ["client_request_id", "no field for it", "leave it out"]),
    (
        "one name for several",
        {"model_params": {"n": 2}, "output_path": "{landing}/one.png"},
        ["output_path"],
    ),
    ("dialect no object", {"dialect": "top"}, ["dialect", "str", "resolution_case"]),
    (
        "dialect of no field",
        {"dialect": {"resolutions": "top"}},
        ["dialect.resolutions", "did you mean resolution"],
    ),
    ("dialect of no value", {"dialect": {"references": "files"}}, ["dialect.references", "reference_images"]),
    ("dialect of a list", {"dialect": {"resolution": ["top"]}}, ["dialect.resolution", "metadata, top"]),
    ("dialect with an empty model", {"dialect": {"model": " "}}, ["dialect.model", "no model id"]),
    ("dialect of no endpoint", {"dialect": {"endpoint": "audio"}}, ["dialect.endpoint", "image, video"]),
    ("dialect that is the catalogue's", {"dialect": {"in_metadata": ["n"]}}, ["dialect.in_metadata"]),
]


def named(requests: list[Request]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("arguments", "told"), [case[1:] for case in requests], ids=[case[0] for case in requests]
    )


@pytest.fixture
def filled(gateway: TestedGateway, photo: Path, landing: Path, tmp_path: Path) -> Callable[[Any], Any]:
    """Fill in the places and models of a request."""
    (tmp_path / "notes.png").write_text("no picture")
    huge = tmp_path / "huge.png"
    Image.new("RGB", (8, 8)).save(huge)
    os.truncate(huge, 200 * 1024 * 1024)  # sparse
    (tmp_path / "sound.wav").write_bytes(samples.wav())
    names = {
        "photo": photo,
        "notes": tmp_path / "notes.png",
        "huge": huge,
        "sound": tmp_path / "sound.wav",
        "landing": f"file://{landing}",
        "model": gateway.model,
        "typo": gateway.model[:-1],
        "references": gateway.references[0],
    }

    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(element) for element in value]
        if isinstance(value, dict):
            return {name: fill(element) for name, element in value.items()}
        for name, meant in names.items():
            value = value.replace(f"{{{name}}}", str(meant)) if isinstance(value, str) else value
        return value

    return fill


def check_refused(
    new_task: NewTask,
    sandbox: SandboxProcess,
    filled: Callable[[Any], Any],
    arguments: dict[str, Any],
    told: list[str],
) -> None:
    done = refused(new_task(**filled(arguments)), sandbox)
    assert isinstance(done.error, InvalidRequestError)
    for text in filled(told):
        assert text in done.text


@at_each
@named(REQUESTS)
def test_faulty_request(
    new_task: NewTask,
    sandbox: SandboxProcess,
    filled: Callable[[Any], Any],
    arguments: dict[str, Any],
    told: list[str],
) -> None:
    check_refused(bench, sandbox, filled, arguments, told)


@at("rivya")
@named(OF_RIVYA)
def test_faulty_request_to_rivya(
    new_task: NewTask,
    sandbox: SandboxProcess,
    filled: Callable[[Any], Any],
    arguments: dict[str, Any],
    told: list[str],
) -> None:
    check_refused(bench, sandbox, filled, arguments, told)


@at("toapis")
@named(OF_TOAPIS)
def test_faulty_request_to_toapis(
    new_task: NewTask,
    sandbox: SandboxProcess,
    filled: Callable[[Any], Any],
    arguments: dict[str, Any],
    told: list[str],
) -> None:
    check_refused(bench, sandbox, filled, arguments, told)


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
    new_task: NewTask, sandbox: SandboxProcess, arguments: dict[str, Any], told: str
) -> None:
    done = refused(new_task(**{"model": "nano-banana-2", **arguments}), sandbox)
    assert told in done.text
    assert "SECRET" not in done.text


def test_a_path_object_is_a_place(new_task: NewTask, sandbox: SandboxProcess, tmp_path: Path) -> None:
    run = new_task()
    task: dict[str, Any] = {"output_path": tmp_path / "images", "state_path": tmp_path / "records"}
    from tests.integration.task_harness import one_task

    run.build = one_task(task)
    assert run.run().state == "success"
    assert len(list((tmp_path / "images").iterdir())) == 1
    assert len(list((tmp_path / "records").iterdir())) == 1


@at_each
def test_every_fault_at_once(new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    of_this_gateway = {"dialect": {"resolution": "below"}} if gateway.name == "toapis" else {}
    done = refused(
        new_task(
            **of_this_gateway,
            model=gateway.references[0],
            prompt="",
            model_params={
                path.removeprefix("model_params."): value for path, value in gateway.faulty.items()
            },
            reference_media=["/nowhere/a.jpg", "/nowhere/b.jpg"],
            client_request_id="x" * 200,
            output_path="s4://bucket/",
        ),
        sandbox,
    )
    assert isinstance(done.error, InvalidRequestError)
    paths = [fault.path for fault in done.error.faults]
    assert {
        *gateway.faulty,
        *(f"dialect.{name}" for name in of_this_gateway.get("dialect", {})),
        "reference_media[0]",
        "reference_media[1]",
        "client_request_id",
        "output_path",
    } <= set(paths)
    assert len(paths) == len(done.error.faults) >= 6


@pytest.mark.parametrize(
    ("arguments", "paths"),
    [
        (
            {"state_path": "records/", "prompt": "", "model_params": {"resolution": "9K"}},
            ["state_path", "prompt", "model_params.resolution"],
        ),
        (
            {"state_path": 7, "reference_media": "/nowhere.jpg", "output_path": "s4://bucket/"},
            ["state_path", "reference_media", "output_path"],
        ),
        ({"state_path": " ", "output_path": "file:///proc/rivya/"}, ["state_path", "output_path"]),
        (
            {"output_path": "relative/", "output_conn_id": 7, "prompt": ""},
            ["prompt", "output_path", "output_conn_id"],
        ),
        (
            {
                "state_path": "nope://bucket/",
                "output_path": "s4://bucket/one.png",
                "output_conn_id": 7,
                "model": "seedream-4-0",
                "model_params": {"max_images": 2},
            },
            ["state_path", "output_conn_id", "output_path", "output_path"],
        ),
    ],
    ids=", ".join,
)
def test_faults_of_several_sources_are_told_together(
    new_task: NewTask, sandbox: SandboxProcess, arguments: dict[str, Any], paths: list[str]
) -> None:
    done = refused(new_task(**{"model": "nano-banana-2", **arguments}), sandbox)
    assert isinstance(done.error, InvalidRequestError)
    assert [fault.path for fault in done.error.faults] == paths
    assert f"The request of task '{MAKE}' has {len(paths)} faults:" in done.text
    assert sandbox.requests() == []


def test_without_a_record_its_folder_does_not_matter(new_task: NewTask, sandbox: SandboxProcess) -> None:
    assert new_task(durable=False, state_path="records/").run().state == "success"


def test_output_place_read_only(new_task: NewTask, sandbox: SandboxProcess) -> None:
    # Not even root can make a folder there.
    done = refused(new_task(output_path="file:///proc/rivya/"), sandbox)
    assert "output_path" in done.text
    assert "cannot be written" in done.text


def test_output_place_below_a_file(new_task: NewTask, sandbox: SandboxProcess, photo: Path) -> None:
    done = refused(new_task(output_path=f"file://{photo}/below/"), sandbox)
    assert "output_path" in done.text
    assert "cannot be written" in done.text or "not a directory" in done.text.lower()


@at_each
def test_fixed_name_in_a_mapped_task(
    database: None, connect: Connect, gateway: TestedGateway, landing: Path, sandbox: SandboxProcess
) -> None:
    def build() -> None:
        gateway.operator.partial(
            task_id=MAKE, model=gateway.model, output_path=f"file://{landing}/one.png", retries=2
        ).expand(prompt=["a", "b"])

    done = TaskInstanceHarness(build).run(map_index=1)
    assert done.state == "failed"
    assert "output_path" in done.text
    assert sandbox.requests() == []


def refused_for_its_connection(
    new_task: NewTask, sandbox: SandboxProcess, tmp_path: Path, kept: str, **arguments: Any
) -> Try:
    """
    Run a task whose connection cannot be used.

    :param kept: where its record is kept. A file's name depends on the connection, so what an earlier run may
        have paid for is not known then: a later try retries.
    """
    if kept == "where Airflow can" and airflows.STATE_STORE:
        done = refused(new_task(**arguments), sandbox)
    else:
        run = new_task(state_path=f"file://{tmp_path}/kept/", **arguments)
        done = run.run()
        assert done.state == "failed", done.text
        assert run.xcom(key="failure")["submitted"] is None
        later = run.run()
        assert later.state == "up_for_retry", later.text
        assert "This try submitted nothing. What an earlier one may have paid for is not lost" in later.text
        assert sandbox.requests() == []
        assert not (tmp_path / "kept").exists()
    assert isinstance(done.error, ConnectionConfigError)
    return done


KEPT = pytest.mark.parametrize("kept", ["where Airflow can", "in a file"])


@at_each
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
    new_task: NewTask,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    tmp_path: Path,
    conn_id: str,
    told: list[str],
    kept: str,
) -> None:
    done = refused_for_its_connection(bench, sandbox, tmp_path, kept, **{gateway.conn_argument: conn_id})
    for text in told:
        assert text in done.text


@at_each
@KEPT
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"key": None}, ["password", "no API key"]),
        ({"conn_type": "http"}, ["of type 'http'", "not '{gateway}'"]),
        ({"host": "http://gateway.example"}, ["plain http"]),
        ({"poll_interval": "soon", "max_in_flight": 0}, ["extra.poll_interval", "extra.max_in_flight"]),
    ],
    ids=["no key", "wrong type", "plain http", "two fields"],
)
def test_connection_faulty(
    new_task: NewTask,
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    tmp_path: Path,
    settings: dict[str, Any],
    told: list[str],
    kept: str,
) -> None:
    connect(**settings)
    done = refused_for_its_connection(bench, sandbox, tmp_path, kept)
    for text in told:
        assert text.replace("{gateway}", gateway.name) in done.text


@at_each
@pytest.mark.parametrize("arguments", [{"if_exists": "ask"}, {"timeout": -1}, {"timeout": "1h"}], ids=str)
def test_arguments_refused_when_the_dag_is_parsed(gateway: TestedGateway, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(arguments))} is "):
        gateway.operator(task_id="make", model=gateway.model, **arguments)
