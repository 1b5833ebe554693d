"""A paid task under random crashes, lost answers, doubled processes, retries, clears and re-renders."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Literal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from airflow_provider_rivya.generation.submission import OnRerun, OnUncertain
from tests.unit.generation.submission_model import DAY, EPOCH, Delivery, Gateway, Process, World

DELIVERIES: list[Delivery] = ["answered", "answered", "answer_lost", "request_lost", "refused"]
MOST_ORPHANS = 3

Kind = Literal["replays", "looks up", "looks up late", "never looks up"]


def gateway_of(kind: Kind) -> Gateway:
    if kind == "replays":
        return Gateway()
    shows_after = {"looks up": 0.0, "looks up late": 45.0, "never looks up": None}[kind]
    return Gateway("new_task", shows_after=shows_after, replays_keys=False)


class PaidTask(RuleBasedStateMachine):
    """
    One task instance. Whatever happens, at most one charge a wish stays, and nothing paid is lost.

    A wish is the first run, and every clear that asks for a new generation: of a delivered or failed one,
    or with another request.
    """

    @initialize(
        kind=st.sampled_from(["replays", "replays", "looks up", "looks up late", "never looks up"]),
        store=st.sampled_from(["file", "state_store"]),
        on_rerun=st.sampled_from(["regenerate", "reuse"]),
        on_uncertain=st.sampled_from(["resubmit", "fail"]),
    )
    def begin(
        self,
        kind: Kind,
        store: Literal["file", "state_store"],
        on_rerun: OnRerun,
        on_uncertain: OnUncertain,
    ) -> None:
        # Who has requests made anew that cannot be looked up has chosen to pay twice: another test's matter.
        uncertain: OnUncertain = "fail" if kind == "never looks up" else on_uncertain
        self.world = World(gateway_of(kind), store, on_rerun, uncertain)
        self.current: Process | None = Process(self.world)
        self.orphans: list[Process] = []
        self.dead: list[Process] = []
        self.delivered: str | None = None
        self.replaced: str | None = None

    # -- what a task does ------------------------------------------------------------------------------

    @precondition(lambda self: self.current is not None)
    @rule(delivery=st.sampled_from(DELIVERIES))
    def step(self, delivery: Delivery) -> None:
        assert self.current is not None
        self.current.step(delivery)
        if self.current.at == "ended":
            self._ended(self.current)
            self.current = None

    @precondition(lambda self: self.orphans)
    @rule(which=st.integers(0, MOST_ORPHANS - 1), delivery=st.sampled_from(DELIVERIES))
    def step_an_orphan(self, which: int, delivery: Delivery) -> None:
        self.orphans[which % len(self.orphans)].step(delivery)

    @precondition(lambda self: self.current is None and self.delivered is None)
    @rule()
    def retry(self) -> None:
        self.current = Process(self.world)

    def _ended(self, process: Process) -> None:
        if process.end == "delivered":
            self.delivered = process.delivered
            assert self.delivered != self.replaced, "a person asked for a new generation"

    # -- what befalls it -------------------------------------------------------------------------------

    @precondition(lambda self: self.current is not None)
    @rule()
    def kill_the_process(self) -> None:
        self._kill()

    def _kill(self) -> None:
        if self.current is not None:
            self.dead.append(self.current)
        self.current = None

    @precondition(lambda self: self.current is not None and len(self.orphans) < MOST_ORPHANS)
    @rule()
    def kill_its_worker(self) -> None:
        assert self.current is not None
        self.current.orphan()
        self.orphans.append(self.current)
        self.current = None

    @rule(outcome=st.sampled_from(["succeeded", "succeeded", "refunded", "charged"]))
    def the_gateway_ends_a_generation(self, outcome: str) -> None:
        for made in self.world.gateway.made:
            if made.state == "running":
                made.state = "succeeded" if outcome == "succeeded" else "failed"
                made.refunded = outcome == "refunded"
                return

    @rule(minutes=st.sampled_from([1, 60, 600]))
    def time_passes(self, minutes: int) -> None:
        # Beyond a day a key may be forgotten, and the record is no longer sent: another test's matter.
        if self.world.now + minutes * 60 < EPOCH + 0.9 * DAY:
            self.world.now += minutes * 60

    @rule(fingerprint=st.sampled_from(["a", "b"]))
    def the_templates_render_otherwise(self, fingerprint: str) -> None:
        self.world.fingerprint = fingerprint

    @rule()
    def a_person_clears(self) -> None:
        self._kill()  # Airflow ends the running try of a task that is cleared
        if self._fetched_by_hand():
            return
        anew = self.delivered is not None and self.world.on_rerun == "regenerate"
        self.replaced = self.delivered if anew and not self.orphans else None
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

    @invariant()
    def no_wish_is_paid_twice(self) -> None:
        if hasattr(self, "world"):
            paid = {wish: self.world.paid(wish) for wish in self.world.wishes}
            assert all(count <= 1 for count in paid.values()), (paid, self.world.gateway.made)

    def teardown(self) -> None:
        """Let everything run to its end, as retries and one clear do; nothing paid may be missing then."""
        if not hasattr(self, "world"):
            return
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
        self.no_wish_is_paid_twice()
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


@pytest.fixture(autouse=True)
def _unheard(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What the submitter says would be a hundred thousand lines."""
    logger = logging.getLogger("airflow_provider_rivya")
    before, logger.disabled = logger.level, True
    caplog.set_level(logging.CRITICAL, logger="airflow_provider_rivya")
    yield
    logger.disabled = False
    logger.setLevel(before)


TestPaidTask = PaidTask.TestCase
TestPaidTask.settings = settings(
    max_examples=300, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
