"""What all tests have in common: an environment without a person's Airflow or proxies in it."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

# Airflow reads its home and its options when it is first imported, which is before any fixture can act.
for _name in [name for name in os.environ if name.startswith("AIRFLOW")]:
    del os.environ[_name]
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
_HOME = os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-provider-rivya-")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One by one, the end-to-end tests come last; side by side first, as they mostly wait."""
    side_by_side = hasattr(config, "workerinput")
    items.sort(key=lambda item: (item.get_closest_marker("e2e") is not None) != side_by_side)


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores, as there is always one that waits for a process."""
    return (os.cpu_count() or 1) + 1


def pytest_unconfigure() -> None:
    """Remove the tests' AIRFLOW_HOME."""
    shutil.rmtree(_HOME, ignore_errors=True)
