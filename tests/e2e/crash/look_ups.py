"""Scenarios of a gateway that replays no keys: a request without an answer is looked up there."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from tests.e2e.crash.actions import cut, edited, hold, kill_task, kill_worker_and_hold, reply
from tests.e2e.crash.gateways import TOAPIS
from tests.e2e.crash.proxy import CREATE, LOOK_UP, Act
from tests.e2e.crash.record_places import IN_A_FILE
from tests.e2e.crash.scenario import Expected, Scenario
from tests.e2e.crash.scenario_run import ScenarioRun
from tests.e2e.crash.task_kills import Play, once
from tests.e2e.crash.words import ASKS, FOUND, IN_THE_SAME_TRY, LOOKED_UP, NO_RETRY, NOT_YET, UNDER_A_NEW_KEY

RESUBMIT = {"on_uncertain_submission": "resubmit"}
_FOUND_LATER = (("toapis_lookup", "delayed"),)
_UNKNOWN = reply(404, json.dumps({"error": {"code": "task_not_found", "message": "No image task"}}))
_UNAVAILABLE = reply(503, "<html><body>A proxy's page</body></html>", "text/html")


def asked(run: ScenarioRun) -> None:
    """Let the run go its way, to where a person is asked."""
    run.start()
    run.finish("failed")
    failure = run.failure()
    assert (failure["submitted"], failure["generation_id"]) == (None, None), failure
    assert run.proxy.count(CREATE) <= 1, run.proxy.calls


def asked_then_cleared(run: ScenarioRun) -> None:
    """The clear after the question is the answer: one more look, and a new submission."""
    asked(run)
    looks = run.proxy.count(LOOK_UP)
    run.clear()
    run.finish()
    assert run.proxy.count(LOOK_UP) == looks + 1, run.proxy.calls


def lost(act: Act, play: Play, *, taken_in: bool = True) -> Play:
    """
    Let no answer to the first paid call come.

    :param act: what becomes of the caller.
    """

    def played(run: ScenarioRun) -> None:
        run.proxy.on("answered" if taken_in else "received", CREATE, act)
        play(run)

    return played


def killed_while_looking_up(run: ScenarioRun) -> None:
    run.proxy.on("received", LOOK_UP, kill_task)
    once(run)


def look_up_fails(act: Act, tries: int) -> Play:
    """
    Let the look-up not be answered for a whole try.

    :param tries: which try comes after that one.
    """

    def play(run: ScenarioRun) -> None:
        away = run.proxy.on("received", LOOK_UP, act, times=None)
        run.start()
        run.wait_task("queued", "running", "deferred", tries=tries)
        away.end()
        run.finish()

    return play


def asked_then_found(run: ScenarioRun) -> None:
    """What the gateway does not know by its id within a minute, it may know when somebody clears."""
    unknown = run.proxy.on("answered", LOOK_UP, _UNKNOWN, times=None)
    asked(run)
    unknown.end()
    run.clear()
    run.finish()


def cleared_before_anybody_was_asked(run: ScenarioRun) -> None:
    """A clear that comes before the question is not taken for an answer to it."""
    run.start()
    run.finish("failed")
    assert run.proxy.count(LOOK_UP) == 0, run.proxy.calls
    run.clear()
    run.finish("failed")
    assert run.proxy.count(CREATE) == 1, run.proxy.calls
    run.clear()
    run.finish()


def another_ones_is_found(run: ScenarioRun) -> None:
    """A deployment with the same ids has sent the same id, a day before."""
    once(run)
    run.delete_run()
    a_day_ago = edited(created_at=int(time.time()) - 24 * 3600)
    run.proxy.on("answered", LOOK_UP, a_day_ago, times=None)
    run.proxy.on("received", CREATE, cut)
    run.start()
    run.finish("failed")
    assert run.failure()["submitted"] is None, run.failure()
    run.clear()
    run.finish()


def orphan_slower_than_the_look_up(run: ScenarioRun) -> None:
    """The next try looks up, and asks, before the orphan's request has reached the gateway."""
    let_go = threading.Event()
    run.proxy.on("received", CREATE, kill_worker_and_hold(let_go))
    taken_in = run.proxy.on("answered", CREATE, hold(let_go))
    asked(run)
    let_go.set()
    taken_in.wait_hit()
    run.clear()
    run.finish()


def _on_toapis(name: str, play: Play, *says: str, paid: int = 1, files: int = 1, **more: Any) -> Scenario:
    expected = Expected(paid=paid, files=files, says=says)
    return Scenario(f"toapis_{name}", expected, play, gateway=TOAPIS, **more)


_ASKED = (LOOKED_UP, ASKS, NO_RETRY)

SCENARIOS = [
    _on_toapis(
        "task_killed_after_intent_then_cleared", asked_then_cleared, *_ASKED, die_at=("after intent",)
    ),
    _on_toapis(
        "task_killed_after_intent_resubmit",
        once,
        LOOKED_UP,
        UNDER_A_NEW_KEY,
        arguments=RESUBMIT,
        die_at=("after intent",),
    ),
    _on_toapis(
        "task_killed_create_sent_not_taken_in_then_cleared",
        lost(kill_task, asked_then_cleared, taken_in=False),
        *_ASKED,
    ),
    _on_toapis(
        "create_cut_before_taken_in_then_cleared",
        lost(cut, asked_then_cleared, taken_in=False),
        IN_THE_SAME_TRY,
        ASKS,
        NO_RETRY,
    ),
    _on_toapis(
        "task_killed_looking_up_in_the_same_try",
        lost(cut, killed_while_looking_up),
        IN_THE_SAME_TRY,
        LOOKED_UP,
        FOUND,
    ),
    _on_toapis(
        "task_killed_looking_up_in_the_next_try", lost(kill_task, killed_while_looking_up), LOOKED_UP, FOUND
    ),
    _on_toapis(
        "task_killed_looking_up_record_in_a_file",
        lost(kill_task, killed_while_looking_up),
        LOOKED_UP,
        FOUND,
        arguments=IN_A_FILE,
    ),
    _on_toapis(
        "create_cut_found_later",
        lost(cut, once),
        IN_THE_SAME_TRY,
        NOT_YET,
        FOUND,
        assumptions=_FOUND_LATER,
    ),
    _on_toapis(
        "create_cut_look_up_unreachable",
        lost(cut, look_up_fails(cut, tries=2)),
        "it could not be looked up under its id rivya-",
        LOOKED_UP,
        FOUND,
    ),
    _on_toapis(
        "task_killed_create_taken_in_look_up_5xx",
        lost(kill_task, look_up_fails(_UNAVAILABLE, tries=3)),
        "it could not be looked up under its id rivya-",
        LOOKED_UP,
        FOUND,
        arguments={"retries": 3},
    ),
    _on_toapis("asked_then_cleared_and_found", lost(kill_task, asked_then_found), *_ASKED, FOUND),
    _on_toapis(
        "cleared_before_anybody_was_asked",
        lost(kill_task, cleared_before_anybody_was_asked, taken_in=False),
        LOOKED_UP,
        ASKS,
        arguments={"retries": 0},
    ),
    _on_toapis(
        "same_ids_without_namespace",
        another_ones_is_found,
        "that is another task's",
        "idempotency_namespace",
        paid=2,
        files=2,
    ),
    _on_toapis(
        "worker_killed_at_create_slower_than_the_look_up",
        orphan_slower_than_the_look_up,
        *_ASKED,
        FOUND,
        stage="alone",
    ),
]
