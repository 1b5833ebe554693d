"""What a generation may cost: decisions with plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_provider_rivya.exceptions import Fault, InsufficientCreditsError
from airflow_provider_rivya.generation.result import in_credits

if TYPE_CHECKING:
    from airflow_provider_rivya.catalog.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class Budget:
    """
    The limits of a task.

    :param max_credits: the most that its generation may cost; ``None`` sets no limit.
    :param allow_estimates: take the base price for models whose price depends on more than the model.
    :param min_credits_left: what the account must have left after the base price was taken off;
        ``None`` does not look.
    """

    max_credits: float | None = None
    allow_estimates: bool = False
    min_credits_left: float | None = None


NO_BUDGET: Final = Budget()


def price_faults(spec: ModelSpec | None, budget: Budget) -> list[Fault]:
    """
    Compare a model's price with the limit.

    The gateway gives no quote: the base price of its model list is all there is
    (https://rivya.ai/docs/api-credits).

    :param spec: ``None`` for a model that the catalogue does not know.
    """
    from airflow_provider_rivya.catalog.spec import estimate_credits

    limit = budget.max_credits
    if limit is None:
        return []
    if spec is None:
        return [Fault("max_credits", "the price of a model that the catalogue does not know is not known")]
    price = estimate_credits(spec)
    found = []
    if price.credits > limit:
        found.append(
            Fault("max_credits", f"{spec.id} costs {in_credits(price.credits)}, the limit is {limit:g}")
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


def check_balance(balance: float, spec: ModelSpec | None, budget: Budget, conn_id: str) -> None:
    """
    Compare the account's balance with what must be left.

    :raises InsufficientCreditsError: with both numbers.
    """
    from airflow_provider_rivya.catalog.spec import estimate_credits

    wanted = budget.min_credits_left
    price = estimate_credits(spec).credits if spec else 0
    if wanted is not None and balance - price < wanted:
        raise InsufficientCreditsError(
            f"The account has {in_credits(balance)}; after {price:g} for this generation fewer than "
            f"min_credits_left={wanted:g} would be left",
            conn_id=conn_id,
            advice="Top the account up, or lower min_credits_left.",
        )


def surprise(reserved: float | None, spec: ModelSpec | None, budget: Budget) -> str:
    """Say that the gateway reserved something else than the catalogue's price; empty when it did not."""
    from airflow_provider_rivya.catalog.spec import estimate_credits

    if reserved is None or spec is None:
        return ""
    price = estimate_credits(spec)
    above = budget.max_credits is not None and reserved > budget.max_credits
    if above:
        return (
            f"The gateway reserved {in_credits(reserved)} for {spec.id}, MORE than max_credits="
            f"{budget.max_credits:g}; the catalogue's price is {price.credits:g}. It cannot be cancelled."
        )
    if price.exact and reserved != price.credits:
        return (
            f"The gateway reserved {in_credits(reserved)} for {spec.id}; the catalogue's price is "
            f"{price.credits:g}. The live list may have changed: rivya models diff."
        )
    return ""


def _why(spec: ModelSpec) -> str:
    if spec.price_sensitive_params:
        return f"it depends on {', '.join(spec.price_sensitive_params)}"
    return f"billing is {spec.billing}"
