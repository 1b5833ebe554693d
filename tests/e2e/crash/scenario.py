"""What a scenario of the crash matrix is, and what it can do to its DAG run."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from tests.e2e.crash.doors import CREATE, POLL, Door, forward
from tests.e2e.crash.gateways import RIVYA, Gateway
from tests.sandbox_process import SandboxProcess
from tools.stack.config import CHECKOUT
from tools.stack.rest import AirflowClient, RestError, TaskState
from tools.stack.stack import AirflowStack

T = TypeVar("T")
MAKE = "make"
PHOTO = CHECKOUT / "example_dags" / "data" / "coffee.jpg"
WITH_REFERENCE = {"model": "nano-banana-2", "reference_media": str(PHOTO)}
RUN_TIMEOUT = 300.0
_LOOK = 0.7

Stage = Literal["together", "alone"]


@dataclass(frozen=True)
class Expected:
    """
    How a scenario has to end.

    :param paid: charges that are wished for: one a generation that somebody asked for, and one more for
        every clear that asks for a new one. Refunded ones are not counted.
    :param refunded: charges that came back.
    :param abandoned: generations that a person left behind by asking for something else.
    :param files: images in the output folder; what succeeded must be among them, byte for byte.
    :param state: of the DAG run.
    :param says: texts that the task's logs must show, which name the fate.
    """

    paid: int = 1
    refunded: int = 0
    abandoned: int = 0
    files: int = 1
    state: str = "success"
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotPromised:
    """
    What a scenario comes to that the gateway's contract does not let the provider promise the best of.

    :param moment: row of the table in ``docs/recover.md``.
    :param where: column of it.
    :param outcome: its cell.
    :param decided_by: the parameter, or the person, that makes it so.
    """

    moment: str
    where: str
    outcome: str
    decided_by: str


@dataclass(frozen=True)
class Scenario:
    """
    One scenario.

    :param name: also its DAG's id and its account at the sandbox.
    :param play: makes the run happen and returns when it has ended for good.
    :param arguments: of the operator, beside the usual ones; spans as seconds, ``{output}`` stands for the
        scenario's output folder.
    :param die_at: moments beside the record store at which the task process dies, see the DAG file.
    :param rows: prompts of a mapped task.
    :param backstop: seconds by which Airflow's own deferral timeout comes after the trigger's deadline.
    :param stage: ``together`` with others on one Airflow, or ``alone``, as it kills components.
    :param stored_connection: the connection is in Airflow's database, where it can be changed.
    :param connection: further fields of its extra.
    :param options: further options of Airflow, as (section, name, value); who has the same shares a stack.
    :param needs_postgresql: two components of a kind lock rows, which SQLite cannot.
    :param gateway: which one its connection leads to.
    :param assumptions: of the sandbox, as (name, value); who has the same shares a sandbox.
    :param instead: of one charge and one stored result: it is listed apart then.
    """

    name: str
    expected: Expected
    play: Callable[[Drive], None]
    arguments: dict[str, Any] = field(default_factory=dict)
    die_at: tuple[str, ...] = ()
    rows: tuple[str, ...] | None = None
    backstop: float | None = None
    stage: Stage = "together"
    stored_connection: bool = False
    connection: dict[str, Any] = field(default_factory=dict)
    options: tuple[tuple[str, str, str], ...] = ()
    needs_postgresql: bool = False
    gateway: Gateway = RIVYA
    assumptions: tuple[tuple[str, str], ...] = ()
    instead: NotPromised | None = None

    @property
    def key(self) -> str:
        """Its API key, which is also the name of its account with the gateway's prefix before it."""
        return f"{self.gateway.key_prefix}{self.name}"

    @property
    def conn_id(self) -> str:
        return f"crash_{self.name}"

    def conn(self, door: Door, key: str | None = None) -> dict[str, Any]:
        """The Airflow connection through a door."""
        polls = {"poll_first": 0.5, "poll_interval": 1, "poll_max": 1}
        return {
            "conn_type": self.gateway.name,
            "host": door.url,
            "password": key or self.key,
            "extra": json.dumps({**polls, **self.connection}),
        }

    def write(self, specs: Path, output: Path, **changes: Any) -> None:
        """Write the file that its DAG is made from."""
        usual: dict[str, Any] = {
            "model": self.gateway.model,
            "prompt": f"A lighthouse, {self.name}",
            f"{self.gateway.name}_conn_id": self.conn_id,
            "output_path": "file://{output}/",
            "deferrable": True,
            "retries": 2,
            "retry_delay": 1,
            "timeout": 600,
        }
        given = {**usual, **self.arguments, **changes.pop("arguments", {})}
        for name, value in given.items():
            if isinstance(value, str):
                given[name] = value.replace("{output}", str(output))
        spec = {
            "dag_id": self.name,
            "gateway": self.gateway.name,
            "arguments": given,
            "die_at": list(self.die_at),
            "backstop": self.backstop,
            "rows": None if self.rows is None else list(self.rows),
            **changes,
        }
        part = specs / f"{self.name}.part"
        part.write_text(json.dumps(spec, indent=1))
        part.replace(specs / f"{self.name}.json")


class Drive:
    """
    A scenario at the wheel: its run, its door, and the Airflow below.

    :ivar door: the way from its connection to the sandbox.
    :ivar output: the folder its images land in.
    """

    def __init__(
        self,
        scenario: Scenario,
        stack: AirflowStack,
        sandbox: SandboxProcess,
        create_lock: threading.Lock,
        stop: threading.Event,
        folder: Path,
    ) -> None:
        self.scenario = scenario
        self.stack = stack
        self.sandbox = sandbox
        self.stop = stop
        self.specs = folder / "specs"
        self.output = folder / "output" / scenario.name
        self.door = Door(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), create_lock)
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
        deadline = time.monotonic() + RUN_TIMEOUT
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

    def wait_task(self, *states: str, tries: int = 0, timeout: float = 120.0) -> TaskState:
        """Wait until the task is in one of these states, on or after this try."""
        deadline = time.monotonic() + timeout
        while True:
            tasks = [task for task in self.tasks() if task.task_id == MAKE]
            for task in tasks:
                if task.state in states and task.try_number >= tries:
                    return task
            if time.monotonic() > deadline:
                raise TimeoutError(f"{MAKE} is not {' or '.join(states)} after {timeout:g} s: {tasks}")
            time.sleep(_LOOK)

    def wait_deferred(self, polls: int = 1) -> None:
        """Wait until the task waits in the triggerer, which has asked the gateway."""
        self.wait_task("deferred")
        self.door.wait_calls(POLL, self.door.count(POLL) + polls)

    def clear(self) -> None:
        """Clear the task as a person does, and let the run go on."""
        self.ask(lambda: self.client.clear(self.scenario.name, self.run_id, MAKE))

    def mark(self, state: str) -> None:
        """Mark the task."""
        self.ask(lambda: self.client.mark(self.scenario.name, self.run_id, MAKE, state))

    def create_connection(self) -> None:
        """Store the connection in Airflow's database."""
        body = {"connection_id": self.scenario.conn_id, **self.scenario.conn(self.door)}
        self.ask(lambda: self.client.call("POST", "/connections", body))

    def connect(self, key: str | None = None, **extra: Any) -> None:
        """Change the stored connection."""
        connection = self.scenario.conn(self.door, key)
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

    # -- what is left of it ---------------------------------------------------------------------------

    def generation_ids(self) -> list[str]:
        """Task ids at the gateway, oldest first."""
        return [task["id"] for task in self.sandbox.tasks() if task["account"] == self.scenario.name]

    def xcom(self, key: str = "return_value", map_index: int = -1) -> Any:
        return self.ask(lambda: self.client.xcom(self.scenario.name, self.run_id, MAKE, map_index, key))

    def delivered_prompt(self, map_index: int = -1) -> str:
        """Return the prompt of the generation that the task has delivered, as the gateway has it."""
        prompts = {task["id"]: task["prompt"] for task in self.sandbox.tasks()}
        return str(prompts[self.xcom(map_index=map_index)["generation_id"]])

    def failure(self) -> Any:
        """The XCom that a failed task leaves."""
        return self.xcom("failure")

    def log(self) -> str:
        """Everything that the run's tries and triggers logged."""
        folder = self.stack.config.home / "logs" / f"dag_id={self.scenario.name}"
        return "\n".join(path.read_text(errors="replace") for path in sorted(folder.rglob("*.log*")))

    def fail_next_generation(self, *, refund: bool) -> None:
        """Let the gateway's next generation of this scenario fail."""

        def act(call: Any) -> None:
            # Faults of the sandbox know no account: nobody else creates in between.
            with self.door.create_lock:
                self.sandbox.fault(kind="generation_fails", path="*/generations", refund=refund)
                call.answer = forward(call)

        self.door.on("received", CREATE, act)
