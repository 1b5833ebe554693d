"""Every kind of fault at every endpoint that a task calls: state, message, file, ledger; then the retry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Connect, Listener, sent
from tests.integration.fault_kinds import (
    CREATE,
    CREDITS,
    FAULTS,
    FILE,
    MODELS,
    MOVED_RESULT,
    OPENAPI,
    PATIENCE,
    REFERENCE,
    STATUS,
    UPLOAD,
    Endpoint,
    endpoints,
    rows,
)
from tests.integration.fault_messages import plain
from tests.integration.operators.bench import Bench
from tests.integration.operators.conftest import NewBench
from tests.integration.operators.fault_outcomes import OUTCOMES
from tests.integration.operators.test_delivery import check_file, file_of
from tests.integration.sandbox.wire_tools import upload
from tests.sandbox_process import SandboxProcess

UNCALLED = {MODELS, OPENAPI, FILE}
"""No task calls them."""


def arguments(endpoint: Endpoint, sandbox: SandboxProcess, photo: Path) -> dict[str, Any]:
    """The arguments of a task that calls the endpoint."""
    given: dict[str, Any] = {"deferrable": endpoint == STATUS}
    if endpoint == UPLOAD:
        given |= {"model": "nano-banana-2", "reference_media": str(photo)}
    elif endpoint == REFERENCE:
        url = upload(sandbox, photo.read_bytes()).json()["url"]
        given |= {"model": "nano-banana-2", "reference_media": url}
    elif endpoint == CREDITS:
        given |= {"min_credits_left": 1}
    elif endpoint == MOVED_RESULT:
        sandbox.assume(result_redirect=True)
    return given


def test_the_table_is_complete() -> None:
    assert set(OUTCOMES) | UNCALLED == endpoints("rivya")


def known(run: Bench, sandbox: SandboxProcess) -> dict[str, str]:
    """What messages call the ids and the address of a run."""
    made = sandbox.tasks()
    record = run.record()
    return {
        sandbox.url: "host",
        **({made[0]["id"]: "generation"} if made else {}),
        **({record["key"]: "key"} if record else {}),
    }


def entries(sandbox: SandboxProcess) -> tuple[str, ...]:
    return tuple(entry["kind"] for entry in sandbox.ledger()["entries"])


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(("endpoint", "kind"), rows(OUTCOMES), ids=str)
def test_every_fault_at_every_endpoint(
    bench: NewBench,
    connect: Connect,
    sandbox: SandboxProcess,
    photo: Path,
    landing: Path,
    logs: Listener,
    endpoint: Endpoint,
    kind: str,
) -> None:
    sandbox.assume(idempotency_in_progress="wait")
    connect(retries=0, read_timeout=PATIENCE)
    expected = OUTCOMES[endpoint](kind)
    run = bench(arguments(endpoint, sandbox, photo))
    fault = FAULTS[kind]
    if kind == "redirect":
        fault = {"location": sandbox.url.replace("127.0.0.1", "localhost")}
    fault = {**fault, "for_polls" if kind == "unknown_status" else "times": expected.hits}
    sandbox.fault(kind=kind, method=endpoint.method, path=endpoint.pattern, **fault)
    first = run.run()
    names = known(run, sandbox)
    assert first.state == expected.state, first.text
    assert (plain(first.text, names) if first.error else None) == expected.error
    assert tuple(plain(line, names) for line in logs.warned) == expected.warnings
    assert entries(sandbox) == expected.ledger
    assert sandbox.control("GET", "faults")["faults"] == []
    if expected.state != "success":
        assert list(landing.iterdir()) == []
        if first.state == "failed":
            run.clear()
        connect()
        logs.warned.clear()
        second = run.run()
        assert second.state == "success", second.text
        assert tuple(plain(line, names) for line in logs.warned) == expected.then
    result = run.xcom()
    assert result["generation_id"] == sandbox.tasks()[-1]["id"]
    (output,) = result["outputs"]
    check_file(output)
    assert list(landing.iterdir()) == [file_of(output)]
    assert file_of(output).stem == f"{result['generation_id']}-0"
    assert entries(sandbox) == expected.final_ledger
    keys = {entry["idempotency_key"] for entry in sent(sandbox, CREATE.method, CREATE.path)}
    assert len(keys) == expected.final_ledger.count("charge")
