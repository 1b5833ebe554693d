"""
Let triggers wait: ``python -m benchmarks.waiting.runner_once SIDE URL COUNT POLLS EVERY``.

They do so in Airflow's own trigger runner, in a process of its own, below Airflow's own supervisor; what that
one would read from the metadata database (triggers, connections) comes from here. CPU time and memory are the
runner's alone.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any
from urllib.request import urlopen

import psutil
from airflow.executors.workloads.trigger import RunTrigger
from airflow.jobs.triggerer_job_runner import TriggerRunnerSupervisor
from airflow.models.trigger import Trigger
from airflow.sdk.api.datamodels._generated import ConnectionResponse

from airflow_provider_rivya._compat import BaseTrigger, TriggerEvent
from benchmarks.memory import peak, reset_peak
from benchmarks.processes import answer
from benchmarks.waiting.sides import SIDES, Side
from benchmarks.waiting.triggers import Lag

PATIENCE = 90.0
"""Seconds after which those that have not ended are lost."""


class Connections:
    """In the place of the API's client: the one connection, and how often it was asked for."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._found = ConnectionResponse.model_validate({"conn_id": "bench", **fields})
        self.look_ups = 0

    @property
    def connections(self) -> Connections:
        return self

    def get(self, conn_id: str) -> ConnectionResponse:
        self.look_ups += 1
        return self._found


class Supervisor(TriggerRunnerSupervisor):
    """Airflow's own, without a metadata database, as its docstring allows."""

    def prepare(self, connections: Connections) -> None:
        self.client = connections  # type: ignore[assignment]  # as much of a client as is asked of it
        self.told: dict[int, Any] = {}
        self._last_id = 0

    def add(self, triggers: Sequence[BaseTrigger]) -> list[int]:
        """Hand triggers to the runner when it next asks."""
        begun = self._last_id
        for trigger in triggers:
            self._last_id += 1
            classpath, kwargs = trigger.serialize()
            encrypted = Trigger.encrypt_kwargs(kwargs)
            self.creating_triggers.append(
                RunTrigger(id=self._last_id, classpath=classpath, encrypted_kwargs=encrypted)
            )
        return list(range(begun + 1, self._last_id + 1))

    def wait_for(self, ids: Sequence[int], seconds: float) -> None:
        """Run until all have sent an event, or failed, or time is over."""
        give_up = time.monotonic() + seconds
        while any(each not in self.told for each in ids) and time.monotonic() < give_up:
            if not self.is_alive():
                raise RuntimeError("the trigger runner has ended")
            self.run_once()

    def load_triggers(self) -> None:
        """Nothing is assigned by a database."""

    def clean_unused(self) -> None:
        """Nothing is kept in a database."""

    def heartbeat(self) -> None:
        """Nobody looks after this job."""

    def emit_metrics(self) -> None:
        """Nobody collects them."""

    def on_trigger_event(self, trigger_id: int, event: TriggerEvent) -> None:
        self.told[trigger_id] = event.payload

    def on_trigger_failure(self, trigger_id: int, exc: list[str] | None) -> None:
        self.told[trigger_id] = RuntimeError("".join(exc or ["it ended without an event"]))


def main(name: str, url: str, count: int, polls: int, every: float) -> None:
    side = SIDES[name](url, every)
    supervisor = Supervisor.start(job=None, capacity=count + 2)
    supervisor.prepare(connections := Connections(side.connection))
    try:
        told = _measure(supervisor, connections, side, url, count, polls, every)
    finally:
        supervisor.kill(signal.SIGTERM, force=True)
    answer(**told)


def _measure(
    supervisor: Supervisor,
    connections: Connections,
    side: Side,
    url: str,
    count: int,
    polls: int,
    every: float,
) -> dict[str, Any]:
    # The first one of a process imports, and fills caches: that is not what waiting costs.
    supervisor.wait_for(supervisor.add([side.trigger(0, 1)]), PATIENCE)
    runner, pid = psutil.Process(supervisor.pid), supervisor.pid
    connections.look_ups, asked = 0, _asked(url)
    least = every * polls
    end = time.time() + least
    triggers = [side.trigger(number, polls) for number in range(1, count + 1)]
    lag = Lag(end)
    before, cpu, own, begun = reset_peak(pid), runner.cpu_times(), time.process_time(), time.monotonic()
    (lag_id, *ids) = supervisor.add([lag, *triggers])
    supervisor.wait_for(ids, least + PATIENCE)
    wall, spent = time.monotonic() - begun, runner.cpu_times()
    growth, own = peak(pid) - before, time.process_time() - own
    supervisor.wait_for([lag_id], PATIENCE)
    requests = {name: number - asked[name] for name, number in _asked(url).items()}
    ended = [supervisor.told.get(each) for each in ids]
    wrong = [repr(each)[:500] for each in ended if not side.succeeded(each)]
    return {
        "triggers": count,
        "ended": count - len(wrong),
        "wrong": wrong[:3],
        "wall_s": round(wall, 2),
        "cpu_s": round(spent.user + spent.system - cpu.user - cpu.system, 3),
        "supervisor_cpu_s": round(own, 2),
        "growth_mb": round(growth / 1e6, 2),
        "look_ups": connections.look_ups,
        **requests,
        **supervisor.told[lag_id],
    }


def _asked(url: str) -> dict[str, int]:
    with urlopen(f"{url}/counts", timeout=60) as response:  # noqa: S310 - our own server
        counted: dict[str, int] = json.load(response)
    return counted


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
