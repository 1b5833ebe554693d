"""Scenarios of clears and marks while tasks run on other machines, and of disks that no other one has."""

from __future__ import annotations

import threading
import time

from tests.cluster.ride import Held, Ride, on_bed, scenario
from tests.e2e.crash.proxy import CREATE
from tests.e2e.crash.task_kills import once
from tests.e2e.crash.words import REATTACHED, SAME_KEY, SUBMITTED

WARNED = "The outputs go to"


def cleared_while_submitting(ride: Ride) -> None:
    held = Held(ride, "answered", CREATE)
    ride.start()
    held.wait()
    ride.clear()
    threading.Timer(15, held.let_go.set).start()
    ride.wait_task("success", tries=2, timeout=300)
    ride.finish()


def cleared_while_deferred(ride: Ride) -> None:
    busy = ride.all_deferred()
    ride.clear()
    ride.wait_task("deferred", tries=2, timeout=300)
    busy.end()
    ride.finish()


def marked_failed_while_submitting(ride: Ride) -> None:
    """Marked as failed with its request at the gateway; a clear delivers what was paid for."""
    held = Held(ride, "answered", CREATE)
    ride.start()
    held.wait()
    ride.mark("failed")
    time.sleep(8)
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
    scenario("cleared_while_submitting", on_bed(cleared_while_submitting), SAME_KEY),
    scenario("cleared_while_deferred", on_bed(cleared_while_deferred), REATTACHED),
    scenario("marked_failed_while_submitting", on_bed(marked_failed_while_submitting), SAME_KEY),
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
