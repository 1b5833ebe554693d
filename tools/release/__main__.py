"""Builds, checks and tries the packages of a release; what passes lies in ``dist/``, with an SBOM."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from collections.abc import Sequence

from tools.locks import DATES, Pair
from tools.release import contents, trial
from tools.release.packages import CHECKOUT, DIST, TOOLS, ReleaseError, build, call


def check(airflows: Sequence[str]) -> None:
    """Run all checks.

    :param airflows: the releases to try the wheel on.
    :raises ReleaseError: at the first that fails.
    """
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    if changed := call(["git", "status", "--porcelain"], CHECKOUT).strip():
        print(f"Not committed, and so not in the packages:\n{changed}", file=sys.stderr)
    sdist, wheel = build()
    print(f"{sdist.name}, {wheel.name}: the same bytes twice", flush=True)
    call([TOOLS / "python", "-m", "twine", "check", "--strict", sdist, wheel], CHECKOUT)
    print("twine check: metadata and README are in order", flush=True)
    found = contents.Wheel.read(wheel)
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    if wrong := list(contents.faults(found, changelog, project)):
        raise ReleaseError("the wheel is wrong:\n" + "\n".join(f"  - {fault}" for fault in wrong))
    print(f"{len(found.names)} files in the wheel, entry points, licence, version: in order", flush=True)
    version = str(found.metadata["Version"])
    for airflow in airflows:
        pair = Pair(airflow, "{}.{}".format(*sys.version_info[:2]), DATES[airflow])
        trial.python_of(pair)
        print(f"Airflow {airflow}: setting up (a minute or two)", flush=True)
        python = trial.install(pair, wheel)
        print(f"Airflow {airflow}: the README's DAG made {trial.run(python, version, readme)}", flush=True)
        sbom = DIST / f"airflow-provider-rivya-{version}-airflow-{airflow}.cdx.json"
        bom = TOOLS / "cyclonedx-py"
        call([bom, "environment", "--output-reproducible", "--output-file", sbom, python], CHECKOUT)
    print(f"\nReady: {', '.join(path.name for path in sorted(DIST.iterdir()))}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checks. Exit code 1: one has failed."""
    parser = argparse.ArgumentParser(prog="make release-check", description=main.__doc__)
    ends = [min(DATES), max(DATES)]
    parser.add_argument(
        "--airflow", action="append", choices=DATES, help="default: the oldest and the newest"
    )
    parser.add_argument("--no-trial", action="store_true", help="only build and check the packages")
    options = parser.parse_args(arguments)
    try:
        check([] if options.no_trial else options.airflow or ends)
    except (ReleaseError, subprocess.CalledProcessError) as error:
        print(f"\nNot fit for a release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
