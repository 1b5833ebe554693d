"""
The commands as data: one description for ``rivya`` and for ``airflow rivya``.

Light on purpose: every call of ``airflow`` reads it.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

FORMATS: Final = ("table", "json", "yaml")
DEFAULT_CONNECTION: Final = "rivya_default"


@dataclass(frozen=True)
class Option:
    """
    One argument of a command.

    :param flags: ``--model``; a positional argument has its bare name.
    :param settings: the rest of what :meth:`argparse.ArgumentParser.add_argument` takes.
    """

    flags: tuple[str, ...]
    help: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """
    One command.

    :param run: ``module:function`` below this package; called with the parsed arguments and an
        :class:`~airflow_provider_rivya.cli.output.Output`, returns the exit code.
    """

    name: str
    help: str
    run: str
    options: tuple[Option, ...] = ()
    description: str | None = None


@dataclass(frozen=True)
class Group:
    """Commands under one name."""

    name: str
    help: str
    commands: tuple[Command, ...]


def positive(text: str) -> float:
    """A number above 0."""
    value = _number(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def amount(text: str) -> float:
    """A number of credits, 0 or more."""
    value = _number(text)
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of credits, 0 or more")
    return value


def port(text: str) -> int:
    """A TCP port; 0 takes a free one."""
    value = _number(text)
    if not (value.is_integer() and 0 <= value <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, a whole number from 0 to 65535")
    return int(value)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _format(*flags: str) -> Option:
    return Option(
        flags,
        "how to print the result; json and yaml put nothing else on stdout (%(default)s)",
        {"choices": FORMATS, "default": "table", "dest": "format"},
    )


_OUTPUT = _format("-o", "--output")
_FORMAT = _format("--format")
_CONNECTION = Option(
    ("--conn-id",),
    "Airflow connection of the gateway (%(default)s)",
    {"default": DEFAULT_CONNECTION, "metavar": "ID"},
)
_REQUEST = (
    Option(("-m", "--model"), "model id, see 'models list'", {"required": True, "metavar": "ID"}),
    Option(("-p", "--prompt"), "prompt; @FILE reads it from a file", {"metavar": "TEXT"}),
    Option(
        ("--params",),
        "the model's own parameters as a JSON object; @FILE reads it from a file",
        {"metavar": "JSON"},
    ),
    Option(
        ("-r", "--reference"),
        "reference file: a path, an object storage URI or a URL; may be repeated",
        {"action": "append", "default": [], "metavar": "FILE"},
    ),
)
_LANDING = (
    Option(
        ("--output",),
        "where the files go: a folder, a file name with its extension, or an object storage URI",
        {"required": True, "metavar": "DIR"},
    ),
    Option(
        ("--timeout",),
        "give up waiting after this long; the generation goes on at the gateway (%(default)s)",
        {"type": positive, "default": 3600.0, "metavar": "SECONDS"},
    ),
    _FORMAT,
    _CONNECTION,
)

MODELS: Final = Group(
    "models",
    "the model catalogue",
    (
        Command(
            "list",
            "list the models",
            "models:list_models",
            (
                Option(
                    ("--category",),
                    "only models that make this",
                    {"choices": ("image", "video", "audio")},
                ),
                _OUTPUT,
            ),
        ),
        Command(
            "show",
            "show what a model accepts and what it costs",
            "models:show_model",
            (Option(("model",), "model id", {"metavar": "ID"}), _OUTPUT),
        ),
        Command(
            "diff",
            "compare the bundled catalogue with the gateway's live list",
            "models:diff_models",
            (
                Option(("--check",), "exit with 4 when there is a difference", {"action": "store_true"}),
                _OUTPUT,
                _CONNECTION,
            ),
        ),
    ),
)

COMMANDS: Final[tuple[Command | Group, ...]] = (
    MODELS,
    Command(
        "validate",
        "check a request without sending it",
        "requests:validate",
        (*_REQUEST, _OUTPUT, _CONNECTION),
        "Check a request against the model's rules. Nothing is sent and nothing is charged. The connection "
        "is only needed for references that are URLs.",
    ),
    Command(
        "generate",
        "generate and land the files; this costs credits",
        "requests:generate",
        (
            *_REQUEST,
            Option(
                ("--idempotency-key",),
                "send the request under this key: the same request under the same key is paid for once",
                {"metavar": "KEY"},
            ),
            Option(
                ("--max-credits",),
                "refuse a request whose price is above this; the price is the catalogue's base price",
                {"type": amount, "metavar": "CREDITS"},
            ),
            Option(
                ("--allow-estimates",),
                "let --max-credits take the base price of models whose price depends on more than the model",
                {"action": "store_true"},
            ),
            *_LANDING,
        ),
        "Check the request, upload the references, submit, wait and land the files. This costs credits. "
        "Ctrl-C ends the waiting, not the generation: 'fetch' takes it up again.",
    ),
    Command(
        "fetch",
        "wait for a generation that was submitted before, and land its files",
        "requests:fetch",
        (Option(("generation_id",), "the gateway's task id", {"metavar": "GENERATION_ID"}), *_LANDING),
        "Land the result of a generation that is paid for already. This costs nothing.",
    ),
    Command("credits", "show the balance of the account", "account:show_credits", (_OUTPUT, _CONNECTION)),
    Command(
        "sandbox",
        "run a stand-in for the gateway on this machine: nothing is real, nothing is charged",
        "account:run_sandbox",
        (
            Option(
                ("--port",),
                "port to listen on, 0 = a free one (%(default)s)",
                {"type": port, "default": 8765},
            ),
            Option(
                ("--speed",),
                "how many times faster than the real gateway (%(default)s)",
                {"type": positive, "default": 1.0, "metavar": "FACTOR"},
            ),
        ),
    ),
)
