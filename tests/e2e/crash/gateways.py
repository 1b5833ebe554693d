"""The gateways of the crash matrix: what tells them apart here, as data."""

from __future__ import annotations

from dataclasses import dataclass

from tests.e2e.crash.proxy import CREATE, LOOK_UP, Endpoint


@dataclass(frozen=True)
class Gateway:
    """
    One gateway.

    :param name: its connection type; also in the name of the operator's argument.
    :param model: an image model without references.
    :param key_prefix: how its API keys begin.
    :param asks_again_at: what a try calls first that finds a request without an answer.
    """

    name: str
    model: str
    key_prefix: str
    asks_again_at: Endpoint


RIVYA = Gateway("rivya", "z-image", "rvya_sk_", asks_again_at=CREATE)
TOAPIS = Gateway("toapis", "nano-banana-2", "sk-", asks_again_at=LOOK_UP)
