"""Scenarios that ToAPIs has in common with Rivya: the same plays, and the same verdict on them."""

from __future__ import annotations

from dataclasses import replace

from tests.e2e.crash import clears_and_marks, components, record_places, task_kills, wire_faults
from tests.e2e.crash.gateways import TOAPIS
from tests.e2e.crash.scenario import Expected, Scenario
from tests.e2e.crash.words import FOUND, IN_THE_SAME_TRY, LOOKED_UP, SAME_KEY

_BY_NAME: dict[str, Scenario] = {
    scenario.name: scenario
    for module in (wire_faults, clears_and_marks, task_kills, record_places, components)
    for scenario in module.SCENARIOS
}

_SAME_FATE = (
    "task_killed_before_intent",
    "task_killed_create_taken_in",
    "task_killed_create_taken_in_with_reference",
    "task_killed_answered_not_recorded",
    "task_killed_recorded_not_deferred",
    "task_killed_recorded_not_deferred_with_reference",
    "task_killed_uploading_with_reference",
    "task_killed_downloading",
    "task_killed_landed_not_recorded",
    "task_killed_recorded_not_succeeded",
    "task_killed_create_taken_in_record_in_a_file",
    "task_killed_answered_not_recorded_record_in_a_file",
    "create_429",
    "credits_run_out",
    "key_replaced_while_waiting",
    "result_url_gone_then_cleared",
    "timeout_then_retry",
    "failed_without_refund_then_cleared",
    "cleared_while_deferred",
    "cleared_while_submitting",
    "marked_failed_while_submitting_then_cleared",
    "cleared_after_delivery_regenerate",
    "cleared_after_delivery_reuse",
    "cleared_with_a_changed_prompt",
    "rows_reordered_between_tries",
    "killed_without_an_answer_then_cleared",
    "output_not_writable_after_paying",
    "same_ids_with_namespace",
    "worker_killed_at_create",
    "worker_killed_at_create_taken_in",
    "worker_killed_at_create_record_in_a_file",
    "worker_killed_while_uploading_record_in_a_file",
    "worker_killed_while_downloading",
    "triggerer_killed",
    "scheduler_killed_while_submitting",
)

# An answer that is lost within a try is looked up within it.
_LOOKED_UP_AT_ONCE = ("create_cut_after_taken_in", "create_answers_html", "create_5xx_burst")

# Between the intent and the request nobody can tell what was taken in: that has scenarios of its own.
_AT_EVERY_MOMENT = ("task_killed_at_every_moment", "task_killed_at_every_moment_record_in_a_file")


def _on_toapis(name: str, *says: str) -> Scenario:
    """
    Return the scenario as it goes at ToAPIs.

    :param says: instead of what is said at Rivya; else the same, but for a request that is sent again.
    """
    scenario = _BY_NAME[name]
    same = [
        text
        for said in scenario.expected.says
        for text in ((LOOKED_UP, FOUND) if said == SAME_KEY else (said,))
    ]
    return replace(
        scenario,
        name=f"toapis_{name}",
        expected=replace(scenario.expected, says=says or tuple(same)),
        die_at=tuple(moment for moment in scenario.die_at if moment != "after intent"),
        gateway=TOAPIS,
    )


SCENARIOS = [
    *(_on_toapis(name) for name in (*_SAME_FATE, *_AT_EVERY_MOMENT)),
    *(_on_toapis(name, IN_THE_SAME_TRY, FOUND) for name in _LOOKED_UP_AT_ONCE),
    Scenario(
        # Whether a failed generation was charged is not documented, so that a refund is not known here.
        "toapis_failed_with_refund_then_cleared",
        Expected(refunded=1, says=("No retry is made, as it would pay again",)),
        wire_faults.failed_then_cleared(refund=True),
        gateway=TOAPIS,
    ),
]
