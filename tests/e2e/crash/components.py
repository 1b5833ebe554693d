"""Scenarios that kill Airflow's own components, one after another; those need the stack for themselves."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.e2e.crash.actions import hold, kill_worker_and_hold, release, still_processing
from tests.e2e.crash.processes import supervisor_of
from tests.e2e.crash.proxy import CREATE, DOWNLOAD, POLL, UPLOAD, Act, Call, Endpoint, Moment
from tests.e2e.crash.record_places import IN_A_FILE
from tests.e2e.crash.scenario import WITH_REFERENCE, Expected, Scenario
from tests.e2e.crash.scenario_run import ScenarioRun
from tests.e2e.crash.task_kills import Play, once
from tests.e2e.crash.words import (
    ASKED_TO_STOP,
    NOT_RECORDED,
    NOTHING_RECORDED,
    REATTACHED,
    REPORTED,
    SAME_KEY,
    SUBMITTED,
    WATCHED_AGAIN,
)

BACK_AFTER = 20.0
"""Seconds that the API server stays away."""

MANY_RETRIES = {"retries": 8}
"""Airflow goes on to start tries while its workers reach no API server, and each of those counts as one."""

WELL_UNDER_WAY = 14
"""Status calls, one a second, after which whoever begins to watch is not taken for the first to do so."""

A_NEXT_TRY_COMES = 45.0
"""Seconds within which Airflow makes a next try of a task whose component died, if it does."""


def triggerer_ends(number: signal.Signals) -> Play:
    """End the only triggerer while the task is deferred, and start a new one."""

    def play(run: ScenarioRun) -> None:
        busy = run.proxy.on("answered", POLL, still_processing, times=None)
        run.start()
        run.wait_deferred(WELL_UNDER_WAY)
        run.stack.kill("triggerer", number)
        run.stack.add("triggerer")
        run.wait_deferred()
        busy.end()
        run.finish()

    return play


def taken_over(component: str) -> Play:
    """Kill one of two components of a kind while the task is deferred; the other one goes on."""

    def play(run: ScenarioRun) -> None:
        busy = run.proxy.on("answered", POLL, still_processing, times=None)
        run.start()
        run.wait_deferred(WELL_UNDER_WAY)
        second = f"{component}-2"
        run.stack.add(second)
        run.stack.wait_healthy([component, second], 120)
        run.stack.kill(component, signal.SIGKILL)
        run.wait_deferred(polls=2)
        busy.end()
        run.finish()
        run.stack.kill(second, signal.SIGKILL)
        run.stack.add(component)
        run.stack.wait_healthy([component], 120)

    return play


def gone(run: ScenarioRun, component: str, away: float, at_once: Callable[[], None] = lambda: None) -> None:
    """Kill a component, and bring it back after a time."""
    run.stack.kill(component, signal.SIGKILL)
    at_once()
    time.sleep(away)
    run.stack.add(component)
    run.stack.wait_healthy([component], 120)


def start_and_hold(run: ScenarioRun, moment: Moment, endpoint: Endpoint, until: threading.Event) -> None:
    """Bring the task to a call, which waits for its answer, or for the rest of it, from then on."""
    reached = threading.Event()
    run.proxy.on(moment, endpoint, hold_and_tell(until, reached), bytes_before=2000)
    run.start()
    if not reached.wait(120):
        raise TimeoutError(f"no {endpoint}")


def ends_while_recording(component: str, away: float) -> Play:
    """Kill a component while the request is with the gateway, whose answer comes while that is away."""

    def play(run: ScenarioRun) -> None:
        answer = threading.Event()
        start_and_hold(run, "answered", CREATE, answer)
        gone(run, component, away, answer.set)
        run.finish()

    return play


def ends_while_held(component: str, moment: Moment, endpoint: Endpoint, away: float = 0.0) -> Play:
    """Kill a component during a call whose answer comes when the next try asks for the same."""

    def play(run: ScenarioRun) -> None:
        let_go = threading.Event()
        start_and_hold(run, moment, endpoint, let_go)
        again = run.scenario.gateway.asks_again_at if endpoint is CREATE else endpoint
        run.proxy.on(moment, again, release(let_go), bytes_before=2000)
        gone(run, component, away)
        let_go.wait(A_NEXT_TRY_COMES)
        let_go.set()
        run.finish()

    return play


def ends_while_deferred(component: str, away: float = 0.0) -> Play:
    def play(run: ScenarioRun) -> None:
        busy = run.proxy.on("answered", POLL, still_processing, times=None)
        run.start()
        run.wait_deferred()
        gone(run, component, away, busy.end)
        run.finish()

    return play


def hold_and_tell(until: threading.Event, reached: threading.Event) -> Act:
    waiting = hold(until)

    def act(call: Call) -> None:
        reached.set()
        waiting(call)

    return act


def worker_killed_at_create(run: ScenarioRun) -> None:
    """The orphan's request reaches the gateway after the next try's first call."""
    next_try = threading.Event()
    run.proxy.on("received", CREATE, kill_worker_and_hold(next_try))
    run.proxy.on("answered", run.scenario.gateway.asks_again_at, release(next_try))
    once(run)
    time.sleep(5)  # for what the orphan may still do


def worker_killed_at_create_taken_in(run: ScenarioRun) -> None:
    """The gateway has taken the orphan's request in; the answer reaches it beside the next try."""
    next_try = threading.Event()
    run.proxy.on("answered", CREATE, kill_worker_and_hold(next_try))
    run.proxy.on("answered", run.scenario.gateway.asks_again_at, release(next_try))
    once(run)
    time.sleep(5)


def worker_killed_while_downloading(run: ScenarioRun) -> None:
    """The orphan writes its file beside the next try's."""
    next_try = threading.Event()
    run.proxy.on("handed", DOWNLOAD, kill_worker_and_hold(next_try), bytes_before=2000)
    run.proxy.on("handed", DOWNLOAD, release(next_try), bytes_before=2000)
    once(run)
    time.sleep(5)


def worker_killed_while_uploading(run: ScenarioRun) -> None:
    """The orphan has uploaded when the next try is about to pay, or has paid."""
    next_try = threading.Event()
    run.proxy.on("answered", UPLOAD, kill_worker_and_hold(next_try))
    run.proxy.on("received", CREATE, release(next_try))
    once(run)
    time.sleep(5)
    assert run.proxy.count(CREATE) == 1, run.proxy.calls


def worker_stopped_at_create(run: ScenarioRun) -> None:
    """SIGTERM to the worker above a task whose request is with the gateway."""

    def act(call: Call) -> None:
        os.kill(supervisor_of(call.pid()), signal.SIGTERM)
        time.sleep(3)

    run.proxy.on("answered", CREATE, act)
    once(run)


def _alone(
    name: str, play: Play, *says: str, postgresql: bool = False, arguments: Mapping[str, Any] | None = None
) -> Scenario:
    return Scenario(
        name,
        Expected(says=says),
        play,
        arguments=dict(arguments or {}),
        stage="alone",
        needs_postgresql=postgresql,
    )


SCENARIOS = [
    _alone("worker_killed_at_create", worker_killed_at_create, SAME_KEY),
    _alone("worker_killed_at_create_taken_in", worker_killed_at_create_taken_in, SAME_KEY),
    _alone("worker_killed_while_downloading", worker_killed_while_downloading, REATTACHED),
    _alone(
        "worker_killed_while_uploading",
        worker_killed_while_uploading,
        NOTHING_RECORDED,
        arguments=WITH_REFERENCE,
    ),
    _alone(
        "worker_killed_while_uploading_record_in_a_file",
        worker_killed_while_uploading,
        NOTHING_RECORDED,
        arguments={**WITH_REFERENCE, **IN_A_FILE},
    ),
    _alone(
        "worker_killed_at_create_record_in_a_file", worker_killed_at_create, SAME_KEY, arguments=IN_A_FILE
    ),
    _alone("worker_stopped_at_create", worker_stopped_at_create, ASKED_TO_STOP),
    _alone("triggerer_killed", triggerer_ends(signal.SIGKILL), WATCHED_AGAIN),
    _alone("triggerer_stopped", triggerer_ends(signal.SIGTERM), WATCHED_AGAIN),
    _alone("scheduler_killed_while_deferred", ends_while_deferred("scheduler"), REPORTED),
    _alone("scheduler_killed_while_submitting", ends_while_held("scheduler", "answered", CREATE), SAME_KEY),
    _alone(
        "scheduler_killed_while_downloading", ends_while_held("scheduler", "handed", DOWNLOAD), REATTACHED
    ),
    _alone(
        "api_server_away_20_s_while_deferred",
        ends_while_deferred("api-server", BACK_AFTER),
        REATTACHED,
        arguments=MANY_RETRIES,
    ),
    _alone(
        "api_server_away_20_s_while_submitting",
        ends_while_held("api-server", "answered", CREATE, BACK_AFTER),
        SAME_KEY,
        arguments=MANY_RETRIES,
    ),
    _alone(
        "api_server_away_20_s_while_recording",
        ends_while_recording("api-server", BACK_AFTER),
        NOT_RECORDED,
        SAME_KEY,
        arguments=MANY_RETRIES,
    ),
    _alone(
        "api_server_away_20_s_while_recording_in_a_file",
        ends_while_recording("api-server", BACK_AFTER),
        SUBMITTED,
        REATTACHED,
        arguments={**MANY_RETRIES, **IN_A_FILE},
    ),
    _alone("triggerer_killed_other_takes_over", taken_over("triggerer"), WATCHED_AGAIN, postgresql=True),
    _alone("scheduler_killed_other_takes_over", taken_over("scheduler"), REPORTED, postgresql=True),
]
