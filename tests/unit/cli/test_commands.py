"""One description of the commands gives ``rivya`` and ``airflow rivya``."""

from __future__ import annotations

import argparse
import importlib
import inspect

import pytest

from airflow_provider_rivya.cli.batch_commands import BATCH
from airflow_provider_rivya.cli.commands import COMMANDS, MODELS
from airflow_provider_rivya.cli.definition import get_rivya_cli_commands
from airflow_provider_rivya.cli.main import main
from airflow_provider_rivya.cli.options import FORMATS, Command, Group

GROUPS = (MODELS, BATCH)
PATHS = [[command.name] for command in COMMANDS] + [
    [group.name, command.name] for group in GROUPS for command in group.commands
]
TABLE = ["products.csv", "--key", "sku", "-m", "z-image", "-p", "{title}"]
GENERATE = ["generate", "--model", "z-image", "--prompt", "a cat", "--output", "/tmp/x"]  # noqa: S108
EXAMPLES = [
    ["models", "list", "--category", "audio", "--format", "json"],
    ["models", "show", "z-image", "--format", "yaml", "--gateway", "toapis"],
    ["validate", "-m", "z-image", "-p", "a cat", "--params", "{}", "-r", "a.png", "-r", "b.png"],
    ["validate", "-m", "z-image", "--gateway", "toapis", "--dialect", "resolution=top"],
    [*GENERATE, "--timeout", "60", "--format", "json", "--idempotency-key", "k", "--max-credits", "0"],
    ["fetch", "task_1", "--output", "out", "--category", "video"],
    ["batch", "plan", *TABLE, "--max-running", "7", "--gateway", "toapis", "--json"],
    ["batch", "run", *TABLE, "--output", "o", "--limit", "3", "--carry", "title", "--max-failed-rows", "0.1"],
    ["batch", "status", "out", "--format", "json"],
    ["batch", "failed", "s3://bucket/out/"],
    ["check", "./dags"],
    ["credits"],
    ["sandbox", "--port", "0", "--speed", "20", "--credits", "5", "--quiet"],
]


ALL = [
    command for entry in COMMANDS for command in (entry.commands if isinstance(entry, Group) else (entry,))
]


def airflow_parser() -> argparse.ArgumentParser:
    cli_parser = pytest.importorskip("airflow.cli.cli_parser")
    parser = argparse.ArgumentParser(prog="airflow")
    subparsers = parser.add_subparsers(dest="subcommand")
    for command in get_rivya_cli_commands():
        cli_parser._add_command(subparsers, command)
    return parser


@pytest.mark.parametrize("command", ALL, ids=lambda command: command.run)
def test_every_command_runs_something(command: Command) -> None:
    module, _, name = command.run.partition(":")
    function = getattr(importlib.import_module(f"airflow_provider_rivya.cli.{module}"), name)
    assert list(inspect.signature(function).parameters) == ["arguments", "output"]


def test_the_examples_are_all_commands() -> None:
    names = {" ".join(word for word in example[:2] if word.isalpha()) for example in EXAMPLES}
    assert names == {" ".join(path) for path in PATHS if path not in ([group.name] for group in GROUPS)}


@pytest.mark.parametrize("arguments", EXAMPLES, ids=lambda arguments: " ".join(arguments[:2]))
def test_both_parsers_read_the_same(arguments: list[str]) -> None:
    from airflow_provider_rivya.cli.main import _parser

    ours = vars(_parser().parse_args(arguments))
    theirs = vars(airflow_parser().parse_args(["rivya", *arguments]))
    command = ours.pop("command_to_run")
    assert isinstance(command, Command)
    assert callable(theirs.pop("func"))
    del theirs["subcommand"]
    assert ours == theirs


@pytest.mark.parametrize("command", ALL, ids=lambda command: command.run)
def test_results_can_be_had_as_json(command: Command) -> None:
    has_result = command.name != "sandbox"
    assert any(option.settings.get("choices") == FORMATS for option in command.options) == has_result


@pytest.mark.parametrize(
    "arguments", [[], *([group.name] for group in GROUPS), *([*path, "--help"] for path in PATHS)]
)
def test_help_and_nothing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    wanted = 0 if "--help" in arguments else 2
    assert ended.value.code == wanted
    assert "usage: rivya" in (out if wanted == 0 else err)


def test_airflow_gets_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    for model, code in (("z-image", 0), ("no-such-model", 2)):
        arguments = airflow_parser().parse_args(["rivya", "models", "show", model])
        with pytest.raises(SystemExit) as ended:
            arguments.func(arguments)
        assert ended.value.code == code
    assert "no model 'no-such-model'" in capsys.readouterr().err
