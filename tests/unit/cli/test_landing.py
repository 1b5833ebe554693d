"""Paths of the command line become places of outputs, and the way back."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from airflow_provider_rivya.cli.landing import local_path, place_of, way_back


def test_relative_paths_are_made_absolute(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "v1.png").mkdir()
    assert place_of("out") == f"{tmp_path}/out"
    assert place_of("out.d/") == f"{tmp_path}/out.d/"
    assert place_of("v1.png") == f"{tmp_path}/v1.png/"
    assert place_of("~/cat.png") == f"{tmp_path}/cat.png"
    assert place_of(".") == f"{tmp_path}/"


@pytest.mark.parametrize("text", ["s3://bucket/prefix/", "file:///tmp/x/", "", " "])
def test_uris_and_nothing_stay(text: str) -> None:
    assert place_of(text) == text


def test_paths_are_shown_as_paths() -> None:
    assert local_path("file:///data/a b%20c.png") == "/data/a b%20c.png"
    assert local_path("s3://bucket/a.png") == "s3://bucket/a.png"


@pytest.mark.parametrize(
    ("conn_id", "output", "command"),
    [
        ("rivya_default", "out/", "rivya fetch task_1 --output out/"),
        ("toapis_default", "my files/", "rivya fetch task_1 --output 'my files/' --conn-id toapis_default"),
    ],
)
def test_how_to_fetch_what_is_paid_for(conn_id: str, output: str, command: str) -> None:
    assert way_back("task_1", Namespace(conn_id=conn_id, output=output)) == command
