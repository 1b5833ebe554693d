"""What the documentation says of crashes is what the code does."""

from __future__ import annotations

import pytest

from tests.unit.submission.submission_losses import (
    KEYS,
    STEPS,
    a_lost_record_costs_nothing,
    crash,
    tables_are_documented,
)


@pytest.mark.usefixtures("unheard")
def test_the_documented_tables_are_true() -> None:
    tables_are_documented()


@pytest.mark.usefixtures("unheard")
def test_a_try_without_trouble_has_no_more_moments() -> None:
    process, world = crash(KEYS[0], STEPS)
    assert (process.end, len(world.gateway.made), world.lost) == ("delivered", 1, [])
    process, _ = crash(KEYS[0], STEPS - 1)
    assert process.end is None


@pytest.mark.usefixtures("unheard")
def test_a_lost_record_is_made_up_for_by_the_key() -> None:
    a_lost_record_costs_nothing()
