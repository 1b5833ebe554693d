"""Batches of 300 rows with random kills; the CPU seconds of fifty mapped tasks and of a batch of 500 rows."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from tests.cluster.cluster_run import ClusterRun, on_testbed, scenario
from tests.e2e.crash.actions import kill_task
from tests.e2e.crash.processes import NobodyThereError
from tests.e2e.crash.proxy import CREATE, DOWNLOAD, Call
from tests.e2e.crash.scenario import Scenario
from tests.e2e.crash.scenario_run import ScenarioRun
from tests.e2e.crash.task_kills import once
from tests.e2e.crash.words import SUBMITTED
from tools.stack.cluster import WORKERS

BATCHES, ROWS = 6, 50
KILLS, ONE_CALL_IN = 8, 40
PAUSE = 5.0
"""Seconds between two kills: a try shall get somewhere."""


def measured(play: Callable[[ScenarioRun], None]) -> Callable[[ScenarioRun], None]:
    """Let a play be timed, and the CPU seconds of each process with it."""

    def played(run: ClusterRun) -> None:
        before, began = run.testbed.cpu_seconds(), time.monotonic()
        play(run)
        after = run.testbed.cpu_seconds()
        run.figures["seconds"] = round(time.monotonic() - began, 1)
        run.figures["CPU seconds"] = {name: round(after[name] - before[name], 1) for name in after}

    return on_testbed(played)


def random_kills(run: ClusterRun) -> None:
    """Task processes die at calls of chance, and one machine in the middle of it."""
    chance, lock = random.Random(run.scenario.name), threading.Lock()  # noqa: S311 - no secret
    killed: list[float] = []

    def act(call: Call) -> None:
        with lock:
            hit = len(killed) < KILLS and (not killed or time.monotonic() - killed[-1] > PAUSE)
            if not hit or chance.randrange(ONE_CALL_IN):
                return
            killed.append(time.monotonic())
            try:
                kill_task(call)
            except NobodyThereError:
                killed.pop()  # it went with its machine

    for endpoint in (CREATE, DOWNLOAD):
        run.proxy.on("answered", endpoint, act, times=None)
    run.start()
    run.proxy.wait_calls(CREATE, BATCHES * ROWS // 3, timeout=300)
    run.testbed.power_off(WORKERS[0])
    run.testbed.recover(wait=False)
    run.finish()
    run.figures["task processes killed"] = len(killed)
    run.testbed.recover()


def _batch(name: str, play: Callable[[ScenarioRun], None], batches: int, rows: int) -> Scenario:
    return scenario(
        name,
        play,
        "rows",
        stage="alone",
        rows=tuple(f"batch {number}" for number in range(batches)),
        expected={"paid": batches * rows, "files": batches * rows},
        arguments={"rows_each": rows, "row_key": "name", "retries": 12},
    )


SCENARIOS = [
    scenario("fifty_mapped", measured(once), SUBMITTED, stage="alone", number=50),
    _batch("batch_of_500_rows", measured(once), 1, 500),
    _batch("batch_of_300_rows_with_random_kills", on_testbed(random_kills), BATCHES, ROWS),
]
