"""
Runs the submission code in a model world: a gateway and a record in memory, processes that die or double.

What decides, records, sends and looks up is the real thing (``submission.machine`` and all below it). Each
process runs in a greenlet and stands still before whatever it reads, writes, asks or stores, so that
anything can happen in between; one that is never gone on with has been killed. Between the last look at
the record and the paid call it does not stand still: no record in a file could tell what happens there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from greenlet import greenlet  # type: ignore[import-untyped]  # it ships no types

from airflow_provider_rivya.api import schemas
from airflow_provider_rivya.api.gateway import Capabilities
from airflow_provider_rivya.exceptions import GenerationError
from airflow_provider_rivya.request.request import GenerationRequest
from airflow_provider_rivya.submission.context import (
    Submission,
    SubmissionContext,
    SubmissionPolicy,
    TryFacts,
)
from airflow_provider_rivya.submission.decide import Begin
from airflow_provider_rivya.submission.keeper import RecordKeeper
from airflow_provider_rivya.submission.machine import Submitter, Wanted
from airflow_provider_rivya.submission.messages import TaskWords
from airflow_provider_rivya.submission.record import Record
from tests.unit.submission.submission_gateway import ANOTHERS, Delivery, Made
from tests.unit.submission.submission_place import Channel, stand_still
from tests.unit.submission.submission_world import IDENTITY, World


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
