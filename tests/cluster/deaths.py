"""Scenarios that kill: the task, Celery's processes, whole machines; and pods, with all that is in them."""

from __future__ import annotations

import contextlib
import shutil

import psutil

from tests.cluster.cluster_run import ClusterRun, Held, on_testbed, scenario
from tests.cluster.testbed import PATIENCE
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

    def play(run: ClusterRun) -> None:
        held = Held(run, moment, endpoint)
        run.start()
        run.testbed.power_off(held.wait())
        held.let_go.set()
        run.finish()
        run.testbed.recover()

    return on_testbed(play)


def main_process_killed(run: ClusterRun) -> None:
    """The pool and the task outlive Celery's main process; the answer comes beside the next try."""
    held = Held(run, "answered", CREATE)
    run.start()
    run.testbed.main_process(held.wait()).kill()
    run.testbed.recover(wait=False)
    run.proxy.wait_calls(CREATE, 2, PATIENCE)
    held.let_go.set()
    run.finish()
    run.testbed.recover()


def warm_shutdown(run: ClusterRun) -> None:
    """SIGTERM to Celery's main process, which lets its tasks end."""
    held = Held(run, "answered", CREATE)
    run.start()
    machine = held.wait()
    main = run.testbed.main_process(machine)
    with run.until_said("Warm shutdown", machine):
        main.terminate()
    held.let_go.set()
    main.wait(PATIENCE)
    run.testbed.recover(wait=False)
    run.finish()
    run.testbed.recover()


def machine_paused(run: ClusterRun) -> None:
    """A machine sleeps while its request is answered, and wakes up beside the next try, or after it."""
    held = Held(run, "answered", CREATE)
    busy = run.busy()
    run.start()
    frozen = run.testbed.freeze(held.wait())
    held.let_go.set()
    try:
        run.wait_task("running", "deferred", tries=2, timeout=PATIENCE)
    finally:
        for process in reversed(frozen):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
    held.wait_ended()
    run.proxy.wait_calls(POLL, 1, PATIENCE)
    busy.end()
    run.finish()
    run.testbed.recover()


def pod_deleted(moment: Moment, endpoint: Endpoint, *, outlasts: bool = False) -> Play:
    """
    SIGTERM to the supervisor of a task, as a deleted pod gets it; after the grace SIGKILL to both.

    :param outlasts: the call takes longer than the grace; then nothing is left of the pod's disk.
    """

    def play(run: ClusterRun) -> None:
        held = Held(run, moment, endpoint)
        run.start()
        held.wait()
        supervisor, task = psutil.Process(supervisor_of(held.pid)), psutil.Process(held.pid)
        supervisor.terminate()
        if not outlasts:
            run.until_logged(ASKED_TO_STOP)
            held.let_go.set()
        _, alive = psutil.wait_procs([task], timeout=POD_GRACE)
        assert bool(alive) == outlasts, "a try that only waits ends within the grace"
        if alive:
            machine = run.testbed.folder_of(run.testbed.machine_of(task.pid))
            for process in (supervisor, task):
                process.kill()
            for place in ("tmp", f"airflow/logs/dag_id={run.scenario.name}"):
                shutil.rmtree(machine / place, ignore_errors=True)
            (machine / "tmp").mkdir()
            held.let_go.set()
        run.finish()

    return on_testbed(play)


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
    scenario("main_process_killed", on_testbed(main_process_killed), SAME_KEY, stage="alone"),
    scenario("machine_off", machine_off("answered", CREATE), SAME_KEY, stage="alone"),
    scenario("machine_off_downloading", machine_off("handed", DOWNLOAD), REATTACHED, stage="alone"),
    scenario("warm_shutdown", on_testbed(warm_shutdown), SUBMITTED, REPORTED, stage="alone"),
    scenario("machine_paused", on_testbed(machine_paused), SAME_KEY, stage="alone"),
    scenario("toapis_machine_paused", on_testbed(machine_paused), LOOKED_UP, stage="alone", gateway=TOAPIS),
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
