"""``python -m benchmarks``: JSON lines on stdout as they come, then a table with the goals."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import batch, batch_airflow, importing, landing, stall, validating, waiting
from benchmarks.figure import Figure, exit_code, table


def main() -> int:
    """Run what is asked for; the exit code is that of :func:`~benchmarks.figure.exit_code`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all, if none is named")
    parser.add_argument("--megabytes", type=int, default=1000, help="size of the landed file (default 1000)")
    parser.add_argument("--rows", type=int, default=batch.ROWS, help="of the batch (default 10000)")
    parser.add_argument("--rounds", type=int, default=5, help="landings, and transfers by curl (default 5)")
    parser.add_argument("--folder", type=Path, help="where local files are stored; default: the system's own")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if min(options.rounds, options.megabytes, options.rows) < 1:
        parser.error("--rounds, --megabytes and --rows must be at least 1")
    load = os.getloadavg()[0]
    said = {"python": platform.python_version(), "cpus": os.cpu_count(), "load": round(load, 2)}
    print(json.dumps({"machine": said}), flush=True)
    figures = []
    for name, part in PARTS.items():
        if options.parts and name not in options.parts:
            continue
        for figure in part(options):
            print(json.dumps(figure.to_json()), flush=True)
            figures.append(figure)
    print(f"\n{table(figures)}")
    return exit_code(figures)


def _landing(options: argparse.Namespace) -> Iterator[Figure]:
    return landing.to_file(options.megabytes * 10**6, options.rounds, options.folder)


def _landing_png(options: argparse.Namespace) -> Iterator[Figure]:
    return landing.picture_to_file(options.megabytes * 10**6, options.rounds, options.folder)


Part = Callable[[argparse.Namespace], Iterator[Figure]]
PARTS: dict[str, Part] = {
    "batch": lambda options: batch.measure(options.rows),
    "batch-airflow": lambda _: batch_airflow.measure(),
    "importing": lambda _: importing.measure(),
    "landing": _landing,
    "landing-png": _landing_png,
    "landing-s3": lambda options: landing.to_s3(options.megabytes * 10**6, options.folder),
    "stall": lambda _: stall.measure(),
    "validating": lambda _: validating.measure(),
    "waiting": lambda _: waiting.measure(),
}

if __name__ == "__main__":
    sys.exit(main())
