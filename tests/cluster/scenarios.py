"""All scenarios on several machines, the most telling ones, and those that the release may change."""

from __future__ import annotations

from tests.cluster import batches, components, crowd, deaths, people, services_away
from tests.e2e.crash.scenario import Scenario

ALL: list[Scenario] = [
    *deaths.SCENARIOS,
    *people.SCENARIOS,
    *services_away.SCENARIOS,
    *components.SCENARIOS,
    *crowd.SCENARIOS,
    *batches.SCENARIOS,
]

_BY_NAME = {scenario.name: scenario for scenario in ALL}

CI: list[Scenario] = [
    _BY_NAME[name]
    for name in (
        "task_killed",
        "pool_process_killed",
        "machine_off",
        "redelivered_after_visibility_timeout",
        "warm_shutdown",
        "broker_restarted",
        "worker_cut_from_gateway",
        "triggerers_rolled",
    )
]

BY_RELEASE: list[Scenario] = [
    _BY_NAME[name]
    for name in (
        "task_killed",
        "task_killed_recorded",
        "toapis_task_killed",
        "machine_off",
        "warm_shutdown",
        "cleared_while_submitting",
        "triggerers_rolled",
    )
]
"""Before 3.3 the record is an object beside the outputs; clears and deferrals are the release's affair."""
