"""Where an account wants to be told of the ends of its tasks, and what it was told so far."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

REMEMBERED = 10_000


@dataclass(frozen=True)
class Address:
    """
    What the console's page of a token has.

    :param old_secret: the one before, for a day after a change.
    """

    url: str
    secret: str
    old_secret: str | None = None


@dataclass
class Event:
    """
    An event that is delivered, until it was taken or all tries are used up.

    :param task_id: ``None`` for a test that somebody has started by hand.
    :param made_at: when what it tells of was so, on the sandbox's clock, as are all its times.
    :param due: when it is delivered next.
    :param tries: how often it was.
    """

    id: str
    account: str
    task_id: str | None
    url: str
    made_at: float
    due: float
    tries: int = 0
    taken: int = 0
    on_its_way: bool = False


class Webhooks:
    """The addresses, the events that are still to be delivered, and a log of the deliveries."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.reset()

    def reset(self) -> None:
        self.addresses: dict[str, Address] = {}
        self.events: list[Event] = []
        self.deliveries: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)

    def expect(self, event: Event) -> None:
        self.events.append(event)
        self.changed.set()
