"""The crash matrix: all scenarios, and the seven that every test run plays."""

from __future__ import annotations

from tests.e2e.crash import components, people, record_places, task_kills, wire_faults
from tests.e2e.crash.scenario import Scenario

ALL: list[Scenario] = [
    *wire_faults.SCENARIOS,
    *people.SCENARIOS,
    *task_kills.SCENARIOS,
    *record_places.SCENARIOS,
    *components.SCENARIOS,
]

_SEVEN = (
    "task_killed_after_intent",
    "task_killed_create_taken_in",
    "task_killed_recorded_not_deferred_with_reference",
    "task_killed_downloading",
    "task_killed_at_every_moment",
    "cleared_while_deferred",
    "triggerer_killed",
)
SEVEN: list[Scenario] = [scenario for scenario in ALL if scenario.name in _SEVEN]
