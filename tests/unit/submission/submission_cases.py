"""
What may happen to a paid task, as functions that play it in the model and check what it has cost.

The tests call them, and so do the tests of the model itself, which put a fault into the code first.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from tests.unit.submission.submission_gateway import CONN_ID, Delivery, Ended
from tests.unit.submission.submission_model import Process, run_out
from tests.unit.submission.submission_place import Place
from tests.unit.submission.submission_story import Story
from tests.unit.submission.submission_world import Kind, World, world_of

KINDS: list[Kind] = ["replays", "replays", "looks up", "looks up late", "never looks up"]
DELIVERIES: list[Delivery] = ["answered", "answered", "answer_lost", "request_lost", "refused"]

CONNECTIONS = [CONN_ID, "another"]
NAMESPACES = ["", "ours"]
HOUR = 3600.0
ANOTHERS_KEYS = [(0, "a"), (1, "a"), (0, "b")]

CLOCKS = [(0.0,), (0.0,), (0.0, HOUR), (HOUR, 0.0), (HOUR, -HOUR, 0.0)]

ENDS: list[Ended] = ["succeeded", "succeeded", "refunded", "charged"]


# -- stories at random -------------------------------------------------------------------------------


def tell(seed: int) -> None:
    """Tell one story, of many turns, and its end: a thousandth of a second."""
    chance = random.Random(seed)  # noqa: S311 - a story is to be told again, not to be kept secret
    kind = chance.choice(KINDS)
    story = Story(
        world_of(
            kind,
            chance.choice(["file", "file", "state_store"]),
            chance.choice(["regenerate", "reuse"]),
            chance.choice(["resubmit", "fail"]),
            chance.choice([(), (), ANOTHERS_KEYS[:1], chance.sample(ANOTHERS_KEYS, 2)]),
        )
    )
    if kind == "replays":  # what a person is asked, and answers, is told by the workers' clocks
        story.world.clocks = chance.choice(CLOCKS)
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


# -- stories that once cost money twice ---------------------------------------------------------------


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


def a_workers_clock_is_ahead() -> World:
    """Its generation is not older than its request, whatever the next try's clock says of that."""
    world = world_of("replays")
    world.clocks = (HOUR, 0.0)
    until(Process(world), "send")
    world.try_over()
    run_out(world, Process(world))
    return world


def two_copies_live() -> World:
    """The second one finds the first one's intent, and leaves it the time to record its answer."""
    world = world_of("replays")
    first = until(Process(world), "send")
    second = about_to(Process(world), "go on waiting")
    run_out(world, first)
    run_out(world, second)
    assert world.gateway.asked == 1, "both have sent"
    return world


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
    a_workers_clock_is_ahead,
    two_copies_live,
]


def pays_once(story: Callable[[], World]) -> None:
    """Check that a story has made one generation, and that its result was stored."""
    world = story()
    assert (len(world.gateway.made), world.lost) == (1, [])


def a_clear_after_fewer_retries_pays_for_a_new_generation() -> None:
    """``max_tries`` falls back to what it was for the first generation; its key is not sent again."""
    world = World(epoch=2)
    for epoch in (2, 3, 2):
        world.epoch = epoch
        world.try_over()
        run_out(world, Process(world))
    assert len({made.key for made in world.gateway.made}) == 3


def a_clear_after_a_record_was_forgotten_pays_for_a_new_generation() -> None:
    """Somebody deletes it: the next epoch has another key."""
    world = World()
    run_out(world, Process(world))
    world.place = Place()
    world.clear()
    run_out(world, Process(world))
    assert len({made.key for made in world.gateway.made}) == 2


def a_question_that_was_asked_after_the_clear() -> None:
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


OTHERS: list[Callable[[], None]] = [
    a_clear_after_fewer_retries_pays_for_a_new_generation,
    a_clear_after_a_record_was_forgotten_pays_for_a_new_generation,
    a_question_that_was_asked_after_the_clear,
]
