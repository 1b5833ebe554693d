"""What all rows of a batch cost by the documentation, and whether a budget for them can be kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_rivya.batch.table.planned import PlannedRow
from airflow_provider_rivya.credits import in_credits, plain
from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.request.budget import Budget, price_faults


class Sums:
    """What all rows cost, and what is wrong with a budget for them."""

    def __init__(self, gateway: str, limit: float | None, allow_estimates: bool) -> None:
        self._gateway = gateway
        self._budget = Budget(limit, allow_estimates)
        self._models: dict[str, float | None] = {}
        self.credits: float | None = 0.0
        self.exact = True

    def add(self, row: PlannedRow) -> None:
        known = self._models.get(row.model, 0.0)
        self._models[row.model] = None if None in (known, row.price) else max(known or 0.0, row.price or 0.0)
        self.credits = None if None in (self.credits, row.price) else (self.credits or 0) + (row.price or 0)
        self.exact = self.exact and row.exact

    def faults(self, model: Any) -> list[Fault]:
        """
        Return why the budget could not be kept, or does not do for one row.

        :param model: of all rows, which counts where none of them could be priced.
        """
        from airflow_provider_rivya.catalog.bundled import load_catalog
        from airflow_provider_rivya.catalog.price import estimate_credits

        if not self._models and (spec := load_catalog(self._gateway).get(str(model))) is not None:
            self._models[model] = estimate_credits(spec).credits
        limit = self._budget.max_credits
        if limit is None:
            return []
        found = []
        for model, dearest in self._models.items():
            spec = load_catalog(self._gateway).get(model)
            known = [
                fault for fault in price_faults(spec, self._budget) if "the limit is" not in fault.problem
            ]
            found += [replace(fault, path="max_credits_total") for fault in known]
            if not known and dearest is not None and dearest > limit:
                problem = f"a row of {model} costs {in_credits(dearest)}, the budget of all is {plain(limit)}"
                found.append(Fault("max_credits_total", problem))
        return found
