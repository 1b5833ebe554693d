"""Scenarios about schedulers and triggerers, two of each."""

from __future__ import annotations

import signal

from tests.cluster.bed import PATIENCE
from tests.cluster.ride import Ride, on_bed, scenario
from tests.e2e.crash.proxy import POLL
from tests.e2e.crash.task_kills import Play
from tests.e2e.crash.words import REPORTED, WATCHED_AGAIN
from tools.stack.cluster import SCHEDULERS, TRIGGERERS


def rolled(ride: Ride) -> None:
    """Restart the triggerers one after the other; each generation is asked for after that."""
    busy = ride.all_deferred()
    for name in TRIGGERERS:
        ride.bed.restart(name, timeout=PATIENCE)
    ride.proxy.wait_calls(POLL, ride.proxy.count(POLL) + 2 * len(ride.scenario.map_indexes), PATIENCE)
    busy.end()
    ride.finish()


def one_killed(name: str) -> Play:
    def play(ride: Ride) -> None:
        busy = ride.all_deferred()
        ride.bed.kill(name, signal.SIGKILL)
        ride.proxy.wait_calls(POLL, ride.proxy.count(POLL) + 2 * len(ride.scenario.map_indexes), PATIENCE)
        busy.end()
        ride.finish()
        ride.bed.recover()

    return on_bed(play)


SCENARIOS = [
    scenario("triggerers_rolled", on_bed(rolled), WATCHED_AGAIN, REPORTED, number=8),
    scenario("triggerer_killed", one_killed(TRIGGERERS[0]), REPORTED, stage="alone", number=6),
    scenario("scheduler_killed", one_killed(SCHEDULERS[0]), REPORTED, stage="alone", number=4),
]
