"""Paid once per row, whatever dies, is lost, doubles or is cleared: stories in a model world."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from airflow_provider_rivya.batch.run import Over
from airflow_provider_rivya.batch.window import Limits
from tests.unit.batch.batch_gateway import Gateway
from tests.unit.batch.batch_steps import Fuse, Killed
from tests.unit.batch.batch_stories import ROWS, Story, all_landed, of_a_photograph, tell
from tests.unit.batch.batch_world import World, new_folder, table

STEPS = 60

stories = st.lists(
    st.tuples(st.sampled_from(["crash", "crash", "double", "clear", "change"]), st.integers(1, STEPS)),
    max_size=4,
)
losses = st.lists(st.sampled_from(["", "answer", "request"]), max_size=8)


QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(story=stories, lost=losses, photograph=st.booleans())
def test_each_row_is_paid_once_at_a_gateway_that_replays_keys(
    tmp_path: Path, story: Story, lost: list[str], photograph: bool
) -> None:
    asked = of_a_photograph(tmp_path) if photograph else {}
    all_landed(World(new_folder(tmp_path), Gateway(), asked=asked), story, lost)


@QUICK
@given(story=stories, lost=losses, photograph=st.booleans())
def test_no_row_is_paid_twice_at_a_gateway_that_is_asked(
    tmp_path: Path, story: Story, lost: list[str], photograph: bool
) -> None:
    asked = of_a_photograph(tmp_path) if photograph else {}
    world = World(new_folder(tmp_path), Gateway(replays_keys=False), on_uncertain="fail", asked=asked)
    world.gateway.losses = list(lost)
    world.rows = table(ROWS)
    tell(world, story)
    world.attempt()
    lines = world.manifest()
    for prompt in {made.prompt for made in world.gateway.made}:
        assert world.gateway.paid(prompt) == 1, prompt
    for key, line in lines.items():
        if line["status"] not in ("succeeded", "reused"):
            # The request was lost on its way: nobody is charged, and a person has to look.
            prompt = next(row["prompt"] for row in world.rows if row["key"] == key)
            assert (line["status"], world.gateway.paid(prompt)) == ("uncertain", 0)


@QUICK
@given(story=stories, budget=st.integers(0, ROWS + 2))
def test_a_budget_is_kept_over_all_tries(tmp_path: Path, story: Story, budget: int) -> None:
    limits = Limits(max_running=2, max_credits_total=float(budget + 1))
    world = World(new_folder(tmp_path), Gateway(), limits=limits)
    world.rows = table(ROWS)
    tell(world, [chapter for chapter in story if chapter[0] != "change"])
    done = world.attempt()
    assert isinstance(done, dict), done
    paid = sum(made.cost for made in world.gateway.made)
    assert paid == min(budget + 1, ROWS)
    assert done["ended"] == ("done" if budget + 1 >= ROWS else "budget")
    assert done["counts"]["not_submitted"] == ROWS - paid


def test_a_refunded_row_is_made_again_as_often_as_it_may(tmp_path: Path) -> None:
    gateway = Gateway(failures={"a 0": 2, "a 1": 5})
    world = World(new_folder(tmp_path), gateway, rows=table(4))
    error = world.attempt()
    assert "1 of 4 rows have no result" in str(error)
    lines = world.manifest()
    assert [line["status"] for line in lines.values()] == ["succeeded", "failed", "succeeded", "succeeded"]
    assert [line["attempts"] for line in lines.values()] == [3, 3, 1, 1]
    world.clear()
    done = world.attempt()
    assert isinstance(done, dict)
    assert (done["counts"]["succeeded"], done["counts"]["reused"]) == (1, 3)


def test_a_budget_is_for_what_is_new_where_files_tell_what_is_asked_for(tmp_path: Path) -> None:
    """What rows with references ask for is known when their files are read; what is there costs nothing."""
    rows = table(6)
    for number, row in enumerate(rows):
        row["photo"] = str(tmp_path / f"{number}.png")
        Image.new("RGB", (64, 64), (number, 0, 0)).save(row["photo"])
    world = World(new_folder(tmp_path), Gateway(cost=5.0, tells=True), incremental=True, rows=rows)
    world.asked = {"model": "nano-banana-2", "reference_media": ["{photo}"]}

    def run(run_id: str, budget: float) -> tuple[str, int, int, int]:
        world.run_id, world.limits = run_id, Limits(max_running=4, max_credits_total=budget)
        done = world.attempt()
        assert isinstance(done, dict), done
        counts = done["counts"]
        return done["ended"], counts["succeeded"], counts["reused"], counts["not_submitted"]

    assert run("first", 15.0) == ("budget", 3, 0, 3)
    assert run("second", 15.0) == ("done", 3, 3, 0)
    assert run("third", 15.0) == ("done", 0, 6, 0)
    for row in (rows[0], rows[5]):
        Image.new("RGB", (64, 64), "blue").save(row["photo"])
    assert run("fourth", 9.0) == ("budget", 1, 4, 1)
    world.clear()
    assert run("fourth", 9.0) == ("budget", 0, 5, 1)
    assert len(world.gateway.made) == 7


def test_what_a_try_has_known_goes_with_it(tmp_path: Path) -> None:
    """A process may run many tries: in a cycle, ten thousand rows would stay until they are collected."""
    limits = Limits(max_running=2, max_credits_total=2.0)
    world = World(new_folder(tmp_path), Gateway(), limits=limits, rows=table(20))
    job = world.job(Fuse())
    plan, ledger = job.plan(lambda: world.rows), job.open_ledger()
    gc.collect()
    gc.disable()
    try:
        assert isinstance(job.run(plan, ledger, deadline=world.clock.time() + 600, here=None), Over)
        known = weakref.ref(ledger)
        del ledger
        assert known() is None
    finally:
        gc.enable()


def test_rows_that_are_told_to_wait_are_made_later(tmp_path: Path) -> None:
    gateway = Gateway(losses=["later"] * 3)
    world = World(new_folder(tmp_path), gateway, rows=table(6))
    done = world.attempt()
    assert isinstance(done, dict), done
    assert (done["counts"]["succeeded"], len(gateway.made)) == (6, 6)


def test_one_percent_of_rows_refused_for_their_content_is_tolerated_to_the_row(tmp_path: Path) -> None:
    gateway = Gateway(refused={"a 7", "a 150", "a 299"})
    world = World(new_folder(tmp_path), gateway, limits=Limits(max_running=100), rows=table(300))
    world.arguments = {"max_failed_rows": 0.01}
    done = world.attempt()
    assert isinstance(done, dict), done
    assert (done["counts"]["succeeded"], done["counts"]["refused"]) == (297, 3)
    assert sorted(row["row_key"] for row in done["failed_sample"]) == ["r150", "r299", "r7"]
    assert len(gateway.made) == 300  # content is not asked for twice
    gateway.refused.add("new")
    world.clear([*world.rows, {"key": "new", "prompt": "new"}])
    assert "4 of 301 rows have no result" in str(world.attempt())
    assert len(world.manifest()) == 301


def test_a_later_run_makes_only_what_is_new_where_runs_share_their_rows(tmp_path: Path) -> None:
    world = World(new_folder(tmp_path), Gateway(), incremental=True, rows=table(4))
    assert isinstance(world.attempt(), dict)
    world.run_id = "tomorrow"
    world.rows = [*table(4)[1:], {"key": "r9", "prompt": "new"}, {"key": "r0", "prompt": "changed"}]
    done = world.attempt()
    assert isinstance(done, dict)
    assert (done["counts"]["succeeded"], done["counts"]["reused"], done["credits"]["final"]) == (2, 3, 2)
    assert len(world.gateway.made) == 6
    assert all(line["outputs"] for line in world.manifest().values())


def test_files_that_are_gone_are_fetched_again_and_not_paid_again(tmp_path: Path) -> None:
    world = World(new_folder(tmp_path), Gateway(), incremental=True, rows=table(4))
    assert isinstance(world.attempt(), dict)
    for name in ("r1.png", "r2.png"):
        (world.folder / "out" / name).unlink()
    world.run_id, world.rows = "tomorrow", table(4)[1:]
    done = world.attempt()
    assert isinstance(done, dict)
    assert (sum(done["counts"].values()), done["counts"]["not_submitted"], len(world.gateway.made)) == (
        3,
        0,
        4,
    )
    assert all(line["outputs"] for line in world.manifest().values())


def test_a_limit_is_a_pilot_and_the_rest_comes_later(tmp_path: Path) -> None:
    world = World(new_folder(tmp_path), Gateway(), limits=Limits(max_running=4, limit=2), rows=table(5))
    done = world.attempt()
    assert isinstance(done, dict)
    assert (done["ended"], done["counts"]["succeeded"], done["counts"]["not_submitted"]) == ("limit", 2, 3)
    world.limits = Limits(max_running=4)
    world.clear()
    done = world.attempt()
    assert isinstance(done, dict)
    assert (done["counts"]["succeeded"], done["counts"]["reused"], len(world.gateway.made)) == (3, 2, 5)


def test_an_intent_stands_before_its_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed right after the gateway took requests in, their keys are in the ledger."""
    world = World(new_folder(tmp_path), Gateway(), rows=table(ROWS))
    for step in range(1, STEPS):
        died = world.attempt(Fuse(kill=step))
        known = "".join(path.read_text() for path in world.folder.glob("out/.rivya/*/ledger-*.jsonl"))
        assert all(made.key in known for made in world.gateway.made)
        if not isinstance(died, Killed):
            return
    raise AssertionError("no try came to its end")


def test_a_retry_reads_the_plan_and_never_the_table(tmp_path: Path) -> None:
    world = World(new_folder(tmp_path), Gateway(), rows=table(ROWS))
    planned = table(ROWS)
    world.attempt(Fuse(kill=20))
    world.rows = table(ROWS, "another")[::-1]
    assert isinstance(world.attempt(), dict)
    assert {made.prompt for made in world.gateway.made} == {row["prompt"] for row in planned}
    world.rows = planned
    assert len(world.manifest()) == ROWS
