"""The balance calls. Their fields are known from a copy of the documentation only."""

from __future__ import annotations

from typing import Any

from airflow_provider_rivya.sandbox.state.accounts import ApiKey
from airflow_provider_rivya.sandbox.state.store import State
from airflow_provider_rivya.sandbox.toapis.prices import CREDITS_PER_USD


def key_balance(state: State, key: ApiKey) -> dict[str, Any]:
    """Return the answer of ``GET /v1/balance``; a key may spend all that its account has."""
    with_credits = state.assumptions.text("toapis_balance_fields") == "unlimited_with_credits"
    return _balance(
        state, key.account, unlimited=state.assumptions.flag("toapis_unlimited_quota") or with_credits
    )


def account_balance(state: State, account: str) -> dict[str, Any]:
    """Return the answer of ``GET /v1/user/balance``."""
    return _balance(state, account, unlimited=False)


def _balance(state: State, account: str, *, unlimited: bool) -> dict[str, Any]:
    remains = state.balance(account)
    spent = sum(
        -entry.credits if entry.kind == "refund" else entry.credits
        for entry in state.ledger
        if entry.account == account
    )
    answer: dict[str, Any] = {
        "success": True,
        "remain_balance": -1 if unlimited else _usd(remains),
        "used_balance": _usd(spent),
        "unlimited_quota": unlimited,
    }
    fields = state.assumptions.text("toapis_balance_fields")
    if fields != "earlier":
        shown = -1 if unlimited and fields == "later" else remains
        answer |= {"remain_credits": shown, "used_credits": spent, "credits_per_usd": CREDITS_PER_USD}
    return answer


def _usd(credits: float) -> float:
    return round(credits / CREDITS_PER_USD, 6)
