"""What a scenario of the crash matrix can do to its DAG run, and see of it."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tests.e2e.crash.proxy import CREATE, POLL, Proxy, forward
from tests.e2e.crash.scenario import Scenario
from tests.sandbox_process import SandboxProcess
from tools.stack.rest import AirflowClient, RestError, TaskState
from tools.stack.stack import AirflowStack

T = TypeVar("T")
MAKE = "make"
ROWS = "rows"
STORED = (".png", ".jpg", ".jpeg", ".webp")
_LOOK = 0.7


class ScenarioRun:
    """
    A scenario that is played: its DAG run, its proxy, and the Airflow below.

    :ivar proxy: the way from its connection to the sandbox.
    :ivar output: the folder its images land in.
    :ivar state_store: this Airflow keeps records in a task state store; else they are files.
    """

    run_timeout = 480.0

    def __init__(
        self,
        scenario: Scenario,
        stack: AirflowStack,
        sandbox: SandboxProcess,
        create_lock: threading.Lock,
        stop: threading.Event,
        folder: Path,
        state_store: bool = True,
    ) -> None:
        self.scenario = scenario
        self.stack = stack
        self.sandbox = sandbox
        self.stop = stop
        self.state_store = state_store
        self.specs = folder / "specs"
        self.output = folder / "output" / scenario.name
        self.proxy = Proxy(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), create_lock)
        self.run_id = f"run_{scenario.name}"
        scenario.write(self.specs, self.output)

    @property
    def client(self) -> AirflowClient:
        return self.stack.client

    def ask(self, call: Callable[[], T], patience: float = 90.0) -> T:
        """Call the API server, also across its absence."""
        deadline = time.monotonic() + patience
        while True:
            if self.stop.is_set():
                raise RuntimeError("stopped")
            try:
                return call()
            except (OSError, RestError) as error:
                passing = not isinstance(error, RestError) or error.status >= 500 or error.status == 409
                if not passing or time.monotonic() > deadline:
                    raise
                time.sleep(1)

    # -- the run -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Trigger the run."""
        self.stack.wait_for_dag(self.scenario.name, timeout=120)
        self.ask(lambda: self.client.trigger(self.scenario.name, run_id=self.run_id))

    def finish(self, state: str | None = None) -> str:
        """Wait until the run has ended, in this state if one is given; return the state."""
        deadline = time.monotonic() + self.run_timeout
        while True:
            now = self.ask(lambda: self.client.run_state(self.scenario.name, self.run_id))
            if now in ("success", "failed"):
                if state not in (None, now):
                    raise AssertionError(f"the run ended as {now}, not as {state}")
                return now
            if time.monotonic() > deadline:
                raise TimeoutError(f"the run is still {now}; {self.tasks()}")
            time.sleep(_LOOK)

    def tasks(self) -> list[TaskState]:
        return self.ask(lambda: self.client.task_states(self.scenario.name, self.run_id))

    def wait_task(
        self, *states: str, tries: int = 0, timeout: float = 120.0, task_id: str = MAKE
    ) -> TaskState:
        """Wait until the task is in one of these states, on or after this try."""
        deadline = time.monotonic() + timeout
        while True:
            tasks = [task for task in self.tasks() if task.task_id == task_id]
            for task in tasks:
                if task.state in states and task.try_number >= tries:
                    return task
            if time.monotonic() > deadline:
                raise TimeoutError(f"{task_id} is not {' or '.join(states)} after {timeout:g} s: {tasks}")
            time.sleep(_LOOK)

    def wait_deferred(self, polls: int = 1) -> None:
        """Wait until the task waits in the triggerer, which has asked the gateway."""
        self.wait_task("deferred")
        self.proxy.wait_calls(POLL, self.proxy.count(POLL) + polls)

    def clear(self, task_id: str = MAKE) -> None:
        """Clear the task as a person does, and let the run go on."""
        self.ask(lambda: self.client.clear(self.scenario.name, self.run_id, task_id))

    def mark(self, state: str) -> None:
        """Mark the task."""
        self.ask(lambda: self.client.mark(self.scenario.name, self.run_id, MAKE, state))

    def create_connection(self) -> None:
        """Store the connection in Airflow's database."""
        body = {"connection_id": self.scenario.conn_id, **self.scenario.conn(self.proxy)}
        self.ask(lambda: self.client.call("POST", "/connections", body))

    def connect(self, key: str | None = None, **extra: Any) -> None:
        """Change the stored connection."""
        connection = self.scenario.conn(self.proxy, key)
        extras = {**json.loads(connection["extra"]), **extra}
        body = {"connection_id": self.scenario.conn_id, **connection, "extra": json.dumps(extras)}
        self.ask(lambda: self.client.call("PATCH", f"/connections/{self.scenario.conn_id}", body))

    def edit(self, **changes: Any) -> None:
        """Change the DAG: ``arguments``, ``rows``."""
        self.scenario.write(self.specs, self.output, **changes)

    def delete_run(self) -> None:
        """Delete the run; one that runs is marked as failed first, as Airflow demands."""
        path = f"/dags/{self.scenario.name}/dagRuns/{self.run_id}"
        if self.client.run_state(self.scenario.name, self.run_id) not in ("success", "failed"):
            self.ask(lambda: self.client.call("PATCH", path, {"state": "failed"}))
        self.ask(lambda: self.client.call("DELETE", path))

    # -- processes that die beside the record store ----------------------------------------------------

    @property
    def _marks(self) -> dict[str, Path]:
        """What a process leaves before it dies, by its moment and map index; see the DAG file."""
        return {
            f"{moment} (map index {index})": self.specs
            / f"{self.scenario.name}.died-{index}-{moment.replace(' ', '-')}"
            for index in self.scenario.map_indexes
            for moment in self.scenario.die_at
        }

    @property
    def not_died(self) -> list[str]:
        """Where no process has died, although one was to."""
        return [f"death {moment}" for moment, mark in self._marks.items() if not mark.exists()]

    def wait_dying(self, timeout: float = 120.0) -> None:
        """Wait until every process is where it dies when it is told to."""
        deadline = time.monotonic() + timeout
        while missing := self.not_died:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {', '.join(missing)} after {timeout:g} s")
            time.sleep(_LOOK)

    def let_die(self) -> None:
        """Tell them."""
        (self.specs / f"{self.scenario.name}.told").touch()

    # -- what is left of it ---------------------------------------------------------------------------

    def generation_ids(self) -> list[str]:
        """Task ids at the gateway, oldest first."""
        return [task["id"] for task in self.sandbox.tasks() if task["account"] == self.scenario.name]

    def xcom(self, key: str = "return_value", map_index: int = -1) -> Any:
        return self.ask(lambda: self.client.xcom(self.scenario.name, self.run_id, MAKE, map_index, key))

    def delivered_id(self, map_index: int = -1) -> str | None:
        """Return the generation that the task has delivered."""
        result = self.xcom(map_index=map_index)
        return str(result["generation_id"]) if result else None

    def delivered_prompt(self, map_index: int = -1) -> str:
        """Return the prompt of the generation that the task has delivered, as the gateway has it."""
        prompts = {task["id"]: task["prompt"] for task in self.sandbox.tasks()}
        return str(prompts[self.delivered_id(map_index)])

    def failure(self) -> Any:
        """The XCom that a failed task leaves."""
        return self.xcom("failure")

    def stored(self) -> dict[Path, str]:
        """The images that have landed, with their sha256."""
        return stored_files(self.output)

    def log(self) -> str:
        """Everything that the run's tries and triggers logged."""
        folder = self.stack.config.home / "logs" / f"dag_id={self.scenario.name}"
        return "\n".join(path.read_text(errors="replace") for path in sorted(folder.rglob("*.log*")))

    def fail_next_generation(self, *, refund: bool) -> None:
        """Let the gateway's next generation of this scenario fail."""

        def act(call: Any) -> None:
            # Faults of the sandbox know no account: nobody else creates in between.
            with self.proxy.create_lock:
                self.sandbox.fault(kind="generation_fails", path="*/generations", refund=refund)
                call.answer = forward(call)

        self.proxy.on("received", CREATE, act)


def stored_files(folder: Path) -> dict[Path, str]:
    """Return the images below a folder with their sha256; a half-written one is no image, and not there."""
    found = [path for path in folder.rglob("*") if path.suffix in STORED]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}
