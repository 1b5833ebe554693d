"""What the documentation says of crashes is what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.submission.submission_losses import (
    KEYS,
    STEPS,
    crash,
    keys_table,
    moments_table,
    retries,
)

RECOVER = Path(__file__).parents[3] / "docs" / "recover.md"


@pytest.mark.usefixtures("unheard")
def test_the_documented_tables_are_true() -> None:
    text = RECOVER.read_text()
    assert "\n".join(keys_table()) in text
    assert "\n".join(moments_table()) in text


@pytest.mark.usefixtures("unheard")
def test_a_try_without_trouble_has_no_more_moments() -> None:
    process, world = crash(KEYS[0], STEPS)
    assert (process.end, len(world.gateway.made), world.lost) == ("delivered", 1, [])
    process, _ = crash(KEYS[0], STEPS - 1)
    assert process.end is None


@pytest.mark.usefixtures("unheard")
def test_a_lost_record_is_made_up_for_by_the_key() -> None:
    """Somebody deletes it, at whatever moment: the retry of the same request has the same key."""
    for steps in range(STEPS):
        _, world = crash(KEYS[0], steps)
        world.place.document = None
        cost = retries(world)
        assert (cost.end, cost.beyond, cost.lost) == ("delivered", 0, 0)
