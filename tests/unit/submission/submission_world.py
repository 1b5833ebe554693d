"""The world around one task instance: its gateway, record, time, and a ledger of what people asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from airflow_provider_rivya.request.request import GenerationRequest
from airflow_provider_rivya.submission.context import OnRerun, OnUncertain
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.record import Record
from tests.unit.submission.submission_gateway import CONN_ID, EPOCH, Gateway
from tests.unit.submission.submission_place import Place

IDENTITY = Identity("", "dag", "run", "task", -1)


@dataclass
class World:
    """
    One task instance from its first try to the end.

    :param store: ``file`` or ``state_store``.
    :param fingerprint: what the request says, as the templates render it now; ``None``: it cannot be made.
    :param conn_id: the connection that the task has now; each is an account of its own.
    :param namespace: of that connection, as it is now. In a file's name too: such a record is not found
        under another one, and stays out of this world.
    :param clocks: seconds by which the clocks of the workers of one try after another are ahead.
    :param epoch: ``max_tries``, which grows when a person clears.
    :param tries: how many processes there were.
    :param turned: when the last one's turn was over for Airflow.
    :param tried: epochs that a process has begun in.
    :param wish: counts what a person has asked to have generated.
    :param answered_epoch: the last clear that a try has acted upon: its retries are no clears.
    :param wish_of: the wish that each key was made for.
    :param abandoned: wishes that a person left behind for another one.
    """

    gateway: Gateway = field(default_factory=Gateway)
    store: Literal["file", "state_store"] = "file"
    on_rerun: OnRerun = "regenerate"
    on_uncertain: OnUncertain = "resubmit"
    place: Place = field(default_factory=Place)
    now: float = EPOCH
    fingerprint: str | None = "a"
    conn_id: str = CONN_ID
    namespace: str = ""
    clocks: tuple[float, ...] = (0.0,)
    epoch: int = 0
    tries: int = 0
    turned: float = EPOCH
    tried: set[int] = field(default_factory=set)
    wish: int = 0
    answered_epoch: int = 0
    wish_of: dict[str, int] = field(default_factory=dict)
    abandoned: set[int] = field(default_factory=set)

    def clear(self) -> None:
        self.epoch += 1
        self.try_over()

    def try_over(self) -> None:
        """From now on it is the next try's turn; whatever happens then happens later."""
        self.turned = self.now
        self.now += 1.0

    @property
    def asked(self) -> bool:
        """Whether a try has stopped at a request without an answer and asked for a person."""
        record = self.place.read()
        return record is not None and record.asked_at is not None

    def paid(self, wish: int) -> int:
        """Charges of one wish that did not come back."""
        return sum(1 for made in self.gateway.made if made.wish == wish and not made.refunded)

    @property
    def wishes(self) -> range:
        return range(self.wish + 1)

    @property
    def lost(self) -> list[str]:
        """Paid results that nobody left behind and that are not stored."""
        return [
            made.id
            for made in self.gateway.made
            if made.state == "succeeded" and not made.stored and made.wish not in self.abandoned
        ]

    def note_wish(self, epoch: int, begun: tuple[str, str, str], before: Record | None) -> None:
        """
        Keep the ledger of wishes: what is begun anew because a person cleared was asked for.

        :param epoch: of the try that begins.
        :param begun: its fingerprint, connection and namespace.
        :param before: what it finds. A request without an answer is begun anew in the place of itself, unless
            it was sent through another connection, or may have had another task's key.
        """
        if before is None or before.state == "withdrawn" or epoch <= self.answered_epoch:
            return
        self.answered_epoch = epoch
        if before.state == "intent" and (before.fingerprint, before.conn_id, before.namespace) == begun:
            return
        if before.state in ("intent", "submitted"):
            self.abandoned.add(self.wish)
        self.wish += 1


Kind = Literal["replays", "looks up", "looks up late", "never looks up"]


def world_of(
    kind: Kind,
    store: Literal["file", "state_store"] = "file",
    on_rerun: OnRerun = "regenerate",
    on_uncertain: OnUncertain = "resubmit",
    anothers: Iterable[tuple[int, str]] = (),
) -> World:
    """
    Return a world with a gateway that replays keys, or one that can be asked for them.

    :param anothers: epochs and requests whose keys another deployment with the same ids has used before.
    """
    gateway = _gateway_of(kind)
    for epoch, fingerprint in anothers:
        request = GenerationRequest("rivya", "z-image", fingerprint)
        gateway.make_for_another(IDENTITY.key(epoch, 0, request.fingerprint))
    # Who has requests made anew that cannot be looked up has chosen to pay twice: another test's matter.
    return World(gateway, store, on_rerun, "fail" if kind == "never looks up" else on_uncertain)


def _gateway_of(kind: Kind) -> Gateway:
    if kind == "replays":
        return Gateway()
    shows_after = {"looks up": 0.0, "looks up late": 45.0, "never looks up": None}[kind]
    return Gateway("new_task", shows_after=shows_after, replays_keys=False)
