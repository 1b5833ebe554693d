"""A generation for whoever calls once and may call again: its key, its record, its words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from airflow_provider_rivya.api.rivya import RIVYA
from airflow_provider_rivya.api.toapis import TOAPIS
from airflow_provider_rivya.exceptions import GatewayUnreachableError, GenerationError, InvalidRequestError
from airflow_provider_rivya.generation.caller import NOTHING, Call, CallerWords, call_of, made_up_key
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.context import Impasse, Outcome
from airflow_provider_rivya.submission.record import Record
from tests.unit.quick_gateway import QuickGateway, prepared_for

INTENT = Record("intent", 0, 0, "f", "row-17", 0.0, "toapis_default", "gpt-4o-image", body="{}")
SUBMITTED = INTENT.submitted("task_1", 5, 1.0)


def words_for(key: str, *, replays_keys: bool = True) -> CallerWords:
    return CallerWords(f"call again with {key}.", lambda known_as: f" fetch({known_as!r}).", replays_keys)


REPLAYED = words_for("row-17")
LOOKED_UP = words_for("row-17", replays_keys=False)


# -- the words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "outcome", "record", "text"),
    [
        (REPLAYED, "not_submitted", None, "Nothing was submitted and nothing was charged."),
        (
            REPLAYED,
            "uncertain",
            INTENT,
            "Whether the gateway accepted the request is not known. To be charged once, call again with "
            "row-17.",
        ),
        (
            LOOKED_UP,
            "uncertain",
            INTENT,
            "Whether the gateway accepted the request is not known. The same call with the key row-17 looks "
            "it up again, and never sends it a second time; another key, or none, pays for a new generation. "
            "To look for it and store it, at no cost: fetch('row-17').",
        ),
        (
            REPLAYED,
            "running",
            SUBMITTED,
            "The generation is paid for and not lost. Fetch it later: fetch('task_1').",
        ),
        (
            REPLAYED,
            "not_landed",
            SUBMITTED,
            "The generation is paid for and not lost. Fetch it later: fetch('task_1').",
        ),
        (
            REPLAYED,
            "expired",
            SUBMITTED,
            "It is paid for, but the gateway keeps its result no longer: ask its support.",
        ),
        (REPLAYED, "refunded", SUBMITTED, ""),
        (REPLAYED, "charged", SUBMITTED, ""),
        (REPLAYED, "refused", SUBMITTED, ""),
    ],
)
def test_what_is_said_of_a_generation(
    words: CallerWords, outcome: Outcome, record: Record | None, text: str
) -> None:
    assert words.fate(outcome, record) == text


@pytest.mark.parametrize("why", get_args(Impasse))
@pytest.mark.parametrize("words", [REPLAYED, LOOKED_UP])
def test_where_it_goes_no_further(words: CallerWords, why: Impasse) -> None:
    assert words.impasse(why, INTENT) == words.fate("uncertain", INTENT)
    assert words.impasse(why) == NOTHING


def test_nobody_else_will_try() -> None:
    assert (REPLAYED.again, REPLAYED.risk) == ("The same call", "")


# -- the call --------------------------------------------------------------------------------------


def call(client: Any, key: str | None = None, place: OutputPlace | None = None) -> Call:
    def words(made: str) -> CallerWords:
        return words_for(made, replays_keys=client.api.capabilities.replays_keys)

    return call_of(client, key, place, words)


@pytest.fixture
def place(tmp_path: Path) -> OutputPlace:
    return OutputPlace(f"{tmp_path}/out/")


def records(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "out" / ".rivya").glob("*"))


def test_a_key_that_is_made_up_is_new_each_time() -> None:
    keys = {made_up_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(re.fullmatch(r"call-[0-9a-f]{32}", key) for key in keys)


@pytest.mark.parametrize("api", [RIVYA, TOAPIS])
def test_without_a_key_one_is_made_up_and_nothing_is_kept(
    api: Any, place: OutputPlace, tmp_path: Path
) -> None:
    client = QuickGateway(api)
    made = call(client, place=place)
    assert not made.chosen
    assert made.submit(prepared_for(client)).generation_id == "task_1"
    assert client.keys == [made.key]
    assert client.calls == ["create"]
    assert records(tmp_path) == []


def test_a_chosen_key_is_sent_as_it_is(place: OutputPlace, tmp_path: Path) -> None:
    client = QuickGateway()
    for _ in range(2):
        call(client, "row-17", place).submit(prepared_for(client))
    assert client.keys == ["row-17", "row-17"], "the gateway answers with the first generation"
    assert records(tmp_path) == []


def test_where_no_key_is_replayed_a_chosen_one_is_sent_once(place: OutputPlace, tmp_path: Path) -> None:
    client = QuickGateway(TOAPIS)
    first = call(client, "row-17", place).submit(prepared_for(client))
    assert len(records(tmp_path)) == 1
    again = call(client, "row-17", place).submit(prepared_for(client))
    assert (again.generation_id, again.answer) == (first.generation_id, None)
    assert client.keys == ["row-17"]


def test_a_chosen_key_is_looked_up_before_it_is_sent(tmp_path: Path) -> None:
    """The record may lie beside another output, or nowhere."""
    client = QuickGateway(TOAPIS)
    for folder in ("one", "two"):
        call(client, "row-17", OutputPlace(f"{tmp_path}/{folder}/")).submit(prepared_for(client))
    call(client, "row-17").submit(prepared_for(client))
    assert client.keys == ["row-17"]
    assert client.calls == ["find", "create", "find", "find"]


def test_a_made_up_key_was_sent_by_whoever_told_it(place: OutputPlace, tmp_path: Path) -> None:
    client, key = QuickGateway(TOAPIS), made_up_key()
    client.keys.append(key)
    found = call(client, key, place).submit(prepared_for(client))
    assert (found.generation_id, client.calls) == ("task_1", ["find"])
    assert records(tmp_path) == []


def test_another_request_under_the_same_key_is_refused(place: OutputPlace) -> None:
    client = QuickGateway(TOAPIS)
    call(client, "row-17", place).submit(prepared_for(client))
    with pytest.raises(InvalidRequestError, match="another request was sent under 'row-17'"):
        call(client, "row-17", place).submit(prepared_for(client, prompt="a hare"))
    assert client.keys == ["row-17"]


def test_nothing_is_sent_under_a_key_that_cannot_be_looked_up(place: OutputPlace) -> None:
    client = QuickGateway(TOAPIS)
    client.errors["find"] = [GatewayUnreachableError("no route", maybe_taken_in=True)]
    with pytest.raises(GenerationError, match="The key row-17 could not be looked up: no route") as caught:
        call(client, "row-17", place).submit(prepared_for(client))
    assert caught.value.fate == NOTHING
    assert client.keys == []


@pytest.mark.parametrize("key", [None, "row-17"])
def test_what_was_certainly_not_taken_in_cost_nothing(place: OutputPlace, key: str | None) -> None:
    client = QuickGateway(TOAPIS)
    client.errors["create"] = [GatewayUnreachableError("no route", sent=False, retryable=True)]
    with pytest.raises(GenerationError) as caught:
        call(client, key, place).submit(prepared_for(client))
    assert caught.value.fate == NOTHING
    call(client, key, place).submit(prepared_for(client))
    assert len(client.keys) == 1


def test_a_lost_answer_names_the_key() -> None:
    client = QuickGateway()
    client.errors["create"] = [GatewayUnreachableError("it broke off", maybe_taken_in=True)]
    made = call(client)
    with pytest.raises(GenerationError) as caught:
        made.submit(prepared_for(client))
    assert caught.value.fate == (
        "Whether the gateway accepted the request is not known. To be charged once, call again with "
        f"{made.key}."
    )
