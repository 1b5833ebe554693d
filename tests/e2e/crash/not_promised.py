"""
What a gateway without idempotency keys leaves to a parameter, or to a person; judged, and listed apart.

The gateway has taken a request in, its answer is lost, and it never finds the request by its id.
"""

from __future__ import annotations

from dataclasses import replace

from tests.e2e.crash.actions import cut, kill_task
from tests.e2e.crash.gateways import TOAPIS
from tests.e2e.crash.look_ups import RESUBMIT, asked, asked_then_cleared, lost
from tests.e2e.crash.proxy import Act
from tests.e2e.crash.scenario import Expected, NotPromised, Scenario
from tests.e2e.crash.task_kills import Play, once
from tests.e2e.crash.words import ASKS, IN_THE_SAME_TRY, LOOKED_UP, NO_RETRY, UNDER_A_NEW_KEY

_NEVER_FOUND = (("toapis_lookup", "never"),)
_DEFAULT = 'on_uncertain_submission="fail" (default)'

# How the answer is lost: what becomes of the caller, a row of the table, who says that it is looked up.
_LOST: tuple[tuple[str, Act, str, str], ...] = (
    ("create_cut", cut, "answer lost for good, or a 5xx in its place", IN_THE_SAME_TRY),
    (
        "task_killed_create_taken_in",
        kill_task,
        "killed after it was accepted, before that is recorded",
        LOOKED_UP,
    ),
)

# What is set and done, and what comes of it. The first generation's result stays at the gateway.
_ENDINGS: tuple[tuple[str, Play, Expected, NotPromised], ...] = (
    (
        "never_found",
        asked,
        Expected(files=0, abandoned=1, state="failed", says=(ASKS, NO_RETRY)),
        NotPromised("", "ToAPIs, not found", "stops and asks", _DEFAULT),
    ),
    (
        "never_found_then_cleared",
        asked_then_cleared,
        Expected(paid=2, abandoned=1, says=(ASKS, NO_RETRY, UNDER_A_NEW_KEY)),
        NotPromised("", "ToAPIs, not found", "stops and asks", f"{_DEFAULT}, and then who clears it"),
    ),
    (
        "never_found_resubmit",
        once,
        Expected(paid=2, abandoned=1, says=(UNDER_A_NEW_KEY,)),
        NotPromised(
            "", 'ToAPIs, not found, `"resubmit"`', "pays twice", 'on_uncertain_submission="resubmit"'
        ),
    ),
)


def _scenarios() -> list[Scenario]:
    made = []
    for moment, act, row, looked_up in _LOST:
        for ending, play, expected, outcome in _ENDINGS:
            made.append(
                Scenario(
                    f"toapis_{moment}_{ending}",
                    replace(expected, says=(looked_up, *expected.says)),
                    lost(act, play),
                    arguments=RESUBMIT if ending.endswith("resubmit") else {},
                    gateway=TOAPIS,
                    assumptions=_NEVER_FOUND,
                    instead=replace(outcome, moment=row),
                )
            )
    return made


SCENARIOS = _scenarios()
