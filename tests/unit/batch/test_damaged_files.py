"""Damaged files of a batch: what is read of them is what was written, or an error of ours that tells so."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.batch.plan import PlanFolder
from airflow_provider_rivya.batch.segments import Ledger, UnreadableLedgerError
from airflow_provider_rivya.cli.batch.record import RunRecord
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.storage.place import OutputPlace
from tests.unit.batch.batch_gateway import Gateway
from tests.unit.batch.batch_steps import Fuse
from tests.unit.batch.batch_world import World, table
from tests.unit.damage import damaged

MUTATIONS = 500
VALUES: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        2**40,
        10**400,
        1.5,
        float("nan"),
        "",
        "0",
        "succeeded",
        "\ud800",
        "x" * 5000,
        [],
        {},
    ),
]
Damage = Callable[[random.Random, Path], None]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a batch whose worker has died three times: rows that were sent, and that wait."""
    for _ in range(30):  # at which of its steps each of the rows is depends on their threads
        folder = tmp_path_factory.mktemp("kept")
        world = World(folder, Gateway(failures={"a 1": 1}), rows=table(4))
        for step in (8, 16, 24):
            world.attempt(Fuse(kill=step))
        record = RunRecord(OutputPlace(f"{folder}/out/.rivya/"), "batch")
        record.begin({"table": "a.csv", "prompt": "{title}"}, stands=lambda _: True, anew=False)
        files = folder / "out" / ".rivya"
        if {state.record.state for state in read(files)[2].values()} >= {"intent", "submitted"}:
            return files
    raise AssertionError("no worker has died with rows that wait beside rows without an answer")


def read(folder: Path) -> Any:
    """Return what a try, or a command, takes from the files."""
    (state,) = folder.glob("batch-*")
    (planned,) = state.glob("plan-*")
    plans = PlanFolder(OutputPlace(f"{planned}/"), None)
    plan = plans.read()
    assert plan is not None
    ledger = Ledger(OutputPlace(f"{state}/"), plan.batch, "a process")
    ledger.read()
    command = RunRecord(OutputPlace(f"{folder}/"), "batch").read()
    rows, spent = list(plans.rows(plan)), [ledger.spent(epoch) for epoch in range(5)]
    return plan, rows, ledger.book.rows, spent, command


def read_or_error(folder: Path) -> tuple[Any, GenerationError | None]:
    try:
        return read(folder), None
    except GenerationError as error:
        return None, error


# -- what may happen to a file -------------------------------------------------------------------------


def bytes_changed(chance: random.Random, path: Path) -> None:
    path.write_bytes(damaged(chance, path.read_bytes()))


def cut(chance: random.Random, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))])


def line_lost(chance: random.Random, path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    path.write_bytes(b"".join(lines))


def line_doubled(chance: random.Random, path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
    path.write_bytes(b"".join(lines))


def value_changed(chance: random.Random, path: Path) -> None:
    """As somebody would who knows JSON, but not the digest."""
    lines = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    at = chance.randrange(len(lines))
    document = json.loads(lines[at])
    inner = chance.choice([document, *(value for value in document.values() if isinstance(value, dict))])
    name = chance.choice([*inner, "new"])
    if chance.random() < 0.2:
        inner.pop(name, None)
    else:
        inner[name] = chance.choice(VALUES)
    lines[at] = json.dumps(document)
    path.write_text("\n".join(lines))


def another_content(chance: random.Random, path: Path) -> None:
    deep = b"[" * 100_000
    contents = [b"", b"\xff\xfe{\x00}\x00", b"\x80\x81", deep, b'{"version": ' + deep, b"[]"]
    path.write_bytes(chance.choice(contents))


def another_file(chance: random.Random, path: Path) -> None:
    others = [each for each in path.parent.iterdir() if each.is_file() and each != path]
    path.unlink()
    path.symlink_to(chance.choice(others) if others else "gone")


def no_file(chance: random.Random, path: Path) -> None:
    path.unlink()
    kind = chance.randrange(4)
    if kind == 0:
        path.mkdir()
    elif kind == 1:
        path.symlink_to("gone")
    elif kind == 2:
        os.mkfifo(path)
    else:
        with path.open("wb") as file:
            file.truncate(2**40)


DAMAGES: list[Damage] = [
    *[bytes_changed, value_changed] * 3,
    *(cut, line_lost, line_doubled, another_content, another_file, no_file),
]


def test_no_damaged_file_is_taken_for_what_was_written(kept: Path, tmp_path: Path) -> None:
    whole = read(kept)
    folder = tmp_path / "kept"
    shutil.copytree(kept, folder)
    paths = sorted(folder.rglob("*.json*"))
    assert len(paths) > 4
    same = 0
    for seed in range(MUTATIONS):
        chance = random.Random(seed)  # noqa: S311 - a mutation is to be made again, not to be kept secret
        path, damage = chance.choice(paths), chance.choice(DAMAGES)
        content = path.read_bytes()
        damage(chance, path)
        found, error = read_or_error(folder)
        if path.is_dir():
            path.rmdir()
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        if error is None:
            assert found == whole, (seed, damage, path)
            same += 1
        else:
            assert isinstance(error, UnreadableLedgerError) or error.retryable, (seed, damage, path)
            assert str(folder) in str(error), (seed, damage, path)
            assert len(str(error)) < 1500, (seed, damage, path)
    assert same < 0.1 * MUTATIONS


@pytest.mark.parametrize("name", ["ledger-99999999.jsonl", "ledger-00000002.jsonl"])
def test_a_segment_that_is_missing_is_told(kept: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "kept"
    shutil.copytree(kept, folder)
    (state,) = folder.glob("batch-*")
    (state / name).unlink(missing_ok=True) if name.endswith("2.jsonl") else (state / name).touch()
    with pytest.raises(UnreadableLedgerError, match=r"ledger-0000000\d.jsonl is missing"):
        read(folder)


def test_files_of_other_names_are_not_ours(kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    shutil.copytree(kept, folder)
    (state,) = folder.glob("batch-*")
    for name in ("ledger-²²²²²²²².jsonl", "ledger-1.jsonl", "ledger-00000009.jsonl.bak", "ledger-"):
        (state / name).touch()
    assert read(folder) == read(kept)
