"""A result that cannot be fetched, because its time is over or because it is not there yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_rivya.exceptions import OutputError
from tests.integration.conftest import sent
from tests.integration.gateways import TOAPIS, at
from tests.integration.generation.conftest import NewJob
from tests.sandbox_process import SandboxProcess

pytestmark = at("toapis")


def charges(sandbox: SandboxProcess) -> int:
    return int(sandbox.ledger("toapis")["charges"])


@pytest.mark.parametrize("status", [403, 404])
def test_an_expired_result_is_not_fetched_for_ever_and_not_paid_for_again(
    new_job: NewJob, sandbox: SandboxProcess, landing: Path, status: int
) -> None:
    sandbox.assume(toapis_expires_at="past", toapis_expired_url_status=status)
    job = new_job()
    done = job.run()
    assert done.state == "final", done.text
    assert isinstance(done.error, OutputError)
    (task,) = sandbox.tasks()
    assert f"HTTP {status}" in done.text
    assert f"Generation {task['id']} succeeded and is paid for, but the time for which" in done.text
    assert "No retry is made, as none could fetch it" in done.text
    assert "not lost" not in done.text
    assert "next try" not in done.text
    assert list(landing.iterdir()) == []
    assert (len(sent(sandbox, "POST", TOAPIS.create)), charges(sandbox)) == (1, 1)
    sandbox.assume(toapis_expires_at="present")
    job.clear()  # a person wants it all the same
    assert job.run().state == "delivered"
    assert charges(sandbox) == 2


def test_a_result_that_comes_late_is_waited_for(new_job: NewJob, sandbox: SandboxProcess) -> None:
    """The same answer from a URL whose time is not over is no end."""
    sandbox.fault(method="GET", path=TOAPIS.results, kind="status", status=404, times=3)
    job = new_job()
    done = job.run()
    assert done.state == "retryable", done.text
    assert "its result is not lost" in done.text
    sandbox.control("DELETE", "faults")
    assert job.run().state == "delivered"
    assert charges(sandbox) == 1
