from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.request.request import GenerationRequest

REQUEST = GenerationRequest("rivya", "nano-banana-2", "a fox", {"resolution": "1K", "n": 1}, ("aa", "bb"))


def test_the_fingerprint_is_a_digest() -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", REQUEST.fingerprint)


def test_the_same_request_has_the_same_one_in_another_process() -> None:
    program = (
        "from airflow_provider_rivya.request.request import GenerationRequest as R\n"
        "print(R('rivya', 'nano-banana-2', 'a fox', {'n': 1, 'resolution': '1K'}, ('aa', 'bb')).fingerprint)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == REQUEST.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"gateway": "other"},
        {"model": "nano-banana-pro"},
        {"prompt": "a fox "},
        {"prompt": None},
        {"prompt": ""},
        {"params": {}},
        {"params": {"resolution": "1K", "n": "1"}},
        {"params": {"resolution": "2K", "n": 1}},
        {"params": {"resolution": "1K", "n": 1, "x": None}},
        {"reference_digests": ()},
        {"reference_digests": ("aa",)},
        {"reference_digests": ("bb", "aa")},
        {"reference_digests": ("aabb",)},
    ],
)
def test_every_part_counts(change: dict[str, Any]) -> None:
    assert replace(REQUEST, **change).fingerprint != REQUEST.fingerprint


PARAMS = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=5,
    ),
    max_size=6,
)


@given(PARAMS, st.randoms())
def test_the_order_of_the_params_does_not_count(params: dict[str, Any], order: Any) -> None:
    names = list(params)
    order.shuffle(names)
    shuffled = {name: params[name] for name in names}
    assert replace(REQUEST, params=shuffled).fingerprint == replace(REQUEST, params=params).fingerprint
