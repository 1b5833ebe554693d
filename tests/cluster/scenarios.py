"""All scenarios on several machines, eight that tell much in little time, those that the release changes."""

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
        "toapis_task_killed",
        "pool_process_killed",
        "pod_deleted_submitting",
        "cleared_while_submitting",
        "worker_cut_from_gateway",
        "triggerers_rolled",
        "machine_off",
    )
]
"""All but the last one leave the machines up, and so are played side by side."""

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
