"""``make up``: a local Airflow with its UI, the example DAGs and a sandbox gateway, until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools.local import EXAMPLE_DAGS, Progress, add_executor, local_airflow
from tools.stack.cluster import BUCKET, CeleryStack
from tools.stack.config import CHECKOUT, LOOPBACK, StackConfig
from tools.stack.processes import ProcessError
from tools.stack.rest import RestError
from tools.stack.services import CONN_ID
from tools.stack.stack import AirflowStack

SHOWN = ("file:///tmp/rivya/", f"s3://{CONN_ID}@{BUCKET}/")
"""Where the page *Gallery* may show files from: the folder of the examples, and the bucket of celery's."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Start everything and wait for Ctrl-C. Runs, connections and variables are kept for the next time."""
    parser = argparse.ArgumentParser(prog="make up", description=main.__doc__)
    parser.add_argument("--home", type=Path, help="AIRFLOW_HOME; kept, but for celery")
    parser.add_argument("--dags", type=Path, default=EXAMPLE_DAGS, help="the folder with the DAGs")
    parser.add_argument("--speed", type=float, default=1, help="how many times faster than the real gateway")
    add_executor(parser)
    options = parser.parse_args(arguments)
    # What the other executor keeps is not to be emptied.
    usual = CHECKOUT / ".airflow" / ("up" if options.executor == "local" else f"up-{options.executor}")
    config = StackConfig(
        home=(options.home or usual).resolve(),
        dags_folder=options.dags.resolve(),
        options={"rivya": {"ui_media": "True", "ui_media_roots": ", ".join(SHOWN)}},
    )
    progress = Progress()
    try:
        running = local_airflow(
            config, progress, speed=options.speed, credits=100_000, executor=options.executor
        )
        with running as (stack, sandbox):
            print(
                f"\nAirflow   {stack.url}  (no login: whoever opens it is the administrator)"
                f"\nSandbox   {sandbox}  (connections rivya_default and toapis_default)"
                f"\nCharges   {sandbox}/sandbox/ledger"
                f"\nDAGs      {config.dags_folder}"
                f"{_storage(stack)}"
                f"\nLogs      {config.log_dir}"
                "\n\nCtrl-C ends everything.",
                flush=True,
            )
            while True:
                stack.check()
                time.sleep(0.5)
    except (ProcessError, RestError, OSError) as error:
        print(f"\n{error}\nOutput of the components: {config.log_dir}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nAll stopped.", flush=True)
        return 0


def _storage(stack: AirflowStack) -> str:
    if not isinstance(stack, CeleryStack):
        return ""
    return f"\nOutputs   s3://{CONN_ID}@{BUCKET}/...  (the S3 server is at http://{LOOPBACK}:{stack.s3.port})"


if __name__ == "__main__":
    raise SystemExit(main())
