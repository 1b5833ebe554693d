"""
Counts in the model what a crash costs, by its moment and by what the gateway does with keys.

``python -m tests.unit.submission.submission_losses`` prints the tables of ``docs/recover.md``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from airflow_provider_rivya.submission.context import OnUncertain
from tests.unit.submission.submission_gateway import DAY, Delivery, Gateway, Repeated
from tests.unit.submission.submission_model import Process, run_out
from tests.unit.submission.submission_world import World

HOUR = 3600.0
RECOVER = Path(__file__).parents[3] / "docs" / "recover.md"


@dataclass(frozen=True)
class Setting:
    """
    A gateway, and how a task deals with it.

    :param repeated: what the gateway makes of a repeated key.
    :param remembers: seconds for which it knows a key.
    :param after: seconds between the crash and the next try.
    :param replays_keys: what the client takes for granted; else it looks requests up.
    :param looks_up: whether the gateway then shows them.
    """

    name: str
    repeated: Repeated = "replay"
    remembers: float = DAY
    after: float = 60.0
    on_uncertain: OnUncertain = "resubmit"
    replays_keys: bool = True
    looks_up: bool = False

    def world(self) -> World:
        shows_after = 0.0 if self.looks_up else None
        gateway = Gateway(self.repeated, self.remembers, shows_after, self.replays_keys)
        return World(gateway, on_uncertain=self.on_uncertain)


def asked(name: str, *, looks_up: bool, on_uncertain: OnUncertain = "fail") -> Setting:
    """Return a setting of a gateway that replays no keys."""
    return Setting(
        name, repeated="new_task", on_uncertain=on_uncertain, replays_keys=False, looks_up=looks_up
    )


KEYS: Sequence[Setting] = (
    Setting("answers with the first generation (assumed)"),
    Setting("ignores it and makes another generation", repeated="new_task"),
    Setting("answers `idempotency_conflict`, without an id", repeated="conflict"),
    Setting("has forgotten it by the time of the next try", remembers=HOUR, after=2 * HOUR),
    Setting("as assumed, but the next try comes after 24 hours: the task stops", after=25 * HOUR),
    Setting(
        'ignores it, and `on_uncertain_submission="fail"` is set: the task stops',
        repeated="new_task",
        on_uncertain="fail",
    ),
)

GATEWAYS: Sequence[Setting] = (
    Setting("Rivya"),
    Setting('Rivya, `"fail"` or after 24 hours', on_uncertain="fail"),
    asked("ToAPIs, its id is found", looks_up=True),
    asked("ToAPIs, not found", looks_up=False),
    asked('ToAPIs, not found, `"resubmit"`', looks_up=False, on_uncertain="resubmit"),
)


@dataclass(frozen=True)
class Cost:
    """
    What there is in the end.

    :param end: of the last try.
    :param beyond: charges beyond one.
    :param lost: generations that are paid for and not stored.
    """

    end: str | None
    beyond: int
    lost: int


def crash(setting: Setting, steps: int, delivery: Delivery = "answered") -> tuple[Process, World]:
    """Kill the first try after so many steps, and let all go well from then on."""
    world = setting.world()
    process = Process(world)
    for _ in range(steps):
        process.step(delivery)
        _succeed(world)
    world.now += setting.after
    world.try_over()
    return process, world


def retries(world: World) -> Cost:
    """Let the retries run, with a gateway that works."""
    end = None
    for _ in range(4):
        process = Process(world)
        run_out(world, process)
        end = process.end
        world.try_over()
        if end != "retry":
            break
    return Cost(end, max(0, len(world.gateway.made) - 1), len(world.lost))


def cleared_blindly(world: World) -> Cost:
    """Clear without having looked at the account."""
    world.clear()
    return retries(world)


def worst(setting: Setting) -> tuple[Cost, Cost]:
    """Return what the worst moment costs: by retries alone, and by a clear after they have stopped."""
    first, then = Cost(None, 0, 0), Cost(None, 0, 0)
    for steps in range(STEPS):
        _, world = crash(setting, steps)
        found = retries(world)
        first = Cost(found.end, max(first.beyond, found.beyond), max(first.lost, found.lost))
        if found.end == "stopped":
            found = cleared_blindly(world)
        then = Cost(found.end, max(then.beyond, found.beyond), max(then.lost, found.lost))
    return first, then


STEPS = 10
"""How many steps of the model a try takes at the most that meets no trouble."""


def _succeed(world: World) -> None:
    for made in world.gateway.made:
        made.state = "succeeded"


# -- moments -----------------------------------------------------------------------------------------


def killed_when(*done: str) -> Callable[[Setting], World]:
    """Kill the first try as soon as it has done this last."""

    def play(setting: Setting) -> World:
        for steps in range(STEPS):
            process, world = crash(setting, steps)
            if process.has_done[-1] in done:
                return world
        raise AssertionError(f"it never did {done}")

    return play


def on_the_way(delivery: Delivery) -> Callable[[Setting], World]:
    """Let the first try live, and the request or its answer be lost."""

    def play(setting: Setting) -> World:
        world = setting.world()
        process = Process(world)
        for _ in range(60):
            process.step(delivery)
            _succeed(world)
        assert process.at == "ended"
        world.try_over()
        return world

    return play


MOMENTS: Sequence[tuple[str, Callable[[Setting], World]]] = (
    ("killed before the intent is written", killed_when("nothing")),
    ("killed between the intent and the request", killed_when("write intent")),
    ("request lost on its way", on_the_way("request_lost")),
    ("answer lost for good, or a 5xx in its place", on_the_way("answer_lost")),
    ("killed after it was accepted, before that is recorded", killed_when("send")),
    ("killed at any later moment", killed_when("write submitted")),
)


def verdict(play: Callable[[Setting], World], setting: Setting) -> str:
    """Say in a table's words what becomes of a task."""
    world = play(setting)
    if world.asked and setting.on_uncertain == "fail":
        return "stops and asks"
    cost = retries(world)
    if cost.beyond:
        return "**pays twice**"
    if cost.end == "stopped":
        return "stops and asks"
    assert cost.end == "delivered"
    return "paid once"


def keys_table() -> list[str]:
    """Return the table of what a repeated key may get."""
    lines = [
        "| What the gateway does with a repeated key | Charges beyond one | Results to fetch by hand "
        "| Charges beyond one, if the stopped task is cleared without looking |",
        "|---|---|---|---|",
    ]
    for setting in KEYS:
        first, then = worst(setting)
        lines.append(f"| {setting.name} | {first.beyond} | {first.lost} | {then.beyond} |")
    return lines


def moments_table() -> list[str]:
    """Return the table of moments and gateways."""
    lines = [
        "| Moment | " + " | ".join(setting.name for setting in GATEWAYS) + " |",
        "|---" * (len(GATEWAYS) + 1) + "|",
    ]
    for name, play in MOMENTS:
        lines.append(f"| {name} | " + " | ".join(verdict(play, setting) for setting in GATEWAYS) + " |")
    return lines


# -- what must hold ----------------------------------------------------------------------------------


def tables_are_documented() -> None:
    """Check that the documentation shows the tables that the code makes."""
    text = RECOVER.read_text(encoding="utf-8")
    assert "\n".join(keys_table()) in text
    assert "\n".join(moments_table()) in text


def a_lost_record_costs_nothing() -> None:
    """Somebody deletes it, at whatever moment: the retry of the same request has the same key."""
    for steps in range(STEPS):
        _, world = crash(KEYS[0], steps)
        world.place.document = None
        cost = retries(world)
        assert (cost.end, cost.beyond, cost.lost) == ("delivered", 0, 0)


if __name__ == "__main__":
    logging.getLogger("airflow_provider_rivya").setLevel(logging.CRITICAL + 1)
    print("\n".join([*moments_table(), "", *keys_table()]))
