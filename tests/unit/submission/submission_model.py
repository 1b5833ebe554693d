"""
Runs the submission code in a model world: a gateway and a record in memory, processes that die or double.

What decides, records, sends and looks up is the real thing (``submission.machine`` and all below it). Each
process runs in a greenlet and stands still before whatever it reads, writes, asks or stores, so that
anything can happen in between; one that is never gone on with has been killed. Between the last look at
the record and the paid call it does not stand still: no record in a file could tell what happens there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from greenlet import greenlet  # type: ignore[import-untyped]  # it ships no types

from airflow_provider_rivya.api import schemas
from airflow_provider_rivya.api.gateway import Capabilities
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.request.request import GenerationRequest
from airflow_provider_rivya.submission.context import (
    OnRerun,
    OnUncertain,
    Submission,
    SubmissionContext,
    SubmissionPolicy,
    TryFacts,
)
from airflow_provider_rivya.submission.decide import Begin
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.keeper import RecordKeeper
from airflow_provider_rivya.submission.machine import Submitter, Wanted
from airflow_provider_rivya.submission.messages import TaskWords
from airflow_provider_rivya.submission.record import Record
from tests.unit.submission.submission_gateway import ANOTHERS, CONN_ID, EPOCH, Delivery, Gateway, Made
from tests.unit.submission.submission_place import Channel, Place, stand_still

IDENTITY = Identity("", "dag", "run", "task", -1)


@dataclass(frozen=True)
class Api:
    """What the client knows of the gateway."""

    capabilities: Capabilities
    name: str = "rivya"


class Hook:
    """A process's way to the gateway."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.clock_skew = -process.clock.ahead
        self._world = process.world
        self.conn_id = process.world.conn_id
        replays_keys = process.world.gateway.replays_keys
        self.api = Api(Capabilities(replays_keys, not replays_keys, replays_keys))

    def create_generation(self, body: str, key: str, *, category: str) -> schemas.Generation:
        assert category == "image"
        made = self._world.gateway.create(
            key, body, self._world.wish_of[key], self._world.now, self._process.delivery, self.conn_id
        )
        self._process.has_done.append("send")
        stand_still("hear the answer")
        return _as_answered(made)

    def find_generation(self, key: str, *, category: str) -> schemas.Generation | None:
        assert category == "image"
        stand_still("look up")
        made = self._world.gateway.find(key, self._world.now, self.conn_id)
        return None if made is None else _as_answered(made)


def _as_answered(made: Made) -> schemas.Generation:
    return schemas.Generation(
        id=made.id,
        status="processing",
        model=made.model,
        created_at=datetime.fromtimestamp(made.at, UTC),
        credits_reserved=5,
    )


class WorldClock:
    """
    Sleeping takes the world's time. A process stands still once in a while at it, not at every pause.

    :param ahead: seconds by which this worker's clock is wrong.
    """

    LONGEST: ClassVar = 20.0

    def __init__(self, world: World, ahead: float) -> None:
        self._world = world
        self._slept = 0.0
        self.ahead = ahead

    def time(self) -> float:
        return self._world.now + self.ahead

    def monotonic(self) -> float:
        return self._world.now

    def sleep(self, seconds: float, /) -> None:
        self._world.now += seconds
        self._slept += seconds
        if self._slept >= self.LONGEST:
            self._slept = 0.0
            stand_still("go on waiting")


End = Literal["delivered", "retry", "stopped"]


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


def _try_id(now: float, number: int) -> str:
    """Return a UUID of version 7, as Airflow gives to a task instance's try."""
    milliseconds = int(now * 1000)
    return str(UUID(int=milliseconds << 80 | 7 << 76 | number << 64 | 2 << 62))


class Watched(Submitter):
    """The real one, which tells what it begins, and when it is about to ask for a person."""

    process: ClassVar[Process]

    def _begin(self, step: Begin, wanted: Wanted, before: Record | None) -> Submission:
        if wanted.request is not None:
            type(self).process.begins(wanted.request.fingerprint, before)
        return super()._begin(step, wanted, before)

    def stop(self, *what: Any) -> GenerationError:
        type(self).process.asks = True
        return super().stop(*what)


class Process:
    """A task process: advance it with :meth:`step`; stop calling that, and it has been killed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.channel = Channel(world.place, self._done, fenced=world.store == "state_store")
        self.delivery: Delivery = "answered"
        self.end: End | None = None
        self.delivered: str | None = None
        self.error: GenerationError | None = None
        self.asks = False
        self.at = "begin"
        self.has_done = ["nothing"]
        self.wish = world.wish
        self._epoch = world.epoch
        self.first_since_clear = world.epoch not in world.tried
        world.tried.add(world.epoch)
        self._request = None
        if world.fingerprint is not None:
            self._request = GenerationRequest("rivya", "z-image", world.fingerprint)
        self.clock = WorldClock(world, world.clocks[world.tries % len(world.clocks)])
        self.submitter = self._new_submitter()
        self._greenlet = greenlet(self._run)

    def _new_submitter(self) -> Submitter:
        world = self.world
        world.tries += 1
        own = type("Own", (Watched,), {"process": self})
        client: Any = Hook(self)
        clock = self.clock
        policy = SubmissionPolicy(world.on_rerun, world.on_uncertain)
        context = SubmissionContext(
            client=client,
            records=RecordKeeper(self.channel, "rivya_default", clock.time),
            identity=replace(IDENTITY, namespace=world.namespace),
            words=TaskWords(True, 1, client.api.capabilities.replays_keys, policy.resubmits),
            facts=TryFacts(
                epoch=self._epoch,
                retries_left=1,
                try_id=_try_id(world.turned, world.tries),
                first_since_clear=self.first_since_clear,
            ),
            policy=policy,
            clock=clock,
        )
        submitter: Submitter = own(context)
        return submitter

    def step(self, delivery: Delivery = "answered") -> None:
        """Do what comes next, up to the next moment. ``delivery`` counts when the paid call is in it."""
        self.delivery = delivery
        if self.at != "ended":
            self.at = self._greenlet.switch() or "ended"

    def orphan(self) -> None:
        """The supervisor dies, the process lives on."""
        if self.world.store == "state_store":
            self.channel.cut()

    def _done(self, after: Record | None) -> None:
        self.has_done.append(f"write {after.state}" if after else "take back")
        if after is not None:
            self.world.wish_of.setdefault(after.key, self.wish)

    def begins(self, fingerprint: str, before: Record | None) -> None:
        context = self.submitter.context
        begun = (fingerprint, context.client.conn_id, context.identity.namespace)
        self.world.note_wish(self._epoch, begun, before)
        self.wish = self.world.wish

    def _run(self) -> None:
        request = self._request
        try:
            if request is None and self.submitter.ruling_record() is None:
                self.end = "stopped"  # as the operator does: nothing is sent
                return
            body = request.prompt if request else None
            submission = self.submitter.ensure_submitted(Wanted(request, lambda key: body or ""))
            if not self.channel.is_cut:
                self.world.answered_epoch = max(self.world.answered_epoch, self._epoch)
            self.end = self._wait(submission.record)
        except GenerationError as error:
            self.error = error
            self.end = "stopped" if error.final else "retry"

    def _wait(self, record: Record) -> End:
        records = self.submitter.context.records
        generation = self.world.gateway.get(record.generation_id or "")
        assert generation.wish != ANOTHERS, "another task's generation"
        stand_still("wait")
        if generation.account != self.submitter.context.client.conn_id:
            return "retry"  # the gateway knows no such task there, and it is never submitted anew
        while generation.state == "running":
            stand_still("wait")
        if generation.state == "failed":
            records.save(record.failed("generation_failed", 0 if generation.refunded else 5))
            return "retry" if generation.refunded else "stopped"
        generation.stored = True
        self.has_done.append("store")
        records.save(record.delivered())
        self.delivered = generation.id
        return "delivered"


def run_out(world: World, process: Process) -> None:
    """Let a process come to its end, with a gateway that works."""
    for _ in range(60):
        if process.at == "ended":
            return
        for made in world.gateway.made:
            if made.state == "running":
                made.state = "succeeded"
        process.step()
    raise AssertionError(f"still about to {process.at}")


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
