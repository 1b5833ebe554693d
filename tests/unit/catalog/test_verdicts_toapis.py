"""The client's validation for ToAPIs against the verdicts written by hand."""

from __future__ import annotations

import pytest

from airflow_provider_rivya.catalog.bundled import load_catalog
from airflow_provider_rivya.catalog.check import Verdict, check_request
from tests.verdicts import Refused
from tests.verdicts_toapis import ACCEPTED, REFUSED, Sent

CATALOG = load_catalog("toapis")


def verdict_on(case: Sent | Refused, sent_as: str | None = None) -> Verdict:
    return check_request(
        CATALOG,
        model=case.model,
        prompt=case.prompt,
        model_params=case.params,
        references=case.references,
        sent_as=sent_as,
    )


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: f"{case.model}-{str(case.params)[:40]}")
def test_accepted_with_these_warnings(case: Sent) -> None:
    verdict = verdict_on(case)
    assert verdict.faults == ()
    assert verdict.normalised.model == case.sent_as
    assert verdict.normalised.params == case.wire
    wire = verdict.normalised.params
    assert [type(wire[key]) for key in case.wire] == [type(value) for value in case.wire.values()]
    assert len(verdict.warnings) == len(case.warned), verdict.warnings
    for phrase, warning in zip(case.warned, verdict.warnings, strict=True):
        assert phrase in warning


@pytest.mark.parametrize(
    "case", REFUSED, ids=lambda case: f"{str(case.model)[:30]}-{case.path}-{case.phrase[:20]}"
)
def test_refused_with_one_fault(case: Refused) -> None:
    verdict = verdict_on(case)
    assert [fault.path for fault in verdict.faults] == [case.path]
    assert case.phrase in str(verdict.faults[0])


def test_a_forced_id_is_not_warned_of() -> None:
    case = next(case for case in ACCEPTED if case.model == "nano_banana_2")
    assert verdict_on(case, sent_as="nano_banana_2").warnings == ()


def test_rules_about_files_wait_for_the_files() -> None:
    """Without a look at the files nothing is said of those that a value needs."""
    for references, ok in ((None, True), ([], False)):
        verdict = check_request(
            CATALOG,
            model="doubao-seedream-4-0",
            prompt="a",
            model_params={"size": "auto"},
            references=references,
        )
        assert verdict.ok == ok


def test_the_table_is_not_cut() -> None:
    assert len(ACCEPTED) >= 60
    assert len(REFUSED) >= 60
