"""Scenarios that kill: the task, Celery's processes, whole machines; and pods, with all that is in them."""

from __future__ import annotations

import contextlib
import shutil

import psutil

from tests.cluster.bed import PATIENCE
from tests.cluster.ride import Held, Ride, on_bed, scenario
from tests.e2e.crash.components import worker_killed_at_create_taken_in
from tests.e2e.crash.gateways import TOAPIS
from tests.e2e.crash.processes import supervisor_of
from tests.e2e.crash.proxy import CREATE, DOWNLOAD, POLL, Endpoint, Moment
from tests.e2e.crash.task_kills import Play, killed_at_create_taken_in, killed_while_downloading, once
from tests.e2e.crash.words import ASKED_TO_STOP, LOOKED_UP, REATTACHED, REPORTED, SAME_KEY, SUBMITTED

POD_GRACE = 30.0
"""Seconds between SIGTERM and SIGKILL of a pod that is deleted: Kubernetes' default."""


def machine_off(moment: Moment, endpoint: Endpoint) -> Play:
    """Cut the power of the machine that has made a call."""

    def play(ride: Ride) -> None:
        held = Held(ride, moment, endpoint)
        ride.start()
        ride.bed.power_off(held.wait())
        held.let_go.set()
        ride.finish()
        ride.bed.recover()

    return on_bed(play)


def main_process_killed(ride: Ride) -> None:
    """The pool and the task outlive Celery's main process; the answer comes beside the next try."""
    held = Held(ride, "answered", CREATE)
    ride.start()
    ride.bed.main_process(held.wait()).kill()
    ride.bed.recover(wait=False)
    ride.proxy.wait_calls(CREATE, 2, PATIENCE)
    held.let_go.set()
    ride.finish()
    ride.bed.recover()


def warm_shutdown(ride: Ride) -> None:
    """SIGTERM to Celery's main process, which lets its tasks end."""
    held = Held(ride, "answered", CREATE)
    ride.start()
    machine = held.wait()
    main = ride.bed.main_process(machine)
    with ride.until_said("Warm shutdown", machine):
        main.terminate()
    held.let_go.set()
    main.wait(PATIENCE)
    ride.bed.recover(wait=False)
    ride.finish()
    ride.bed.recover()


def machine_paused(ride: Ride) -> None:
    """A machine sleeps while its request is answered, and wakes up beside the next try, or after it."""
    held = Held(ride, "answered", CREATE)
    busy = ride.busy()
    ride.start()
    frozen = ride.bed.freeze(held.wait())
    held.let_go.set()
    try:
        ride.wait_task("running", "deferred", tries=2, timeout=PATIENCE)
    finally:
        for process in reversed(frozen):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
    held.wait_ended()
    ride.proxy.wait_calls(POLL, 1, PATIENCE)
    busy.end()
    ride.finish()
    ride.bed.recover()


def pod_deleted(moment: Moment, endpoint: Endpoint, *, outlasts: bool = False) -> Play:
    """
    SIGTERM to the supervisor of a task, as a deleted pod gets it; after the grace SIGKILL to both.

    :param outlasts: the call takes longer than the grace; then nothing is left of the pod's disk.
    """

    def play(ride: Ride) -> None:
        held = Held(ride, moment, endpoint)
        ride.start()
        held.wait()
        supervisor, task = psutil.Process(supervisor_of(held.pid)), psutil.Process(held.pid)
        supervisor.terminate()
        if not outlasts:
            ride.until_logged(ASKED_TO_STOP)
            held.let_go.set()
        _, alive = psutil.wait_procs([task], timeout=POD_GRACE)
        assert bool(alive) == outlasts, "a try that only waits ends within the grace"
        if alive:
            machine = ride.bed.folder_of(ride.bed.machine_of(task.pid))
            for process in (supervisor, task):
                process.kill()
            for place in ("tmp", f"airflow/logs/dag_id={ride.scenario.name}"):
                shutil.rmtree(machine / place, ignore_errors=True)
            (machine / "tmp").mkdir()
            held.let_go.set()
        ride.finish()

    return on_bed(play)


SCENARIOS = [
    scenario("task_killed", killed_at_create_taken_in, SAME_KEY),
    scenario("task_killed_downloading", killed_while_downloading, REATTACHED),
    scenario("toapis_task_killed", killed_at_create_taken_in, LOOKED_UP, gateway=TOAPIS),
    scenario("task_killed_recorded", once, REATTACHED, die_at=("after submitted",)),
    scenario(
        "task_killed_at_every_moment",
        once,
        SAME_KEY,
        REATTACHED,
        arguments={"retries": 8},
        die_at=(
            "before intent",
            "after intent",
            "before submitted",
            "after submitted",
            "before delivered",
            "after delivered",
        ),
    ),
    scenario("pool_process_killed", worker_killed_at_create_taken_in, SAME_KEY),
    scenario("main_process_killed", on_bed(main_process_killed), SAME_KEY, stage="alone"),
    scenario("machine_off", machine_off("answered", CREATE), SAME_KEY, stage="alone"),
    scenario("machine_off_downloading", machine_off("handed", DOWNLOAD), REATTACHED, stage="alone"),
    scenario("warm_shutdown", on_bed(warm_shutdown), SUBMITTED, REPORTED, stage="alone"),
    scenario("machine_paused", on_bed(machine_paused), SAME_KEY, stage="alone"),
    scenario("toapis_machine_paused", on_bed(machine_paused), LOOKED_UP, stage="alone", gateway=TOAPIS),
    scenario("pod_deleted_submitting", pod_deleted("answered", CREATE), SUBMITTED, ASKED_TO_STOP),
    scenario(
        "pod_deleted_polling",
        pod_deleted("answered", POLL),
        ASKED_TO_STOP,
        REATTACHED,
        arguments={"deferrable": False},
    ),
    scenario("pod_killed_submitting", pod_deleted("answered", CREATE, outlasts=True), SAME_KEY),
]
