"""Scenarios of clears and marks while tasks run on other machines, and of disks that no other one has."""

from __future__ import annotations

from tests.cluster.cluster_run import ClusterRun, Held, on_testbed, scenario
from tests.cluster.testbed import PATIENCE
from tests.e2e.crash.clears_and_marks import (
    cleared_after_delivery,
    cleared_while_deferred,
    cleared_while_running_with_a_changed_prompt,
    marked_while_deferred,
)
from tests.e2e.crash.proxy import CREATE, DOWNLOAD, Endpoint, Moment
from tests.e2e.crash.task_kills import Play, once
from tests.e2e.crash.words import ASKED_TO_STOP, REATTACHED, SAME_KEY, SUBMITTED

WARNED = "The outputs go to"


def cleared_while(moment: Moment, endpoint: Endpoint) -> Play:
    """Clear the task while it waits for the gateway; the answer comes when its process has ended."""

    def play(run: ClusterRun) -> None:
        held = Held(run, moment, endpoint)
        run.start()
        held.wait()
        run.clear()
        held.wait_ended()
        held.let_go.set()
        run.wait_task("success", tries=2, timeout=PATIENCE)
        run.finish()

    return on_testbed(play)


def marked_failed_while_submitting(run: ClusterRun) -> None:
    """Marked as failed with its request at the gateway; a clear delivers what was paid for."""
    held = Held(run, "answered", CREATE)
    run.start()
    held.wait()
    run.mark("failed")
    held.wait_ended()
    held.let_go.set()
    run.finish("failed")
    run.clear()
    run.finish("success")


def on_a_disk(run: ClusterRun) -> None:
    """The outputs lie on the disk of whichever machine a task came to."""
    run.start()
    run.finish()
    assert WARNED in run.log(), "no warning that the place is another one on every machine"


def _disk(name: str) -> str:
    return f"file://{{disk}}/{name}"


SCENARIOS = [
    scenario("cleared_while_submitting", cleared_while("answered", CREATE), SAME_KEY),
    scenario("cleared_while_deferred", cleared_while_deferred, REATTACHED),
    # Airflow resumes the next try where this one was: with what the trigger has told.
    scenario("cleared_while_downloading", cleared_while("handed", DOWNLOAD), ASKED_TO_STOP),
    scenario(
        "cleared_after_delivery",
        cleared_after_delivery,
        REATTACHED,
        arguments={"on_rerun_after_delivery": "reuse"},
    ),
    scenario(
        "cleared_while_running_with_a_changed_prompt",
        cleared_while_running_with_a_changed_prompt,
        "asks for something else now. Left behind: generation task_",
        expected={"paid": 2, "abandoned": 1},
        arguments={"deferrable": False},
    ),
    scenario("marked_failed_while_submitting", on_testbed(marked_failed_while_submitting), SAME_KEY),
    *(
        scenario(f"marked_{state}_while_deferred", marked_while_deferred(state), REATTACHED)
        for state in ("failed", "success")
    ),
    scenario(
        "outputs_on_disks_of_their_own",
        on_testbed(on_a_disk),
        WARNED,
        SUBMITTED,
        number=4,
        arguments={"output_path": _disk("outputs_on_disks_of_their_own/")},
    ),
    scenario(
        "record_on_a_disk_of_its_own",
        once,
        "submission record",
        die_at=("after submitted",),
        arguments={"state_path": _disk("records/")},
    ),
    scenario("on_the_schedulers_own_executor", once, SUBMITTED, arguments={"executor": "LocalExecutor"}),
]
