"""What the gateway's public documentation leaves open: the task works whichever way it turns out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Connect
from tests.integration.operators.conftest import NewBench
from tests.integration.operators.test_delivery import CREATE, check_file
from tests.sandbox_process import SandboxProcess

STATUS = f"{CREATE}/*"


@pytest.mark.parametrize(
    "switches",
    [
        {"create_status": 200},
        {"create_status": 202, "create_shape": "short"},
        {"file_status": 200, "file_shape": "minimal"},
        {"file_shape": "camel"},
        {"result_redirect": True},
        {"result_needs_key": True},
        {"result_primary": False, "result_order": "reversed"},
        {"result_url_ttl_seconds": 60},
        {"file_url_needs_key": True},
        {"id_style": "long"},
        {"client_request_id_echo": True},
        {"balance_excludes_reservations": False},
        {"idempotency_scope": "key"},
        {"unknown_params": "drop"},
        {"request_id_header": True},
        {"external_reference_urls": "refuse"},
    ],
    ids=str,
)
def test_works_whichever_way_an_open_point_turns_out(
    bench: NewBench, sandbox: SandboxProcess, photo: Path, switches: dict[str, Any]
) -> None:
    sandbox.assume(**switches)
    run = bench(model="nano-banana-2", reference_media=str(photo), client_request_id="t-1", deferrable=True)
    done = run.run()
    assert done.state == "success", done.text
    check_file(run.xcom()["outputs"][0])
    assert sandbox.ledger()["charges"] == 1


def test_result_host_of_another_name(bench: NewBench, sandbox: SandboxProcess, connect: Connect) -> None:
    sandbox.assume(result_host="localhost")
    run = bench()
    done = run.run()
    assert done.state == "up_for_retry"
    assert "not a public address" in done.text
    assert "allowed_download_hosts" in done.text
    connect(allowed_download_hosts="localhost")
    assert run.run().state == "success"
    assert sandbox.ledger()["charges"] == 1


def test_a_gateway_without_idempotency_is_still_paid_once_where_the_answer_came(
    bench: NewBench, sandbox: SandboxProcess, connect: Connect
) -> None:
    sandbox.assume(idempotency_replay="new_task")
    sandbox.fault(method="GET", path=STATUS, kind="status", status=500, times=2)
    assert bench().run().state == "success"
    assert sandbox.ledger()["charges"] == 1
