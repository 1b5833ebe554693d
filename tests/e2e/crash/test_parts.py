"""The parts of the crash matrix, without an Airflow."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.crash import not_promised
from tests.e2e.crash.actions import cut, edited, kill_task, reply
from tests.e2e.crash.judge import Verdict, report
from tests.e2e.crash.processes import NobodyThereError, socket_inode
from tests.e2e.crash.proxy import Call, Endpoint, Proxy
from tests.e2e.crash.scenario import Expected, Scenario
from tests.e2e.crash.scenario_run import ScenarioRun, stored_files
from tests.e2e.crash.scenarios import ALL, BY_RELEASE
from tests.sandbox_process import SandboxProcess
from tools.stack.config import CHECKOUT

TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 22 1 0 20 4
   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 33 1 0 20 4
"""
SAYS = Expected(says=("Resumed",))
GET = """
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=30).status)
except urllib.error.HTTPError as error:
    print(error.code)
except Exception as error:
    print(type(error).__name__)
"""


def test_the_client_is_the_process_at_the_other_end() -> None:
    assert socket_inode(TABLE, 0xC350, 0x1F90) == "22"
    assert socket_inode(TABLE, 0xC351, 0x1F90) is None


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


def proxy_to(sandbox: SandboxProcess) -> Proxy:
    return Proxy(("127.0.0.1", int(sandbox.url.rpartition(":")[2])))


def get(proxy: Proxy, path: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", GET, f"{proxy.url}{path}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_proxy_forwards_kills_cuts_and_answers(sandbox: SandboxProcess) -> None:
    path = "/sandbox/clock"
    clock = Endpoint("GET", (path,))
    with proxy_to(sandbox) as proxy:
        assert get(proxy, path).stdout == "200\n"
        for moment in ("received", "answered"):
            proxy.on("received" if moment == "received" else "answered", clock, kill_task)
            assert get(proxy, path).returncode == -signal.SIGKILL
        proxy.on("received", clock, cut)
        assert get(proxy, path).stdout == "RemoteDisconnected\n"
        proxy.on("received", clock, reply(503))
        assert get(proxy, path).stdout == "503\n"
        rule = proxy.on("answered", clock, edited(now=0))
        assert get(proxy, path).stdout == "200\n"
        assert rule.hit.is_set()
        proxy.close()
        assert get(proxy, path).stdout == "URLError\n"
        proxy.open()
        assert get(proxy, path).stdout == "200\n"
        assert proxy.count(Endpoint("GET", ("/elsewhere", "/sandbox/*"))) == 7


def test_a_proxy_tells_what_its_rules_have_not_done(sandbox: SandboxProcess) -> None:
    clock, create = Endpoint("GET", ("/sandbox/clock",)), Endpoint("POST", ("/create",))
    with proxy_to(sandbox) as proxy:
        proxy.on("received", clock, cut, times=2)
        proxy.on("answered", clock, edited(now=0), times=5, needed=1)
        proxy.on("answered", create, cut, needed=0)
        always = proxy.on("received", create, cut, times=None)
        assert get(proxy, clock.paths[0]).stdout == "RemoteDisconnected\n"
        always.end()
        missed = [
            "GET /sandbox/clock, received: hit 1 of 2 calls",
            "GET /sandbox/clock, answered: hit 0 of 1 calls",
            "POST /create, received: hit 0 of 1 calls",
        ]
        assert proxy.not_played == missed
        assert get(proxy, clock.paths[0]).stdout == "RemoteDisconnected\n"
        assert get(proxy, clock.paths[0]).stdout == "200\n"
        assert proxy.not_played == missed[2:]


def test_a_proxy_tells_of_an_act_that_failed(sandbox: SandboxProcess) -> None:
    """To the client that is a cut connection, and not the kill that the scenario is about."""

    def nobody_to_kill(_call: Call) -> None:
        raise NobodyThereError("no process")

    clock = Endpoint("GET", ("/sandbox/clock",))
    with proxy_to(sandbox) as proxy:
        proxy.on("received", clock, nobody_to_kill)
        assert get(proxy, clock.paths[0]).stdout == "RemoteDisconnected\n"
        assert proxy.not_played == ["GET /sandbox/clock, received: NobodyThereError: no process"]


def test_a_process_that_has_not_died_is_told_of(sandbox: SandboxProcess, tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    no_stack: Any = None
    mapped = Scenario("s", SAYS, lambda _: None, die_at=("before intent", "after submitted"), rows=("a", "b"))
    run = ScenarioRun(mapped, no_stack, sandbox, threading.Lock(), threading.Event(), tmp_path)
    run.proxy.close()
    for mark in ("0-before-intent", "1-before-intent", "1-after-submitted"):
        (run.specs / f"s.died-{mark}").touch()
    assert run.not_died == ["death after submitted (map index 0)"]
    (run.specs / "s.died-0-after-submitted").touch()
    run.wait_dying(timeout=0)


def test_every_scenario_awaits_the_line_that_names_its_fate() -> None:
    with pytest.raises(ValueError, match="s: no log line is awaited that names the fate"):
        Scenario("s", Expected(), lambda _: None)
    with pytest.raises(ValueError, match="names the fate"):
        replace(ALL[0], expected=Expected(paid=2))
    assert all("" not in scenario.expected.says for scenario in ALL)


def test_what_depends_on_the_release_runs_on_any_release() -> None:
    assert len(BY_RELEASE) >= 10
    assert {scenario.lacks(postgresql=True, state_store=False) for scenario in BY_RELEASE} == {""}


def test_what_a_scenario_lacks() -> None:
    needs = Scenario("s", SAYS, lambda _: None, needs_postgresql=True, needs_state_store=True)
    assert needs.lacks(postgresql=False, state_store=True) == "PostgreSQL"
    assert needs.lacks(postgresql=True, state_store=False) == "a task state store"
    assert needs.lacks(postgresql=True, state_store=True) == ""
    assert ALL[0].lacks(postgresql=False, state_store=False) == ""


def test_a_verdict_is_summed_up() -> None:
    good = Verdict(ALL[0], 1.0, charges=1)
    bad = Verdict(ALL[1], 1.0, charges=2, beyond=1, lost=2, faults=["paid twice"])
    lines = report([good, bad]).splitlines()
    assert lines[-1] == "2 scenarios, 1 held, charges beyond one: 1, results lost: 2"
    assert "    paid twice" in lines


def test_what_is_not_promised_is_listed_apart() -> None:
    good = Verdict(ALL[0], 1.0, charges=1)
    apart = Verdict(not_promised.SCENARIOS[2], 1.0, charges=2)
    above, _, below = report([good, apart]).partition("\n\n\n")
    assert 'pays twice: on_uncertain_submission="resubmit"' in above
    assert "yes" not in above
    assert apart.scenario.name not in below
    assert below.endswith("\n1 scenarios, 1 held, charges beyond one: 0, results lost: 0")


def test_what_is_not_promised_is_what_the_docs_say() -> None:
    lines = (CHECKOUT / "docs" / "recover.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    header = next(row for row in rows if row[0] == "Moment")
    cells = {(row[0], column): cell for row in rows for column, cell in zip(header, row, strict=False)}
    for scenario in not_promised.SCENARIOS:
        instead = scenario.instead
        assert instead is not None
        assert cells[instead.moment, instead.where].strip("*") == instead.outcome, scenario.name


def test_only_whole_images_are_stored_files(tmp_path: Path) -> None:
    tmp_path.joinpath("task_1-0.png").write_bytes(b"x")
    tmp_path.joinpath(".task_2-0.png.part").write_bytes(b"x")
    assert list(stored_files(tmp_path)) == [tmp_path / "task_1-0.png"]
