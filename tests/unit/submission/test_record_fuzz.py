"""Damaged records of a paid generation: nothing is paid for, and every error is of ours."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.submission.record import Record, UnreadableRecordError, signed
from tests.unit.damage import damaged
from tests.unit.submission.submission_cases import until
from tests.unit.submission.submission_model import Process, run_out
from tests.unit.submission.submission_world import Kind, World, world_of

MUTATIONS = 2000
KINDS: list[Kind] = ["replays", "looks up", "never looks up"]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2**40, 10**400, 1.5, -0.0, 1e300, float("nan"), float("inf")),
    *("", "0", "intent", "withdrawn", "submitted", "failed", "delivered", "\ud800", "x" * 5000),
    *([], [1], {}, {"state": "failed"}),
]


def intent(kind: Kind) -> World:
    world = world_of(kind)
    until(Process(world), "send")
    return world


def submitted(kind: Kind) -> World:
    world = world_of(kind)
    until(Process(world), "write submitted")
    return world


def delivered(kind: Kind) -> World:
    world = world_of(kind)
    run_out(world, Process(world))
    return world


def failed(kind: Kind) -> World:
    world = submitted(kind)
    world.gateway.made[0].state = "failed"
    process = Process(world)
    while process.at != "ended":
        process.step()
    return world


PAID: list[Callable[[Kind], World]] = [intent, submitted, delivered, failed]


# -- what may happen to a record -------------------------------------------------------------------


def other_value(chance: random.Random, document: dict[str, Any]) -> Any:
    return {**document, chance.choice(list(document)): chance.choice(VALUES)}


def swapped(chance: random.Random, document: dict[str, Any]) -> Any:
    one, other = chance.sample(list(document), 2)
    return {**document, one: document[other], other: document[one]}


def without(chance: random.Random, document: dict[str, Any]) -> Any:
    gone = chance.choice(list(document))
    return {name: value for name, value in document.items() if name != gone}


def renamed(chance: random.Random, document: dict[str, Any]) -> Any:
    old = chance.choice(list(document))
    return {name if name != old else f"{name}_": value for name, value in document.items()}


def one_more(chance: random.Random, document: dict[str, Any]) -> Any:
    return {**document, chance.choice(["new", "credits", "asked_at", "body"]): chance.choice(VALUES)}


def nested(chance: random.Random, document: dict[str, Any]) -> Any:
    return chance.choice([[document], {"record": document}, json.dumps(document)])


def text_changed(chance: random.Random, document: dict[str, Any]) -> Any:
    return damaged(chance, json.dumps(document).encode())


def cut(chance: random.Random, document: dict[str, Any]) -> Any:
    content = json.dumps(document).encode()
    return content[: chance.randrange(len(content))]


MUTATE = [*[other_value, text_changed] * 2, swapped, without, renamed, one_more, nested, cut]


class Damaged:
    """What a store has, instead of a document: a file's bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self) -> Record:
        try:
            return Record.from_json(json.loads(self._content))
        except (ValueError, RecursionError) as error:  # as FileRecords does
            raise UnreadableRecordError(str(error)) from None


def damage(world: World, mutant: Any) -> None:
    if isinstance(mutant, bytes):
        world.place.read = Damaged(mutant).read  # type: ignore[method-assign]
    else:
        world.place.document = mutant


@pytest.mark.usefixtures("unheard")
@pytest.mark.parametrize("cleared", [False, True])
def test_no_damaged_record_pays(cleared: bool) -> None:
    """A retry, or the first try after a clear, finds what is left of the record."""
    ends: Counter[str] = Counter()
    for seed in range(MUTATIONS):
        chance = random.Random(seed)  # noqa: S311 - a mutation is to be made again, not to be kept secret
        world = chance.choice(PAID)(chance.choice(KINDS))
        whole = world.place.document
        mutant = chance.choice(MUTATE)(chance, whole)
        if same(mutant, whole):
            continue
        damage(world, mutant)
        if cleared:
            world.clear()
        else:
            world.try_over()
        process = Process(world)
        while process.at != "ended":
            process.step()
        assert len(world.gateway.made) == 1, (seed, mutant)
        assert isinstance(process.error, GenerationError), (seed, mutant)
        assert "could not be read (UnreadableRecordError: " in str(process.error), (seed, mutant)
        ends[process.end or ""] += 1
    assert ends.keys() == {"retry"}
    assert ends["retry"] > 0.95 * MUTATIONS


def same(mutant: Any, whole: dict[str, Any]) -> bool:
    """Whether it says what the record has said: spelled in another way, or changed back."""
    try:
        document = json.loads(mutant) if isinstance(mutant, bytes) else mutant
        return bool(Record.from_json(document) == Record.from_json(whole))
    except (ValueError, RecursionError):
        return False


def test_a_record_of_another_shape_is_unreadable_even_if_its_digest_is_right() -> None:
    """As a later release might write it."""
    chance = random.Random(0)  # noqa: S311 - as above
    read = 0
    for _ in range(MUTATIONS):
        document = chance.choice(PAID)(chance.choice(KINDS)).place.document
        mutant = chance.choice([other_value, without, renamed, one_more])(chance, document)
        try:
            record = Record.from_json(signed(mutant))
        except UnreadableRecordError:
            continue
        read += 1
        assert Record.from_json(record.to_json()) == record
    assert read < MUTATIONS / 2
