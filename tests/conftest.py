"""What all tests have in common: an environment without a person's Airflow or proxies in it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from typing import Any

import pytest

# Airflow reads its home and its options when it is first imported, which is before any fixture can act.
for _name in [name for name in os.environ if name.startswith("AIRFLOW")]:
    del os.environ[_name]
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
# pytest-asyncio asks for a current event loop; before Python 3.12 that makes one, which nobody closes.
asyncio.set_event_loop(None)
_HOME = os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-provider-rivya-")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One by one, the end-to-end tests come last; side by side first, as theirs is the longest way."""
    side_by_side = hasattr(config, "workerinput")
    items.sort(key=lambda item: (item.get_closest_marker("e2e") is not None) != side_by_side)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two workers more than there are cores, as those of the end-to-end tests mostly wait for processes."""
    return (os.cpu_count() or 1) + 2


def pytest_unconfigure() -> None:
    """Remove the tests' AIRFLOW_HOME."""
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Side by side, tests run by file; end-to-end tests by two workers, each of which starts one Airflow."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            scopes = ("tests/e2e/crash/", "tests/e2e/")
            return next((scope for scope in scopes if nodeid.startswith(scope)), super()._split_scope(nodeid))

    return ByFile(config, log)
