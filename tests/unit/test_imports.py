"""Dag files are parsed every few seconds: what they import must not bring heavy modules along."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "airflow_provider_rivya"
OF_A_DAG_FILE = ("operators.rivya", "hooks.rivya", "triggers.rivya")
OF_LOWER_FLOORS = (
    "exceptions",
    "redaction",
    "submission.identity",
    "submission.record",
    "submission.decide",
    "waiting.schedule",
)
OF_THE_CORE = ("generation.job", "generation.caller", "generation.failure")

IN_FORKS = """
import os, sys
{before}
before = set(sys.modules)
for module in {modules!r}:
    if os.fork() == 0:
        try:
            __import__(module)
            print("ANSWER", *sorted(set(sys.modules) - before), flush=True)
        finally:
            os._exit(0)
    os.wait()
"""


@cache
def loaded_by(modules: Iterable[str], before: str = "pass") -> dict[str, set[str]]:
    """Return what each of these adds to a fresh interpreter, or to one that has run ``before``."""
    program = IN_FORKS.format(before=before, modules=[f"{PACKAGE}.{module}" for module in modules])
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=100, check=True
    )
    answers = [set(line.split()[1:]) for line in done.stdout.splitlines() if line.startswith("ANSWER")]
    return dict(zip(modules, answers, strict=True))


def under(modules: set[str], *packages: str) -> set[str]:
    return {name for name in modules if any(name == top or name.startswith(f"{top}.") for top in packages)}


def test_the_provider_info_needs_no_heavy_library() -> None:
    """Every Airflow component reads it; all of them have pydantic loaded."""
    (modules,) = loaded_by(("get_provider_info",)).values()
    assert f"{PACKAGE}.get_provider_info" in modules
    assert not under(modules, "airflow", "httpx", "httpcore", "PIL", "tenacity", "fsspec")


@pytest.mark.parametrize("module", OF_A_DAG_FILE)
def test_what_a_dag_file_imports_is_cheap(module: str) -> None:
    before = "import airflow.sdk, airflow.sdk.bases.hook, airflow.triggers.base, airflow.sdk.exceptions"
    modules = loaded_by(OF_A_DAG_FILE, before)[module]
    assert f"{PACKAGE}.{module}" in modules
    assert not under(modules, f"{PACKAGE}.api.http", f"{PACKAGE}.api.schemas", f"{PACKAGE}.catalog")
    assert not under(modules, f"{PACKAGE}.media", f"{PACKAGE}.model_params", f"{PACKAGE}.model_params_toapis")
    assert not under(modules, f"{PACKAGE}.sandbox", "httpx", "httpcore", "tenacity", "PIL", "starlette")


@pytest.mark.parametrize("module", OF_LOWER_FLOORS)
def test_the_lower_floors_stand_without_libraries(module: str) -> None:
    modules = loaded_by(OF_LOWER_FLOORS)[module]
    assert f"{PACKAGE}.{module}" in modules
    assert not under(modules, "airflow", "pydantic", "httpx", "httpcore", "tenacity")


@pytest.mark.parametrize("module", OF_THE_CORE)
def test_the_core_stands_without_airflow(module: str) -> None:
    modules = loaded_by(OF_THE_CORE)[module]
    assert f"{PACKAGE}.{module}" in modules
    assert not under(modules, "airflow", f"{PACKAGE}.model_params", f"{PACKAGE}.model_params_toapis")
