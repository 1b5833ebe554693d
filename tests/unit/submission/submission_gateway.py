"""A gateway in memory, for the model of a paid task: what it does with requests, repeated keys, look-ups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from airflow_provider_rivya.exceptions import (
    GatewayError,
    GatewayUnreachableError,
    IdempotencyConflictError,
    RateLimitedError,
)

DAY = 24 * 3600.0
EPOCH = 1_778_457_600.0
CONN_ID = "rivya_default"
ANOTHERS = -1
"""The wish of somebody else, whose Airflow has the same ids and the same account."""

Repeated = Literal["replay", "new_task", "conflict"]
Ended = Literal["succeeded", "refunded", "charged"]
Delivery = Literal["answered", "answer_lost", "request_lost", "refused"]


@dataclass
class Made:
    """
    A generation at the gateway.

    :param wish: of the person who asked for it; the ledger's column.
    :param account: of the connection that the request came through; it alone can see it.
    """

    id: str
    key: str
    wish: int
    fingerprint: str
    at: float
    state: Literal["running", "succeeded", "failed"] = "running"
    refunded: bool = False
    stored: bool = False
    model: str | None = None
    account: str = CONN_ID


@dataclass
class Gateway:
    """
    Takes requests in, under its own idea of what an idempotency key does.

    :param repeated: what a repeated key gets.
    :param remembers: seconds for which a key is known.
    :param shows_after: seconds after which a generation can be looked up by its key; ``None``: never.
    :param replays_keys: what the client takes for granted of it.
    :param reachable: whether it answers a look-up.
    :ivar asked: how often it was sent a request.
    """

    repeated: Repeated = "replay"
    remembers: float = DAY
    shows_after: float | None = None
    replays_keys: bool = True
    reachable: bool = True
    made: list[Made] = field(default_factory=list)
    asked: int = 0

    def create(
        self,
        key: str,
        fingerprint: str,
        wish: int,
        now: float,
        delivery: Delivery,
        account: str = CONN_ID,
    ) -> Made:
        self.asked += 1
        if delivery == "refused":
            raise RateLimitedError("too many", retryable=True)
        if delivery == "request_lost":
            raise _no_answer()
        known = [made for made in self._of(account, key) if now - made.at <= self.remembers]
        if known and self.repeated == "conflict":
            raise IdempotencyConflictError("the key was used", maybe_taken_in=True)
        if known and self.repeated == "replay":
            generation = known[0]
        else:
            generation = Made(f"task_{len(self.made)}", key, wish, fingerprint, now, account=account)
            self.made.append(generation)
        if delivery == "answer_lost":
            raise _no_answer()
        return generation

    def make_for_another(self, key: str) -> None:
        """Make a generation under a key that a task of ours will have, an hour before that begins."""
        at = EPOCH - 3600.0
        self.made.append(Made(f"task_{len(self.made)}", key, ANOTHERS, "x", at, "succeeded", stored=True))

    def find(self, key: str, now: float, account: str = CONN_ID) -> Made | None:
        if not self.reachable:
            raise _no_answer()
        if self.shows_after is None:
            return None
        shown = [made for made in self._of(account, key) if made.at + self.shows_after <= now]
        return shown[-1] if shown else None

    def _of(self, account: str, key: str) -> list[Made]:
        return [made for made in self.made if (made.account, made.key) == (account, key)]

    def get(self, generation_id: str) -> Made:
        return next(made for made in self.made if made.id == generation_id)


def _no_answer() -> GatewayError:
    return GatewayUnreachableError("no answer", retryable=True, maybe_taken_in=True)
