"""``python -m tests.e2e.crash``: the whole crash matrix, a table, and one line that sums it up."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.e2e.crash.judge import report
from tests.e2e.crash.matrix import has_state_store, run_matrix
from tests.e2e.crash.scenarios import ALL, BY_RELEASE
from tools.local import Progress
from tools.stack.processes import ending_signals_raise


def main() -> int:
    """Run the scenarios whose names hold one of the given texts, or all; 0 if every one held."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.crash", description=main.__doc__)
    parser.add_argument("names", nargs="*", help="texts to find in the names of scenarios")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="all of them, whatever the release of Airflow")
    which.add_argument(
        "--by-release",
        action="store_true",
        help="what may end otherwise with another release of Airflow; the default before 3.3, where the "
        "submission record is a file",
    )
    parser.add_argument("--folder", type=Path, help="where to work; kept. Default: a temporary folder")
    parser.add_argument(
        "--python",
        type=Path,
        default=Path(sys.executable),
        help="interpreter of the environment that Airflow is installed in",
    )
    parser.add_argument("--list", action="store_true", help="print the names alone")
    options = parser.parse_args()
    python = options.python.absolute()
    by_release = options.by_release or not (options.all or options.names or has_state_store(python))
    chosen = [
        scenario
        for scenario in (BY_RELEASE if by_release else ALL)
        if not options.names or any(text in scenario.name for text in options.names)
    ]
    if options.list or not chosen:
        print("\n".join(scenario.name for scenario in chosen))
        return 0 if chosen else 2
    if os.geteuid() != 0:
        print(
            "A task's process is found by its socket, which Airflow lets root alone look at: run it as root."
        )
        return 2
    with ending_signals_raise(), tempfile.TemporaryDirectory(prefix="rivya-crash-") as folder:
        verdicts = run_matrix(chosen, options.folder or Path(folder, "run"), Progress(), python)
    print()
    print(report(verdicts), flush=True)
    return 0 if verdicts and all(verdict.held for verdict in verdicts) else 1


if __name__ == "__main__":
    raise SystemExit(main())
