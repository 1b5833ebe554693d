"""The keeper with real processes: whatever they do, they end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tools.stack.config import CHECKOUT
from tools.stack.processes import Keeper, ProcessError, log_tail

# A process that starts another one in a session of its own and deaf to SIGTERM, and ends at once.
ORPHANING = textwrap.dedent("""
    import subprocess, sys
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", deaf], start_new_session=True)
    print(child.pid, flush=True)
    child.returncode = 0
""")
SLEEP = "import time; time.sleep(600)"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    keeper = Keeper(tmp_path / "logs")
    yield keeper
    keeper.stop(grace=0.1)


def start(keeper: Keeper, name: str, code: str) -> int:
    return keeper.start(name, python(code), dict(os.environ), Path.cwd())


def test_exit_code_and_output(keeper: Keeper) -> None:
    start(keeper, "three", "print('done'); raise SystemExit(3)")
    assert keeper.wait("three", 30) == 3
    assert log_tail(keeper.log_of("three")) == "done"


def test_a_signal_shows_as_a_negative_exit_code(keeper: Keeper) -> None:
    start(keeper, "sleeper", SLEEP)
    keeper.send_signal("sleeper", signal.SIGKILL)
    assert keeper.wait("sleeper", 30) == -signal.SIGKILL


def test_a_name_is_free_again_when_its_process_has_ended(keeper: Keeper) -> None:
    first = start(keeper, "sleeper", SLEEP)
    with pytest.raises(ProcessError, match="running already"):
        start(keeper, "sleeper", SLEEP)
    keeper.send_signal("sleeper", signal.SIGTERM)
    keeper.wait("sleeper", 30)
    assert start(keeper, "sleeper", SLEEP) != first


def test_what_cannot_be_executed_is_refused(keeper: Keeper) -> None:
    with pytest.raises(ProcessError, match="no-such-program"):
        keeper.start("none", ["/no-such-program"], {}, Path.cwd())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has child subreapers")
def test_stop_ends_an_orphan_in_a_session_of_its_own(keeper: Keeper) -> None:
    start(keeper, "orphaning", ORPHANING)
    keeper.wait("orphaning", 30)
    orphan = psutil.Process(int(log_tail(keeper.log_of("orphaning"))))
    assert keeper.stop(grace=0.1) == []
    assert not orphan.is_running()


def test_everything_ends_when_the_owner_is_killed(tmp_path: Path) -> None:
    code = textwrap.dedent(f"""
        import os, time
        from pathlib import Path
        from tools.stack.processes import Keeper
        keeper = Keeper(Path({str(tmp_path)!r}))
        keeper.start("sleeper", {python(SLEEP)!r}, dict(os.environ), Path.cwd())
        print("ready", flush=True)
        time.sleep(600)
    """)
    with subprocess.Popen(python(code), cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        family = psutil.Process(owner.pid).children(recursive=True)
        owner.kill()
        _, alive = psutil.wait_procs(family, timeout=30)
    assert len(family) == 2
    assert alive == []
