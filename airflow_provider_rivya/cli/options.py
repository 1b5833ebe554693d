"""The options that commands share, and what a command is. Light: every call of ``airflow`` reads it."""

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


def share(text: str) -> float:
    """A whole number of rows, or with a point a share of them."""
    with suppress(ValueError):
        if (value := int(text)) >= 0:
            return value
    return _number(text, "a whole number, or a share such as 0.05, up to 1.0", lambda value: 0 <= value <= 1)


def count(most: int | None = None) -> Callable[[str], int]:
    """
    A whole number above 0.

    :param most: and not above this.
    """

    def read(text: str) -> int:
        with suppress(ValueError):
            if (value := int(text)) > 0 and (most is None or value <= most):
                return value
        bound = "" if most is None else f", up to {most}"
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0{bound}")

    return read


def _number(text: str, wanted: str, holds: Callable[[float], bool]) -> float:
    with suppress(ValueError):
        if math.isfinite(value := float(text)) and holds(value):
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}")


FORMAT = Option(
    "--format",
    help="how to print the result; json and yaml put nothing else on stdout (%(default)s)",
    choices=FORMATS,
    default="table",
)
CONNECTION = Option(
    "--conn-id",
    help=f"Airflow connection; its type, {' or '.join(GATEWAYS)}, decides the gateway (%(default)s)",
    default=DEFAULT_CONNECTION,
    metavar="ID",
)
GATEWAY = Option(
    "--gateway",
    help="the gateway whose models these are (%(default)s)",
    choices=GATEWAYS,
    default=GATEWAYS[0],
)
REQUEST = (
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
PRICE = (
    Option(
        "--max-credits",
        help="refuse a request whose price is above this; the price is the catalogue's base price",
        type=amount,
        metavar="CREDITS",
    ),
    Option(
        "--allow-estimates",
        help="let limits of credits take the base price of models whose price depends on more than the model",
        action="store_true",
    ),
)
