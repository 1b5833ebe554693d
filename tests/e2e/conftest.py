"""One local Airflow and one sandbox for all end-to-end tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from airflow_provider_rivya._compat import scopes_views
from tests.e2e import browser
from tests.sandbox_process import SandboxProcess
from tools.local import EXAMPLE_DAGS, sandbox_connections
from tools.stack.config import StackConfig
from tools.stack.rest import RestError, TaskState
from tools.stack.stack import AirflowStack

TAB = """
from airflow.plugins_manager import AirflowPlugin
from airflow_provider_rivya.plugin.plugin import tab

class WithTab(AirflowPlugin):
    name = "with_tab"
    external_views = [tab()]
"""
ANY_TAB = not scopes_views() and Version(version("apache-airflow-core")) >= Version("3.2")
"""Whether the tab is shown although the provider does not, as Airflow would show it on all tasks; Airflow 3.1
does not escape the addresses of tabs."""
RUN_TIMEOUT = 180.0
ASKED_FOR = timedelta(seconds=4)
"""How long a question stands before it is answered."""
OWN_DAGS = Path(__file__).with_name("dags")


def until(done: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """What ``done`` returns as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)
    return found


@dataclass(frozen=True)
class EndedRun:
    """A DAG run that has ended: its final state and its task instances."""

    stack: AirflowStack
    dag_id: str
    run_id: str
    state: str
    tasks: list[TaskState]

    def xcom(self, task_id: str, map_index: int = -1) -> Any:
        """The XCom ``return_value`` of one task instance."""
        return self.stack.client.xcom(self.dag_id, self.run_id, task_id, map_index)

    def log(self, task_id: str, map_index: int = -1) -> str:
        """The log of one task instance's last try."""
        task = next(task for task in self.tasks if (task.task_id, task.map_index) == (task_id, map_index))
        return "\n".join(self.stack.client.log_lines(self.dag_id, self.run_id, task))

    def states(self) -> dict[str, str | None]:
        """The final state of each task."""
        return {task.task_id: task.state for task in self.tasks}

    def explain(self) -> str:
        """States of all tasks and the logs of those that failed: what a failed assertion should show."""
        lines = [f"{self.dag_id} ended as {self.state}"]
        for task in self.tasks:
            lines.append(f"{task.label}: {task.state}")
            if task.state in ("failed", "up_for_retry"):
                lines.append(self.log(task.task_id, task.map_index)[-4000:])
        return "\n".join(lines)


@dataclass(frozen=True)
class Airflow:
    """The stack of this session, with what the tests do to it."""

    stack: AirflowStack

    def start(self, dag_id: str, **params: Any) -> str:
        """Trigger a run with these DAG params; returns its id."""
        self.stack.wait_for_dag(dag_id)
        return self.stack.client.trigger(dag_id, params)

    def finish(self, dag_id: str, run_id: str) -> EndedRun:
        """Wait for the end of a run, while all components live."""
        state = self.stack.follow_run(dag_id, run_id, RUN_TIMEOUT)
        tasks = self.stack.client.task_states(dag_id, run_id)
        return EndedRun(self.stack, dag_id, run_id, state, tasks)

    def run(self, dag_id: str, **params: Any) -> EndedRun:
        """Trigger a run and wait for its end."""
        return self.finish(dag_id, self.start(dag_id, **params))

    def press(self, dag_id: str, run_id: str, option: str, **typed: str) -> bool:
        """Press a button of ``approve``, if it asks; not at once, which Airflow may take for a failure."""
        self.stack.check()
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/approve/-1/hitlDetails"
        with contextlib.suppress(RestError):  # nobody is asked yet, or has answered already
            asked = self.stack.client.call("GET", path)
            task = asked["task_instance"]
            age = datetime.now(UTC) - datetime.fromisoformat(task["start_date"])
            if task["state"] in ("awaiting_input", "deferred") and age > ASKED_FOR:
                form = {name: field["value"] for name, field in asked["params"].items()}
                self.stack.client.call(
                    "PATCH", path, {"chosen_options": [option], "params_input": form | typed}
                )
                return True
        return False

    def answer(self, dag_id: str, run_id: str, option: str, **typed: str) -> EndedRun:
        """Press a button of the task ``approve`` as often as it asks; wait for the end of the run."""
        client = self.stack.client
        state = client.wait_for_run(
            dag_id, run_id, RUN_TIMEOUT, each_look=lambda: self.press(dag_id, run_id, option, **typed)
        )
        return EndedRun(self.stack, dag_id, run_id, state, client.task_states(dag_id, run_id))

    def log_files(self) -> list[Path]:
        """Every log file of the tasks, the triggers and the components."""
        home = self.stack.config.home
        return [
            path for folder in ("logs", "logs-components") for path in home.joinpath(folder).rglob("*.log")
        ]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxProcess]:
    """A sandbox outside the measured coverage, whose figure is that of the unit and integration tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_START", raising=False)
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        process = SandboxProcess(speed=40).start()
    try:
        yield process
    finally:
        process.stop()


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all files that Airflow's UI may show."""
    return tmp_path_factory.mktemp("shown")


@pytest.fixture(scope="session")
def airflow(
    sandbox: SandboxProcess, shown: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Airflow]:
    """All of Airflow's components, connected to the sandbox, with the examples and the tests' own DAGs."""
    folder = tmp_path_factory.mktemp("airflow")
    for dags in (EXAMPLE_DAGS, OWN_DAGS):
        shutil.copytree(dags, folder / "dags", dirs_exist_ok=True)
    if ANY_TAB:
        (folder / "home" / "plugins").mkdir(parents=True)
        (folder / "home" / "plugins" / "with_tab.py").write_text(TAB)
    config = StackConfig(
        home=folder / "home",
        dags_folder=folder / "dags",
        connections=sandbox_connections(sandbox.url),
        options={"rivya": {"ui_media": "True", "ui_media_roots": f"file://{shown}/"}},
    )
    with AirflowStack(config) as stack:
        stack.start()
        yield Airflow(stack)


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One browser for all tests."""
    with browser.driver(tmp_path_factory.mktemp("browser") / "profile") as opened:
        yield opened


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """:envvar:`KEEP_SCREENSHOTS`, if set, is a folder for pictures of the pages."""
    return Path(os.environ.get("KEEP_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
