"""The decisions of the local stack, with plain values."""

from __future__ import annotations

import configparser
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tools.local import EXAMPLE_DAGS
from tools.stack.config import Secrets, StackConfig, base_options, component_environment, render_cfg
from tools.stack.stack import kind_of, missing_jobs
from tools.up import SHOWN

NOON = datetime(2026, 5, 11, 12, tzinfo=UTC)
KEYS = Secrets(fernet_key="f", jwt_secret="j", secret_key="s")


def config(**changes: object) -> StackConfig:
    return StackConfig(home=Path("/h"), dags_folder=Path("/d"), python=Path("/v/bin/python"), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("triggerer", "triggerer"), ("triggerer-2", "triggerer"), ("dag-processor", "dag-processor")],
)
def test_kind_of_a_component(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_a_component_is_missing_until_it_has_a_job_of_its_own() -> None:
    started = {"api-server": NOON, "scheduler": NOON, "triggerer": NOON}
    predecessor = ("SchedulerJob", NOON - timedelta(seconds=1))
    assert missing_jobs(started, [predecessor]) == ["scheduler", "triggerer"]
    assert missing_jobs(started, [("SchedulerJob", NOON), ("TriggererJob", NOON)]) == []


def test_two_triggerers_need_two_jobs() -> None:
    started = {"triggerer": NOON, "triggerer-2": NOON + timedelta(seconds=5)}
    assert missing_jobs(started, [("TriggererJob", NOON)]) == ["triggerer"]
    assert missing_jobs(started, [("TriggererJob", NOON), ("TriggererJob", NOON)]) == []


def test_every_address_is_loopback_and_fixed() -> None:
    options = base_options(config(), KEYS, 4711)
    assert options["api"]["host"] == "127.0.0.1"
    assert options["core"]["execution_api_server_url"] == "http://127.0.0.1:4711/execution/"
    assert options["database"]["sql_alchemy_conn"] == "sqlite:////h/airflow.db?timeout=60"


def test_a_database_can_be_chosen() -> None:
    chosen = config(sql_alchemy_conn="postgresql+psycopg2://u@127.0.0.1/a")
    assert (
        base_options(chosen, KEYS, 1)["database"]["sql_alchemy_conn"] == "postgresql+psycopg2://u@127.0.0.1/a"
    )


def test_cfg_layers_and_percent_signs() -> None:
    text = render_cfg({"a": {"x": "1", "y": "50%"}}, {"a": {"x": "2"}, "b": {"z": "3"}})
    read = configparser.ConfigParser()
    read.read_string(text)
    assert {section: dict(read[section]) for section in read.sections()} == {
        "a": {"x": "2", "y": "50%"},
        "b": {"z": "3"},
    }


def test_environment_drops_another_airflow_and_keeps_the_rest() -> None:
    inherited = {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "COVERAGE_PROCESS_START": "x",
        "PYTHONPATH": "/elsewhere",
        "AWS_PROFILE": "mine",
        "PATH": "/bin",
        "NO_PROXY": "intranet",
    }
    env = component_environment(config(connections={"rivya_default": "{}"}, env={"EXTRA": "1"}), inherited)
    assert env["AIRFLOW_CONN_RIVYA_DEFAULT"] == "{}"
    assert env["AIRFLOW_HOME"] == "/h"
    assert env["AWS_PROFILE"] == "mine"
    assert env["EXTRA"] == "1"
    assert env["PATH"] == "/v/bin:/bin"
    assert {"intranet", "127.0.0.1"} <= set(env["NO_PROXY"].split(","))
    assert not {"AIRFLOW__CORE__EXECUTOR", "COVERAGE_PROCESS_START", "PYTHONPATH"} & set(env)


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    made = Secrets.load_or_create(tmp_path)
    assert Secrets.load_or_create(tmp_path) == made
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert len({made.fernet_key, made.jwt_secret, made.secret_key}) == 3


@pytest.mark.parametrize("example", sorted(EXAMPLE_DAGS.glob("*.py")), ids=lambda path: path.stem)
def test_the_gallery_of_make_up_shows_what_the_examples_make(example: Path) -> None:
    folders = re.findall(r'"(/tmp/[^"]*)"', example.read_text(encoding="utf-8"))
    assert all(f"file://{folder}".startswith(SHOWN) for folder in folders)
    assert folders
