"""
A model world around the submission record: a gateway, a record store, processes that die or double.

The decisions and the records are the real ones (``generation.submission``, ``operators.records``); the
steps between them are those of a task, one at a time, so that anything can happen in between.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_provider_rivya.generation import submission
from airflow_provider_rivya.generation.submission import Begin, Identity, Reattach, Record, Repeat, Stop
from airflow_provider_rivya.operators.records import RecordTakenError, SafeRecords

DAY = 24 * 3600.0
IDENTITY = Identity("", "dag", "run", "task", -1)

Replay = Literal["replay", "new_task", "conflict"]
Delivery = Literal["answered", "answer_lost", "request_lost", "refused"]


class ConflictError(Exception):
    """The gateway knows the key and does not answer with its generation."""


class NoAnswerError(Exception):
    """The connection broke; whether the request was taken in is not known."""


class RefusedError(Exception):
    """The gateway certainly did not take the request in."""


@dataclass
class Generation:
    """:param wish: of the person who asked for it; the ledger's column."""

    id: str
    wish: int
    fingerprint: str
    state: Literal["running", "succeeded", "failed"] = "running"
    refunded: bool = False
    stored: bool = False


@dataclass
class Gateway:
    """
    Takes requests in, under its own idea of what an idempotency key does.

    :param replay: what a repeated key gets.
    :param remembers: seconds for which a key is known.
    """

    replay: Replay = "replay"
    remembers: float = DAY
    made: list[Generation] = field(default_factory=list)
    keys: dict[str, tuple[float, Generation]] = field(default_factory=dict)

    def create(self, key: str, fingerprint: str, wish: int, now: float, delivery: Delivery) -> str:
        if delivery == "refused":
            raise RefusedError
        if delivery == "request_lost":
            raise NoAnswerError
        known = self.keys.get(key)
        if known is not None and now - known[0] <= self.remembers and self.replay != "new_task":
            if self.replay == "conflict":
                raise ConflictError
            generation = known[1]
        else:
            generation = Generation(f"task_{len(self.made)}", wish, fingerprint)
            self.made.append(generation)
            self.keys[key] = (now, generation)
        if delivery == "answer_lost":
            raise NoAnswerError
        return generation.id

    def get(self, generation_id: str) -> Generation:
        return next(made for made in self.made if made.id == generation_id)


class Place:
    """One record, as a file created exclusively or as a row that only a living channel reaches."""

    durable = True

    def __init__(self) -> None:
        self.document: Any = None

    def read(self) -> Record | None:
        return None if self.document is None else Record.from_json(self.document)

    def create(self, record: Record) -> None:
        if self.document is not None:
            raise RecordTakenError
        self.document = record.to_json()

    def write(self, record: Record) -> None:
        self.document = record.to_json()

    def forget(self) -> None:
        self.document = None


class Channel:
    """A process's way to the place; a supervisor that dies takes the state store's with it."""

    durable = True

    def __init__(self, place: Place) -> None:
        self._place: Place | None = place

    def cut(self) -> None:
        self._place = None

    @property
    def is_cut(self) -> bool:
        return self._place is None

    @property
    def _there(self) -> Place:
        if self._place is None:
            raise ConnectionError("the supervisor is gone")
        return self._place

    def read(self) -> Record | None:
        return self._there.read()

    def create(self, record: Record) -> None:
        self._there.create(record)

    def write(self, record: Record) -> None:
        self._there.write(record)

    def forget(self) -> None:
        self._there.forget()


End = Literal["delivered", "retry", "stopped"]


@dataclass
class World:
    """
    One task instance from its first try to the end.

    :param store: ``file`` or ``state_store``.
    :param fingerprint: of the request as the templates render it now.
    :param epoch: ``max_tries``, which grows when a person clears.
    :param wish: counts what a person has asked to have generated.
    :param answered_epoch: the last clear that a try has acted upon and recorded; its retries are no clears.
    :param abandoned: wishes that a person left behind for another one.
    """

    gateway: Gateway = field(default_factory=Gateway)
    store: Literal["file", "state_store"] = "file"
    on_rerun: submission.OnRerun = "regenerate"
    on_uncertain: submission.OnUncertain = "resubmit"
    place: Place = field(default_factory=Place)
    now: float = 0.0
    fingerprint: str = "a"
    epoch: int = 0
    wish: int = 0
    answered_epoch: int = 0
    abandoned: set[int] = field(default_factory=set)

    def clear(self) -> None:
        self.epoch += 1

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

    def note_wish(self, step: Begin, record: Record | None) -> None:
        """Keep the ledger of wishes: what is begun anew because a person cleared was asked for."""
        if record is None or step.epoch <= self.answered_epoch:
            return
        self.answered_epoch = step.epoch
        if step.abandoned is not None:
            self.abandoned.add(self.wish)
        self.wish += 1


class Process:
    """A task process: advance it with :meth:`step`; stop calling that, and it has been killed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.channel = Channel(world.place)
        self.delivery: Delivery = "answered"
        self.end: End | None = None
        self.at = "begun"
        self._wish = world.wish
        self._epoch, self._fingerprint = world.epoch, world.fingerprint
        self._steps = self._run()

    def step(self, delivery: Delivery = "answered") -> None:
        """Do what comes next. ``delivery`` counts when that is the paid call."""
        self.delivery = delivery
        try:
            self.at = next(self._steps)
        except StopIteration:
            self.at = "ended"

    def orphan(self) -> None:
        """The supervisor dies, the process lives on."""
        if self.world.store == "state_store":
            self.channel.cut()

    def _answer_clear(self) -> None:
        if not self.channel.is_cut:
            self.world.answered_epoch = max(self.world.answered_epoch, self._epoch)

    def _run(self) -> Iterator[str]:
        try:
            self.end = yield from self._try()
        except Exception as error:
            if type(error).__name__ not in (
                "GenerationError",
                "NoAnswerError",
                "ConflictError",
                "RefusedError",
            ):
                raise
            self.end = "retry"

    def _try(self) -> Generator[str, None, End]:
        world = self.world
        records = SafeRecords(self.channel, "rivya_default")
        epoch, fingerprint = self._epoch, self._fingerprint
        record = records.read()
        step = submission.next_step(
            record,
            now=world.now,
            epoch=epoch,
            fingerprint=fingerprint,
            on_rerun_after_delivery=world.on_rerun,
            on_uncertain_submission=world.on_uncertain,
        )
        yield "decided"
        if isinstance(step, Stop):
            return "stopped"
        if isinstance(step, Reattach):
            if step.record != record:
                records.note(step.record, adopt=True)
            self._answer_clear()
            return (yield from self._wait(records, step.record))
        if isinstance(step, Repeat):
            return (yield from self._post(records, step.record, None, mine=False))
        world.note_wish(step, record)
        self._wish = world.wish
        intent = Record(
            state="intent",
            epoch=step.epoch,
            attempt=step.attempt,
            fingerprint=fingerprint,
            key=submission.idempotency_key(IDENTITY, step.epoch, step.attempt, fingerprint),
            begun_at=world.now,
            conn_id="rivya_default",
            model="z-image",
            body=fingerprint,
        )
        try:
            records.begin(intent, record)
        except RecordTakenError:
            return (yield from self._follow(records))
        yield "intent"
        return (yield from self._post(records, intent, record, mine=True))

    def _follow(self, records: SafeRecords) -> Generator[str, None, End]:
        for _ in range(3):
            record = records.read()
            if record is not None and record.state != "intent":
                return (yield from self._wait(records, record))
            yield "following"
        record = records.read()
        if record is None or record.state != "intent":
            return "retry"
        return (yield from self._post(records, record, None, mine=False))

    def _post(
        self, records: SafeRecords, record: Record, before: Record | None, *, mine: bool
    ) -> Generator[str, None, End]:
        world = self.world
        try:
            generation_id = world.gateway.create(
                record.key, record.fingerprint, self._wish, world.now, self.delivery
            )
        except RefusedError:
            if mine:
                records.take_back(before, record)
            raise
        yield "answered"
        record = record.submitted(generation_id, 5, world.now)
        records.note(record, adopt=not mine)
        self._answer_clear()
        yield "submitted"
        return (yield from self._wait(records, record))

    def _wait(self, records: SafeRecords, record: Record) -> Generator[str, None, End]:
        generation = self.world.gateway.get(record.generation_id or "")
        while generation.state == "running":
            yield "waiting"
        if generation.state == "failed":
            records.note(record.failed("generation_failed", 0 if generation.refunded else 5))
            return "retry" if generation.refunded else "stopped"
        generation.stored = True
        yield "stored"
        records.note(record.delivered())
        return "delivered"
