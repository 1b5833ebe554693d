"""Scenarios of many rows in one task, whose processes die at random moments."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from itertools import chain
from typing import Any

from tests.e2e.crash.actions import kill_task, kill_worker_and_hold, release
from tests.e2e.crash.gateways import RIVYA, TOAPIS, Gateway
from tests.e2e.crash.processes import supervisor_of
from tests.e2e.crash.proxy import CREATE, DOWNLOAD, Call, CutError, Endpoint, Moment
from tests.e2e.crash.scenario import Expected, Scenario, Stage
from tests.e2e.crash.scenario_run import ScenarioRun
from tests.e2e.crash.task_kills import Play

SAME_PLAN = "row(s) that an earlier try has made"
OVER = "The batch is over (done)"

VICTIMS = ("task", "worker", "triggerer", "scheduler", "api-server")
ENOUGH = 10_000.0  # credits, for all rows of any of them
Moments = tuple[tuple[Moment, Endpoint], ...]
_ANY: Moments = (("received", CREATE), ("answered", CREATE), ("handed", DOWNLOAD))
_LANDING: Moments = (("handed", DOWNLOAD),)
"""What was sent is known there: nothing has to be looked up, which takes ToAPIs a minute."""


def killed_at_random(
    victims: tuple[str, ...], count: int, *, between: tuple[float, float], moments: Moments = _ANY
) -> Play:
    """
    Kill, again and again; bring components back at once; then clear the task once.

    :param victims: a task process is killed at a call of its own, the others at any time.
    :param between: seconds from one kill to the next.
    :param moments: at which a task, or the worker above it, is killed.
    """

    def play(run: ScenarioRun) -> None:
        seed = int(os.environ.get("CRASH_SEED", "") or random.SystemRandom().randrange(10**6))
        print(f"{run.scenario.name}: CRASH_SEED={seed}", flush=True)
        dice = random.Random(seed)  # noqa: S311 - no secret depends on it
        run.sandbox.control("POST", "credits", {"account": run.scenario.name, "credits": ENOUGH})
        run.start()
        killed = 0
        # Each kind once before chance alone decides.
        order = chain(victims, iter(lambda: dice.choice(victims), None))
        while killed < count:
            time.sleep(dice.uniform(*between))
            if _ended(run):
                break
            killed += _kill(run, next(order), dice.choice(moments))
        print(f"{run.scenario.name}: {killed} killed", flush=True)
        run.finish("success")
        run.clear()
        run.finish("success")

    return play


def _ended(run: ScenarioRun) -> bool:
    return run.ask(lambda: run.client.run_state(run.scenario.name, run.run_id)) in (
        "success",
        "failed",
    )


def _kill(run: ScenarioRun, victim: str, when: tuple[Moment, Endpoint]) -> int:
    if victim in ("task", "worker"):
        moment, endpoint = when
        act = kill_task if victim == "task" else kill_worker
        rule = run.proxy.on(moment, endpoint, _if_alive(act), needed=0, bytes_before=2000)
        hit = rule.hit.wait(15)
        rule.end()
        return int(hit)
    run.stack.kill(victim, signal.SIGKILL)
    run.stack.add(victim)
    run.stack.wait_healthy([victim], 300)
    return 1


def _if_alive(act: Callable[[Call], None]) -> Callable[[Call], None]:
    """A caller that is gone already is no fault."""

    def on(call: Call) -> None:
        try:
            act(call)
        except LookupError as error:
            raise CutError from error

    return on


def kill_worker(call: Call) -> None:
    """SIGKILL the LocalExecutor worker above the calling task process, which goes on without it."""
    os.kill(supervisor_of(call.pid()), signal.SIGKILL)


def two_at_once(run: ScenarioRun) -> None:
    """The worker dies, its task goes on; when the next try has begun to pay, the first one's answers come."""
    next_try = threading.Event()
    run.proxy.on("answered", CREATE, kill_worker_and_hold(next_try))
    run.start()
    run.wait_task("running", "deferred", tries=2, timeout=150)
    run.proxy.on("answered", run.scenario.gateway.asks_again_at, release(next_try), needed=0)
    next_try.wait(60)
    next_try.set()
    run.finish("success")


def rows_of(count: int) -> list[dict[str, Any]]:
    return [{"sku": f"p{number:03}", "title": f"Product {number}"} for number in range(count)]


def _batch(
    name: str,
    rows: int,
    play: Play,
    *says: str,
    gateway: Gateway = RIVYA,
    stage: Stage = "alone",
    **arguments: Any,
) -> Scenario:
    given = {
        "rows": rows_of(rows),
        "row_key": "sku",
        "prompt": "A photograph of {title}",
        "manifest_format": "jsonl",
        "max_running": 20,
        "retries": 60,
        **arguments,
    }
    if gateway is TOAPIS:
        # Here a look-up finds what was taken in: what it does not find was never sent.
        given["on_uncertain_submission"] = "resubmit"
    return Scenario(
        name,
        Expected(paid=rows, files=rows, says=(OVER, *says)),
        play,
        arguments=given,
        gateway=gateway,
        stage=stage,
        batch=True,
    )


_BUSY = killed_at_random(VICTIMS, 20, between=(1.0, 6.0))
_TASKS = killed_at_random(("task", "worker"), 3, between=(0.5, 3.0))
_WHILE_LANDING = killed_at_random(("task",), 3, between=(0.5, 3.0), moments=_LANDING)

SCENARIOS = [
    _batch("batch_20_kills", 300, _BUSY, SAME_PLAN),
    _batch("toapis_batch_20_kills", 300, _BUSY, SAME_PLAN, gateway=TOAPIS),
    _batch("batch_two_copies_at_once", 40, two_at_once, SAME_PLAN),
    _batch("toapis_batch_two_copies_at_once", 40, two_at_once, SAME_PLAN, gateway=TOAPIS),
    _batch("batch_tasks_killed", 40, _TASKS, SAME_PLAN),
    _batch("toapis_batch_tasks_killed", 40, _WHILE_LANDING, SAME_PLAN, gateway=TOAPIS),
    _batch(
        "batch_triggerer_killed",
        40,
        killed_at_random(("triggerer", "task"), 3, between=(0.5, 3.0)),
        SAME_PLAN,
    ),
]
