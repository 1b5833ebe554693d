"""What a batch of the command line is called, says and remembers."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any, get_args

import pytest

from airflow_provider_rivya.batch.progress import Standing as Numbers
from airflow_provider_rivya.cli.batch.arguments import name_of
from airflow_provider_rivya.cli.batch.progress import followed, in_brief
from airflow_provider_rivya.cli.batch.record import KnownRun, RunRecord
from airflow_provider_rivya.cli.batch.running import stopped_in_words
from airflow_provider_rivya.cli.batch.words import CommandWords
from airflow_provider_rivya.cli.output import Output
from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.context import Impasse, Outcome

COMMAND: dict[str, Any] = {"table": "/t.csv", "prompt": "A cup"}


@pytest.mark.parametrize(
    ("table", "given", "name"),
    [
        ("/data/products.csv", None, "products"),
        ("s3://bucket/2026-05/", None, "2026-05"),
        ("/data/new-*.csv", None, "new-"),
        ("/data/*.csv", None, "rows"),
        ("/data/products.csv", "spring", "spring"),
    ],
)
def test_a_batch_has_the_name_of_its_table(table: str, given: str | None, name: str) -> None:
    assert name_of(Namespace(table=table, name=given)) == name


@pytest.mark.parametrize("replays", [True, False])
def test_no_sentence_is_a_task_s(replays: bool) -> None:
    words = CommandWords(replays)
    said = [words.fate(outcome) for outcome in get_args(Outcome)]
    said += [words.impasse(why) for why in get_args(Impasse)]
    for text in said:
        assert text.endswith(".")
        assert not {"task", "clear", "retry", "try"} & set(text.lower().replace(".", " ").split()), text
    assert ("pay twice" in " ".join(said)) is not replays


def test_of_a_run_that_was_stopped_all_rows_are_accounted_for() -> None:
    counts = dict.fromkeys(("succeeded", "reused", "not_landed", "uncertain", "not_submitted"), 0)
    some = {**counts, "succeeded": 3, "reused": 1, "not_landed": 2, "not_submitted": 4}
    text = stopped_in_words({"rows": 10, "counts": some})
    assert "4 of 10 rows are stored. 2 go on at the gateway and are paid for" in text
    assert "4 were not sent and cost nothing" in text
    assert "no answer" not in text


class TestRecord:
    def begin(self, folder: Path, *, stands: bool, anew: bool = False, **command: Any) -> KnownRun:
        record = RunRecord(OutputPlace(f"{folder}/"), "products")
        return record.begin({**COMMAND, **command}, stands=lambda known: stands, anew=anew)

    def test_an_interrupted_run_is_gone_on_with_and_by_its_own_command_alone(self, tmp_path: Path) -> None:
        first = self.begin(tmp_path, stands=False)
        assert self.begin(tmp_path, stands=True) == first
        with pytest.raises(
            InvalidRequestError, match="prompt: the interrupted run had 'A cup', this one 'A jug'"
        ):
            self.begin(tmp_path, stands=True, prompt="A jug")
        anew = self.begin(tmp_path, stands=True, anew=True, prompt="A jug")
        assert (anew.id, anew.epoch) == (first.id, first.epoch + 1)

    def test_where_no_plan_came_to_stand_another_command_may_be_typed(self, tmp_path: Path) -> None:
        first = self.begin(tmp_path, stands=False)
        second = self.begin(tmp_path, stands=False, prompt="A jug")
        assert (second.id, second.epoch, second.command["prompt"]) == (first.id, first.epoch, "A jug")

    def test_after_its_end_the_next_one_is_a_new_run_of_the_same_batch(self, tmp_path: Path) -> None:
        first = self.begin(tmp_path, stands=False)
        RunRecord(OutputPlace(f"{tmp_path}/"), "products").end(first, "done")
        second = self.begin(tmp_path, stands=True, prompt="A jug")
        assert (second.id, second.epoch, second.over) == (first.id, 1, None)


def test_a_bar_says_what_it_does_not_show(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = Numbers(rows=300, landed=120, failed=2, running=80, credits=240, budget=500, seconds_left=95.0)
    assert in_brief(numbers) == "80 running, 2 failed, 240 of 500 credits, 1:35 left"
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with followed(Output()) as report:
        report.tell(numbers)
    shown = capsys.readouterr().err
    assert "122/300" in shown
    assert "80 running, 2 failed" in shown
