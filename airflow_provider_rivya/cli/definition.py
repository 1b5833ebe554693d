"""``airflow rivya ...``: what the provider's ``cli`` entry names (Airflow 3.2 and later)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand

from airflow_provider_rivya.cli.commands import COMMANDS
from airflow_provider_rivya.cli.options import Command, Group

if TYPE_CHECKING:
    from argparse import Namespace


def get_rivya_cli_commands() -> list[Any]:
    """Return the group ``rivya`` with the commands of the console script of the same name."""
    return [
        GroupCommand(
            name="rivya",
            help="Generate images, video and audio through Rivya and ToAPIs",
            subcommands=_subcommands(COMMANDS),
        )
    ]


def _subcommands(commands: Sequence[Command | Group]) -> list[Any]:
    return [
        GroupCommand(name=entry.name, help=_title(entry.help), subcommands=_subcommands(entry.commands))
        if isinstance(entry, Group)
        else ActionCommand(
            name=entry.name,
            help=_title(entry.help),
            description=entry.description,
            func=_runner(entry),
            args=tuple(Arg(option.flags, help=option.help, **option.settings) for option in entry.options),
        )
        for entry in commands
    ]


def _title(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _runner(command: Command) -> Callable[[Namespace], None]:
    def run(arguments: Namespace) -> None:
        from airflow_provider_rivya.cli.main import execute

        # Airflow does not look at what a command returns.
        sys.exit(execute(command, arguments))

    return run
