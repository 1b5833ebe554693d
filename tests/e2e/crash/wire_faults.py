"""Scenarios that kill nothing: faults of the network and of the gateway, and timeouts."""

from __future__ import annotations

import time

from tests.e2e.crash.actions import cut, edited, rate_limited, reply, still_processing
from tests.e2e.crash.proxy import CREATE, DOWNLOAD, POLL, Act, Moment
from tests.e2e.crash.scenario import Expected, Scenario
from tests.e2e.crash.scenario_run import ScenarioRun
from tests.e2e.crash.task_kills import Play, once
from tests.e2e.crash.words import (
    PAID_AND_THERE,
    REATTACHED,
    REPEATED,
    SAME_KEY,
    UNDER_THE_SAME_KEY,
    WATCHED_ON,
)

HTML = "<html><body>A proxy's page</body></html>"
CONFLICT = '{"error": {"code": "idempotency_conflict", "message": "in progress"}}'


def at_create(moment: Moment, act: Act, times: int = 1, needed: int | None = None) -> Play:
    """Let a fault hit the paid call."""

    def play(run: ScenarioRun) -> None:
        run.proxy.on(moment, CREATE, act, times=times, needed=needed)
        once(run)

    return play


def while_polling(act: Act, *, times: int | None = None, seconds: float = 0.0) -> Play:
    """Let a fault hit a number of status calls, or all of them for a time."""

    def play(run: ScenarioRun) -> None:
        busy = run.proxy.on("answered", POLL, still_processing, times=None)
        run.start()
        run.wait_deferred()
        rule = run.proxy.on("received", POLL, act, times=times)
        rule.wait_hit()
        busy.end()
        if times is None:
            time.sleep(seconds)
            rule.end()
        run.finish()

    return play


def unreachable_for_a_minute(run: ScenarioRun) -> None:
    busy = run.proxy.on("answered", POLL, still_processing, times=None)
    run.start()
    run.wait_deferred()
    run.proxy.close()
    time.sleep(60)
    busy.end()
    run.proxy.open()
    run.finish()


def unknown_status(run: ScenarioRun) -> None:
    run.proxy.on("answered", POLL, edited("result", "url", status="in_review"), times=6)
    once(run)


def too_slow_for_the_first_try(run: ScenarioRun) -> None:
    busy = run.proxy.on("answered", POLL, still_processing, times=None)
    run.start()
    run.wait_task("up_for_retry", "queued", "running", "deferred", "success", tries=2)
    busy.end()
    run.finish()


def result_url_fails(run: ScenarioRun) -> None:
    run.proxy.on("handed", DOWNLOAD, cut, times=3, bytes_before=500)
    once(run)


def result_url_is_gone(run: ScenarioRun) -> None:
    """For as many times as there are tries: a 404 is not asked again within a try."""
    run.proxy.on("received", DOWNLOAD, reply(404), times=3)
    run.start()
    run.finish("failed")
    run.clear()
    run.finish()


def failed_and_refunded(run: ScenarioRun) -> None:
    run.fail_next_generation(refund=True)
    once(run)


def failed_then_cleared(*, refund: bool) -> Play:
    def play(run: ScenarioRun) -> None:
        run.fail_next_generation(refund=refund)
        run.start()
        run.finish("failed")
        assert run.failure()["kind"] == "generation_failed"
        run.clear()
        run.finish()

    return play


def credits_run_out(run: ScenarioRun) -> None:
    run.sandbox.control("POST", "credits", {"account": run.scenario.name, "credits": 0})
    run.start()
    run.finish("failed")
    failure = run.failure()
    assert (failure["kind"], failure["submitted"]) == ("credits", False)
    run.sandbox.control("POST", "credits", {"account": run.scenario.name, "credits": 100})
    run.clear()
    run.finish()


def key_replaced_while_waiting(run: ScenarioRun) -> None:
    busy = run.proxy.on("answered", POLL, still_processing, times=None)
    run.start()
    run.wait_deferred()
    name, new = run.scenario.name, f"{run.scenario.key}_new"
    run.sandbox.control("POST", "keys", {"key": run.scenario.key, "account": name, "state": "revoked"})
    polled = run.proxy.count(POLL)
    run.proxy.wait_calls(POLL, polled + 3)
    run.sandbox.control("POST", "keys", {"key": new, "account": name})
    run.connect(new)
    busy.end()
    run.finish()


SCENARIOS = [
    Scenario(
        "create_cut_after_taken_in",
        Expected(says=(REPEATED, UNDER_THE_SAME_KEY)),
        at_create("answered", cut),
    ),
    Scenario(
        "create_cut_five_times",
        Expected(says=(REPEATED, UNDER_THE_SAME_KEY, SAME_KEY)),
        at_create("answered", cut, 5),
    ),
    Scenario(
        "create_answers_html",
        Expected(says=(REPEATED, UNDER_THE_SAME_KEY)),
        at_create("answered", reply(200, HTML, "text/html")),
    ),
    Scenario(
        "create_5xx_burst",
        Expected(says=(REPEATED, UNDER_THE_SAME_KEY, SAME_KEY)),
        # At a gateway that replays no keys the first one is looked up.
        at_create("answered", reply(503), 6, needed=1),
    ),
    Scenario(
        "create_conflict_in_progress",
        Expected(says=("It may be in progress: asking again in",)),
        at_create("received", reply(409, CONFLICT), 2),
    ),
    Scenario("create_429", Expected(says=(REPEATED,)), at_create("received", rate_limited, 2)),
    Scenario("unreachable_60_s", Expected(says=(WATCHED_ON,)), unreachable_for_a_minute),
    Scenario("polls_429_for_60_s", Expected(says=(WATCHED_ON,)), while_polling(rate_limited, seconds=60)),
    Scenario("polls_5xx_burst", Expected(says=(WATCHED_ON,)), while_polling(reply(502), times=8)),
    Scenario(
        "polls_html", Expected(says=(WATCHED_ON,)), while_polling(reply(200, HTML, "text/html"), times=5)
    ),
    Scenario("polls_cut", Expected(says=(WATCHED_ON,)), while_polling(cut, times=5)),
    Scenario(
        "unknown_status",
        Expected(says=("(a status this release does not know; taken as not ended)",)),
        unknown_status,
    ),
    Scenario(
        "timeout_then_retry",
        Expected(
            says=("did not end within the timeout", "re-attaches to it and does not pay again", REATTACHED)
        ),
        too_slow_for_the_first_try,
        arguments={"timeout": 6},
    ),
    Scenario(
        "deferral_timeout_then_retry",
        Expected(says=("Airflow ended the deferral", "re-attaches to it and does not pay again", REATTACHED)),
        too_slow_for_the_first_try,
        backstop=-592.0,
    ),
    Scenario(
        "result_url_cut_three_times",
        Expected(says=("Attempt 1 to fetch a result failed", PAID_AND_THERE, REATTACHED)),
        result_url_fails,
    ),
    Scenario("result_url_gone_then_cleared", Expected(says=(PAID_AND_THERE, REATTACHED)), result_url_is_gone),
    Scenario(
        "failed_with_refund",
        Expected(
            refunded=1,
            says=("It cost nothing (final credits 0)", "(failed), which cost 0 credits. This try submits"),
        ),
        failed_and_refunded,
    ),
    Scenario(
        "failed_without_refund_then_cleared",
        Expected(paid=2, says=("No retry is made, as it would pay again",)),
        failed_then_cleared(refund=False),
    ),
    Scenario(
        "credits_run_out", Expected(says=("Nothing was submitted and nothing was charged",)), credits_run_out
    ),
    Scenario(
        "key_replaced_while_waiting",
        Expected(says=(WATCHED_ON,)),
        key_replaced_while_waiting,
        stored_connection=True,
    ),
]
