"""Scenarios in which a service is away for a time, or a machine's cable to it; and redelivered messages."""

from __future__ import annotations

import signal
import time

from tests.cluster.bed import PATIENCE
from tests.cluster.cables import Mode
from tests.cluster.ride import Held, Ride, on_bed, scenario
from tests.e2e.crash.proxy import CREATE, DOWNLOAD, POLL, Call, CutError, Endpoint, Moment
from tests.e2e.crash.task_kills import Play
from tests.e2e.crash.words import NOT_RECORDED, REATTACHED, REPORTED, SAME_KEY, SUBMITTED, WATCHED_AGAIN
from tools.stack.cluster import WORKERS

VISIBILITY_TIMEOUT = 15
"""Seconds after which a message that no worker has acknowledged is delivered again, to the third worker."""

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
    busy.end()
    time.sleep(15)
    ride.bed.redis.start(ride.bed.keeper, {})
    if ride.finish() == "failed":
        ride.clear()
        ride.finish("success")


def database_restarted(ride: Ride) -> None:
    with ride.bed.watched_over() as ended:
        busy = ride.all_deferred()
        ride.bed.postgres.stop(ride.bed.keeper)
        time.sleep(5)
        ride.bed.postgres.start(ride.bed.keeper)
        time.sleep(20)
        ride.wait_deferred(3)
        busy.end()
        ride.finish()
    ride.figures["ended, and were started again"] = sorted(ended)
    ride.bed.recover()


def cut_from_gateway(ride: Ride) -> None:
    """One worker's machine reaches the gateway no more; the other one does."""
    cut = WORKERS[0]

    def act(call: Call) -> None:
        if ride.bed.machine_of(call.pid()) == cut:
            raise CutError

    rules = [ride.proxy.on("received", endpoint, act, times=None) for endpoint in (CREATE, DOWNLOAD)]
    ride.start()
    ride.proxy.wait_calls(CREATE, len(ride.scenario.map_indexes), PATIENCE)
    time.sleep(20)
    for rule in rules:
        rule.end()
    ride.finish()


def unplugged(*cables: str, moment: Moment, endpoint: Endpoint, mode: Mode, seconds: float) -> Play:
    """Pull cables of the machine that has made a call, and plug them in again."""

    def play(ride: Ride) -> None:
        held = Held(ride, moment, endpoint)
        ride.start()
        machine = ride.bed.cables_of(held.wait())
        for name in cables:
            machine[name].set(mode)
        held.let_go.set()
        time.sleep(seconds)
        for name in cables:
            machine[name].set("carries")
        ride.finish()
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
        log, deadline = ride.bed.keeper.log_of(third), time.monotonic() + PATIENCE / 2
        logs = [log, *(ride.bed.keeper.log_of(name) for name in WORKERS)]
        refused = "already running"
        while not any(refused in path.read_text(errors="replace") for path in logs):
            if time.monotonic() > deadline:
                raise TimeoutError("no message was delivered again")
            time.sleep(1)
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
        stage="alone",
        number=6,
        arguments={"retries": 8},
    ),
    scenario(
        "api_server_cut_off",
        unplugged("api", moment="answered", endpoint=CREATE, mode="black_hole", seconds=90),
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
            seconds=90,
        ),
        SAME_KEY,
        stage="alone",
        arguments=MANY_RETRIES,
    ),
    scenario(
        "broker_and_results_cut_off",
        unplugged("broker", "results", moment="answered", endpoint=CREATE, mode="refuses", seconds=20),
        SUBMITTED,
        stage="alone",
        arguments=MANY_RETRIES,
    ),
    scenario(
        "storage_cut_off_while_landing",
        unplugged("s3", moment="handed", endpoint=DOWNLOAD, mode="refuses", seconds=20),
        REATTACHED,
        stage="alone",
        arguments=MANY_RETRIES,
    ),
]
