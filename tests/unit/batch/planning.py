"""Plans a table, for tests of what is read and of what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.batch.plan import FaultyPlanError, PlanFolder, check_plan
from airflow_provider_rivya.batch.table.planned import Asked, PlannedRow
from airflow_provider_rivya.batch.table.rows import read_rows
from airflow_provider_rivya.storage.place import OutputPlace


def planned(folder: Path, rows: Any, **asked: Any) -> list[PlannedRow]:
    given = {"row_key": "sku", "model": "nano-banana-2", "prompt": "x", **asked}
    plans = PlanFolder(OutputPlace(f"{folder}/plan/"), "")
    draft = check_plan(lambda: read_rows(rows), Asked(**given), plans, gateway="rivya", batch="")
    return list(plans.rows(draft.plan))


def refused(folder: Path, rows: Any, **asked: Any) -> str:
    with pytest.raises(FaultyPlanError) as told:
        planned(folder, rows, **asked)
    return str(told.value)
