"""A paid task under random crashes, lost answers, doubled processes, retries, clears and re-renders."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Literal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from airflow_provider_rivya.submission.context import OnRerun, OnUncertain
from tests.unit.submission.submission_cases import (
    ANOTHERS_KEYS,
    CONNECTIONS,
    DELIVERIES,
    ENDS,
    KINDS,
    NAMESPACES,
    ONCE_LOST,
    OTHERS,
    pays_once,
    tell,
)
from tests.unit.submission.submission_gateway import Delivery, Ended
from tests.unit.submission.submission_story import Story
from tests.unit.submission.submission_world import Kind, World, world_of

STORIES = 1000


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


def _name(story: Callable[[], World]) -> str:
    if isinstance(story, partial):
        return "-".join([story.func.__name__, *story.args])
    return getattr(story, "__name__", "")


@pytest.mark.usefixtures("unheard")
@pytest.mark.parametrize("story", ONCE_LOST, ids=_name)
def test_what_once_paid_twice_pays_once(story: Callable[[], World]) -> None:
    pays_once(story)


@pytest.mark.usefixtures("unheard")
@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case.__name__)
def test_what_a_clear_pays_for(case: Callable[[], None]) -> None:
    case()


@pytest.mark.usefixtures("unheard")
def test_every_story_ends_well() -> None:
    """Hypothesis varies what it has found; these many stories are quicker told, and find more."""
    for seed in range(STORIES):
        tell(seed)
