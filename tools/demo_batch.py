"""``make demo-batch``: pictures for 200 products, in one task, through a real Airflow and the sandbox.

Exit code 0 only if the DAG run succeeded and every product's picture is there and can be decoded.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow_provider_rivya.batch.table.rows import read_rows
from tools.contact_sheet import contact_sheet, local_file
from tools.demo import DemoError, finished_run, result_of
from tools.local import EXAMPLE_DAGS, OUTPUT, Progress, local_airflow
from tools.stack.config import CHECKOUT, StackConfig
from tools.stack.processes import ProcessError
from tools.stack.rest import RestError

DAG_ID = "rivya_batch"
_LINES = 3


def report(result: dict[str, Any], output: Path) -> Path:
    """
    Print what a batch has come to; the path of its contact sheet.

    :param result: its XCom.
    :raises DemoError: a row has no picture.
    """
    lines = list(read_rows(result["manifest_uri"]))
    counts = {status: count for status, count in result["counts"].items() if count}
    print(f"\nRows: {result['rows']}  Counts: {counts}  Credits: {result['credits']}")
    print(f"\nManifest: {local_file(result['manifest_uri'])}, its first lines:")
    for line in itertools.islice(lines, _LINES):
        print(json.dumps(line, ensure_ascii=False))
    path = output / "contact-sheet.png"
    drawn = contact_sheet(lines, path)
    if drawn < result["rows"]:
        raise DemoError(
            f"{result['rows'] - drawn} row(s) have no picture: {local_file(result['failed_uri'])}"
        )
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo."""
    parser = argparse.ArgumentParser(prog="make demo-batch", description=main.__doc__)
    parser.add_argument(
        "--home",
        type=Path,
        default=CHECKOUT / ".airflow" / "demo-batch",
        help="AIRFLOW_HOME, emptied first",
    )
    parser.add_argument("--table", help="table in the place of the products, with the same columns")
    parser.add_argument("--output", type=Path, default=OUTPUT / "products", help="folder of the pictures")
    parser.add_argument("--speed", type=float, default=8, help="how many times faster than the real gateway")
    parser.add_argument("--timeout", type=float, default=180, help="seconds that the run may take")
    options = parser.parse_args(arguments)
    progress = Progress()
    output = options.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    config = StackConfig(home=options.home.resolve(), dags_folder=EXAMPLE_DAGS, parallelism=4, fresh=True)
    params = {"output_path": f"{output}/", **({"table": options.table} if options.table else {})}
    try:
        with local_airflow(config, progress, speed=options.speed, credits=10_000) as (stack, _):
            run_id, tasks = finished_run(stack, progress, DAG_ID, params, options.timeout)
            result = result_of(stack, DAG_ID, run_id, tasks, having="manifest_uri")
        sheet = report(result, output)
    except (DemoError, ProcessError, RestError, OSError) as error:
        print(f"\nThe demo failed: {error}\nOutput of the components: {config.log_dir}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    print(f"\n{result['rows']} pictures after {progress.elapsed:.0f} s, all of them on one sheet:\n{sheet}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
