"""Every kind of fault at every endpoint that a task calls: state, message, file, ledger; then the retry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Connect, sent
from tests.integration.fault_kinds import FAULTS, KINDS, PATIENCE, happens, pattern, routes
from tests.integration.operators.conftest import NewBench
from tests.integration.operators.test_delivery import check_file, file_of
from tests.integration.sandbox.wire_tools import upload
from tests.sandbox_process import SandboxProcess


@dataclass(frozen=True)
class First:
    """
    What the try does that the fault hits.

    :param state: of the task instance after it.
    :param told: a part of the message; ``{id}`` stands for the gateway's task id.
    :param charges: in the ledger after it.
    :param final_charges: in the ledger after the next try.
    """

    state: str = "success"
    told: str = ""
    charges: int = 1
    final_charges: int = 1


UNHARMED = First()
LANDED_LATER = First(
    "up_for_retry",
    "Generation {id} succeeded and is paid for (1 credit); its result is not lost. "
    "The next try (2 left) fetches it again and does not pay again.",
)


def unsent(told: str = ". The next try (2 left) submits anew.") -> First:
    return First("up_for_retry", f"Nothing was submitted and nothing was charged{told}", 0)


def refused(told: str) -> First:
    return First("failed", told, 0)


def in_doubt(charges: int) -> First:
    return First(
        "up_for_retry",
        "Whether the gateway took it in is not known. The next try (2 left) sends the same request under the "
        "same idempotency key, so that it is paid for once.",
        charges,
    )


def everywhere(outcome: First, **others: First) -> dict[str, First]:
    """The outcomes at one endpoint: where they are not the same as those of most kinds they are named."""
    harmless = dict.fromkeys(
        ("delay", "content_type", "generation_fails", "generation_takes", "unknown_status"), UNHARMED
    )
    return {**dict.fromkeys(FAULTS, outcome), **harmless, **others}


CREATE = ("POST", "/api/v1/generations")
STATUS = ("GET", "/api/v1/generations/{task_id}")
UPLOAD = ("POST", "/api/v1/files")
CREDITS = ("GET", "/api/v1/credits")
REFERENCE = ("GET", "/files/{file_id}")
RESULT = ("GET", "/results/{token}/{name}")
MOVED_RESULT = ("GET", "/cdn/{token}/{name}")

NO_USE = "Nothing was submitted and nothing was charged; a retry would not help, so none is made."

OUTCOMES: Mapping[tuple[str, str], Mapping[str, First]] = {
    CREATE: everywhere(
        in_doubt(0),
        **dict.fromkeys(("hang", "cut_after", "answer_cut", "truncated", "corrupt"), in_doubt(1)),
        rate_limit=unsent(),
        generation_fails=First(
            "up_for_retry", "The next try (2 left) submits a new generation.", 1, final_charges=2
        ),
    ),
    STATUS: everywhere(UNHARMED),
    UPLOAD: everywhere(unsent(), redirect=refused(NO_USE)),
    CREDITS: everywhere(unsent(), redirect=refused(NO_USE)),
    REFERENCE: everywhere(
        unsent("; a retry fetches it again."),
        html=refused("/...' is of kind 'unknown'; allowed: image."),
        empty=refused("reference_media: '"),
        redirect=refused("reference_media: it could not be fetched: "),
        # A change of some bytes in the middle of a JPEG cannot be seen without decoding it.
        corrupt=UNHARMED,
    ),
    RESULT: everywhere(LANDED_LATER),
    MOVED_RESULT: everywhere(LANDED_LATER),
}
TIMES = {STATUS: 2, RESULT: 3, MOVED_RESULT: 3}
"""As many calls as are made within one try."""


def arguments(endpoint: tuple[str, str], sandbox: SandboxProcess, photo: Path) -> dict[str, Any]:
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


def test_the_tables_are_complete() -> None:
    uncalled = {
        ("GET", "/api/v1/models"),
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/api/v1/files/{file_id}"),
    }
    assert set(OUTCOMES) | uncalled == routes()
    for endpoint, outcomes in OUTCOMES.items():
        assert set(outcomes) == set(KINDS), endpoint


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("endpoint", OUTCOMES, ids=lambda endpoint: f"{endpoint[0]} {endpoint[1]}")
def test_every_fault_at_every_endpoint(
    bench: NewBench,
    connect: Connect,
    sandbox: SandboxProcess,
    photo: Path,
    landing: Path,
    endpoint: tuple[str, str],
    kind: str,
) -> None:
    sandbox.assume(idempotency_in_progress="wait")
    connect(retries=0, read_timeout=PATIENCE)
    expected = OUTCOMES[endpoint][kind]
    run = bench(arguments(endpoint, sandbox, photo))
    fault = (
        FAULTS[kind] if kind != "redirect" else {"location": sandbox.url.replace("127.0.0.1", "localhost")}
    )
    times = TIMES.get(endpoint, 1)
    fault = {**fault, "for_polls" if kind == "unknown_status" else "times": times}
    sandbox.fault(kind=kind, method=endpoint[0], path=pattern(endpoint[1]), **fault)
    first = run.run()
    unused = sum(left["times"] for left in sandbox.control("GET", "faults")["faults"])
    made = sandbox.tasks()
    assert first.state == expected.state, first.text
    assert expected.told.format(id=made[-1]["id"] if made else "") in first.text
    assert sandbox.ledger()["charges"] == len(made) == expected.charges
    assert (unused < times) is happens(kind, *endpoint)
    if expected is not UNHARMED:
        assert list(landing.iterdir()) == []
        if first.state == "failed":
            run.clear()
        sandbox.control("DELETE", "faults")
        connect()
        second = run.run()
        assert second.state == "success", second.text
    result = run.xcom()
    assert result["generation_id"] == sandbox.tasks()[-1]["id"]
    (output,) = result["outputs"]
    check_file(output)
    assert list(landing.iterdir()) == [file_of(output)]
    assert file_of(output).stem == f"{result['generation_id']}-0"
    assert sandbox.ledger()["charges"] == expected.final_charges
    keys = {entry["idempotency_key"] for entry in sent(sandbox, *CREATE)}
    assert len(keys) == expected.final_charges
