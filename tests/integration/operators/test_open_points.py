"""
What the gateway's public documentation leaves open: the task works whichever way it turns out.

Every switch of the sandbox in every one of its settings, with the exact files, ledger and message.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Connect
from tests.integration.operators import (  # importing them fills SCENES
    scenes_files,
    scenes_results,
    scenes_submitting,
)
from tests.integration.conftest import NewTask
from tests.integration.operators.stage import BY_NAME, SCENES, Stage
from tests.sandbox_process import SandboxProcess

MODULES = {module.__name__ for module in (scenes_files, scenes_results, scenes_submitting)}
SETTINGS = [(name, value) for name in SCENES for value in SCENES[name].settings(BY_NAME[name])]


def test_every_switch_is_played_in_more_than_one_setting() -> None:
    assert set(SCENES) == set(BY_NAME)
    assert {scene.play.__module__ for scene in SCENES.values()} == MODULES
    for name, switch in BY_NAME.items():
        values = SCENES[name].settings(switch)
        assert len(set(values)) == len(values) > 1, name
        assert switch.default in values, name
        assert None in values or not switch.optional, name
        assert not any(switch.fault_of(value) for value in values), name


@pytest.mark.usefixtures("no_download_pauses")
@pytest.mark.parametrize(("switch", "value"), SETTINGS, ids=str)
def test_works_whichever_way_an_open_point_turns_out(
    new_task: NewTask,
    connect: Connect,
    sandbox: SandboxProcess,
    photo: Path,
    landing: Path,
    monkeypatch: pytest.MonkeyPatch,
    switch: str,
    value: Any,
) -> None:
    sandbox.assume(**{switch: value})
    SCENES[switch].play(Stage(bench, connect, sandbox, photo, landing, monkeypatch), value)
