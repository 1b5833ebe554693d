"""Puts one fault at a time into the batch; the stories of the model must notice every one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.batch import backlog, window
from airflow_provider_rivya.batch.records import Window
from airflow_provider_rivya.batch.segments import Ledger
from airflow_provider_rivya.storage.atomic_file import SmallFile
from airflow_provider_rivya.submission.identity import RowIdentity
from tests.unit.batch.batch_stories import Story, told_at_each

Patch = Callable[[pytest.MonkeyPatch], None]

key, action = RowIdentity.key, window.action

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


MUTANTS: dict[str, tuple[Patch, list[Story]]] = {
    "one key for all rows": (lambda patch: patch.setattr(RowIdentity, "key", _without_row), CLEARS),
    "intents that are not written first": (
        lambda patch: patch.setattr(Window, "commit", _no_intents),
        CRASHES,
    ),
    "segments that overwrite": (lambda patch: patch.setattr(SmallFile, "create", _overwriting), DOUBLES),
    "a fence that nobody looks at": (
        lambda patch: patch.setattr(Ledger, "confirm", lambda _: None),
        OVERTAKEN,
    ),
    "a ledger that is not read": (
        lambda patch: patch.setattr(Ledger, "_entries", lambda *_: iter(())),
        CRASHES,
    ),
    "rows that are waited for no more": (
        lambda patch: patch.setattr(backlog, "action", _always_again),
        CRASHES,
    ),
}
"""By what is wrong: how it is done, and the stories of which at least one must fail."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_noticed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patch, stories = MUTANTS[name]
    patch(monkeypatch)
    for story in stories:
        try:
            told_at_each(tmp_path, story)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            return
    pytest.fail(f"no story noticed: {name}")


@pytest.mark.parametrize("story", [*CRASHES, *DOUBLES, *OVERTAKEN, *CLEARS], ids=str)
def test_without_a_mutant_every_story_ends_well(story: Story, tmp_path: Path) -> None:
    told_at_each(tmp_path, story)
