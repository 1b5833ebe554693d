"""Scenarios in which a service is away for a time, or a machine's cable to it; and redelivered messages."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable

from tests.cluster.cables import Mode
from tests.cluster.cluster_run import ClusterRun, Held, on_testbed, scenario
from tests.cluster.testbed import PATIENCE
from tests.e2e.crash.proxy import CREATE, DOWNLOAD, POLL, Call, CutError, Endpoint, Moment
from tests.e2e.crash.task_kills import Play
from tests.e2e.crash.words import NOT_RECORDED, REATTACHED, REPORTED, SAME_KEY, SUBMITTED, WATCHED_AGAIN
from tools.stack.cluster import SCHEDULERS, TRIGGERERS, WORKERS

VISIBILITY_TIMEOUT = 15
"""Seconds after which a message that no worker has acknowledged is delivered again, to the third worker."""

REFUSED = 5
"""Calls of the machine without a gateway after which it gets one again."""

MANY_RETRIES = {"retries": 8}
"""Each message that the broker does not take, and each try without an API server, costs one."""


def broker_restarted(run: ClusterRun) -> None:
    busy = run.all_deferred()
    run.testbed.redis.stop(run.testbed.keeper)
    polls = run.proxy.count(POLL)
    run.proxy.wait_calls(POLL, polls + 5)
    run.testbed.redis.start(run.testbed.keeper, {})
    busy.end()
    run.finish()


def broker_killed_while_resuming(run: ClusterRun) -> None:
    """The broker dies as the generations end, so that their tasks cannot be queued; a clear picks them up."""
    busy = run.all_deferred()
    run.testbed.redis.stop(run.testbed.keeper, signal.SIGKILL)
    with run.until_said("Error sending Celery", *SCHEDULERS):
        busy.end()
    run.testbed.redis.start(run.testbed.keeper, {})
    if run.finish() == "failed":
        run.clear()
        run.finish("success")


def database_restarted(run: ClusterRun) -> None:
    with run.testbed.watched_over() as ended:
        busy = run.all_deferred()
        run.testbed.postgres.stop(run.testbed.keeper)
        run.until(lambda: set(TRIGGERERS) <= set(ended), "the end of both triggerers")
        run.testbed.postgres.start(run.testbed.keeper)
        run.until(run.testbed.is_healthy, "all healthy")
        run.wait_deferred(3)
        busy.end()
        run.finish()
    run.figures["ended, and were started again"] = sorted(ended)
    run.testbed.recover()


def cut_from_gateway(run: ClusterRun) -> None:
    """One worker's machine reaches the gateway no more; the other one does."""
    cut, refused = WORKERS[0], list[str]()

    def act(call: Call) -> None:
        if run.testbed.machine_of(call.pid()) == cut:
            refused.append(call.path)
            raise CutError

    rules = [run.proxy.on("received", endpoint, act, times=None) for endpoint in (CREATE, DOWNLOAD)]
    run.start()
    run.until(lambda: len(refused) >= REFUSED, f"{REFUSED} calls refused")
    run.until(lambda: any(task.state == "success" for task in run.tasks()), "done on the other worker")
    for rule in rules:
        rule.end()
    run.finish()


def next_try_sends(run: ClusterRun) -> None:
    run.proxy.wait_calls(CREATE, 2, PATIENCE)


def triggerer_asks(run: ClusterRun) -> None:
    run.proxy.wait_calls(POLL, 1, PATIENCE)


def next_try_begins(run: ClusterRun) -> None:
    run.wait_task("scheduled", "queued", "running", "success", tries=2, timeout=PATIENCE)


def unplugged(
    *cables: str,
    moment: Moment,
    endpoint: Endpoint,
    mode: Mode,
    until: Callable[[ClusterRun], None],
    told: str = "",
) -> Play:
    """
    Pull cables of the machine that has made a call, and plug them in again.

    :param until: waits for what is to happen meanwhile.
    :param told: what a try writes to its log at last.
    """

    def play(run: ClusterRun) -> None:
        held = Held(run, moment, endpoint)
        run.start()
        machine = held.wait()
        carriers = [run.testbed.cables_of(machine)[name] for name in cables]
        # A machine that hears of tasks and cannot ask for them would take the next try, and hold it.
        deaf = "api" in cables and "broker" not in cables
        with run.testbed.taking_no_more(machine) if deaf else contextlib.nullcontext():
            for cable in carriers:
                cable.set(mode)
            held.let_go.set()
            try:
                until(run)
            finally:
                for cable in carriers:
                    cable.set("carries")
        run.until_logged(told)
        run.finish()
        if "broker" in cables:
            # Celery's worker may hear of no task any more (https://github.com/celery/celery/issues/10205).
            run.testbed.power_off(machine)
        run.testbed.recover()

    return on_testbed(play)


def redelivered(run: ClusterRun) -> None:
    """A further worker takes a message for lost while its task has its request at the gateway."""
    held = Held(run, "answered", CREATE)
    run.start()
    held.wait()
    section = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__"
    options = {
        "VISIBILITY_TIMEOUT": str(VISIBILITY_TIMEOUT),
        "UNACKED_RESTORE_INTERVAL": "2",
        "UNACKED_RESTORE_THROTTLE": "1",
    }
    third = "worker-3"
    run.testbed.add_worker(third, **{f"{section}{name}": value for name, value in options.items()})
    try:
        run.testbed.wait_healthy([third], PATIENCE)
        run.until(lambda: run.testbed.said("already running", third, *WORKERS), "a message delivered again")
    finally:
        held.let_go.set()
        run.testbed.kill(third)
    run.finish()
    assert run.proxy.count(CREATE) == 1, run.proxy.calls


SCENARIOS = [
    scenario(
        "redelivered_after_visibility_timeout", on_testbed(redelivered), SUBMITTED, REPORTED, stage="alone"
    ),
    scenario("broker_restarted", on_testbed(broker_restarted), REPORTED, stage="alone", number=4),
    scenario(
        "broker_killed_while_resuming",
        on_testbed(broker_killed_while_resuming),
        SUBMITTED,
        stage="alone",
        number=4,
    ),
    scenario("database_restarted", on_testbed(database_restarted), WATCHED_AGAIN, stage="alone"),
    scenario(
        "worker_cut_from_gateway",
        on_testbed(cut_from_gateway),
        SUBMITTED,
        number=6,
        arguments={"retries": 8},
    ),
    scenario(
        "api_server_cut_off",
        unplugged(
            "api",
            moment="answered",
            endpoint=CREATE,
            mode="black_hole",
            until=next_try_sends,
            told=NOT_RECORDED,
        ),
        NOT_RECORDED,
        SAME_KEY,
        stage="alone",
        arguments=MANY_RETRIES,
    ),
    scenario(
        "all_but_gateway_cut_off",
        unplugged(
            "api",
            "broker",
            "results",
            "s3",
            moment="answered",
            endpoint=CREATE,
            mode="black_hole",
            until=next_try_sends,
        ),
        SAME_KEY,
        stage="alone",
        arguments=MANY_RETRIES,
    ),
    scenario(
        "broker_and_results_cut_off",
        unplugged(
            "broker", "results", moment="answered", endpoint=CREATE, mode="refuses", until=triggerer_asks
        ),
        SUBMITTED,
        stage="alone",
        arguments=MANY_RETRIES,
    ),
    scenario(
        "storage_cut_off_while_landing",
        unplugged("s3", moment="handed", endpoint=DOWNLOAD, mode="refuses", until=next_try_begins),
        REATTACHED,
        stage="alone",
        arguments=MANY_RETRIES,
    ),
]
