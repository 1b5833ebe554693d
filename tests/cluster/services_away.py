"""Scenarios in which a service is away for a time, or a machine's cable to it; and redelivered messages."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable

from tests.cluster.bed import PATIENCE
from tests.cluster.cables import Mode
from tests.cluster.ride import Held, Ride, on_bed, scenario
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


def broker_restarted(ride: Ride) -> None:
    busy = ride.all_deferred()
    ride.bed.redis.stop(ride.bed.keeper)
    polls = ride.proxy.count(POLL)
    ride.proxy.wait_calls(POLL, polls + 5)
    ride.bed.redis.start(ride.bed.keeper, {})
    busy.end()
    ride.finish()


def broker_killed_while_resuming(ride: Ride) -> None:
    """The broker dies as the generations end, so that their tasks cannot be queued; a clear picks them up."""
    busy = ride.all_deferred()
    ride.bed.redis.stop(ride.bed.keeper, signal.SIGKILL)
    with ride.until_said("Error sending Celery", *SCHEDULERS):
        busy.end()
    ride.bed.redis.start(ride.bed.keeper, {})
    if ride.finish() == "failed":
        ride.clear()
        ride.finish("success")


def database_restarted(ride: Ride) -> None:
    with ride.bed.watched_over() as ended:
        busy = ride.all_deferred()
        ride.bed.postgres.stop(ride.bed.keeper)
        ride.until(lambda: set(TRIGGERERS) <= set(ended), "the end of both triggerers")
        ride.bed.postgres.start(ride.bed.keeper)
        ride.until(ride.bed.is_healthy, "all healthy")
        ride.wait_deferred(3)
        busy.end()
        ride.finish()
    ride.figures["ended, and were started again"] = sorted(ended)
    ride.bed.recover()


def cut_from_gateway(ride: Ride) -> None:
    """One worker's machine reaches the gateway no more; the other one does."""
    cut, refused = WORKERS[0], list[str]()

    def act(call: Call) -> None:
        if ride.bed.machine_of(call.pid()) == cut:
            refused.append(call.path)
            raise CutError

    rules = [ride.proxy.on("received", endpoint, act, times=None) for endpoint in (CREATE, DOWNLOAD)]
    ride.start()
    ride.until(lambda: len(refused) >= REFUSED, f"{REFUSED} calls refused")
    ride.until(lambda: any(task.state == "success" for task in ride.tasks()), "done on the other worker")
    for rule in rules:
        rule.end()
    ride.finish()


def next_try_sends(ride: Ride) -> None:
    ride.proxy.wait_calls(CREATE, 2, PATIENCE)


def triggerer_asks(ride: Ride) -> None:
    ride.proxy.wait_calls(POLL, 1, PATIENCE)


def next_try_begins(ride: Ride) -> None:
    ride.wait_task("scheduled", "queued", "running", "success", tries=2, timeout=PATIENCE)


def unplugged(
    *cables: str,
    moment: Moment,
    endpoint: Endpoint,
    mode: Mode,
    until: Callable[[Ride], None],
    told: str = "",
) -> Play:
    """
    Pull cables of the machine that has made a call, and plug them in again.

    :param until: waits for what is to happen meanwhile.
    :param told: what a try writes to its log at last.
    """

    def play(ride: Ride) -> None:
        held = Held(ride, moment, endpoint)
        ride.start()
        machine = held.wait()
        carriers = [ride.bed.cables_of(machine)[name] for name in cables]
        # A machine that hears of tasks and cannot ask for them would take the next try, and hold it.
        deaf = "api" in cables and "broker" not in cables
        with ride.bed.taking_no_more(machine) if deaf else contextlib.nullcontext():
            for cable in carriers:
                cable.set(mode)
            held.let_go.set()
            try:
                until(ride)
            finally:
                for cable in carriers:
                    cable.set("carries")
        ride.until_logged(told)
        ride.finish()
        if "broker" in cables:
            # Celery's worker may hear of no task any more (https://github.com/celery/celery/issues/10205).
            ride.bed.power_off(machine)
        ride.bed.recover()

    return on_bed(play)


def redelivered(ride: Ride) -> None:
    """A further worker takes a message for lost while its task has its request at the gateway."""
    held = Held(ride, "answered", CREATE)
    ride.start()
    held.wait()
    section = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__"
    options = {
        "VISIBILITY_TIMEOUT": str(VISIBILITY_TIMEOUT),
        "UNACKED_RESTORE_INTERVAL": "2",
        "UNACKED_RESTORE_THROTTLE": "1",
    }
    third = "worker-3"
    ride.bed.add_worker(third, **{f"{section}{name}": value for name, value in options.items()})
    try:
        ride.bed.wait_healthy([third], PATIENCE)
        ride.until(lambda: ride.bed.said("already running", third, *WORKERS), "a message delivered again")
    finally:
        held.let_go.set()
        ride.bed.kill(third)
    ride.finish()
    assert ride.proxy.count(CREATE) == 1, ride.proxy.calls


SCENARIOS = [
    scenario("redelivered_after_visibility_timeout", on_bed(redelivered), SUBMITTED, REPORTED, stage="alone"),
    scenario("broker_restarted", on_bed(broker_restarted), REPORTED, stage="alone", number=4),
    scenario(
        "broker_killed_while_resuming",
        on_bed(broker_killed_while_resuming),
        SUBMITTED,
        stage="alone",
        number=4,
    ),
    scenario("database_restarted", on_bed(database_restarted), WATCHED_AGAIN, stage="alone"),
    scenario(
        "worker_cut_from_gateway",
        on_bed(cut_from_gateway),
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
