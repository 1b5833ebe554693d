"""A batch whose ``output_path`` is another folder in a retry, or after a clear: paid once all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_rivya.operators.rivya import RivyaBatchOperator
from tests import airflows
from tests.integration.conftest import NewTask, sent
from tests.integration.gateways import RIVYA, TestedGateway
from tests.sandbox_process import SandboxProcess


@pytest.mark.skipif(not airflows.STATE_STORE, reason="this Airflow has no task state store")
def test_where_the_ledger_lies_is_remembered(
    new_task: NewTask, gateway: TestedGateway, sandbox: SandboxProcess, landing: Path
) -> None:
    sandbox.fault(kind="generation_fails", refund=False)
    arguments = {
        "operator": RivyaBatchOperator,
        "rows": [{"sku": f"p{number}"} for number in range(6)],
        "row_key": "sku",
        "prompt": "A cup",
        "output_path": f"file://{landing}/{{{{ ti.try_number }}}}/",
        "manifest_format": "jsonl",
        "max_consecutive_failures": 1,
    }
    run = new_task(arguments)
    assert run.run().state == "up_for_retry"  # the breaker
    again = run.run()
    assert "1 of 6 rows have no result" in again.text
    assert sorted(path.name for path in landing.iterdir()) == ["1"]
    assert len(sent(sandbox, "POST", RIVYA.create)) == 6
    arguments["output_path"] = f"file://{landing}/cleared/"
    run.clear()
    done = run.run()
    assert done.state == "success", done.text
    assert len(sent(sandbox, "POST", RIVYA.create)) == 7
    assert len(list((landing / "cleared").glob("p*.png"))) == 6
    assert run.xcom()["manifest_uri"].startswith(f"file://{landing}/cleared/_manifest/")
