"""Dag files are parsed every few seconds: what they import must not bring heavy modules along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def loaded_by(statement: str, before: str = "pass") -> set[str]:
    """Return the modules that a statement adds to a fresh interpreter."""
    program = (
        f"import sys\n{before}\nbefore = set(sys.modules)\n{statement}\n"
        "print('ANSWER', *sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=100, check=True
    )
    return set(done.stdout.rpartition("ANSWER ")[2].split())


def under(modules: set[str], *packages: str) -> set[str]:
    return {name for name in modules if any(name == top or name.startswith(f"{top}.") for top in packages)}


def test_the_provider_info_needs_no_heavy_library() -> None:
    """Every Airflow component reads it; all of them have pydantic loaded."""
    modules = loaded_by("import airflow_provider_rivya.get_provider_info")
    assert "airflow_provider_rivya.get_provider_info" in modules
    assert not under(modules, "airflow", "httpx", "httpcore", "PIL", "tenacity", "fsspec")


@pytest.mark.parametrize("module", ["operators", "hooks", "triggers"])
def test_what_a_dag_file_imports_is_cheap(module: str) -> None:
    modules = loaded_by(
        f"import airflow_provider_rivya.{module}.rivya",
        before="import airflow.sdk, airflow.sdk.bases.hook, airflow.triggers.base, airflow.sdk.exceptions",
    )
    assert f"airflow_provider_rivya.{module}.rivya" in modules
    package = "airflow_provider_rivya"
    assert not under(modules, f"{package}.api.http", f"{package}.api.schemas", f"{package}.catalog")
    assert not under(modules, f"{package}.media")
    assert not under(modules, f"{package}.sandbox", "httpx", "httpcore", "tenacity", "PIL", "starlette")


@pytest.mark.parametrize(
    "module",
    [
        "exceptions",
        "redaction",
        "submission.identity",
        "submission.record",
        "submission.decide",
        "waiting.schedule",
    ],
)
def test_the_lower_floors_stand_without_libraries(module: str) -> None:
    modules = loaded_by(f"import airflow_provider_rivya.{module}")
    assert not under(modules, "airflow", "pydantic", "httpx", "httpcore", "tenacity")


@pytest.mark.parametrize("module", ["generation.job", "generation.caller", "generation.failure"])
def test_the_core_stands_without_airflow(module: str) -> None:
    modules = loaded_by(f"import airflow_provider_rivya.{module}")
    assert f"airflow_provider_rivya.{module}" in modules
    assert not under(modules, "airflow")
