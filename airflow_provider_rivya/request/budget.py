"""What a generation may cost: decisions with plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_rivya.credits import in_credits, plain
from airflow_provider_rivya.exceptions import Fault, InsufficientCreditsError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_rivya.api.schemas import Balance
    from airflow_provider_rivya.catalog.model import ModelSpec


@dataclass(frozen=True, slots=True)
class Budget:
    """
    The limits of a task.

    :param max_credits: the most that its generation may cost; ``None`` sets no limit.
    :param allow_estimates: take the documented price where the real one depends on more than it tells. A
        model without any documented price has no estimate, and no limit can be set for it.
    :param min_credits_left: what the account must have left after the base price was taken off (nothing,
        where none is documented); ``None`` does not look.
    """

    max_credits: float | None = None
    allow_estimates: bool = False
    min_credits_left: float | None = None


NO_BUDGET: Final = Budget()


def price_faults(
    spec: ModelSpec | None, budget: Budget, params: Mapping[str, Any] | None = None
) -> list[Fault]:
    """
    Compare a request's price with the limit.

    The gateways give no quote: the documented prices are all there is (https://rivya.ai/docs/api-credits;
    at ToAPIs some guides have one, and no field of its API).

    :param spec: ``None`` for a model that the catalogue does not know.
    :param params: of the request, in the form of the wire; they may raise the price.
    """
    from airflow_provider_rivya.catalog.price import estimate_credits

    limit = budget.max_credits
    if limit is None:
        return []
    if spec is None:
        return [Fault("max_credits", "the price of a model that the catalogue does not know is not known")]
    price = estimate_credits(spec, params)
    if price.credits is None:
        problem = f"no page of the documentation shows a price of {spec.id}, so no limit can be kept"
        return [Fault("max_credits", problem, "a request without max_credits")]
    found = []
    if price.credits > limit:
        found.append(
            Fault("max_credits", f"{spec.id} costs {in_credits(price.credits)}, the limit is {plain(limit)}")
        )
    if not price.exact and not budget.allow_estimates:
        found.append(
            Fault(
                "max_credits",
                f"the price of {spec.id} ({in_credits(price.credits)}) is an estimate: {_why(spec)}",
                "allow_estimates=True, on the command line --allow-estimates",
            )
        )
    return found


def check_balance(balance: Balance, spec: ModelSpec | None, budget: Budget, conn_id: str) -> None:
    """
    Compare the account's balance with what must be left.

    :raises InsufficientCreditsError: with both numbers.
    :raises InvalidRequestError: the balance is told in another unit.
    """
    from airflow_provider_rivya.catalog.price import estimate_credits

    wanted = budget.min_credits_left
    if wanted is None or balance.unlimited:
        return
    if balance.unit != "credits":
        problem = f"the gateway gives the balance in {balance.unit}, not in credits"
        raise InvalidRequestError(
            [Fault("min_credits_left", problem, "a request without it")], conn_id=conn_id
        )
    price = estimate_credits(spec).credits if spec else 0
    if round(balance.credits - (price or 0), 6) < wanted:  # as floats, 18.9 - 6.3 is less than 12.6
        after = f"after {plain(price)} for" if price is not None else "even before the unknown price of"
        raise InsufficientCreditsError(
            f"The account has {in_credits(balance.credits)}; {after} this generation fewer than "
            f"min_credits_left={plain(wanted)} would be left",
            conn_id=conn_id,
            advice="Top the account up, or lower min_credits_left.",
        )


def surprise(reserved: float | None, spec: ModelSpec | None, budget: Budget) -> str:
    """Say that the gateway reserved something else than the catalogue's price; empty when it did not."""
    from airflow_provider_rivya.catalog.price import estimate_credits

    if reserved is None or spec is None:
        return ""
    price = estimate_credits(spec)
    limit = budget.max_credits
    if limit is not None and reserved > limit:
        known = " has no price" if price.credits is None else f"'s price is {plain(price.credits)}"
        return (
            f"The gateway reserved {in_credits(reserved)} for {spec.id}, MORE than max_credits="
            f"{plain(limit)}; the catalogue{known}. It cannot be cancelled."
        )
    if price.exact and price.credits is not None and reserved != price.credits:
        return (
            f"The gateway reserved {in_credits(reserved)} for {spec.id}; the catalogue's price is "
            f"{plain(price.credits)}. The live list may have changed since the catalogue's date."
        )
    return ""


def _why(spec: ModelSpec) -> str:
    if spec.price_sensitive_params:
        return f"it depends on {', '.join(spec.price_sensitive_params)}"
    if spec.price_note:
        return spec.price_note
    return f"billing is {spec.billing}"
