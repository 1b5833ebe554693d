"""``python -m benchmarks``: JSON lines on stdout as they come, then a table with the goals."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import gallery, importing, landing, stall, validating
from benchmarks.account import account
from benchmarks.airflows import inline, mapped
from benchmarks.batch import rows
from benchmarks.figure import Figure, exit_code, table
from benchmarks.waiting import answers, crowd


def main() -> int:
    """Run what is asked for; the exit code is that of :func:`~benchmarks.figure.exit_code`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all, if none is named")
    parser.add_argument("--megabytes", type=int, default=1000, help="size of the landed file (default 1000)")
    parser.add_argument("--rows", type=int, default=rows.ROWS, help="of the batch (default 10000)")
    parser.add_argument("--rounds", type=int, default=5, help="landings, and transfers by curl (default 5)")
    parser.add_argument("--folder", type=Path, help="where local files are stored; default: the system's own")
    parser.add_argument("--small", action="store_true", help="see that it runs: few of all, no true figures")
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
        begun = time.monotonic()
        for figure in part(options):
            print(json.dumps(figure.to_json()), flush=True)
            figures.append(figure)
        took = round(time.monotonic() - begun, 1)
        load = round(os.getloadavg()[0], 2)
        print(json.dumps({"part": name, "took_s": took, "load_at_its_end": load}), flush=True)
    print(f"\n{table(figures)}")
    return exit_code(figures)


def _landing(options: argparse.Namespace) -> Iterator[Figure]:
    return landing.to_file(options.megabytes * 10**6, options.rounds, options.folder)


def _landing_png(options: argparse.Namespace) -> Iterator[Figure]:
    return landing.picture_to_file(options.megabytes * 10**6, options.rounds, options.folder)


def _batch(options: argparse.Namespace) -> Iterator[Figure]:
    return rows.measure(*rows.SMALL) if options.small else rows.measure(options.rows)


def _waiting(options: argparse.Namespace) -> Iterator[Figure]:
    yield from crowd.measure(crowd.SMALL if options.small else crowd.CROWDS)
    yield from answers.measure(("0.4",) if options.small else answers.SIGMAS)


Part = Callable[[argparse.Namespace], Iterator[Figure]]
PARTS: dict[str, Part] = {
    "account": lambda options: account.measure(60 if options.small else account.GENERATIONS),
    "batch": _batch,
    "batch-airflow": lambda options: mapped.measure(6 if options.small else mapped.ROWS),
    "gallery": lambda options: gallery.measure(40 if options.small else gallery.PICTURES),
    "importing": lambda _: importing.measure(),
    "inline": lambda options: inline.measure(3 if options.small else inline.IMAGES),
    "landing": _landing,
    "landing-png": _landing_png,
    "landing-s3": lambda options: landing.to_s3(options.megabytes * 10**6, options.folder),
    "stall": lambda _: stall.measure(),
    "validating": lambda _: validating.measure(),
    "waiting": _waiting,
}

if __name__ == "__main__":
    sys.exit(main())
