"""The client's validation against the verdicts written by hand."""

from __future__ import annotations

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import Verdict, check_request
from tests.verdicts import ACCEPTED, REFUSED, Accepted, Refused


def verdict_on(case: Accepted | Refused) -> Verdict:
    return check_request(
        load_catalog(),
        model=case.model,
        prompt=case.prompt,
        model_params=case.params,
        references=case.references,
    )


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: f"{case.model}-{str(case.params)[:40]}")
def test_accepted(case: Accepted) -> None:
    verdict = verdict_on(case)
    assert verdict.faults == ()
    assert verdict.normalised.model == case.model
    assert verdict.normalised.prompt == case.prompt
    assert verdict.normalised.params == case.wire
    wire = verdict.normalised.params
    assert [type(wire[key]) for key in case.wire] == [type(value) for value in case.wire.values()]


@pytest.mark.parametrize(
    "case", REFUSED, ids=lambda case: f"{str(case.model)[:30]}-{case.path}-{case.phrase[:20]}"
)
def test_refused_with_one_fault(case: Refused) -> None:
    verdict = verdict_on(case)
    assert [fault.path for fault in verdict.faults] == [case.path]
    assert case.phrase in str(verdict.faults[0])


def test_the_table_is_not_cut() -> None:
    assert len(ACCEPTED) + len(REFUSED) >= 100
