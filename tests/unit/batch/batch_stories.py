"""Stories of a batch task, and what must be true at their end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from airflow_provider_rivya.batch.window import Limits
from airflow_provider_rivya.request.budget import Budget
from tests.unit.batch.batch_gateway import Gateway
from tests.unit.batch.batch_steps import Fuse
from tests.unit.batch.batch_world import World, new_folder, table

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


def of_a_photograph(folder: Path) -> dict[str, Any]:
    """Return what makes all rows known by their files alone."""
    Image.new("RGB", (64, 64)).save(folder / "photo.png")
    return {"model": "nano-banana-2", "reference_media": [f"{folder}/photo.png"]}


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


def budget_kept(folder: Path) -> None:
    """Three of five rows may be paid, whatever is refunded, and whatever nobody knows of."""
    limits = Limits(max_running=2, max_credits_total=3.0)
    refunding = Gateway(failures={"a 0": 2, "a 1": 1})
    world = World(new_folder(folder), refunding, limits=limits, rows=table(ROWS))
    world.attempt()
    assert sum(made.cost for made in refunding.made) == 3
    world.manifest()
    limits = Limits(max_running=2, max_credits_total=15.0)
    silent = Gateway(replays_keys=False, losses=["", "request"], cost=5.0)
    asked = {"model": "nano-banana-2", "budget": Budget(None, allow_estimates=True)}
    world = World(new_folder(folder), silent, limits=limits, on_uncertain="fail", asked=asked)
    world.rows = table(ROWS)
    world.attempt()
    lines = world.manifest().values()
    assert sum(line["status"] == "uncertain" for line in lines) == 1
    assert len(silent.made) == 2


def photographs_count(folder: Path) -> None:
    """Another photograph under the same name is another request."""
    folder = new_folder(folder)
    rows = [{**row, "photo": f"{folder}/{row['key']}.png"} for row in table(3)]
    for number, row in enumerate(rows):
        Image.new("RGB", (64, 64), (number, 0, 0)).save(row["photo"])
    asked = {"model": "nano-banana-2", "reference_media": ["{photo}"]}
    world = World(folder, Gateway(), rows=rows, asked=asked)
    assert isinstance(world.attempt(), dict)
    world.clear()
    done = world.attempt()
    assert isinstance(done, dict)
    assert (done["counts"]["reused"], len(world.gateway.made)) == (3, 3)
    Image.new("RGB", (64, 64), (0, 0, 9)).save(rows[1]["photo"])
    world.clear()
    done = world.attempt()
    assert isinstance(done, dict)
    assert (done["counts"]["succeeded"], done["counts"]["reused"]) == (1, 2)
    assert [made.prompt for made in world.gateway.made[3:]] == ["a 1"]
    world.manifest()


def told_at_each(folder: Path, story: Story) -> None:
    """Tell a story at either kind of gateway."""
    all_landed(World(new_folder(folder), Gateway()), story, [])
    asked = World(new_folder(folder), Gateway(replays_keys=False), on_uncertain="resubmit")
    never_twice(asked, story)
