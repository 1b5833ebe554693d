"""``make demo``: one image from a reference photograph, through a real Airflow and the sandbox gateway.

Exit code 0 only if the DAG run succeeded and its image file is there and can be decoded.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from PIL import Image

from tools.local import EXAMPLE_DAGS, OUTPUT, Progress, add_executor, local_airflow
from tools.stack.cluster import BUCKET, CeleryStack
from tools.stack.config import CHECKOUT, StackConfig
from tools.stack.processes import ProcessError
from tools.stack.rest import RestError, TaskState
from tools.stack.services import CONN_ID
from tools.stack.stack import AirflowStack

DAG_ID = "rivya_reference_image"
_HINTS = {
    "queued": "queued for a worker",
    "running": "running on a worker",
    "deferred": "deferred: waits in the triggerer, holds no worker",
    "scheduled": "scheduled (again)",
}
_LOG_LINES = 40


class DemoError(RuntimeError):
    """The demo ran, but did not make a valid image."""


class TryFailedError(Exception):
    """A task's try has failed."""


def image_path(result: dict[str, Any], stack: AirflowStack, output: Path) -> Path:
    """Where the first output of a result (``GenerationResult``) lies on this machine, fetched if need be.

    :raises DemoError: if it has none, or one that is elsewhere.
    """
    uris = [output.get("uri") for output in result.get("outputs", [])]
    if not uris or not uris[0]:
        raise DemoError(f"the result names no file: {result}")
    parts = urlsplit(uris[0])
    if parts.scheme == "s3" and isinstance(stack, CeleryStack):
        path = output / Path(parts.path).name
        stack.s3.client().download_file(BUCKET, parts.path.lstrip("/"), str(path))
        return path
    if parts.scheme not in ("", "file"):
        raise DemoError(f"{uris[0]} is not a file on this machine")
    return Path(unquote(parts.path))


def check_image(path: Path) -> str:
    """Decode the whole image; ``PNG, 1024 x 1024``.

    :raises DemoError: if the file is missing or no valid image.
    """
    try:
        with Image.open(path) as image:
            image.verify()
        with Image.open(path) as image:
            image.load()
            return f"{image.format}, {image.width} x {image.height}"
    except (OSError, SyntaxError, ValueError) as error:
        raise DemoError(f"{path} is not a valid image: {error}") from error


def result_of(
    stack: AirflowStack, dag_id: str, run_id: str, tasks: Sequence[TaskState], *, having: str
) -> dict[str, Any]:
    """The XCom among a run's tasks that has a key.

    :raises DemoError: if no task has left one.
    """
    for task in tasks:
        try:
            value = stack.client.xcom(dag_id, run_id, task.task_id, task.map_index)
        except RestError as error:
            if error.status != 404:
                raise
            continue
        if isinstance(value, dict) and having in value:
            return value
    raise DemoError(f"no task of {run_id} has left a result")


def finished_run(
    stack: AirflowStack, progress: Progress, dag_id: str, params: Mapping[str, Any], timeout: float
) -> tuple[str, list[TaskState]]:
    """Run a DAG and follow it; the run's id and its tasks.

    :raises DemoError: if it failed, after printing the logs of the failed tasks.
    """
    stack.wait_for_dag(dag_id)
    run_id = stack.client.trigger(dag_id, params)
    progress(f"{dag_id} started ({run_id})")
    state = "not ended"
    with contextlib.suppress(TimeoutError, TryFailedError):
        state = stack.follow_run(dag_id, run_id, timeout, on_change=lambda task: show(progress, task))
    progress(f"run: {state}")
    tasks = stack.client.task_states(dag_id, run_id)
    if state != "success":
        begun = [task for task in tasks if task.try_number]
        print_logs(stack, dag_id, run_id, [task for task in begun if task.state != "success"])
        raise DemoError(f"{dag_id} has not made its images; the logs are above")
    return run_id, tasks


def run(stack: AirflowStack, progress: Progress, output: Path, timeout: float) -> Path:
    """Run the DAG, print its result; the path of the image.

    :raises DemoError: if it failed.
    """
    place = f"s3://{CONN_ID}@{BUCKET}/demo/" if isinstance(stack, CeleryStack) else f"{output}/"
    run_id, tasks = finished_run(stack, progress, DAG_ID, {"output_path": place}, timeout)
    result = result_of(stack, DAG_ID, run_id, tasks, having="outputs")
    print("\nXCom return_value:\n" + json.dumps(result, indent=2), flush=True)
    return image_path(result, stack, output)


def show(progress: Progress, task: TaskState) -> None:
    """Tell of a task's new state.

    :raises TryFailedError: if the try has failed: a person need not wait for the retry to learn why.
    """
    progress(f"{task.label}: {_HINTS.get(task.state or '', task.state or 'waits its turn')}")
    if task.state == "up_for_retry":
        raise TryFailedError


def print_logs(stack: AirflowStack, dag_id: str, run_id: str, tasks: Sequence[TaskState]) -> None:
    """The end of the log of each task."""
    for task in tasks:
        lines = list(stack.client.log_lines(dag_id, run_id, task))
        print(
            f"\nLog of {task.label} ({task.state}), try {task.try_number}, its end:",
            *lines[-_LOG_LINES:],
            sep="\n  ",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo."""
    parser = argparse.ArgumentParser(prog="make demo", description=main.__doc__)
    parser.add_argument(
        "--home", type=Path, default=CHECKOUT / ".airflow" / "demo", help="AIRFLOW_HOME, emptied first"
    )
    parser.add_argument("--dags", type=Path, default=EXAMPLE_DAGS, help="folder with the DAG")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder that the image goes to")
    parser.add_argument("--speed", type=float, default=4, help="how many times faster than the real gateway")
    parser.add_argument("--timeout", type=float, default=600, help="seconds that the run may take")
    add_executor(parser)
    options = parser.parse_args(arguments)
    progress = Progress()
    output = options.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    config = StackConfig(
        home=options.home.resolve(),
        dags_folder=options.dags.resolve(),
        parallelism=4,
        fresh=True,
    )
    try:
        running = local_airflow(config, progress, speed=options.speed, executor=options.executor)
        with running as (stack, _):
            path = run(stack, progress, output, options.timeout)
        kind = check_image(path)
    except (DemoError, ProcessError, RestError, OSError) as error:
        print(f"\nThe demo failed: {error}\nOutput of the components: {config.log_dir}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    print(f"\nImage ({kind}) after {progress.elapsed:.0f} s:\n{path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
