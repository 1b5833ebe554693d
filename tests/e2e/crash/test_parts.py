"""The parts of the crash matrix, without an Airflow."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.e2e.crash import not_promised
from tests.e2e.crash.acts import cut, edited, kill_task, reply
from tests.e2e.crash.doors import Door, Endpoint
from tests.e2e.crash.judge import Verdict, report, stored_files
from tests.e2e.crash.scenarios import ALL
from tests.e2e.crash.victims import socket_inode
from tests.sandbox_process import SandboxProcess
from tools.stack.config import CHECKOUT

TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 22 1 0 20 4
   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 33 1 0 20 4
"""
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


def get(door: Door, path: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", GET, f"{door.url}{path}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_door_forwards_kills_cuts_and_answers() -> None:
    path = "/sandbox/clock"
    clock = Endpoint("GET", (path,))
    with SandboxProcess() as sandbox, Door(("127.0.0.1", int(sandbox.url.rpartition(":")[2]))) as door:
        assert get(door, path).stdout == "200\n"
        for moment in ("received", "answered"):
            door.on("received" if moment == "received" else "answered", clock, kill_task)
            assert get(door, path).returncode == -signal.SIGKILL
        door.on("received", clock, cut)
        assert get(door, path).stdout == "RemoteDisconnected\n"
        door.on("received", clock, reply(503))
        assert get(door, path).stdout == "503\n"
        rule = door.on("answered", clock, edited(now=0))
        assert get(door, path).stdout == "200\n"
        assert rule.hit.is_set()
        door.close()
        assert get(door, path).stdout == "URLError\n"
        door.open()
        assert get(door, path).stdout == "200\n"
        assert door.count(Endpoint("GET", ("/elsewhere", "/sandbox/*"))) == 7


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
