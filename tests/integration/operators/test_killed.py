"""A task that Airflow asks to stop: the flag is looked at right before the paid call, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow_provider_rivya.submission.fate import NOT_KNOWN_YET

from airflow_provider_rivya.operators.rivya import RivyaGenerateOperator
from tests import airflows
from tests.integration.conftest import Connect, Listener, sent
from tests.integration.landed_files import CREATE, check_image, file_of
from tests.integration.task_harness import MAKE, TaskInstanceHarness
from tests.sandbox_process import SandboxProcess

UPLOAD = "/api/v1/files"


class Killed(RivyaGenerateOperator):
    """Is asked to stop in its first try, at the moment that ``moments`` names."""

    moments: list[str]

    def _body(self, *arguments: Any) -> str:
        body = super()._body(*arguments)
        self._asked("uploaded")
        return body

    def _look(self, *arguments: Any) -> Any:
        self._asked("submitted")
        return super()._look(*arguments)

    def _report(self, *arguments: Any) -> Any:
        self._asked("landed")
        return super()._report(*arguments)

    def _asked(self, moment: str) -> None:
        if self.moments[:1] == [moment]:
            self.moments.clear()
            self.on_kill()


def killed_when(moment: str, photo: Path, landing: Path) -> TaskInstanceHarness:
    moments, records = [moment], landing.parent / "records"
    place = {} if airflows.STATE_STORE else {"state_path": f"file://{records}/"}

    def build() -> None:
        task = Killed(
            task_id=MAKE,
            model="nano-banana-2",
            prompt="A lighthouse",
            reference_media=str(photo),
            output_path=f"file://{landing}/",
            deferrable=False,
            retries=2,
            **place,
        )
        task.moments = moments

    return TaskInstanceHarness(build, records)


@pytest.mark.usefixtures("database")
def test_asked_to_stop_before_the_paid_call(
    connect: Connect, sandbox: SandboxProcess, photo: Path, landing: Path, logs: Listener
) -> None:
    run = killed_when("uploaded", photo, landing)
    first = run.run()
    assert first.state == "up_for_retry", first.text
    assert "The task was asked to stop before the request was sent" in first.text
    assert f"Asked to stop. The gateway cannot cancel. {NOT_KNOWN_YET}" in logs.text
    told = "Nothing was submitted and nothing was charged. The next try (2 left) submits anew."
    assert first.text.endswith(told)
    assert len(sent(sandbox, "POST", UPLOAD)) == 1
    assert sent(sandbox, "POST", CREATE) == []
    assert sandbox.ledger()["entries"] == []
    assert list(landing.iterdir()) == []
    assert run.record()["state"] == "withdrawn"
    assert run.xcom(key="failure")["submitted"] is False
    assert run.run().state == "success"
    assert sandbox.ledger()["charges"] == 1
    (output,) = run.xcom()["outputs"]
    check_image(output)
    assert list(landing.iterdir()) == [file_of(output)]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("moment", "fate"),
    [
        (
            "submitted",
            "goes on at the gateway and 5 credits are reserved. The next try (2 left) re-attaches to "
            "it and does "
            "not pay again.",
        ),
        (
            "landed",
            "succeeded and is paid for (5 credits); its result is not lost. The next try (2 left) fetches it "
            "again and does not pay again.",
        ),
    ],
)
def test_asked_to_stop_after_the_paid_call(
    connect: Connect,
    sandbox: SandboxProcess,
    photo: Path,
    landing: Path,
    logs: Listener,
    moment: str,
    fate: str,
) -> None:
    """The signal's handler returns and the task goes on, so that what was paid for is landed."""
    run = killed_when(moment, photo, landing)
    assert run.run().state == "success"
    generation_id = run.xcom()["generation_id"]
    assert f"Asked to stop. The gateway cannot cancel. Generation {generation_id} {fate}" in logs.text
    assert sandbox.ledger()["charges"] == 1
    (output,) = run.xcom()["outputs"]
    check_image(output)
    assert list(landing.iterdir()) == [file_of(output)]
