"""A small client of Airflow's public REST API (v2), for stacks whose users are all administrators."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

FINISHED_RUN_STATES = frozenset({"success", "failed"})


class RestError(RuntimeError):
    """The API server refused a call.

    :ivar status: the HTTP status.
    """

    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        super().__init__(f"{method} {path} -> {status}: {body[:500]}")
        self.status = status


@dataclass(frozen=True)
class TaskState:
    """A task instance as the API reports it; ``map_index`` is -1 for one that is not mapped."""

    task_id: str
    map_index: int
    state: str | None
    try_number: int

    @property
    def label(self) -> str:
        """``task`` or ``task[3]``."""
        return self.task_id if self.map_index < 0 else f"{self.task_id}[{self.map_index}]"


class AirflowClient:
    """Calls the API server at a loopback port. One connection a call: nothing to go stale."""

    def __init__(self, host: str, port: int, *, timeout: float = 90.0) -> None:
        self._host, self._port, self._timeout = host, port, timeout
        self._token: str | None = None

    def health(self) -> dict[str, dict[str, Any]]:
        """What ``/monitor/health`` says of each component; needs no token."""
        return dict(self._send("GET", "/api/v2/monitor/health", None, {}))

    def call(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Any:
        """One call below ``/api/v2``; the decoded JSON answer, None where there is no body.

        :raises RestError: for a status of 400 or more.
        :raises OSError: if the server cannot be reached.
        """
        if self._token is None:
            self._token = self._send("GET", "/auth/token", None, {})["access_token"]
        target = f"/api/v2{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        return self._send(method, target, body, {"Authorization": f"Bearer {self._token}"})

    def _send(self, method: str, target: str, body: Any, headers: Mapping[str, str]) -> Any:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(
                method,
                target,
                payload,
                {"Accept": "application/json", "Content-Type": "application/json", **headers},
            )
            response = connection.getresponse()
            text = response.read().decode()
        except (http.client.HTTPException, TimeoutError) as error:
            raise ConnectionError(f"{method} {target}: {error!r}") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise RestError(method, target, response.status, text)
        return json.loads(text) if text else None

    def live_jobs(self) -> list[tuple[str, datetime]]:
        """Job type and start of every component that has sent a heartbeat lately."""
        jobs = self.call("GET", "/jobs", query={"is_alive": "true", "job_state": "running", "limit": 100})[
            "jobs"
        ]
        return [(job["job_type"], datetime.fromisoformat(job["start_date"])) for job in jobs]

    def import_errors(self) -> list[str]:
        """The Dag files that could not be imported, each with its error."""
        entries = self.call("GET", "/importErrors")["import_errors"]
        return [f"{entry['filename']}: {entry['stack_trace']}" for entry in entries]

    def has_dag(self, dag_id: str) -> bool:
        """Whether there is such a Dag, and its file still has it."""
        try:
            dag = self.call("GET", f"/dags/{quote(dag_id)}")
        except RestError as error:
            if error.status == 404:
                return False
            raise
        return not dag["is_stale"]

    def unpause(self, dag_id: str) -> None:
        """Let the scheduler start the Dag's runs."""
        self.call("PATCH", f"/dags/{quote(dag_id)}", {"is_paused": False})

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None, run_id: str | None = None) -> str:
        """Start a run; returns its id."""
        body: dict[str, Any] = {"logical_date": None, "conf": dict(conf or {})}
        if run_id is not None:
            body["dag_run_id"] = run_id
        run = self.call("POST", f"/dags/{quote(dag_id)}/dagRuns", body)
        return str(run["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """``queued``, ``running``, ``success`` or ``failed``."""
        return str(self.call("GET", _run_path(dag_id, run_id))["state"])

    def task_states(self, dag_id: str, run_id: str) -> list[TaskState]:
        """All task instances of a run, mapped ones each for itself."""
        answer = self.call("GET", f"{_run_path(dag_id, run_id)}/taskInstances", query={"limit": 100})
        total = answer["total_entries"]
        entries = answer["task_instances"]
        while len(entries) < total:
            page = self.call(
                "GET",
                f"{_run_path(dag_id, run_id)}/taskInstances",
                query={"limit": 100, "offset": len(entries)},
            )["task_instances"]
            if not page:
                break
            entries += page
        return [TaskState(e["task_id"], e["map_index"], e["state"], e["try_number"]) for e in entries]

    def wait_for_run(
        self,
        dag_id: str,
        run_id: str,
        timeout: float,
        *,
        interval: float = 0.3,
        on_change: Callable[[TaskState], None] | None = None,
        each_look: Callable[[], object] = lambda: None,
    ) -> str:
        """Follow a run to its end; returns its final state.

        :param on_change: told of each task instance whose state has changed since the last look.
        :param each_look: called before every look; what it raises ends the wait.
        :raises TimeoutError: with the state of every task, if the run has not ended after ``timeout`` s.
        """
        seen: dict[str, TaskState] = {}
        deadline = time.monotonic() + timeout
        while True:
            each_look()
            state = self.run_state(dag_id, run_id)
            for task in self.task_states(dag_id, run_id):
                if seen.get(task.label) != task:
                    seen[task.label] = task
                    if on_change is not None:
                        on_change(task)
            if state in FINISHED_RUN_STATES:
                return state
            if time.monotonic() > deadline:
                states = ", ".join(f"{task.label}={task.state}" for task in seen.values())
                raise TimeoutError(f"{dag_id} {run_id} is still {state} after {timeout:g} s ({states})")
            time.sleep(interval)

    def xcom(
        self, dag_id: str, run_id: str, task_id: str, map_index: int = -1, key: str = "return_value"
    ) -> Any:
        """The value of one XCom."""
        entry = self.call(
            "GET",
            f"{_task_path(dag_id, run_id, task_id)}/xcomEntries/{quote(key)}",
            query={"map_index": map_index, "deserialize": "false", "stringify": "false"},
        )
        return entry["value"]

    def links(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> dict[str, str | None]:
        """The operator links of one task instance, as the UI shows them: name and address."""
        path = f"{_task_path(dag_id, run_id, task_id)}/links"
        return dict(self.call("GET", path, query={"map_index": map_index})["extra_links"])

    def log_lines(self, dag_id: str, run_id: str, task: TaskState, number: int = 0) -> Iterator[str]:
        """The log of a task instance's try, by default the present one; a line an event, with tracebacks."""
        answer = self.call(
            "GET",
            f"{_task_path(dag_id, run_id, task.task_id)}/logs/{number or max(task.try_number, 1)}",
            query={"map_index": task.map_index, "full_content": "true"},
        )
        for event in answer["content"]:
            yield event if isinstance(event, str) else _render_event(event)

    def clear(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> None:
        """Clear one task instance, so that it runs again."""
        selected = task_id if map_index < 0 else [task_id, map_index]
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": [selected], "only_failed": False}
        self.call("POST", f"/dags/{quote(dag_id)}/clearTaskInstances", body)

    def mark(self, dag_id: str, run_id: str, task_id: str, state: str, map_index: int = -1) -> None:
        """Mark one task instance ``success`` or ``failed``."""
        path = _task_path(dag_id, run_id, task_id) + (f"/{map_index}" if map_index >= 0 else "")
        self.call("PATCH", path, {"new_state": state})


def _run_path(dag_id: str, run_id: str) -> str:
    return f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}"


def _task_path(dag_id: str, run_id: str, task_id: str) -> str:
    return f"{_run_path(dag_id, run_id)}/taskInstances/{quote(task_id)}"


def _render_event(event: Mapping[str, Any]) -> str:
    text = f"{event.get('timestamp') or ''} {event.get('level') or ''} {event.get('event', '')}".strip()
    for error in event.get("error_detail") or []:
        text += f"\n    {error.get('exc_type')}: {error.get('exc_value')}"
    return text
