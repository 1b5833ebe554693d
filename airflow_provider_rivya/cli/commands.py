"""
The commands as data: one description for ``rivya`` and for ``airflow rivya``.

Light on purpose: every call of ``airflow`` reads it.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from airflow_provider_rivya.api.gateways import gateways

FORMATS: Final = ("table", "json", "yaml")
GATEWAYS: Final = tuple(facts.name for facts in gateways())
"""Names of the gateways, which are the types of their connections too; the first one is the default."""
DEFAULT_CONNECTION: Final = f"{GATEWAYS[0]}_default"


class Option:
    """
    One argument of a command.

    :param flags: ``--model``; a positional argument has its bare name.
    :param settings: the rest of what :meth:`argparse.ArgumentParser.add_argument` takes.
    """

    def __init__(self, *flags: str, help: str, **settings: Any) -> None:
        self.flags = flags
        self.help = help
        self.settings = settings


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
    return _number(text, "a number above 0", lambda value: value > 0)


def amount(text: str) -> float:
    """A number of credits, 0 or more."""
    return _number(text, "a number of credits, 0 or more", lambda value: value >= 0)


def _number(text: str, wanted: str, holds: Callable[[float], bool]) -> float:
    with suppress(ValueError):
        if math.isfinite(value := float(text)) and holds(value):
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}")


def _format(*flags: str) -> Option:
    told = "how to print the result; json and yaml put nothing else on stdout (%(default)s)"
    return Option(*flags, help=told, choices=FORMATS, default="table", dest="format")


_OUTPUT = _format("-o", "--output")
_FORMAT = _format("--format")
_CONNECTION = Option(
    "--conn-id",
    help=f"Airflow connection; its type, {' or '.join(GATEWAYS)}, decides the gateway (%(default)s)",
    default=DEFAULT_CONNECTION,
    metavar="ID",
)
_GATEWAY = Option(
    "--gateway",
    help="the gateway whose models these are (%(default)s)",
    choices=GATEWAYS,
    default=GATEWAYS[0],
)
_REQUEST = (
    Option("-m", "--model", help="model id, see 'models list'", required=True, metavar="ID"),
    Option("-p", "--prompt", help="prompt; @FILE reads it from a file", metavar="TEXT"),
    Option(
        "--params",
        help="the model's own parameters as a JSON object; @FILE reads it from a file",
        metavar="JSON",
    ),
    Option(
        "-r",
        "--reference",
        help="reference file: a path, an object storage URI or a URL; may be repeated",
        action="append",
        default=[],
        metavar="FILE",
    ),
    Option(
        "--dialect",
        help="at ToAPIs: a spelling of the request that is to differ from the catalogue's, such as "
        "resolution=top or model=ID_TO_SEND; may be repeated",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
    ),
)
_LANDING = (
    Option(
        "--output",
        help="where the files go: a folder, a file name with its extension, or an object storage URI",
        required=True,
        metavar="DIR",
    ),
    Option(
        "--timeout",
        help="give up waiting after this long; the generation goes on at the gateway (%(default)s)",
        type=positive,
        default=3600.0,
        metavar="SECONDS",
    ),
    Option(
        "--verify",
        help="how a file is checked before it is landed: by its structure, or decoded to its end as well, "
        "which needs the extra 'verify' (%(default)s)",
        choices=("structure", "decode"),
        default="structure",
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
                Option("--category", help="only models that make this", choices=("image", "video", "audio")),
                _GATEWAY,
                _OUTPUT,
            ),
        ),
        Command(
            "show",
            "show what a model accepts and what it costs",
            "models:show_model",
            (Option("model", help="model id", metavar="ID"), _GATEWAY, _OUTPUT),
        ),
    ),
)

COMMANDS: Final[tuple[Command | Group, ...]] = (
    MODELS,
    Command(
        "validate",
        "check a request without sending it",
        "requests:validate",
        (
            *_REQUEST,
            Option(
                "--gateway",
                help=f"the gateway whose rules count ({GATEWAYS[0]}, or that of --conn-id)",
                choices=GATEWAYS,
            ),
            _OUTPUT,
            Option(
                "--conn-id",
                help="Airflow connection, which decides the gateway and opens references that are URLs (the "
                "gateway's default connection)",
                metavar="ID",
            ),
        ),
        "Check a request against the model's rules. Nothing is sent and nothing is charged. A connection is "
        "only needed where one is named, and for references that are URLs.",
    ),
    Command(
        "check",
        "check the generate tasks of DAGs without running them",
        "check:run",
        (Option("dags", help="a folder of DAG files, or one of them", metavar="DAGS"), _OUTPUT),
        "Read the files as Airflow does, and check what is written down in each generate task: model, "
        "parameters, prompt, output place. What is known only when a task runs is left out. "
        "Nothing is sent or written.",
    ),
    Command(
        "generate",
        "generate and land the files; this costs credits",
        "requests:generate",
        (
            *_REQUEST,
            Option(
                "--idempotency-key",
                help="send the request under this key: the same command with the same key is paid for once. "
                "Rivya answers a repeated key with the first generation; at ToAPIs the key is looked up "
                "first, and what was sent under it is not sent again, as the record beside the same "
                "--output tells; choose a key for one request",
                metavar="KEY",
            ),
            Option(
                "--max-credits",
                help="refuse a request whose price is above this; the price is the catalogue's base price",
                type=amount,
                metavar="CREDITS",
            ),
            Option(
                "--allow-estimates",
                help="let --max-credits take the base price of models whose price depends on more than the "
                "model",
                action="store_true",
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
        (
            Option(
                "generation_id",
                help="the gateway's task id; at ToAPIs also the key that it was submitted under",
                metavar="GENERATION_ID",
            ),
            Option(
                "--category",
                help="where the gateway keeps images and videos apart: which it is (both are looked at)",
                choices=("image", "video"),
            ),
            *_LANDING,
        ),
        "Land the result of a generation that is paid for already. This costs nothing.",
    ),
    Command(
        "credits",
        "show the balance of the account, or of its key",
        "account:show_credits",
        (_OUTPUT, _CONNECTION),
    ),
    Command(
        "sandbox",
        "run a stand-in for both gateways on this machine: nothing is real, nothing is charged",
        "account:run_sandbox",
        (
            # The sandbox's own command line checks what is typed here.
            Option("--port", help="port to listen on, 0 = a free one (%(default)s)", default="8765"),
            Option(
                "--speed",
                help="how many times faster than the real gateways (%(default)s)",
                default="1",
                metavar="FACTOR",
            ),
            Option("--credits", help="starting balance at each gateway (%(default)s)", default="1000"),
            Option("--quiet", help="no access log", action="store_true"),
        ),
    ),
)
