"""What is wrong with a request, its files, its output place or its connection is found before it is sent."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from airflow_provider_rivya.exceptions import ConnectionConfigError, InvalidRequestError
from tests.integration.conftest import Connect
from tests.integration.gateways import TestedGateway, at, at_each
from tests.integration.generation.conftest import NewJob
from tests.integration.job_harness import JobHarness
from tests.sandbox_process import SandboxProcess
from tests.unit.media import samples


def refused(job: JobHarness, sandbox: SandboxProcess) -> InvalidRequestError:
    """Run a try that must not get through to the gateway."""
    done = job.run()
    assert done.state == "final", done.text
    assert [entry for entry in sandbox.requests() if entry["method"] != "GET"] == []
    assert sandbox.ledger()["entries"] == []
    assert job.record is None
    assert "othing was charged" in done.text
    assert isinstance(done.error, InvalidRequestError)
    return done.error


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
        "reference not reached now, and another fault",
        {"model": "{references}", "prompt": " ", "reference_media": "https://nowhere.invalid/a.jpg"},
        ["has 1 fault", "prompt"],
    ),
    (
        "reference no media",
        {"model": "{references}", "reference_media": "{notes}"},
        ["reference_media", "is not an image, video or audio file: it looks like plain text"],
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
        ["reference_media", "int is not a reference"],
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
    ("dialect with an empty model", {"dialect": {"model": " "}}, ["dialect.model", "not a model id"]),
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


@at_each
@named(REQUESTS)
def test_faulty_request(
    new_job: NewJob,
    sandbox: SandboxProcess,
    filled: Callable[[Any], Any],
    arguments: dict[str, Any],
    told: list[str],
) -> None:
    check_refused(new_job(filled(arguments)), sandbox, filled(told))


@at("rivya")
@named(OF_RIVYA)
def test_faulty_request_to_rivya(
    new_job: NewJob,
    sandbox: SandboxProcess,
    filled: Callable[[Any], Any],
    arguments: dict[str, Any],
    told: list[str],
) -> None:
    check_refused(new_job(filled(arguments)), sandbox, filled(told))


@at("toapis")
@named(OF_TOAPIS)
def test_faulty_request_to_toapis(
    new_job: NewJob,
    sandbox: SandboxProcess,
    filled: Callable[[Any], Any],
    arguments: dict[str, Any],
    told: list[str],
) -> None:
    check_refused(new_job(filled(arguments)), sandbox, filled(told))


def check_refused(job: JobHarness, sandbox: SandboxProcess, told: list[str]) -> None:
    error = refused(job, sandbox)
    for text in told:
        assert text in str(error)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"output_path": 7}, "output_path: it is of type int"),
        ({"output_path": "s3://AKIA:SECRET@bucket/x/"}, "output_path: it carries a password"),
        ({"output_conn_id": 7}, "output_conn_id: it is of type int"),
        ({"reference_media": "s3://AKIA:SECRET@bucket/x.png"}, "reference_media: it carries a password"),
        # Not even root can make a folder there.
        ({"output_path": "file:///proc/rivya/"}, "output_path: "),
        ({"output_path": "file:///proc/rivya/"}, "cannot be written"),
        ({"output_path": "file://{photo}/below/"}, "output_path: "),
    ],
)
def test_places_that_cannot_be(
    new_job: NewJob, sandbox: SandboxProcess, filled: Callable[[Any], Any], arguments: Any, told: str
) -> None:
    error = refused(new_job({"model": "nano-banana-2", **filled(arguments)}), sandbox)
    assert told in str(error)
    assert "SECRET" not in str(error)


@at_each
def test_every_fault_at_once(new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess) -> None:
    of_this_gateway = {"dialect": {"resolution": "below"}} if gateway.name == "toapis" else {}
    error = refused(
        new_job(
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
    paths = [fault.path for fault in error.faults]
    assert {
        *gateway.faulty,
        *(f"dialect.{name}" for name in of_this_gateway.get("dialect", {})),
        "reference_media[0]",
        "reference_media[1]",
        "client_request_id",
        "output_path",
    } <= set(paths)
    assert len(paths) >= 6


def test_faults_of_several_sources_are_told_together(new_job: NewJob, sandbox: SandboxProcess) -> None:
    arguments = {"output_path": "relative/", "output_conn_id": 7, "prompt": ""}
    error = refused(new_job(arguments, model="nano-banana-2"), sandbox)
    assert [fault.path for fault in error.faults] == ["prompt", "output_path", "output_conn_id"]
    assert "The request of task 'make' has 3 faults:" in str(error)
    assert sandbox.requests() == []


@at_each
def test_fixed_name_for_one_of_several_sisters(
    new_job: NewJob, landing: Path, sandbox: SandboxProcess
) -> None:
    error = refused(new_job(output_path=f"file://{landing}/one.png", mapped=True), sandbox)
    assert "output_path" in str(error)
    assert sandbox.requests() == []


@at_each
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
    new_job: NewJob,
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    settings: dict[str, Any],
    told: list[str],
) -> None:
    connect(**settings)
    check_connection(new_job(), sandbox, [text.replace("{gateway}", gateway.name) for text in told])


@at_each
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
def test_connection_missing(new_job: NewJob, sandbox: SandboxProcess, conn_id: str, told: list[str]) -> None:
    job = new_job()
    job.conn_id = conn_id
    check_connection(job, sandbox, told)


def check_connection(job: JobHarness, sandbox: SandboxProcess, told: list[str]) -> None:
    done = job.run()
    assert isinstance(done.error, ConnectionConfigError)
    assert not done.error.retryable
    assert "othing was charged" in done.text
    for text in told:
        assert text in done.text
    assert sandbox.requests() == []
    assert job.record is None
