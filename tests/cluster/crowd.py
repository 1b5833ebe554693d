"""Five hundred tasks wait in two triggerers, which are restarted one after the other."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from tests.cluster.bed import PATIENCE
from tests.cluster.ride import Ride, on_bed, scenario
from tests.e2e.crash.proxy import POLL
from tests.e2e.crash.words import WATCHED_AGAIN
from tools.stack.cluster import TRIGGERERS
from tools.stack.processes import log_tail

NUMBER = 500
DEFERRING = Path(__file__).with_name("deferring.py")
CLOSED = "closed"
"""A pool without a slot: no worker takes a task out of it."""


def submitted(ride: Ride) -> list[str]:
    """Submit as many generations as there are tasks, and return their ids."""
    for index in range(NUMBER):
        body = {"model": ride.scenario.gateway.model, "prompt": f"A lighthouse, number {index}"}
        answer = ride.sandbox.post("/api/v1/generations", body, key=ride.scenario.key)
        assert answer.status < 300, answer
    return ride.generation_ids()


def defer(ride: Ride) -> None:
    """Start, and bring all tasks to where they wait, without a worker."""
    ride.client.call("POST", "/pools", {"name": CLOSED, "slots": 0})
    ride.start()
    ride.until(lambda: Counter(task.state for task in ride.tasks())["scheduled"] == NUMBER, "all scheduled")
    which = (ride.scenario.name, ride.run_id, ride.scenario.conn_id)
    program = [str(ride.bed.config.python), "-P", str(DEFERRING), *which, *submitted(ride)]
    ride.bed.run_process(DEFERRING.stem, program)
    code = ride.bed.keeper.wait(DEFERRING.stem, PATIENCE)
    assert code == 0, log_tail(ride.bed.keeper.log_of(DEFERRING.stem))


def wait_all_asked(ride: Ride) -> None:
    """Wait until each generation has been asked for once more."""
    before = len(ride.proxy.calls)

    def asked() -> int:
        return len({path for method, path in ride.proxy.calls[before:] if POLL.has(method, path)})

    ride.until(lambda: asked() == NUMBER, "asked for, all of them")


def measure(ride: Ride) -> None:
    """How often they are asked for, and what that costs the triggerers."""
    before, began, asked = ride.bed.cpu_seconds(), time.monotonic(), ride.proxy.count(POLL)
    wait_all_asked(ride)
    wait_all_asked(ride)
    calls, after = ride.proxy.count(POLL) - asked, ride.bed.cpu_seconds()
    spent = sum(after[name] - before[name] for name in TRIGGERERS)
    ride.figures["calls a second"] = round(calls / (time.monotonic() - began), 1)
    ride.figures["CPU ms of the triggerers a call"] = round(1000 * spent / calls, 2)


def five_hundred_wait(ride: Ride) -> None:
    """All wait on while the triggerers are restarted, and then all are told of their ends."""
    busy = ride.busy()
    try:
        defer(ride)
        wait_all_asked(ride)
        measure(ride)
        for name in TRIGGERERS:
            ride.bed.restart(name, timeout=PATIENCE)
        wait_all_asked(ride)
        states = Counter(task.state for task in ride.tasks())
        assert states == {"deferred": NUMBER}, states
        busy.end()
        began = time.monotonic()
        ride.until(lambda: not any(task.state == "deferred" for task in ride.tasks()), "all told")
        ride.figures["seconds until all are told"] = round(time.monotonic() - began, 1)
    finally:
        busy.end()
        ride.client.call("PATCH", f"/dags/{ride.scenario.name}/dagRuns/{ride.run_id}", {"state": "failed"})


SCENARIOS = [
    scenario(
        "five_hundred_wait",
        on_bed(five_hundred_wait),
        WATCHED_AGAIN,
        stage="alone",
        number=NUMBER,
        # Nobody fetches them: that is what the other scenarios show, and would take workers minutes.
        expected={"files": 0, "abandoned": NUMBER, "state": "failed"},
        arguments={"pool": CLOSED},
        connection={"poll_first": 5, "poll_interval": 10, "poll_max": 10},
    )
]
