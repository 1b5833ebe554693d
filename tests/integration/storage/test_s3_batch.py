"""A batch whose table, state, files and manifest are on S3."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from airflow_provider_rivya.batch.segments import Ledger, LedgerLostError
from airflow_provider_rivya.batch.window import Limits
from airflow_provider_rivya.storage.place import OutputPlace
from tests.cli_process import rivya
from tests.integration.batch_faults import FaultInjector
from tests.integration.batch_harness import BatchHarness
from tests.integration.conftest import Connect
from tests.integration.gateways import TestedGateway, at_each
from tests.integration.storage.conftest import Store
from tests.sandbox_process import SandboxProcess

pytest.importorskip("s3fs")
pytest.importorskip("airflow.providers.amazon")

# Theirs, not ours: what boto, aiobotocore, werkzeug and the amazon provider warn about.
pytestmark = pytest.mark.filterwarnings("default")

ROWS = 10


@at_each
def test_rows_and_files_are_objects(
    s3: Store, gateway: TestedGateway, sandbox: SandboxProcess, connect: Connect, tmp_path: Path
) -> None:
    sandbox.reset(credits=1000, speed=1)
    connect(poll_first=20, poll_interval=5, poll_max=5)
    rows = [{"sku": f"p{number}", "title": f"Product {number}"} for number in range(ROWS)]
    for part in range(2):
        text = "\n".join(json.dumps(row) for row in rows[part::2])
        s3.put(f"table/part-{part}.jsonl", text.encode())
    s3.put("table/_SUCCESS", b"")
    batch = BatchHarness(
        gateway,
        sandbox,
        tmp_path,
        [*rows[0::2], *rows[1::2]],
        source=("s3://store@bucket/table/", None),
        limits=Limits(max_running=5),
        arguments={"output_path": "s3://store@bucket/out/"},
    )
    died = batch.run(FaultInjector("write", 3))
    assert died.died, died.text
    (seen,) = rivya("batch", "status", "s3://store@bucket/out", "--json").json()
    assert seen["rows"] == ROWS > seen["counts"]["succeeded"]
    assert batch.run().counts == {"succeeded": ROWS}
    assert batch.charges == ROWS
    lines = [json.loads(line) for line in s3.read("out/_manifest/run/manifest.jsonl").splitlines()]
    assert [line["row_key"] for line in lines] == [row["sku"] for row in batch.rows]
    for line in lines:
        (output,) = line["outputs"]
        assert output["uri"] == f"s3://bucket/out/{line['row_key']}.png"
        assert output["sha256"] == hashlib.sha256(s3.read(f"out/{line['row_key']}.png")).hexdigest()
    s3.put("out/p2.png", b"of another run")
    batch.clear()
    assert batch.run().counts == {"reused": ROWS}
    assert (lines[1]["row_key"], hashlib.sha256(s3.read("out/p2.png")).hexdigest()) == (
        "p2",
        lines[1]["outputs"][0]["sha256"],
    )
    for place in ("out", "out/_manifest/run", "out/_manifest/run/manifest.jsonl"):
        run = rivya("batch", "status", f"s3://store@bucket/{place}", "--json")
        assert run.json()[0]["counts"]["reused"] == ROWS, run.err
        assert rivya("batch", "failed", f"s3://store@bucket/{place}", "--json").json() == []
    nothing = rivya("batch", "status", "s3://store@bucket/nowhere")
    assert (nothing.code, "has neither a manifest nor the plan" in nothing.err) == (2, True)
    names = s3.names()
    assert "out/_manifest/run/_SUCCESS" in names
    seen = {"table", "_manifest", ".rivya"}
    assert sorted(n for n in names if n.split("/")[0] not in seen and n.split("/")[1] not in seen) == sorted(
        f"out/{row['sku']}.png" for row in rows
    )


def test_of_two_copies_the_one_that_loses_the_next_number_stops(s3: Store) -> None:
    place = OutputPlace("s3://store@bucket/state/")
    first, second = (Ledger(place, "batch", f"holder {number}") for number in range(2))
    first.open()
    second.open()
    with pytest.raises(LedgerLostError):
        first.commit([])
    second.commit([])
    assert first.lost
    assert not second.lost
