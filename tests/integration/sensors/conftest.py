from __future__ import annotations

from tests.integration.operators.conftest import bench, database, no_pauses

__all__ = ["bench", "database", "no_pauses"]
