"""A scenario's run on several machines: what it has stored there, and its logs as the UI has them."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.cluster.testbed import PATIENCE, Testbed
from tests.e2e.crash.actions import still_processing
from tests.e2e.crash.proxy import POLL, Call, Endpoint, Moment, Rule
from tests.e2e.crash.scenario import Expected, Scenario
from tests.e2e.crash.scenario_run import MAKE, STORED, ScenarioRun, stored_files
from tests.sandbox_process import SandboxProcess
from tools.stack.cluster import BUCKET, LOGS, WORKERS
from tools.stack.rest import RestError
from tools.stack.services import CONN_ID

UPLOAD_TIME = 90.0
"""Seconds within which a supervisor uploads its log, after it has told Airflow how the try ended, at most."""

LOOK = 0.5
"""Seconds between two looks at what is waited for."""

LOOKED_AT = 4
"""Task instances of a mapped task whose logs are read."""


class ClusterRun(ScenarioRun):
    """
    A :class:`ScenarioRun` on a :class:`Testbed`.

    :ivar testbed: the machines.
    :ivar figures: what the scenario has measured.
    """

    run_timeout = 900.0

    def __init__(
        self,
        scenario: Scenario,
        testbed: Testbed,
        sandbox: SandboxProcess,
        create_lock: threading.Lock,
        stop: threading.Event,
        folder: Path,
        state_store: bool,
    ) -> None:
        super().__init__(scenario, testbed, sandbox, create_lock, stop, folder, state_store)
        self.testbed = testbed
        self.figures: dict[str, Any] = {}

    def stored(self) -> dict[Path, str]:
        """The images with their sha256."""
        found = {
            Path(key): hashlib.sha256(content).hexdigest()
            for key, content in self.testbed.s3.objects(BUCKET, f"{self.scenario.name}/")
            if Path(key).suffix in STORED
        }
        for name in WORKERS:
            found |= stored_files(self.testbed.folder_of(name) / "disk" / self.scenario.name)
        return found

    def log(self) -> str:
        """What a person sees of every try."""
        deadline = time.monotonic() + UPLOAD_TIME
        while True:
            text = "\n".join(self._log_lines())
            if all(says in text for says in self.scenario.expected.says) or time.monotonic() > deadline:
                return text
            time.sleep(2)

    def _log_lines(self) -> list[str]:
        lines: list[str] = []
        try:
            tasks = [task for task in self.tasks() if task.task_id == MAKE]
        except RestError as error:  # the run never began
            return [str(error)]
        for task in tasks[:LOOKED_AT]:
            for number in range(1, task.try_number + 1):
                try:
                    lines += self.client.log_lines(self.scenario.name, self.run_id, task, number)
                except (OSError, RestError) as error:
                    lines.append(f"no log of try {number}: {error}")
        return lines

    def delivered_id(self, map_index: int = -1) -> str | None:
        """Return the generation that the task has delivered; of a batch, one that is its own."""
        if "rows_each" in self.scenario.arguments:
            return self.generation_ids()[0]
        return super().delivered_id(map_index)

    def until(self, done: Callable[[], object], what: str, timeout: float = PATIENCE) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + timeout
        while not done():
            if self.stop.is_set():
                raise RuntimeError("stopped")
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {timeout:g} s still not {what}; {self.tasks()}")
            time.sleep(LOOK)

    def until_logged(self, text: str) -> None:
        """Wait until a try has written this: on a disk, or in the bucket, as Airflow moves its logs there."""

        def there() -> bool:
            return any(text.encode() in log for log in (*self._logs_on_disks(), *self._logs_in_bucket()))

        self.until(there, f"in a log: {text}")

    def _logs_on_disks(self) -> Iterator[bytes]:
        tail = Path("airflow", "logs", f"dag_id={self.scenario.name}")
        for name in WORKERS:
            for path in (self.testbed.folder_of(name) / tail).rglob("*.log"):
                yield path.read_bytes()

    def _logs_in_bucket(self) -> Iterator[bytes]:
        for _, content in self.testbed.s3.objects(LOGS, f"airflow/dag_id={self.scenario.name}/"):
            yield content

    @contextlib.contextmanager
    def until_said(self, text: str, *names: str) -> Iterator[None]:
        """Wait, after the block, until a component has written this once more."""
        before = self.testbed.said(text, *names)
        yield
        self.until(lambda: self.testbed.said(text, *names) > before, f"said by {', '.join(names)}: {text}")

    def hosts(self) -> list[str]:
        """The machine of every try of the first task instance."""
        index = self.scenario.map_indexes[0]
        path = f"/dags/{self.scenario.name}/dagRuns/{self.run_id}/taskInstances/{MAKE}"
        path += "" if index < 0 else f"/{index}"
        try:
            tries = self.ask(lambda: self.client.call("GET", f"{path}/tries"))["task_instances"]
        except RestError:  # the run never began
            return []
        return [str(one.get("hostname") or "-") for one in tries]

    def busy(self) -> Rule:
        """Let the gateway's generations take until the rule's end."""
        return self.proxy.on("answered", POLL, still_processing, times=None)

    def all_deferred(self) -> Rule:
        """Start, and bring every task to where it waits; the returned rule's end lets the generations end."""
        busy = self.busy()
        self.start()
        self.until(lambda: {task.state for task in self.tasks()} == {"deferred"}, "all deferred")
        self.proxy.wait_calls(POLL, len(self.scenario.map_indexes))
        return busy


class Held:
    """A call that waits for its answer, or the rest of it, and the process that made it."""

    def __init__(self, run: ClusterRun, moment: Moment, endpoint: Endpoint) -> None:
        self.let_go = threading.Event()
        self.pid = 0
        self._run, self._reached = run, threading.Event()
        run.proxy.on(moment, endpoint, self._act, bytes_before=2000)

    def _act(self, call: Call) -> None:
        self.pid = call.pid()
        self._reached.set()
        self.let_go.wait(PATIENCE)

    def wait(self) -> str:
        """Wait until it is there; return the machine that made it."""
        if not self._reached.wait(PATIENCE):
            raise TimeoutError("the call that is to be held did not come")
        return self._run.testbed.machine_of(self.pid)

    def wait_ended(self) -> None:
        """Wait until the process that made the call has ended."""
        self._run.until(lambda: not psutil.pid_exists(self.pid), "the end of the process that called")


def on_testbed(play: Callable[[ClusterRun], None]) -> Callable[[ScenarioRun], None]:
    """A play that needs the machines."""

    def played(run: ScenarioRun) -> None:
        assert isinstance(run, ClusterRun)
        play(run)

    return played


def scenario(
    name: str,
    play: Callable[[ScenarioRun], None],
    *says: str,
    expected: dict[str, Any] | None = None,
    **how: Any,
) -> Scenario:
    """
    A scenario whose outputs go to the bucket.

    :param says: what the logs tell of the fate.
    :param expected: further arguments of :class:`Expected`.
    :param how: further arguments of :class:`Scenario`; ``rows`` may be a number.
    """
    arguments = {"output_path": f"s3://{CONN_ID}@{BUCKET}/{name}/", **how.pop("arguments", {})}
    number = how.pop("number", 0)
    if number:
        how["rows"] = tuple(f"A lighthouse, number {index}" for index in range(number))
        expected = {"paid": number, "files": number, **(expected or {})}
    return Scenario(
        name,
        Expected(says=says, **(expected or {})),
        play,
        arguments=arguments,
        stored_connection=True,
        **how,
    )
