"""What the unit tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import airflow  # noqa: F401 - importing it sets logging up, which in the middle of a test ends ``caplog``
import pytest


@pytest.fixture
def unmeasured_env() -> dict[str, str]:
    """For a process that is killed or may write little: coverage's data file would be torn there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COV")}


@pytest.fixture
def memory_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """fsspec's memory filesystem, attached to Airflow as ``memory://`` with the connection ``mem``."""
    from airflow.sdk.io import attach

    fs = import_module("fsspec.implementations.memory").MemoryFileSystem()
    fs.store.clear()
    monkeypatch.setenv("AIRFLOW_CONN_MEM", '{"conn_type": "generic"}')
    attach("memory", "mem", fs=fs)
    yield fs
    fs.store.clear()
    fs.pseudo_dirs[:] = [""]
