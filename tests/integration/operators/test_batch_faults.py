"""What is wrong with a batch is told before anything is sent: all of it, with row, column and value."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_rivya.exceptions import InvalidRequestError
from airflow_provider_rivya.operators.rivya import RivyaBatchOperator
from tests.integration.batch_tasks import NewBatch, Row, products
from tests.sandbox_process import SandboxProcess

REFUSED = "Nothing was sent and nothing was charged"


def test_every_fault_of_every_row_is_told_before_anything_is_sent(
    new_batch: NewBatch, sandbox: SandboxProcess, landing: Path
) -> None:
    rows = [
        *products(2),
        {"sku": "p000", "title": "A double", "shape": "1:1"},
        {"sku": None, "title": "Nobody", "shape": "1:1"},
        {"sku": "odd", "title": "Odd", "shape": "9:99"},
    ]
    done = new_batch(rows=rows).run()
    assert done.state == "failed"
    assert isinstance(done.error, InvalidRequestError)
    assert sandbox.requests() == []
    text = done.text
    assert "row 'p000', column 'sku' ('p000'): row_key: its row key is that of row 0 too" in text
    assert "row 3, column 'sku' (None): row_key: it has no row key" in text
    assert "row 'odd', column 'shape' ('9:99'): model_params.aspect_ratio" in text
    (faults,) = landing.glob("_manifest/*/faults.jsonl")
    assert len(faults.read_text().splitlines()) == 3
    assert str(faults) in text
    assert REFUSED in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            {"prompt": "{titel}"},
            "prompt: the table has no column 'titel'; allowed: sku, title, shape; did you",
        ),
        ({"prompt": "{title.upper()}"}, "attributes, calls and formats are not understood"),
        ({"prompt": "a { brace"}, "'{' in 'a { brace' is not a place for a column"),
        ({"row_key": "id"}, "row_key: the table has no column 'id'"),
        ({"carry": ["colour"]}, "carry: the table has no column 'colour'"),
        (
            {"carry": ["status"], "rows": [{"sku": 1, "title": "t", "shape": "1:1", "status": 1}]},
            "of its own",
        ),
        ({"rows": []}, "rows: the table has no rows"),
        ({"rows": None}, "rows, rows_sql: neither is given"),
        ({"rows": "/nowhere/*.csv"}, "stands for no file of a table"),
        ({"rows": "/nowhere.csv"}, "does not exist on this worker"),
        ({"rows": "/nowhere.xlsx"}, "is not a table by its name"),
        ({"file_name": "all"}, "its file is called 'all' as that of row 'p000'"),
        ({"max_credits_total": 0.5}, "a row of z-image costs 1 credit, the budget of all is 0.5"),
        ({"output_path": "s4://bucket/"}, "Airflow knows no storage for s4://"),
        ({"state_path": "state/", "prompt": "{titel}"}, "state_path: 'state/' is relative"),
        ({"state_path": "s4://bucket/"}, "Airflow knows no storage for s4://"),
        ({"state_path": 5}, "state_path: it is of type int"),
        ({"manifest_path": 5}, "manifest_path: it is of type int"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_be_is_told(
    new_batch: NewBatch, sandbox: SandboxProcess, arguments: Row, told: str
) -> None:
    done = new_batch({"rows": products(3), **arguments}).run()
    assert done.state == "failed"
    assert told in done.text
    assert ("no column 'titel'" in done.text) == ("{titel}" in str(arguments))
    assert REFUSED in done.text
    assert sandbox.requests() == []


def test_a_bad_place_is_told_with_what_is_wrong_with_the_table(
    new_batch: NewBatch, sandbox: SandboxProcess
) -> None:
    rows = [{**row, "shape": "9:99"} for row in products(1_200)]  # more than one shard of the plan
    done = new_batch(rows=rows, output_path="/proc/none/", prompt="{title} {titel}").run()
    assert done.state == "failed"
    for told in ("/proc/none/ cannot be written", "no column 'titel'", "row 'p000', column 'shape' ('9:99')"):
        assert told in done.text
    assert REFUSED in done.text
    assert sandbox.requests() == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"carry": "title"},
        {"carry": [1]},
        {"manifest_format": "xml"},
        {"max_credits_total": float("nan")},
        {"max_credits": -1},
        {"max_failed_rows": -1},
        {"min_credits_left": "5"},
        {"max_running": 0},
        {"limit": 0},
        {"row_attempts": True},
        {"if_exists": "fail"},
        {"on_invalid_rows": "drop"},
        {"allow_estimates": "False"},
        {"dry_run": None},
        {"incremental": 1},
        {"fail_on_budget": "{{ params.strict }}"},
        {"check_references": "yes"},
        {"require_references": "yes"},
        {"convert_reference_images": 0},
        {"sidecar": "yes"},
    ],
    ids=lambda arguments: "-".join(map(str, arguments)),
)
def test_what_no_run_can_mend_is_refused_when_the_dag_is_read(arguments: Row) -> None:
    given = {"task_id": "b", "row_key": "sku", "model": "z-image", "output_path": "/data/", **arguments}
    with pytest.raises(ValueError, match=next(iter(arguments))):
        RivyaBatchOperator(**given)
