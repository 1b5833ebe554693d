"""A batch that dies at a named moment, or meets another table: paid once per row, all of it landed."""

from __future__ import annotations

import pytest

from airflow_provider_rivya.batch import run
from airflow_provider_rivya.batch.window import Limits
from tests.integration.batch.conftest import NewBatch, products
from tests.integration.batch_faults import FaultInjector, Moment
from tests.integration.batch_harness import BatchHarness
from tests.integration.gateways import TestedGateway, at, at_each

ROWS = 12
WINDOW = 6

MOMENTS: dict[str, tuple[Moment, int]] = {
    "while the table is read": ("row", 10),
    "before the plan stands": ("plan", 1),
    "before the first intents are written": ("write", 2),
    "between the second window's intents and its first POST": ("create", WINDOW + 1),
    "with half of a window sent": ("create", WINDOW // 2 + 1),
    "with half of a window answered": ("created", WINDOW // 2 + 1),
    "answers received, and not written": ("write", 3),
    "while it waits": ("look", 1),
    "while landing": ("download", 1),
    "after the manifest, before _SUCCESS": ("success", 1),
}


def all_stands(batch: BatchHarness, rows: int = ROWS) -> None:
    assert batch.charges == rows
    lines = batch.manifest()
    assert len(lines) == rows
    assert all(line["outputs"] for line in lines.values())
    assert batch.succeeded
    assert batch.left_behind() == []
    posts = batch.posts
    assert batch.run().xcom["rows"] == rows  # whoever runs it again asks for nothing
    assert batch.posts == posts


@at_each
@pytest.mark.parametrize("moment", MOMENTS)
def test_it_goes_on_where_it_died(new_batch: NewBatch, gateway: TestedGateway, moment: str) -> None:
    decided = {} if gateway.replays_keys else {"on_uncertain_submission": "fail"}
    batch = new_batch(ROWS, limits=Limits(max_running=WINDOW), policy=decided)
    # A row that is being sent while another one waits or lands would be one of the cases above.
    answered = ROWS if moment in ("while it waits", "while landing") else 0
    assert batch.run(FaultInjector(*MOMENTS[moment], answered=answered)).died
    assert not batch.succeeded
    done = batch.run()
    unsent = "POST" in moment or "sent" in moment
    if unsent and not gateway.replays_keys:
        # Whether it was sent nobody can know, and a look-up does not find it.
        assert "uncertain" in done.text
        assert batch.charges == batch.posts < ROWS
        batch.clear()
        done = batch.run()
    assert sum(done.counts.values()) == done.counts.get("succeeded", 0) + done.counts.get("reused", 0)
    all_stands(batch)


@at("toapis")
def test_what_may_be_sent_anew_is(new_batch: NewBatch) -> None:
    resubmit = {"on_uncertain_submission": "resubmit"}
    batch = new_batch(ROWS, limits=Limits(max_running=WINDOW), policy=resubmit)
    assert batch.run(FaultInjector("create", WINDOW + 1)).died
    assert batch.run().counts == {"succeeded": ROWS}
    all_stands(batch)


@at_each
def test_a_table_that_changes_between_two_tries_is_not_read_again(new_batch: NewBatch) -> None:
    batch = new_batch(ROWS, limits=Limits(max_running=WINDOW))
    planned = batch.rows
    assert batch.run(FaultInjector("download", 4)).died
    batch.rows = [{**row, "title": "Another"} for row in reversed(products(2 * ROWS))]
    assert batch.run().counts == {"succeeded": ROWS}
    batch.rows = planned
    all_stands(batch)


@at_each
def test_a_table_that_changes_before_the_plan_stands_is_read_again(new_batch: NewBatch) -> None:
    batch = new_batch(ROWS)
    assert batch.run(FaultInjector("plan")).died
    batch.rows = [{**row, "title": f"Better {row['title']}"} for row in products(ROWS)]
    assert batch.run().counts == {"succeeded": ROWS}
    all_stands(batch)


@at_each
@pytest.mark.parametrize("died", [False, True], ids=["after its end", "in its middle"])
def test_a_clear_pays_for_what_has_changed_and_what_is_new(new_batch: NewBatch, died: bool) -> None:
    batch = new_batch(30, limits=Limits(max_running=15))
    first = batch.run(FaultInjector("download", 8) if died else None)
    assert first.died == died
    before = batch.charges
    rows = products(30, first=10)  # ten are gone, ten are new
    for row in rows[5:15]:
        row["title"] += " in another colour"
    batch.clear(rows)
    done = batch.run()
    assert done.counts["succeeded"] + done.counts.get("reused", 0) == 30
    assert batch.charges <= 50
    if not died:
        assert before == 30
        assert done.counts == {"succeeded": 20, "reused": 10}
        assert batch.charges == 50
    assert len(batch.manifest()) == 30
    assert {batch.landing.joinpath(f"{row['sku']}.png").exists() for row in rows} == {True}
    posts = batch.posts
    batch.clear()
    assert batch.run().counts == {"reused": 30}
    assert batch.posts == posts


@at_each
def test_a_trigger_is_told_of_a_bounded_number_of_what_runs(
    new_batch: NewBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "WATCHED", 5)
    batch = new_batch(ROWS, limits=Limits(max_running=ROWS))
    waiting = batch.run(here=0.0).waiting
    assert waiting is not None
    assert [len(ids) for ids in waiting.ids.values()] == [5]
    assert batch.posts == ROWS
    assert batch.run().counts == {"succeeded": ROWS}
    all_stands(batch)
