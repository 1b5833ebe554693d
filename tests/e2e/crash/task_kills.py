"""SIGKILL of the task process, at every moment of a paid call; each also with a reference file."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.crash.actions import kill_task
from tests.e2e.crash.proxy import CREATE, DOWNLOAD, UPLOAD
from tests.e2e.crash.scenario import WITH_REFERENCE, Expected, Scenario
from tests.e2e.crash.scenario_run import ScenarioRun
from tests.e2e.crash.words import NOTHING_RECORDED, REATTACHED, SAME_KEY

Play = Callable[[ScenarioRun], None]


def once(run: ScenarioRun) -> None:
    """Let the run go its way."""
    run.start()
    run.finish()


def killed_before_create_is_taken_in(run: ScenarioRun) -> None:
    """The request is sent, and never reaches the gateway; the next try cannot know that."""
    run.proxy.on("received", CREATE, kill_task)
    once(run)


def killed_at_create_taken_in(run: ScenarioRun) -> None:
    """The gateway has taken the request in, and nobody hears its answer."""
    run.proxy.on("answered", CREATE, kill_task)
    once(run)


def killed_while_downloading(run: ScenarioRun) -> None:
    run.proxy.on("handed", DOWNLOAD, kill_task, bytes_before=2000)
    once(run)


def killed_while_uploading(run: ScenarioRun) -> None:
    run.proxy.on("answered", UPLOAD, kill_task)
    once(run)


# Name, what is played, where the process dies beside its record, what the next try says.
_MOMENTS: tuple[tuple[str, Play, str | None, tuple[str, ...]], ...] = (
    ("before_intent", once, "before intent", (NOTHING_RECORDED,)),
    ("after_intent", once, "after intent", (SAME_KEY,)),
    ("create_sent_not_taken_in", killed_before_create_is_taken_in, None, (SAME_KEY,)),
    ("create_taken_in", killed_at_create_taken_in, None, (SAME_KEY,)),
    ("answered_not_recorded", once, "before submitted", (SAME_KEY,)),
    ("recorded_not_deferred", once, "after submitted", (REATTACHED,)),
    ("downloading", killed_while_downloading, None, (REATTACHED,)),
    ("landed_not_recorded", once, "before delivered", (REATTACHED,)),
    ("recorded_not_succeeded", once, "after delivered", (REATTACHED,)),
)


def _scenarios() -> list[Scenario]:
    made = []
    for name, play, moment, says in _MOMENTS:
        for suffix, arguments in (("", {}), ("_with_reference", WITH_REFERENCE)):
            made.append(
                Scenario(
                    f"task_killed_{name}{suffix}",
                    Expected(says=says),
                    play,
                    arguments=dict(arguments),
                    die_at=() if moment is None else (moment,),
                )
            )
    made.append(
        Scenario(
            "task_killed_uploading_with_reference",
            Expected(says=(NOTHING_RECORDED,)),
            killed_while_uploading,
            arguments=dict(WITH_REFERENCE),
        )
    )
    made.append(
        Scenario(
            "task_killed_at_every_moment",
            Expected(says=(NOTHING_RECORDED, SAME_KEY, REATTACHED)),
            killed_while_downloading,
            arguments={"retries": 8, **WITH_REFERENCE},
            die_at=tuple(moment for _, _, moment, _ in _MOMENTS if moment is not None),
        )
    )
    return made


SCENARIOS: list[Scenario] = _scenarios()
