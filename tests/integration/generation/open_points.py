"""What a scene about an open point of the gateway's documentation plays on, and which scene is whose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.sandbox.open_points import ASSUMPTIONS
from airflow_provider_rivya.sandbox.switches import Assumption
from tests.integration.conftest import Connect, sent
from tests.integration.task_harness import TaskInstanceHarness, Try
from tests.integration.conftest import NewTask
from tests.integration.landed_files import CREATE, check_image, file_of
from tests.sandbox_process import SandboxProcess

BY_NAME = {switch.name: switch for switch in ASSUMPTIONS}

IN_DOUBT = "Whether the gateway took it in is not known. The next try (2 left) sends the same request"
NO_USE = "Nothing was submitted and nothing was charged; a retry would not help, so none is made."


@dataclass(frozen=True)
class Stage:
    """A task, its gateway and its files. ``patch`` shortens waits."""

    new_task: NewTask
    connect: Connect
    sandbox: SandboxProcess
    photo: Path
    landing: Path
    patch: pytest.MonkeyPatch

    def with_reference(self, **arguments: Any) -> TaskInstanceHarness:
        """A task that uploads the photograph."""
        given = {"model": "nano-banana-2", "reference_media": str(self.photo), "client_request_id": "t-1"}
        return self.new_task(**{**given, **arguments})

    def in_doubt(self, run: TaskInstanceHarness, kind: str = "cut_after") -> None:
        """Run a try whose create call breaks off, so that a retry has to repeat it."""
        self.connect(retries=0)
        self.sandbox.fault(kind=kind, method="POST", path=CREATE)
        self.ends(run, "up_for_retry", IN_DOUBT, charges=int(kind == "cut_after"))

    def delivers(self, run: TaskInstanceHarness, *, charges: int = 1, outputs: int = 1) -> dict[str, Any]:
        """Run a try that lands exactly these pictures, and look at them and at the ledger."""
        return self.delivered(run, run.run(), charges=charges, outputs=outputs)

    def delivered(self, run: TaskInstanceHarness, done: Try, *, charges: int = 1, outputs: int = 1) -> dict[str, Any]:
        assert done.state == "success", done.text
        result = dict(run.xcom())
        assert len(result["outputs"]) == outputs
        for output in result["outputs"]:
            check_image(output)
        assert set(self.landing.iterdir()) == {file_of(output) for output in result["outputs"]}
        assert self.sandbox.ledger()["charges"] == charges
        return result

    def ends(self, run: TaskInstanceHarness, state: str, *told: str, charges: int = 0, refunds: int = 0) -> None:
        """Run a try that ends in this state, says all of this, lands nothing and costs so much."""
        self.ended(run.run(), state, *told, charges=charges, refunds=refunds)

    def ended(self, done: Try, state: str, *told: str, charges: int = 0, refunds: int = 0) -> None:
        assert done.state == state, done.text
        for text in told:
            assert text in done.text
        assert list(self.landing.iterdir()) == []
        ledger = self.sandbox.ledger()
        assert (ledger["charges"], ledger["refunds"]) == (charges, refunds)
        if charges == 0:
            assert self.sandbox.tasks() == []

    def creates(self) -> list[dict[str, Any]]:
        return sent(self.sandbox, "POST", CREATE)


Play = Callable[[Stage, Any], None]


@dataclass(frozen=True)
class Scene:
    """
    How the client is tried against one switch.

    :param play: called with the setting, once it is set.
    :param values: the settings of a switch that takes any number or text.
    """

    play: Play
    values: tuple[Any, ...] = ()

    def settings(self, switch: Assumption) -> tuple[Any, ...]:
        """All settings to be tried."""
        return {"choice": switch.choices, "flag": (True, False)}.get(switch.kind, self.values)


SCENES: dict[str, Scene] = {}


def scene(*switches: str, values: tuple[Any, ...] = ()) -> Callable[[Play], Play]:
    """Make a function the scene of these switches."""

    def enter(play: Play) -> Play:
        for switch in switches:
            assert switch in BY_NAME, f"there is no switch {switch}"
            assert switch not in SCENES, f"{switch} has two scenes"
            SCENES[switch] = Scene(play, values)
        return play

    return enter
