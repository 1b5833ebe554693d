"""The parts that the scenarios on several machines are made of."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.cables import Cable, Cables
from tests.cluster.play import report
from tests.cluster.scenarios import ALL, BY_RELEASE, CI
from tests.e2e.crash.judge import Verdict
from tools.stack import postgres, services


def test_scenarios_have_names_of_their_own() -> None:
    names = [scenario.name for scenario in ALL]
    assert len(names) == len(set(names))
    assert len(CI) == 8
    assert {scenario.name for scenario in (*CI, *BY_RELEASE)} <= set(names)


def test_the_report_names_the_fate_and_ends_with_the_sum() -> None:
    verdicts = [
        Verdict(CI[0], 1.0, "success", charges=1, files=1, tries=2, told=("Resumed after an earlier try",)),
        Verdict(CI[1], 1.0, "failed", charges=2, beyond=1, faults=["2 paid"]),
    ]
    lines = report(verdicts, {"fifty_mapped": {"CPU seconds": {"worker-1": 30.5}}}).splitlines()
    assert 'fifty_mapped, CPU seconds: {"worker-1": 30.5}' in lines
    assert f"{CI[0].name}: Resumed after an earlier try" in lines
    assert "    2 paid" in lines
    assert lines[-1] == "2 scenarios, 1 held, charges beyond one: 1, results lost: 0"


def echo(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection, contextlib.suppress(ConnectionError):
            while got := connection.recv(100):
                connection.sendall(got)


@pytest.fixture
def cable() -> Iterator[Cable]:
    """A cable to a server that says what it hears."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=echo, args=(server,), daemon=True)
        thread.start()
        cables = Cables()
        yield cables.lay(server.getsockname()[1])
        cables.close()


def say(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text)
    return connection.recv(100)


def test_a_cable_that_is_cut_resets_what_it_carries_and_takes_no_more(cable: Cable) -> None:
    with socket.create_connection(("127.0.0.1", cable.port), 20) as connection:
        assert say(connection, b"one") == b"one"
        cable.set("refuses")
        with pytest.raises(ConnectionError):
            say(connection, b"two")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", cable.port), 20)
    cable.set("carries")
    with socket.create_connection(("127.0.0.1", cable.port), 20) as connection:
        assert say(connection, b"three") == b"three"


def test_what_a_black_hole_has_taken_arrives_when_it_carries_again(cable: Cable) -> None:
    with socket.create_connection(("127.0.0.1", cable.port), 20) as connection:
        assert say(connection, b"one") == b"one"
        cable.set("black_hole")
        connection.sendall(b"two")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(100)
        connection.settimeout(20)
        cable.set("carries")
        assert connection.recv(100) == b"two"


def test_what_is_missing_is_told_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "binaries", lambda: None)
    monkeypatch.setattr(services, "redis_program", lambda: None)
    monkeypatch.setattr(services, "PACKAGES", ("json", "no_such_package"))
    database, broker, packages = services.missing()
    assert "PostgreSQL" in database
    assert "apt-get install postgresql" in database
    assert "redis-server" in broker
    assert "brew install redis " in broker
    assert "no_such_package for" in packages
    assert "make up EXECUTOR=celery" in packages


def test_redis_is_looked_for_on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert services.redis_program() == str(program)
