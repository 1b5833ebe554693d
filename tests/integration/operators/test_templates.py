"""What is rendered as a template: what the DAG author wrote, and never what a row holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG, literal, task, task_group

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.exceptions import InvalidRequestError
from tests import airflows
from tests.integration.conftest import Connect
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

UPSTREAM = "rows"
REACHING = "{{ conn.rivya_default.password }} {{ conn.toapis_default.password }} {{ var.value.x }} {% raw %}"
TITLE = "{{ not a template }} shirt"

Run = Callable[..., TaskInstanceHarness]


def records(folder: Path) -> dict[str, Any]:
    """The arguments of a task that keeps its record where it can be found."""
    return {} if airflows.STATE_STORE else {"state_path": f"file://{folder}/records/"}


@pytest.fixture
def mapped(database: None, connect: Connect, gateway: TestedGateway, landing: Path, tmp_path: Path) -> Run:
    """
    Return a run of a DAG whose task ``make`` is mapped.

    :param expand: gets the operator's ``partial(...)`` and the output of a task that returns ``rows``.
    """

    def new(
        rows: Any, expand: Callable[[Any, Any], Any], *, native: bool = False, **arguments: Any
    ) -> TaskInstanceHarness:
        given: dict[str, Any] = {
            "task_id": MAKE,
            "model": gateway.model,
            "output_path": f"file://{landing}/{{{{ dag.dag_id }}}}/",
            **records(tmp_path),
            **arguments,
        }

        def build() -> None:
            upstream = task(task_id=UPSTREAM)(lambda: rows)()
            expand(gateway.operator.partial(**{k: v for k, v in given.items() if v is not None}), upstream)

        run = TaskInstanceHarness(
            build, template_searchpath=[str(tmp_path)], render_template_as_native_obj=native
        )
        assert run.run(UPSTREAM).state == "success"
        run.expand()
        return run

    return new


def prompts(run: TaskInstanceHarness, sandbox: SandboxProcess, count: int = 1) -> list[str]:
    for index in range(count):
        done = run.run(map_index=index)
        assert done.state == "success", done.text
    return [made["prompt"] for made in sandbox.tasks()]


@pytest.mark.parametrize("text", [REACHING, TITLE, "prompt.txt"])
@pytest.mark.parametrize("deferrable", [True, False])
@at_each
def test_rows_are_sent_as_they_are(
    mapped: Run, sandbox: SandboxProcess, landing: Path, tmp_path: Path, text: str, deferrable: bool
) -> None:
    (tmp_path / "prompt.txt").write_text("of a file")
    run = mapped(
        [{"prompt": text}],
        lambda partial, rows: partial.expand_kwargs(rows),
        deferrable=deferrable,
    )
    assert prompts(run, sandbox) == [text]
    # What is given in partial() is the author's.
    (output,) = run.xcom(map_index=0)["outputs"]
    assert output["uri"].startswith(f"file://{landing}/{run.dag_id}/")


@pytest.mark.parametrize(
    ("rows", "expand"),
    [
        ([{"prompt": REACHING}], lambda partial, rows: partial.expand_kwargs(rows, strict=False)),
        ([REACHING], lambda partial, rows: partial.expand(prompt=rows)),
        ([REACHING], lambda partial, rows: partial.expand(prompt=rows.map(lambda text: text))),
        ([REACHING], lambda partial, rows: partial.expand_kwargs(rows.map(lambda text: {"prompt": text}))),
        (
            [REACHING],
            lambda partial, rows: partial.expand_kwargs(rows.map(lambda text: {"prompt": literal(text)})),
        ),
        (REACHING, lambda partial, rows: partial.expand_kwargs([{"prompt": rows}])),
        ({"prompt": REACHING}, lambda partial, rows: partial.expand_kwargs([rows])),
        (REACHING, lambda partial, rows: partial.expand(prompt=[rows])),
    ],
    ids=[
        "override",
        "expand",
        "map",
        "map to kwargs",
        "literal",
        "value in a list",
        "row in a list",
        "in a list",
    ],
)
def test_however_they_come(mapped: Run, sandbox: SandboxProcess, rows: Any, expand: Any) -> None:
    assert prompts(mapped(rows, expand), sandbox) == [REACHING]


def test_what_partial_takes_from_a_task_is_no_template_either(mapped: Run, sandbox: SandboxProcess) -> None:
    def expand(partial: Any, rows: Any) -> None:
        partial.kwargs["prompt"] = rows
        partial.expand(client_request_id=["a"])

    assert prompts(mapped(REACHING, expand), sandbox) == [REACHING]


def test_nested_values_of_rows(mapped: Run, sandbox: SandboxProcess, photo: Path) -> None:
    row = {
        "model": "nano-banana-2",
        "prompt": "a cat",
        "model_params": {"aspect_ratio": "{{ '1:1' }}"},
        "reference_media": [str(photo), "/{{ var.value.x }}.png"],
        "client_request_id": "{{ run_id }}",
        "output_path": "/{{ ds }}\n/",
    }
    run = mapped([row], lambda partial, rows: partial.expand_kwargs(rows), model=None, output_path=None)
    done = run.run(map_index=0)
    assert isinstance(done.error, InvalidRequestError)
    told = {fault.path: fault.problem for fault in done.error.faults}
    assert "{{ '1:1' }}" in told["model_params.aspect_ratio"]
    assert "{{ var.value.x }}" in told["reference_media[1]"]
    assert "{{ ds }}" in told["output_path"]
    assert sandbox.requests() == []


def test_default_args_are_the_authors(
    database: None, connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path
) -> None:
    def build() -> None:
        upstream = task(task_id=UPSTREAM)(lambda: [{"prompt": REACHING}])()
        gateway.operator.partial(task_id=MAKE, model=gateway.model).expand_kwargs(upstream)

    folder = f"file://{landing}/{{{{ dag.dag_id }}}}/"
    run = TaskInstanceHarness(build, default_args={"output_path": folder, **records(landing)})
    assert run.run(UPSTREAM).state == "success"
    run.expand()
    assert prompts(run, sandbox) == [REACHING]
    assert run.xcom(map_index=0)["outputs"][0]["uri"].startswith(f"file://{landing}/{run.dag_id}/")


@pytest.mark.parametrize("how", ["expand", "expand_kwargs"])
def test_a_list_in_the_dag_file_may_ask_for_facts_of_the_run(
    mapped: Run, sandbox: SandboxProcess, how: str
) -> None:
    text = "A harbour on {{ ds }}"

    def expand(partial: Any, rows: Any) -> None:
        partial.expand(prompt=[text]) if how == "expand" else partial.expand_kwargs([{"prompt": text}])

    assert prompts(mapped([], expand), sandbox) == [f"A harbour on {datetime.now():%Y-%m-%d}"]


@pytest.mark.parametrize("how", ["expand", "expand_kwargs"])
@pytest.mark.parametrize(
    "text",
    [
        REACHING,
        TITLE,
        "{{ conn.rivya_default.password }}",
        "{{ ti.task.dag }}",
        "{{ ds.__class__ }}",
        "{% include 'prompt.txt' %}",
    ],
)
def test_but_nothing_else(mapped: Run, sandbox: SandboxProcess, tmp_path: Path, text: str, how: str) -> None:
    """It may have been read from a table when the file was parsed."""
    (tmp_path / "prompt.txt").write_text("of a file")

    def expand(partial: Any, rows: Any) -> None:
        row = {"prompt": text, "model_params": {"resolution": "9K"}}
        if how == "expand":
            partial.expand(prompt=[text], model_params=[{"resolution": "9K"}])
        else:
            partial.expand_kwargs([row])

    done = mapped([], expand).run(map_index=0)
    assert done.state == "failed"
    assert isinstance(done.error, AirflowFailException)
    assert isinstance(done.error, InvalidRequestError)
    told = {fault.path: fault.allowed for fault in done.error.faults}
    assert {"prompt", "model_params.resolution"} <= told.keys()
    assert "partial()" in told["prompt"]
    assert "literal(" in told["prompt"]
    assert sandbox.requests() == []


def test_a_literal_in_the_dag_file_is_sent_as_it_is(mapped: Run, sandbox: SandboxProcess) -> None:
    run = mapped([], lambda partial, rows: partial.expand_kwargs([{"prompt": literal(REACHING)}]))
    assert prompts(run, sandbox) == [REACHING]


def test_partial_is_rendered_beside_rows(mapped: Run, sandbox: SandboxProcess) -> None:
    run = mapped(
        [{"client_request_id": "{{ ds }}"}],
        lambda partial, rows: partial.expand_kwargs(rows),
        prompt="A harbour on {{ ds }}",
    )
    assert prompts(run, sandbox) == [f"A harbour on {datetime.now():%Y-%m-%d}"]
    assert sandbox.tasks()[0]["client_request_id"] == "{{ ds }}"


def test_groups_that_are_mapped(
    database: None, connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path
) -> None:
    def build() -> None:
        upstream = task(task_id=UPSTREAM)(lambda: [{"text": REACHING, "style": {"of": REACHING}}])()

        @task_group
        def group(text: Any, style: Any) -> None:
            gateway.operator(
                task_id=MAKE,
                model=gateway.model,
                prompt=text,
                output_path=f"file://{landing}/{{{{ dag.dag_id }}}}/",
                **records(landing),
            )

        group.expand_kwargs(upstream)

    run = TaskInstanceHarness(build)
    assert run.run(UPSTREAM).state == "success"
    run.expand()
    done = run.run(f"group.{MAKE}", 0)
    assert done.state == "success", done.text
    assert [made["prompt"] for made in sandbox.tasks()] == [REACHING]


def test_a_native_dag_renders_rows_no_more(mapped: Run, sandbox: SandboxProcess) -> None:
    run = mapped(
        [{"prompt": "['{{ ds }}', 7]"}],
        lambda partial, rows: partial.expand_kwargs(rows),
        native=True,
    )
    assert prompts(run, sandbox) == ["['{{ ds }}', 7]"]


def test_only_prompt_and_parameters_are_read_from_files(
    database: None,
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    landing: Path,
    logs: Any,
) -> None:
    def build() -> None:
        gateway.operator(
            task_id=MAKE,
            model=gateway.model,
            prompt="Put the words into notes.txt",
            client_request_id="orders/2026-11-28.json",
            output_path=f"file://{landing}/",
            **records(landing),
        )

    run = TaskInstanceHarness(build)
    with DAG("of_files", schedule=None) as dag:
        build()
    dag.resolve_template_files()
    done = run.run()
    assert done.state == "success", done.text
    assert [made["client_request_id"] for made in sandbox.tasks()] == ["orders/2026-11-28.json"]
    assert "resolve template field" not in logs.text


def test_a_file_that_is_not_there(mapped: Run, sandbox: SandboxProcess, logs: Any) -> None:
    run = mapped([], lambda partial, rows: partial.expand(client_request_id=["a"]), prompt="nowhere.txt")
    assert prompts(run, sandbox) == ["nowhere.txt"]
    assert "no file 'nowhere.txt'" in logs.text


@pytest.mark.parametrize(
    "expand",
    [
        lambda made, rows: made.expand_kwargs(rows),
        lambda made, rows: made.expand(text=rows.map(lambda row: row["text"]), fixed=["x"]),
        lambda made, rows: made.partial(fixed="{{ dag.dag_id }}").expand_kwargs(
            rows.map(lambda row: {"text": row["text"]})
        ),
    ],
    ids=["expand_kwargs", "expand", "partial"],
)
def test_rows_of_decorated_functions(
    database: None,
    connect: Connect,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    landing: Path,
    expand: Any,
) -> None:
    got: list[tuple[str, str]] = []

    def picture(text: str, fixed: str) -> str:
        got.append((text, fixed))
        return text

    def build() -> None:
        upstream = task(task_id=UPSTREAM)(lambda: [{"text": REACHING, "fixed": "x"}])()
        made: Any = gateway.decorator(
            task_id=MAKE,
            model=gateway.model,
            output_path=f"file://{landing}/{{{{ ds }}}}/",
            **records(landing),
        )(picture)
        expand(made, upstream)

    run = TaskInstanceHarness(build)
    assert run.run(UPSTREAM).state == "success"
    run.expand()
    assert prompts(run, sandbox) == [REACHING]
    assert got[0][1] in ("x", run.dag_id)
    assert f"/{datetime.now():%Y-%m-%d}/" in run.xcom(map_index=0)["outputs"][0]["uri"]


def test_rows_of_sensors(
    database: None, connect: Connect, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path
) -> None:
    def build() -> None:
        upstream = task(task_id=UPSTREAM)(lambda: [{"generation_id": "{{ ds }}"}])()
        gateway.sensor.partial(task_id=MAKE).expand_kwargs(upstream)

    run = TaskInstanceHarness(build)
    assert run.run(UPSTREAM).state == "success"
    run.expand()
    done = run.run(map_index=0)
    assert "'{{ ds }}' cannot be an id" in done.text
    assert sandbox.requests() == []
