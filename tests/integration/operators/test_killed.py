"""
A task that Airflow asks to stop: what it logs at once, and how its try ends.

Where a try can be stopped at all is in tests/integration/generation/test_stopping.py.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from airflow_provider_rivya.submission.messages import NOT_KNOWN_YET
from tests import airflows
from tests.integration.conftest import Connect, Listener, sent
from tests.integration.gateways import RIVYA
from tests.integration.landed_files import check_image, file_of
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("database", "connect")


class Killed(RivyaGenerateOperator):
    """Is asked to stop in its first try, at the moment that ``moments`` names."""

    moments: list[str]

    def asked(self, moment: str) -> None:
        if self.moments[:1] == [moment]:
            self.moments.clear()
            self.on_kill()

    def _run(self, *arguments: Any, **options: Any) -> Any:
        self.hook_class = hook_of(self)  # type: ignore[misc]  # of the copy that Airflow executes
        return super()._run(*arguments, **options)

    def _report(self, *arguments: Any) -> Any:
        self.asked("landed")
        return super()._report(*arguments)


def hook_of(task: Killed) -> type[RivyaHook]:
    class KillingHook(RivyaHook):
        def send_file(self, *arguments: Any, **options: Any) -> Any:
            uploaded = super().send_file(*arguments, **options)
            task.asked("uploaded")
            return uploaded

        def get_generation(self, *arguments: Any, **options: Any) -> Any:
            seen = super().get_generation(*arguments, **options)
            task.asked("waiting")
            return seen

    return KillingHook


def killed_when(moment: str, photo: Path, landing: Path, **arguments: Any) -> TaskInstanceHarness:
    moments, records = [moment], landing.parent / "records"
    place = {} if airflows.STATE_STORE else {"state_path": f"file://{records}/"}

    def build() -> None:
        task = Killed(
            task_id=MAKE,
            model="nano-banana-2",
            prompt="A lighthouse",
            reference_media=str(photo),
            output_path=f"file://{landing}/",
            retries=2,
            retry_delay=timedelta(0),
            **{"deferrable": False, **place, **arguments},
        )
        task.moments = moments

    return TaskInstanceHarness(build, records)


def test_before_the_paid_call(sandbox: SandboxProcess, photo: Path, landing: Path, logs: Listener) -> None:
    run = killed_when("uploaded", photo, landing)
    first = run.run()
    assert first.state == "up_for_retry", first.text
    assert "The task was asked to stop before the request was sent" in first.text
    assert f"Asked to stop. The gateway cannot cancel. {NOT_KNOWN_YET}" in logs.text
    told = "Nothing was submitted and nothing was charged. The next try (2 left) submits the request."
    assert first.text.endswith(told)
    assert len(sent(sandbox, "POST", RIVYA.uploads)) == 1
    assert sent(sandbox, "POST", RIVYA.create) == []
    assert sandbox.ledger()["entries"] == []
    assert list(landing.iterdir()) == []
    assert run.record()["state"] == "withdrawn"
    assert run.xcom(key="failure")["submitted"] is False
    assert run.run().state == "success"
    assert sandbox.ledger()["charges"] == 1
    (output,) = run.xcom()["outputs"]
    check_image(output)
    assert list(landing.iterdir()) == [file_of(output)]


@pytest.mark.parametrize(
    "waits", [{"deferrable": False}, {"deferrable": True, "inline_wait": timedelta(minutes=5)}], ids=str
)
def test_while_it_waits_on_the_worker(
    sandbox: SandboxProcess, connect: Connect, photo: Path, landing: Path, logs: Listener, waits: Any
) -> None:
    connect(poll_interval=60, poll_max=60)
    sandbox.reset(speed=1)
    run = killed_when("waiting", photo, landing, **waits)
    first = run.run()
    (task,) = sandbox.tasks()
    fate = (
        f"Generation {task['id']} goes on at the gateway and 5 credits are reserved. "
        "The next try (2 left) re-attaches to it and does not pay again, unless the task was cleared to ask "
        "for something else: that is made then, and paid for, and this one is left behind."
    )
    assert first.state == "up_for_retry", first.text
    assert first.text == (
        "The task was asked to stop while the generation was waited for "
        f"[generation {task['id']}, connection rivya_default]. {fate}"
    )
    assert f"Asked to stop. The gateway cannot cancel. {fate}" in logs.text
    assert run.xcom(key="failure") == {
        "kind": "error",
        "submitted": True,
        "generation_id": task["id"],
        "credits": 5,
        "message": first.text,
    }
    assert len(sent(sandbox, "GET", f"{RIVYA.create}/{task['id']}")) == 1
    assert list(landing.iterdir()) == []
    sandbox.advance(60)
    assert run.run().state == "success"
    assert sandbox.ledger()["charges"] == 1


def test_after_it_has_landed(sandbox: SandboxProcess, photo: Path, landing: Path, logs: Listener) -> None:
    """The signal's handler returns and the task goes on: what was paid for is delivered."""
    run = killed_when("landed", photo, landing)
    assert run.run().state == "success"
    generation_id = run.xcom()["generation_id"]
    fate = (
        f"Generation {generation_id} succeeded and is paid for (5 credits); its result is not lost. The next "
        "try (2 left) fetches it again and does not pay again."
    )
    assert f"Asked to stop. The gateway cannot cancel. {fate}" in logs.text
    assert sandbox.ledger()["charges"] == 1
    (output,) = run.xcom()["outputs"]
    check_image(output)
    assert list(landing.iterdir()) == [file_of(output)]
