"""What a generation may cost, with plain numbers."""

from __future__ import annotations

import pytest

from airflow_provider_rivya.api.schemas import Balance
from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.model import ModelSpec
from airflow_provider_rivya.exceptions import InsufficientCreditsError, InvalidRequestError
from airflow_provider_rivya.request.budget import (
    NO_BUDGET,
    Budget,
    check_balance,
    price_faults,
    surprise,
)


def spec(model: str, gateway: str = "rivya") -> ModelSpec:
    found = load_catalog(gateway).get(model)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("model", "budget", "words"),
    [
        ("nano-banana-2", NO_BUDGET, []),
        ("nano-banana-2", Budget(max_credits=5), []),
        ("nano-banana-2", Budget(max_credits=4.5), ["nano-banana-2 costs 5 credits, the limit is 4.5"]),
        ("grok-imagine", Budget(max_credits=4), ["it depends on enable_pro"]),
        ("grok-imagine", Budget(max_credits=4, allow_estimates=True), []),
        ("grok-imagine", Budget(max_credits=3), ["the limit is 3", "is an estimate"]),
        ("elevenlabs-turbo-2-5", Budget(max_credits=10), ["billing is METERED"]),
        ("elevenlabs-turbo-2-5", Budget(max_credits=5, allow_estimates=True), ["costs 6 credits"]),
    ],
)
def test_the_limit(model: str, budget: Budget, words: list[str]) -> None:
    found = price_faults(spec(model), budget)
    assert [fault.path for fault in found] == ["max_credits"] * len(words)
    for fault, word in zip(found, words, strict=True):
        assert word in str(fault)


def test_the_price_of_an_unknown_model_is_not_known() -> None:
    assert price_faults(None, NO_BUDGET) == []
    (fault,) = price_faults(None, Budget(max_credits=1000))
    assert "not known" in fault.problem


@pytest.mark.parametrize("allow_estimates", [False, True])
def test_no_limit_can_be_kept_without_a_documented_price(allow_estimates: bool) -> None:
    kling = spec("kling-v3", "toapis")
    assert price_faults(kling, NO_BUDGET) == []
    (fault,) = price_faults(kling, Budget(max_credits=1000, allow_estimates=allow_estimates))
    assert str(fault) == (
        "max_credits: no page of the documentation shows a price of kling-v3, so no limit can be kept; "
        "allowed: a request without max_credits"
    )


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"resolution": "1K"}, []),
        ({"resolution": "4K"}, []),
        ({"resolution": "4K", "n": 2}, ["gpt-image-2 costs 10 credits, the limit is 5"]),
    ],
)
def test_the_limit_counts_what_the_request_asks_for(params: dict[str, object], words: list[str]) -> None:
    found = price_faults(spec("gpt-image-2", "toapis"), Budget(5, allow_estimates=True), params)
    assert [fault.problem for fault in found] == words


def test_list_prices_are_estimates() -> None:
    (fault,) = price_faults(spec("nano-banana-pro", "toapis"), Budget(max_credits=50))
    assert "the account's own price decides" in fault.problem
    assert fault.allowed.startswith("allow_estimates=True")


def test_what_must_be_left_with_an_unknown_price() -> None:
    budget = Budget(min_credits_left=10)
    kling = spec("kling-v3", "toapis")
    check_balance(Balance(credits=10), kling, budget, "toapis_default")
    with pytest.raises(InsufficientCreditsError, match=r"even before the unknown price of this generation"):
        check_balance(Balance(credits=9), kling, budget, "toapis_default")


def test_a_reserved_amount_of_a_model_without_a_price() -> None:
    kling = spec("kling-v3", "toapis")
    assert surprise(7, kling, NO_BUDGET) == ""
    assert "the catalogue has no price" in surprise(7, kling, Budget(max_credits=6))


@pytest.mark.parametrize(("balance", "enough"), [(15, True), (14.5, False), (0, False)])
def test_what_must_be_left(balance: float, enough: bool) -> None:
    budget = Budget(min_credits_left=10)
    if enough:
        check_balance(Balance(credits=balance), spec("nano-banana-2"), budget, "rivya_default")
        return
    with pytest.raises(InsufficientCreditsError) as caught:
        check_balance(Balance(credits=balance), spec("nano-banana-2"), budget, "rivya_default")
    assert f"{balance:g} credits" in str(caught.value)
    assert "min_credits_left=10" in str(caught.value)


def test_nothing_need_be_left() -> None:
    check_balance(Balance(credits=0), spec("nano-banana-2"), NO_BUDGET, "rivya_default")


def test_an_unlimited_key_has_always_enough() -> None:
    unlimited = Balance(credits=-1, unlimited=True)
    check_balance(unlimited, spec("nano-banana-2"), Budget(min_credits_left=10), "toapis_default")


def test_a_balance_in_another_unit_cannot_be_compared() -> None:
    dollars = Balance(credits=10.5, unit="balance units")
    with pytest.raises(InvalidRequestError, match=r"min_credits_left.*balance units"):
        check_balance(dollars, spec("nano-banana-2"), Budget(min_credits_left=10), "toapis_default")


@pytest.mark.parametrize(
    ("reserved", "model", "budget", "word"),
    [
        (5, "nano-banana-2", NO_BUDGET, ""),
        (None, "nano-banana-2", NO_BUDGET, ""),
        (
            7,
            "nano-banana-2",
            NO_BUDGET,
            "the catalogue's price is 5. The live list may have changed since the catalogue's date.",
        ),
        (7, "nano-banana-2", Budget(max_credits=6), "MORE than max_credits=6"),
        (9, "elevenlabs-turbo-2-5", NO_BUDGET, ""),
        (9, "elevenlabs-turbo-2-5", Budget(max_credits=8, allow_estimates=True), "MORE than max_credits=8"),
    ],
)
def test_a_surprise(reserved: float | None, model: str, budget: Budget, word: str) -> None:
    said = surprise(reserved, spec(model), budget)
    assert (word in said) if word else said == ""


def test_no_surprise_without_a_price() -> None:
    assert surprise(7, None, NO_BUDGET) == ""


def test_a_balance_that_does_exactly_does() -> None:
    seedream = spec("doubao-seedream-5-0", "toapis")
    check_balance(Balance(credits=18.9), seedream, Budget(min_credits_left=12.6), "toapis_default")
