"""From arguments to an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, cast

from airflow_provider_rivya import __version__
from airflow_provider_rivya.cli.commands import COMMANDS
from airflow_provider_rivya.cli.options import Command, Group
from airflow_provider_rivya.exceptions import (
    AuthenticationError,
    ConnectionConfigError,
    GenerationError,
    InvalidRequestError,
    PermissionDeniedError,
)

if TYPE_CHECKING:
    from airflow_provider_rivya.cli.output import Output

OK: Final = 0
FAILED: Final = 1
"""The gateway refused or could not be reached, or the generation failed there or could not be stored."""
BAD_INPUT: Final = 2
BAD_CONNECTION: Final = 3
"""The Airflow connection is missing or cannot be used, or the gateway does not accept its key."""
INTERRUPTED: Final = 130

_EXIT_CODES = (
    f"exit codes: {OK} done, {FAILED} the gateway or the generation failed, {BAD_INPUT} bad input, "
    f"{BAD_CONNECTION} the connection cannot be used, {INTERRUPTED} interrupted"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run ``rivya``.

    :param arguments: without the program's name; those of the process if not given.
    :return: the exit code.
    """
    options = _parser().parse_args(arguments)
    return execute(options.command_to_run, options)


def execute(command: Command, arguments: argparse.Namespace) -> int:
    """Run one command and turn what goes wrong into a message and an exit code."""
    from airflow_provider_rivya.cli.output import Output, log_lines

    output = Output("json" if getattr(arguments, "json", False) else getattr(arguments, "format", "table"))
    try:
        with log_lines(output):
            return _function(command)(arguments, output)
    except GenerationError as error:
        output.failure(error)
        return exit_code(error)
    except KeyboardInterrupt:
        output.say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (| head); Python would complain when it flushes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def exit_code(error: GenerationError) -> int:
    """Return the exit code for an error."""
    if isinstance(error, InvalidRequestError):
        return BAD_INPUT
    refused = (ConnectionConfigError, AuthenticationError, PermissionDeniedError)
    return BAD_CONNECTION if isinstance(error, refused) else FAILED


def _function(command: Command) -> Callable[[argparse.Namespace, Output], int]:
    module, _, name = command.run.partition(":")
    found = getattr(importlib.import_module(f"{__package__}.{module}"), name)
    return cast("Callable[[argparse.Namespace, Output], int]", found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rivya",
        description="Image, video and audio generation through Rivya and ToAPIs, with Airflow's connections.",
        epilog=_EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"airflow-provider-rivya {__version__}")
    _add(parser, COMMANDS)
    return parser


def _add(parser: argparse.ArgumentParser, commands: Sequence[Command | Group]) -> None:
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in commands:
        description = command.description if isinstance(command, Command) else None
        sub = subparsers.add_parser(
            command.name,
            help=command.help,
            description=description or f"{command.help[:1].upper()}{command.help[1:]}.",
        )
        if isinstance(command, Group):
            _add(sub, command.commands)
            continue
        for option in command.options:
            sub.add_argument(*option.flags, help=option.help, **option.settings)
        sub.set_defaults(command_to_run=command)
