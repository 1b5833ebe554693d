"""Real tasks and odd answers: a paid one is never lost to a field that nobody needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Connect, NewTask
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.hostile.answers import of_states
from tests.integration.hostile.gateway import DONE, ENDED, HostileGateway, Raw, picture, well

_CREATED = '{"id": "@ID@", "status": "queued", "reserved_credits": %s}'


@at_each
@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize(
    ("created", "ended"),
    [
        ((_CREATED % "NaN").encode(), {"final_credits": float("nan")}),
        ((_CREATED % "1e400").encode(), {"final_credits": "n/a", "status": "SUCCEEDED", "model": "a\x00b"}),
    ],
    ids=["nan", "1e400"],
)
def test_a_task_lands_what_it_has_paid_for(
    hostile: HostileGateway,
    new_task: NewTask,
    landing: Path,
    deferrable: bool,
    created: bytes,
    ended: dict[str, Any],
) -> None:
    hostile.creations = [_saying(created)]
    hostile.states = {"*": _saying({**DONE, **ended})}
    run = new_task(deferrable=deferrable)
    assert run.run().state == "success"
    assert run.xcom()["credits_final"] is None
    assert [file.read_bytes() for file in landing.iterdir()] == [picture()]
    assert hostile.paid == 1


GOING_ON = [
    odd
    for odd in of_states()
    if odd.outcome == "goes on" and not odd.name.startswith(("429", "trickling", "silent"))
]
"""Not those that ask for a pause, or never end: those are in test_waiting.py."""


@at_each
def test_a_task_that_is_told_everything(
    hostile: HostileGateway, gateway: TestedGateway, connect: Connect, new_task: NewTask, landing: Path
) -> None:
    """One odd answer after the other, deferred or not: it goes on until it is told the end."""
    connect(poll_max=0.05)
    between = well({"id": "@ID@", "status": "processing"})
    answers: list[Callable[[], Raw]] = []
    for number, odd in enumerate(GOING_ON):
        answers += [odd.make] if number % 5 else [lambda: between, odd.make]
    assert len(GOING_ON) >= 80
    hostile.states = {"*": lambda: answers.pop()() if answers else ENDED}
    run = new_task(deferrable=gateway.replays_keys, timeout=timedelta(minutes=5))
    done = run.run()
    assert done.state == "success", done.text
    assert answers == []
    assert [file.read_bytes() for file in landing.iterdir()] == [picture()]
    assert hostile.paid == 1


def _saying(document: Any) -> Callable[[], bytes]:
    return lambda: well(document)
