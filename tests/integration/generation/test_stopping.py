"""A try that is asked to stop: it sends nothing any more, and gives up waits and transfers at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_rivya.stop import StopFlag
from tests.integration.conftest import Connect, sent
from tests.integration.gateways import TestedGateway, at, at_each
from tests.integration.generation.conftest import NewJob
from tests.integration.landed_files import check_image
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def stop() -> StopFlag:
    return StopFlag()


def stopping(
    hook: type[Any], call: str, stop: StopFlag, when: Callable[[Any], bool] = lambda answer: True
) -> type[Any]:
    """
    Return a hook, during one of whose calls the task is asked to stop.

    :param when: by what the call answers.
    """

    def calling(self: Any, *arguments: Any, **options: Any) -> Any:
        answer = getattr(hook, call)(self, *arguments, **options)
        if when(answer):
            stop.set()
        return answer

    return type(hook.__name__, (hook,), {call: calling})


@at_each
def test_before_the_paid_call(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess, photo: Path, stop: StopFlag
) -> None:
    job = new_job(model=gateway.references[0], reference_media=str(photo), stop=stop)
    job.hook = stopping(gateway.hook, "send_file", stop)
    done = job.run()
    assert done.state == "retryable", done.text
    assert "The task was asked to stop before the request was sent" in done.text
    assert done.text.endswith(
        "Nothing was submitted and nothing was charged. The next try (2 left) submits the request."
    )
    assert len(sent(sandbox, "POST", gateway.uploads)) == 1
    assert sent(sandbox, "POST", gateway.create) == []
    assert job.record["state"] == "withdrawn"


@at_each
def test_while_it_waits(
    new_job: NewJob,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    connect: Connect,
    landing: Path,
    stop: StopFlag,
) -> None:
    """The next look would be in a minute; the generation is not read once more."""
    connect(poll_interval=60, poll_max=60)
    sandbox.reset(speed=1)
    job = new_job(stop=stop, timeout=600)
    job.hook = stopping(gateway.hook, "get_generation", stop)
    done = job.run()
    (task,) = sandbox.tasks()
    assert done.state == "retryable"
    assert done.error is not None
    assert done.error.retryable
    assert done.text == (
        "The task was asked to stop while the generation was waited for "
        f"[generation {task['id']}, connection {gateway.conn_id}]. "
        f"Generation {task['id']} goes on at the gateway and {gateway.reserved}. "
        "The next try (2 left) re-attaches to it and does not pay again, unless the task was cleared to ask "
        "for something else: that is made then, and paid for, and this one is left behind."
    )
    assert len(sent(sandbox, "GET", f"{gateway.create}/{task['id']}")) == 1
    assert list(landing.iterdir()) == []
    sandbox.advance(60)
    job.hook, job.stop = gateway.hook, StopFlag()
    check_image(job.run().result["outputs"][0])
    assert sandbox.ledger()["charges"] == 1


@at_each
def test_while_it_downloads(
    new_job: NewJob,
    gateway: TestedGateway,
    sandbox: SandboxProcess,
    connect: Connect,
    landing: Path,
    stop: StopFlag,
) -> None:
    connect(read_timeout=1)
    sandbox.fault(method="GET", path=gateway.results, kind="hang", seconds=1.5)
    job = new_job(stop=stop)
    job.hook = stopping(gateway.hook, "get_generation", stop, lambda seen: bool(seen.ended))
    done = job.run()
    (task,) = sandbox.tasks()
    assert done.state == "retryable", done.text
    assert f"Generation {task['id']} succeeded and is paid for" in done.text
    assert "its result is not lost. The next try (2 left) fetches it again and does not pay" in done.text
    assert list(landing.iterdir()) == []
    assert job.record["state"] == "submitted"
    job.hook, job.stop = gateway.hook, StopFlag()
    check_image(job.run().result["outputs"][0])
    assert sandbox.ledger()["charges"] == 1


@at("toapis")
def test_while_it_looks_up_what_it_has_sent(
    new_job: NewJob, gateway: TestedGateway, sandbox: SandboxProcess, connect: Connect, stop: StopFlag
) -> None:
    connect(retries=0)
    sandbox.fault(method="POST", path=gateway.create, kind="cut_before")
    job = new_job(stop=stop, look_up_pauses=(60.0,))
    job.hook = stopping(gateway.hook, "find_generation", stop)
    done = job.run()
    assert done.state == "retryable", done.text
    assert f"it looked its request up under the id {job.record['key']}" in done.text
    assert "The next try (2 left) looks it up at the gateway before anything else" in done.text
    assert job.record["state"] == "intent"
