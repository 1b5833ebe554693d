"""
``@task.rivya_generate`` and ``@task.toapis_generate``, driven by Airflow's own functions.

What both have from their common base runs with one of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from airflow_provider_rivya.submission.identity import Identity
from tests.integration.decorators.conftest import UPSTREAM, NewDecorated
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.lineage import Lineage
from tests.integration.task_harness import MAKE
from tests.sandbox_process import SandboxProcess


@at_each
@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize("as_dict", [True, False])
def test_what_it_returns_is_never_rendered(
    decorated: NewDecorated,
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


@pytest.mark.parametrize("deferrable", [True, False])
def test_nor_is_what_came_from_upstream(
    decorated: NewDecorated, gateway: TestedGateway, sandbox: SandboxProcess, deferrable: bool
) -> None:
    """Neither what a task handed over, nor what a template of an argument fetched."""
    text = f"{{{{ 7*7 }}}} {{% raw %}} {{{{ var.value.secret }}}} {{{{ conn.{gateway.conn_id}.password }}}}"
    got: list[tuple[str, str]] = []

    def picture(row: dict[str, str], fetched: str) -> dict[str, Any]:
        got.append((row["text"], fetched))
        return {"prompt": f"{row['text']} | {fetched}"}

    run = decorated(
        picture,
        f"{{{{ ti.xcom_pull(task_ids='{UPSTREAM}')['text'] }}}}",
        upstream=lambda: {"text": text},
        deferrable=deferrable,
    )
    assert run.run(UPSTREAM).state == "success"
    done = run.run()
    assert done.state == "success", done.text
    assert got == [(text, text)]
    assert [task["prompt"] for task in sandbox.tasks()] == [f"{text} | {text}"]


def test_nor_is_a_file_that_upstream_names_read(decorated: NewDecorated, sandbox: SandboxProcess) -> None:
    run = decorated(lambda name: name, upstream=lambda: "prompt.txt")
    assert run.run(UPSTREAM).state == "success"
    assert run.run().state == "success"
    assert [task["prompt"] for task in sandbox.tasks()] == ["prompt.txt"]


def test_nor_read_as_a_file(decorated: NewDecorated, sandbox: SandboxProcess) -> None:
    run = decorated(lambda: "prompt.txt")
    assert run.run().state == "success"
    assert [task["prompt"] for task in sandbox.tasks()] == ["prompt.txt"]


@at_each
def test_a_dict_decides_the_request(
    decorated: NewDecorated, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path
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
    decorated: NewDecorated,
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
    decorated: NewDecorated, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path
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


def test_a_row_is_known_by_what_the_function_gets_of_it(
    decorated: NewDecorated, sandbox: SandboxProcess, landing: Path
) -> None:
    """Rendered before the function is called: it says where the record of an earlier try is."""
    rows = [{"id": 17, "text": "A cat"}]
    run = decorated(
        lambda row: row["text"], expand={"row": rows}, row_key="{{ task.op_kwargs['row']['id'] }}"
    )
    done = run.begin(map_index=0)
    assert done.state == "success", done.text
    identity = Identity("", run.dag_id, run.run_id, MAKE, 0, "17")
    assert list(landing.parent.rglob(f"{identity.digest}.json"))


@at_each
def test_expand(decorated: NewDecorated, sandbox: SandboxProcess) -> None:
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


def test_an_error_of_the_function_is_its_own(decorated: NewDecorated, sandbox: SandboxProcess) -> None:
    def picture() -> str:
        raise LookupError("no such row")

    done = decorated(picture).run()
    assert done.state == "up_for_retry"
    assert isinstance(done.error, LookupError)
    assert sandbox.requests() == []


def test_another_prompt_on_a_retry_does_not_pay_again(
    decorated: NewDecorated, gateway: TestedGateway, sandbox: SandboxProcess
) -> None:
    prompts = iter(["first", "second"])
    run = decorated(lambda: next(prompts))
    sandbox.fault(method="GET", path=gateway.results, kind="status", status=404, times=9)
    assert run.run().state == "up_for_retry"
    sandbox.control("DELETE", "faults")
    assert run.run().state == "success"
    assert [task["prompt"] for task in sandbox.tasks()] == ["first"]
    assert sandbox.ledger()["charges"] == 1
