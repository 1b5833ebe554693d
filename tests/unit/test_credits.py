"""Numbers of credits, in words."""

from __future__ import annotations

import pytest

from airflow_provider_rivya.credits import in_credits


@pytest.mark.parametrize(
    ("credits", "text"),
    [
        (1, "1 credit"),
        (1.0, "1 credit"),
        (6.3, "6.3 credits"),
        (18.900000000000002, "18.9 credits"),
        (0, "0 credits"),
        (1_234_567, "1234567 credits"),
        (None, "an unknown number of credits"),
    ],
)
def test_a_number_of_credits_is_told_to_the_last_digit(credits: float | None, text: str) -> None:
    assert in_credits(credits) == text
