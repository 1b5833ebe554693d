"""Scenarios about schedulers and triggerers, two of each."""

from __future__ import annotations

import signal

from tests.cluster.cluster_run import ClusterRun, on_testbed, scenario
from tests.cluster.testbed import PATIENCE
from tests.e2e.crash.proxy import POLL
from tests.e2e.crash.task_kills import Play
from tests.e2e.crash.words import REPORTED, WATCHED_AGAIN
from tools.stack.cluster import SCHEDULERS, TRIGGERERS


def rolled(run: ClusterRun) -> None:
    """Restart the triggerers one after the other; each generation is asked for after that."""
    busy = run.all_deferred()
    for name in TRIGGERERS:
        run.testbed.restart(name, timeout=PATIENCE)
    run.proxy.wait_calls(POLL, run.proxy.count(POLL) + 2 * len(run.scenario.map_indexes), PATIENCE)
    busy.end()
    run.finish()


def one_killed(name: str) -> Play:
    def play(run: ClusterRun) -> None:
        busy = run.all_deferred()
        run.testbed.kill(name, signal.SIGKILL)
        run.proxy.wait_calls(POLL, run.proxy.count(POLL) + 2 * len(run.scenario.map_indexes), PATIENCE)
        busy.end()
        run.finish()
        run.testbed.recover()

    return on_testbed(play)


SCENARIOS = [
    scenario("triggerers_rolled", on_testbed(rolled), WATCHED_AGAIN, REPORTED, number=8),
    scenario("triggerer_killed", one_killed(TRIGGERERS[0]), REPORTED, stage="alone", number=6),
    scenario("scheduler_killed", one_killed(SCHEDULERS[0]), REPORTED, stage="alone", number=4),
]
