"""``python -m tests.cluster``: what can happen to an Airflow of several machines, a table, its sum."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.cluster.play import play_all, report
from tests.cluster.scenarios import ALL, BY_RELEASE, CI
from tests.e2e.crash.matrix import has_state_store
from tools.local import Progress
from tools.stack import services
from tools.stack.processes import ProcessError, ending_signals_raise


def main() -> int:
    """
    Play the scenarios whose names hold one of the given texts, or all; 0 if every one held.

    Where something is missing that they need, ``--ci`` leaves them out, as tests are skipped.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=main.__doc__)
    parser.add_argument("names", nargs="*", help="texts to find in the names of scenarios")
    parser.add_argument("--ci", action="store_true", help="eight that tell much in little time")
    parser.add_argument("--all", action="store_true", help="all of them, whatever the release of Airflow")
    parser.add_argument("--folder", type=Path, help="where to work; kept. Default: a temporary folder")
    parser.add_argument("--minutes", type=float, default=30, help="after which no further one begins")
    parser.add_argument("--list", action="store_true", help="print the names alone")
    options = parser.parse_args()
    python = Path(sys.executable).absolute()
    by_release = not (options.all or options.names or has_state_store(python))
    chosen = [
        scenario
        for scenario in (CI if options.ci else BY_RELEASE if by_release else ALL)
        if not options.names or any(text in scenario.name for text in options.names)
    ]
    if options.list or not chosen:
        print("\n".join(scenario.name for scenario in chosen))
        return 0 if chosen else 2
    lacking = services.missing()
    if os.geteuid() != 0:
        lacking.append("not run by root, who alone may look at a socket: a task's process is found by it")
    if lacking:
        print("The scenarios of several machines are left out:", *lacking, sep="\n  ")
        return 0 if options.ci else 2
    progress = Progress()
    try:
        with ending_signals_raise(), tempfile.TemporaryDirectory(prefix="rivya-cluster-") as folder:
            verdicts, figures = play_all(
                chosen, options.folder or Path(folder, "run"), progress, python, 60 * options.minutes
            )
    except ProcessError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    print(f"\n{report(verdicts, figures)}\n{progress.elapsed:.0f} s in all", flush=True)
    return 0 if len(verdicts) == len(chosen) and all(verdict.held for verdict in verdicts) else 1


if __name__ == "__main__":
    raise SystemExit(main())
