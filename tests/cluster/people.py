"""Scenarios of clears and marks while tasks run on other machines, and of disks that no other one has."""

from __future__ import annotations

from tests.cluster.bed import PATIENCE
from tests.cluster.ride import Held, Ride, on_bed, scenario
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

    def play(ride: Ride) -> None:
        held = Held(ride, moment, endpoint)
        ride.start()
        held.wait()
        ride.clear()
        held.wait_ended()
        held.let_go.set()
        ride.wait_task("success", tries=2, timeout=PATIENCE)
        ride.finish()

    return on_bed(play)


def marked_failed_while_submitting(ride: Ride) -> None:
    """Marked as failed with its request at the gateway; a clear delivers what was paid for."""
    held = Held(ride, "answered", CREATE)
    ride.start()
    held.wait()
    ride.mark("failed")
    held.wait_ended()
    held.let_go.set()
    ride.finish("failed")
    ride.clear()
    ride.finish("success")


def on_a_disk(ride: Ride) -> None:
    """The outputs lie on the disk of whichever machine a task came to."""
    ride.start()
    ride.finish()
    assert WARNED in ride.log(), "no warning that the place is another one on every machine"


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
    scenario("marked_failed_while_submitting", on_bed(marked_failed_while_submitting), SAME_KEY),
    *(
        scenario(f"marked_{state}_while_deferred", marked_while_deferred(state), REATTACHED)
        for state in ("failed", "success")
    ),
    scenario(
        "outputs_on_disks_of_their_own",
        on_bed(on_a_disk),
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
