"""The crash matrix: all scenarios, and the few that every test run plays."""

from __future__ import annotations

from tests.e2e.crash import (
    components,
    look_ups,
    not_promised,
    people,
    record_places,
    task_kills,
    toapis,
    wire_faults,
)
from tests.e2e.crash.scenario import Scenario

ALL: list[Scenario] = [
    *wire_faults.SCENARIOS,
    *people.SCENARIOS,
    *task_kills.SCENARIOS,
    *record_places.SCENARIOS,
    *components.SCENARIOS,
    *toapis.SCENARIOS,
    *look_ups.SCENARIOS,
    *not_promised.SCENARIOS,
]

_ALWAYS = (
    "task_killed_after_intent",
    "task_killed_create_taken_in",
    "task_killed_recorded_not_deferred_with_reference",
    "task_killed_downloading",
    "task_killed_at_every_moment",
    "cleared_while_deferred",
    "triggerer_killed",
    "toapis_task_killed_create_taken_in",
    "toapis_create_cut_after_taken_in",
)
ALWAYS: list[Scenario] = [scenario for scenario in ALL if scenario.name in _ALWAYS]
