"""Five hundred tasks wait in two triggerers, which are restarted one after the other."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from tests.cluster.cluster_run import ClusterRun, on_testbed, scenario
from tests.cluster.testbed import PATIENCE
from tests.e2e.crash.proxy import POLL
from tests.e2e.crash.words import WATCHED_AGAIN
from tools.stack.cluster import TRIGGERERS
from tools.stack.processes import log_tail

NUMBER = 500
DEFERRING = Path(__file__).with_name("deferring.py")
CLOSED = "closed"
"""A pool without a slot: no worker takes a task out of it."""


def submitted(run: ClusterRun) -> list[str]:
    """Submit as many generations as there are tasks, and return their ids."""
    for index in range(NUMBER):
        body = {"model": run.scenario.gateway.model, "prompt": f"A lighthouse, number {index}"}
        answer = run.sandbox.post("/api/v1/generations", body, key=run.scenario.key)
        assert answer.status < 300, answer
    return run.generation_ids()


def defer(run: ClusterRun) -> None:
    """Start, and bring all tasks to where they wait, without a worker."""
    run.client.call("POST", "/pools", {"name": CLOSED, "slots": 0})
    run.start()
    run.until(lambda: Counter(task.state for task in run.tasks())["scheduled"] == NUMBER, "all scheduled")
    which = (run.scenario.name, run.run_id, run.scenario.conn_id)
    program = [str(run.testbed.config.python), "-P", str(DEFERRING), *which, *submitted(run)]
    run.testbed.run_process(DEFERRING.stem, program)
    code = run.testbed.keeper.wait(DEFERRING.stem, PATIENCE)
    assert code == 0, log_tail(run.testbed.keeper.log_of(DEFERRING.stem))


def wait_all_asked(run: ClusterRun) -> None:
    """Wait until each generation has been asked for once more."""
    before = len(run.proxy.calls)

    def asked() -> int:
        return len({path for method, path in run.proxy.calls[before:] if POLL.has(method, path)})

    run.until(lambda: asked() == NUMBER, "asked for, all of them")


def measure(run: ClusterRun) -> None:
    """How often they are asked for, and what that costs the triggerers."""
    before, began, asked = run.testbed.cpu_seconds(), time.monotonic(), run.proxy.count(POLL)
    wait_all_asked(run)
    wait_all_asked(run)
    calls, after = run.proxy.count(POLL) - asked, run.testbed.cpu_seconds()
    spent = sum(after[name] - before[name] for name in TRIGGERERS)
    run.figures["calls a second"] = round(calls / (time.monotonic() - began), 1)
    run.figures["CPU ms of the triggerers a call"] = round(1000 * spent / calls, 2)


def five_hundred_wait(run: ClusterRun) -> None:
    """All wait on while the triggerers are restarted, and then all are told of their ends."""
    busy = run.busy()
    try:
        defer(run)
        wait_all_asked(run)
        measure(run)
        for name in TRIGGERERS:
            run.testbed.restart(name, timeout=PATIENCE)
        wait_all_asked(run)
        states = Counter(task.state for task in run.tasks())
        assert states == {"deferred": NUMBER}, states
        busy.end()
        began = time.monotonic()
        run.until(lambda: not any(task.state == "deferred" for task in run.tasks()), "all told")
        run.figures["seconds until all are told"] = round(time.monotonic() - began, 1)
    finally:
        busy.end()
        run.client.call("PATCH", f"/dags/{run.scenario.name}/dagRuns/{run.run_id}", {"state": "failed"})


SCENARIOS = [
    scenario(
        "five_hundred_wait",
        on_testbed(five_hundred_wait),
        WATCHED_AGAIN,
        stage="alone",
        number=NUMBER,
        # Nobody fetches them: that is what the other scenarios show, and would take workers minutes.
        expected={"files": 0, "abandoned": NUMBER, "state": "failed"},
        arguments={"pool": CLOSED},
        connection={"poll_first": 5, "poll_interval": 10, "poll_max": 10},
    )
]
