"""How a request is spelled, as it is given on the command line."""

from __future__ import annotations

import pytest

from airflow_provider_rivya.cli.arguments import read_dialect
from airflow_provider_rivya.exceptions import Fault


def test_a_dialect_is_given_in_pairs() -> None:
    faults: list[Fault] = []
    pairs = ["resolution=top", "model=a=b", "resolution=top"]
    assert read_dialect(pairs, "toapis", faults) == {"resolution": "top", "model": "a=b"}
    assert read_dialect([], "toapis", faults) is None
    assert faults == []


@pytest.mark.parametrize(
    ("pairs", "gateway", "told"),
    [
        (["resolution"], "toapis", "not FIELD=VALUE"),
        (["resolution=top", "resolution=metadata"], "toapis", "both 'top' and 'metadata'"),
        (["resolution=top"], "rivya", "Rivya has one spelling"),
    ],
)
def test_what_is_no_dialect(pairs: list[str], gateway: str, told: str) -> None:
    faults: list[Fault] = []
    read_dialect(pairs, gateway, faults)
    assert [told in str(fault) for fault in faults] == [True]
