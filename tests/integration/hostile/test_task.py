"""Real tasks and odd answers: a paid one is never lost to a field that nobody needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import NewTask
from tests.integration.gateways import at_each
from tests.integration.hostile.gateway import DONE, HostileGateway, picture, well

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


def _saying(document: Any) -> Callable[[], bytes]:
    return lambda: well(document)
