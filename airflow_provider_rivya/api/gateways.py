"""The gateways that there are: what is known of each without sending anything. Plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

_CATALOGS: Final = Path(__file__).parents[1] / "catalog"


class GatewayFacts(NamedTuple):
    """
    One gateway.

    :param name: the type of its connections, its name in results, and that of its modules and catalogue.
    :param title: its name for people.
    :param class_prefix: of the names of its hook, operator, trigger, ...
    :param default_host: used when a connection has none.
    :param docs_url: its documentation.
    :param key_placeholder: what an API key looks like, for the connection's form.
    :param catalog: its models; ``None``: ``catalog/{name}.json``.
    """

    name: str
    title: str
    class_prefix: str
    default_host: str
    docs_url: str
    key_placeholder: str
    catalog: Path | None = None

    @property
    def hook_class(self) -> str:
        """The dotted path of its hook."""
        return f"airflow_provider_rivya.hooks.{self.name}.{self.class_prefix}Hook"

    @property
    def catalog_path(self) -> Path:
        return self.catalog or _CATALOGS / f"{self.name}.json"


RIVYA: Final = GatewayFacts(
    name="rivya",
    title="Rivya",
    class_prefix="Rivya",
    default_host="https://rivya.ai",
    docs_url="https://rivya.ai/docs/api",
    key_placeholder="rvya_sk_...",
)
TOAPIS: Final = GatewayFacts(
    name="toapis",
    title="ToAPIs",
    class_prefix="ToApis",
    default_host="https://toapis.com",
    docs_url="https://docs.toapis.com",
    key_placeholder="sk-...",
)

_known: dict[str, GatewayFacts] = {}


def register(facts: GatewayFacts) -> None:
    """Make a gateway known: to the catalogue, the command line and the provider info."""
    _known[facts.name] = facts


@contextmanager
def registered(facts: GatewayFacts) -> Iterator[None]:
    """Make a gateway known for the length of a block."""
    register(facts)
    try:
        yield
    finally:
        del _known[facts.name]


def gateways() -> Iterator[GatewayFacts]:
    """Yield the gateways that are known; the first one is the default."""
    yield from _known.values()


def facts_of(name: str) -> GatewayFacts:
    """
    Return what is known of a gateway.

    :raises KeyError: there is none of this name.
    """
    return _known[name]


register(RIVYA)
register(TOAPIS)
