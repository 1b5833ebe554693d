from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def unheard(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Keep quiet what the submitter says: in a model of it, a hundred thousand lines."""
    with caplog.at_level(logging.CRITICAL + 1, logger="airflow_provider_rivya"):
        yield
