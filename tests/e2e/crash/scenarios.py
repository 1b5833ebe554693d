"""The crash matrix: all scenarios, the few that every test run plays, and those of older releases."""

from __future__ import annotations

from tests.e2e.crash import (
    batches,
    clears_and_marks,
    components,
    look_ups,
    not_promised,
    record_places,
    task_kills,
    toapis,
    wire_faults,
)
from tests.e2e.crash.scenario import Scenario

ALL: list[Scenario] = [
    *wire_faults.SCENARIOS,
    *clears_and_marks.SCENARIOS,
    *task_kills.SCENARIOS,
    *record_places.SCENARIOS,
    *components.SCENARIOS,
    *toapis.SCENARIOS,
    *look_ups.SCENARIOS,
    *not_promised.SCENARIOS,
    *batches.SCENARIOS,
]

_BY_NAME = {scenario.name: scenario for scenario in ALL}

_ALWAYS = (
    "task_killed_at_every_moment",
    "task_killed_create_taken_in_record_in_a_file",
    "cleared_while_deferred",
    "triggerer_killed",
    "toapis_task_killed_create_taken_in",
    "batch_triggerer_killed",
    "toapis_batch_tasks_killed",
)
ALWAYS: list[Scenario] = [_BY_NAME[name] for name in _ALWAYS]

_BY_RELEASE = (
    "task_killed_after_intent",
    "task_killed_at_every_moment",
    "task_killed_create_taken_in_record_in_a_file",
    "toapis_task_killed_create_taken_in",
    "worker_killed_at_create_taken_in",
    "worker_killed_while_downloading",
    "triggerer_killed_other_takes_over",
    "api_server_away_20_s_while_recording_in_a_file",
    "cleared_after_delivery_regenerate",
    "cleared_while_running_with_a_changed_prompt",
    "rows_reordered_by_their_task_between_tries",
    "run_made_again_beside_its_record",
    "deferral_timeout_then_retry",
    "output_not_writable_after_paying",
    "same_ids_without_namespace",
    "batch_20_kills",
    "batch_two_copies_at_once",
)
BY_RELEASE: list[Scenario] = [_BY_NAME[name] for name in _BY_RELEASE]
"""
What may end otherwise with another release of Airflow (``python -m tests.e2e.crash --by-release``).

Before 3.3 the record is a file, in ``.rivya/`` beside the output where no ``state_path`` is given, and that
file alone holds an orphan and the next try apart. How clears and deferrals go is the release's own affair.
"""
