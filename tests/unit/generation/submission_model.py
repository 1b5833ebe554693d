"""
A model world around the paid call: a gateway, a place for the record, processes that die or double.

What decides, records, sends and looks up is the real thing (``operators.submitting`` and all below it). Each
process runs in a greenlet and stands still before whatever it reads, writes, asks or stores, so that
anything can happen in between; one that is never gone on with has been killed. Between the last look at
the record and the paid call it does not stand still: no record in a file could tell what happens there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]  # it ships no types

from airflow_provider_rivya._compat import AirflowFailException
from airflow_provider_rivya.api import schemas
from airflow_provider_rivya.exceptions import (
    GatewayError,
    GatewayUnreachableError,
    GenerationError,
    IdempotencyConflictError,
    RateLimitedError,
)
from airflow_provider_rivya.generation import submission
from airflow_provider_rivya.generation.identity import Identity
from airflow_provider_rivya.generation.record import Record
from airflow_provider_rivya.generation.request import GenerationRequest
from airflow_provider_rivya.generation.submission import Begin
from airflow_provider_rivya.operators.records import RecordTakenError, SafeRecords
from airflow_provider_rivya.operators.submitted import Submitted, Wanted
from airflow_provider_rivya.operators.submitting import Submitter

DAY = 24 * 3600.0
IDENTITY = Identity("", "dag", "run", "task", -1)
EPOCH = 1_778_457_600.0

Repeated = Literal["replay", "new_task", "conflict"]
Ended = Literal["succeeded", "refunded", "charged"]
Delivery = Literal["answered", "answer_lost", "request_lost", "refused"]


def stand_still(before: str) -> None:
    """Give the world a turn."""
    world = getcurrent().parent
    assert world is not None
    world.switch(before)


@dataclass
class Made:
    """
    A generation at the gateway.

    :param wish: of the person who asked for it; the ledger's column.
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


@dataclass
class Gateway:
    """
    Takes requests in, under its own idea of what an idempotency key does.

    :param repeated: what a repeated key gets.
    :param remembers: seconds for which a key is known.
    :param shows_after: seconds after which a generation can be looked up by its key; ``None``: never.
    :param replays_keys: what the client takes for granted of it.
    :param reachable: whether it answers a look-up.
    """

    repeated: Repeated = "replay"
    remembers: float = DAY
    shows_after: float | None = None
    replays_keys: bool = True
    reachable: bool = True
    made: list[Made] = field(default_factory=list)

    def create(self, key: str, fingerprint: str, wish: int, now: float, delivery: Delivery) -> Made:
        if delivery == "refused":
            raise RateLimitedError("too many", retryable=True)
        if delivery == "request_lost":
            raise _no_answer()
        known = [made for made in self.made if made.key == key and now - made.at <= self.remembers]
        if known and self.repeated == "conflict":
            raise _in_doubt(IdempotencyConflictError("the key was used"))
        if known and self.repeated == "replay":
            generation = known[0]
        else:
            generation = Made(f"task_{len(self.made)}", key, wish, fingerprint, now)
            self.made.append(generation)
        if delivery == "answer_lost":
            raise _no_answer()
        return generation

    def find(self, key: str, now: float) -> Made | None:
        if not self.reachable:
            raise _no_answer()
        if self.shows_after is None:
            return None
        shown = [made for made in self.made if made.key == key and made.at + self.shows_after <= now]
        return shown[-1] if shown else None

    def get(self, generation_id: str) -> Made:
        return next(made for made in self.made if made.id == generation_id)


def _no_answer() -> GatewayError:
    return _in_doubt(GatewayUnreachableError("no answer", retryable=True))


def _in_doubt(error: GatewayError) -> GatewayError:
    error.maybe_taken_in = True
    return error


class Place:
    """One record, exchanged as on a local disk, or as a row that only a living channel reaches."""

    def __init__(self) -> None:
        self.document: Any = None

    def read(self) -> Record | None:
        return None if self.document is None else Record.from_json(self.document)

    def exchange(self, before: Record | None, after: Record | None) -> None:
        if self.read() != before:
            raise RecordTakenError
        self.document = None if after is None else after.to_json()


class Channel:
    """A process's way to the place; a supervisor that dies takes the state store's with it."""

    durable = True

    def __init__(self, place: Place, done: Callable[[Record | None], None]) -> None:
        self._place: Place | None = place
        self._done = done

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
        stand_still("read")
        return self._there.read()

    def exchange(self, before: Record | None, after: Record | None) -> None:
        stand_still("write")
        self._there.exchange(before, after)
        self._done(after)


@dataclass(frozen=True)
class Api:
    """What the client knows of the gateway."""

    REPLAYS_KEYS: bool
    NAME: str = "rivya"


class Hook:
    """A process's way to the gateway."""

    conn_id = "rivya_default"
    clock_skew = 0.0

    def __init__(self, process: Process) -> None:
        self._process = process
        self._world = process.world
        self.api = Api(process.world.gateway.replays_keys)

    def create_generation(self, body: str, key: str, *, category: str) -> schemas.Generation:
        assert category == "image"
        made = self._world.gateway.create(
            key, body, self._world.wish_of[key], self._world.now, self._process.delivery
        )
        self._process.has_done.append("send")
        stand_still("hear the answer")
        return _as_answered(made)

    def find_generation(self, key: str, *, category: str) -> schemas.Generation | None:
        assert category == "image"
        stand_still("look up")
        made = self._world.gateway.find(key, self._world.now)
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
    """Sleeping takes the world's time. A process stands still once in a while at it, not at every pause."""

    LONGEST: ClassVar = 20.0

    def __init__(self, world: World) -> None:
        self._world = world
        self._slept = 0.0

    def time(self) -> float:
        return self._world.now

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
    :param fingerprint: what the request says, as the templates render it now.
    :param epoch: ``max_tries``, which grows when a person clears.
    :param tries: how many processes there were.
    :param turned: when the last one's turn was over for Airflow.
    :param wish: counts what a person has asked to have generated.
    :param answered_epoch: the last clear that a try has acted upon: its retries are no clears.
    :param wish_of: the wish that each key was made for.
    :param abandoned: wishes that a person left behind for another one.
    """

    gateway: Gateway = field(default_factory=Gateway)
    store: Literal["file", "state_store"] = "file"
    on_rerun: submission.OnRerun = "regenerate"
    on_uncertain: submission.OnUncertain = "resubmit"
    place: Place = field(default_factory=Place)
    now: float = EPOCH
    fingerprint: str = "a"
    epoch: int = 0
    tries: int = 0
    turned: float = EPOCH
    wish: int = 0
    answered_epoch: int = 0
    wish_of: dict[str, int] = field(default_factory=dict)
    abandoned: set[int] = field(default_factory=set)

    def clear(self) -> None:
        self.epoch += 1
        self.try_over()

    def try_over(self) -> None:
        """From now on it is the next try's turn."""
        self.turned = self.now

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

    def note_wish(self, epoch: int, fingerprint: str, before: Record | None) -> None:
        """
        Keep the ledger of wishes: what is begun anew because a person cleared was asked for.

        :param epoch: of the try that begins.
        :param before: what it finds. A request without an answer is begun anew in the place of itself.
        """
        if before is None or before.state == "withdrawn" or epoch <= self.answered_epoch:
            return
        self.answered_epoch = epoch
        if before.state == "intent" and before.fingerprint == fingerprint:
            return
        if before.state in ("intent", "submitted"):
            self.abandoned.add(self.wish)
        self.wish += 1


def _try_id(now: float, number: int) -> str:
    """Return a UUID of version 7, as Airflow gives to a task instance's try."""
    milliseconds = int(now * 1000)
    return str(UUID(int=milliseconds << 80 | 7 << 76 | number << 64 | 2 << 62))


class Watched(Submitter):
    """The real one, which tells what it begins."""

    process: ClassVar[Process]

    def _begin(self, step: Begin, wanted: Wanted, before: Record | None) -> Submitted:
        assert wanted.request is not None
        type(self).process.begins(wanted.request.fingerprint, before)
        return super()._begin(step, wanted, before)


class Process:
    """A task process: advance it with :meth:`step`; stop calling that, and it has been killed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.channel = Channel(world.place, self._done)
        self.delivery: Delivery = "answered"
        self.end: End | None = None
        self.delivered: str | None = None
        self.error: GenerationError | None = None
        self.at = "begin"
        self.has_done = ["nothing"]
        self.wish = world.wish
        self._epoch = world.epoch
        self._request = GenerationRequest("rivya", "z-image", world.fingerprint)
        self._submitter = self._new_submitter()
        self._greenlet = greenlet(self._run)

    def _new_submitter(self) -> Submitter:
        world = self.world
        world.tries += 1
        own = type("Own", (Watched,), {"process": self})
        hook: Any = Hook(self)
        submitter: Submitter = own(
            hook=hook,
            records=SafeRecords(self.channel, "rivya_default"),
            identity=IDENTITY,
            epoch=self._epoch,
            retries_left=1,
            on_rerun_after_delivery=world.on_rerun,
            on_uncertain_submission=world.on_uncertain,
            clock=WorldClock(world),
            try_id=_try_id(world.turned, world.tries),
        )
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
        self.world.note_wish(self._epoch, fingerprint, before)
        self.wish = self.world.wish

    def _run(self) -> None:
        try:
            submitted = self._submitter.obtain(self._request, lambda key: self._request.prompt or "")
            if not self.channel.is_cut:
                self.world.answered_epoch = max(self.world.answered_epoch, self._epoch)
            self.end = self._wait(submitted.record)
        except GenerationError as error:
            self.error = error
            self.end = "stopped" if isinstance(error, AirflowFailException) else "retry"

    def _wait(self, record: Record) -> End:
        records = self._submitter.records
        generation = self.world.gateway.get(record.generation_id or "")
        stand_still("wait")
        while generation.state == "running":
            stand_still("wait")
        if generation.state == "failed":
            records.note(record.failed("generation_failed", 0 if generation.refunded else 5))
            return "retry" if generation.refunded else "stopped"
        generation.stored = True
        self.has_done.append("store")
        records.note(record.delivered())
        self.delivered = generation.id
        return "delivered"


class Story:
    """
    What a task does and what befalls it. At most one charge a wish may stay, and nothing paid be lost.

    A wish is the first run, and every clear that asks for a new generation: of a delivered or failed one,
    or with another request.

    :param world: as it is before the first try.
    """

    MOST_ORPHANS: ClassVar = 3

    def __init__(self, world: World) -> None:
        self.world = world
        self.current: Process | None = Process(world)
        self.orphans: list[Process] = []
        self.delivered: str | None = None
        self._killed: list[Process] = []
        self._replaced: str | None = None

    # -- what a task does ------------------------------------------------------------------------------

    def step(self, delivery: Delivery) -> None:
        if self.current is not None:
            self.current.step(delivery)
            if self.current.at == "ended":
                self._ended(self.current)
                self.current = None

    def step_an_orphan(self, which: int, delivery: Delivery) -> None:
        if self.orphans:
            self.orphans[which % len(self.orphans)].step(delivery)

    def retry(self) -> None:
        if self.current is None and self.delivered is None:
            self.current = Process(self.world)

    def _ended(self, process: Process) -> None:
        self.world.try_over()
        if process.end == "delivered":
            self.delivered = process.delivered
            assert self.delivered != self._replaced, "a person asked for a new generation"

    # -- what befalls it -------------------------------------------------------------------------------

    def kill_the_process(self) -> None:
        if self.current is not None:
            self._killed.append(self.current)
            self.world.try_over()
        self.current = None

    def kill_its_worker(self) -> None:
        if self.current is not None and len(self.orphans) < self.MOST_ORPHANS:
            self.current.orphan()
            self.orphans.append(self.current)
            self.world.try_over()
            self.current = None

    def the_gateway_ends_a_generation(self, outcome: Ended) -> None:
        for made in self.world.gateway.made:
            if made.state == "running":
                made.state = "succeeded" if outcome == "succeeded" else "failed"
                made.refunded = outcome == "refunded"
                return

    def time_passes(self, minutes: int) -> None:
        # Beyond a day a key may be forgotten, and the record is no longer sent: another test's matter.
        if self.world.now + minutes * 60 < EPOCH + 0.9 * DAY:
            self.world.now += minutes * 60

    def the_templates_render_otherwise(self, fingerprint: str) -> None:
        self.world.fingerprint = fingerprint

    def a_person_clears(self) -> None:
        self.kill_the_process()  # Airflow ends the running try of a task that is cleared
        if self._fetched_by_hand():
            return
        anew = self.delivered is not None and self.world.on_rerun == "regenerate"
        self._replaced = self.delivered if anew and not self.orphans else None
        self.delivered = None
        self.world.clear()

    def _fetched_by_hand(self) -> bool:
        """A person who was asked looks into the account: what is there is fetched, and the task is done."""
        record = self.world.place.read()
        if record is None or record.asked_at is None:
            return False
        found = [made for made in self.world.gateway.made if made.key == record.key]
        for made in found:
            made.state, made.stored = "succeeded", True
            self.delivered = made.id
        return bool(found)

    # -- what must hold --------------------------------------------------------------------------------

    def check(self) -> None:
        """No wish is paid twice."""
        paid = {wish: self.world.paid(wish) for wish in self.world.wishes}
        assert all(count <= 1 for count in paid.values()), (paid, self.world.gateway.made)

    def finish(self) -> None:
        """Let everything run to its end, as retries and clears do; nothing paid may be missing then."""
        for orphan in self.orphans:
            run_out(self.world, orphan)
        if self.current is not None:
            run_out(self.world, self.current)
            self._ended(self.current)
            self.current = None
        for _ in range(3):
            if self.delivered is None:
                self._retries()
            if self.delivered is None:
                self.a_person_clears()
        assert self.delivered is not None, "neither retries nor clears bring a result"
        self.check()
        assert self.world.lost == [], self.world.gateway.made

    def _retries(self) -> None:
        for _ in range(5):
            process = Process(self.world)
            run_out(self.world, process)
            self._ended(process)
            if process.end != "retry":
                return
        raise AssertionError("the gateway works, and retries lead nowhere")


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
    on_rerun: submission.OnRerun = "regenerate",
    on_uncertain: submission.OnUncertain = "resubmit",
) -> World:
    """Return a world with a gateway that replays keys, or one that can be asked for them."""
    if kind == "replays":
        return World(Gateway(), store, on_rerun, on_uncertain)
    shows_after = {"looks up": 0.0, "looks up late": 45.0, "never looks up": None}[kind]
    gateway = Gateway("new_task", shows_after=shows_after, replays_keys=False)
    # Who has requests made anew that cannot be looked up has chosen to pay twice: another test's matter.
    return World(gateway, store, on_rerun, "fail" if kind == "never looks up" else on_uncertain)
