"""Stories of a batch task, and what must be true at their end."""

from __future__ import annotations

from pathlib import Path

from tests.unit.batch.batch_world import Fuse, Gateway, World, new_folder, table

ROWS = 5

Story = list[tuple[str, int]]


def tell(world: World, story: Story) -> None:
    """Let a story happen, and one good try after it; at the end all rows are landed."""
    for number, (what, step) in enumerate(story):
        if what == "crash":
            world.attempt(Fuse(kill=step))
        elif what == "double":
            world.double(step)
        elif what == "clear":
            world.clear()
        else:  # one row is gone, one is new, one asks for something else
            rows = world.rows[1:]
            rows[0] = {**rows[0], "prompt": f"changed {number}"}
            world.clear([*rows, {"key": f"n{number}", "prompt": f"new {number}"}])


def all_landed(world: World, story: Story, lost: list[str]) -> None:
    world.gateway.losses = list(lost)
    world.rows = table(ROWS)
    tell(world, story)
    world.gateway.losses = []
    done = world.attempt()
    assert isinstance(done, dict), done
    assert done["counts"]["succeeded"] + done["counts"]["reused"] == len(world.rows) == done["rows"]
    lines = world.manifest()
    assert all(line["outputs"] for line in lines.values())
    for prompt in {made.prompt for made in world.gateway.made}:
        assert world.gateway.paid(prompt) == 1, prompt
    again = len(world.gateway.made)
    assert isinstance(world.attempt(), dict)
    assert len(world.gateway.made) == again


def never_twice(world: World, story: Story) -> None:
    """Let a story happen at a gateway that is asked: whatever became of the rows, none was paid twice."""
    world.rows = table(ROWS)
    tell(world, story)
    world.attempt()
    world.manifest()
    for prompt in {made.prompt for made in world.gateway.made}:
        assert world.gateway.paid(prompt) == 1, prompt


def told_at_each(folder: Path, story: Story) -> None:
    """Tell a story at either kind of gateway."""
    all_landed(World(new_folder(folder), Gateway()), story, [])
    asked = World(new_folder(folder), Gateway(replays_keys=False), on_uncertain="resubmit")
    never_twice(asked, story)
