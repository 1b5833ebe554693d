"""Whose a submission is: keys that tell attempts and deployments apart, and the order of tries."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_rivya.submission.identity import (
    ChosenKey,
    Identity,
    in_order,
    is_later,
    new_holder,
    was_there,
)

IDENTITY = Identity("", "dag", "run", "task", -1)


# -- keys ------------------------------------------------------------------------------------------


def test_the_keys_form() -> None:
    assert re.fullmatch(r"rivya-[0-9a-f]{40}", IDENTITY.key(0, 0, "f"))


def test_every_part_makes_another_key() -> None:
    identities = [
        IDENTITY,
        replace(IDENTITY, namespace="n"),
        replace(IDENTITY, dag_id="other"),
        replace(IDENTITY, run_id="other"),
        replace(IDENTITY, task_id="other"),
        replace(IDENTITY, map_index=0),
    ]
    parts = itertools.product(identities, [0, 1, 11], [0, 1, 11], ["f", "g"])
    keys = [identity.key(epoch, attempt, request) for identity, epoch, attempt, request in parts]
    assert len(set(keys)) == len(keys)


@given(
    st.lists(st.text(max_size=4), min_size=4, max_size=4),
    st.lists(st.text(max_size=4), min_size=4, max_size=4),
)
def test_parts_do_not_run_into_each_other(one: list[str], other: list[str]) -> None:
    def digest(namespace: str, dag_id: str, run_id: str, task_id: str) -> str:
        return Identity(namespace, dag_id, run_id, task_id, -1).digest

    same = digest(*one) == digest(*other)
    assert same is (one == other)


def test_the_key_does_not_change_between_releases() -> None:
    """A record written before an upgrade must meet the same key after it."""
    assert IDENTITY.key(2, 1, "f" * 64) == "rivya-cb33d8304a256d9b9349fd6939bfa8bf2c859457"


def test_a_chosen_key_is_sent_as_it_is() -> None:
    chosen = ChosenKey("row-17")
    assert chosen.key(0, 0, "f") == chosen.key(3, 0, "g") == "row-17"
    assert chosen.key(0, 2, "f") == "row-17-2", "another attempt is another request to the gateway"


# -- tries and processes ---------------------------------------------------------------------------


def test_which_ids_tell_the_order_of_tries() -> None:
    ordered = UUID("019e1455-6000-7001-8000-000000000000")
    assert in_order(ordered) == in_order(str(ordered)) == str(ordered)
    assert in_order(UUID("9f0c9d8a-35d5-4f4c-9d3a-0c8ff0d6b5a1")) is None
    assert in_order(None) is None


@pytest.mark.parametrize(
    ("try_id", "than", "later"),
    [("b", "a", True), ("a", "b", False), ("a", "a", False), (None, "a", False), ("b", None, False)],
)
def test_only_what_is_certainly_later_is_called_so(try_id: str | None, than: str | None, later: bool) -> None:
    assert is_later(try_id, than) is later


def test_a_try_tells_since_when_it_is_there() -> None:
    made_at_20 = str(UUID(int=20_000 << 80 | 7 << 76 | 2 << 62))
    assert was_there(made_at_20, 20.5)
    assert not was_there(made_at_20, 19.5)
    assert not was_there(None, 20.5), "it is not known"


def test_no_two_processes_have_one_name() -> None:
    assert len({new_holder() for _ in range(100)}) == 100
