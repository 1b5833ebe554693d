"""``@task.rivya_generate`` and ``@task.toapis_generate``, driven by Airflow's own functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from airflow_provider_rivya.exceptions import ConnectionConfigError, InvalidRequestError
from tests.integration.conftest import Connect
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.lineage import Lineage
from tests.integration.operators.bench import MAKE, Bench
from tests.sandbox_process import SandboxProcess

pytestmark = at_each

NewTask = Callable[..., Bench]


@pytest.fixture
def decorated(database: None, connect: Connect, gateway: TestedGateway, landing: Path) -> NewTask:
    """Return a DAG run with one decorated function."""

    def new(function: Callable[..., Any], *arguments: Any, expand: Any = None, **options: Any) -> Bench:
        given = {
            "task_id": MAKE,
            "model": gateway.model,
            "output_path": f"file://{landing}/{{{{ dag.dag_id }}}}/",
            "deferrable": False,
            "retries": 2,
            **options,
        }

        def build() -> None:
            make: Any = gateway.decorator(**given)(function)
            if expand is None:
                make(*arguments)
            else:
                make.expand(**expand)

        return Bench(build)

    return new


@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize("as_dict", [True, False])
def test_what_it_returns_is_never_rendered(
    decorated: NewTask,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    landing: Path,
    as_dict: bool,
    deferrable: bool,
) -> None:
    text = f"{{{{ 7*7 }}}} {{% raw %}} {{{{ var.value.secret }}}} {{{{ conn.{gateway.conn_id}.password }}}}"
    run = decorated(lambda: {"prompt": text} if as_dict else text, deferrable=deferrable)
    done = run.run()
    assert done.state == "success", done.text
    assert [task["prompt"] for task in sandbox.tasks()] == [text]
    # The decorator's own arguments are rendered.
    assert run.xcom()["outputs"][0]["uri"].startswith(f"file://{landing}/{run.dag_id}/")


def test_nor_read_as_a_file(decorated: NewTask, sandbox: SandboxProcess) -> None:
    run = decorated(lambda: "prompt.txt")
    assert run.run().state == "success"
    assert [task["prompt"] for task in sandbox.tasks()] == ["prompt.txt"]


def test_a_dict_decides_the_request(
    decorated: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path
) -> None:
    model, known_as = gateway.references

    def picture(text: str, form: dict[str, Any], ds: str | None = None, **context: Any) -> dict[str, Any]:
        return {
            "prompt": f"{text} {context['dag'].dag_id}",
            "model": model,
            "model_params": form,
            "reference_media": [photo],
        }

    run = decorated(picture, "A bicycle in", gateway.wide)
    done = run.run()
    assert done.state == "success", done.text
    (task,) = sandbox.tasks()
    assert (task["model"], task["prompt"]) == (known_as, f"A bicycle in {run.dag_id}")
    output = run.xcom()["outputs"][0]
    with Image.open(output["uri"].removeprefix("file://")) as image:
        assert image.width > image.height


@pytest.mark.parametrize("deferrable", [True, False])
def test_lineage_is_told_of_what_the_function_returned(
    decorated: NewTask,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    photo: Path,
    landing: Path,
    deferrable: bool,
) -> None:
    lineage = Lineage()
    calls: list[int] = []

    def picture() -> dict[str, Any]:
        calls.append(1)
        return {"prompt": "A bicycle", "reference_media": [photo]}

    run = decorated(picture, model=gateway.references[0], deferrable=deferrable, on_success_callback=lineage)
    done = run.run()
    assert done.state == "success", done.text
    assert lineage.inputs == [("file", str(photo))]
    (output,) = run.xcom()["outputs"]
    assert lineage.outputs == [("file", output["uri"].removeprefix("file://"))]
    assert calls == [1]


def test_lineage_of_a_resume_with_the_event_alone(
    decorated: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path
) -> None:
    """What the function returned is not known any more; the decorator's own argument is."""
    lineage = Lineage()
    run = decorated(
        lambda: "A bicycle",
        model=gateway.references[0],
        reference_media=str(photo),
        deferrable=True,
        on_success_callback=lineage,
    )
    event = run.fire(run.begin())
    run.forget_what_was_carried()
    done = run.resume(event)
    assert done.state == "success", done.text
    assert lineage.inputs == [("file", str(photo))]
    assert len(lineage.outputs) == 1


def test_expand(decorated: NewTask, sandbox: SandboxProcess) -> None:
    rows = [{"text": f"{{{{ {number} }}}}"} for number in range(3)]
    run = decorated(lambda row: {"prompt": row["text"]}, expand={"row": rows}, deferrable=True)
    for index in range(3):
        done = run.run(map_index=index)
        assert done.state == "success", done.text
        result = run.xcom(map_index=index)
        assert run.xcom(map_index=index, key="_link_rivya_result") == result["outputs"][0]["source_url"]
    # The arguments of a call are templates, as of every decorator; what the function returns is not.
    assert sorted(task["prompt"] for task in sandbox.tasks()) == ["0", "1", "2"]
    assert sandbox.ledger()["charges"] == 3


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        (None, "return value: a NoneType; allowed: a prompt, or a dict of prompt, model, model_params"),
        ({"promt": "x"}, "return value['promt']: is nothing that a function can decide"),
        ({"prompt": "x", "output_path": "/tmp/"}, "return value['output_path']: is nothing"),  # noqa: S108 - refused
        ({"prompt": "x", "model": "nano-banan-2"}, "model: "),
        ({"prompt": 7}, "prompt: "),
        ({"prompt": "x", "model_params": {"aspectRatio": "1:1"}}, "model_params.aspectRatio: "),
        (
            {"prompt": "x", "reference_media": "/nowhere.jpg"},
            "reference_media: '/nowhere.jpg' does not exist",
        ),
        ("", "prompt: "),
    ],
)
def test_bad_input_is_told_before_the_gateway_is_touched(
    decorated: NewTask, sandbox: SandboxProcess, landing: Path, returned: Any, told: str
) -> None:
    run = decorated(lambda: returned)
    done = run.run()
    assert done.state == "failed", done.text
    assert isinstance(done.error, InvalidRequestError)
    assert told in done.text
    assert sandbox.requests() == []
    assert run.xcom(key="failure")["submitted"] is False


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"output_path": "relative/"}, "output_path: 'relative/' is relative"),
        ({"output_path": "file:///proc/rivya/"}, "output_path: "),
        ({"output_path": "s4://bucket/"}, "output_path: Airflow knows no storage for s4://"),
        ({"state_path": "records/"}, "state_path: 'records/' is relative"),
        ({"model": "{typo}"}, "did you mean {model}"),
        ({"model_params": {"aspect_ratio": "16x9"}}, "model_params.aspect_ratio: "),
        ({"reference_media": "/nowhere.jpg", "model": "nano-banana-2"}, "'/nowhere.jpg' does not exist"),
        ({"client_request_id": "x" * 129}, "client_request_id: "),
        ({"{conn_id}": "nowhere"}, "There is no connection 'nowhere'"),
        ({"{conn_id}": ""}, "The id of the connection is empty"),
    ],
    ids=str,
)
def test_bad_arguments_are_told_before_the_gateway_is_touched(
    decorated: NewTask,
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
    decorated: NewTask,
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
    decorated: NewTask,
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


def test_an_error_of_the_function_is_its_own(decorated: NewTask, sandbox: SandboxProcess) -> None:
    def picture() -> str:
        raise LookupError("no such row")

    done = decorated(picture).run()
    assert done.state == "up_for_retry"
    assert isinstance(done.error, LookupError)
    assert sandbox.requests() == []


def test_another_prompt_on_a_retry_does_not_pay_again(
    decorated: NewTask, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    prompts = iter(["first", "second"])
    run = decorated(lambda: next(prompts))
    sandbox.fault(method="GET", path=gateway.results, kind="status", status=404, times=9)
    assert run.run().state == "up_for_retry"
    sandbox.control("DELETE", "faults")
    assert run.run().state == "success"
    assert [task["prompt"] for task in sandbox.tasks()] == ["first"]
    assert sandbox.ledger()["charges"] == 1
