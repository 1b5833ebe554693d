"""A paid task under random crashes, lost answers, doubled processes, retries, clears and re-renders."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from airflow_provider_rivya.generation.submission import OnRerun, OnUncertain, Record, State
from airflow_provider_rivya.operators.records import RecordTakenError, SafeRecords
from tests.unit.generation.submission_model import (
    DAY,
    Delivery,
    Gateway,
    Place,
    Process,
    Replay,
    World,
)

DELIVERIES: list[Delivery] = ["answered", "answered", "answer_lost", "request_lost", "refused"]
BESIDE_AN_ORPHAN = DELIVERIES[:-1]
"""
Not modelled: one of two copies is refused (and takes its intent back), the other one is accepted under the
same key, dies before it can record that, and the templates render otherwise for the try after that.
"""

MOST_ORPHANS = 3


class PaidTask(RuleBasedStateMachine):
    """
    One task instance. Whatever happens, at most one charge a wish stays, and nothing paid is lost.

    A wish is the first run, and every clear that asks for a new generation: of a delivered or failed one,
    or with another request.
    """

    @initialize(
        store=st.sampled_from(["file", "state_store"]), on_rerun=st.sampled_from(["regenerate", "reuse"])
    )
    def begin(self, store: str, on_rerun: OnRerun) -> None:
        self.world = World(store="file" if store == "file" else "state_store", on_rerun=on_rerun)
        self.current: Process | None = Process(self.world)
        self.orphans: list[Process] = []
        self.done = False

    # -- what a task does ------------------------------------------------------------------------------

    @precondition(lambda self: self.current is not None)
    @rule(delivery=st.sampled_from(DELIVERIES))
    def step(self, delivery: Delivery) -> None:
        assert self.current is not None
        self.current.step("answered" if self.orphans and delivery not in BESIDE_AN_ORPHAN else delivery)
        if self.current.at == "ended":
            self.done = self.current.end == "delivered"
            self.current = None

    @precondition(lambda self: self.orphans)
    @rule(which=st.integers(0, MOST_ORPHANS - 1), delivery=st.sampled_from(BESIDE_AN_ORPHAN))
    def step_an_orphan(self, which: int, delivery: Delivery) -> None:
        self.orphans[which % len(self.orphans)].step(delivery)

    @precondition(lambda self: self.current is None and not self.done)
    @rule()
    def retry(self) -> None:
        self.current = Process(self.world)

    # -- what befalls it -------------------------------------------------------------------------------

    @precondition(lambda self: self.current is not None)
    @rule()
    def kill_the_process(self) -> None:
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
        if self.world.now + minutes * 60 < DAY:
            self.world.now += minutes * 60

    @rule(fingerprint=st.sampled_from(["a", "b"]))
    def the_templates_render_otherwise(self, fingerprint: str) -> None:
        self.world.fingerprint = fingerprint

    @rule()
    def a_person_clears(self) -> None:
        self.current = None  # Airflow ends the running try of a task that is cleared
        self.world.clear()
        self.done = False
        # Not modelled: an orphan that lives on through a clear, beside two later tries.
        self.orphans = []

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
            self.done = self.current.end == "delivered"
        if not self.done:
            assert settle(self.world) == "delivered"
        self.no_wish_is_paid_twice()
        assert self.world.lost == [], self.world.gateway.made


def run_out(world: World, process: Process) -> None:
    """Let a process come to its end, with a gateway that works."""
    for _ in range(30):
        if process.at == "ended":
            return
        for made in world.gateway.made:
            if made.state == "running":
                made.state = "succeeded"
        process.step()
    raise AssertionError(f"still {process.at}")


def settle(world: World) -> str | None:
    """Retry, then clear once."""
    for cleared in (False, True):
        if cleared:
            world.clear()
        for _ in range(5):
            process = Process(world)
            run_out(world, process)
            if process.end == "delivered":
                return "delivered"
            if process.end == "stopped":
                break
    return None


@pytest.fixture(autouse=True)
def _unheard(caplog: pytest.LogCaptureFixture) -> None:
    """What the record stores say of dead channels would be thousands of lines."""
    caplog.set_level(logging.CRITICAL, logger="airflow_provider_rivya")


TestPaidTask = PaidTask.TestCase
TestPaidTask.settings = settings(
    max_examples=300, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


# -- what other settings of the gateway cost ---------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """
    :param after: seconds between the crash and the next try.
    """

    name: str
    replay: Replay = "replay"
    remembers: float = DAY
    after: float = 60.0
    on_uncertain: OnUncertain = "resubmit"
    before_the_day_is_over: bool = True


SETTINGS = (
    Setting("first answer again (assumed)"),
    Setting("key ignored", replay="new_task"),
    Setting("conflict, no answer", replay="conflict"),
    Setting("key forgotten after 1 h, next try after 2 h", remembers=3600.0, after=7200.0),
    Setting("next try after 25 h", after=25 * 3600.0),
    Setting("key ignored, on_uncertain_submission='fail'", replay="new_task", on_uncertain="fail"),
)
MOMENTS = ("begun", "decided", "intent", "answered", "submitted", "waiting", "stored")


def crash_at(setting: Setting, moment: str) -> tuple[int, int]:
    """Kill the first try at a moment, and let the rest go well. Returns paid beyond one, and lost."""
    gateway = Gateway(setting.replay, setting.remembers)
    world = World(gateway, on_uncertain=setting.on_uncertain)
    process = Process(world)
    while process.at != moment:
        if process.at == "waiting":
            gateway.made[0].state = "succeeded"
        process.step()
    for made in gateway.made:
        made.state = "succeeded"
    world.now += setting.after
    settle(world)
    return world.paid(0) + world.paid(1) - 1 if gateway.made else 0, len(world.lost)


LOSSES = {
    "first answer again (assumed)": (0, 0),
    "key ignored": (1, 1),
    "conflict, no answer": (0, 1),
    "key forgotten after 1 h, next try after 2 h": (1, 1),
    # In both of these the task first stops and asks; it is a person's clear that pays again.
    "next try after 25 h": (1, 0),
    "key ignored, on_uncertain_submission='fail'": (1, 1),
}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_what_a_crash_costs_under_each_setting(setting: Setting, capsys: pytest.CaptureFixture[str]) -> None:
    found = {moment: crash_at(setting, moment) for moment in MOMENTS}
    with capsys.disabled():
        for moment, (beyond, lost) in found.items():
            if beyond or lost:
                print(
                    f"\n{setting.name}: killed when {moment!r}: {beyond} paid beyond one, {lost} lost",
                    end="",
                )
    worst = (max(beyond for beyond, _ in found.values()), max(lost for _, lost in found.values()))
    assert worst == LOSSES[setting.name]
    assert {moment for moment, cost in found.items() if cost != (0, 0)} <= {"answered", "intent"}


def record_of(key: str, state: State) -> Record:
    return Record(state, 0, 0, "a", key, 0.0, "c", "m", body="{}", generation_id="task_of_" + key)


@pytest.mark.parametrize("state", ["submitted", "delivered", "failed"])
def test_a_process_that_outlived_its_try_leaves_a_later_record_alone(state: State) -> None:
    place = Place()
    place.write(record_of("later", "submitted"))
    records = SafeRecords(place, "rivya_default")
    records.note(record_of("earlier", state))
    records.take_back(None, record_of("earlier", "intent"))
    with pytest.raises(RecordTakenError):
        records.begin(record_of("another", "intent"), record_of("earlier", "failed"))
    assert place.read() == record_of("later", "submitted")


def test_a_process_that_outlived_its_try_does_not_undo_that_a_clear_was_answered() -> None:
    """Else the retries after the clear would take themselves for cleared, and pay again."""
    place = Place()
    records = SafeRecords(place, "rivya_default")
    submitted = record_of("same", "submitted")
    place.write(submitted)
    records.note(replace(submitted, epoch=1), adopt=True)
    records.note(submitted.delivered())
    assert place.read() == replace(submitted.delivered(), epoch=1)
