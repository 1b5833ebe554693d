"""What a release check finds in a wheel, and which DAG of the README it runs."""

from __future__ import annotations

from dataclasses import replace
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from tools.release.contents import EXTRAS, PACKAGE, Wheel, faults, newest_version
from tools.release.packages import CHECKOUT, ReleaseError
from tools.release.trial import readme_dag

PROJECT: dict[str, Any] = {
    "scripts": {"rivya": "rivya:main"},
    "entry-points": {"apache_airflow_provider": {"provider_info": "rivya:info"}},
}
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-11-28\n\n## [1.1.0] - 2026-01-01\n"
NAMES = (
    *(f"{PACKAGE}/{name}" for name in ("py.typed", "get_provider_info.py")),
    *(f"{PACKAGE}/catalog/{gateway}.json" for gateway in ("rivya", "toapis")),
    f"{PACKAGE}-1.2.0.dist-info/licenses/LICENSE",
)
POINTS = "\n".join(
    f"[{group}]\n" + "\n".join(f"{name} = {value}" for name, value in entries.items())
    for group, entries in {"console_scripts": PROJECT["scripts"], **PROJECT["entry-points"]}.items()
)


def wheel(**changed: str) -> Wheel:
    metadata = Message()
    fields = {"Name": "airflow-provider-rivya", "Version": "1.2.0", "Requires-Python": ">=3.11"}
    for name, value in {**fields, "License-Expression": "Apache-2.0", **changed}.items():
        metadata[name] = value
    for name in ("Changelog", "Documentation", "Homepage", "Issues", "Source"):
        metadata["Project-URL"] = f"{name}, https://example.org"
    for extra in sorted(EXTRAS):
        metadata["Provides-Extra"] = extra
    return Wheel(NAMES, metadata, POINTS)


def test_a_wheel_without_faults() -> None:
    assert list(faults(wheel(), CHANGELOG, PROJECT)) == []


def with_extra(name: str) -> Wheel:
    made = wheel()
    made.metadata["Provides-Extra"] = name
    return made


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (replace(wheel(), names=(*NAMES, "tests/conftest.py")), "tests/conftest.py does not belong"),
        (replace(wheel(), names=(*NAMES, f"{PACKAGE}/x.pyc")), "x.pyc is a leftover"),
        (replace(wheel(), names=NAMES[1:]), "py.typed is missing"),
        (replace(wheel(), names=NAMES[:-1]), "LICENSE is missing"),
        (replace(wheel(), entry_points="[console_scripts]\nrivya = x:y"), "its entry points are"),
        (wheel(**{"License-Expression": "MIT"}), "License-Expression is MIT, not Apache-2.0"),
        (with_extra("dev"), "its extras are dev, images"),
    ],
)
def test_faults_of_a_wheel(made: Wheel, fault: str) -> None:
    (found,) = faults(made, CHANGELOG, PROJECT)
    assert fault in found


def test_a_version_that_the_changelog_does_not_have() -> None:
    (found,) = faults(wheel(), CHANGELOG.replace("1.2.0", "1.3.0"), PROJECT)
    assert found == "its version is 1.2.0, the changelog's 1.3.0"
    assert newest_version("## [Unreleased]\n") == ""


def test_the_dag_of_the_readme_writes_where_the_check_looks() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    dag = readme_dag(readme, Path("/elsewhere"))
    assert 'output_path="/elsewhere/"' in dag
    assert ' as dag:\n    RivyaGenerateOperator(\n        task_id="image"' in dag
    with pytest.raises(ReleaseError, match="does not write to"):
        readme_dag(readme.replace("/tmp/bicycles/", "/data/"), Path("/elsewhere"))  # noqa: S108
