"""Scenarios that kill nothing: what people do to tasks, and the policies that answer to it."""

from __future__ import annotations

import shutil
import threading

from tests.e2e.crash.actions import edited, hold, kill_task, still_processing
from tests.e2e.crash.proxy import CREATE, POLL, Rule
from tests.e2e.crash.scenario import Expected, RowsBy, Scenario
from tests.e2e.crash.scenario_run import ROWS, ScenarioRun
from tests.e2e.crash.task_kills import Play, once
from tests.e2e.crash.words import (
    ASKED_TO_STOP,
    DELIVERED_BEFORE,
    NOTHING_RECORDED,
    REATTACHED,
    RENDERS_OTHERWISE,
    SAME_KEY,
    SUBMITTED,
)

BOATS = ("A red boat", "A green boat", "A blue boat")
_REORDERED: dict[str, RowsBy] = {
    "rows_reordered_between_tries": "the_dag_file",
    "rows_reordered_by_their_task_between_tries": "a_task",
}
SOMETHING_ELSE = "Something else entirely"
CLEAR_ON_SUCCESS = (("state_store", "clear_on_success", "True"),)


def _deferred(run: ScenarioRun) -> Rule:
    """Start, and bring the task to where it waits; the returned rule's end lets the generation end."""
    busy = run.proxy.on("answered", POLL, still_processing, times=None)
    run.start()
    run.wait_deferred()
    return busy


def cleared_while_deferred(run: ScenarioRun) -> None:
    busy = _deferred(run)
    run.clear()
    run.wait_task("deferred", tries=2)
    busy.end()
    run.finish()


def marked_while_deferred(state: str) -> Play:
    def play(run: ScenarioRun) -> None:
        busy = _deferred(run)
        run.mark(state)
        run.finish(state)
        busy.end()
        run.clear()
        run.finish()

    return play


def interrupted_while_submitting(run: ScenarioRun, interrupt: str) -> None:
    let_go = threading.Event()
    held = run.proxy.on("received", CREATE, hold(let_go))
    run.start()
    threading.Timer(20.0, let_go.set).start()
    while run.proxy.count(CREATE) == 0:
        run.wait_task("running", "up_for_retry", "failed")
    if interrupt == "mark":
        run.mark("failed")
        held.wait_hit()
        run.finish("failed")
    run.clear()
    held.wait_hit()
    run.finish()


def marked_while_submitting(run: ScenarioRun) -> None:
    interrupted_while_submitting(run, "mark")


def cleared_while_submitting(run: ScenarioRun) -> None:
    interrupted_while_submitting(run, "clear")


def cleared_after_delivery(run: ScenarioRun) -> None:
    once(run)
    run.clear()
    run.wait_task("success", tries=2)
    run.finish()


def cleared_with_a_changed_prompt(run: ScenarioRun) -> None:
    busy = _deferred(run)
    run.edit(arguments={"prompt": SOMETHING_ELSE})
    run.clear()
    run.proxy.wait_calls(CREATE, 2)
    busy.end()
    run.finish()
    assert run.delivered_prompt() == SOMETHING_ELSE


def cleared_while_running_with_a_changed_prompt(run: ScenarioRun) -> None:
    busy = run.proxy.on("answered", POLL, still_processing, times=None)
    run.start()
    run.proxy.wait_calls(POLL, 1)
    run.edit(arguments={"prompt": SOMETHING_ELSE})
    run.clear()
    run.wait_task("running", tries=2)
    busy.end()
    run.finish()
    assert run.delivered_prompt() == SOMETHING_ELSE


def retried_with_a_changed_prompt(run: ScenarioRun) -> None:
    run.start()
    run.wait_dying()
    run.edit(arguments={"prompt": SOMETHING_ELSE})
    run.let_die()
    run.finish()
    assert run.delivered_prompt() != SOMETHING_ELSE


def rows_reordered_between_tries(run: ScenarioRun) -> None:
    """
    Every row's first try has submitted and recorded when the rows change, and its next one renders another's.

    Rows in the DAG file are read anew by every try. A task's list changes when somebody clears that task
    alone; were the rows cleared with it, that would be a wish for new generations.
    """
    run.start()
    run.wait_dying()
    run.edit(rows=list(reversed(BOATS)))
    if run.scenario.rows_by == "a_task":
        run.clear(ROWS)
        run.wait_task("success", tries=2, task_id=ROWS)
    run.let_die()
    run.finish()
    delivered = [run.delivered_prompt(index) for index in run.scenario.map_indexes]
    assert delivered == list(BOATS), delivered
    assert run.proxy.count(CREATE) == len(BOATS), run.proxy.calls
    assert run.log().count(RENDERS_OTHERWISE) == len(BOATS) - 1, "the one in the middle stays there"


def killed_without_a_retry_then_cleared(run: ScenarioRun) -> None:
    run.start()
    run.finish("failed")
    run.clear()
    run.finish()


def uncertain_left_to_a_person(run: ScenarioRun) -> None:
    """The clear is the person's answer: the same request under the same key."""
    run.proxy.on("answered", CREATE, kill_task)
    run.start()
    run.finish("failed")
    failure = run.failure()
    assert failure["submitted"] is None, failure
    run.clear()
    run.finish()


def output_taken_away(run: ScenarioRun) -> None:
    """
    A file where the folder was: not writable for root either.

    A record beside the output is away with it. The next try cannot read it then, and claims nothing.
    """
    busy = _deferred(run)
    away = run.output.rename(run.output.with_name(f"{run.output.name}-away"))
    run.output.write_text("no folder")
    busy.end()
    run.finish("failed")
    failure = run.failure()
    known = ("output", True) if run.state_store else ("error", None)
    assert (failure["kind"], failure["submitted"]) == known, failure
    run.output.unlink()
    away.rename(run.output)
    run.clear()
    run.finish()


def output_not_writable_at_first(run: ScenarioRun) -> None:
    run.output.write_text("no folder")
    run.start()
    run.finish("failed")
    failure = run.failure()
    assert (failure["kind"], failure["submitted"]) == ("invalid_request", False), failure
    assert run.proxy.count(CREATE) == 0
    run.output.unlink()
    run.clear()
    run.finish()


def run_made_again_while_waiting(run: ScenarioRun) -> None:
    busy = _deferred(run)
    run.delete_run()
    run.start()
    run.wait_deferred()
    busy.end()
    run.finish()


def same_ids_without_namespace(run: ScenarioRun) -> None:
    """A deployment with the same ids has no record of the first one's, but the same key."""
    once(run)
    run.delete_run()
    shutil.rmtree(run.output / ".rivya", ignore_errors=True)  # where there is no task state store
    run.proxy.on("answered", CREATE, edited(created_at="2026-01-01T00:00:00.000Z"), times=None)
    once(run)


def same_ids_with_namespace(run: ScenarioRun) -> None:
    once(run)
    run.delete_run()
    run.connect(idempotency_namespace="the-second-deployment")
    once(run)


SCENARIOS = [
    Scenario("cleared_while_deferred", Expected(says=(REATTACHED,)), cleared_while_deferred),
    Scenario(
        "marked_failed_while_deferred_then_cleared",
        Expected(says=(REATTACHED,)),
        marked_while_deferred("failed"),
    ),
    Scenario(
        "marked_success_while_deferred_then_cleared",
        Expected(says=(REATTACHED,)),
        marked_while_deferred("success"),
    ),
    Scenario(
        "marked_failed_while_submitting_then_cleared",
        Expected(says=(ASKED_TO_STOP, SAME_KEY)),
        marked_while_submitting,
    ),
    Scenario("cleared_while_submitting", Expected(says=(ASKED_TO_STOP, SAME_KEY)), cleared_while_submitting),
    Scenario(
        "cleared_after_delivery_regenerate",
        Expected(paid=2, files=2, says=(DELIVERED_BEFORE,)),
        cleared_after_delivery,
    ),
    Scenario(
        "cleared_after_delivery_reuse",
        Expected(says=(REATTACHED,)),
        cleared_after_delivery,
        arguments={"on_rerun_after_delivery": "reuse"},
    ),
    Scenario(
        "cleared_with_a_changed_prompt",
        Expected(paid=2, abandoned=1, says=("asks for something else now. Left behind: generation task_",)),
        cleared_with_a_changed_prompt,
    ),
    Scenario(
        "cleared_while_running_with_a_changed_prompt",
        Expected(paid=2, abandoned=1, says=("asks for something else now. Left behind: generation task_",)),
        cleared_while_running_with_a_changed_prompt,
        arguments={"deferrable": False},
    ),
    Scenario(
        "retried_with_a_changed_prompt",
        Expected(says=(REATTACHED, RENDERS_OTHERWISE)),
        retried_with_a_changed_prompt,
        die_at=("after submitted",),
        dies_when_told=True,
    ),
    *(
        Scenario(
            name,
            Expected(paid=3, files=3, says=(REATTACHED, RENDERS_OTHERWISE)),
            rows_reordered_between_tries,
            die_at=("after submitted",),
            dies_when_told=True,
            rows=BOATS,
            rows_by=rows_by,
        )
        for name, rows_by in _REORDERED.items()
    ),
    Scenario(
        "killed_without_a_retry_then_cleared",
        Expected(says=("This task has no retry left", REATTACHED)),
        killed_without_a_retry_then_cleared,
        arguments={"retries": 0},
        die_at=("after submitted",),
    ),
    Scenario(
        "killed_without_an_answer_then_cleared",
        Expected(says=(SAME_KEY,)),
        killed_without_a_retry_then_cleared,
        arguments={"retries": 0},
        die_at=("before submitted",),
    ),
    Scenario(
        "uncertain_left_to_a_person",
        Expected(says=("whether the gateway accepted it is not known", SAME_KEY)),
        uncertain_left_to_a_person,
        arguments={"on_uncertain_submission": "fail"},
    ),
    Scenario(
        "output_not_writable_before_paying",
        Expected(says=("cannot be written", NOTHING_RECORDED)),
        output_not_writable_at_first,
    ),
    Scenario(
        "output_not_writable_after_paying",
        Expected(says=("; its result is not lost", REATTACHED)),
        output_taken_away,
        arguments={"retries": 1},
    ),
    Scenario("run_deleted_and_made_again", Expected(says=(SUBMITTED,)), run_made_again_while_waiting),
    Scenario(
        "same_ids_without_namespace",
        Expected(
            state="failed",
            says=("belongs to another task under the same idempotency key", "idempotency_namespace"),
        ),
        same_ids_without_namespace,
    ),
    Scenario(
        "same_ids_with_namespace",
        Expected(paid=2, files=2, says=(SUBMITTED,)),
        same_ids_with_namespace,
        stored_connection=True,
    ),
    Scenario(
        "store_cleared_on_success_then_cleared",
        Expected(paid=2, files=2, says=(NOTHING_RECORDED,)),
        cleared_after_delivery,
        options=CLEAR_ON_SUCCESS,
        needs_state_store=True,
    ),
    Scenario(
        "store_cleared_on_success_killed_before",
        Expected(says=(REATTACHED,)),
        once,
        die_at=("after submitted", "after delivered"),
        options=CLEAR_ON_SUCCESS,
        needs_state_store=True,
    ),
]
