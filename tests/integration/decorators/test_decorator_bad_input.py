"""What is wrong with a decorated function's answer or its arguments is told before the gateway is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import ConnectionConfigError, InvalidRequestError
from tests.integration.conftest import Connect
from tests.integration.decorators.conftest import NewDecorated
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.task_harness import MAKE
from tests.sandbox_process import SandboxProcess


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        (None, "return value: a NoneType; allowed: a prompt, or a dict of prompt, model, model_params"),
        ({"promt": "x"}, "return value['promt']: cannot be returned by the function"),
        ({"prompt": "x", "output_path": "/tmp/"}, "return value['output_path']: cannot be returned"),  # noqa: S108 - refused
        ({"prompt": "x", "model": "nano-banan-2"}, "model: "),
        ("", "prompt: "),
    ],
)
def test_bad_input_is_told_before_the_gateway_is_touched(
    decorated: NewDecorated, sandbox: SandboxProcess, landing: Path, returned: Any, told: str
) -> None:
    run = decorated(lambda: returned)
    done = run.run()
    assert done.state == "failed", done.text
    assert isinstance(done.error, InvalidRequestError)
    assert told in done.text
    assert sandbox.requests() == []
    assert run.xcom(key="failure")["submitted"] is False


@at_each
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"output_path": "relative/"}, "output_path: 'relative/' is relative"),
        ({"state_path": "records/"}, "state_path: 'records/' is relative"),
        ({"model": "{typo}"}, "did you mean {model}"),
        ({"{conn_id}": "nowhere"}, "There is no connection 'nowhere'"),
    ],
    ids=str,
)
def test_bad_arguments_are_told_before_the_gateway_is_touched(
    decorated: NewDecorated,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    landing: Path,
    options: dict[str, Any],
    told: str,
) -> None:
    names = {"{typo}": gateway.model[:-1], "{model}": gateway.model, "{conn_id}": gateway.conn_argument}
    given = {
        names.get(name, name): names.get(value, value) if isinstance(value, str) else value
        for name, value in options.items()
    }
    run = decorated(lambda: "A lighthouse", **given)
    done = run.run()
    assert done.state == "failed", done.text
    assert isinstance(done.error, InvalidRequestError | ConnectionConfigError)
    assert told.replace("{model}", gateway.model) in done.text
    assert "othing was charged" in done.text
    assert sandbox.requests() == []
    assert sandbox.ledger()["entries"] == []
    assert [path for path in landing.rglob("*") if path.is_file()] == []
    assert run.record() is None


@pytest.mark.parametrize(
    ("returned", "options", "paths"),
    [
        (
            {"prompt": "", "model_params": {"resolution": "9K"}, "reference_media": ["/nowhere.jpg"]},
            {"output_path": "s4://bucket/"},
            ["reference_media[0]", "prompt", "model_params.resolution", "output_path"],
        ),
        (
            {"promt": "x", "model_params": {"resolution": "9K"}},
            {},
            ["return value['promt']", "model_params.resolution"],
        ),
        (
            {"promt": "", "output_path": "/data/", "reference_media": "/nowhere.jpg"},
            {"model_params": {"resolution": "9K"}, "output_path": "relative/", "output_conn_id": 7},
            [
                "return value['promt']",
                "return value['output_path']",
                "reference_media",
                "prompt",
                "model_params.resolution",
                "output_path",
                "output_conn_id",
            ],
        ),
        (
            {"promt": "x", "model_params": {"resolution": "9K"}},
            {"state_path": "records/", "client_request_id": "x" * 129},
            ["state_path", "return value['promt']", "model_params.resolution", "client_request_id"],
        ),
        (
            7,
            {"state_path": "records/", "reference_media": 7, "output_path": "s4://bucket/"},
            ["state_path", "return value", "reference_media", "prompt", "output_path"],
        ),
    ],
    ids=["request and place", "key and request", "keys and both", "folder of records too", "no request"],
)
def test_every_fault_of_both_at_once(
    decorated: NewDecorated,
    sandbox: SandboxProcess,
    returned: Any,
    options: dict[str, Any],
    paths: list[str],
) -> None:
    run = decorated(lambda: returned, model="nano-banana-2", **options)
    done = run.run()
    assert done.state == "failed", done.text
    assert isinstance(done.error, InvalidRequestError)
    assert [fault.path for fault in done.error.faults] == paths
    assert f"The request of task '{MAKE}' has {len(paths)} faults:" in done.text
    assert sandbox.requests() == []
    assert run.record() is None


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"key": None}, "no API key is set"), ({"key": "sk-x", "conn_type": "http"}, "not '{gateway}'")],
    ids=["no key", "wrong type"],
)
def test_a_connection_that_cannot_be_used(
    decorated: NewDecorated,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    connect: Connect,
    settings: dict[str, Any],
    told: str,
) -> None:
    connect(**settings)
    called: list[int] = []
    done = decorated(lambda: called.append(1)).run()
    assert done.state == "failed", done.text
    assert isinstance(done.error, ConnectionConfigError)
    assert told.replace("{gateway}", gateway.name) in done.text
    assert sandbox.requests() == []
    assert called == []
