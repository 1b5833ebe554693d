"""What a person is shown of a generation: every look in a bar, or changes in lines."""

from __future__ import annotations

import pytest

from airflow_provider_rivya.api.schemas import Generation
from airflow_provider_rivya.cli.output import Output
from airflow_provider_rivya.cli.progress import Follower, followed
from airflow_provider_rivya.exceptions import GatewayUnreachableError

RUNNING = Generation(id="task_1", status="processing")
LOST = GatewayUnreachableError("no answer")


def test_without_a_terminal_changes_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with followed(Output()) as narrator:
        follower = narrator("task_1", 1000.0)
        for at in (1001.0, 1002.0):
            assert follower.tell(at, RUNNING) is None, "nothing is left to be logged"
        follower.tell(1003.0, LOST)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "Generation task_1: processing after 1 s."
    assert second.startswith("Warning: Generation task_1: status unknown after 3 s. no answer.")


def test_where_a_bar_is_drawn_only_warnings_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    shown: list[str] = []
    follower = Follower("task_1", 1000.0, Output(), shown.append)
    for seen in (RUNNING, RUNNING, LOST, Generation(id="task_1", status="succeeded")):
        follower.tell(1001.0, seen)
    assert shown == ["processing", "processing", "status unknown, asking again", "succeeded"]
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("Warning: ")


def test_markup_in_a_status_has_no_effect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with followed(Output()) as narrator:
        narrator("task_1", 1000.0).tell(1001.0, Generation(id="task_1", status="[red]x[/blue]"))
    assert "[red]x[/blue]" in capsys.readouterr().err
