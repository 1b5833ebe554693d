"""Scenarios that kill nothing: what people do to tasks, and the policies that answer to it."""

from __future__ import annotations

import shutil
import threading

from tests.e2e.crash.actions import edited, hold, kill_task, still_processing
from tests.e2e.crash.drive import ROWS, Drive
from tests.e2e.crash.proxy import CREATE, POLL, Rule
from tests.e2e.crash.scenario import Expected, RowsBy, Scenario
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


def _deferred(drive: Drive) -> Rule:
    """Start, and bring the task to where it waits; the returned rule's end lets the generation end."""
    busy = drive.proxy.on("answered", POLL, still_processing, times=None)
    drive.start()
    drive.wait_deferred()
    return busy


def cleared_while_deferred(drive: Drive) -> None:
    busy = _deferred(drive)
    drive.clear()
    drive.wait_task("deferred", tries=2)
    busy.end()
    drive.finish()


def marked_while_deferred(state: str) -> Play:
    def play(drive: Drive) -> None:
        busy = _deferred(drive)
        drive.mark(state)
        drive.finish(state)
        busy.end()
        drive.clear()
        drive.finish()

    return play


def interrupted_while_submitting(drive: Drive, interrupt: str) -> None:
    let_go = threading.Event()
    held = drive.proxy.on("received", CREATE, hold(let_go))
    drive.start()
    threading.Timer(20.0, let_go.set).start()
    while drive.proxy.count(CREATE) == 0:
        drive.wait_task("running", "up_for_retry", "failed")
    if interrupt == "mark":
        drive.mark("failed")
        held.wait_hit()
        drive.finish("failed")
    drive.clear()
    held.wait_hit()
    drive.finish()


def marked_while_submitting(drive: Drive) -> None:
    interrupted_while_submitting(drive, "mark")


def cleared_while_submitting(drive: Drive) -> None:
    interrupted_while_submitting(drive, "clear")


def cleared_after_delivery(drive: Drive) -> None:
    once(drive)
    drive.clear()
    drive.wait_task("success", tries=2)
    drive.finish()


def cleared_with_a_changed_prompt(drive: Drive) -> None:
    busy = _deferred(drive)
    drive.edit(arguments={"prompt": SOMETHING_ELSE})
    drive.clear()
    drive.proxy.wait_calls(CREATE, 2)
    busy.end()
    drive.finish()
    assert drive.delivered_prompt() == SOMETHING_ELSE


def cleared_while_running_with_a_changed_prompt(drive: Drive) -> None:
    busy = drive.proxy.on("answered", POLL, still_processing, times=None)
    drive.start()
    drive.proxy.wait_calls(POLL, 1)
    drive.edit(arguments={"prompt": SOMETHING_ELSE})
    drive.clear()
    drive.wait_task("running", tries=2)
    busy.end()
    drive.finish()
    assert drive.delivered_prompt() == SOMETHING_ELSE


def retried_with_a_changed_prompt(drive: Drive) -> None:
    drive.start()
    drive.wait_dying()
    drive.edit(arguments={"prompt": SOMETHING_ELSE})
    drive.let_die()
    drive.finish()
    assert drive.delivered_prompt() != SOMETHING_ELSE


def rows_reordered_between_tries(drive: Drive) -> None:
    """
    Every row's first try has submitted and recorded when the rows change, and its next one renders another's.

    Rows in the DAG file are read anew by every try. A task's list changes when somebody clears that task
    alone; were the rows cleared with it, that would be a wish for new generations.
    """
    drive.start()
    drive.wait_dying()
    drive.edit(rows=list(reversed(BOATS)))
    if drive.scenario.rows_by == "a_task":
        drive.clear(ROWS)
        drive.wait_task("success", tries=2, task_id=ROWS)
    drive.let_die()
    drive.finish()
    delivered = [drive.delivered_prompt(index) for index in drive.scenario.map_indexes]
    assert delivered == list(BOATS), delivered
    assert drive.proxy.count(CREATE) == len(BOATS), drive.proxy.calls
    assert drive.log().count(RENDERS_OTHERWISE) == len(BOATS) - 1, "the one in the middle stays there"


def killed_without_a_retry_then_cleared(drive: Drive) -> None:
    drive.start()
    drive.finish("failed")
    drive.clear()
    drive.finish()


def uncertain_left_to_a_person(drive: Drive) -> None:
    """The clear is the person's answer: the same request under the same key."""
    drive.proxy.on("answered", CREATE, kill_task)
    drive.start()
    drive.finish("failed")
    failure = drive.failure()
    assert failure["submitted"] is None, failure
    drive.clear()
    drive.finish()


def output_taken_away(drive: Drive) -> None:
    """
    A file where the folder was: not writable for root either.

    A record beside the output is away with it. The next try cannot read it then, and claims nothing.
    """
    busy = _deferred(drive)
    away = drive.output.rename(drive.output.with_name(f"{drive.output.name}-away"))
    drive.output.write_text("no folder")
    busy.end()
    drive.finish("failed")
    failure = drive.failure()
    known = ("output", True) if drive.state_store else ("error", None)
    assert (failure["kind"], failure["submitted"]) == known, failure
    drive.output.unlink()
    away.rename(drive.output)
    drive.clear()
    drive.finish()


def output_not_writable_at_first(drive: Drive) -> None:
    drive.output.write_text("no folder")
    drive.start()
    drive.finish("failed")
    failure = drive.failure()
    assert (failure["kind"], failure["submitted"]) == ("invalid_request", False), failure
    assert drive.proxy.count(CREATE) == 0
    drive.output.unlink()
    drive.clear()
    drive.finish()


def run_made_again_while_waiting(drive: Drive) -> None:
    busy = _deferred(drive)
    drive.delete_run()
    drive.start()
    drive.wait_deferred()
    busy.end()
    drive.finish()


def same_ids_without_namespace(drive: Drive) -> None:
    """A deployment with the same ids has no record of the first one's, but the same key."""
    once(drive)
    drive.delete_run()
    shutil.rmtree(drive.output / ".rivya", ignore_errors=True)  # where there is no task state store
    drive.proxy.on("answered", CREATE, edited(created_at="2026-01-01T00:00:00.000Z"), times=None)
    once(drive)


def same_ids_with_namespace(drive: Drive) -> None:
    once(drive)
    drive.delete_run()
    drive.connect(idempotency_namespace="the-second-deployment")
    once(drive)


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
