"""Puts one fault at a time into the batch; the stories of the model must notice every one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.batch import backlog, ledger, segments, window
from airflow_provider_rivya.batch.files.folders import BatchFolders
from airflow_provider_rivya.batch.ledger import cost_of
from airflow_provider_rivya.batch.records import Window
from airflow_provider_rivya.batch.segments import Ledger
from airflow_provider_rivya.request.request import GenerationRequest
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.identity import RowIdentity
from airflow_provider_rivya.submission.record import Record
from tests.unit.batch.batch_stories import Story, budget_kept, photographs_count, told_at_each

Patch = Callable[[pytest.MonkeyPatch], None]
Tale = Callable[[Path], None]

key, action, named = RowIdentity.key, window.action, OutputPlace.named
fingerprint = vars(GenerationRequest)["fingerprint"].fget

CRASHES: list[Story] = [[("crash", step)] for step in range(2, 46, 5)]
DOUBLES: list[Story] = [[("double", step)] for step in range(3, 39, 5)]
OVERTAKEN: list[Story] = [[("double", 6)]]
"""The first copy stands still between its intents and their requests, until the second one is done."""
CLEARS: list[Story] = [[("crash", 1000), ("change", 1)], [("crash", 1000), ("clear", 1)]]


def _without_row(identity: RowIdentity, epoch: int, attempt: int, fingerprint: str) -> str:
    return key(replace(identity, row_key=""), epoch, attempt, "")


def _no_intents(window: Window, entry: Any) -> None:
    window._ledger.note(entry)


def _overwriting(file: SmallFile, content: bytes) -> None:
    file.replace(content)


def _always_again(*given: Any, **more: Any) -> str:
    return "submit" if action(*given, **{**more, "on_rerun": "regenerate"}) == "submit" else "done"


def _told(*stories: Story) -> Tale:
    def tale(folder: Path) -> None:
        for story in stories:
            told_at_each(folder, story)

    return tale


def _without_references(request: GenerationRequest) -> str:
    return str(fingerprint(replace(request, reference_digests=())))


def _free_until_answered(record: Record, price: float | None) -> float:
    return 0.0 if record.unanswered else cost_of(record, price)


def _refunded_once_more(record: Record, price: float | None) -> float:
    return -1.0 if record.has_failed else cost_of(record, price)


def _under_one_name(place: OutputPlace, stem: str) -> OutputPlace:
    return named(place, "r0")


MUTANTS: dict[str, tuple[Patch, Tale]] = {
    "one key for all rows": (lambda patch: patch.setattr(RowIdentity, "key", _without_row), _told(*CLEARS)),
    "intents that are not written first": (
        lambda patch: patch.setattr(Window, "commit", _no_intents),
        _told(*CRASHES),
    ),
    "segments that overwrite": (
        lambda patch: patch.setattr(SmallFile, "create", _overwriting),
        _told(*DOUBLES),
    ),
    "a fence that nobody looks at": (
        lambda patch: patch.setattr(Ledger, "confirm", lambda _: None),
        _told(*OVERTAKEN),
    ),
    "a fence that is looked at once": (
        lambda patch: patch.setattr(segments, "FRESH", 1e9),
        _told(*OVERTAKEN),
    ),
    "a ledger that is not read": (
        lambda patch: patch.setattr(Ledger, "_entries", lambda *_: iter(())),
        _told(*CRASHES),
    ),
    "rows that are waited for no more": (
        lambda patch: patch.setattr(backlog, "action", _always_again),
        _told(*CRASHES),
    ),
    "a clear that is none": (
        lambda patch: patch.setattr(BatchFolders, "epoch", property(lambda _: 0)),
        _told(*CLEARS),
    ),
    "files under one name": (lambda patch: patch.setattr(OutputPlace, "named", _under_one_name), _told([])),
    "a fingerprint without references": (
        lambda patch: patch.setattr(GenerationRequest, "fingerprint", property(_without_references)),
        photographs_count,
    ),
    "a budget without what nobody knows of": (
        lambda patch: patch.setattr(ledger, "cost_of", _free_until_answered),
        budget_kept,
    ),
    "a refund that is counted twice": (
        lambda patch: patch.setattr(ledger, "cost_of", _refunded_once_more),
        budget_kept,
    ),
}
"""By what is wrong: how it is done, and what must fail then."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_noticed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patch, tale = MUTANTS[name]
    patch(monkeypatch)
    try:
        tale(tmp_path)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return
    pytest.fail(f"nothing noticed: {name}")


@pytest.mark.parametrize("story", [*CRASHES, *DOUBLES, *OVERTAKEN, *CLEARS], ids=str)
def test_without_a_mutant_every_story_ends_well(story: Story, tmp_path: Path) -> None:
    told_at_each(tmp_path, story)


@pytest.mark.parametrize("tale", [budget_kept, photographs_count])
def test_without_a_mutant_it_is_so(tale: Tale, tmp_path: Path) -> None:
    tale(tmp_path)
