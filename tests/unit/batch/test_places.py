"""Where a batch's manifest, plan and ledger lie, who has them, and what is told of them."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.batch.job import BatchJob
from airflow_provider_rivya.batch.run import Over
from airflow_provider_rivya.cli.batch import reporting
from airflow_provider_rivya.cli.output import Output
from airflow_provider_rivya.exceptions import InvalidRequestError
from tests.unit.batch.batch_gateway import Gateway
from tests.unit.batch.batch_steps import Fuse
from tests.unit.batch.batch_world import Job, World, table


def job_of(folder: Path, task: str = "task", run: str = "run", map_index: int = -1, **arguments: Any) -> Job:
    world = World(folder, Gateway(), rows=table(2))
    job = world.job(Fuse())
    identity = replace(job.identity, task_id=task, run_id=run, map_index=map_index)
    made = replace(job, identity=identity, arguments=replace(job.arguments, **arguments))
    object.__setattr__(made, "fuse", Fuse())
    return made


def concluded(job: BatchJob, ended: Any = "dry_run") -> Path:
    plan = job.plan(lambda: table(2))
    summary = job.conclude(plan, job.open_ledger(), Over(ended))
    return Path(summary["manifest_uri"].removeprefix("file://")).parent


def test_two_batches_never_share_a_manifest(tmp_path: Path) -> None:
    runs = tmp_path / "out" / "_manifest"
    only_planned = job_of(tmp_path, "plan", dry_run=True)
    assert concluded(only_planned) == runs / "run"
    assert concluded(job_of(tmp_path), "limit") == runs / "run"  # a plan alone keeps no place
    assert concluded(job_of(tmp_path, "other"), "limit") == runs / "run" / "dag.other"
    assert concluded(job_of(tmp_path, "plan", dry_run=True)) == runs / "run" / "dag.plan"
    assert concluded(job_of(tmp_path), "limit") == runs / "run"
    assert concluded(job_of(tmp_path, run="next"), "limit") == runs / "next"


def test_shards_with_one_manifest_path_have_folders_of_their_own(tmp_path: Path) -> None:
    path = f"{tmp_path}/latest"
    folders = [
        concluded(job_of(tmp_path, run=run, map_index=shard, manifest_path=path), "limit")
        for run in ("run", "next")
        for shard in (0, 1)
    ]
    assert len(set(folders[:2])) == 2
    assert folders[:2] == folders[2:]


def test_a_folder_that_cannot_be_used_is_told_with_all_other_faults(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidRequestError, match=r"manifest_path: .* cannot be written") as told:
        job_of(tmp_path, manifest_path=f"{tmp_path}/file/").plan(lambda: [*table(2), {"sku": ""}])
    assert len(told.value.faults) > 1


def test_faults_of_before_do_not_stay(tmp_path: Path) -> None:
    faults = tmp_path / "out" / "_manifest" / "run" / "faults.jsonl"
    job = job_of(tmp_path)
    with pytest.raises(InvalidRequestError):
        job.plan(lambda: [*table(2), {"key": None, "prompt": "x"}])
    assert len(faults.read_text().splitlines()) == 1
    job.plan(lambda: table(2))
    assert not faults.exists()


def test_a_plan_alone_is_no_success(tmp_path: Path) -> None:
    folder = concluded(job_of(tmp_path, dry_run=True))
    assert not (folder / "_SUCCESS").exists()
    assert (concluded(job_of(tmp_path), "limit") / "_SUCCESS").exists()


@pytest.mark.parametrize("what", ["plan", "ledger"])
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"batch": "other"}, "of another batch"),
        ({"version": 2}, "has version 2; this release reads version 1"),
    ],
    ids=["batch", "version"],
)
def test_a_state_that_cannot_be_used_is_told_with_what_is_wrong_with_the_table(
    tmp_path: Path, what: str, changed: dict[str, Any], told: str
) -> None:
    world = World(tmp_path, Gateway(), rows=table(2))
    assert isinstance(world.attempt(), dict)
    (state,) = tmp_path.glob("out/.rivya/batch-*")
    path = next(state.glob("plan-*/plan.json")) if what == "plan" else max(state.glob("ledger-*"))
    first, end, rest = path.read_text().partition("\n") if what == "ledger" else (path.read_text(), "", "")
    path.write_text(json.dumps({**json.loads(first), **changed}) + end + rest)
    if what == "ledger":
        world.clear()
    world.rows = [{"key": "r0", "prompt": "x"}, {"key": "r0", "prompt": "y"}]
    error = world.attempt()
    assert isinstance(error, InvalidRequestError)
    assert told in str(error)
    assert "do not remove it before you have looked" in str(error)
    assert "row 'r0', column 'key' ('r0'): row_key: its row key is that of row 0 too" in str(error)
    assert len(world.gateway.made) == 2


@pytest.mark.parametrize("stands", [True, False], ids=["retry", "clear"])
def test_a_manifest_of_a_newer_release_is_left_alone_and_told_with_all_else(
    tmp_path: Path, stands: bool
) -> None:
    world = World(tmp_path, Gateway(), rows=table(2))
    assert isinstance(world.attempt(), dict)
    folder = tmp_path / "out" / "_manifest" / "run"
    before = (folder / "manifest.jsonl").read_bytes()
    (folder / "_batch").write_text('{"version": 2, "batch": "dag.task"}')
    if not stands:
        world.clear()
    world.rows = [{"key": "r0", "prompt": "x"}, {"key": "r0", "prompt": "y"}]
    error = world.attempt()
    assert isinstance(error, InvalidRequestError)
    assert "manifest_path: that of " in str(error)
    assert "has version 2; this release writes version 1; allowed: a newer release, or another" in str(error)
    assert "row 'r0', column 'key' ('r0'): row_key: its row key is that of row 0 too" in str(error)
    assert (folder / "manifest.jsonl").read_bytes() == before
    with pytest.raises(InvalidRequestError, match="has version 2"):
        reporting.status(Namespace(uri=str(folder)), Output("json"))


def test_a_folder_that_somebody_has_marked_is_not_written_into(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "_manifest" / "run"
    folder.mkdir(parents=True)
    (folder / "_batch").write_text("[1]")
    assert concluded(job_of(tmp_path), "limit") == folder / "dag.task"
    (folder / "_batch").write_text("dag.task")  # by 0.9.0
    assert concluded(job_of(tmp_path), "limit") == folder


def status(uri: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    reporting.status(Namespace(uri=str(uri)), Output("json"))
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_where_runs_share_their_rows_the_last_one_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path, Gateway(), incremental=True)
    for number in range(4):  # their epochs are in no order
        world.run_id, world.rows = f"run {number}", table(number + 1)
        assert isinstance(world.attempt(), dict)
        (told,) = status(tmp_path / "out", capsys)
        assert (told["batch"], told["rows"]) == (f"dag.task run {number}", number + 1)
        assert (told["counts"]["reused"], told["counts"]["succeeded"]) == (number, 1)


def test_without_a_plan_beside_the_outputs_the_manifests_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for shard in (0, 1):
        concluded(job_of(tmp_path, map_index=shard, state_path=f"{tmp_path}/state"), "limit")
    told = status(tmp_path / "out", capsys)
    assert [(batch["rows"], batch["counts"]["not_submitted"]) for batch in told] == [(2, 2), (2, 2)]
    reporting.failed(Namespace(uri=str(tmp_path / "out")), Output())
    assert "No row has failed; 4 were not sent." in capsys.readouterr().err
