"""The command line and odd answers: a sentence and an exit code, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_rivya.cli.main import BAD_CONNECTION, FAILED, OK, main
from tests.cli_process import rivya
from tests.integration.conftest import Connect
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.hostile.answers import BROKEN, REFUSALS, Odd, of_states
from tests.integration.hostile.gateway import HostileGateway, picture

ENDLESS = ("trickling", "silent")
SHORT = [name for name in {**BROKEN, **REFUSALS} if not name.startswith(ENDLESS)]
DELIVERED = [odd for odd in of_states() if odd.outcome == "delivered"]
assert len(SHORT) + len(DELIVERED) >= 120


@pytest.fixture
def _environment(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(connect_timeout=1, read_timeout=1)
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")  # which a command changes for good


@pytest.mark.usefixtures("_environment")
@at_each
@pytest.mark.parametrize("name", [*SHORT, "trickling body"])
def test_a_balance(
    hostile: HostileGateway, gateway: TestedGateway, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile.others = {gateway.balance: {**BROKEN, **REFUSALS}[name]}
    assert main(["credits", "--conn-id", gateway.conn_id]) in (FAILED, BAD_CONNECTION)
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert len(err) < 2000


@pytest.mark.usefixtures("_environment")
@pytest.mark.parametrize("odd", DELIVERED, ids=[odd.name for odd in DELIVERED])
def test_a_generation_that_is_fetched(
    hostile: HostileGateway, landing: Path, odd: Odd, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile.states = {"*": odd.make}
    assert main(["fetch", "task_1", "--output", str(landing), "--timeout", "20"]) == OK
    assert [file.read_bytes() for file in landing.iterdir()] == [picture()]
    assert hostile.keys == []


@pytest.mark.usefixtures("_environment")
def test_a_process_that_meets_an_answer_without_end(hostile: HostileGateway, landing: Path) -> None:
    hostile.creations = [BROKEN["trickling body"]]
    run = rivya(
        "generate", "-m", "z-image", "-p", "a fox", "--output", str(landing), "--idempotency-key", "k"
    )
    assert run.code == FAILED
    assert "did not answer in time" in run.err
    assert "--idempotency-key k" in run.err
    assert hostile.paid == 1
