"""Whatever ends the demo, it leaves no process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tools.stack.config import CHECKOUT
from tools.stack.processes import running_with

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.mark.parametrize(
    ("number", "moment", "code"),
    [
        pytest.param(signal.SIGINT, "starting", 130, id="ctrl-c while the components start"),
        pytest.param(signal.SIGTERM, "deferred", 143, id="sigterm while the task waits"),
        pytest.param(signal.SIGHUP, "starting", 129, id="sighup while the components start"),
        pytest.param(signal.SIGKILL, "starting", -9, id="sigkill while the components start"),
    ],
)
def test_a_demo_ended_midway_leaves_no_process(
    tmp_path: Path, number: signal.Signals, moment: str, code: int
) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "tools.demo", "--home", str(home), "--output", str(tmp_path / "out")]
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    with subprocess.Popen(command, cwd=CHECKOUT, env=env, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        line = next((line for line in demo.stdout if moment in line), None)
        assert line is not None, "the demo ended before that moment"
        family = psutil.Process(demo.pid).children(recursive=True)
        demo.send_signal(number)
        _, alive = psutil.wait_procs(family, timeout=60)
        assert alive == []
        assert demo.wait(30) == code
    assert len(family) >= 2
    assert running_with(home) == []
