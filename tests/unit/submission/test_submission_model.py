"""A paid task under random crashes, lost answers, doubled processes, retries, clears and re-renders."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from functools import partial
from typing import Literal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from airflow_provider_rivya.submission.context import OnRerun, OnUncertain
from tests.unit.submission.submission_gateway import CONN_ID, Delivery, Ended
from tests.unit.submission.submission_model import Kind, Process, World, run_out, world_of
from tests.unit.submission.submission_place import Place
from tests.unit.submission.submission_story import Story

KINDS: list[Kind] = ["replays", "replays", "looks up", "looks up late", "never looks up"]
DELIVERIES: list[Delivery] = ["answered", "answered", "answer_lost", "request_lost", "refused"]

CONNECTIONS = [CONN_ID, "another"]
NAMESPACES = ["", "ours"]
ANOTHERS_KEYS = [(0, "a"), (1, "a"), (0, "b")]

ENDS: list[Ended] = ["succeeded", "succeeded", "refunded", "charged"]


class PaidTask(RuleBasedStateMachine):
    """One task instance, and whatever may happen to it."""

    story: Story

    @initialize(
        kind=st.sampled_from(KINDS),
        store=st.sampled_from(["file", "state_store"]),
        on_rerun=st.sampled_from(["regenerate", "reuse"]),
        on_uncertain=st.sampled_from(["resubmit", "fail"]),
        anothers=st.sets(st.sampled_from(ANOTHERS_KEYS), max_size=2),
    )
    def begin(
        self,
        kind: Kind,
        store: Literal["file", "state_store"],
        on_rerun: OnRerun,
        on_uncertain: OnUncertain,
        anothers: set[tuple[int, str]],
    ) -> None:
        self.story = Story(world_of(kind, store, on_rerun, on_uncertain, sorted(anothers)))

    @precondition(lambda self: self.story.current is not None)
    @rule(delivery=st.sampled_from(DELIVERIES))
    def step(self, delivery: Delivery) -> None:
        self.story.step(delivery)

    @precondition(lambda self: self.story.orphans)
    @rule(which=st.integers(0, Story.MOST_ORPHANS - 1), delivery=st.sampled_from(DELIVERIES))
    def step_an_orphan(self, which: int, delivery: Delivery) -> None:
        self.story.step_an_orphan(which, delivery)

    @precondition(lambda self: self.story.current is None and self.story.delivered is None)
    @rule()
    def retry(self) -> None:
        self.story.retry()

    @precondition(lambda self: self.story.current is not None)
    @rule()
    def kill_the_process(self) -> None:
        self.story.kill_the_process()

    @precondition(lambda self: self.story.current is not None)
    @rule()
    def kill_its_worker(self) -> None:
        self.story.kill_its_worker()

    @rule(outcome=st.sampled_from(ENDS))
    def the_gateway_ends_a_generation(self, outcome: Ended) -> None:
        self.story.the_gateway_ends_a_generation(outcome)

    @rule(minutes=st.sampled_from([1, 60, 600]))
    def time_passes(self, minutes: int) -> None:
        self.story.time_passes(minutes)

    @rule(fingerprint=st.sampled_from(["a", "b", None]))
    def the_templates_render_otherwise(self, fingerprint: str | None) -> None:
        self.story.the_templates_render_otherwise(fingerprint)

    @rule(conn_id=st.sampled_from(CONNECTIONS), namespace=st.sampled_from(NAMESPACES))
    def the_connection_changes(self, conn_id: str, namespace: str) -> None:
        self.story.the_connection_changes(conn_id, namespace)

    @rule()
    def a_person_clears(self) -> None:
        self.story.a_person_clears()

    @invariant()
    def no_wish_is_paid_twice(self) -> None:
        if hasattr(self, "story"):
            self.story.check()

    def teardown(self) -> None:
        if hasattr(self, "story"):
            self.story.finish()


TestPaidTask = pytest.mark.usefixtures("unheard")(PaidTask.TestCase)
TestPaidTask.settings = settings(
    max_examples=100,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # What is found once in ten thousand stories is for people to look at, not for whoever comes by.
    derandomize="CI" in os.environ,
)


def tell(seed: int) -> None:
    """Tell one story, of many turns, and its end: a thousandth of a second."""
    chance = random.Random(seed)  # noqa: S311 - a story is to be told again, not to be kept secret
    story = Story(
        world_of(
            chance.choice(KINDS),
            chance.choice(["file", "file", "state_store"]),
            chance.choice(["regenerate", "reuse"]),
            chance.choice(["resubmit", "fail"]),
            chance.choice([(), (), ANOTHERS_KEYS[:1], chance.sample(ANOTHERS_KEYS, 2)]),
        )
    )
    turns: dict[Callable[[], None], float] = {
        lambda: story.step(chance.choice(DELIVERIES)): 12,
        story.retry: 4,
        # An orphan may sleep through what the tries after it do.
        lambda: story.step_an_orphan(chance.randrange(3), chance.choice(DELIVERIES)): chance.choice([0.3, 4]),
        story.kill_the_process: 1,
        story.kill_its_worker: 1,
        lambda: story.the_gateway_ends_a_generation(chance.choice(ENDS)): 1,
        lambda: story.the_templates_render_otherwise(chance.choice(["a", "b"])): chance.choice([0, 1]),
        lambda: story.the_templates_render_otherwise(None): chance.choice([0, 0, 0.5]),
        lambda: story.the_connection_changes(
            chance.choice(CONNECTIONS), chance.choice(NAMESPACES)
        ): chance.choice([0, 0, 0.5]),
        story.a_person_clears: chance.choice([0, 0.5, 1]),
    }
    for turn in chance.choices(list(turns), list(turns.values()), k=chance.choice([15, 30, 60])):
        turn()
        story.check()
    story.finish()


# -- stories that were once lost money ----------------------------------------------------------------


def until(process: Process, done: str, delivery: Delivery = "answered") -> Process:
    """Step until a process has done something, and not yet what comes after it."""
    for _ in range(60):
        if process.has_done[-1] == done:
            return process
        process.step(delivery)
    raise AssertionError(f"it never did {done}")


def about_to(process: Process, what: str) -> Process:
    """Step until a process stands still before something."""
    for _ in range(60):
        if process.at == what:
            return process
        process.step()
    raise AssertionError(f"it was never about to {what}")


def an_orphan_wakes_after_a_clear(kind: Kind) -> World:
    """Cut off between its intent and the paid call, it sleeps until a later run has delivered."""
    world = world_of(kind)
    orphan = until(Process(world), "write intent")
    for _ in range(3):
        world.clear()
        run_out(world, Process(world))
        if world.place.read() is not None and world.gateway.made:
            break
    run_out(world, orphan)
    return world


def a_copy_is_refused_and_the_other_taken_in() -> World:
    """The one that was taken in dies before it records that; then the templates render otherwise."""
    world = world_of("replays")
    first = until(Process(world), "write intent")
    first.step("refused")
    assert first.at == "write"  # its intent is about to be taken back
    until(Process(world), "send")
    run_out(world, first)
    world.fingerprint = "b"
    run_out(world, Process(world))
    return world


def an_orphan_hears_its_answer_after_a_clear() -> World:
    """What it notes is the same generation; the retry after it is not cleared once more."""
    world = world_of("replays")
    orphan = until(Process(world), "send")
    world.clear()
    run_out(world, Process(world))
    run_out(world, orphan)
    run_out(world, Process(world))
    return world


def an_orphan_wakes_after_a_refusal() -> World:
    """It has seen no record; the run after the clear had one, and has taken it back."""
    world = world_of("replays")
    orphan = about_to(Process(world), "write")
    world.clear()
    refused = Process(world)
    while refused.at != "ended":
        refused.step("refused")
    run_out(world, orphan)
    run_out(world, Process(world))
    return world


def an_orphan_delivers_while_it_is_adopted() -> World:
    """The run after a clear goes on with the generation, and dies; its retry is not cleared once more."""
    world = world_of("replays")
    orphan = until(Process(world), "write submitted")
    world.clear()
    adopting = about_to(Process(world), "write")
    run_out(world, orphan)
    run_out(world, adopting)
    run_out(world, Process(world))
    return world


@pytest.mark.usefixtures("unheard")
def test_a_clear_after_fewer_retries_pays_for_a_new_generation() -> None:
    """``max_tries`` falls back to what it was for the first generation; its key is not sent again."""
    world = World(epoch=2)
    for epoch in (2, 3, 2):
        world.epoch = epoch
        world.try_over()
        run_out(world, Process(world))
    assert len({made.key for made in world.gateway.made}) == 3


@pytest.mark.usefixtures("unheard")
def test_a_clear_after_a_record_was_forgotten_pays_for_a_new_generation() -> None:
    world = World()
    run_out(world, Process(world))
    world.place = Place()
    world.clear()
    run_out(world, Process(world))
    assert len({made.key for made in world.gateway.made}) == 2


def a_copy_has_another_connection() -> World:
    """It waits for the first one's answer in vain, and sends nothing to where that was not sent."""
    world = world_of("replays")
    first = about_to(Process(world), "write")
    world.conn_id = "another"
    copy = about_to(Process(world), "write")
    until(first, "send")
    run_out(world, copy)
    world.conn_id = CONN_ID
    run_out(world, Process(world))
    return world


ONCE_LOST: list[Callable[[], World]] = [
    *(partial(an_orphan_wakes_after_a_clear, kind) for kind in KINDS[1:]),
    a_copy_is_refused_and_the_other_taken_in,
    an_orphan_hears_its_answer_after_a_clear,
    an_orphan_wakes_after_a_refusal,
    an_orphan_delivers_while_it_is_adopted,
    a_copy_has_another_connection,
]


def _name(story: Callable[[], World]) -> str:
    if isinstance(story, partial):
        return "-".join([story.func.__name__, *story.args])
    return getattr(story, "__name__", "")


@pytest.mark.usefixtures("unheard")
@pytest.mark.parametrize("story", ONCE_LOST, ids=_name)
def test_what_once_paid_twice_pays_once(story: Callable[[], World]) -> None:
    world = story()
    assert (len(world.gateway.made), world.lost) == (1, [])


@pytest.mark.usefixtures("unheard")
def test_a_question_that_was_asked_after_the_clear() -> None:
    """The clear's first try dies before it has seen the record; its retry takes that clear for no answer."""
    world = world_of("never looks up")
    orphan = Process(world)
    while orphan.at != "look up":
        orphan.step("answer_lost")
    world.clear()
    run_out(world, orphan)
    assert world.asked
    Process(world)  # and dies at once
    world.try_over()
    run_out(world, Process(world))
    assert len(world.gateway.made) == 1
    world.clear()
    run_out(world, Process(world))
    assert len(world.gateway.made) == 2


# -- many stories -------------------------------------------------------------------------------------

STORIES = 1000


@pytest.mark.usefixtures("unheard")
def test_every_story_ends_well() -> None:
    """Hypothesis varies what it has found; these many stories are quicker told, and find more."""
    for seed in range(STORIES):
        tell(seed)
